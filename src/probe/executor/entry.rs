//! How a runtime is entered with the probe round it: its root task, and what is said of the runtime itself.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::event::{EventKind, Flavor};
use crate::probe::output::Running;
use crate::probe::record::buffer;
use crate::probe::record::template::Origin;
use crate::probe::wrap::context::{self, RestoreProbe};
use crate::probe::wrap::future::Observed;
use crate::probe::wrap::lane::Lane;
use crate::probe::wrap::probe::Probe;
use crate::probe::wrap::probe::Stop;

/// A probe, wrapped round a runtime.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) probe: Arc<Probe>,
    pub(crate) flavor: Flavor,
    pub(crate) io: bool,
    entered: AtomicBool,
    /// Where the recording goes, if that is this library's business.
    output: Option<Running>,
}

impl Entry {
    pub(crate) fn new(
        probe: Arc<Probe>,
        flavor: Flavor,
        io: bool,
        output: Option<Running>,
    ) -> Self {
        if let Some(output) = &output {
            buffer::prepare_thread();
            output.end_with_this_thread();
            // What gets a lane in a task that a library has spawned, on a thread of the runtime's own, belongs to it.
            context::offer_default(&probe);
        }
        Self {
            probe,
            flavor,
            io,
            entered: AtomicBool::new(false),
            output,
        }
    }

    /// Makes the probe apply to this thread, which is about to run the runtime, until the guards are dropped.
    pub(crate) fn enter(&self) -> (RestoreProbe, impl Sized + use<>) {
        if let Some(output) = &self.output {
            output.end_with_this_thread();
        }
        let probe = context::enter_probe(Some(Arc::clone(&self.probe)));
        let is_scheduler = self.flavor == Flavor::CurrentThread;
        (probe, context::enter_scheduler(is_scheduler))
    }

    /// The root task, within the runtime: tokio refuses to enter one within another, so that nothing is recorded before.
    pub(crate) async fn root<F: Future>(&self, future: F, origin: Origin) -> Option<F::Output> {
        self.record_entry();
        let lane = Lane::spawned_at(origin, Arc::clone(&self.probe), true);
        let root = Observed::new(future, Some(lane));
        match &self.probe.stop {
            None => Some(root.await),
            Some(stop) => run_until_stopped(root, stop).await,
        }
    }

    /// Records that the runtime runs its root task, at the first one.
    fn record_entry(&self) {
        let probe = &self.probe;
        if let Some(runtime) = probe.runtime
            && !self.entered.swap(true, Ordering::Relaxed)
        {
            probe.recorder.enter_runtime();
            probe.recorder.record(EventKind::RuntimeEntered {
                runtime,
                flavor: self.flavor,
                io: self.io,
            });
        }
    }

    /// Shuts down the runtime, and its tasks with it, by `shut_down`.
    pub(crate) fn close(&mut self, shut_down: impl FnOnce()) {
        let probe = &self.probe;
        probe.closing.store(true, Ordering::Relaxed);
        shut_down();
        context::unset_default(probe);
        if let (Some(runtime), true) = (probe.runtime, *self.entered.get_mut()) {
            probe.recorder.record(EventKind::RuntimeLeft { runtime });
        }
        drop(self.output.take());
    }
}

/// Runs the root task until it is ready, or until it is told to end.
async fn run_until_stopped<F: Future>(root: Observed<F>, stop: &Stop) -> Option<F::Output> {
    let mut root = pin!(Some(root));
    let stopped = {
        let ready = std::future::poll_fn(|cx| {
            let root = root.as_mut().as_pin_mut();
            root.expect("it is there until it is ready").poll(cx)
        });
        stop.token.run_until_cancelled(ready).await
    };
    if stopped.is_none() {
        let why = context::enter(super::stop::shutdown_scope());
        root.set(None);
        drop(why);
        stop.tasks_ended().await;
    }
    stopped
}
