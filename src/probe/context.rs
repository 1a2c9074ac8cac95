//! What runs on this thread: which lane is being polled, at which await, in which coroutine.

use std::cell::RefCell;
use std::sync::Arc;

use super::OFF;
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

/// What a poll is within.
#[derive(Debug, Default)]
pub(crate) struct Within {
    /// A scope that is kept while the poll has one of its own.
    is_scope: bool,
    /// A poll of another lane.
    pub(crate) is_lane: bool,
    /// The scheduler of a runtime of one thread, and nothing else.
    pub(crate) is_scheduler: bool,
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
    /// The scopes round the present poll, of whichever polls it is within.
    outer: Vec<Scope>,
    /// The probe that applies outside of all lanes.
    ambient: Option<Arc<Probe>>,
    finished: Option<Finished>,
    /// Whose call of a waker is being passed on to the waker within it.
    waking: Option<event::Waker>,
    /// What the next task to be spawned is called.
    name: Option<&'static str>,
    /// Whether it is a thread of a runtime.
    is_worker: bool,
    /// Whether it runs a runtime of one thread, so that outside of polls nothing runs but its scheduler.
    is_scheduler: bool,
}

/// Who calls a waker, as far as the thread knows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Caller {
    Known(event::Waker),
    /// The lane that the waker wakes.
    Itself,
    /// A runtime, while it polls no task that is known.
    Runtime,
    /// The same, of one thread.
    Scheduler,
    #[default]
    Unknown,
}

impl Scope {
    fn is_empty(&self) -> bool {
        self.lane.is_none()
            && self.frame.is_none()
            && self.coroutine.is_none()
            && self.cancel.is_none()
    }
}

thread_local! {
    static THREAD: RefCell<Thread> = RefCell::default();
}

/// Runs `f` on the thread's state; gives the default where the thread's locals are gone.
#[inline]
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

/// Enters the scope of a poll, whose end nobody can take for another one's. Tells what is round it.
#[inline]
pub(crate) fn begin_poll(lane: Arc<Lane>) -> Within {
    with(|thread| {
        thread.finished = None;
        let within = Within {
            is_scope: !thread.scope.is_empty(),
            is_lane: thread.scope.lane.is_some(),
            is_scheduler: thread.is_scheduler && thread.scope.is_empty(),
        };
        if within.is_scope {
            thread.outer.push(std::mem::take(&mut thread.scope));
        }
        thread.scope.lane = Some(lane);
        within
    })
}

/// Goes back to the scope round a poll; gives back the poll's own lane.
#[inline]
pub(crate) fn end_poll(within: &Within) -> Option<Arc<Lane>> {
    with(|thread| {
        let lane = thread.scope.lane.take();
        if within.is_scope {
            thread.scope = thread.outer.pop().unwrap_or_default();
        }
        lane
    })
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
#[inline]
pub(crate) fn probe() -> Option<Arc<Probe>> {
    if OFF {
        return None;
    }
    with(|thread| match &thread.scope.lane {
        Some(lane) => Some(Arc::clone(&lane.probe)),
        None => thread.ambient.clone(),
    })
}

/// Remembers whose last poll has just ended, or that another poll begins.
pub(crate) fn set_finished(finished: Option<Finished>) {
    with(|thread| thread.finished = finished);
}

/// Who calls the waker of a lane now.
#[inline]
pub(crate) fn caller(woken: &Lane) -> Caller {
    with(|thread| {
        if let Some(by) = thread.waking {
            return Caller::Known(by);
        }
        if let Some(current) = &thread.scope.lane {
            return match current.id {
                _ if !current.is_of_same_session(woken) => Caller::Known(event::Waker::Thread),
                id if id == woken.id => Caller::Itself,
                id => Caller::Known(event::Waker::Lane(id)),
            };
        }
        // A join handle wakes one lane only.
        if let Some(finished) = thread.finished
            && finished.joiner.is_none_or(|joiner| joiner == woken.id)
        {
            thread.finished = None;
            return Caller::Known(event::Waker::Lane(finished.lane));
        }
        if thread.is_scheduler {
            Caller::Scheduler
        } else if thread.is_worker || thread.ambient.is_some() {
            Caller::Runtime
        } else {
            Caller::Unknown
        }
    })
}

/// Tells whether the thread runs a runtime of one thread until the guard is dropped.
pub(crate) fn enter_scheduler(is_scheduler: bool) -> Restore<bool> {
    Restore::new(is_scheduler, |thread, is_scheduler| {
        std::mem::replace(&mut thread.is_scheduler, is_scheduler)
    })
}

/// Remembers that the thread belongs to a runtime for as long as it lives.
pub(crate) fn set_worker() {
    with(|thread| thread.is_worker = true);
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
