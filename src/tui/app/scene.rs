//! What is known of the part of a large session that is looked at.

use std::collections::HashMap;
use std::sync::Arc;

use super::Playback;
use crate::event::{LaneId, Timestamp};
use crate::timeline::cells::{self, Cell, Window};
use crate::timeline::density::Share;
use crate::timeline::overview::{self, Cut, Sample};
use crate::timeline::{Lane, Timeline};

/// As many samples of a lane are kept: a few screens' worth.
const MOST_SAMPLES: usize = 4096;
/// As many lanes are kept samples of.
const MOST_LANES: usize = 1024;

/// A part of a session that is looked at, of which more has to be known than is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// The moments between columns, and at the edges; none where a row is many lanes.
    pub edges: Vec<Timestamp>,
    /// The lanes.
    pub lanes: Vec<LaneId>,
    /// Where a row is many lanes, the window and how many.
    pub dense: Option<(Window, usize)>,
}

/// What came to be known of a part of a session.
#[derive(Debug)]
pub enum Seen {
    /// All that happened in a stretch of time.
    Detail(Arc<Detail>),
    /// How lanes stood at some moments.
    Samples(Vec<(LaneId, Vec<Sample>)>),
    /// What the lanes of each row do, where a row is so many of them.
    Dense(usize, Vec<Vec<Share>>),
}

/// All that happened in a stretch of time.
#[derive(Debug)]
pub struct Detail {
    /// What happened.
    pub timeline: Timeline,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// What is known of the part of a large session that is looked at.
#[derive(Debug, Default)]
pub struct Scene {
    samples: HashMap<LaneId, Vec<Sample>>,
    detail: Option<Arc<Detail>>,
    dense: Option<(usize, Vec<Vec<Share>>)>,
}

/// From what lanes are drawn.
#[derive(Clone, Copy, Debug)]
pub enum Drawn<'a> {
    /// From all that happened in the stretch of time that is seen.
    Whole(&'a Timeline),
    /// From how they stood at some moments.
    Far(&'a Scene, &'a Timeline),
}

impl Scene {
    /// Takes in what came to be known.
    pub(super) fn take(&mut self, seen: Seen) {
        match seen {
            Seen::Detail(detail) => self.detail = Some(detail),
            Seen::Dense(per, shares) => self.dense = Some((per, shares)),
            Seen::Samples(samples) => {
                if self.samples.len() + samples.len() > MOST_LANES {
                    self.samples.clear();
                }
                for (lane, more) in samples {
                    merge(self.samples.entry(lane).or_default(), more);
                }
            }
        }
    }

    /// From what the lanes are drawn.
    pub fn drawn<'a>(&'a self, playback: &'a Playback, window: &Window) -> Drawn<'a> {
        if playback.begins().is_none_or(|begins| window.start > begins) {
            return Drawn::Whole(playback.timeline());
        }
        let until = window.time_at(window.width).min(window.now);
        let covers = |detail: &&Arc<Detail>| detail.from <= window.start && detail.until >= until;
        match self.detail.as_ref().filter(covers) {
            Some(detail) => Drawn::Whole(&detail.timeline),
            None => Drawn::Far(self, playback.timeline()),
        }
    }

    /// What the lanes of each row do, where a row is so many of them.
    pub(super) fn shares(&self, per: usize) -> Vec<Vec<Share>> {
        let dense = self.dense.as_ref();
        dense
            .filter(|dense| dense.0 == per)
            .map_or_else(Vec::new, |dense| dense.1.clone())
    }

    fn cells(&self, timeline: &Timeline, lane: &Lane, window: &Window) -> Vec<Cell> {
        if let Some(host) = lane.host
            && let Some(host) = timeline.lane(host.lane)
        {
            let of_host = self.cells_of(timeline, host, window);
            return overview::hosted(lane, &of_host, window);
        }
        self.cells_of(timeline, lane, window)
    }

    fn cells_of(&self, timeline: &Timeline, lane: &Lane, window: &Window) -> Vec<Cell> {
        let samples = self.samples.get(&lane.id).map_or(&[][..], Vec::as_slice);
        let present = timeline.end();
        let cut = |at| {
            if at > window.now && lane.start <= window.now {
                Cut::of(lane, window.now)
            } else {
                overview::estimate(lane, samples, present, at)
            }
        };
        let edges = overview::edges(window);
        let cuts: Vec<Cut> = edges.iter().map(|at| cut(*at)).collect();
        overview::cells(lane, &cuts, &edges, window)
    }
}

impl<'a> Drawn<'a> {
    /// The cells of a lane.
    pub fn cells(&self, lane: &Lane, window: &Window) -> Vec<Cell> {
        match self {
            Self::Whole(timeline) => match timeline.lane(lane.id) {
                Some(lane) => cells::cells(timeline, lane, window),
                None => vec![Cell::Empty; window.width.into()],
            },
            Self::Far(scene, timeline) => scene.cells(timeline, lane, window),
        }
    }

    /// What is known in detail.
    pub fn timeline(&self) -> &'a Timeline {
        match self {
            Self::Whole(timeline) | Self::Far(_, timeline) => timeline,
        }
    }
}

/// Adds samples to others; both are in order.
fn merge(samples: &mut Vec<Sample>, more: Vec<Sample>) {
    if samples.len() + more.len() > MOST_SAMPLES {
        samples.clear();
    }
    samples.extend(more);
    samples.sort_by_key(|sample| sample.at);
    samples.dedup_by_key(|sample| sample.at);
}
