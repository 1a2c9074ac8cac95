//! The indexed recording of a journal, which is made when the journal is first opened and kept beside it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::converter::{Converter, Failed};
use super::error::Error;
use super::index::Index;
use super::journal;
use super::log::Log;
use super::origin::Origin;
use super::piece::read_some;
use super::progress::Progress;
use super::{file, temporary};
use crate::event::printable;
use crate::journal::block;
use crate::journal::damage::Damage;
use crate::journal::file::is_same;

/// A program that lives writes more often to its journal.
const HEARTBEAT: Duration = Duration::from_millis(300);
/// Bytes of a word: most events are one.
const WORD: u64 = 8;

/// Opens a recording; for a journal, the recording that is made of it, with its index if that was made now.
///
/// # Errors
///
/// Returns an error if the file cannot be read, or no recording can be made of it.
pub(super) fn open(
    path: &Path,
    mut progress: impl FnMut(Progress),
) -> Result<(Log, Option<Index>), Error> {
    if !is_journal(path)? {
        let log = Log::open(path).map_err(|why| Error::unreadable(path, why))?;
        return Ok((log, None));
    }
    if let Some(log) = kept(path) {
        return Ok((log, None));
    }
    let mut making = Making::begin(path, Goal::Keep)?;
    making.converter.keep_index();
    while making.advance()? {
        progress(making.progress());
    }
    making.finish_with_index()
}

/// Returns `true` if a file is a journal.
///
/// # Errors
///
/// Returns an error if it cannot be read.
pub(crate) fn is_journal(path: &Path) -> Result<bool, Error> {
    journal::is_file_of(path).map_err(|why| Error::unreadable(path, why))
}

/// Returns `true` if a journal's recording is there, and the journal has not changed since it was made.
pub(crate) fn is_kept(path: &Path) -> bool {
    kept(path).is_some()
}

/// Opens the recording that is kept beside a journal. None if there is none, or the journal has changed since.
fn kept(path: &Path) -> Option<Log> {
    let beside = beside(path);
    // Where others may write to the directory, it may be theirs.
    if !temporary::is_own(&beside).ok()? {
        return None;
    }
    let log = Log::open(&beside).ok()?;
    let journal = file::open(path).ok()?;
    let length = journal.metadata().ok()?.len();
    let now = Origin::of(&journal, length).ok()?;
    let is_fresh = log.has_end && log.origin.as_ref().is_some_and(|then| then.is_same(&now));
    is_fresh.then_some(log)
}

/// Returns the path of the recording that is kept beside a journal.
fn beside(path: &Path) -> PathBuf {
    with_suffix(path, ".index")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// What becomes of a recording that is made of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// It is kept beside the journal.
    Keep,
    /// It takes the journal's place.
    Replace,
    /// It is removed after use.
    Drop,
}

/// A recording that is being made of a journal.
#[derive(Debug)]
pub(crate) struct Making {
    path: PathBuf,
    journal: File,
    /// How many bytes of the journal were read, and the first of them.
    read: u64,
    beginning: Vec<u8>,
    converter: Converter,
    part: MadePart,
    bytes: Vec<u8>,
}

/// The file that the recording is written to.
#[derive(Debug)]
struct MadePart {
    path: PathBuf,
    /// Locked, so that nobody takes it for abandoned before it has its name.
    file: File,
    /// The name that it gets once it is complete.
    becomes: Option<PathBuf>,
}

impl Drop for MadePart {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl Making {
    /// Begins the recording of a journal, under a temporary name.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be read, or no file can be created.
    pub(crate) fn begin(path: &Path, goal: Goal) -> Result<Self, Error> {
        let journal = file::open(path).map_err(|why| Error::unreadable(path, why))?;
        let part = MadePart::create(path, goal)?;
        let file = part.file.try_clone();
        let file = file.map_err(|why| part.not_written(why))?;
        Ok(Self {
            path: path.to_owned(),
            journal,
            read: 0,
            beginning: Vec::new(),
            converter: Converter::to(file, &part.path),
            part,
            bytes: vec![0; journal::AT_A_TIME],
        })
    }

