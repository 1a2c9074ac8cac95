//! Which futures only borrow what they poll.

use std::any::type_name;
use std::pin::Pin;

use super::join::JoinHandle;

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
