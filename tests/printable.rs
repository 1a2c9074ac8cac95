//! Texts from outside that would act on a terminal: no output of the program holds them, and recordings keep them.

#![cfg(all(unix, feature = "app"))]
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed, and says where"
)]

#[path = "session/arbitrary.rs"]
#[allow(dead_code, reason = "the session's tests use the rest of it")]
mod arbitrary;

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use asyncline::event::{
    BranchOf, Cancel, CoroutineEnd, Event, EventKind, Flavor, FrameId, LaneId, Polled, Site,
    TaskKind, Text, ThreadId, Timestamp, Waker,
};
use asyncline::probe::gate::Pace;
use asyncline::recording::{Meta, Session, Writer};
use asyncline::scenario;
use asyncline::tui::app::action::Action;
use asyncline::tui::app::code::Source;
use asyncline::tui::app::theme::{ColourDepth, Theme};
use asyncline::tui::app::{
    App, Grows, Msg, Opened, Playback, RecentRecording, Watched, WatchedStatus,
};
use asyncline::tui::view::view;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::{Rect, Size};
use ratatui::{Terminal, TerminalOptions, Viewport};
use serde_json::Value;
use tempfile::TempDir;

/// What a text may hold that acts on a terminal, or on the text around it.
const ACTS: &[&str] = &[
    "\u{1b}[31m\u{1b}[2J\u{1b}]0;title\u{7}",
    "\u{9b}2J\u{9d}0;title\u{9c}\u{85}",
    "\r\nFORGED \u{b}\u{c}\t\u{8}\u{0}\u{7f}",
    "\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{200e}\u{200f}\u{61c}",
    "\u{2028}FORGED\u{2029}FORGED",
    "a\u{200b}b\u{200c}c\u{200d}d\u{2060}e\u{feff}f\u{ad}g\u{e0041}",
    "👩\u{200d}👩\u{200d}👧",
];

/// The same, character by character, without a look at how the program tells them.
fn acts(character: char) -> bool {
    let is_harmless =
        character.is_ascii_graphic() || character == ' ' || "👩👧".contains(character);
    !is_harmless && ACTS.iter().any(|text| text.contains(character))
}

/// A text of a field: its name first, which is seen where the text is, and all that acts behind it.
fn hostile(field: &str) -> Text {
    format!("{field}{} 작업 e\u{301}", ACTS.concat()).into()
}

fn site(of: &str) -> Site {
    Site {
        file: hostile(&format!("{of} file")),
        line: 7,
        column: 5,
    }
}

