//! Tasks that a stop of their executor cancels.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio_util::sync::WaitForCancellationFutureOwned;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::event::Cancel;
use crate::probe::wrap::context::{self, Scope};
use crate::probe::wrap::future::Observed;
use crate::probe::wrap::probe::Stop;

/// Returns the scope in which futures are dropped by a shutdown.
pub(crate) fn shutdown_scope() -> Scope {
    Scope {
        cancel: Some(Cancel::Shutdown),
        ..Scope::default()
    }
}

pin_project! {
    /// A task that a stop of its executor cancels.
    ///
    /// It stands outside of the lane: that the token can wake it is no business of the program's.
    pub(crate) struct Stoppable<F> {
        #[pin]
        inner: Option<Observed<F>>,
        #[pin]
        stopped: WaitForCancellationFutureOwned,
        tracked: Option<TaskTrackerToken>,
    }
}

impl<F> Stoppable<F> {
    pub(crate) fn new(inner: Observed<F>, stop: &Stop) -> Self {
        Self {
            inner: Some(inner),
            stopped: stop.token.clone().cancelled_owned(),
            tracked: Some(stop.tracker.token()),
        }
    }
}

impl<F: Future> Future for Stoppable<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let Some(inner) = this.inner.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        if this.stopped.poll(cx).is_ready() {
            let _why = context::enter(shutdown_scope());
            this.inner.set(None);
            // It has no value to give. It stays pending until the runtime drops it, and is not waited for.
            *this.tracked = None;
            return Poll::Pending;
        }
        let result = inner.poll(cx);
        if result.is_ready() {
            *this.tracked = None;
        }
        result
    }
}
