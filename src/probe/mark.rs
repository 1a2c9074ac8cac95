//! Marks: lines of text that a program notes; and labels.

use std::borrow::Cow;
use std::fmt;

use super::{bounded, context};
use crate::event::{EventKind, Text};

/// Notes a line in the current lane.
pub fn mark(text: fmt::Arguments<'_>) {
    if let Some(probe) = context::probe() {
        let lane = context::with_lane(|lane| lane.map(|lane| lane.id));
        probe.recorder.record(EventKind::Mark {
            lane,
            text: match text.as_str() {
                Some(text) => Text::Static(text),
                None => bounded::text(text, bounded::LINE).into(),
            },
        });
    }
}

/// Labels the lane that runs: `label("user", 7)`. A label of the same key is replaced. Of a value that is longer than 200
/// bytes, only the beginning is kept. Outside of all lanes, and without
/// a probe, nothing happens.
pub fn label(key: impl Into<Cow<'static, str>>, value: impl fmt::Display) {
    context::with_lane(|lane| {
        if let Some(lane) = lane {
            lane.label(key.into(), &value);
        }
    });
}

/// Notes a line of text in the lane that runs, as `format!` would make it, and cut where it is longer than 1000 bytes.
/// Without a probe nothing happens.
#[macro_export]
macro_rules! mark {
    ($($text:tt)+) => {
        $crate::probe::expanded::mark(::core::format_args!($($text)+))
    };
}
