//! Events on their way from the thread that records a session to the one that shows it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::event::{Event, Step, ThreadId, Timestamp};
use crate::journal::Sink;

/// Maximum number of events that wait to be taken. Beyond it, the oldest are dropped: the recording has them.
const MOST: usize = if cfg!(test) { 50 } else { 1 << 17 };

/// Consecutive events of a session.
#[derive(Debug, Default)]
pub struct Batch {
    /// The number of events of the session before the first of these.
    pub first: u64,
    /// The events.
    pub events: Vec<Event>,
}

impl Batch {
    /// Returns the number of events of the session up to the last of these.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.events.len() as u64
    }

    /// Appends later events. If some are missing in between, or there are too many, the older ones are dropped.
    pub(crate) fn add(&mut self, later: Self, most: usize) {
        let joins = self.end() == later.first;
        if joins && self.events.len() + later.events.len() <= most {
            self.events.extend(later.events);
        } else {
            *self = later;
            let surplus = self.events.len().saturating_sub(most);
            self.events.drain(..surplus);
            self.first += surplus as u64;
        }
    }
}

/// Events that were recorded, for one listener on another thread. Neither of the two waits for the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Feed(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    is_heard: bool,
    batch: Batch,
}

impl Feed {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands on events that are recorded by now. Returns `true` if there is a listener.
    pub(super) fn add(&self, batch: Batch) -> bool {
        let mut waiting = self.lock();
        if waiting.is_heard && !batch.events.is_empty() {
            waiting.batch.add(batch, MOST);
        }
        waiting.is_heard
    }

    /// Takes what was handed on since the last call. The first call makes the caller the listener.
    pub(crate) fn take(&self) -> Option<Batch> {
        let mut waiting = self.lock();
        waiting.is_heard = true;
        let end = waiting.batch.end();
        let next = Batch {
            first: end,
            events: Vec::new(),
        };
        let batch = std::mem::replace(&mut waiting.batch, next);
        (!batch.events.is_empty()).then_some(batch)
    }
}

/// Hands on the events of a recording that is written.
#[derive(Debug, Default)]
pub(super) struct Handing {
    feed: Feed,
    /// `true` if there was a listener when the last block was written.
    is_heard: bool,
    events: Vec<Event>,
}

impl Handing {
    pub(super) fn to(feed: Feed) -> Self {
        Self {
            feed,
            ..Self::default()
        }
    }

    /// Hands on the events, which were written after `first` others.
    pub(super) fn written(&mut self, first: u64) {
        let events = std::mem::take(&mut self.events);
        self.is_heard = self.feed.add(Batch { first, events });
    }
}

/// Takes in events that are about to be written.
impl Sink for Handing {
    fn step(&mut self, at: Timestamp, thread: ThreadId, step: Step) {
        if self.is_heard {
            self.events.step(at, thread, step);
        }
    }

    fn event(&mut self, event: &Event) {
        if self.is_heard {
            self.events.event(event);
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::{EventKind, arbitrary};
    use crate::recording::{Meta, Session, Writer};

    proptest! {
        /// Whoever takes seldom misses the oldest events, and knows which. The rest are those of the recording.
        #[test]
        fn what_is_taken_is_in_the_file(
            events in arbitrary::events(300), blocks in prop::collection::vec((1..40_usize, any::<bool>()), 1..60),
        ) {
            let file = tempfile::NamedTempFile::new().unwrap();
            let mut writer = Writer::create(file.path(), &Meta::default()).unwrap();
            let feed = Feed::default();
            writer.hand_on_to(feed.clone());
            let (mut rest, mut written, mut taken) = (&events[..], 0, 0);
            for (size, takes) in blocks {
                let (block, later) = rest.split_at(size.min(rest.len()));
                rest = later;
                writer.write(block).unwrap();
                writer.flush().unwrap();
                written += block.len();
                let Some(batch) = takes.then(|| feed.take()).flatten() else { continue };
                prop_assert_eq!(batch.end(), written as u64);
                prop_assert!(batch.events.len() <= MOST);
                let here = Session::open(file.path()).unwrap().events;
                let first = batch.first as usize;
                prop_assert!(first >= taken);
                prop_assert_eq!(&here[first..written], &batch.events[..]);
                taken = written;
            }
        }
    }

    #[test]
    fn nothing_waits_for_nobody() {
        let events = vec![Event {
            at: Timestamp(1),
            thread: ThreadId(0),
            kind: EventKind::Alive,
        }];
        let feed = Feed::default();
        let batch = || Batch {
            first: 7,
            events: events.clone(),
        };
        assert!(!feed.add(batch()));
        assert!(feed.take().is_none());
        assert!(feed.add(batch()));
        assert_eq!(
            feed.take().map(|batch| (batch.first, batch.events)),
            Some((7, events))
        );
        assert!(feed.take().is_none());
    }
}
