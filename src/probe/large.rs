//! Large futures and closures are boxed before anything is wrapped round them, as tokio boxes them before it spawns them:
//! each wrapper is a move, and each move may need room on the stack.

use std::marker::PhantomData;

/// The largest that is moved as it is, in bytes: tokio's limits.
const LARGEST_MOVED: usize = if cfg!(debug_assertions) {
    2 << 10
} else {
    16 << 10
};

/// The size of values of a type.
pub(super) struct Size<T>(PhantomData<T>);

impl<T> Size<T> {
    /// `true` if they are boxed. A constant, so that only one of the two branches is compiled.
    pub(super) const IS_LARGE: bool = size_of::<T>() > LARGEST_MOVED;
}

/// Evaluates an expression in which a future is boxed if it is large.
macro_rules! boxed_if_large {
    ($future:ident: $F:ty => $expression:expr) => {
        boxed_if_large!($future: $F, Box::pin => $expression)
    };
    ($value:ident: $T:ty, $new:path => $expression:expr) => {
        if $crate::probe::large::Size::<$T>::IS_LARGE {
            let $value = $new($value);
            $expression
        } else {
            $expression
        }
    };
}

pub(super) use boxed_if_large;
