//! Where a step through a session ends: between polls.

use crate::event::{Event, EventKind, LaneId, Step, ThreadId, Waker, What};

/// Which lanes are being polled on each thread, the outermost first, and whether a step has begun: all that the past has
/// to say about where the next step ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Polling {
    pub(crate) threads: Vec<(ThreadId, Vec<LaneId>)>,
    pub(crate) polled: bool,
}

/// What an event is to someone who steps.
enum Passed {
    /// A poll begins that is within no other; `ends` where a step is over before it.
    Start { ends: bool },
    /// Such a poll has ended.
    Finish,
    /// A task is woken; `ends` where a step is over before it.
    Wake { ends: bool },
}

impl Polling {
    /// Takes in an event.
    #[inline]
    pub(crate) fn feed(&mut self, event: &Event) {
        self.pass(event);
    }

    #[inline]
    pub(crate) fn feed_step(&mut self, thread: ThreadId, step: Step) {
        self.pass_step(thread, step);
    }

    fn pass(&mut self, event: &Event) -> Option<Passed> {
        if let Some(step) = event.kind.step() {
            return self.pass_step(event.thread, step);
        }
        if let EventKind::Lost { .. } = event.kind {
            self.threads.clear();
        }
        None
    }

    #[inline]
    fn pass_step(&mut self, thread: ThreadId, Step { lane, what }: Step) -> Option<Passed> {
        /// More polls than lie within each other in any program; a damaged log may begin any number and end none.
        const DEEPEST: usize = 1 << 10;
        let open = self.open_on(thread);
        let outermost = open.is_empty();
        match what {
            What::Started => {
                open.retain(|other| *other != lane);
                if open.len() >= DEEPEST {
                    open.clear();
                }
                open.push(lane);
                outermost.then(|| Passed::Start { ends: self.end() })
            }
            What::Ended(_) => {
                if let Some(place) = open.iter().rposition(|other| *other == lane) {
                    open.truncate(place);
                }
                if !open.is_empty() || outermost {
                    return None;
                }
                self.polled = true;
                Some(Passed::Finish)
            }
            What::Woken(by) => {
                let begins = outermost && matches!(by, Waker::Driver | Waker::Thread);
                let ends = begins && self.end();
                Some(Passed::Wake { ends })
            }
        }
    }

    /// Whether any thread polls.
    fn is_busy(&self) -> bool {
        self.threads.iter().any(|(_, open)| !open.is_empty())
    }

    #[inline]
    fn open_on(&mut self, thread: ThreadId) -> &mut Vec<LaneId> {
        let place = self.threads.iter().position(|known| known.0 == thread);
        let place = place.unwrap_or_else(|| self.add(thread));
        &mut self.threads[place].1
    }

    #[cold]
    fn add(&mut self, thread: ThreadId) -> usize {
        /// More threads than poll at a time in any program; a damaged log may name any number of them.
        const MOST: usize = 1 << 10;
        if self.threads.len() >= MOST {
            self.threads.clear();
        }
        self.threads.push((thread, Vec::new()));
        self.threads.len() - 1
    }

    fn end(&mut self) -> bool {
        std::mem::take(&mut self.polled)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polls_that_begin_and_never_end_stay_few() {
        let mut polling = Polling::default();
        for lane in 0..10_000 {
            let (lane, what) = (LaneId(lane), What::Started);
            polling.feed_step(ThreadId(0), Step { lane, what });
        }
        assert!(polling.threads[0].1.len() <= 1 << 10);
    }
}
