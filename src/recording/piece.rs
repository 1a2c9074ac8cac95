//! A part of a session, and its events as they are read.

use std::borrow::Cow;
use std::fs::File;
use std::io;

use super::codec::{self, Item, Texts};
use super::format::{self, BLOCK_HEADER, Block, Found};
use crate::event::{Event, EventKind, ThreadId, Timestamp};

/// A part of a session: a block of events, or events that are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// How many events of the session lie before it, those that are lost included.
    pub(crate) place: u64,
    /// How many events it is.
    pub(crate) count: u64,
    /// When the first of them happened.
    pub(crate) time: Timestamp,
    /// Where they are, unless they are lost.
    pub(super) stored: Option<Stored>,
}

/// Where in the file a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) offset: u64,
    pub(super) found: Found,
}

/// The events of a piece, read.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(super) piece: Piece,
    /// None where they are lost, or cannot be read.
    pub(super) payload: Option<Vec<u8>>,
    /// When the next event happened that is there.
    pub(super) over: Timestamp,
}

impl Loaded {
    /// Hands over the events, and how many of the session's each of them is. In the place of those that are lost stands
    /// one that says so. Where the block's checksum is right and its payload is malformed, returns how many that are.
    pub(super) fn each(&self, texts: &mut Texts, mut take: impl FnMut(Item, u64)) -> Option<u64> {
        let Piece { count, time, .. } = self.piece;
        let mut read = 0;
        let decoded = self.payload.as_ref().map(|payload| {
            codec::decode(payload, count, time, texts, |item| {
                read += 1;
                take(item, 1);
            })
        });
        let is_whole = matches!(decoded, Some(Ok(())));
        let count = if is_whole {
            0
        } else {
            count.saturating_sub(read)
        };
        if count > 0 {
            take(Item::Rare(self.lost(count)), count);
        }
        (decoded.is_some() && !is_whole).then_some(count)
    }

    /// Returns an event that says how many are lost.
    pub(super) fn lost(&self, count: u64) -> Event {
        Event {
            at: self.over,
            thread: ThreadId::default(),
            kind: EventKind::Lost { count },
        }
    }
}

/// The bytes of a recording.
#[derive(Debug)]
pub(super) enum Input {
    /// A file, which may grow.
    File(File),
    /// Input in memory.
    Memory(Vec<u8>),
}

impl Input {
    /// Returns how many bytes there are by now.
    pub(super) fn length(&self) -> io::Result<u64> {
        match self {
            Self::File(file) => file.metadata().map(|file| file.len()),
            Self::Memory(bytes) => Ok(bytes.len() as u64),
        }
    }

    /// Returns so many bytes from a place on; fewer if they end before.
    pub(super) fn read(&self, at: u64, length: u64) -> io::Result<Vec<u8>> {
        match self {
            Self::File(file) => read_some(file, at, length),
            Self::Memory(bytes) => {
                let place =
                    |at: u64| usize::try_from(at).map_or(bytes.len(), |at| at.min(bytes.len()));
                Ok(bytes[place(at)..place(at.saturating_add(length))].to_vec())
            }
        }
    }
}

/// The payload of a block, as it was before it was packed; none where that is damaged.
pub(super) fn read_block(bytes: &Input, stored: &Stored) -> io::Result<Option<Vec<u8>>> {
    let header = stored.found.header;
    let payload = read_payload(bytes, stored)?;
    Ok(payload.and_then(|payload| {
        let payload = &payload;
        format::unpack(&Block { header, payload })
            .ok()
            .map(Cow::into_owned)
    }))
}

/// Returns the payload of a block as it is stored; none if its checksum does not fit.
pub(super) fn read_payload(bytes: &Input, stored: &Stored) -> io::Result<Option<Vec<u8>>> {
    let Found {
        length, checksum, ..
    } = stored.found;
    let payload = bytes.read(stored.offset + BLOCK_HEADER as u64, length)?;
    if payload.len() as u64 != length {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the file has become shorter while it was read",
        ));
    }
    Ok((crc32c::crc32c(&payload) == checksum).then_some(payload))
}

/// So many bytes from a place on; fewer where the file ends before.
pub(super) fn read_some(file: &File, at: u64, length: u64) -> io::Result<Vec<u8>> {
    let length = usize::try_from(length).map_err(|_| io::ErrorKind::OutOfMemory)?;
    let mut bytes = vec![0; length];
    let mut read = 0;
    while read < length {
        match read_at(file, &mut bytes[read..], at + read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(read);
    Ok(bytes)
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, bytes, at)
}

#[cfg(windows)]
fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, bytes, at)
}
