//! Join handles: tokio's, which also tell who waits for whom and who aborts whom.

use std::fmt;
use std::future::Future;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::task::{Id, JoinError};

use crate::event::{Awaited, EventKind, FrameId, LaneId, Text};
use crate::journal::word::{A_TASK, Words};
use crate::probe::record::cursor::When;
use crate::probe::wrap::context::{self, Scope};
use crate::probe::wrap::lane::Lane;
use crate::probe::wrap::spare;

/// As [`tokio::task::JoinHandle`].
pub struct JoinHandle<T> {
    /// Dropped before the handle, which may drop what the task returned.
    seen: SeenEnd,
    inner: tokio::task::JoinHandle<T>,
}

/// The state of the task and of the lane that awaits it.
#[derive(Debug)]
struct SeenEnd {
    lane: Option<Arc<Lane>>,
    /// The await by which a lane waits for the task: that lane is its joiner.
    waits: Option<FrameId>,
}

impl<T> JoinHandle<T> {
    pub(crate) fn new(inner: tokio::task::JoinHandle<T>, lane: Option<Arc<Lane>>) -> Self {
        Self {
            inner,
            seen: SeenEnd { lane, waits: None },
        }
    }

    /// As [`tokio::task::JoinHandle::abort`].
    pub fn abort(&self) {
        if let Some(lane) = &self.seen.lane {
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
    #[must_use = "abort handles do nothing unless `.abort` is called"]
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle::new(self.inner.abort_handle(), self.seen.lane.clone())
    }

    /// The task's lane, where it is recorded.
    pub fn lane_id(&self) -> Option<LaneId> {
        self.seen.lane.as_ref().map(|lane| lane.id)
    }

    /// Polls it in a lane's session.
    fn poll_seen(&mut self, task: &Arc<Lane>, cx: &mut Context<'_>) -> Poll<Result<T, JoinError>> {
        if self.seen.waits.is_none() && self.inner.is_finished() {
            // Unless the lane has used up its budget, there is no wait.
            let result = Pin::new(&mut self.inner).poll(cx);
            if result.is_ready() {
                record_joined(task);
                return result;
            }
        }
        // Before the poll: on another thread the task may end as soon as it knows the waker.
        self.seen.enter(task);
        let result = Pin::new(&mut self.inner).poll(cx);
        if result.is_ready() {
            self.seen.leave(task);
        }
        result
    }
}

impl SeenEnd {
    /// Records that the current lane waits for the task, unless the await around this has told so.
    fn enter(&mut self, task: &Arc<Lane>) {
        let joiner = context::with_lane(|lane| lane.map(|lane| lane.id));
        // A handle that is polled by reference may be awaited by one lane after another.
        if task.joiner() != joiner {
            self.leave(task);
            task.set_joiner(joiner);
        }
        if self.waits.is_none() {
            self.waits = begin_wait(task);
        }
    }

    /// Ends its wait for a task.
    #[inline(never)]
    fn let_go(&mut self, lane: Arc<Lane>) {
        self.leave(&lane);
        lane.set_joiner(None);
        spare::keep(lane);
    }

