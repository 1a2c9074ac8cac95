//! The file header and the blocks. The format is documented in `session.rs`.
//!
//! *Architecture invariant:* pure functions; nothing here reads or writes a file, and no bytes make it panic.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crc32c::crc32c;
use zstd::bulk::Compressor;

use super::codec::Encoded;
use crate::event::fields::{Malformed, put_varint, take_bytes, take_varint};
use crate::event::{Text, Timestamp};

/// With what a session log begins.
pub(super) const MAGIC: [u8; 8] = *b"\x89aline\r\n";
/// The version that is written, and the highest that is read.
pub(super) const VERSION: u16 = 4;
/// The bytes of a file header.
pub(super) const FILE_HEADER: usize = 16;
/// The bytes of a block's header.
pub(super) const BLOCK_HEADER: usize = 52;
/// With what a block begins.
const MARKER: [u8; 4] = *b"\xffblk";

/// Kind of the block that holds the metadata.
pub(super) const METADATA: u8 = 1;
/// Kind of a block that holds events.
pub(super) const EVENTS: u8 = 2;
/// Kind of the block that ends a file.
pub(super) const END: u8 = 3;
/// Kind of a block that holds a part of the index.
pub(super) const INDEX: u8 = 4;

/// Kind of the block that describes the journal of which the recording was made.
pub(super) const ORIGIN: u8 = 5;

/// Flag of a block of events or of the index whose payload is packed.
pub(super) const PACKED: u8 = 1;
/// Flag of a part of the index that omits fields of lanes with their usual values.
pub(super) const UNUSUAL: u8 = 2;
/// The fastest that there is; more would gain little.
const ZSTD_LEVEL: i32 = 1;
/// A payload that is longer is not packed.
const MOST_UNPACKED: usize = 1 << 20;
/// As [`MOST_UNPACKED`], for a part of the index: it holds all lanes that have not ended.
const MOST_INDEX: usize = 1 << 26;
/// A payload is at most so many times as long as it is packed. More than real ones need, and so little that a hostile
/// file cannot unfold to more than its size justifies.
const MOST_PACKED: usize = 32;

/// What a session log says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// What the session shows, for people.
    pub title: Text,
    /// The scenario's name; empty where the program was none.
    pub scenario: Text,
    /// The version of asyncline that recorded it.
    pub version: Text,
    /// When the session began.
    pub start: SystemTime,
    /// How many events lie before the first one here, where this is the rest of a longer session.
    pub before: u64,
}

impl Meta {
    /// Describes a session that this version of asyncline records.
    pub fn new(title: impl Into<Text>, scenario: impl Into<Text>, start: SystemTime) -> Self {
        Self {
            title: title.into(),
            scenario: scenario.into(),
            version: env!("CARGO_PKG_VERSION").into(),
            start,
            before: 0,
        }
    }
}

impl Default for Meta {
    /// Nothing is known: empty texts, and the year 1970.
    fn default() -> Self {
        Self {
            title: Text::default(),
            scenario: Text::default(),
            version: Text::default(),
            start: UNIX_EPOCH,
            before: 0,
        }
    }
}

/// A block's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub kind: u8,
    pub flags: u8,
    /// The block's number in the file.
    pub number: u32,
    /// How many events stand in the blocks before it.
    pub before: u64,
    /// How many events it holds.
    pub events: u64,
    /// The time of its first event.
    pub time: Timestamp,
}

/// A block's header as it was found, with what it says about the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub header: Header,
    /// The payload's length in bytes.
    pub length: u64,
    /// The payload's checksum.
    pub checksum: u32,
}

/// A block whose checksums fit.
#[derive(Debug)]
pub(super) struct Block<'a> {
    pub header: Header,
    pub payload: &'a [u8],
}

#[cfg(feature = "app")]
impl Block<'_> {
    /// The bytes it takes in the file.
    pub fn size(&self) -> usize {
        BLOCK_HEADER + self.payload.len()
    }
}

/// The file header.
pub(super) fn file_header() -> [u8; FILE_HEADER] {
    let mut header = [0; FILE_HEADER];
    header[..8].copy_from_slice(&MAGIC);
    header[8..10].copy_from_slice(&VERSION.to_le_bytes());
    let checksum = crc32c(&header[..12]);
    header[12..].copy_from_slice(&checksum.to_le_bytes());
    header
}

/// The version of a file, if its header is whole.
pub(super) fn file_version(bytes: &[u8]) -> Option<u16> {
    let header: &[u8; FILE_HEADER] = bytes.first_chunk()?;
    let whole = header.starts_with(&MAGIC) && crc32c(&header[..12]) == u32_at(header, 12);
    whole.then(|| u16::from_le_bytes([header[8], header[9]]))
}

