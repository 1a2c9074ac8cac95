//! The wrapper future: every poll of a lane goes through it.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::mem::forget;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;

use super::context::{self, InLane, Scope};
use super::finally::finally;
use super::lane::Lane;
use super::{borrows, spare, spent, waker};
use crate::event::{EventKind, Polled, What};
use crate::probe::record::cursor::{self, When};
use crate::probe::record::off::OFF;

pin_project! {
    /// A future whose polls, wakes and end are recorded in a lane of its own.
    ///
    /// Without a lane it is the future that it wraps, and nothing else.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Observed<F> {
        #[pin]
        inner: Option<F>,
        lane: Option<Arc<Lane>>,
    }

    impl<F> PinnedDrop for Observed<F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let Some(lane) = this.lane.take() {
                drop_with_lane(this.inner, lane);
            }
        }
    }
}

impl<F: Future> Observed<F> {
    pub(crate) fn new(inner: F, lane: Option<Arc<Lane>>) -> Self {
        Self {
            inner: Some(inner),
            lane,
        }
    }

    /// Labels the lane, where there is one: `work.lane("request").label("user", 7)`. A label of the same key is replaced.
    pub fn label(self, key: impl Into<Cow<'static, str>>, value: impl fmt::Display) -> Self {
        if let Some(lane) = &self.lane {
            lane.label(key.into(), &value);
        }
        self
    }
}

impl<F: Future> Future for Observed<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        poll_in_lane(this.inner, this.lane.as_ref(), cx)
    }
}

/// Polls a future in its lane; directly if it has none, or after the lane has ended.
#[inline]
pub(crate) fn poll_in_lane<F: Future>(
    mut inner: Pin<&mut Option<F>>,
    lane: Option<&Arc<Lane>>,
    cx: &mut Context<'_>,
) -> Poll<F::Output> {
    if OFF {
        return poll_inner(inner, cx);
    }
    let Some(lane) = lane.filter(|lane| !lane.is_over()) else {
        return poll_inner(inner, cx);
    };
    let mut poll = OnePoll {
        lane,
        within: begin(lane, cx.waker()),
    };
    let waker = waker::borrow(lane);
    let result = poll_inner(inner.as_mut(), &mut Context::from_waker(&waker));
    if result.is_pending() {
        suspend(&mut poll.within, lane);
        forget(poll);
    } else {
        // Dropped here, so that tasks it wakes are known to be woken by it.
        drop_inner(inner);
        finish(&mut poll.within, lane, Polled::Completed);
        forget(poll);
    }
    result
}

/// Drops a future in its lane, and the lane.
#[inline(never)]
fn drop_with_lane<F>(inner: Pin<&mut Option<F>>, lane: Arc<Lane>) {
    drop_in_lane(inner, Some(&lane));
    spare::keep(lane);
}

/// Drops a future in its lane, and records that it was cancelled, unless it has ended.
pub(crate) fn drop_in_lane<F>(inner: Pin<&mut Option<F>>, lane: Option<&Arc<Lane>>) {
    let Some(lane) = lane.filter(|lane| lane.has_started() && !lane.is_over()) else {
        return;
    };
    let why = lane.why_dropped(borrows::borrows::<F>());
    let outermost = !context::is_in_lane();
    let _end = finally(|| {
        lane.record(EventKind::Cancelled { lane: lane.id, why });
        lane.ends();
        if outermost {
            lane.announce_end();
        }
    });
    let _within = InLane::enter(lane);
    let _scope = context::enter(Scope {
        cancel: Some(why),
        ..Scope::default()
    });
    lane.waits.store(false, Ordering::Release);
    drop_inner(inner);
}

/// Drops a future in place. It is a function of its own because a build without optimizations reserves stack space for
/// a whole `Option<F>` here, which must not exist while the future is polled.
pub(crate) fn drop_inner<F>(mut inner: Pin<&mut Option<F>>) {
    inner.set(None);
}

#[inline]
fn poll_inner<F: Future>(inner: Pin<&mut Option<F>>, cx: &mut Context<'_>) -> Poll<F::Output> {
    let inner = inner.as_pin_mut();
    inner
        .expect("a future is not polled after it is ready")
        .poll(cx)
}

