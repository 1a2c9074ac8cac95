//! All about one lane: how it spent its time, its polls, who woke it, and where it stands.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::text::{padded, popup, put_lines, span, wrapped};
use crate::event::{BranchOf, Flavor, TaskKind, Waker};
use crate::insight;
use crate::text::units::{duration_text, rounded_text, time_text};
use crate::timeline::glyph::Glyph;
use crate::timeline::{Lane, LaneKind, Span, State, Timeline, Totals};
use crate::tui::app::SessionView;
use crate::tui::app::layout::over;
use crate::tui::app::theme::{Role, Theme};

/// The columns of the longest bar.
const BAR: u64 = 24;
/// The bounds of the histogram's classes, in nanoseconds.
const CLASSES: [(u64, &str); 7] = [
    (1_000, "below 1 µs"),
    (10_000, "1 to 10 µs"),
    (100_000, "10 to 100 µs"),
    (1_000_000, "0.1 to 1 ms"),
    (10_000_000, "1 to 10 ms"),
    (100_000_000, "10 to 100 ms"),
    (u64::MAX, "over 100 ms"),
];

/// Draws the page for the selected lane.
pub fn draw(viewer: &SessionView, theme: Theme, scroll: usize, area: Rect, buf: &mut Buffer) {
    let timeline = viewer.playback.timeline();
    let Some(lane) = viewer.lanes.selected.and_then(|id| timeline.lane(id)) else {
        return;
    };
    let place = Rect {
        height: area.height.saturating_sub(1),
        ..area
    };
    let columns = area.width.saturating_sub(8).min(76);
    let page = DetailPage {
        viewer,
        timeline,
        lane,
        theme,
    };
    let lines = page.lines(columns.saturating_sub(4).into());
    let place = over(place, columns, lines.len() as u16 + 2);
    let inner = popup(theme, place, lane.name.raw(), buf);
    let last = lines.len().saturating_sub(inner.height.into());
    put_lines(theme, buf, inner, &lines[scroll.min(last)..]);
}

struct DetailPage<'a> {
    viewer: &'a SessionView,
    timeline: &'a Timeline,
    lane: &'a Lane,
    theme: Theme,
}