/// A program's life in which every text is hostile: a new field does not compile before it has one, and a new kind of
/// event fails [`every_kind_of_event_is_among_them`] before it is here.
#[expect(clippy::too_many_lines, reason = "an entry for each kind of event")]
fn kinds() -> Vec<EventKind> {
    let [runtime, root, coroutine, task, branch, never] = [1, 2, 3, 4, 5, 6].map(LaneId);
    let frame = FrameId(1);
    vec![
        EventKind::ThreadNamed {
            name: hostile("thread"),
        },
        EventKind::RuntimeEntered {
            runtime,
            flavor: Flavor::CurrentThread,
            io: false,
        },
        EventKind::Spawned {
            lane: root,
            name: hostile("root"),
            parent: None,
            kind: TaskKind::Root,
            site: Some(site("root")),
        },
        EventKind::PollStarted { lane: root },
        EventKind::Labelled {
            lane: root,
            key: hostile("key"),
            value: hostile("value"),
        },
        EventKind::Mark {
            lane: Some(root),
            text: hostile("mark"),
        },
        EventKind::Mark {
            lane: None,
            text: hostile("line"),
        },
        EventKind::CoroutineCreated {
            lane: never,
            name: hostile("never"),
            parent: Some(root),
            site: Some(site("never")),
        },
        EventKind::CoroutineEnded {
            lane: never,
            end: CoroutineEnd::NeverPolled,
        },
        EventKind::Spawned {
            lane: task,
            name: hostile("task"),
            parent: Some(root),
            kind: TaskKind::Task,
            site: Some(site("task")),
        },
        EventKind::CoroutineCreated {
            lane: coroutine,
            name: hostile("coroutine"),
            parent: Some(root),
            site: Some(site("coroutine")),
        },
        EventKind::AwaitEntered {
            lane: root,
            frame,
            parent: None,
            coroutine: None,
            site: Some(site("await")),
            text: hostile("await"),
            on: None,
        },
        EventKind::CoroutineStarted {
            lane: coroutine,
            host: Some(root),
            frame: Some(frame),
        },
        EventKind::BranchStarted {
            lane: branch,
            name: hostile("branch"),
            parent: root,
            of: BranchOf::Join,
            site: Some(site("branch")),
        },
        EventKind::PollStarted { lane: branch },
        EventKind::PollEnded {
            lane: branch,
            result: Polled::Pending,
        },
        EventKind::PollEnded {
            lane: root,
            result: Polled::Pending,
        },
        EventKind::PollStarted { lane: task },
        EventKind::AwaitEntered {
            lane: task,
            frame,
            parent: None,
            coroutine: None,
            site: Some(site("wait")),
            text: hostile("wait"),
            on: None,
        },
        EventKind::PollEnded {
            lane: task,
            result: Polled::Pending,
        },
        EventKind::Unwakeable { lane: task },
        EventKind::Woken {
            lane: root,
            by: Waker::Thread,
        },
        EventKind::TasksCounted {
            runtime,
            seen: 1,
            alive: 2,
        },
        EventKind::Alive,
        EventKind::PollSpent {
            lane: root,
            since: None,
            running: 1,
            stalled: 0,
        },
        EventKind::Lost { count: 3 },
        EventKind::PollStarted { lane: root },
        EventKind::Cancelled {
            lane: branch,
            why: Cancel::Aborted { by: Some(root) },
        },
        EventKind::CoroutineEnded {
            lane: coroutine,
            end: CoroutineEnd::Returned {
                value: Some(hostile("result")),
            },
        },
        EventKind::AwaitLeft { lane: root, frame },
        EventKind::Cancelled {
            lane: task,
            why: Cancel::Aborted { by: Some(root) },
        },
        EventKind::PollEnded {
            lane: root,
            result: Polled::Completed,
        },
        EventKind::RuntimeLeft { runtime },
    ]
}

fn events() -> Vec<Event> {
    let event = |(kind, number): (EventKind, u64)| Event {
        at: Timestamp(number * 100_000_000),
        thread: ThreadId(0),
        kind,
    };
    kinds().into_iter().zip(0..).map(event).collect()
}

fn meta() -> Meta {
    Meta {
        title: hostile("title"),
        scenario: hostile("scenario"),
        version: hostile("version"),
        start: UNIX_EPOCH + Duration::from_secs(1_784_019_903),
        before: 0,
    }
}

/// A recording of all that, whose file's name is hostile too.
struct Recording {
    folder: TempDir,
}

impl Recording {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let recording = Self { folder };
        let mut writer = Writer::create(recording.file(), &meta()).unwrap();
        writer.write(&events()).unwrap();
        writer.finish().unwrap();
        recording
    }

    fn path(&self, name: &str) -> PathBuf {
        let name = format!("{name}\u{1b}[31m\u{202e}\nFORGED\u{9b}.aline");
        self.folder.path().join(name)
    }

    fn file(&self) -> PathBuf {
        self.path("good")
    }
}

fn asyncline(arguments: &[&str], files: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_asyncline"));
    command.args(arguments).args(files).stdin(Stdio::null());
    command.output().unwrap()
}

/// Asserts that an output holds nothing that acts but its own line ends, and no line that a text has made.
#[track_caller]
fn assert_harmless(output: &[u8]) -> &str {
    let text = str::from_utf8(output).unwrap();
    let found = text
        .chars()
        .find(|character| *character != '\n' && acts(*character));
    assert_eq!(found, None, "{text:?}");
    assert!(
        !text.lines().any(|line| line.starts_with("FORGED")),
        "{text}"
    );
    text
}

#[track_caller]
fn stdout(output: &Output) -> &str {
    assert!(output.status.success(), "{output:?}");
    assert_harmless(&output.stderr);
    assert_harmless(&output.stdout)
}

#[test]
fn every_kind_of_event_is_among_them() {
    let kinds: HashSet<usize> = kinds().iter().map(arbitrary::which).collect();
    assert_eq!(kinds.len(), arbitrary::KINDS);
}

#[test]
fn a_recording_keeps_every_text_as_it_was() {
    let session = Session::open(Recording::new().file()).unwrap();
    assert_eq!((session.events, session.meta), (events(), meta()));
}

