//! Events as lines that a person reads.

use crate::event::{Event, LaneId, Timestamp};
use crate::timeline::Timeline;

/// An event as a line of a list: when, who, what, and what more there is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it happened.
    pub at: Timestamp,
    /// Whom it is about.
    pub lane: Option<LaneId>,
    /// What they do: `resumes`, `prints`.
    pub verb: &'static str,
    /// Where, by whom, what; may be empty.
    pub detail: String,
    /// How to colour it.
    pub tone: Tone,
}

/// What a line is about, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tone {
    /// Something runs.
    Running,
    /// Something may run.
    Ready,
    /// Something waits.
    Waiting,
    /// Something has completed.
    Done,
    /// Something was cancelled.
    Cancelled,
    /// Something panicked.
    Panicked,
    /// The program says something, or its set-up changes.
    Note,
    /// Something went wrong.
    Error,
}

/// The line for an event, read with the timeline up to and with it; none where an event only serves the machine.
pub fn describe(event: &Event, timeline: &Timeline) -> Option<Line> {
    let _ = (event, timeline);
    None
}
