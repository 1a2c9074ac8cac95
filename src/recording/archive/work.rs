//! Recording and reading a session takes work proportional to its events, whatever they are.

use std::fs::File;

use tempfile::tempfile;

use super::*;
use crate::event::{BranchOf, Cancel, EventKind, LaneId, ThreadId, Waker};
use crate::export::summary::summary;
use crate::export::text::LanesText;
use crate::insight::{describe, findings, why};
use crate::recording::{Meta, Writer};
use crate::timeline::rows::{Order, flat_rows, rows};
use crate::timeline::story::{self, Story};
use crate::timeline::work;

/// A function that tells a story whose length depends on a number.
pub(super) type Tell = fn(u64) -> Story;

pub(super) const STORIES: [(&str, Tell); 14] = [
    ("a select! that turns", select),
    ("losses between polls of lanes that nobody spawned", losses),
    ("losses while many tasks wait", losses_of_many),
    ("coroutines within coroutines", coroutines),
    ("branches within branches", nested_branches),
    ("branches side by side", branches),
    ("tasks that end", tasks),
    ("lines of one task", marks),
    ("labels of one task", labels),
    ("wakes of one task", wakes),
    ("sleeps beside a long poll", sleeps),
    ("awaits side by side", awaits),
    ("awaits that are never left", open_awaits),
    ("threads", threads),
];

/// Moves on a little, in a story with this many steps.
fn later(story: Story, moment: u64) -> Story {
    story.at_nanos(moment * 1_000)
}

fn select(turns: u64) -> Story {
    let mut story = Story::of_main().poll(1);
    for turn in 0..turns {
        let [stop, other] = [2 * turn + 2, 2 * turn + 3];
        story = later(story, turn).enter(1, turn as u32 + 1, "select!", None);
        story = story.branch(stop, "stop", 1, BranchOf::Select);
        story = story.poll(stop).waits(stop);
        story = story.branch(other, "next()", 1, BranchOf::Select);
        story = story.poll(other).done(other);
        story = story.cancel(stop, Cancel::LostSelect);
        story = story.leave(1, turn as u32 + 1);
    }
    story.done(1)
}

/// Looks like a recording of a program that outruns the writer.
fn losses(times: u64) -> Story {
    let mut story = Story::of_main().poll(1).waits(1);
    for time in 0..times {
        let lane = time + 2;
        story = later(story, time).lose(3).poll(lane).waits(lane);
    }
    story
}

fn losses_of_many(times: u64) -> Story {
    let mut story = Story::of_main().poll(1);
    for lane in 2..times + 2 {
        story = story.spawn(lane, "t", Some(1)).poll(lane).waits(lane);
    }
    for time in 0..times {
        story = later(story, time).lose(1).wake(2, Waker::Driver);
        story = story.poll(2).waits(2);
    }
    story
}

fn coroutines(deep: u64) -> Story {
    let mut story = Story::of_main().poll(1).call(2, "f", 1).begin(2, 1, None);
    for lane in 3..deep + 3 {
        let frame = lane as u32;
        story = later(story, lane).call(lane, "f", lane - 1);
        let outer = (lane > 3).then_some(frame - 1);
        story = story.enter_within(1, frame, outer, "f()", None);
        story = story.begin(lane, 1, Some(frame));
        story = story.waits(1).wake(1, Waker::Driver).poll(1);
    }
    for lane in (3..deep + 3).rev() {
        story = story.returns(lane, "1").leave(1, lane as u32);
    }
    story.returns(2, "1").done(1)
}

fn nested_branches(deep: u64) -> Story {
    let mut story = Story::of_main().poll(1);
    for lane in 2..deep + 2 {
        story = later(story, lane).branch(lane, "b", lane - 1, BranchOf::Timeout);
        story = story.poll(lane).waits(lane);
    }
    story.waits(1)
}

fn branches(number: u64) -> Story {
    let mut story = Story::of_main().poll(1).enter(1, 1, "join!", None);
    for lane in 2..number + 2 {
        story = later(story, lane).branch(lane, "b", 1, BranchOf::Join);
        story = story.poll(lane).waits(lane);
    }
    story = story.waits(1);
    for lane in 2..number + 2 {
        story = later(story, number + lane).wake(lane, Waker::Driver);
        story = story.wake(1, Waker::Driver).poll(1);
        story = story.poll(lane).done(lane).waits(1);
    }
    story
}

fn tasks(number: u64) -> Story {
    let mut story = Story::of_main().poll(1);
    for lane in 2..number + 2 {
        story = later(story, lane).spawn(lane, "t", Some(1));
        story = story.waits(1).poll(lane).done(lane);
        story = story.wake(1, story::by(lane)).poll(1);
    }
    story
}

fn marks(number: u64) -> Story {
    let lane = Some(LaneId(1));
    (0..number).fold(Story::of_main().poll(1), |story, line| {
        let text = "line".into();
        later(story, line).say(EventKind::Mark { lane, text })
    })
}

