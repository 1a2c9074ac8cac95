//! What stands in the place of [`tokio::task`]: with `use asyncline::task` instead of `use tokio::task`, tasks have lanes.
//!
//! All of it behaves as tokio's does. What needs no lane is tokio's own.
//!
//! A [`JoinHandle`], an [`AbortHandle`] and a [`JoinSet`] convert to tokio's and back by `into()`; a reference to a
//! [`LocalSet`] works in place of one to tokio's. So `AbortOnDropHandle::new(spawn(…).into())` works, but a reference to a
//! `JoinHandle` cannot become one to tokio's. Types that spawn tasks themselves, such as `JoinMap` and `TaskTracker`,
//! return tokio's handles; their tasks have lanes if their futures do: `map.spawn(key, future.lane("name"))`.

pub use tokio::task::{
    Id, JoinError, LocalEnterGuard, LocalKey, block_in_place, coop, futures, id, try_id,
};

/// Deprecated in tokio, where they are found in [`coop`].
#[doc(hidden)]
pub use tokio::task::coop::{Unconstrained, consume_budget, unconstrained};

pub use crate::probe::executor::join_set::JoinSet;
pub use crate::probe::executor::local_set::LocalSet;
pub use crate::probe::executor::task_builder::Builder;
pub use crate::probe::{AbortHandle, JoinHandle, spawn, spawn_blocking, spawn_local, yield_now};

/// What belongs to a [`JoinSet`].
pub mod join_set {
    pub use crate::probe::executor::join_set::{Builder, JoinSet};
}
