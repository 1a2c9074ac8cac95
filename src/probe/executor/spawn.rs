//! Spawning: as tokio does it, with a lane for what is spawned.

use std::any::type_name;
use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::runtime::Handle;

use super::hooks;
use super::large::boxed_if_large;
use crate::event::{EventKind, Polled, TaskKind};
use crate::probe::executor::stop::Stoppable;
use crate::probe::record::template::Name;
use crate::probe::wrap::context::{self, InLane};
use crate::probe::wrap::future::Observed;
use crate::probe::wrap::join::JoinHandle;
use crate::probe::wrap::lane::Lane;

/// What closures are called that may block.
pub(crate) const BLOCKING: Name = Name::Given("blocking");

/// As [`tokio::spawn`]. The task is called as the async function that it runs; see also [`spawn_named`].
///
/// # Panics
///
/// Outside of a runtime, as tokio's does.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let lane = Lane::spawned(Name::OfFuture(type_name::<F>()), TaskKind::Task, true);
    boxed_if_large!(future: F => spawn_on(lane, future, None))
}

/// As [`tokio::spawn`], with a name for the task.
///
/// # Panics
///
/// Outside of a runtime, as tokio's does.
#[track_caller]
pub fn spawn_named<F>(name: impl Into<Cow<'static, str>>, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let lane = Lane::spawned_as(name, TaskKind::Task, true);
    boxed_if_large!(future: F => spawn_on(lane, future, None))
}

/// Spawns a future in its lane, on this runtime, or on that of `handle`. The caller has boxed a large one.
#[track_caller]
pub(crate) fn spawn_on<F>(
    lane: Option<Arc<Lane>>,
    future: F,
    handle: Option<&Handle>,
) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let stop = lane.as_ref().and_then(|lane| {
        lane.count_on(handle);
        lane.probe.stop.clone()
    });
    let observed = Observed::new(future, lane.clone());
    let inner = match stop {
        Some(stop) => put(Stoppable::new(observed, &stop), handle),
        None => put(observed, handle),
    };
    JoinHandle::new(inner, lane)
}

#[track_caller]
fn put<F>(future: F, handle: Option<&Handle>) -> tokio::task::JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let _seen = hooks::seen();
    match handle {
        None => tokio::spawn(future),
        Some(handle) => handle.spawn(future),
    }
}

/// As [`tokio::task::spawn_local`].
///
/// # Panics
///
/// Outside of a `LocalSet`, as tokio's does.
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let lane = Lane::spawned(Name::OfFuture(type_name::<F>()), TaskKind::Local, true);
    boxed_if_large!(future: F => spawn_local_on(lane, future, None))
}

/// Spawns a future in its lane, on the present set of local tasks, or on this one. The caller has boxed a large one.
#[track_caller]
pub(crate) fn spawn_local_on<F>(
    lane: Option<Arc<Lane>>,
    future: F,
    set: Option<&tokio::task::LocalSet>,
) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let stop = lane.as_ref().and_then(|lane| lane.probe.stop.clone());
    let observed = Observed::new(future, lane.clone());
    let inner = match stop {
        Some(stop) => put_local(Stoppable::new(observed, &stop), set),
        None => put_local(observed, set),
    };
    JoinHandle::new(inner, lane)
}

#[track_caller]
fn put_local<F>(
    future: F,
    set: Option<&tokio::task::LocalSet>,
) -> tokio::task::JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let _seen = hooks::seen();
    match set {
        None => tokio::task::spawn_local(future),
        Some(set) => set.spawn_local(future),
    }
}

/// As [`tokio::task::spawn_blocking`].
///
/// # Panics
///
/// Outside of a runtime, as tokio's does.
#[track_caller]
pub fn spawn_blocking<F, R>(work: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let lane = Lane::spawned(BLOCKING, TaskKind::Blocking, true);
    boxed_if_large!(work: F, Box::new => spawn_blocking_on(lane, work, None))
}

/// Runs a closure in its lane, on this runtime, or on that of `handle`. The caller has boxed a large one.
#[track_caller]
pub(crate) fn spawn_blocking_on<F, R>(
    lane: Option<Arc<Lane>>,
    work: F,
    handle: Option<&Handle>,
) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let work = job(lane.clone(), work);
    let inner = match handle {
        None => tokio::task::spawn_blocking(work),
        Some(handle) => handle.spawn_blocking(work),
    };
    JoinHandle::new(inner, lane)
}

/// The closure as it runs in its lane.
pub(crate) fn job<R>(lane: Option<Arc<Lane>>, work: impl FnOnce() -> R) -> impl FnOnce() -> R {
    let job = lane.map(BlockingJob);
    move || match job {
        Some(job) => job.run(work),
        None => work(),
    }
}

/// As [`tokio::task::yield_now`], which is then known to be what wakes the task.
pub async fn yield_now() {
    context::with_lane(|lane| lane.into_iter().for_each(Lane::yields));
    tokio::task::yield_now().await;
}

/// Any future on any executor, with a lane of its own.
pub trait TaskExt: Future + Sized {
    /// Gives the future a lane with this name, from now on.
    ///
    /// It needs a probe: that of the lane in which this is called, or of an [`Executor`](crate::probe::Executor) or a
    /// [`Recording`](crate::probe::Recording) that was entered on this thread, or of a recording that is [the
    /// default](crate::probe::Recording::make_default) of all threads. Without one it is the future itself, and nothing is
    /// recorded.
    /// [`Observed::label`] gives the lane labels.
    #[track_caller]
    fn lane(self, name: impl Into<Cow<'static, str>>) -> Observed<Self> {
        let lane = Lane::spawned_as(name, TaskKind::Future, false);
        Observed::new(self, lane)
    }
}

impl<F: Future> TaskExt for F {}

/// A blocking closure that has not run yet.
struct BlockingJob(Arc<Lane>);

impl BlockingJob {
    fn run<R>(self, work: impl FnOnce() -> R) -> R {
        let lane = &self.0;
        if let Some(gate) = lane.probe.recorder.gate() {
            gate.pass(lane.id, lane.probe.recorder.now());
        }
        lane.record(EventKind::PollStarted { lane: lane.id });
        let mut end = BlockingJobEnd(lane, Polled::Panicked);
        let within = InLane::enter(lane);
        let result = work();
        drop(within);
        end.1 = Polled::Completed;
        drop(end);
        result
    }
}

struct BlockingJobEnd<'a>(&'a Arc<Lane>, Polled);

impl Drop for BlockingJobEnd<'_> {
    fn drop(&mut self) {
        let lane = self.0;
        lane.over.store(true, Ordering::Release);
        lane.record(EventKind::PollEnded {
            lane: lane.id,
            result: self.1,
        });
        lane.announce_end();
    }
}

impl Drop for BlockingJob {
    fn drop(&mut self) {
        let lane = &self.0;
        if !lane.over.swap(true, Ordering::AcqRel) {
            let why = lane.why_dropped(false);
            lane.record(EventKind::Cancelled { lane: lane.id, why });
            lane.announce_end();
        }
    }
}
