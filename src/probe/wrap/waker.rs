//! The waker that a lane's future is polled with: it passes every call on, and records who called.
//!
//! The lane itself is what the waker points to, so that a task has one allocation for its life, a poll makes no waker,
//! and [`Waker::will_wake`] says of any two wakers of a lane that they are the same. `std::task::Wake` knows of no call
//! for a waker that is cloned or dropped; a [`RawWaker`] does, and so tells when the last one is gone.
#![allow(
    unsafe_code,
    reason = "a waker that is told of its clones cannot be made otherwise; it is confined to this file"
)]

use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::sync::atomic::{Ordering, fence};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::task::{RawWaker, RawWakerVTable, Waker};

use super::context::{self, Caller};
use super::lane::Lane;
use super::wakers::{CLONE, FUTURE, Wakers, Within};
use crate::event::{self, EventKind, What};
use crate::probe::record::cursor::When;

static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

/// A waker that is not counted, for as long as a poll.
pub(crate) struct Borrowed<'a> {
    waker: ManuallyDrop<Waker>,
    _lane: &'a Lane,
}

impl Deref for Borrowed<'_> {
    type Target = Waker;

    fn deref(&self) -> &Waker {
        &self.waker
    }
}

/// The lane behind a waker.
///
/// # Safety
///
/// `data` is what [`borrow`] made of a lane that is still there: while its future is polled, or while a clone is about.
unsafe fn lane<'a>(data: *const ()) -> &'a Lane {
    // SAFETY: as this function's.
    unsafe { &*data.cast::<Lane>() }
}

/// The lane's waker for a poll.
#[inline]
pub(crate) fn borrow(lane: &Arc<Lane>) -> Borrowed<'_> {
    let raw = RawWaker::new(Arc::as_ptr(lane).cast(), &TABLE);
    Borrowed {
        // SAFETY: the table's functions may be called from any thread, since a lane is `Send` and `Sync`; the lane is
        // there as long as the waker is: it is borrowed, and what is cloned of it is counted.
        waker: ManuallyDrop::new(unsafe { Waker::from_raw(raw) }),
        _lane: lane,
    }
}

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: the waker that is cloned is there, and so is its lane.
    let lane = unsafe { lane(data) };
    // SAFETY: it is called for a waker of the lane.
    unsafe { lane.wakers.count_clone() };
    RawWaker::new(data, &TABLE)
}

unsafe fn wake(data: *const ()) {
    // SAFETY: the waker is there until the second of the two, which is told once of each clone.
    unsafe {
        wake_by_ref(data);
        drop_waker(data);
    }
}

unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: the waker that is called is there, and so is its lane.
    unsafe { lane(data).wake() }
}

unsafe fn drop_waker(data: *const ()) {
    let arc = data.cast::<Lane>();
    // SAFETY: the waker that is dropped is counted, and keeps the lane, until `release_waker` says otherwise.
    let lane = unsafe { lane(data) };
    let keeps_later = lane.wakers.first.get().is_none();
    if keeps_later {
        // SAFETY: the pointer is that of an `Arc`, as all of wakers are.
        unsafe { Arc::increment_strong_count(arc) };
    }
    if lane.release_waker() {
        fence(Ordering::Acquire);
        // SAFETY: the lane's future is gone, and left an `Arc` to the clones; this was the last of them.
        drop(unsafe { Arc::from_raw(arc) });
    }
    if keeps_later {
        // SAFETY: it was counted a few lines above.
        let lane = unsafe { Arc::from_raw(arc) };
        lane.wakers.let_go();
    }
}

impl Wakers {
    /// Takes note of the waker that a poll was given.
    #[inline]
    pub(crate) fn set(&self, waker: &Waker) {
        match self.first.get() {
            Some(first) if are_same(first, waker) && !self.has_later() => {}
            Some(_) => self.set_later(waker),
            None => {
                let polling = std::ptr::from_ref(waker).cast_mut();
                self.polling.store(polling, Ordering::Relaxed);
                let is_nested = context::is_in_lane();
                self.polling_nested.store(is_nested, Ordering::Relaxed);
                if self.has_later() {
                    self.set_later(waker);
                }
            }
        }
    }

