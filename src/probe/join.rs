//! Join handles: tokio's, which also tell who waits for whom and who aborts whom.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::task::{Id, JoinError};

use super::context;
use super::lane::Lane;
use super::record::{A_TASK, Words};
use crate::event::{Awaited, EventKind, FrameId, LaneId, Text};

/// As [`tokio::task::JoinHandle`].
pub struct JoinHandle<T> {
    inner: tokio::task::JoinHandle<T>,
    lane: Option<Arc<Lane>>,
    waits: Option<Waits>,
}

/// A wait for the task by a lane.
#[derive(Clone, Copy)]
struct Waits {
    lane: LaneId,
    frame: FrameId,
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
        let joiner = context::with_scope(|scope| scope.lane.as_ref().map(|lane| lane.id));
        lane.set_joiner(joiner);
        // A handle that is polled by reference may be awaited by one lane after another.
        if self.waits.map(|waits| waits.lane) != joiner {
            self.leave(false);
        }
        if self.waits.is_none() {
            self.waits = self.lane.as_ref().and_then(Waits::begin);
        }
    }

    /// Records that the wait is over; at the time at which it began, where the task had ended before.
    fn leave(&mut self, at_once: bool) {
        if let (Some(waits), Some(lane)) = (self.waits.take(), &self.lane) {
            let Waits {
                lane: joiner,
                frame,
            } = waits;
            let left = || EventKind::AwaitLeft {
                lane: joiner,
                frame,
            };
            let recorder = &lane.probe.recorder;
            if at_once {
                recorder.record_at_last(Words::left(joiner, frame), left);
            } else {
                recorder.record_words(Words::left(joiner, frame), left);
            }
        }
    }
}

impl Waits {
    /// A wait by the current lane, where it is of the task's session and has not told of it yet.
    fn begin(task: &Arc<Lane>) -> Option<Self> {
        context::with_scope(|scope| {
            let joiner = scope.lane.as_ref()?;
            let on = Some(Awaited::Task(task.id));
            let is_told = scope.frame.is_some_and(|frame| frame.on == on);
            if is_told || !joiner.is_of_same_session(task) {
                return None;
            }
            let (lane, frame) = (joiner.id, joiner.next_frame());
            let is_plain = scope.frame.is_none() && scope.coroutine.is_none();
            let words = if is_plain {
                Words::joins(lane, frame, task.id)
            } else {
                Words::NONE
            };
            let recorder = &task.probe.recorder;
            recorder.record_words(words, || EventKind::AwaitEntered {
                lane,
                frame,
                parent: scope.frame.map(|frame| frame.id),
                coroutine: scope.coroutine,
                site: None,
                text: Text::Static(A_TASK),
                on,
            });
            Some(Self { lane, frame })
        })
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let waited = this.waits.is_some();
        // Before the poll: on another thread the task may end as soon as it knows the waker.
        this.enter();
        let result = Pin::new(&mut this.inner).poll(cx);
        if result.is_ready() {
            this.leave(!waited);
        }
        result
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        self.leave(false);
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
