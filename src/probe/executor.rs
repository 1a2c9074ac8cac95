//! The instrumented executor, and what stands in for tokio's functions and types that spawn tasks.

pub(crate) mod block_on;
pub(crate) mod builder;
pub(crate) mod entry;
pub(crate) mod handle;
pub(crate) mod hooks;
pub(crate) mod join_set;
pub(crate) mod large;
pub(crate) mod local_set;
pub(crate) mod recording;
pub(crate) mod runtime;
pub(crate) mod spawn;
pub(crate) mod stop;
pub(crate) mod task_builder;
