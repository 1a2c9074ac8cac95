//! The waker that a lane's future is polled with: it passes every call on, and records who called.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Wake, Waker};

use super::context;
use super::lane::Lane;
use crate::event::{self, EventKind};

/// Wraps exactly the waker that a poll was given.
///
/// The lane's future holds it weakly between polls: when this is dropped, nobody has a waker any more.
#[derive(Debug)]
pub(crate) struct WakeCell {
    lane: Arc<Lane>,
    inner: Waker,
}

impl WakeCell {
    pub(crate) fn new(lane: &Arc<Lane>, inner: &Waker) -> Arc<Self> {
        lane.wakers.fetch_add(1, Ordering::Relaxed);
        Arc::new(Self {
            lane: Arc::clone(lane),
            inner: inner.clone(),
        })
    }

    pub(crate) fn wraps(&self, waker: &Waker) -> bool {
        self.inner.will_wake(waker)
    }

    fn record(&self) -> event::Waker {
        let by = context::waking().unwrap_or_else(|| self.caller());
        if !self.lane.over.load(Ordering::Acquire) {
            self.lane.woken.store(true, Ordering::Release);
            self.lane.record(EventKind::Woken {
                lane: self.lane.id,
                by,
            });
            if let Some(gate) = self.lane.probe.recorder.gate() {
                gate.woken();
            }
        }
        by
    }

    /// Who calls this waker.
    fn caller(&self) -> event::Waker {
        if let Some(current) = context::lane() {
            return match current.id {
                _ if !current.is_of_same_session(&self.lane) => event::Waker::Thread,
                id if id == self.lane.id => {
                    self.lane.wakes_itself();
                    event::Waker::Itself
                }
                id => event::Waker::Lane(id),
            };
        }
        if let Some(finished) = context::take_finished(self.lane.id) {
            return event::Waker::Lane(finished);
        }
        if self.lane.is_woken_for_yielding() {
            return event::Waker::Itself;
        }
        if tokio::runtime::Handle::try_current().is_ok() {
            return event::Waker::Driver;
        }
        event::Waker::Thread
    }
}

impl Wake for WakeCell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let by = self.record();
        let _passed_on = context::enter_waking(by);
        self.inner.wake_by_ref();
    }
}

impl Drop for WakeCell {
    fn drop(&mut self) {
        let was_last = self.lane.wakers.fetch_sub(1, Ordering::AcqRel) == 1;
        if was_last
            && self.lane.waits.load(Ordering::Acquire)
            && !self.lane.woken.load(Ordering::Acquire)
        {
            self.lane
                .record(EventKind::Unwakeable { lane: self.lane.id });
        }
    }
}
