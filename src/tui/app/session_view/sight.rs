//! The part of a session that is looked at, and what has to be read to draw it.

use super::SessionView;
use crate::event::{LaneId, Timestamp};
use crate::timeline::cells::Window;
use crate::timeline::density::Share;
use crate::timeline::{Lane, overview};
use crate::tui::app::layout::Areas;
use crate::tui::app::scene;
use crate::tui::app::{Answer, Drawn, Query, Rows, Sight};

impl SessionView {
    /// Takes in an answer of the reader.
    pub(in crate::tui::app) fn see(&mut self, seen: Answer, areas: &Areas) {
        self.scene.take(seen);
        self.scene.keep_up(&self.playback);
        let window = self.window(areas);
        let lanes = self.lanes_looked_at(areas);
        let moments = self.moments(&window, areas);
        self.scene.forget_cuts_but(&lanes, &moments);
        self.scene.forget_columns_but(&window);
    }

    /// Returns the visible window.
    fn window(&self, areas: &Areas) -> Window {
        let columns = self.bars(areas);
        self.lanes.viewport.window(columns, self.playback.now())
    }

    /// Returns the lanes of all rows, `per` in each.
    fn rows(&self, per: usize) -> Rows {
        let lanes = self.lanes.rows.iter().map(|row| row.lane).collect();
        Rows { per, lanes }
    }

    /// Returns the shares of each row of `per` lanes.
    pub(in crate::tui) fn shares(&self, window: &Window, per: usize) -> Vec<Vec<Share>> {
        let drawn = self.scene.drawn(&self.playback, window);
        drawn.shares(&self.rows(per), window)
    }

    /// Returns the visible part, if more of it must be read.
    pub(in crate::tui::app) fn sight(&self, areas: &Areas) -> Option<Sight> {
        let window = self.window(areas);
        let begins = self.playback.begins()?;
        let is_whole = matches!(self.scene.drawn(&self.playback, &window), Drawn::Whole(_));
        if window.start > begins || (is_whole && !self.scene.is_long()) {
            return None;
        }
        let (lanes, of) = if self.lanes.dense {
            let rows = self.rows(self.lanes.per_row(areas.lane_rows()));
            let columns = self.scene.missing_columns(&self.playback, &rows, &window);
            (rows.lanes, Query::Shares(rows.per, columns))
        } else {
            let lanes = self.lanes_looked_at(areas);
            let moments = self.moments(&window, areas);
            let missing = self.scene.missing(&self.playback, &lanes, &moments);
            (lanes, Query::Cuts(missing))
        };
        let until = window.time_at(window.width).min(window.now);
        let is_within = until == window.now && self.playback.is_within_moment();
        Some(Sight {
            from: window.start,
            until,
            most: is_within.then(|| self.playback.place()),
            lanes,
            of,
        })
    }

    /// The lanes that are visible or close to it, sorted by id; for a coroutine, the lane that runs it.
    fn lanes_looked_at(&self, areas: &Areas) -> Vec<LaneId> {
        // What is just above and below is likely to be looked at next.
        let of = |lane: &Lane| lane.host.map_or(lane.id, |host| host.lane);
        let lanes = self.rows_looked_at(areas).map(of);
        let mut lanes: Vec<LaneId> = lanes.collect();
        lanes.sort_unstable();
        lanes.dedup();
        lanes
    }

    fn rows_looked_at(&self, areas: &Areas) -> impl Iterator<Item = &Lane> {
        let height = areas.lane_rows();
        let first = self.lanes.first.saturating_sub(height);
        let rows = self.lanes.rows.iter().skip(first).take(3 * height);
        rows.filter_map(|row| self.playback.timeline().lane(row.lane))
    }

    /// Returns the moments at which lanes must be cut to draw them from far off, in order.
    fn moments(&self, window: &Window, areas: &Areas) -> Vec<Timestamp> {
        let hosted = self
            .rows_looked_at(areas)
            .filter(|lane| lane.host.is_some());
        let hosted = hosted.flat_map(scene::runs);
        let mut moments: Vec<Timestamp> =
            overview::edges(window).into_iter().chain(hosted).collect();
        let (begins, _) = self.playback.spans();
        moments.retain(|at| (begins..=window.now).contains(at));
        moments.sort_unstable();
        moments.dedup();
        moments
    }
}
