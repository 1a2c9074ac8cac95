//! What the keys and the mouse do on the lanes.

use ratatui::layout::Position;

use super::viewer::{Motion, Viewer, nothing_found};
use super::{About, Arrival, Effect, Journey};
use crate::event::{LaneId, Timestamp};
use crate::probe::gate::Pace;
use crate::tui::app::action::Action;
use crate::tui::app::columns;
use crate::tui::app::layout::Areas;
use crate::tui::app::mouse::Gesture;

/// By how much a key or a turn of the wheel zooms.
const ZOOM: f64 = 1.5;

impl Viewer {
    /// Does what a key asks for on the lanes; what cannot be done comes back in words.
    pub(super) fn act(
        &mut self,
        action: Action,
        areas: &Areas,
    ) -> (Option<Effect>, Option<&'static str>) {
        let timeline = self.playback.timeline();
        let mut notice = None;
        match action {
            Action::Up | Action::Down | Action::PageUp | Action::PageDown => {
                self.lanes.act(action, areas.lane_rows());
            }
            Action::Fold => self.lanes.fold(timeline),
            Action::Coroutines => notice = Some(self.lanes.toggle_coroutines(timeline)),
            Action::Order => notice = Some(self.lanes.reorder(timeline)),
            Action::Ended => notice = Some(self.lanes.toggle_ended(timeline)),
            Action::Density => self.lanes.dense = !self.lanes.dense,
            Action::NextEvent => return self.go_to(About::Event, true),
            Action::PreviousEvent => return self.go_to(About::Event, false),
            Action::NextPoll => return self.go_to(About::Poll, true),
            Action::PreviousPoll => return self.go_to(About::Poll, false),
            Action::NextWoken => return self.go_to(About::Wake, true),
            Action::PreviousWoken => return self.go_to(About::Wake, false),
            Action::Panels => self.lanes.panels = self.lanes.panels.next(),
            Action::ZoomIn => self.lanes.zoom(ZOOM, self.centre()),
            Action::ZoomOut => self.lanes.zoom(1.0 / ZOOM, self.centre()),
            Action::PanLeft => self.lanes.pan(-8, self.bars(areas)),
            Action::PanRight => self.lanes.pan(8, self.bars(areas)),
            Action::Fit => self.lanes.fit(self.playback.spans()),
            Action::Slower | Action::Faster if self.is_real_time() => {
                notice = Some("This one runs in real time: its speed cannot be chosen.");
            }
            Action::Slower => return (self.set_speed(0.5), None),
            Action::Faster => return (self.set_speed(2.0), None),
            Action::NextFinding | Action::PreviousFinding => return self.go_to_finding(action),
            Action::PlayPause | Action::Step | Action::NextWake | Action::RunUntil
                if self.at_watched().is_some() =>
            {
                return self.hold(action);
            }
            _ => return (self.travel(action), None),
        }
        (None, notice)
    }

    /// Goes to the next or the last place at which something happens to the selected lane.
    fn go_to(&mut self, about: About, forward: bool) -> (Option<Effect>, Option<&'static str>) {
        let selected = match about {
            About::Event => self.lanes.selected,
            // A coroutine is polled and woken with its task.
            About::Poll | About::Wake => self.selected_task(),
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

    /// Moves through time.
    fn travel(&mut self, action: Action) -> Option<Effect> {
        let effect = match action {
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
            _ => return None,
        };
        // What happened at the moment that is gone to is of more interest now.
        self.answer_open = false;
        self.moved();
        effect
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
    fn selected_task(&self) -> Option<LaneId> {
        let timeline = self.playback.timeline();
        let lane = timeline.lane(self.lanes.selected?)?;
        Some(timeline.task_of(lane).id)
    }

    fn go_to_finding(&mut self, action: Action) -> (Option<Effect>, Option<&'static str>) {
        self.look_for_findings();
        let count = self.findings.len();
        if count == 0 {
            return (None, Some("Nothing was found."));
        }
        let next = match (self.finding, action) {
            (None, _) => 0,
            (Some(shown), Action::PreviousFinding) => (shown + count - 1) % count,
            (Some(shown), _) => (shown + 1) % count,
        };
        (self.show_finding(next), None)
    }

    /// The moment to zoom around: the shown one where it is seen, else the middle.
    fn centre(&self) -> Timestamp {
        let (viewport, now) = (&self.lanes.viewport, self.playback.now());
        if (viewport.start..viewport.end()).contains(&now) {
            now
        } else {
            Timestamp(viewport.start.0.saturating_add(viewport.span / 2))
        }
    }

    /// Returns the number of columns of the bars.
    pub(super) fn bars(&self, areas: &Areas) -> u16 {
        columns::bars(self.lanes.widest, areas.lanes).width
    }

    /// Returns the time at a column of the screen; none beside the bars.
    fn time_at(&self, areas: &Areas, x: u16) -> Option<Timestamp> {
        let bars = columns::bars(self.lanes.widest, areas.lanes);
        columns::time_at(&self.lanes.viewport, bars, x)
    }

    /// Selects the lane that was clicked on, and shows the moment.
    pub(super) fn click(&mut self, areas: &Areas, at: Position) -> Option<Effect> {
        let lane = columns::lane_at(&self.lanes.rows, self.lanes.first, areas.lanes, at);
        if lane.is_some() {
            self.lanes.selected = lane;
        }
        self.seek(self.time_at(areas, at.x)?)
    }

    /// Zooms round the pointer, or pans.
    pub(super) fn turn_wheel(&mut self, wheel: Gesture, areas: &Areas, at: Position) {
        if !areas.lanes.contains(at) {
            return;
        }
        let around = self.time_at(areas, at.x).unwrap_or_else(|| self.centre());
        match wheel {
            Gesture::WheelUp => self.lanes.zoom(ZOOM, around),
            Gesture::WheelDown => self.lanes.zoom(1.0 / ZOOM, around),
            Gesture::WheelLeft => self.lanes.pan(-4, self.bars(areas)),
            Gesture::WheelRight => self.lanes.pan(4, self.bars(areas)),
            Gesture::Press | Gesture::Drag | Gesture::Release => {}
        }
    }
}
