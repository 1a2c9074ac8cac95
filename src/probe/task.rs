//! Spawning: as tokio does it, with a lane for what is spawned.

use std::any::type_name;
use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::context::{self, InLane};
use super::executor::Stoppable;
use super::future::Observed;
use super::join::JoinHandle;
use super::lane::Lane;
use super::template::Name;
use crate::event::{EventKind, Polled, TaskKind};

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
    spawn_in(lane, future)
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
    let lane = Lane::spawned_as(name.into(), TaskKind::Task, true);
    spawn_in(lane, future)
}

#[track_caller]
fn spawn_in<F>(lane: Option<Arc<Lane>>, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let stop = lane.as_ref().and_then(|lane| {
        lane.count();
        lane.probe.stop.clone()
    });
    let observed = Observed::new(future, lane.clone());
    let inner = match stop {
        Some(stop) => tokio::spawn(Stoppable::new(observed, &stop)),
        None => tokio::spawn(observed),
    };
    JoinHandle::new(inner, lane)
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
    let stop = lane.as_ref().and_then(|lane| lane.probe.stop.clone());
    let observed = Observed::new(future, lane.clone());
    let inner = match stop {
        Some(stop) => tokio::task::spawn_local(Stoppable::new(observed, &stop)),
        None => tokio::task::spawn_local(observed),
    };
    JoinHandle::new(inner, lane)
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
    let lane = Lane::spawned(Name::Given("blocking"), TaskKind::Blocking, true);
    let job = lane.clone().map(Job);
    let inner = tokio::task::spawn_blocking(move || match job {
        Some(job) => job.run(work),
        None => work(),
    });
    JoinHandle::new(inner, lane)
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
    /// It needs a probe: that of the lane in which this is called, or of an [`Executor`](super::Executor) that was
    /// [entered](super::Executor::enter) on this thread. Without one it is the future itself, and nothing is recorded.
    #[track_caller]
    fn lane(self, name: impl Into<Cow<'static, str>>) -> Observed<Self> {
        let lane = Lane::spawned_as(name.into(), TaskKind::Future, false);
        Observed::new(self, lane)
    }
}

impl<F: Future> TaskExt for F {}

/// A blocking closure that has not run yet.
struct Job(Arc<Lane>);

impl Job {
    fn run<R>(self, work: impl FnOnce() -> R) -> R {
        let lane = &self.0;
        if let Some(gate) = lane.probe.recorder.gate() {
            gate.pass(lane.id, lane.probe.recorder.now());
        }
        lane.record(EventKind::PollStarted { lane: lane.id });
        let mut end = JobEnd(lane, Polled::Panicked);
        let within = InLane::enter(lane);
        let result = work();
        drop(within);
        end.1 = Polled::Completed;
        drop(end);
        result
    }
}

struct JobEnd<'a>(&'a Arc<Lane>, Polled);

impl Drop for JobEnd<'_> {
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

impl Drop for Job {
    fn drop(&mut self) {
        let lane = &self.0;
        if !lane.over.swap(true, Ordering::AcqRel) {
            let why = lane.why_dropped();
            lane.record(EventKind::Cancelled { lane: lane.id, why });
            lane.announce_end();
        }
    }
}
