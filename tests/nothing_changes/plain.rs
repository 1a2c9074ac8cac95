//! The programs on tokio alone.

use tokio::task::{AbortHandle, JoinHandle, spawn_blocking, spawn_local, yield_now};
use tokio::time::timeout;
use tokio::{join, select, spawn};

#[path = "programs.rs"]
pub mod programs;
#[path = "waiting.rs"]
pub mod waiting;
