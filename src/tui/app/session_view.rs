//! A session on the screen: the program that runs, or the recording that is replayed.

mod clock;
mod growth;
mod sight;
mod travel;

use std::time::Duration;

use ratatui::layout::Size;

use super::lanes::LaneList;
use super::msg::{Effect, Grows, Opened, RecordingStatus};
use super::playback::{Journey, Playback};
use super::scene::Scene;
use super::watched::{Printed, Watched};
use crate::event::{Awaited, LaneId};
use crate::insight::{self, Finding};
use crate::probe::gate::Pace;
use crate::recording::Batch;
use crate::scenario::Scenario;
use crate::timeline::{State, Wake};
use crate::tui::app::code::{Source, Sources};
use crate::tui::app::layout::{self, Areas};

/// A session on the screen.
#[derive(Debug)]
pub struct SessionView {
    /// Its title in the header.
    pub title: String,
    /// The scenario that runs or was recorded.
    pub scenario: Option<&'static Scenario>,
    /// The choice that the person made before, by its index.
    pub guess: Option<usize>,
    /// `true` if the answer is shown instead of the events.
    pub answer_open: bool,
    /// Its events, and which of them are shown.
    pub playback: Playback,
    /// The list of lanes: its rows, order, selection and time.
    pub lanes: LaneList,
    /// The findings, as of the last time they were computed.
    pub findings: Vec<Finding>,
    /// The finding that was shown last.
    pub finding: Option<usize>,
    /// The loaded data of the visible part of a large session.
    pub scene: Scene,
    /// The journey that the reader is working on.
    pub(super) journey: Option<Journey>,
    /// Events that could not be appended while the end of the session is being read; none where it is not.
    pub(super) awaited: Option<Batch>,
    /// The program's text.
    pub sources: Sources,
    /// The status of its recording.
    pub recording: RecordingStatus,
    /// The program's output, if it is captured.
    pub printed: Option<Printed>,
    /// The watched program.
    watched: Option<Watched>,
    pub(super) origin: SessionOrigin,
    pub(super) motion: Motion,
    /// Virtual seconds per second.
    pub(super) speed: f64,
}

/// The origin of the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionOrigin {
    /// A program that runs, or has run, under our eyes.
    Live {
        /// `true` if it has ended.
        finished: bool,
    },
    /// A recording.
    Replay {
        /// The damage of its file.
        damage: Option<String>,
        /// The reason why it grows.
        grows: Grows,
    },
}

/// The motion of the shown moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// Not at all.
    Paused,
    /// With the clock.
    Playing,
    /// By one poll.
    Stepping,
    /// On, until a task is woken.
    ToWake,
    /// On, until a task has been polled.
    Until(LaneId),
}

impl From<Pace> for Motion {
    fn from(pace: Pace) -> Self {
        match pace {
            Pace::Open | Pace::Playing => Self::Playing,
            Pace::Paused => Self::Paused,
            Pace::Step => Self::Stepping,
            Pace::ToWake => Self::ToWake,
            Pace::Until(lane) => Self::Until(lane),
        }
    }
}

impl SessionView {
    /// Returns a scenario that is about to run.
    pub(super) fn live(scenario: &'static Scenario, guess: Option<usize>) -> Self {
        let origin = SessionOrigin::Live { finished: false };
        let mut viewer = Self::new(scenario.title.to_owned(), Some(scenario), origin);
        viewer.guess = guess;
        viewer.motion = Motion::Playing;
        viewer
    }

    /// Returns a recording, all of it visible, at its end.
    pub(super) fn replay(opened: Opened) -> Self {
        let Opened { damage, grows, .. } = opened;
        let origin = SessionOrigin::Replay { damage, grows };
        let mut viewer = Self::new(opened.title, opened.scenario, origin);
        viewer.playback = opened.playback;
        viewer.refresh();
        if !viewer.is_following() {
            viewer.lanes.count();
        }
        viewer.lanes.fit(viewer.playback.spans());
        viewer.look_for_findings();
        viewer
    }

    fn new(title: String, scenario: Option<&'static Scenario>, origin: SessionOrigin) -> Self {
        Self {
            title,
            scenario,
            guess: None,
            answer_open: false,
            playback: Playback::default(),
            lanes: LaneList::new(),
            findings: Vec::new(),
            finding: None,
            scene: Scene::default(),
            journey: None,
            awaited: None,
            sources: Sources::of(scenario),
            recording: RecordingStatus::Off,
            printed: None,
            watched: None,
            origin,
            motion: Motion::Paused,
            speed: 1.0,
        }
    }

