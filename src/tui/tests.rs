//! Every cell shows what happened or is not loaded, and once the reader is idle all cells are loaded.
//!
//! The tests drive the reader, so that it is as slow as they want.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]

mod cells;
mod program;
mod screen;

use proptest::prelude::*;

use self::program::program;
use self::screen::Screen;
use super::app::{ClockTick, MOST_KEPT, Msg};
use crate::recording::{Meta, Writer};
use crate::timeline::{Timeline, work};
use crate::tui::app::action::Action;

const KEYS: [Action; 26] = [
    Action::ZoomIn,
    Action::ZoomIn,
    Action::ZoomIn,
    Action::ZoomOut,
    Action::ZoomOut,
    Action::PanLeft,
    Action::PanLeft,
    Action::PanRight,
    Action::Fit,
    Action::First,
    Action::Last,
    Action::Step,
    Action::StepBack,
    Action::NextWake,
    Action::PreviousWake,
    Action::NextPoll,
    Action::PreviousPoll,
    Action::NextFinding,
    Action::Up,
    Action::Down,
    Action::PageDown,
    Action::Coroutines,
    Action::Density,
    Action::Order,
    Action::Panels,
    Action::PlayPause,
];

#[derive(Clone, Copy, Debug)]
enum Happens {
    Key(Action),
    /// Turns of the reader.
    Reads(usize),
    Frame,
    /// Time passes, and this many events arrive.
    Grows(usize),
    /// The same, and if they are handed on, they do not reach the screen.
    Drops(usize),
}

/// How a session grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Growth {
    Not,
    /// Its file is looked at.
    File,
    /// Its events are handed on.
    Fed,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        6 => (0..KEYS.len()).prop_map(|key| Happens::Key(KEYS[key])),
        3 => (1..12_usize).prop_map(Happens::Reads),
        3 => Just(Happens::Frame),
        2 => prop_oneof![0..10_usize, 0..200_usize].prop_map(Happens::Grows),
        1 => prop_oneof![0..10_usize, 0..200_usize].prop_map(Happens::Drops),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whichever keys are pressed, and however late the reader is, no cell is wrong, and in the end none is missing.
    #[test]
    fn no_cell_is_ever_wrong(
        seed: u64, first in 20..900_usize, growth in growth(), happens in prop::collection::vec(happens(), 1..60),
    ) {
        let mut screen = Screen::of(program(seed, 1500), first, growth != Growth::Not);
        for happens in happens {
            match (happens, growth) {
                (Happens::Key(key), _) => screen.press(key),
                (Happens::Reads(turns), _) => screen.read(turns),
                (Happens::Frame, _) => { screen.frame(); }
                (Happens::Grows(by) | Happens::Drops(by), Growth::File) => screen.grow(by),
                (Happens::Grows(by), Growth::Fed) => { screen.feed(by, false); screen.frame(); }
                (Happens::Drops(by), Growth::Fed) => screen.feed(by, true),
                (Happens::Grows(_) | Happens::Drops(_), Growth::Not) => {
                    let elapsed = std::time::Duration::from_micros(5);
                    screen.tell(Msg::Tick(ClockTick { elapsed, ..ClockTick::default() }));
                    screen.frame();
                }
            }
        }
        screen.settle();
        if growth == Growth::Fed && screen.written < screen.events.len() {
            // The next event shows which ones are missing.
            screen.feed(1, false);
            screen.is_all_there();
        }
    }
}

fn growth() -> impl Strategy<Value = Growth> {
    prop_oneof![
        1 => Just(Growth::Not),
        1 => Just(Growth::File),
        2 => Just(Growth::Fed),
    ]
}

/// While the present is shown, events are applied as they come, and the end is read anew only now and then.
#[test]
fn following_takes_linear_work() {
    let ((few, _), (many, reads)) = (follow(1_000), follow(4_000));
    assert!(many < 6 * few, "{few} became {many}");
    // A reading leaves room for this many more.
    assert!(reads <= 4_000 / (MOST_KEPT / 4 * 3), "{reads} readings");
}

/// Hands so many events on, ten at a time. Returns the screen's work, and how often the end was read.
fn follow(events: usize) -> (u64, usize) {
    let mut screen = Screen::of(program(13, events), 20, true);
    for _ in 0..6 {
        screen.press(Action::ZoomIn);
    }
    screen.settle();
    let (mut done, mut reads) = (0, 0);
    while screen.written < events {
        let batch = screen.write(10);
        let mut effect = None;
        done += work::of(|| effect = screen.app.update(Msg::Appended(batch)));
        if let Some(effect) = effect {
            reads += 1;
            screen.driver.perform(effect, &screen.app);
            assert!(screen.reader.turn());
            screen.frame();
        }
        assert!(!screen.reader.turn(), "nothing is read without need");
        assert_eq!(screen.viewer().playback.place(), screen.written as u64);
    }
    (done, reads)
}

/// A session that grows while it is viewed, at ten zooms.
#[test]
fn a_session_that_grows_is_drawn_as_it_happened() {
    let mut screen = Screen::of(program(7, 20_000), 100, true);
    for zoom in 0..10 {
        screen.press(Action::Fit);
        for _ in 0..zoom {
            screen.press(Action::ZoomIn);
        }
        for _ in 0..10 {
            screen.grow(199);
            screen.read(3);
            screen.frame();
        }
        screen.settle();
    }
    assert_eq!(screen.written, 20_000);
    assert_eq!(screen.viewer().playback.place(), 20_000);
}

/// Nothing stays on the screen of a session whose file now holds another one.
#[test]
fn another_session_in_the_same_file_is_drawn_anew() {
    let mut screen = Screen::of(program(3, 700), 600, true);
    screen.press(Action::ZoomIn);
    screen.settle();
    std::fs::remove_file(&screen.path).unwrap();
    let other = Writer::create(&screen.path, &Meta::default()).unwrap();
    let before = std::mem::replace(&mut screen.writer, other);
    before.finish().unwrap();
    (screen.events, screen.written) = (program(5, 900), 0);
    screen.grow(800);
    screen.read(1);
    screen.past = Timeline::new();
    screen.settle();
    assert_eq!(screen.viewer().playback.place(), 800);
    for _ in 0..4 {
        screen.press(Action::ZoomOut);
        screen.settle();
    }
}

/// A journey interrupts reading for the visible part, which is still completed.
#[test]
fn what_was_interrupted_is_read_again() {
    let mut screen = Screen::of(program(11, 1500), 1500, false);
    screen.frame();
    screen.driver.hurry();
    screen.read(5);
    assert!(screen.frame() > 0, "something more urgent is to come");
    screen.press(Action::First);
    screen.settle();
    screen.press(Action::Fit);
    screen.settle();
}

/// Events at the very moment shown, of which only the first ones are shown: what lies before is loaded all the same.
#[test]
fn a_place_within_a_moment_is_loaded() {
    use Action::*;
    let mut screen = Screen::of(program(10_203_896_530_941_806_638, 1500), 191, true);
    for key in [PreviousWake, NextFinding, Density, PreviousWake] {
        screen.press(key);
    }
    screen.grow(37);
    screen.grow(97);
    screen.read(1);
    for key in [Fit, ZoomIn, PanRight] {
        screen.press(key);
    }
    screen.settle();
}
