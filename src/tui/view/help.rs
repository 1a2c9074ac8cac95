//! The help page: the keys of a mode, from the table that dispatches them, and what the lanes mean.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::text::{padded, popup, put_lines, span};
use crate::text::width::width;
use crate::tui::app::keymap::{self, Binding};
use crate::tui::app::layout::over;
use crate::tui::app::mode::Mode;
use crate::tui::app::theme::{Role, Theme};

/// Draws the page for a mode.
pub fn draw(theme: Theme, mode: Mode, scroll: usize, area: Rect, buf: &mut Buffer) {
    let lines = lines(theme, mode);
    let wide = lines.iter().map(Line::width).max().unwrap_or(0) as u16 + 4;
    let place = Rect {
        height: area.height.saturating_sub(1),
        ..area
    };
    let place = over(place, wide, lines.len() as u16 + 2);
    let inner = popup(theme, place, "keys", buf);
    let last = lines.len().saturating_sub(inner.height.into());
    put_lines(theme, buf, inner, &lines[scroll.min(last)..]);
}

/// The page's lines.
fn lines(theme: Theme, mode: Mode) -> Vec<Line<'static>> {
    let label = |binding: &Binding| {
        let keys = binding.keys.iter().map(|key| key.label(theme.ascii));
        keys.collect::<Vec<_>>().join("  ")
    };
    let labels = keymap::bindings(mode).map(label);
    let columns = labels.map(|label| width(&label)).max().unwrap_or(0);
    let line = |binding: &'static Binding| {
        Line::from(vec![
            span(theme, Role::Key, padded(&label(binding), columns, theme)),
            span(theme, Role::Text, format!("   {}", binding.help)),
        ])
    };
    let mut lines: Vec<_> = keymap::bindings(mode).map(line).collect();
    if mode == Mode::Lanes {
        let mouse = "the wheel zooms, dragging pans, a click selects a lane and a moment";
        lines.push(Line::from(vec![
            span(theme, Role::Key, padded("mouse", columns, theme)),
            span(theme, Role::Text, format!("   {mouse}")),
        ]));
    }
    lines
}
