//! Journals, as sessions and as recordings.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::damage::Damage;
use super::error::{Error, Unreadable};
use super::format::Meta;
use super::reader::Session;
use super::writer::Writer;
use crate::collector::Writing;
use crate::event::{Event, EventKind, Step, Text, ThreadId, Timestamp};
use crate::journal::block::{self, Description};
use crate::journal::{Reader, Sink};
use crate::printable;

/// Bytes that are read at a time.
const AT_A_TIME: usize = 1 << 20;

/// Returns `true` if these are the first bytes of a journal. Where they are damaged, its first block tells.
pub(super) fn is_journal(bytes: &[u8]) -> bool {
    bytes.starts_with(&block::MAGIC)
        || bytes
            .get(block::FILE_HEADER..)
            .and_then(block::header)
            .is_some()
}

/// Returns `true` if a file is a journal.
///
/// # Errors
///
/// Returns an error if it cannot be read.
pub(crate) fn is_file_of(path: &Path) -> Result<bool, Unreadable> {
    let mut start = Vec::new();
    let most = (block::FILE_HEADER + block::HEADER) as u64;
    let file = super::file::open(path)?;
    file.take(most)
        .read_to_end(&mut start)
        .map_err(Unreadable::Io)?;
    Ok(is_journal(&start))
}

/// Reads a journal as a whole.
pub(super) fn read(bytes: &[u8]) -> Result<Session, Unreadable> {
    let (mut reader, mut events) = (Reader::default(), Events(Vec::new()));
    reader.push(bytes, &mut events)?;
    reader.end(&mut events);
    Ok(Session {
        meta: meta(reader.description()),
        events: events.0,
        damage: reader.damage().to_vec(),
    })
}

/// Events in memory.
struct Events(Vec<Event>);

impl Sink for Events {
    fn step(&mut self, at: Timestamp, thread: ThreadId, step: Step) {
        let kind = step.into();
        self.0.push(Event { at, thread, kind });
    }

    fn event(&mut self, event: &Event) {
        self.0.push(event.clone());
    }
}

/// Returns how many events a journal's file holds, and how many are lost: for benches.
pub(super) fn counts(path: &Path) -> Result<(u64, u64), Error> {
    let unreadable = |why| Error::Read {
        file: printable::path(path),
        why,
    };
    let mut file = super::file::open(path).map_err(unreadable)?;
    let (mut reader, mut counts) = (Reader::default(), Counts::default());
    let mut bytes = vec![0; AT_A_TIME];
    loop {
        let read = file.read(&mut bytes);
        match read.map_err(|why| unreadable(Unreadable::Io(why)))? {
            0 => break,
            read => reader.push(&bytes[..read], &mut counts).map_err(unreadable)?,
        }
    }
    reader.end(&mut counts);
    Ok((counts.events, counts.lost))
}

/// Numbers of events.
#[derive(Default)]
struct Counts {
    events: u64,
    lost: u64,
}

impl Sink for Counts {
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

/// Returns what a recording says of itself that is made of a journal.
fn meta(description: Option<&Description>) -> Meta {
    description.map_or_else(Meta::default, |of| Meta {
        title: of.title.clone(),
        scenario: Text::default(),
        version: of.version.clone(),
        start: of.start,
        before: 0,
    })
}

/// Makes an indexed recording of a journal, as its bytes come.
#[derive(Debug)]
pub(crate) struct Converter {
    reader: Reader,
    /// The file of the recording, and its path.
    to: (File, PathBuf),
    /// None before it is known what the recording is of.
    writer: Option<Writer>,
}

impl Converter {
    /// Makes a recording in this file, which it empties first.
    pub(crate) fn to(file: File, path: &Path) -> Self {
        Self {
            reader: Reader::default(),
            to: (file, path.to_owned()),
            writer: None,
        }
    }

    fn begin(&self) -> Result<Writer, Error> {
        let meta = meta(self.reader.description());
        Writer::over(&self.to.0, &self.to.1, &meta)
    }

    /// Takes in the next bytes of the journal.
    ///
    /// # Errors
    ///
    /// Returns an error if they are no journal, or the recording cannot be written.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), Failed> {
        let Some(writer) = &mut self.writer else {
            return self.push_first(bytes);
        };
        let mut writing = Writing::new(writer);
        self.reader
            .push(bytes, &mut writing)
            .map_err(Failed::Read)?;
        writing.finish().map_err(Failed::Write).map(drop)
    }

    /// Takes in the first bytes: the description comes first.
    fn push_first(&mut self, bytes: &[u8]) -> Result<(), Failed> {
        let mut events = Events(Vec::new());
        self.reader.push(bytes, &mut events).map_err(Failed::Read)?;
        if self.reader.description().is_some() || !events.0.is_empty() {
            let mut writer = self.begin().map_err(Failed::Write)?;
            let written = writer.write(&events.0);
            self.writer = Some(writer);
            written.map_err(Failed::Write)?;
        }
        Ok(())
    }

    /// Writes what was taken in.
    ///
    /// # Errors
    ///
    /// Returns an error if the recording cannot be written.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        self.writer.as_mut().map_or(Ok(()), Writer::flush)
    }

    /// Ends the recording: no more bytes come. Returns what is wrong with the journal.
    ///
    /// # Errors
    ///
    /// Returns an error if the recording cannot be written.
    pub(crate) fn finish(mut self) -> Result<Vec<Damage>, Error> {
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.begin()?,
        };
        let mut writing = Writing::new(&mut writer);
        self.reader.end(&mut writing);
        writing.finish()?;
        writer.finish()?;
        Ok(self.reader.damage().to_vec())
    }
}

/// Why a journal does not become a recording.
#[derive(Debug)]
pub(crate) enum Failed {
    /// It cannot be read.
    Read(Unreadable),
    /// The recording cannot be written.
    Write(Error),
}

/// Makes an indexed recording of a journal's file. Returns what is wrong with the journal. Tells how many of how many
/// bytes are read.
///
/// # Errors
///
/// Returns an error if the journal cannot be read, or the recording cannot be written.
pub(crate) fn convert(
    from: &Path,
    to: (File, &Path),
    mut progress: impl FnMut(u64, u64),
) -> Result<Vec<Damage>, Error> {
    let unreadable = |why| Error::Read {
        file: printable::path(from),
        why,
    };
    let mut file = super::file::open(from).map_err(unreadable)?;
    let length = file.metadata().map_or(0, |file| file.len());
    let (mut converter, mut read) = (Converter::to(to.0, to.1), 0);
    let mut bytes = vec![0; AT_A_TIME];
    loop {
        let count = file
            .read(&mut bytes)
            .map_err(|why| unreadable(Unreadable::Io(why)))?;
        if count == 0 {
            return converter.finish();
        }
        converter
            .push(&bytes[..count])
            .map_err(|failed| match failed {
                Failed::Read(why) => unreadable(why),
                Failed::Write(error) => error,
            })?;
        read += count as u64;
        progress(read, length);
    }
}
