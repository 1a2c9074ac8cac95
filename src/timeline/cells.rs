//! A lane, cut into a terminal's columns: what to draw in each.
//!
//! Column `c` of `w` shows the times from `start + ⌊c · span / w⌋` up to that of the next column. What took longest in
//! it wins, with three exceptions, so that nothing vanishes for being short: a poll always shows, a gap in the events
//! always shows, and so does an end.
//!
//! *Architecture invariant:* this module only says what is where; it knows no colours, signs or terminals.

use super::span::{Change, State};
use super::{Lane, Timeline};
use crate::event::{LaneId, Timestamp};

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
    /// Not loaded yet. Nothing is guessed.
    NotLoaded,
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
pub(super) const LEAST: u8 = 2;

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
    let mut drawing = Drawing::new(window);
    drawing.take(timeline, lane, true);
    drawing.cells()
}

/// The cells of a lane, drawn stretch by stretch as its past arrives, so that only one stretch is in memory.
#[derive(Debug)]
pub(crate) struct Drawing {
    columns: ColumnTimes,
    /// Number of the lane's own changes that are drawn.
    own: u64,
    /// Number of its host's changes that are drawn, or that do not belong to the lane.
    hosted: u64,
    /// For a coroutine with a host: its cells before that host's changes.
    before: Option<Before>,
    /// `true` once the wait of a coroutine that nothing polls any more is drawn.
    left: bool,
}

/// A coroutine's cells before its host's changes.
#[derive(Debug)]
struct Before {
    /// The time at which it started to run in its present host, and that host.
    run: Run,
    columns: ColumnTimes,
    own: u64,
}

/// The time at which a coroutine started to run in its present host, the host, and the first of the host's changes that
/// belongs to the coroutine.
type Run = (Timestamp, Option<(LaneId, u64)>);

impl Drawing {
    pub(crate) fn new(window: &Window) -> Self {
        Self {
            columns: ColumnTimes::new(window),
            own: 0,
            hosted: 0,
            before: None,
            left: false,
        }
    }

    pub(crate) fn cells(&self) -> Vec<Cell> {
        self.columns.cells()
    }

    /// Draws the lane's activity since the last call, up to the present of the timeline. The present state is drawn by the
    /// next call, when its length is known, or by this one if it `is_last`.
    ///
    /// A coroutine has changes of its own, then its host's, then its own again.
    pub(crate) fn take(&mut self, timeline: &Timeline, lane: &Lane, is_last: bool) {
        let now = Timestamp(self.columns.now);
        let last = usize::from(!is_last && lane.end.is_none());
        let started = lane.started.unwrap_or(lane.start);
        let run = (started, lane.host.map(|host| (host.lane, host.first)));
        self.begin_again(run);
        let Some(host) = lane.host else {
            let changes = skip(&lane.changes, lane.forgotten, self.own);
            self.take_own(changes, changes.len().saturating_sub(last), now);
            return;
        };
        let (before, end) = lane
            .changes
            .split_at(lane.changes.len().saturating_sub(lane.end.is_some().into()));
        let before = skip(before, lane.forgotten, self.own);
        // The last one lasts until another host polls it, if any does.
        let over = before.len().saturating_sub(1);
        self.take_own(before, over, started.min(now));
        self.before.get_or_insert_with(|| Before {
            run,
            columns: self.columns.clone(),
            own: self.own,
        });
        self.take_own(&before[over..], before.len() - over, started.min(now));
        if let Some(of) = timeline.lane(host.lane) {
            let goes_on = lane.end.is_none() && of.end.is_none();
            let changes = of.changes.get(host.changes(of)).unwrap_or_default();
            let first = host.first.max(of.forgotten);
            let changes = skip(changes, first, self.hosted);
            let drawn = changes.len().saturating_sub((goes_on && !is_last).into());
            self.hosted = first.max(self.hosted) + drawn as u64;
            self.columns.take_in(&Segment {
                changes,
                drawn,
                from: started,
                until: lane.end.unwrap_or(now).min(now),
                hosted: true,
            });
        }
        let is_over = is_last || lane.end.is_some();
        if let Some(left) = timeline.left_alone(lane).filter(|_| is_over && !self.left) {
            self.left = true;
            self.columns.take_in(&Segment {
                changes: &[left],
                drawn: 1,
                from: left.at,
                until: lane.end.unwrap_or(now).min(now),
                hosted: true,
            });
        }
        self.take_own(end, end.len(), now);
    }

    /// Takes back the cells of a coroutine in a host that it has left for another: its time there counts as a wait.
    fn begin_again(&mut self, run: Run) {
        if let Some(before) = self.before.take_if(|before| before.run != run) {
            self.columns = before.columns;
            self.own = before.own;
            self.hosted = 0;
            self.left = false;
        }
    }

    fn take_own(&mut self, changes: &[Change], drawn: usize, until: Timestamp) {
        self.own += drawn as u64;
        self.columns.take_in(&Segment {
            changes,
            drawn,
            from: Timestamp::ZERO,
            until,
            hosted: false,
        });
    }
}

