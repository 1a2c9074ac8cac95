//! A lane from far off: how it spent its time up to some moments, and what its columns show by that alone.
//!
//! What a column of a lane shows follows from a few sums at its two edges, a [`Cut`] each, so that it costs the same
//! however much happened between them. A cut is exact or not there: nothing is interpolated, and a column of which an
//! edge is not known is [`Cell::NotLoaded`].
//!
//! *Architecture invariant:* this module only says what is where; it knows no colours, signs or terminals.

use super::cells::{Cell, Fill, LEAST, Window, put_end};
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

    /// Returns the cut at a moment between two samples if the lane stayed in one state between them. Anything else would
    /// be a guess.
    fn between(one: &Sample, other: &Sample, at: Timestamp) -> Option<Self> {
        let before = &one.cut;
        let after = before.go_on(other.at - one.at)?;
        let (a, b) = (&after, &other.cut);
        let is_same = (a.totals, a.polls, a.gaps) == (b.totals, b.polls, b.gaps);
        is_same.then(|| before.go_on(at - one.at))?
    }

    /// Returns the cut `nanos` earlier; the lane must have been in the same state since.
    pub(crate) fn back(mut self, nanos: u64) -> Self {
        if let Some(state) = self.state {
            self.totals.subtract(state, nanos);
        }
        self
    }

    /// Returns the cut `nanos` later if the state lasts.
    fn go_on(&self, nanos: u64) -> Option<Self> {
        let mut cut = *self;
        cut.totals.add(self.state?, nanos);
        Some(cut)
    }
}

/// Returns the cut of a lane just before a moment, if the lane's start, these samples (in order) and its end determine it.
pub(crate) fn known(lane: &Lane, samples: &[Sample], at: Timestamp) -> Option<Cut> {
    if at <= lane.start {
        return Some(Cut::default());
    }
    let end = lane.end.map(|end| Sample {
        at: end,
        cut: Cut::of(lane, end),
    });
    if let Some(end) = end.filter(|end| at > end.at) {
        return Some(end.cut);
    }
    let begins = Sample {
        at: lane.start,
        cut: Cut {
            state: Some(match lane.kind {
                LaneKind::Runtime(_) => State::Running,
                LaneKind::Coroutine => State::Created,
                LaneKind::Task(_) | LaneKind::Branch(_) => State::Ready,
            }),
            ..Cut::default()
        },
    };
    let after = samples.partition_point(|sample| sample.at < at);
    let before = after
        .checked_sub(1)
        .map_or(&begins, |index| &samples[index]);
    Cut::between(before, samples.get(after).or(end.as_ref())?, at)
}

/// Returns the cuts of a lane just before these moments, which are in order, computed from its changes. The first change
/// that is kept must be earlier than the first moment, unless nothing of the lane was forgotten.
pub(crate) fn cuts(lane: &Lane, moments: &[Timestamp]) -> Vec<Cut> {
    let is_polled = matches!(lane.kind, LaneKind::Task(_) | LaneKind::Branch(_));
    let mut changes = lane.changes.as_slice();
    let mut passed = lane.passed;
    let (mut polls, mut gaps) = (lane.polls, lane.gaps);
    let mut cut_at = |at: Timestamp| {
        if at <= lane.start {
            return Cut::default();
        }
        while let Some((last, rest)) = changes.split_last().filter(|(last, _)| last.at >= at) {
            if let Some(before) = rest.last() {
                passed.subtract(before.state, last.at - before.at);
            }
            polls -= u64::from(is_polled && last.state == State::Running).min(polls);
            gaps -= u64::from(last.state == State::Unknown).min(gaps);
            changes = rest;
        }
        let mut totals = passed;
        if let Some(last) = changes.last() {
            totals.add(last.state, at - last.at);
        }
        Cut {
            totals,
            polls,
            gaps,
            state: changes.last().map(|last| last.state),
        }
    };
    let mut cuts: Vec<Cut> = moments.iter().rev().map(|at| cut_at(*at)).collect();
    cuts.reverse();
    cuts
}

