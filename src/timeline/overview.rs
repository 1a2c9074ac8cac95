//! A lane from far off: how it spent its time up to some moments, and what its columns show by that alone.
//!
//! What a column of a lane shows follows from a few sums at its two edges, a [`Cut`] each, so that it costs the same
//! however much happened between them.
//!
//! *Architecture invariant:* this module only says what is where; it knows no colours, signs or terminals.

use super::cells::{Cell, Fill, LEAST, Window};
use super::density::Share;
use super::lane::{Lane, LaneKind, Totals};
use super::span::State;
use crate::event::Timestamp;

/// How a lane stood just before a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cut {
    /// The time it had spent in each state.
    pub(crate) totals: Totals,
    /// How often a poll of it had begun.
    pub(crate) polls: u64,
    /// How often events of it had been lost.
    pub(crate) gaps: u64,
    /// Its state; none where it did not exist, or is known by name alone.
    pub(crate) state: Option<State>,
}

/// How a lane stood at a part of a session's index, or when it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    pub(crate) at: Timestamp,
    pub(crate) cut: Cut,
}

impl Cut {
    /// How a lane stands at a moment, which is not earlier than its last change.
    pub(crate) fn of(lane: &Lane, at: Timestamp) -> Self {
        let at = lane.end.map_or(at, |end| end.min(at));
        Self {
            totals: lane.totals(at),
            polls: lane.polls,
            gaps: lane.gaps,
            state: lane.changes.last().map(|last| last.state),
        }
    }

    /// About how a lane stood at a moment between two at which it is known.
    fn between(one: &Sample, other: &Sample, at: Timestamp) -> Self {
        let (whole, part) = (other.at - one.at, at - one.at);
        let share = |one: u64, other: u64| {
            let more = u128::from(other.saturating_sub(one)) * u128::from(part);
            one + u64::try_from(more / u128::from(whole.max(1))).unwrap_or(0)
        };
        let (a, b) = (&one.cut, &other.cut);
        let totals = Totals {
            running: share(a.totals.running, b.totals.running),
            ready: share(a.totals.ready, b.totals.ready),
            waiting: share(a.totals.waiting, b.totals.waiting),
            unknown: share(a.totals.unknown, b.totals.unknown),
        };
        Self {
            totals,
            polls: share(a.polls, b.polls),
            gaps: share(a.gaps, b.gaps),
            state: a.state,
        }
    }
}

/// About how a lane stood at a moment, from what is known of it: how it began, these samples, in order, and how it stands
/// at the present, or stood when it ended.
pub(crate) fn estimate(lane: &Lane, samples: &[Sample], present: Timestamp, at: Timestamp) -> Cut {
    if at <= lane.start {
        return Cut::default();
    }
    let end = lane.end.unwrap_or(present);
    let end = Sample {
        at: end,
        cut: Cut::of(lane, end),
    };
    let after = samples.partition_point(|sample| sample.at < at);
    let first = Sample {
        at: lane.start,
        cut: Cut {
            state: Some(State::Ready),
            ..Cut::default()
        },
    };
    let before = after.checked_sub(1).map_or(&first, |index| &samples[index]);
    match samples.get(after) {
        Some(next) if next.at == at => next.cut,
        Some(next) => Cut::between(before, next, at),
        None if at <= end.at => Cut::between(before, &end, at),
        None => Cut::of(lane, at),
    }
}

/// The moments at which a lane has to be cut for a window: the left edge of each column, and the right edge of the last.
/// At those that are later than the present, it is cut as it stands at the present.
pub(crate) fn edges(window: &Window) -> Vec<Timestamp> {
    let columns = 0..=window.width;
    columns.map(|column| window.time_at(column)).collect()
}

/// The cells of a lane, one for each column of the window, from its cuts at the window's [`edges`].
pub(crate) fn cells(lane: &Lane, cuts: &[Cut], edges: &[Timestamp], window: &Window) -> Vec<Cell> {
    let present = window.column_of(window.now).map(usize::from);
    let columns = edges.windows(2).zip(cuts.windows(2)).enumerate();
    let mut cells: Vec<Cell> = columns
        .map(|(column, (edges, cut))| {
            Column {
                left: edges[0],
                right: edges[1],
                now: window.now,
                is_present: present == Some(column),
                before: &cut[0],
                after: &cut[1],
                next: cuts.get(column + 2),
            }
            .cell(lane)
        })
        .collect();
    let ended = lane.end.filter(|end| *end <= window.now);
    let column = ended.and_then(|end| window.column_of(end)).map(usize::from);
    if let Some(column) = column {
        let free = |column: &usize| cells.get(*column) == Some(&Cell::Empty);
        let place = [column, column + 1].into_iter().find(free);
        cells[place.unwrap_or(column)] = Cell::End(lane.state());
    }
    cells
}

/// Counts a lane among those of a row: what took most of its time in each column.
pub(crate) fn share(
    shares: &mut [Share],
    lane: &Lane,
    cuts: &[Cut],
    edges: &[Timestamp],
    now: Timestamp,
) {
    let columns = edges.windows(2).zip(cuts.windows(2));
    for (share, (edges, cuts)) in shares.iter_mut().zip(columns) {
        let (before, after) = (&cuts[0], &cuts[1]);
        let is_over = lane.end.is_some_and(|end| end < edges[0]);
        if after.state.is_none() || is_over || edges[0] > now {
            continue;
        }
        share.there += 1;
        let spent = Totals::between(&before.totals, &after.totals);
        let most = spent.running.max(spent.waiting).max(spent.ready);
        if spent.unknown > most {
            share.lost += 1;
        } else if spent.ready == most && most > 0 {
            share.ready += 1;
        } else if after.polls > before.polls || spent.running > 0 {
            share.running += 1;
        }
    }
}

