//! The size of a session of which only a stretch is here.

use std::sync::Arc;

use crate::event::{Event, Timestamp};

/// The size of a session of which only a stretch is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The place of its first available event.
    pub first: u64,
    /// The number of its events.
    pub events: u64,
    /// Numbers of events without heartbeats: before the first available one, and from there on.
    pub counted: (u64, u64),
    /// The time of the last one.
    pub end: Timestamp,
    /// The time of the first available one.
    pub begins: Timestamp,
    /// The number of events before some moments, in order.
    pub places: Arc<[(Timestamp, u64)]>,
    /// The number of events added since it was read.
    pub added: u64,
}

impl Whole {
    /// Takes note of events that were added.
    pub(super) fn take_in(&mut self, events: &[Event]) {
        let counted = events.iter().filter(|event| event.kind.is_counted());
        self.counted.1 += counted.count() as u64;
        self.events += events.len() as u64;
        self.added += events.len() as u64;
        self.end = events.last().map_or(self.end, |last| self.end.max(last.at));
    }
}
