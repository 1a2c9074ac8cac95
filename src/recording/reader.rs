//! Reads a session log: whatever of it is whole.

use std::io::Read;
use std::path::Path;

use super::codec::Texts;
use super::error::Error;
use super::log::Log;
use super::piece::Input;
use super::whole::Session;
use super::{file, journal};
use crate::journal::unreadable::Unreadable;

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
