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
        Cell::NotLoaded => unreachable!("all events are here"),
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

impl Naive {
    fn took(&self, state: State) -> u64 {
        let entry = self.time.iter().find(|entry| entry.0 == state);
        entry.map_or(0, |entry| entry.1)
    }

    /// Whether a cell of this length shows what happened; `present` is the state that lasts.
    fn is_shown(&self, cell: Cell, length: u64, present: Option<State>) -> bool {
        let ran = self.took(Running);
        let rest = |state| {
            let longest = [Ready, Waiting, Created, Unknown].map(|state| self.took(state));
            let wins = longest.into_iter().max() == Some(self.took(state));
            let bar_elsewhere = ran * 16 < length || ran < self.took(Ready).max(self.took(Unknown));
            (wins || present == Some(state)) && !self.inside && bar_elsewhere
        };
        match cell {
            Cell::Running(fill) => self.fills(fill, length),
            Cell::Ready => rest(Ready),
            Cell::Waiting => rest(Waiting),
            Cell::Idle => rest(Created),
            Cell::Unknown => self.lost,
            Cell::Empty => {
                self.time.iter().all(|entry| entry.0 == Running)
                    && !self.inside
                    && ran * 16 < length
            }
            Cell::NotLoaded => false,
            Cell::Created | Cell::End(_) => true,
        }
    }

    fn fills(&self, fill: Fill, length: u64) -> bool {
        let filled = match fill {
            Fill::Full => 8,
            Fill::Left(eighths) | Fill::Right(eighths) => u64::from(eighths),
        };
        let exact = self.took(Running) * 8;
        let off = (filled * length).abs_diff(exact) * 2;
        let right = exact == 0 || off <= length + 1;
        (self.inside || exact > 0) && (right || (filled == 2 && exact < 3 * length))
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
            let (left, right) = (window.time_at(column).0, window.time_at(column + 1).0);
            if left == right {
                continue; // Narrower than a nanosecond.
            }
            let naive = naive(&changes, left, right, now);
            let present = lane_state(&changes, now).filter(|_| (left..=right).contains(&now));
            prop_assert!(naive.is_shown(cell, right - left, present), "{column} of {cells:?}");
            let near = &cells[usize::from(column)..cells.len().min(usize::from(column) + 2)];
            if naive.ended {
                prop_assert!(near.iter().any(|cell| matches!(cell, Cell::End(_))), "{cells:?}");
            }
        }
    }

    #[test]
    fn no_gap_vanishes(
        changes in changes(), start in 0_u64..100, span in 30_u64..300, width in 1_u16..30, now in 0_u64..400,
    ) {
        let lane = lane(&changes);
        let window = window(start, span, width, now);
        let cells = cells(&Timeline::new(), &lane, &window);
        let ends = changes.iter().skip(1).map(|next| next.0.min(now)).chain([now]);
        let gaps = changes.iter().zip(ends).filter(|(gap, _)| gap.1 == Unknown && gap.0 <= now);
        for (&(begin, _), end) in gaps {
            let Some(first) = window.column_of(Timestamp(begin)) else { continue };
            let last = window.column_of(Timestamp(end)).unwrap_or(width - 1);
            let seen = &cells[first.into()..=last.into()];
            let shown = |cell: &Cell| matches!(cell, Cell::Unknown | Cell::End(_));
            prop_assert!(seen.iter().any(shown), "{first} to {last} of {cells:?}");
        }
    }

    #[test]
    fn no_window_panics(changes in changes(), start: u64, span: u64, width in 0_u16..40, now: u64) {
        let all = cells(&Timeline::new(), &lane(&changes), &window(start, span, width, now));
        prop_assert_eq!(all.len(), usize::from(width));
    }
}

fn lane_state(changes: &[(u64, State)], now: u64) -> Option<State> {
    let last = changes.iter().rfind(|change| change.0 <= now);
    last.map(|change| change.1)
}
