//! The clock that stamps events: the only one that the library reads for them.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::event::Timestamp;

/// Tells the time since the session began.
#[derive(Debug)]
pub(crate) enum Clock {
    /// Real time.
    Real(Instant),
    /// The paused clock of whichever runtime is entered.
    Virtual(Mutex<VirtualTime>),
}

#[derive(Debug, Default)]
pub(crate) struct VirtualTime {
    /// When the present runtime was entered: in session time, and on its own clock.
    entered: Option<(Timestamp, tokio::time::Instant)>,
    /// The latest time that was told. Outside of a runtime no virtual time passes.
    latest: Timestamp,
}

impl Clock {
    pub(crate) fn real() -> Self {
        Self::Real(Instant::now())
    }

    pub(crate) fn virtual_time() -> Self {
        Self::Virtual(Mutex::default())
    }

    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::Real(start) => Timestamp::ZERO.after(start.elapsed()),
            Self::Virtual(time) => {
                let mut time = time.lock().unwrap_or_else(PoisonError::into_inner);
                if tokio::runtime::Handle::try_current().is_ok() {
                    let now = time.at(tokio::time::Instant::now());
                    time.latest = time.latest.max(now);
                }
                time.latest
            }
        }
    }

    /// The session time at a runtime's instant.
    pub(crate) fn at(&self, instant: tokio::time::Instant) -> Timestamp {
        match self {
            Self::Real(start) => Timestamp::ZERO.after(instant.into_std().duration_since(*start)),
            Self::Virtual(time) => time
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .at(instant),
        }
    }

    /// Goes on from here with the clock of the runtime that the caller has entered.
    pub(crate) fn enter_runtime(&self) {
        if let Self::Virtual(time) = self {
            let mut time = time.lock().unwrap_or_else(PoisonError::into_inner);
            time.entered = Some((time.latest, tokio::time::Instant::now()));
        }
    }
}

impl VirtualTime {
    fn at(&self, instant: tokio::time::Instant) -> Timestamp {
        self.entered.map_or(self.latest, |(start, entered)| {
            let elapsed = instant.checked_duration_since(entered);
            start.after(elapsed.unwrap_or(Duration::ZERO))
        })
    }
}
