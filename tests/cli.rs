//! The command line, run as a program: what it prints, where, and with which exit code.

#![cfg(feature = "app")]
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed, and says where"
)]

#[path = "../examples/generate/workload.rs"]
mod workload;

use std::fs;
use std::io::Read;
use std::process::{Command, Output, Stdio};

use asyncline::recording::{Keep, Meta, Writer};
use serde_json::Value;

use workload::{Workload, generate};

const SECOND: u64 = 1_000_000_000;

/// The scenarios' names.
fn scenarios() -> impl Iterator<Item = &'static str> {
    asyncline::scenario::all()
        .iter()
        .map(|scenario| scenario.name)
}

fn asyncline(arguments: &[&str]) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("asyncline"));
    command.args(arguments).stdin(Stdio::null());
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// What a successful run prints, and that it prints it on stdout alone.
fn printed(arguments: &[&str]) -> String {
    let output = asyncline(arguments);
    assert_eq!(text(&output.stderr), "", "{arguments:?}");
    assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    text(&output.stdout).to_owned()
}

fn json(scenario: &str) -> Value {
    serde_json::from_str(&printed(&["run", scenario, "--json"])).unwrap()
}

/// The one line that a mistake is answered with.
fn mistake(arguments: &[&str]) -> String {
    let output = asyncline(arguments);
    assert_eq!(text(&output.stdout), "", "{arguments:?}");
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    let line = text(&output.stderr);
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(line.starts_with("asyncline: "), "{line}");
    line.to_owned()
}

fn array<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap()
}

/// The findings of a kind.
fn findings<'a>(summary: &'a Value, kind: &str) -> Vec<&'a Value> {
    let findings = array(summary, "findings").iter();
    findings.filter(|found| found["kind"] == kind).collect()
}

/// Whether a site reads `file:line`, and the line is one of that file where a text stands.
fn stands_at(found: &Value, expected: &str) -> bool {
    let (file, line) = found["site"].as_str().unwrap().rsplit_once(':').unwrap();
    let source = fs::read_to_string(file).unwrap();
    let line = source.lines().nth(line.parse::<usize>().unwrap() - 1);
    line.unwrap().contains(expected)
}

#[test]
fn list_names_every_scenario_with_its_lesson() {
    let list = printed(&["list"]);
    for name in scenarios() {
        let line = list.lines().find(|line| line.trim().starts_with(name));
        let words = line
            .unwrap_or_else(|| panic!("{name} is not listed"))
            .split_whitespace();
        assert!(words.count() > 3, "{name} has no lesson");
    }
}

#[test]
fn without_a_terminal_the_bare_command_lists_and_says_how_to_go_on() {
    let text = printed(&[]);
    assert!(text.contains("sequential"), "{text}");
    assert!(text.contains("asyncline run NAME"), "{text}");
}

#[test]
fn the_summary_has_its_fields_in_order() {
    let text = printed(&["run", "sequential", "--json"]);
    let order = |keys: &[&str]| {
        let places = keys.iter().map(|key| text.find(&format!("\"{key}\":")));
        let places: Vec<_> = places.map(Option::unwrap).collect();
        assert!(places.is_sorted(), "{keys:?} in {text}");
    };
    order(&[
        "scenario",
        "elapsed_ns",
        "events",
        "lost",
        "tasks",
        "findings",
    ]);
    order(&[
        "id",
        "name",
        "parent",
        "polls",
        "running_ns",
        "ready_ns",
        "waiting_ns",
        "outcome",
    ]);
    order(&["kind", "task", "site", "costs_ns", "saves_ns", "text"]);
}

