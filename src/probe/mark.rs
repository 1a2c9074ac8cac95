//! Marks: lines of text that a program notes.

use std::fmt;

use super::context;
use crate::event::EventKind;

/// Notes a line in the current lane.
pub fn mark(text: fmt::Arguments<'_>) {
    if let Some(probe) = context::probe() {
        let lane = context::with_lane(|lane| lane.map(|lane| lane.id));
        probe.recorder.record(EventKind::Mark {
            lane,
            text: text.into(),
        });
    }
}

/// Notes a line of text in the lane that runs, as `format!` would make it. Without a probe nothing happens.
#[macro_export]
macro_rules! mark {
    ($($text:tt)+) => {
        $crate::probe::expanded::mark(::core::format_args!($($text)+))
    };
}
