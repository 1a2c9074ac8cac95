//! What a lane consists of, besides its states.

use std::fmt;

use crate::event::{Awaited, FrameId, LaneId, Site, Text, ThreadId, Timestamp, Waker};
use crate::timeline::span::State;

/// Which part of another lane a coroutine ran in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    /// The lane.
    pub lane: LaneId,
    /// The await of that lane by which it was polled first; none where it is the lane's own future.
    pub frame: Option<FrameId>,
    /// The coroutine in whose body that await stands.
    pub(crate) awaiter: Option<LaneId>,
    /// Whether it began in the same stretch of its caller's life in which it was called.
    pub(crate) at_once: bool,
    /// Which poll of the host's it was polled in first, from 1.
    pub(crate) poll: u64,
    /// The host's change in which the coroutine began, counted from the host's first.
    pub(crate) first: u64,
    /// One past the host's change in which it ended.
    pub(crate) end: Option<u64>,
}

/// The poll in which something began, and how many changes of state the polled lane had behind it then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Born {
    pub lane: LaneId,
    pub polls: u64,
    pub changes: u64,
}

impl Born {
    /// The stretch of the polled lane's life, from one change of state to the next.
    pub(in crate::timeline) fn stretch(self) -> (LaneId, u64) {
        (self.lane, self.changes)
    }
}

/// A call of a lane's waker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Waker,
    /// On which thread.
    pub thread: ThreadId,
}

/// A line that the program noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// The line.
    pub text: Text,
}

/// The time that a long poll's thread spent, from a reading before the poll to right after it. The time spent within
/// the poll is at most this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// Start of the poll.
    pub poll: Timestamp,
    /// Nanoseconds from the reading to the poll's start; none if the numbers count from the thread's start.
    pub since: Option<u64>,
    /// Nanoseconds on a processor.
    pub running: u64,
    /// Nanoseconds during which it was ready to run but had no processor.
    pub stalled: u64,
}

/// What a lane is labelled with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// What the label tells.
    pub key: Text,
    /// What it says.
    pub value: Text,
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key, self.value)
    }
}

/// An await, from when it was reached to when it had its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its name within its lane.
    pub id: FrameId,
    /// The await within which it stands.
    pub parent: Option<FrameId>,
    /// The coroutine in whose body it stands.
    pub coroutine: Option<LaneId>,
    /// Where it stands.
    pub site: Option<Site>,
    /// The awaited expression.
    pub text: Text,
    /// What it waits for, where that is known.
    pub on: Option<Awaited>,
    /// When it was reached.
    pub start: Timestamp,
    /// When it was over.
    pub end: Option<Timestamp>,
}

/// Time spent in each state, in nanoseconds, and how often a lane was polled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Being polled.
    pub running: u64,
    /// Woken and not yet polled.
    pub ready: u64,
    /// Suspended.
    pub waiting: u64,
    /// Events were lost.
    pub unknown: u64,
}

impl Totals {
    /// What was added from one moment to another.
    #[cfg(feature = "app")]
    pub(in crate::timeline) fn between(before: &Self, after: &Self) -> Self {
        Self {
            running: after.running.saturating_sub(before.running),
            ready: after.ready.saturating_sub(before.ready),
            waiting: after.waiting.saturating_sub(before.waiting),
            unknown: after.unknown.saturating_sub(before.unknown),
        }
    }

    pub(crate) fn add(&mut self, state: State, nanos: u64) {
        if let Some(spent) = self.spent(state) {
            *spent = spent.saturating_add(nanos);
        }
    }

    /// Takes back time that was added.
    #[cfg(feature = "app")]
    pub(in crate::timeline) fn subtract(&mut self, state: State, nanos: u64) {
        if let Some(spent) = self.spent(state) {
            *spent = spent.saturating_sub(nanos);
        }
    }

    fn spent(&mut self, state: State) -> Option<&mut u64> {
        Some(match state {
            State::Running => &mut self.running,
            State::Ready => &mut self.ready,
            State::Waiting => &mut self.waiting,
            State::Unknown => &mut self.unknown,
            _ => return None,
        })
    }
}
