//! What is under the pointer.

use ratatui::layout::{Position, Rect};

use super::{findings, menu, question};
use crate::tui::app::mode::Mode;
use crate::tui::app::{App, Overlay, Screen, Target};

/// Returns what a click at this place of the screen is on, in the lists of the menu, a question and the findings.
pub fn target(app: &App, at: Position) -> Option<Target> {
    let area = Rect::from((Position::ORIGIN, app.size));
    match (app.mode(), &app.screen, &app.overlay) {
        (Mode::Menu, ..) => menu::item_at(&app.menu, area, at).map(Target::Item),
        (Mode::Question, Screen::Question(asking), _) => {
            question::choice_at(asking, app.theme, area, at).map(Target::Choice)
        }
        (Mode::Findings, Screen::Lanes(viewer), Some(Overlay::Findings { selected })) => {
            findings::finding_at(viewer, app.theme, *selected, area, at).map(Target::Finding)
        }
        _ => None,
    }
}
