//! The executor: a tokio runtime with the probe wrapped round it.

use std::any::type_name;
use std::borrow::Cow;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::runtime::Runtime;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::OFF;
use super::context::{self, Scope};
use super::cursor;
use super::future::Observed;
use super::gate::Gate;
use super::join::JoinHandle;
use super::lane::{Lane, Probe};
use super::recorder::{DEFAULT_CAPACITY, Recorder};
use super::template::{Name, Origin};
use crate::collector::Collector;
use crate::event::{Cancel, EventKind, Flavor, TaskKind};

/// A tokio runtime whose tasks are seen.
///
/// Tasks are seen that are spawned with [`spawn`](super::spawn) and its siblings; others run as ever, unseen.
#[derive(Debug)]
pub struct Executor {
    /// Taken when the executor is dropped.
    runtime: Option<Runtime>,
    probe: Option<Arc<Probe>>,
    flavor: Flavor,
    io: bool,
    entered: AtomicBool,
}

/// Makes an [`Executor`].
#[derive(Debug)]
pub struct Builder {
    workers: Option<usize>,
    io: bool,
    virtual_time: bool,
    capacity: usize,
    gate: Option<Arc<Gate>>,
    stop: Option<Stop>,
}

/// How an executor's tasks are told to end, and how one learns that they have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop {
    pub(crate) token: CancellationToken,
    pub(crate) tracker: TaskTracker,
}

/// What an [`Executor`] records to, so that several of them can be one session.
#[derive(Clone, Debug)]
pub(crate) struct Recording {
    recorder: Recorder,
    stop: Option<Stop>,
}

impl Recording {
    /// Records what gets a lane on this thread, whichever executor it has, until the guard is dropped.
    #[cfg(feature = "app")]
    pub(crate) fn enter(self) -> context::RestoreProbe {
        let probe = Probe {
            runtime: None,
            recorder: self.recorder,
            closing: AtomicBool::new(false),
            stop: None,
            tasks: None,
            has_unknown_tasks: AtomicBool::new(false),
        };
        context::enter_probe((!OFF).then(|| Arc::new(probe)))
    }
}

impl Builder {
    /// A runtime with this many worker threads, instead of one that runs on the thread that enters it.
    #[must_use]
    pub fn worker_threads(mut self, workers: usize) -> Self {
        self.workers = Some(workers.max(1));
        self
    }

    /// A runtime that does not wait for I/O, only for timers.
    #[must_use]
    pub fn timers_only(mut self) -> Self {
        self.io = false;
        self
    }

    /// A runtime with tokio's paused clock: waiting takes no time, and the times of a run are exact.
    #[cfg(feature = "virtual-time")]
    #[must_use]
    pub fn virtual_time(mut self) -> Self {
        self.virtual_time = true;
        self.timers_only()
    }

    /// How many events may wait to be collected; further ones are lost, and counted.
    #[must_use]
    pub fn capacity(mut self, events: usize) -> Self {
        self.capacity = events;
        self
    }

    /// A gate that every poll of a task has to pass.
    #[must_use]
    pub fn gate(mut self, gate: Arc<Gate>) -> Self {
        self.gate = Some(gate);
        self
    }

    /// Lets `token` end all tasks: they are cancelled wherever they wait.
    #[must_use]
    pub fn stopped_by(mut self, token: CancellationToken) -> Self {
        self.stop = Some(Stop {
            token,
            tracker: TaskTracker::new(),
        });
        self
    }

    /// An executor whose tasks are recorded, and the collector of their events.
    ///
    /// # Errors
    ///
    /// Where the operating system refuses the runtime's threads or its I/O driver.
    pub fn record(self) -> io::Result<(Executor, Collector)> {
        let (recording, collector) = self.recording();
        let executor = self.recording_to(Some(recording))?;
        Ok((executor, collector))
    }

    /// An executor without a probe: it behaves as tokio's, and nothing is recorded.
    ///
    /// # Errors
    ///
    /// Where the operating system refuses the runtime's threads or its I/O driver.
    pub fn build(self) -> io::Result<Executor> {
        self.recording_to(None)
    }

