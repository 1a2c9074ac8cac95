//! Tasks that others spawn past the probe: with `--cfg tokio_unstable`, tokio tells of them.
//!
//! Such a task has a lane that is called as the place where it was spawned. Its polls are seen, whom it wakes, and when it
//! is gone; who wakes it is not, nor whether it panicked or was aborted: then it seems to have completed.

/// While this is there, the thread spawns a task that the probe knows.
#[derive(Debug)]
#[must_use = "it is over when this is dropped"]
pub(crate) struct Seen(#[cfg(tokio_unstable)] bool);

/// Tells that this thread spawns a task that the probe knows, where it matters.
#[inline]
pub(crate) fn seen() -> Seen {
    Seen(
        #[cfg(tokio_unstable)]
        unstable::SEES.replace(true),
    )
}

#[cfg(tokio_unstable)]
pub(crate) use unstable::Hooks;

#[cfg(tokio_unstable)]
mod unstable {
    use std::cell::Cell;
    use std::collections::HashMap;
    use std::sync::atomic::Ordering;
    use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

    use tokio::runtime::{Builder, TaskMeta};
    use tokio::task::Id;

    use super::Seen;
    use crate::event::{Cancel, EventKind, LaneId, Polled, Site, Step, TaskKind, What};
    use crate::probe::record::cursor::When;
    use crate::probe::wrap::context;
    use crate::probe::wrap::probe::Probe;

    thread_local! {
        /// Whether the thread spawns a task that the probe knows.
        pub(super) static SEES: Cell<bool> = const { Cell::new(false) };
    }

    impl Drop for Seen {
        fn drop(&mut self) {
            SEES.set(self.0);
        }
    }

    /// What is known of a runtime's tasks that were spawned past the probe.
    #[derive(Debug, Default)]
    pub(crate) struct Hooks {
        probe: OnceLock<Weak<Probe>>,
        lanes: Mutex<HashMap<Id, LaneId>>,
    }

    impl Hooks {
        /// Lets a runtime that is being built tell of its tasks.
        pub(crate) fn set_on(self: &Arc<Self>, builder: &mut Builder) {
            let hooks = [(); 4].map(|()| Arc::clone(self));
            let [spawns, begins, ends, terminates] = hooks;
            builder
                .on_task_spawn(move |task| spawns.spawned(task))
                .on_before_task_poll(move |task| begins.begins(task))
                .on_after_task_poll(move |task| ends.ends(task))
                .on_task_terminate(move |task| terminates.is_gone(task));
        }

        /// From now on, what it tells goes to this probe.
        pub(crate) fn begin(&self, probe: &Arc<Probe>) {
            let _ = self.probe.set(Arc::downgrade(probe));
        }

        fn lanes(&self) -> MutexGuard<'_, HashMap<Id, LaneId>> {
            self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
        }

        fn probe(&self) -> Option<Arc<Probe>> {
            self.probe.get()?.upgrade()
        }

        fn spawned(&self, task: &TaskMeta<'_>) {
            let Some(probe) = self.probe().filter(|_| !SEES.get()) else {
                return;
            };
            let lane = probe.recorder.next_lane();
            self.lanes().insert(task.id(), lane);
            if let Some(tasks) = &probe.tasks {
                tasks.known.fetch_add(1, Ordering::Relaxed);
            }
            let site = Site::from(task.spawned_at());
            let (_, parent) = context::spawning(&probe);
            probe.recorder.record(EventKind::Spawned {
                lane,
                name: format!("{}:{}", site.file_name(), site.line).into(),
                parent: parent.or(probe.runtime),
                kind: TaskKind::Task,
                site: Some(site),
            });
        }

        fn begins(&self, task: &TaskMeta<'_>) {
            let known = self.lanes().get(&task.id()).copied();
            let (Some(lane), Some(probe)) = (known, self.probe()) else {
                return;
            };
            context::set_finished(None);
            context::set_unseen(Some(lane));
            let what = What::Started;
            probe.recorder.record_step(When::Now, Step { lane, what });
        }

        fn ends(&self, task: &TaskMeta<'_>) {
            // Without a lane here, the task is one that is known, or it is gone.
            let Some(lane) = self.lanes().get(&task.id()).copied() else {
                return;
            };
            self.end_poll(lane, Polled::Pending);
        }

        fn end_poll(&self, lane: LaneId, result: Polled) {
            context::set_unseen(None);
            if let Some(probe) = self.probe() {
                let what = What::Ended(result);
                probe.recorder.record_step(When::Now, Step { lane, what });
            }
        }

        fn is_gone(&self, task: &TaskMeta<'_>) {
            let Some(lane) = self.lanes().remove(&task.id()) else {
                return;
            };
            let Some(probe) = self.probe() else { return };
            if let Some(tasks) = &probe.tasks {
                tasks.known.fetch_sub(1, Ordering::Relaxed);
            }
            if context::unseen() == Some(lane) {
                return self.end_poll(lane, Polled::Completed);
            }
            let is_closing = probe.closing.load(Ordering::Relaxed);
            let why = if is_closing {
                Cancel::Shutdown
            } else {
                Cancel::Dropped
            };
            probe.recorder.record(EventKind::Cancelled { lane, why });
        }
    }
}
