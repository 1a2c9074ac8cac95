//! Many lanes in a row, drawn from the shares of its columns.

use super::moments::{columns, is_told};
use super::{ColumnEdges, Rows, Scene};
use crate::event::LaneId;
use crate::timeline::Lane;
use crate::timeline::cells::Window;
use crate::timeline::density::Share;
use crate::timeline::overview::{self, Cut};
use crate::tui::app::Playback;

impl Scene {
    /// Returns the columns of a window whose shares are missing. Shares that only the stretch holds count as missing,
    /// except those of the present.
    pub(in crate::tui::app) fn missing_columns(
        &self,
        playback: &Playback,
        rows: &Rows,
        window: &Window,
    ) -> Vec<ColumnEdges> {
        let (begins, _) = playback.spans();
        let is_missing = |column: &ColumnEdges| {
            let is_read = self.rows == *rows && self.shares.contains_key(column);
            let is_present = column.1 > window.now && is_told(playback, column.0);
            !is_read && !is_present && column.0 >= begins && column.0 <= window.now
        };
        columns(window).filter(is_missing).collect()
    }

    /// Returns the known shares of each row.
    pub(super) fn shares(
        &self,
        playback: &Playback,
        rows: &Rows,
        window: &Window,
    ) -> Vec<Vec<Share>> {
        let edges = overview::edges(window);
        let recent = edges.partition_point(|edge| !is_told(playback, *edge));
        let lane = |lane: &LaneId| playback.timeline().lane(*lane);
        let row = |(index, lanes): (usize, &[LaneId])| {
            let lanes: Vec<&Lane> = lanes.iter().filter_map(lane).collect();
            let mut shares = self.read_shares(playback, rows, index, &lanes, window);
            if let Some(shares) = shares.get_mut(recent..) {
                shares.fill(Share::default());
                for lane in &lanes {
                    let cuts = self.cuts(playback, lane, &edges[recent..]);
                    let cuts: Vec<Cut> = cuts.into_iter().flatten().collect();
                    overview::share(shares, &cuts, &edges[recent..], window.now);
                }
            }
            shares
        };
        let rows = rows.lanes.chunks(rows.per.max(1)).enumerate();
        rows.map(row).collect()
    }

    /// Returns the shares of a row that were read. In other columns its lanes are not loaded, or lost.
    fn read_shares(
        &self,
        playback: &Playback,
        rows: &Rows,
        index: usize,
        lanes: &[&Lane],
        window: &Window,
    ) -> Vec<Share> {
        let (begins, _) = playback.spans();
        let is_of_rows = self.rows == *rows;
        let not_read = |column: ColumnEdges| {
            let exists =
                |lane: &&&Lane| lane.start < column.1 && lane.end.is_none_or(|end| end >= column.0);
            let there = lanes.iter().filter(exists).count() as u32;
            let is_here = column.0 >= begins;
            Share {
                there,
                lost: if is_here { 0 } else { there },
                not_loaded: if is_here { there } else { 0 },
                ..Share::default()
            }
        };
        let read = |column| {
            let shares = self.shares.get(&column).filter(|_| is_of_rows)?;
            shares.get(index).copied()
        };
        columns(window)
            .map(|column| read(column).unwrap_or_else(|| not_read(column)))
            .collect()
    }
}
