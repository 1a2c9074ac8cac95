//! The panel of what a program printed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::text::{framed, put_line, span};
use crate::tui::app::Printed;
use crate::tui::app::theme::{Role, Theme};

/// Draws the last lines of it.
pub fn draw(printed: &Printed, theme: Theme, area: Rect, buf: &mut Buffer) {
    let inner = framed(theme, area, "output", buf);
    let first = printed.lines.len().saturating_sub(inner.height.into());
    for (row, line) in inner.rows().zip(printed.lines.iter().skip(first)) {
        let text = format!(" {line}");
        put_line(theme, buf, row, &Line::from(span(theme, Role::Text, text)));
    }
}
