//! A lane: the life of one task, branch, coroutine or runtime.

use std::ops::Range;

use super::span::{Change, State};
use crate::event::{
    Awaited, BranchOf, Cancel, Flavor, FrameId, LaneId, Polled, Site, TaskKind, Text, ThreadId,
    Timestamp, Waker,
};

/// What a lane is the life of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneKind {
    /// A runtime.
    Runtime(Flavor),
    /// A task.
    Task(TaskKind),
    /// A branch of its parent.
    Branch(BranchOf),
    /// A coroutine; its life is a part of its host's.
    Coroutine,
}

/// The life of one task, branch, coroutine or runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Its name in the events.
    pub id: LaneId,
    /// What it is.
    pub kind: LaneKind,
    /// What people call it.
    pub name: Text,
    /// Who spawned, branched or called it.
    pub parent: Option<LaneId>,
    /// Where that stands in the program.
    pub site: Option<Site>,
    /// When it began to exist.
    pub start: Timestamp,
    /// When it was polled first.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub end: Option<Timestamp>,
    /// Its states, in order. A coroutine that was polled has only its last one here: see [`Lane::host`].
    pub changes: Vec<Change>,
    /// Who called its waker, and when; also wakes that made no difference.
    pub wakes: Vec<Wake>,
    /// Its awaits, in the order in which they were entered.
    pub frames: Vec<Frame>,
    /// The lines it noted.
    pub marks: Vec<Mark>,
    /// How often it was polled.
    pub polls: u64,
    /// What it returned, as text.
    pub value: Option<Text>,
    /// Why it was cancelled.
    pub cancel: Option<Cancel>,
    /// Whether it waits, and no waker of it exists any more.
    pub unwakeable: bool,
    /// The lane that runs this coroutine.
    pub host: Option<Host>,
    /// The lane that was polled when this coroutine was called, and how often it had been.
    pub(super) called_in: Option<(LaneId, u64)>,
    /// Time spent in each state that has passed.
    pub(super) passed: Totals,
    /// Whether its waker was called since its last poll began.
    pub(super) woken: bool,
    /// The indices of the awaits that are not over, outermost first.
    pub(super) open: Vec<usize>,
    /// The index of the await where its program stands.
    pub(super) position: Option<usize>,
}

/// Which part of another lane a coroutine ran in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    /// The lane.
    pub lane: LaneId,
    /// The await of that lane by which it was polled first; none where it is the lane's own future.
    pub frame: Option<FrameId>,
    /// Which poll of the host's it was polled in first, from 1.
    pub(super) poll: u64,
    /// The host's change in which the coroutine began.
    pub(super) first: usize,
    /// One past the host's change in which it ended.
    pub(super) end: Option<usize>,
}

impl Host {
    pub(super) fn changes(&self, host: &Lane) -> Range<usize> {
        let end = self.end.unwrap_or(host.changes.len());
        self.first.min(end)..end.min(host.changes.len())
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
    fn add(&mut self, state: State, nanos: u64) {
        match state {
            State::Running => self.running += nanos,
            State::Ready => self.ready += nanos,
            State::Waiting => self.waiting += nanos,
            State::Unknown => self.unknown += nanos,
            _ => {}
        }
    }
}

impl Lane {
    pub(super) fn new(id: LaneId, kind: LaneKind, at: Timestamp) -> Self {
        Self {
            id,
            kind,
            name: Text::Static("?"),
            parent: None,
            site: None,
            start: at,
            started: None,
            end: None,
            changes: Vec::new(),
            wakes: Vec::new(),
            frames: Vec::new(),
            marks: Vec::new(),
            polls: 0,
            value: None,
            cancel: None,
            unwakeable: false,
            host: None,
            called_in: None,
            passed: Totals::default(),
            woken: false,
            open: Vec::new(),
            position: None,
        }
    }

    /// The state it is in now. For a coroutine that runs, ask its host.
    pub fn state(&self) -> State {
        self.changes
            .last()
            .map_or(State::Unknown, |change| change.state)
    }

    /// Time spent in each state up to `now`.
    pub fn totals(&self, now: Timestamp) -> Totals {
        let mut totals = self.passed;
        if let Some(last) = self.changes.last() {
            totals.add(last.state, now - last.at);
        }
        totals
    }

    /// The awaits that are not over, outermost first.
    pub fn open_frames(&self) -> impl DoubleEndedIterator<Item = &Frame> {
        self.open.iter().map(|&index| &self.frames[index])
    }

    /// The line at which the lane is suspended, or from which it went on: that of the innermost open await, or of the
    /// last one that was left.
    pub fn line(&self) -> Option<&Site> {
        let frame = self.frames.get(self.position?)?;
        frame.site.as_ref()
    }

    /// The innermost await that is not over.
    pub fn innermost(&self) -> Option<&Frame> {
        self.open_frames().next_back()
    }

    /// Whether it is a task, of any kind.
    pub fn is_task(&self) -> bool {
        matches!(self.kind, LaneKind::Task(_))
    }

    pub(super) fn describe(&mut self, name: &Text, site: Option<&Site>) {
        self.name = name.clone();
        self.site = site.cloned();
    }

    pub(super) fn enter(&mut self, state: State, at: Timestamp, thread: ThreadId) {
        self.leave(at);
        self.changes.push(Change { at, state, thread });
    }

    /// Adds the time spent in the present state to the totals.
    pub(super) fn leave(&mut self, at: Timestamp) {
        if let Some(last) = self.changes.last() {
            self.passed.add(last.state, at - last.at);
        }
    }

    pub(super) fn finish(&mut self, state: State, at: Timestamp, thread: ThreadId) {
        self.end = Some(at);
        self.unwakeable = false;
        self.enter(state, at, thread);
    }

    pub(super) fn await_entered(&mut self, frame: Frame) {
        self.position = Some(self.frames.len());
        self.open.push(self.frames.len());
        self.frames.push(frame);
    }

    pub(super) fn await_left(&mut self, id: FrameId, at: Timestamp) {
        let found = self
            .open
            .iter()
            .rposition(|&index| self.frames[index].id == id);
        if let Some(place) = found {
            let index = self.open.remove(place);
            self.frames[index].end = Some(at);
            self.position = Some(index);
        }
    }

    pub(super) fn poll_started(&mut self, at: Timestamp, thread: ThreadId) {
        self.polls += 1;
        self.woken = false;
        self.unwakeable = false;
        self.started.get_or_insert(at);
        self.enter(State::Running, at, thread);
    }

    pub(super) fn poll_ended(&mut self, result: Polled, at: Timestamp, thread: ThreadId) {
        match result {
            Polled::Completed => self.finish(State::Done, at, thread),
            Polled::Panicked => self.finish(State::Panicked, at, thread),
            Polled::Pending if self.woken => self.enter(State::Ready, at, thread),
            Polled::Pending => self.enter(State::Waiting, at, thread),
        }
    }

    pub(super) fn woken(&mut self, by: Waker, at: Timestamp, thread: ThreadId) {
        self.wakes.push(Wake { at, by, thread });
        self.woken = true;
        self.unwakeable = false;
        if self.state() == State::Waiting {
            self.enter(State::Ready, at, thread);
        }
    }
}

impl Wake {
    /// The lane that called the waker, where it was one.
    pub fn lane(&self) -> Option<LaneId> {
        match self.by {
            Waker::Lane(lane) => Some(lane),
            _ => None,
        }
    }
}
