//! Sets of tasks: tokio's, whose tasks have lanes, and which tell who waits for them.

use std::any::type_name;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio::task::{Id, JoinError};

use super::hooks;
use super::large::boxed_if_large;
use super::local_set::LocalSet;
use super::task_builder::Given;
use crate::event::{TaskKind, Text};
use crate::probe::executor::spawn::{BLOCKING, job};
use crate::probe::executor::stop::Stoppable;
use crate::probe::record::template::Name;
use crate::probe::wrap::awaiting::Entered;
use crate::probe::wrap::context;
use crate::probe::wrap::future::Observed;
use crate::probe::wrap::join::{AbortHandle, record_joined};
use crate::probe::wrap::lane::Lane;

/// The text of a wait for the next end of a task.
const NEXT: &str = "the next task of a set";

/// As [`tokio::task::JoinSet`].
pub struct JoinSet<T> {
    inner: tokio::task::JoinSet<T>,
    /// None while no task of it is recorded.
    seen: Option<Box<SeenTask>>,
}

/// What is known of the tasks in a set.
#[derive(Default)]
struct SeenTask {
    lanes: HashMap<Id, Arc<Lane>>,
    /// The lane that awaits the next end; 0 where none does. All tasks look at it.
    joiner: Arc<AtomicU64>,
}

/// A result as tokio gives it, with the task's id.
type Joined<T> = Result<(Id, T), JoinError>;

impl<T> JoinSet<T> {
    /// As [`tokio::task::JoinSet::new`].
    pub fn new() -> Self {
        Self {
            inner: tokio::task::JoinSet::new(),
            seen: None,
        }
    }

    /// As [`tokio::task::JoinSet::len`].
    pub fn len(&self) -> usize {
        self.inner.len()
    }

    /// As [`tokio::task::JoinSet::is_empty`].
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// Tells the tasks' lanes that somebody aborts them now.
    fn are_aborted(&self) {
        let lanes = self.seen.iter().flat_map(|seen| seen.lanes.values());
        lanes.for_each(|lane| lane.abort());
    }
}

