//! What the mouse does.

use ratatui::layout::Position;

use super::{App, Effect};
use crate::tui::action::Action;
use crate::tui::keymap::Mode;
use crate::tui::layout;
use crate::tui::mouse::Gesture;

/// The mouse's button is held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Press {
    at: Position,
    dragged: bool,
}

impl App {
    pub(super) fn mouse(&mut self, gesture: Gesture, at: Position) -> Option<Effect> {
        let mode = self.mode();
        match gesture {
            _ if mode == Mode::Lanes => {}
            Gesture::WheelUp if mode != Mode::Prompt => return self.act(Action::Up),
            Gesture::WheelDown if mode != Mode::Prompt => return self.act(Action::Down),
            _ => return None,
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
                    return self.viewer_mut()?.click(&areas, at, theme);
                }
            }
            wheel => self.viewer_mut()?.turn_wheel(wheel, &areas, at, theme),
        }
        None
    }
}
