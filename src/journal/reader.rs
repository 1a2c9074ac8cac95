//! Reads a journal as it comes: bytes in, events out, in the order of their times.

use std::collections::VecDeque;

use super::block::{self, Description, Found, HEARTBEAT, Header, kind};
use super::merge::{Merger, Sink};
use super::said::{self, Known, Template};
use super::word::Tick;
use crate::event::fields::{Field, Malformed, take_varint};
use crate::event::{Event, EventKind, Site, TaskKind, ThreadId, Timestamp};
use crate::session::{Damage, Unreadable};

/// Reads a journal whose bytes are pushed into it, in pieces of any size.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// Bytes that are no whole block yet.
    rest: Vec<u8>,
    /// The place of the next byte in the journal.
    offset: u64,
    has_begun: bool,
    has_end: bool,
    /// The number of the next block.
    number: u64,
    description: Option<Description>,
    known: Known,
    merger: Merger,
    /// What the recording thread noted, up to the next time block.
    notes: VecDeque<(Tick, ThreadId, EventKind)>,
    /// The tick up to which all events were handed on.
    safe: Tick,
    damage: Vec<Damage>,
    /// Bytes that are no whole block, while the next block is looked for.
    skipped: Option<Skipped>,
}

/// Bytes of a journal that are no whole block.
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

    /// Returns what is wrong with the journal so far.
    pub(crate) fn damage(&self) -> &[Damage] {
        &self.damage
    }

    /// Returns `true` if the file header is damaged.
    pub(crate) fn is_headless(&self) -> bool {
        self.damage.contains(&Damage::FileHeader)
    }

    /// Returns `true` if a whole block was read.
    pub(crate) fn has_blocks(&self) -> bool {
        self.number > 0
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
        if self.rest.is_empty() {
            let read = self.read(bytes, sink)?;
            self.rest.extend_from_slice(&bytes[read..]);
        } else {
            let mut rest = std::mem::take(&mut self.rest);
            rest.extend_from_slice(bytes);
            let read = self.read(&rest, sink)?;
            rest.drain(..read);
            self.rest = rest;
        }
        Ok(())
    }

    /// Hands on what is left: no more bytes come.
    pub(crate) fn end(&mut self, sink: &mut impl Sink) {
        let rest = std::mem::take(&mut self.rest);
        self.skip(&rest);
        if let Some(found) = block::header(&rest) {
            self.lose(&found.header);
        }
        self.hand_on(Tick(u64::MAX), sink);
        if let Some(Skipped { bytes, events, .. }) = self.skipped.take() {
            self.damage.push(Damage::Torn { bytes, events });
        } else if !self.has_end {
            self.damage.push(Damage::NoEnd);
        }
    }

    /// Reads whole blocks. Returns the number of bytes that these take.
    fn read(&mut self, bytes: &[u8], sink: &mut impl Sink) -> Result<usize, Unreadable> {
        let mut at = 0;
        if !self.has_begun {
            if bytes.len() < block::FILE_HEADER {
                return Ok(0);
            }
            at = self.begin(bytes)?;
        }
        while let Some(found) = find(&bytes[at..]) {
            let (skipped, Some(found)) = found else {
                at += self.skip(&bytes[at..at + found.0]);
                break;
            };
            at += self.skip(&bytes[at..at + skipped]);
            let Some(payload) = bytes[at + block::HEADER..].get(..found.length) else {
                break;
            };
            self.take(found, payload, sink);
            let size = block::HEADER + found.length;
            at += size;
            self.offset += size as u64;
        }
        Ok(at)
    }

    /// Reads the file header.
    fn begin(&mut self, bytes: &[u8]) -> Result<usize, Unreadable> {
        self.has_begun = true;
        match block::file_version(bytes) {
            Some(version @ ..=block::VERSION) if version > 0 => {}
            Some(version) => return Err(Unreadable::NewerJournal { version }),
            None => self.damage.push(Damage::FileHeader),
        }
        self.offset += block::FILE_HEADER as u64;
        Ok(block::FILE_HEADER)
    }

    /// Takes note of bytes that are no block. Returns their number.
    fn skip(&mut self, bytes: &[u8]) -> usize {
        if !bytes.is_empty() {
            self.skipped().bytes += bytes.len() as u64;
        }
        self.offset += bytes.len() as u64;
        bytes.len()
    }

    /// Returns the skipped bytes before this place.
    fn skipped(&mut self) -> &mut Skipped {
        self.skipped.get_or_insert(Skipped {
            offset: self.offset,
            bytes: 0,
            events: 0,
        })
    }

    /// Takes note that the events of a block are lost, since its payload is not whole.
    fn lose(&mut self, header: &Header) {
        if header.kind == kind::WORDS {
            let counts = [header.before, header.count.into()];
            let lost = self.merger.lose(header.thread, header.tick, counts);
            let skipped = self.skipped();
            skipped.events = skipped.events.saturating_add(lost);
        }
    }

    fn take(&mut self, found: Found, payload: &[u8], sink: &mut impl Sink) {
        let header = found.header;
        if !found.fits(payload) {
            self.skip_block(payload);
            self.lose(&header);
            return;
        }
        let missing = header.number.saturating_sub(self.number);
        self.number = header.number.saturating_add(1);
        let offset = self.offset;
        let lost = self.take_block(&header, payload, sink);
        match self.skipped.take() {
            Some(Skipped {
                offset,
                bytes,
                events,
            }) => self.damage.push(Damage::Skipped {
                offset,
                bytes,
                events: events.saturating_add(lost),
            }),
            None if missing > 0 || lost > 0 => self.damage.push(Damage::Missing {
                offset,
                events: lost,
            }),
            None => {}
        }
    }

    fn skip_block(&mut self, payload: &[u8]) {
        self.skipped().bytes += (block::HEADER + payload.len()) as u64;
    }

    /// Takes in a block. Returns the number of events that are missing before it.
    fn take_block(&mut self, header: &Header, payload: &[u8], sink: &mut impl Sink) -> u64 {
        self.has_end = false;
        let taken = match header.kind {
            kind::DESCRIPTION => self.describe(payload),
            kind::WORDS => return self.take_words(header, payload),
            kind::TEXTS => self.take_texts(header, payload),
            kind::TEMPLATES => self.take_templates(header, payload),
            kind::NOTES => self.take_notes(payload),
            kind::TIME => {
                self.pass(header, sink);
                Ok(())
            }
            kind::END => {
                self.has_end = true;
                Ok(())
            }
            _ => Ok(()),
        };
        if taken.is_err() {
            self.skip_block(payload);
        }
        0
    }

    fn describe(&mut self, payload: &[u8]) -> Result<(), Malformed> {
        self.description = Some(block::take_description(payload)?);
        Ok(())
    }

    fn take_words(&mut self, header: &Header, payload: &[u8]) -> u64 {
        let words = payload
            .chunks_exact(8)
            .filter_map(|bytes| bytes.try_into().ok());
        let words = words.map(u64::from_le_bytes).collect();
        let counts = [header.before, header.count.into()];
        self.merger.push(header.thread, header.tick, words, counts)
    }

    fn take_texts(&mut self, header: &Header, mut payload: &[u8]) -> Result<(), Malformed> {
        fill(&mut self.known.texts, header.before, || "?".into());
        for _ in 0..header.count {
            let text = block::text(block::take_sized(&mut payload)?)?;
            self.known.texts.push(text);
        }
        Ok(())
    }

    fn take_templates(&mut self, header: &Header, mut payload: &[u8]) -> Result<(), Malformed> {
        let unknown = || Template {
            name: "?".into(),
            kind: TaskKind::Task,
            site: None,
        };
        fill(&mut self.known.templates, header.before, unknown);
        for _ in 0..header.count {
            let template = take_template(&mut payload, &self.known)?;
            self.known.templates.push(template);
        }
        Ok(())
    }

    fn take_notes(&mut self, mut payload: &[u8]) -> Result<(), Malformed> {
        while !payload.is_empty() {
            let tick = Tick(take_varint(&mut payload)?);
            let thread = take_varint(&mut payload)?;
            let thread = ThreadId(u32::try_from(thread).map_err(|_| Malformed)?);
            let kind = said::decode_bytes(&mut payload, &self.known)?;
            self.notes.push_back((tick, thread, kind));
        }
        Ok(())
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

/// Makes a table as long as its next entry's number: where a part is lost, the entries after it keep their numbers.
fn fill<T>(table: &mut Vec<T>, before: u64, unknown: impl FnMut() -> T) {
    /// A damaged number must not take any memory.
    const MOST: u64 = 1 << 20;
    table.resize_with(before.min(MOST) as usize, unknown);
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
