//! The wakers that a lane knows, as state: see [`waker`](super::waker) for what is done with them.

use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::Waker;

use crate::event::Cancel;

/// A lane's wakers: those within, which it passes calls on to, and those of its own that are about.
///
/// What every poll and every wake looks at stands together, at the beginning.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Wakers {
    /// Two for each clone of the lane's waker, and one while the lane's future lives.
    ///
    /// While it is odd, the future's `Arc` keeps the lane; from then on, all clones together hold one.
    pub(super) holders: AtomicUsize,
    /// The waker to pass calls on to, kept as soon as the lane's own is cloned: whoever has a clone may call it at any
    /// time. It is set once, where the lane is within no other.
    pub(super) first: OnceLock<Waker>,
    pub(super) has_later: AtomicBool,
    /// Whether the waker that the lane is polled with may be that of a lane round this one.
    pub(super) polling_nested: AtomicBool,
    /// The waker that the lane is polled with. To be looked at only while none is kept: then there is no clone of the
    /// lane's waker, and who has it borrowed it for a poll.
    pub(super) polling: AtomicPtr<Waker>,
    pub(super) rare: OnceLock<Box<Rare>>,
}

/// What few lanes need. Without it, a lane is small enough to be had quickly.
#[derive(Debug, Default)]
pub(crate) struct Rare {
    /// The waker to pass calls on to, where the lane was polled with another one since the first; or where it is within
    /// another lane, whose waker is let go when nobody has this lane's any more, so that the other lane learns of it.
    pub(super) later: Mutex<Option<Within>>,
    /// Who aborted it: see [`Lane::abort`].
    pub(crate) aborted: AtomicU64,
    /// Whether another branch of its `select!` was ready, or its `timeout` elapsed, and which of the two.
    pub(crate) group: Option<Arc<Group>>,
    /// The lane that awaits the next end of a task of the set that this one is in; 0 where none does.
    pub(crate) set: OnceLock<Arc<AtomicU64>>,
}

/// A waker that calls are passed on to.
#[derive(Clone, Debug)]
pub(super) struct Within {
    pub(super) waker: Waker,
    /// Whether it may be one of ours, to which the caller is passed on.
    pub(super) is_nested: bool,
}

pub(super) const FUTURE: usize = 1;
pub(super) const CLONE: usize = 2;

/// What the branches of one `select!` or `timeout` share.
#[derive(Debug)]
pub struct Group {
    pub(crate) decided: AtomicBool,
    pub(crate) why: Cancel,
}

impl Wakers {
    /// Those of a lane that is one of a group, where there is one.
    #[inline]
    pub(crate) fn new(group: Option<Arc<Group>>) -> Self {
        let rare = OnceLock::new();
        if group.is_some() {
            rare.get_or_init(|| {
                Box::new(Rare {
                    group,
                    ..Rare::default()
                })
            });
        }
        Self {
            holders: AtomicUsize::new(FUTURE),
            first: OnceLock::new(),
            has_later: AtomicBool::new(false),
            polling_nested: AtomicBool::new(false),
            polling: AtomicPtr::default(),
            rare,
        }
    }

    /// `true` if nothing that has to be dropped was put here.
    #[inline]
    pub(crate) fn are_new(&self) -> bool {
        self.first.get().is_none() && self.rare.get().is_none()
    }

    /// Makes those of a lane that is over, which are [new](Self::are_new), those of another one.
    #[inline]
    pub(crate) fn renew(&mut self) {
        *self.holders.get_mut() = FUTURE;
        *self.has_later.get_mut() = false;
        *self.polling_nested.get_mut() = false;
    }

    /// What few lanes need, where the lane has it.
    #[inline]
    pub(crate) fn rare(&self) -> Option<&Rare> {
        self.rare.get().map(Box::as_ref)
    }

    pub(crate) fn rare_or_new(&self) -> &Rare {
        self.rare.get_or_init(Box::default)
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
