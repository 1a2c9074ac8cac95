//! The program's state, and how messages change it.
//!
//! *Architecture invariant:* [`App::update`] does no I/O and reads no clock. What is to be done outside it returns as
//! an [`Effect`]; what was done there comes back as a [`Msg`].

mod asking;
mod choice;
mod lanes;
mod menu;
mod moves;
mod playback;
mod steps;
mod viewer;

use std::path::PathBuf;
use std::time::Duration;

use ratatui::layout::{Position, Size};

pub use asking::Asking;
pub use lanes::{Lanes, Panels};
pub use menu::{Item, Menu, Recent};
pub use playback::Playback;
pub use viewer::{Motion, Origin, Recording, Viewer};

use super::action::Action;
use super::code::Source;
use super::keymap::{self, Mode};
use super::layout;
use super::mouse::Gesture;
use super::theme::Theme;
use crate::event::Event;
use crate::probe::gate::{Pace, Report};
use crate::scenario::Scenario;

/// What happens to the program.
#[derive(Debug)]
pub enum Msg {
    /// A key was pressed that means something here.
    Input(Action),
    /// A character was typed where text is asked for.
    Typed(char),
    /// A text was pasted.
    Pasted(String),
    /// The mouse did something at this place of the screen.
    Mouse(Gesture, Position),
    /// The screen has this size now.
    Resize(Size),
    /// Time has passed.
    Tick(Tick),
    /// The running program's next events.
    Events(Vec<Event>),
    /// The scenario is to be run, after its question.
    Ask(&'static Scenario),
    /// A session was opened.
    Opened(Box<Opened>),
    /// A source file was read, or coloured.
    Source(Source),
    /// Whether the session is recorded has changed.
    Recording(Recording),
    /// The recordings that there are, the newest first.
    Recents(Vec<Recent>),
    /// Something went wrong that the person is to know of.
    Failed(String),
}

/// Time that has passed, and how the running program stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tick {
    /// The time since the last tick.
    pub elapsed: Duration,
    /// How the running program stands at its gate, where one runs.
    pub report: Option<Report>,
    /// Whether it has ended and all of its events have come.
    pub finished: bool,
}

/// A session from a file.
#[derive(Debug)]
pub struct Opened {
    /// What the header calls it.
    pub title: String,
    /// The scenario that it is a recording of.
    pub scenario: Option<&'static Scenario>,
    /// Its events.
    pub events: Vec<Event>,
    /// What is wrong with the file, in a line.
    pub damage: Option<String>,
}

/// What is to be done outside the state.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Run a scenario, in place of what runs now.
    Start(Start),
    /// Let something else through the running program's gate.
    SetPace(Pace),
    /// Play so many virtual seconds in a second.
    SetSpeed(f64),
    /// End the running program.
    Stop,
    /// Open a session file.
    Open(PathBuf),
    /// Begin or end recording.
    ToggleRecording,
    /// Leave.
    Quit,
}

/// A scenario to run, and how fast.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// The scenario.
    pub scenario: &'static Scenario,
    /// How many virtual seconds a second plays.
    pub speed: f64,
}

impl PartialEq for Start {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.scenario, other.scenario) && self.speed == other.speed
    }
}

/// What fills the screen.
#[derive(Debug)]
pub(super) enum Screen {
    Menu,
    Question(Asking),
    Lanes(Box<Viewer>),
}

/// What is drawn over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Overlay {
    Detail { scroll: usize },
    Findings { selected: usize },
    Answer,
    Find(String),
    Path(String),
}

/// The help page, which may lie over everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Help {
    /// Whose keys it shows.
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
    /// What went wrong, until the next key.
    pub(super) notice: Option<String>,
    press: Option<Press>,
    changed: bool,
}

/// The mouse's button is held.
#[derive(Clone, Copy, Debug)]
struct Press {
    at: Position,
    dragged: bool,
}

impl App {
    /// The menu of these scenarios, on a screen of this size.
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

    /// What is on the screen, as far as keys are concerned.
    pub fn mode(&self) -> Mode {
        match (&self.help, &self.overlay, &self.screen) {
            (Some(_), ..) => Mode::Help,
            (_, Some(Overlay::Detail { .. }), _) => Mode::Detail,
            (_, Some(Overlay::Findings { .. }), _) => Mode::Findings,
            (_, Some(Overlay::Answer), _) => Mode::Answer,
            (_, Some(Overlay::Find(_) | Overlay::Path(_)), _) => Mode::Prompt,
            (.., Screen::Menu) => Mode::Menu,
            (.., Screen::Question(_)) => Mode::Question,
            (.., Screen::Lanes(_)) => Mode::Lanes,
        }
    }

