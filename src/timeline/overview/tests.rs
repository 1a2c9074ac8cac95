//! What a lane shows from far off is what a scan of all its spans says, column by column.

use proptest::prelude::*;

use super::*;
use crate::event::{Event, EventKind, arbitrary};
use crate::timeline::{Span, Timeline};

/// How a lane stood just before each edge, by replaying everything until there.
fn replayed(events: &[Event], lane: &Lane, window: &Window) -> Vec<Cut> {
    let cut = |at: Timestamp| {
        if at > window.now {
            let past: Timeline = events
                .iter()
                .take_while(|event| event.at <= window.now)
                .collect();
            let lane = past.lane(lane.id);
            return lane.map_or_else(Cut::default, |lane| Cut::of(lane, window.now));
        }
        // What is lost was lost from the event before on.
        let before = events.partition_point(|event| event.at < at);
        let is_lost =
            |event: &&Event| matches!(event.kind, EventKind::Lost { .. }) && event.at <= window.now;
        let lost = events[before..].iter().take(1).take_while(is_lost).count();
        let past: Timeline = events[..before + lost].iter().collect();
        let lane = past.lane(lane.id).filter(|lane| lane.start < at);
        lane.map_or_else(Cut::default, |lane| Cut::of(lane, at))
    };
    edges(window).into_iter().map(cut).collect()
}

/// What a column shows, said in another way: from the spans that lie in it, one by one.
fn scanned(lane: &Lane, spans: &[Span], window: &Window, column: u16) -> Cell {
    let (left, right) = (window.time_at(column).0, window.time_at(column + 1).0);
    if left >= right || lane.start.0 >= right || left > window.now.0 {
        return Cell::Empty;
    }
    let until = |edge: u64| spans.iter().rev().find(|span| span.start.0 < edge);
    let at = |edge: u64| until(edge).map(|span| span.state);
    let overlap = |span: &Span| span.end.0.min(right).saturating_sub(span.start.0.max(left));
    let time = |state| -> u64 {
        let spans = spans.iter().filter(|span| span.state == state);
        spans.map(overlap).sum()
    };
    let begun = |state| {
        let within = |span: &&Span| span.state == state && (left..right).contains(&span.start.0);
        spans.iter().filter(within).count()
    };
    let next = window.time_at(column + 2).0;
    if begun(State::Unknown) > 0 && lane.gaps > 0 {
        let last = column + 1 == window.width;
        let lasts = at(right) == Some(State::Unknown) && (last || at(next) == Some(State::Unknown));
        if !lasts {
            return Cell::Unknown;
        }
    }
    let running = time(State::Running);
    let (enters, leaves) = (
        at(left) == Some(State::Running),
        at(right) == Some(State::Running) && right < window.now.0,
    );
    let polls = begun(State::Running);
    let whole = polls - usize::from(leaves && polls > 0);
    let (ready, lost) = (time(State::Ready), time(State::Unknown));
    let length = u128::from(right - left);
    if running == 0 && polls > 0 {
        let fill = if polls == 1 {
            Fill::Full
        } else {
            Fill::Left(4)
        };
        return Cell::Running(fill);
    }
    let eighths = ((u128::from(running) * 8 + length / 2) / length).min(8) as u8;
    let ends = lane.end.is_some_and(|end| end.0 < right);
    let rest = time(State::Waiting) + ready + lost;
    let is_open = enters && !leaves && !ends && rest == 0;
    let elsewhere = whole == 0 && (eighths == 0 || ready.max(lost) > running) && !is_open;
    if running > 0 && !elsewhere {
        return Cell::Running(match eighths.max(2) {
            8 => Fill::Full,
            some if leaves && !enters && polls < 3 => Fill::Right(some),
            some => Fill::Left(some),
        });
    }
    let here = (left..right).contains(&window.now.0);
    let there = at(right).filter(|_| here);
    if there == Some(State::Ready) {
        return Cell::Ready;
    }
    let waiting = time(State::Waiting);
    // Of those that took as long, the one that is named last here.
    let longest = [
        (waiting, Cell::Waiting),
        (ready, Cell::Ready),
        (lost, Cell::Unknown),
    ];
    let longest = longest.into_iter().max_by_key(|(time, _)| *time);
    match longest {
        Some((1.., cell)) => cell,
        _ => match there {
            Some(State::Waiting) => Cell::Waiting,
            Some(State::Unknown) => Cell::Unknown,
            _ => Cell::Empty,
        },
    }
}