fn labels(number: u64) -> Story {
    (0..number).fold(Story::of_main().poll(1), |story, label| {
        later(story, label).say(EventKind::Labelled {
            lane: LaneId(1),
            key: ["a", "b", "c"][label as usize % 3].into(),
            value: label.to_string().into(),
        })
    })
}

fn wakes(number: u64) -> Story {
    (0..number).fold(Story::of_main(), |story, wake| {
        later(story, wake).poll(1).waits(1).wake(1, Waker::Driver)
    })
}

fn sleeps(number: u64) -> Story {
    let mut story = Story::of_main().spawn(2, "busy", Some(1));
    for frame in 1..=number {
        let sleep = story::until(frame);
        story = story.at(frame).poll(1);
        story = story.enter(1, frame as u32, "sleep()", sleep).waits(1);
        story = story.wake(1, Waker::Driver).poll(1);
        story = story.leave(1, frame as u32).waits(1);
    }
    let story = story.poll(2).at(number + 50).waits(2);
    story.wake(1, Waker::Driver).poll(1)
}

/// Like futures joined by hand: all are reached, and the first one is over first.
fn awaits(number: u64) -> Story {
    let mut story = Story::of_main().poll(1);
    for frame in 1..=number {
        story = later(story, frame).enter(1, frame as u32, "a", None);
    }
    story = story.waits(1);
    for frame in 1..=number {
        story = later(story, number + frame).wake(1, Waker::Driver);
        story = story.poll(1).leave(1, frame as u32).waits(1);
    }
    story
}

fn open_awaits(number: u64) -> Story {
    let mut story = Story::of_main();
    for frame in 1..=number as u32 {
        story = later(story, frame.into()).poll(1);
        story = story.enter(1, 2 * frame, "left", None).leave(1, 2 * frame);
        story = story.enter(1, 2 * frame + 1, "open", None).waits(1);
    }
    story
}

fn threads(number: u64) -> Story {
    let mut story = Story::of_main();
    for thread in 0..number as u32 {
        story = later(story, thread.into());
        let first = story.events.len();
        let name = "blocking".into();
        story = story.say(EventKind::ThreadNamed { name }).poll(1).waits(1);
        for event in &mut story.events[first..] {
            event.thread = ThreadId(thread);
        }
    }
    story
}

/// Records a story, block by block.
fn record(events: &[Event]) -> File {
    let file = tempfile().unwrap();
    let mut writer = Writer::new(file.try_clone().unwrap(), &Meta::default()).unwrap();
    for events in events.chunks(64) {
        writer.write(events).unwrap();
        writer.flush().unwrap();
    }
    writer.finish().unwrap();
    file
}

/// Opens a recording and reads all of it, and its end.
fn open(file: File) {
    let mut archive = Archive::of_file(file).unwrap();
    let end = archive.end().unwrap().timeline;
    archive.end_time().unwrap();
    archive.stretch(u64::MAX, 50, 0).unwrap();
    look(&end);
    print(&mut archive, &end);
}

fn look(timeline: &Timeline) {
    rows(
        timeline,
        &std::collections::HashSet::new(),
        true,
        Timestamp::ZERO,
    );
    flat_rows(timeline, Order::Running, "t", Timestamp::ZERO);
    why(timeline, LaneId(1), timeline.end());
}

fn print(archive: &mut Archive, end: &Timeline) {
    let mut lanes = LanesText::new(end, 100, false);
    let taken = archive.stretches(256, |stretch, next| lanes.take(stretch, next));
    taken.unwrap();
    lanes.text();
    serde_json::to_writer(io::sink(), &summary("", end, &[], None)).unwrap();
}

/// Reads all events at once, as for a short session.
fn look_at_once(events: &[Event]) {
    let mut timeline = Timeline::new();
    for event in events {
        timeline.apply(event);
    }
    for event in events.iter().rev().take(50) {
        describe(event, &timeline);
    }
    look(&timeline);
    findings(&timeline);
}

/// Four times as many events take about four times the work: less than six times.
fn is_linear(what: &str, of: impl Fn(u64) -> u64) {
    const NUMBER: u64 = 300;
    let (few, many) = (of(NUMBER), of(4 * NUMBER));
    assert!(few > 0, "{what}: nothing is counted");
    assert!(many < 6 * few, "{what}: {few} became {many}");
}

#[test]
fn recording_takes_linear_work() {
    for (what, tell) in STORIES {
        is_linear(what, |number| {
            let events = tell(number).events;
            work::of(|| drop(record(&events)))
        });
    }
}

#[test]
fn opening_and_printing_take_linear_work() {
    for (what, tell) in STORIES {
        is_linear(what, |number| {
            let file = record(&tell(number).events);
            work::of(|| open(file))
        });
    }
}

#[test]
fn a_short_session_takes_linear_work() {
    for (what, tell) in STORIES {
        is_linear(what, |number| {
            let events = tell(number).events;
            work::of(|| look_at_once(&events))
        });
    }
}
