//! The lane that a thread polls just now, borrowed from whoever polls it: a poll neither counts nor moves an `Arc`.
#![allow(
    unsafe_code,
    reason = "a thread's variable cannot borrow from the stack otherwise; it is confined to this file"
)]

use std::cell::Cell;
use std::ptr::null;
use std::sync::Arc;

use super::lane::Lane;

/// The lane that is being polled; null where none is. What it points to is in an `Arc` that outlives its being here.
#[derive(Debug)]
pub(crate) struct Current(Cell<*const Lane>);

/// What was the current lane before: to be put back while the lane that took its place is still there.
#[derive(Debug)]
pub(crate) struct Before(*const Lane);

impl Before {
    pub(crate) const NOTHING: Self = Self(null());

    pub(crate) fn is_lane(&self) -> bool {
        !self.0.is_null()
    }
}

impl Current {
    pub(crate) const fn none() -> Self {
        Self(Cell::new(null()))
    }

    /// Makes this the current lane.
    ///
    /// # Safety
    ///
    /// What was [before](Self::before) is [put back](Self::put_back) before `lane` is dropped.
    #[inline]
    pub(crate) unsafe fn set(&self, lane: &Arc<Lane>) {
        self.0.set(Arc::as_ptr(lane));
    }

    /// What is current, to be put back.
    #[inline]
    pub(crate) fn before(&self) -> Before {
        Before(self.0.get())
    }

    #[inline]
    pub(crate) fn put_back(&self, before: &Before) {
        self.0.set(before.0);
    }

    #[inline]
    pub(crate) fn is_none(&self) -> bool {
        self.0.get().is_null()
    }

    /// Looks at the current lane. It is there at least until `look` is done: it is polled further up the stack.
    #[inline]
    pub(crate) fn with<R>(&self, look: impl FnOnce(Option<&Lane>) -> R) -> R {
        // SAFETY: it is null, or a lane that is there, as `set` asks.
        look(unsafe { self.0.get().as_ref() })
    }

    /// The current lane, to be kept.
    pub(crate) fn get(&self) -> Option<Arc<Lane>> {
        let lane = self.0.get();
        if lane.is_null() {
            return None;
        }
        // SAFETY: it is that of an `Arc`, which is there, as `set` asks.
        unsafe {
            Arc::increment_strong_count(lane);
            Some(Arc::from_raw(lane))
        }
    }
}