    /// Records that the wait is over.
    fn leave(&mut self, task: &Lane) {
        if let (Some(frame), Some(lane)) = (self.waits.take(), task.joiner()) {
            let recorder = &task.probe.recorder;
            recorder.record_words(When::Now, Words::left(lane, frame), || {
                EventKind::AwaitLeft { lane, frame }
            });
        }
    }
}

/// Records that the current lane has joined a task that had ended before: an await that takes no time.
pub(crate) fn record_joined(task: &Arc<Lane>) {
    with_wait(task, |wait| {
        let recorder = &task.probe.recorder;
        let (lane, frame) = (wait.lane, wait.frame);
        let is_plain = wait.is_plain();
        if is_plain && recorder.try_record(When::Now, Words::joined(lane, frame, task.id)) {
            return;
        }
        wait.record(task);
        recorder.record_words(When::AtLast, Words::left(lane, frame), || {
            EventKind::AwaitLeft { lane, frame }
        });
    });
}

/// Records that the current lane waits for a task, where it is of the task's session and has not told of it yet.
fn begin_wait(task: &Arc<Lane>) -> Option<FrameId> {
    with_wait(task, |wait| {
        wait.record(task);
        wait.frame
    })
}

/// The await of a task by the current lane.
struct JoinWait {
    lane: LaneId,
    frame: FrameId,
    scope: Scope,
}

/// Begins an await of a task by the current lane, unless that is of another session or has told of it.
fn with_wait<R>(task: &Arc<Lane>, record: impl FnOnce(JoinWait) -> R) -> Option<R> {
    context::with_lane(|joiner| {
        let joiner = joiner?;
        let scope = context::scope();
        let on = Some(Awaited::Task(task.id));
        let is_told = scope.frame.is_some_and(|frame| frame.on == on);
        if is_told || !joiner.is_of_same_session(task) {
            return None;
        }
        let (lane, frame) = (joiner.id, joiner.next_frame());
        Some(record(JoinWait { lane, frame, scope }))
    })
}

impl JoinWait {
    /// `true` if it is within no other await.
    fn is_plain(&self) -> bool {
        self.scope.frame.is_none() && self.scope.coroutine.is_none()
    }

    /// Records that it begins.
    fn record(&self, task: &Lane) {
        let Self { lane, frame, scope } = *self;
        let words = if self.is_plain() {
            Words::joins(lane, frame, task.id)
        } else {
            Words::NONE
        };
        let recorder = &task.probe.recorder;
        recorder.record_words(When::Now, words, || EventKind::AwaitEntered {
            lane,
            frame,
            parent: scope.frame.map(|frame| frame.id),
            coroutine: scope.coroutine,
            site: None,
            text: Text::Static(A_TASK),
            on: Some(Awaited::Task(task.id)),
        });
    }
}

// As tokio's are.
impl<T> UnwindSafe for JoinHandle<T> {}
impl<T> RefUnwindSafe for JoinHandle<T> {}
impl UnwindSafe for AbortHandle {}
impl RefUnwindSafe for AbortHandle {}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        // Taken out and put back: neither is counted.
        let Some(lane) = this.seen.lane.take() else {
            return Pin::new(&mut this.inner).poll(cx);
        };
        let result = this.poll_seen(&lane, cx);
        this.seen.lane = Some(lane);
        result
    }
}

impl Drop for SeenEnd {
    fn drop(&mut self) {
        if let Some(lane) = self.lane.take() {
            self.let_go(lane);
        }
    }
}

/// The task keeps its lane. Awaiting tokio's handle is not recorded.
impl<T> From<JoinHandle<T>> for tokio::task::JoinHandle<T> {
    fn from(handle: JoinHandle<T>) -> Self {
        if let Some(lane) = &handle.seen.lane {
            lane.leaves_its_handle();
        }
        handle.inner
    }
}

/// The task has no lane, unless it runs a future that has one.
impl<T> From<tokio::task::JoinHandle<T>> for JoinHandle<T> {
    fn from(handle: tokio::task::JoinHandle<T>) -> Self {
        Self::new(handle, None)
    }
}

/// The task keeps its lane. Aborting it by tokio's handle is recorded without the lane that did.
impl From<AbortHandle> for tokio::task::AbortHandle {
    fn from(handle: AbortHandle) -> Self {
        handle.inner
    }
}

impl From<tokio::task::AbortHandle> for AbortHandle {
    fn from(handle: tokio::task::AbortHandle) -> Self {
        Self::new(handle, None)
    }
}

impl<T: fmt::Debug> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// As [`tokio::task::AbortHandle`].
#[derive(Clone)]
pub struct AbortHandle {
    inner: tokio::task::AbortHandle,
    lane: Option<Arc<Lane>>,
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl AbortHandle {
    pub(crate) fn new(inner: tokio::task::AbortHandle, lane: Option<Arc<Lane>>) -> Self {
        Self { inner, lane }
    }

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