/// `true` if a lane is only ever a task or a branch. No real task is also a runtime or a coroutine, but in these events
/// one may be.
fn is_plain(events: &[Event], lane: &Lane) -> bool {
    let is_both = events.iter().any(|event| match event.kind {
        EventKind::RuntimeEntered { runtime, .. } => runtime == lane.id,
        EventKind::CoroutineStarted { lane: of, .. } => of == lane.id,
        _ => false,
    });
    matches!(lane.kind, LaneKind::Task(_) | LaneKind::Branch(_)) && !is_both
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn cells_from_cuts_are_those_of_a_scan(
        events in arbitrary::events(80), start in 0..60_u64, span in 1..90_u64, width in 1..40_u16, ends in 0..80_u64,
    ) {
        let whole: Timeline = events.iter().collect();
        let now = Timestamp(ends.min(whole.end().0));
        let window = Window { start: Timestamp(start), span, width, now };
        let past: Timeline = events.iter().take_while(|event| event.at <= now).collect();
        for lane in past.lanes().filter(|lane| is_plain(&events, lane)) {
            let cuts: Vec<Option<Cut>> = replayed(&events, lane, &window).into_iter().map(Some).collect();
            let cells = cells(lane, &cuts, &edges(&window), &window);
            let spans: Vec<Span> = past.spans(lane, now).collect();
            // What an ended lane is called and where its sign goes is the same for all ways of drawing.
            for (column, cell) in (0..width).zip(&cells).filter(|(_, cell)| !matches!(cell, Cell::End(_))) {
                let began_otherwise = spans.iter().any(|span| span.state == State::Created);
                if !began_otherwise {
                    prop_assert_eq!(*cell, scanned(lane, &spans, &window, column), "{:?}, column {}", lane, column);
                }
            }
        }
    }

    /// Cuts derived from samples are correct, or missing.
    #[test]
    fn nothing_is_guessed_between_samples(
        events in arbitrary::events(60), start in 0..40_u64, span in 1..60_u64, width in 1..20_u16,
        taken in prop::collection::vec(any::<bool>(), 21),
    ) {
        let whole: Timeline = events.iter().collect();
        let now = whole.end();
        let window = Window { start: Timestamp(start), span, width, now };
        for lane in whole.lanes().filter(|lane| is_plain(&events, lane)) {
            let cuts = replayed(&events, lane, &window);
            let here = |at: &Timestamp| *at > lane.start && lane.end.is_none_or(|end| *at <= end) && *at <= now;
            let mut samples: Vec<Sample> = edges(&window)
                .into_iter()
                .zip(&cuts)
                .zip(&taken)
                .filter(|((at, _), is_taken)| **is_taken && here(at))
                .map(|((at, cut), _)| Sample { at, cut: *cut })
                .collect();
            samples.dedup_by_key(|sample| sample.at);
            for (at, cut) in edges(&window).into_iter().zip(cuts).filter(|(at, _)| here(at)) {
                let known = known(lane, &samples, at);
                prop_assert!(known.is_none_or(|known| known == cut), "{:?} at {:?}: {:?}, {:?}", lane, at, known, cut);
            }
        }
    }

    /// Cuts derived from a lane's changes equal those of a replay up to there.
    #[test]
    fn changes_tell_how_a_lane_stood(
        events in arbitrary::events(60), start in 0..40_u64, span in 1..60_u64, width in 1..20_u16,
    ) {
        let whole: Timeline = events.iter().collect();
        let window = Window { start: Timestamp(start), span, width, now: Timestamp(u64::MAX) };
        for lane in whole.lanes().filter(|lane| is_plain(&events, lane)) {
            prop_assert_eq!(cuts(lane, &edges(&window)), replayed(&events, lane, &window), "{:?}", lane);
        }
    }
}
