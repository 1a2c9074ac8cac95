//! A long session on the screen: read where it is looked at, by the thread that reads.

#![cfg(feature = "app")]
#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]

#[path = "../examples/generate/workload.rs"]
mod workload;

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use asyncline::event::{Event, EventKind, LaneId, Polled, TaskKind, ThreadId, Timestamp, Waker};
use asyncline::recording::{Meta, Session, Writer};
use asyncline::tui::app::action::Action;
use asyncline::tui::show::Show;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;
use tempfile::TempDir;
use workload::{Workload, generate};

const SIZE: Size = Size::new(110, 30);

/// A session of more events than are read as a whole.
fn recorded() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("long.aline");
    let meta = Meta::new("", "", SystemTime::now());
    let writer = Writer::create(&file, &meta).unwrap();
    generate(writer, Workload::PingPong, 300_000, 20).unwrap();
    (directory, file)
}

fn text(show: &Show) -> String {
    let mut terminal = Terminal::new(TestBackend::new(SIZE.width, SIZE.height)).unwrap();
    show.draw(&mut terminal).unwrap();
    terminal.backend().to_string()
}

/// Waits until the screen is as it should be.
fn wait(show: &mut Show, what: &str, is: impl Fn(&Show, &str) -> bool) -> String {
    let begun = Instant::now();
    loop {
        show.take();
        let screen = text(show);
        if is(show, &screen) {
            return screen;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{what}: {screen}"
        );
        std::thread::yield_now();
    }
}

#[test]
fn a_long_session_is_looked_at_and_stepped_through() {
    let (_directory, file) = recorded();
    let events = Session::open(&file).unwrap().events;
    let mut show = Show::open(&file, false, SIZE).unwrap();
    assert_eq!(show.place(), events.len() as u64);
    // From far off, before anything was read for it and after.
    let polled = |screen: &str| {
        screen
            .lines()
            .any(|line| line.contains("ping") && line.contains('▎'))
    };
    wait(&mut show, "lanes", |_, screen| polled(screen));
    // The middle, by name.
    show.press(Action::GoTo);
    show.type_text("50%");
    show.press(Action::Confirm);
    let half = events.last().unwrap().at.0 / 2;
    let place = events.partition_point(|event| event.at.0 <= half) as u64;
    let screen = wait(&mut show, "the middle", |show, _| show.place() == place);
    assert!(screen.contains(" of "), "{screen}");
    // Steps back and on again lead to the same places.
    let mut places = vec![show.place()];
    for _ in 0..5 {
        let before = show.place();
        show.press(Action::StepBack);
        wait(&mut show, "a step back", |show, _| show.place() < before);
        places.push(show.place());
    }
    places.pop();
    for place in places.into_iter().skip(1).rev() {
        show.press(Action::Step);
        wait(&mut show, "a step", |show, _| show.place() == place);
    }
    // The beginning and the end lie outside of what is at hand.
    show.press(Action::First);
    wait(&mut show, "the beginning", |show, _| show.place() == 0);
    show.press(Action::Last);
    wait(&mut show, "the end", |show, _| {
        show.place() == events.len() as u64
    });
    // Near by, the lanes are drawn from all that happened.
    show.press(Action::First);
    wait(&mut show, "the beginning", |show, _| show.place() == 0);
    show.press(Action::Density);
    let screen = wait(&mut show, "many lanes in a row", |_, screen| {
        screen.contains("few to all run")
    });
    assert!(screen.contains("asyncline"), "{screen}");
}

/// A file that becomes shorter while it is looked at is an error, and what can still be read still is.
#[test]
fn a_file_that_shrinks_is_told_of() {
    let (_directory, file) = recorded();
    let mut show = Show::open(&file, false, SIZE).unwrap();
    let end = show.place();
    let length = std::fs::metadata(&file).unwrap().len();
    let half = std::fs::OpenOptions::new().write(true).open(&file);
    half.unwrap().set_len(length / 2).unwrap();
    let go_to = |show: &mut Show, part: &str| {
        show.press(Action::GoTo);
        show.type_text(part);
        show.press(Action::Confirm);
    };
    go_to(&mut show, "80%");
    wait(&mut show, "that it is told of", |_, screen| {
        screen.contains("become shorter")
    });
    assert_eq!(show.place(), end);
    go_to(&mut show, "10%");
    wait(&mut show, "what is left", |show, _| show.place() < end / 2);
}

