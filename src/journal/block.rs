//! The journal's file header and its blocks.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::event::fields::{Malformed, put_varint, take_bytes, take_varint};
use crate::event::{Text, ThreadId};

use super::Clock;
use super::word::Tick;

/// With what a journal begins.
pub(crate) const MAGIC: [u8; 8] = *b"\x89ajln\r\n\x1a";
/// The version of the format.
pub(crate) const VERSION: u16 = 1;
/// Bytes of the file header.
pub(crate) const FILE_HEADER: usize = 16;
/// Bytes of a block's header.
pub(crate) const HEADER: usize = 52;
/// The longest payload, in bytes.
pub(crate) const LONGEST: usize = 1 << 24;
/// With what a block begins. Its first byte occurs in no UTF-8 text.
const MARKER: [u8; 4] = *b"\xffjrn";

/// What a block holds.
pub(crate) mod kind {
    pub(crate) const DESCRIPTION: u8 = 1;
    pub(crate) const WORDS: u8 = 2;
    pub(crate) const TEXTS: u8 = 3;
    pub(crate) const TEMPLATES: u8 = 4;
    pub(crate) const NOTES: u8 = 5;
    pub(crate) const TIME: u8 = 6;
    pub(crate) const END: u8 = 7;
    pub(crate) const STANDING: u8 = 8;
}

/// The flag of a time block that is a heartbeat.
pub(crate) const HEARTBEAT: u8 = 1;
/// The flag of a standing block that stands for notes, not for what a thread wrote.
pub(crate) const OF_NOTES: u8 = 1;

/// A block's header, but for what follows from the payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    /// The block's number: one more than that of the block before.
    pub(crate) number: u64,
    /// The thread that wrote the words.
    pub(crate) thread: ThreadId,
    /// How many events, texts or templates the block holds.
    pub(crate) count: u32,
    /// How many of them lie before it: events of the same thread, notes, texts or templates.
    pub(crate) before: u64,
    /// The tick from which the first event counts; of a time block, that before which all has been written.
    pub(crate) tick: Tick,
}

/// A header that was read, and what it says of the payload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) header: Header,
    pub(crate) length: usize,
    checksum: u32,
}

/// What a journal says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Description {
    /// The program's name.
    pub(crate) title: Text,
    /// The version of the producer.
    pub(crate) version: Text,
    /// When the session began.
    pub(crate) start: SystemTime,
    pub(crate) clock: Clock,
}