/// The block that holds the metadata: the file's first.
pub(super) fn metadata_block(meta: &Meta, number: u32) -> Vec<u8> {
    let since = meta.start.duration_since(UNIX_EPOCH).unwrap_or_default();
    let nanos = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
    let fields: [(u8, &[u8]); 4] = [
        (1, meta.title.raw().as_bytes()),
        (2, meta.scenario.raw().as_bytes()),
        (3, meta.version.raw().as_bytes()),
        (4, &nanos.to_le_bytes()),
    ];
    let mut payload = Vec::new();
    for (key, value) in fields {
        payload.push(key);
        put_varint(&mut payload, value.len() as u64);
        payload.extend_from_slice(value);
    }
    if meta.before > 0 {
        payload.extend_from_slice(&[5, 8]);
        payload.extend_from_slice(&meta.before.to_le_bytes());
    }
    block(Header::new(METADATA, number, 0), &payload)
}

/// Returns the block of these events, packed.
pub(super) fn events_block(number: u32, before: u64, encoded: &Encoded) -> Vec<u8> {
    let header = Header {
        events: encoded.events,
        time: encoded.first,
        ..Header::new(EVENTS, number, before)
    };
    let packed = pack(&encoded.payload, MOST_UNPACKED);
    may_be_packed(header, packed.as_deref(), &encoded.payload)
}

fn may_be_packed(header: Header, packed: Option<&[u8]>, payload: &[u8]) -> Vec<u8> {
    match packed {
        Some(packed) => block(
            Header {
                flags: header.flags | PACKED,
                ..header
            },
            packed,
        ),
        None => block(header, payload),
    }
}

/// The block that holds a part of the index, which says how the session stands at `time`.
pub(super) fn index_block(number: u32, before: u64, time: Timestamp, part: &[u8]) -> Vec<u8> {
    let header = Header {
        time,
        flags: UNUSUAL,
        ..Header::new(INDEX, number, before)
    };
    may_be_packed(header, pack(part, MOST_INDEX).as_deref(), part)
}

/// The payload in fewer bytes: its length, and what zstd makes of it. None where that is no gain, or where a reader
/// would not believe it.
fn pack(payload: &[u8], most: usize) -> Option<Vec<u8>> {
    if payload.len() > most {
        return None;
    }
    let mut packed = Vec::new();
    put_varint(&mut packed, payload.len() as u64);
    packed.extend(compress(payload).ok()?);
    let is_gain = packed.len() < payload.len();
    (is_gain && payload.len() <= packed.len() * MOST_PACKED).then_some(packed)
}

/// What zstd makes of it. What it needs for that is kept for the thread's next block: it would be given back to the
/// system and asked for anew each time.
fn compress(payload: &[u8]) -> io::Result<Vec<u8>> {
    thread_local! {
        static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    }
    COMPRESSOR
        .try_with(|kept| {
            let compressor = &mut *kept.borrow_mut();
            let compressor = match compressor {
                Some(compressor) => compressor,
                none => none.insert(Compressor::new(ZSTD_LEVEL)?),
            };
            compressor.compress(payload)
        })
        // A thread that is about to end keeps nothing any more.
        .unwrap_or_else(|_| zstd::bulk::compress(payload, ZSTD_LEVEL))
}

/// What stays in memory, in fewer bytes where that is a gain.
#[cfg(feature = "app")]
pub(super) fn squeeze(payload: &[u8]) -> Vec<u8> {
    match pack(payload, MOST_INDEX) {
        Some(packed) => [&[PACKED], &*packed].concat(),
        None => [&[0], payload].concat(),
    }
}

/// Undoes [`squeeze`].
#[cfg(feature = "app")]
pub(super) fn expand(bytes: &[u8]) -> Result<Vec<u8>, Malformed> {
    let (&flags, payload) = bytes.split_first().ok_or(Malformed)?;
    let header = Header {
        flags,
        ..Header::new(INDEX, 0, 0)
    };
    unpack(&Block { header, payload }).map(Cow::into_owned)
}

/// A block's payload as it was before it was packed.
pub(super) fn unpack<'a>(block: &Block<'a>) -> Result<Cow<'a, [u8]>, Malformed> {
    if block.header.flags & PACKED == 0 {
        return Ok(Cow::Borrowed(block.payload));
    }
    let mut packed = block.payload;
    let length = usize::try_from(take_varint(&mut packed)?).map_err(|_| Malformed)?;
    let most = match block.header.kind {
        INDEX => MOST_INDEX,
        _ => MOST_UNPACKED,
    };
    if length > most.min(block.payload.len() * MOST_PACKED) {
        return Err(Malformed);
    }
    let payload = zstd::bulk::decompress(packed, length).map_err(|_| Malformed)?;
    if payload.len() == length {
        Ok(Cow::Owned(payload))
    } else {
        Err(Malformed)
    }
}

