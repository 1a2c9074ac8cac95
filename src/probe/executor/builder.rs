//! Makes executors.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use tokio::runtime::{self, Handle, LocalRuntime, Runtime, RuntimeFlavor};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::entry::Entry;
#[cfg(tokio_unstable)]
use super::hooks::Hooks;
use crate::event::Flavor;
use crate::probe::executor::runtime::Executor;
use crate::probe::gate::Gate;
use crate::probe::output::{self, Running};
use crate::probe::record::apart::Apart;
use crate::probe::record::cursor;
use crate::probe::record::off::OFF;
use crate::probe::record::recorder::{DEFAULT_CAPACITY, Recorder};
use crate::probe::record::tasks::Tasks;
use crate::probe::wrap::context;
use crate::probe::wrap::probe::{Probe, Stop};

/// What an [`Executor`] records to, so that several of them can be one session.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) recorder: Recorder,
    pub(crate) stop: Option<Stop>,
}

/// Makes an [`Executor`].
#[derive(Debug)]
pub struct Builder {
    threads: Threads,
    name: Option<String>,
    io: bool,
    #[cfg(feature = "timeline")]
    virtual_time: bool,
    #[cfg(feature = "virtual-time")]
    start_paused: bool,
    #[cfg(tokio_unstable)]
    unhandled_panic: Option<runtime::UnhandledPanic>,
    capacity: usize,
    gate: Option<Arc<Gate>>,
    stop: Option<Stop>,
    given: Option<Runtime>,
    #[cfg(tokio_unstable)]
    hooks: Arc<Hooks>,
}

/// The threads that run tasks.
#[derive(Clone, Copy, Debug)]
enum Threads {
    /// The one that enters the runtime.
    Entering,
    /// So many of this crate's own.
    Own(usize),
    /// Those that tokio begins, as many as this or as it sees fit.
    Tokios(Option<usize>),
    /// The runtime is there already: nothing is known of it but what it tells.
    Unknown,
    /// The runtime stays on its thread. Its own local tasks are not told apart from those of sets within it.
    Local,
}

/// Who a runtime is recorded by.
#[derive(Clone, Copy)]
enum RecordedBy<'a> {
    /// This crate's own thread.
    By(&'a Running),
    /// Who has the collector.
    Elsewhere,
}

