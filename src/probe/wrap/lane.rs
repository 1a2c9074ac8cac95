//! What the probe knows of a lane while it lives.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use tokio::runtime::{self, Handle, RuntimeMetrics};
use tokio::task;

use super::context;
use super::spare;
use super::waker::{self, Rare, Wakers};
use crate::event::{Cancel, EventKind, FrameId, LaneId, Step, TaskKind, Text, What};
use crate::probe::executor::runtime::Stop;
use crate::probe::record::bounded;
use crate::probe::record::recorder::Recorder;
use crate::probe::record::template::{Name, Origin};

/// The probe, wrapped round one executor.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) recorder: Recorder,
    /// The runtime's own lane, where there is one.
    pub(crate) runtime: Option<LaneId>,
    /// The runtime, as tokio knows it.
    pub(crate) id: Option<runtime::Id>,
    /// Whether the runtime is being shut down, so that it drops its tasks.
    pub(crate) closing: AtomicBool,
    /// How the executor's tasks are told to end.
    pub(crate) stop: Option<Stop>,
    /// The runtime's tasks, where those that are known can be told from others.
    pub(crate) tasks: Option<Tasks>,
    /// Whether a task of such a runtime has been seen that is not known: from then on others may come and go unseen.
    pub(crate) has_unknown_tasks: AtomicBool,
}

/// What threads change all the time, apart from what they only read beside it: in a line of the cache, and its neighbor,
/// of its own.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Apart<T>(pub(crate) T);

impl<T> Deref for Apart<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// The tasks of a runtime.
#[derive(Debug)]
pub(crate) struct Tasks {
    /// What the runtime says of itself.
    pub(crate) all: RuntimeMetrics,
    /// How many of those that have not ended are known.
    pub(crate) known: Apart<AtomicUsize>,
    /// Whether they run on one thread, of which the probe was told when it sleeps.
    pub(crate) are_on_one_thread: bool,
}

impl Probe {
    /// Whether all tasks of a runtime on one thread are known, so that between their polls runs no other.
    #[inline]
    pub(crate) fn knows_all_tasks(&self) -> bool {
        let has_unknown = self.has_unknown_tasks.load(Ordering::Relaxed);
        let tasks = self.tasks_on_one_thread().filter(|_| !has_unknown);
        tasks
            .is_some_and(|tasks| tasks.all.num_alive_tasks() == tasks.known.load(Ordering::Relaxed))
    }

    #[inline]
    fn tasks_on_one_thread(&self) -> Option<&Tasks> {
        self.tasks.as_ref().filter(|tasks| tasks.are_on_one_thread)
    }

    /// How many tasks of the runtime have not ended, and how many of these are not known. Who spawns or ends one right
    /// then may make it one too many.
    pub(crate) fn count_tasks(&self) -> Option<(usize, usize)> {
        let tasks = self.tasks.as_ref()?;
        let known = tasks.known.load(Ordering::Relaxed);
        let alive = tasks.all.num_alive_tasks();
        Some((alive, alive.saturating_sub(known)))
    }

    /// Looks for tasks that are not known, at the end of a poll that may have spawned some: before the next one they may
    /// have run, and be gone. Tells whether all [are known](Self::knows_all_tasks).
    #[inline]
    pub(crate) fn looks_for_unknown_tasks(&self) -> bool {
        if self.has_unknown_tasks.load(Ordering::Relaxed) {
            return false;
        }
        let Some(tasks) = self.tasks_on_one_thread() else {
            return false;
        };
        let alive = tasks.all.num_alive_tasks();
        let known = tasks.known.load(Ordering::Relaxed);
        // A task that is being spawned is known first.
        if alive > known {
            self.has_unknown_tasks.store(true, Ordering::Relaxed);
        }
        alive == known
    }
}

/// A task or branch, as long as it lives.
///
/// What every poll and every wake looks at stands together, at the beginning: a program has many lanes, and whatever of
/// them is not in the cache costs more than all else.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Lane {
    pub(crate) id: LaneId,
    pub(crate) probe: Arc<Probe>,
    /// Whether its waker was called since its last poll began.
    pub(crate) woken: AtomicBool,
    /// Whether its last poll ended pending, and it was not dropped since.
    pub(crate) waits: AtomicBool,
    /// Whether it has ended.
    pub(crate) over: AtomicBool,
    /// How it stands with the wake that the scheduler owes it: see [`Yield`].
    yielded: AtomicU8,
    /// Whether its join handle is one that tells who awaits it.
    has_handle: AtomicBool,
    /// Whether it is among the tasks that its probe knows of its runtime.
    is_counted: AtomicBool,
    /// `true` if its start is recorded. A branch starts when it is first polled, which may be never.
    has_started: AtomicBool,
    pub(crate) wakers: Wakers,
    frames: AtomicU32,
    /// The lane that awaits its join handle, 0 where none does.
    joiner: AtomicU64,
}

