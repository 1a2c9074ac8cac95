//! A session of any size: read where it is looked at.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;

use super::codec::{Item, Texts};
use super::error::Error;
use super::feed::Batch;
use super::index::{Bytes, Index, Place};
use super::indexer::Indexer;
use super::log::{Log, Tail};
#[cfg(any(test, fuzzing))]
use super::piece::Input;
use super::piece::Piece;
use super::progress::Progress;
use super::state::{Ahead, Standing};
use super::{format, made};
use crate::event::{Event, LaneId, Timestamp};
use crate::journal::unreadable::Unreadable;
use crate::timeline::Timeline;
use crate::timeline::overview::Cut;

/// A session of any size, of which only an index is in memory.
#[derive(Debug)]
pub(crate) struct Archive {
    pub(crate) log: Log,
    pub(crate) index: Index,
    /// How the session stands after all that was read, from which the index goes on.
    indexer: Indexer,
    texts: Texts,
    /// Set by others where something is more urgent: what goes through many events then gives up.
    pub(crate) urgent: Arc<AtomicBool>,
    /// The last end that was computed, and the number of events before it.
    ends: Option<(u64, End)>,
}

/// The end of a session.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct End {
    /// Time of its last event.
    pub(crate) at: Timestamp,
    /// Number of its events that are available, without heartbeats.
    pub(crate) counted: u64,
}

/// A stretch of a session: how everything stood before it, and its events.
#[derive(Debug, Default)]
pub(crate) struct Stretch {
    pub(crate) base: Standing,
    pub(crate) events: Vec<Event>,
    /// The events, by their indices, that stand for more than one, since they tell of a loss; and for how many more.
    pub(crate) longer: Vec<(usize, u64)>,
}

impl Stretch {
    /// How many events of the session lie before the one with this index.
    pub(crate) fn place(&self, index: usize) -> u64 {
        let longer = self.longer.iter().take_while(|(of, _)| *of < index);
        let more = longer.fold(0, |sum: u64, (_, more)| sum.saturating_add(*more));
        let place = self.base.place.saturating_add(index as u64);
        place.saturating_add(more)
    }
}

/// As many parts of an index are read ahead of what is made of them.
const AHEAD: usize = 4;

impl Archive {
    /// Opens a file. What its index does not cover is read, which takes a while where that is much.
    ///
    /// # Errors
    ///
    /// As [`Session::open`](super::Session::open).
    pub(crate) fn open(path: &Path, mut progress: impl FnMut(Progress)) -> Result<Self, Error> {
        let (log, index) = made::open(path, &mut progress)?;
        Self::of(log, index, progress).map_err(|why| Error::unreadable(path, why))
    }