impl<T: 'static> JoinSet<T> {
    /// A task of the set that can be given a name: as tokio's, which is not stable.
    pub fn build_task(&mut self) -> Builder<'_, T> {
        Builder {
            set: self,
            given: Given::default(),
        }
    }

    /// As [`tokio::task::JoinSet::spawn`].
    ///
    /// # Panics
    ///
    /// Outside of a runtime, as tokio's does.
    #[track_caller]
    pub fn spawn<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let lane = Lane::spawned(Name::OfFuture(type_name::<F>()), TaskKind::Task, true);
        boxed_if_large!(task: F => self.put(lane, task, None))
    }

    /// As [`tokio::task::JoinSet::spawn_on`].
    #[track_caller]
    pub fn spawn_on<F>(&mut self, task: F, handle: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let lane = Lane::spawned(Name::OfFuture(type_name::<F>()), TaskKind::Task, true);
        boxed_if_large!(task: F => self.put(lane, task, Some(handle)))
    }

    /// As [`tokio::task::JoinSet::spawn_local`].
    ///
    /// # Panics
    ///
    /// Outside of a [`LocalSet`], as tokio's does.
    #[track_caller]
    pub fn spawn_local<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        let lane = Lane::spawned(Name::OfFuture(type_name::<F>()), TaskKind::Local, true);
        boxed_if_large!(task: F => self.put_local(lane, task, None))
    }

    /// As [`tokio::task::JoinSet::spawn_local_on`].
    #[track_caller]
    pub fn spawn_local_on<F>(&mut self, task: F, local_set: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        let lane = Lane::spawned(Name::OfFuture(type_name::<F>()), TaskKind::Local, true);
        boxed_if_large!(task: F => self.put_local(lane, task, Some(local_set)))
    }

    /// As [`tokio::task::JoinSet::spawn_blocking`].
    ///
    /// # Panics
    ///
    /// Outside of a runtime, as tokio's does.
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, work: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let lane = Lane::spawned(BLOCKING, TaskKind::Blocking, true);
        boxed_if_large!(work: F, Box::new => self.put_blocking(lane, work, None))
    }

    /// As [`tokio::task::JoinSet::spawn_blocking_on`].
    #[track_caller]
    pub fn spawn_blocking_on<F>(&mut self, work: F, handle: &Handle) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let lane = Lane::spawned(BLOCKING, TaskKind::Blocking, true);
        boxed_if_large!(work: F, Box::new => self.put_blocking(lane, work, Some(handle)))
    }

    /// As [`tokio::task::JoinSet::join_next`].
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        let joined = self.join_next_with_id().await;
        joined.map(|joined| joined.map(|(_, value)| value))
    }

    /// As [`tokio::task::JoinSet::join_next_with_id`].
    pub async fn join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        let mut waits = None;
        let joined = poll_fn(|cx| {
            let result = self.poll_join_next_with_id(cx);
            if result.is_pending() && waits.is_none() && self.seen.is_some() {
                waits = SetWait::begin();
            }
            result
        });
        joined.await
    }

    /// As [`tokio::task::JoinSet::try_join_next`].
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        let joined = self.try_join_next_with_id();
        joined.map(|joined| joined.map(|(_, value)| value))
    }

    /// As [`tokio::task::JoinSet::try_join_next_with_id`].
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        let joined = self.inner.try_join_next_with_id()?;
        self.has_joined(&joined);
        Some(joined)
    }

    /// As [`tokio::task::JoinSet::shutdown`].
    pub async fn shutdown(&mut self) {
        self.abort_all();
        while self.join_next().await.is_some() {}
    }

    /// As [`tokio::task::JoinSet::join_all`].
    ///
    /// # Panics
    ///
    /// Where a task panicked or was cancelled, as tokio's does.
    pub async fn join_all(mut self) -> Vec<T> {
        let mut all = Vec::with_capacity(self.len());
        while let Some(joined) = self.join_next().await {
            match joined {
                Ok(value) => all.push(value),
                Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
                Err(error) => panic!("{error}"),
            }
        }
        all
    }

    /// As [`tokio::task::JoinSet::abort_all`].
    pub fn abort_all(&mut self) {
        self.are_aborted();
        self.inner.abort_all();
    }

    /// As [`tokio::task::JoinSet::detach_all`].
    pub fn detach_all(&mut self) {
        self.inner.detach_all();
        self.seen = None;
    }

    /// As [`tokio::task::JoinSet::poll_join_next`].
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        let joined = self.poll_join_next_with_id(cx);
        joined.map_ok(|(_, value)| value)
    }

    /// As [`tokio::task::JoinSet::poll_join_next_with_id`].
    pub fn poll_join_next_with_id(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(Id, T), JoinError>>> {
        if let Some(seen) = &self.seen {
            // Before the poll: on another thread a task may end as soon as it knows the waker.
            let joiner = context::with_lane(|lane| lane.map_or(0, |lane| lane.id.0));
            seen.joiner.store(joiner, Ordering::Release);
        }
        let result = self.inner.poll_join_next_with_id(cx);
        if let Poll::Ready(joined) = &result {
            if let Some(seen) = &self.seen {
                seen.joiner.store(0, Ordering::Release);
            }
            if let Some(joined) = joined {
                self.has_joined(joined);
            }
        }
        result
    }

    /// Records that the current lane has joined a task, which is in the set no more.
    fn has_joined(&mut self, joined: &Joined<T>) {
        let id = joined.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let seen = self.seen.as_mut();
        if let Some(lane) = seen.and_then(|seen| seen.lanes.remove(&id)) {
            record_joined(&lane);
        }
    }

    #[track_caller]
    fn put<F>(&mut self, lane: Option<Arc<Lane>>, task: F, handle: Option<&Handle>) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let _seen = hooks::seen();
        self.is_joined_by_this(lane.as_ref());
        let stop = lane.as_ref().and_then(|lane| {
            lane.count_on(handle);
            lane.probe.stop.clone()
        });
        let task = Observed::new(task, lane.clone());
        let aborts = match (stop, handle) {
            (Some(stop), None) => self.inner.spawn(Stoppable::new(task, &stop)),
            (Some(stop), Some(handle)) => {
                let task = Stoppable::new(task, &stop);
                self.inner.spawn_on(task, handle)
            }
            (None, None) => self.inner.spawn(task),
            (None, Some(handle)) => self.inner.spawn_on(task, handle),
        };
        self.has_put(aborts, lane)
    }

    #[track_caller]
    fn put_local<F>(
        &mut self,
        lane: Option<Arc<Lane>>,
        task: F,
        set: Option<&LocalSet>,
    ) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        let _seen = hooks::seen();
        self.is_joined_by_this(lane.as_ref());
        let stop = lane.as_ref().and_then(|lane| lane.probe.stop.clone());
        let task = Observed::new(task, lane.clone());
        let aborts = match (stop, set) {
            (Some(stop), None) => self.inner.spawn_local(Stoppable::new(task, &stop)),
            (Some(stop), Some(set)) => {
                let task = Stoppable::new(task, &stop);
                self.inner.spawn_local_on(task, &set.inner)
            }
            (None, None) => self.inner.spawn_local(task),
            (None, Some(set)) => self.inner.spawn_local_on(task, &set.inner),
        };
        self.has_put(aborts, lane)
    }

    #[track_caller]
    fn put_blocking<F>(
        &mut self,
        lane: Option<Arc<Lane>>,
        work: F,
        handle: Option<&Handle>,
    ) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let _seen = hooks::seen();
        self.is_joined_by_this(lane.as_ref());
        let work = job(lane.clone(), work);
        let aborts = match handle {
            None => self.inner.spawn_blocking(work),
            Some(handle) => self.inner.spawn_blocking_on(work, handle),
        };
        self.has_put(aborts, lane)
    }

    /// Tells a task that is about to run whom its end wakes.
    fn is_joined_by_this(&mut self, lane: Option<&Arc<Lane>>) {
        if let Some(lane) = lane {
            let seen = self.seen.get_or_insert_default();
            let set = &lane.wakers.rare_or_new().set;
            set.get_or_init(|| Arc::clone(&seen.joiner));
        }
    }

    fn has_put(
        &mut self,
        aborts: tokio::task::AbortHandle,
        lane: Option<Arc<Lane>>,
    ) -> AbortHandle {
        if let (Some(lane), Some(seen)) = (&lane, &mut self.seen) {
            seen.lanes.insert(aborts.id(), Arc::clone(lane));
        }
        AbortHandle::new(aborts, lane)
    }
}

