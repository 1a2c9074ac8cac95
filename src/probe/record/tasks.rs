//! How many tasks a runtime has, and how many of them are known.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::RuntimeMetrics;

use super::apart::Apart;
use crate::event::LaneId;

/// The tasks of a runtime.
#[derive(Debug)]
pub(crate) struct Tasks {
    /// The lane of the runtime.
    pub(crate) runtime: LaneId,
    /// What the runtime says of itself.
    pub(crate) all: RuntimeMetrics,
    /// How many of those that have not ended are known.
    pub(crate) known: Apart<AtomicUsize>,
}

impl Tasks {
    /// Returns how many tasks have not ended, and how many of these are not known. A task that is spawned or ends at that
    /// moment may make it one too many.
    pub(crate) fn count(&self) -> (usize, usize) {
        let known = self.known.load(Ordering::Relaxed);
        let alive = self.all.num_alive_tasks();
        (alive, alive.saturating_sub(known))
    }
}
