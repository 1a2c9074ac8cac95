//! Reads a journal as it comes: bytes in, events out, in the order of their times.

use std::collections::VecDeque;

use super::block::{self, Description, Found, HEARTBEAT, Header, OF_NOTES, kind};
use super::damage::Damage;
use super::merge::{Merger, Sink, lost_in};
use super::pair;
use super::said::{self, Known, Template};
use super::told::{Notes, Told};
use super::unreadable::Unreadable;
use super::word::Tick;
use crate::event::fields::{Field, Malformed, take_varint};
use crate::event::{Event, EventKind, Site, TaskKind, ThreadId, Timestamp};

/// Reads a journal whose bytes are pushed into it, in pieces of any size.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// Bytes that are no whole block yet.
    rest: Vec<u8>,
    /// The place of the next byte in the journal.
    offset: u64,
    has_begun: bool,
    has_header: bool,
    has_end: bool,
    /// The number of the next block.
    number: u64,
    description: Option<Description>,
    known: Known,
    merger: Merger,
    /// What the recording thread noted, up to the next time block.
    notes: VecDeque<(Tick, ThreadId, EventKind)>,
    /// How many of these were read, or are known to be lost, and how many events were lost according to them.
    noted: u64,
    lost: u64,
    /// How the program stands after blocks that are left out.
    told: Told,
    /// The tick up to which all events were handed on.
    safe: Tick,
    damage: Vec<Damage>,
    /// Bytes that were passed over, up to the next block.
    skipped: Option<Skipped>,
    /// Bytes of payloads that did not fit their checksums.
    wasted: u64,
}

/// Bytes that were passed over.
#[derive(Clone, Copy, Debug)]
struct Skipped {
    offset: u64,
    bytes: u64,
    /// Events that are known to be lost with them.
    events: u64,
}

impl Reader {
    /// Returns what the journal says of itself, once that is read.
    pub(crate) fn description(&self) -> Option<&Description> {
        self.description.as_ref()
    }

    /// Returns `true` if the file header was read, and is whole.
    pub(crate) fn has_header(&self) -> bool {
        self.has_header
    }

    /// Returns `true` if a whole block was read.
    pub(crate) fn has_blocks(&self) -> bool {
        self.number > 0
    }

    /// Returns what is wrong with the journal so far.
    pub(crate) fn damage(&self) -> &[Damage] {
        &self.damage
    }

    /// Returns the time up to which all events were handed on.
    pub(crate) fn safe(&self) -> Tick {
        self.safe
    }

    /// Returns the tick of the last event that was handed on.
    pub(crate) fn latest(&self) -> Option<Tick> {
        self.merger.latest
    }

    /// Takes note that no event is older than this tick that comes from now on.
    pub(crate) fn set_safe(&mut self, tick: Tick) {
        self.safe = self.safe.max(tick);
    }

    /// Takes note of a heartbeat, so that no later event is older.
    pub(crate) fn set_latest(&mut self, tick: Tick) {
        self.merger.latest = Some(tick);
    }

    /// Takes in the next bytes, and hands on the events that are due.
    ///
    /// # Errors
    ///
    /// Returns an error if it is not a journal, or one that this version cannot read.
    pub(crate) fn push(&mut self, bytes: &[u8], sink: &mut impl Sink) -> Result<(), Unreadable> {
        let bytes = self.push_rest(bytes, sink)?;
        if self.rest.is_empty() {
            let read = self.read(bytes, false, sink)?;
            self.rest.extend_from_slice(&bytes[read..]);
        }
        Ok(())
    }