    /// The waker that the lane is polled with just now.
    ///
    /// # Safety
    ///
    /// The caller has a waker of this lane, and none is kept.
    unsafe fn polling(&self) -> &Waker {
        // SAFETY: a waker that is no clone lives within a poll, which has set this and still has what it points to.
        unsafe { &*self.polling.load(Ordering::Relaxed) }
    }

    /// Counts a clone of the lane's waker, and keeps the one that the lane is polled with, unless one is kept.
    ///
    /// # Safety
    ///
    /// The caller has a waker of this lane.
    unsafe fn count_clone(&self) {
        if self.first.get().is_some() {
            self.holders.fetch_add(CLONE, Ordering::Relaxed);
            return;
        }
        let is_nested = self.polling_nested.load(Ordering::Relaxed);
        // SAFETY: none is kept, and the rest is this function's.
        let keep = || unsafe { self.polling() }.clone();
        if is_nested || self.has_later() {
            // Under the lock, so that `let_go` sees either both or none.
            let mut later = self.later();
            later.get_or_insert_with(|| Within {
                waker: keep(),
                is_nested,
            });
            self.has_later.store(true, Ordering::Release);
            self.holders.fetch_add(CLONE, Ordering::Relaxed);
        } else {
            self.first.get_or_init(keep);
            self.holders.fetch_add(CLONE, Ordering::Relaxed);
        }
    }

    /// Lets go of the waker that is kept, where nobody can call it any more.
    fn let_go(&self) {
        let mut later = self.later();
        if self.has_no_clones() {
            self.has_later.store(false, Ordering::Release);
            let gone = later.take();
            drop(later);
            // Not under the lock: it may be the last waker of the lane round this one.
            drop(gone);
        }
    }

    fn later(&self) -> MutexGuard<'_, Option<Within>> {
        let later = &self.rare_or_new().later;
        later.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cold]
    fn set_later(&self, waker: &Waker) {
        let mut later = self.later();
        let is_known = match &*later {
            Some(later) => are_same(&later.waker, waker),
            // It was let go of just now.
            None => self.first.get().is_none(),
        };
        if !is_known {
            let before = later.replace(Within {
                waker: waker.clone(),
                is_nested: context::is_in_lane(),
            });
            self.has_later.store(true, Ordering::Release);
            drop(later);
            drop(before);
        }
    }

    #[inline]
    fn has_later(&self) -> bool {
        self.has_later.load(Ordering::Acquire)
    }

    /// Whether nobody has a waker of the lane.
    #[inline]
    pub(crate) fn has_no_clones(&self) -> bool {
        self.holders.load(Ordering::Acquire) < CLONE
    }

    /// # Safety
    ///
    /// The caller has a waker of this lane.
    unsafe fn call(&self, by: event::Waker) {
        if self.has_later() {
            // Not called under the lock: whoever is woken may poll the lane at once.
            let later = self.later().clone();
            if let Some(kept) = later {
                return call(&kept.waker, kept.is_nested, by);
            }
        }
        if let Some(first) = self.first.get() {
            first.wake_by_ref();
        } else {
            let is_nested = self.polling_nested.load(Ordering::Relaxed);
            // SAFETY: as this function's.
            call(unsafe { self.polling() }, is_nested, by);
        }
    }
}

/// Whether two wakers do the same. A table of functions may stand in memory more than once, so that
/// [`Waker::will_wake`] takes a waker and its clone for different ones.
#[inline]
fn are_same(one: &Waker, other: &Waker) -> bool {
    let have_one_table = std::ptr::eq(one.vtable(), other.vtable());
    one.data() == other.data() && (have_one_table || one.vtable() == other.vtable())
}

