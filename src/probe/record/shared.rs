//! What a thread and the thread that takes its events both know of its buffer.

use std::sync::atomic::{AtomicU64, Ordering, fence};

use super::progress::Progress;
use crate::event::ThreadId;

/// What a thread and the collector both know of the thread's buffer.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) thread: ThreadId,
    /// The thread's [`Progress`].
    progress: AtomicU64,
    lost: AtomicU64,
}

impl Shared {
    /// Returns the state of a thread that has written nothing yet.
    pub(crate) fn new(thread: ThreadId) -> Self {
        Self {
            thread,
            progress: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        }
    }

    /// Counts an event as lost.
    pub(crate) fn lose(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    /// Tells how far the thread is. While it is writing, the collector knows that an event may come that is older than
    /// now.
    #[inline]
    pub(crate) fn tell(&self, progress: Progress) {
        self.progress.store(progress.bits(), Ordering::Release);
    }

    /// How far the thread is. If it is writing, it may be about to write an event that is older than now.
    pub(crate) fn progress(&self) -> Progress {
        /// It takes a thread some nanoseconds to write, unless it is interrupted.
        const TRIES: usize = 64;
        let load = || Progress::from_bits(self.progress.load(Ordering::Acquire));
        fence(Ordering::SeqCst);
        let mut progress = load();
        for _ in 0..TRIES {
            if !progress.is_writing() {
                break;
            }
            std::hint::spin_loop();
            progress = load();
        }
        progress
    }

    /// What the thread has lost, where it has not told of it itself.
    pub(crate) fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }

    pub(crate) fn has_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed) > 0
    }
}
