//! The lanes as plain text, as they stand when a run is over.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::limit::{MOST, left_out};
use crate::event::{LaneId, Timestamp};
use crate::text::width::{cut, names_at_most, width as columns};
use crate::timeline::cells::{Cell, Drawing, Window};
use crate::timeline::glyph::{self, Glyph, LEGEND, Weight, ascii_tree};
use crate::timeline::labels::{Moment, is_stuck, labels_of, last_mark};
use crate::timeline::rows::{Row, rows};
use crate::timeline::ruler::ticks;
use crate::timeline::{Lane, Mark, Timeline};

/// Columns between the names and the bars.
const GAP: usize = 2;

/// The finished lanes in at most `width` columns: a ruler, a row for each lane, and what the signs mean. Every line
/// ends in a newline, none in a blank.
pub fn lanes_text(timeline: &Timeline, width: usize, ascii: bool) -> String {
    let mut lanes = LanesText::new(timeline, width, ascii);
    lanes.take(timeline, None);
    lanes.text()
}

/// The finished lanes as text, drawn stretch by stretch, so that only one stretch of a session is in memory.
#[derive(Debug)]
pub struct LanesText<'a> {
    page: LanesPage<'a>,
    width: usize,
    rows: Vec<Row>,
    /// Number of rows left out.
    left_out: usize,
    lanes: HashMap<LaneId, LanePast>,
    /// The first column whose left edge is not reached yet.
    column: u16,
}

/// The past of a lane, as far as it is shown.
#[derive(Debug)]
struct LanePast {
    drawing: Drawing,
    /// Its activity from the left edge of a column on: only columns in which that changed.
    moments: Vec<(u16, Moment)>,
    /// Its last mark before the present wait, as far as it is known.
    mark: Option<Mark>,
    last_mark: Option<Mark>,
}

impl<'a> LanesText<'a> {
    /// Starts with the state of everything at the end.
    pub fn new(timeline: &'a Timeline, width: usize, ascii: bool) -> Self {
        let mut rows = rows(timeline, &HashSet::new(), false, Timestamp::ZERO);
        let left_out = rows.len().saturating_sub(MOST);
        rows.truncate(MOST);
        let names = name_width(timeline, &rows, width);
        let bars = width.saturating_sub(names).min(u16::MAX.into());
        let window = window(timeline.end(), bars as u16);
        let past = |row: &Row| {
            let past = LanePast {
                drawing: Drawing::new(&window),
                moments: Vec::new(),
                mark: None,
                last_mark: None,
            };
            (row.lane, past)
        };
        let lanes = rows.iter().map(past).collect();
        let page = LanesPage {
            timeline,
            names,
            window,
            ascii,
        };
        Self {
            page,
            width,
            rows,
            left_out,
            lanes,
            column: 0,
        }
    }

    /// Adds the next stretch: a timeline with all that happened in it. `next` is the start of the one after it.
    pub fn take(&mut self, stretch: &Timeline, next: Option<Timestamp>) {
        let window = &self.page.window;
        let first = self.column;
        let is_reached = |column: &u16| {
            let edge = window.time_at(*column);
            *column < window.width && next.is_none_or(|next| edge < next)
        };
        while is_reached(&self.column) {
            self.column += 1;
        }
        for (id, past) in &mut self.lanes {
            if let Some(lane) = stretch.lane(*id) {
                past.take(stretch, lane, next.is_none(), window, first..self.column);
            }
        }
    }

    /// Returns the text, once all stretches are added.
    pub fn text(&self) -> String {
        let mut lines = vec![self.page.ruler()];
        let mut signs = HashSet::new();
        for row in &self.rows {
            let lane = self.page.timeline.lane(row.lane);
            if let (Some(lane), Some(past)) = (lane, self.lanes.get(&row.lane)) {
                lines.push(self.page.lane(row, lane, past, &mut signs));
            }
        }
        if self.left_out > 0 {
            lines.push(left_out(self.left_out, "lanes"));
        }
        lines.push(String::new());
        lines.extend(self.page.legend(&signs, self.width));
        let lines = lines.iter().map(|line| format!("{}\n", line.trim_end()));
        lines.collect()
    }
}

impl LanePast {
    fn take(
        &mut self,
        stretch: &Timeline,
        lane: &Lane,
        is_last: bool,
        window: &Window,
        columns: Range<u16>,
    ) {
        self.drawing.take(stretch, lane, is_last);
        for column in columns {
            let time = window.time_at(column).min(window.now);
            if time >= lane.start && lane.end.is_none_or(|end| time <= end) {
                self.note(stretch, lane, time, column);
            }
        }
        let now = Moment::at(stretch, lane, stretch.end(), self.mark.as_ref());
        self.mark = now.mark().cloned();
        self.last_mark = last_mark(lane).cloned();
    }

    fn note(&mut self, stretch: &Timeline, lane: &Lane, time: Timestamp, column: u16) {
        let moment = Moment::at(stretch, lane, time, self.mark.as_ref());
        if self.moments.last().is_none_or(|(_, last)| *last != moment) {
            self.moments.push((column, moment));
        }
    }