#[test]
fn sequential_takes_three_seconds_and_is_told_of_the_one_it_could_save() {
    let summary = json("sequential");
    assert_eq!(summary["scenario"], "sequential");
    assert_eq!(summary["elapsed_ns"], 3 * SECOND);
    assert_eq!(summary["lost"], 0);
    let [main] = array(&summary, "tasks") else {
        panic!("{summary}");
    };
    assert_eq!(main["name"], "main");
    assert_eq!(main["parent"], Value::Null);
    assert_eq!(main["outcome"], "completed");
    assert_eq!(main["waiting_ns"], 3 * SECOND);
    let [found] = findings(&summary, "sequential-awaits")[..] else {
        panic!("{summary}");
    };
    assert_eq!(found["task"], main["id"]);
    assert_eq!(found["costs_ns"], 3 * SECOND);
    assert_eq!(found["saves_ns"], SECOND);
    assert!(stands_at(found, "say_after(1"), "{found}");
}

#[test]
fn tasks_take_two_seconds_in_three_tasks() {
    let summary = json("tasks");
    assert_eq!(summary["elapsed_ns"], 2 * SECOND);
    let tasks = array(&summary, "tasks");
    let names: Vec<_> = tasks.iter().map(|task| &task["name"]).collect();
    assert_eq!(names, ["main", "task1", "task2"]);
    assert_eq!(tasks[0]["parent"], Value::Null);
    assert!(
        tasks[1..]
            .iter()
            .all(|task| task["parent"] == tasks[0]["id"])
    );
    assert!(tasks.iter().all(|task| task["outcome"] == "completed"));
    assert_eq!(array(&summary, "findings"), [] as [Value; 0]);
}

#[test]
fn gather_takes_two_seconds_in_two_branches_of_one_task() {
    let summary = json("gather");
    assert_eq!(summary["elapsed_ns"], 2 * SECOND);
    let [main] = array(&summary, "tasks") else {
        panic!("{summary}");
    };
    let branches = array(main, "branches");
    assert_eq!(branches.len(), 2);
    assert!(branches.iter().all(|branch| branch["of"] == "join"));
    assert!(
        branches
            .iter()
            .all(|branch| branch["outcome"] == "completed")
    );
}

#[test]
fn never_awaited_is_found_with_its_line() {
    let summary = json("never-awaited");
    let found = findings(&summary, "never-awaited");
    assert!(!found.is_empty(), "{summary}");
    assert!(stands_at(found[0], "nested("), "{summary}");
    let tasks = array(&summary, "tasks");
    let task = tasks.iter().find(|task| task["id"] == found[0]["task"]);
    assert_eq!(task.unwrap()["outcome"], "never-polled");
    assert_eq!(task.unwrap()["polls"], 0);
}

#[test]
fn a_panic_is_an_outcome_and_no_failure() {
    let summary = json("panic");
    let tasks = array(&summary, "tasks");
    let outcomes: Vec<_> = tasks.iter().map(|task| &task["outcome"]).collect();
    assert!(outcomes.contains(&&Value::from("panicked")), "{summary}");
}

#[test]
fn every_scenario_ends_headless_with_a_summary_that_adds_up() {
    for name in scenarios() {
        let summary = json(name);
        assert_eq!(summary["scenario"], name);
        assert_eq!(summary["lost"], 0, "{name}");
        let elapsed = summary["elapsed_ns"].as_u64().unwrap();
        for task in array(&summary, "tasks") {
            let time = |key: &str| task[key].as_u64().unwrap();
            let life = time("running_ns") + time("ready_ns") + time("waiting_ns");
            assert!(life <= elapsed, "{name}: {task}");
        }
    }
}

#[test]
fn without_a_terminal_run_prints_text() {
    let text = printed(&["run", "sequential"]);
    assert_eq!(text, printed(&["run", "sequential", "--text"]));
    assert!(text.contains("main"), "{text}");
    assert!(text.contains("say_after(1"), "{text}");
}

#[test]
fn ascii_is_ascii() {
    let text = printed(&["run", "tasks", "--text", "--ascii"]);
    assert!(text.is_ascii(), "{text}");
}