/// The block that ends a file whose last event was at `time`.
pub(super) fn end_block(number: u32, before: u64, time: Timestamp) -> Vec<u8> {
    let header = Header {
        time,
        ..Header::new(END, number, before)
    };
    block(header, &[])
}

/// The metadata in a block.
pub(super) fn metadata(block: &Block<'_>) -> Result<Meta, Malformed> {
    let mut meta = Meta::default();
    let mut rest = block.payload;
    while let Some((&key, fields)) = rest.split_first() {
        rest = fields;
        let length = take_varint(&mut rest)?;
        let value = take_bytes(&mut rest, length)?;
        match key {
            1 => meta.title = text(value)?.into(),
            2 => meta.scenario = text(value)?.into(),
            3 => meta.version = text(value)?.into(),
            4 => meta.start = moment(value)?,
            5 => meta.before = u64::from_le_bytes(value.try_into().map_err(|_| Malformed)?),
            _ => {}
        }
    }
    Ok(meta)
}

/// Reads the block with which `bytes` begin, if that is whole.
#[cfg(feature = "app")]
pub(super) fn parse_block(bytes: &[u8]) -> Option<Block<'_>> {
    let found = parse_header(bytes)?;
    let length = usize::try_from(found.length).ok()?;
    let payload = bytes[BLOCK_HEADER..].get(..length)?;
    let header = found.header;
    (crc32c(payload) == found.checksum).then_some(Block { header, payload })
}

/// Where the next block's header may begin, from `start` on.
pub(super) fn find_block(bytes: &[u8], start: usize) -> Option<usize> {
    let from = bytes.get(start..)?;
    let mut places = from.windows(MARKER.len()).enumerate();
    let found =
        places.find(|(place, window)| *window == MARKER && parse_header(&from[*place..]).is_some());
    found.map(|(place, _)| start + place)
}

/// A block's header, if these bytes begin with one.
pub(super) fn parse_header(bytes: &[u8]) -> Option<Found> {
    let bytes: &[u8; BLOCK_HEADER] = bytes.first_chunk()?;
    if !bytes.starts_with(&MARKER) || crc32c(&bytes[..48]) != u32_at(bytes, 48) {
        return None;
    }
    let header = Header {
        kind: bytes[4],
        flags: bytes[5],
        number: u32_at(bytes, 8),
        before: u64_at(bytes, 16),
        events: u64_at(bytes, 24),
        time: Timestamp(u64_at(bytes, 32)),
    };
    Some(Found {
        header,
        length: u64_at(bytes, 40),
        checksum: u32_at(bytes, 12),
    })
}

/// A block with this header and payload.
pub(super) fn block(header: Header, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(BLOCK_HEADER + payload.len());
    bytes.extend_from_slice(&MARKER);
    bytes.extend_from_slice(&[header.kind, header.flags, 0, 0]);
    bytes.extend_from_slice(&header.number.to_le_bytes());
    bytes.extend_from_slice(&crc32c(payload).to_le_bytes());
    bytes.extend_from_slice(&header.before.to_le_bytes());
    bytes.extend_from_slice(&header.events.to_le_bytes());
    bytes.extend_from_slice(&header.time.0.to_le_bytes());
    bytes.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&crc32c(&bytes).to_le_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

impl Header {
    pub(super) fn new(kind: u8, number: u32, before: u64) -> Self {
        Self {
            kind,
            flags: 0,
            number,
            before,
            events: 0,
            time: Timestamp::ZERO,
        }
    }
}

fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    let field = bytes[offset..].first_chunk();
    field.map_or(0, |field| u32::from_le_bytes(*field))
}

fn u64_at(bytes: &[u8], offset: usize) -> u64 {
    let field = bytes[offset..].first_chunk();
    field.map_or(0, |field| u64::from_le_bytes(*field))
}

fn text(value: &[u8]) -> Result<String, Malformed> {
    let text = str::from_utf8(value).map_err(|_| Malformed)?;
    Ok(text.to_string())
}

fn moment(value: &[u8]) -> Result<SystemTime, Malformed> {
    let nanos = u64::from_le_bytes(value.try_into().map_err(|_| Malformed)?);
    let moment = UNIX_EPOCH.checked_add(Duration::from_nanos(nanos));
    moment.ok_or(Malformed)
}
