//! The names of the threads that this crate starts.

/// What they begin with.
const PREFIX: &str = "asyncline-";

/// Returns the name of a thread of this crate.
pub(crate) fn name(what: &str) -> String {
    format!("{PREFIX}{what}")
}

/// Returns `true` on a thread of this crate.
#[cfg(feature = "app")]
pub(crate) fn is_own() -> bool {
    let thread = std::thread::current();
    thread.name().is_some_and(|name| name.starts_with(PREFIX))
}
