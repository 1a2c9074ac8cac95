//! What can go wrong with a session log, each in one clear line.

use std::io;
use std::path::Path;

use thiserror::Error;

use super::format;
use crate::journal::block;
use crate::plain::plain;
use crate::printable::{self, Printable};

/// Why a session log could not be read or written at all.
#[derive(Debug, Error)]
pub enum Error {
    /// Nothing of it can be read.
    #[error("cannot read {file}: {why}")]
    Read {
        /// The file's path.
        file: Printable<'static>,
        /// The reason.
        why: Unreadable,
    },
    /// The recording ends here; what was written before is in the file.
    #[error("cannot write {file}: {}", plain(why))]
    Write {
        /// The file's path.
        file: Printable<'static>,
        /// The reason.
        why: io::Error,
    },
    /// A recording would have overwritten some other file.
    #[error("cannot write {file}: it exists and is not a session log, so it was left as it is")]
    Foreign {
        /// The file's path.
        file: Printable<'static>,
    },
    /// The platform names no directory for session logs.
    #[error(
        "there is no home directory to keep sessions in: set ASYNCLINE_STATE_DIR to a directory"
    )]
    NoDirectory,
}

impl Error {
    /// Returns an error for a file of which nothing can be read.
    pub(super) fn unreadable(path: &Path, why: Unreadable) -> Self {
        let file = printable::path(path);
        Self::Read { file, why }
    }

    /// A file could not be read any further.
    #[cfg(feature = "app")]
    pub(crate) fn read(path: &Path, why: io::Error) -> Self {
        Self::unreadable(path, Unreadable::Io(why))
    }

    /// What its message says, with the file last: for a line that may be cut off at its end.
    #[cfg(feature = "app")]
    pub(crate) fn reason_first(&self) -> String {
        match self {
            Self::Read { file, why } => format!("{why} ({file})"),
            Self::Write { file, why } => format!("{} ({file})", plain(why)),
            Self::Foreign { .. } | Self::NoDirectory => self.to_string(),
        }
    }
}

/// Why nothing of a session log can be read.
#[derive(Debug, Error)]
pub enum Unreadable {
    /// The file cannot be read.
    #[error("{}", plain(.0))]
    Io(io::Error),
    /// The path is neither a file nor a directory.
    #[error("not a session log (it is {kind})")]
    Special {
        /// Its type, such as "a FIFO".
        kind: &'static str,
    },
    /// It holds no bytes.
    #[error("it is empty")]
    Empty,
    /// It is something else.
    #[error("not a session log (it starts with {start})")]
    Foreign {
        /// Its first bytes, made printable.
        start: String,
    },
    /// A later version of the program wrote it.
    #[error(
        "a newer asyncline wrote it (its format is version {version}, this program reads version {})",
        format::VERSION
    )]
    Newer {
        /// The version of its format.
        version: u16,
    },
    /// As [`Newer`](Self::Newer), of a journal.
    #[error(
        "a newer asyncline wrote it (its format is version {version}, this program reads version {})",
        block::VERSION
    )]
    NewerJournal {
        /// The version of its format.
        version: u16,
    },
    /// It begins like a session log, and no block of it is whole.
    #[error("it begins like a session log, but nothing in it is readable")]
    Nothing,
}
