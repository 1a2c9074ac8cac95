//! What happens to the state, and what is then to be done outside it.

use std::path::PathBuf;
use std::time::Duration;

use ratatui::layout::{Position, Size};

use super::menu::RecentRecording;
use super::playback::{Arrival, Journey, Playback};
use super::scene::Answer;
use super::watched::Watched;
use crate::event::Event;
use crate::probe::gate::{Pace, Report};
use crate::recording::Batch;
use crate::scenario::Scenario;
use crate::tui::app::action::Action;
use crate::tui::app::code::Source;
use crate::tui::app::mouse::Gesture;

/// An input of the state.
#[derive(Debug)]
pub enum Msg {
    /// A key was pressed that means something here.
    Input(Action),
    /// A character was typed where text is asked for.
    Typed(char),
    /// A text was pasted.
    Pasted(String),
    /// The mouse did something at this place of the screen, where there is perhaps something to click on.
    Mouse(Gesture, Position, Option<ClickTarget>),
    /// The screen has this size now.
    Resize(Size),
    /// Time has passed.
    Tick(ClockTick),
    /// The running program's next events.
    Events(Vec<Event>),
    /// The scenario is to be run, after its question.
    Ask(&'static Scenario),
    /// A session was opened.
    Opened(Box<Opened>),
    /// A large session was read where a journey leads.
    Arrived(Box<Playback>, Arrival),
    /// A large session could not be read where a journey leads, for this reason.
    Stayed(String),
    /// These events were added to a session that is being written.
    Appended(Batch),
    /// A session that is being written has grown; this is its end.
    Grown(Box<Playback>),
    /// The file now holds another session; this is its end.
    Replaced(Box<Playback>),
    /// More came to be known of what is looked at.
    Answered(Box<Answer>),
    /// A journal was read to its end; this is wrong with it.
    Complete(Option<String>),
    /// Progress of something that takes long, in words.
    Progress(String),
    /// A source file was read, or coloured.
    Source(Source),
    /// The status of the recording has changed.
    Recording(RecordingStatus),
    /// The recordings that there are, the newest first.
    Recents(Vec<RecentRecording>),
    /// The status of a watched program.
    Watched(Watched),
    /// The lines that it has printed.
    Printed(Vec<String>),
    /// Something went wrong that the person is to know of.
    Failed(String),
}

/// A part of a list that can be clicked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClickTarget {
    /// The menu's item with this index.
    Item(usize),
    /// The question's choice with this index.
    Choice(usize),
    /// The finding with this index.
    Finding(usize),
}

/// Time that has passed, and how the running program stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClockTick {
    /// The time since the last tick.
    pub elapsed: Duration,
    /// The gate's report, while a program runs.
    pub report: Option<Report>,
    /// `true` if it has ended and all of its events have arrived.
    pub finished: bool,
}

/// A session from a file.
#[derive(Debug)]
pub struct Opened {
    /// Its title in the header.
    pub title: String,
    /// The scenario that it is a recording of.
    pub scenario: Option<&'static Scenario>,
    /// Its events, all of them shown.
    pub playback: Playback,
    /// The file's damage, in a line.
    pub damage: Option<String>,
    /// The reason why it grows.
    pub grows: Grows,
}

/// The status of a session's recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RecordingStatus {
    /// It is not.
    #[default]
    Off,
    /// It is, into this file.
    On(PathBuf),
    /// It was, and is whole in this file.
    Saved(PathBuf),
    /// It was, until this went wrong.
    Failed(String),
}

/// The reason why a recording grows while it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grows {
    /// It does not.
    Not,
    /// A program may still write its file.
    Written,
    /// It is a journal of which only a part was read.
    Read,
}

/// Work to be done outside the state.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Run a scenario, in place of what runs now.
    Start(ScenarioStart),
    /// Let something else through the running program's gate.
    SetPace(Pace),
    /// Play so many virtual seconds in a second.
    SetSpeed(f64),
    /// End the running program.
    Stop,
    /// Colour a source file that is shown.
    Colour(Source),
    /// Open a session file.
    Open(PathBuf),
    /// Read a large session where this journey leads from a place.
    Travel(u64, Journey),
    /// Read the end of a session that grows, with the events since this place if they are not too many.
    ReadPresent(u64),
    /// Begin or end recording.
    ToggleRecording,
    /// Leave.
    Quit,
    /// Stop the process, until the shell continues it.
    Suspend,
}

/// A scenario to run, and how fast.
#[derive(Clone, Copy, Debug)]
pub struct ScenarioStart {
    /// The scenario.
    pub scenario: &'static Scenario,
    /// Virtual seconds per second.
    pub speed: f64,
}

impl PartialEq for ScenarioStart {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.scenario, other.scenario) && self.speed == other.speed
    }
}
