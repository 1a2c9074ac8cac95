//! What is drawn: pure functions of what is to be shown, into a buffer of cells.

pub mod code;
pub mod density;
pub mod detail;
pub mod events;
pub mod findings;
pub mod help;
pub mod hit;
pub mod lanes;
pub mod menu;
pub mod printed;
pub mod question;
pub mod ruler;
pub mod status;
mod text;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::Widget;

use self::lanes::LanesView;
use super::app::{App, Overlay, Screen, SessionView};
use crate::tui::app::columns;
use crate::tui::app::layout::{self, LEAST};
use crate::tui::app::theme::{Role, Theme};

/// Draws the state. Nothing changes by that.
pub fn view(app: &App, frame: &mut Frame) {
    let area = frame.area();
    let buf = frame.buffer_mut();
    if layout::too_small(area.as_size()) {
        let line = format!("asyncline needs {} × {}", LEAST.width, LEAST.height);
        let line = if app.theme.ascii {
            line.replace('×', "x")
        } else {
            line
        };
        text::put(app.theme, buf, area, &line, app.theme.style(Role::Text));
        return;
    }
    screen(app, area, buf);
    overlay(app, area, buf);
    if let Some(help) = app.help {
        help::draw(app.theme, help.mode, help.scroll, area, buf);
    }
    let footer = Rect {
        y: area.bottom().saturating_sub(1),
        height: area.height.min(1),
        ..area
    };
    if let Some(cursor) = status::footer(app, footer, buf) {
        frame.set_cursor_position(Position::new(cursor, footer.y));
    }
}

fn screen(app: &App, area: Rect, buf: &mut Buffer) {
    match &app.screen {
        Screen::Menu => menu::draw(&app.menu, app.theme, area, buf),
        Screen::Question(asking) => question::draw(asking, app.theme, area, buf),
        Screen::Lanes(viewer) => lanes_screen(viewer, app.theme, area, buf),
    }
}

fn lanes_screen(viewer: &SessionView, theme: Theme, area: Rect, buf: &mut Buffer) {
    let areas = viewer.areas(area.as_size());
    status::header(viewer, theme, areas.header, buf);
    if !areas.minimap.is_empty() {
        let Rect { x, width, .. } = columns::bars(viewer.lanes.widest, areas.lanes);
        let line = Rect {
            x,
            width,
            ..areas.minimap
        };
        density::minimap(viewer, theme, line, buf);
    }
    if viewer.lanes.dense {
        let is_loaded = density::draw(viewer, theme, areas.lanes, buf);
        density::legend(theme, is_loaded, areas.legend, buf);
    } else {
        let is_loaded = LanesView::of(viewer, &theme).draw(areas.lanes, buf);
        let room = areas.legend.width.into();
        let timeline = viewer.playback.timeline();
        let rows = viewer.lanes.rows_near(areas.lane_rows());
        lanes::legend(&theme, rows, timeline, is_loaded, room).render(areas.legend, buf);
    }
    density::ordered(viewer, theme, areas.lanes, buf);
    if !areas.why.is_empty() {
        let why = events::why(viewer);
        text::put_text(theme, buf, areas.why, &why, theme.style(Role::Dim));
    }
    if let Some(area) = areas.code {
        code::draw(viewer, theme, area, buf);
    }
    match areas.events {
        Some(area) if viewer.answer_open => question::draw_answer(viewer, theme, area, buf),
        Some(area) => match &viewer.printed {
            Some(printed) if printed.is_open => printed::draw(printed, theme, area, buf),
            _ => events::draw(viewer, theme, area, buf),
        },
        None => {}
    }
}

fn overlay(app: &App, area: Rect, buf: &mut Buffer) {
    let Some(viewer) = app.viewer() else { return };
    match &app.overlay {
        Some(Overlay::Detail { scroll }) => detail::draw(viewer, app.theme, *scroll, area, buf),
        Some(Overlay::Findings { selected }) => {
            findings::draw(viewer, app.theme, *selected, area, buf);
        }
        Some(Overlay::Answer) => {
            let area = text::popup(app.theme, layout::over(area, 64, 14), "", buf);
            question::draw_answer(viewer, app.theme, area, buf);
        }
        Some(_) | None => {}
    }
}
