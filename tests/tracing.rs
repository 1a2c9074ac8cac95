//! Spans and events of `tracing`, in the lanes in which they happen: `cargo test --features tracing --test tracing`.

#![cfg(feature = "virtual-time")]
#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]

use std::time::Duration;

use asyncline::event::Timestamp;
use asyncline::timeline::{Frame, Lane};
use asyncline::{Executor, Timeline, spawn_named};
use tokio::time::sleep;
use tracing::{Instrument, error, info, info_span, warn};
use tracing_subscriber::layer::SubscriberExt;

const MS: Duration = Duration::from_millis(1);

fn timeline(program: impl Future<Output = ()>) -> Timeline {
    let subscriber = tracing_subscriber::registry().with(asyncline::tracing::layer());
    let _default = tracing::subscriber::set_default(subscriber);
    let (executor, mut events) = Executor::builder().virtual_time().record().unwrap();
    executor.block_on(program);
    drop(executor);
    events.drain().iter().collect()
}

fn find<'a>(timeline: &'a Timeline, name: &str) -> &'a Lane {
    timeline.lanes().find(|lane| lane.name == name).unwrap()
}

/// A frame's text, and from when to when it was there, in milliseconds.
fn told(frame: &Frame) -> (&str, u64, u64) {
    let millis = |at: Timestamp| at.0 / 1_000_000;
    (
        frame.text.raw(),
        millis(frame.start),
        millis(frame.end.unwrap()),
    )
}

#[test]
fn a_span_is_there_from_its_first_poll_to_its_end() {
    let timeline = timeline(async {
        let request = async {
            sleep(2 * MS).await;
            async { sleep(3 * MS).await }
                .instrument(info_span!("query", table = "users"))
                .await;
            sleep(MS).await;
        };
        let span = info_span!("request", user = 7, path = %"/x");
        sleep(MS).await;
        let task = spawn_named("task", request.instrument(span));
        task.await.unwrap();
        info_span!("never entered");
        info_span!("at once").in_scope(|| info!("within"));
    });
    let task = find(&timeline, "task");
    let frames: Vec<_> = task.frames.iter().map(told).collect();
    let request = ("span request{user=7 path=/x}", 1, 7);
    assert_eq!(frames, [request, ("span query{table=users}", 3, 6)]);
    assert_eq!(task.polls, 4);
    let root = timeline.lanes().find(|lane| lane.parent.is_some()).unwrap();
    let last = root.frames.last().map(told);
    assert_eq!(last, Some(("span at once", 7, 7)));
    let marks: Vec<_> = root.marks.iter().map(|mark| mark.text.raw()).collect();
    assert_eq!(marks, ["within"]);
}

#[test]
fn a_span_is_there_in_every_lane_that_enters_it() {
    let timeline = timeline(async {
        let span = info_span!("both");
        let one = spawn_named("one", sleep(MS).instrument(span.clone()));
        let two = spawn_named("two", sleep(2 * MS).instrument(span));
        one.await.unwrap();
        two.await.unwrap();
    });
    // It ends with the last of those that have it; a lane that has ended has nothing open.
    for name in ["one", "two"] {
        let frames = &find(&timeline, name).frames;
        assert_eq!(frames.len(), 1);
        assert_eq!(frames[0].text, "span both");
    }
}

#[test]
fn an_event_is_a_mark() {
    let timeline = timeline(async {
        let task = spawn_named("task", async {
            info!("plain");
            warn!(left = 3, "low");
            error!(reason = ?Some("x"), code = 1.5);
        });
        task.await.unwrap();
    });
    let marks = find(&timeline, "task").marks.iter();
    let marks: Vec<_> = marks.map(|mark| mark.text.raw()).collect();
    assert_eq!(
        marks,
        [
            "plain",
            "warning: low left=3",
            "error: reason=Some(\"x\") code=1.5"
        ]
    );
}

#[test]
fn without_a_probe_nothing_happens() {
    let subscriber = tracing_subscriber::registry().with(asyncline::tracing::layer());
    let _default = tracing::subscriber::set_default(subscriber);
    let executor = Executor::builder().build().unwrap();
    let span = info_span!("outside");
    let number = executor.block_on(async { 1 }.instrument(span));
    info!("to nobody");
    assert_eq!(number, 1);
}
