//! The file that what a program tells goes into.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::{env, io, process};

use crate::session::{self, Error};

/// So many names are tried.
const NAMES: u32 = 1000;

/// The file that what a program tells goes into: one that was asked for, or one that nobody else can read and that is
/// removed with this.
#[derive(Debug)]
pub(crate) struct Spool {
    path: PathBuf,
    /// The file, empty or as it was before: whoever writes there empties it.
    file: File,
    left: Left,
}

/// When the file stays after use.
#[derive(Clone, Copy, Debug)]
enum Left {
    /// It was there before.
    Always,
    /// It was created where it was asked for.
    IfWritten,
    /// It is a temporary one.
    Never,
}

impl Spool {
    /// Opens the file, and changes nothing in it.
    ///
    /// # Errors
    ///
    /// Where it is there and no session log, or cannot be created.
    pub(crate) fn open(record: Option<&Path>) -> Result<Self, Error> {
        let (path, file, left) = match record {
            Some(path) => {
                let (file, is_new) = session::open_log(path)?;
                let left = if is_new {
                    Left::IfWritten
                } else {
                    Left::Always
                };
                (path.to_owned(), file, left)
            }
            None => {
                let (path, file) = temporary()?;
                (path, file, Left::Never)
            }
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
            Left::IfWritten => session::remove_empty(&self.path),
            Left::Never => drop(fs::remove_file(&self.path)),
        }
    }
}

fn temporary() -> Result<(PathBuf, File), Error> {
    let mut number = 0;
    loop {
        let name = format!("asyncline-{}-{number}.aline", process::id());
        let path = env::temp_dir().join(name);
        let mut options = OpenOptions::new();
        match options.write(true).create_new(true).mode(0o600).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(why) if why.kind() == io::ErrorKind::AlreadyExists && number < NAMES => number += 1,
            Err(why) => {
                let file = path.display().to_string();
                return Err(Error::Write { file, why });
            }
        }
    }
}
