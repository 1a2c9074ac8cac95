//! The lanes as plain text, as they stand when a run is over.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use crate::event::{LaneId, Timestamp};
use crate::text::units::duration_text;
use crate::text::width::{cut, names_at_most, width as columns};
use crate::timeline::cells::{Cell, Drawing, Window};
use crate::timeline::glyph::{self, Glyph, LEGEND, Weight, ascii_tree};
use crate::timeline::labels::{Moment, is_stuck, labels_of, last_mark};
use crate::timeline::rows::{Row, rows};
use crate::timeline::ruler::ticks;
use crate::timeline::{Lane, Mark, State, Timeline};

/// Columns between the names and the bars.
const GAP: usize = 2;

/// Maximum number of lanes listed: nobody reads more as text.
const MOST: usize = if cfg!(test) { 50 } else { 2_000 };

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
    page: Page<'a>,
    width: usize,
    rows: Vec<Row>,
    /// Number of rows left out.
    left_out: usize,
    lanes: HashMap<LaneId, Past>,
    /// The first column whose left edge is not reached yet.
    column: u16,
}

/// The past of a lane, as far as it is shown.
#[derive(Debug)]
struct Past {
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
            let past = Past {
                drawing: Drawing::new(&window),
                moments: Vec::new(),
                mark: None,
                last_mark: None,
            };
            (row.lane, past)
        };
        let lanes = rows.iter().map(past).collect();
        let page = Page {
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

impl Past {
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

fn left_out(number: usize, what: &str) -> String {
    format!("and {number} more {what}; --json lists all of them")
}

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

/// How it ended, and behind that what it is labelled with.
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

    fn lane(&self, row: &Row, lane: &Lane, past: &Past, signs: &mut HashSet<Glyph>) -> String {
        let weight = Weight::from(lane.kind);
        let cells = past.drawing.cells();
        let mut bars = Columns::new(self.window.width);
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
struct Columns(Vec<String>);

impl Columns {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Waker;
    use crate::timeline::story;

    fn page(story: &story::Story, width: usize) -> String {
        lanes_text(&story.timeline(), width, false)
    }

    #[test]
    fn two_tasks_side_by_side() {
        insta::assert_snapshot!(page(&story::two_tasks(), 110), @r#"
                 ╷0                   ╷0.5 s                ╷1.0 s                ╷1.5 s                ╷2.0 s
        main     █── task1 ─────────────────────────────────█── task2 ──────────────────────────────────█✓
        ├ task1  █── sleep(1 s) ────────────────────────────█✓ "hello"
        └ task2  █── sleep(2 s) ────────────────────────────────────────────────────────────────────────█✓ "world"

        █ running  ─ waiting  ✓ done
        "#);
        insta::assert_snapshot!(page(&story::two_tasks(), 80), @r#"
                 ╷0             ╷0.5 s         ╷1.0 s         ╷1.5 s         ╷2.0 s
        main     █── task1 ────────────────────█── task2 ────────────────────█✓
        ├ task1  █── sleep(1 s) ───────────────█✓ "hello"
        └ task2  █── sleep(2 s) ─────────────────────────────────────────────█✓ "world"

        █ running  ─ waiting  ✓ done
        "#);
        insta::assert_snapshot!(page(&story::two_tasks(), 40), @r#"
                 ╷0           ╷1 s         ╷2 s
        main     █── task1 ───█── task2 ───█✓
        ├ task1  █────────────█✓ "hello"
        └ task2  █── sleep(2 s) ───────────█✓

        █ running  ─ waiting  ✓ done
        "#);
        insta::assert_snapshot!(page(&story::two_tasks(), 20), @r#"
                 ╷0       ╷
        main     █───█────█✓
        ├ task1  █───█✓
        └ task2  █────────█✓

        █ running  ─ waiting
        ✓ done
        "#);
    }

    #[test]
    fn branches_are_thinner_and_one_was_held_up() {
        insta::assert_snapshot!(page(&story::branches(), 80), @r#"
                                 ╷0         ╷0.5 s      ╷1.0 s     ╷1.5 s      ╷2.0 s
        main                     █── join! ─────────────▒▒▒▒▒██████▌── join! ──█✓
        ├ say_after(1, "hello")  ▄╌╌ sleep(1 s) ╌╌╌╌╌╌╌╌░░░░░▄▄▄▄▄▄▖✓
        └ say_after(2, "world")  ▄╌╌ sleep(2 s) ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌▄✓

        █ running  ▒ ready, not polled yet  ─ waiting  ✓ done
        "#);
    }

    #[test]
    fn every_end_is_told_apart() {
        insta::assert_snapshot!(page(&story::endings(), 80), @r#"
                     ╷0                ╷0.5 s             ╷1.0 s             ╷1.5 s
        main         █── timeout(1 s, job()) ─────────────█── sleep(500 ms) ─█✓
        ├ nested     ○┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈∅ never awaited
        ├ slow       █── sleep(5 s) ───────────────────────✗ aborted by main
        ├ broken     █── sleep(700 ms) ────────█‼ panicked
        ├ forgotten  █── lock.lock(): nothing can wake it ─────────────────── ⊘
        └ job()      ▄╌╌ rx.recv() ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌✗ timed out

        █ running  ─ waiting  ✓ done  ✗ cancelled  ‼ panicked  ○ created, nothing run
        ∅ never awaited  ⊘ nothing can wake it
        "#);
        insta::assert_snapshot!(page(&story::endings(), 40), @r#"
                     ╷0             ╷1 s
        main         █── timeout(… ─█───────█✓
        ├ nested     ○┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈∅ never aw…
        ├ slow       █── sleep(5 s) ─✗ aborted …
        ├ broken     █─────────█‼ panicked
        ├ forgotten  █── lock.lock(): not… ─ ⊘
        └ job()      ▄╌╌ rx.recv() ╌╌✗ timed out

        █ running  ─ waiting  ✓ done
        ✗ cancelled  ‼ panicked
        ○ created, nothing run  ∅ never awaited
        ⊘ nothing can wake it
        "#);
        insta::assert_snapshot!(totals_text(&story::endings().timeline()), @r#"
        task       running  ready  waiting  polls  ended
        main          0 ns   0 ns    1.5 s      3  completed
        slow          0 ns   0 ns      1 s      1  cancelled
        broken        0 ns   0 ns   700 ms      2  panicked
        forgotten     0 ns   0 ns    1.5 s      1  pending
        "#);
    }

    #[test]
    fn a_branch_that_was_left_is_not_cancelled() {
        insta::assert_snapshot!(page(&story::borrowed(), 80), @r#"
                         ╷0           ╷0.5 s       ╷1.0 s       ╷1.5 s        ╷2.0 s
        main             █────────────█────────────█────────────█─────────────█✓
        ├ &mut work                   ▄╌╌ sleep(1… ╌⊣ left, not cancelled
        └ work.as_mut()                                         ▄╌╌ sleep(5… ╌▄✓ 7
          └ work         ○┈┈┈┈┈┈┈┈┈┈┈┈╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌▄╌╌ sleep(5… ╌▄✓ 7

        █ running  ─ waiting  ✓ done  ⊣ left, not cancelled  ○ created, nothing run
        "#);
        let timeline = story::borrowed().timeline();
        let summary = crate::export::summary::summary("", &timeline, &[], None);
        let summary = serde_json::to_value(summary).expect("it is JSON");
        assert_eq!(summary["tasks"][0]["branches"][0]["outcome"], "left");
    }

    #[test]
    fn a_coroutine_runs_only_once_it_is_awaited() {
        let sleep = story::until;
        let story = story::Story::of_main().poll(1).call(2, "nested", 1);
        let story = story.enter(1, 1, "sleep", sleep(500)).waits(1).at(500);
        let story = story
            .wake(1, Waker::Driver)
            .poll(1)
            .leave(1, 1)
            .enter(1, 2, "nested", None);
        let story = story
            .begin(2, 1, Some(2))
            .enter_within(1, 3, Some(2), "sleep", sleep(1500));
        let story = story
            .waits(1)
            .at(1500)
            .wake(1, Waker::Driver)
            .poll(1)
            .leave(1, 3);
        let story = story.returns(2, "42").leave(1, 2).at(2000).done(1);
        insta::assert_snapshot!(page(&story, 80), @r#"
                  ╷0            ╷0.5 s         ╷1.0 s         ╷1.5 s         ╷2.0 s
        main      █── sleep(5… ─█── nested › sleep(1 s) ──────███████████████✓
        └ nested  ○┈┈┈┈┈┈┈┈┈┈┈┈┈▄╌╌ sleep(1 s) ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌▄✓ 42

        █ running  ─ waiting  ✓ done  ○ created, nothing run
        "#);
    }

    #[test]
    fn lost_events_leave_a_hatched_band() {
        insta::assert_snapshot!(page(&story::gap(), 80), @r#"
              ╷0                 ╷0.5 s             ╷1.0 s              ╷1.5 s
        main  ███████▊── read(file) ─▒▒▒▒█╱╱╱╱╱╱╱╱╱╱╱╱╱╱╱█████▌─────────████✓

        █ running  ▒ ready, not polled yet  ─ waiting  ✓ done  ╱ events lost
        "#);
    }

    #[test]
    fn no_more_lanes_are_listed_than_anybody_reads() {
        let mut story = story::Story::of_main();
        for lane in 2..=60 {
            story = story.spawn(lane, "task", Some(1));
        }
        let timeline = story.timeline();
        let tasks = |text: &str| text.lines().filter(|line| line.contains("task ")).count();
        let lanes = lanes_text(&timeline, 80, false);
        assert_eq!(tasks(&lanes), 49, "{lanes}");
        assert!(lanes.contains("\nand 10 more lanes;"), "{lanes}");
        let totals = totals_text(&timeline);
        assert_eq!(tasks(&totals), 1 + 49, "{totals}");
        assert!(totals.ends_with("\nand 10 more tasks; --json lists all of them\n"));
    }

    #[test]
    fn broad_characters_keep_the_grid() {
        insta::assert_snapshot!(page(&story::wide_names(), 80), @r#"
                         ╷0                    ╷0.5 s                ╷1.0 s
        main             █── 느린 작업 ──────────────────────────────█✓
        ├ 느린 작업      █── 채널.받기() ────────────────────────────█✓ "안녕하세요"
        ├ 日本語の仕事   █───────────────────────────────────────────█‼ panicked
        └ 👩👩👧 family  █────────────────────────────────────────────────────█✓

        █ running  ─ waiting  ✓ done  ‼ panicked
        "#);
        insta::assert_snapshot!(page(&story::wide_names(), 40), @r#"
                     ╷0                 ╷1 s
        main         █── 느린 작업 ─────█✓
        ├ 느린 작업  █── 채널.받기() ───█✓
        ├ 日本語の…  █──────────────────█‼
        └ 👩👩👧 f…  █──────────────────────█✓

        █ running  ─ waiting  ✓ done  ‼ panicked
        "#);
        insta::assert_snapshot!(totals_text(&story::wide_names().timeline()), @r#"
        task           running  ready  waiting  polls  ended
        main              0 ns   0 ns      1 s      2  completed
        느린 작업         0 ns   0 ns      1 s      2  completed
        日本語の仕事      0 ns   0 ns      1 s      2  panicked
        👩👩👧 family     0 ns   0 ns    1.2 s      2  completed
        "#);
    }

    #[test]
    fn many_short_polls_do_not_look_like_a_long_one() {
        insta::assert_snapshot!(page(&story::busy(), 80), @r#"
              ╷0             ╷0.5 s          ╷1.0 s         ╷1.5 s          ╷2.0 s
        main  ▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▎▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌▌█✓

        █ running  ✓ done
        "#);
    }

    #[test]
    fn ascii_is_ascii() {
        let text = lanes_text(&story::branches().timeline(), 80, true);
        assert!(text.is_ascii());
        insta::assert_snapshot!(text, @r#"
                                 |0         |0.5 s      |1.0 s     |1.5 s      |2.0 s
        main                     #-- join! -------------%%%%%#######-- join! --#+
        | say_after(1, "hello")  =-- sleep(1 s) --------~~~~~=======+
        ` say_after(2, "world")  =-- sleep(2 s) -------------------------------=+

        # running  % ready, not polled yet  - waiting  + done
        "#);
        let text = lanes_text(&story::endings().timeline(), 80, true);
        assert!(text.is_ascii());
        insta::assert_snapshot!(text, @r#"
                     |0                |0.5 s             |1.0 s             |1.5 s
        main         #-- timeout(1 s, job()) -------------#-- sleep(500 ms) -#+
        | nested     o.....................................0 never awaited
        | slow       #-- sleep(5 s) -----------------------x aborted by main
        | broken     #-- sleep(700 ms) --------#! panicked
        | forgotten  #-- lock.lock(): nothing can wake it ------------------- ?
        ` job()      =-- rx.recv() ------------------------x timed out

        # running  - waiting  + done  x cancelled  ! panicked  o created, nothing run
        0 never awaited  ? nothing can wake it
        "#);
    }

    #[test]
    fn any_width_holds() {
        let stories = [
            story::two_tasks(),
            story::branches(),
            story::endings(),
            story::wide_names(),
        ];
        for story in stories {
            for width in 0..130 {
                let text = page(&story, width);
                let lanes = text.lines().take_while(|line| !line.is_empty());
                assert!(
                    lanes.clone().all(|line| columns(line) <= width),
                    "{width}:\n{text}"
                );
            }
        }
        assert_eq!(lanes_text(&Timeline::new(), 80, false).lines().count(), 3);
    }
}