/// Passes a call on.
#[inline]
fn call(waker: &Waker, is_nested: bool, by: event::Waker) {
    if is_nested {
        let _passed_on = context::enter_waking(by);
        waker.wake_by_ref();
    } else {
        waker.wake_by_ref();
    }
}

/// Leaves the lane to the clones of its waker, where there are any: its future is over.
#[inline]
pub(crate) fn leave_to_clones(lane: &Arc<Lane>) {
    let holders = &lane.wakers.holders;
    match holders.load(Ordering::Acquire) {
        // Without clones there is nobody to clone one from.
        0 | FUTURE => holders.store(0, Ordering::Relaxed),
        count if count % CLONE == FUTURE => {
            let left = Arc::into_raw(Arc::clone(lane));
            if holders.fetch_sub(FUTURE, Ordering::AcqRel) == FUTURE {
                // SAFETY: it was made two lines above, and no clone was left to take it.
                drop(unsafe { Arc::from_raw(left) });
            }
        }
        _ => {}
    }
}

impl Lane {
    /// # Safety
    ///
    /// The caller has a waker of this lane.
    #[inline]
    unsafe fn wake(&self) {
        let is_by_driver =
            context::is_idle() && self.yielded_nothing() && context::knows_all_tasks(&self.probe);
        let by = if is_by_driver {
            self.is_woken(event::Waker::Driver, When::Between);
            event::Waker::Driver
        } else {
            self.is_woken_by_whom()
        };
        // SAFETY: as this function's.
        unsafe { self.wakers.call(by) }
    }

    /// Finds out who calls its waker, and records it.
    #[inline(never)]
    fn is_woken_by_whom(&self) -> event::Waker {
        let (by, when) = match context::caller(self) {
            Caller::Known(by) => (by, When::Now),
            Caller::Ended(by) => (event::Waker::Lane(by), When::AtLast),
            Caller::Itself => {
                self.wakes_itself();
                // It is ready since it yielded.
                (event::Waker::Itself, When::AtLast)
            }
            // When the scheduler comes to say so does not matter.
            Caller::Runtime if self.is_woken_for_yielding() => (event::Waker::Itself, When::AtLast),
            Caller::Runtime => (event::Waker::Driver, When::Now),
            Caller::Unknown => self.who(),
        };
        self.is_woken(by, when);
        by
    }

    /// Records that it is woken.
    #[inline]
    fn is_woken(&self, by: event::Waker, when: When) {
        if self.is_over() {
            return;
        }
        self.woken.store(true, Ordering::Release);
        let recorder = &self.probe.recorder;
        recorder.record_step(when, self.step(What::Woken(by)));
        if let Some(gate) = recorder.gate() {
            gate.woken();
        }
    }

    /// Who calls its waker on a thread of which nothing is known.
    #[cold]
    fn who(&self) -> (event::Waker, When) {
        let is_in_runtime = tokio::runtime::Handle::try_current().is_ok();
        if self.is_woken_for_yielding() {
            (event::Waker::Itself, When::AtLast)
        } else if is_in_runtime {
            (event::Waker::Driver, When::Now)
        } else {
            (event::Waker::Thread, When::Now)
        }
    }

    /// Counts a clone of the waker off. True where the clones' `Arc` is to be dropped.
    fn release_waker(&self) -> bool {
        let holders = &self.wakers.holders;
        let mut count = holders.load(Ordering::Acquire);
        loop {
            // Before it is counted off: from then on nothing keeps the lane for this caller.
            if count == CLONE + FUTURE {
                self.has_lost_its_wakers();
            }
            let less = count - CLONE;
            match holders.compare_exchange_weak(count, less, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return less == 0,
                Err(now) => count = now,
            }
        }
    }

    /// Records that nothing can wake it, where it waits.
    #[inline]
    pub(crate) fn has_lost_its_wakers(&self) {
        if self.waits.load(Ordering::Acquire)
            && !self.woken.load(Ordering::Acquire)
            && self.waits.swap(false, Ordering::AcqRel)
        {
            self.is_unwakeable();
        }
    }

