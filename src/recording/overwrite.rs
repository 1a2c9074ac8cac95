//! Which files a recording may overwrite.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::error::Error;
use super::{file, format};
use crate::event::printable;
use crate::journal::block;
#[cfg(feature = "app")]
use crate::journal::private;

/// Opens the file of a session log whose bytes come from elsewhere, and creates it and its directories if needed; `true` if
/// it is new. The writer empties it first: until then, an existing session log stays as it was. Any other file is left
/// alone.
#[cfg(feature = "app")]
pub(crate) fn open_log(path: &Path) -> Result<(File, bool), Error> {
    overwrite(path, |path| {
        private::create_folders_of(path)?;
        let mut options = private::options();
        options.write(true);
        match options.create_new(true).open(path) {
            Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {}
            created => return created.map(|file| (file, true)),
        }
        let there = options.create_new(false).create(true).truncate(false);
        there.open(path).map(|file| (file, false))
    })
}

/// Creates a file, unless there is one of this name that is not ours.
pub(super) fn overwrite<T>(
    path: &Path,
    create: impl FnOnce(&Path) -> io::Result<T>,
) -> Result<T, Error> {
    let file = printable::path(path);
    match is_foreign(path) {
        Ok(true) => Err(Error::Foreign { file }),
        Ok(false) => create(path).map_err(|why| {
            let why = file::explained(path, why);
            Error::Write { file, why }
        }),
        Err(why) => Err(Error::Write { file, why }),
    }
}

/// Returns `true` if a file of this name must not be overwritten: anything but a session log, an empty file, or a device
/// such as `/dev/null`. An unreadable file is an error, as it may be one.
pub(super) fn is_foreign(path: &Path) -> io::Result<bool> {
    let Ok(found) = fs::metadata(path) else {
        return Ok(false);
    };
    if !found.is_file() || found.len() == 0 {
        return Ok(is_special(found.file_type()));
    }
    is_log(path).map(|is_log| !is_log)
}

/// Returns `true` if a file starts like a session log, or like a journal.
pub(crate) fn is_log(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    let length = format::MAGIC.len() as u64;
    File::open(path)?.take(length).read_to_end(&mut start)?;
    Ok([format::MAGIC, block::MAGIC]
        .iter()
        .any(|magic| start == magic))
}

/// Returns `true` for a pipe, a socket or a disk.
fn is_special(kind: fs::FileType) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        kind.is_fifo() || kind.is_socket() || kind.is_block_device()
    }
    #[cfg(not(unix))]
    {
        let _ = kind;
        false
    }
}

/// Leaves no empty file behind where no recording came to begin.
pub(crate) fn remove_empty(path: &Path) {
    let found = fs::symlink_metadata(path);
    if found.is_ok_and(|found| found.is_file() && found.len() == 0) {
        let _ = fs::remove_file(path);
    }
}
