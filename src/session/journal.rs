//! Journals, as sessions and as recordings.

#[cfg(feature = "app")]
use std::fs::File;
#[cfg(feature = "app")]
use std::io::Read;
#[cfg(feature = "app")]
use std::path::{Path, PathBuf};

#[cfg(feature = "app")]
use super::error::Error;
#[cfg(feature = "app")]
use super::feed::Feed;
use super::format::Meta;
#[cfg(feature = "app")]
use super::threaded::ThreadedWriter;
use super::whole::Session;
#[cfg(feature = "app")]
use super::writer::Writer;
#[cfg(feature = "app")]
use super::writing::Writing;
use crate::event::Text;
#[cfg(feature = "app")]
use crate::event::{Event, EventKind, Step, ThreadId, Timestamp};
use crate::journal::Reader;
#[cfg(feature = "app")]
use crate::journal::Sink;
use crate::journal::block::{self, Description};
#[cfg(feature = "app")]
use crate::journal::damage::Damage;
use crate::journal::unreadable::Unreadable;

/// Bytes in which a journal's first whole block is looked for.
pub(super) const BEGINNING: u64 = 1 << 10;
/// Bytes that are read at a time.
#[cfg(feature = "app")]
pub(super) const AT_A_TIME: usize = if cfg!(test) { 1 << 10 } else { 1 << 18 };

/// Returns `true` if these are the first bytes of a journal. Where they are damaged, its first block tells.
pub(super) fn is_journal(bytes: &[u8]) -> bool {
    let beginning = &bytes[..bytes.len().min(BEGINNING as usize)];
    bytes.starts_with(&block::MAGIC) || block::find(beginning).is_some()
}

/// Returns `true` if a file is a journal.
///
/// # Errors
///
/// Returns an error if it cannot be read.
#[cfg(feature = "app")]
pub(super) fn is_file_of(path: &Path) -> Result<bool, Unreadable> {
    let mut start = Vec::new();
    let file = super::file::open(path)?;
    file.take(BEGINNING)
        .read_to_end(&mut start)
        .map_err(Unreadable::Io)?;
    Ok(is_journal(&start))
}

/// Returns what a journal says of itself, from its first bytes.
#[cfg(feature = "app")]
pub(super) fn metadata(bytes: &[u8]) -> Option<Meta> {
    let first = bytes.get(block::FILE_HEADER..)?;
    let found = block::header(first).filter(|it| it.header.kind == block::kind::DESCRIPTION)?;
    let payload = first[block::HEADER..].get(..found.length)?;
    let description = block::take_description(payload).ok()?;
    Some(meta(Some(&description)))
}

/// Returns `true` if the last block of a journal's file says that nothing more happened.
#[cfg(feature = "app")]
pub(super) fn has_end(file: &File, length: u64) -> std::io::Result<bool> {
    let header = block::HEADER as u64;
    let last = super::piece::read_some(file, length.saturating_sub(header), header)?;
    Ok(block::header(&last).is_some_and(|last| last.header.kind == block::kind::END))
}

/// Reads a journal as a whole.
pub(super) fn read(bytes: &[u8]) -> Result<Session, Unreadable> {
    let (mut reader, mut events) = (Reader::default(), Vec::new());
    reader.push(bytes, &mut events)?;
    reader.end(&mut events);
    if let Some(why) = is_nothing(&reader) {
        return Err(why);
    }
    Ok(Session {
        meta: meta(reader.description()),
        events,
        damage: reader.damage().to_vec(),
    })
}

/// Returns why nothing of a journal can be read, if so.
fn is_nothing(reader: &Reader) -> Option<Unreadable> {
    (!reader.has_header() && !reader.has_blocks()).then_some(Unreadable::Nothing)
}

