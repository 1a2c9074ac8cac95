//! Counts polls, so that what a tool recorded can be compared with what there was to record.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

static POLLS: AtomicU64 = AtomicU64::new(0);
static TASKS: AtomicU64 = AtomicU64::new(0);

pin_project! {
    /// A task's future that counts its polls.
    pub struct Counted<F> {
        #[pin]
        future: F,
        polls: Polls,
    }
}

/// A task's polls, added up when it ends: a counter that all tasks share would cost more than a nanosecond.
struct Polls(u64);

impl Drop for Polls {
    fn drop(&mut self) {
        POLLS.fetch_add(self.0, Ordering::Relaxed);
        TASKS.fetch_add(1, Ordering::Relaxed);
    }
}

impl<F> Counted<F> {
    pub fn new(future: F) -> Self {
        Self {
            future,
            polls: Polls(0),
        }
    }
}

impl<F: Future> Future for Counted<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.polls.0 += 1;
        this.future.poll(cx)
    }
}

/// How often counted tasks were polled.
pub fn polls() -> u64 {
    POLLS.load(Ordering::Relaxed)
}

/// How many counted tasks have ended.
#[allow(dead_code, reason = "not every tool records tasks")]
pub fn tasks() -> u64 {
    TASKS.load(Ordering::Relaxed)
}