/// Returns the cut of a coroutine, from its host's cut then and its host's cut when the coroutine started.
pub(crate) fn hosted(host: &Cut, began: &Cut) -> Cut {
    // The poll in which it started is its own, too.
    let first = u64::from(began.state == Some(State::Running));
    Cut {
        totals: Totals::between(&began.totals, &host.totals),
        polls: host.polls.saturating_sub(began.polls) + first,
        gaps: host.gaps.saturating_sub(began.gaps),
        state: host.state,
    }
}

/// The moments at which a lane has to be cut for a window: the left edge of each column, and the right edge of the last.
/// At those that are later than the present, it is cut as it stands at the present.
pub(crate) fn edges(window: &Window) -> Vec<Timestamp> {
    let columns = 0..=window.width;
    columns.map(|column| window.time_at(column)).collect()
}

/// Returns the cells of a lane, one per column of the window, from its cuts at the window's [`edges`]. A column with an
/// unknown edge is [`Cell::NotLoaded`].
pub(crate) fn cells(
    lane: &Lane,
    cuts: &[Option<Cut>],
    edges: &[Timestamp],
    window: &Window,
) -> Vec<Cell> {
    let present = window.column_of(window.now).map(usize::from);
    let columns = edges.windows(2).zip(cuts.windows(2)).enumerate();
    let cell = |(column, (edges, cut)): (usize, (&[Timestamp], &[Option<Cut>]))| {
        if edges[0] >= edges[1] || edges[0] > window.now {
            return Cell::Empty;
        }
        let (Some(before), Some(after)) = (&cut[0], &cut[1]) else {
            return Cell::NotLoaded;
        };
        let next = cuts.get(column + 2);
        let known = Column {
            left: edges[0],
            right: edges[1],
            now: window.now,
            is_present: present == Some(column),
            before,
            after,
            next: next.and_then(Option::as_ref),
        };
        // An open gap may have a column for itself.
        if next == Some(&None) && known.goes_on_with_gap() {
            return Cell::NotLoaded;
        }
        known.cell(lane)
    };
    let mut cells: Vec<Cell> = columns.map(cell).collect();
    let ended = lane.end.filter(|end| *end <= window.now);
    if let Some(column) = ended.and_then(|end| window.column_of(end)) {
        put_end(&mut cells, column.into(), lane.state());
    }
    cells
}

/// Counts a lane among those of a row: what took most of its time in each column.
pub(crate) fn share(shares: &mut [Share], cuts: &[Cut], edges: &[Timestamp], now: Timestamp) {
    let columns = edges.windows(2).zip(cuts.windows(2));
    for (share, (edges, cuts)) in shares.iter_mut().zip(columns) {
        let (before, after) = (&cuts[0], &cuts[1]);
        let is_over = before.state.is_some_and(State::is_end);
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
        if self.after.state.is_none() {
            return Cell::Empty;
        }
        if self.has_gap() {
            return Cell::Unknown;
        }
        let spent = self.spent();
        if let Some(cell) = self.running(lane, &spent) {
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
        let lasts = |next: &Cut| next.state == Some(State::Unknown);
        let is_long = self.goes_on_with_gap() && self.next.is_none_or(lasts);
        self.after.gaps > self.before.gaps && !is_long
    }

    /// Returns `true` if a gap starts here and lasts into the next column.
    fn goes_on_with_gap(&self) -> bool {
        self.after.gaps > self.before.gaps && self.after.state == Some(State::Unknown)
    }

    fn running(&self, lane: &Lane, spent: &Totals) -> Option<Cell> {
        let begun = self.after.polls.saturating_sub(self.before.polls);
        let enters = self.before.state == Some(State::Running);
        // An open poll at the present has no next column to show in.
        let leaves = self.after.state == Some(State::Running) && self.right < self.now;
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
        let others = [
            spent.waiting,
            spent.ready,
            spent.unknown,
            self.idle(lane, spent),
        ];
        let is_open = enters && !leaves && lane.end.is_none_or(|end| end >= self.right);
        let is_alone = is_open && others == [0; 4];
        let is_small = eighths == 0 || spent.ready.max(spent.unknown) > spent.running;
        if inside == 0 && is_small && !is_alone {
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