#[test]
fn text_and_information_hold_nothing_that_acts() {
    let recording = Recording::new();
    for arguments in [&["replay", "--text"][..], &["--ascii", "replay", "--text"]] {
        let output = asyncline(arguments, &[&recording.file()]);
        let text = stdout(&output);
        for field in ["title", "root", "task", "never", "branch", "key"] {
            assert!(
                text.contains(&format!("{field}\\u{{1b}}[31m")),
                "{field}: {text}"
            );
        }
    }
    let output = asyncline(&["session", "info"], &[&recording.file()]);
    let text = stdout(&output);
    let count = |label: &str| text.lines().filter(|line| line.starts_with(label)).count();
    for label in ["title", "scenario", "by", "tasks", "state"] {
        assert_eq!(count(label), 1, "{text}");
    }
}

#[test]
fn json_holds_every_text_as_it_was_and_nothing_that_acts() {
    let recording = Recording::new();
    let output = asyncline(&["replay", "--json"], &[&recording.file()]);
    let json: Value = serde_json::from_str(stdout(&output)).unwrap();
    let is = |value: &Value, field: &str| value.as_str() == Some(hostile(field).raw());
    assert!(is(&json["scenario"], "scenario"));
    let root = &json["tasks"][0];
    assert!(is(&root["name"], "root"));
    let labels: BTreeMap<String, String> = serde_json::from_value(root["labels"].clone()).unwrap();
    let label = (
        hostile("key").raw().to_owned(),
        hostile("value").raw().to_owned(),
    );
    assert_eq!(labels, BTreeMap::from([label]));
    assert!(is(&root["branches"][0]["name"], "branch"));
    let sites = json["findings"].as_array().unwrap().iter();
    let expected = format!("{}:7", hostile("never file").raw());
    assert!(
        sites
            .map(|found| &found["site"])
            .any(|site| site.as_str() == Some(&expected))
    );
}

#[test]
fn an_error_is_one_line_whatever_a_file_is_called() {
    let recording = Recording::new();
    let (good, none, link) = (
        recording.file(),
        recording.path("none"),
        recording.path("link"),
    );
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    let text = recording.path("text");
    std::fs::write(&text, "\u{202e}no recording\n").unwrap();
    let mistakes: &[(&[&str], &[&Path])] = &[
        (&["replay"], &[&none]),
        (&["replay", "--json"], &[&text]),
        (&["replay"], &[&link]),
        (&["repair"], &[&none]),
        (&["session", "info"], &[&text]),
        (&["session", "cut"], &[&good, &good]),
        (
            &["session", "cut", "--from", "9s", "--to", "1s"],
            &[&good, &none],
        ),
        (&["session", "merge", "--into"], &[&none, &good, &text]),
        (&["session", "merge", "--into"], &[&good, &good, &good]),
        (&["run", "tasks", "--record"], &[&text]),
        (&["attach", "--record"], &[&text, &none]),
        (
            &["exec", "--record"],
            &[&none.with_extension("aline"), &none],
        ),
        (&["run"], &[&none]),
        (&[], &[&none]),
        (&["replay", "--what"], &[&none]),
    ];
    for (arguments, files) in mistakes {
        let output = asyncline(arguments, files);
        let said = assert_harmless(&output.stderr);
        assert_eq!(said.lines().count(), 1, "{arguments:?}: {said}");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert_harmless(&output.stdout);
    }
}

#[test]
fn what_is_said_of_good_files_holds_nothing_that_acts() {
    let recording = Recording::new();
    let (good, part, both) = (
        recording.file(),
        recording.path("part"),
        recording.path("both"),
    );
    stdout(&asyncline(&["session", "cut"], &[&good, &part]));
    stdout(&asyncline(
        &["session", "merge", "--into"],
        &[&both, &good, &good],
    ));
    stdout(&asyncline(&["repair"], &[&good]));
    // A recording that was cut off is told of on standard error.
    let bytes = std::fs::read(&good).unwrap();
    std::fs::write(&part, &bytes[..bytes.len() - 9]).unwrap();
    for arguments in [&["replay"][..], &["repair"]] {
        stdout(&asyncline(arguments, &[&part]));
    }
}

