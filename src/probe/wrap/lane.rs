//! What the probe knows of a lane while it lives.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};

use tokio::runtime::Handle;

use super::probe::Probe;
use super::wakers::{Group, Wakers};
use crate::event::{EventKind, FrameId, LaneId, Step, What};
use crate::probe::record::bounded;

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
    pub(super) yielded: AtomicU8,
    /// Whether its join handle is one that tells who awaits it.
    pub(super) has_handle: AtomicBool,
    /// Whether it is among the tasks that its probe knows of its runtime.
    pub(super) is_counted: AtomicBool,
    /// `true` if its start is recorded. A branch starts when it is first polled, which may be never.
    pub(super) has_started: AtomicBool,
    pub(crate) wakers: Wakers,
    pub(super) frames: AtomicU32,
    /// The lane that awaits its join handle, 0 where none does.
    pub(super) joiner: AtomicU64,
}

/// With what an `Arc` adds, it is not more than the 120 bytes that `malloc` has at hand in lists of their own.
const _: () = assert!(size_of::<Lane>() <= 120 - 16);

/// A task that yields is woken later, by the scheduler, once it has looked at its other tasks and at its driver.
///
/// The wake may come after the task was polled again for another reason, and more than once.
pub(super) struct Yield;

impl Yield {
    /// No wake is owed.
    pub(super) const NONE: u8 = 0;
    /// A wake is owed.
    const OWED: u8 = 1;
    /// It has come; until the next poll, more may come of the same cause.
    const PAID: u8 = 2;
}

/// Nobody: lanes are numbered from 1.
pub(super) const NOBODY: u64 = 0;
/// Somebody outside of all lanes.
pub(super) const OUTSIDE: u64 = u64::MAX;

impl Lane {
    #[inline]
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
    #[inline]
    pub(super) fn joiner_of_set(&self) -> Option<LaneId> {
        let set = self.wakers.rare()?.set.get()?;
        let joiner = set.swap(NOBODY, Ordering::AcqRel);
        (joiner != NOBODY).then_some(LaneId(joiner))
    }
}
