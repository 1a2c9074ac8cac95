//! Reads a large session where it is looked at, on a thread of its own.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, TryRecvError};

use tokio::sync::mpsc::UnboundedSender;

use super::app::{Arrival, Detail, Journey, Msg, Playback, Seen, Sight, Whole};
use crate::event::{LaneId, Timestamp};
use crate::session::{Archive, plain};
use crate::timeline::overview::Sample;

/// As many events before a place are read with it, and as many behind it.
const BEFORE: u64 = 1 << 14;
const AFTER: u64 = 1 << 15;
/// What has no more events is shown in all detail.
const DETAIL: u64 = 400_000;
/// As many moments are read at a time, before it is seen whether others are asked for by then.
const AT_A_TIME: usize = 4;

/// What is asked of the reader.
#[derive(Debug)]
pub(super) enum Request {
    /// A way through the session, from a place.
    Travel(u64, Journey),
    /// More of what is looked at.
    Look(Sight),
    /// What was added to the file.
    Follow,
}

/// A session that is read.
pub(super) struct Reader {
    archive: Archive,
    path: PathBuf,
    requests: Receiver<Request>,
    messages: UnboundedSender<Msg>,
    /// What is still to be seen.
    sight: Option<Sight>,
}

impl Reader {
    pub(super) fn new(
        archive: Archive,
        path: PathBuf,
        requests: Receiver<Request>,
        messages: UnboundedSender<Msg>,
    ) -> Self {
        Self {
            archive,
            path,
            requests,
            messages,
            sight: None,
        }
    }

    /// Reads what is asked for until nobody asks any more.
    pub(super) fn run(mut self) {
        while let Ok(request) = self.requests.recv() {
            self.handle(request);
            while let Some(sight) = self.sight.take() {
                match self.look(&sight) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                        // What is more urgent comes first; then this again, unless something else is looked at.
                        self.is_disturbed();
                        self.sight.get_or_insert(sight);
                    }
                    Err(error) => self.fail(&error),
                    Ok(()) => {}
                }
            }
        }
    }

    fn handle(&mut self, request: Request) {
        let done = match request {
            Request::Look(sight) => {
                self.sight = Some(sight);
                Ok(())
            }
            Request::Travel(from, journey) => {
                self.archive.urgent.store(false, Ordering::Relaxed);
                travel(&mut self.archive, from, journey).map(|(playback, arrival)| {
                    self.send(Msg::Arrived(Box::new(playback), arrival));
                })
            }
            Request::Follow => self.follow(),
        };
        if let Err(error) = done {
            self.fail(&error);
        }
    }

    fn send(&self, msg: Msg) {
        // Nobody listens any more once the program is about to end.
        let _ = self.messages.send(msg);
    }

    fn fail(&self, error: &io::Error) {
        self.send(Msg::Failed(format!("Not read: {}", plain(error))));
    }

    /// Does what else was asked for meanwhile; true where that makes what is being done useless.
    fn is_disturbed(&mut self) -> bool {
        loop {
            match self.requests.try_recv() {
                Ok(request) => self.handle(request),
                Err(TryRecvError::Empty) => return self.sight.is_some(),
                Err(TryRecvError::Disconnected) => return true,
            }
        }
    }

    fn follow(&mut self) -> io::Result<()> {
        let mut has_grown = self.archive.advance()?;
        // What was recorded on goes on in the next file of the same name.
        if self.archive.log.has_end
            && self.archive.log.was_replaced(&self.path)
            && let Ok(next) = Archive::open(&self.path, |_| {})
        {
            let urgent = std::mem::take(&mut self.archive.urgent);
            self.archive = next;
            self.archive.urgent = urgent;
            has_grown = true;
        }
        if has_grown {
            let place = self.archive.events();
            let playback = playback(&mut self.archive, place)?;
            self.send(Msg::Grown(Box::new(playback)));
        }
        Ok(())
    }

    fn look(&mut self, sight: &Sight) -> io::Result<()> {
        if let Some((window, per)) = sight.dense {
            let shares = self.archive.index.shares(&sight.lanes, &window, per);
            self.send(Msg::Seen(Seen::Dense(per, shares)));
            return Ok(());
        }
        let (Some(&first), Some(&last)) = (sight.edges.first(), sight.edges.last()) else {
            return Ok(());
        };
        let events = self.archive.between(first, last);
        if events <= DETAIL {
            // What is beside it is likely to be looked at next.
            let margin = if events < DETAIL / 4 { last - first } else { 0 };
            let from = Timestamp(first.0.saturating_sub(margin));
            let timeline = self.archive.detail(from, last)?;
            self.send(Msg::Seen(Seen::Detail(Detail {
                timeline,
                from,
                until: last,
            })));
            return Ok(());
        }
        self.send(Msg::Seen(Seen::Samples(self.known(sight, first, last))));
        // What lies before the part of a session that is here is not known.
        let begins = self.archive.begins();
        let here = sight.edges.partition_point(|edge| *edge < begins);
        for moments in sight.edges[here..].chunks(AT_A_TIME) {
            if self.is_disturbed() {
                return Ok(());
            }
            let cuts = self.archive.cuts(&sight.lanes, moments)?;
            let samples = sight.lanes.iter().zip(cuts).map(|(lane, cuts)| {
                let cuts = moments.iter().zip(cuts);
                let samples = cuts.map(|(&at, cut)| Sample { at, cut });
                (*lane, samples.collect())
            });
            let samples = samples.collect();
            self.send(Msg::Seen(Seen::Samples(samples)));
        }
        Ok(())
    }

    /// What the index knows of some lanes, about once in each column.
    fn known(
        &self,
        sight: &Sight,
        first: Timestamp,
        last: Timestamp,
    ) -> Vec<(LaneId, Vec<Sample>)> {
        let index = &self.archive.index;
        let of = |lane: &LaneId| (*lane, index.samples(*lane, first, last, sight.edges.len()));
        sight.lanes.iter().map(of).collect()
    }
}

/// A stretch of a session, and the event at this place shown.
pub(super) fn playback(archive: &mut Archive, place: u64) -> io::Result<Playback> {
    let stretch = archive.stretch(place, BEFORE, AFTER)?;
    let whole = Whole {
        first: archive.first(),
        events: archive.events(),
        end: archive.end_time()?,
        begins: archive.begins(),
        places: archive.places(),
    };
    Ok(Playback::within(stretch, whole, place))
}

/// Goes a way through a session, however far it leads.
fn travel(archive: &mut Archive, from: u64, journey: Journey) -> io::Result<(Playback, Arrival)> {
    let events = archive.events();
    let (mut place, back) = match journey {
        Journey::At(at) => (archive.place_of(at)?, false),
        Journey::First => (0, true),
        Journey::Last => (events, false),
        Journey::StepBack | Journey::PreviousWake | Journey::PreviousOf(..) => (from, true),
        _ => (from, false),
    };
    loop {
        let mut here = playback(archive, place)?;
        let arrival = here.go(journey);
        if arrival != Arrival::Beyond {
            return Ok((here, arrival));
        }
        let (first, last) = here.reaches();
        place = if back { first } else { last };
    }
}