/// With what an `Arc` adds, it is not more than the 120 bytes that `malloc` has at hand in lists of their own.
const _: () = assert!(size_of::<Lane>() <= 120 - 16);

/// A task that yields is woken later, by the scheduler, once it has looked at its other tasks and at its driver.
///
/// The wake may come after the task was polled again for another reason, and more than once.
struct Yield;

impl Yield {
    /// No wake is owed.
    const NONE: u8 = 0;
    /// A wake is owed.
    const OWED: u8 = 1;
    /// It has come; until the next poll, more may come of the same cause.
    const PAID: u8 = 2;
}

/// What the branches of one `select!` or `timeout` share.
#[derive(Debug)]
pub struct Group {
    pub(crate) decided: AtomicBool,
    pub(crate) why: Cancel,
}

/// Nobody: lanes are numbered from 1.
const NOBODY: u64 = 0;
/// Somebody outside of all lanes.
const OUTSIDE: u64 = u64::MAX;

impl Lane {
    pub(crate) fn new(probe: Arc<Probe>, has_handle: bool, group: Option<Arc<Group>>) -> Arc<Self> {
        let id = probe.recorder.next_lane();
        Arc::new(Self {
            id,
            probe,
            woken: AtomicBool::new(false),
            waits: AtomicBool::new(false),
            over: AtomicBool::new(false),
            yielded: AtomicU8::new(Yield::NONE),
            wakers: Wakers::new(group),
            frames: AtomicU32::new(1),
            joiner: AtomicU64::new(NOBODY),
            has_handle: AtomicBool::new(has_handle),
            is_counted: AtomicBool::new(false),
            has_started: AtomicBool::new(true),
        })
    }

    /// A lane for a task, if the thread has a spare one.
    fn reuse(probe: &Arc<Probe>, has_handle: bool) -> Option<Arc<Self>> {
        let mut spare = spare::take(probe)?;
        let lane = Arc::get_mut(&mut spare)?;
        lane.id = probe.recorder.next_lane();
        *lane.woken.get_mut() = false;
        *lane.waits.get_mut() = false;
        *lane.over.get_mut() = false;
        *lane.yielded.get_mut() = Yield::NONE;
        *lane.frames.get_mut() = 1;
        *lane.joiner.get_mut() = NOBODY;
        *lane.has_handle.get_mut() = has_handle;
        *lane.is_counted.get_mut() = false;
        *lane.has_started.get_mut() = true;
        lane.wakers.renew();
        Some(spare)
    }

    /// `true` if its join handle records the lane that awaits it.
    #[inline]
    pub(crate) fn has_handle(&self) -> bool {
        self.has_handle.load(Ordering::Relaxed)
    }

    /// Marks its join handle as tokio's from now on.
    pub(crate) fn leaves_its_handle(&self) {
        self.has_handle.store(false, Ordering::Relaxed);
    }

    /// A branch that has not started yet.
    pub(crate) fn of_branch(probe: Arc<Probe>, group: Option<Arc<Group>>) -> Arc<Self> {
        let lane = Self::new(probe, true, group);
        lane.has_started.store(false, Ordering::Relaxed);
        lane
    }

    /// `true` if its start is recorded.
    #[inline]
    pub(crate) fn has_started(&self) -> bool {
        self.has_started.load(Ordering::Relaxed)
    }

    /// Marks its start as recorded.
    pub(crate) fn set_started(&self) {
        self.has_started.store(true, Ordering::Relaxed);
    }

    /// Marks it as the branch that decides for its group, if it is in one: the others are dropped for that reason.
    pub(crate) fn decides(&self) {
        let group = self.wakers.rare().and_then(|rare| rare.group.as_ref());
        if let Some(group) = group {
            group.decide();
        }
    }

    /// A new task, recorded as spawned here and now; none where no probe applies.
    #[track_caller]
    #[inline]
    pub(crate) fn spawned(name: Name, kind: TaskKind, has_handle: bool) -> Option<Arc<Self>> {
        let site = Location::caller();
        if context::has_probe() {
            Self::spawned_here(Origin { name, site, kind }, has_handle)
        } else {
            None
        }
    }

