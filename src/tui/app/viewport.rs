//! Which stretch of time the lanes show.

use crate::event::Timestamp;
use crate::timeline::cells::Window;

/// The shortest stretch, in nanoseconds: about one per column of an ordinary terminal.
pub const SHORTEST: u64 = 100;
/// The longest stretch, in nanoseconds: a hundred years.
pub const LONGEST: u64 = 100 * 365 * 24 * 3_600 * 1_000_000_000;
/// The span of a fresh viewport: a second.
const FIRST: u64 = 1_000_000_000;

/// The stretch of time that the lanes show, whatever their width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Viewport {
    /// The time at the left edge.
    pub start: Timestamp,
    /// The nanoseconds from there to the right edge.
    pub span: u64,
    /// `true` if it moves along with the present.
    pub follow: bool,
}

impl Default for Viewport {
    fn default() -> Self {
        Self {
            start: Timestamp::ZERO,
            span: FIRST,
            follow: true,
        }
    }
}

impl Viewport {
    /// Shows everything from the beginning to `end`, and leaves room behind it for the lanes' last marks.
    pub fn fit(&mut self, end: Timestamp) {
        self.fit_between(Timestamp::ZERO, end);
    }

    /// Shows everything between two times, and leaves room behind it for the lanes' last marks.
    pub fn fit_between(&mut self, start: Timestamp, end: Timestamp) {
        let span = (end - start).saturating_add((end - start) / 5);
        let span = if span == 0 { FIRST } else { clamp(span) };
        *self = Self {
            start: Timestamp(start.0.min(u64::MAX - span)),
            span,
            follow: false,
        };
    }

    /// Zooms in by `factor` (out, where it is below 1), and keeps the moment `around` in its column.
    pub fn zoom(&mut self, factor: f64, around: Timestamp) {
        if !(factor.is_finite() && factor > 0.0) {
            return;
        }
        let span = clamp((self.span as f64 / factor) as u64);
        // Times before the left edge are as good a centre as any other, hence the sign.
        let left = i128::from(around.0) - i128::from(self.start.0);
        let left = left * i128::from(span) / i128::from(self.span.max(1));
        self.span = span;
        self.set_start(i128::from(around.0) - left);
    }

    /// Moves by so many columns of `width`: to later times where positive. It no longer follows then.
    pub fn pan(&mut self, columns: i32, width: u16) {
        let moved = i128::from(columns) * i128::from(self.span) / i128::from(width.max(1));
        // A column may be less than a nanosecond; a step never is.
        let moved = if moved == 0 {
            columns.signum().into()
        } else {
            moved
        };
        self.follow = false;
        self.set_start(i128::from(self.start.0) + moved);
    }

    /// Moves so that `now` is seen, with some room to its right; only while it follows.
    pub fn follow(&mut self, now: Timestamp) {
        let room = self.span / 8;
        let right = self.start.0.saturating_add(self.span - room);
        if self.follow && (now < self.start || now.0 > right) {
            self.set_start(i128::from(now.0) - i128::from(self.span - room));
        }
    }

    /// Follows `now` as [`follow`](Self::follow) does, but moves by eighths of the span.
    pub fn follow_in_steps(&mut self, now: Timestamp) {
        let before = self.start;
        self.follow(now);
        if self.start > before {
            let step = (self.span / 8).max(1);
            let steps = (self.start - before).div_ceil(step);
            self.set_start(i128::from(before.0) + i128::from(steps) * i128::from(step));
        }
    }

    /// Doubles the span until `now` is seen with some room to its right. Each new column is two of the old ones, so that
    /// half of the edges stay.
    pub fn widen(&mut self, now: Timestamp) {
        let is_seen = |span: u64| now.0 <= self.start.0.saturating_add(span / 8 * 7);
        while !is_seen(self.span) && self.span < LONGEST {
            self.span = clamp(self.span.saturating_mul(2));
        }
        self.set_start(self.start.0.into());
    }

    /// Moves so that `time` is seen, as little as possible.
    pub fn reveal(&mut self, time: Timestamp) {
        let room = self.span / 8;
        let right = self.start.0.saturating_add(self.span - room);
        if time < self.start {
            self.set_start(i128::from(time.0) - i128::from(room));
        } else if time.0 > right {
            self.set_start(i128::from(time.0) - i128::from(self.span - room));
        }
    }

    /// The time at the left edge of a column.
    pub fn time_at(&self, column: u16, width: u16) -> Timestamp {
        self.window(width, self.start).time_at(column)
    }

    /// The column in which a time is, where it is seen at all.
    pub fn column_of(&self, time: Timestamp, width: u16) -> Option<u16> {
        self.window(width, self.start).column_of(time)
    }

    /// Returns its window of a number of columns, up to `now`.
    pub fn window(&self, width: u16, now: Timestamp) -> Window {
        Window {
            start: self.start,
            span: self.span,
            width,
            now,
        }
    }

    /// Returns `true` if it shows all that is between two times.
    pub fn sees(&self, begin: Timestamp, end: Timestamp) -> bool {
        self.start <= begin && self.end() >= end
    }

