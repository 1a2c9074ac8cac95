//! What is known of the part of a large session that is looked at.
//!
//! Nothing here is a guess: a cell is what happened, or [`Cell::NotLoaded`] until that was read.

use std::collections::{HashMap, HashSet};
use std::thread;

use super::Playback;
use crate::event::{LaneId, Timestamp};
use crate::timeline::cells::{self, Cell, Window};
use crate::timeline::density::{self, Share};
use crate::timeline::overview::{self, Cut, Sample};
use crate::timeline::{Lane, State, Timeline};

/// As many cuts are kept of what is not looked at any more.
const MOST_CUTS: usize = if cfg!(test) { 256 } else { 1 << 17 };
/// As many columns of rows of many lanes are kept that are not looked at any more.
const MOST_COLUMNS: usize = if cfg!(test) { 64 } else { 1 << 12 };
/// A detail takes in no more events than this after it was read.
const MOST_GROWN: u64 = if cfg!(test) { 200 } else { 1 << 18 };

/// A column, from its left edge to its right one.
pub type Column = (Timestamp, Timestamp);

/// A part of a session that is looked at, of which more has to be known than is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// The first moment that is seen.
    pub from: Timestamp,
    /// The last one.
    pub until: Timestamp,
    /// The lanes, in the order of their rows where a row is many of them.
    pub lanes: Vec<LaneId>,
    /// What is asked of them, unless all that happened is read.
    pub of: Asked,
}

/// What is asked of lanes from far off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// How each stood just before these moments.
    Cuts(Vec<Timestamp>),
    /// What they did in these columns, where a row is so many of them.
    Shares(usize, Vec<Column>),
}

impl Asked {
    /// Whether nothing is asked.
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
    /// How lanes stood at some moments of their own.
    Known(HashMap<LaneId, Vec<Sample>>),
    /// How lanes stood just before moments that were asked for.
    Cuts(Vec<(LaneId, Vec<Sample>)>),
    /// What the lanes of each row did in a column, where a row is so many of these.
    Shares(Rows, Vec<(Column, Vec<Share>)>),
}

/// The lanes of rows, so many in each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// How many lanes a row is.
    pub per: usize,
    /// All of them, in their order.
    pub lanes: Vec<LaneId>,
}

/// All that happened in a stretch of time.
#[derive(Debug)]
pub struct Detail {
    /// What happened.
    pub timeline: Timeline,
    /// From when.
    pub from: Timestamp,
    /// Until when. More events may have come since that happened at this very moment.
    pub until: Timestamp,
    /// How many events of the session it knows, those before it included.
    pub place: u64,
    /// How many of these it took in since it was read.
    pub grown: u64,
}

impl Detail {
    /// What a stretch that was shown knows.
    fn of(playback: Playback) -> Self {
        let begins = playback.begins();
        let (until, place) = (playback.now(), playback.place());
        Self {
            // What happened at its beginning is not known to be all here.
            from: begins.map_or(Timestamp::ZERO, after),
            until,
            place,
            grown: 0,
            timeline: playback.into_timeline(),
        }
    }

    /// Whether it knows all that is seen of a window.
    fn covers(&self, playback: &Playback, window: &Window) -> bool {
        let (end, place) = (window.time_at(window.width), playback.place());
        let knows_end = self.until >= end || self.place >= place;
        // What happened later at the very moment that is shown is not to be seen.
        let knows_more = self.place > place && end > window.now && playback.is_within_moment();
        self.from <= window.start && knows_end && !knows_more
    }

    /// Takes in what is shown since it was read.
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
    /// How lanes stood just before some moments, in order.
    cuts: HashMap<LaneId, Vec<Sample>>,
    /// How they stood at moments that the session's index knows of.
    known: HashMap<LaneId, Vec<Sample>>,
    detail: Option<Box<Detail>>,
    rows: Rows,
    /// What the lanes of each row did.
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
            // Freeing it takes longer than a frame may.
            thread::spawn(move || drop(before));
        }
    }

    /// Takes in what is shown by now, as far as it goes on from what is known.
    pub(super) fn keep_up(&mut self, playback: &Playback) {
        if let Some(detail) = &mut self.detail {
            detail.keep_up(playback);
        }
    }

    /// Takes over what a stretch knew, where a window that begins at this time was drawn from it and cannot be drawn from
    /// the one that replaces it.
    pub(super) fn inherit(&mut self, before: Playback, after: &Playback, start: Timestamp) {
        let reaches = |playback: &Playback| playback.begins().is_none_or(|begins| start > begins);
        if before.is_stretch() && reaches(&before) && !reaches(after) {
            self.replace_detail(Box::new(Detail::of(before)));
        } else {
            before.leave();
        }
    }

    /// Forgets the columns that are not of this window, where there are many by now.
    pub(super) fn forget_columns_but(&mut self, window: &Window) {
        if self.shares.len() > MOST_COLUMNS {
            let seen: HashSet<Column> = columns(window).collect();
            self.shares.retain(|column, _| seen.contains(column));
        }
    }

    /// Forgets how others than these lanes stood, and at other moments, where much is known by now.
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

    /// Whether the detail will soon take in no more, and a shorter one is to be read.
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

    /// The moments among these, in order, just before which it is not known how some lanes stood. What the stretch alone
    /// knows counts for nothing: it moves on.
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

    /// How a lane stood just before some moments, as far as that was kept or follows.
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

    /// Adds what the detail tells of how a lane stood just before some moments, in order.
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

    /// How a lane stood just before some moments, in order, as far as that is known.
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

    /// The same, of a coroutine by the lane that runs it.
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
        // What lies before the part of a session that is here cannot be loaded.
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

    /// The columns of a window of which it was not read what the lanes of these rows did. What the stretch alone knows
    /// counts for nothing, except in the present.
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

    /// What the lanes of each row did, as far as that is known.
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

    /// What the lanes of each row did.
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

/// The moments just before which it has to be known how the host of a coroutine stood: when that began to run, and
/// after it ended.
pub(super) fn runs(lane: &Lane) -> [Timestamp; 2] {
    let started = lane.started.unwrap_or(lane.start);
    [started, after(lane.end.unwrap_or(started))]
}

/// The columns of a window, none of which reaches further than the present.
fn columns(window: &Window) -> impl Iterator<Item = Column> {
    let edge = |column| window.time_at(column).min(after(window.now));
    (0..window.width).map(move |column| (window.time_at(column), edge(column + 1)))
}

/// Whether the stretch that is here tells of all that happened from a moment on.
fn is_told(playback: &Playback, at: Timestamp) -> bool {
    playback.begins().is_none_or(|begins| at > begins)
}

fn after(at: Timestamp) -> Timestamp {
    Timestamp(at.0.saturating_add(1))
}

/// The first moment just before which a lane's changes tell how it stood.
fn told_from(lane: &Lane) -> Timestamp {
    match lane.changes.first() {
        Some(first) if lane.forgotten > 0 => after(first.at),
        _ => Timestamp::ZERO,
    }
}