/// Returns the changes after the first `done` of a life, of which these are all but the first `forgotten`.
fn skip(changes: &[Change], forgotten: u64, done: u64) -> &[Change] {
    let done = usize::try_from(done.saturating_sub(forgotten)).unwrap_or(usize::MAX);
    changes.get(done..).unwrap_or_default()
}

/// Changes that count from one time until another.
struct Segment<'a> {
    changes: &'a [Change],
    /// Number of changes that are drawn. The next one only ends the last of these.
    drawn: usize,
    from: Timestamp,
    until: Timestamp,
    /// Whether the changes are those of another lane, whose end is not this one's.
    hosted: bool,
}

/// All columns, filled from left to right.
#[derive(Clone, Debug)]
struct ColumnTimes {
    /// The left edges, and the right edge of the last.
    edges: Vec<u64>,
    tallies: Vec<Tally>,
    now: u64,
}

/// What happened in a column.
#[expect(clippy::struct_excessive_bools, reason = "they are independent facts")]
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    ready: u64,
    waiting: u64,
    idle: u64,
    running: u64,
    polls: u64,
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
    /// Time in gaps, and whether one is to be seen here though it is short.
    lost: u64,
    gap: bool,
    /// What the column shows if nothing took any time in it.
    there: Option<State>,
    end: Option<State>,
}

impl ColumnTimes {
    fn new(window: &Window) -> Self {
        let columns = 0..=window.width;
        Self {
            edges: columns.map(|column| window.time_at(column).0).collect(),
            tallies: vec![Tally::default(); window.width.into()],
            now: window.now.0,
        }
    }

    fn take_in(&mut self, segment: &Segment<'_>) {
        if self.tallies.is_empty() {
            return;
        }
        let (first, last) = (self.edges[0], self.edges[self.tallies.len()]);
        let begin = segment
            .changes
            .partition_point(|change| change.at.0 < first);
        let begin = begin.saturating_sub(1);
        let mut column = 0;
        let drawn = segment.changes.iter().take(segment.drawn).enumerate();
        for (index, change) in drawn.skip(begin) {
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
        let begin = column;
        while column < self.tallies.len() {
            let (left, right) = (self.edges[column], self.edges[column + 1]);
            self.tallies[column].add(state, (start, end), (left, right));
            if end <= right {
                break;
            }
            column += 1;
        }
        // A longer gap has a column for itself; a short one takes one from whatever else is in it.
        self.tallies[begin].gap |= state == State::Unknown && column - begin <= 1;
    }

    fn cells(&self) -> Vec<Cell> {
        let lengths = self.edges.windows(2).map(|edges| (edges[0], edges[1]));
        let cells = self.tallies.iter().zip(lengths);
        let mut cells: Vec<Cell> = cells.map(|(tally, edges)| tally.cell(edges)).collect();
        for (column, tally) in self.tallies.iter().enumerate() {
            if let Some(end) = tally.end {
                put_end(&mut cells, column, end);
            }
        }
        cells
    }
}

/// Puts an end's sign into its column if that is empty, otherwise into the next one.
pub(super) fn put_end(cells: &mut [Cell], column: usize, end: State) {
    let next = column + 1;
    let is_free = |column: usize| cells.get(column) == Some(&Cell::Empty);
    if cells[column] == Cell::NotLoaded && is_free(next) {
        // The sign's column is only known once the first column is.
        cells[next] = Cell::NotLoaded;
    } else if cells[column] != Cell::NotLoaded {
        let place = [column, next].into_iter().find(|place| is_free(*place));
        cells[place.unwrap_or(column)] = Cell::End(end);
    }
}

impl Tally {
    /// Takes the part of a span into account that is between the column's edges.
    fn add(&mut self, state: State, (start, end): (u64, u64), (left, right): (u64, u64)) {
        let time = end.min(right).saturating_sub(start.max(left));
        match state {
            State::Running => {
                self.running += time;
                self.polls += 1;
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
            _ => self.lost += time,
        }
        if left == right {
            self.there = Some(state);
        }
    }

    fn cell(&self, (left, right): (u64, u64)) -> Cell {
        if self.gap {
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
            (self.lost, Cell::Unknown),
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
        // The last bit of a poll up to the present, in a column of its own.
        let is_open = self.enters && !self.leaves && self.end.is_none();
        let is_alone = is_open && self.longest().is_none();
        let is_small = eighths == 0 || self.ready.max(self.lost) > self.running;
        if self.inside.is_none() && is_small && !is_alone {
            return None; // It shows in the column next to this one.
        }
        let begins_late = self.inside.is_some_and(|at| at - left > right - at);
        // Where there are many, what is filled is only their part of the time.
        let to_right = self.polls < 3 && !self.enters && (self.leaves || begins_late);
        Some(Cell::Running(match eighths.max(LEAST) {
            8.. => Fill::Full,
            some if to_right => Fill::Right(some),
            some => Fill::Left(some),
        }))
    }
}

#[cfg(test)]
mod tests;
