//! A session log, block by block: where each block lies, without reading what is in it.

use std::collections::HashSet;
use std::io;
use std::path::Path;

use super::beginning;
use super::file;
use super::format::{self, BLOCK_HEADER, Block, Found, Header, Meta};
use super::origin::Origin;
use super::piece::{Input, Loaded, Piece, Stored, read_block, read_payload};
use crate::event::Timestamp;
use crate::journal::damage::Damage;
use crate::journal::unreadable::Unreadable;

/// A session log's blocks.
#[derive(Debug)]
pub(crate) struct Log {
    bytes: Input,
    /// `true` if payloads are read to learn whether they are damaged; else that is found out when they are loaded.
    checks: bool,
    scan: Scan,
    version: u16,
    /// What the session says about itself.
    pub(crate) meta: Meta,
    /// The parts of the session, in order.
    pub(crate) pieces: Vec<Piece>,
    /// The parts of its index, in order.
    pub(super) index: Vec<Stored>,
    index_size: (usize, u64),
    /// The journal that it was made of.
    pub(crate) origin: Option<Origin>,
    /// What is wrong with it, as far as that is known.
    pub(crate) damage: Vec<Damage>,
    /// Starts of blocks that turned out to be damaged when they were read.
    damaged: HashSet<u64>,
    /// Whether its last block says that it is complete.
    pub(crate) has_end: bool,
}

/// Where a file can be written on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tail {
    pub(super) offset: u64,
    /// The number of the next block.
    pub(super) number: u32,
    /// How many events lie before it.
    pub(super) before: u64,
}

/// How far a file was gone through.
#[derive(Debug, Default)]
struct Scan {
    /// The byte at which to go on.
    at: u64,
    /// Where what cannot be read began, while in the midst of it.
    skipped: Option<u64>,
    /// The number of the next block.
    number: u32,
    /// How many events lie behind us, those that are lost included.
    passed: u64,
    /// How many events there are by the end of the last block whose header was whole, and that block's time.
    known: (u64, Timestamp),
    /// How many events at the end were counted as lost.
    cut_off: u64,
    /// How many bytes of payloads were read to learn that their blocks are damaged.
    wasted: u64,
    has_metadata: bool,
}

impl Log {
    /// Opens a file and goes through its blocks.
    ///
    /// # Errors
    ///
    /// As [`Session::open`](super::Session::open).
    pub(crate) fn open(path: &Path) -> Result<Self, Unreadable> {
        Self::of(Input::File(file::open(path)?), false)
    }

    /// Goes through the blocks of a recording, and checks their payloads if that is wanted.
    pub(super) fn of(bytes: Input, checks: bool) -> Result<Self, Unreadable> {
        /// Longer than any damage after which it is worth looking for blocks.
        const BEGINNING: u64 = 1 << 20;
        let length = bytes.length().map_err(Unreadable::Io)?;
        // What has no length, such as a device, may go on for ever.
        let beginning = if length == 0 {
            BEGINNING
        } else {
            length.min(BEGINNING)
        };
        let first = bytes.read(0, beginning).map_err(Unreadable::Io)?;
        let start = beginning::start(&first)? as u64;
        let mut log = Self {
            bytes,
            checks,
            scan: Scan {
                at: start,
                ..Scan::default()
            },
            version: format::file_version(&first).unwrap_or(format::VERSION),
            meta: Meta::default(),
            pieces: Vec::new(),
            index: Vec::new(),
            index_size: (0, 0),
            origin: None,
            damage: Vec::new(),
            damaged: HashSet::new(),
            has_end: false,
        };
        if format::file_version(&first).is_none() {
            log.damage.push(Damage::FileHeader);
        }
        log.advance().map_err(Unreadable::Io)?;
        Ok(log)
    }

    /// Goes through the blocks that were added since the last call.
    pub(crate) fn advance(&mut self) -> io::Result<()> {
        let length = self.bytes.length()?;
        while !self.has_end && self.scan.at < length {
            let at = self.scan.at;
            match self.block_at(at, length)? {
                Some(found) => {
                    let size = BLOCK_HEADER as u64 + found.length;
                    if !self.take(Stored { offset: at, found })? {
                        self.skip();
                    }
                    self.scan.at = at + size;
                }
                None if self.is_unfinished(at, length)? => break,
                None => {
                    self.skip();
                    self.scan.at = self.search(at + 1, length)?.unwrap_or(length);
                }
            }
        }
        Ok(())
    }

    /// Whether there is another file of this name by now.
    pub(crate) fn was_replaced(&self, path: &Path) -> bool {
        let Input::File(file) = &self.bytes else {
            return false;
        };
        let (Ok(open), Ok(there)) = (file.metadata(), std::fs::metadata(path)) else {
            return false;
        };
        !crate::journal::file::is_same(&open, &there)
    }

    /// How many events there are, those that are lost included.
    pub(crate) fn events(&self) -> u64 {
        self.scan.passed
    }