    /// What executors of this kind record to.
    pub(crate) fn recording(&self) -> (Recording, Collector) {
        let gate = self.gate.clone();
        let (recorder, source) = if self.virtual_time {
            Recorder::virtual_time(gate, self.capacity)
        } else {
            Recorder::real_time(gate, self.capacity)
        };
        let collector = Collector::new(recorder.clone(), source);
        let recording = Recording {
            recorder,
            stop: self.stop.clone(),
        };
        (recording, collector)
    }

    pub(crate) fn recording_to(self, recording: Option<Recording>) -> io::Result<Executor> {
        let mut builder = match self.workers {
            None => tokio::runtime::Builder::new_current_thread(),
            Some(workers) => {
                let mut builder = tokio::runtime::Builder::new_multi_thread();
                builder.worker_threads(workers);
                builder.thread_name(super::thread_name("worker"));
                builder
            }
        };
        builder.on_thread_start(context::set_worker);
        builder.on_thread_park(cursor::parks);
        if self.io {
            builder.enable_all();
        } else {
            builder.enable_time();
        }
        #[cfg(feature = "virtual-time")]
        if self.virtual_time {
            builder.start_paused(true);
        }
        let runtime = builder.build()?;
        let is_on_one_thread = self.workers.is_none();
        let tasks = || (runtime.metrics(), AtomicUsize::new(0));
        let probe = recording.filter(|_| !OFF).map(|recording| {
            Arc::new(Probe {
                runtime: Some(recording.recorder.next_lane()),
                recorder: recording.recorder,
                closing: AtomicBool::new(false),
                stop: recording.stop.map(|stop| stop.of_one_executor()),
                tasks: is_on_one_thread.then(tasks),
                has_unknown_tasks: AtomicBool::new(false),
            })
        });
        Ok(Executor {
            runtime: Some(runtime),
            probe,
            flavor: match self.workers {
                None => Flavor::CurrentThread,
                Some(workers) => Flavor::MultiThread {
                    workers: u32::try_from(workers).unwrap_or(u32::MAX),
                },
            },
            io: self.io,
            entered: AtomicBool::new(false),
        })
    }
}

impl Executor {
    /// Makes an executor on the current thread, unless told otherwise.
    pub fn builder() -> Builder {
        Builder {
            workers: None,
            io: true,
            virtual_time: false,
            capacity: DEFAULT_CAPACITY,
            gate: None,
            stop: None,
        }
    }

    /// Runs a future to its end, as [`Runtime::block_on`]. It is the root task, called as the function that it runs.
    ///
    /// # Panics
    ///
    /// Within a runtime, as tokio's does; and where its token has stopped the executor.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let output = self.block_on_until_stopped(future);
        output.expect("the executor was stopped while it ran its root task")
    }

    /// Runs a future to its end, or until the executor is stopped by its token.
    ///
    /// # Panics
    ///
    /// Within a runtime, as tokio's does.
    #[track_caller]
    pub fn block_on_until_stopped<F: Future>(&self, future: F) -> Option<F::Output> {
        let runtime = self.runtime();
        let Some(probe) = &self.probe else {
            return Some(runtime.block_on(future));
        };
        let origin = Origin {
            name: Name::OfFuture(type_name::<F>()),
            site: Location::caller(),
            kind: TaskKind::Root,
        };
        let _ambient = context::enter_probe(Some(Arc::clone(probe)));
        let _turns = context::enter_scheduler(self.flavor == Flavor::CurrentThread);
        // Nothing is recorded until the runtime runs: tokio refuses to enter one within another.
        runtime.block_on(async {
            self.record_entry(probe);
            let lane = Lane::spawned_at(origin, Arc::clone(probe), true);
            let root = Observed::new(future, Some(lane));
            match &probe.stop {
                None => Some(root.await),
                Some(stop) => stop.run(root).await,
            }
        })
    }

    /// Ends the tasks of an executor that can be stopped, in the order in which they were spawned, and closes it.
    ///
    /// When a runtime is merely dropped, it drops its tasks in an order that differs from run to run.
    #[cfg(feature = "app")]
    pub(crate) fn close(self) {
        let stop = self.probe.as_ref().and_then(|probe| probe.stop.as_ref());
        if let Some(stop) = stop {
            stop.token.cancel();
            self.runtime().block_on(stop.tasks_ended());
        }
    }

    /// As [`spawn`](super::spawn), from outside of the runtime.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let _entered = self.enter();
        super::spawn(future)
    }

    /// As [`spawn_named`](super::spawn_named), from outside of the runtime.
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
        super::spawn_named(name, future)
    }

    /// As [`spawn_blocking`](super::spawn_blocking), from outside of the runtime.
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, work: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let _entered = self.enter();
        super::spawn_blocking(work)
    }

    /// Enters the runtime and its probe, as [`Runtime::enter`], until the guard is dropped.
    pub fn enter(&self) -> Entered<'_> {
        Entered {
            _runtime: self.runtime().enter(),
            _probe: context::enter_probe(self.probe.clone()),
        }
    }

    fn runtime(&self) -> &Runtime {
        let runtime = self.runtime.as_ref();
        runtime.expect("the runtime lives as long as its executor")
    }

    /// Records that the runtime runs its root task, at the first one.
    fn record_entry(&self, probe: &Probe) {
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
}