    /// Opens a file of more than so many events, or one that is a part of a longer session. None for any other: that is
    /// read as a whole in no time.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub(crate) fn open_large(
        path: &Path,
        small: u64,
        mut progress: impl FnMut(Progress),
    ) -> Result<Option<Self>, Error> {
        let (log, index) = made::open(path, &mut progress)?;
        if log.events() <= small && log.meta.before == 0 {
            return Ok(None);
        }
        let archive = Self::of(log, index, progress).map_err(|why| Error::unreadable(path, why))?;
        Ok(Some(archive))
    }

    /// The session in a file that is open.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn of_file(file: File) -> Result<Self, Unreadable> {
        Self::of(Log::of(Input::File(file), false)?, None, |_| {})
    }

    /// The session in a log, whose index is in memory if it was just made.
    fn of(
        log: Log,
        index: Option<Index>,
        progress: impl FnMut(Progress),
    ) -> Result<Self, Unreadable> {
        let mut archive = Self {
            log,
            index: index.unwrap_or_default(),
            indexer: Indexer::default(),
            texts: Texts::default(),
            urgent: Arc::default(),
            ends: None,
        };
        archive.read_index().map_err(Unreadable::Io)?;
        archive.catch_up(progress).map_err(Unreadable::Io)?;
        Ok(archive)
    }

    /// Reads the parts of the index that are not in memory, as far as they are whole, and continues from there.
    fn read_index(&mut self) -> io::Result<()> {
        self.indexer = Indexer::begin(self.unknown());
        let mut parts = std::mem::take(&mut self.log.index);
        parts.drain(..self.index.places().len().min(parts.len()));
        let (log, index) = (&self.log, &mut self.index);
        let (send, read) = mpsc::sync_channel(AHEAD);
        let damaged = thread::scope(|scope| {
            scope.spawn(move || {
                let read = parts.iter().map(|stored| (*stored, log.read(stored)));
                // Nobody takes them any more where one could not be read.
                read.map(|part| send.send(part)).all(|sent| sent.is_ok())
            });
            let mut damaged = Vec::new();
            for (stored, payload) in read {
                match payload? {
                    // One that does not fit was made when others were whole that are damaged now.
                    Some(payload) => drop(index.add(&payload, Bytes::File(stored))),
                    None => damaged.push(stored),
                }
            }
            io::Result::Ok(damaged)
        })?;
        for stored in damaged {
            self.log.damaged(&stored, 0);
        }
        self.resume_index()
    }

    /// Continues the index after its last part.
    fn resume_index(&mut self) -> io::Result<()> {
        if let Some(last) = self.index.places().len().checked_sub(1) {
            let standing = self.restore(last)?;
            let serial = last as u64 + 1;
            self.indexer = Indexer::resume(standing, serial, self.index.begun());
        }
        Ok(())
    }

    /// Takes over the parts of the index that were written since the last call, as far as they tell of events that were not
    /// read: these need not be read for the index.
    fn take_parts(&mut self) -> io::Result<()> {
        let mut has_more = false;
        for stored in std::mem::take(&mut self.log.index) {
            if stored.found.header.before <= self.indexer.place() {
                continue;
            }
            // One that is damaged, or does not fit, is made again.
            if let Some(payload) = self.log.read(&stored)? {
                has_more |= self.index.add(&payload, Bytes::File(stored)).is_ok();
            }
        }
        if has_more {
            self.resume_index()?;
        }
        Ok(())
    }

    /// Takes in what was written since the last call.
    pub(crate) fn advance(&mut self) -> io::Result<()> {
        self.log.advance()?;
        self.take_parts()?;
        self.catch_up(|_| {})
    }

    /// Opens a file that is complete: events missing from its last block are lost.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub(crate) fn open_ended(path: &Path, progress: impl FnMut(Progress)) -> Result<Self, Error> {
        let mut archive = Self::open(path, progress)?;
        archive.log.end_here();
        let caught_up = archive.catch_up(|_| {});
        caught_up.map_err(|why| Error::read(path, why))?;
        // It has every open lane, twice, and no more events arrive.
        archive.indexer = Indexer::default();
        Ok(archive)
    }

    fn catch_up(&mut self, mut progress: impl FnMut(Progress)) -> io::Result<()> {
        let first = self.piece_at(self.indexer.place());
        for index in first..self.log.pieces.len() {
            let loaded = self.log.load(index)?;
            let not_read = self.indexer.take(&loaded);
            self.log.not_read(&loaded, not_read);
            if self.indexer.is_due() {
                self.make_part();
            }
            progress(Progress {
                read: self.indexer.place(),
                of: self.log.events(),
            });
        }
        Ok(())
    }

    /// Makes the next part of the index, which stays in memory.
    fn make_part(&mut self) {
        let part = self.indexer.part();
        // What was just written is read without fault.
        let _ = self.index.add(&part, Bytes::Memory(format::squeeze(&part)));
    }

    /// How everything stands at the end.
    pub(crate) fn end(&mut self) -> io::Result<Standing> {
        Ok(self.stretch(u64::MAX, 0, 0)?.base)
    }

    /// How many events there are, those that are lost included.
    pub(crate) fn events(&self) -> u64 {
        self.log.events()
    }

    /// About how many events happened between two times.
    pub(crate) fn between(&self, from: Timestamp, until: Timestamp) -> u64 {
        let pieces = &self.log.pieces;
        let first = pieces.partition_point(|piece| piece.time < from);
        let last = pieces.partition_point(|piece| piece.time <= until);
        let within = pieces[first.saturating_sub(1)..last.max(first)].iter();
        within.fold(0, |sum, piece| sum.saturating_add(piece.count))
    }

    /// Returns the session's end.
    pub(crate) fn end_found(&mut self) -> io::Result<End> {
        let events = self.events();
        if let Some((place, end)) = self.ends
            && place == events
        {
            return Ok(end);
        }
        let last = self.index.places().last();
        let (at, counted) = if let Some(last) = last.filter(|last| last.before == events) {
            (last.at, last.counted)
        } else {
            let timeline = self.end()?.timeline;
            (timeline.end(), timeline.events())
        };
        let counted = counted.saturating_sub(self.counted_before());
        let end = End { at, counted };
        self.ends = Some((events, end));
        Ok(end)
    }

    /// Returns the time of the last event.
    pub(crate) fn end_time(&mut self) -> io::Result<Timestamp> {
        Ok(self.end_found()?.at)
    }

    /// The index of the piece in which a place lies, or of the one after it.
    fn piece_at(&self, place: u64) -> usize {
        let ends = |piece: &Piece| piece.place.saturating_add(piece.count) <= place;
        self.log.pieces.partition_point(ends)
    }

    /// How the session stands at a part of the index.
    fn restore(&self, part: usize) -> io::Result<Standing> {
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "the index is damaged");
        let place = &self.index.places()[part];
        let payload = match &place.part {
            Bytes::File(stored) => self.log.read(stored)?.ok_or_else(damaged)?,
            Bytes::Memory(packed) => format::expand(packed).map_err(|_| damaged())?,
        };
        self.index.restore(part, &payload).map_err(|_| damaged())
    }

    /// How the session stands at the last part of the index that is not later than `place`.
    pub(super) fn before(&self, place: u64) -> io::Result<Standing> {
        let parts = self.index.places();
        self.base(
            parts
                .partition_point(|part| part.before <= place)
                .checked_sub(1),
        )
    }

    /// How the session stands at a part of the index, or before its first event.
    fn base(&self, part: Option<usize>) -> io::Result<Standing> {
        let begins = |first: &Place| first.before <= self.first();
        match part {
            Some(part) => self.restore(part),
            None if self.index.places().first().is_some_and(begins) => self.restore(0),
            None => Ok(self.unknown()),
        }
    }

    /// How the session stands before its first event, if the index does not say that.
    fn unknown(&self) -> Standing {
        Standing {
            place: self.first(),
            ..Standing::default()
        }
    }

    /// How many events lie before some moments, in order.
    pub(crate) fn places(&self) -> Arc<[(Timestamp, u64)]> {
        let pieces = self.log.pieces.iter();
        pieces.map(|piece| (piece.time, piece.place)).collect()
    }

    /// When what is here begins.
    pub(crate) fn begins(&self) -> Timestamp {
        self.before_first().map_or(Timestamp::ZERO, |base| base.at)
    }

    /// Returns the number of events of a longer session before the available part, without heartbeats.
    pub(crate) fn counted_before(&self) -> u64 {
        self.before_first().map_or(0, |base| base.counted)
    }

    /// Returns the part of the index with the state of a longer session before the available part.
    fn before_first(&self) -> Option<&Place> {
        let base = self.index.places().first();
        base.filter(|base| base.before <= self.first() && self.first() > 0)
    }

    /// Before which place of the session its first event lies that is here.
    pub(crate) fn first(&self) -> u64 {
        self.log.meta.before
    }

    /// The events from a place on, one by one.
    pub(super) fn events_from(&mut self, place: u64) -> Events<'_> {
        Events {
            piece: self.piece_at(place),
            skip: place,
            here: VecDeque::new(),
            archive: self,
        }
    }

    /// Writes what the file's index lacks, and its end. True where something was lacking.
    ///
    /// # Errors
    ///
    /// Where the file cannot be written.
    pub(crate) fn repair(&mut self, path: &Path) -> io::Result<bool> {
        self.log.end_here();
        self.catch_up(|_| {})?;
        if self.indexer.has_more() {
            self.make_part();
        }
        let Tail {
            offset,
            mut number,
            before,
        } = self.log.tail();
        let is_complete = !self
            .index
            .places()
            .iter()
            .any(|place| matches!(place.part, Bytes::Memory(_)));
        if is_complete && self.log.has_end {
            return Ok(false);
        }
        let end = self.end_time()?;
        let mut file = File::options().write(true).open(path)?;
        if self.log.version() < format::VERSION {
            // What follows is of this version.
            file.write_all(&format::file_header())?;
        }
        file.seek(SeekFrom::Start(offset))?;
        for place in self.index.places() {
            if let Bytes::Memory(packed) = &place.part {
                let part = format::expand(packed).map_err(|_| io::ErrorKind::InvalidData)?;
                file.write_all(&format::index_block(number, before, place.at, &part))?;
                number = number.wrapping_add(1);
            }
        }
        file.write_all(&format::end_block(number, before, end))?;
        let length = file.stream_position()?;
        file.set_len(length)?;
        Ok(true)
    }

    /// Hands over the events from the first piece that begins at `from` or later, until `take` says that it is enough.
    fn each(&mut self, from: u64, mut take: impl FnMut(Item, u64) -> bool) -> io::Result<()> {
        let first = self.log.pieces.partition_point(|piece| piece.place < from);
        for index in first..self.log.pieces.len() {
            if self.urgent.load(Ordering::Relaxed) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let mut goes_on = true;
            let loaded = self.log.load(index)?;
            let not_read = loaded.each(&mut self.texts, |item, count| {
                goes_on = goes_on && take(item, count);
            });
            self.log.not_read(&loaded, not_read);
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    /// How many events happened until `at`.
    pub(crate) fn place_of(&mut self, at: Timestamp) -> io::Result<u64> {
        let later = self.log.pieces.partition_point(|piece| piece.time <= at);
        let Some(index) = later.checked_sub(1) else {
            return Ok(0);
        };
        let piece = self.log.pieces[index];
        let loaded = self.log.load(index)?;
        let mut count = 0;
        let mut last = piece.time;
        loaded.each(&mut self.texts, |item, is| {
            last = last.max(item.at());
            count += if last <= at { is } else { 0 };
        });
        // A damaged file may claim any number of events.
        Ok(piece.place.saturating_add(count))
    }

    /// The stretch of a session around a place: from `before` events before it to `after` events behind it, about.
    pub(crate) fn stretch(&mut self, place: u64, before: u64, after: u64) -> io::Result<Stretch> {
        let from = place.saturating_sub(before);
        let until = place.saturating_add(after);
        let mut base = self.before(from)?;
        let mut at = base.place;
        base.timeline.set_brief(true);
        let (mut events, mut longer) = (Vec::new(), Vec::new());
        let mut ahead = Ahead::default();
        self.each(at, |item, count| {
            at = at.saturating_add(count);
            if at <= from {
                ahead.push(&mut base, &item, count);
            } else {
                if count > 1 {
                    longer.push((events.len(), count - 1));
                }
                events.push(Event::from(item));
            }
            at < until
        })?;
        ahead.flush(&mut base);
        base.timeline.forget();
        base.timeline.set_brief(false);
        Ok(Stretch {
            base,
            events,
            longer,
        })
    }

    /// Returns the events from a place on at which a block begins. None if there are more than `most`, or if one of them
    /// stands for several that are lost.
    pub(crate) fn added(&mut self, from: u64, most: u64) -> io::Result<Option<Batch>> {
        if self.events().saturating_sub(from) > most {
            return Ok(None);
        }
        let mut events = Vec::new();
        self.each(from, |item, _| {
            events.push(Event::from(item));
            true
        })?;
        let batch = Batch {
            first: from,
            events,
        };
        Ok((batch.end() == self.events()).then_some(batch))
    }

    /// Returns the state of the session after `until`, but not after event `most`, with a timeline that holds all events
    /// since `from`.
    pub(crate) fn detail(
        &mut self,
        from: Timestamp,
        until: Timestamp,
        most: u64,
    ) -> io::Result<Standing> {
        let parts = self.index.places();
        let part = parts.partition_point(|part| part.at < from).checked_sub(1);
        let (mut base, mut ahead) = (self.base(part)?, Ahead::default());
        let mut place = base.place;
        self.each(base.place, |item, count| {
            let goes_on = item.at() <= until && place < most;
            if goes_on {
                place = place.saturating_add(count);
                ahead.push(&mut base, &item, count);
            }
            goes_on
        })?;
        ahead.flush(&mut base);
        Ok(base)
    }

    /// Goes through all events in stretches of about `most`. Calls `take` for each one, with a timeline that holds its
    /// events and the state before it, and with the start of the next one.
    pub(crate) fn stretches(
        &mut self,
        most: u64,
        mut take: impl FnMut(&Timeline, Option<Timestamp>),
    ) -> io::Result<()> {
        let (mut base, mut ahead, mut events) = (self.base(None)?, Ahead::default(), 0);
        base.timeline.lanes.drop_ended();
        // Starting a stretch looks at everything that is open.
        let mut least = most.max(base.told() as u64);
        self.each(base.place, |item, count| {
            if events >= least {
                ahead.flush(&mut base);
                // All events of one time are in one stretch.
                if item.at() > base.timeline.end() {
                    take(&base.timeline, Some(item.at()));
                    base.timeline.forget();
                    base.timeline.lanes.drop_ended();
                    (events, least) = (0, most.max(base.told() as u64));
                }
            }
            ahead.push(&mut base, &item, count);
            events += 1;
            true
        })?;
        ahead.flush(&mut base);
        take(&base.timeline, None);
        Ok(())
    }

    /// How some lanes stood just before some moments, which are in order: for each lane, a cut at each of them.
    pub(crate) fn cuts(
        &mut self,
        lanes: &[LaneId],
        moments: &[Timestamp],
    ) -> io::Result<Vec<Vec<Cut>>> {
        let mut cuts = vec![Vec::with_capacity(moments.len()); lanes.len()];
        let mut moments = moments.iter().copied().peekable();
        while let Some(&first) = moments.peek() {
            let parts = self.index.places();
            let next = parts.partition_point(|part| part.at < first);
            let until = parts.get(next).map(|part| part.at);
            let (mut base, mut ahead) = (self.base(next.checked_sub(1))?, Ahead::default());
            base.timeline.set_brief(true);
            let here = |at: &Timestamp| until.is_none_or(|until| *at <= until);
            let mut cut_at = |base: &Standing, at| {
                for (lane, cuts) in lanes.iter().zip(&mut cuts) {
                    let lane = base.timeline.lane(*lane).filter(|lane| lane.start < at);
                    cuts.push(lane.map_or_else(Cut::default, |lane| Cut::of(lane, at)));
                }
            };
            self.each(base.place, |item, count| {
                // What is lost was lost from the event before on.
                let is_lost = item.is_lost();
                if is_lost {
                    ahead.push(&mut base, &item, count);
                }
                if moments.peek().is_some_and(|at| *at <= item.at()) {
                    ahead.flush(&mut base);
                }
                while let Some(at) = moments.next_if(|at| here(at) && *at <= item.at()) {
                    cut_at(&base, at);
                }
                if !is_lost {
                    ahead.push(&mut base, &item, count);
                }
                moments.peek().is_some_and(here)
            })?;
            ahead.flush(&mut base);
            while let Some(at) = moments.next_if(here) {
                cut_at(&base, at);
            }
        }
        Ok(cuts)
    }
}

/// The events of a session, one by one.
pub(super) struct Events<'a> {
    archive: &'a mut Archive,
    /// The next piece to read.
    piece: usize,
    /// Events before this place are left out.
    skip: u64,
    here: VecDeque<Event>,
}

impl Iterator for Events<'_> {
    type Item = io::Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.here.is_empty() && self.piece < self.archive.log.pieces.len() {
            let mut place = self.archive.log.pieces[self.piece].place;
            let loaded = match self.archive.log.load(self.piece) {
                Ok(loaded) => loaded,
                Err(error) => return Some(Err(error)),
            };
            self.piece += 1;
            let not_read = loaded.each(&mut self.archive.texts, |item, count| {
                if place >= self.skip {
                    self.here.push_back(item.into());
                }
                place = place.saturating_add(count);
            });
            self.archive.log.not_read(&loaded, not_read);
        }
        self.here.pop_front().map(Ok)
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
mod tests;
#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
mod work;
