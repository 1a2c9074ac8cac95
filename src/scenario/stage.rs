//! What a scenario's program stands on: a way to run a coroutine, and to do work.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::Collector;
use crate::probe::executor::builder::Target;
use crate::probe::gate::Gate;
use crate::probe::{Builder, Executor, Recording, expanded};

/// Where and how the programs of this thread run.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    recording: Target,
    gate: Arc<Gate>,
    stop: CancellationToken,
    real_time: bool,
}

/// What a program that is told to stop unwinds with. No panic: nothing is printed.
struct Stopped;

thread_local! {
    static STAGE: RefCell<Option<Stage>> = const { RefCell::new(None) };
}

impl Stage {
    pub(crate) fn new(
        gate: Arc<Gate>,
        stop: CancellationToken,
        real_time: bool,
    ) -> (Self, Collector) {
        let (recording, collector) =
            builder(real_time, Arc::clone(&gate), stop.clone()).collected();
        let stage = Self {
            recording,
            gate,
            stop,
            real_time,
        };
        (stage, collector)
    }

    /// Runs a program on this thread, to its end or until it is told to stop.
    pub(crate) fn play(self, program: fn()) {
        STAGE.set(Some(self));
        // A panic has been recorded where it happened, and ends the scenario as it would end the program.
        let _ = std::panic::catch_unwind(program);
        STAGE.set(None);
    }

    /// The stage of this thread.
    fn here() -> Self {
        STAGE
            .with_borrow(Clone::clone)
            .expect("scenarios run on a stage")
    }

    /// Whether the clock of this thread's programs is virtual. A runtime's own threads have the real one.
    fn is_virtual() -> bool {
        STAGE.with_borrow(|stage| stage.as_ref().is_some_and(|stage| !stage.real_time))
    }

    fn executor(self, workers: Option<usize>) -> Executor {
        let mut builder = builder(self.real_time, self.gate, self.stop);
        if let Some(workers) = workers {
            builder = builder.worker_threads(workers);
        }
        let executor = builder.recording_to(Some(self.recording));
        executor.expect("a runtime of a few threads can be had")
    }
}

fn builder(real_time: bool, gate: Arc<Gate>, stop: CancellationToken) -> Builder {
    let builder = Executor::builder().gate(gate).stopped_by(stop);
    if real_time {
        builder.timers_only()
    } else {
        builder.virtual_time()
    }
}

/// Runs a coroutine on a new runtime, as Python's `asyncio.run` does, and closes the runtime.
///
/// # Panics
///
/// Within a runtime: one cannot be started within another.
#[track_caller]
pub fn run<F: Future>(main: F) -> F::Output {
    run_on(None, main)
}

/// Runs a coroutine on a new runtime with so many worker threads.
#[track_caller]
pub fn run_on_workers<F: Future>(workers: usize, main: F) -> F::Output {
    run_on(Some(workers), main)
}

#[track_caller]
fn run_on<F: Future>(workers: Option<usize>, main: F) -> F::Output {
    let executor = Stage::here().executor(workers);
    let output = executor.block_on_until_stopped(main);
    executor.close();
    match output {
        Some(output) => output,
        None => std::panic::resume_unwind(Box::new(Stopped)),
    }
}

/// Calls the root task by this name that `run` starts.
pub fn named<R>(name: &'static str, run: impl FnOnce() -> R) -> R {
    let _name = expanded::name(name);
    run()
}

/// Records what gets a lane on this thread while `run` runs an executor that is not tokio's.
///
/// Such an executor is not told to stop: its program is one that soon ends.
pub fn elsewhere(run: impl FnOnce()) {
    let stage = Stage::here();
    if stage.stop.is_cancelled() {
        std::panic::resume_unwind(Box::new(Stopped));
    }
    let recording = Recording::new(stage.recording.recorder, None);
    let _entered = recording.enter();
    run();
}

/// Works for so long without ever awaiting: the thread is busy, and nothing else runs on it.
pub fn work(duration: Duration) {
    if !Stage::is_virtual() {
        std::thread::sleep(duration);
        return;
    }
    let busy = pin!(tokio::time::advance(duration));
    // The first poll moves the virtual clock; what would follow is a yield, which work does not do.
    let _ = busy.poll(&mut Context::from_waker(Waker::noop()));
}

/// So many seconds.
pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// So many milliseconds.
pub const fn millis(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
