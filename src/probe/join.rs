//! Join handles: tokio's, which also tell who waits for whom and who aborts whom.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::task::{Id, JoinError};

use super::awaiting::Entered;
use super::context;
use super::lane::Lane;
use super::record::A_TASK;
use crate::event::{Awaited, LaneId, Text};

/// As [`tokio::task::JoinHandle`].
pub struct JoinHandle<T> {
    inner: tokio::task::JoinHandle<T>,
    lane: Option<Arc<Lane>>,
    waits: Option<Entered>,
}

impl<T> JoinHandle<T> {
    pub(crate) fn new(inner: tokio::task::JoinHandle<T>, lane: Option<Arc<Lane>>) -> Self {
        Self {
            inner,
            lane,
            waits: None,
        }
    }

    /// As [`tokio::task::JoinHandle::abort`].
    pub fn abort(&self) {
        if let Some(lane) = &self.lane {
            lane.abort();
        }
        self.inner.abort();
    }

    /// As [`tokio::task::JoinHandle::is_finished`].
    pub fn is_finished(&self) -> bool {
        self.inner.is_finished()
    }

    /// As [`tokio::task::JoinHandle::id`].
    pub fn id(&self) -> Id {
        self.inner.id()
    }

    /// As [`tokio::task::JoinHandle::abort_handle`].
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle {
            inner: self.inner.abort_handle(),
            lane: self.lane.clone(),
        }
    }

    /// The task's lane, where it is recorded.
    pub fn lane_id(&self) -> Option<LaneId> {
        self.lane.as_ref().map(|lane| lane.id)
    }

    /// Records that the current lane waits for the task, unless the await around this has told so.
    fn enter(&mut self) {
        let Some(lane) = &self.lane else { return };
        let on = Some(Awaited::Task(lane.id));
        let (joiner, is_told) = context::with_scope(|scope| {
            let joiner = scope.lane.as_ref().map(|lane| lane.id);
            (joiner, scope.frame.is_some_and(|frame| frame.on == on))
        });
        lane.set_joiner(joiner);
        // A handle that is polled by reference may be awaited by one lane after another.
        if self.waits.as_ref().map(Entered::lane_id) != joiner {
            self.leave();
        }
        if !is_told && self.waits.is_none() {
            self.waits = Entered::new(Text::Static(A_TASK), None, |_| on);
        }
    }

    fn leave(&mut self) {
        if let Some(entered) = self.waits.take() {
            entered.leave();
        }
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        // Before the poll: on another thread the task may end as soon as it knows the waker.
        this.enter();
        let result = Pin::new(&mut this.inner).poll(cx);
        if result.is_ready() {
            this.leave();
        }
        result
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        self.leave();
        if let Some(lane) = &self.lane {
            lane.set_joiner(None);
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// As [`tokio::task::AbortHandle`].
#[derive(Clone, Debug)]
pub struct AbortHandle {
    inner: tokio::task::AbortHandle,
    lane: Option<Arc<Lane>>,
}

impl AbortHandle {
    /// As [`tokio::task::AbortHandle::abort`].
    pub fn abort(&self) {
        if let Some(lane) = &self.lane {
            lane.abort();
        }
        self.inner.abort();
    }

    /// As [`tokio::task::AbortHandle::is_finished`].
    pub fn is_finished(&self) -> bool {
        self.inner.is_finished()
    }

    /// As [`tokio::task::AbortHandle::id`].
    pub fn id(&self) -> Id {
        self.inner.id()
    }
}

#[cfg(all(test, feature = "virtual-time"))]
mod tests {
    use std::time::Duration;

    use crate::event::{Awaited, EventKind};
    use crate::{Executor, probe, spawn};

    #[test]
    fn every_lane_that_polls_a_handle_awaits_its_task() {
        let executor = Executor::builder().virtual_time();
        let (executor, mut collector) = executor.record().expect("a runtime can be had");
        executor.block_on(async {
            let mut task = spawn(tokio::time::sleep(Duration::from_millis(2500)));
            let second = Duration::from_secs(1);
            while probe::timeout(second, &mut task).await.is_err() {}
        });
        drop(executor);
        let (mut branches, mut awaits) = (Vec::new(), Vec::new());
        for event in collector.drain() {
            match event.kind {
                EventKind::BranchStarted { lane, .. } => branches.push(lane),
                EventKind::AwaitEntered { lane, on, .. } => {
                    assert!(matches!(on, Some(Awaited::Task(_))));
                    awaits.push(lane);
                }
                _ => {}
            }
        }
        assert_eq!(awaits, branches);
        assert_eq!(awaits.len(), 3);
    }
}
