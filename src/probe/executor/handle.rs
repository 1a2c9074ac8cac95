//! Runtime handles: tokio's, with the probe.

use std::any::type_name;
use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;

use tokio::runtime::{self, TryCurrentError};

use super::large::boxed_if_large;
use crate::event::TaskKind;
use crate::probe::executor::spawn::{BLOCKING, spawn_blocking_on, spawn_on};
use crate::probe::record::template::Name;
use crate::probe::wrap::context::{self, RestoreProbe};
use crate::probe::wrap::future::Observed;
use crate::probe::wrap::join::JoinHandle;
use crate::probe::wrap::lane::Lane;
use crate::probe::wrap::probe::Probe;

/// Like [`tokio::runtime::Handle`], which it can replace: tasks that it spawns have lanes if the runtime is recorded.
///
/// ```
/// let executor = asyncline::Executor::builder().build()?;
/// let handle = executor.handle();
/// let task = handle.spawn(async { 1 + 1 });
/// assert_eq!(executor.block_on(task)?, 2);
/// assert_eq!(handle.metrics().num_workers(), 1);
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Debug)]
pub struct Handle {
    inner: runtime::Handle,
    probe: Option<Arc<Probe>>,
}

impl Handle {
    pub(crate) fn new(inner: runtime::Handle, probe: Option<Arc<Probe>>) -> Self {
        Self { inner, probe }
    }

    /// Like [`tokio::runtime::Handle::current`].
    ///
    /// # Panics
    ///
    /// Outside of a runtime, as with tokio's.
    #[track_caller]
    pub fn current() -> Self {
        Self::new(runtime::Handle::current(), context::probe())
    }

    /// Like [`tokio::runtime::Handle::try_current`].
    ///
    /// # Errors
    ///
    /// Outside of a runtime.
    pub fn try_current() -> Result<Self, TryCurrentError> {
        let inner = runtime::Handle::try_current()?;
        Ok(Self::new(inner, context::probe()))
    }

    /// Enters the runtime and its probe until the guard is dropped, like [`tokio::runtime::Handle::enter`].
    pub fn enter(&self) -> Entered<'_> {
        Entered::new(&self.inner, self.probe.clone())
    }

    /// Like [`tokio::runtime::Handle::spawn`].
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let _entered = self.enter();
        let lane = Lane::spawned(Name::OfFuture(type_name::<F>()), TaskKind::Task, true);
        boxed_if_large!(future: F => spawn_on(lane, future, Some(&self.inner)))
    }

    /// Like [`tokio::runtime::Handle::spawn_blocking`].
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, work: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let _entered = self.enter();
        let lane = Lane::spawned(BLOCKING, TaskKind::Blocking, true);
        boxed_if_large!(work: F, Box::new => spawn_blocking_on(lane, work, Some(&self.inner)))
    }

    /// Like [`tokio::runtime::Handle::block_on`].
    ///
    /// # Panics
    ///
    /// Within a runtime, and if the runtime that the future needs is gone, as with tokio's.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let _entered = self.enter();
        let lane = Lane::spawned(Name::OfFuture(type_name::<F>()), TaskKind::Root, true);
        boxed_if_large!(future: F => self.inner.block_on(Observed::new(future, lane)))
    }
}

impl Deref for Handle {
    type Target = runtime::Handle;

    fn deref(&self) -> &runtime::Handle {
        &self.inner
    }
}

/// A runtime with its probe, entered on this thread.
#[derive(Debug)]
#[must_use = "Creating and dropping a guard does nothing"]
pub struct Entered<'a> {
    _runtime: runtime::EnterGuard<'a>,
    _probe: RestoreProbe,
}

impl<'a> Entered<'a> {
    pub(crate) fn new(runtime: &'a runtime::Handle, probe: Option<Arc<Probe>>) -> Self {
        Self {
            _runtime: runtime.enter(),
            _probe: context::enter_probe(probe),
        }
    }
}
