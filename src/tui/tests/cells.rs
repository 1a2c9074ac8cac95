//! What every cell of the screen is compared with: the spans of a timeline of all events.

use super::screen::{SIZE, Screen, THEME};
use crate::event::{LaneId, Timestamp};
use crate::timeline::cells::{Cell, Fill, Window, cells};
use crate::timeline::{Lane, Span, State, Timeline};
use crate::tui::app::SessionView;
use crate::tui::view::lanes::LanesView;

impl Screen {
    /// Checks every cell of every visible lane. Returns the number of cells that are not loaded.
    pub(super) fn check(&mut self) -> usize {
        let place = self.viewer().playback.place();
        if self.past.events() != place {
            self.past = self.events[..place as usize].iter().collect();
        }
        let viewer = self.viewer();
        let areas = viewer.areas(SIZE);
        let view = LanesView::of(viewer, &THEME);
        let columns = view.bars(areas.lanes).width;
        let now = viewer.playback.now();
        let window = viewer.lanes.viewport.window(columns, now);
        if viewer.lanes.dense {
            return self.check_shares(viewer, &window, viewer.lanes.per_row(areas.lane_rows()));
        }
        let drawn = viewer.scene.drawn(&viewer.playback, &window);
        let rows = viewer
            .lanes
            .rows
            .iter()
            .skip(viewer.lanes.first)
            .take(areas.lane_rows());
        let mut missing = 0;
        for row in rows {
            let known = drawn.timeline().lane(row.lane);
            let lane = known
                .or_else(|| viewer.playback.timeline().lane(row.lane))
                .unwrap();
            let of_past = self.past.lane(row.lane).unwrap();
            let expected = cells(&self.past, of_past, &window);
            let seen = drawn.cells(lane, &window);
            assert_eq!(seen.len(), expected.len());
            let spans: Vec<Span> = self.past.spans(of_past, now).collect();
            for (column, (cell, expected)) in (0..columns).zip(seen.iter().zip(&expected)) {
                missing += usize::from(*cell == Cell::NotLoaded);
                let edges = [window.time_at(column), window.time_at(column + 1)];
                assert!(
                    is_right(*cell, *expected, &spans, edges, now),
                    "lane {} column {column} {edges:?} at {now:?}: {cell:?}, not {expected:?} {}",
                    row.lane.0,
                    self.text(),
                );
            }
        }
        missing
    }

    /// Checks every cell of the density map. Returns the number of cells that are not loaded.
    fn check_shares(&self, viewer: &SessionView, window: &Window, per: usize) -> usize {
        let lanes: Vec<LaneId> = viewer.lanes.rows.iter().map(|row| row.lane).collect();
        let shares = viewer.shares(window, per);
        // The last column is read as a whole, with all events at the very moment shown.
        let until = self.events.partition_point(|event| event.at <= window.now);
        let past: Timeline = self.events[..until].iter().collect();
        assert_eq!(shares.len(), lanes.chunks(per).count());
        let mut missing = 0;
        for (lanes, shares) in lanes.chunks(per).zip(shares) {
            let lanes: Vec<&Lane> = lanes.iter().map(|lane| past.lane(*lane).unwrap()).collect();
            for (column, share) in (0..window.width).zip(shares) {
                let edges = [window.time_at(column), window.time_at(column + 1)];
                let polled = |lane: &&&Lane| {
                    past.spans(lane, window.now)
                        .any(|span| is_poll_in(&span, edges))
                };
                let polled = lanes.iter().filter(polled).count() as u32;
                missing += usize::from(share.not_loaded > 0);
                assert!(
                    share.running <= polled,
                    "column {column}: {share:?}, {polled} polled {}",
                    self.text()
                );
                // An end's sign may stand in the column after.
                let before = window.time_at(column.saturating_sub(1));
                let exists = |lane: &&&Lane| lane.start < edges[1] && before <= window.now;
                let exist = lanes.iter().filter(exists).count() as u32;
                let stays = |lane: &&&Lane| {
                    lane.start < edges[0]
                        && edges[0] < window.now
                        && lane.end.is_none_or(|end| end > edges[1])
                };
                let stay = lanes.iter().filter(stays).count() as u32;
                assert!(
                    (stay..=exist).contains(&share.there),
                    "column {column} {edges:?} at {:?}: {share:?}, {stay} to {exist} exist {}",
                    window.now,
                    self.text(),
                );
            }
        }
        missing
    }
}

/// Returns `true` if a part of a poll lies in a column or at its edge.
fn is_poll_in(span: &Span, [left, right]: [Timestamp; 2]) -> bool {
    span.state == State::Running && span.start < right && span.end >= left
}

/// Returns `true` if a cell shows what happened, or is not loaded.
///
/// From far off, a bar's side is not known, and a poll may end, or the present be, in the very nanosecond in which its
/// column begins or ends.
fn is_right(
    cell: Cell,
    expected: Cell,
    spans: &[Span],
    edges: [Timestamp; 2],
    now: Timestamp,
) -> bool {
    let polls = || spans.iter().filter(|span| is_poll_in(span, edges));
    match (cell, expected) {
        (Cell::NotLoaded, _) => true,
        (Cell::Running(one), Cell::Running(other)) => {
            // Several polls that took no time are known by their number, and not whether they were at one moment.
            let took_time = || polls().any(|poll| poll.end > poll.start);
            polls().count() > 0
                && (filled(one) == filled(other) || (one == Fill::Left(4) && !took_time()))
        }
        (_, Cell::Running(_)) => polls()
            .all(|poll| poll.end == edges[1] || poll.start == edges[0] || poll.end == edges[0]),
        (Cell::Waiting | Cell::Ready, Cell::Empty) => edges[0] == now,
        (Cell::Waiting, Cell::Ready) if edges[1] == now => true,
        _ => cell == expected,
    }
}

fn filled(fill: Fill) -> u8 {
    match fill {
        Fill::Full => 8,
        Fill::Left(eighths) | Fill::Right(eighths) => eighths,
    }
}
