//! What runs on this thread: which lane is being polled, at which await, in which coroutine.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task;

use super::current::{Before, Current};
use super::lane::Lane;
use super::probe::Probe;
use super::spare;
use crate::event::{self, Awaited, Cancel, FrameId, LaneId};
use crate::probe::record::off::OFF;

/// What is being polled within the current lane.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scope {
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
    /// In which of tokio's tasks it ended. Whoever joins that is woken only when the task is over; until then it may be
    /// the task of somebody else, who goes on after what had a lane in it.
    pub(crate) within: Option<task::Id>,
}

impl Finished {
    fn wakes(&self, woken: &Lane) -> bool {
        // A join handle wakes one lane only.
        self.joiner.is_none_or(|joiner| joiner == woken.id)
            && (self.within.is_none() || self.within != task::try_id())
    }
}

/// Nothing here has to be dropped, so that it is there for as long as the thread.
#[derive(Debug)]
struct ThreadState {
    /// Whether nothing runs but the scheduler of a runtime of one thread: what most polls and most wakes begin in. It
    /// follows from the others, see [`ThreadState::settle`].
    is_idle: Cell<bool>,
    /// Whether all tasks of the runtime have been seen to be known at the end of the last poll, or since.
    knows_all_tasks: Cell<bool>,
    lane: Current,
    scope: Cell<Scope>,
    finished: Cell<Option<Finished>>,
    /// Whose call of a waker is being passed on to the waker within it.
    waking: Cell<Option<event::Waker>>,
    /// The task that is being polled of which nothing is known but that, where tokio tells of such.
    unseen: Cell<Option<LaneId>>,
    /// What the next task to be spawned is called.
    name: Cell<Option<&'static str>>,
    /// Whether it is a thread of a runtime.
    is_worker: Cell<bool>,
    /// Whether it runs a runtime of one thread, so that outside of polls nothing runs but its scheduler.
    is_scheduler: Cell<bool>,
    /// Whether a probe applies outside of all lanes.
    has_ambient: Cell<bool>,
    /// Its scheduler, once that was seen to park.
    scheduler: Cell<Option<Scheduler>>,
}

/// A thread's scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Scheduler {
    /// In which of tokio's tasks it runs, if in any: a worker thread is a blocking task.
    within: Option<task::Id>,
}

impl Scheduler {
    /// The one that runs now, unless a task does.
    fn now() -> Self {
        Self {
            within: task::try_id(),
        }
    }
}

/// Who calls a waker, as far as the thread knows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Caller {
    Known(event::Waker),
    /// A lane whose end was the last event of the thread.
    Ended(LaneId),
    /// The lane that the waker wakes.
    Itself,
    /// A runtime, while it polls no task.
    Runtime,
    Unknown,
}

impl Scope {
    const EMPTY: Self = Self {
        frame: None,
        coroutine: None,
        cancel: None,
    };

    #[inline]
    fn is_empty(&self) -> bool {
        self.frame.is_none() && self.coroutine.is_none() && self.cancel.is_none()
    }
}

thread_local! {
    static THREAD: ThreadState = const {
        ThreadState {
            is_idle: Cell::new(false),
            knows_all_tasks: Cell::new(false),
            lane: Current::none(),
            scope: Cell::new(Scope::EMPTY),
            finished: Cell::new(None),
            waking: Cell::new(None),
            unseen: Cell::new(None),
            name: Cell::new(None),
            is_worker: Cell::new(false),
            is_scheduler: Cell::new(false),
            has_ambient: Cell::new(false),
            scheduler: Cell::new(None),
        }
    };
    /// The probe that applies outside of all lanes.
    static AMBIENT: RefCell<Option<Arc<Probe>>> = const { RefCell::new(None) };
}

/// The probe that applies on all threads to which no other one does, and whether there is one.
static DEFAULT: Mutex<Option<Arc<Probe>>> = Mutex::new(None);
static HAS_DEFAULT: AtomicBool = AtomicBool::new(false);

/// Puts back what was there before.
#[derive(Debug)]
pub(crate) struct Restore<T: Copy + 'static>(T, fn(&ThreadState) -> &Cell<T>);

impl<T: Copy> Restore<T> {
    fn new(value: T, place: fn(&ThreadState) -> &Cell<T>) -> Self {
        THREAD.with(|thread| {
            let before = place(thread).replace(value);
            thread.settle();
            Self(before, place)
        })
    }
}

impl<T: Copy> Drop for Restore<T> {
    fn drop(&mut self) {
        THREAD.with(|thread| {
            self.1(thread).set(self.0);
            thread.settle();
        });
    }
}

