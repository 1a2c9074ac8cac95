//! What is under the pointer.

use ratatui::layout::{Position, Rect};

use super::{findings, menu, question};
use crate::tui::app::mode::Mode;
use crate::tui::app::{App, ClickTarget, Overlay, Screen};

/// Returns what a click at this place of the screen is on, in the lists of the menu, a question and the findings.
pub fn target(app: &App, at: Position) -> Option<ClickTarget> {
    let area = Rect::from((Position::ORIGIN, app.size));
    match (app.mode(), &app.screen, &app.overlay) {
        (Mode::Menu, ..) => menu::item_at(&app.menu, area, at).map(ClickTarget::Item),
        (Mode::Question, Screen::Question(asking), _) => {
            question::choice_at(asking, app.theme, area, at).map(ClickTarget::Choice)
        }
        (Mode::Findings, Screen::Lanes(viewer), Some(Overlay::Findings { selected })) => {
            findings::finding_at(viewer, app.theme, *selected, area, at).map(ClickTarget::Finding)
        }
        _ => None,
    }
}
