//! The gate on the real executor: paused, stepped poll by poll, run to a wake or a task, played, and ended in the middle.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
#![cfg(feature = "app")]

use asyncline::Timeline;
use asyncline::event::{Cancel, Event, EventKind, LaneId};
use asyncline::probe::gate::{FASTEST, Pace};
use asyncline::scenario::{self, Scenario};
use asyncline::source::Live;
use asyncline::timeline::State;

fn scenario(name: &str) -> &'static Scenario {
    scenario::find(name).expect("the scenario exists")
}

/// Waits until a scenario stands at its gate or has ended, and gives what happened until then.
fn settle(live: &mut Live, events: &mut Vec<Event>) {
    while !live.is_finished()
        && !matches!(live.report(), report if report.held.is_some() && report.pace == Pace::Paused)
    {
        std::thread::yield_now();
    }
    live.drain(events);
}

/// The polls of tasks: those that are not within another one's.
fn polls(events: &[Event]) -> Vec<LaneId> {
    let mut depth = 0;
    let mut tasks = Vec::new();
    for event in events {
        match event.kind {
            EventKind::PollStarted { lane } => {
                depth += 1;
                if depth == 1 {
                    tasks.push(lane);
                }
            }
            EventKind::PollEnded { .. } => depth -= 1,
            _ => {}
        }
    }
    tasks
}

fn wakes(events: &[Event]) -> usize {
    let is_wake = |event: &&Event| matches!(event.kind, EventKind::Woken { .. });
    events.iter().filter(is_wake).count()
}

#[test]
fn a_step_is_one_poll_and_all_steps_are_the_whole_run() {
    for scenario in scenario::all()
        .iter()
        .filter(|scenario| !scenario.is_real_time())
    {
        let whole = Live::run_to_end(scenario).unwrap();
        let mut live = Live::start(scenario, Pace::Paused).unwrap();
        let mut events = Vec::new();
        settle(&mut live, &mut events);
        assert_eq!(
            polls(&events),
            [],
            "{}: paused, nothing runs",
            scenario.name
        );
        while !live.is_finished() {
            let before = polls(&events).len();
            live.set_pace(Pace::Step);
            settle(&mut live, &mut events);
            let now = polls(&events).len();
            assert_eq!(now, before + 1, "{}: a step is a poll", scenario.name);
        }
        live.drain(&mut events);
        assert!(
            events == whole,
            "{}: stepping changes nothing",
            scenario.name
        );
    }
}

#[test]
fn running_to_the_next_wake_stops_at_it() {
    let mut live = Live::start(scenario("tasks"), Pace::Paused).unwrap();
    let mut events = Vec::new();
    settle(&mut live, &mut events);
    let mut stops = Vec::new();
    while !live.is_finished() {
        live.set_pace(Pace::ToWake);
        settle(&mut live, &mut events);
        stops.push((
            wakes(&events),
            polls(&events).len(),
            live.report().position.0,
        ));
    }
    // Each task's timer wakes it, and its end wakes main.
    let second = 1_000_000_000;
    let expected = [
        (1, 3, second),
        (2, 4, second),
        (3, 5, 2 * second),
        (4, 6, 2 * second),
        (4, 7, 2 * second),
    ];
    assert_eq!(stops, expected);
}

#[test]
fn running_until_a_task_ends_with_its_poll() {
    let mut live = Live::start(scenario("tasks"), Pace::Paused).unwrap();
    let mut events = Vec::new();
    settle(&mut live, &mut events);
    live.set_pace(Pace::Step);
    settle(&mut live, &mut events);
    let timeline: Timeline = events.iter().collect();
    let task2 = timeline
        .lanes()
        .find(|lane| lane.name.raw() == "task2")
        .unwrap()
        .id;
    for count in 1..=2 {
        live.set_pace(Pace::Until(task2));
        settle(&mut live, &mut events);
        let polls = polls(&events);
        assert_eq!(polls.last(), Some(&task2));
        assert_eq!(polls.iter().filter(|task| **task == task2).count(), count);
    }
    live.set_pace(Pace::Open);
    while !live.is_finished() {
        std::thread::yield_now();
    }
    live.drain(&mut events);
    assert_eq!(events, Live::run_to_end(scenario("tasks")).unwrap());
}

#[test]
fn playing_shows_every_event_at_its_exact_time() {
    let mut live = Live::start(scenario("tasks"), Pace::Playing).unwrap();
    live.set_speed(FASTEST);
    let mut last = live.report().position;
    while !live.is_finished() {
        let position = live.report().position;
        assert!(position >= last, "playback never goes back");
        last = position;
        std::thread::yield_now();
    }
    let mut events = Vec::new();
    live.drain(&mut events);
    assert_eq!(events, Live::run_to_end(scenario("tasks")).unwrap());
}

#[test]
fn ending_in_the_middle_ends_all_tasks_and_the_thread() {
    for scenario in scenario::all() {
        let mut live = Live::start(scenario, Pace::Paused).unwrap();
        let mut events = Vec::new();
        for _ in 0..2 {
            settle(&mut live, &mut events);
            live.set_pace(Pace::Step);
        }
        settle(&mut live, &mut events);
        live.stop();
        assert!(live.is_finished());
        live.drain(&mut events);
        let timeline: Timeline = events.iter().collect();
        for lane in timeline.lanes().filter(|lane| lane.is_task()) {
            assert!(
                lane.state().is_end(),
                "{}: {} has ended",
                scenario.name,
                lane.name
            );
            if lane.state() == State::Cancelled {
                let why = lane.cancel.expect("a cancellation has a reason");
                assert!(matches!(why, Cancel::Shutdown | Cancel::Aborted { .. }));
            }
        }
        let last = events.last().map(|event| &event.kind);
        assert!(
            matches!(last, Some(EventKind::RuntimeLeft { .. })),
            "{}",
            scenario.name
        );
    }
}
