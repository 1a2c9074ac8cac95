//! Reads a session log: whatever of it is whole.

use std::io::Read;
use std::path::Path;

use super::codec::{self, Item, Texts};
use super::damage::Damage;
use super::error::{Error, Unreadable};
use super::format::{self, Block, Broken, Header, Meta};
use super::origin::Origin;
use super::{file, journal};
use crate::event::{Event, EventKind, ThreadId, Timestamp};
use crate::printable;

/// A recorded session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// What it says about itself; [`Meta::default`] where that is lost.
    pub meta: Meta,
    /// Its events, in the order in which they were recorded. Where some are lost, an [`EventKind::Lost`] says how many.
    pub events: Vec<Event>,
    /// What is wrong with the file, in the order in which it was found. Empty where all is well.
    pub damage: Vec<Damage>,
}

impl Session {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// Where it cannot be read, is no session log, or one of a newer version. A session log that is damaged is no
    /// error as long as anything in it can be read: see [`Session::damage`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let read = load(path).and_then(|bytes| Self::read(&bytes));
        read.map_err(|why| Error::unreadable(path, why))
    }

    /// Reads a file's bytes.
    ///
    /// # Errors
    ///
    /// As [`Session::open`].
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        if journal::is_journal(bytes) {
            return journal::read(bytes);
        }
        let start = start(bytes)?;
        let mut reader = Reader::new(bytes, start);
        if format::file_version(bytes).is_none() {
            reader.session.damage.push(Damage::FileHeader);
        }
        reader.run();
        Ok(reader.session)
    }
}

/// The metadata with which a file begins, where that is whole. `bytes` may be cut off after it.
#[cfg(feature = "app")]
pub(super) fn metadata(bytes: &[u8]) -> Option<Meta> {
    let block = format::parse_block(&bytes[start(bytes).ok()?..]).ok()?;
    (block.header.kind == format::METADATA)
        .then(|| format::metadata(&block).ok())
        .flatten()
}

/// Whether these bytes are the end of a file that was finished.
#[cfg(feature = "app")]
pub(super) fn is_end(bytes: &[u8]) -> bool {
    let block = format::parse_block(bytes);
    block.is_ok_and(|block| block.header.kind == format::END && block.size() == bytes.len())
}

/// A file's bytes; only its beginning where that shows that it is no session log, however long it goes on.
fn load(path: &Path) -> Result<Vec<u8>, Unreadable> {
    /// Longer than any damage after which it is worth looking for blocks.
    const BEGINNING: u64 = 1 << 20;
    let mut file = file::open(path)?;
    let mut bytes = Vec::new();
    let beginning = file.by_ref().take(BEGINNING).read_to_end(&mut bytes);
    beginning.map_err(Unreadable::Io)?;
    if !journal::is_journal(&bytes) {
        start(&bytes)?;
    }
    file.read_to_end(&mut bytes).map_err(Unreadable::Io)?;
    Ok(bytes)
}

/// Where the first block is to be looked for.
pub(super) fn start(bytes: &[u8]) -> Result<usize, Unreadable> {
    match format::file_version(bytes) {
        Some(version) if version > format::VERSION => Err(Unreadable::Newer { version }),
        Some(_) => Ok(format::FILE_HEADER),
        None if bytes.is_empty() => Err(Unreadable::Empty),
        None => format::find_block(bytes, 0).ok_or_else(|| {
            let length = bytes.len().min(format::MAGIC.len());
            if bytes[..length] == format::MAGIC[..length] {
                Unreadable::Nothing
            } else {
                let start = beginning(bytes);
                Unreadable::Foreign { start }
            }
        }),
    }
}

/// The first bytes of a file, as its first line of text or as numbers.
fn beginning(bytes: &[u8]) -> String {
    let start = &bytes[..bytes.len().min(96)];
    // A character that we cut in two is left out; anything else that is no UTF-8 is no text.
    let text = match str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => "",
    };
    let line: String = text
        .trim_start()
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(24)
        .collect();
    if line.is_empty() || line.contains(printable::acts) {
        let bytes: Vec<_> = bytes
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        return format!("the bytes {}", bytes.join(" "));
    }
    format!("“{}”", line.trim_end())
}

