//! Large futures and closures are boxed before they are wrapped, as tokio boxes them before it spawns them: each wrapper
//! moves them, and each move may need stack space.

use std::marker::PhantomData;

/// Maximum sizes of values that are moved unboxed, in bytes: tokio's limits.
const LARGEST_MOVED: usize = if cfg!(debug_assertions) {
    2 << 10
} else {
    16 << 10
};

/// The size of values of a type.
pub(crate) struct Size<T>(PhantomData<T>);

impl<T> Size<T> {
    /// `true` if they are boxed. A constant, so that only one of the two branches is compiled.
    pub(crate) const IS_LARGE: bool = size_of::<T>() > LARGEST_MOVED;
}

/// Evaluates an expression in which a future is boxed if it is large.
macro_rules! boxed_if_large {
    ($future:ident: $F:ty => $expression:expr) => {
        boxed_if_large!($future: $F, Box::pin => $expression)
    };
    ($value:ident: $T:ty, $new:path => $expression:expr) => {
        if $crate::probe::executor::large::Size::<$T>::IS_LARGE {
            let $value = $new($value);
            $expression
        } else {
            $expression
        }
    };
}

pub(crate) use boxed_if_large;
