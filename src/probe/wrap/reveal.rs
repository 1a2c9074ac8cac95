//! What a value tells of itself where its type allows it, found out at compile time without specialisation.
//!
//! `(&Tag(&value)).reveal()` picks the method that needs the fewest references: that of `Tag<&Known>` before that of
//! `&Tag<&T>`. The macros write such calls; the traits only carry the methods.

#![allow(
    missing_docs,
    missing_debug_implementations,
    reason = "called by expanded macros only"
)]

use std::any::type_name;
use std::fmt::Debug;
use std::pin::Pin;

use super::awaiting::Reveals;
use crate::event::Text;
use crate::probe::executor::join::JoinHandle;
use crate::probe::record::bounded;

pub struct Tag<T>(pub T);

pub trait RevealSleep {
    fn reveal(&self) -> Reveals;
}

impl RevealSleep for Tag<&tokio::time::Sleep> {
    fn reveal(&self) -> Reveals {
        Reveals::Deadline(self.0.deadline())
    }
}

impl RevealSleep for Tag<&Pin<&mut tokio::time::Sleep>> {
    fn reveal(&self) -> Reveals {
        Reveals::Deadline(self.0.deadline())
    }
}

pub trait RevealTask {
    fn reveal(&self) -> Reveals;
}

impl<T> RevealTask for Tag<&JoinHandle<T>> {
    fn reveal(&self) -> Reveals {
        Reveals::Task(self.0.lane_id())
    }
}

impl<T> RevealTask for Tag<&&mut JoinHandle<T>> {
    fn reveal(&self) -> Reveals {
        Reveals::Task(self.0.lane_id())
    }
}

pub trait RevealNothing {
    fn reveal(&self) -> Reveals;
}

impl<T> RevealNothing for &Tag<&T> {
    fn reveal(&self) -> Reveals {
        Reveals::Nothing
    }
}

/// `true` if dropping a future of this type does not cancel its target: it is a reference, or a task's handle.
///
/// This checks the type's name, because a branch's future may be of any type, and one with a lifetime has no `TypeId`.
/// The names that it is compared with come from the compiler.
pub(crate) fn borrows<F>() -> bool {
    let name = type_name::<F>();
    let like = [
        type_name::<&mut ()>(),
        type_name::<Pin<&mut ()>>(),
        type_name::<JoinHandle<()>>(),
        type_name::<tokio::task::JoinHandle<()>>(),
    ];
    let begins = like.map(|like| like.trim_end_matches(['(', ')', '>']));
    begins.into_iter().any(|begin| name.starts_with(begin))
}

pub trait TextOfDebug {
    fn text(&self) -> Option<Text>;
}

impl<T: Debug> TextOfDebug for Tag<&T> {
    fn text(&self) -> Option<Text> {
        let text = bounded::text(format_args!("{:?}", self.0), bounded::VALUE);
        (text != "()").then(|| text.into())
    }
}

pub trait TextOfNothing {
    fn text(&self) -> Option<Text>;
}

impl<T> TextOfNothing for &Tag<&T> {
    fn text(&self) -> Option<Text> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Pending, Ready};

    use tokio::time::Sleep;

    use super::*;

    fn of<F>(_: &F) -> bool {
        borrows::<F>()
    }

    #[test]
    fn references_and_handles_borrow() {
        assert!(borrows::<&mut Sleep>());
        assert!(borrows::<&mut Pin<Box<dyn Future<Output = u8>>>>());
        assert!(borrows::<Pin<&mut Sleep>>());
        assert!(borrows::<JoinHandle<Vec<u8>>>());
        assert!(borrows::<tokio::task::JoinHandle<&'static str>>());
        let mut work = std::pin::pin!(async {});
        assert!(of(&work.as_mut()));
        assert!(of(&&mut work));
    }

    #[test]
    fn futures_that_are_dropped_do_not() {
        assert!(!borrows::<Sleep>());
        assert!(!borrows::<Pin<Box<Sleep>>>());
        assert!(!borrows::<Box<&mut Sleep>>());
        assert!(!borrows::<Pending<&mut ()>>());
        assert!(!borrows::<Ready<JoinHandle<()>>>());
        let mut work = std::pin::pin!(async {});
        assert!(!of(&async { work.as_mut().await }));
    }
}
