//! Lanes that are over, kept for tasks that are spawned later on the same thread: a spawn then allocates no lane, and
//! counts no further owner of its probe.
//!
//! A thread keeps lanes of the probe that it has entered, and lets go of them when it leaves that.

use std::cell::RefCell;
use std::ptr::null;
use std::sync::Arc;

use super::lane::Lane;
use super::probe::Probe;
use super::wakers::Wakers;

/// How many lanes a thread keeps at most: 8 KiB of them.
const MOST: usize = 64;

thread_local! {
    static SPARE: RefCell<Spare> = const { RefCell::new(Spare { of: null(), lanes: Vec::new() }) };
}

struct Spare {
    /// The probe that the thread has entered; null if it has entered none. Only compared.
    of: *const Probe,
    /// Lanes of that probe, which nobody else has.
    lanes: Vec<Arc<Lane>>,
}

/// Takes note that the thread has entered a probe, or left all of them.
pub(crate) fn enter(probe: Option<&Arc<Probe>>) {
    let of = probe.map_or(null(), Arc::as_ptr);
    let before = SPARE.try_with(|spare| {
        let mut spare = spare.try_borrow_mut().ok()?;
        if spare.of == of {
            return None;
        }
        spare.of = of;
        Some(std::mem::take(&mut spare.lanes))
    });
    // Not within the borrow: with the last lane, its probe may be gone.
    drop(before);
}

/// Returns a lane of this probe, as it was left, that nobody else has.
#[inline]
pub(crate) fn take(probe: &Arc<Probe>) -> Option<Arc<Lane>> {
    let lane = SPARE.try_with(|spare| {
        let mut spare = spare.try_borrow_mut().ok()?;
        if spare.of != Arc::as_ptr(probe) {
            return None;
        }
        spare.lanes.pop()
    });
    lane.ok().flatten()
}

/// Drops a lane, or keeps it if nobody else has it.
#[inline]
pub(crate) fn keep(mut lane: Arc<Lane>) {
    if Arc::strong_count(&lane) > 1 {
        return;
    }
    if !lane.wakers.are_new() {
        let Some(left) = Arc::get_mut(&mut lane) else {
            return;
        };
        // Not within the borrow: wakers are the program's.
        left.wakers = Wakers::new(None);
    }
    let _ = SPARE.try_with(|spare| {
        if let Ok(mut spare) = spare.try_borrow_mut()
            && spare.of == Arc::as_ptr(&lane.probe)
            && spare.lanes.len() < MOST
        {
            spare.lanes.push(lane);
        }
    });
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use super::*;
    use crate::{Executor, spawn};

    fn with_kept<R>(look: impl FnOnce(&[Arc<Lane>]) -> R) -> R {
        SPARE.with(|spare| look(&spare.borrow().lanes))
    }

    #[test]
    fn lanes_are_kept_without_their_wakers_until_the_thread_leaves_their_probe() {
        let (executor, _collector) = Executor::builder().record().expect("a runtime");
        executor.block_on(async {
            for _ in 0..2 {
                let tasks: Vec<_> = (0..2 * MOST).map(|_| spawn(wakes_itself())).collect();
                for task in tasks {
                    task.await.expect("it ends");
                }
                assert_eq!(with_kept(<[_]>::len), MOST);
                assert!(with_kept(|lanes| lanes
                    .iter()
                    .all(|lane| lane.wakers.are_new())));
            }
        });
        assert_eq!(with_kept(<[_]>::len), 0);
    }

    /// Is ready in its second poll, and keeps a waker from the first one until then.
    async fn wakes_itself() {
        let mut kept = None;
        poll_fn(|cx| {
            let before = kept.replace(cx.waker().clone());
            cx.waker().wake_by_ref();
            match before {
                Some(_) => Poll::Ready(()),
                None => Poll::Pending,
            }
        })
        .await;
    }
}
