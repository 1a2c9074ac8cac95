//! Moving through a session.

use super::{Motion, SessionView};
use crate::event::{LaneId, Timestamp};
use crate::probe::gate::{FASTEST, Pace, SLOWEST};
use crate::tui::app::action::Action;
use crate::tui::app::{Arrival, Effect, Journey, LaneEvent, Playback};

impl SessionView {
    /// Goes to the next or the last place at which something happens to the selected lane.
    pub(in crate::tui::app) fn go_to(
        &mut self,
        about: LaneEvent,
        forward: bool,
    ) -> (Option<Effect>, Option<&'static str>) {
        let selected = match about {
            LaneEvent::Event => self.lanes.selected,
            // A coroutine is polled and woken with its task.
            LaneEvent::Poll | LaneEvent::Wake => self.selected_task(),
        };
        let Some(lane) = selected else {
            return (None, None);
        };
        let journey = if forward {
            Journey::NextOf(lane, about)
        } else {
            Journey::PreviousOf(lane, about)
        };
        let effect = self.pause();
        let before = self.playback.place();
        let further = self.travel_to(journey);
        self.moved();
        let stayed = further.is_none() && self.playback.place() == before;
        let notice = if stayed { nothing_found(journey) } else { None };
        (effect.or(further), notice)
    }

    /// Moves through time; a program that is watched is held, or some of it passes. Returns in words what cannot be done.
    pub(in crate::tui::app) fn travel(
        &mut self,
        action: Action,
    ) -> (Option<Effect>, Option<&'static str>) {
        let is_watched = self.at_watched().is_some();
        let effect = match action {
            Action::PlayPause | Action::Step | Action::NextWake | Action::RunUntil
                if is_watched =>
            {
                return self.hold(action);
            }
            Action::PlayPause => self.play_or_pause(),
            Action::Step => self.step(),
            Action::NextWake => self.run_to_wake(),
            Action::RunUntil => self.until_selected(),
            Action::StepBack => self.go_back(Journey::StepBack),
            Action::PreviousWake => self.go_back(Journey::PreviousWake),
            Action::First => self.go_back(Journey::First),
            Action::Last => {
                if !self.follows() {
                    self.motion = Motion::Paused;
                }
                self.travel_to(Journey::Last)
            }
            _ => return (None, None),
        };
        // What happened at the moment that is gone to is of more interest now.
        self.answer_open = false;
        self.moved();
        (effect, None)
    }

    /// Holds the program that is watched, or lets some of it pass.
    fn hold(&self, action: Action) -> (Option<Effect>, Option<&'static str>) {
        let Some(watched) = self.at_watched() else {
            return (None, None);
        };
        if !watched.can_hold {
            let how = "This program cannot be held: begin it with ASYNCLINE_CONTROL=1.";
            return (None, Some(how));
        }
        let pace = match (action, watched.pace) {
            (Action::Step, _) => Pace::Step,
            (Action::NextWake, _) => Pace::ToWake,
            (Action::RunUntil, _) => match self.selected_task() {
                Some(task) => Pace::Until(task),
                None => return (None, None),
            },
            (_, Pace::Paused) => Pace::Playing,
            _ => Pace::Paused,
        };
        (Some(Effect::SetPace(pace)), None)
    }

    fn play_or_pause(&mut self) -> Option<Effect> {
        if self.motion != Motion::Paused {
            return self.pause();
        }
        self.motion = Motion::Playing;
        if self.follows() {
            return Some(Effect::SetPace(Pace::Playing));
        }
        if self.playback.at_present() {
            return self.travel_to(Journey::First);
        }
        None
    }

    fn step(&mut self) -> Option<Effect> {
        if self.follows() {
            return Some(self.pass(Motion::Stepping, Pace::Step));
        }
        self.motion = Motion::Paused;
        self.travel_to(Journey::Step)
    }

    fn run_to_wake(&mut self) -> Option<Effect> {
        self.run_to(Journey::NextWake, Motion::ToWake, Pace::ToWake)
    }