/// The cells of a coroutine, from those of the lane that runs it.
pub(crate) fn hosted(lane: &Lane, host: &[Cell], window: &Window) -> Vec<Cell> {
    let started = lane.started.unwrap_or(lane.start);
    let end = lane.end.unwrap_or(window.now).min(window.now);
    let mut cells = vec![Cell::Empty; usize::from(window.width)];
    for (column, cell) in cells.iter_mut().enumerate() {
        let column = u16::try_from(column).unwrap_or(u16::MAX);
        let (left, right) = (
            window.time_at(column),
            window.time_at(column.saturating_add(1)),
        );
        *cell = if left <= end && right > started {
            match host.get(usize::from(column)) {
                Some(Cell::End(_)) | None => Cell::Empty,
                Some(cell) => *cell,
            }
        } else if right > lane.start && left < started {
            Cell::Idle
        } else {
            Cell::Empty
        };
    }
    if let Some(column) = lane.end.filter(|end| *end <= window.now)
        && let Some(column) = window.column_of(column)
    {
        cells[usize::from(column)] = Cell::End(lane.state());
    }
    cells
}

/// A column, and how the lane stood at its edges.
struct Column<'a> {
    left: Timestamp,
    right: Timestamp,
    now: Timestamp,
    is_present: bool,
    before: &'a Cut,
    after: &'a Cut,
    /// How it stood at the right edge of the column after.
    next: Option<&'a Cut>,
}

impl Column<'_> {
    fn cell(&self, lane: &Lane) -> Cell {
        if self.left >= self.right || self.left > self.now || self.after.state.is_none() {
            return Cell::Empty;
        }
        if self.has_gap() {
            return Cell::Unknown;
        }
        let spent = self.spent();
        if let Some(cell) = self.running(&spent) {
            return cell;
        }
        let there = self.after.state.filter(|_| self.is_present);
        if there == Some(State::Ready) {
            return Cell::Ready;
        }
        let begins =
            lane.kind == LaneKind::Coroutine && (self.left..self.right).contains(&lane.start);
        if begins {
            return Cell::Created;
        }
        let still = [
            (spent.waiting, Cell::Waiting),
            (self.idle(lane, &spent), Cell::Idle),
            (spent.ready, Cell::Ready),
            (spent.unknown, Cell::Unknown),
        ];
        let longest = still.into_iter().max_by_key(|(time, _)| *time);
        match (longest, there) {
            (Some((1.., cell)), _) => cell,
            (_, Some(State::Waiting)) => Cell::Waiting,
            (_, Some(State::Created)) => Cell::Idle,
            (_, Some(State::Unknown)) => Cell::Unknown,
            _ => Cell::Empty,
        }
    }

    /// The time that it spent in each state in this column.
    fn spent(&self) -> Totals {
        Totals::between(&self.before.totals, &self.after.totals)
    }

    /// The time in which it existed and nothing of it ran.
    fn idle(&self, lane: &Lane, spent: &Totals) -> u64 {
        let end = lane.end.map_or(self.right, |end| end.min(self.right));
        let end = end.min(self.now);
        let there = end - self.left.max(lane.start);
        let known = [spent.running, spent.ready, spent.waiting, spent.unknown];
        let known = known.into_iter().fold(0, u64::saturating_add);
        if lane.kind == LaneKind::Coroutine {
            there.saturating_sub(known)
        } else {
            0
        }
    }

    /// Whether a gap begins here that is too short to have a column for itself.
    fn has_gap(&self) -> bool {
        let goes_on = self.after.state == Some(State::Unknown);
        let is_long = goes_on
            && self
                .next
                .is_none_or(|next| next.state == Some(State::Unknown));
        self.after.gaps > self.before.gaps && !is_long
    }

    fn running(&self, spent: &Totals) -> Option<Cell> {
        let begun = self.after.polls.saturating_sub(self.before.polls);
        let enters = self.before.state == Some(State::Running);
        let leaves = self.after.state == Some(State::Running);
        let inside = begun.saturating_sub(u64::from(leaves));
        if spent.running == 0 {
            return match begun {
                0 => None,
                1 => Some(Cell::Running(Fill::Full)),
                _ => Some(Cell::Running(Fill::Left(4))),
            };
        }
        let length = u128::from(self.right - self.left);
        let eighths = (u128::from(spent.running) * 8 + length / 2) / length;
        let eighths = u8::try_from(eighths).unwrap_or(8);
        if inside == 0 && (eighths == 0 || spent.ready.max(spent.unknown) > spent.running) {
            return None; // It shows in the column next to this one.
        }
        let few = begun + u64::from(enters) < 3;
        Some(Cell::Running(match eighths.max(LEAST) {
            8.. => Fill::Full,
            some if few && leaves && !enters => Fill::Right(some),
            some => Fill::Left(some),
        }))
    }
}

#[cfg(test)]
mod tests;