    /// Returns the path of the file that is written, as long as this exists.
    pub(crate) fn part(&self) -> &Path {
        &self.part.path
    }

    /// Returns how far the journal was read.
    pub(crate) fn progress(&self) -> Progress {
        let length = self.journal.metadata().map_or(0, |journal| journal.len());
        Progress {
            read: self.read / WORD,
            of: length.max(self.read) / WORD,
        }
    }

    /// Reads a first part of the journal, and writes what there is of it. Returns `true` if there is more.
    ///
    /// # Errors
    ///
    /// As [`advance`](Self::advance).
    pub(crate) fn start(&mut self) -> Result<bool, Error> {
        while !self.converter.has_begun() && self.advance()? {}
        self.converter.start()?;
        self.flush()?;
        let length = self.journal.metadata().map_or(0, |journal| journal.len());
        Ok(self.read < length)
    }

    /// Takes in the next part of the journal. Returns `false` at its end.
    ///
    /// # Errors
    ///
    /// Returns an error if the journal cannot be read, or the recording cannot be written.
    pub(crate) fn advance(&mut self) -> Result<bool, Error> {
        self.converter.use_threads()?;
        let path = &self.path;
        let read = self.journal.read(&mut self.bytes);
        let count = read.map_err(|why| Error::read(path, why))?;
        let bytes = &self.bytes[..count];
        let room = (journal::BEGINNING as usize).saturating_sub(self.beginning.len());
        self.beginning.extend(&bytes[..room.min(count)]);
        let pushed = self.converter.push(bytes);
        pushed.map_err(|failed| match failed {
            Failed::Read(why) => Error::unreadable(path, why),
            Failed::Write(error) => error,
        })?;
        self.read += count as u64;
        Ok(count > 0)
    }

    /// Begins anew if another journal has the path by now: its file was replaced, or cut off and written again. The
    /// recording then ends, and that of the other journal takes its path. Returns `true` if so.
    ///
    /// # Errors
    ///
    /// Returns an error if the other file is no journal, or the recording cannot be written.
    pub(crate) fn begin_anew(&mut self) -> Result<bool, Error> {
        // A file that is not there may come back.
        let Ok(other) = file::open(&self.path) else {
            return Ok(false);
        };
        let is_other = self.is_other(&other);
        if !is_other.map_err(|why| Error::read(&self.path, why))? {
            return Ok(false);
        }
        let mut part = MadePart::create(&self.path, Goal::Drop)?;
        let file = part.file.try_clone();
        let file = file.map_err(|why| part.not_written(why))?;
        let converter = Converter::to(file, &self.part.path);
        std::mem::replace(&mut self.converter, converter).finish()?;
        (self.journal, self.read) = (other, 0);
        self.beginning.clear();
        self.start()?;
        fs::rename(&part.path, &self.part.path).map_err(|why| part.not_written(why))?;
        std::mem::swap(&mut self.part.file, &mut part.file);
        part.path = PathBuf::new();
        Ok(true)
    }

    /// Returns `true` if a file is not the journal that was read so far.
    fn is_other(&self, other: &File) -> io::Result<bool> {
        let metadata = other.metadata()?;
        // It may be about to be written.
        if metadata.len() < block::FILE_HEADER as u64 {
            return Ok(false);
        }
        let first = read_some(other, 0, journal::BEGINNING)?;
        let continues = metadata.len() >= self.read && first.starts_with(&self.beginning);
        if continues && is_same(&metadata, &self.journal.metadata()?) {
            return Ok(false);
        }
        if journal::is_journal(&first) {
            return Ok(true);
        }
        Err(io::Error::other("another file has its name now"))
    }

    /// Writes what was taken in, soon.
    ///
    /// # Errors
    ///
    /// Returns an error if the recording cannot be written.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        self.converter.flush()
    }

    /// Ends the recording, and gives it its name.
    ///
    /// # Errors
    ///
    /// Returns an error if nothing of the journal can be read, or the recording cannot be written.
    pub(crate) fn finish(self) -> Result<Log, Error> {
        self.finish_with_index().map(|(log, _)| log)
    }

