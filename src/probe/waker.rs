//! The waker that a lane's future is polled with: it passes every call on, and records who called.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::task::Waker;

use crossbeam_utils::atomic::AtomicCell;
use futures_task::ArcWake;

use super::context;
use super::lane::Lane;
use crate::event::{self, EventKind};

/// Wraps exactly the waker that a poll was given.
///
/// The lane's future holds it weakly while it waits: when this is dropped then, nobody has a waker any more.
#[derive(Debug)]
pub(crate) struct WakeCell {
    lane: Arc<Lane>,
    inner: Waker,
    /// Whether the waker within may be one of ours, to which the caller is passed on.
    nested: bool,
}

/// A lane's waker from one poll to the next. There is one for the lane's life, as long as it is polled with the same one.
#[derive(Debug, Default)]
pub(crate) struct Wakers {
    known: Weak<WakeCell>,
    /// Held only where a wake has come already, so that nobody need be missed.
    held: Option<Arc<WakeCell>>,
}

/// A waker that was called, and would be dropped by that.
#[derive(Default)]
pub(crate) struct Kept(AtomicCell<Option<Arc<WakeCell>>>);

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

impl Wakers {
    /// The waker for a poll that was given `inner`.
    #[inline]
    pub(crate) fn take(&mut self, lane: &Arc<Lane>, inner: &Waker) -> Arc<WakeCell> {
        let kept = self.held.take().or_else(|| lane.kept.0.take());
        match kept.or_else(|| self.known.upgrade()) {
            Some(cell) if cell.inner.will_wake(inner) => cell,
            _ => self.make(lane, inner),
        }
    }

    #[cold]
    fn make(&mut self, lane: &Arc<Lane>, inner: &Waker) -> Arc<WakeCell> {
        lane.wakers.fetch_add(1, Ordering::Relaxed);
        let cell = Arc::new(WakeCell {
            lane: Arc::clone(lane),
            inner: inner.clone(),
            nested: context::is_in_lane(),
        });
        self.known = Arc::downgrade(&cell);
        cell
    }

    /// Gives a waker back after a poll that ended pending.
    #[inline]
    pub(crate) fn give_back(&mut self, cell: Arc<WakeCell>) {
        if cell.lane.woken.load(Ordering::Acquire) {
            self.held = Some(cell);
        }
    }
}

impl Kept {
    /// Lets go of a lane's waker when the lane is over: the two hold each other.
    pub(crate) fn clear(&self) {
        drop(self.0.take());
    }
}

impl WakeCell {
    fn record(&self) -> event::Waker {
        let by = context::waking().unwrap_or_else(|| self.caller());
        let lane = &*self.lane;
        if !lane.over.load(Ordering::Acquire) {
            lane.woken.store(true, Ordering::Release);
            let event = EventKind::Woken { lane: lane.id, by };
            if by == event::Waker::Itself {
                // It is ready since it yielded; when the scheduler comes to say so does not matter.
                lane.probe.recorder.record_at_last(event);
            } else {
                lane.record(event);
            }
            if let Some(gate) = lane.probe.recorder.gate() {
                gate.woken();
            }
        }
        by
    }

    /// Who calls this waker.
    fn caller(&self) -> event::Waker {
        let lane = &*self.lane;
        let current = context::with_scope(|scope| {
            let current = scope.lane.as_ref()?;
            Some(match current.id {
                _ if !current.is_of_same_session(lane) => event::Waker::Thread,
                id if id == lane.id => event::Waker::Itself,
                id => event::Waker::Lane(id),
            })
        });
        if let Some(current) = current {
            if current == event::Waker::Itself {
                lane.wakes_itself();
            }
            return current;
        }
        if let Some(finished) = context::take_finished(lane.id) {
            return event::Waker::Lane(finished);
        }
        if lane.is_woken_for_yielding() {
            return event::Waker::Itself;
        }
        if tokio::runtime::Handle::try_current().is_ok() {
            return event::Waker::Driver;
        }
        event::Waker::Thread
    }

    fn call(&self) {
        let by = self.record();
        if self.nested {
            let _passed_on = context::enter_waking(by);
            self.inner.wake_by_ref();
        } else {
            self.inner.wake_by_ref();
        }
    }
}

impl ArcWake for WakeCell {
    fn wake(self: Arc<Self>) {
        self.call();
        let lane = Arc::clone(&self.lane);
        drop(lane.kept.0.swap(Some(self)));
        if lane.over.load(Ordering::Acquire) {
            lane.kept.clear();
        }
    }

    fn wake_by_ref(cell: &Arc<Self>) {
        cell.call();
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
