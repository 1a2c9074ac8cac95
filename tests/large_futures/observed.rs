//! The ways with asyncline in tokio's place.

use asyncline::task;
use asyncline::{Executor as Runtime, join, main as run_main, select, timeout};

#[path = "ways.rs"]
mod ways;

pub use ways::WAYS;
