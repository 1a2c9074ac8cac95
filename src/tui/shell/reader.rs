//! Reads a large session where it is looked at, on a thread of its own.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvError, RecvTimeoutError};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::conversion::Conversion;
use super::opening;
use super::sources::{self, Files};
use super::stretch::{self, AFTER, BEFORE};
use crate::event::{Event, LaneId, Timestamp};
use crate::recording::{Archive, Batch, plain};
use crate::timeline::overview::Sample;
use crate::tui::app::{Answer, Detail, Journey, MOST_KEPT, Msg, Query, Rows, Sight};

/// Maximum number of events read at the end of a session that grows: the rest of what is kept is for those to come.
const RECENT: u64 = MOST_KEPT as u64 / 4;
/// Maximum number of events that are read in all detail.
const DETAIL: u64 = if cfg!(test) { 100 } else { 400_000 };
/// Number of moments read at a time, before new requests are looked at.
const AT_A_TIME: usize = 4;

/// A journal that is read is looked at so often.
const PULSE: Duration = Duration::from_millis(50);

/// A request to the reader.
#[derive(Debug)]
pub(crate) enum Request {
    /// A way through the session, from a place.
    Travel(u64, Journey),
    /// More of what is looked at.
    Look(Sight),
    /// All that was added to the file.
    Follow,
    /// The end of the session, with the events since a place if they are not too many.
    Present(u64),
}

/// A session that is read.
pub(crate) struct SessionReader {
    archive: Archive,
    path: PathBuf,
    /// The journal of which the file is made, while it is read.
    pub(crate) conversion: Option<Conversion>,
    requests: Receiver<Request>,
    messages: UnboundedSender<Msg>,
    /// Pending journeys.
    journeys: VecDeque<(u64, Journey)>,
    /// `true` if the session may grow.
    grows: bool,
    /// `true` if the file may have grown.
    follows: bool,
    /// The place since which the end of the session is to be read.
    present: Option<u64>,
    /// The place up to which growth was reported; none if the file holds another session than the one that is shown.
    told: Option<u64>,
    /// The part of the sight that must still be read.
    sight: Option<Sight>,
    /// `true` if nothing was read for it yet.
    is_new: bool,
    /// The source files that were looked for since the file grows.
    files: Files,
}

impl SessionReader {
    pub(crate) fn new(
        archive: Archive,
        path: PathBuf,
        grows: bool,
        requests: Receiver<Request>,
        messages: UnboundedSender<Msg>,
    ) -> Self {
        Self {
            told: Some(archive.events()),
            archive,
            path,
            conversion: None,
            requests,
            messages,
            journeys: VecDeque::new(),
            grows,
            follows: false,
            present: None,
            sight: None,
            is_new: false,
            files: Files::default(),
        }
    }

    /// Reads what is asked for until nobody asks any more.
    pub(crate) fn run(mut self) {
        loop {
            if !self.turn() {
                match self.next_request() {
                    Ok(request) => self.take(request),
                    Err(_) => return,
                }
            }
        }
    }

    /// Waits for a request. While a journal is read, its growth is one.
    fn next_request(&self) -> Result<Request, RecvError> {
        if self.conversion.is_none() {
            return self.requests.recv();
        }
        match self.requests.recv_timeout(PULSE) {
            Ok(request) => Ok(request),
            Err(RecvTimeoutError::Timeout) => Ok(Request::Follow),
            Err(RecvTimeoutError::Disconnected) => Err(RecvError),
        }
    }

