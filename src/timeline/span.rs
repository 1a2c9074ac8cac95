//! Spans: what state a lane was in, from when to when.

use crate::event::{ThreadId, Timestamp};

/// What a lane does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// A coroutine exists and was never polled so far.
    Created,
    /// Woken, or new, and not yet polled.
    Ready,
    /// Being polled.
    Running,
    /// Suspended until somebody wakes it.
    Waiting,
    /// It completed.
    Done,
    /// It was dropped before it was ready.
    Cancelled,
    /// A branch was dropped before it was ready, but the future or task that it waited for was not: see
    /// [`Cancel::Left`].
    ///
    /// [`Cancel::Left`]: crate::event::Cancel::Left
    Left,
    /// It panicked.
    Panicked,
    /// A coroutine was dropped without ever being polled.
    NeverPolled,
    /// Events were lost here: nothing is guessed.
    Unknown,
}

impl State {
    /// Whether a lane stays in this state for good.
    pub fn is_end(self) -> bool {
        matches!(
            self,
            Self::Done | Self::Cancelled | Self::Left | Self::Panicked | Self::NeverPolled
        )
    }
}

/// A state, entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// Into which state.
    pub state: State,
    /// On which thread that was noticed; for a poll, the thread that polls.
    pub thread: ThreadId,
}

/// A state, from when to when. It may be shorter than a nanosecond: an event never vanishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The state.
    pub state: State,
    /// From when.
    pub start: Timestamp,
    /// Until when; the present for one that lasts.
    pub end: Timestamp,
    /// See [`Change::thread`].
    pub thread: ThreadId,
}

impl Change {
    /// The spans between changes; the last one lasts until `now`, an end state takes no time.
    pub(super) fn spans(
        changes: &[Self],
        now: Timestamp,
    ) -> impl DoubleEndedIterator<Item = Span> + '_ {
        changes.iter().enumerate().map(move |(index, change)| {
            let last = if change.state.is_end() {
                change.at
            } else {
                now
            };
            let end = changes.get(index + 1).map_or(last, |next| next.at);
            Span {
                state: change.state,
                start: change.at,
                end: end.max(change.at),
                thread: change.thread,
            }
        })
    }
}
