//! The lanes as plain text, as they stand when a run is over.

use std::collections::HashSet;

use crate::event::Timestamp;
use crate::glyph::{self, Glyph, LEGEND, Weight, ascii_tree};
use crate::timeline::cells::{Cell, Window, cells};
use crate::timeline::labels::{is_stuck, labels};
use crate::timeline::rows::{Row, rows};
use crate::timeline::{Lane, State, Timeline};
use crate::units::{duration_text, ticks};
use crate::width::{clean, cut, width as columns};

/// Columns between the names and the bars.
const GAP: usize = 2;

/// The finished lanes in at most `width` columns: a ruler, a row for each lane, and what the signs mean. Every line
/// ends in a newline, none in a blank.
pub fn lanes_text(timeline: &Timeline, width: usize, ascii: bool) -> String {
    let rows = rows(timeline, &HashSet::new(), false);
    let names = name_width(timeline, &rows, width);
    let bars = width.saturating_sub(names).min(u16::MAX.into());
    let page = Page {
        timeline,
        names,
        window: window(timeline.end(), bars as u16),
        ascii,
    };
    let mut lines = vec![page.ruler()];
    let mut signs = HashSet::new();
    for row in &rows {
        if let Some(lane) = timeline.lane(row.lane) {
            lines.push(page.lane(row, lane, &mut signs));
        }
    }
    lines.push(String::new());
    lines.extend(page.legend(&signs, width));
    let lines = lines.iter().map(|line| format!("{}\n", line.trim_end()));
    lines.collect()
}

/// A table of the tasks: how long each ran, was ready and waited, how often it was polled, and how it ended.
pub fn totals_text(timeline: &Timeline) -> String {
    let mut table =
        vec![["task", "running", "ready", "waiting", "polls", "ended"].map(str::to_owned)];
    let tasks = timeline.lanes().iter().filter(|lane| lane.is_task());
    table.extend(tasks.map(|task| totals_row(timeline, task)));
    let widths: [usize; 6] = std::array::from_fn(|column| {
        let texts = table.iter().map(|row| columns(&row[column]));
        texts.max().unwrap_or(0)
    });
    let lines = table.iter().map(|row| table_line(row, &widths));
    lines.collect()
}

fn table_line(row: &[String; 6], widths: &[usize; 6]) -> String {
    let mut line = String::new();
    for (column, (text, width)) in row.iter().zip(widths).enumerate() {
        let blanks = " ".repeat(width.saturating_sub(columns(text)));
        // Numbers line up at their right.
        let (before, after) = if (1..=4).contains(&column) {
            (blanks, String::new())
        } else {
            (String::new(), blanks)
        };
        line.push_str(&format!("{before}{text}{after}  "));
    }
    format!("{}\n", line.trim_end())
}

fn totals_row(timeline: &Timeline, task: &Lane) -> [String; 6] {
    let totals = task.totals(timeline.end());
    [
        cut(&task.name, 32, "…").into_owned(),
        duration_text(totals.running),
        duration_text(totals.ready),
        duration_text(totals.waiting),
        task.polls.to_string(),
        ended(task).to_owned(),
    ]
}

fn ended(task: &Lane) -> &'static str {
    match task.state() {
        State::Done => "completed",
        State::Cancelled => "cancelled",
        State::Panicked => "panicked",
        State::NeverPolled => "never polled",
        _ if task.polls == 0 => "never polled",
        _ => "pending",
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
    let name = |row: &Row| columns(&row.prefix) + columns(&clean(timeline.name(row.lane)));
    let widest = rows.iter().map(name).max().unwrap_or(0);
    (widest + GAP).min((width / 3).max(GAP + 1)).min(width)
}

/// What a page of lanes is made of.
struct Page<'a> {
    timeline: &'a Timeline,
    names: usize,
    window: Window,
    ascii: bool,
}

impl Page<'_> {
    fn more(&self) -> &'static str {
        Glyph::More.text(self.ascii)
    }

    fn ruler(&self) -> String {
        let mut line = Columns::new(self.window.width);
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

    fn lane(&self, row: &Row, lane: &Lane, signs: &mut HashSet<Glyph>) -> String {
        let weight = Weight::from(lane.kind);
        let cells = cells(self.timeline, lane, &self.window);
        let mut line = Columns::new(self.window.width);
        for (column, &cell) in cells.iter().enumerate() {
            let Some(sign) = glyph::of_cell(cell, weight) else {
                continue;
            };
            signs.insert(glyph::of_cell(cell, Weight::Broad).unwrap_or(sign));
            let partial = match cell {
                Cell::Running(fill) => glyph::plain_partial(fill, weight, self.ascii),
                _ => None,
            };
            line.write(column, partial.unwrap_or(sign.text(self.ascii)));
        }
        for label in labels(self.timeline, lane, &cells, &self.window, self.more()) {
            line.write_text(label.column.into(), &label.text);
        }
        if is_stuck(lane, self.window.now)
            && let Some(column) = self.window.column_of(self.window.now)
        {
            signs.insert(Glyph::Unwakeable);
            line.write(usize::from(column) + 1, Glyph::Unwakeable.text(self.ascii));
        }
        format!("{}{}", self.name(row, lane), line.text())
    }

    fn name(&self, row: &Row, lane: &Lane) -> String {
        let tree = if self.ascii {
            ascii_tree(&row.prefix)
        } else {
            row.prefix.clone()
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
struct Columns(Vec<String>);

impl Columns {
    fn new(width: u16) -> Self {
        Self(vec![" ".to_owned(); width.into()])
    }

    fn write(&mut self, column: usize, sign: &str) {
        if let Some(place) = self.0.get_mut(column) {
            *place = sign.to_owned();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::story;

    #[test]
    fn look() {
        for story in [story::two_tasks(), story::branches(), story::endings()] {
            for width in [110, 80, 40, 20] {
                println!("{}", lanes_text(&story.timeline(), width, false));
            }
            println!("{}", lanes_text(&story.timeline(), 80, true));
            println!("{}", totals_text(&story.timeline()));
        }
    }
}