#[test]
fn a_recording_replays_to_the_same_summary_and_text() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sequential.aline");
    let file = file.to_str().unwrap();
    let live = printed(&["run", "sequential", "--json", "--record", file]);
    assert_eq!(printed(&["replay", file, "--json"]), live);
    let live = printed(&["run", "sequential", "--text"]);
    assert_eq!(printed(&["replay", file]), live);
}

#[test]
fn a_mistyped_scenario_is_answered_with_the_nearest() {
    let line = mistake(&["run", "sequental"]);
    assert!(line.contains("there is no scenario 'sequental'"), "{line}");
    assert!(line.contains("did you mean 'sequential'?"), "{line}");
    let line = mistake(&["run", "xxxxxxxxxxxxxxxxx"]);
    assert!(!line.contains("did you mean"), "{line}");
    assert!(line.contains("asyncline list"), "{line}");
}

#[test]
fn a_scenario_in_the_place_of_a_command_is_understood() {
    let line = mistake(&["sequential"]);
    assert!(line.contains("asyncline run sequential"), "{line}");
}

#[test]
fn mistakes_in_arguments_take_one_line() {
    let line = mistake(&["run", "tasks", "--text", "--json"]);
    assert!(line.contains("--json"), "{line}");
    mistake(&["run"]);
    mistake(&["run", "tasks", "--nonsense"]);
    mistake(&["run", "tasks", "--record", "x", "--no-record"]);
    mistake(&["replay"]);
    mistake(&["completions", "no-shell"]);
}

#[test]
fn a_file_that_is_no_session_takes_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("empty"), "").unwrap();
    fs::write(
        path("text"),
        "It was a dark and stormy night.\n".repeat(100),
    )
    .unwrap();
    for name in ["missing", "empty", "text"] {
        let line = mistake(&["replay", &path(name)]);
        assert!(line.contains(name), "{line}");
    }
    mistake(&["replay", folder.path().to_str().unwrap()]);
}

#[test]
fn a_recording_overwrites_no_other_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.txt");
    fs::write(&file, "mine").unwrap();
    mistake(&["run", "tasks", "--text", "--record", file.to_str().unwrap()]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    // Nor is a file taken for a directory.
    let file = file.join("tasks.aline");
    mistake(&["run", "tasks", "--text", "--record", file.to_str().unwrap()]);
}

/// What is there stays, byte by byte, or as the pipe that it is.
#[cfg(unix)]
#[test]
fn nothing_but_a_recording_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| in_directory(&folder, name);
    let [good, other, notes, pipe, cut] =
        ["good.aline", "other.aline", "notes", "pipe", "cut.aline"].map(at);
    for file in [&good, &other] {
        printed(&["run", "tasks", "--text", "--record", file]);
    }
    fs::write(&notes, "mine").unwrap();
    let mut mkfifo = std::process::Command::new("mkfifo");
    assert!(mkfifo.arg(&pipe).status().unwrap().success());
    // With a reader, so that whoever opens it does not wait for one.
    let both = fs::OpenOptions::new().read(true).write(true).open(&pipe);
    let _reader = both.unwrap();
    for file in [&notes, &pipe] {
        mistake(&["run", "tasks", "--text", "--record", file]);
        mistake(&["exec", "--record", file, "--", "true"]);
        mistake(&["attach", "/nowhere", "--record", file]);
        mistake(&["session", "cut", &good, file]);
        mistake(&["session", "merge", &good, &other, "--into", file]);
    }
    mistake(&["repair", &notes]);
    assert_eq!(fs::read_to_string(&notes).unwrap(), "mine");
    // A recording is not written over itself, by whatever link, nor by a program's output.
    let before = fs::read(&good).unwrap();
    let [link, hard] = ["link.aline", "hard.aline"].map(at);
    std::os::unix::fs::symlink(&good, &link).unwrap();
    fs::hard_link(&good, &hard).unwrap();
    for name in [&link, &hard] {
        mistake(&["session", "cut", &good, name]);
        mistake(&["session", "merge", &other, &good, "--into", name]);
    }
    mistake(&["exec", "--record", &cut, "--split", &good, "--", "true"]);
    assert_eq!(fs::read(&good).unwrap(), before);
    // What was there before an attempt that failed is there after it, even where it is empty.
    let empty = at("empty.aline");
    fs::write(&empty, "").unwrap();
    for file in [&empty, &good] {
        mistake(&["attach", "/nowhere", "--record", file]);
        mistake(&["exec", "--record", file, "--", "/no/such/program"]);
    }
    assert_eq!(fs::read(&good).unwrap(), before);
    assert_eq!(fs::read(&empty).unwrap(), b"");
    assert!(!std::path::Path::new(&cut).exists());
}