    /// Takes in all requests, and does the most urgent piece of work. Returns `false` if nothing is left to do before
    /// another request arrives.
    pub(crate) fn turn(&mut self) -> bool {
        while let Ok(request) = self.requests.try_recv() {
            self.take(request);
        }
        let done = if let Some((from, journey)) = self.journeys.pop_front() {
            self.travel(from, journey);
            Ok(())
        } else if let Some(since) = self.present {
            self.read_present(since)
        } else if self.follows {
            self.follow()
        } else if let Some(sight) = self.sight.clone() {
            self.look(sight)
        } else {
            return false;
        };
        match done {
            Ok(()) => true,
            // An urgent request is about to arrive; this work is done after it.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => false,
            Err(error) => {
                (self.follows, self.present, self.sight) = (false, None, None);
                self.send(Msg::Failed(not_read(&error)));
                true
            }
        }
    }

    /// Takes in a request. Only the last sight counts.
    fn take(&mut self, request: Request) {
        match request {
            Request::Look(sight) => (self.sight, self.is_new) = (Some(sight), true),
            Request::Follow => self.follows = true,
            Request::Present(since) => self.present = Some(since),
            Request::Travel(from, journey) => {
                self.archive.urgent.store(false, Ordering::Relaxed);
                self.journeys.push_back((from, journey));
            }
        }
    }

    fn send(&self, msg: Msg) {
        // Nobody listens any more once the program is about to end.
        let _ = self.messages.send(msg);
    }

    fn seen(&self, seen: Answer) {
        self.send(Msg::Answered(Box::new(seen)));
    }

    fn travel(&mut self, from: u64, journey: Journey) {
        let led = self.catch_up();
        let led = led.and_then(|()| stretch::travel(&mut self.archive, from, journey));
        let led = match led {
            Ok((playback, arrival)) => Msg::Arrived(Box::new(playback), arrival),
            Err(error) => Msg::Stayed(not_read(&error)),
        };
        self.send(led);
    }

    /// Takes in what was added to the file, since the screen may know of it already.
    fn catch_up(&mut self) -> io::Result<()> {
        if self.grows {
            self.archive.advance()?;
        }
        Ok(())
    }

    /// Shows what was added to the file: the events, unless there are too many.
    fn follow(&mut self) -> io::Result<()> {
        self.advance()?;
        let told = self.told.filter(|told| *told != self.archive.events());
        if let Some(told) = told.filter(|_| self.present.is_none()) {
            match self.archive.added(told, RECENT)? {
                Some(batch) => self.show_added(batch),
                None => self.present = Some(told),
            }
        }
        if let Some(since) = self.present {
            self.read_present(since)?;
        }
        self.follows = false;
        self.complete();
        Ok(())
    }

    fn show_added(&mut self, batch: Batch) {
        self.told = Some(batch.end());
        self.show_sources(&batch.events);
        self.send(Msg::Appended(batch));
    }

    /// Shows the end of the session. It continues what was known up to a place, if that is not too long ago.
    fn read_present(&mut self, since: u64) -> io::Result<()> {
        self.advance()?;
        let place = self.archive.events();
        let before = place.saturating_sub(since).clamp(BEFORE, RECENT);
        let playback = stretch::stretch(&mut self.archive, place, [before, AFTER], place)?;
        self.present = None;
        self.show_sources(playback.events());
        let playback = Box::new(playback);
        let read = match self.told.replace(place) {
            Some(_) => Msg::Grown(playback),
            None => Msg::Replaced(playback),
        };
        self.send(read);
        Ok(())
    }

    /// Takes note that a journal was read to its end.
    fn complete(&mut self) {
        let has_end = self.archive.log.has_end;
        let is_complete = |conversion: &mut Conversion| has_end && conversion.completes();
        let Some(conversion) = self.conversion.take_if(is_complete) else {
            return;
        };
        let damage = opening::damage_text(&self.archive.log.all_damage());
        if let Some(mut kept) = conversion.complete() {
            kept.urgent = std::mem::take(&mut self.archive.urgent);
            self.archive = kept;
        }
        self.send(Msg::Complete(damage));
    }

