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

pub(crate) mod executor;
pub mod gate;
#[cfg(unix)]
pub(crate) mod live;
pub mod output;
pub(crate) mod record;
pub mod task;
#[cfg(feature = "tracing")]
pub mod tracing;
pub(crate) mod wrap;

pub use executor::builder::Builder;
pub use executor::handle::{Entered, Handle};
pub use executor::recording::{EnteredRecording, Recording};
pub use executor::runtime::Executor;
pub use executor::spawn::{TaskExt, spawn, spawn_blocking, spawn_local, spawn_named, yield_now};
pub use record::recorder::DEFAULT_CAPACITY;
pub use wrap::branch::{Timeout, timeout};
pub use wrap::coroutine::Coroutine;
pub use wrap::future::Observed;
pub use wrap::join::{AbortHandle, JoinHandle};
pub use wrap::mark::label;

/// What expanded macros call. Not for anybody else: it may change at any time.
#[doc(hidden)]
pub mod expanded {
    pub use tokio;

    pub use super::executor::block_on::{block_on, block_on_local};
    pub use super::record::site::StaticSite;
    pub use super::wrap::awaiting::{AwaitSite, Awaiting, Callee, Order};
    pub use super::wrap::branch::{Branch, BranchSite, Unpolled, Waits};
    pub use super::wrap::coroutine::Coroutine;
    pub use super::wrap::mark::mark;
    pub use super::wrap::reveal::{
        RevealNothing, RevealSleep, RevealTask, Tag, TextOfDebug, TextOfNothing,
    };

    /// Names the next task that is spawned on this thread while the guard lives.
    pub fn name(name: &'static str) -> impl Sized {
        super::wrap::context::enter_name(name)
    }
}