/// Goes through a file from block to block.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where what cannot be read began, while in the midst of it.
    skipped: Option<usize>,
    /// The number of the next block.
    number: u32,
    /// How many events of the session are behind us, those that are lost included.
    passed: u64,
    /// How many events the session had by the end of the last block whose header was whole, and that block's time.
    known: (u64, Timestamp),
    /// How many bytes of payloads may still turn out to be damaged before we take their lengths on trust. Else blocks
    /// that claim to hold each other could make the work quadratic.
    patience: usize,
    texts: Texts,
    /// The events of a block, while it is read.
    decoded: Vec<Event>,
    has_metadata: bool,
    session: Session,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], start: usize) -> Self {
        Self {
            bytes,
            at: start,
            skipped: None,
            number: 0,
            passed: 0,
            known: (0, Timestamp::ZERO),
            patience: bytes.len().saturating_mul(4),
            texts: Texts::default(),
            decoded: Vec::new(),
            has_metadata: false,
            session: Session::default(),
        }
    }

    fn run(&mut self) {
        let ended = self.blocks();
        if !self.has_metadata {
            self.session.damage.push(Damage::Metadata);
        }
        if ended {
            let bytes = (self.bytes.len() - self.at) as u64;
            if bytes > 0 {
                self.session.damage.push(Damage::Trailing { bytes });
            }
        } else {
            self.cut_off();
        }
    }

    /// Takes in all blocks; true where they lead to an end.
    fn blocks(&mut self) -> bool {
        while self.at < self.bytes.len() {
            match format::parse_block(&self.bytes[self.at..]) {
                Ok(block) => {
                    let header = block.header;
                    let follows = header.before >= self.passed || header.kind == format::METADATA;
                    let taken = follows && self.take(&block);
                    if !taken {
                        self.skip();
                    }
                    self.at += block.size();
                    if taken && header.kind == format::END {
                        return true;
                    }
                }
                Err(broken) => self.search(&broken),
            }
        }
        false
    }

    /// Takes in a block; false where it says something that cannot be understood.
    fn take(&mut self, block: &Block<'_>) -> bool {
        let Header { kind, flags, .. } = block.header;
        match kind {
            format::METADATA if flags == 0 => {
                let Ok(meta) = format::metadata(block) else {
                    return false;
                };
                if self.session.events.is_empty() {
                    self.passed = meta.before;
                }
                self.session.meta = meta;
                self.has_metadata = true;
                self.note_arrival(&block.header);
                return true;
            }
            format::EVENTS if flags & !format::PACKED == 0 => return self.take_events(block),
            format::METADATA | format::EVENTS => return false,
            format::ORIGIN => {
                let origin = Origin::decode(block.payload);
                let damage = origin.map_or_else(|_| Vec::new(), |origin| origin.damage);
                self.session.damage.splice(0..0, damage);
            }
            _ => {}
        }
        self.arrive(&block.header, None);
        true
    }

    fn take_events(&mut self, block: &Block<'_>) -> bool {
        let Header { events, time, .. } = block.header;
        // It is kept for the next block, so that its memory is.
        let mut decoded = std::mem::take(&mut self.decoded);
        decoded.clear();
        let read = format::unpack(block).and_then(|payload| {
            let take = |item: Item| decoded.push(item.into());
            codec::decode(&payload, events, time, &mut self.texts, take)
        });
        if read.is_err() {
            self.note(&block.header);
            return false;
        }
        self.arrive(&block.header, decoded.first().map(|event| event.thread));
        self.session.events.append(&mut decoded);
        self.decoded = decoded;
        self.passed = self.passed.saturating_add(events);
        true
    }

    /// Comes to a block that is whole, and settles what was lost before it.
    fn arrive(&mut self, header: &Header, thread: Option<ThreadId>) {
        let events = header.before - self.passed;
        let at = self.at as u64;
        if let Some(start) = self.skipped.take() {
            let offset = start as u64;
            let bytes = at - offset;
            self.session.damage.push(Damage::Skipped {
                offset,
                bytes,
                events,
            });
        } else if events > 0 || (header.number != self.number && header.kind != format::METADATA) {
            let offset = at;
            self.session.damage.push(Damage::Missing { offset, events });
        }
        self.lose(events, header.time, thread.unwrap_or_default());
        self.number = header.number.wrapping_add(1);
        self.passed = header.before;
        self.note(header);
    }

    /// Comes to the metadata, which lie before all events.
    fn note_arrival(&mut self, header: &Header) {
        let header = Header {
            before: self.passed,
            ..*header
        };
        self.arrive(&header, None);
    }

    /// Passes over what is no whole block, to where the next one may begin.
    fn search(&mut self, broken: &Broken) {
        self.skip();
        let mut next = self.at + 1;
        if let Broken::Payload { header, payload } = broken {
            self.note(header);
            self.patience = self.patience.saturating_sub(*payload);
            if self.patience == 0 {
                next = self.at + format::BLOCK_HEADER + payload;
            }
        }
        self.at = format::find_block(self.bytes, next).unwrap_or(self.bytes.len());
    }

    /// Comes to the end of a file that has none.
    fn cut_off(&mut self) {
        let (known, time) = self.known;
        let events = known.saturating_sub(self.passed);
        self.lose(events, time, ThreadId::default());
        self.session.damage.push(match self.skipped {
            None => Damage::NoEnd,
            Some(start) => Damage::Torn {
                bytes: (self.bytes.len() - start) as u64,
                events,
            },
        });
    }

    fn skip(&mut self) {
        self.skipped.get_or_insert(self.at);
    }

    fn note(&mut self, header: &Header) {
        let known = header.before.saturating_add(header.events);
        if known > self.known.0 {
            self.known = (known, header.time);
        }
    }

    fn lose(&mut self, count: u64, at: Timestamp, thread: ThreadId) {
        if count > 0 {
            let kind = EventKind::Lost { count };
            self.session.events.push(Event { at, thread, kind });
        }
    }
}