    /// The first time past the right edge.
    pub fn end(&self) -> Timestamp {
        Timestamp(self.start.0.saturating_add(self.span))
    }

    fn set_start(&mut self, start: i128) {
        let last = i128::from(u64::MAX - self.span);
        self.start = Timestamp(u64::try_from(start.clamp(0, last)).unwrap_or(0));
    }
}

fn clamp(span: u64) -> u64 {
    span.clamp(SHORTEST, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: u64 = 1_000_000_000;

    fn viewport(start: u64, span: u64) -> Viewport {
        Viewport {
            start: Timestamp(start),
            span,
            follow: true,
        }
    }

    #[test]
    fn fit_shows_the_beginning_and_leaves_room_after_the_end() {
        let mut viewport = viewport(7, 8);
        viewport.fit(Timestamp(2 * SECOND));
        assert_eq!(viewport.start, Timestamp::ZERO);
        assert_eq!(viewport.column_of(Timestamp(2 * SECOND), 120), Some(100));
    }

    #[test]
    fn zoom_keeps_the_centre_in_its_column() {
        let mut viewport = viewport(0, 2 * SECOND);
        let around = viewport.time_at(25, 100);
        viewport.zoom(2.0, around);
        assert_eq!(viewport.span, SECOND);
        assert_eq!(viewport.column_of(around, 100), Some(25));
    }

    #[test]
    fn pan_moves_by_columns_and_stops_at_the_beginning() {
        let mut viewport = viewport(0, SECOND);
        viewport.pan(10, 100);
        assert_eq!(viewport.start, Timestamp(SECOND / 10));
        assert!(!viewport.follow);
        viewport.pan(-20, 100);
        assert_eq!(viewport.start, Timestamp::ZERO);
    }

    #[test]
    fn follow_moves_only_when_the_present_would_leave() {
        let mut viewport = viewport(0, SECOND);
        viewport.follow(Timestamp(SECOND / 2));
        assert_eq!(viewport.start, Timestamp::ZERO);
        viewport.follow(Timestamp(3 * SECOND));
        assert_eq!(viewport.column_of(Timestamp(3 * SECOND), 80), Some(70));
    }

    #[test]
    fn following_in_steps_shows_the_present_and_seldom_moves() {
        let mut viewport = viewport(0, SECOND);
        let mut starts = Vec::new();
        for now in (0..3 * SECOND).step_by(10_000_000) {
            viewport.follow_in_steps(Timestamp(now));
            assert!(
                viewport
                    .column_of(Timestamp(now), 80)
                    .is_some_and(|column| column <= 70)
            );
            starts.push(viewport.start);
        }
        starts.dedup();
        assert_eq!(starts.len(), 18);
    }

    #[test]
    fn a_wider_view_has_every_second_edge_of_the_one_before() {
        let mut viewport = viewport(7, 1_000_003);
        let before = viewport;
        viewport.widen(Timestamp(1_000_000));
        assert_eq!(viewport.span, 2 * before.span);
        for column in 0..45 {
            assert_eq!(viewport.time_at(column, 90), before.time_at(2 * column, 90));
        }
    }

    proptest! {
        #[test]
        fn nothing_overflows(start: u64, span in SHORTEST..=LONGEST, time: u64, other: u64, factor: f64, columns: i32, width: u16, column: u16) {
            let mut viewport = viewport(start.min(u64::MAX - span), span);
            viewport.zoom(factor, Timestamp(time));
            viewport.pan(columns, width);
            viewport.follow = true;
            viewport.follow(Timestamp(other));
            viewport.follow_in_steps(Timestamp(time));
            viewport.widen(Timestamp(other));
            viewport.reveal(Timestamp(time));
            prop_assert!((SHORTEST..=LONGEST).contains(&viewport.span));
            prop_assert!(viewport.start.0.checked_add(viewport.span).is_some());
            let _ = viewport.time_at(column, width);
            let _ = viewport.column_of(Timestamp(other), width);
            viewport.fit(Timestamp(other));
            prop_assert!((SHORTEST..=LONGEST).contains(&viewport.span));
        }

        #[test]
        fn a_revealed_time_is_seen(start in 0..u64::MAX / 2, span in SHORTEST..=LONGEST, time in 0..u64::MAX / 2) {
            let mut viewport = viewport(start, span);
            viewport.reveal(Timestamp(time));
            prop_assert!(viewport.column_of(Timestamp(time), 80).is_some());
        }

        #[test]
        fn a_columns_time_is_in_that_column(start in 0..u64::MAX / 2, span in 300..=LONGEST, column in 0_u16..300) {
            let viewport = viewport(start, span);
            prop_assert_eq!(viewport.column_of(viewport.time_at(column, 300), 300), Some(column));
        }

        #[test]
        fn zoom_is_undone_by_its_inverse(start in 0..SECOND, span in SECOND..SECOND * 1000, at in 0_u64..100) {
            let mut there = viewport(start, span);
            let around = Timestamp(start + span / 100 * at);
            let before = there;
            there.zoom(4.0, around);
            there.zoom(0.25, around);
            prop_assert!(there.span.abs_diff(before.span) <= 8);
            prop_assert!(there.start.0.abs_diff(before.start.0) <= 8);
        }
    }
}