/// A place in memory to write to, which others can look at.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is on a terminal of this size after a frame of the app.
fn shown(app: &App, size: Size) -> String {
    let written = Written::default();
    let backend = CrosstermBackend::new(written.clone());
    let viewport = Viewport::Fixed(Rect::new(0, 0, size.width, size.height));
    let mut terminal = Terminal::with_options(backend, TerminalOptions { viewport }).unwrap();
    let mut drawn = Vec::new();
    terminal
        .draw(|frame| {
            view(app, frame);
            let buffer = frame.buffer_mut();
            drawn = buffer
                .content()
                .chunks(size.width.into())
                .map(row)
                .collect();
        })
        .unwrap();
    let bytes = written.0.lock().unwrap().clone();
    let text = str::from_utf8(&bytes).unwrap();
    let found = text
        .chars()
        .find(|character| *character != '\u{1b}' && acts(*character));
    assert_eq!(found, None, "{text:?}");
    assert!(!text.contains("\u{1b}]"), "a title is set: {text:?}");
    let mut screen = vt100::Parser::new(size.height, size.width, 0);
    screen.process(&bytes);
    let rows = screen.screen().rows(0, size.width);
    let rows: Vec<_> = rows.map(|row| row.trim_end().to_owned()).collect();
    assert_eq!(rows, drawn, "every character is in its column");
    rows.join("\n")
}

/// A row of cells as text; a broad character takes two of them.
fn row(cells: &[ratatui::buffer::Cell]) -> String {
    let mut text = String::new();
    let mut column = 0;
    while let Some(cell) = cells.get(column) {
        text.push_str(cell.symbol());
        column += asyncline::text::width::width(cell.symbol()).max(1);
    }
    text.trim_end().to_owned()
}

#[test]
fn no_screen_holds_what_acts() {
    let recording = Recording::new();
    for (width, height) in [(200, 60), (110, 30), (80, 24), (40, 12), (29, 7)] {
        for ascii in [false, width == 80] {
            let size = Size::new(width, height);
            let theme = Theme {
                depth: ColourDepth::None,
                ascii,
            };
            let mut app = App::new(scenario::all(), theme, size);
            app.update(Msg::Recents(vec![RecentRecording {
                path: recording.file(),
                scenario: None,
                title: hostile("title").raw().to_owned(),
                when: "just now".to_owned(),
            }]));
            app.update(Msg::Input(Action::Last));
            shown(&app, size);
            app.update(Msg::Input(Action::Confirm));
            shown(&app, size);
            for notice in [Msg::Failed, Msg::Progress] {
                app.update(notice(hostile("notice").raw().to_owned()));
                shown(&app, size);
            }
            app.update(Msg::Opened(Box::new(Opened {
                title: hostile("title").raw().to_owned(),
                scenario: None,
                playback: Playback::of(events()),
                damage: Some(hostile("damage").raw().to_owned()),
                grows: Grows::Not,
            })));
            let (file, text) = (hostile("root file"), hostile("source"));
            let source = Source::file(file.raw(), text.raw());
            app.update(Msg::Source(source));
            for lane in 0..5 {
                walk(&mut app, size, lane);
            }
            app.update(Msg::Watched(Watched {
                can_hold: true,
                pace: Pace::Playing,
                life: WatchedStatus::Broken(hostile("reason").raw().to_owned()),
            }));
            app.update(Msg::Printed(vec![hostile("printed").raw().to_owned()]));
            for _ in 0..2 {
                app.update(Msg::Input(Action::Output));
                shown(&app, size);
            }
        }
    }
}

/// Looks at everything there is to see of a lane, at several moments.
fn walk(app: &mut App, size: Size, lane: usize) {
    app.update(Msg::Input(Action::First));
    for action in vec![Action::Down; lane].into_iter().chain([Action::Last]) {
        app.update(Msg::Input(action));
    }
    for overlay in [
        Action::Detail,
        Action::Findings,
        Action::Density,
        Action::Order,
    ] {
        app.update(Msg::Input(overlay));
        shown(app, size);
        app.update(Msg::Input(Action::Back));
        shown(app, size);
    }
    for prompt in [Action::Find, Action::Filter] {
        app.update(Msg::Input(prompt));
        app.update(Msg::Pasted(hostile("typed").raw().to_owned()));
        shown(app, size);
        app.update(Msg::Input(Action::Back));
    }
    for _ in 0..6 {
        app.update(Msg::Input(Action::StepBack));
        shown(app, size);
    }
}