    /// Takes in as many bytes as the block needs whose first bytes came earlier. Returns those after it.
    fn push_rest<'a>(
        &mut self,
        mut bytes: &'a [u8],
        sink: &mut impl Sink,
    ) -> Result<&'a [u8], Unreadable> {
        while !self.rest.is_empty() && !bytes.is_empty() {
            let (more, later) = bytes.split_at(missing(&self.rest).min(bytes.len()));
            bytes = later;
            let mut rest = std::mem::take(&mut self.rest);
            rest.extend_from_slice(more);
            let read = self.read(&rest, false, sink)?;
            rest.drain(..read);
            self.rest = rest;
        }
        Ok(bytes)
    }

    /// Hands on what is left: no more bytes come.
    pub(crate) fn end(&mut self, sink: &mut impl Sink) {
        let rest = std::mem::take(&mut self.rest);
        // Only a file header of a newer version is refused, and that is not part of the rest.
        let read = self.read(&rest, true, sink).unwrap_or_default();
        self.skip(rest.len() - read, 0);
        self.stand(sink);
        self.hand_on(Tick(u64::MAX), sink);
        if self.description.is_none() {
            self.damage.push(Damage::Metadata);
        }
        if let Some(Skipped { bytes, events, .. }) = self.skipped.take() {
            self.damage.push(Damage::Torn { bytes, events });
        } else if !self.has_end {
            self.damage.push(Damage::NoEnd);
        }
    }

    /// Reads whole blocks. Returns the number of bytes that these take.
    fn read(
        &mut self,
        bytes: &[u8],
        is_last: bool,
        sink: &mut impl Sink,
    ) -> Result<usize, Unreadable> {
        let mut at = 0;
        if !self.has_begun {
            if bytes.len() < block::FILE_HEADER && !is_last {
                return Ok(0);
            }
            at = self.begin(bytes)?;
        }
        while let Some((skipped, found)) = find(&bytes[at..]) {
            at += self.skip(skipped, 0);
            let Some(found) = found else {
                break;
            };
            let rest = &bytes[at + block::HEADER..];
            at += match rest.get(..found.length) {
                Some(payload) if found.fits(payload) => self.take(&found.header, payload, sink),
                None if !is_last => break,
                _ => self.skip_damaged(&found, rest.len()),
            };
        }
        Ok(at)
    }

    /// Reads the file header. Returns the number of bytes that it takes: none if it is damaged.
    fn begin(&mut self, bytes: &[u8]) -> Result<usize, Unreadable> {
        self.has_begun = true;
        match block::file_version(bytes) {
            Some(version @ ..=block::VERSION) if version > 0 => {}
            Some(version) => {
                let newest = block::VERSION;
                return Err(Unreadable::Newer { version, newest });
            }
            None => return Ok(0),
        }
        self.has_header = true;
        self.offset += block::FILE_HEADER as u64;
        Ok(block::FILE_HEADER)
    }

    /// Skips bytes, and counts the events that are lost with them. Returns the number of bytes.
    fn skip(&mut self, bytes: usize, events: u64) -> usize {
        if bytes > 0 {
            let skipped = self.skipped.get_or_insert(Skipped {
                offset: self.offset,
                bytes: 0,
                events: 0,
            });
            skipped.bytes += bytes as u64;
            skipped.events = skipped.events.saturating_add(events);
            self.offset += bytes as u64;
        }
        bytes
    }

    /// Passes over the header of a block whose payload is damaged or cut off: a whole block may begin within what it takes
    /// for its payload. Returns the number of bytes.
    fn skip_damaged(&mut self, found: &Found, rest: usize) -> usize {
        // Blocks that claim to hold each other must not make the work quadratic.
        self.wasted = self.wasted.saturating_add(found.length as u64);
        let patience = self.offset.saturating_mul(4) + block::LONGEST as u64;
        let payload = if self.wasted > patience {
            found.length.min(rest)
        } else {
            0
        };
        let events = match found.header.kind {
            kind::WORDS => self.lose(&found.header),
            kind::NOTES => self.lose_notes(end_of(&found.header)),
            _ => 0,
        };
        if !is_name(&found.header) {
            self.number = self.number.max(found.header.number.saturating_add(1));
        }
        self.skip(block::HEADER + payload, events)
    }

    /// Counts the events up to the end of a block of words as lost, if they were not read. Returns their number.
    fn lose(&mut self, header: &Header) -> u64 {
        let until = end_of(header);
        self.merger
            .push(header.thread, header.tick, Vec::new(), [until, 0])
    }

    /// Counts the notes up to the one of this number as lost, if they were not read. Returns their number.
    fn lose_notes(&mut self, until: u64) -> u64 {
        let count = until.saturating_sub(self.noted);
        if count > 0 {
            self.noted = until;
            let lost = EventKind::Lost { count };
            self.notes.push_back((self.safe, ThreadId(0), lost));
        }
        count
    }

    /// Takes in a whole block. Returns the number of its bytes.
    fn take(&mut self, header: &Header, payload: &[u8], sink: &mut impl Sink) -> usize {
        let size = block::HEADER + payload.len();
        self.has_end = false;
        // A standing block says itself what is missing before it.
        let is_in_turn = !is_name(header) && header.kind != kind::STANDING;
        let is_missing = is_in_turn && header.number > self.number;
        match self.take_block(header, payload, sink) {
            Ok(lost) => {
                self.tell_damage(is_missing, lost);
                self.offset += size as u64;
            }
            Err(Passed { events }) => {
                self.skip(size, events);
            }
        }
        if !is_name(header) || header.number == self.number {
            self.number = self.number.max(header.number.saturating_add(1));
        }
        size
    }

    /// Records the damage before a block, and the number of events lost there.
    fn tell_damage(&mut self, is_missing: bool, lost: u64) {
        let offset = self.offset;
        match self.skipped.take() {
            Some(skipped) => self.tell_skipped(skipped, lost),
            None if is_missing || lost > 0 => self.damage.push(Damage::Missing {
                offset,
                events: lost,
            }),
            None => {}
        }
    }

    fn tell_skipped(&mut self, skipped: Skipped, lost: u64) {
        let Skipped { offset, bytes, .. } = skipped;
        let events = skipped.events.saturating_add(lost);
        if offset == 0 {
            self.damage.push(Damage::FileHeader);
        }
        // A damaged file header is all that is lost.
        if offset > 0 || bytes != block::FILE_HEADER as u64 || events > 0 {
            self.damage.push(Damage::Skipped {
                offset,
                bytes,
                events,
            });
        }
    }

    /// Takes in what a block holds. Returns the number of events that are missing before it.
    fn take_block(
        &mut self,
        header: &Header,
        payload: &[u8],
        sink: &mut impl Sink,
    ) -> Result<u64, Passed> {
        if let kind::WORDS | kind::NOTES | kind::TIME | kind::END = header.kind {
            self.stand(sink);
        }
        match header.kind {
            kind::DESCRIPTION => self.describe(payload)?,
            kind::WORDS => return self.take_words(header, payload),
            kind::TEXTS => self.take_texts(header, payload)?,
            kind::TEMPLATES => self.take_templates(header, payload)?,
            kind::NOTES | kind::TIME | kind::END if header.number < self.number => {
                return Err(Passed { events: 0 });
            }
            kind::NOTES => return self.take_notes(header, payload),
            kind::STANDING => self.take_standing(header, payload),
            kind::TIME => self.pass(header, sink),
            kind::END => self.has_end = true,
            _ => {}
        }
        Ok(0)
    }

    fn describe(&mut self, payload: &[u8]) -> Result<(), Malformed> {
        self.description = Some(block::take_description(payload)?);
        Ok(())
    }

    /// Takes in what a thread wrote. What was read, or counted as lost, is passed over.
    fn take_words(&mut self, header: &Header, payload: &[u8]) -> Result<u64, Passed> {
        if self.merger.has_read(header.thread) > header.before {
            let events = self.lose(header);
            return Err(Passed { events });
        }
        let (words, _) = payload.as_chunks();
        let words = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
        let counts = [header.before, header.count.into()];
        Ok(self.merger.push(header.thread, header.tick, words, counts))
    }

    fn take_texts(&mut self, header: &Header, mut payload: &[u8]) -> Result<(), Malformed> {
        let most = self.most_names();
        for number in numbers(header) {
            let text = block::text(block::take_sized(&mut payload)?)?;
            let texts = &mut self.known.texts;
            put_at(texts, number, most, text, || "?".into())?;
        }
        Ok(())
    }

    fn take_templates(&mut self, header: &Header, mut payload: &[u8]) -> Result<(), Malformed> {
        let unknown = || Template {
            name: "?".into(),
            kind: TaskKind::Task,
            site: None,
        };
        let most = self.most_names();
        for number in numbers(header) {
            let template = take_template(&mut payload, &self.known)?;
            let templates = &mut self.known.templates;
            put_at(templates, number, most, template, unknown)?;
        }
        Ok(())
    }

    /// Returns the number of names that there may be by now, those that are lost included: a damaged number must not take
    /// memory that the journal's size does not justify.
    fn most_names(&self) -> u64 {
        const LOST: u64 = 1 << 16;
        LOST + self.offset / 8
    }

    /// Takes in notes. Of those after one that has no meaning, none can be read.
    fn take_notes(&mut self, header: &Header, mut payload: &[u8]) -> Result<u64, Passed> {
        let missing = self.lose_notes(header.before);
        while !payload.is_empty() {
            if self.take_note(&mut payload).is_err() {
                let events = missing.saturating_add(self.lose_notes(end_of(header)));
                return Err(Passed { events });
            }
        }
        Ok(missing)
    }

    fn take_note(&mut self, payload: &mut &[u8]) -> Result<(), Malformed> {
        let tick = Tick(take_varint(payload)?);
        let thread = take_varint(payload)?;
        let thread = ThreadId(u32::try_from(thread).map_err(|_| Malformed)?);
        let kind = said::decode_bytes(payload, &self.known)?;
        self.noted = self.noted.saturating_add(1);
        self.lost = self.lost.saturating_add(lost_in(&kind));
        self.notes.push_back((tick, thread, kind));
        Ok(())
    }

    fn take_standing(&mut self, header: &Header, payload: &[u8]) {
        let mut words = Vec::new();
        pair::plain_words(payload, &mut words);
        let notes = Notes {
            read: self.noted,
            lost: self.lost.saturating_add(self.merger.lost),
            safe: self.safe,
        };
        let (told, merger) = (&mut self.told, &mut self.merger);
        let lost = told.take(header, &words, &self.known, merger, &notes);
        self.lost = self.lost.max(lost.saturating_sub(self.merger.lost));
        if header.flags & OF_NOTES != 0 {
            self.noted = self.noted.max(header.before);
        }
    }

    /// Hands on how the program stands after blocks that are left out.
    fn stand(&mut self, sink: &mut impl Sink) {
        if !self.told.is_empty() {
            for (tick, thread, kind) in std::mem::take(&mut self.told).into_events() {
                self.tell(tick, thread, kind, sink);
            }
        }
    }

    /// Hands on what has happened until a time block.
    fn pass(&mut self, header: &Header, sink: &mut impl Sink) {
        self.hand_on(header.tick, sink);
        let is_later = self.merger.latest.is_none_or(|latest| latest < self.safe);
        if header.flags & HEARTBEAT != 0 && is_later {
            self.tell(self.safe, ThreadId(0), EventKind::Alive, sink);
        }
    }

    fn hand_on(&mut self, until: Tick, sink: &mut impl Sink) {
        let clock = self.clock();
        self.merger.hand_on(until, &clock, &self.known, sink);
        self.safe = self.safe.max(until);
        while let Some((tick, thread, kind)) = self.notes.pop_front() {
            self.tell(tick, thread, kind, sink);
        }
    }

    /// Hands on an event that no thread wrote.
    fn tell(&mut self, tick: Tick, thread: ThreadId, kind: EventKind, sink: &mut impl Sink) {
        let latest = self.merger.latest.map_or(tick, |latest| latest.max(tick));
        self.merger.latest = Some(latest);
        let at = self.clock().timestamp(latest);
        sink.event(&Event { at, thread, kind });
    }

    fn clock(&self) -> super::Clock {
        self.description
            .as_ref()
            .map(|it| it.clock)
            .unwrap_or_default()
    }

    /// Returns the time of a tick.
    pub(crate) fn timestamp(&self, tick: Tick) -> Timestamp {
        self.clock().timestamp(tick)
    }
}