    /// Takes in what was added to the file, or to the next file of its name.
    fn advance(&mut self) -> io::Result<()> {
        self.archive.advance()?;
        // What was recorded on goes on in the next file of the same name.
        if self.archive.log.has_end
            && self.archive.log.was_replaced(&self.path)
            && let Ok(next) = Archive::open(&self.path, |_| {})
        {
            let urgent = std::mem::take(&mut self.archive.urgent);
            self.archive = next;
            self.archive.urgent = urgent;
            self.present = Some(self.told.unwrap_or_default());
            // A file that holds its session's first event is another run's.
            self.told = self.told.filter(|_| self.archive.first() > 0);
        }
        Ok(())
    }

    /// Shows source files that are spoken of for the first time.
    fn show_sources(&mut self, events: &[Event]) {
        let files = self.files.new_in(events);
        sources::show_files(files, &self.messages);
    }

    /// Reads the next piece of a sight: all events or, if those are too many, the answers for some moments or columns.
    fn look(&mut self, mut sight: Sight) -> io::Result<()> {
        self.catch_up()?;
        if self.archive.between(sight.from, sight.until) <= DETAIL {
            let detail = self.detail(&sight)?;
            self.sight = None;
            self.seen(Answer::Detail(Box::new(detail)));
            return Ok(());
        }
        if sight.of.is_empty() {
            self.sight = None;
            return Ok(());
        }
        let Sight { lanes, of, .. } = &mut sight;
        let seen = match of {
            Query::Cuts(_) if std::mem::take(&mut self.is_new) => {
                let known = self.known(&sight);
                self.seen(Answer::Known(known));
                return Ok(());
            }
            Query::Cuts(moments) => {
                let (now, later) = moments.split_at(moments.len().min(AT_A_TIME));
                let cuts = lanes.iter().zip(self.archive.cuts(lanes, now)?);
                let cuts = cuts.map(|(lane, cuts)| (*lane, stretch::samples(now, cuts)));
                let seen = Answer::Cuts(cuts.collect());
                *moments = later.to_vec();
                seen
            }
            Query::Shares(per, columns) => {
                let (now, later) = columns.split_at(columns.len().min(AT_A_TIME));
                let rows = Rows {
                    per: *per,
                    lanes: lanes.clone(),
                };
                let shares = stretch::shares(&mut self.archive, &rows, now)?;
                *columns = later.to_vec();
                Answer::Shares(rows, shares)
            }
        };
        self.sight = Some(sight).filter(|sight| !sight.of.is_empty());
        self.seen(seen);
        Ok(())
    }

    /// Samples from the index of the lanes in a sight.
    fn known(&self, sight: &Sight) -> HashMap<LaneId, Vec<Sample>> {
        /// Maximum number of samples per lane.
        const MOST: usize = 512;
        let index = &self.archive.index;
        let of = |lane: &LaneId| (*lane, index.samples(*lane, sight.from, sight.until, MOST));
        sight.lanes.iter().map(of).collect()
    }

    /// All events of a sight, and of the time beside it, which is likely to be viewed next.
    fn detail(&mut self, sight: &Sight) -> io::Result<Detail> {
        let beside = sight.until - sight.from;
        let wide = [
            Timestamp(sight.from.0.saturating_sub(beside)),
            Timestamp(sight.until.0.saturating_add(beside)),
        ];
        let [from, mut until] = if self.archive.between(wide[0], wide[1]) <= DETAIL / 2 {
            wide
        } else {
            [sight.from, sight.until]
        };
        let end = self.archive.end_time()?;
        // A detail that reaches the end can take in later events.
        if sight.most.is_some() {
            until = sight.until;
        } else if until >= end || self.archive.between(until, end) <= DETAIL / 4 {
            until = end;
        }
        let standing = self
            .archive
            .detail(from, until, sight.most.unwrap_or(u64::MAX))?;
        Ok(Detail {
            timeline: standing.timeline,
            from,
            until,
            place: standing.place,
            grown: 0,
        })
    }
}

fn not_read(error: &io::Error) -> String {
    format!("Not read: {}", plain(error))
}
