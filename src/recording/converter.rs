//! Makes recordings of journals.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::error::Error;
use super::feed::Feed;
use super::index::Index;
use super::journal::{is_nothing, meta};
use super::threaded::ThreadedWriter;
use super::writer::Writer;
use super::writing::Writing;
use crate::journal::Reader;
use crate::journal::damage::Damage;
use crate::journal::unreadable::Unreadable;

/// Makes an indexed recording of a journal, as its bytes come.
#[derive(Debug)]
pub(crate) struct Converter {
    reader: Reader,
    /// The file of the recording, and its path.
    to: (File, PathBuf),
    /// None before it is known what the recording is of.
    writing: Option<By>,
    /// Where the events go, too, once they are in the file.
    feed: Option<Feed>,
    keeps_index: bool,
}

/// What writes a recording.
#[derive(Debug)]
enum By {
    /// The thread that reads the journal: what is flushed is in the file.
    Itself(Box<Writer>),
    /// Others, for long journals.
    Others(Box<ThreadedWriter>),
}

impl Converter {
    /// Makes a recording in this file, which it empties first.
    pub(crate) fn to(file: File, path: &Path) -> Self {
        Self {
            reader: Reader::default(),
            to: (file, path.to_owned()),
            writing: None,
            feed: None,
            keeps_index: false,
        }
    }

    /// Keeps the index of the recording in memory, too.
    pub(super) fn keep_index(&mut self) {
        self.keeps_index = true;
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
        if self.keeps_index {
            writer.keep_index();
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
        self.finish_with(|_| None).map(|(damage, _)| damage)
    }

    /// Returns why nothing of the journal can be read, if so, once all of its bytes were taken in.
    pub(super) fn is_nothing(&self) -> Option<Unreadable> {
        is_nothing(&self.reader)
    }

    /// As [`finish`](Self::finish); the recording's end follows a block with the payload that `origin` returns. Returns the
    /// index, too, if it was kept.
    pub(super) fn finish_with(
        mut self,
        origin: impl FnOnce(&[Damage]) -> Option<Vec<u8>>,
    ) -> Result<(Vec<Damage>, Option<Index>), Error> {
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
        let mut index = None;
        if let Some(mut writer) = written {
            if let Some(origin) = origin(self.reader.damage()) {
                writer.put_origin(&origin)?;
            }
            index = writer.finish_with_index()?;
        }
        Ok((self.reader.damage().to_vec(), index))
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
