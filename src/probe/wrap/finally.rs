//! Cleanup that runs in any case, also while a panic unwinds.

/// Calls a function when it is dropped.
#[must_use = "it is called when this is dropped"]
pub(crate) struct Finally<F: FnOnce()>(Option<F>);

/// Returns a guard that calls `f` when it is dropped, even if a destructor panics before that.
pub(crate) fn finally<F: FnOnce()>(f: F) -> Finally<F> {
    Finally(Some(f))
}

impl<F: FnOnce()> Drop for Finally<F> {
    fn drop(&mut self) {
        if let Some(f) = self.0.take() {
            f();
        }
    }
}
