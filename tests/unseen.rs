//! Tasks that are spawned past the probe: how many there are; and, where tokio tells of them, what they do.
//!
//! The latter: `RUSTFLAGS="--cfg tokio_unstable" cargo test --test unseen --target-dir target/unstable`.

#![cfg(not(feature = "off"))]
#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]

use std::future::pending;

use asyncline::event::{Event, EventKind};
use asyncline::probe::Builder;
use asyncline::{Executor, Timeline, spawn};

/// Runs tasks until `is_enough` of what has been recorded.
fn record_until(builder: Builder, is_enough: impl Fn(&Timeline) -> bool) -> Timeline {
    let (executor, mut collector) = builder.record().unwrap();
    let mut timeline = Timeline::new();
    executor.block_on(async {
        let seen = [(); 3].map(|()| spawn(pending::<()>()));
        let unseen = [(); 2].map(|()| tokio::spawn(pending::<()>()));
        let mut drain = || {
            collector.drain_each(|event| timeline.apply(event));
            is_enough(&timeline)
        };
        while !drain() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        drop((seen, unseen));
    });
    drop(executor);
    collector.drain_each(|event| timeline.apply(event));
    timeline
}

fn builders() -> [Builder; 2] {
    [Executor::builder(), Executor::builder().worker_threads(2)]
}

#[cfg(not(tokio_unstable))]
#[test]
fn they_are_counted() {
    for builder in builders() {
        let is_counted = |timeline: &Timeline| {
            let counted = timeline.counted().first();
            counted.is_some_and(|tasks| (tasks.seen, tasks.alive) == (3, 5))
        };
        let timeline = record_until(builder, is_counted);
        assert_eq!(timeline.counted(), [], "the runtime is gone");
    }
}

#[test]
fn where_all_are_seen_nothing_is_told() {
    let (executor, mut collector) = Executor::builder().record().unwrap();
    let mut events = Vec::new();
    executor.block_on(async {
        let mut tasks = asyncline::task::JoinSet::new();
        for _ in 0..3 {
            tasks.spawn(pending::<()>());
        }
        // Long enough for them to be counted more than once.
        for _ in 0..30 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            collector.drain_into(&mut events);
        }
    });
    let counts = |event: &&Event| matches!(event.kind, EventKind::TasksCounted { .. });
    assert_eq!(events.iter().find(counts), None);
}

#[cfg(tokio_unstable)]
mod unstable {
    use asyncline::event::{Cancel, Waker};
    use asyncline::spawn_named;
    use asyncline::timeline::{Lane, State};
    use tokio::sync::oneshot;

    use super::*;

    fn at(timeline: &Timeline, line: u32) -> &Lane {
        let name = format!("unseen.rs:{line}");
        let found = timeline.lanes().find(|lane| *lane.name == *name);
        found.unwrap_or_else(|| panic!("there is a lane called {name}"))
    }

    #[test]
    fn they_have_lanes() {
        for builder in builders() {
            let timeline = record_until(builder, |_| true);
            let is_unseen = |lane: &&Lane| lane.name.starts_with("unseen.rs:");
            let unseen: Vec<_> = timeline.lanes().filter(is_unseen).collect();
            assert_eq!(unseen.len(), 2, "those that are known have one lane only");
            for lane in unseen {
                assert_eq!(lane.cancel, Some(Cancel::Shutdown));
            }
        }
    }

    #[test]
    fn their_polls_are_seen_and_whom_they_wake() {
        let (executor, mut collector) = Executor::builder().timers_only().record().unwrap();
        let mut lines = (0, 0);
        executor.block_on(async {
            let (sender, receiver) = oneshot::channel();
            let waits = spawn_named("waits", receiver);
            let wakes = async move {
                tokio::task::yield_now().await;
                sender.send(1).unwrap();
                spawn_named("child", async {}).await.unwrap();
            };
            lines.0 = line!() + 1;
            let wakes = tokio::spawn(wakes);
            let joins = spawn_named("joins", async { wakes.await.unwrap() });
            lines.1 = line!() + 1;
            let aborted = tokio::spawn(pending::<()>());
            assert_eq!(waits.await.unwrap(), Ok(1));
            joins.await.unwrap();
            aborted.abort();
            assert!(aborted.await.unwrap_err().is_cancelled());
        });
        drop(executor);
        let timeline: Timeline = collector.drain().iter().collect();
        let wakes = at(&timeline, lines.0);
        assert_eq!((wakes.state(), wakes.polls), (State::Done, 3));
        let find = |name: &str| timeline.lanes().find(|lane| &*lane.name == name).unwrap();
        for name in ["waits", "joins"] {
            assert_eq!(find(name).wakes[0].by, Waker::Lane(wakes.id), "{name}");
        }
        assert_eq!(find("child").parent, Some(wakes.id));
        // Tokio does not tell that it was aborted.
        assert_eq!(at(&timeline, lines.1).state(), State::Done);
        assert_eq!(timeline.counted(), []);
    }
}
