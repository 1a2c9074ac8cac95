//! The programs on tokio alone.

use tokio::task::{AbortHandle, JoinHandle, spawn_blocking, spawn_local, yield_now};
use tokio::time::timeout;
use tokio::{join, main as run, select, spawn, task};

#[path = "entries.rs"]
pub mod entries;
#[path = "programs.rs"]
pub mod programs;
#[path = "tasks.rs"]
pub mod tasks;
#[path = "waiting.rs"]
pub mod waiting;
