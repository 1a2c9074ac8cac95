//! The selected lane's arrows: who spawned it and whom it spawned, who woke it, and whom its end woke.
//!
//! An arrow runs in the column before the one in which it happened, so that the bars it joins stay whole.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{LanesView, SeenRow};
use crate::event::{LaneId, Timestamp};
use crate::timeline::Wake;
use crate::timeline::cells::{Cell, Window};
use crate::tui::app::theme::{Glyph, Role};

/// Columns that stay free between the arrows of two wakes.
const APART: u16 = 3;
/// More children than this get an arrow's end each, and no stem: those would hatch the whole screen.
const FEW: usize = 8;

/// Wakes at about the same time that are looked at to find one from a lane that is seen.
const MOST: usize = 16;

/// The area of the arrows.
struct Canvas<'a, 'b> {
    view: &'a LanesView<'a>,
    seen: &'a [SeenRow<'a>],
    bars: Rect,
    window: &'a Window,
    buf: &'b mut Buffer,
}

impl LanesView<'_> {
    pub(super) fn draw_arrows(
        &self,
        seen: &[SeenRow<'_>],
        bars: Rect,
        window: &Window,
        buf: &mut Buffer,
    ) {
        let selected = self
            .rows
            .iter()
            .position(|row| Some(row.lane) == self.selected);
        let Some(selected) = selected else { return };
        let mut canvas = Canvas {
            view: self,
            seen,
            bars,
            window,
            buf,
        };
        canvas.draw_children(selected);
        canvas.draw_parent(selected);
        canvas.draw_wakes(selected);
        canvas.draw_end(selected);
    }
}