    #[inline(never)]
    fn spawned_here(origin: Origin, has_handle: bool) -> Option<Arc<Self>> {
        context::with_probe(|probe| {
            let reused = Self::reuse(probe, has_handle);
            let new = || Self::new(Arc::clone(probe), has_handle, None);
            reused.unwrap_or_else(new).is_spawned(origin)
        })
    }

    /// The same, with a name that may have been made while the program ran.
    #[track_caller]
    pub(crate) fn spawned_as(
        name: impl Into<Cow<'static, str>>,
        kind: TaskKind,
        has_handle: bool,
    ) -> Option<Arc<Self>> {
        let name = match name.into() {
            Cow::Borrowed(name) => return Self::spawned(Name::Given(name), kind, has_handle),
            Cow::Owned(name) => name,
        };
        let site = Location::caller();
        let lane = Self::new(context::probe()?, has_handle, None);
        let (hint, parent) = context::spawning(&lane.probe);
        lane.record(EventKind::Spawned {
            lane: lane.id,
            name: hint.map_or_else(|| name.into(), Text::Static),
            parent: parent.or(lane.probe.runtime),
            kind,
            site: Some(site.into()),
        });
        Some(lane)
    }

    /// A new task of this probe.
    pub(crate) fn spawned_at(origin: Origin, probe: Arc<Probe>, has_handle: bool) -> Arc<Self> {
        Self::new(probe, has_handle, None).is_spawned(origin)
    }

    /// Records that it is spawned here and now.
    fn is_spawned(self: Arc<Self>, mut origin: Origin) -> Arc<Self> {
        let lane = self;
        let (hint, parent) = context::spawning(&lane.probe);
        if let Some(hint) = hint {
            origin.name = Name::Given(hint);
        }
        let parent = parent.or(lane.probe.runtime);
        lane.probe.recorder.record_spawned(lane.id, parent, &origin);
        lane
    }

    /// What happens to it.
    #[inline]
    pub(crate) fn step(&self, what: What) -> Step {
        Step {
            lane: self.id,
            what,
        }
    }

    #[inline]
    pub(crate) fn record(&self, kind: EventKind) {
        self.probe.recorder.record(kind);
    }

    /// Records a label.
    pub(crate) fn label(&self, key: Cow<'static, str>, value: &dyn fmt::Display) {
        self.record(EventKind::Labelled {
            lane: self.id,
            key: key.into(),
            value: bounded::text(format_args!("{value}"), bounded::VALUE).into(),
        });
    }

    #[inline]
    pub(crate) fn is_of_same_session(&self, other: &Self) -> bool {
        self.probe.recorder.is(&other.probe.recorder)
    }

    /// The number of the next await of this lane, which is being polled on this thread.
    pub(crate) fn next_frame(&self) -> FrameId {
        // Only who polls the lane asks for it.
        let frame = self.frames.load(Ordering::Relaxed);
        self.frames.store(frame.wrapping_add(1), Ordering::Relaxed);
        FrameId(frame)
    }

    /// Whether it has ended.
    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Remembers that the scheduler is going to wake it, because it yielded.
    pub(crate) fn yields(&self) {
        self.yielded.store(Yield::OWED, Ordering::Relaxed);
    }

    /// Remembers that a poll begins.
    #[inline]
    pub(crate) fn resumes(&self) {
        self.waits.store(false, Ordering::Release);
        self.woken.store(false, Ordering::Release);
        // Nobody else changes it from here while it is paid, but for its being paid again.
        if self.yielded.load(Ordering::Relaxed) == Yield::PAID {
            self.yielded.store(Yield::NONE, Ordering::Relaxed);
        }
    }

    /// Whether it is among the tasks that its probe knows of its runtime: those that a scheduler polls.
    #[inline]
    pub(crate) fn is_counted(&self) -> bool {
        self.is_counted.load(Ordering::Relaxed)
    }

    /// Counts it among the tasks of its runtime until it is over.
    fn count(&self) {
        if let Some(tasks) = &self.probe.tasks {
            tasks.known.fetch_add(1, Ordering::Relaxed);
            self.is_counted.store(true, Ordering::Relaxed);
        }
    }

