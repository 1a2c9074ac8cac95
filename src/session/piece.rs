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
    /// one that says so. Returns how many cannot be read although the block's checksum is right.
    pub(super) fn each(&self, texts: &mut Texts, mut take: impl FnMut(Item, u64)) -> u64 {
        let Piece { count, time, .. } = self.piece;
        let mut read = 0;
        let decoded = self.payload.as_ref().map(|payload| {
            codec::decode(payload, count, time, texts, |item| {
                read += 1;
                take(item, 1);
            })
        });
        let count = match decoded {
            Some(Ok(())) => 0,
            _ => count.saturating_sub(read),
        };
        if count > 0 {
            let lost = Event {
                at: self.over,
                thread: ThreadId::default(),
                kind: EventKind::Lost { count },
            };
            take(Item::Rare(lost), count);
        }
        if decoded.is_some() { count } else { 0 }
    }
}

/// The payload of a block, as it was before it was packed; none where that is damaged.
pub(super) fn read_block(file: &File, stored: &Stored) -> io::Result<Option<Vec<u8>>> {
    let Found {
        header,
        length,
        checksum,
    } = stored.found;
    let payload = read_some(file, stored.offset + BLOCK_HEADER as u64, length)?;
    if payload.len() as u64 != length {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the file has become shorter while it was read",
        ));
    }
    if crc32c::crc32c(&payload) != checksum {
        return Ok(None);
    }
    let block = Block {
        header,
        payload: &payload,
    };
    Ok(format::unpack(&block).ok().map(Cow::into_owned))
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