    fn finish_with_index(self) -> Result<(Log, Option<Index>), Error> {
        let Self {
            path,
            journal,
            read,
            converter,
            part,
            ..
        } = self;
        let mut origin = Origin::of(&journal, read).map_err(|why| Error::read(&path, why))?;
        if let Some(why) = converter.is_nothing() {
            return Err(Error::unreadable(&path, why));
        }
        let replaces = part.becomes.as_deref() == Some(&*path);
        let (_, index) = converter.finish_with(|damage| {
            origin.damage = damage.to_vec();
            if replaces {
                // The recording has an end.
                origin.damage.retain(|damage| *damage != Damage::NoEnd);
            }
            Some(origin.encode())
        })?;
        let log = Log::open(&part.path).map_err(|why| Error::unreadable(&path, why))?;
        part.complete(&journal, replaces)?;
        Ok((log, index))
    }
}

impl MadePart {
    /// Creates the file: in the journal's directory or, where that cannot be written, in that of temporary files.
    fn create(path: &Path, goal: Goal) -> Result<Self, Error> {
        let becomes = match goal {
            Goal::Keep => Some(beside(path)),
            Goal::Replace => Some(path.to_owned()),
            Goal::Drop => None,
        };
        if becomes.is_some() {
            let part = with_suffix(path, ".index.part");
            match temporary::create_again(&part) {
                Ok(file) => {
                    return Ok(Self {
                        path: part,
                        file,
                        becomes,
                    });
                }
                Err(why) if goal == Goal::Replace => {
                    let file = printable::path(path);
                    return Err(Error::Write { file, why });
                }
                Err(_) => {}
            }
        }
        let (path, file) = temporary::create()?;
        Ok(Self {
            path,
            file,
            becomes: None,
        })
    }

    fn not_written(&self, why: io::Error) -> Error {
        let file = printable::path(&self.path);
        Error::Write { file, why }
    }

    /// Gives the file its name. One that is kept for the next time only need not succeed.
    fn complete(mut self, journal: &File, replaces: bool) -> Result<(), Error> {
        let Some(becomes) = self.becomes.take() else {
            return Ok(());
        };
        if replaces {
            self.replace(journal, &becomes)
                .map_err(|why| self.not_written(why))?;
            let _ = fs::remove_file(beside(&becomes));
        } else if fs::rename(&self.path, becomes).is_err() {
            return Ok(());
        }
        // The temporary name is another's from now on.
        self.path = PathBuf::new();
        Ok(())
    }

    /// Puts the file in the place of a journal, with the journal's mode, once all of it is on the disk.
    fn replace(&self, journal: &File, path: &Path) -> io::Result<()> {
        self.file
            .set_permissions(journal.metadata()?.permissions())?;
        self.file.sync_all()?;
        fs::rename(&self.path, path)
    }
}

/// Returns `true` if a program writes a journal: it has no end, and grows.
///
/// # Errors
///
/// Returns an error if it cannot be read.
pub(crate) fn is_written(path: &Path) -> Result<bool, Error> {
    let journal = file::open(path).map_err(|why| Error::unreadable(path, why))?;
    let length = || journal.metadata().map(|journal| journal.len());
    let grows = || {
        let before = length()?;
        if journal::has_end(&journal, before)? {
            return Ok(false);
        }
        thread::sleep(HEARTBEAT);
        Ok(length()? > before)
    };
    grows().map_err(|why| Error::read(path, why))
}

/// Makes a recording of a journal, in its place.
///
/// # Errors
///
/// Returns an error if nothing of the journal can be read, or the recording cannot be written. The journal is then as it
/// was.
pub(crate) fn replace_journal(
    path: &Path,
    mut progress: impl FnMut(Progress),
) -> Result<(), Error> {
    // A link stays one.
    let path = fs::canonicalize(path).map_err(|why| Error::read(path, why))?;
    let mut making = Making::begin(&path, Goal::Replace)?;
    while making.advance()? {
        progress(making.progress());
    }
    making.finish().map(drop)
}
