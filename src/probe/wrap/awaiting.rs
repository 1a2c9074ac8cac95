//! What `#[trace]` makes of an `.await`: the same await, seen from when it is reached to when it is over.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::context::{self, Frame};
use super::finally::finally;
use super::future::drop_inner;
use super::lane::Lane;
use crate::event::{Awaited, Cancel, EventKind, FrameId, LaneId, Text};
use crate::probe::record::site::StaticSite;

/// An `.await` in the program's text.
#[derive(Clone, Copy, Debug)]
pub struct AwaitSite {
    /// Where it stands.
    pub site: StaticSite,
    /// The awaited expression.
    pub text: &'static str,
    /// What kind of function the expression calls.
    pub callee: Callee,
    /// Its dependence on earlier awaits.
    pub order: Order,
}

/// The functions whose futures the probe has to tell from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee {
    /// `yield_now`: the scheduler wakes the task by itself.
    YieldNow,
    /// `timeout`: it drops what is within it when it elapses.
    Timeout,
    /// Any other.
    Other,
}

/// The earliest point at which an await could be reached, according to its function's source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Together with the one before.
    Free,
    /// See [`Awaited::EachTurn`].
    EachTurn,
    /// See [`Awaited::InOrder`].
    Fixed,
}

/// What an awaited future tells of itself; see [`super::reveal`].
#[derive(Clone, Copy, Debug)]
pub enum Reveals {
    /// It is ready at this moment.
    Deadline(tokio::time::Instant),
    /// It is ready when this task has ended.
    Task(Option<LaneId>),
    /// Nothing.
    Nothing,
}

pin_project! {
    /// An awaited future.
    #[doc(hidden)]
    #[derive(Debug)]
    pub struct Awaiting<F> {
        #[pin]
        inner: Option<F>,
        site: &'static AwaitSite,
        reveals: Reveals,
        entered: Option<Entered>,
    }

    impl<F> PinnedDrop for Awaiting<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(entered) = this.entered.take() {
                let _left = finally(|| entered.leave());
                drop_inner(this.inner.as_mut());
            }
        }
    }
}

/// An await that has been reached, in its lane.
#[derive(Debug)]
pub(crate) struct Entered {
    lane: Arc<Lane>,
    frame: Frame,
}

impl Entered {
    pub(crate) fn new(
        text: Text,
        site: Option<StaticSite>,
        on: impl FnOnce(&Lane) -> Option<Awaited>,
    ) -> Option<Self> {
        let lane = context::lane()?;
        let scope = context::scope();
        let frame = Frame {
            id: lane.next_frame(),
            on: on(&lane),
        };
        lane.record(EventKind::AwaitEntered {
            lane: lane.id,
            frame: frame.id,
            parent: scope.frame.map(|frame| frame.id),
            coroutine: scope.coroutine,
            site: site.map(Into::into),
            text,
            on: frame.on,
        });
        Some(Self { lane, frame })
    }

    pub(crate) fn leave(self) {
        self.lane.record(EventKind::AwaitLeft {
            lane: self.lane.id,
            frame: self.frame_id(),
        });
    }

    pub(crate) fn lane(&self) -> &Lane {
        &self.lane
    }

    /// Whether its lane is the one that is being polled.
    pub(crate) fn is_here(&self) -> bool {
        context::with_lane(|lane| {
            lane.is_some_and(|lane| std::ptr::eq(lane, &raw const *self.lane))
        })
    }

    /// Whether its lane has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.lane.is_over()
    }

    fn frame_id(&self) -> FrameId {
        self.frame.id
    }
}

impl<F: Future> Awaiting<F> {
    /// An await of this future at this place.
    pub fn new(inner: F, site: &'static AwaitSite, reveals: Reveals) -> Self {
        Self {
            inner: Some(inner),
            site,
            reveals,
            entered: None,
        }
    }
}

impl Order {
    fn on(self) -> Option<Awaited> {
        match self {
            Self::Free => None,
            Self::EachTurn => Some(Awaited::EachTurn),
            Self::Fixed => Some(Awaited::InOrder),
        }
    }
}

impl Reveals {
    fn on(self, lane: &Lane) -> Option<Awaited> {
        match self {
            Self::Deadline(at) => Some(Awaited::Until(lane.probe.recorder.at(at))),
            Self::Task(task) => task.map(Awaited::Task),
            Self::Nothing => None,
        }
    }
}

impl<F: Future> Future for Awaiting<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        // A future that was only borrowed may be polled in another lane from now on.
        if let Some(entered) = this.entered.take_if(|entered| !entered.is_here())
            && !entered.is_over()
        {
            entered.leave();
        }
        if this.entered.is_none() {
            let reveals = *this.reveals;
            let site: &AwaitSite = this.site;
            *this.entered = Entered::new(site.text.into(), Some(site.site), |lane| {
                reveals.on(lane).or(site.order.on())
            });
        }
        let inner = this.inner.as_mut().as_pin_mut();
        let inner = inner.expect("an await is over once its future is ready");
        let Some(entered) = &*this.entered else {
            return inner.poll(cx);
        };
        if this.site.callee == Callee::YieldNow {
            entered.lane.yields();
        }
        let mut scope = context::scope();
        scope.frame = Some(entered.frame);
        let timeout = this.site.callee == Callee::Timeout;
        let within = context::enter(scope);
        let result = inner.poll(cx);
        if result.is_ready() {
            if timeout {
                scope.cancel = Some(Cancel::TimedOut);
                let _elapsed = context::enter(scope);
                drop_inner(this.inner.as_mut());
            }
            drop_inner(this.inner.as_mut());
            drop(within);
            if let Some(entered) = this.entered.take() {
                entered.leave();
            }
        }
        result
    }
}
