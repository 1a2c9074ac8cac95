//! The probe: an instrumented wrapper round a tokio runtime, and round any future.
//!
//! A wrapper future and a wrapped waker see more than any hook: every poll and how it ended, who woke whom, what was
//! dropped before it was ready, and what nothing can wake any more. [`Executor`] is the wrapped runtime; [`spawn`]
//! and its siblings stand for tokio's; [`TaskExt::lane`] gives any future a lane; `#[asyncline::trace]` adds what
//! happens within an async function.
//!
//! *Architecture invariants:* only the probe reads a clock. It never changes what the program does: the same results,
//! the same order on a current-thread runtime, the same panics.
//!
//! Unsafe code stands in five places, each with its reason: the waker (`waker`), the lane that a thread polls (`current`,
//! and `context`, which enters it), where a thread writes (`cursor`), and the processor's counter (`clock`).

mod awaiting;
pub(crate) mod bounded;
mod branch;
pub(crate) mod buffer;
mod builder;
pub(crate) mod clock;
mod context;
mod coroutine;
mod counts;
mod current;
mod cursor;
mod entry;
mod executor;
mod finally;
mod future;
pub mod gate;
mod handle;
mod hooks;
mod join;
pub(crate) mod join_set;
pub(crate) mod lane;
mod large;
pub(crate) mod local_set;
mod main;
mod mark;
mod progress;
#[cfg_attr(
    not(feature = "timeline"),
    allow(
        dead_code,
        reason = "what collects events in virtual time is not compiled"
    )
)]
pub(crate) mod recorder;
mod recording;
mod reveal;
mod site;
#[cfg(feature = "tracing")]
pub(crate) mod spans;
mod spare;
mod spent;
pub(crate) mod taker;
mod task;
pub(crate) mod task_builder;
pub(crate) mod template;
mod waker;

pub(crate) use crate::journal::word as record;

pub use branch::{Timeout, timeout};
pub use builder::Builder;
pub use coroutine::Coroutine;
pub use executor::Executor;
pub use future::Observed;
pub use handle::{Entered, Handle};
pub use join::{AbortHandle, JoinHandle};
pub use mark::label;
pub use recorder::DEFAULT_CAPACITY;
pub use recording::{EnteredRecording, Recording};
pub use task::{TaskExt, spawn, spawn_blocking, spawn_local, spawn_named, yield_now};

#[cfg(feature = "app")]
pub(crate) use executor::Target;

/// Whether recording is compiled out.
const OFF: bool = cfg!(feature = "off");

/// What expanded macros call. Not for anybody else: it may change at any time.
#[doc(hidden)]
pub mod expanded {
    pub use tokio;

    pub use super::awaiting::{AwaitSite, Awaiting, Callee, Order};
    pub use super::branch::{Branch, BranchSite, Unpolled, Waits};
    pub use super::coroutine::Coroutine;
    pub use super::main::{block_on, block_on_local};
    pub use super::mark::mark;
    pub use super::reveal::{
        RevealNothing, RevealSleep, RevealTask, Tag, TextOfDebug, TextOfNothing,
    };
    pub use super::site::StaticSite;

    /// Names the next task that is spawned on this thread while the guard lives.
    pub fn name(name: &'static str) -> impl Sized {
        super::context::enter_name(name)
    }
}
