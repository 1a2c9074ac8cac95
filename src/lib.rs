//! asyncline: see what an async program does, as it does it.

extern crate self as asyncline;

#[cfg(feature = "app")]
pub mod cli;
pub mod collector;
pub mod event;
#[cfg(feature = "app")]
pub mod export;
pub mod glyph;
pub mod insight;
pub mod probe;
#[cfg(feature = "app")]
pub mod scenario;
pub mod session;
#[cfg(feature = "app")]
pub mod source;
pub mod timeline;
#[cfg(feature = "app")]
pub mod tui;
pub mod units;
#[cfg(feature = "app")]
pub mod width;

pub use collector::Collector;
pub use probe::{
    Executor, JoinHandle, TaskExt, spawn, spawn_blocking, spawn_local, spawn_named, timeout,
    yield_now,
};
pub use timeline::Timeline;

pub use asyncline_macros::{select, trace};

/// The README's program is compiled and run with the other examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
