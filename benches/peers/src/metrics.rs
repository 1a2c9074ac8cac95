//! tokio-metrics: all tasks instrumented with one monitor. It adds up, and records no events.

use std::future::Future;
use std::io;

use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_metrics::TaskMonitor;

use crate::harness::tool::{Kept, Spawn, Tool, runtime};

pub struct Metrics {
    runtime: Runtime,
    monitor: TaskMonitor,
}

impl Metrics {
    pub fn new(threads: usize) -> io::Result<Self> {
        Ok(Self {
            runtime: runtime(threads).build()?,
            monitor: TaskMonitor::new(),
        })
    }
}

#[derive(Clone)]
pub struct Monitored(TaskMonitor);

impl Spawn for Monitored {
    type Handle<T: Send + 'static> = JoinHandle<T>;

    fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        tokio::spawn(self.0.instrument(future))
    }
}

impl Tool for Metrics {
    type Spawn = Monitored;

    fn spawner(&self) -> Monitored {
        Monitored(self.monitor.clone())
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    fn finish(self) -> io::Result<Kept> {
        assert!(self.monitor.cumulative().total_poll_count > 0);
        Ok(Kept::default())
    }
}
