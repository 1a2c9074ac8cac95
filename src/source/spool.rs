//! The file that what a program tells goes into.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{env, io, process};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::live::place;
use crate::printable;
use crate::private;
use crate::session::{self, Error};

/// So many names are tried.
const NAMES: u32 = 1000;
/// Prefix and suffix of temporary files' names; between them are the process and a number.
const PREFIX: &str = "asyncline-";
const SUFFIX: &str = ".aline";

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
            let (file, is_new) = session::open_log(path)?;
            let left = if is_new {
                Left::IfWritten
            } else {
                Left::Always
            };
            (path.to_owned(), file, left)
        } else {
            let (path, file) = temporary()?;
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
            Left::IfWritten => session::remove_empty(&self.path),
            Left::Never => drop(fs::remove_file(&self.path)),
        }
    }
}

/// Creates a file that only its owner can read, and removes those of killed viewers.
fn temporary() -> Result<(PathBuf, File), Error> {
    let directory = env::temp_dir();
    remove_left(&directory);
    let mut number = 0;
    loop {
        let path = directory.join(format!("{PREFIX}{}-{number}{SUFFIX}", process::id()));
        match create(&path) {
            Ok(Some(file)) => return Ok((path, file)),
            Ok(None) => {}
            Err(why) if why.kind() == io::ErrorKind::AlreadyExists && number < NAMES => number += 1,
            Err(why) => {
                let file = printable::path(&path);
                return Err(Error::Write { file, why });
            }
        }
    }
}

/// Creates a file and locks it, which marks it as in use. None if another process took it for abandoned meanwhile.
fn create(path: &Path) -> io::Result<Option<File>> {
    let file = private::options().write(true).create_new(true).open(path)?;
    // If files cannot be locked, nobody takes them for abandoned.
    let locked = flock(&file, FlockOperation::NonBlockingLockExclusive);
    let is_there = file.metadata()?.nlink() > 0;
    Ok((locked != Err(Errno::WOULDBLOCK) && is_there).then_some(file))
}

/// Removes the files of viewers of this user that were killed.
fn remove_left(directory: &Path) {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    for path in paths.filter(|path| is_name(path)) {
        // A file that cannot be checked stays.
        let _ = remove_unused(&path);
    }
}

/// Returns `true` if a file has a temporary file's name: `asyncline-4711-0.aline`.
fn is_name(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX));
    let is_number = |text: &str| text.parse::<u32>().is_ok();
    name.and_then(|name| name.split_once('-'))
        .is_some_and(|(process, number)| is_number(process) && is_number(number))
}

fn remove_unused(path: &Path) -> io::Result<()> {
    let found = fs::symlink_metadata(path)?;
    if found.is_file() && found.uid() == place::user()? {
        let file = File::open(path)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        fs::remove_file(path)?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_killed_viewers_are_removed() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let used = create(&at("asyncline-1-0.aline")).unwrap().unwrap();
        drop(create(&at("asyncline-1-1.aline")).unwrap());
        for name in ["asyncline-1.aline", "asyncline-1-a.aline", "mine-1-0.aline"] {
            fs::write(at(name), "mine").unwrap();
        }
        fs::create_dir(at("asyncline-2-0.aline")).unwrap();
        fs::write(at("precious"), "mine").unwrap();
        std::os::unix::fs::symlink("precious", at("asyncline-2-1.aline")).unwrap();
        remove_left(directory.path());
        let left = fs::read_dir(directory.path()).unwrap();
        let mut left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        let expected = [
            "asyncline-1-0.aline",
            "asyncline-1-a.aline",
            "asyncline-1.aline",
            "asyncline-2-0.aline",
            "asyncline-2-1.aline",
            "mine-1-0.aline",
            "precious",
        ];
        assert_eq!(left, expected);
        drop(used);
        remove_left(directory.path());
        assert!(!at("asyncline-1-0.aline").exists());
    }
}
