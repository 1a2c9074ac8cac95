//! From the probe to the lanes by both ways: what was recorded live and what is replayed from its log are the same.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
#![cfg(feature = "app")]

use asyncline::event::Event;
use asyncline::insight;
use asyncline::probe::gate::Pace;
use asyncline::recording::{Meta, Session, Writer};
use asyncline::scenario::{self, Scenario};
use asyncline::source::Live;
use asyncline::timeline::State;
use asyncline::{Executor, Timeline};
use std::time::{Instant, SystemTime};

/// Plays a scenario as the screen does: drains it again and again, folds and records each batch.
fn play(scenario: &'static Scenario, path: &std::path::Path) -> (Timeline, Vec<Event>) {
    let mut live = Live::start(scenario, Pace::Open).unwrap();
    let meta = Meta::new(scenario.title, scenario.name, SystemTime::now());
    let mut writer = Writer::create(path, &meta).unwrap();
    let (mut timeline, mut all) = (Timeline::new(), Vec::new());
    loop {
        let was_finished = live.is_finished();
        let mut batch = Vec::new();
        live.drain(&mut batch);
        writer.write(&batch).unwrap();
        writer.tick(Instant::now()).unwrap();
        timeline.extend(&batch);
        all.extend(batch);
        if was_finished {
            writer.finish().unwrap();
            return (timeline, all);
        }
        std::thread::yield_now();
    }
}

#[test]
fn live_and_replayed_sessions_give_equal_timelines() {
    let folder = tempfile::tempdir().unwrap();
    for scenario in scenario::all() {
        let path = folder.path().join(scenario.name);
        let (live, events) = play(scenario, &path);
        let session = Session::open(&path).unwrap();
        assert_eq!(session.damage, [], "{}", scenario.name);
        assert_eq!(session.meta.scenario, scenario.name);
        assert!(
            session.events == events,
            "{}: the log holds what happened",
            scenario.name
        );
        let replayed: Timeline = session.events.iter().collect();
        assert!(
            replayed == live,
            "{}: the same events, the same lanes",
            scenario.name
        );
        assert_eq!(insight::findings(&replayed), insight::findings(&live));
        assert!(live.events() > 10 && live.lost() == 0);
    }
}

#[test]
fn stepping_back_is_the_past_exactly_as_it_was() {
    for scenario in scenario::all() {
        let events = Live::run_to_end(scenario).unwrap();
        let mut live = Timeline::new();
        let mut moments = Vec::new();
        for event in &events {
            moments.push(live.clone());
            live.apply(event);
        }
        for (count, then) in moments.iter().enumerate().step_by(7) {
            let past: Timeline = events[..count].iter().collect();
            assert!(past == *then, "{} after {count} events", scenario.name);
        }
    }
}

#[test]
fn a_recording_of_a_program_is_replayed_as_it_was() {
    let (executor, mut events) = Executor::builder().worker_threads(2).record().unwrap();
    executor.block_on(async {
        let tasks: Vec<_> = (0..20_u32)
            .map(|number| {
                asyncline::spawn_named(format!("작업 {number} 👩‍👩‍👧"), async move {
                    asyncline::yield_now().await;
                    asyncline::mark!("line of {number}\n\tand more \u{1b}[31m");
                    number
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    drop(executor);
    let events = events.drain();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("program.aline");
    let meta = Meta::new("a program", "", SystemTime::now());
    let mut writer = Writer::create(&path, &meta).unwrap();
    writer.write(&events).unwrap();
    writer.finish().unwrap();
    let session = Session::open(&path).unwrap();
    assert!(session.events == events);
    let timeline: Timeline = session.events.iter().collect();
    let done = timeline
        .lanes()
        .filter(|lane| lane.name.raw().starts_with("작업"));
    assert!(done.clone().all(|lane| lane.state() == State::Done));
    assert_eq!(done.count(), 20);
}
