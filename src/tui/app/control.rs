//! What the keys do, screen by screen.

use std::path::PathBuf;

use super::session_view::SessionView;
use super::{App, Asking, Effect, Help, MenuItem, Overlay, ScenarioStart, Screen, choice};
use crate::event::printable;
use crate::scenario::Scenario;
use crate::tui::app::action::Action;
use crate::tui::app::{keymap, layout};

impl App {
    pub(super) fn act(&mut self, action: Action) -> Option<Effect> {
        self.notice = None;
        match action {
            Action::Quit => return Some(Effect::Quit),
            Action::Suspend => return Some(Effect::Suspend),
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
                MenuItem::Scenario(scenario) => return Some(self.ask(scenario)),
                MenuItem::Recent(recent) => {
                    let path = recent.path.clone();
                    return Some(self.open(path));
                }
            },
            Action::Replay => {
                let last = self.menu.last_recording();
                if last.is_none() {
                    self.notice = Some("No recording of this scenario yet: enter runs it.".into());
                }
                return last.map(|path| self.open(path));
            }
            Action::Find => self.overlay = Some(Overlay::Find(String::new())),
            Action::OpenFile => self.overlay = Some(Overlay::Path(String::new())),
            _ => self.menu.act(action, page),
        }
        None
    }

    pub(super) fn open(&mut self, path: PathBuf) -> Effect {
        self.notice = Some(format!("Opening {} …", printable::path(&path)));
        Effect::Open(path)
    }

    pub(super) fn ask(&mut self, scenario: &'static Scenario) -> Effect {
        self.overlay = None;
        self.menu.select(scenario);
        if scenario.question.choices.is_empty() {
            return self.start(scenario, None);
        }
        let asking = Asking::new(scenario);
        let program = asking.program.clone();
        self.screen = Screen::Question(asking);
        Effect::Colour(program)
    }

    pub(super) fn start(&mut self, scenario: &'static Scenario, guess: Option<usize>) -> Effect {
        let mut viewer = SessionView::live(scenario, guess);
        if let Some(before) = self.viewer() {
            viewer.lanes.panels = before.lanes.panels;
            viewer.speed = before.speed;
            // The same again has as many lanes.
            let same = before.title == viewer.title;
            viewer.lanes.most = before.lanes.most.filter(|_| same);
        }
        if let Screen::Question(asking) = &self.screen {
            viewer.take_source(asking.program.clone());
        }
        let speed = viewer.speed();
        self.show(viewer);
        Effect::Start(ScenarioStart { scenario, speed })
    }

    pub(super) fn show(&mut self, viewer: SessionView) {
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
            Action::Skip => return Some(self.start(scenario, None)),
            Action::Confirm => {
                let guess = asking.selected;
                return Some(self.start(scenario, guess));
            }
            Action::Choose(choice) if choice < scenario.question.choices.len() => {
                return Some(self.start(scenario, Some(choice)));
            }
            _ => asking.act(action),
        }
        None
    }
}
