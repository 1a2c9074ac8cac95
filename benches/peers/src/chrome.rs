//! tracing-chrome: each task in a span, which it enters and leaves with every poll.

use std::future::Future;
use std::io::{self, BufRead, BufReader};

use tempfile::NamedTempFile;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tracing::instrument::{Instrument, Instrumented};
use tracing_chrome::{ChromeLayerBuilder, FlushGuard};
use tracing_subscriber::layer::SubscriberExt;

use crate::counted::{self, Counted};
use crate::harness::tool::{Kept, Spawn, Tool, runtime};

pub struct Chrome {
    runtime: Runtime,
    guard: FlushGuard,
    file: NamedTempFile,
}

impl Chrome {
    pub fn new(threads: usize) -> io::Result<Self> {
        let file = NamedTempFile::new()?;
        let (layer, guard) = ChromeLayerBuilder::new().file(file.path()).build();
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::set_global_default(subscriber).map_err(io::Error::other)?;
        Ok(Self {
            runtime: runtime(threads).build()?,
            guard,
            file,
        })
    }
}

#[derive(Clone)]
pub struct InSpan;

impl Spawn for InSpan {
    type Handle<T: Send + 'static> = JoinHandle<T>;

    fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let task: Instrumented<_> = Counted::new(future).instrument(tracing::info_span!("task"));
        tokio::spawn(task)
    }
}

impl Tool for Chrome {
    type Spawn = InSpan;

    fn spawner(&self) -> InSpan {
        InSpan
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    fn finish(self) -> io::Result<Kept> {
        drop(self.runtime);
        drop(self.guard);
        let mut events = 0;
        // It writes each event on a line of its own.
        for line in BufReader::new(self.file.reopen()?).lines() {
            let line = line?;
            events += u64::from(line.contains(r#""ph":"B""#) || line.contains(r#""ph":"E""#));
        }
        Ok(Kept {
            bytes: Some(self.file.path().metadata()?.len()),
            events: Some(events),
            lost: Some((2 * counted::polls()).saturating_sub(events)),
        })
    }
}
