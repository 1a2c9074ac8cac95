//! What runs on this thread: which lane is being polled, at which await, in which coroutine.

use std::cell::RefCell;
use std::sync::Arc;

use super::lane::{Lane, Probe};
use crate::event::{self, Awaited, Cancel, FrameId, LaneId};

/// What is being polled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pub(crate) lane: Option<Arc<Lane>>,
    pub(crate) frame: Option<Frame>,
    pub(crate) coroutine: Option<LaneId>,
    /// Why futures that are dropped now are dropped, where somebody knows.
    pub(crate) cancel: Option<Cancel>,
}

/// An await that is being polled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) id: FrameId,
    pub(crate) on: Option<Awaited>,
}

/// A task whose last poll is over on this thread, while tokio wakes whoever joins it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finished {
    pub(crate) lane: LaneId,
    /// The lane that awaits its join handle; none where the handle is not ours and so not known.
    pub(crate) joiner: Option<LaneId>,
}

#[derive(Debug, Default)]
struct Thread {
    scope: Scope,
    /// The probe that applies outside of all lanes.
    ambient: Option<Arc<Probe>>,
    finished: Option<Finished>,
    /// Whose call of a waker is being passed on to the waker within it.
    waking: Option<event::Waker>,
    /// What the next task to be spawned is called.
    name: Option<&'static str>,
}

thread_local! {
    static THREAD: RefCell<Thread> = RefCell::default();
}

/// Runs `f` on the thread's state; gives the default where the thread's locals are gone.
fn with<R: Default>(f: impl FnOnce(&mut Thread) -> R) -> R {
    THREAD
        .try_with(|thread| f(&mut thread.borrow_mut()))
        .unwrap_or_default()
}

/// Puts back what was there before.
#[derive(Debug)]
pub(crate) struct Restore<T: 'static>(Option<T>, fn(&mut Thread, T) -> T);

impl<T> Restore<T> {
    fn new(value: T, swap: fn(&mut Thread, T) -> T) -> Self {
        Self(with(|thread| Some(swap(thread, value))), swap)
    }
}

impl<T> Drop for Restore<T> {
    fn drop(&mut self) {
        if let Some(before) = self.0.take() {
            let swap = self.1;
            // What is taken out may be the last of its kind; it is dropped outside of the borrow.
            drop(with(|thread| Some(swap(thread, before))));
        }
    }
}

/// The present scope.
pub(crate) fn scope() -> Scope {
    with(|thread| thread.scope.clone())
}

/// Enters a scope until the guard is dropped.
pub(crate) fn enter(scope: Scope) -> Restore<Scope> {
    Restore::new(scope, |thread, scope| {
        std::mem::replace(&mut thread.scope, scope)
    })
}

/// Makes a probe apply outside of all lanes until the guard is dropped.
pub(crate) fn enter_probe(probe: Option<Arc<Probe>>) -> Restore<Option<Arc<Probe>>> {
    Restore::new(probe, |thread, probe| {
        std::mem::replace(&mut thread.ambient, probe)
    })
}

/// Enters the scope of a poll, whose end nobody can take for another one's. Gives what it was before.
pub(crate) fn begin_poll(lane: Arc<Lane>) -> Scope {
    with(|thread| {
        thread.finished = None;
        let scope = Scope {
            lane: Some(lane),
            ..Scope::default()
        };
        std::mem::replace(&mut thread.scope, scope)
    })
}

/// Goes back to the scope round a poll; gives back the poll's own.
pub(crate) fn end_poll(before: Scope) -> Scope {
    with(|thread| std::mem::replace(&mut thread.scope, before))
}

/// The lane that is being polled.
pub(crate) fn lane() -> Option<Arc<Lane>> {
    with(|thread| thread.scope.lane.clone())
}

/// Whether a lane is being polled.
pub(crate) fn is_in_lane() -> bool {
    with(|thread| thread.scope.lane.is_some())
}

/// Looks at the present scope.
pub(crate) fn with_scope<R: Default>(look: impl FnOnce(&Scope) -> R) -> R {
    with(|thread| look(&thread.scope))
}

/// The probe that applies here.
pub(crate) fn probe() -> Option<Arc<Probe>> {
    with(|thread| match &thread.scope.lane {
        Some(lane) => Some(Arc::clone(&lane.probe)),
        None => thread.ambient.clone(),
    })
}

/// Remembers whose last poll has just ended, or that another poll begins.
pub(crate) fn set_finished(finished: Option<Finished>) {
    with(|thread| thread.finished = finished);
}

/// Takes who has just finished, if that is what wakes `lane`. A join handle wakes one lane only.
pub(crate) fn take_finished(lane: LaneId) -> Option<LaneId> {
    with(|thread| {
        let finished = thread.finished?;
        let wakes = finished.joiner.is_none_or(|joiner| joiner == lane);
        if wakes {
            thread.finished = None;
        }
        wakes.then_some(finished.lane)
    })
}

/// Whose call of a waker is being passed on.
pub(crate) fn waking() -> Option<event::Waker> {
    with(|thread| thread.waking)
}

/// Passes a call of a waker on until the guard is dropped.
pub(crate) fn enter_waking(by: event::Waker) -> Restore<Option<event::Waker>> {
    Restore::new(Some(by), |thread, by| {
        std::mem::replace(&mut thread.waking, by)
    })
}

/// Names the next task that is spawned until the guard is dropped.
pub(crate) fn enter_name(name: &'static str) -> Restore<Option<&'static str>> {
    Restore::new(Some(name), |thread, name| {
        std::mem::replace(&mut thread.name, name)
    })
}

/// What a task of this probe that is spawned now is to be called, where that is known, and the lane that spawns it.
pub(crate) fn spawning(probe: &Probe) -> (Option<&'static str>, Option<LaneId>) {
    with(|thread| {
        let parent = thread.scope.lane.as_ref();
        let parent = parent.filter(|parent| parent.probe.recorder.is(&probe.recorder));
        (thread.name.take(), parent.map(|parent| parent.id))
    })
}
