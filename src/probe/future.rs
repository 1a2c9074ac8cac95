//! The wrapper future: every poll of a lane goes through it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::OFF;
use super::context::{self, Scope, Within};
use super::lane::Lane;
use super::record::Words;
use super::waker;
use crate::event::{EventKind, Polled};

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
        // The same, to be lent to the thread's scope while it is polled.
        lent: Option<Arc<Lane>>,
    }

    impl<F> PinnedDrop for Observed<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let Some(lane) = this.lane.take() else { return };
            if lane.over.load(Ordering::Acquire) {
                return;
            }
            let why = lane.why_dropped();
            let outermost = !context::is_in_lane();
            let scope = context::enter(Scope {
                lane: this.lent.take(),
                cancel: Some(why),
                ..Scope::default()
            });
            lane.waits.store(false, Ordering::Release);
            this.inner.set(None);
            drop(scope);
            lane.record(EventKind::Cancelled { lane: lane.id, why });
            lane.ends();
            if outermost {
                lane.announce_end();
            }
        }
    }
}

impl<F: Future> Observed<F> {
    pub(crate) fn new(inner: F, lane: Option<Arc<Lane>>) -> Self {
        Self {
            inner: Some(inner),
            lent: lane.clone(),
            lane,
        }
    }

    pub(crate) fn set_lane(self: Pin<&mut Self>, lane: Arc<Lane>) {
        let this = self.project();
        *this.lent = Some(Arc::clone(&lane));
        *this.lane = Some(lane);
    }
}

impl<F: Future> Future for Observed<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if OFF {
            return poll_inner(this.inner.as_mut(), cx);
        }
        let (Some(lane), Some(lent)) = (&*this.lane, this.lent.take()) else {
            return poll_inner(this.inner.as_mut(), cx);
        };
        if let Some(gate) = lane.probe.recorder.gate()
            && !context::is_in_lane()
        {
            gate.pass(lane.id, lane.probe.recorder.now());
        }
        lane.wakers.set(cx.waker());
        let poll = OnePoll::start(lane, lent);
        let waker = waker::borrow(lane);
        let result = poll_inner(this.inner.as_mut(), &mut Context::from_waker(&waker));
        if result.is_ready() {
            // Dropped here, where what it wakes is known to be woken by it.
            this.inner.set(None);
        }
        *this.lent = poll.end(if result.is_ready() {
            Polled::Completed
        } else {
            Polled::Pending
        });
        result
    }
}

#[inline]
fn poll_inner<F: Future>(inner: Pin<&mut Option<F>>, cx: &mut Context<'_>) -> Poll<F::Output> {
    let inner = inner.as_pin_mut();
    inner
        .expect("a future is not polled after it is ready")
        .poll(cx)
}

/// A poll, from its start to its end, however it ends.
struct OnePoll {
    within: Within,
    is_over: bool,
}

impl OnePoll {
    #[inline]
    fn start(lane: &Lane, lent: Arc<Lane>) -> Self {
        lane.resumes();
        let within = context::begin_poll(lent);
        let recorder = &lane.probe.recorder;
        let words = Words::started(lane.id);
        let event = || EventKind::PollStarted { lane: lane.id };
        if within.is_scheduler && lane.probe.knows_all_tasks() {
            recorder.record_between(words, event);
        } else {
            recorder.record_words(words, event);
        }
        Self {
            within,
            is_over: false,
        }
    }

    /// Ends it; gives back the lane.
    #[inline]
    fn end(mut self, result: Polled) -> Option<Arc<Lane>> {
        self.finish(result)
    }

    #[inline]
    fn finish(&mut self, result: Polled) -> Option<Arc<Lane>> {
        self.is_over = true;
        let outermost = !self.within.is_lane;
        let lane = context::end_poll(&self.within)?;
        let recorder = &lane.probe.recorder;
        if outermost && let Some(gate) = recorder.gate() {
            gate.polled(recorder.now());
        }
        recorder.record_words(Words::ended(lane.id, result), || EventKind::PollEnded {
            lane: lane.id,
            result,
        });
        if result == Polled::Pending {
            if !tokio::task::coop::has_budget_remaining() {
                lane.yields();
            }
            lane.waits.store(true, Ordering::Release);
            if lane.wakers.has_no_clones() {
                lane.has_lost_its_wakers();
            }
        } else {
            lane.ends();
            if outermost {
                lane.announce_end();
            }
        }
        Some(lane)
    }
}

impl Drop for OnePoll {
    fn drop(&mut self) {
        // Only a panic comes here before the end.
        if !self.is_over {
            self.finish(Polled::Panicked);
        }
    }
}
