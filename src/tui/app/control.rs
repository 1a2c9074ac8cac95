//! What the keys do, screen by screen.

use std::path::PathBuf;

use super::msg::Recording;
use super::viewer::Viewer;
use super::{App, Asking, Effect, Help, Item, Overlay, Screen, Start, choice};
use crate::event::printable;
use crate::scenario::Scenario;
use crate::text::units::Moment;
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
                Item::Scenario(scenario) => return Some(self.ask(scenario)),
                Item::Recent(recent) => {
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

    fn open(&mut self, path: PathBuf) -> Effect {
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

    fn start(&mut self, scenario: &'static Scenario, guess: Option<usize>) -> Effect {
        let mut viewer = Viewer::live(scenario, guess);
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
        Effect::Start(Start { scenario, speed })
    }

    pub(super) fn show(&mut self, viewer: Viewer) {
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

    fn act_in_lanes(&mut self, action: Action) -> Option<Effect> {
        let areas = self.viewer()?.areas(self.size);
        let viewer = self.viewer_mut()?;
        match action {
            Action::Back => {
                let effect = viewer.is_running().then_some(Effect::Stop);
                if viewer.watched().is_some() {
                    self.notice = Some("q leaves the program that is watched.".into());
                    return None;
                }
                self.screen = Screen::Menu;
                return effect;
            }
            Action::Restart => {
                let Some(scenario) = viewer.scenario else {
                    self.notice = Some("Only a scenario can be run again.".into());
                    return None;
                };
                let guess = viewer.guess;
                return Some(self.start(scenario, guess));
            }
            Action::Record => {
                let saved = match &viewer.recording {
                    Recording::Saved(path) if !viewer.is_running() => Some(printable::path(path)),
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
            Action::Output => match &mut viewer.printed {
                Some(printed) => printed.is_open = !printed.is_open,
                None => {
                    self.notice = Some("Only of a program that `asyncline exec` begins.".into());
                }
            },
            Action::Find => self.overlay = Some(Overlay::Find(String::new())),
            Action::Filter => {
                let filter = viewer.lanes.filter.clone();
                self.overlay = Some(Overlay::Filter(filter));
            }
            Action::GoTo => self.overlay = Some(Overlay::GoTo(String::new())),
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
        let areas = viewer.areas(size);
        if areas.events.is_some() {
            viewer.answer_open = !viewer.answer_open;
        } else {
            self.overlay = Some(Overlay::Answer);
        }
    }

    fn act_in_overlay(&mut self, action: Action) -> Option<Effect> {
        if action == Action::Back {
            match (self.overlay.take(), self.viewer_mut()) {
                (Some(Overlay::Find(_)), Some(viewer)) => viewer.lanes.highlights.clear(),
                (Some(Overlay::Filter(_)), Some(viewer)) => viewer.show_only(""),
                _ => {}
            }
            return None;
        }
        let page = layout::page(self.size);
        match self.overlay.clone()? {
            Overlay::Detail { scroll } => self.act_in_detail(action, scroll),
            Overlay::Findings { selected } => return self.act_in_findings(action, selected, page),
            Overlay::Answer => {}
            Overlay::Find(text) => self.act_in_find(action, text),
            Overlay::Filter(text) => self.act_in_filter(action, text),
            Overlay::GoTo(text) => return self.act_in_go_to(action, text),
            Overlay::Path(text) => return self.act_in_path(action, text),
        }
        None
    }

    /// Scrolls what lies over the lanes by some lines; false where nothing does that scrolls.
    pub(super) fn scroll(&mut self, lines: isize) -> bool {
        let scroll = match (&mut self.help, &mut self.overlay) {
            (Some(help), _) => &mut help.scroll,
            (_, Some(Overlay::Detail { scroll })) => scroll,
            _ => return false,
        };
        *scroll = scroll.saturating_add_signed(lines);
        true
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
            let shown = viewer.findings.get(selected);
            self.notice = shown.map(|finding| finding.text.clone());
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
        match self.viewer_mut() {
            Some(viewer) => viewer.find(&text),
            None => self.menu.find(&text),
        }
        self.overlay = Some(Overlay::Find(text));
    }

    fn act_in_filter(&mut self, action: Action, mut text: String) {
        if action == Action::Confirm {
            self.overlay = None;
            return;
        }
        edit(&mut text, action);
        self.show_only(text);
    }

    fn show_only(&mut self, text: String) {
        if let Some(viewer) = self.viewer_mut() {
            viewer.show_only(&text);
        }
        self.overlay = Some(Overlay::Filter(text));
    }

    fn act_in_go_to(&mut self, action: Action, mut text: String) -> Option<Effect> {
        if action != Action::Confirm {
            edit(&mut text, action);
            self.overlay = Some(Overlay::GoTo(text));
            return None;
        }
        self.overlay = None;
        if text.trim().is_empty() {
            return None;
        }
        let viewer = self.viewer_mut()?;
        match text.parse::<Moment>() {
            Ok(moment) => {
                let at = moment.of(viewer.playback.reached());
                viewer.seek(at)
            }
            Err(wrong) => {
                self.notice = Some(wrong);
                None
            }
        }
    }

    fn act_in_path(&mut self, action: Action, mut text: String) -> Option<Effect> {
        if action == Action::Confirm {
            self.overlay = None;
            let path = text.trim();
            return (!path.is_empty()).then(|| self.open(path.into()));
        }
        edit(&mut text, action);
        self.overlay = Some(Overlay::Path(text));
        None
    }

    pub(super) fn typed(&mut self, typed: &str) {
        let typed = typed.chars().filter(|character| !character.is_control());
        match self.overlay.clone() {
            _ if self.help.is_some() => {}
            Some(Overlay::Find(mut text)) => {
                text.extend(typed);
                self.look_for(text);
            }
            Some(Overlay::Filter(mut text)) => {
                text.extend(typed);
                self.show_only(text);
            }
            Some(Overlay::GoTo(mut text)) => {
                text.extend(typed);
                self.overlay = Some(Overlay::GoTo(text));
            }
            Some(Overlay::Path(mut text)) => {
                text.extend(typed);
                self.overlay = Some(Overlay::Path(text));
            }
            _ => {}
        }
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
