//! The ruler: which time is where.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::text::put_at;
use crate::timeline::cells::Window;
use crate::timeline::ruler::{Tick, ticks};
use crate::tui::app::theme::{Glyph, Role, Theme};

/// A line of ticks and times, with the present marked on it.
#[derive(Clone, Copy, Debug)]
pub struct Ruler<'a> {
    /// The time that it measures.
    pub window: Window,
    /// The theme.
    pub theme: &'a Theme,
}

impl Widget for &Ruler<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let now = self.window.column_of(self.window.now);
        for tick in ticks(&self.window) {
            self.draw_tick(&tick, now, area, buf);
        }
        if let Some(column) = now.filter(|&column| column < area.width) {
            let style = self.theme.style(Role::Cursor);
            buf[(area.x + column, area.y)]
                .set_symbol(self.theme.glyph(Glyph::Now))
                .set_style(style);
        }
    }
}

impl Ruler<'_> {
    fn draw_tick(&self, tick: &Tick, now: Option<u16>, area: Rect, buf: &mut Buffer) {
        let Some(room) = area.width.checked_sub(tick.column + 1) else {
            return;
        };
        let x = area.x + tick.column;
        let style = self.theme.style(Role::Dim);
        buf[(x, area.y)]
            .set_symbol(self.theme.glyph(Glyph::Tick))
            .set_style(style);
        let length = tick.label.chars().count() as u16;
        // The present's sign would cut a time in two.
        let hidden = now.is_some_and(|now| (1..=length).contains(&now.wrapping_sub(tick.column)));
        if !hidden {
            put_at(buf, (x + 1, area.y), &self.label(tick), room.into(), style);
        }
    }

    fn label(&self, tick: &Tick) -> String {
        if self.theme.ascii {
            tick.label.replace('µ', "u")
        } else {
            tick.label.clone()
        }
    }
}
