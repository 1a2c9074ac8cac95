//! Lanes from far off, drawn from how they stood at some moments.

use super::Scene;
use super::moments::{is_told, runs, told_from};
use crate::event::{LaneId, Timestamp};
use crate::timeline::cells::{Cell, Window};
use crate::timeline::overview::{self, Cut};
use crate::timeline::{Lane, State};
use crate::tui::app::Playback;

impl Scene {
    /// Returns those of some moments, in order, at which the cut of a lane is missing. Cuts that only the stretch holds
    /// count as missing, since the stretch moves on.
    pub(in crate::tui::app) fn missing(
        &self,
        playback: &Playback,
        lanes: &[LaneId],
        moments: &[Timestamp],
    ) -> Vec<Timestamp> {
        let mut is_missing = vec![false; moments.len()];
        let lanes = lanes
            .iter()
            .filter_map(|lane| playback.timeline().lane(*lane));
        for lane in lanes {
            let cuts = self.told_by_detail(lane, moments, self.kept(lane, moments));
            for (is_missing, cut) in is_missing.iter_mut().zip(cuts) {
                *is_missing |= cut.is_none();
            }
        }
        let moments = moments.iter().zip(is_missing);
        moments.filter_map(|(at, is)| is.then_some(*at)).collect()
    }

    /// Returns the cuts of a lane just before some moments, from cuts and samples.
    fn kept(&self, lane: &Lane, moments: &[Timestamp]) -> Vec<Option<Cut>> {
        let cuts = self.cuts.get(&lane.id).map_or(&[][..], Vec::as_slice);
        let known = self.known.get(&lane.id).map_or(&[][..], Vec::as_slice);
        let cut = |at: &Timestamp| {
            if let Ok(index) = cuts.binary_search_by_key(at, |cut| cut.at) {
                return Some(cuts[index].cut);
            }
            let follows = overview::known(lane, cuts, *at);
            follows.or_else(|| overview::known(lane, known, *at))
        };
        moments.iter().map(cut).collect()
    }

    /// Adds the cuts that the detail holds to those of a lane just before some moments, in order.
    fn told_by_detail(
        &self,
        lane: &Lane,
        moments: &[Timestamp],
        mut cuts: Vec<Option<Cut>>,
    ) -> Vec<Option<Cut>> {
        let Some(detail) = self.detail.as_ref().filter(|_| cuts.contains(&None)) else {
            return cuts;
        };
        let Some(lane) = detail.timeline.lane(lane.id) else {
            return cuts;
        };
        let from = told_from(lane).min(detail.from);
        let first = moments.partition_point(|at| *at < from);
        let last = moments.partition_point(|at| *at <= detail.until).max(first);
        if cuts[first..last].contains(&None) {
            let told = overview::cuts(lane, &moments[first..last]);
            cuts.splice(first..last, told.into_iter().map(Some));
        }
        cuts
    }

    /// Returns the known cuts of a lane just before some moments, in order.
    pub(super) fn cuts(
        &self,
        playback: &Playback,
        lane: &Lane,
        moments: &[Timestamp],
    ) -> Vec<Option<Cut>> {
        let now = playback.now();
        let from = told_from(lane);
        let first = moments.partition_point(|at| *at < from && !is_told(playback, *at));
        let last = moments.partition_point(|at| *at <= now).max(first);
        let before = &moments[..first];
        let mut cuts = self.told_by_detail(lane, before, self.kept(lane, before));
        cuts.extend(
            overview::cuts(lane, &moments[first..last])
                .into_iter()
                .map(Some),
        );
        cuts.resize(moments.len(), Some(Cut::of(lane, now)));
        cuts
    }

    /// Returns the cuts of a coroutine, from those of the lane that runs it.
    fn hosted_cuts(
        &self,
        playback: &Playback,
        lane: &Lane,
        host: &Lane,
        moments: &[Timestamp],
    ) -> Vec<Option<Cut>> {
        let [started, over] = runs(lane);
        let one = |at| self.cuts(playback, host, &[at])[0];
        let began = one(started);
        let stands = |host: Option<Cut>| Some(overview::hosted(&host?, &began?));
        let ended = lane
            .end
            .and_then(|_| stands(one(over).map(|cut| cut.back(1))));
        let ended = ended.map(|cut| Cut {
            state: Some(lane.state()),
            ..cut
        });
        let cut = |(at, host): (&Timestamp, Option<Cut>)| match at {
            at if *at <= lane.start => Some(Cut::default()),
            at if *at <= started => Some(Cut {
                state: Some(State::Created),
                ..Cut::default()
            }),
            at if lane.end.is_some_and(|end| *at > end) => ended,
            _ => stands(host),
        };
        let of_host = self.cuts(playback, host, moments);
        moments.iter().zip(of_host).map(cut).collect()
    }

    pub(super) fn cells(&self, playback: &Playback, lane: &Lane, window: &Window) -> Vec<Cell> {
        let edges = overview::edges(window);
        let host = lane
            .host
            .and_then(|host| playback.timeline().lane(host.lane));
        let cuts = match host {
            Some(host) => self.hosted_cuts(playback, lane, host, &edges),
            None => self.cuts(playback, lane, &edges),
        };
        let mut cells = overview::cells(lane, &cuts, &edges, window);
        // The file does not hold the time before its start.
        let (begins, _) = playback.spans();
        for (cell, _) in cells
            .iter_mut()
            .zip(&edges)
            .filter(|(_, edge)| **edge < begins)
        {
            if *cell == Cell::NotLoaded {
                *cell = Cell::Unknown;
            }
        }
        cells
    }
}
