//! A session on a screen, and its reader, which the tests drive.

use std::path::PathBuf;

use ratatui::layout::Size;
use tempfile::TempDir;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use crate::event::Event;
use crate::recording::{Archive, Batch, Meta, Writer};
use crate::scenario;
use crate::timeline::Timeline;
use crate::tui::app::action::Action;
use crate::tui::app::theme::{ColourDepth, Theme};
use crate::tui::app::{App, Grows, Msg, Opened, SessionView};
use crate::tui::shell::driver::Driver;
use crate::tui::shell::reader::SessionReader;
use crate::tui::shell::recorder::SessionRecorder;
use crate::tui::shell::stretch;
use crate::tui::{Record, view};

pub(super) const SIZE: Size = Size::new(64, 20);
pub(super) const THEME: Theme = Theme {
    depth: ColourDepth::None,
    ascii: false,
};

/// A session on a screen, and its reader, which does nothing by itself.
pub(super) struct Screen {
    pub(super) app: App,
    pub(super) driver: Driver,
    pub(super) inbox: UnboundedReceiver<Msg>,
    pub(super) reader: SessionReader,
    pub(super) writer: Writer,
    pub(super) events: Vec<Event>,
    pub(super) written: usize,
    /// The timeline of all events that are shown.
    pub(super) past: Timeline,
    pub(super) path: PathBuf,
    pub(super) _directory: TempDir,
}

impl Screen {
    /// Shows the first of these events.
    pub(super) fn of(events: Vec<Event>, first: usize, follow: bool) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s.aline");
        let mut writer = Writer::create(&path, &Meta::default()).unwrap();
        write(&mut writer, &events[..first]);
        let mut archive = Archive::open(&path, |_| {}).unwrap();
        let playback = stretch::playback(&mut archive, first as u64).unwrap();
        let (sender, inbox) = mpsc::unbounded_channel();
        let mut driver = Driver::new(SessionRecorder::new(Record::Off), sender);
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

    pub(super) fn tell(&mut self, msg: Msg) {
        if let Some(effect) = self.app.update(msg) {
            self.driver.perform(effect, &self.app);
        }
    }

    /// Takes in the reader's answers, asks for missing parts, and checks all cells. Returns the number of cells that
    /// are not loaded.
    pub(super) fn frame(&mut self) -> usize {
        while let Ok(msg) = self.inbox.try_recv() {
            self.tell(msg);
        }
        self.driver.look(self.app.sight());
        self.check()
    }

    pub(super) fn press(&mut self, action: Action) {
        self.tell(Msg::Input(action));
        self.driver.look(self.app.sight());
        self.check();
    }

    /// Writes more events to the file, and makes the reader look for them.
    pub(super) fn grow(&mut self, by: usize) {
        self.write(by);
        self.driver.follow();
    }

    /// Writes more events to the file and hands them on, unless they are dropped on the way.
    pub(super) fn feed(&mut self, by: usize, is_dropped: bool) {
        let batch = self.write(by);
        if !is_dropped && !batch.events.is_empty() {
            self.tell(Msg::Appended(batch));
        }
    }

    /// Writes more events to the file.
    pub(super) fn write(&mut self, by: usize) -> Batch {
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
    pub(super) fn is_all_there(&mut self) {
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
    pub(super) fn read(&mut self, turns: usize) {
        for _ in 0..turns {
            self.reader.turn();
        }
    }

    /// Lets the reader finish, and two frames pass.
    pub(super) fn settle(&mut self) {
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

    pub(super) fn text(&self) -> String {
        let backend = ratatui::backend::TestBackend::new(SIZE.width, SIZE.height);
        let mut terminal = ratatui::Terminal::new(backend).unwrap();
        terminal.draw(|frame| view::view(&self.app, frame)).unwrap();
        format!("{:?}: {}", self.path, terminal.backend())
    }

    pub(super) fn viewer(&self) -> &SessionView {
        self.app.viewer().unwrap()
    }
}

fn write(writer: &mut Writer, events: &[Event]) {
    for block in events.chunks(7) {
        writer.write(block).unwrap();
        writer.flush().unwrap();
    }
}
