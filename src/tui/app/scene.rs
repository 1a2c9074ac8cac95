//! What is known of the part of a large session that is looked at.
//!
//! Nothing here is a guess: a cell shows what happened, or is [`Cell::NotLoaded`].

use std::collections::{HashMap, HashSet};
use std::thread;

use super::Playback;
use crate::event::{LaneId, Timestamp};
use crate::timeline::cells::{self, Cell, Window};
use crate::timeline::density::{self, Share};
use crate::timeline::overview::{self, Cut, Sample};
use crate::timeline::{Lane, State, Timeline};

/// Maximum number of cuts kept; beyond it, those of other lanes and moments than the visible ones are dropped.
const MOST_CUTS: usize = if cfg!(test) { 256 } else { 1 << 17 };
/// Maximum number of columns of the density map kept; beyond it, those that are not visible are dropped.
const MOST_COLUMNS: usize = if cfg!(test) { 64 } else { 1 << 12 };
/// Maximum number of events that a detail takes in after it was read.
const MOST_GROWN: u64 = if cfg!(test) { 200 } else { 1 << 18 };

/// A column, from its left edge to its right one.
pub type Column = (Timestamp, Timestamp);

/// A part of a session that is looked at, of which more has to be known than is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// The first visible moment.
    pub from: Timestamp,
    /// The last visible moment.
    pub until: Timestamp,
    /// The number of events shown, if later ones at the last visible moment must stay hidden.
    pub most: Option<u64>,
    /// The lanes, in the order of their rows where a row is many of them.
    pub lanes: Vec<LaneId>,
    /// The question, if too much happened to read all of it.
    pub of: Asked,
}

/// A question about lanes from far off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The cut of each lane just before these moments.
    Cuts(Vec<Timestamp>),
    /// The shares of these columns, in rows of this many lanes.
    Shares(usize, Vec<Column>),
}

impl Asked {
    /// Returns `true` if nothing is left to answer.
    pub(in crate::tui) fn is_empty(&self) -> bool {
        match self {
            Self::Cuts(moments) => moments.is_empty(),
            Self::Shares(_, columns) => columns.is_empty(),
        }
    }
}

/// What came to be known of a part of a session.
#[derive(Debug)]
pub enum Seen {
    /// All that happened in a stretch of time.
    Detail(Box<Detail>),
    /// Samples of lanes that the index holds.
    Known(HashMap<LaneId, Vec<Sample>>),
    /// Cuts of lanes just before the requested moments.
    Cuts(Vec<(LaneId, Vec<Sample>)>),
    /// The shares of some columns, one per row.
    Shares(Rows, Vec<(Column, Vec<Share>)>),
}

/// The lanes of rows, with a fixed number in each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Lanes per row.
    pub per: usize,
    /// All lanes, in the order of the rows.
    pub lanes: Vec<LaneId>,
}

/// All that happened in a stretch of time.
#[derive(Debug)]
pub struct Detail {
    /// What happened.
    pub timeline: Timeline,
    /// From when.
    pub from: Timestamp,
    /// The end. Later events at this very moment may have arrived since.
    pub until: Timestamp,
    /// The place of its last event in the session.
    pub place: u64,
    /// Number of events taken in since it was read.
    pub grown: u64,
}

impl Detail {
    /// Returns the detail that a stretch holds.
    fn of(playback: Playback) -> Self {
        let begins = playback.begins();
        let (until, place) = (playback.now(), playback.place());
        Self {
            // It may lack events at its start.
            from: begins.map_or(Timestamp::ZERO, after),
            until,
            place,
            grown: 0,
            timeline: playback.into_timeline(),
        }
    }

    /// Returns `true` if it holds all that a window shows.
    fn covers(&self, playback: &Playback, window: &Window) -> bool {
        let (end, place) = (window.time_at(window.width), playback.place());
        let knows_end = self.until >= end || self.place >= place;
        // Later events at the very moment shown must stay hidden.
        let knows_more = self.place > place && end > window.now && playback.is_within_moment();
        self.from <= window.start && knows_end && !knows_more
    }

    /// Takes in the events shown since.
    fn keep_up(&mut self, playback: &Playback) {
        let Some(events) = playback.shown_since(self.place) else {
            return;
        };
        if self.grown + events.len() as u64 <= MOST_GROWN {
            self.grown += events.len() as u64;
            self.timeline.extend(events);
            self.place = playback.place();
            self.until = self.until.max(playback.now());
        }
    }
}

/// What is known of the part of a large session that is looked at.
#[derive(Debug, Default)]
pub struct Scene {
    /// Cuts of lanes just before some moments, in order.
    cuts: HashMap<LaneId, Vec<Sample>>,
    /// Samples of lanes that the session's index holds.
    known: HashMap<LaneId, Vec<Sample>>,
    detail: Option<Box<Detail>>,
    rows: Rows,
    /// The shares of columns, one per row.
    shares: HashMap<Column, Vec<Share>>,
}

