//! The examples do what their pages promise: each is run and recorded as a person would do it.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
#![cfg(feature = "app")]

use std::env;
use std::path::PathBuf;
use std::process::Command;

use asyncline::Timeline;
use asyncline::event::{Event, EventKind};
use asyncline::insight::{self, FindingKind};
use asyncline::session::Session;
use asyncline::timeline::{Lane, LaneKind, State};

/// What an example printed, and what it did.
struct Ran {
    printed: String,
    events: Vec<Event>,
    timeline: Timeline,
}

/// Runs an example, and records it.
fn run(name: &str, arguments: &[&str]) -> Ran {
    // Cargo builds them before the tests, and puts them beside these.
    let here = env::current_exe().unwrap();
    let built = here.parent().and_then(|deps| deps.parent()).unwrap();
    let program: PathBuf = built.join("examples").join(name);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("example.aline");
    let output = Command::new(program)
        .args(arguments)
        .env("ASYNCLINE", format!("file:{}", file.display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let session = Session::open(&file).unwrap();
    assert_eq!(session.damage, []);
    Ran {
        printed: String::from_utf8(output.stdout).unwrap(),
        timeline: session.events.iter().collect(),
        events: session.events,
    }
}

impl Ran {
    fn named<'a>(&'a self, name: &str) -> Vec<&'a Lane> {
        let lanes = self.timeline.lanes();
        lanes
            .filter(|lane| &*lane.name == name && lane.is_task())
            .collect()
    }

    fn found(&self, kind: FindingKind) -> Vec<String> {
        let findings = insight::findings(&self.timeline).into_iter();
        let findings = findings.filter(|finding| finding.kind == kind);
        findings.map(|finding| finding.text).collect()
    }
}

#[test]
fn a_stall_is_found_and_gone_once_it_is_fixed() {
    let stalls = run("stall", &[]);
    assert_eq!(stalls.named("heartbeat").len(), 4);
    let found = stalls.found(FindingKind::LongPoll);
    let is_stall = |text: &String| {
        text.starts_with("login held its thread") && text.contains("while 4 other tasks were due")
    };
    assert!(found.iter().any(is_stall), "{found:?}");

    let fixed = run("stall", &["--fix"]);
    let found = fixed.found(FindingKind::LongPoll);
    assert!(
        found.iter().all(|text| !text.starts_with("login")),
        "{found:?}"
    );
    let login = fixed.named("login")[0];
    let blocking = fixed
        .timeline
        .lanes()
        .filter(|lane| lane.parent == Some(login.id));
    assert_eq!(blocking.filter(|lane| lane.is_task()).count(), 4);
}

#[test]
fn a_slow_consumer_sets_the_pace() {
    let ran = run("pipeline", &[]);
    assert!(
        ran.printed.starts_with("100 lines make 4950"),
        "{}",
        ran.printed
    );
    let [read, parse, store] = ["read", "parse", "store"].map(|name| ran.named(name)[0]);
    let woken_by = |lane: &Lane, by: &Lane| {
        let wakes = lane.wakes.iter();
        wakes.filter(|wake| wake.lane() == Some(by.id)).count()
    };
    assert!(woken_by(read, parse) > 50 && woken_by(parse, store) > 50);
    let totals = read.totals(ran.timeline.end());
    assert!(totals.waiting > totals.running, "back-pressure holds it");

    let four = run("pipeline", &["--stores", "4"]);
    assert!(
        four.printed.starts_with("100 lines make 4950"),
        "{}",
        four.printed
    );
    assert_eq!(four.named("store").len(), 4);
}

#[test]
fn an_echo_comes_back_over_a_connection_of_its_own() {
    let ran = run("echo", &["--clients", "5", "--rounds", "20"]);
    assert!(ran.printed.starts_with("100 echoes"), "{}", ran.printed);
    let server = ran.named("server")[0];
    assert_eq!(server.state(), State::Cancelled);
    let connections = ran.named("connection");
    assert_eq!(connections.len(), 5);
    for connection in connections {
        assert_eq!(connection.parent, Some(server.id));
        assert!(connection.labels.iter().any(|label| &*label.key == "peer"));
    }
    assert!(
        ran.named("client")
            .iter()
            .all(|client| client.state() == State::Done)
    );
}

#[test]
fn requests_are_seen_in_tasks_that_a_library_has_spawned() {
    let ran = run("http", &[]);
    let numbers: Vec<usize> = ran
        .printed
        .split(' ')
        .filter_map(|word| word.parse().ok())
        .collect();
    let [good, late_ones] = numbers[..] else {
        panic!("{}", ran.printed)
    };
    // On a machine that is busy with other things, more than those that take long by themselves may be too late.
    assert!(good + late_ones == 40 && late_ones >= 4, "{}", ran.printed);
    let requests = ran.named("GET /quote");
    assert_eq!(requests.len(), 40);
    let late = requests
        .iter()
        .filter(|request| request.value.as_deref() == Some("Err(504)"));
    assert_eq!(late.count(), late_ones);
    let fetches = ran.timeline.lanes().filter(|lane| {
        lane.kind == LaneKind::Coroutine
            && &*lane.name == "fetch"
            && lane.state() == State::Cancelled
    });
    assert_eq!(fetches.count(), late_ones);
    assert_eq!(ran.named("server").len(), 2);
    assert_eq!(ran.named("client").len(), 8);
    let counted = ran.events.iter().any(
        |event| matches!(event.kind, EventKind::TasksCounted { seen, alive, .. } if seen < alive),
    );
    assert!(counted, "axum's own tasks are counted");
}
