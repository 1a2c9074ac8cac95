//! The wrapper future: every poll of a lane goes through it.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;

use super::context::{self, Scope};
use super::lane::Lane;
use super::waker::WakeCell;
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
        waker: Weak<WakeCell>,
    }

    impl<F> PinnedDrop for Observed<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let Some(lane) = this.lane.take() else { return };
            if lane.over.load(Ordering::Acquire) {
                return;
            }
            let why = lane.why_dropped();
            let outermost = context::lane().is_none();
            let scope = context::enter(Scope {
                lane: Some(Arc::clone(&lane)),
                cancel: Some(why),
                ..Scope::default()
            });
            lane.waits.store(false, Ordering::Release);
            this.inner.set(None);
            drop(scope);
            lane.over.store(true, Ordering::Release);
            lane.record(EventKind::Cancelled { lane: lane.id, why });
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
            lane,
            waker: Weak::new(),
        }
    }

    pub(crate) fn set_lane(self: Pin<&mut Self>, lane: Arc<Lane>) {
        *self.project().lane = Some(lane);
    }
}

impl<F: Future> Future for Observed<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let Some(lane) = &*this.lane else {
            return poll_inner(this.inner.as_mut(), cx);
        };
        if let (Some(gate), None) = (lane.probe.recorder.gate(), context::lane()) {
            gate.pass(lane.id, lane.probe.recorder.clock().now());
        }
        let cell = match this.waker.upgrade() {
            Some(cell) if cell.wraps(cx.waker()) => cell,
            _ => WakeCell::new(lane, cx.waker()),
        };
        *this.waker = Arc::downgrade(&cell);
        let waker = Waker::from(cell);

        let mut poll = OnePoll::start(lane);
        let result = poll_inner(this.inner.as_mut(), &mut Context::from_waker(&waker));
        if result.is_ready() {
            // Dropped here, where what it wakes is known to be woken by it.
            this.inner.set(None);
        }
        poll.result = match result {
            Poll::Ready(_) => Polled::Completed,
            Poll::Pending => Polled::Pending,
        };
        drop(poll);
        result
    }
}

fn poll_inner<F: Future>(inner: Pin<&mut Option<F>>, cx: &mut Context<'_>) -> Poll<F::Output> {
    let inner = inner.as_pin_mut();
    inner
        .expect("a future is not polled after it is ready")
        .poll(cx)
}

/// A poll, from its start to its end, however it ends.
struct OnePoll<'a> {
    lane: &'a Arc<Lane>,
    scope: Option<context::Restore<Scope>>,
    /// What a panic leaves it at.
    result: Polled,
}

impl<'a> OnePoll<'a> {
    fn start(lane: &'a Arc<Lane>) -> Self {
        context::set_finished(None);
        lane.resumes();
        lane.record(EventKind::PollStarted { lane: lane.id });
        Self {
            lane,
            scope: Some(context::enter(Scope {
                lane: Some(Arc::clone(lane)),
                ..Scope::default()
            })),
            result: Polled::Panicked,
        }
    }
}

impl Drop for OnePoll<'_> {
    fn drop(&mut self) {
        drop(self.scope.take());
        let lane = self.lane;
        if let (Some(gate), None) = (lane.probe.recorder.gate(), context::lane()) {
            gate.polled(lane.probe.recorder.clock().now());
        }
        lane.record(EventKind::PollEnded {
            lane: lane.id,
            result: self.result,
        });
        if self.result == Polled::Pending {
            if !tokio::task::coop::has_budget_remaining() {
                lane.yields();
            }
            lane.waits.store(true, Ordering::Release);
        } else {
            lane.over.store(true, Ordering::Release);
            if context::lane().is_none() {
                lane.announce_end();
            }
        }
    }
}
