//! The lanes: who runs, who waits, and who ended, over time.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Widget;

use crate::event::{LaneId, Timestamp};
use crate::timeline::Timeline;
use crate::timeline::rows::Row;
use crate::tui::theme::Theme;
use crate::tui::viewport::Viewport;

/// The lanes under their ruler.
#[derive(Clone, Copy, Debug)]
pub struct LanesView<'a> {
    /// What happened.
    pub timeline: &'a Timeline,
    /// All rows, see [`rows`](crate::timeline::rows::rows).
    pub rows: &'a [Row],
    /// The index of the first row that is seen.
    pub first: usize,
    /// The stretch of time that is seen.
    pub viewport: &'a Viewport,
    /// The selected lane, whose arrows are drawn.
    pub selected: Option<LaneId>,
    /// The cursor: nothing later is drawn.
    pub now: Timestamp,
    /// How it looks.
    pub theme: &'a Theme,
    /// Lanes whose names stand out, such as those that were searched for.
    pub highlights: &'a [LaneId],
}

impl LanesView<'_> {
    /// The lane in whose row a place of the screen is.
    pub fn lane_at(&self, area: Rect, x: u16, y: u16) -> Option<LaneId> {
        let _ = (area, x, y);
        None
    }

    /// The time at a column of the screen.
    pub fn time_at(&self, area: Rect, x: u16) -> Option<Timestamp> {
        let _ = (area, x);
        None
    }
}

impl Widget for &LanesView<'_> {
    fn render(self, _area: Rect, _buf: &mut Buffer) {}
}

/// How many columns the names take, with the blanks round them; the bars begin after that.
pub fn name_width(rows: &[Row], timeline: &Timeline, area: Rect) -> u16 {
    let _ = (rows, timeline);
    area.width / 3
}

/// The states' signs and what they mean.
pub fn legend(theme: &Theme) -> Line<'static> {
    let _ = theme;
    Line::default()
}
