//! The vocabulary: what can happen in an async program, as plain data.
//!
//! In the words of the people who use it: *resume* is [`EventKind::PollStarted`], *suspend* is
//! [`EventKind::PollEnded`] with [`Polled::Pending`], *complete* is the last poll's end.
//!
//! *Architecture invariant:* this module knows no tokio, no ratatui, no clock and no I/O.

#[cfg(test)]
pub(crate) mod arbitrary;
pub(crate) mod fields;
mod ids;
pub mod printable;
mod text;

use std::fmt;

pub use ids::{FrameId, LaneId, ThreadId, Timestamp};
pub use text::Text;

use crate::event::printable::{Printable, printable};

/// A place in a source file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Site {
    /// The file, as the compiler names it.
    pub file: Text,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

impl Site {
    /// Returns the file's name without its folders, escaped for display.
    pub fn file_name(&self) -> Printable<'_> {
        let file = self.file.raw();
        printable(file.rsplit(['/', '\\']).next().unwrap_or(file))
    }
}

impl fmt::Display for Site {
    /// `file:line`, which is what people and editors read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl From<&'static std::panic::Location<'static>> for Site {
    fn from(location: &'static std::panic::Location<'static>) -> Self {
        Self {
            file: location.file().into(),
            line: location.line(),
            column: location.column(),
        }
    }
}

/// An event: its time, its thread and its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Time at which it happened.
    pub at: Timestamp,
    /// The thread on which it happened.
    pub thread: ThreadId,
    /// Kind of event, with its fields.
    pub kind: EventKind,
}

/// The kinds of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The event's thread is seen for the first time.
    ThreadNamed {
        /// Its name, empty where it has none.
        name: Text,
    },
    /// A runtime begins to run its root task.
    RuntimeEntered {
        /// The runtime's own lane.
        runtime: LaneId,
        /// Kind of runtime.
        flavor: Flavor,
        /// `true` if it waits for I/O. If not, every wake by its driver is a timer's.
        io: bool,
    },
    /// A runtime's root task has ended, and the runtime with it.
    RuntimeLeft {
        /// The runtime's lane.
        runtime: LaneId,
    },
    /// A task exists from now on, ready for its first poll.
    Spawned {
        /// The task.
        lane: LaneId,
        /// Its name: given, or that of the function it runs.
        name: Text,
        /// The lane that spawned it.
        parent: Option<LaneId>,
        /// Kind of task.
        kind: TaskKind,
        /// Place at which it was spawned.
        site: Option<Site>,
    },
    /// A branch of a join, gather, select or timeout begins, within its parent's poll.
    BranchStarted {
        /// The branch.
        lane: LaneId,
        /// The text of the expression that the branch runs.
        name: Text,
        /// The lane that polls it.
        parent: LaneId,
        /// Kind of macro or function that it is a branch of.
        of: BranchOf,
        /// Place of the branch.
        site: Option<Site>,
    },
    /// A task or branch is resumed.
    PollStarted {
        /// The task or branch.
        lane: LaneId,
    },
    /// A poll has ended.
    PollEnded {
        /// The task or branch.
        lane: LaneId,
        /// Its end.
        result: Polled,
    },
    /// A waker of a task or branch was called.
    Woken {
        /// The task or branch that is polled again.
        lane: LaneId,
        /// Caller of the waker.
        by: Waker,
    },
    /// A waiting task or branch has lost its last waker: nothing can ever wake it.
    Unwakeable {
        /// The task or branch.
        lane: LaneId,
    },
    /// A task or branch was dropped before it was ready.
    Cancelled {
        /// The task or branch.
        lane: LaneId,
        /// Why it was dropped.
        why: Cancel,
    },
    /// An async function was called: its coroutine exists, and nothing has run yet.
    CoroutineCreated {
        /// The coroutine.
        lane: LaneId,
        /// The function's name.
        name: Text,
        /// The lane in which it was called.
        parent: Option<LaneId>,
        /// Place at which it was called.
        site: Option<Site>,
    },
    /// A coroutine is polled for the first time, or for the first time by this host.
    CoroutineStarted {
        /// The coroutine.
        lane: LaneId,
        /// The task or branch that runs it.
        host: Option<LaneId>,
        /// The await of that task or branch by which it is polled.
        frame: Option<FrameId>,
    },
    /// A coroutine will not run any more.
    CoroutineEnded {
        /// The coroutine.
        lane: LaneId,
        /// Its end.
        end: CoroutineEnd,
    },
    /// An `.await` is reached.
    AwaitEntered {
        /// The task or branch that awaits.
        lane: LaneId,
        /// This await.
        frame: FrameId,
        /// The await of the same lane within which this one stands.
        parent: Option<FrameId>,
        /// The coroutine in whose body it stands.
        coroutine: Option<LaneId>,
        /// Place of the await.
        site: Option<Site>,
        /// The text of the awaited expression.
        text: Text,
        /// Thing that is awaited, if known.
        on: Option<Awaited>,
    },
    /// An `.await` is over: it has its value, or its future was dropped.
    AwaitLeft {
        /// The task or branch that awaited.
        lane: LaneId,
        /// The await.
        frame: FrameId,
    },
    /// A line of text that the program notes.
    Mark {
        /// The lane in which it was noted.
        lane: Option<LaneId>,
        /// The line.
        text: Text,
    },
    /// Events were lost before this one.
    Lost {
        /// The number.
        count: u64,
    },
    /// A lane is given a label.
    Labelled {
        /// The lane.
        lane: LaneId,
        /// Key of the label. A lane has one label of each key, the latest.
        key: Text,
        /// Value of the label.
        value: Text,
    },
    /// The tasks of a runtime were counted that have not ended.
    TasksCounted {
        /// The runtime's lane.
        runtime: LaneId,
        /// Number of them that have lanes.
        seen: u64,
        /// Number of all of them.
        alive: u64,
    },
    /// The program is alive at this time. Nothing else happened.
    ///
    /// A recording in real time has one at least every 100 ms while nothing else happens, so that open spans are known
    /// to last until then. Heartbeats are not counted, stepped through or listed as events.
    Alive,
    /// The time that a long poll's thread spent, from a reading before the poll to right after it.
    PollSpent {
        /// The task, whose poll has just ended.
        lane: LaneId,
        /// Nanoseconds from the reading to the poll's start; none if the numbers count from the thread's start.
        since: Option<u64>,
        /// Nanoseconds on a processor.
        running: u64,
        /// Nanoseconds during which it was ready to run but had no processor.
        stalled: u64,
    },
}

