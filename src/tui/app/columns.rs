//! The columns of the lanes' area: the names on the left, the bars on the right. Drawing and the mouse both ask here.

use ratatui::layout::{Position, Rect};

use super::viewport::Viewport;
use crate::event::{LaneId, Timestamp};
use crate::text::width::{names_at_most, width};
use crate::timeline::Timeline;
use crate::timeline::rows::Row;

/// The columns before the names, for the selected row's pointer.
pub const POINTER: u16 = 1;
/// The free columns after the names.
pub const GAP: u16 = 2;
/// The least columns that names take.
const NARROWEST: u16 = 5;

/// Returns the part of the lanes' area where the bars are: beside the names, below the ruler. The widest name takes
/// `widest` columns.
pub fn bars(widest: usize, area: Rect) -> Rect {
    let names = name_width(widest, area).min(area.width);
    let top = area.height.min(1);
    Rect {
        x: area.x + names,
        y: area.y + top,
        width: area.width - names,
        height: area.height - top,
    }
}

/// Returns the columns before the bars: the names, the pointer and the gap.
fn name_width(widest: usize, area: Rect) -> u16 {
    let most = usize::from(names_at_most(area.width).max(NARROWEST));
    let names = widest + usize::from(POINTER + GAP);
    names.clamp(usize::from(NARROWEST), most) as u16
}

/// Returns the columns of the widest name, with the tree's lines before it. Only the first rows count, however many
/// there are.
pub fn widest(rows: &[Row], timeline: &Timeline) -> usize {
    const ENOUGH: usize = 4096;
    let of = |row: &Row| {
        let fold = if row.folded { 2 } else { 0 };
        width(&row.prefix()) + fold + width(&timeline.name(row.lane).printable())
    };
    rows.iter().take(ENOUGH).map(of).max().unwrap_or(0)
}

/// Returns the lane at a position in the lanes' area, where the row with the index `first` is the topmost one.
pub fn lane_at(rows: &[Row], first: usize, area: Rect, at: Position) -> Option<LaneId> {
    let index = at.y.checked_sub(area.y)?.checked_sub(1)?;
    let inside = at.x >= area.x && at.x < area.right() && at.y < area.bottom();
    let row = rows.get(first.checked_add(index.into())?);
    row.filter(|_| inside).map(|row| row.lane)
}

/// Returns the time at a column of the screen; none beside the bars.
pub fn time_at(viewport: &Viewport, bars: Rect, x: u16) -> Option<Timestamp> {
    let column = x.checked_sub(bars.x);
    let column = column.filter(|&column| column < bars.width)?;
    Some(viewport.time_at(column, bars.width))
}
