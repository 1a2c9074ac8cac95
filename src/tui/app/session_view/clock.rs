//! What passing time does to a session on the screen.

use super::{Motion, SessionOrigin, SessionView};
use crate::event::Event;
use crate::probe::gate::Pace;
use crate::tui::app::{ClockTick, Effect, Journey};

impl SessionView {
    /// Takes in the running program's next events.
    pub(in crate::tui::app) fn take_in(&mut self, events: Vec<Event>) {
        if self.is_live() {
            self.playback.extend(events);
        }
    }

    pub(in crate::tui::app) fn tick(&mut self, tick: ClockTick) -> Option<Effect> {
        let effect = if self.follows() {
            self.keep_up(tick);
            None
        } else {
            self.reach(tick);
            self.play(tick)
        };
        self.refresh();
        effect
    }

    /// Shows what the running program does now.
    fn keep_up(&mut self, tick: ClockTick) {
        if let Some(report) = tick.report {
            self.motion = report.pace.into();
        }
        self.reach(tick);
        self.playback.show_present();
        self.lanes.keep_up(self.playback.now());
        if !self.is_running() {
            self.motion = Motion::Paused;
            self.end();
        }
    }

    /// Takes note of how far the running program has come.
    fn reach(&mut self, tick: ClockTick) {
        if !self.is_running() {
            return;
        }
        if let Some(report) = tick.report {
            let paused = report.pace != Pace::Playing;
            self.playback.reach(report.position, paused);
        }
        if tick.finished {
            self.origin = SessionOrigin::Live { finished: true };
            self.playback.reach_end();
        }
    }

    /// The program has ended, and its last moment is shown.
    fn end(&mut self) {
        self.refresh();
        self.lanes.count();
        self.look_for_findings();
        if self.lanes.sees_whole() {
            self.lanes.fit(self.playback.spans());
        }
        self.answer_open = self
            .scenario
            .is_some_and(|scenario| !scenario.question.choices.is_empty());
    }

    /// Plays what is recorded. Where that is over and the program still runs, it goes on.
    fn play(&mut self, tick: ClockTick) -> Option<Effect> {
        if self.motion != Motion::Playing {
            return None;
        }
        let at = self.playback.now().after(tick.elapsed.mul_f64(self.speed));
        let effect = self.travel_to(Journey::At(at));
        self.lanes.keep_up(self.playback.now());
        if effect.is_some() || self.journey.is_some() || !self.playback.at_present() {
            return effect;
        }
        if self.is_running() {
            return Some(Effect::SetPace(Pace::Playing));
        }
        self.motion = Motion::Paused;
        None
    }
}