    #[cold]
    #[inline(never)]
    fn is_unwakeable(&self) {
        self.record(EventKind::Unwakeable { lane: self.id });
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::{Mutex, Weak};
    use std::task::Poll;

    use super::*;
    use crate::event::Event;
    use crate::{Executor, TaskExt};

    /// What a lane records while `run` has wakers of it, and whether the lane is gone when all is over.
    fn recorded(run: impl FnOnce(Vec<Waker>)) -> (Vec<Event>, Weak<Lane>) {
        let (executor, mut collector) = Executor::builder().record().expect("a runtime");
        let entered = executor.enter();
        let mut wakers = Vec::new();
        let mut known = Weak::new();
        {
            let mut future = std::pin::pin!(
                poll_fn(|cx| {
                    wakers = vec![cx.waker().clone(), cx.waker().clone()];
                    known = context::lane()
                        .as_ref()
                        .map(Arc::downgrade)
                        .unwrap_or_default();
                    assert!(wakers.iter().all(|waker| waker.will_wake(cx.waker())));
                    Poll::<()>::Pending
                })
                .lane("waits")
            );
            let mut cx = std::task::Context::from_waker(Waker::noop());
            assert!(future.as_mut().poll(&mut cx).is_pending());
        }
        run(wakers);
        drop(entered);
        (collector.drain(), known)
    }

    #[test]
    fn who_waits_for_a_branch_that_nobody_can_wake_cannot_be_woken_either() {
        let (executor, mut collector) = Executor::builder().record().expect("a runtime");
        let kept = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&kept);
        executor.block_on(async move {
            crate::spawn(async move {
                let waits = poll_fn(move |cx| {
                    keep.lock().expect("whole").push(cx.waker().clone());
                    Poll::<()>::Pending
                });
                crate::join!(waits)
            });
            crate::yield_now().await;
        });
        let lost = |collector: &mut crate::Collector| {
            let events = collector.drain();
            let lost = |event: &&Event| matches!(event.kind, EventKind::Unwakeable { .. });
            events.iter().filter(lost).count()
        };
        assert_eq!(lost(&mut collector), 0);
        let mut wakers = std::mem::take(&mut *kept.lock().expect("whole"));
        wakers.push(wakers[0].clone());
        wakers.pop();
        assert_eq!(lost(&mut collector), 0);
        drop(wakers);
        assert_eq!(lost(&mut collector), 2, "the branch, and its task");
    }

    #[test]
    fn branches_are_polled_while_their_wakers_come_and_go_elsewhere() {
        let builder = Executor::builder().worker_threads(2);
        let (executor, collector) = builder.record().expect("a runtime");
        let (sender, receiver) = std::sync::mpsc::channel::<Waker>();
        let other = std::thread::spawn(move || {
            for waker in receiver {
                let more = waker.clone();
                waker.wake_by_ref();
                drop(waker);
                more.wake();
            }
        });
        let branch = |mut polls: u32| {
            let sender = sender.clone();
            poll_fn(move |cx| {
                polls -= 1;
                if polls == 0 {
                    return Poll::Ready(());
                }
                sender.send(cx.waker().clone()).expect("it listens");
                Poll::Pending
            })
        };
        let all = executor.block_on(async {
            let both = async { crate::join!(branch(20_000), branch(20_000)) };
            tokio::time::timeout(std::time::Duration::from_secs(60), both).await
        });
        assert!(all.is_ok(), "a wake was lost");
        drop((sender, executor, collector));
        other.join().expect("it ends");
    }

    #[test]
    fn wakers_keep_their_lane_after_its_future_is_gone() {
        let mut alive = None;
        let (_, lane) = recorded(|wakers| {
            let other = std::thread::spawn(move || {
                wakers.iter().for_each(Waker::wake_by_ref);
                let more = wakers[0].clone();
                drop(wakers);
                more.wake();
            });
            alive = Some(other.join().is_ok());
        });
        assert_eq!(alive, Some(true));
        assert_eq!(lane.strong_count(), 0, "the last waker let go of it");
    }
}
