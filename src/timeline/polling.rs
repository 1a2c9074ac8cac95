//! Which lanes are being polled, thread by thread.

use super::work;
use crate::event::{Event, EventKind, LaneId, Step, ThreadId, Waker, What};

/// Which lanes are being polled on each thread, the outermost first, and whether a step has begun: all that the past has
/// to say about where the next step ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Polling {
    /// In the order of their numbers.
    pub(crate) threads: Vec<(ThreadId, Vec<LaneId>)>,
    pub(crate) polled: bool,
}

/// What an event is to someone who steps.
#[cfg_attr(
    not(feature = "app"),
    expect(dead_code, reason = "only the screen steps")
)]
pub(super) enum Passed {
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

    pub(super) fn pass(&mut self, event: &Event) -> Option<Passed> {
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
                if !outermost {
                    open.retain(|other| *other != lane);
                }
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
    #[cfg(feature = "app")]
    pub(super) fn is_busy(&self) -> bool {
        self.threads.iter().any(|(_, open)| !open.is_empty())
    }

    #[inline]
    fn open_on(&mut self, thread: ThreadId) -> &mut Vec<LaneId> {
        let place = self.threads.binary_search_by_key(&thread, |known| {
            work::done(1);
            known.0
        });
        let place = place.unwrap_or_else(|place| self.add(place, thread));
        &mut self.threads[place].1
    }

    #[cold]
    fn add(&mut self, place: usize, thread: ThreadId) -> usize {
        /// More threads than poll at a time in any program; a damaged log may name any number of them.
        const MOST: usize = 1 << 10;
        if self.threads.len() >= MOST {
            self.threads.clear();
        }
        let place = place.min(self.threads.len());
        self.threads.insert(place, (thread, Vec::new()));
        place
    }

    fn end(&mut self) -> bool {
        std::mem::take(&mut self.polled)
    }
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
