//! The executor: a tokio runtime with the probe wrapped round it.

use std::any::type_name;
use std::borrow::Cow;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Runtime, RuntimeMetrics};
use tokio::task::LocalSet;

use super::entry::Entry;
use super::handle::{Entered, Handle};
use super::large::boxed_if_large;
use crate::event::TaskKind;
use crate::probe::executor::spawn::{BLOCKING, spawn_blocking_on, spawn_on};
use crate::probe::record::template::{Name, Origin};
use crate::probe::wrap::join::JoinHandle;
use crate::probe::wrap::lane::Lane;
use crate::probe::wrap::probe::Probe;

/// A tokio runtime whose tasks are seen.
///
/// Tasks spawned with [`spawn`](crate::probe::spawn) and its siblings get lanes. Other tasks run as usual; they are only counted:
/// see [`EventKind::TasksCounted`](crate::event::EventKind::TasksCounted). In a build with `--cfg tokio_unstable` they have
/// lanes, too, which are called as the places where they were spawned.
#[derive(Debug)]
pub struct Executor {
    /// Taken when the executor is dropped.
    runtime: Option<Runtime>,
    /// None where nothing is recorded.
    entry: Option<Entry>,
}

/// A token stops an executor's root task only where it is checked.
const STOPPED: &str = "the executor was stopped while it ran its root task";

impl Executor {
    pub(crate) fn new(runtime: Runtime, entry: Option<Entry>) -> Self {
        Self {
            runtime: Some(runtime),
            entry,
        }
    }

    /// Runs a future to its end, as [`Runtime::block_on`]. It is the root task, called as the function that it runs.
    ///
    /// # Panics
    ///
    /// Within a runtime, as tokio's does; and where its token has stopped the executor.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let origin = Origin::of_root::<F>(Location::caller());
        let output = boxed_if_large!(future: F => self.run(future, origin));
        output.expect(STOPPED)
    }

    /// Runs a future to its end, or until the executor is stopped by its token.
    ///
    /// # Panics
    ///
    /// Within a runtime, as tokio's does.
    #[track_caller]
    pub fn block_on_until_stopped<F: Future>(&self, future: F) -> Option<F::Output> {
        let origin = Origin::of_root::<F>(Location::caller());
        boxed_if_large!(future: F => self.run(future, origin))
    }

    /// Like [`LocalSet::block_on`](super::local_set::LocalSet::block_on).
    #[track_caller]
    pub(crate) fn block_on_set<F: Future>(&self, set: &LocalSet, future: F) -> F::Output {
        let origin = Origin::of_root::<F>(Location::caller());
        let output = boxed_if_large!(future: F => self.run(set.run_until(future), origin));
        output.expect(STOPPED)
    }

    #[track_caller]
    pub(crate) fn run<F: Future>(&self, future: F, origin: Origin) -> Option<F::Output> {
        let runtime = self.runtime();
        let Some(entry) = &self.entry else {
            return Some(runtime.block_on(future));
        };
        let _within = entry.enter();
        runtime.block_on(entry.root(future, origin))
    }

    /// Ends the tasks of an executor that can be stopped, in the order in which they were spawned, and closes it.
    ///
    /// When a runtime is merely dropped, it drops its tasks in an order that differs from run to run.
    #[cfg(feature = "app")]
    pub(crate) fn close(self) {
        let stop = self.entry.as_ref();
        if let Some(stop) = stop.and_then(|entry| entry.probe.stop.as_ref()) {
            stop.token.cancel();
            self.runtime().block_on(stop.tasks_ended());
        }
    }

    /// As [`spawn`](crate::probe::spawn), from outside of the runtime.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let _entered = self.enter();
        let lane = Lane::spawned(Name::OfFuture(type_name::<F>()), TaskKind::Task, true);
        boxed_if_large!(future: F => spawn_on(lane, future, None))
    }

    /// As [`spawn_named`](crate::probe::spawn_named), from outside of the runtime.
    #[track_caller]
    pub fn spawn_named<F>(
        &self,
        name: impl Into<Cow<'static, str>>,
        future: F,
    ) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let _entered = self.enter();
        let lane = Lane::spawned_as(name, TaskKind::Task, true);
        boxed_if_large!(future: F => spawn_on(lane, future, None))
    }

    /// As [`spawn_blocking`](crate::probe::spawn_blocking), from outside of the runtime.
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, work: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let _entered = self.enter();
        let lane = Lane::spawned(BLOCKING, TaskKind::Blocking, true);
        boxed_if_large!(work: F, Box::new => spawn_blocking_on(lane, work, None))
    }

    /// Enters the runtime and its probe, as [`Runtime::enter`], until the guard is dropped.
    pub fn enter(&self) -> Entered<'_> {
        Entered::new(self.runtime().handle(), self.probe())
    }

    /// Returns a handle to the runtime, like [`Runtime::handle`]. Tasks that it spawns have lanes.
    pub fn handle(&self) -> Handle {
        Handle::new(self.runtime().handle().clone(), self.probe())
    }

    /// Like [`Runtime::metrics`].
    pub fn metrics(&self) -> RuntimeMetrics {
        self.runtime().metrics()
    }

    /// Like [`Runtime::shutdown_timeout`].
    pub fn shutdown_timeout(mut self, duration: Duration) {
        self.shut_down(|runtime| runtime.shutdown_timeout(duration));
    }

    /// Like [`Runtime::shutdown_background`]. Tasks are not recorded from then on.
    pub fn shutdown_background(mut self) {
        self.shut_down(Runtime::shutdown_background);
    }

    fn shut_down(&mut self, how: impl FnOnce(Runtime)) {
        let Some(runtime) = self.runtime.take() else {
            return;
        };
        match &mut self.entry {
            Some(entry) => entry.close(|| how(runtime)),
            None => how(runtime),
        }
    }

    fn probe(&self) -> Option<Arc<Probe>> {
        self.entry.as_ref().map(|entry| Arc::clone(&entry.probe))
    }

    fn runtime(&self) -> &Runtime {
        let runtime = self.runtime.as_ref();
        runtime.expect("the runtime lives as long as its executor")
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        self.shut_down(drop);
    }
}
