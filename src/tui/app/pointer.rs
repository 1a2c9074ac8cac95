//! What the mouse does.

use ratatui::layout::Position;

use super::lane_actions::ZOOM;
use super::{App, ClickTarget, Effect, Overlay, Screen, SessionView};
use crate::event::Timestamp;
use crate::tui::app::action::Action;
use crate::tui::app::columns;
use crate::tui::app::layout::Areas;
use crate::tui::app::mode::Mode;
use crate::tui::app::mouse::{Gesture, Press};

/// Lines per turn of the wheel.
const LINES: isize = 3;

impl App {
    pub(super) fn mouse(
        &mut self,
        gesture: Gesture,
        at: Position,
        on: Option<ClickTarget>,
    ) -> Option<Effect> {
        match self.mode() {
            Mode::Lanes => self.mouse_on_lanes(gesture, at),
            Mode::Prompt => None,
            mode => match gesture {
                Gesture::WheelUp => self.turn(Action::Up),
                Gesture::WheelDown => self.turn(Action::Down),
                Gesture::Press => self.click(mode, on),
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
    fn click(&mut self, mode: Mode, on: Option<ClickTarget>) -> Option<Effect> {
        let (selected, index) = match (mode, &mut self.screen, &mut self.overlay, on) {
            (Mode::Menu, .., Some(ClickTarget::Item(index))) => {
                if index == self.menu.index() {
                    return self.act(Action::Confirm);
                }
                self.menu.point(index);
                return None;
            }
            (Mode::Question, Screen::Question(asking), _, Some(ClickTarget::Choice(index))) => {
                if asking.selected == Some(index) {
                    return self.act(Action::Confirm);
                }
                asking.selected = Some(index);
                return None;
            }
            (
                Mode::Findings,
                _,
                Some(Overlay::Findings { selected }),
                Some(ClickTarget::Finding(index)),
            ) => (selected, index),
            (Mode::Menu | Mode::Question, ..) => return None,
            _ => return self.act(Action::Back),
        };
        if index == *selected {
            return self.act(Action::Confirm);
        }
        *selected = index;
        None
    }

    fn mouse_on_lanes(&mut self, gesture: Gesture, at: Position) -> Option<Effect> {
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
                    return self.viewer_mut()?.click(&areas, at);
                }
            }
            wheel => self.viewer_mut()?.turn_wheel(wheel, &areas, at),
        }
        None
    }
}

impl SessionView {
    /// Returns the time at a column of the screen; none beside the bars.
    fn time_at(&self, areas: &Areas, x: u16) -> Option<Timestamp> {
        let bars = columns::bars(self.lanes.widest, areas.lanes);
        columns::time_at(&self.lanes.viewport, bars, x)
    }

    /// Selects the lane that was clicked on, and shows the moment.
    fn click(&mut self, areas: &Areas, at: Position) -> Option<Effect> {
        let lane = columns::lane_at(&self.lanes.rows, self.lanes.first, areas.lanes, at);
        if lane.is_some() {
            self.lanes.selected = lane;
        }
        self.seek(self.time_at(areas, at.x)?)
    }

    /// Zooms round the pointer, or pans.
    fn turn_wheel(&mut self, wheel: Gesture, areas: &Areas, at: Position) {
        if !areas.lanes.contains(at) {
            return;
        }
        let around = self.time_at(areas, at.x).unwrap_or_else(|| self.centre());
        match wheel {
            Gesture::WheelUp => self.lanes.zoom(ZOOM, around),
            Gesture::WheelDown => self.lanes.zoom(1.0 / ZOOM, around),
            Gesture::WheelLeft => self.lanes.pan(-4, self.bars(areas)),
            Gesture::WheelRight => self.lanes.pan(4, self.bars(areas)),
            Gesture::Press | Gesture::Drag | Gesture::Release => {}
        }
    }
}