    /// Where more can be written to the file, and with what its next block begins: after all blocks but the end.
    pub(super) fn tail(&self) -> Tail {
        let scan = &self.scan;
        if self.has_end {
            return Tail {
                offset: scan.at - BLOCK_HEADER as u64,
                number: scan.number.wrapping_sub(1),
                before: scan.passed,
            };
        }
        let length = self.bytes.length().unwrap_or(scan.at);
        Tail {
            offset: length,
            number: scan.number,
            before: scan.passed.max(scan.known.0),
        }
    }

    /// Counts the events as lost that a cut-off block announced and that will never arrive.
    pub(super) fn end_here(&mut self) {
        let (known, time) = self.scan.known;
        let count = known.saturating_sub(self.scan.passed);
        if !self.has_end && count > 0 {
            self.pieces.push(Piece {
                place: self.scan.passed,
                count,
                time,
                stored: None,
            });
            self.scan.passed = known;
            self.scan.cut_off = count;
        }
    }

    /// The version of its format.
    pub(crate) fn version(&self) -> u16 {
        self.version
    }

    /// How many parts its index has, and how many bytes these take in the file.
    pub(crate) fn index_size(&self) -> (usize, u64) {
        self.index_size
    }

    fn origin_damage(&self) -> impl Iterator<Item = &Damage> {
        self.origin.iter().flat_map(|origin| &origin.damage)
    }

    /// How many bytes of the file were gone through.
    pub(crate) fn size(&self) -> u64 {
        self.scan.at
    }

    /// Returns what is wrong with the file, if nothing is added to it any more, and with the journal that it was made of.
    pub(crate) fn all_damage(&self) -> Vec<Damage> {
        let mut damage: Vec<_> = self.origin_damage().chain(&self.damage).cloned().collect();
        if !self.scan.has_metadata {
            damage.push(Damage::Metadata);
        }
        let length = self.bytes.length().unwrap_or(self.scan.at);
        let rest = length.saturating_sub(self.scan.skipped.unwrap_or(self.scan.at));
        let announced = self.scan.known.0.saturating_sub(self.scan.passed);
        let events = announced.max(self.scan.cut_off);
        if self.has_end {
            damage.extend((rest > 0).then_some(Damage::Trailing { bytes: rest }));
        } else if rest > 0 {
            damage.push(Damage::Torn {
                bytes: rest,
                events,
            });
        } else {
            damage.push(Damage::NoEnd);
        }
        damage
    }

    /// The whole block at a place, if its length can be trusted.
    fn block_at(&mut self, at: u64, length: u64) -> io::Result<Option<Found>> {
        let Some(found) = self.header_at(at, length)? else {
            return Ok(None);
        };
        let is_whole = self.is_whole(&Stored { offset: at, found }, length)?;
        if !is_whole {
            self.note(&found.header);
        }
        Ok(is_whole.then_some(found))
    }

    /// Returns `true` if the payload of a block is there, as far as that is known.
    fn is_whole(&mut self, stored: &Stored, length: u64) -> io::Result<bool> {
        let found = stored.found;
        let start = stored.offset + BLOCK_HEADER as u64;
        if found.length > length - start {
            return Ok(false);
        }
        let next = start + found.length;
        let is_last = length - next < BLOCK_HEADER as u64;
        // Else blocks that claim to hold each other could make the work quadratic.
        let is_out_of_patience = self.scan.wasted > length.saturating_mul(4);
        if is_out_of_patience {
            return Ok(true);
        }
        // Where nothing begins at its end, its length is believed only if its checksum fits.
        if !self.checks && (is_last || self.header_at(next, length)?.is_some()) {
            return Ok(true);
        }
        let is_whole = read_payload(&self.bytes, stored)?.is_some();
        if !is_whole {
            self.scan.wasted = self.scan.wasted.saturating_add(found.length);
        }
        Ok(is_whole)
    }

    fn header_at(&self, at: u64, length: u64) -> io::Result<Option<Found>> {
        if length.saturating_sub(at) < BLOCK_HEADER as u64 {
            return Ok(None);
        }
        let bytes = self.bytes.read(at, BLOCK_HEADER as u64)?;
        Ok(format::parse_header(&bytes))
    }

    /// Whether what is at a place may become a block when more is written.
    fn is_unfinished(&self, at: u64, length: u64) -> io::Result<bool> {
        let rest = length - at;
        if rest < BLOCK_HEADER as u64 {
            return Ok(true);
        }
        let found = self.header_at(at, length)?;
        let goes_on = found.is_some_and(|found| found.length > rest - BLOCK_HEADER as u64);
        // A header that lies about its length hides blocks that follow; a torn one is the last.
        Ok(goes_on && self.search(at + 1, length)?.is_none())
    }

