//! What the mouse does.

use ratatui::layout::{Position, Rect};

use super::{App, Effect, Overlay, Screen};
use crate::tui::action::Action;
use crate::tui::keymap::Mode;
use crate::tui::mouse::Gesture;
use crate::tui::view;

/// By how many lines a turn of the wheel scrolls.
const LINES: isize = 3;

/// The mouse's button is held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Press {
    at: Position,
    dragged: bool,
}

impl App {
    pub(super) fn mouse(&mut self, gesture: Gesture, at: Position) -> Option<Effect> {
        match self.mode() {
            Mode::Lanes => self.mouse_on_lanes(gesture, at),
            Mode::Prompt => None,
            mode => match gesture {
                Gesture::WheelUp => self.turn(Action::Up),
                Gesture::WheelDown => self.turn(Action::Down),
                Gesture::Press => self.click(mode, at),
                _ => None,
            },
        }
    }

    /// The wheel moves what is selected, or scrolls where nothing is.
    fn turn(&mut self, action: Action) -> Option<Effect> {
        let lines = if action == Action::Up { -LINES } else { LINES };
        if self.scroll(lines) {
            return None;
        }
        self.act(action)
    }

    /// A click selects, one on what is selected chooses it, and one on what only informs closes that.
    fn click(&mut self, mode: Mode, at: Position) -> Option<Effect> {
        let (area, theme) = (Rect::from((Position::ORIGIN, self.size)), self.theme);
        match (mode, &mut self.screen, &mut self.overlay) {
            (Mode::Menu, ..) => {
                let index = view::menu::item_at(&self.menu, area, at)?;
                if index == self.menu.index() {
                    return self.act(Action::Confirm);
                }
                self.menu.point(index);
            }
            (Mode::Question, Screen::Question(asking), _) => {
                let choice = view::question::choice_at(asking, theme, area, at)?;
                if asking.selected == Some(choice) {
                    return self.act(Action::Confirm);
                }
                asking.selected = Some(choice);
            }
            (Mode::Findings, Screen::Lanes(viewer), Some(Overlay::Findings { selected })) => {
                match view::findings::finding_at(viewer, theme, *selected, area, at) {
                    None => return self.act(Action::Back),
                    Some(index) if index == *selected => return self.act(Action::Confirm),
                    Some(index) => *selected = index,
                }
            }
            _ => return self.act(Action::Back),
        }
        None
    }

    fn mouse_on_lanes(&mut self, gesture: Gesture, at: Position) -> Option<Effect> {
        let theme = self.theme;
        let areas = self.viewer()?.areas(self.size);
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
                    return self.viewer_mut()?.click(&areas, at, theme);
                }
            }
            wheel => self.viewer_mut()?.turn_wheel(wheel, &areas, at, theme),
        }
        None
    }
}