    fn until_selected(&mut self) -> Option<Effect> {
        let task = self.selected_task()?;
        self.run_to(
            Journey::UntilPolled(task),
            Motion::Until(task),
            Pace::Until(task),
        )
    }

    /// Goes on to something in what is recorded. Where it is not there and the program runs, that goes on to it.
    fn run_to(&mut self, journey: Journey, motion: Motion, pace: Pace) -> Option<Effect> {
        if !self.is_running() {
            self.motion = Motion::Paused;
            return self.travel_to(journey);
        }
        if !self.follows() {
            self.motion = Motion::Paused;
            if self.playback.go(journey) == Arrival::There {
                return None;
            }
        }
        Some(self.pass(motion, pace))
    }

    /// Lets the running program go on.
    fn pass(&mut self, motion: Motion, pace: Pace) -> Effect {
        self.motion = motion;
        Effect::SetPace(pace)
    }

    fn go_back(&mut self, journey: Journey) -> Option<Effect> {
        let effect = self.pause();
        effect.or(self.travel_to(journey))
    }

    /// The task that the selected lane belongs to: the one that the gate knows.
    pub(in crate::tui::app) fn selected_task(&self) -> Option<LaneId> {
        let timeline = self.playback.timeline();
        let lane = timeline.lane(self.lanes.selected?)?;
        Some(timeline.task_of(lane).id)
    }

    /// Shows the moment `at`.
    pub(in crate::tui::app) fn seek(&mut self, at: Timestamp) -> Option<Effect> {
        let effect = self.pause();
        let further = self.travel_to(Journey::At(at));
        self.moved();
        effect.or(further)
    }

    /// Goes a way through the session. Where it leads further than what is here, that has to be read.
    pub(in crate::tui::app) fn travel_to(&mut self, journey: Journey) -> Option<Effect> {
        if self.journey.is_some() || self.playback.go(journey) != Arrival::Beyond {
            return None;
        }
        self.journey = Some(journey);
        Some(Effect::Travel(self.playback.place(), journey))
    }

    /// Comes to where a journey led; what it was to find and did not comes back in words.
    pub(in crate::tui::app) fn arrive(
        &mut self,
        playback: Playback,
        arrival: Arrival,
    ) -> Option<&'static str> {
        let journey = self.journey.take()?;
        if !journey.leads_nowhere(arrival) {
            self.replace_playback(playback);
            self.moved();
        }
        (arrival == Arrival::Present).then(|| nothing_found(journey))?
    }

    /// Stays where it is, since where a journey was to lead cannot be read.
    pub(in crate::tui::app) fn stay(&mut self) {
        self.journey = None;
        self.motion = Motion::Paused;
    }

    /// Brings the shown moment into view after a move.
    pub(in crate::tui::app) fn moved(&mut self) {
        self.refresh();
        self.lanes.reveal(self.playback.now());
    }

    pub(in crate::tui::app) fn pause(&mut self) -> Option<Effect> {
        let moves = std::mem::replace(&mut self.motion, Motion::Paused) != Motion::Paused;
        // In the past, the program is held already.
        (moves && self.follows()).then_some(Effect::SetPace(Pace::Paused))
    }

    pub(in crate::tui::app) fn set_speed(&mut self, factor: f64) -> Option<Effect> {
        self.speed = (self.speed * factor).clamp(SLOWEST, FASTEST);
        self.is_running().then_some(Effect::SetSpeed(self.speed))
    }
}

/// Returns the notice for a journey that found nothing.
fn nothing_found(journey: Journey) -> Option<&'static str> {
    Some(match journey {
        Journey::NextWake => "No task is woken after this.",
        Journey::UntilPolled(_) => "The selected task is not polled after this.",
        Journey::NextOf(..) => "Nothing happens to the selected lane after this.",
        Journey::PreviousOf(..) => "Nothing happened to the selected lane before this.",
        _ => return None,
    })
}
