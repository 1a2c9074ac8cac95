//! Tasks that are given a name before they are spawned.

use std::any::type_name;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::large::boxed_if_large;
use super::local_set::LocalSet;
use crate::event::TaskKind;
use crate::probe::executor::spawn::{BLOCKING, spawn_blocking_on, spawn_local_on, spawn_on};
use crate::probe::record::bounded;
use crate::probe::record::template::Name;
use crate::probe::wrap::context;
use crate::probe::wrap::join::JoinHandle;
use crate::probe::wrap::lane::Lane;

/// What a task is given that is about to be spawned.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given<'a> {
    name: Option<&'a str>,
    labels: Vec<(Cow<'static, str>, String)>,
}

impl<'a> Given<'a> {
    pub(crate) fn name(self, name: &'a str) -> Self {
        Self {
            name: Some(name),
            ..self
        }
    }

    /// A label, where a probe applies.
    pub(crate) fn label(mut self, key: Cow<'static, str>, value: &dyn fmt::Display) -> Self {
        if context::probe().is_some() {
            let value = bounded::text(format_args!("{value}"), bounded::VALUE);
            self.labels.push((key, value));
        }
        self
    }

    /// A new task that runs a future of this type; none where no probe applies.
    #[track_caller]
    pub(crate) fn lane_of<F>(self, kind: TaskKind) -> Option<Arc<Lane>> {
        self.lane(Name::OfFuture(type_name::<F>()), kind)
    }

    /// A new task, of this name where none was given.
    #[track_caller]
    pub(crate) fn lane(self, otherwise: Name, kind: TaskKind) -> Option<Arc<Lane>> {
        // Where nothing is recorded, the name is not copied.
        context::probe()?;
        let lane = match self.name {
            Some(name) => Lane::spawned_as(name.to_owned(), kind, true),
            None => Lane::spawned(otherwise, kind, true),
        }?;
        for (key, value) in self.labels {
            lane.label(key, &value);
        }
        Some(lane)
    }
}

/// A task that is about to be spawned, with a name and labels: as tokio's `task::Builder`, which is not stable.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # asyncline::Executor::builder().build()?.block_on(async {
/// let task = asyncline::task::Builder::new().name("adds").spawn(async { 1 + 1 })?;
/// assert_eq!(task.await?, 2);
/// # Ok(())
/// # })
/// # }
/// ```
///
/// None of its methods fails. They give a [`Result`](io::Result) as tokio's do.
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until it spawns a task"]
pub struct Builder<'a> {
    given: Given<'a>,
}

#[expect(
    clippy::missing_errors_doc,
    reason = "it is said of all of them together"
)]
impl<'a> Builder<'a> {
    /// A task that is called as the function that it runs, unless it gets a [`name`](Self::name).
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the task. The name is copied where it is recorded; [`spawn_named`](crate::spawn_named) copies none that is
    /// a part of the program.
    pub fn name(&self, name: &'a str) -> Self {
        Self {
            given: self.given.clone().name(name),
        }
    }

    /// Labels the task: `.label("user", 7)`. A label of the same key is replaced.
    pub fn label(&self, key: impl Into<Cow<'static, str>>, value: impl fmt::Display) -> Self {
        Self {
            given: self.given.clone().label(key.into(), &value),
        }
    }

    /// As [`spawn`](crate::spawn).
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let lane = self.given.lane_of::<F>(TaskKind::Task);
        Ok(boxed_if_large!(future: F => spawn_on(lane, future, None)))
    }

    /// As [`Handle::spawn`], with a lane.
    #[track_caller]
    pub fn spawn_on<F>(self, future: F, handle: &Handle) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let lane = self.given.lane_of::<F>(TaskKind::Task);
        Ok(boxed_if_large!(future: F => spawn_on(lane, future, Some(handle))))
    }

    /// As [`spawn_local`](crate::spawn_local).
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let lane = self.given.lane_of::<F>(TaskKind::Local);
        Ok(boxed_if_large!(future: F => spawn_local_on(lane, future, None)))
    }

    /// As [`LocalSet::spawn_local`].
    #[track_caller]
    pub fn spawn_local_on<F>(
        self,
        future: F,
        local_set: &LocalSet,
    ) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let lane = self.given.lane_of::<F>(TaskKind::Local);
        Ok(boxed_if_large!(future: F => spawn_local_on(lane, future, Some(local_set))))
    }

    /// As [`spawn_blocking`](crate::spawn_blocking).
    #[track_caller]
    pub fn spawn_blocking<F, R>(self, work: F) -> io::Result<JoinHandle<R>>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let lane = self.given.lane(BLOCKING, TaskKind::Blocking);
        Ok(boxed_if_large!(work: F, Box::new => spawn_blocking_on(lane, work, None)))
    }

    /// As [`Handle::spawn_blocking`], with a lane.
    #[track_caller]
    pub fn spawn_blocking_on<F, R>(self, work: F, handle: &Handle) -> io::Result<JoinHandle<R>>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let lane = self.given.lane(BLOCKING, TaskKind::Blocking);
        Ok(boxed_if_large!(work: F, Box::new => spawn_blocking_on(lane, work, Some(handle))))
    }
}
