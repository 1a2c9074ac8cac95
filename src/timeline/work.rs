//! Counts what is looked at, in tests: work that grows faster than the events is found without a clock.

#[cfg(test)]
use std::cell::Cell;

#[cfg(test)]
thread_local! {
    static DONE: Cell<u64> = const { Cell::new(0) };
}

/// Counts so many things that were looked at. Does nothing outside tests.
#[inline]
pub(crate) fn done(things: usize) {
    #[cfg(test)]
    DONE.set(DONE.get() + things as u64);
    #[cfg(not(test))]
    let _ = things;
}

/// Returns how many things this thread looks at in a call.
#[cfg(all(test, feature = "app"))]
pub(crate) fn of(call: impl FnOnce()) -> u64 {
    let before = DONE.get();
    call();
    DONE.get() - before
}
