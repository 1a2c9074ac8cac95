//! Work on threads of its own.

use std::thread;

/// Does some work on a thread of its own. Nothing depends on it: it is skipped if there can be no thread.
pub(crate) fn in_background(name: &str, work: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().name(crate::text::threads::name(name));
    let _ = thread.spawn(work);
}
