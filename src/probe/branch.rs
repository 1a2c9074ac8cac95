//! Branches of a join, gather, select or timeout: lanes within the lane that polls them.

use std::any::type_name;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::error::Elapsed;

use super::context;
use super::future::Observed;
use super::lane::{Group, Lane};
use super::site::{self, StaticSite};
use crate::event::{BranchOf, Cancel, EventKind, Site, Text};

pin_project! {
    /// A branch. Its lane begins when it is polled first, within a lane; without one it is the future itself.
    #[doc(hidden)]
    #[derive(Debug)]
    pub struct Branch<F> {
        #[pin]
        observed: Observed<F>,
        start: Option<Start>,
        group: Option<Arc<Group>>,
    }
}

/// What is recorded when a branch begins.
#[derive(Debug)]
struct Start {
    name: Text,
    of: BranchOf,
    site: Site,
}

impl<F: Future> Branch<F> {
    fn new(inner: F, group: Option<Arc<Group>>, start: Start) -> Self {
        Self {
            observed: Observed::new(inner, None),
            start: Some(start),
            group,
        }
    }

    /// A branch of a join.
    pub fn of_join(name: &'static str, site: StaticSite, inner: F) -> Self {
        let start = Start {
            name: name.into(),
            of: BranchOf::Join,
            site: site.into(),
        };
        Self::new(inner, None, start)
    }

    /// A branch of a select, all of whose branches share `group`.
    pub fn of_select(group: &Arc<Group>, name: &'static str, site: StaticSite, inner: F) -> Self {
        let start = Start {
            name: name.into(),
            of: BranchOf::Select,
            site: site.into(),
        };
        Self::new(inner, Some(Arc::clone(group)), start)
    }
}

/// What the branches of one select share.
#[doc(hidden)]
pub fn select_group() -> Arc<Group> {
    Group::new(Cancel::LostSelect)
}

impl Start {
    fn record(self, group: Option<Arc<Group>>) -> Option<Arc<Lane>> {
        let parent = context::lane()?;
        let lane = Lane::new(Arc::clone(&parent.probe), true, group);
        lane.record(EventKind::BranchStarted {
            lane: lane.id,
            name: self.name,
            parent: parent.id,
            of: self.of,
            site: Some(self.site),
        });
        Some(lane)
    }
}

impl<F: Future> Future for Branch<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if let Some(start) = this.start.take()
            && let Some(lane) = start.record(this.group.clone())
        {
            this.observed.as_mut().set_lane(lane);
        }
        let result = this.observed.poll(cx);
        if result.is_ready()
            && let Some(group) = this.group
        {
            group.decide();
        }
        result
    }
}

/// As [`tokio::time::timeout`]; what is within it is a branch, and is seen to time out.
///
/// # Errors
///
/// Where `duration` elapses first; the future is dropped then.
#[track_caller]
pub fn timeout<F: IntoFuture>(
    duration: Duration,
    future: F,
) -> impl Future<Output = Result<F::Output, Elapsed>> {
    let group = Group::new(Cancel::TimedOut);
    let name = site::function_name(type_name::<F::IntoFuture>());
    let start = Start {
        name: Text::Static(name.unwrap_or("timeout")),
        of: BranchOf::Timeout,
        site: Location::caller().into(),
    };
    let branch = Branch::new(future.into_future(), Some(Arc::clone(&group)), start);
    let timeout = tokio::time::timeout(duration, branch);
    async move {
        let mut timeout = std::pin::pin!(timeout);
        let result = timeout.as_mut().await;
        // The branch is dropped at the end of this block, after it is known why.
        group.decide();
        result
    }
}
