//! Every scenario: what the catalogue promises of it, that its events balance, and that its lanes show its lesson.

#![cfg(feature = "app")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod balance;
mod beyond;
mod catalogue;
mod executors;
mod times;
mod tutorial;

use asyncline::event::{Event, EventKind, LaneId, Timestamp};
use asyncline::scenario::{self, Scenario};
use asyncline::source::Live;
use asyncline::timeline::{Frame, Lane, LaneKind, State, Timeline};

/// A scenario that has run, and what it showed.
struct Run {
    scenario: &'static Scenario,
    events: Vec<Event>,
    timeline: Timeline,
}

impl Run {
    fn of(name: &str) -> Self {
        let scenario = scenario::find(name).unwrap();
        let events = Live::run_to_end(scenario).unwrap();
        let timeline = events.iter().collect();
        Self {
            scenario,
            events,
            timeline,
        }
    }

    /// What the timeline was when as many events had come as `until` lets through.
    fn before(&self, until: impl Fn(&Event) -> bool) -> Timeline {
        let events = self.events.iter();
        events.take_while(|event| !until(event)).collect()
    }

    /// The number of the program's only line with this text.
    fn line(&self, text: &str) -> u32 {
        let mut lines = self.scenario.program();
        let found = lines.find(|(_, line)| line.contains(text)).unwrap().0;
        assert!(!lines.any(|(_, line)| line.contains(text)), "{text}");
        found
    }

    fn lanes(&self, is: impl Fn(&LaneKind) -> bool) -> Vec<&Lane> {
        let lanes = self.timeline.lanes();
        lanes.filter(|lane| is(&lane.kind)).collect()
    }

    fn tasks(&self) -> Vec<&Lane> {
        self.lanes(|kind| matches!(kind, LaneKind::Task(_)))
    }

    fn branches(&self) -> Vec<&Lane> {
        self.lanes(|kind| matches!(kind, LaneKind::Branch(_)))
    }

    fn runtimes(&self) -> Vec<&Lane> {
        self.lanes(|kind| matches!(kind, LaneKind::Runtime(_)))
    }

    fn task(&self, name: &str) -> &Lane {
        only(&self.tasks(), name)
    }

    fn coroutines(&self, name: &str) -> Vec<&Lane> {
        let mut coroutines = self.lanes(|kind| *kind == LaneKind::Coroutine);
        coroutines.retain(|lane| lane.name.raw() == name);
        coroutines
    }

    fn coroutine(&self, name: &str) -> &Lane {
        only(&self.coroutines(name), name)
    }

    /// From when to when a lane was in this state, in milliseconds, but for the moments that took no time.
    fn spans(&self, lane: &Lane, state: State) -> Vec<(u64, u64)> {
        let spans = self.timeline.spans(lane, self.timeline.end());
        let lasting = spans.filter(|span| span.state == state && span.start < span.end);
        lasting
            .map(|span| (millis(span.start), millis(span.end)))
            .collect()
    }

    /// What was said, in which lane and when, in milliseconds.
    fn said(&self) -> Vec<(u64, LaneId, &str)> {
        let marks = self.events.iter().filter_map(|event| match &event.kind {
            EventKind::Mark { lane, text } => Some((millis(event.at), (*lane)?, text.raw())),
            _ => None,
        });
        marks.collect()
    }

    /// What was said, in order.
    fn texts(&self) -> Vec<&str> {
        self.said().into_iter().map(|(_, _, text)| text).collect()
    }
}

fn only<'a>(lanes: &[&'a Lane], name: &str) -> &'a Lane {
    let mut named = lanes.iter().filter(|lane| lane.name.raw() == name);
    let found = named.next();
    assert!(named.next().is_none(), "two lanes are called {name}");
    found.unwrap_or_else(|| panic!("no lane is called {name}"))
}

/// Whether `lane` was woken by `other` at this millisecond.
fn was_woken(lane: &Lane, other: &Lane, at: u64) -> bool {
    let mut wakes = lane.wakes.iter();
    wakes.any(|wake| wake.lane() == Some(other.id) && millis(wake.at) == at)
}

fn millis(at: Timestamp) -> u64 {
    assert_eq!(at.0 % 1_000_000, 0, "{at:?}");
    at.0 / 1_000_000
}

/// From when to when a lane lived, in milliseconds.
fn life(lane: &Lane) -> (u64, u64) {
    (millis(lane.start), millis(lane.end.unwrap()))
}

/// From when to when a lane's awaits of this text lasted, in milliseconds.
fn awaits(lane: &Lane, text: &str) -> Vec<(u64, u64)> {
    let frames = lane.frames.iter().filter(|frame| frame.text.raw() == text);
    frames.map(lasted).collect()
}

fn lasted(frame: &Frame) -> (u64, u64) {
    (millis(frame.start), millis(frame.end.unwrap()))
}
