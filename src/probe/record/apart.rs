//! Values that threads change all the time, kept away from those that they only read.

use std::ops::Deref;

/// What threads change all the time, apart from what they only read beside it: in a line of the cache, and its neighbor,
/// of its own.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Apart<T>(pub(crate) T);

impl<T> Deref for Apart<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