/// A wait of the current lane, until this is dropped.
struct SetWait(Option<Entered>);

impl SetWait {
    /// Begins a wait, unless the await around this tells of it.
    fn begin() -> Option<Self> {
        let is_told = context::scope().frame.is_some();
        let entered = (!is_told).then(|| Entered::new(Text::Static(NEXT), None, |_| None));
        entered.flatten().map(|entered| Self(Some(entered)))
    }
}

impl Drop for SetWait {
    fn drop(&mut self) {
        if let Some(entered) = self.0.take() {
            entered.leave();
        }
    }
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        self.are_aborted();
    }
}

/// The tasks keep their lanes. Waits for them in tokio's set are not recorded.
impl<T> From<JoinSet<T>> for tokio::task::JoinSet<T> {
    fn from(mut set: JoinSet<T>) -> Self {
        for lane in set.seen.take().iter().flat_map(|seen| seen.lanes.values()) {
            lane.leaves_its_handle();
        }
        std::mem::take(&mut set.inner)
    }
}

/// The tasks have no lanes, unless they run futures that have some.
impl<T> From<tokio::task::JoinSet<T>> for JoinSet<T> {
    fn from(inner: tokio::task::JoinSet<T>) -> Self {
        Self { inner, seen: None }
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, F> FromIterator<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    fn from_iter<I: IntoIterator<Item = F>>(tasks: I) -> Self {
        let mut set = Self::new();
        set.extend(tasks);
        set
    }
}

impl<T, F> Extend<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    fn extend<I: IntoIterator<Item = F>>(&mut self, tasks: I) {
        for task in tasks {
            self.spawn(task);
        }
    }
}