/// From what lanes are drawn.
#[derive(Clone, Copy, Debug)]
pub enum Drawn<'a> {
    /// From all that happened in the stretch of time that is seen.
    Whole(&'a Timeline),
    /// From how they stood at some moments.
    Far(&'a Scene, &'a Playback),
}

impl Scene {
    /// Takes in what came to be known.
    pub(super) fn take(&mut self, seen: Seen) {
        match seen {
            Seen::Detail(detail) => self.replace_detail(detail),
            Seen::Known(samples) => self.known = samples,
            Seen::Cuts(cuts) => {
                for (lane, more) in cuts {
                    let cuts = self.cuts.entry(lane).or_default();
                    cuts.extend(more);
                    cuts.sort_by_key(|cut| cut.at);
                    cuts.dedup_by_key(|cut| cut.at);
                }
            }
            Seen::Shares(rows, shares) => {
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
            let seen: HashSet<Column> = columns(window).collect();
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

    /// From what the lanes are drawn.
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

    /// Returns those of some moments, in order, at which the cut of a lane is missing. Cuts that only the stretch holds
    /// count as missing, since the stretch moves on.
    pub(super) fn missing(
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
    fn cuts(&self, playback: &Playback, lane: &Lane, moments: &[Timestamp]) -> Vec<Option<Cut>> {
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

    fn cells(&self, playback: &Playback, lane: &Lane, window: &Window) -> Vec<Cell> {
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

    /// Returns the columns of a window whose shares are missing. Shares that only the stretch holds count as missing,
    /// except those of the present.
    pub(super) fn missing_columns(
        &self,
        playback: &Playback,
        rows: &Rows,
        window: &Window,
    ) -> Vec<Column> {
        let (begins, _) = playback.spans();
        let is_missing = |column: &Column| {
            let is_read = self.rows == *rows && self.shares.contains_key(column);
            let is_present = column.1 > window.now && is_told(playback, column.0);
            !is_read && !is_present && column.0 >= begins && column.0 <= window.now
        };
        columns(window).filter(is_missing).collect()
    }

    /// Returns the known shares of each row.
    fn shares(&self, playback: &Playback, rows: &Rows, window: &Window) -> Vec<Vec<Share>> {
        let edges = overview::edges(window);
        let recent = edges.partition_point(|edge| !is_told(playback, *edge));
        let (begins, _) = playback.spans();
        let is_of_rows = self.rows == *rows;
        let row = |(index, lanes): (usize, &[LaneId])| {
            let lanes: Vec<&Lane> = lanes
                .iter()
                .filter_map(|lane| playback.timeline().lane(*lane))
                .collect();
            let not_read = |column: Column| {
                let exists = |lane: &&&Lane| {
                    lane.start < column.1 && lane.end.is_none_or(|end| end >= column.0)
                };
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
                self.shares
                    .get(&column)
                    .filter(|_| is_of_rows)?
                    .get(index)
                    .copied()
            };
            let shares =
                columns(window).map(|column| read(column).unwrap_or_else(|| not_read(column)));
            let mut shares: Vec<Share> = shares.collect();
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
}

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
    pub(super) fn shares(&self, rows: &Rows, window: &Window) -> Vec<Vec<Share>> {
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

    /// What is known in detail.
    pub fn timeline(&self) -> &'a Timeline {
        match self {
            Self::Whole(timeline) => timeline,
            Self::Far(_, playback) => playback.timeline(),
        }
    }
}

/// Returns the moments at which a coroutine's host must be cut: when the coroutine started, and right after it ended.
pub(super) fn runs(lane: &Lane) -> [Timestamp; 2] {
    let started = lane.started.unwrap_or(lane.start);
    [started, after(lane.end.unwrap_or(started))]
}

/// The columns of a window, cut off at the present.
fn columns(window: &Window) -> impl Iterator<Item = Column> {
    let edge = |column| window.time_at(column).min(after(window.now));
    (0..window.width).map(move |column| (window.time_at(column), edge(column + 1)))
}

/// Returns `true` if the stretch holds all events from a moment on.
fn is_told(playback: &Playback, at: Timestamp) -> bool {
    playback.begins().is_none_or(|begins| at > begins)
}

fn after(at: Timestamp) -> Timestamp {
    Timestamp(at.0.saturating_add(1))
}

/// Returns the first moment at which a lane can be cut by its changes.
fn told_from(lane: &Lane) -> Timestamp {
    match lane.changes.first() {
        Some(first) if lane.forgotten > 0 => after(first.at),
        _ => Timestamp::ZERO,
    }
}