    /// The session that is shown.
    pub fn viewer(&self) -> Option<&Viewer> {
        match &self.screen {
            Screen::Lanes(viewer) => Some(viewer),
            _ => None,
        }
    }

    fn viewer_mut(&mut self) -> Option<&mut Viewer> {
        match &mut self.screen {
            Screen::Lanes(viewer) => Some(viewer),
            _ => None,
        }
    }

    /// How often the state wants to hear of time: as often as a screen shows it, now and then, or never.
    pub fn pulse(&self) -> Option<Duration> {
        let viewer = self.viewer()?;
        if viewer.motion() != Motion::Paused {
            Some(Duration::from_millis(16))
        } else {
            viewer.is_running().then_some(Duration::from_millis(50))
        }
    }

    /// Whether there is anything new to draw since this was asked last.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Takes in a message. What is to be done about it outside the state comes back.
    pub fn update(&mut self, msg: Msg) -> Option<Effect> {
        if let Msg::Tick(tick) = msg {
            return self.tick(tick);
        }
        self.changed = true;
        let effect = self.handle(msg);
        self.settle();
        effect
    }

    fn handle(&mut self, msg: Msg) -> Option<Effect> {
        match msg {
            Msg::Input(action) => return self.act(action),
            Msg::Typed(character) => self.typed(&character.to_string()),
            Msg::Pasted(text) => self.typed(&text),
            Msg::Mouse(gesture, at) => return self.mouse(gesture, at),
            Msg::Resize(size) => self.size = size,
            Msg::Events(events) => {
                if let Some(viewer) = self.viewer_mut() {
                    viewer.take_in(events);
                }
            }
            Msg::Ask(scenario) => return self.ask(scenario),
            Msg::Opened(opened) => self.show(Viewer::replay(*opened)),
            Msg::Source(source) => {
                if let Some(viewer) = self.viewer_mut() {
                    viewer.take_source(source);
                }
            }
            Msg::Recording(recording) => self.recorded(recording),
            Msg::Recents(recents) => self.menu.set_recents(recents),
            Msg::Failed(text) => self.notice = Some(text),
            Msg::Tick(_) => {}
        }
        None
    }

    fn recorded(&mut self, recording: Recording) {
        if let Recording::Failed(text) = &recording {
            self.notice = Some(format!("Not recorded: {text}"));
        }
        if let Some(viewer) = self.viewer_mut() {
            viewer.recording = recording;
        }
    }

