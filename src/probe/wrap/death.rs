//! How a lane ends, and why.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::task;

use super::context;
use super::lane::{Lane, NOBODY, OUTSIDE};
use super::waker;
use super::wakers::Rare;
use crate::event::{Cancel, LaneId};

impl Lane {
    /// Remembers that it is over.
    #[inline]
    pub(crate) fn ends(self: &Arc<Self>) {
        self.over.store(true, Ordering::Release);
        let is_counted = self.is_counted.load(Ordering::Relaxed);
        self.is_counted.store(false, Ordering::Relaxed);
        if is_counted && let Some(tasks) = &self.probe.tasks {
            tasks.known.fetch_sub(1, Ordering::Relaxed);
        }
        waker::leave_to_clones(self);
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
    #[inline]
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