    /// Where the next block may begin, from a place on.
    fn search(&self, from: u64, length: u64) -> io::Result<Option<u64>> {
        const MOST: u64 = 1 << 20;
        // Most often it is near, and where many are damaged, each of them is looked for.
        let mut step = 1 << 10;
        let mut at = from;
        while at < length {
            let bytes = self.bytes.read(at, step.min(length - at))?;
            step = MOST.min(4 * step);
            if let Some(found) = format::find_block(&bytes, 0) {
                return Ok(Some(at + found as u64));
            }
            if bytes.len() < 2 * BLOCK_HEADER {
                break;
            }
            at += (bytes.len() - BLOCK_HEADER) as u64;
        }
        Ok(None)
    }

    /// Takes note of a block; false where it cannot be what it says.
    fn take(&mut self, stored: Stored) -> io::Result<bool> {
        let header = stored.found.header;
        let Header { kind, flags, .. } = header;
        let possible = match kind {
            format::METADATA => 0,
            format::EVENTS => format::PACKED,
            format::INDEX => format::PACKED | format::UNUSUAL,
            _ => u8::MAX,
        };
        let is_late = header.before < self.scan.passed && kind != format::METADATA;
        if is_late || flags & !possible != 0 {
            return Ok(false);
        }
        match kind {
            format::METADATA => {
                let payload = self.read(&stored)?;
                let block = payload.as_deref().map(|payload| Block { header, payload });
                let Some(meta) = block.and_then(|block| format::metadata(&block).ok()) else {
                    return Ok(false);
                };
                if self.pieces.is_empty() {
                    self.scan.passed = meta.before;
                }
                self.meta = meta;
                self.scan.has_metadata = true;
                let before = self.scan.passed;
                self.arrive(&Header { before, ..header });
            }
            format::EVENTS => {
                self.arrive(&header);
                self.pieces.push(Piece {
                    place: header.before,
                    count: header.events,
                    time: header.time,
                    stored: Some(stored),
                });
                self.scan.passed = self.scan.passed.saturating_add(header.events);
            }
            format::INDEX => {
                self.arrive(&header);
                self.index.push(stored);
                self.index_size.0 += 1;
                self.index_size.1 += BLOCK_HEADER as u64 + stored.found.length;
            }
            format::ORIGIN => {
                let payload = self.read(&stored)?;
                self.origin = payload.and_then(|payload| Origin::decode(&payload).ok());
                self.arrive(&header);
            }
            format::END => {
                self.arrive(&header);
                self.has_end = true;
            }
            _ => self.arrive(&header),
        }
        Ok(true)
    }

    /// Comes to a block that is whole, and settles what was lost before it.
    fn arrive(&mut self, header: &Header) {
        let scan = &mut self.scan;
        let events = header.before - scan.passed;
        if let Some(offset) = scan.skipped.take() {
            let bytes = scan.at - offset;
            self.damage.push(Damage::Skipped {
                offset,
                bytes,
                events,
            });
        } else if events > 0 || (header.number != scan.number && header.kind != format::METADATA) {
            let offset = scan.at;
            self.damage.push(Damage::Missing { offset, events });
        }
        if events > 0 {
            self.pieces.push(Piece {
                place: scan.passed,
                count: events,
                time: header.time,
                stored: None,
            });
        }
        scan.number = header.number.wrapping_add(1);
        scan.passed = header.before;
        self.note(header);
    }

    /// Takes note of how many events a header tells of.
    fn note(&mut self, header: &Header) {
        let known = header.before.saturating_add(header.events);
        if known > self.scan.known.0 {
            self.scan.known = (known, header.time);
        }
    }

    /// Takes note of a block that turns out to be damaged, with so many events.
    pub(super) fn damaged(&mut self, stored: &Stored, events: u64) {
        if self.damaged.insert(stored.offset) {
            self.damage.push(Damage::Skipped {
                offset: stored.offset,
                bytes: BLOCK_HEADER as u64 + stored.found.length,
                events,
            });
        }
    }

    /// Records the unreadable events of a loaded block with a correct checksum.
    pub(super) fn not_read(&mut self, block: &Loaded, events: Option<u64>) {
        if let Some(events) = events
            && let Some(stored) = &block.piece.stored
        {
            self.damaged(stored, events);
        }
    }

    fn skip(&mut self) {
        let at = self.scan.at;
        self.scan.skipped.get_or_insert(at);
    }

    /// See [`read_block`].
    pub(super) fn read(&self, stored: &Stored) -> io::Result<Option<Vec<u8>>> {
        read_block(&self.bytes, stored)
    }

    /// The events of the piece with this index.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read; events that are damaged are lost ones.
    pub(crate) fn load(&mut self, index: usize) -> io::Result<Loaded> {
        let piece = self.pieces[index];
        // What is lost is not over before the next event that is there.
        let next = self.pieces.get(index + 1).map(|next| next.time);
        let payload = match piece.stored {
            Some(stored) => {
                let payload = self.read(&stored)?;
                if payload.is_none() {
                    self.damaged(&stored, piece.count);
                }
                payload
            }
            None => None,
        };
        Ok(Loaded {
            piece,
            payload,
            over: next.unwrap_or(piece.time),
        })
    }
}