/// Returns how many events a journal's file holds, and how many are lost: for benches.
#[cfg(feature = "app")]
pub(super) fn counts(path: &Path) -> Result<(u64, u64), Error> {
    let unreadable = |why| Error::unreadable(path, why);
    let mut file = super::file::open(path).map_err(unreadable)?;
    let (mut reader, mut counts) = (Reader::default(), Counts::default());
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

/// Numbers of events.
#[cfg(feature = "app")]
#[derive(Default)]
struct Counts {
    events: u64,
    lost: u64,
}

#[cfg(feature = "app")]
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
#[cfg(feature = "app")]
#[derive(Debug)]
pub(crate) struct Converter {
    reader: Reader,
    /// The file of the recording, and its path.
    to: (File, PathBuf),
    /// None before it is known what the recording is of.
    writing: Option<By>,
    /// Where the events go, too, once they are in the file.
    feed: Option<Feed>,
}

/// What writes a recording.
#[cfg(feature = "app")]
#[derive(Debug)]
enum By {
    /// The thread that reads the journal: what is flushed is in the file.
    Itself(Box<Writer>),
    /// Others, for long journals.
    Others(Box<ThreadedWriter>),
}

#[cfg(feature = "app")]
impl Converter {
    /// Makes a recording in this file, which it empties first.
    pub(crate) fn to(file: File, path: &Path) -> Self {
        Self {
            reader: Reader::default(),
            to: (file, path.to_owned()),
            writing: None,
            feed: None,
        }
    }

    /// Hands on the events, too, once they are in the file.
    pub(crate) fn hand_on_to(&mut self, feed: Feed) {
        self.feed = Some(feed);
    }

    fn begin(&self) -> Result<Writer, Error> {
        let meta = meta(self.reader.description());
        let mut writer = Writer::over(&self.to.0, &self.to.1, &meta)?;
        if let Some(feed) = &self.feed {
            writer.hand_on_to(feed.clone());
        }
        Ok(writer)
    }

    /// Returns `true` if there is a recording.
    pub(crate) fn has_begun(&self) -> bool {
        self.writing.is_some()
    }

    /// Begins the recording, whatever is known of the journal.
    ///
    /// # Errors
    ///
    /// Returns an error if the recording cannot be written.
    pub(super) fn start(&mut self) -> Result<(), Error> {
        if self.writing.is_none() {
            self.writing = Some(By::Itself(Box::new(self.begin()?)));
        }
        Ok(())
    }

    /// Leaves the writing to other threads from now on, if the recording has begun. What is flushed is then in the file a
    /// little later.
    ///
    /// # Errors
    ///
    /// Returns an error if the recording cannot be written, or no thread can be started.
    pub(super) fn use_threads(&mut self) -> Result<(), Error> {
        self.writing = match self.writing.take() {
            Some(By::Itself(writer)) => Some(By::Others(Box::new(ThreadedWriter::of(*writer)?))),
            writing => writing,
        };
        Ok(())
    }

    /// Takes in the next bytes of the journal.
    ///
    /// # Errors
    ///
    /// Returns an error if they are no journal, or the recording cannot be written.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), Failed> {
        let reader = &mut self.reader;
        match &mut self.writing {
            None => self.push_first(bytes),
            Some(By::Itself(writer)) => {
                let mut writing = Writing::new(writer);
                reader.push(bytes, &mut writing).map_err(Failed::Read)?;
                writing.finish().map_err(Failed::Write).map(drop)
            }
            Some(By::Others(writer)) => {
                reader.push(bytes, &mut **writer).map_err(Failed::Read)?;
                writer.check().map_err(Failed::Write)
            }
        }
    }

    /// Takes in the first bytes: the description comes first.
    fn push_first(&mut self, bytes: &[u8]) -> Result<(), Failed> {
        let mut events = Vec::new();
        self.reader.push(bytes, &mut events).map_err(Failed::Read)?;
        if self.reader.description().is_some() || !events.is_empty() {
            let mut writer = self.begin().map_err(Failed::Write)?;
            let written = writer.write(&events);
            self.writing = Some(By::Itself(Box::new(writer)));
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
        match &mut self.writing {
            None => Ok(()),
            Some(By::Itself(writer)) => writer.flush(),
            Some(By::Others(writer)) => writer.flush(),
        }
    }

    /// Ends the recording: no more bytes come. Returns what is wrong with the journal.
    ///
    /// # Errors
    ///
    /// Returns an error if the recording cannot be written.
    pub(crate) fn finish(self) -> Result<Vec<Damage>, Error> {
        self.finish_with(|_| None)
    }

    /// Returns why nothing of the journal can be read, if so, once all of its bytes were taken in.
    pub(super) fn is_nothing(&self) -> Option<Unreadable> {
        is_nothing(&self.reader)
    }

    /// As [`finish`](Self::finish); the recording's end follows a block with the payload that `origin` returns.
    pub(super) fn finish_with(
        mut self,
        origin: impl FnOnce(&[Damage]) -> Option<Vec<u8>>,
    ) -> Result<Vec<Damage>, Error> {
        self.start()?;
        let written = match self.writing.take() {
            Some(By::Itself(mut writer)) => {
                let mut writing = Writing::new(&mut writer);
                self.reader.end(&mut writing);
                writing.finish()?;
                Some(*writer)
            }
            Some(By::Others(mut writer)) => {
                self.reader.end(&mut *writer);
                writer.into_writer()?
            }
            None => None,
        };
        if let Some(mut writer) = written {
            if let Some(origin) = origin(self.reader.damage()) {
                writer.put_origin(&origin)?;
            }
            writer.finish()?;
        }
        Ok(self.reader.damage().to_vec())
    }
}

/// Why a journal does not become a recording.
#[cfg(feature = "app")]
#[derive(Debug)]
pub(crate) enum Failed {
    /// It cannot be read.
    Read(Unreadable),
    /// The recording cannot be written.
    Write(Error),
}
