//! What a call of a `#[trace]`d async function gives: its coroutine, seen from the call to its end.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::context::{self, Scope};
use super::finally::finally;
use super::future::drop_inner;
use super::probe::Probe;
use crate::event::{Cancel, CoroutineEnd, EventKind, LaneId, Site, Text};

pin_project! {
    /// The coroutine of an async function: it runs when it is awaited, and not before.
    #[must_use = "a coroutine does nothing unless it is awaited"]
    pub struct Coroutine<F: Future> {
        #[pin]
        inner: Option<F>,
        name: &'static str,
        site: Site,
        known: Option<KnownCoroutine>,
        value: fn(&F::Output) -> Option<Text>,
    }

    impl<F: Future> PinnedDrop for Coroutine<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let Some(known) = this.known.take() else { return };
            let end = match context::scope().cancel {
                // Whoever was to run it was cancelled first, which is no forgotten await.
                Some(why) => CoroutineEnd::Cancelled { why },
                None if known.started => CoroutineEnd::Cancelled { why: Cancel::Dropped },
                None => CoroutineEnd::NeverPolled,
            };
            let _end = finally(|| known.ended(end));
            drop_inner(this.inner.as_mut());
        }
    }
}

/// A coroutine that the session knows.
struct KnownCoroutine {
    lane: LaneId,
    probe: Arc<Probe>,
    started: bool,
    /// The lane that polled it last.
    host: Option<LaneId>,
}

impl<F: Future> fmt::Debug for Coroutine<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coroutine")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl<F: Future> Coroutine<F> {
    /// What `#[trace]` makes of an async function's body.
    #[doc(hidden)]
    #[track_caller]
    pub fn new(name: &'static str, inner: F, value: fn(&F::Output) -> Option<Text>) -> Self {
        let mut coroutine = Self {
            inner: Some(inner),
            name,
            site: Location::caller().into(),
            known: None,
            value,
        };
        // Outside of all lanes it becomes known when a lane begins to run it.
        if context::is_in_lane() {
            coroutine.known = KnownCoroutine::created(name, &coroutine.site);
        }
        coroutine
    }
}

impl KnownCoroutine {
    fn created(name: &'static str, site: &Site) -> Option<Self> {
        context::with_lane(|lane| {
            let lane = lane?;
            let probe = Arc::clone(&lane.probe);
            let id = probe.recorder.next_lane();
            probe.recorder.record(EventKind::CoroutineCreated {
                lane: id,
                name: name.into(),
                parent: Some(lane.id),
                site: Some(site.clone()),
            });
            Some(Self {
                lane: id,
                probe,
                started: false,
                host: None,
            })
        })
    }

    /// Records that the current lane polls it from now on, unless that is known already.
    fn start(&mut self, scope: &Scope) {
        let host = context::with_lane(|host| {
            let host = host.filter(|host| host.probe.recorder.is(&self.probe.recorder));
            host.map(|host| host.id)
        });
        if self.started && (host.is_none() || host == self.host) {
            return;
        }
        (self.started, self.host) = (true, host);
        self.probe.recorder.record(EventKind::CoroutineStarted {
            lane: self.lane,
            host,
            frame: scope.frame.map(|frame| frame.id),
        });
    }

    fn ended(&self, end: CoroutineEnd) {
        self.probe.recorder.record(EventKind::CoroutineEnded {
            lane: self.lane,
            end,
        });
    }
}

/// Tells of a panic while it unwinds through the coroutine.
struct OnPanic<'a>(&'a mut Option<KnownCoroutine>);

impl Drop for OnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(known) = self.0.take()
        {
            known.ended(CoroutineEnd::Panicked);
        }
    }
}

impl<F: Future> Future for Coroutine<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let inner = this.inner.as_mut().as_pin_mut();
        let inner = inner.expect("a coroutine is not polled after it has returned");
        let mut scope = context::scope();
        if this.known.is_none() {
            *this.known = KnownCoroutine::created(this.name, this.site);
        }
        let Some(known) = this.known.as_mut() else {
            return inner.poll(cx);
        };
        known.start(&scope);
        scope.coroutine = Some(known.lane);
        let entered = context::enter(scope);
        let panic = OnPanic(this.known);
        let result = inner.poll(cx);
        drop(entered);
        if let Poll::Ready(value) = &result {
            let value = (this.value)(value);
            drop_inner(this.inner.as_mut());
            if let Some(known) = panic.0.take() {
                known.ended(CoroutineEnd::Returned { value });
            }
        }
        std::mem::forget(panic);
        result
    }
}
