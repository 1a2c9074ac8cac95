//! The ways with tokio alone.

use tokio::runtime::{Builder, Runtime};
use tokio::task;
use tokio::time::timeout;
use tokio::{join, main as run_main, select};

#[path = "ways.rs"]
mod ways;

pub use ways::WAYS;

pub fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}