/// Begins a poll with this waker.
#[inline(never)]
fn begin<'a>(lane: &'a Arc<Lane>, waker: &Waker) -> InLane<'a> {
    let recorder = &lane.probe.recorder;
    if recorder.gate().is_some() && !context::is_in_lane() {
        pass_gate(lane);
    }
    lane.wakers.set(waker);
    lane.resumes();
    // A root task may be polled by a thread that does not schedule: it sleeps between two polls, and tokio tells nobody.
    let is_scheduled = lane.is_counted() && context::is_in_scheduler();
    let when = if is_scheduled && context::knows_all_tasks(&lane.probe) {
        When::Between
    } else {
        When::Now
    };
    recorder.record_step(when, lane.step(What::Started));
    InLane::enter_from(lane, cursor::last())
}

/// Waits until the gate lets a poll of this lane through.
#[cold]
#[inline(never)]
fn pass_gate(lane: &Lane) {
    let recorder = &lane.probe.recorder;
    if let Some(gate) = recorder.gate() {
        gate.pass(lane.id, recorder.now());
    }
}

/// Tells the gate that a poll has ended.
#[cold]
#[inline(never)]
fn tell_gate(lane: &Lane) {
    let recorder = &lane.probe.recorder;
    if let Some(gate) = recorder.gate() {
        gate.polled(recorder.now());
    }
}

/// Ends a poll. Tells whether it was within no other lane's.
#[expect(
    clippy::inline_always,
    reason = "it has two callers, and both are to be quick"
)]
#[inline(always)]
fn end(within: &mut InLane<'_>, lane: &Lane, result: Polled) -> bool {
    let outermost = !within.is_in_lane();
    let knows_all_tasks = within.is_in_scheduler() && lane.probe.looks_for_unknown_tasks();
    // Another lane may be one of another runtime.
    within.leave_knowing(knows_all_tasks && lane.is_counted());
    let recorder = &lane.probe.recorder;
    if outermost && recorder.gate().is_some() {
        tell_gate(lane);
    }
    recorder.record_step(When::Now, lane.step(What::Ended(result)));
    outermost
}

/// Reads the time that the thread spent, if a reading is due.
#[inline]
fn look_at_time(within: &InLane<'_>, lane: &Lane, outermost: bool) {
    let now = cursor::last();
    // After a loss, neither is known until the next event.
    let is_known = within.began != 0 && now != 0;
    if outermost && is_known && spent::is_due(within.began, now) {
        spent::look(lane, within.began, now);
    }
}

/// In so few ticks no task can use up the budget that tokio gives it for a poll: 128 operations, each of which takes
/// dozens.
const SHORT: u64 = 256;

/// Ends a poll after which the lane waits.
#[inline(never)]
fn suspend(within: &mut InLane<'_>, lane: &Lane) {
    let outermost = end(within, lane, Polled::Pending);
    look_at_time(within, lane, outermost);
    // It takes time to use up a task's budget: where so little has passed, there is no need to ask. None has passed where
    // nothing was recorded in real time.
    let ticks = cursor::last().wrapping_sub(within.began);
    let was_short = outermost && lane.has_handle() && (1..SHORT).contains(&ticks);
    if !was_short && !tokio::task::coop::has_budget_remaining() {
        lane.yields();
    }
    lane.waits.store(true, Ordering::Release);
    if lane.wakers.has_no_clones() {
        lane.has_lost_its_wakers();
    }
}

/// Ends a poll, and the lane with it.
#[inline(never)]
fn finish(within: &mut InLane<'_>, lane: &Arc<Lane>, result: Polled) {
    let outermost = end(within, lane, result);
    look_at_time(within, lane, outermost);
    lane.ends();
    if outermost {
        lane.announce_end();
    }
}

/// A poll, from its start to its end, however it ends.
struct OnePoll<'a> {
    lane: &'a Arc<Lane>,
    within: InLane<'a>,
}

impl Drop for OnePoll<'_> {
    #[inline]
    fn drop(&mut self) {
        // Only a panic comes here: at its end, a poll is forgotten.
        if !self.within.is_left() {
            finish(&mut self.within, self.lane, Polled::Panicked);
        }
    }
}