    /// Returns its activity at the left edge of a column.
    fn at(&self, column: u16) -> Moment {
        let later = self.moments.partition_point(|(from, _)| *from <= column);
        let moment = later.checked_sub(1).map(|index| &self.moments[index].1);
        moment.cloned().unwrap_or_default()
    }
}

/// All of a run, with room behind its end for the last lanes' marks and values.
fn window(end: Timestamp, width: u16) -> Window {
    let room = (width / 6).clamp(2, 14);
    let part = width.saturating_sub(room).max(1);
    let span = u128::from(end.0.max(1)) * u128::from(width.max(1)) / u128::from(part);
    Window {
        start: Timestamp::ZERO,
        span: u64::try_from(span + 1).unwrap_or(u64::MAX),
        width,
        now: end,
    }
}

fn name_width(timeline: &Timeline, rows: &[Row], width: usize) -> usize {
    let name = |row: &Row| columns(&row.prefix()) + columns(&timeline.name(row.lane).printable());
    let widest = rows.iter().map(name).max().unwrap_or(0);
    let most = names_at_most(u16::try_from(width).unwrap_or(u16::MAX));
    (widest + GAP).min(most.into())
}

/// What a page of lanes is made of.
#[derive(Debug)]
struct LanesPage<'a> {
    timeline: &'a Timeline,
    names: usize,
    window: Window,
    ascii: bool,
}

impl LanesPage<'_> {
    fn more(&self) -> &'static str {
        Glyph::More.text(self.ascii)
    }

    fn ruler(&self) -> String {
        let mut line = TextLine::new(self.window.width);
        for tick in ticks(&self.window) {
            let label = if self.ascii {
                tick.label.replace('µ', "u")
            } else {
                tick.label
            };
            line.write(tick.column.into(), Glyph::Tick.text(self.ascii));
            line.write_text(usize::from(tick.column) + 1, &label);
        }
        format!("{}{}", " ".repeat(self.names), line.text())
    }

    fn lane(&self, row: &Row, lane: &Lane, past: &LanePast, signs: &mut HashSet<Glyph>) -> String {
        let weight = Weight::from(lane.kind);
        let cells = past.drawing.cells();
        let mut bars = TextLine::new(self.window.width);
        for (column, &cell) in cells.iter().enumerate() {
            let Some(sign) = glyph::of_cell(cell, weight) else {
                continue;
            };
            signs.insert(glyph::of_cell(cell, Weight::Broad).unwrap_or(sign));
            let partial = match cell {
                Cell::Running(fill) => glyph::plain_partial(fill, weight, self.ascii),
                _ => None,
            };
            bars.write(column, partial.unwrap_or(sign.text(self.ascii)));
        }
        let is_stuck = is_stuck(lane, self.window.now);
        let moment = |time| past.at(self.window.column_of(time).unwrap_or(u16::MAX));
        let labels = labels_of(
            self.timeline,
            lane,
            is_stuck,
            &cells,
            &self.window,
            glyph::signs(self.ascii),
            past.last_mark.as_ref(),
            &moment,
        );
        for label in labels {
            bars.write_text(label.column.into(), &label.text);
        }
        if is_stuck && let Some(column) = self.window.column_of(self.window.now) {
            signs.insert(Glyph::Unwakeable);
            bars.write(usize::from(column) + 1, Glyph::Unwakeable.text(self.ascii));
        }
        format!("{}{}", self.name(row, lane), bars.text())
    }

    fn name(&self, row: &Row, lane: &Lane) -> String {
        let tree = if self.ascii {
            ascii_tree(&row.prefix())
        } else {
            row.prefix()
        };
        let name = format!("{tree}{}", lane.name);
        let name = cut(&name, self.names.saturating_sub(GAP), self.more());
        let blanks = self.names.saturating_sub(columns(&name));
        format!("{name}{}", " ".repeat(blanks))
    }

    /// What the signs that were drawn mean.
    fn legend(&self, signs: &HashSet<Glyph>, width: usize) -> Vec<String> {
        let mut lines = vec![String::new()];
        for (sign, meaning) in LEGEND.iter().filter(|(sign, _)| signs.contains(sign)) {
            let entry = format!("{} {meaning}  ", sign.text(self.ascii));
            let full = lines.last().is_some_and(|line| {
                !line.is_empty() && columns(line) + columns(entry.trim_end()) > width
            });
            if full {
                lines.push(String::new());
            }
            if let Some(line) = lines.last_mut() {
                line.push_str(&entry);
            }
        }
        lines
    }
}

/// A line of columns, in which a broad character takes two.
struct TextLine(Vec<String>);

impl TextLine {
    fn new(width: u16) -> Self {
        Self(vec![" ".to_owned(); width.into()])
    }

    fn write(&mut self, column: usize, sign: &str) {
        if let Some(place) = self.0.get_mut(column) {
            sign.clone_into(place);
        }
    }

    fn write_text(&mut self, column: usize, text: &str) {
        let end = column + columns(text);
        if end <= self.0.len() && !text.is_empty() {
            self.0[column..end].fill(String::new());
            self.write(column, text);
        }
    }

    fn text(&self) -> String {
        self.0.concat()
    }
}
