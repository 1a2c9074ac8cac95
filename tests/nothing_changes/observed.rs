//! The programs with lanes.

use asyncline::probe::{AbortHandle, timeout};
use asyncline::{JoinHandle, join, select, spawn, spawn_blocking, spawn_local, yield_now};

#[path = "programs.rs"]
pub mod programs;
#[path = "waiting.rs"]
pub mod waiting;
