//! A lane, cut into a terminal's columns: what to draw in each.
//!
//! Column `c` of `w` shows the times from `start + ⌊c · span / w⌋` up to that of the next column. What took longest in
//! it wins, with three exceptions, so that nothing vanishes for being short: a poll always shows, a gap in the events
//! always shows, and so does an end.
//!
//! *Architecture invariant:* this module only says what is where; it knows no colours, signs or terminals.

use super::span::{Change, State};
use super::{Lane, Timeline};
use crate::event::Timestamp;

/// What a column of a lane shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cell {
    /// The lane does not exist.
    #[default]
    Empty,
    /// It was polled, for as much of the column as is filled.
    Running(Fill),
    /// Woken, or new, and not yet polled.
    Ready,
    /// Suspended.
    Waiting,
    /// A coroutine was created here.
    Created,
    /// It existed, and nothing of it has run.
    Idle,
    /// Events were lost.
    Unknown,
    /// It has ended this way, in the column before, or in this one where nothing else is in it.
    End(State),
}

/// How much of a column is filled, in eighths from 1 to 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// All of it.
    Full,
    /// So much at its left.
    Left(u8),
    /// So much at its right.
    Right(u8),
}

/// The least that is filled for a poll, in eighths: less would hardly be seen.
const LEAST: u8 = 2;

/// A stretch of time, cut into columns, and the moment up to which it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The time at the left edge.
    pub start: Timestamp,
    /// The nanoseconds from there to the right edge.
    pub span: u64,
    /// How many columns there are.
    pub width: u16,
    /// The present: nothing later is shown, except that an end's sign stands in the column after it.
    pub now: Timestamp,
}

impl Window {
    /// The time at the left edge of a column.
    pub fn time_at(&self, column: u16) -> Timestamp {
        let offset = u128::from(column) * u128::from(self.span) / u128::from(self.width.max(1));
        let offset = u64::try_from(offset).unwrap_or(u64::MAX);
        Timestamp(self.start.0.saturating_add(offset))
    }

    /// The column in which a time is, where it is in any.
    pub fn column_of(&self, time: Timestamp) -> Option<u16> {
        let offset = time.0.checked_sub(self.start.0)?;
        if offset >= self.span {
            return None;
        }
        // The last column whose left edge ⌊c · span / width⌋ is not past the time.
        let columns = (u128::from(offset) + 1) * u128::from(self.width);
        let column = columns.div_ceil(u128::from(self.span)).checked_sub(1)?;
        u16::try_from(column)
            .ok()
            .filter(|&column| column < self.width)
    }
}

/// The cells of a lane, one for each column of the window.
pub fn cells(timeline: &Timeline, lane: &Lane, window: &Window) -> Vec<Cell> {
    if window.width == 0 {
        return Vec::new();
    }
    let mut columns = Columns::new(window);
    for segment in segments(timeline, lane, window.now) {
        columns.take_in(&segment);
    }
    columns.cells()
}

/// Changes that count from one time until another. A coroutine has its own, then its host's, then its own again.
struct Segment<'a> {
    changes: &'a [Change],
    from: Timestamp,
    until: Timestamp,
    /// Whether the changes are those of another lane, whose end is not this one's.
    hosted: bool,
}

fn segments<'a>(timeline: &'a Timeline, lane: &'a Lane, now: Timestamp) -> Vec<Segment<'a>> {
    let own = |changes, until| Segment {
        changes,
        from: Timestamp::ZERO,
        until,
        hosted: false,
    };
    let hosted = lane
        .host
        .and_then(|host| Some((host, timeline.lane(host.lane)?)));
    let Some((host, of)) = hosted else {
        return vec![own(&lane.changes, now)];
    };
    let ended = usize::from(lane.end.is_some());
    let (before, end) = lane
        .changes
        .split_at(lane.changes.len().saturating_sub(ended));
    let started = lane.started.unwrap_or(lane.start);
    let within = Segment {
        changes: of.changes.get(host.changes(of)).unwrap_or_default(),
        from: started,
        until: lane.end.unwrap_or(now).min(now),
        hosted: true,
    };
    vec![own(before, started.min(now)), within, own(end, now)]
}