    /// Counts it among the tasks of its runtime, unless it is spawned on another one than that.
    pub(crate) fn count_on(&self, handle: Option<&Handle>) {
        if handle.is_none_or(|handle| self.probe.id == Some(handle.id())) {
            self.count();
        }
    }

    /// Remembers that it is over.
    pub(crate) fn ends(self: &Arc<Self>) {
        self.over.store(true, Ordering::Release);
        let is_counted = self.is_counted.load(Ordering::Relaxed);
        self.is_counted.store(false, Ordering::Relaxed);
        if is_counted && let Some(tasks) = &self.probe.tasks {
            tasks.known.fetch_sub(1, Ordering::Relaxed);
        }
        waker::leave_to_clones(self);
    }

    /// Whether no wake by the scheduler can be due to its having yielded.
    #[inline]
    pub(crate) fn yielded_nothing(&self) -> bool {
        self.yielded.load(Ordering::Relaxed) == Yield::NONE
    }

    /// Whether a wake by the scheduler is due to its having yielded.
    #[inline]
    pub(crate) fn is_woken_for_yielding(&self) -> bool {
        let owed = self.yielded.load(Ordering::Relaxed) != Yield::NONE;
        if owed {
            self.yielded.store(Yield::PAID, Ordering::Relaxed);
        }
        owed
    }

    /// Remembers that it woke itself: outside of a scheduler yielding does that at once.
    pub(crate) fn wakes_itself(&self) {
        self.yielded.store(Yield::NONE, Ordering::Relaxed);
    }

    /// Remembers who aborts it.
    pub(crate) fn abort(&self) {
        let by = context::with_lane(|lane| lane.map_or(OUTSIDE, |lane| lane.id.0));
        let _ = self.wakers.rare_or_new().aborted.compare_exchange(
            NOBODY,
            by,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
    }

    /// Who awaits its join handle.
    #[inline]
    pub(crate) fn joiner(&self) -> Option<LaneId> {
        let joiner = self.joiner.load(Ordering::Acquire);
        (joiner != NOBODY).then_some(LaneId(joiner))
    }

    /// Remembers who awaits its join handle.
    #[inline]
    pub(crate) fn set_joiner(&self, joiner: Option<LaneId>) {
        let joiner = joiner.map_or(NOBODY, |lane| lane.0);
        self.joiner.store(joiner, Ordering::Release);
    }

    /// Who awaits the next end of a task of its set: the first one to end wakes it.
    fn joiner_of_set(&self) -> Option<LaneId> {
        let set = self.wakers.rare()?.set.get()?;
        let joiner = set.swap(NOBODY, Ordering::AcqRel);
        (joiner != NOBODY).then_some(LaneId(joiner))
    }

    /// Returns the reason if it is dropped now; `borrows` is `true` if its future is not dropped with it.
    pub(crate) fn why_dropped(&self, borrows: bool) -> Cancel {
        if let Some(rare) = self.wakers.rare()
            && let Some(why) = rare.why_dropped(borrows)
        {
            return why;
        }
        if let Some(why) = context::scope().cancel {
            return why;
        }
        if self.probe.closing.load(Ordering::Relaxed) {
            return Cancel::Shutdown;
        }
        Cancel::Dropped
    }

    /// Tells the thread that tokio is about to wake whoever joins this task, which has ended.
    pub(crate) fn announce_end(&self) {
        let joiner = self.joiner().or_else(|| self.joiner_of_set());
        if joiner.is_none() && self.has_handle() {
            return;
        }
        context::set_finished(Some(context::Finished {
            lane: self.id,
            joiner,
            within: task::try_id(),
        }));
    }
}

impl Rare {
    /// Why the lane is dropped, as far as this tells.
    fn why_dropped(&self, borrows: bool) -> Option<Cancel> {
        let by = match self.aborted.load(Ordering::Relaxed) {
            NOBODY => {
                let group = self.group.as_ref()?;
                let is_decided = group.decided.load(Ordering::Relaxed);
                let why = if borrows { Cancel::Left } else { group.why };
                return is_decided.then_some(why);
            }
            OUTSIDE => None,
            by => Some(LaneId(by)),
        };
        Some(Cancel::Aborted { by })
    }
}

impl Group {
    pub(crate) fn new(why: Cancel) -> Arc<Self> {
        Arc::new(Self {
            decided: AtomicBool::new(false),
            why,
        })
    }

    pub(crate) fn decide(&self) {
        self.decided.store(true, Ordering::Relaxed);
    }
}
