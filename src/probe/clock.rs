//! The clock that stamps events: the only one that the library reads for them.
//!
//! Real time is read from the processor's time stamp counter where it runs evenly, and from the operating system's
//! monotonic clock elsewhere (see `quanta`). Its ticks become nanoseconds only where they are collected.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::event::Timestamp;

/// Real time since the session began.
#[derive(Debug)]
pub(crate) struct RealTime {
    ticks: quanta::Clock,
    /// The session's beginning, in ticks and on the operating system's clock.
    began: (u64, Instant),
}

/// A moment in real time, in ticks of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tick(pub(crate) u64);

impl RealTime {
    pub(crate) fn begin() -> Self {
        let ticks = quanta::Clock::new();
        let began = (ticks.raw(), Instant::now());
        Self { ticks, began }
    }

    #[inline]
    pub(crate) fn tick(&self) -> Tick {
        Tick(self.ticks.raw())
    }

    /// The tick so many nanoseconds before another.
    pub(crate) fn before(&self, tick: Tick, nanos: u64) -> Tick {
        const SAMPLE: u64 = 1 << 20;
        let sample = self.ticks.delta_as_nanos(0, SAMPLE).max(1);
        Tick(tick.0.saturating_sub(nanos * SAMPLE / sample))
    }

    pub(crate) fn timestamp(&self, tick: Tick) -> Timestamp {
        Timestamp(self.ticks.delta_as_nanos(self.began.0, tick.0))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.timestamp(self.tick())
    }

    pub(crate) fn at(&self, instant: tokio::time::Instant) -> Timestamp {
        Timestamp::ZERO.after(instant.into_std().duration_since(self.began.1))
    }
}

/// The paused clock of whichever runtime is entered.
#[derive(Debug, Default)]
pub(crate) struct VirtualTime(Mutex<VirtualState>);

#[derive(Debug, Default)]
struct VirtualState {
    /// When the present runtime was entered: in session time, and on its own clock.
    entered: Option<(Timestamp, tokio::time::Instant)>,
    /// The latest time that was told. Outside of a runtime no virtual time passes.
    latest: Timestamp,
}

impl VirtualTime {
    pub(crate) fn now(&self) -> Timestamp {
        let mut time = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tokio::runtime::Handle::try_current().is_ok() {
            let now = time.at(tokio::time::Instant::now());
            time.latest = time.latest.max(now);
        }
        time.latest
    }

    pub(crate) fn at(&self, instant: tokio::time::Instant) -> Timestamp {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .at(instant)
    }

    /// Goes on from here with the clock of the runtime that the caller has entered.
    pub(crate) fn enter_runtime(&self) {
        let mut time = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        time.entered = Some((time.latest, tokio::time::Instant::now()));
    }
}

impl VirtualState {
    fn at(&self, instant: tokio::time::Instant) -> Timestamp {
        self.entered.map_or(self.latest, |(start, entered)| {
            let elapsed = instant.checked_duration_since(entered);
            start.after(elapsed.unwrap_or(Duration::ZERO))
        })
    }
}
