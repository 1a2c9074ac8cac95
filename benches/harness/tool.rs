//! What a tool has to be able to do to be measured.

use std::future::Future;
use std::io;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinError;

/// Spawns tasks in a tool's way. All tasks of a workload are spawned so.
pub trait Spawn: Clone + Send + Sync + 'static {
    /// What waits for a task.
    type Handle<T: Send + 'static>: Future<Output = Result<T, JoinError>> + Send + 'static;

    /// As [`tokio::spawn`].
    fn spawn<F>(&self, future: F) -> Self::Handle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;
}

/// A runtime that a tool observes.
pub trait Tool {
    /// How its tasks are spawned.
    type Spawn: Spawn;

    /// How its tasks are spawned.
    fn spawner(&self) -> Self::Spawn;

    /// As [`Runtime::block_on`].
    fn block_on<F: Future>(&self, future: F) -> F::Output;

    /// Hands on what was gathered, so that the work of it is counted where it belongs.
    fn settle(&self) {}

    /// Ends the recording.
    fn finish(self) -> io::Result<Kept>;
}

/// What a tool kept of a run; nothing where it does not keep such a thing.
#[derive(Clone, Copy, Default)]
pub struct Kept {
    /// Bytes in its files.
    pub bytes: Option<u64>,
    /// Events in its files.
    pub events: Option<u64>,
    /// Events that are not.
    pub lost: Option<u64>,
}

impl Kept {
    pub fn bytes_per_event(&self) -> Option<f64> {
        let events = self.events.filter(|events| *events > 0)?;
        Some(self.bytes? as f64 / events as f64)
    }
}

/// A builder of a runtime that runs its tasks on so many threads; on the thread that enters it where it is one.
pub fn runtime(threads: usize) -> Builder {
    let mut builder = if threads == 1 {
        Builder::new_current_thread()
    } else {
        Builder::new_multi_thread()
    };
    if threads > 1 {
        builder.worker_threads(threads);
    }
    builder.enable_all();
    builder
}

/// tokio as it is.
pub struct Bare(Runtime);

impl Bare {
    pub fn new(threads: usize) -> io::Result<Self> {
        runtime(threads).build().map(Self)
    }
}

/// Spawns as tokio does.
#[derive(Clone)]
pub struct Plainly;

impl Spawn for Plainly {
    type Handle<T: Send + 'static> = tokio::task::JoinHandle<T>;

    fn spawn<F>(&self, future: F) -> Self::Handle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        tokio::spawn(future)
    }
}

impl Tool for Bare {
    type Spawn = Plainly;

    fn spawner(&self) -> Plainly {
        Plainly
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(future)
    }

    fn finish(self) -> io::Result<Kept> {
        Ok(Kept::default())
    }
}