/// The present scope.
pub(crate) fn scope() -> Scope {
    THREAD.with(|thread| thread.scope.get())
}

/// Enters a scope within the current lane until the guard is dropped.
pub(crate) fn enter(scope: Scope) -> Restore<Scope> {
    Restore::new(scope, |thread| &thread.scope)
}

/// A lane that is current until this is dropped.
#[derive(Debug)]
pub(crate) struct InLane<'a> {
    /// The lane in whose poll this began, where there was one.
    before: Before,
    /// The scope in which it began, where there was one.
    scope: Option<Box<Scope>>,
    /// Whether it began in the scheduler of a runtime of one thread, and in nothing else.
    is_in_scheduler: bool,
    is_left: bool,
    /// The tick of the event with which the poll began, where it is known.
    pub(crate) began: u64,
    _lane: PhantomData<&'a Arc<Lane>>,
}

impl<'a> InLane<'a> {
    /// Makes a lane current, whose end nobody can take for another one's.
    #[inline]
    pub(crate) fn enter(lane: &'a Arc<Lane>) -> Self {
        Self::enter_from(lane, 0)
    }

    /// The same for a poll that began at this tick.
    #[inline]
    #[allow(unsafe_code, reason = "see `Current::set`")]
    pub(crate) fn enter_from(lane: &'a Arc<Lane>, began: u64) -> Self {
        let is_idle = THREAD.with(|thread| thread.is_idle.replace(false));
        let (before, scope) = if is_idle {
            (Before::NOTHING, None)
        } else {
            THREAD.with(ThreadState::leave_for_lane)
        };
        let is_in_nothing = !before.is_lane() && scope.is_none();
        let is_in_scheduler =
            is_idle || (is_in_nothing && THREAD.with(ThreadState::is_in_scheduler));
        // SAFETY: what was before is put back when this is left or dropped, which is within `'a`; nobody here
        // forgets one of these.
        THREAD.with(|thread| unsafe { thread.lane.set(lane) });
        Self {
            before,
            scope,
            is_in_scheduler,
            is_left: false,
            began,
            _lane: PhantomData,
        }
    }

    /// Goes back to what was before.
    #[inline]
    pub(crate) fn leave(&mut self) {
        self.leave_knowing(false);
    }

    /// The same, where all tasks of the runtime may have just been seen to be known.
    #[inline]
    pub(crate) fn leave_knowing(&mut self, knows_all_tasks: bool) {
        self.is_left = true;
        THREAD.with(|thread| {
            thread.knows_all_tasks.set(knows_all_tasks);
            thread.lane.put_back(&self.before);
            match self.scope.take() {
                None => thread.is_idle.set(self.is_in_scheduler),
                Some(scope) => thread.come_back(*scope),
            }
        });
    }

    #[inline]
    pub(crate) fn is_left(&self) -> bool {
        self.is_left
    }

    /// Whether it is within a poll of another lane.
    #[inline]
    pub(crate) fn is_in_lane(&self) -> bool {
        self.before.is_lane()
    }

    /// Whether it is in the scheduler of a runtime of one thread, and in nothing else.
    #[inline]
    pub(crate) fn is_in_scheduler(&self) -> bool {
        self.is_in_scheduler
    }
}

impl Drop for InLane<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.is_left {
            self.leave();
        }
    }
}

impl ThreadState {
    /// Finds out anew whether it is idle, after anything that this depends on has changed.
    fn settle(&self) {
        let is_woken_for = self.waking.get().is_some() || self.finished.get().is_some();
        self.is_idle
            .set(self.is_only_in_scheduler() && !is_woken_for);
        self.knows_all_tasks.set(false);
    }

    /// Whether it is in the scheduler of a runtime of one thread, and in nothing else.
    fn is_only_in_scheduler(&self) -> bool {
        self.is_in_scheduler() && self.lane.is_none() && self.scope.get().is_empty()
    }

    /// Whether it is in the scheduler of a runtime of one thread, unless it is in a lane.
    #[inline]
    fn is_in_scheduler(&self) -> bool {
        self.is_scheduler.get() && self.unseen.get().is_none()
    }

    /// Whether one of tokio's tasks is being polled, unless it is in a lane.
    fn is_in_other_task(&self) -> bool {
        let scheduler = self.scheduler.get();
        scheduler.is_some_and(|scheduler| scheduler != Scheduler::now())
    }

    /// Takes what a lane takes the place of, where that is something.
    fn leave_for_lane(&self) -> (Before, Option<Box<Scope>>) {
        self.finished.set(None);
        (self.lane.before(), self.leave_scope())
    }