impl Drop for Executor {
    fn drop(&mut self) {
        if let Some(probe) = &self.probe {
            probe.closing.store(true, Ordering::Relaxed);
        }
        // Its tasks are dropped with it.
        drop(self.runtime.take());
        if let Some(probe) = &self.probe
            && let (Some(runtime), true) = (probe.runtime, *self.entered.get_mut())
        {
            probe.recorder.record(EventKind::RuntimeLeft { runtime });
        }
    }
}

/// An executor, entered on this thread.
#[derive(Debug)]
pub struct Entered<'a> {
    _runtime: tokio::runtime::EnterGuard<'a>,
    _probe: context::RestoreProbe,
}

impl Stop {
    /// Runs the root task until it is ready, or until it is told to end.
    async fn run<F: Future>(&self, root: Observed<F>) -> Option<F::Output> {
        let mut root = pin!(Some(root));
        let stopped = {
            let ready = std::future::poll_fn(|cx| {
                let root = root.as_mut().as_pin_mut();
                root.expect("it is there until it is ready").poll(cx)
            });
            self.token.run_until_cancelled(ready).await
        };
        if stopped.is_none() {
            let why = context::enter(shutdown_scope());
            root.set(None);
            drop(why);
            self.tasks_ended().await;
        }
        stopped
    }

    async fn tasks_ended(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// The same for one executor of several: it can also be stopped by itself.
    fn of_one_executor(&self) -> Self {
        Self {
            token: self.token.child_token(),
            tracker: TaskTracker::new(),
        }
    }
}

fn shutdown_scope() -> Scope {
    Scope {
        cancel: Some(Cancel::Shutdown),
        ..Scope::default()
    }
}

pin_project! {
    /// A task that ends when its executor is told to stop.
    ///
    /// It stands outside of the lane: that the token can wake it is no business of the program's.
    pub(crate) struct Stoppable<F> {
        #[pin]
        inner: Option<Observed<F>>,
        #[pin]
        stopped: WaitForCancellationFutureOwned,
        tracked: Option<TaskTrackerToken>,
    }
}

impl<F> Stoppable<F> {
    pub(crate) fn new(inner: Observed<F>, stop: &Stop) -> Self {
        Self {
            inner: Some(inner),
            stopped: stop.token.clone().cancelled_owned(),
            tracked: Some(stop.tracker.token()),
        }
    }
}

impl<F: Future> Future for Stoppable<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let Some(inner) = this.inner.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        if this.stopped.poll(cx).is_ready() {
            let _why = context::enter(shutdown_scope());
            this.inner.set(None);
            // It has no value to give. It stays pending until the runtime drops it, and is not waited for.
            *this.tracked = None;
            return Poll::Pending;
        }
        let result = inner.poll(cx);
        if result.is_ready() {
            *this.tracked = None;
        }
        result
    }
}
