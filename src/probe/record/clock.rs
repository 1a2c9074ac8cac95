//! The clock that stamps events: the only one that the library reads for them.
//!
//! Real time is read from the processor's time stamp counter where it runs evenly, and from the operating system's
//! monotonic clock elsewhere (see `quanta`). Its ticks become nanoseconds only where they are collected.

#[cfg(target_arch = "x86_64")]
use std::sync::atomic::AtomicBool;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::event::Timestamp;
pub(crate) use crate::journal::word::Tick;
use crate::journal::{Clock, SCALE};

/// Reads the present, in ticks.
#[inline]
pub(crate) fn ticks() -> u64 {
    #[cfg(target_arch = "x86_64")]
    if IS_COUNTER.load(Ordering::Relaxed) {
        return counter();
    }
    clock().raw()
}

/// Reads the present from the processor's counter; none where the clock is another one.
#[inline]
pub(crate) fn quick_ticks() -> Option<u64> {
    #[cfg(target_arch = "x86_64")]
    if IS_COUNTER.load(Ordering::Relaxed) {
        return Some(counter());
    }
    None
}

/// The clock of all sessions: it is calibrated once.
fn clock() -> &'static quanta::Clock {
    static CLOCK: OnceLock<quanta::Clock> = OnceLock::new();
    CLOCK.get_or_init(|| {
        let clock = quanta::Clock::new();
        #[cfg(target_arch = "x86_64")]
        IS_COUNTER.store(is_counter(&clock), Ordering::Relaxed);
        let nanos = clock.delta_as_nanos(0, SCALE);
        let milli = u128::from(SCALE) * 1_000_000 / u128::from(nanos.max(1));
        MILLI.store(milli as u64, Ordering::Relaxed);
        clock
    })
}

/// Ticks per millisecond; far too many before the clock exists.
static MILLI: AtomicU64 = AtomicU64::new(u64::MAX);

/// Returns the ticks per millisecond.
#[inline]
pub(crate) fn milli() -> u64 {
    MILLI.load(Ordering::Relaxed)
}

/// Whether the clock is known to be the processor's counter as it is, so that it can be read without a call.
#[cfg(target_arch = "x86_64")]
static IS_COUNTER: AtomicBool = AtomicBool::new(false);

#[cfg(target_arch = "x86_64")]
fn is_counter(clock: &quanta::Clock) -> bool {
    (0..8).all(|_| {
        let (before, now, after) = (counter(), clock.raw(), counter());
        (before..=after).contains(&now)
    })
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[allow(
    unsafe_code,
    reason = "the standard library has no safe way to read it"
)]
fn counter() -> u64 {
    // SAFETY: every processor of this kind has it; where a program must not read it, the clock is another one, too.
    unsafe { std::arch::x86_64::_rdtsc() }
}

/// Real time since the session began.
#[derive(Debug)]
pub(crate) struct RealTime {
    ticks: Clock,
    /// The session's beginning on the operating system's clock.
    began: Instant,
}

impl Tick {
    pub(crate) fn now() -> Self {
        Self(ticks())
    }
}

impl RealTime {
    pub(crate) fn begin() -> Self {
        let clock = clock();
        Self {
            ticks: Clock {
                began: Tick::now(),
                scaled: clock.delta_as_nanos(0, SCALE),
            },
            began: Instant::now(),
        }
    }

    /// The tick so many nanoseconds before another.
    pub(crate) fn before(&self, tick: Tick, nanos: u64) -> Tick {
        let ticks = u128::from(nanos) * u128::from(SCALE) / u128::from(self.ticks.scaled.max(1));
        Tick(tick.0.saturating_sub(ticks as u64))
    }

    /// How ticks become times.
    pub(crate) fn ticks(&self) -> Clock {
        self.ticks
    }

    pub(crate) fn timestamp(&self, tick: Tick) -> Timestamp {
        self.ticks.timestamp(tick)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.timestamp(Tick::now())
    }

    pub(crate) fn at(&self, instant: tokio::time::Instant) -> Timestamp {
        Timestamp::ZERO.after(instant.into_std().duration_since(self.began))
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