/// A task of a set that is about to be spawned, with what it was given. Made by [`JoinSet::build_task`].
#[derive(Debug)]
#[must_use = "a builder does nothing until it spawns a task"]
pub struct Builder<'a, T> {
    set: &'a mut JoinSet<T>,
    given: Given<'a>,
}

/// None of its methods fails. They give a [`Result`](std::io::Result) as tokio's do.
#[expect(
    clippy::missing_errors_doc,
    reason = "it is said of all of them together"
)]
impl<'a, T: 'static> Builder<'a, T> {
    /// Names the task.
    pub fn name(self, name: &'a str) -> Self {
        Self {
            given: self.given.name(name),
            ..self
        }
    }

    /// Labels the task: `.label("user", 7)`. A label of the same key is replaced.
    pub fn label(self, key: impl Into<Cow<'static, str>>, value: impl fmt::Display) -> Self {
        Self {
            given: self.given.label(key.into(), &value),
            ..self
        }
    }

    /// As [`JoinSet::spawn`].
    #[track_caller]
    pub fn spawn<F>(self, task: F) -> std::io::Result<AbortHandle>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let lane = self.given.lane_of::<F>(TaskKind::Task);
        Ok(boxed_if_large!(task: F => self.set.put(lane, task, None)))
    }

    /// As [`JoinSet::spawn_on`].
    #[track_caller]
    pub fn spawn_on<F>(self, task: F, handle: &Handle) -> std::io::Result<AbortHandle>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        let lane = self.given.lane_of::<F>(TaskKind::Task);
        Ok(boxed_if_large!(task: F => self.set.put(lane, task, Some(handle))))
    }

    /// As [`JoinSet::spawn_local`].
    #[track_caller]
    pub fn spawn_local<F>(self, task: F) -> std::io::Result<AbortHandle>
    where
        F: Future<Output = T> + 'static,
    {
        let lane = self.given.lane_of::<F>(TaskKind::Local);
        Ok(boxed_if_large!(task: F => self.set.put_local(lane, task, None)))
    }

    /// As [`JoinSet::spawn_local_on`].
    #[track_caller]
    pub fn spawn_local_on<F>(self, task: F, local_set: &LocalSet) -> std::io::Result<AbortHandle>
    where
        F: Future<Output = T> + 'static,
    {
        let lane = self.given.lane_of::<F>(TaskKind::Local);
        Ok(boxed_if_large!(task: F => self.set.put_local(lane, task, Some(local_set))))
    }

    /// As [`JoinSet::spawn_blocking`].
    #[track_caller]
    pub fn spawn_blocking<F>(self, work: F) -> std::io::Result<AbortHandle>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let lane = self.given.lane(BLOCKING, TaskKind::Blocking);
        Ok(boxed_if_large!(work: F, Box::new => self.set.put_blocking(lane, work, None)))
    }

    /// As [`JoinSet::spawn_blocking_on`].
    #[track_caller]
    pub fn spawn_blocking_on<F>(self, work: F, handle: &Handle) -> std::io::Result<AbortHandle>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        let lane = self.given.lane(BLOCKING, TaskKind::Blocking);
        Ok(boxed_if_large!(work: F, Box::new => self.set.put_blocking(lane, work, Some(handle))))
    }
}
