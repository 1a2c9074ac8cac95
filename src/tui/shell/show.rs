//! The screen without a terminal: for benches, which drive it as the run loop does.

use std::path::Path;
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::layout::Size;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::driver::Driver;
use super::recorder::SessionRecorder;
use crate::recording::Error;
use crate::scenario;
use crate::tui::app::action::Action;
use crate::tui::app::theme::{ColourDepth, Theme};
use crate::tui::app::{App, Msg};
use crate::tui::{Record, view};

/// A recording on a screen that nobody sees.
#[derive(Debug)]
pub struct Show {
    app: App,
    driver: Driver,
    messages: UnboundedReceiver<Msg>,
}

impl Show {
    /// Opens a recording, on a screen of this size.
    ///
    /// # Errors
    ///
    /// Where it cannot be read.
    pub fn open(path: &Path, follow: bool, size: Size) -> Result<Self, Error> {
        let theme = Theme {
            depth: ColourDepth::True,
            ascii: false,
        };
        let (sender, messages) = mpsc::unbounded_channel();
        let mut app = App::new(scenario::all(), theme, size);
        let mut driver = Driver::new(SessionRecorder::new(Record::Off), sender);
        let opened = driver.try_open(path, follow, |_| {})?;
        app.update(opened);
        Ok(Self {
            app,
            driver,
            messages,
        })
    }

    /// Presses the key for this.
    pub fn press(&mut self, action: Action) {
        self.tell(Msg::Input(action));
    }

    /// Types a text where one is asked for.
    pub fn type_text(&mut self, text: &str) {
        self.tell(Msg::Pasted(text.to_owned()));
    }

    fn tell(&mut self, msg: Msg) {
        if let Some(effect) = self.app.update(msg) {
            self.driver.perform(effect, &self.app);
        }
    }

    /// Lets time pass, as each frame of a session that moves does.
    pub fn tick(&mut self) {
        for msg in self.driver.tick() {
            self.tell(msg);
        }
    }

    /// Takes in what was read meanwhile; how many messages that were.
    pub fn take(&mut self) -> usize {
        let mut taken = 0;
        while let Ok(msg) = self.messages.try_recv() {
            self.tell(msg);
            taken += 1;
        }
        self.driver.look(self.app.sight());
        taken
    }

    /// Takes in what is read until nothing more comes for so long.
    pub fn settle(&mut self, quiet: Duration) {
        let mut last = Instant::now();
        while last.elapsed() < quiet {
            if self.take() > 0 {
                last = Instant::now();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Draws a frame.
    ///
    /// # Errors
    ///
    /// Where the backend fails.
    pub fn draw<B: Backend>(&self, terminal: &mut Terminal<B>) -> Result<(), B::Error> {
        terminal.draw(|frame| view::view(&self.app, frame))?;
        Ok(())
    }

    /// Returns the number of events shown.
    pub fn place(&self) -> u64 {
        self.app
            .viewer()
            .map_or(0, |viewer| viewer.playback.place())
    }
}