/// An event that happens at every poll, in a form that fits into registers. Most events are of these kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) lane: LaneId,
    pub(crate) what: What,
}

/// The kind of a [`Step`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// [`EventKind::PollStarted`].
    Started,
    /// [`EventKind::PollEnded`].
    Ended(Polled),
    /// [`EventKind::Woken`].
    Woken(Waker),
}

impl From<Step> for EventKind {
    #[inline]
    fn from(Step { lane, what }: Step) -> Self {
        match what {
            What::Started => Self::PollStarted { lane },
            What::Ended(result) => Self::PollEnded { lane, result },
            What::Woken(by) => Self::Woken { lane, by },
        }
    }
}

impl EventKind {
    /// `true` if something happened. A heartbeat only says that time passes, and the time that a poll spent depends on
    /// what else the machine does: either may be missing without a loss.
    #[inline]
    pub fn is_counted(&self) -> bool {
        !matches!(self, Self::Alive | Self::PollSpent { .. })
    }

    /// Returns `true` if a lane starts, ends or comes to be run by another one.
    pub(crate) fn changes_tree(&self) -> bool {
        matches!(
            self,
            Self::RuntimeEntered { .. }
                | Self::RuntimeLeft { .. }
                | Self::Spawned { .. }
                | Self::BranchStarted { .. }
                | Self::Cancelled { .. }
                | Self::CoroutineCreated { .. }
                | Self::CoroutineStarted { .. }
                | Self::CoroutineEnded { .. }
        )
    }