impl DetailPage<'_> {
    fn lines(&self, columns: usize) -> Vec<Line<'static>> {
        let now = self.viewer.playback.now();
        let mut lines = vec![self.origin()];
        for line in wrapped(&insight::why(self.timeline, self.lane.id, now), columns) {
            lines.push(Line::from(span(self.theme, Role::Text, line)));
        }
        for section in [
            self.labels(columns),
            self.times(),
            self.polls(),
            self.wakes(),
            self.awaits(),
            self.marks(),
        ] {
            if !section.is_empty() {
                lines.push(Line::default());
                lines.extend(section);
            }
        }
        lines
    }

    fn dim(&self, text: impl Into<String>) -> Line<'static> {
        Line::from(span(self.theme, Role::Dim, text.into()))
    }

    fn origin(&self) -> Line<'static> {
        let lane = self.lane;
        let parent = lane
            .parent
            .map(|parent| format!(" of {}", self.timeline.name(parent)));
        let site = lane
            .site
            .as_ref()
            .map(|site| format!(", {}:{}", site.file_name(), site.line));
        self.dim(format!(
            "{}{}, since {}{}",
            kind(lane.kind),
            parent.unwrap_or_default(),
            time_text(lane.start),
            site.unwrap_or_default()
        ))
    }

    /// Returns its labels.
    fn labels(&self, columns: usize) -> Vec<Line<'static>> {
        let labels = self.lane.labels.iter();
        let lines = labels.flat_map(|label| wrapped(&label.to_string(), columns));
        lines
            .map(|line| Line::from(span(self.theme, Role::Text, line)))
            .collect()
    }

    /// Returns how it spent its time.
    fn times(&self) -> Vec<Line<'static>> {
        let Totals {
            running,
            ready,
            waiting,
            ..
        } = self.totals();
        let most = running.max(ready).max(waiting);
        let line = |(label, time, role, glyph)| {
            self.bar(label, time, most, &duration_text(time), role, glyph)
        };
        let rows = [
            ("running", running, Role::Running, Glyph::Running),
            ("ready", ready, Role::Ready, Glyph::Ready),
            ("waiting", waiting, Role::Waiting, Glyph::Waiting),
        ];
        rows.map(line).to_vec()
    }

    /// Returns its time in each state. A coroutine's is in its host's spans alone.
    fn totals(&self) -> Totals {
        let now = self.viewer.playback.now();
        if self.lane.host.is_none() {
            return self.lane.totals(self.lane.end.unwrap_or(now));
        }
        let mut totals = Totals::default();
        for span in self.spans() {
            let time = span.end - span.start;
            match span.state {
                State::Running => totals.running += time,
                State::Ready => totals.ready += time,
                State::Waiting => totals.waiting += time,
                _ => {}
            }
        }
        totals
    }

    fn spans(&self) -> impl Iterator<Item = Span> {
        self.timeline.spans(self.lane, self.viewer.playback.now())
    }

    fn bar(
        &self,
        label: &str,
        value: u64,
        most: u64,
        text: &str,
        role: Role,
        glyph: Glyph,
    ) -> Line<'static> {
        let length = u128::from(value) * u128::from(BAR) / u128::from(most.max(1));
        let length = (length as usize).max(usize::from(value > 0));
        Line::from(vec![
            span(self.theme, Role::Dim, padded(label, 14, self.theme)),
            span(self.theme, role, self.theme.glyph(glyph).repeat(length)),
            span(self.theme, Role::Text, format!(" {text}")),
        ])
    }

    /// Returns the number of its polls and the longest one's duration, also of those that are not loaded.
    fn polls_elsewhere(&self) -> Option<String> {
        let all = self.lane.polls;
        let longest = self.lane.longest_poll(self.viewer.playback.now());
        let longest = duration_text(longest);
        let s = if all == 1 { "" } else { "s" };
        (all > 0).then(|| format!("{all} poll{s}, the longest {longest}"))
    }

    /// Returns the durations of its polls.
    fn polls(&self) -> Vec<Line<'static>> {
        let polls = self.spans().filter(|span| span.state == State::Running);
        let times: Vec<u64> = polls.map(|span| span.end - span.start).collect();
        let Some(longest) = times.iter().max() else {
            return self
                .polls_elsewhere()
                .map(|line| self.dim(line))
                .into_iter()
                .collect();
        };
        let count = times.len() as u64;
        let all = self.lane.polls;
        let s = if count == 1 { "" } else { "s" };
        let mut lines = if self.lane.host.is_none() && all > count {
            let all = self.polls_elsewhere().unwrap_or_default();
            vec![
                self.dim(all),
                self.dim(format!("the last {count} of them:")),
            ]
        } else {
            let longest = duration_text(*longest);
            vec![self.dim(format!("{count} poll{s}, the longest {longest}"))]
        };
        lines.extend(self.classes(&times));
        lines
    }

    /// Returns a bar for each class of durations that occurs.
    fn classes(&self, times: &[u64]) -> Vec<Line<'static>> {
        let mut counts = [0_u64; CLASSES.len()];
        for time in times {
            let class = CLASSES.iter().position(|(below, _)| time < below);
            counts[class.unwrap_or(CLASSES.len() - 1)] += 1;
        }
        let most = counts.iter().copied().max().unwrap_or(0);
        let occur = CLASSES.iter().zip(counts).filter(|(_, count)| *count > 0);
        let bar = |((_, label), count): (&(u64, &str), u64)| {
            let label = if self.theme.ascii {
                label.replace('µ', "u")
            } else {
                (*label).to_owned()
            };
            let number = count.to_string();
            self.bar(&label, count, most, &number, Role::Running, Glyph::Running)
        };
        occur.map(bar).collect()
    }

    /// Returns its wakers, and how often each woke it.
    fn wakes(&self) -> Vec<Line<'static>> {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for wake in &self.lane.wakes {
            *counts.entry(self.waker(wake.by)).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let times = if self.theme.ascii { "x" } else { "×" };
        let count = |(name, count): (String, u64)| match count {
            1 => name,
            _ => format!("{name} {count}{times}"),
        };
        let shown: Vec<_> = counts.into_iter().take(6).map(count).collect();
        if shown.is_empty() {
            return Vec::new();
        }
        let lately = if self.lane.forgotten > 0 {
            "lately "
        } else {
            ""
        };
        vec![self.dim(format!("{lately}woken by {}", shown.join(", ")))]
    }

    fn waker(&self, by: Waker) -> String {
        match by {
            Waker::Lane(lane) => self.timeline.name(lane).to_string(),
            Waker::Itself => "itself".to_owned(),
            Waker::Driver if self.timeline.timers_only() => "the timer".to_owned(),
            Waker::Driver => "a timer or I/O".to_owned(),
            Waker::Thread => "code without a lane".to_owned(),
        }
    }

    /// The awaits at which it stands, the outermost first.
    fn awaits(&self) -> Vec<Line<'static>> {
        let now = self.viewer.playback.now();
        let line = |(depth, frame): (usize, &crate::timeline::Frame)| {
            let indent = " ".repeat(depth.min(10) * 2);
            let mut spans = vec![
                span(
                    self.theme,
                    Role::Waiting,
                    format!("{indent}{}.await", frame.text),
                ),
                span(
                    self.theme,
                    Role::Text,
                    format!("  for {}", rounded_text(now - frame.start)),
                ),
            ];
            if let Some(site) = &frame.site {
                let site = format!("  {}:{}", site.file_name(), site.line);
                spans.push(span(self.theme, Role::Dim, site));
            }
            Line::from(spans)
        };
        self.lane.open_frames().enumerate().map(line).collect()
    }

    /// Returns its last marks.
    fn marks(&self) -> Vec<Line<'static>> {
        let marks = &self.lane.marks;
        let first = marks.len().saturating_sub(5);
        let line = |mark: &crate::timeline::Mark| {
            let text = format!("{}  \"{}\"", time_text(mark.at), mark.text);
            Line::from(span(self.theme, Role::Text, text))
        };
        marks[first..].iter().map(line).collect()
    }
}

/// Returns a lane's kind in words.
fn kind(kind: LaneKind) -> &'static str {
    match kind {
        LaneKind::Runtime(Flavor::CurrentThread) => "a runtime on one thread",
        LaneKind::Runtime(Flavor::MultiThread { .. }) => "a runtime on several threads",
        LaneKind::Task(TaskKind::Root) => "the root task",
        LaneKind::Task(TaskKind::Task) => "a task",
        LaneKind::Task(TaskKind::Local) => "a task that stays on its thread",
        LaneKind::Task(TaskKind::Blocking) => "a blocking task",
        LaneKind::Task(TaskKind::Future) => "a future",
        LaneKind::Branch(BranchOf::Join) => "a branch of a join",
        LaneKind::Branch(BranchOf::Select) => "a branch of a select",
        LaneKind::Branch(BranchOf::Timeout) => "a future with a timeout",
        LaneKind::Coroutine => "a coroutine",
    }
}