impl Canvas<'_, '_> {
    fn seen(&self, row: usize) -> Option<&SeenRow<'_>> {
        let index = row.checked_sub(self.view.first)?;
        self.seen.get(index)
    }

    fn draw_children(&mut self, parent: usize) {
        let depth = self.view.rows[parent].depth;
        let last = self.view.first + self.seen.len();
        let below = self.view.rows.get(parent + 1..last).unwrap_or_default();
        let below = (parent + 1..).zip(below);
        let under = below.take_while(|(_, row)| row.depth > depth);
        let children: Vec<usize> = under
            .filter(|(_, row)| row.depth == depth + 1)
            .map(|(index, _)| index)
            .collect();
        for &child in children.iter().rev() {
            self.draw_spawn(parent, child, children.len() <= FEW);
        }
    }

    fn draw_parent(&mut self, child: usize) {
        let depth = self.view.rows[child].depth;
        let above = self.view.rows[..child]
            .iter()
            .rposition(|row| row.depth < depth);
        if let Some(parent) = above {
            self.draw_spawn(parent, child, true);
        }
    }

    fn draw_spawn(&mut self, parent: usize, child: usize, stem: bool) {
        let start = self.seen(child).map(|child| child.lane.start);
        let Some(x) = start.and_then(|start| self.before(start, child)) else {
            return;
        };
        if stem {
            self.draw_stem(x, parent, child);
        }
        self.draw_corner(x, child, Glyph::FromAbove);
    }

    fn draw_wakes(&mut self, row: usize) {
        for (x, by) in self.wakes(row) {
            self.draw_wake(x, by, row);
        }
    }

    /// The columns of the latest wakes of a row's lane, and the rows that they came from: as many as fit.
    fn wakes(&self, row: usize) -> Vec<(u16, usize)> {
        let mut found = Vec::new();
        let Some(seen) = self.seen(row) else {
            return found;
        };
        let right = self.window.time_at(self.window.width).0;
        let mut limit = right.min(self.window.now.0.saturating_add(1));
        loop {
            let wakes = &seen.lane.wakes;
            let wakes = &wakes[..wakes.partition_point(|wake| wake.at.0 < limit)];
            let last = wakes.last().map(|wake| wake.at);
            let Some(column) = last.and_then(|at| self.window.column_of(at)) else {
                return found;
            };
            limit = self.window.time_at(column.saturating_sub(APART)).0;
            let near = wakes.iter().rev().take_while(|wake| wake.at.0 >= limit);
            found.extend(
                near.take(MOST)
                    .find_map(|wake| Some((self.before(wake.at, row)?, self.row_of(wake)?))),
            );
        }
    }

    /// Draws whom the end of a row's lane woke.
    fn draw_end(&mut self, row: usize) {
        let lane = self.seen(row).map(|seen| (seen.lane.id, seen.lane.end));
        let Some((lane, Some(end))) = lane.filter(|(_, end)| *end <= Some(self.window.now)) else {
            return;
        };
        for (index, seen) in self.seen.iter().enumerate() {
            let wakes = &seen.lane.wakes;
            let until = wakes.partition_point(|wake| wake.at <= end);
            let at_end = wakes[..until]
                .iter()
                .rev()
                .take_while(|wake| wake.at == end);
            let woken = self.view.first + index;
            if at_end.take(MOST).any(|wake| wake.lane() == Some(lane))
                && let Some(x) = self.before(end, woken)
            {
                self.draw_wake(x, row, woken);
            }
        }
    }

    fn row_of(&self, wake: &Wake) -> Option<usize> {
        let by: LaneId = wake.lane()?;
        let index = self.seen.iter().position(|seen| seen.lane.id == by)?;
        Some(self.view.first + index)
    }

    /// Draws an arrow from the lane that woke to the one that was woken.
    fn draw_wake(&mut self, x: u16, from: usize, to: usize) {
        if from == to || !self.is_free(x, to) {
            return;
        }
        self.draw_stem(x, from, to);
        let corner = if from > to {
            Glyph::FromAbove
        } else {
            Glyph::FromBelow
        };
        self.draw_corner(x, from, corner);
        self.draw_sign(x, to, Glyph::Head);
    }

    /// The screen's column before what a row's lane begins to do at a time; where that is the first one, the free one
    /// before the bars.
    fn before(&self, time: Timestamp, row: usize) -> Option<u16> {
        let x = self.bars.x + self.window.column_of(time)?;
        // What took less than half of its column is drawn in the next one.
        if self.is_free(x, row) {
            Some(x)
        } else {
            x.checked_sub(1)
        }
    }

    fn cell(&self, x: u16, row: usize) -> Option<Cell> {
        let seen = self.seen(row)?;
        let column = x.checked_sub(self.bars.x);
        Some(column.map_or(Cell::Empty, |column| seen.cells[usize::from(column)]))
    }

    /// Returns `true` if a cell holds only a wait or nothing.
    fn is_free(&self, x: u16, row: usize) -> bool {
        matches!(
            self.cell(x, row),
            Some(Cell::Empty | Cell::Waiting | Cell::Idle)
        )
    }

    fn draw_stem(&mut self, x: u16, one: usize, other: usize) {
        let (above, below) = (one.min(other), one.max(other));
        let first = (above + 1).max(self.view.first);
        for row in first..below.min(self.view.first + self.seen.len()) {
            match self.cell(x, row) {
                Some(Cell::Empty) => self.draw_sign(x, row, Glyph::Stem),
                Some(Cell::Waiting | Cell::Idle) => self.draw_sign(x, row, Glyph::Cross),
                _ => {}
            }
        }
    }

    /// An arrow's end, which joins one that passes there already.
    fn draw_corner(&mut self, x: u16, row: usize, corner: Glyph) {
        let Some(y) = self.seen(row).map(|seen| seen.y) else {
            return;
        };
        if !self.is_free(x, row) {
            return;
        }
        let stem = self.view.theme.glyph(Glyph::Stem);
        let passed = self.buf[(x, y)].symbol() == stem;
        self.draw_sign(x, row, if passed { Glyph::Between } else { corner });
    }

    fn draw_sign(&mut self, x: u16, row: usize, sign: Glyph) {
        if let Some(y) = self.seen(row).map(|seen| seen.y) {
            let theme = self.view.theme;
            self.buf[(x, y)]
                .set_symbol(theme.glyph(sign))
                .set_style(theme.style(Role::Accent));
        }
    }
}
