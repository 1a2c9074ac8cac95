//! Where a step through a session ends: between polls.

use super::polling::{Passed, Polling};
use crate::event::Event;

/// The places between events at which stepping stops, found as the events come in.
///
/// A step is one poll and what it led to. A wake by a timer or from outside is the beginning of the next one: it
/// belongs to a later moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Steps {
    /// After how many events a step is over.
    ends: Vec<usize>,
    /// Before which events a poll begins that is not within another.
    starts: Vec<usize>,
    /// After how many events such a poll has ended.
    finishes: Vec<usize>,
    /// After how many events a task was woken.
    wakes: Vec<usize>,
    /// After how many events it began or ceased that any thread polls, in turn.
    turns: Vec<usize>,
    /// Whether a thread polled before the first event.
    begins_busy: bool,
    polling: Polling,
}

impl Steps {
    /// Where steps end from a moment on at which these polls go on.
    pub(crate) fn from(polling: Polling) -> Self {
        Self {
            begins_busy: polling.is_busy(),
            polling,
            ..Self::default()
        }
    }

    /// Takes in the event with this index.
    pub(crate) fn feed(&mut self, index: usize, event: &Event) {
        match self.polling.pass(event) {
            Some(Passed::Start { ends }) => {
                self.starts.push(index);
                self.ends.extend(ends.then_some(index));
            }
            Some(Passed::Finish) => self.finishes.push(index + 1),
            Some(Passed::Wake { ends }) => {
                self.wakes.push(index + 1);
                self.ends.extend(ends.then_some(index));
            }
            None => {}
        }
        if self.polling.is_busy() != self.is_busy(self.turns.len()) {
            self.turns.push(index + 1);
        }
    }

    /// Whether a thread polls after so many turns.
    fn is_busy(&self, turns: usize) -> bool {
        self.begins_busy ^ (turns % 2 == 1)
    }

    /// The first place later than `cursor` at which a step is over.
    pub(crate) fn next(&self, cursor: usize) -> Option<usize> {
        after(&self.ends, cursor)
    }

    /// The last place before `cursor` at which a step is over; the beginning if there is none.
    pub(crate) fn previous(&self, cursor: usize) -> usize {
        before(&self.ends, cursor)
    }

    /// How many steps lie between two places.
    pub(crate) fn between(&self, from: usize, to: usize) -> usize {
        let index = |place| self.ends.partition_point(|end| *end <= place);
        let partial = usize::from(from < to && self.ends.binary_search(&to).is_err());
        index(to).saturating_sub(index(from)) + partial
    }

    /// Where to stop after the first wake later than `cursor`: before the next poll begins.
    pub(crate) fn after_wake(&self, cursor: usize, end: usize) -> Option<usize> {
        let wake = after(&self.wakes, cursor)?;
        let stop = self.starts.partition_point(|start| *start < wake);
        Some(self.starts.get(stop).map_or(end, |start| (*start).min(end)))
    }

    /// Where to stop before the wake that [`Self::after_wake`] stopped behind.
    pub(crate) fn before_wake(&self, cursor: usize, end: usize) -> usize {
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
    pub(crate) fn poll_end(&self, cursor: usize, end: usize) -> usize {
        let turns = self.turns.partition_point(|turn| *turn <= cursor);
        if self.is_busy(turns) {
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
