//! The journal: what a program's threads wrote, as they wrote it, in a file or on its way to viewers.
//!
//! A program pays for what is done here, so that it does little: its recording thread puts a header before the words of
//! each thread and appends them. Merging the threads, and all else, is done by who reads: [`Reader`].
//!
//! The format is specified in `docs/format.md`, for producers in other languages as well.
//!
//! *Architecture invariant:* pure functions but for [`file`]; no bytes make them panic.

pub(crate) mod blob;
pub(crate) mod block;
#[cfg(all(test, feature = "timeline"))]
#[allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
mod by_hand;
#[cfg(feature = "timeline")]
pub(crate) mod damage;
#[cfg(all(test, feature = "app"))]
#[allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
mod equality;
pub(crate) mod file;
pub(crate) mod limit;
#[cfg(feature = "timeline")]
mod merge;
pub(crate) mod names;
pub(crate) mod pair;
pub(crate) mod private;
#[cfg(feature = "timeline")]
mod reader;
#[cfg(feature = "timeline")]
pub(crate) mod said;
#[cfg(unix)]
mod skim;
#[cfg(unix)]
pub(crate) mod standing;
#[cfg(all(test, feature = "timeline"))]
#[allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
mod tests;
#[cfg(feature = "timeline")]
mod told;
#[cfg(feature = "timeline")]
pub(crate) mod unreadable;
pub(crate) mod word;

#[cfg(feature = "timeline")]
pub(crate) use merge::Sink;
#[cfg(feature = "timeline")]
pub(crate) use reader::Reader;

use crate::event::Timestamp;
use word::Tick;

/// Ticks enough to tell how long one is: the error is less than a nanosecond in an hour.
pub(crate) const SCALE: u64 = 1 << 44;

/// How a program's ticks become times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    /// The tick at which the session began.
    pub(crate) began: Tick,
    /// The nanoseconds of [`SCALE`] ticks.
    pub(crate) scaled: u64,
}

impl Clock {
    #[inline]
    pub(crate) fn timestamp(&self, tick: Tick) -> Timestamp {
        Timestamp(self.nanos(tick.0.saturating_sub(self.began.0)))
    }

    /// Converts ticks to nanoseconds.
    #[inline]
    pub(crate) fn nanos(&self, ticks: u64) -> u64 {
        let nanos = u128::from(ticks) * u128::from(self.scaled) / u128::from(SCALE);
        u64::try_from(nanos).unwrap_or(u64::MAX)
    }
}

impl Default for Clock {
    /// A tick is a nanosecond.
    fn default() -> Self {
        Self {
            began: Tick(0),
            scaled: SCALE,
        }
    }
}