/// All columns, filled from left to right.
struct Columns {
    /// The left edges, and the right edge of the last.
    edges: Vec<u64>,
    tallies: Vec<Tally>,
    now: u64,
}

/// What happened in a column.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    ready: u64,
    waiting: u64,
    idle: u64,
    running: u64,
    /// Whether a poll that began before goes on here.
    enters: bool,
    /// Whether a poll goes on in the next column.
    leaves: bool,
    /// Whether a poll began and ended here, and when the first one began.
    inside: Option<u64>,
    /// When a poll that took no time was, and whether there was another one at another time.
    moment: Option<u64>,
    moments: bool,
    created: bool,
    lost: bool,
    /// What the column shows if nothing took any time in it.
    there: Option<State>,
    end: Option<State>,
}

impl Columns {
    fn new(window: &Window) -> Self {
        let columns = 0..=window.width;
        Self {
            edges: columns.map(|column| window.time_at(column).0).collect(),
            tallies: vec![Tally::default(); window.width.into()],
            now: window.now.0,
        }
    }

    fn take_in(&mut self, segment: &Segment<'_>) {
        let (first, last) = (self.edges[0], self.edges[self.tallies.len()]);
        let begin = segment
            .changes
            .partition_point(|change| change.at.0 < first);
        let begin = begin.saturating_sub(1);
        let mut column = 0;
        for (index, change) in segment.changes.iter().enumerate().skip(begin) {
            let start = change.at.max(segment.from).0;
            if change.at > segment.until || start >= last || start > self.now {
                break;
            }
            let next = segment.changes.get(index + 1).map(|next| next.at);
            let end = next.unwrap_or(segment.until).min(segment.until).0;
            let lasts = next.is_none_or(|next| next.0 > self.now) && segment.until.0 == self.now;
            while column + 1 < self.tallies.len() && self.edges[column + 1] <= start {
                column += 1;
            }
            if change.state.is_end() {
                if !segment.hosted && start >= first {
                    self.tallies[column].end = Some(change.state);
                }
            } else {
                self.fill(column, change.state, (start, end.max(start)), lasts);
            }
        }
    }

    /// Takes a span into account, which begins in this column or before the first one.
    fn fill(&mut self, mut column: usize, state: State, (start, end): (u64, u64), lasts: bool) {
        let first = self.edges[0];
        if end < first || (end == first && start < end) {
            return;
        }
        let tally = &mut self.tallies[column];
        tally.created |= state == State::Created && start >= first;
        // What it does at the present is shown even where that has not taken much time so far.
        if lasts
            && state != State::Running
            && (first.max(start)..=self.edges[column + 1]).contains(&end)
        {
            tally.there = Some(state);
        }
        while column < self.tallies.len() {
            let (left, right) = (self.edges[column], self.edges[column + 1]);
            self.tallies[column].add(state, (start, end), (left, right));
            if end <= right {
                break;
            }
            column += 1;
        }
    }

    fn cells(&self) -> Vec<Cell> {
        let lengths = self.edges.windows(2).map(|edges| (edges[0], edges[1]));
        let cells = self.tallies.iter().zip(lengths);
        let mut cells: Vec<Cell> = cells.map(|(tally, edges)| tally.cell(edges)).collect();
        for (column, tally) in self.tallies.iter().enumerate() {
            let Some(end) = tally.end else { continue };
            let free = |column: &usize| cells.get(*column) == Some(&Cell::Empty);
            let place = [column, column + 1].into_iter().find(free);
            cells[place.unwrap_or(column)] = Cell::End(end);
        }
        cells
    }
}

impl Tally {
    /// Takes the part of a span into account that is between the column's edges.
    fn add(&mut self, state: State, (start, end): (u64, u64), (left, right): (u64, u64)) {
        let time = end.min(right).saturating_sub(start.max(left));
        match state {
            State::Running => {
                self.running += time;
                self.enters |= start < left && time > 0;
                self.leaves |= end > right && time > 0;
                if start >= left && end <= right {
                    self.inside.get_or_insert(start);
                    if start == end {
                        self.moments |= self.moment.is_some_and(|moment| moment != start);
                        self.moment = Some(start);
                    }
                }
            }
            State::Ready => self.ready += time,
            State::Waiting => self.waiting += time,
            State::Created => self.idle += time,
            _ => self.lost |= time > 0 || start == end,
        }
        if left == right {
            self.there = Some(state);
        }
    }

