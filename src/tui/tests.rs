//! Every cell shows what happened or is not loaded, and once the reader is idle all cells are loaded.
//!
//! The tests drive the reader, so that it is as slow as they want.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]

use std::path::PathBuf;

use proptest::prelude::*;
use ratatui::layout::Size;
use tempfile::TempDir;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::app::{App, Grows, MOST_KEPT, Msg, Opened, Tick, Viewer};
use super::{Record, view};
use crate::event::{
    CoroutineEnd, Event, EventKind, LaneId, Polled, TaskKind, ThreadId, Timestamp, Waker,
};
use crate::recording::{Archive, Batch, Meta, Writer};
use crate::scenario;
use crate::timeline::cells::{Cell, Fill, Window, cells};
use crate::timeline::{Lane, Span, State, Timeline, work};
use crate::tui::app::action::Action;
use crate::tui::app::theme::{Depth, Theme};
use crate::tui::shell::driver::Driver;
use crate::tui::shell::reader::Reader;
use crate::tui::shell::recorder::Recorder;
use crate::tui::shell::stretch;
use crate::tui::view::lanes::LanesView;

const SIZE: Size = Size::new(64, 20);
const THEME: Theme = Theme {
    depth: Depth::None,
    ascii: false,
};

/// A session on a screen, and its reader, which does nothing by itself.
struct Screen {
    app: App,
    driver: Driver,
    inbox: UnboundedReceiver<Msg>,
    reader: Reader,
    writer: Writer,
    events: Vec<Event>,
    written: usize,
    /// The timeline of all events that are shown.
    past: Timeline,
    path: PathBuf,
    _directory: TempDir,
}

