//! Reads a large session where it is looked at, on a thread of its own.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, TryRecvError};

use tokio::sync::mpsc::UnboundedSender;

use super::app::{Arrival, Detail, Journey, Msg, Playback, Seen, Sight, Whole};
use super::opening;
use crate::event::{LaneId, Timestamp};
use crate::session::{Archive, plain};
use crate::timeline::overview::Sample;

/// As many events before a place are read with it, and as many behind it.
const BEFORE: u64 = if cfg!(test) { 8 } else { 1 << 13 };
const AFTER: u64 = if cfg!(test) { 16 } else { 1 << 14 };
/// What has no more events is shown in all detail.
const DETAIL: u64 = 400_000;
/// As many details are held beside the one that is drawn.
const HELD: usize = 2;
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
    /// The last details that were sent.
    held: VecDeque<Arc<Detail>>,
    /// The source files that were looked for since the file grows.
    files: BTreeSet<String>,
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
            held: VecDeque::new(),
            files: BTreeSet::new(),
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
        match request {
            Request::Look(sight) => self.sight = Some(sight),
            Request::Travel(from, journey) => {
                self.archive.urgent.store(false, Ordering::Relaxed);
                let led = match travel(&mut self.archive, from, journey) {
                    Ok((playback, arrival)) => Msg::Arrived(Box::new(playback), arrival),
                    Err(error) => Msg::Stayed(not_read(&error)),
                };
                self.send(led);
            }
            Request::Follow => {
                if let Err(error) = self.follow() {
                    self.fail(&error);
                }
            }
        }
    }

    fn send(&self, msg: Msg) {
        // Nobody listens any more once the program is about to end.
        let _ = self.messages.send(msg);
    }

    fn seen(&self, seen: Seen) {
        self.send(Msg::Seen(Box::new(seen)));
    }

    fn fail(&self, error: &io::Error) {
        self.send(Msg::Failed(not_read(error)));
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
            self.show_sources(&playback);
            self.send(Msg::Grown(Box::new(playback)));
        }
        Ok(())
    }

    /// Shows source files that are spoken of for the first time.
    fn show_sources(&mut self, playback: &Playback) {
        if self.files.len() >= opening::MOST {
            return;
        }
        for file in opening::files(playback.events()) {
            if self.files.len() < opening::MOST && self.files.insert(file.to_owned()) {
                let source = opening::source(file);
                let sources = source.into_iter().collect();
                super::driver::colour(sources, &self.messages);
            }
        }
    }

    fn look(&mut self, sight: &Sight) -> io::Result<()> {
        if let Some((window, per)) = sight.dense {
            let shares = self.archive.index.shares(&sight.lanes, &window, per);
            self.seen(Seen::Dense(per, shares));
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
            let detail = Arc::new(Detail {
                timeline,
                from,
                until: last,
            });
            // Who holds it last frees it, which takes too long for whoever draws.
            if self.held.len() >= HELD {
                self.held.pop_front();
            }
            self.held.push_back(Arc::clone(&detail));
            self.seen(Seen::Detail(detail));
            return Ok(());
        }
        self.seen(Seen::Samples(self.known(sight, first, last)));
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
            self.seen(Seen::Samples(samples));
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

fn not_read(error: &io::Error) -> String {
    format!("Not read: {}", plain(error))
}

/// A stretch of a session, and the event at this place shown.
pub(super) fn playback(archive: &mut Archive, place: u64) -> io::Result<Playback> {
    stretch(archive, place, [BEFORE, AFTER], place)
}

/// A stretch of a session around a place, with so many events before and after it; another place in it shown.
fn stretch(
    archive: &mut Archive,
    around: u64,
    [before, after]: [u64; 2],
    shown: u64,
) -> io::Result<Playback> {
    let stretch = archive.stretch(around, before, after)?;
    let end = archive.end_found()?;
    let whole = Whole {
        first: archive.first(),
        events: archive.events(),
        counted: (archive.counted_before(), end.counted),
        end: end.at,
        begins: archive.begins(),
        places: archive.places(),
    };
    Ok(Playback::within(stretch, whole, shown))
}

/// Goes a way through a session, however far it leads.
fn travel(archive: &mut Archive, from: u64, journey: Journey) -> io::Result<(Playback, Arrival)> {
    /// A stretch has no more events on one side. No step is as long.
    const MOST: u64 = 1 << 20;
    let events = archive.events();
    let (from, back) = match journey {
        Journey::At(at) => (archive.place_of(at)?, false),
        Journey::First => (0, true),
        Journey::Last => (events, false),
        Journey::StepBack | Journey::PreviousWake | Journey::PreviousOf(..) => (from, true),
        _ => (from, false),
    };
    let (mut around, mut size) = (from, [BEFORE, AFTER]);
    loop {
        let mut here = stretch(archive, around, size, from)?;
        let arrival = here.go(journey);
        if arrival != Arrival::Beyond {
            return Ok((here, arrival));
        }
        let reach = &mut size[usize::from(!back)];
        if *reach < MOST {
            *reach *= 4;
        } else {
            let (first, last) = here.reaches();
            around = if back { first } else { last };
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
mod tests {
    use std::fs::File;

    use proptest::prelude::*;

    use super::*;
    use crate::event::{Event, arbitrary};
    use crate::session::{Meta, Writer};
    use crate::tui::app::About;

    fn archive(events: &[Event], block: usize) -> Archive {
        let file = tempfile::tempfile().unwrap();
        let back: File = file.try_clone().unwrap();
        let mut writer = Writer::new(file, &Meta::default()).unwrap();
        for events in events.chunks(block) {
            writer.write(events).unwrap();
            writer.flush().unwrap();
        }
        writer.finish().unwrap();
        Archive::of_file(back).unwrap()
    }

    fn journey() -> impl Strategy<Value = Journey> {
        let lane = || (0..6_u64).prop_map(LaneId);
        let about = prop_oneof![Just(About::Event), Just(About::Poll), Just(About::Wake)];
        prop_oneof![
            (0..160_u64).prop_map(|at| Journey::At(Timestamp(at))),
            Just(Journey::First),
            Just(Journey::Last),
            Just(Journey::Step),
            Just(Journey::StepBack),
            Just(Journey::NextWake),
            Just(Journey::PreviousWake),
            lane().prop_map(Journey::UntilPolled),
            (lane(), about.clone()).prop_map(|(lane, about)| Journey::NextOf(lane, about)),
            (lane(), about).prop_map(|(lane, about)| Journey::PreviousOf(lane, about)),
        ]
    }

    proptest! {
        /// Whatever way one goes through a session of which only stretches are here, one comes to where one does in a
        /// session that is here as a whole, and everything stands there as it does there.
        #[test]
        fn stretches_lead_to_the_same_places(
            events in arbitrary::events(150), block in 1..30_usize, journeys in prop::collection::vec(journey(), 1..12),
        ) {
            prop_assume!(!events.is_empty());
            let mut archive = archive(&events, block);
            let mut whole = Playback::of(events.clone());
            let mut here = playback(&mut archive, events.len() as u64).unwrap();
            here.go(Journey::Last);
            for journey in journeys {
                let expected = whole.go(journey);
                let mut arrival = here.go(journey);
                if arrival == Arrival::Beyond {
                    let (there, how) = travel(&mut archive, here.place(), journey).unwrap();
                    arrival = how;
                    if !journey.leads_nowhere(arrival) {
                        here = there;
                    }
                }
                prop_assert_eq!(arrival, expected, "{:?}", journey);
                prop_assert_eq!(here.place(), whole.cursor() as u64, "{:?}", journey);
                prop_assert_eq!(here.now(), whole.now(), "{:?}", journey);
                let (mut one, mut other) = (here.timeline().clone(), whole.timeline().clone());
                one.forget();
                other.forget();
                prop_assert_eq!(one, other, "{:?}", journey);
            }
        }
    }
}