    /// Takes the present scope, where there is one.
    #[inline]
    fn leave_scope(&self) -> Option<Box<Scope>> {
        let has_scope = !self.scope.get().is_empty();
        has_scope.then(|| Box::new(self.take_scope()))
    }

    #[cold]
    #[inline(never)]
    fn take_scope(&self) -> Scope {
        self.scope.replace(Scope::EMPTY)
    }

    #[cold]
    #[inline(never)]
    fn come_back(&self, scope: Scope) {
        self.scope.set(scope);
        self.settle();
    }
}

/// The lane that is being polled.
pub(crate) fn lane() -> Option<Arc<Lane>> {
    THREAD.with(|thread| thread.lane.get())
}

/// Looks at the lane that is being polled.
#[inline]
pub(crate) fn with_lane<R>(look: impl FnOnce(Option<&Lane>) -> R) -> R {
    THREAD.with(|thread| thread.lane.with(look))
}

/// Whether a lane is being polled.
#[inline]
pub(crate) fn is_in_lane() -> bool {
    THREAD.with(|thread| !thread.lane.is_none())
}

/// The probe that applies here.
#[inline]
pub(crate) fn probe() -> Option<Arc<Probe>> {
    if has_probe() { find_probe() } else { None }
}

/// Whether a probe may apply here.
#[inline]
pub(crate) fn has_probe() -> bool {
    let is_here = || THREAD.with(|thread| !thread.lane.is_none() || thread.has_ambient.get());
    !OFF && (is_here() || HAS_DEFAULT.load(Ordering::Relaxed))
}

/// Looks at the probe that applies here.
#[inline]
pub(crate) fn with_probe<R>(look: impl FnOnce(&Arc<Probe>) -> R) -> Option<R> {
    with_lane(|lane| match lane {
        Some(lane) => Some(look(&lane.probe)),
        None => probe().map(|probe| look(&probe)),
    })
}

#[inline(never)]
fn find_probe() -> Option<Arc<Probe>> {
    with_lane(|lane| match lane {
        Some(lane) => Some(Arc::clone(&lane.probe)),
        None => ambient().or_else(|| default_probe().clone()),
    })
}

/// The probe that applies outside of all lanes; none where the thread is about to end.
fn ambient() -> Option<Arc<Probe>> {
    let ambient = AMBIENT.try_with(|ambient| ambient.borrow().clone());
    ambient.ok().flatten()
}

fn default_probe() -> MutexGuard<'static, Option<Arc<Probe>>> {
    DEFAULT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a probe apply on all threads to which no other one does.
pub(crate) fn set_default(probe: Arc<Probe>) {
    let before = default_probe().replace(probe);
    HAS_DEFAULT.store(true, Ordering::Relaxed);
    drop(before);
}

/// The same, unless one does already.
pub(crate) fn offer_default(probe: &Arc<Probe>) {
    let mut default = default_probe();
    if default.is_none() {
        *default = Some(Arc::clone(probe));
        HAS_DEFAULT.store(true, Ordering::Relaxed);
    }
}

/// Undoes [`set_default`], unless another probe has taken its place.
pub(crate) fn unset_default(probe: &Arc<Probe>) {
    let mut default = default_probe();
    if default
        .as_ref()
        .is_some_and(|known| Arc::ptr_eq(known, probe))
    {
        HAS_DEFAULT.store(false, Ordering::Relaxed);
        let before = default.take();
        drop(default);
        drop(before);
    }
}

/// Puts back the probe that applied outside of all lanes before.
#[derive(Debug)]
pub(crate) struct RestoreProbe(Option<Arc<Probe>>);

impl RestoreProbe {
    /// Takes the place of the probe that applies, and gives it.
    fn swap(probe: Option<Arc<Probe>>) -> Option<Arc<Probe>> {
        let is_some = probe.is_some();
        spare::enter(probe.as_ref());
        let before = AMBIENT.try_with(|ambient| ambient.replace(probe));
        if before.is_ok() {
            THREAD.with(|thread| thread.has_ambient.set(is_some));
        }
        before.ok().flatten()
    }
}

impl Drop for RestoreProbe {
    fn drop(&mut self) {
        // What is taken out may be the last of its kind; it is dropped outside of the borrow.
        drop(Self::swap(self.0.take()));
    }
}

/// Makes a probe apply outside of all lanes until the guard is dropped.
pub(crate) fn enter_probe(probe: Option<Arc<Probe>>) -> RestoreProbe {
    RestoreProbe(RestoreProbe::swap(probe))
}

