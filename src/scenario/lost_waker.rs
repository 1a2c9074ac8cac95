use super::stage::{run, secs};
use crate::probe::timeout;
use crate::{mark, spawn, trace};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::time::sleep;

struct Raised(Arc<AtomicBool>);

impl Future for Raised {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        // The waker in the context should be kept for later, and is not.
        let raised = self.0.load(Ordering::Relaxed);
        if raised {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

#[trace]
async fn watch(flag: Arc<AtomicBool>) {
    Raised(flag).await;
    mark!("the flag is up");
}

#[trace]
async fn main() {
    let flag = Arc::new(AtomicBool::new(false));
    let mut watcher = spawn(watch(flag.clone()));
    sleep(secs(1)).await;
    flag.store(true, Ordering::Relaxed);
    mark!("the flag goes up");
    if timeout(secs(2), &mut watcher).await.is_err() {
        mark!("the watcher has not seen it");
        watcher.abort();
        let _ = watcher.await;
    }
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "lost-waker",
    title: "nobody to wake it",
    chapter: Chapter::Trouble,
    lesson: "A future that waits without keeping its waker can never be woken again.",
    question: Question {
        text: "The watcher waits for a flag, but its future keeps no waker. The flag goes up at 1 s. When is the \
               watcher polled again?",
        choices: &["At once", "When it asks the next time", "Never"],
        right: 2,
        because: "After its first poll no waker of it exists: nothing can ever wake it. The flag is up from 1 s on, \
                  and the watcher waits until main gives up at 3 s.",
    },
    file: file!(),
    source: include_str!("lost_waker.rs"),
    main: start,
    elapsed_ms: Some(3_000),
};