#[test]
fn older_parts_of_a_recording_take_the_place_of_no_other_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = in_directory(&folder, "kept.aline");
    let kept = ["run", "tasks", "--record", &file, "--keep", "20kB"];
    for number in 1..5 {
        let older = in_directory(&folder, &format!("kept.{number}.aline"));
        fs::write(&older, "mine").unwrap();
        let wrong = mistake(&kept);
        assert!(wrong.contains(&older), "{wrong}");
        assert_eq!(fs::read_to_string(&older).unwrap(), "mine");
        fs::remove_file(older).unwrap();
    }
}

#[test]
fn a_damaged_recording_is_shown_as_far_as_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.aline");
    let file = path.to_str().unwrap();
    printed(&["run", "tasks", "--text", "--record", file]);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 10]).unwrap();
    let output = asyncline(&["replay", file, "--json"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("cut.aline"));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(!array(&summary, "tasks").is_empty());
}

#[test]
fn a_reader_who_leaves_early_is_no_failure() {
    // The pipe is closed before anything is written, so that every write meets it.
    for arguments in [&["list"][..], &["run", "tasks", "--text"], &["--help"]] {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("asyncline"));
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command.args(arguments).stdout(writer);
        let mut child = output.stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = String::new();
        let pipe = child.stderr.as_mut().unwrap();
        pipe.read_to_string(&mut stderr).unwrap();
        assert_eq!(stderr, "", "{arguments:?}");
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_takes_one_line() {
    for arguments in [&["list"][..], &["run", "tasks", "--json"], &["--help"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full");
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("asyncline"));
        let command = command.args(arguments).stdout(full.unwrap());
        let output = command.stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let line = "asyncline: cannot write the output: the disk is full\n";
        assert_eq!(text(&output.stderr), line, "{arguments:?}");
    }
}

#[test]
fn help_has_examples_and_the_version_is_that_of_the_package() {
    for arguments in [&["--help"][..], &["run", "--help"], &["replay", "--help"]] {
        assert!(printed(arguments).contains("Examples:"), "{arguments:?}");
    }
    let version = format!("asyncline {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(printed(&["--version"]), version);
}

#[test]
fn completions_know_the_scenarios() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = printed(&["completions", shell]);
        assert!(script.contains("asyncline"), "{shell}");
    }
    assert!(printed(&["completions", "bash"]).contains("never-awaited"));
}

/// A file in a directory of its own, as an argument.
fn in_directory(directory: &tempfile::TempDir, name: &str) -> String {
    directory.path().join(name).to_str().unwrap().to_owned()
}

#[test]
fn a_sessions_info_says_what_is_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = in_directory(&directory, "tasks.aline");
    printed(&["run", "tasks", "--text", "--record", &file]);
    let info = printed(&["session", "info", &file]);
    for line in [
        "title     the same as two tasks",
        "scenario  tasks",
        "lasts     2 s",
        "tasks     3, all of them ended; 4 lanes more",
        "lost      none",
        "state     complete",
    ] {
        assert!(info.contains(line), "{line} in {info}");
    }
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 60]).unwrap();
    let info = printed(&["session", "info", &file]);
    assert!(info.contains("the recording was cut off"), "{info}");
}