/// A program of so many events: `main` is polled at its beginning and again at its end, nine tasks talk all the time.
fn chatter(count: usize) -> Vec<Event> {
    const MAIN: LaneId = LaneId(1);
    let mut at = 0;
    let mut events = Vec::new();
    let mut say = |nanos, kind| {
        at += nanos;
        events.push(Event {
            at: Timestamp(at),
            thread: ThreadId(0),
            kind,
        });
    };
    let spawned = |lane: LaneId| EventKind::Spawned {
        lane,
        name: if lane == MAIN {
            "main".into()
        } else {
            format!("talk{}", lane.0).into()
        },
        parent: Some(MAIN).filter(|main| lane != *main),
        kind: TaskKind::Task,
        site: None,
    };
    let result = Polled::Pending;
    say(0, spawned(MAIN));
    say(1_000, EventKind::PollStarted { lane: MAIN });
    (2..11).for_each(|lane| say(1_000, spawned(LaneId(lane))));
    say(1_000, EventKind::PollEnded { lane: MAIN, result });
    for turn in 0..(count as u64 - 15) / 3 {
        let lane = LaneId(2 + (turn * 7 + turn / 13) % 9);
        say(
            70_000 + turn % 7 * 11_000,
            EventKind::Woken {
                lane,
                by: Waker::Driver,
            },
        );
        say(3_000, EventKind::PollStarted { lane });
        say(
            5_000 + turn % 5 * 9_000,
            EventKind::PollEnded { lane, result },
        );
    }
    say(
        1_000,
        EventKind::Woken {
            lane: MAIN,
            by: Waker::Driver,
        },
    );
    say(2_000, EventKind::PollStarted { lane: MAIN });
    say(27_900_000, EventKind::PollEnded { lane: MAIN, result });
    events
}

/// The rows of lanes on a screen.
fn rows(screen: &str) -> Vec<&str> {
    let is_lane = |line: &&str| {
        let name: String = line.chars().take(10).collect();
        name.contains("main") || name.contains("talk")
    };
    screen.lines().filter(is_lane).collect()
}

/// A session that grows while it is looked at is drawn, at ten zooms, as the same session is that is read as a whole.
#[test]
fn a_session_that_grows_is_drawn_as_it_happened() {
    let directory = tempfile::tempdir().unwrap();
    let (file, copy) = (
        directory.path().join("live.aline"),
        directory.path().join("copy.aline"),
    );
    let events = chatter(20_000);
    let mut writer = Writer::create(&file, &Meta::default()).unwrap();
    let mut write = |events: &[Event]| {
        writer.write(events).unwrap();
        writer.flush().unwrap();
    };
    let (first, rest) = events.split_at(500);
    write(first);
    let mut show = Show::open(&file, true, SIZE).unwrap();
    let mut written = first.len();
    for part in rest.chunks(rest.len().div_ceil(4)) {
        for events in part.chunks(300) {
            write(events);
            written += events.len();
            show.tick();
            wait(&mut show, "what was written", |show, screen| {
                let is_loaded = rows(screen).iter().all(|row| !row.contains('·'));
                assert!(is_loaded, "what was seen goes on: {screen}");
                show.place() == written as u64
            });
        }
        std::fs::copy(&file, &copy).unwrap();
        let mut whole = Show::open(&copy, false, SIZE).unwrap();
        whole.press(Action::Fit);
        show.press(Action::Fit);
        for _ in 0..10 {
            let whole_screen = text(&whole);
            assert_eq!(rows(&whole_screen).len(), 10, "{whole_screen}");
            wait(&mut show, &whole_screen, |_, screen| {
                rows(screen) == rows(&whole_screen)
            });
            whole.press(Action::ZoomIn);
            show.press(Action::ZoomIn);
        }
    }
}
