//! Reasons why nothing of a journal or a recording can be read.

use std::io;

use thiserror::Error;

use crate::text::plain::plain;

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
        "a newer asyncline wrote it (its format is version {version}, this program reads version {newest})"
    )]
    Newer {
        /// The version of its format.
        version: u16,
        /// The newest version that is read.
        newest: u16,
    },
    /// It begins like a session log, and no block of it is whole.
    #[error("it begins like a session log, but nothing in it is readable")]
    Nothing,
}
