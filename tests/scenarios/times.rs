//! Times: exact, and the same at every run.

use asyncline::event::{Event, EventKind};
use asyncline::scenario;

use crate::catalogue::NAMES;
use crate::{Run, millis};

/// How long each scenario takes, in milliseconds of virtual time.
const ELAPSED: [(&str, u64); 24] = [
    ("function-vs-coroutine", 2200),
    ("generator", 3200),
    ("native-coroutine", 1600),
    ("coroutine-object", 1500),
    ("run", 2000),
    ("awaitables", 3000),
    ("never-awaited", 1000),
    ("await-nested", 1000),
    ("create-task", 2000),
    ("sequential", 3000),
    ("tasks", 2000),
    ("await-finished", 3000),
    ("gather", 2000),
    ("join-set", 3000),
    ("timeout", 3000),
    ("cancel", 1000),
    ("select", 3000),
    ("channel", 3100),
    ("mutex", 3000),
    ("semaphore", 3000),
    ("blocking", 3000),
    ("panic", 2000),
    ("deadlock", 4000),
    ("lost-waker", 3000),
];

#[test]
fn virtual_times_are_exact() {
    for (name, elapsed) in ELAPSED {
        let run = Run::of(name);
        assert_eq!(millis(run.events.last().unwrap().at), elapsed, "{name}");
        assert_eq!(millis(run.timeline.end()), elapsed, "{name}");
    }
}

#[test]
fn every_scenario_in_virtual_time_has_its_time_in_the_table() {
    let timed = scenario::all().iter().filter(|it| !it.real_time);
    let names: Vec<_> = timed.map(|it| it.name).collect();
    assert_eq!(names, ELAPSED.map(|(name, _)| name));
}

#[test]
fn two_runs_are_the_same() {
    for (name, _) in ELAPSED {
        assert_eq!(Run::of(name).events, Run::of(name).events, "{name}");
    }
}

#[test]
fn times_never_go_back() {
    for name in NAMES {
        let run = Run::of(name);
        assert!(run.events.is_sorted_by_key(|event| event.at), "{name}");
        let counts =
            |event: &&Event| !matches!(event.kind, EventKind::Alive | EventKind::PollSpent { .. });
        let counted = run.events.iter().filter(counts).count();
        assert_eq!(run.timeline.events(), counted as u64);
        assert_eq!(run.timeline.lost(), 0);
    }
}
