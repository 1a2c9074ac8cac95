//! The wrappers that see what happens: round futures, wakers, branches, awaits and calls.

pub(crate) mod awaiting;
pub(crate) mod birth;
pub(crate) mod borrows;
pub(crate) mod branch;
pub(crate) mod context;
pub(crate) mod coroutine;
pub(crate) mod current;
pub(crate) mod death;
pub(crate) mod finally;
pub(crate) mod future;
pub(crate) mod join;
pub(crate) mod lane;
pub(crate) mod mark;
pub(crate) mod probe;
pub(crate) mod reveal;
#[cfg(feature = "tracing")]
pub(crate) mod spans;
pub(crate) mod spare;
pub(crate) mod spent;
pub(crate) mod waker;
pub(crate) mod wakers;