    fn tick(&mut self, tick: Tick) -> Option<Effect> {
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
            let areas = layout::areas(size, viewer.lanes.panels);
            viewer.lanes.settle(areas.lane_rows());
        }
    }

    fn act(&mut self, action: Action) -> Option<Effect> {
        self.notice = None;
        match action {
            Action::Quit => return Some(Effect::Quit),
            Action::Help => {
                let mode = self.mode();
                self.help = Some(Help { mode, scroll: 0 });
                return None;
            }
            _ => {}
        }
        if self.help.is_some() {
            self.act_in_help(action);
            return None;
        }
        match &self.overlay {
            Some(_) => self.act_in_overlay(action),
            None => match &self.screen {
                Screen::Menu => self.act_in_menu(action),
                Screen::Question(_) => self.act_in_question(action),
                Screen::Lanes(_) => self.act_in_lanes(action),
            },
        }
    }

    fn act_in_help(&mut self, action: Action) {
        let Some(help) = &mut self.help else { return };
        if action == Action::Back {
            self.help = None;
        } else {
            let lines = keymap::bindings(help.mode).count();
            help.scroll = choice::moved(help.scroll, action, lines, layout::page(self.size));
        }
    }

    fn act_in_menu(&mut self, action: Action) -> Option<Effect> {
        let page = layout::page(self.size);
        match action {
            Action::Confirm => match self.menu.selected()? {
                Item::Scenario(scenario) => return self.ask(scenario),
                Item::Recent(recent) => return Some(Effect::Open(recent.path.clone())),
            },
            Action::Replay => {
                let last = self.menu.last_recording();
                if last.is_none() {
                    self.notice = Some("No recording of this scenario yet: enter runs it.".into());
                }
                return last.map(Effect::Open);
            }
            Action::OpenFile => self.overlay = Some(Overlay::Path(String::new())),
            _ => self.menu.act(action, page),
        }
        None
    }

    fn ask(&mut self, scenario: &'static Scenario) -> Option<Effect> {
        self.overlay = None;
        self.menu.select(scenario);
        if scenario.question.choices.is_empty() {
            return self.start(scenario, None);
        }
        self.screen = Screen::Question(Asking::new(scenario));
        None
    }

    fn start(&mut self, scenario: &'static Scenario, guess: Option<usize>) -> Option<Effect> {
        let panels = self.viewer().map(|viewer| viewer.lanes.panels);
        let mut viewer = Viewer::live(scenario, guess);
        viewer.lanes.panels = panels.unwrap_or_default();
        let speed = viewer.speed();
        self.show(viewer);
        Some(Effect::Start(Start { scenario, speed }))
    }

    fn show(&mut self, viewer: Viewer) {
        self.overlay = None;
        self.help = None;
        self.notice = None;
        self.screen = Screen::Lanes(Box::new(viewer));
    }

    fn act_in_question(&mut self, action: Action) -> Option<Effect> {
        let Screen::Question(asking) = &mut self.screen else {
            return None;
        };
        let scenario = asking.scenario;
        match action {
            Action::Back => self.screen = Screen::Menu,
            Action::Confirm => {
                let guess = asking.selected;
                return self.start(scenario, guess);
            }
            Action::Choose(choice) if choice < scenario.question.choices.len() => {
                return self.start(scenario, Some(choice));
            }
            _ => asking.act(action),
        }
        None
    }

    fn act_in_lanes(&mut self, action: Action) -> Option<Effect> {
        let areas = layout::areas(self.size, self.viewer()?.lanes.panels);
        let viewer = self.viewer_mut()?;
        match action {
            Action::Back => {
                let effect = viewer.is_running().then_some(Effect::Stop);
                self.screen = Screen::Menu;
                return effect;
            }
            Action::Restart => {
                let Some(scenario) = viewer.scenario else {
                    self.notice = Some("Only a scenario can be run again.".into());
                    return None;
                };
                let guess = viewer.guess;
                return self.start(scenario, guess);
            }
            Action::Record => {
                let saved = match &viewer.recording {
                    Recording::Saved(path) if !viewer.is_running() => Some(path.display()),
                    _ => None,
                };
                if let Some(path) = saved {
                    self.notice = Some(format!("This session is recorded in {path}"));
                } else if viewer.is_live() {
                    return Some(Effect::ToggleRecording);
                } else {
                    self.notice = Some("This is a recording already.".into());
                }
            }
            Action::Detail => {
                self.overlay = viewer.lanes.selected.map(|_| Overlay::Detail { scroll: 0 });
            }
            Action::Findings => {
                viewer.look_for_findings();
                let selected = viewer.finding.unwrap_or(0);
                self.overlay = Some(Overlay::Findings { selected });
            }
            Action::Answer => self.toggle_answer(),
            Action::Find => self.overlay = Some(Overlay::Find(String::new())),
            _ => {
                let (effect, notice) = viewer.act(action, &areas);
                self.notice = notice.map(Into::into);
                return effect;
            }
        }
        None
    }

    /// Shows the answer in its panel, or over everything where there is no room for panels.
    fn toggle_answer(&mut self) {
        let size = self.size;
        let Some(viewer) = self.viewer_mut() else {
            return;
        };
        if viewer.scenario.is_none() {
            self.notice = Some("Only scenarios ask questions.".into());
            return;
        }
        let areas = layout::areas(size, viewer.lanes.panels);
        if areas.events.is_some() {
            viewer.answer_open = !viewer.answer_open;
        } else {
            self.overlay = Some(Overlay::Answer);
        }
    }

    fn act_in_overlay(&mut self, action: Action) -> Option<Effect> {
        if action == Action::Back {
            if let (Some(Overlay::Find(_)), Some(viewer)) = (self.overlay.take(), self.viewer_mut())
            {
                viewer.lanes.highlights.clear();
            }
            return None;
        }
        let page = layout::page(self.size);
        match self.overlay.clone()? {
            Overlay::Detail { scroll } => self.act_in_detail(action, scroll),
            Overlay::Findings { selected } => return self.act_in_findings(action, selected, page),
            Overlay::Answer => {}
            Overlay::Find(text) => self.act_in_find(action, text),
            Overlay::Path(text) => return self.act_in_path(action, text),
        }
        None
    }

    fn act_in_detail(&mut self, action: Action, scroll: usize) {
        let page = layout::page(self.size);
        let Some(viewer) = self.viewer_mut() else {
            return;
        };
        let scroll = match action {
            Action::Up | Action::Down => {
                viewer.lanes.act(action, 1);
                0
            }
            Action::Follow => {
                viewer.follow_wait();
                0
            }
            _ => choice::moved(scroll, action, 1000, page / 2),
        };
        self.overlay = Some(Overlay::Detail { scroll });
    }

    fn act_in_findings(&mut self, action: Action, selected: usize, page: usize) -> Option<Effect> {
        let viewer = self.viewer_mut()?;
        if action == Action::Confirm {
            let effect = viewer.show_finding(selected);
            self.overlay = None;
            return effect;
        }
        let selected = choice::moved(selected, action, viewer.findings.len(), page);
        self.overlay = Some(Overlay::Findings { selected });
        None
    }

    fn act_in_find(&mut self, action: Action, mut text: String) {
        match action {
            Action::Confirm => {
                self.overlay = None;
                if let (true, Some(viewer)) = (text.is_empty(), self.viewer_mut()) {
                    viewer.next_found();
                }
                return;
            }
            _ => edit(&mut text, action),
        }
        self.look_for(text);
    }

    fn look_for(&mut self, text: String) {
        if let Some(viewer) = self.viewer_mut() {
            viewer.find(&text);
        }
        self.overlay = Some(Overlay::Find(text));
    }

    fn act_in_path(&mut self, action: Action, mut text: String) -> Option<Effect> {
        if action == Action::Confirm {
            self.overlay = None;
            let path = text.trim();
            return (!path.is_empty()).then(|| Effect::Open(path.into()));
        }
        edit(&mut text, action);
        self.overlay = Some(Overlay::Path(text));
        None
    }

    fn typed(&mut self, typed: &str) {
        let typed = typed.chars().filter(|character| !character.is_control());
        match self.overlay.clone() {
            _ if self.help.is_some() => {}
            Some(Overlay::Find(mut text)) => {
                text.extend(typed);
                self.look_for(text);
            }
            Some(Overlay::Path(mut text)) => {
                text.extend(typed);
                self.overlay = Some(Overlay::Path(text));
            }
            _ => {}
        }
    }

    fn mouse(&mut self, gesture: Gesture, at: Position) -> Option<Effect> {
        let mode = self.mode();
        match gesture {
            Gesture::WheelUp if mode == Mode::Prompt => return None,
            Gesture::WheelDown if mode == Mode::Prompt => return None,
            Gesture::WheelUp if mode != Mode::Lanes => return self.act(Action::Up),
            Gesture::WheelDown if mode != Mode::Lanes => return self.act(Action::Down),
            _ if mode != Mode::Lanes => return None,
            _ => {}
        }
        let theme = self.theme;
        let areas = layout::areas(self.size, self.viewer()?.lanes.panels);
        let press = self.press;
        match gesture {
            Gesture::Press => {
                let dragged = false;
                self.press = areas.lanes.contains(at).then_some(Press { at, dragged });
            }
            Gesture::Drag => {
                let press = press?;
                let columns = i32::from(press.at.x) - i32::from(at.x);
                let dragged = press.dragged || columns != 0;
                self.press = Some(Press { at, dragged });
                self.viewer_mut()?.lanes.pan(columns, areas.lanes.width);
            }
            Gesture::Release => {
                self.press = None;
                if press.is_some_and(|press| !press.dragged) {
                    return self.viewer_mut()?.click(&areas, at, &theme);
                }
            }
            wheel => self.viewer_mut()?.turn_wheel(wheel, &areas, at, &theme),
        }
        None
    }
}

/// Edits what was typed so far.
fn edit(text: &mut String, action: Action) {
    match action {
        Action::Erase => {
            text.pop();
        }
        Action::EraseAll => text.clear(),
        _ => {}
    }
}