    /// Returns the lane that it is about; none if it is about a thread or the whole session.
    #[inline]
    pub fn lane(&self) -> Option<LaneId> {
        match self {
            Self::RuntimeEntered { runtime: lane, .. }
            | Self::RuntimeLeft { runtime: lane }
            | Self::TasksCounted { runtime: lane, .. }
            | Self::Labelled { lane, .. }
            | Self::Spawned { lane, .. }
            | Self::BranchStarted { lane, .. }
            | Self::PollStarted { lane }
            | Self::PollEnded { lane, .. }
            | Self::Woken { lane, .. }
            | Self::Unwakeable { lane }
            | Self::Cancelled { lane, .. }
            | Self::CoroutineCreated { lane, .. }
            | Self::CoroutineStarted { lane, .. }
            | Self::CoroutineEnded { lane, .. }
            | Self::AwaitEntered { lane, .. }
            | Self::AwaitLeft { lane, .. }
            | Self::PollSpent { lane, .. } => Some(*lane),
            Self::Mark { lane, .. } => *lane,
            Self::ThreadNamed { .. } | Self::Lost { .. } | Self::Alive => None,
        }
    }

    /// Returns the place in the source where it happened, if known.
    #[cfg(feature = "app")]
    pub(crate) fn site(&self) -> Option<&Site> {
        match self {
            Self::Spawned { site, .. }
            | Self::BranchStarted { site, .. }
            | Self::CoroutineCreated { site, .. }
            | Self::AwaitEntered { site, .. } => site.as_ref(),
            _ => None,
        }
    }

    /// The step that this is, if it is one.
    #[inline]
    pub(crate) fn step(&self) -> Option<Step> {
        let (lane, what) = match *self {
            Self::PollStarted { lane } => (lane, What::Started),
            Self::PollEnded { lane, result } => (lane, What::Ended(result)),
            Self::Woken { lane, by } => (lane, What::Woken(by)),
            _ => return None,
        };
        Some(Step { lane, what })
    }
}

/// The kind of a runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    /// All its tasks run on the thread that entered it.
    CurrentThread,
    /// Its tasks run on worker threads.
    MultiThread {
        /// The number.
        workers: u32,
    },
}

/// The kind of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskKind {
    /// The future that a runtime was entered with.
    Root,
    /// A task that may move between threads.
    Task,
    /// A closure on a thread where it may block.
    Blocking,
    /// A task that stays on its thread.
    Local,
    /// A future with a lane of its own, whoever polls it.
    Future,
}

/// The kind of macro or function that a branch belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BranchOf {
    /// A `join!` or `gather!`: all branches run to their end.
    Join,
    /// A `select!`: the first branch to be ready ends the others.
    Select,
    /// A `timeout`: the clock may end it.
    Timeout,
}

/// The end of a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polled {
    /// It waits for something: *suspended*.
    Pending,
    /// It has its value: *completed*.
    Completed,
    /// It panicked.
    Panicked,
}

/// The caller of a waker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waker {
    /// A task or branch, while it was polled, or by its end.
    Lane(LaneId),
    /// The task itself: it yielded.
    Itself,
    /// The runtime's driver: a timer, or I/O.
    Driver,
    /// Code that has no lane, on the thread that the event happened on: one that runs no task, or a task that is not seen.
    Thread,
}

/// Why a task or branch was dropped before it was ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancel {
    /// `abort` was called.
    Aborted {
        /// The lane that called it.
        by: Option<LaneId>,
    },
    /// Its owner dropped it.
    Dropped,
    /// Another branch of its `select!` was ready first.
    LostSelect,
    /// Its `timeout` elapsed.
    TimedOut,
    /// Its runtime was shut down.
    Shutdown,
    /// Another branch of its `select!` was ready first, or its `timeout` elapsed, but the branch had only borrowed its
    /// future, or awaited a task's handle: that future or task was not cancelled.
    Left,
}

/// The end of a coroutine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CoroutineEnd {
    /// It returned.
    Returned {
        /// Its value as text, if that has `Debug`.
        value: Option<Text>,
    },
    /// It panicked.
    Panicked,
    /// It was dropped before it was ready.
    Cancelled {
        /// Why.
        why: Cancel,
    },
    /// It was dropped without ever being polled: *never awaited*.
    NeverPolled,
}

/// The thing that an await waits for, if the probe knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// The end of a task.
    Task(LaneId),
    /// A moment.
    Until(Timestamp),
    /// An await that must stay in sequence: it may need the result of an earlier await of its function, or it is in
    /// another block than the await before it.
    InOrder,
    /// An await that needs nothing from earlier turns of its loop: it is the first await of a `for`.
    EachTurn,
}
