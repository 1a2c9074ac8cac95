//! What is known of the part of a large session that is looked at.
//!
//! Nothing here is a guess: a cell shows what happened, or is [`Cell::NotLoaded`].

mod cuts;
mod detail;
mod drawn;
mod moments;
mod query;
mod shares;

use std::collections::{HashMap, HashSet};
use std::thread;

pub use self::detail::Detail;
use self::detail::MOST_GROWN;
pub use self::moments::ColumnEdges;
use self::moments::columns;
pub(super) use self::moments::runs;
pub use self::query::{Answer, Query, Rows, Sight};
use super::Playback;
use crate::event::{LaneId, Timestamp};
use crate::timeline::Timeline;
use crate::timeline::cells::Window;
use crate::timeline::density::Share;
use crate::timeline::overview::Sample;

/// Maximum number of cuts kept; beyond it, those of other lanes and moments than the visible ones are dropped.
const MOST_CUTS: usize = if cfg!(test) { 256 } else { 1 << 17 };

/// Maximum number of columns of the density map kept; beyond it, those that are not visible are dropped.
const MOST_COLUMNS: usize = if cfg!(test) { 64 } else { 1 << 12 };

/// The loaded data of the visible part of a large session.
#[derive(Debug, Default)]
pub struct Scene {
    /// Cuts of lanes just before some moments, in order.
    cuts: HashMap<LaneId, Vec<Sample>>,
    /// Samples of lanes that the session's index holds.
    known: HashMap<LaneId, Vec<Sample>>,
    detail: Option<Box<Detail>>,
    rows: Rows,
    /// The shares of columns, one per row.
    shares: HashMap<ColumnEdges, Vec<Share>>,
}

/// The data that lanes are drawn from.
#[derive(Clone, Copy, Debug)]
pub enum Drawn<'a> {
    /// All events of the visible time.
    Whole(&'a Timeline),
    /// Cuts of the lanes at some moments.
    Far(&'a Scene, &'a Playback),
}

impl Scene {
    /// Takes in what came to be known.
    pub(super) fn take(&mut self, seen: Answer) {
        match seen {
            Answer::Detail(detail) => self.replace_detail(detail),
            Answer::Known(samples) => self.known = samples,
            Answer::Cuts(cuts) => {
                for (lane, more) in cuts {
                    let cuts = self.cuts.entry(lane).or_default();
                    cuts.extend(more);
                    cuts.sort_by_key(|cut| cut.at);
                    cuts.dedup_by_key(|cut| cut.at);
                }
            }
            Answer::Shares(rows, shares) => {
                if self.rows != rows {
                    self.rows = rows;
                    self.shares.clear();
                }
                self.shares.extend(shares);
            }
        }
    }

    fn replace_detail(&mut self, detail: Box<Detail>) {
        if let Some(before) = self.detail.replace(detail) {
            // Freeing it may take longer than a frame.
            thread::spawn(move || drop(before));
        }
    }

    /// Takes in the events shown since.
    pub(super) fn keep_up(&mut self, playback: &Playback) {
        if let Some(detail) = &mut self.detail {
            detail.keep_up(playback);
        }
    }

    /// Keeps what a stretch holds, if a window that starts at this time was drawn from it and cannot be drawn from the
    /// stretch that replaces it.
    pub(super) fn inherit(&mut self, before: Playback, after: &Playback, start: Timestamp) {
        let reaches = |playback: &Playback| playback.begins().is_none_or(|begins| start > begins);
        if before.is_stretch() && reaches(&before) && !reaches(after) {
            self.replace_detail(Box::new(Detail::of(before)));
        } else {
            before.leave();
        }
    }

    /// Drops the columns outside this window, if there are many.
    pub(super) fn forget_columns_but(&mut self, window: &Window) {
        if self.shares.len() > MOST_COLUMNS {
            let seen: HashSet<ColumnEdges> = columns(window).collect();
            self.shares.retain(|column, _| seen.contains(column));
        }
    }

    /// Drops the cuts of other lanes and at other moments, if there are many.
    pub(super) fn forget_cuts_but(&mut self, lanes: &[LaneId], moments: &[Timestamp]) {
        if self.cuts.values().map(Vec::len).sum::<usize>() <= MOST_CUTS {
            return;
        }
        self.cuts
            .retain(|lane, _| lanes.binary_search(lane).is_ok());
        for cuts in self.cuts.values_mut() {
            cuts.retain(|cut| moments.binary_search(&cut.at).is_ok());
        }
    }

    /// Returns `true` if the detail will soon be full, so that another one should be read.
    pub(super) fn is_long(&self) -> bool {
        let detail = self.detail.as_ref();
        detail.is_some_and(|detail| detail.grown > MOST_GROWN / 2)
    }

    /// Returns the data that the lanes are drawn from.
    pub fn drawn<'a>(&'a self, playback: &'a Playback, window: &Window) -> Drawn<'a> {
        if playback.begins().is_none_or(|begins| window.start > begins) {
            return Drawn::Whole(playback.timeline());
        }
        let covers = |detail: &&Detail| detail.covers(playback, window);
        match self.detail.as_deref().filter(covers) {
            Some(detail) => Drawn::Whole(&detail.timeline),
            None => Drawn::Far(self, playback),
        }
    }
}