/// A recording of a task that is polled once and then waits until ten seconds have passed.
fn idle(file: &str) {
    use asyncline::event::{Event, EventKind, LaneId, Polled, TaskKind, ThreadId, Timestamp};
    let event = |at, kind| Event {
        at: Timestamp(at),
        thread: ThreadId(0),
        kind,
    };
    let lane = LaneId(1);
    let spawned = EventKind::Spawned {
        lane,
        name: "main".into(),
        parent: None,
        kind: TaskKind::Root,
        site: None,
    };
    let ended = EventKind::PollEnded {
        lane,
        result: Polled::Pending,
    };
    let events = [
        event(0, spawned),
        event(0, EventKind::PollStarted { lane }),
        event(SECOND, ended),
    ];
    let beats = (11..=100).map(|beat| event(beat * SECOND / 10, EventKind::Alive));
    let meta = asyncline::recording::Meta::default();
    let mut writer = asyncline::recording::Writer::create(file, &meta).unwrap();
    writer.write(&events).unwrap();
    writer.write(&beats.collect::<Vec<_>>()).unwrap();
    writer.finish().unwrap();
}

#[test]
fn a_recording_lasts_until_its_last_heartbeat_and_counts_none_of_them() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| in_directory(&directory, name);
    let (file, part, both) = (path("idle.aline"), path("part.aline"), path("both.aline"));
    idle(&file);
    let info = printed(&["session", "info", &file]);
    assert!(info.contains("lasts     10 s\n"), "{info}");
    assert!(info.contains("events    3, "), "{info}");
    let json: Value = serde_json::from_str(&printed(&["replay", &file, "--json"])).unwrap();
    assert_eq!(json["elapsed_ns"], 10 * SECOND);
    assert_eq!(json["events"], 3);
    assert_eq!(array(&json, "tasks")[0]["waiting_ns"], 9 * SECOND);
    let text = printed(&["replay", &file, "--text"]);
    assert!(text.ends_with("\n10.000 s, 3 events\n"), "{text}");
    let cut = printed(&[
        "session", "cut", &file, &part, "--from", "500ms", "--to", "5s",
    ]);
    assert_eq!(cut, format!("{part}: 1 events\n"));
    let info = printed(&["session", "info", &part]);
    assert!(info.contains("lasts     5 s\n"), "{info}");
    assert!(info.contains("events    1, "), "{info}");
    let merged = printed(&["session", "merge", &file, &file, "--into", &both]);
    assert_eq!(merged, format!("{both}: 6 events\n"));
    let info = printed(&["session", "info", &both]);
    assert!(info.contains("lasts     10 s\n"), "{info}");
}

/// How many of its lanes' ends a text shows.
fn ends(text: &str) -> usize {
    text.matches('✓').count()
}

