//! Sets of local tasks: tokio's, whose tasks have lanes.

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::{self, Runtime};
use tokio::task::LocalEnterGuard;

use super::large::boxed_if_large;
use crate::event::TaskKind;
use crate::probe::executor::runtime::Executor;
use crate::probe::executor::spawn::spawn_local_on;
use crate::probe::output;
use crate::probe::record::buffer;
use crate::probe::record::off::OFF;
use crate::probe::record::template::Name;
use crate::probe::wrap::join::JoinHandle;
use crate::probe::wrap::lane::Lane;

/// As [`tokio::task::LocalSet`].
pub struct LocalSet {
    pub(crate) inner: tokio::task::LocalSet,
}

impl LocalSet {
    /// As [`tokio::task::LocalSet::new`].
    pub fn new() -> Self {
        if !OFF {
            // So that a set in a thread-local variable is dropped before the variables that record its tasks.
            buffer::prepare_thread();
            output::prepare_thread();
        }
        Self {
            inner: tokio::task::LocalSet::new(),
        }
    }

    /// As [`tokio::task::LocalSet::enter`].
    pub fn enter(&self) -> LocalEnterGuard {
        self.inner.enter()
    }

    /// As [`tokio::task::LocalSet::spawn_local`]. The task has a lane where a probe applies to the caller.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let lane = Lane::spawned(Name::OfFuture(type_name::<F>()), TaskKind::Local, true);
        boxed_if_large!(future: F => spawn_local_on(lane, future, Some(&self.inner)))
    }

    /// Like [`tokio::task::LocalSet::block_on`], on a runtime of tokio's or on an [`Executor`].
    ///
    /// # Panics
    ///
    /// Within a runtime, as tokio's does.
    #[track_caller]
    pub fn block_on<F: Future>(&self, runtime: &impl BlockOn, future: F) -> F::Output {
        runtime.block_on_set(&self.inner, future)
    }

    /// As [`tokio::task::LocalSet::run_until`].
    pub fn run_until<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        self.inner.run_until(future)
    }

    /// As [`tokio::task::LocalSet::id`].
    pub fn id(&self) -> runtime::Id {
        self.inner.id()
    }

    /// As tokio's, where it has it.
    #[cfg(tokio_unstable)]
    pub fn unhandled_panic(&mut self, behavior: runtime::UnhandledPanic) -> &mut Self {
        self.inner.unhandled_panic(behavior);
        self
    }
}

impl Default for LocalSet {
    fn default() -> Self {
        Self::new()
    }
}

/// A runtime or executor on which a [`LocalSet`] can block.
pub trait BlockOn {
    #[doc(hidden)]
    #[track_caller]
    fn block_on_set<F: Future>(&self, set: &tokio::task::LocalSet, future: F) -> F::Output;
}

impl BlockOn for Runtime {
    #[track_caller]
    fn block_on_set<F: Future>(&self, set: &tokio::task::LocalSet, future: F) -> F::Output {
        boxed_if_large!(future: F => set.block_on(self, future))
    }
}

impl BlockOn for Executor {
    #[track_caller]
    fn block_on_set<F: Future>(&self, set: &tokio::task::LocalSet, future: F) -> F::Output {
        Executor::block_on_set(self, set, future)
    }
}

/// Functions that take tokio's set take this one: `tracker.spawn_local_on(future, &set)`.
impl Deref for LocalSet {
    type Target = tokio::task::LocalSet;

    fn deref(&self) -> &tokio::task::LocalSet {
        &self.inner
    }
}

impl Future for LocalSet {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.inner).poll(cx)
    }
}

impl fmt::Debug for LocalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