impl Screen {
    /// Shows the first of these events.
    fn of(events: Vec<Event>, first: usize, follow: bool) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s.aline");
        let mut writer = Writer::create(&path, &Meta::default()).unwrap();
        write(&mut writer, &events[..first]);
        let mut archive = Archive::open(&path, |_| {}).unwrap();
        let playback = stretch::playback(&mut archive, first as u64).unwrap();
        let (sender, inbox) = mpsc::unbounded_channel();
        let mut driver = Driver::new(Recorder::new(Record::Off), sender);
        let reader = driver.reader_by_hand(archive, path.clone(), follow);
        let mut app = App::new(scenario::all(), THEME, SIZE);
        app.update(Msg::Opened(Box::new(Opened {
            title: "s".to_owned(),
            scenario: None,
            playback,
            damage: None,
            grows: if follow { Grows::Written } else { Grows::Not },
        })));
        Self {
            app,
            driver,
            inbox,
            reader,
            writer,
            events,
            written: first,
            past: Timeline::new(),
            path,
            _directory: directory,
        }
    }

    fn tell(&mut self, msg: Msg) {
        if let Some(effect) = self.app.update(msg) {
            self.driver.perform(effect, &self.app);
        }
    }

    /// Takes in the reader's answers, asks for missing parts, and checks all cells. Returns the number of cells that
    /// are not loaded.
    fn frame(&mut self) -> usize {
        while let Ok(msg) = self.inbox.try_recv() {
            self.tell(msg);
        }
        self.driver.look(self.app.sight());
        self.check()
    }

    fn press(&mut self, action: Action) {
        self.tell(Msg::Input(action));
        self.driver.look(self.app.sight());
        self.check();
    }

    /// Writes more events to the file, and makes the reader look for them.
    fn grow(&mut self, by: usize) {
        self.write(by);
        self.driver.follow();
    }

    /// Writes more events to the file and hands them on, unless they are dropped on the way.
    fn feed(&mut self, by: usize, is_dropped: bool) {
        let batch = self.write(by);
        if !is_dropped && !batch.events.is_empty() {
            self.tell(Msg::Appended(batch));
        }
    }

    /// Writes more events to the file.
    fn write(&mut self, by: usize) -> Batch {
        let first = self.written;
        self.written = (first + by).min(self.events.len());
        let events = &self.events[first..self.written];
        write(&mut self.writer, events);
        Batch {
            first: first as u64,
            events: events.to_vec(),
        }
    }

    /// Goes to the present, which arrives in the end, and checks that it is that of all events.
    fn is_all_there(&mut self) {
        self.settle();
        self.press(Action::Last);
        self.settle();
        let playback = &self.viewer().playback;
        assert!(playback.at_present());
        assert_eq!(playback.place(), self.written as u64);
        let whole: Timeline = self.events[..self.written].iter().collect();
        let counted = whole.events();
        assert_eq!(playback.counts(), (counted, counted));
        assert_eq!(playback.now(), whole.end());
        let [here, whole] = [playback.timeline().clone(), whole].map(|mut timeline| {
            timeline.forget();
            timeline
        });
        assert!(here == whole, "the lanes stand otherwise");
    }

    /// Gives the reader this many turns.
    fn read(&mut self, turns: usize) {
        for _ in 0..turns {
            self.reader.turn();
        }
    }

    /// Lets the reader finish, and two frames pass.
    fn settle(&mut self) {
        self.frame();
        for _ in 0..500 {
            if !self.reader.turn() {
                break;
            }
            self.frame();
        }
        self.frame();
        assert!(!self.reader.turn(), "there is more and more to read");
        assert_eq!(self.frame(), 0, "not loaded: {}", self.text());
    }

    fn text(&self) -> String {
        let backend = ratatui::backend::TestBackend::new(SIZE.width, SIZE.height);
        let mut terminal = ratatui::Terminal::new(backend).unwrap();
        terminal.draw(|frame| view::view(&self.app, frame)).unwrap();
        format!("{}: {}", self.path.display(), terminal.backend())
    }

    fn viewer(&self) -> &Viewer {
        self.app.viewer().unwrap()
    }

    /// Checks every cell of every visible lane. Returns the number of cells that are not loaded.
    fn check(&mut self) -> usize {
        let place = self.viewer().playback.place();
        if self.past.events() != place {
            self.past = self.events[..place as usize].iter().collect();
        }
        let viewer = self.viewer();
        let areas = viewer.areas(SIZE);
        let view = LanesView::of(viewer, &THEME);
        let columns = view.bars(areas.lanes).width;
        let now = viewer.playback.now();
        let window = viewer.lanes.viewport.window(columns, now);
        if viewer.lanes.dense {
            return self.check_shares(viewer, &window, viewer.lanes.per_row(areas.lane_rows()));
        }
        let drawn = viewer.scene.drawn(&viewer.playback, &window);
        let rows = viewer
            .lanes
            .rows
            .iter()
            .skip(viewer.lanes.first)
            .take(areas.lane_rows());
        let mut missing = 0;
        for row in rows {
            let known = drawn.timeline().lane(row.lane);
            let lane = known
                .or_else(|| viewer.playback.timeline().lane(row.lane))
                .unwrap();
            let of_past = self.past.lane(row.lane).unwrap();
            let expected = cells(&self.past, of_past, &window);
            let seen = drawn.cells(lane, &window);
            assert_eq!(seen.len(), expected.len());
            let spans: Vec<Span> = self.past.spans(of_past, now).collect();
            for (column, (cell, expected)) in (0..columns).zip(seen.iter().zip(&expected)) {
                missing += usize::from(*cell == Cell::NotLoaded);
                let edges = [window.time_at(column), window.time_at(column + 1)];
                assert!(
                    is_right(*cell, *expected, &spans, edges, now),
                    "lane {} column {column} {edges:?} at {now:?}: {cell:?}, not {expected:?} {}",
                    row.lane.0,
                    self.text(),
                );
            }
        }
        missing
    }

    /// Checks every cell of the density map. Returns the number of cells that are not loaded.
    fn check_shares(&self, viewer: &Viewer, window: &Window, per: usize) -> usize {
        let lanes: Vec<LaneId> = viewer.lanes.rows.iter().map(|row| row.lane).collect();
        let shares = viewer.shares(window, per);
        // The last column is read as a whole, with all events at the very moment shown.
        let until = self.events.partition_point(|event| event.at <= window.now);
        let past: Timeline = self.events[..until].iter().collect();
        assert_eq!(shares.len(), lanes.chunks(per).count());
        let mut missing = 0;
        for (lanes, shares) in lanes.chunks(per).zip(shares) {
            let lanes: Vec<&Lane> = lanes.iter().map(|lane| past.lane(*lane).unwrap()).collect();
            for (column, share) in (0..window.width).zip(shares) {
                let edges = [window.time_at(column), window.time_at(column + 1)];
                let polled = |lane: &&&Lane| {
                    past.spans(lane, window.now)
                        .any(|span| is_poll_in(&span, edges))
                };
                let polled = lanes.iter().filter(polled).count() as u32;
                missing += usize::from(share.not_loaded > 0);
                assert!(
                    share.running <= polled,
                    "column {column}: {share:?}, {polled} polled {}",
                    self.text()
                );
                // An end's sign may stand in the column after.
                let before = window.time_at(column.saturating_sub(1));
                let exists = |lane: &&&Lane| lane.start < edges[1] && before <= window.now;
                let exist = lanes.iter().filter(exists).count() as u32;
                let stays = |lane: &&&Lane| {
                    lane.start < edges[0]
                        && edges[0] < window.now
                        && lane.end.is_none_or(|end| end > edges[1])
                };
                let stay = lanes.iter().filter(stays).count() as u32;
                assert!(
                    (stay..=exist).contains(&share.there),
                    "column {column} {edges:?} at {:?}: {share:?}, {stay} to {exist} exist {}",
                    window.now,
                    self.text(),
                );
            }
        }
        missing
    }
}

fn write(writer: &mut Writer, events: &[Event]) {
    for block in events.chunks(7) {
        writer.write(block).unwrap();
        writer.flush().unwrap();
    }
}

/// Returns `true` if a part of a poll lies in a column or at its edge.
fn is_poll_in(span: &Span, [left, right]: [Timestamp; 2]) -> bool {
    span.state == State::Running && span.start < right && span.end >= left
}

