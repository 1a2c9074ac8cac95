//! The probe, wrapped round one executor.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::runtime;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::event::LaneId;
use crate::probe::record::recorder::Recorder;
use crate::probe::record::tasks::Tasks;

/// What all lanes of one executor share.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) recorder: Recorder,
    /// The runtime's own lane, where there is one.
    pub(crate) runtime: Option<LaneId>,
    /// The runtime, as tokio knows it.
    pub(crate) id: Option<runtime::Id>,
    /// Whether the runtime is being shut down, so that it drops its tasks.
    pub(crate) closing: AtomicBool,
    /// How the executor's tasks are told to end.
    pub(crate) stop: Option<Stop>,
    /// The runtime's tasks, where those that are known can be told from others.
    pub(crate) tasks: Option<Arc<Tasks>>,
    /// The same, where they run on one thread, of which the probe is told when it parks.
    pub(crate) tasks_of_one_thread: Option<Arc<Tasks>>,
    /// Whether a task of such a runtime has been seen that is not known: from then on others may come and go unseen.
    pub(crate) has_unknown_tasks: AtomicBool,
}

/// How an executor's tasks are told to end, and how one learns that they have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop {
    pub(crate) token: CancellationToken,
    pub(crate) tracker: TaskTracker,
}

impl Probe {
    /// Whether all tasks of a runtime on one thread are known, so that between their polls runs no other.
    #[inline]
    pub(crate) fn knows_all_tasks(&self) -> bool {
        let has_unknown = self.has_unknown_tasks.load(Ordering::Relaxed);
        let tasks = self.tasks_of_one_thread.as_deref();
        let tasks = tasks.filter(|_| !has_unknown);
        tasks
            .is_some_and(|tasks| tasks.all.num_alive_tasks() == tasks.known.load(Ordering::Relaxed))
    }

    /// Looks for tasks that are not known, at the end of a poll that may have spawned some: before the next one they may
    /// have run, and be gone. Tells whether all [are known](Self::knows_all_tasks).
    #[inline]
    pub(crate) fn looks_for_unknown_tasks(&self) -> bool {
        if self.has_unknown_tasks.load(Ordering::Relaxed) {
            return false;
        }
        let Some(tasks) = self.tasks_of_one_thread.as_deref() else {
            return false;
        };
        let alive = tasks.all.num_alive_tasks();
        let known = tasks.known.load(Ordering::Relaxed);
        // A task that is being spawned is known first.
        if alive > known {
            self.has_unknown_tasks.store(true, Ordering::Relaxed);
        }
        alive == known
    }
}

impl Stop {
    pub(crate) async fn tasks_ended(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// The same for one executor of several: it can also be stopped by itself.
    pub(crate) fn of_one_executor(&self) -> Self {
        Self {
            token: self.token.child_token(),
            tracker: TaskTracker::new(),
        }
    }
}
