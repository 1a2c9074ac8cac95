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

use super::awaiting::Entered;
use super::context;
use super::future::{drop_in_lane, poll_in_lane};
use super::lane::Lane;
use super::wakers::Group;
use crate::event::{BranchOf, Cancel, EventKind, LaneId, Site, Text};
use crate::probe::record::site::{self, StaticSite};

/// A wait of the current lane for its branches, until this is dropped.
///
/// Its fields are boxed, so that the program's future stays small while nothing is recorded.
#[doc(hidden)]
#[derive(Debug)]
pub struct Waits(Option<Box<BranchWait>>);

#[derive(Debug)]
struct BranchWait {
    entered: Entered,
    /// State shared by the branches, if one that is ready ends the others.
    group: Option<Arc<Group>>,
}

impl Waits {
    /// Starts a wait for the branches of a join, at a macro of this name.
    pub fn for_all(text: &'static str, site: StaticSite) -> Self {
        Self::begin(text, site, || None)
    }

    /// Starts a wait for one of the branches of a select, at a macro of this name.
    pub fn for_one(text: &'static str, site: StaticSite) -> Self {
        Self::begin(text, site, || Some(Group::new(Cancel::LostSelect)))
    }

    fn begin(
        text: &'static str,
        site: StaticSite,
        group: impl FnOnce() -> Option<Arc<Group>>,
    ) -> Self {
        let entered = Entered::new(text.into(), Some(site), |_| None);
        Self(entered.map(|entered| {
            let group = group();
            Box::new(BranchWait { entered, group })
        }))
    }

    /// Returns the lane of a further branch, which starts when the branch is first polled.
    pub fn branch(&self) -> BranchLane {
        BranchLane(self.0.as_ref().map(|wait| {
            let probe = Arc::clone(&wait.entered.lane().probe);
            Lane::of_branch(probe, wait.group.clone())
        }))
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        if let Some(wait) = self.0.take() {
            wait.entered.leave();
        }
    }
}

/// The lane of a branch that has not been polled; none if nothing is recorded.
#[doc(hidden)]
#[derive(Debug)]
pub struct BranchLane(Option<Arc<Lane>>);

/// The stand-in for a branch in the program.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct BranchSite {
    text: &'static str,
    of: BranchOf,
    site: StaticSite,
}

impl BranchSite {
    /// A branch of a join.
    pub fn of_join(text: &'static str, site: StaticSite) -> Self {
        let of = BranchOf::Join;
        Self { text, of, site }
    }

    /// A branch of a select.
    pub fn of_select(text: &'static str, site: StaticSite) -> Self {
        let of = BranchOf::Select;
        Self { text, of, site }
    }
}

/// A branch as a macro passes it to tokio's. A struct expression creates it, not a call, so that temporaries in the
/// future's expression live as long as they would without it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Unpolled<F, P> {
    /// The branch's future.
    pub future: F,
    /// Its lane.
    pub lane: BranchLane,
    /// A closure that returns its place, and captures nothing, so that it takes no space.
    pub place: P,
}

impl<F: IntoFuture, P: Fn() -> BranchSite> IntoFuture for Unpolled<F, P> {
    type Output = F::Output;
    type IntoFuture = Branch<F::IntoFuture, P>;

    fn into_future(self) -> Self::IntoFuture {
        Branch {
            inner: Some(self.future.into_future()),
            lane: self.lane.0,
            place: self.place,
        }
    }
}

pin_project! {
    /// A branch of a join or a select.
    ///
    /// It does not contain an [`Observed`](crate::probe::Observed), since each wrapper moves the future.
    #[doc(hidden)]
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Branch<F, P> {
        #[pin]
        inner: Option<F>,
        lane: Option<Arc<Lane>>,
        place: P,
    }

    impl<F, P> PinnedDrop for Branch<F, P> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            drop_in_lane(this.inner, this.lane.as_ref());
        }
    }
}

impl<F: Future, P> Branch<F, P> {
    /// A branch with the site that `place` returns: a closure that captures nothing, so that it takes no space.
    pub fn new(
        future: impl IntoFuture<Output = F::Output, IntoFuture = F>,
        lane: BranchLane,
        place: P,
    ) -> Self {
        Self {
            inner: Some(future.into_future()),
            lane: lane.0,
            place,
        }
    }
}

impl<F: Future, P: Fn() -> BranchSite> Future for Branch<F, P> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if let Some(lane) = this.lane
            && !lane.has_started()
        {
            let BranchSite { text, of, site } = (this.place)();
            match context::with_lane(|parent| parent.map(|parent| parent.id)) {
                Some(parent) => lane.starts(parent, text.into(), of, site.into()),
                None => *this.lane = None,
            }
        }
        let result = poll_in_lane(this.inner, this.lane.as_ref(), cx);
        if result.is_ready()
            && let Some(lane) = this.lane
        {
            lane.decides();
        }
        result
    }
}

impl Lane {
    /// Records the start of a branch.
    fn starts(&self, parent: LaneId, name: Text, of: BranchOf, site: Site) {
        self.set_started();
        self.record(EventKind::BranchStarted {
            lane: self.id,
            name,
            parent,
            of,
            site: Some(site),
        });
    }
}

pin_project! {
    /// The future of [`timeout`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Timeout<F> {
        #[pin]
        inner: tokio::time::Timeout<Timed<F>>,
    }
}

pin_project! {
    /// The content of a timeout. Its lane starts when it is first polled, within a lane.
    #[derive(Debug)]
    struct Timed<F> {
        #[pin]
        inner: Option<F>,
        lane: Option<Arc<Lane>>,
        // The place of the call to `timeout`; none once this has been polled.
        call: Option<&'static Location<'static>>,
    }

    impl<F> PinnedDrop for Timed<F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            drop_in_lane(this.inner, this.lane.as_ref());
        }
    }
}

impl<F: Future> Timed<F> {
    fn new(
        future: impl IntoFuture<Output = F::Output, IntoFuture = F>,
        call: &'static Location<'static>,
    ) -> Self {
        Self {
            inner: Some(future.into_future()),
            lane: None,
            call: Some(call),
        }
    }
}

impl<F: Future> Future for Timed<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if let Some(call) = this.call.take()
            && let Some(parent) = context::lane()
        {
            let group = Group::new(Cancel::TimedOut);
            let lane = Lane::of_branch(Arc::clone(&parent.probe), Some(group));
            let name = site::function_name(type_name::<F>()).unwrap_or("timeout");
            lane.starts(parent.id, name.into(), BranchOf::Timeout, call.into());
            *this.lane = Some(lane);
        }
        poll_in_lane(this.inner, this.lane.as_ref(), cx)
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let result = this.inner.as_mut().poll(cx);
        if result.is_ready()
            && let Some(lane) = &this.inner.get_ref().lane
        {
            // The content is dropped with this, after the reason is known.
            lane.decides();
        }
        result
    }
}

/// As [`tokio::time::timeout`]; what is within it is a branch, and is seen to time out.
///
/// # Panics
///
/// Outside of a runtime with a timer, as with tokio's.
#[track_caller]
pub fn timeout<F: IntoFuture>(duration: Duration, future: F) -> Timeout<F::IntoFuture> {
    Timeout {
        inner: tokio::time::timeout(duration, Timed::new(future, Location::caller())),
    }
}