#[test]
fn a_recording_that_was_cut_off_is_repaired() {
    let directory = tempfile::tempdir().unwrap();
    let file = in_directory(&directory, "cut.aline");
    let meta = Meta::new("", "", std::time::SystemTime::now());
    let writer = Writer::create(&file, &meta).unwrap();
    generate(writer, Workload::Yield, 100_000, 100).unwrap();
    let whole = printed(&["session", "info", &file]);
    assert!(whole.contains("state     complete"), "{whole}");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let output = asyncline(&["repair", &file]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("cut off"), "{output:?}");
    let repaired = printed(&["session", "info", &file]);
    assert!(!repaired.contains("no end"), "{repaired}");
    assert!(!repaired.contains("index of 0 parts"), "{repaired}");
    let again = asyncline(&["repair", &file]);
    assert!(
        text(&again.stdout).contains("nothing to repair"),
        "{again:?}"
    );
    // What could be read before still can.
    let before = asyncline::recording::Session::read(&bytes[..bytes.len() / 2]).unwrap();
    let after = asyncline::recording::Session::open(&file).unwrap();
    let known = |session: &asyncline::recording::Session| {
        let is_known = |event: &&asyncline::event::Event| {
            !matches!(event.kind, asyncline::event::EventKind::Lost { .. })
        };
        session
            .events
            .iter()
            .filter(is_known)
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(known(&before), known(&after));
}

#[test]
fn a_part_of_a_recording_stands_as_it_stood() {
    let directory = tempfile::tempdir().unwrap();
    let (file, part) = (
        in_directory(&directory, "a.aline"),
        in_directory(&directory, "b.aline"),
    );
    printed(&["run", "tasks", "--text", "--record", &file]);
    printed(&[
        "session", "cut", &file, &part, "--from", "500ms", "--to", "1.5s",
    ]);
    let shown = printed(&["replay", &part, "--text"]);
    for name in ["main", "task1", "task2"] {
        assert!(shown.contains(name), "{name} in {shown}");
    }
    assert_eq!(ends(&shown), 2, "one lane's, and the legend's: {shown}");
    assert!(shown.contains("1.000 s"), "the last event: {shown}");
    let wrong = mistake(&["session", "cut", &file, &part, "--from", "2s", "--to", "1s"]);
    assert!(wrong.contains("is later than"), "{wrong}");
    let wrong = mistake(&["session", "cut", &file, &file]);
    assert!(wrong.contains("over itself"), "{wrong}");
    let wrong = mistake(&["session", "cut", &file, &part, "--from", "soon"]);
    assert!(wrong.contains("is no time"), "{wrong}");
}

#[test]
fn recordings_are_merged_on_the_clocks_time() {
    let directory = tempfile::tempdir().unwrap();
    let names = ["client", "server"].map(|name| in_directory(&directory, &format!("{name}.aline")));
    for (name, scenario) in names.iter().zip(["tasks", "gather"]) {
        printed(&["run", scenario, "--text", "--record", name]);
    }
    let both = in_directory(&directory, "both.aline");
    printed(&["session", "merge", &names[0], &names[1], "--into", &both]);
    let shown = printed(&["replay", &both, "--text"]);
    for name in [
        "client: main",
        "server: main",
        "task1",
        "say_after(2, \"hello\")",
    ] {
        assert!(shown.contains(name), "{name} in {shown}");
    }
    let events = |file: &str| asyncline::recording::Session::open(file).unwrap();
    let parts = names.each_ref().map(|name| events(name));
    let merged = events(&both);
    assert_eq!(
        merged.events.len(),
        parts.iter().map(|part| part.events.len()).sum::<usize>()
    );
    assert_eq!(
        merged.meta.start,
        parts[0].meta.start.min(parts[1].meta.start)
    );
    let later = parts[1]
        .meta
        .start
        .duration_since(parts[0].meta.start)
        .unwrap();
    let last = parts[1].events.last().unwrap().at.after(later);
    assert_eq!(merged.events.last().unwrap().at, last);
}

#[test]
fn only_the_last_part_of_a_recording_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let file = in_directory(&directory, "kept.aline");
    let limit = 200_000;
    let meta = Meta::new("", "", std::time::SystemTime::now());
    let writer = Writer::create_rotating(&file, &meta, Keep::Bytes(limit)).unwrap();
    generate(writer, Workload::PingPong, 1_000_000, 100).unwrap();
    let files = fs::read_dir(directory.path()).unwrap();
    let files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 5, "{files:?}");
    let size: u64 = files
        .iter()
        .map(|file| file.metadata().unwrap().len())
        .sum();
    // A file ends with the block that makes it too large.
    assert!(size < 2 * limit, "{size}");
    for file in files {
        let info = printed(&["session", "info", file.to_str().unwrap()]);
        assert!(info.contains("state     complete"), "{info}");
        assert!(info.contains("lost      none"), "{info}");
    }
    let wrong = mistake(&["run", "tasks", "--record", &file, "--keep", "lots"]);
    assert!(wrong.contains("is no size and no time"), "{wrong}");
}

