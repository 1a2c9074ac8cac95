//! Marks: lines of text that a program notes; and labels.

use std::borrow::Cow;
use std::fmt;

use super::context;
use crate::event::{EventKind, Text};
use crate::probe::record::bounded;

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

/// Labels the running lane: `label("user", 7)`. A label of the same key is replaced. A value is cut at 200 bytes. Outside
/// of all lanes, and without
/// a probe, nothing happens.
pub fn label(key: impl Into<Cow<'static, str>>, value: impl fmt::Display) {
    context::with_lane(|lane| {
        if let Some(lane) = lane {
            lane.label(key.into(), &value);
        }
    });
}

/// Records a line of text in the running lane, as `format!` would make it, cut at 1000 bytes. Does nothing without a
/// probe.
#[macro_export]
macro_rules! mark {
    ($($text:tt)+) => {
        $crate::probe::expanded::mark(::core::format_args!($($text)+))
    };
}
