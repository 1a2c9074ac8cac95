//! The programs with lanes.

use asyncline::probe::{AbortHandle, timeout};
use asyncline::{JoinHandle, join, select, spawn, spawn_blocking, spawn_local, yield_now};
use asyncline::{main as run, task};

#[path = "entries.rs"]
pub mod entries;
#[path = "programs.rs"]
pub mod programs;
#[path = "tasks.rs"]
pub mod tasks;
#[path = "waiting.rs"]
pub mod waiting;
