//! What an exporter is.
//!
//! It folds a session, stretch by stretch, so that only one stretch of it is in memory, and knows nothing of files.

use std::fmt;
use std::io::{self, Write};

use crate::event::{Text, Timestamp};
use crate::insight::Finding;
use crate::timeline::Timeline;

/// Events in memory at a time. A session with no more is processed all at once.
pub const STRETCH: u64 = 1 << 20;

/// A line of the table of exporters.
pub struct Exporter {
    /// The option on the command line that asks for it, without dashes.
    pub name: &'static str,
    /// A sentence on what it prints, for the help.
    pub help: &'static str,
    /// Starts an export, with the state of everything at the session's end.
    pub begin: for<'a> fn(&'a Timeline, PageSize) -> Box<dyn Export + 'a>,
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Exporter").field(&self.name).finish()
    }
}

/// The size and the characters of a page of text.
#[derive(Clone, Copy, Debug)]
pub struct PageSize {
    /// Columns of a line.
    pub width: usize,
    /// `true` if only ASCII characters may be drawn.
    pub ascii: bool,
}

/// A session that has ended.
#[derive(Debug)]
pub struct EndedSession<'a> {
    /// Its scenario's name, or its title.
    pub name: Text,
    /// Title, in a few words.
    pub title: Text,
    /// The state of everything at the end.
    pub timeline: &'a Timeline,
    /// The findings, the most worthwhile first.
    pub findings: Vec<Finding>,
    /// Number of stretches that were searched for findings.
    pub stretches: u64,
}

/// An export that has started.
pub trait Export {
    /// Adds the next stretch: a timeline with all that happened in it. `next` is the start of the one after it.
    fn take(&mut self, _stretch: &Timeline, _next: Option<Timestamp>) {}

    /// Writes the session, once all stretches are added.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    fn write(&self, ended: &EndedSession<'_>, out: &mut dyn Write) -> io::Result<()>;
}