impl Executor {
    /// Makes an executor on the current thread, unless told otherwise.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Wraps a runtime that is there already, and records it where the environment says: see
    /// [`output`](crate::probe::output). [`Builder::runtime`] does the same for the other ways to record.
    ///
    /// A runtime tells some things only while it is built. Of this one the same is seen as of one that [`Builder`] makes,
    /// but for three things. Its threads keep their names. A poll is stamped by a clock that is read for it, which takes
    /// some ten nanoseconds more on a runtime of one thread: when that was asleep is not known. And it is taken for one
    /// that waits for I/O, so that a wake by its driver is not known to be a timer's.
    pub fn wrap(runtime: Runtime) -> Self {
        Self::builder().wrap(runtime)
    }
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            threads: Threads::Entering,
            name: None,
            io: true,
            #[cfg(feature = "timeline")]
            virtual_time: false,
            #[cfg(feature = "virtual-time")]
            start_paused: false,
            #[cfg(tokio_unstable)]
            unhandled_panic: None,
            capacity: DEFAULT_CAPACITY,
            gate: None,
            stop: None,
            given: None,
            #[cfg(tokio_unstable)]
            hooks: Arc::default(),
        }
    }

    /// A runtime with this many worker threads, instead of one that runs on the thread that enters it.
    #[must_use]
    pub fn worker_threads(mut self, workers: usize) -> Self {
        self.threads = match self.threads {
            Threads::Tokios(_) => Threads::Tokios(Some(workers)),
            _ => Threads::Own(workers.max(1)),
        };
        self
    }

    /// A runtime with worker threads, as many and called as tokio does it by itself: one for each processor, or
    /// `TOKIO_WORKER_THREADS`.
    #[must_use]
    pub fn multi_thread(mut self) -> Self {
        self.threads = Threads::Tokios(None);
        self
    }

    /// Names the runtime, as [`tokio::runtime::Builder::name`].
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// This runtime, instead of a new one. See [`Executor::wrap`].
    #[must_use]
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.given = Some(runtime);
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

    /// A runtime whose clock is paused at first, as [`tokio::runtime::Builder::start_paused`]. What is recorded has the
    /// times of the real one.
    #[cfg(feature = "virtual-time")]
    #[must_use]
    pub fn start_paused(mut self, start_paused: bool) -> Self {
        self.start_paused = start_paused;
        self
    }

    /// What the runtime does about a task that panics, as tokio's, where it has that.
    #[cfg(tokio_unstable)]
    #[must_use]
    pub fn unhandled_panic(mut self, behavior: runtime::UnhandledPanic) -> Self {
        self.unhandled_panic = Some(behavior);
        self
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

    /// An executor whose tasks are recorded into a new file, by a thread that asyncline begins; see
    /// [`output`](crate::probe::output). When the executor is dropped, the file is whole.
    ///
    /// Executors that record to one file at the same time are one session.
    ///
    /// # Errors
    ///
    /// Where the operating system refuses the runtime's threads, its I/O driver, or the file.
    pub fn record_to(self, path: impl AsRef<Path>) -> io::Result<Executor> {
        let output = output::to_file(path.as_ref(), self.capacity).map_err(io::Error::other)?;
        self.recorded_by(output)
    }

    /// An executor that is recorded where the environment says: see [`output`](crate::probe::output). Where it says nothing,
    /// this is [`build`](Self::build).
    ///
    /// # Errors
    ///
    /// Where the operating system refuses the runtime's threads or its I/O driver. What is wrong with the environment,
    /// or with the file that it names, is told on standard error, and nothing is recorded.
    pub fn observe(self) -> io::Result<Executor> {
        match output::of_environment() {
            Some(output) => self.recorded_by(output),
            None => self.build(),
        }
    }

    /// As [`observe`](Self::observe), but what is recorded goes where `output` says, whatever the environment does; and with
    /// `can_be_held`, whoever attaches may pause and step the program. All executors of a process that are observed are one
    /// recording: what the first of them says counts.
    ///
    /// # Errors
    ///
    /// As [`observe`](Self::observe).
    pub fn observe_as(self, output: &output::Output, can_be_held: bool) -> io::Result<Executor> {
        match output::of_process(output, can_be_held) {
            Some(output) => self.recorded_by(output),
            None => self.build(),
        }
    }

    /// An executor without a probe: it behaves as tokio's, and nothing is recorded.
    ///
    /// # Errors
    ///
    /// Where the operating system refuses the runtime's threads or its I/O driver.
    pub fn build(self) -> io::Result<Executor> {
        self.recording_to(None)
    }

    /// Returns what executors of this kind record to, with this recorder.
    #[cfg(feature = "timeline")]
    pub(crate) fn target(&self, recorder: Recorder) -> Target {
        Target {
            recorder,
            stop: self.stop.clone(),
        }
    }

    /// Returns the gate, the capacity in events, and `true` for virtual time.
    #[cfg(feature = "timeline")]
    pub(crate) fn terms(&self) -> (Option<Arc<Gate>>, usize, bool) {
        (self.gate.clone(), self.capacity, self.virtual_time)
    }

    pub(crate) fn recording_to(mut self, recording: Option<Target>) -> io::Result<Executor> {
        let seen = recording.as_ref().map(|_| RecordedBy::Elsewhere);
        let runtime = self.runtime_for(seen)?;
        let entry = recording.and_then(|recording| self.entry(recording, None, runtime.handle()));
        Ok(Executor::new(runtime, entry))
    }

    fn recorded_by(mut self, output: Running) -> io::Result<Executor> {
        let runtime = self.runtime_for(Some(RecordedBy::By(&output)))?;
        let entry = self.entry_by(output, runtime.handle());
        Ok(Executor::new(runtime, entry))
    }

    /// As [`observe`](Self::observe), for a runtime that is there already.
    pub(crate) fn wrap(mut self, runtime: Runtime) -> Executor {
        self.threads = Threads::Unknown;
        let output = output::of_environment();
        let entry = output.and_then(|output| self.entry_by(output, runtime.handle()));
        Executor::new(runtime, entry)
    }

    /// As [`observe`](Self::observe), for a runtime that stays on its thread.
    pub(crate) fn observe_local(mut self) -> io::Result<(LocalRuntime, Option<Entry>)> {
        let output = output::of_environment();
        let mut builder = self.of_tokio(output.as_ref().map(RecordedBy::By));
        let runtime = builder.build_local(runtime::LocalOptions::default())?;
        self.threads = Threads::Local;
        let entry = output.and_then(|output| self.entry_by(output, runtime.handle()));
        Ok((runtime, entry))
    }

    /// The runtime that was given, or a new one.
    fn runtime_for(&mut self, seen: Option<RecordedBy<'_>>) -> io::Result<Runtime> {
        let Some(runtime) = self.given.take() else {
            return self.of_tokio(seen).build();
        };
        self.threads = Threads::Unknown;
        Ok(runtime)
    }

    fn of_tokio(&self, seen: Option<RecordedBy<'_>>) -> runtime::Builder {
        let mut builder = match self.threads {
            Threads::Own(_) | Threads::Tokios(_) => runtime::Builder::new_multi_thread(),
            Threads::Entering | Threads::Unknown | Threads::Local => {
                runtime::Builder::new_current_thread()
            }
        };
        match self.threads {
            Threads::Entering | Threads::Unknown | Threads::Local | Threads::Tokios(None) => {}
            Threads::Own(workers) => {
                builder.worker_threads(workers);
                builder.thread_name(crate::text::threads::name("worker"));
            }
            Threads::Tokios(Some(workers)) => {
                builder.worker_threads(workers);
            }
        }
        if let Some(name) = &self.name {
            builder.name(name);
        }
        if let Some(seen) = seen.filter(|_| !OFF) {
            #[cfg(tokio_unstable)]
            self.hooks.set_on(&mut builder);
            builder.on_thread_park(|| {
                cursor::parks();
                context::parks();
            });
            match seen {
                RecordedBy::Elsewhere => builder.on_thread_start(context::set_worker),
                RecordedBy::By(output) => {
                    let starts = output.at_thread_start();
                    builder.on_thread_start(move || {
                        context::set_worker();
                        starts();
                    });
                    builder.on_thread_stop(output.at_thread_stop())
                }
            };
        }
        if self.io {
            builder.enable_all();
        } else {
            builder.enable_time();
        }
        #[cfg(feature = "virtual-time")]
        if self.virtual_time || self.start_paused {
            builder.start_paused(true);
        }
        #[cfg(tokio_unstable)]
        if let Some(behavior) = &self.unhandled_panic {
            builder.unhandled_panic(behavior.clone());
        }
        builder
    }

    fn entry_by(&self, output: Running, runtime: &Handle) -> Option<Entry> {
        let recording = Target {
            recorder: output.recorder().clone(),
            stop: self.stop.clone(),
        };
        self.entry(recording, Some(output), runtime)
    }

    /// The probe round a runtime that was made like this; none where recording is compiled out.
    fn entry(&self, recording: Target, output: Option<Running>, runtime: &Handle) -> Option<Entry> {
        if OFF {
            return None;
        }
        let lane = recording.recorder.next_lane();
        let tasks = Arc::new(Tasks {
            runtime: lane,
            all: runtime.metrics(),
            known: Apart(AtomicUsize::new(0)),
        });
        let is_on_one_thread = matches!(self.threads, Threads::Entering);
        let probe = Arc::new(Probe {
            runtime: Some(lane),
            id: Some(runtime.id()),
            recorder: recording.recorder,
            closing: AtomicBool::new(false),
            stop: recording.stop.map(|stop| stop.of_one_executor()),
            tasks_of_one_thread: is_on_one_thread.then(|| Arc::clone(&tasks)),
            tasks: (!matches!(self.threads, Threads::Local)).then_some(tasks),
            has_unknown_tasks: AtomicBool::new(false),
        });
        if let Some(tasks) = &probe.tasks {
            probe.recorder.add_tasks(tasks);
        }
        #[cfg(tokio_unstable)]
        self.hooks.begin(&probe);
        Some(Entry::new(probe, flavor(runtime), self.io, output))
    }
}

/// The kind of a runtime, as it tells of itself.
fn flavor(runtime: &Handle) -> Flavor {
    match runtime.runtime_flavor() {
        RuntimeFlavor::MultiThread => Flavor::MultiThread {
            workers: u32::try_from(runtime.metrics().num_workers()).unwrap_or(u32::MAX),
        },
        _ => Flavor::CurrentThread,
    }
}
