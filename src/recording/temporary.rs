//! Files that are locked while they are in use, so that those of killed processes can be told and removed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::{env, io, process};

use super::error::Error;
use crate::event::printable;
use crate::journal::private;

/// So many names are tried.
const NAMES: u32 = 1000;
/// Prefix and suffix of temporary files' names; between them are the process and a number.
const PREFIX: &str = "asyncline-";
const SUFFIX: &str = ".aline";

/// Creates a file in the directory of temporary files that only its owner can read, and removes those of killed viewers.
pub(crate) fn create() -> Result<(PathBuf, File), Error> {
    let directory = env::temp_dir();
    remove_left(&directory);
    let mut number = 0;
    loop {
        let path = directory.join(format!("{PREFIX}{}-{number}{SUFFIX}", process::id()));
        match create_at(&path) {
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

/// Creates a file of this name, after removing one that a killed process left.
pub(super) fn create_again(path: &Path) -> io::Result<File> {
    // One that is in use stays.
    let _ = remove_unused(path);
    create_at(path)?.ok_or_else(|| io::ErrorKind::AlreadyExists.into())
}

/// Creates a file and locks it, which marks it as in use. None if another process took it for abandoned meanwhile.
fn create_at(path: &Path) -> io::Result<Option<File>> {
    let file = private::options().write(true).create_new(true).open(path)?;
    let is_ours = mark(&file)?;
    Ok(is_ours.then_some(file))
}

/// Locks a new file. If files cannot be locked, nobody takes them for abandoned.
#[cfg(unix)]
fn mark(file: &File) -> io::Result<bool> {
    use rustix::fs::{FlockOperation, flock};
    use std::os::unix::fs::MetadataExt;
    let locked = flock(file, FlockOperation::NonBlockingLockExclusive);
    let is_there = file.metadata()?.nlink() > 0;
    Ok(locked != Err(rustix::io::Errno::WOULDBLOCK) && is_there)
}

#[cfg(not(unix))]
fn mark(_: &File) -> io::Result<bool> {
    Ok(true)
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

/// Returns `true` if this is a file of this user, not a link to one.
pub(super) fn is_own(path: &Path) -> io::Result<bool> {
    let found = fs::symlink_metadata(path)?;
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::uid(&found) != crate::journal::private::user()? {
        return Ok(false);
    }
    Ok(found.is_file())
}

#[cfg(unix)]
fn remove_unused(path: &Path) -> io::Result<()> {
    use rustix::fs::{FlockOperation, flock};
    if is_own(path)? {
        let file = File::open(path)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        fs::remove_file(path)?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn remove_unused(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
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
        let used = create_at(&at("asyncline-1-0.aline")).unwrap().unwrap();
        drop(create_at(&at("asyncline-1-1.aline")).unwrap());
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
