//! Times: exact, and the same at every run.

use asyncline::event::{Event, EventKind};
use asyncline::scenario::{self, Scenario};

use crate::{Run, millis};

/// The scenarios in virtual time, each with the milliseconds that it says it takes.
fn timed() -> impl Iterator<Item = (&'static str, u64)> {
    let timed = |it: &'static Scenario| Some((it.name, it.elapsed_ms?));
    scenario::all().iter().filter_map(timed)
}

#[test]
fn virtual_times_are_exact() {
    for (name, elapsed) in timed() {
        let run = Run::of(name);
        assert_eq!(millis(run.events.last().unwrap().at), elapsed, "{name}");
        assert_eq!(millis(run.timeline.end()), elapsed, "{name}");
    }
}

#[test]
fn two_runs_are_the_same() {
    for (name, _) in timed() {
        assert_eq!(Run::of(name).events, Run::of(name).events, "{name}");
    }
}

#[test]
fn times_never_go_back() {
    for name in scenario::all().iter().map(|it| it.name) {
        let run = Run::of(name);
        assert!(run.events.is_sorted_by_key(|event| event.at), "{name}");
        let counts =
            |event: &&Event| !matches!(event.kind, EventKind::Alive | EventKind::PollSpent { .. });
        let counted = run.events.iter().filter(counts).count();
        assert_eq!(run.timeline.events(), counted as u64);
        assert_eq!(run.timeline.lost(), 0);
    }
}