    /// Returns the motion of the shown moment.
    pub fn motion(&self) -> Motion {
        self.motion
    }

    /// Virtual seconds per second.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// Returns the origin of the events.
    pub fn origin(&self) -> &SessionOrigin {
        &self.origin
    }

    /// Returns the parts of a screen of this size.
    pub fn areas(&self, size: Size) -> Areas {
        layout::areas(size, self.lanes.panels, self.lanes.most)
    }

    /// Returns `true` for a program that runs, or has run, in this process.
    pub fn is_live(&self) -> bool {
        matches!(self.origin, SessionOrigin::Live { .. })
    }

    /// Returns `true` for a recording that grows.
    pub fn is_following(&self) -> bool {
        matches!(self.origin, SessionOrigin::Replay { grows, .. } if grows != Grows::Not)
    }

    /// Returns the watched program.
    pub fn watched(&self) -> Option<&Watched> {
        self.watched.as_ref()
    }

    /// The program that is watched, where its present is seen.
    pub(in crate::tui) fn at_watched(&self) -> Option<&Watched> {
        let watched = self.watched.as_ref().filter(|watched| watched.runs());
        watched.filter(|_| self.playback.at_present())
    }

    /// Returns `true` while its program runs.
    pub fn is_running(&self) -> bool {
        self.origin == SessionOrigin::Live { finished: false }
    }

    /// Returns `true` if the program runs in real time, so that its speed cannot be chosen.
    pub fn is_real_time(&self) -> bool {
        self.is_running() && self.scenario.is_some_and(Scenario::is_real_time)
    }

    /// Returns `true` if the screen moves along with the running program.
    pub fn follows(&self) -> bool {
        self.is_running() && self.playback.at_present()
    }

    /// Returns all that may change on the screen as time passes.
    pub(super) fn shown(&self) -> impl PartialEq + use<> {
        (
            self.playback.cursor(),
            self.playback.now(),
            self.playback.reached(),
            self.motion,
            self.is_running(),
        )
    }

    /// Takes in a source file that was read or coloured.
    pub(super) fn take_source(&mut self, source: Source) {
        self.sources.insert(source);
    }

    pub(super) fn refresh(&mut self) {
        self.scene.keep_up(&self.playback);
        self.lanes.refresh(self.playback.timeline());
    }

    /// Looks for findings in what is shown.
    pub(super) fn look_for_findings(&mut self) {
        let complete =
            !self.is_running() && !self.playback.at_present() && !self.findings.is_empty();
        if !complete {
            self.findings = insight::findings(self.playback.timeline());
        }
    }

    /// Shows a finding on the lanes: its lane, at the moment when all of it has happened.
    pub(super) fn show_finding(&mut self, index: usize) -> Option<Effect> {
        let finding = self.findings.get(index)?;
        let (lane, at, costs) = (finding.lane, finding.at, finding.costs_ns);
        self.finding = Some(index);
        self.answer_open = false;
        let ended = self
            .playback
            .timeline()
            .lane(lane)
            .filter(|lane| !lane.is_task());
        let ended = ended.and_then(|lane| lane.end).unwrap_or(at);
        let effect = self.seek(at.after(Duration::from_nanos(costs)).max(ended));
        self.lanes.select(lane, self.playback.timeline());
        effect
    }

    pub(super) fn find(&mut self, text: &str) {
        self.lanes.find(text, self.playback.timeline());
    }

    pub(super) fn show_only(&mut self, text: &str) {
        self.lanes.show_only(text, self.playback.timeline());
    }

    pub(super) fn next_found(&mut self) {
        self.lanes.next_highlight(self.playback.timeline());
    }

    /// Selects the lane for which the selected one waits, or by which it was woken last.
    pub(super) fn follow_wait(&mut self) {
        let timeline = self.playback.timeline();
        let Some(lane) = self.lanes.selected.and_then(|id| timeline.lane(id)) else {
            return;
        };
        let awaited = lane.innermost().and_then(|frame| frame.on);
        let next = match awaited {
            Some(Awaited::Task(task)) if lane.state() == State::Waiting => Some(task),
            _ => lane.wakes.iter().rev().find_map(Wake::lane),
        };
        if let Some(next) = next.filter(|next| timeline.lane(*next).is_some()) {
            self.lanes.select(next, timeline);
        }
    }
}
