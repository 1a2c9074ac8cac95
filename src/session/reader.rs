//! Reads a session log: whatever of it is whole.

use std::io::Read;
use std::path::Path;

use super::codec::Texts;
use super::error::Error;
use super::format::{self, Meta};
use super::log::Log;
use super::piece::Input;
use super::{file, journal};
use crate::event::Event;
#[cfg(doc)]
use crate::event::EventKind;
use crate::journal::damage::Damage;
use crate::journal::unreadable::Unreadable;
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
        Self::of_file(path).map_err(|why| Error::unreadable(path, why))
    }

    fn of_file(path: &Path) -> Result<Self, Unreadable> {
        let mut file = file::open(path)?;
        let mut bytes = Vec::new();
        let beginning = file
            .by_ref()
            .take(journal::BEGINNING)
            .read_to_end(&mut bytes);
        beginning.map_err(Unreadable::Io)?;
        if !journal::is_journal(&bytes) {
            return Self::of(Input::File(file));
        }
        file.read_to_end(&mut bytes).map_err(Unreadable::Io)?;
        journal::read(&bytes)
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
        Self::of(Input::Memory(bytes.to_vec()))
    }

    /// Reads a recording.
    fn of(bytes: Input) -> Result<Self, Unreadable> {
        let mut log = Log::of(bytes, true)?;
        log.end_here();
        let (mut events, mut texts) = (Vec::new(), Texts::default());
        for index in 0..log.pieces.len() {
            let loaded = log.load(index).map_err(Unreadable::Io)?;
            let before = events.len();
            if loaded
                .each(&mut texts, |item, _| events.push(item.into()))
                .is_some()
            {
                // Its events cannot be trusted.
                events.truncate(before);
                let count = loaded.piece.count;
                events.extend((count > 0).then(|| loaded.lost(count)));
                log.not_read(&loaded, Some(count));
            }
        }
        Ok(Self {
            damage: log.all_damage(),
            meta: log.meta,
            events,
        })
    }
}

/// The metadata with which a file begins, where that is whole. `bytes` may be cut off after it.
#[cfg(feature = "app")]
pub(super) fn metadata(bytes: &[u8]) -> Option<Meta> {
    let block = format::parse_block(&bytes[start(bytes).ok()?..])?;
    (block.header.kind == format::METADATA)
        .then(|| format::metadata(&block).ok())
        .flatten()
}

/// Whether these bytes are the end of a file that was finished.
#[cfg(feature = "app")]
pub(super) fn is_end(bytes: &[u8]) -> bool {
    let block = format::parse_block(bytes);
    block.is_some_and(|block| block.header.kind == format::END && block.size() == bytes.len())
}

/// Where the first block is to be looked for.
pub(super) fn start(bytes: &[u8]) -> Result<usize, Unreadable> {
    match format::file_version(bytes) {
        Some(version) if version > format::VERSION => Err(Unreadable::Newer {
            version,
            newest: format::VERSION,
        }),
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
