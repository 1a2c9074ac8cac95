//! What benches measure of sessions. Not for anybody else: it may change at any time.

use std::io::Read;
use std::path::Path;

use super::archive::Archive;
use super::error::Error;
use super::file;
use super::journal::AT_A_TIME;
use super::made::{Goal, Making};
#[cfg(doc)]
use super::whole::Session;
use crate::event::{Event, EventKind, Step, ThreadId, Timestamp};
use crate::journal::unreadable::Unreadable;
use crate::journal::{Reader, Sink};

/// Opens a file as the screen opens one that is large, and finds out how everything stands at its end. Tells how many
/// events there are, and when the last one happened: for benches.
///
/// # Errors
///
/// As [`Session::open`].
#[doc(hidden)]
pub fn opened(path: impl AsRef<Path>) -> Result<(u64, Timestamp), Error> {
    let path = path.as_ref();
    let mut archive = Archive::open(path, |_| {})?;
    let end = archive.end_time().map_err(|why| Error::read(path, why))?;
    Ok((archive.events() - archive.first(), end))
}

/// Returns how many events a journal holds, and how many are lost: for benches.
///
/// # Errors
///
/// As [`Session::open`].
#[doc(hidden)]
pub fn journal_counts(path: impl AsRef<Path>) -> Result<(u64, u64), Error> {
    let path = path.as_ref();
    let unreadable = |why| Error::unreadable(path, why);
    let mut file = file::open(path).map_err(unreadable)?;
    let (mut reader, mut counts) = (Reader::default(), EventCounts::default());
    let mut bytes = vec![0; AT_A_TIME];
    loop {
        let read = file.read(&mut bytes);
        match read.map_err(|why| unreadable(Unreadable::Io(why)))? {
            0 => break,
            read => reader
                .push(&bytes[..read], &mut counts)
                .map_err(unreadable)?,
        }
    }
    reader.end(&mut counts);
    Ok((counts.events, counts.lost))
}

/// Reads a first part of a journal, and opens the recording of it as the screen does: for benches.
///
/// # Errors
///
/// As [`Session::open`].
#[doc(hidden)]
pub fn journal_started(path: impl AsRef<Path>) -> Result<u64, Error> {
    let mut making = Making::begin(path.as_ref(), Goal::Drop)?;
    making.start()?;
    let archive = Archive::open(making.part(), |_| {})?;
    Ok(archive.events())
}

/// Numbers of events.
#[derive(Default)]
struct EventCounts {
    events: u64,
    lost: u64,
}

impl Sink for EventCounts {
    fn step(&mut self, _: Timestamp, _: ThreadId, _: Step) {
        self.events += 1;
    }

    fn event(&mut self, event: &Event) {
        match event.kind {
            EventKind::Lost { count } => self.lost += count,
            _ => self.events += u64::from(event.kind.is_counted()),
        }
    }
}
