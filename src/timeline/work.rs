//! Counts steps of work in tests, to find work that grows faster than the events without using a clock.

#[cfg(test)]
use std::cell::Cell;

#[cfg(test)]
thread_local! {
    static DONE: Cell<u64> = const { Cell::new(0) };
}

/// Counts this many steps. Does nothing outside tests.
#[inline]
pub(crate) fn done(things: usize) {
    #[cfg(test)]
    DONE.set(DONE.get() + things as u64);
    #[cfg(not(test))]
    let _ = things;
}

/// Returns the number of steps that this thread takes in a call.
#[cfg(all(test, feature = "app"))]
pub(crate) fn of(call: impl FnOnce()) -> u64 {
    let before = DONE.get();
    call();
    DONE.get() - before
}
