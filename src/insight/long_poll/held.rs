//! For how long a poll held its thread, as far as is known.

use crate::timeline::Spent;
use crate::units::rounded_text;

/// For how long a poll held its thread: without the time in which the thread was ready to run and had no processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// At least so many nanoseconds.
    pub(super) nanos: u64,
    /// At most so many nanoseconds of the poll went without a processor.
    pub(super) stalled: u64,
    how: How,
}

/// How a thread was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// It is not known.
    Unknown,
    /// By work: most of the time it was on a processor.
    Running,
    /// By a call that blocks: for at least so many nanoseconds; at most so many were spent on a processor.
    Blocked(u64, u64),
}

impl Held {
    /// Works out what a poll of this length has held at least. The reading before it may have been taken long before the
    /// poll: what was spent in between is not told apart, and counts for whatever makes the least of it.
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

    /// How it was held, for a sentence.
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

    /// Of a poll of 60 ms: the milliseconds since the reading before it, running, and stalled.
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
            // What ran before the poll cannot be told from what ran in it.
            (Some(10), 40, 0, (60, unknown())),
            (Some(10), 50, 0, (60, running())),
            (Some(500), 60, 0, (60, unknown())),
            (Some(500), 5, 0, (60, blocked(55, 5))),
            // Neither can what the thread waited for a processor before.
            (Some(500), 5, 30, (30, blocked(25, 5))),
            (Some(500), 400, 100, (0, unknown())),
            // Since the thread began.
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
