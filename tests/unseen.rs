//! Tasks that are spawned past the probe: how many there are; and, where tokio tells of them, what they do.
//!
//! The latter: `RUSTFLAGS="--cfg tokio_unstable" cargo test --test unseen --target-dir target/unstable`, as CI does.

#![cfg(not(feature = "off"))]
#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]

use std::future::pending;

#[cfg(not(tokio_unstable))]
use asyncline::TaskExt;
use asyncline::event::{Event, EventKind, Waker};
use asyncline::probe::Builder;
use asyncline::timeline::Lane;
use asyncline::{Executor, Timeline, spawn, spawn_named};
use tokio::sync::oneshot;

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

/// What wakes the task `waits`, for which this waits, too, while `send` runs in a task that is not seen.
#[cfg(not(tokio_unstable))]
fn who_wakes<F>(builder: Builder, send: impl FnOnce(oneshot::Sender<u32>) -> F) -> (Waker, Timeline)
where
    F: Future<Output = ()> + Send + 'static,
{
    let (executor, mut collector) = builder.record().unwrap();
    executor.block_on(async {
        let (sender, receiver) = oneshot::channel();
        let waits = spawn_named("waits", receiver);
        let send = send(sender);
        // It sends when the other one waits, and is polled for a timer's sake.
        let unseen = tokio::spawn(async move {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            send.await;
        });
        assert_eq!(waits.await.unwrap(), Ok(1));
        unseen.await.unwrap();
    });
    drop(executor);
    let timeline: Timeline = collector.drain().iter().collect();
    let wakes = &find(&timeline, "waits").wakes;
    assert_eq!(wakes.len(), 1);
    (wakes[0].by, timeline)
}

fn find<'a>(timeline: &'a Timeline, name: &str) -> &'a Lane {
    let lane = timeline.lanes().find(|lane| lane.name == name);
    lane.unwrap_or_else(|| panic!("there is a lane called {name}"))
}

#[cfg(not(tokio_unstable))]
#[test]
fn whom_they_wake_no_driver_has_woken() {
    for builder in builders() {
        let sends = |sender: oneshot::Sender<u32>| async { sender.send(1).unwrap() };
        assert_eq!(who_wakes(builder, sends).0, Waker::Thread);
    }
}

#[cfg(not(tokio_unstable))]
#[test]
fn what_has_a_lane_in_them_wakes_nobody_after_its_end() {
    let sends = |sender: oneshot::Sender<u32>| async {
        let number = async { 1 }.lane("inner").await;
        sender.send(number).unwrap();
    };
    let (by, timeline) = who_wakes(Executor::builder(), sends);
    assert_eq!(by, Waker::Thread);
    assert_eq!(find(&timeline, "inner").polls, 1);
}

#[cfg(not(tokio_unstable))]
#[test]
fn what_is_all_of_one_wakes_who_joins_it() {
    for builder in builders() {
        let (executor, mut collector) = builder.record().unwrap();
        executor.block_on(async {
            let sleeps = tokio::time::sleep(std::time::Duration::from_millis(20));
            let all = tokio::spawn(sleeps.lane("all"));
            spawn_named("waits", all).await.unwrap().unwrap();
        });
        drop(executor);
        let timeline: Timeline = collector.drain().iter().collect();
        let all = find(&timeline, "all").id;
        let wakes = find(&timeline, "waits").wakes.iter();
        let wakes: Vec<_> = wakes.map(|wake| wake.by).collect();
        assert_eq!(wakes, [Waker::Lane(all)]);
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
            events.extend(collector.drain());
        }
    });
    let counts = |event: &&Event| matches!(event.kind, EventKind::TasksCounted { .. });
    assert_eq!(events.iter().find(counts), None);
}

#[cfg(tokio_unstable)]
mod unstable {
    use asyncline::event::Cancel;
    use asyncline::timeline::State;

    use super::*;

    fn at(timeline: &Timeline, line: u32) -> &Lane {
        let name = format!("unseen.rs:{line}");
        find(timeline, &name)
    }

    #[test]
    fn they_have_lanes() {
        for builder in builders() {
            let timeline = record_until(builder, |_| true);
            let is_unseen = |lane: &&Lane| lane.name.raw().starts_with("unseen.rs:");
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
        for name in ["waits", "joins"] {
            assert_eq!(
                find(&timeline, name).wakes[0].by,
                Waker::Lane(wakes.id),
                "{name}"
            );
        }
        assert_eq!(find(&timeline, "child").parent, Some(wakes.id));
        // Tokio does not tell that it was aborted.
        assert_eq!(at(&timeline, lines.1).state(), State::Done);
        assert_eq!(timeline.counted(), []);
    }
}