    fn cell(&self, (left, right): (u64, u64)) -> Cell {
        if self.lost {
            return Cell::Unknown;
        }
        let still = self.longest();
        match self.running_cell(left, right) {
            Some(cell) => cell,
            None if self.there == Some(State::Ready) => Cell::Ready,
            None if self.created => Cell::Created,
            None => still.map_or_else(|| self.at_rest(), |(_, cell)| cell),
        }
    }

    /// What took longest, polls aside.
    fn longest(&self) -> Option<(u64, Cell)> {
        let times = [
            (self.waiting, Cell::Waiting),
            (self.idle, Cell::Idle),
            (self.ready, Cell::Ready),
        ];
        let longest = times.into_iter().max_by_key(|(time, _)| *time)?;
        (longest.0 > 0).then_some(longest)
    }

    fn at_rest(&self) -> Cell {
        match self.there {
            Some(State::Running) => Cell::Running(Fill::Full),
            Some(State::Ready) => Cell::Ready,
            Some(State::Waiting) => Cell::Waiting,
            Some(State::Created) => Cell::Idle,
            Some(State::Unknown) => Cell::Unknown,
            _ => Cell::Empty,
        }
    }

    fn running_cell(&self, left: u64, right: u64) -> Option<Cell> {
        let length = u128::from(right - left);
        if self.running == 0 {
            self.moment?;
            // Several polls that took no time are not to look like one that took long.
            let fill = if self.moments {
                Fill::Left(4)
            } else {
                Fill::Full
            };
            return Some(Cell::Running(fill));
        }
        let eighths = (u128::from(self.running) * 8 + length / 2) / length;
        let eighths = u8::try_from(eighths).unwrap_or(8);
        if self.inside.is_none() && (eighths == 0 || self.ready > self.running) {
            return None; // It shows in the column next to this one.
        }
        let begins_late = self.inside.is_some_and(|at| at - left > right - at);
        let to_right = !self.enters && (self.leaves || begins_late);
        Some(Cell::Running(match eighths.max(LEAST) {
            8.. => Fill::Full,
            some if to_right => Fill::Right(some),
            some => Fill::Left(some),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{LaneId, TaskKind, ThreadId};
    use crate::timeline::LaneKind;
    use proptest::prelude::*;

    /// A lane of these changes; its last one counts as its end where it is one.
    fn lane(changes: &[(u64, State)]) -> Lane {
        let mut lane = Lane::new(LaneId(1), LaneKind::Task(TaskKind::Task), Timestamp::ZERO);
        for &(at, state) in changes {
            lane.enter(state, Timestamp(at), ThreadId(0));
            lane.end = state.is_end().then_some(Timestamp(at));
        }
        lane
    }

    fn window(start: u64, span: u64, width: u16, now: u64) -> Window {
        let (start, now) = (Timestamp(start), Timestamp(now));
        Window {
            start,
            span,
            width,
            now,
        }
    }

    /// The cells as letters, ten nanoseconds each: a task's polls as eighths, negative to the right.
    fn drawn(changes: &[(u64, State)], now: u64) -> String {
        let cells = cells(&Timeline::new(), &lane(changes), &window(0, 120, 12, now));
        let letter = |cell| match cell {
            Cell::Empty => " ".to_owned(),
            Cell::Running(Fill::Full) => "#".to_owned(),
            Cell::Running(Fill::Left(eighths)) => format!("<{eighths}>"),
            Cell::Running(Fill::Right(eighths)) => format!("<-{eighths}>"),
            Cell::Ready => "r".to_owned(),
            Cell::Waiting => "-".to_owned(),
            Cell::Created => "o".to_owned(),
            Cell::Idle => ".".to_owned(),
            Cell::Unknown => "?".to_owned(),
            Cell::End(_) => "!".to_owned(),
        };
        cells
            .into_iter()
            .map(letter)
            .collect::<String>()
            .trim_end()
            .to_owned()
    }

    use State::{Cancelled, Created, Done, NeverPolled, Ready, Running, Unknown, Waiting};

    #[test]
    fn polls_that_take_no_time_are_solid() {
        let say_after = [
            (0, Ready),
            (0, Running),
            (0, Waiting),
            (50, Ready),
            (50, Running),
            (50, Done),
        ];
        assert_eq!(drawn(&say_after, 110), "#----#!");
    }

    #[test]
    fn bars_end_at_eighths() {
        let bar = [(0, Ready), (15, Running), (35, Waiting)];
        assert_eq!(drawn(&bar, 60), "r<-4>#<4>--");
        let late = [(0, Running), (20, Waiting), (28, Running), (29, Waiting)];
        assert_eq!(drawn(&late, 60), "##<-2>---");
    }

    #[test]
    fn what_waits_to_be_polled_shows_where_it_is_longest_and_at_the_present() {
        let ready = [
            (0, Running),
            (0, Waiting),
            (11, Ready),
            (40, Running),
            (40, Waiting),
        ];
        assert_eq!(drawn(&ready, 60), "#rrr#-");
        assert_eq!(drawn(&ready[..3], 11), "#r");
        assert_eq!(
            drawn(&[(0, Running), (0, Waiting), (59, Ready)], 60),
            "#----r"
        );
    }

    #[test]
    fn nothing_is_drawn_after_the_present() {
        let all = [(0, Running), (30, Waiting), (60, Running), (80, Done)];
        assert_eq!(drawn(&all, 30), "###-");
        assert_eq!(drawn(&all, 31), "###-");
        assert_eq!(drawn(&all, 79), "###---#<7>");
        assert_eq!(drawn(&all, 80), "###---##!");
    }

    #[test]
    fn many_short_polls_fill_what_they_took() {
        let polls = (0..40).flat_map(|poll| [(poll * 2, Running), (poll * 2 + 1, Waiting)]);
        assert_eq!(drawn(&polls.collect::<Vec<_>>(), 80), "<4>".repeat(8));
        let moments = (0..40).flat_map(|poll| [(poll * 2, Running), (poll * 2, Waiting)]);
        assert_eq!(drawn(&moments.collect::<Vec<_>>(), 80), "<4>".repeat(8));
    }

    #[test]
    fn a_short_gap_and_every_end_show() {
        assert_eq!(
            drawn(
                &[(0, Waiting), (33, Unknown), (34, Running), (36, Waiting)],
                60
            ),
            "---?--"
        );
        assert_eq!(drawn(&[(0, Waiting), (30, Cancelled)], 60), "---!");
        assert_eq!(drawn(&[(0, Waiting), (31, Cancelled)], 60), "----!");
        assert_eq!(drawn(&[(0, Running), (119, Done)], 120), "###########!");
        assert_eq!(drawn(&[(12, Created), (40, NeverPolled)], 60), " o..!");
    }

    fn states() -> impl Strategy<Value = State> {
        proptest::sample::select(vec![
            Created, Ready, Running, Waiting, Done, Cancelled, Unknown,
        ])
    }

    fn changes() -> impl Strategy<Value = Vec<(u64, State)>> {
        proptest::collection::vec((0_u64..12, states()), 0..40).prop_map(|steps| {
            let mut at = 0;
            let next = |(step, state)| {
                at += step;
                (at, state)
            };
            steps.into_iter().map(next).collect()
        })
    }

    /// What happened between two times, found by looking at every change and every nanosecond.
    struct Naive {
        time: Vec<(State, u64)>,
        inside: bool,
        lost: bool,
        ended: bool,
    }

    fn naive(changes: &[(u64, State)], left: u64, right: u64, now: u64) -> Naive {
        let mut time: Vec<(State, u64)> = Vec::new();
        for moment in left..right.min(now) {
            let state = changes.iter().rfind(|change| change.0 <= moment);
            if let Some((_, state)) = state.filter(|change| !change.1.is_end()) {
                match time.iter_mut().find(|entry| entry.0 == *state) {
                    Some(entry) => entry.1 += 1,
                    None => time.push((*state, 1)),
                }
            }
        }
        let end = |index: usize| changes.get(index + 1).map_or(now, |next| next.0.min(now));
        let seen = |at: u64| at <= now && (left..right).contains(&at);
        let mut spans = changes
            .iter()
            .enumerate()
            .filter(|(_, change)| seen(change.0));
        Naive {
            inside: spans
                .clone()
                .any(|(index, change)| change.1 == Running && end(index) <= right),
            lost: time.iter().any(|entry| entry.0 == Unknown)
                || spans
                    .clone()
                    .any(|(index, change)| change.1 == Unknown && end(index) == change.0),
            ended: spans.any(|(_, change)| change.1.is_end()),
            time,
        }
    }

    proptest! {
            #[test]
            fn cells_agree_with_a_naive_scan(
                changes in changes(), start in 0_u64..100, span in 1_u64..300, width in 1_u16..30, now in 0_u64..400,
            ) {
                let lane = lane(&changes);
                let window = window(start, span, width, now);
                let cells = cells(&Timeline::new(), &lane, &window);
                prop_assert_eq!(cells.len(), usize::from(width));
                for (column, &cell) in (0_u16..).zip(&cells) {
                    let left = window.time_at(column).0;
                    let right = window.time_at(column + 1).0;
                    if left == right {
                        continue; // Narrower than a nanosecond.
                    }
                    let naive = naive(&changes, left, right, now);
                    let near = &cells[usize::from(column)..cells.len().min(usize::from(column) + 2)];
                    if naive.ended {
                        prop_assert!(near.iter().any(|cell| matches!(cell, Cell::End(_))), "{cells:?}");
                    }
                    let took = |state| naive.time.iter().find(|entry| entry.0 == state).map_or(0, |entry| entry.1);
                    match cell {
                        Cell::End(_) => continue,
                        Cell::Unknown => prop_assert!(naive.lost),
                        _ => prop_assert!(!naive.lost),
                    }
                    match cell {
                        Cell::Running(fill) => {
                            let filled = match fill {
                                Fill::Full => 8,
                                Fill::Left(eighths) | Fill::Right(eighths) => u64::from(eighths),
                            };
                            let exact = took(Running) * 8;
                            prop_assert!(naive.inside || exact > 0);
                            let off = (filled * (right - left)).abs_diff(exact) * 2;
                            prop_assert!(took(Running) == 0 || filled == 2 || off <= right - left + 1);
                            prop_assert!(filled > 2 || exact < 3 * (right - left));
                        }
                        Cell::Ready | Cell::Waiting | Cell::Idle => {
                            let state = match cell { Cell::Ready => Ready, Cell::Waiting => Waiting, _ => Created };
                            let longest = [Ready, Waiting, Created].map(took).into_iter().max();
                            let present = (left..=right).contains(&now) && lane_state(&changes, now) == Some(state);
                            prop_assert!(present || longest == Some(took(state)));
                            prop_assert!(!naive.inside);
                            prop_assert!(took(Running) * 16 < right - left || took(Running) < took(Ready));
                        }
    Cell::Empty => {
                            let others = naive.time.iter().any(|entry| entry.0 != Running);
                            prop_assert!(!others && !naive.inside && took(Running) * 16 < right - left);
                        }
                        Cell::Created | Cell::Unknown | Cell::End(_) => {}
                    }
                }
            }

            #[test]
            fn no_window_panics(changes in changes(), start: u64, span: u64, width in 0_u16..40, now: u64) {
                let all = cells(&Timeline::new(), &lane(&changes), &window(start, span, width, now));
                prop_assert_eq!(all.len(), usize::from(width));
            }
        }

    fn lane_state(changes: &[(u64, State)], now: u64) -> Option<State> {
        changes
            .iter()
            .rfind(|change| change.0 <= now)
            .map(|change| change.1)
    }
}
