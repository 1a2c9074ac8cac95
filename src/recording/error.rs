//! What can go wrong with a session log, each in one clear line.

use std::io;
use std::path::Path;

use thiserror::Error;

use crate::event::printable::{self, Printable};
use crate::journal::unreadable::Unreadable;
use crate::text::plain::plain;

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
