//! The tasks' totals, as a table in plain text.

use super::limit::{MOST, left_out};
use crate::text::units::duration_text;
use crate::text::width::{cut, width as columns};
use crate::timeline::{Lane, State, Timeline};

/// A table of the tasks: how long each ran, was ready and waited, how often it was polled, and how it ended.
pub fn totals_text(timeline: &Timeline) -> String {
    let mut table =
        vec![["task", "running", "ready", "waiting", "polls", "ended"].map(str::to_owned)];
    let mut tasks = timeline.lanes().filter(|lane| lane.is_task());
    let listed = tasks.by_ref().take(MOST);
    table.extend(listed.map(|task| totals_row(timeline, task)));
    let widths: [usize; 6] = std::array::from_fn(|column| {
        let texts = table.iter().map(|row| columns(&row[column]));
        texts.max().unwrap_or(0)
    });
    let mut lines: String = table.iter().map(|row| table_line(row, &widths)).collect();
    let more = tasks.count();
    if more > 0 {
        lines.push_str(&left_out(more, "tasks"));
        lines.push('\n');
    }
    lines
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
        line.extend([&before, text, &after, "  "]);
    }
    format!("{}\n", line.trim_end())
}

fn totals_row(timeline: &Timeline, task: &Lane) -> [String; 6] {
    let totals = task.totals(timeline.end());
    [
        cut(task.name.raw(), 32, "…").into_owned(),
        duration_text(totals.running),
        duration_text(totals.ready),
        duration_text(totals.waiting),
        task.polls.to_string(),
        ended_and_labels(task),
    ]
}

/// Returns how the lane ended, followed by its labels.
fn ended_and_labels(task: &Lane) -> String {
    let mut text = ended(task).to_owned();
    for label in &task.labels {
        let label = label.to_string();
        text = format!("{text}  {}", cut(&label, 32, "…"));
    }
    text
}

fn ended(task: &Lane) -> &'static str {
    match task.state() {
        State::Done => "completed",
        State::Cancelled => "cancelled",
        State::Left => "left",
        State::Panicked => "panicked",
        State::NeverPolled => "never polled",
        _ if task.polls == 0 => "never polled",
        _ => "pending",
    }
}
