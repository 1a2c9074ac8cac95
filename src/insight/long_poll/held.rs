//! The time for which a poll held its thread, as far as it is known.

use crate::text::units::rounded_text;
use crate::timeline::Spent;

/// The time for which a poll held its thread, without the time in which the thread was ready to run but had no
/// processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// Minimum, in nanoseconds.
    pub(super) nanos: u64,
    /// Maximum time of the poll without a processor, in nanoseconds.
    pub(super) stalled: u64,
    how: How,
}

/// The way in which a thread was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// Unknown.
    Unknown,
    /// By work: it was on a processor for most of the time.
    Running,
    /// By a blocking call. Holds the minimum nanoseconds blocked, and the maximum nanoseconds on a processor.
    Blocked(u64, u64),
}

impl Held {
    /// Returns the minimum time for which a poll of this length held its thread. The reading before may be much older than
    /// the poll. Time spent in between cannot be told apart, and is attributed so that the result stays a minimum.
    pub(super) fn of(lasted: u64, spent: Option<&Spent>) -> Self {
        let Some(spent) = spent else {
            return Self {
                nanos: lasted,
                stalled: 0,
                how: How::Unknown,
            };
        };
        let stalled = spent.stalled.min(lasted);
        let nanos = lasted - stalled;
        let most = spent.running.min(lasted);
        let before = spent.since.unwrap_or(u64::MAX);
        let least = spent.running.saturating_sub(before).min(lasted);
        let blocked = nanos.saturating_sub(most);
        let how = match nanos / 2 {
            half if blocked > half => How::Blocked(blocked, most),
            half if least > half => How::Running,
            _ => How::Unknown,
        };
        Self {
            nanos,
            stalled,
            how,
        }
    }

    /// Returns the way it was held, as part of a sentence.
    pub(super) fn how(self) -> String {
        match self.how {
            How::Unknown => String::new(),
            How::Running => " (on the processor)".into(),
            How::Blocked(blocked, running) => {
                let (blocked, running) = (rounded_text(blocked), rounded_text(running));
                format!(" ({blocked} blocked, at most {running} on the processor)")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Timestamp;

    const MS: u64 = 1_000_000;

    /// For a poll of 60 ms: milliseconds since the reading before it, running, and stalled.
    fn held(since: Option<u64>, running: u64, stalled: u64) -> (u64, String) {
        let spent = Spent {
            poll: Timestamp::ZERO,
            since: since.map(|since| since * MS),
            running: running * MS,
            stalled: stalled * MS,
        };
        let held = Held::of(60 * MS, Some(&spent));
        assert_eq!(held.nanos + held.stalled, 60 * MS);
        (held.nanos / MS, held.how())
    }

    #[test]
    fn time_without_a_processor_does_not_hold_the_thread() {
        let blocked = |blocked, running| {
            format!(" ({blocked} ms blocked, at most {running} ms on the processor)")
        };
        let running = || " (on the processor)".to_owned();
        let unknown = String::new;
        for (since, ran, stalled, expected) in [
            (Some(0), 60, 0, (60, running())),
            (Some(0), 20, 40, (20, running())),
            (Some(0), 3, 0, (60, blocked(57, 3))),
            (Some(0), 3, 10, (50, blocked(47, 3))),
            (Some(0), 0, 60, (0, unknown())),
            (Some(0), 25, 0, (60, blocked(35, 25))),
            // Time that ran before the poll cannot be told from time in it.
            (Some(10), 40, 0, (60, unknown())),
            (Some(10), 50, 0, (60, running())),
            (Some(500), 60, 0, (60, unknown())),
            (Some(500), 5, 0, (60, blocked(55, 5))),
            // The same goes for time in which the thread waited for a processor before.
            (Some(500), 5, 30, (30, blocked(25, 5))),
            (Some(500), 400, 100, (0, unknown())),
            // Since the thread started.
            (None, 5, 10, (50, blocked(45, 5))),
            (None, 900, 10, (50, unknown())),
        ] {
            let case = format!("{since:?} {ran} {stalled}");
            assert_eq!(held(since, ran, stalled), expected, "{case}");
        }
    }

    #[test]
    fn where_nothing_is_known_all_of_it_counts() {
        let held = Held::of(60 * MS, None);
        assert_eq!(
            (held.nanos, held.stalled, held.how()),
            (60 * MS, 0, String::new())
        );
    }
}
