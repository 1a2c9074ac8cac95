//! The program's state, and how messages change it.
//!
//! *Architecture invariant:* [`App::update`] does no I/O and reads no clock. What is to be done outside it returns as
//! an [`Effect`]; what was done there comes back as a [`Msg`].

pub mod action;
mod asking;
mod choice;
pub mod code;
pub mod columns;
mod control;
mod handle;
pub mod keymap;
mod lane_actions;
mod lanes;
pub mod layout;
mod menu;
pub mod mode;
pub mod mouse;
mod msg;
pub mod orders;
mod overlays;
mod playback;
mod pointer;
mod scene;
mod session_view;
pub mod theme;
pub mod viewport;
mod watched;

use std::time::Duration;

use ratatui::layout::Size;

use crate::scenario::Scenario;
use crate::tui::app::mode::Mode;
use crate::tui::app::mouse::Press;
use crate::tui::app::theme::Theme;
pub use asking::Asking;
pub use lanes::{LaneList, Panels};
pub use menu::{Menu, MenuItem, RecentRecording};
pub use msg::{ClickTarget, ClockTick, Effect, Grows, Msg, Opened, RecordingStatus, ScenarioStart};
pub use playback::{Arrival, Journey, LaneEvent, MOST_KEPT, Playback, Whole};
pub use scene::{Answer, ColumnEdges, Detail, Drawn, Query, Rows, Scene, Sight};
pub use session_view::{Motion, SessionOrigin, SessionView};
pub use watched::{Printed, Watched, WatchedStatus};

/// The screen's main content.
#[derive(Debug)]
pub(super) enum Screen {
    Menu,
    Question(Asking),
    Lanes(Box<SessionView>),
}

/// A layer over the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Overlay {
    Detail { scroll: usize },
    Findings { selected: usize },
    Answer,
    Find(String),
    Filter(String),
    GoTo(String),
    Path(String),
}

/// The help page, which may lie over everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Help {
    /// The mode whose keys it shows.
    pub(super) mode: Mode,
    pub(super) scroll: usize,
}

/// The whole state.
#[derive(Debug)]
pub struct App {
    pub(super) theme: Theme,
    pub(super) size: Size,
    pub(super) screen: Screen,
    pub(super) overlay: Option<Overlay>,
    pub(super) help: Option<Help>,
    pub(super) menu: Menu,
    /// A message for the footer, until the next key.
    pub(super) notice: Option<String>,
    press: Option<Press>,
    changed: bool,
}

impl App {
    /// Returns the menu of these scenarios, on a screen of this size.
    pub fn new(scenarios: &'static [Scenario], theme: Theme, size: Size) -> Self {
        Self {
            theme,
            size,
            screen: Screen::Menu,
            overlay: None,
            help: None,
            menu: Menu::new(scenarios),
            notice: None,
            press: None,
            changed: true,
        }
    }

    /// The mode of the keys: what they act on.
    pub fn mode(&self) -> Mode {
        match (&self.help, &self.overlay, &self.screen) {
            (Some(_), ..) => Mode::Help,
            (_, Some(Overlay::Detail { .. }), _) => Mode::Detail,
            (_, Some(Overlay::Findings { .. }), _) => Mode::Findings,
            (_, Some(Overlay::Answer), _) => Mode::Answer,
            (_, Some(_), _) => Mode::Prompt,
            (.., Screen::Menu) => Mode::Menu,
            (.., Screen::Question(_)) => Mode::Question,
            (.., Screen::Lanes(_)) => Mode::Lanes,
        }
    }

    /// Returns the session that is shown.
    pub fn viewer(&self) -> Option<&SessionView> {
        match &self.screen {
            Screen::Lanes(viewer) => Some(viewer),
            _ => None,
        }
    }

    fn viewer_mut(&mut self) -> Option<&mut SessionView> {
        match &mut self.screen {
            Screen::Lanes(viewer) => Some(viewer),
            _ => None,
        }
    }

    /// Returns the time between ticks; none if nothing on the screen changes with time.
    pub fn pulse(&self) -> Option<Duration> {
        let viewer = self.viewer()?;
        let (frame, now_and_then) = (Duration::from_millis(16), Duration::from_millis(50));
        match viewer.motion() {
            Motion::Paused if viewer.watched().is_some_and(Watched::runs) => Some(frame),
            Motion::Paused if viewer.is_following() => Some(now_and_then),
            Motion::Paused => viewer.is_running().then_some(now_and_then),
            _ => Some(frame),
        }
    }

    /// Returns `true` if the screen has changed since the last call.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Takes in a message. What is to be done about it outside the state comes back.
    pub fn update(&mut self, msg: Msg) -> Option<Effect> {
        match msg {
            Msg::Tick(tick) => self.tick(tick),
            // They are shown once time has come to them.
            Msg::Events(events) => {
                if let Some(viewer) = self.viewer_mut() {
                    viewer.take_in(events);
                }
                None
            }
            _ => {
                self.changed = true;
                let effect = self.handle(msg);
                self.settle();
                effect
            }
        }
    }

    /// Returns the part of a large session that must be read to draw the screen.
    pub fn sight(&self) -> Option<Sight> {
        let viewer = self.viewer()?;
        viewer.sight(&viewer.areas(self.size))
    }

    fn tick(&mut self, tick: ClockTick) -> Option<Effect> {
        let viewer = self.viewer_mut()?;
        let before = viewer.shown();
        let effect = viewer.tick(tick);
        if viewer.shown() != before {
            self.changed = true;
            self.settle();
        }
        effect
    }

    /// Keeps what is selected on the screen.
    fn settle(&mut self) {
        let size = self.size;
        if let Some(viewer) = self.viewer_mut() {
            let areas = viewer.areas(size);
            viewer.lanes.settle(areas.lane_rows());
        }
    }
}
