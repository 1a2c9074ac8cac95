//! What lanes look like, from near or from far off.

use super::{Drawn, Rows};
use crate::event::LaneId;
use crate::timeline::cells::{self, Cell, Window};
use crate::timeline::density::{self, Share};
use crate::timeline::{Lane, Timeline};

impl<'a> Drawn<'a> {
    /// The cells of a lane.
    pub fn cells(&self, lane: &Lane, window: &Window) -> Vec<Cell> {
        match self {
            Self::Whole(timeline) => match timeline.lane(lane.id) {
                Some(lane) => cells::cells(timeline, lane, window),
                None => vec![Cell::Empty; window.width.into()],
            },
            Self::Far(scene, playback) => scene.cells(playback, lane, window),
        }
    }

    /// Returns the shares of each row.
    pub(in crate::tui::app) fn shares(&self, rows: &Rows, window: &Window) -> Vec<Vec<Share>> {
        let timeline = match self {
            Self::Whole(timeline) => timeline,
            Self::Far(scene, playback) => return scene.shares(playback, rows, window),
        };
        let row = |lanes: &[LaneId]| {
            let mut shares = vec![Share::default(); window.width.into()];
            for lane in lanes.iter().filter_map(|lane| timeline.lane(*lane)) {
                density::count(&mut shares, &cells::cells(timeline, lane, window));
            }
            shares
        };
        rows.lanes.chunks(rows.per.max(1)).map(row).collect()
    }

    /// Returns the timeline that is known in detail.
    pub fn timeline(&self) -> &'a Timeline {
        match self {
            Self::Whole(timeline) => timeline,
            Self::Far(_, playback) => playback.timeline(),
        }
    }
}
