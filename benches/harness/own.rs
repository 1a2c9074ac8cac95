//! asyncline, and tokio as it is.

use std::fs;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use asyncline::recording::{Meta, Writer};
use asyncline::{Collector, Executor};
use tempfile::TempDir;

use crate::harness::Case;
use crate::harness::slices::{self, Measured, Plan};
use crate::harness::tool::{Bare, Kept, Spawn, Tool};
use crate::harness::workload::Workload;

/// How often events are collected and written.
const TICK: Duration = Duration::from_millis(10);

/// Measures asyncline or tokio as it is.
pub fn measure(tool: &str, case: Case, plan: &Plan) -> io::Result<Measured> {
    match tool {
        "bare" => slices::measure(Bare::new(case.threads)?, case, plan),
        "asyncline-off" => slices::measure(Asyncline::off(case.threads)?, case, plan),
        "asyncline" => slices::measure(Asyncline::recording(case.threads)?, case, plan),
        _ => Err(io::Error::other(format!("no tool is called '{tool}'"))),
    }
}

/// Records so many operations of a workload on one thread to a file.
#[allow(dead_code, reason = "not every bench keeps what it records")]
pub fn record(workload: Workload, operations: u64, path: &Path) -> io::Result<Kept> {
    let (executor, collector) = Executor::builder().record()?;
    let recording = Recording::begin(collector, path.to_owned())?;
    let work = workload.run(Observed, workload.rounded(operations));
    executor.block_on(async { asyncline::spawn(work).await })??;
    drop(executor);
    recording.finish()
}

/// Records `operations` operations of a workload to a journal.
#[allow(dead_code, reason = "not every bench keeps what it records")]
pub fn record_journal(case: Case, operations: u64, path: &Path) -> io::Result<Kept> {
    // It would get another name.
    if path.exists() {
        fs::remove_file(path)?;
    }
    let executor = Asyncline::builder(case.threads).record_to(path)?;
    let work = case
        .workload
        .run(Observed, case.workload.rounded(operations));
    executor.block_on(async { asyncline::spawn(work).await })??;
    drop(executor);
    kept(path)
}

/// Returns what a journal holds.
fn kept(journal: &Path) -> io::Result<Kept> {
    let (events, lost) = asyncline::recording::journal_counts(journal).map_err(io::Error::other)?;
    Ok(Kept {
        bytes: Some(journal.metadata()?.len()),
        events: Some(events),
        lost: Some(lost),
    })
}

struct Asyncline {
    executor: Executor,
    /// The directory of the journal.
    directory: Option<TempDir>,
}

/// The name of the journal.
const JOURNAL: &str = "bench.aline";

/// A thread that collects events and writes them to a file.
struct Recording {
    thread: JoinHandle<io::Result<Kept>>,
    /// Dropped to end it.
    running: Sender<()>,
}

impl Asyncline {
    fn builder(threads: usize) -> asyncline::probe::Builder {
        let builder = Executor::builder();
        if threads == 1 {
            builder
        } else {
            builder.worker_threads(threads)
        }
    }

    fn off(threads: usize) -> io::Result<Self> {
        Ok(Self {
            executor: Self::builder(threads).build()?,
            directory: None,
        })
    }

    fn recording(threads: usize) -> io::Result<Self> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join(JOURNAL);
        Ok(Self {
            executor: Self::builder(threads).record_to(path)?,
            directory: Some(directory),
        })
    }
}

impl Recording {
    fn begin(mut collector: Collector, path: PathBuf) -> io::Result<Self> {
        let (running, ended) = mpsc::channel();
        let thread = thread::Builder::new().name("collector".into());
        let thread = thread.spawn(move || {
            let mut written = Written::create(&path)?;
            while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                written.take(&mut collector)?;
            }
            written.take(&mut collector)?;
            written.finish(&path)
        })?;
        Ok(Self { thread, running })
    }

    fn finish(self) -> io::Result<Kept> {
        drop(self.running);
        let kept = self.thread.join();
        kept.map_err(|_| io::Error::other("the collector panicked"))?
    }
}

struct Written {
    writer: Writer,
    events: u64,
    lost: u64,
}

impl Written {
    fn create(path: &Path) -> io::Result<Self> {
        let meta = Meta::new("bench", "", SystemTime::now());
        Ok(Self {
            writer: Writer::create(path, &meta).map_err(io::Error::other)?,
            events: 0,
            lost: 0,
        })
    }

    fn take(&mut self, collector: &mut Collector) -> io::Result<()> {
        let drained = collector.drain_to(&mut self.writer);
        let drained = drained.map_err(io::Error::other)?;
        self.events += drained.events;
        self.lost += drained.lost;
        self.writer.tick(Instant::now()).map_err(io::Error::other)
    }

    fn finish(self, path: &Path) -> io::Result<Kept> {
        self.writer.finish().map_err(io::Error::other)?;
        Ok(Kept {
            bytes: Some(path.metadata()?.len()),
            events: Some(self.events),
            lost: Some(self.lost),
        })
    }
}

/// Spawns with asyncline.
#[derive(Clone)]
struct Observed;

impl Spawn for Observed {
    type Handle<T: Send + 'static> = asyncline::JoinHandle<T>;

    fn spawn<F>(&self, future: F) -> Self::Handle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        asyncline::spawn(future)
    }
}

impl Tool for Asyncline {
    type Spawn = Observed;

    fn spawner(&self) -> Observed {
        Observed
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.executor.block_on(future)
    }

    fn finish(self) -> io::Result<Kept> {
        drop(self.executor);
        let Some(directory) = self.directory else {
            return Ok(Kept::default());
        };
        let kept = kept(&directory.path().join(JOURNAL))?;
        directory.close()?;
        Ok(kept)
    }
}