/// Returns the file header.
pub(crate) fn file_header() -> [u8; FILE_HEADER] {
    let mut bytes = [0; FILE_HEADER];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
    let checksum = crc32c::crc32c(&bytes[..12]);
    bytes[12..].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// Returns the version that a file header says; none if it is damaged.
pub(crate) fn file_version(bytes: &[u8]) -> Option<u16> {
    let header: &[u8; FILE_HEADER] = bytes.first_chunk()?;
    let is_whole =
        header.starts_with(&MAGIC) && crc32c::crc32c(&header[..12]).to_le_bytes() == header[12..];
    is_whole.then(|| u16::from_le_bytes([header[8], header[9]]))
}

/// Appends a block, whose payload this function appends.
pub(crate) fn put(to: &mut Vec<u8>, header: &Header, payload: impl FnOnce(&mut Vec<u8>)) {
    let start = put_header(to);
    payload(to);
    finish(to, start, header);
}

/// Appends room for a header. Returns where it begins.
pub(crate) fn put_header(to: &mut Vec<u8>) -> usize {
    let start = to.len();
    to.resize(start + HEADER, 0);
    start
}

/// Fills in the header of a block whose payload has been appended.
pub(crate) fn finish(to: &mut [u8], start: usize, header: &Header) {
    let (bytes, payload) = to[start..].split_at_mut(HEADER);
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    bytes[..4].copy_from_slice(&MARKER);
    (bytes[4], bytes[5]) = (header.kind, header.flags);
    bytes[8..16].copy_from_slice(&header.number.to_le_bytes());
    bytes[16..20].copy_from_slice(&header.thread.0.to_le_bytes());
    bytes[20..24].copy_from_slice(&header.count.to_le_bytes());
    bytes[24..32].copy_from_slice(&header.before.to_le_bytes());
    bytes[32..40].copy_from_slice(&header.tick.0.to_le_bytes());
    bytes[40..44].copy_from_slice(&length.to_le_bytes());
    bytes[44..48].copy_from_slice(&crc32c::crc32c(payload).to_le_bytes());
    let checksum = crc32c::crc32c(&bytes[..48]);
    bytes[48..].copy_from_slice(&checksum.to_le_bytes());
}

/// Reads the header at the start of these bytes; none if it is not whole.
pub(crate) fn header(bytes: &[u8]) -> Option<Found> {
    let bytes: &[u8; HEADER] = bytes.first_chunk()?;
    let u32_at =
        |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let u64_at = |at: usize| u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32;
    let length = usize::try_from(u32_at(40)).ok()?;
    let is_whole = bytes.starts_with(&MARKER)
        && crc32c::crc32c(&bytes[..48]) == u32_at(48)
        && length <= LONGEST;
    is_whole.then(|| Found {
        header: Header {
            kind: bytes[4],
            flags: bytes[5],
            number: u64_at(8),
            thread: ThreadId(u32_at(16)),
            count: u32_at(20),
            before: u64_at(24),
            tick: Tick(u64_at(32)),
        },
        length,
        checksum: u32_at(44),
    })
}

impl Found {
    /// Returns `true` if this is the payload.
    pub(crate) fn fits(&self, payload: &[u8]) -> bool {
        crc32c::crc32c(payload) == self.checksum
    }
}

/// Returns the place of the next whole header in these bytes.
pub(crate) fn find(bytes: &[u8]) -> Option<usize> {
    let mut places = bytes.windows(MARKER.len()).enumerate();
    places.find_map(|(at, window)| {
        let is_here = window == MARKER && header(&bytes[at..]).is_some();
        is_here.then_some(at)
    })
}

/// Keys of the description's fields.
mod key {
    pub(super) const TITLE: u8 = 1;
    pub(super) const VERSION: u8 = 3;
    pub(super) const START: u8 = 4;
    pub(super) const CLOCK: u8 = 6;
}

/// Appends the payload of the description.
pub(crate) fn put_description(to: &mut Vec<u8>, description: &Description) {
    let start = description.start.duration_since(UNIX_EPOCH);
    let start = u64::try_from(start.unwrap_or_default().as_nanos()).unwrap_or(u64::MAX);
    let clock = [description.clock.began.0, description.clock.scaled];
    let clock: Vec<u8> = clock.into_iter().flat_map(u64::to_le_bytes).collect();
    for (key, value) in [
        (key::TITLE, description.title.raw().as_bytes()),
        (key::VERSION, description.version.raw().as_bytes()),
        (key::START, &start.to_le_bytes()),
        (key::CLOCK, &clock),
    ] {
        to.push(key);
        put_bytes(to, value);
    }
}

/// Reads the payload of the description. Unknown keys are passed over.
pub(crate) fn take_description(mut from: &[u8]) -> Result<Description, Malformed> {
    let mut description = Description {
        title: Text::default(),
        version: Text::default(),
        start: UNIX_EPOCH,
        clock: Clock::default(),
    };
    while let [key, rest @ ..] = from {
        from = rest;
        let value = take_sized(&mut from)?;
        match *key {
            key::TITLE => description.title = text(value)?,
            key::VERSION => description.version = text(value)?,
            key::START => {
                let since = Duration::from_nanos(u64_of(value)?);
                description.start = UNIX_EPOCH.checked_add(since).ok_or(Malformed)?;
            }
            key::CLOCK => {
                let (began, scaled) = value.split_at_checked(8).ok_or(Malformed)?;
                description.clock = Clock {
                    began: Tick(u64_of(began)?),
                    scaled: u64_of(scaled)?,
                };
            }
            _ => {}
        }
    }
    Ok(description)
}

/// Appends bytes, and their number before them.
pub(crate) fn put_bytes(to: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(to, bytes.len() as u64);
    to.extend_from_slice(bytes);
}

/// Takes bytes off the front, whose number is before them.
pub(crate) fn take_sized<'a>(from: &mut &'a [u8]) -> Result<&'a [u8], Malformed> {
    let length = take_varint(from)?;
    take_bytes(from, length)
}

/// Reads a text.
pub(crate) fn text(bytes: &[u8]) -> Result<Text, Malformed> {
    let text = str::from_utf8(bytes).map_err(|_| Malformed)?;
    Ok(text.to_owned().into())
}

fn u64_of(bytes: &[u8]) -> Result<u64, Malformed> {
    let bytes = bytes.try_into().map_err(|_| Malformed)?;
    Ok(u64::from_le_bytes(bytes))
}
