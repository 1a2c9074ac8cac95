//! The examples do what their pages promise: each is run and recorded as a person would do it.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
#![cfg(not(feature = "off"))]

use std::env;
use std::process::Command;

use asyncline::Timeline;
use asyncline::event::{Event, EventKind, TaskKind};
use asyncline::insight::{self, FindingKind};
use asyncline::recording::Session;
use asyncline::timeline::{Lane, LaneKind, State};

/// What an example printed, and what it did.
struct Ran {
    printed: String,
    events: Vec<Event>,
    timeline: Timeline,
}

/// `cargo test` builds them before the tests, and puts them beside these; `cargo test --test examples` does not.
fn example(name: &str) -> Command {
    let here = env::current_exe().unwrap();
    let built = here.parent().and_then(|deps| deps.parent()).unwrap();
    let name = format!("{name}{}", env::consts::EXE_SUFFIX);
    let program = built.join("examples").join(name);
    assert!(
        program.exists(),
        "{} is not built: cargo build --examples",
        program.display()
    );
    Command::new(program)
}

/// Runs an example, and records it.
fn run(name: &str, arguments: &[&str]) -> Ran {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("example.aline");
    let output = example(name)
        .args(arguments)
        .env("ASYNCLINE", format!("file:{}", file.display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let session = Session::open(&file).unwrap();
    assert_eq!(session.damage, [], "it is whole, and has an end");
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
            .filter(|lane| lane.name == name && lane.is_task())
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
    let found = stalls.found(FindingKind::LONG_POLL);
    // A busy machine may hold up another task for as long.
    let mut blamed = found.iter().filter(|text| text.starts_with("login"));
    let login = blamed.next().expect("it is found");
    assert!(login.starts_with("login held its thread"), "{found:?}");
    assert!(login.contains(", after stall.rs:"), "{found:?}");
    assert!(login.contains("while 4 other tasks were due"), "{found:?}");
    // One that is long by chance, where the machine is busy, is not all four.
    assert!(login.contains("; 4 such polls took"), "{found:?}");
    assert_eq!(blamed.next(), None, "all of them are of one place");
    assert_eq!(stalls.named("login")[0].state(), State::Done);

    let fixed = run("stall", &["--fix"]);
    let found = fixed.found(FindingKind::LONG_POLL);
    assert!(
        found.iter().all(|text| !text.starts_with("login")),
        "{found:?}"
    );
    let login = fixed.named("login")[0];
    let hashes = fixed.named("hash");
    assert_eq!(hashes.len(), 4);
    for hash in hashes {
        assert_eq!(hash.kind, LaneKind::Task(TaskKind::Blocking));
        assert_eq!(hash.parent, Some(login.id));
    }
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
        assert!(connection.labels.iter().any(|label| label.key == "peer"));
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
    // One price in ten takes too long. On a busy machine others may do so, too.
    let counts = ran.printed.trim_end().strip_suffix(" too late");
    let (good, too_late) = counts.unwrap().split_once(" quotes, ").unwrap();
    let (good, too_late): (usize, usize) = (good.parse().unwrap(), too_late.parse().unwrap());
    assert!(good + too_late == 40 && too_late >= 4, "{}", ran.printed);
    let requests = ran.named("GET /quote");
    assert_eq!(requests.len(), 40);
    let late = requests
        .iter()
        .filter(|request| request.value == Some("Err(504)".into()));
    assert_eq!(late.count(), too_late);
    let dropped = ran.named("GET /price").into_iter();
    let dropped = dropped.filter(|request| request.state() == State::Cancelled);
    assert!(
        dropped.count() > 0,
        "a timeout cancels behind the connection"
    );
    let fetches = ran.timeline.lanes().filter(|lane| {
        lane.kind == LaneKind::Coroutine && lane.name == "fetch" && lane.state() == State::Cancelled
    });
    assert_eq!(fetches.count(), too_late);
    let found = ran.found(FindingKind::SEQUENTIAL_AWAITS);
    let is_told = |text: &String| text.starts_with("client awaits 5 calls one after another");
    assert!(found.iter().any(is_told), "{found:?}");
    for server in ["quotes", "prices"] {
        assert_eq!(ran.named(server).len(), 1);
    }
    assert_eq!(ran.named("client").len(), 8);
    let counted = ran.events.iter().any(
        |event| matches!(event.kind, EventKind::TasksCounted { seen, alive, .. } if seen < alive),
    );
    assert!(counted, "axum's own tasks are counted");
}

#[test]
fn what_is_not_understood_ends_in_one_line() {
    for (name, arguments) in [
        ("echo", &["--client", "2"][..]),
        ("http", &["--pool"]),
        ("pipeline", &["--stores", "none"]),
        ("stall", &["--fx"]),
    ] {
        let output = example(name).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(
            told.lines().count() == 1 && told.contains(arguments[0]),
            "{told}"
        );
        assert!(output.stdout.is_empty(), "{output:?}");
    }
}
