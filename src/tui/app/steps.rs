//! Where a step through a session ends: between polls.

use std::collections::HashMap;

use crate::event::{Event, EventKind, LaneId, ThreadId, Waker};

/// The places between events at which stepping stops, found as the events come in.
///
/// A step is one poll and what it led to. A wake by a timer or from outside is the beginning of the next one: it
/// belongs to a later moment.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// After how many events a step is over.
    ends: Vec<usize>,
    /// Before which events a poll begins that is not within another.
    starts: Vec<usize>,
    /// After how many events such a poll has ended.
    finishes: Vec<usize>,
    /// After how many events a task was woken.
    wakes: Vec<usize>,
    polls: HashMap<ThreadId, Vec<LaneId>>,
    polled: bool,
}

impl Steps {
    /// Takes in the event with this index.
    pub(super) fn feed(&mut self, index: usize, event: &Event) {
        let open = self.polls.entry(event.thread).or_default();
        let outermost = open.is_empty();
        match event.kind {
            EventKind::PollStarted { lane } => {
                open.retain(|other| *other != lane);
                open.push(lane);
                if outermost {
                    self.starts.push(index);
                    self.end(index);
                }
            }
            EventKind::PollEnded { lane, .. } => {
                if let Some(place) = open.iter().rposition(|other| *other == lane) {
                    open.truncate(place);
                }
                if open.is_empty() && !outermost {
                    self.polled = true;
                    self.finishes.push(index + 1);
                }
            }
            EventKind::Woken { by, .. } => {
                self.wakes.push(index + 1);
                if outermost && matches!(by, Waker::Driver | Waker::Thread) {
                    self.end(index);
                }
            }
            EventKind::Lost { .. } => self.polls.clear(),
            _ => {}
        }
    }

    fn end(&mut self, index: usize) {
        if std::mem::take(&mut self.polled) {
            self.ends.push(index);
        }
    }

    /// The first place later than `cursor` at which a step is over.
    pub(super) fn next(&self, cursor: usize) -> Option<usize> {
        after(&self.ends, cursor)
    }

    /// The last place before `cursor` at which a step is over; the beginning if there is none.
    pub(super) fn previous(&self, cursor: usize) -> usize {
        before(&self.ends, cursor)
    }

    /// How many steps lie between two places.
    pub(super) fn between(&self, from: usize, to: usize) -> usize {
        let index = |place| self.ends.partition_point(|end| *end <= place);
        let partial = usize::from(from < to && self.ends.binary_search(&to).is_err());
        index(to).saturating_sub(index(from)) + partial
    }

    /// Where to stop after the first wake later than `cursor`: before the next poll begins.
    pub(super) fn after_wake(&self, cursor: usize, end: usize) -> Option<usize> {
        let wake = after(&self.wakes, cursor)?;
        let stop = self.starts.partition_point(|start| *start < wake);
        Some(self.starts.get(stop).map_or(end, |start| (*start).min(end)))
    }

    /// Where to stop before the wake that [`Self::after_wake`] stopped behind.
    pub(super) fn before_wake(&self, cursor: usize, end: usize) -> usize {
        let mut place = before(&self.wakes, cursor);
        // Behind one wake, the place to stop is often behind others too: go back until it is earlier.
        while place > 0 {
            match self.after_wake(place - 1, end) {
                Some(stop) if stop < cursor => return stop,
                _ => place = before(&self.wakes, place),
            }
        }
        0
    }

    /// Where the poll ends that is going on at `cursor`; `cursor` itself where none is.
    pub(super) fn poll_end(&self, cursor: usize, end: usize) -> usize {
        let begun = self.starts.partition_point(|start| *start < cursor);
        let over = self.finishes.partition_point(|finish| *finish <= cursor);
        if begun > over {
            after(&self.finishes, cursor).unwrap_or(end)
        } else {
            cursor
        }
    }
}

fn after(places: &[usize], cursor: usize) -> Option<usize> {
    let index = places.partition_point(|place| *place <= cursor);
    places.get(index).copied()
}

fn before(places: &[usize], cursor: usize) -> usize {
    let index = places.partition_point(|place| *place < cursor);
    index.checked_sub(1).map_or(0, |index| places[index])
}
