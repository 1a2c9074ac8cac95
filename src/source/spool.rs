//! The file that what a program tells goes into.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::recording::{self, Error};

/// The file that what a program tells goes into: one that was asked for, or one that nobody else can read and that is
/// removed with this.
#[derive(Debug)]
pub(crate) struct Spool {
    path: PathBuf,
    /// The file, empty or as it was before: whoever writes there empties it.
    file: File,
    left: Left,
}

/// The condition under which the file stays after use.
#[derive(Clone, Copy, Debug)]
enum Left {
    /// It existed before.
    Always,
    /// It was created at a requested path.
    IfWritten,
    /// It is temporary.
    Never,
}

impl Spool {
    /// Opens the file, and changes nothing in it.
    ///
    /// # Errors
    ///
    /// Where it is there and no session log, or cannot be created.
    pub(crate) fn open(record: Option<&Path>) -> Result<Self, Error> {
        let (path, file, left) = if let Some(path) = record {
            let (file, is_new) = recording::open_log(path)?;
            let left = if is_new {
                Left::IfWritten
            } else {
                Left::Always
            };
            (path.to_owned(), file, left)
        } else {
            let (path, file) = recording::temporary::create()?;
            (path, file, Left::Never)
        };
        Ok(Self { path, file, left })
    }

    /// The file, for who empties it and writes there.
    pub(super) fn file(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        match self.left {
            Left::Always => {}
            Left::IfWritten => recording::remove_empty(&self.path),
            Left::Never => drop(fs::remove_file(&self.path)),
        }
    }
}
