//! The size of a session of which only a stretch is here.

use std::sync::Arc;

use crate::event::{Event, Timestamp};

/// How large the session is of which a stretch is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Before which place its first event lies that is here.
    pub first: u64,
    /// How many events it has.
    pub events: u64,
    /// Numbers of events without heartbeats: before the first available one, and from there on.
    pub counted: (u64, u64),
    /// When the last of them happened.
    pub end: Timestamp,
    /// When what is here begins.
    pub begins: Timestamp,
    /// How many events lie before some moments, in order.
    pub places: Arc<[(Timestamp, u64)]>,
    /// How many events were added since this was read.
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