/// A folder with a FIFO, a socket, a link to a device, and a recording.
#[cfg(unix)]
fn folder_of_specials() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let made = Command::new("mkfifo").arg(path("fifo")).status().unwrap();
    assert!(made.success());
    drop(std::os::unix::net::UnixListener::bind(path("socket")).unwrap());
    std::os::unix::fs::symlink("/dev/zero", path("device")).unwrap();
    std::os::unix::fs::symlink("nowhere/at.all", path("dangling")).unwrap();
    printed(&[
        "run",
        "tasks",
        "--record",
        path("good.aline").to_str().unwrap(),
    ]);
    folder
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused_at_once() {
    let folder = folder_of_specials();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (good, new) = (path("good.aline"), path("new.aline"));
    let special = [
        ("fifo", "not a session log (it is a FIFO)"),
        ("socket", "not a session log (it is a socket)"),
        ("device", "not a session log (it is a device)"),
        ("dangling", "it is a broken link"),
        (".", "it is a directory"),
    ];
    for (name, why) in special {
        let file = path(name);
        for arguments in [
            &["replay", &file][..],
            &["replay", &file, "--json"],
            &["replay", "--follow", &file],
            &["repair", &file],
            &["session", "info", &file],
            &["session", "cut", &file, &new],
            &["session", "merge", &good, &file, "--into", &new],
        ] {
            let line = mistake(arguments);
            assert!(line.contains(why), "{arguments:?}: {line}");
        }
    }
    for (name, why) in [
        ("fifo", "it exists and is not a session log"),
        ("socket", "it exists and is not a session log"),
        ("dangling", "it is a broken link"),
        (".", "it is a directory"),
    ] {
        let file = path(name);
        for arguments in [
            &["run", "tasks", "--record", &file][..],
            &["session", "cut", &good, &file],
            &["session", "merge", &good, &good, "--into", &file],
        ] {
            let line = mistake(arguments);
            assert!(line.contains(why), "{arguments:?}: {line}");
        }
    }
    assert!(!folder.path().join("new.aline").exists());
}

/// Every file and folder below one, with its mode.
#[cfg(unix)]
fn modes(folder: &std::path::Path) -> Vec<(std::path::PathBuf, u32)> {
    use std::os::unix::fs::PermissionsExt;
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let with_mode = entries.flat_map(|path| {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        let below = if path.is_dir() {
            modes(&path)
        } else {
            Vec::new()
        };
        below.into_iter().chain([(path, mode)])
    });
    with_mode.collect()
}

#[cfg(unix)]
#[test]
fn what_is_created_is_for_its_owner_alone_whatever_the_umask() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        umask 0
        "$0" run tasks --record a/b/one.aline
        "$0" session cut a/b/one.aline c/cut.aline --from 40%
        "$0" session merge a/b/one.aline a/b/one.aline --into d/both.aline
        "$0" run tasks --record e/parts.aline --keep 1kB
        "$0" repair a/b/one.aline
        "$0" exec --record f/none.aline --split printed -- true
        true
    "#;
    let mut shell = Command::new("sh");
    shell.args(["-ec", script, env!("CARGO_BIN_EXE_asyncline")]);
    shell.current_dir(folder.path()).stdin(Stdio::null());
    let output = shell.output().unwrap();
    let created = modes(folder.path());
    for (path, mode) in &created {
        let right = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, &right, "{mode:o} {}", path.display());
    }
    let names = [
        "a/b/one.aline",
        "c/cut.aline",
        "d/both.aline",
        "e/parts.1.aline",
        "printed",
    ];
    for name in names {
        let path = folder.path().join(name);
        assert!(
            created.iter().any(|(made, _)| *made == path),
            "{name}: {output:?}"
        );
    }

    // An existing file keeps the mode that its owner gave it.
    let one = folder.path().join("a/b/one.aline");
    fs::set_permissions(&one, fs::Permissions::from_mode(0o644)).unwrap();
    printed(&["run", "tasks", "--record", one.to_str().unwrap()]);
    assert_eq!(
        fs::metadata(&one).unwrap().permissions().mode() & 0o777,
        0o644
    );
}
