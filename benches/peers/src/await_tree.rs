//! await-tree: every task a tree with one instrumented await. It shows the present, and records no events.

use std::future::Future;
use std::io;

use await_tree::{Config, InstrumentAwait, Registry};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::harness::tool::{Kept, Spawn, Tool, runtime};

pub struct AwaitTree {
    runtime: Runtime,
    registry: Registry,
}

impl AwaitTree {
    pub fn new(threads: usize) -> io::Result<Self> {
        Ok(Self {
            runtime: runtime(threads).build()?,
            registry: Registry::new(Config::default()),
        })
    }
}

#[derive(Clone)]
pub struct Registered(Registry);

impl Spawn for Registered {
    type Handle<T: Send + 'static> = JoinHandle<T>;

    fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.0
            .spawn_anonymous("task", future.instrument_await("work"))
    }
}

impl Tool for AwaitTree {
    type Spawn = Registered;

    fn spawner(&self) -> Registered {
        Registered(self.registry.clone())
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    fn finish(self) -> io::Result<Kept> {
        Ok(Kept::default())
    }
}
