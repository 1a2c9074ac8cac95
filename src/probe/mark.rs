//! Marks, and the macros that stand for tokio's.

use std::fmt;

use super::context;
use crate::event::EventKind;

/// Notes a line in the current lane.
pub fn mark(text: fmt::Arguments<'_>) {
    if let Some(probe) = context::probe() {
        let lane = context::lane().map(|lane| lane.id);
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

/// As [`tokio::join!`]; every branch has a lane of its own.
#[macro_export]
macro_rules! join {
    (biased; $($branch:expr),+ $(,)?) => {
        $crate::probe::expanded::tokio::join!(biased; $($crate::branch_of_join!($branch)),+)
    };
    ($($branch:expr),+ $(,)?) => {
        $crate::probe::expanded::tokio::join!($($crate::branch_of_join!($branch)),+)
    };
}

/// Runs several futures concurrently and gives all their values, in order: [`join!`](crate::join) under the name that
/// it has in Python.
#[macro_export]
macro_rules! gather {
    ($($branches:tt)+) => {
        $crate::join!($($branches)+)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! branch_of_join {
    ($branch:expr) => {
        $crate::probe::expanded::Branch::of_join(
            ::core::stringify!($branch),
            $crate::probe::expanded::StaticSite {
                file: ::core::file!(),
                line: ::core::line!(),
                column: ::core::column!(),
            },
            $branch,
        )
    };
}