/// Returns `true` if a cell shows what happened, or is not loaded.
///
/// From far off, a bar's side is not known, and a poll may end, or the present be, in the very nanosecond in which its
/// column begins or ends.
fn is_right(
    cell: Cell,
    expected: Cell,
    spans: &[Span],
    edges: [Timestamp; 2],
    now: Timestamp,
) -> bool {
    let polls = || spans.iter().filter(|span| is_poll_in(span, edges));
    match (cell, expected) {
        (Cell::NotLoaded, _) => true,
        (Cell::Running(one), Cell::Running(other)) => {
            // Several polls that took no time are known by their number, and not whether they were at one moment.
            let took_time = || polls().any(|poll| poll.end > poll.start);
            polls().count() > 0
                && (filled(one) == filled(other) || (one == Fill::Left(4) && !took_time()))
        }
        (_, Cell::Running(_)) => polls()
            .all(|poll| poll.end == edges[1] || poll.start == edges[0] || poll.end == edges[0]),
        (Cell::Waiting | Cell::Ready, Cell::Empty) => edges[0] == now,
        (Cell::Waiting, Cell::Ready) if edges[1] == now => true,
        _ => cell == expected,
    }
}

fn filled(fill: Fill) -> u8 {
    match fill {
        Fill::Full => 8,
        Fill::Left(eighths) | Fill::Right(eighths) => eighths,
    }
}

/// A program: `main` is polled at its start and rarely after that, some tasks all the time, and some start and end.
fn program(seed: u64, most: usize) -> Vec<Event> {
    let mut told = Told {
        seed: seed | 1,
        at: 0,
        events: Vec::new(),
        alive: Vec::new(),
        next: 2,
    };
    told.spawn(1, None);
    told.poll(1, Polled::Pending);
    while told.events.len() < most {
        match told.any(40) {
            0 if told.next < 24 => {
                let lane = told.next;
                told.next += 1;
                told.spawn(lane, Some(LaneId(1)));
            }
            1 if told.alive.len() > 4 => {
                let index = told.any(told.alive.len() as u64 - 1) as usize + 1;
                let lane = told.alive.remove(index);
                told.wake(lane);
                told.poll(lane, Polled::Completed);
            }
            2 if told.any(8) == 0 => {
                told.wake(1);
                told.poll(1, Polled::Pending);
            }
            _ if told.alive.len() > 1 => {
                // The first of them are polled rarely.
                let count = told.alive.len() as u64;
                let index = told.any(count).max(told.any(count)) as usize;
                let lane = told.alive[index];
                if lane != 1 {
                    told.wake(lane);
                    told.poll(lane, Polled::Pending);
                }
            }
            _ => {}
        }
    }
    told.events.truncate(most);
    told.events
}

/// A program under construction.
struct Told {
    seed: u64,
    at: u64,
    events: Vec<Event>,
    alive: Vec<u64>,
    next: u64,
}

impl Told {
    fn any(&mut self, below: u64) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        (self.seed >> 11) % below.max(1)
    }

    fn say(&mut self, kind: EventKind) {
        // Now and then nothing happens for a long while.
        self.at += match self.any(30) {
            0 => self.any(90_000),
            1..4 => 0,
            _ => self.any(900),
        };
        self.events.push(Event {
            at: Timestamp(self.at),
            thread: ThreadId(0),
            kind,
        });
    }

    fn spawn(&mut self, lane: u64, parent: Option<LaneId>) {
        self.alive.push(lane);
        self.say(EventKind::Spawned {
            lane: LaneId(lane),
            name: format!("t{lane}").into(),
            parent,
            kind: TaskKind::Task,
            site: None,
        });
        if lane.is_multiple_of(3) {
            self.say(EventKind::CoroutineCreated {
                lane: LaneId(100 + lane),
                name: format!("c{lane}").into(),
                parent,
                site: None,
            });
        }
    }

    fn wake(&mut self, lane: u64) {
        self.say(EventKind::Woken {
            lane: LaneId(lane),
            by: Waker::Driver,
        });
    }

    fn poll(&mut self, lane: u64, result: Polled) {
        let id = LaneId(lane);
        self.say(EventKind::PollStarted { lane: id });
        let created = |event: &Event| matches!(event.kind, EventKind::CoroutineCreated { lane: of, .. } if of.0 == 100 + lane);
        let started = |event: &Event| matches!(event.kind, EventKind::CoroutineStarted { lane: of, .. } if of.0 == 100 + lane);
        let has_coroutine = lane.is_multiple_of(3) && self.events.iter().any(created);
        if has_coroutine && !self.events.iter().any(started) {
            self.say(EventKind::CoroutineStarted {
                lane: LaneId(100 + lane),
                host: Some(id),
                frame: None,
            });
        }
        if has_coroutine && result == Polled::Completed {
            self.say(EventKind::CoroutineEnded {
                lane: LaneId(100 + lane),
                end: CoroutineEnd::Returned { value: None },
            });
        }
        self.say(EventKind::PollEnded { lane: id, result });
    }
}

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
                    screen.tell(Msg::Tick(Tick { elapsed, ..Tick::default() }));
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