/// A block that was passed over.
struct Passed {
    /// Events that are known to be lost with it.
    events: u64,
}

impl From<Malformed> for Passed {
    fn from(_: Malformed) -> Self {
        Self { events: 0 }
    }
}

/// Returns the number of events of the same thread, or of notes, up to the end of a block.
fn end_of(header: &Header) -> u64 {
    header.before.saturating_add(header.count.into())
}

/// Returns `true` if a block only says what later ones mean. Such blocks may come again, ahead of their turn: late viewers get
/// all of them first.
fn is_name(header: &Header) -> bool {
    matches!(
        header.kind,
        kind::DESCRIPTION | kind::TEXTS | kind::TEMPLATES
    )
}

/// Returns the number of bytes before the next block's header, and that; without one, the number of bytes in which
/// none begins. None if more bytes are needed.
fn find(bytes: &[u8]) -> Option<(usize, Option<Found>)> {
    if let Some(found) = block::header(bytes) {
        return Some((0, Some(found)));
    }
    if bytes.len() < block::HEADER {
        return None;
    }
    Some(match block::find(bytes) {
        Some(at) => (at, block::header(&bytes[at..])),
        None => (bytes.len() - (block::HEADER - 1), None),
    })
}

/// Returns the number of bytes that are missing of a block that begins with these, or of its header; at least one.
fn missing(bytes: &[u8]) -> usize {
    let length = block::header(bytes).map_or(0, |found| found.length);
    (block::HEADER + length).saturating_sub(bytes.len()).max(1)
}

/// Returns the numbers of a block's texts or templates.
fn numbers(header: &Header) -> impl Iterator<Item = u64> + use<> {
    let first = header.before;
    (0..u64::from(header.count)).map(move |index| first.saturating_add(index))
}

/// Puts an entry at its place in a table. The entries before it may be lost.
fn put_at<T>(
    table: &mut Vec<T>,
    number: u64,
    most: u64,
    entry: T,
    unknown: impl FnMut() -> T,
) -> Result<(), Malformed> {
    let place = usize::try_from(number).map_err(|_| Malformed)?;
    if number >= most {
        return Err(Malformed);
    }
    if place >= table.len() {
        table.resize_with(place + 1, unknown);
    }
    table[place] = entry;
    Ok(())
}

fn take_template(from: &mut &[u8], known: &Known) -> Result<Template, Malformed> {
    let name = block::text(block::take_sized(from)?)?;
    let kind = TaskKind::take(&mut said::Bytes { bytes: from, known })?;
    let file = block::text(block::take_sized(from)?)?;
    let mut number = || u32::try_from(take_varint(from)?).map_err(|_| Malformed);
    let (line, column) = (number()?, number()?);
    let site = (line > 0).then_some(Site { file, line, column });
    Ok(Template { name, kind, site })
}