/// Remembers whose last poll has just ended, or that another poll begins.
#[inline]
pub(crate) fn set_finished(finished: Option<Finished>) {
    THREAD.with(|thread| {
        thread.finished.set(finished);
        thread.settle();
    });
}

/// Whether a poll that begins now does so in the scheduler of a runtime of one thread, and in nothing else.
#[inline]
pub(crate) fn is_in_scheduler() -> bool {
    THREAD.with(|thread| thread.is_idle.get() || thread.is_only_in_scheduler())
}

/// Whether nothing runs on the thread but the scheduler of a runtime of one thread.
#[inline]
pub(crate) fn is_idle() -> bool {
    THREAD.with(|thread| thread.is_idle.get())
}

/// Who calls the waker of a lane now.
#[inline]
pub(crate) fn caller(woken: &Lane) -> Caller {
    THREAD.with(|thread| {
        if let Some(by) = thread.waking.get() {
            return Caller::Known(by);
        }
        let current = thread.lane.with(|current| {
            let current = current?;
            Some(match current.id {
                _ if !current.is_of_same_session(woken) => Caller::Known(event::Waker::Thread),
                id if id == woken.id => Caller::Itself,
                id => Caller::Known(event::Waker::Lane(id)),
            })
        });
        if let Some(current) = current {
            return current;
        }
        if let Some(unseen) = thread.unseen.get() {
            return Caller::Known(event::Waker::Lane(unseen));
        }
        if let Some(finished) = thread.finished.get()
            && finished.wakes(woken)
        {
            thread.finished.set(None);
            thread.settle();
            return Caller::Ended(finished.lane);
        }
        if thread.is_in_other_task() {
            return Caller::Known(event::Waker::Thread);
        }
        // Outside of a runtime there is no driver: a thread that executes futures is one like any other.
        let is_in_runtime = thread.has_ambient.get() && woken.probe.runtime.is_some();
        if thread.is_scheduler.get() || thread.is_worker.get() || is_in_runtime {
            Caller::Runtime
        } else {
            Caller::Unknown
        }
    })
}

/// Whether nothing but the scheduler has run on its thread since the last poll ended, as far as can be told: all tasks
/// of the runtime are known. It is asked once, as a rule at the end of that poll; a task that somebody spawns from elsewhere
/// since then is noticed at the end of the next one.
#[inline]
pub(crate) fn knows_all_tasks(probe: &Probe) -> bool {
    THREAD.with(|thread| {
        let knows = thread.knows_all_tasks.get() || probe.knows_all_tasks();
        thread.knows_all_tasks.set(knows);
        knows
    })
}

/// Makes a task current of which nothing is known but that, or none.
#[cfg(tokio_unstable)]
pub(crate) fn set_unseen(unseen: Option<LaneId>) {
    THREAD.with(|thread| {
        thread.unseen.set(unseen);
        thread.settle();
    });
}

/// The task that is being polled of which nothing is known but that.
#[cfg(tokio_unstable)]
pub(crate) fn unseen() -> Option<LaneId> {
    THREAD.with(|thread| thread.unseen.get())
}

/// Takes note that the thread's scheduler parks, so that nothing else runs now.
pub(crate) fn parks() {
    THREAD.with(|thread| thread.scheduler.set(Some(Scheduler::now())));
}

/// Tells whether the thread runs a runtime of one thread until the guard is dropped.
pub(crate) fn enter_scheduler(is_scheduler: bool) -> Restore<bool> {
    Restore::new(is_scheduler, |thread| &thread.is_scheduler)
}

/// Remembers that the thread belongs to a runtime for as long as it lives.
pub(crate) fn set_worker() {
    THREAD.with(|thread| thread.is_worker.set(true));
}

/// Passes a call of a waker on until the guard is dropped.
pub(crate) fn enter_waking(by: event::Waker) -> Restore<Option<event::Waker>> {
    Restore::new(Some(by), |thread| &thread.waking)
}

/// Names the next task that is spawned until the guard is dropped.
pub(crate) fn enter_name(name: &'static str) -> Restore<Option<&'static str>> {
    Restore::new(Some(name), |thread| &thread.name)
}

/// What a task of this probe that is spawned now is to be called, where that is known, and the lane that spawns it.
pub(crate) fn spawning(probe: &Probe) -> (Option<&'static str>, Option<LaneId>) {
    THREAD.with(|thread| {
        let parent = thread.lane.with(|parent| {
            let parent = parent.filter(|parent| parent.probe.recorder.is(&probe.recorder));
            parent.map(|parent| parent.id)
        });
        (thread.name.take(), parent.or(thread.unseen.get()))
    })
}
