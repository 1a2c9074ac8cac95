//! Checks of a path's type, before it is opened as a session log.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::journal::unreadable::Unreadable;

/// Opens a session log to read it. Anything but a file is refused and never opened: a FIFO would block, and a device
/// may do anything.
pub(super) fn open(path: &Path) -> Result<File, Unreadable> {
    let unreadable = |why| Unreadable::Io(explained(path, why));
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(Unreadable::Io(io::ErrorKind::IsADirectory.into()));
    }
    match special(&metadata) {
        Some(kind) => Err(Unreadable::Special { kind }),
        None => File::open(path).map_err(unreadable),
    }
}

/// Returns the type of a path that is neither a file nor a directory.
#[cfg(unix)]
fn special(metadata: &fs::Metadata) -> Option<&'static str> {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    match () {
        () if kind.is_file() || kind.is_dir() => None,
        () if kind.is_fifo() => Some("a FIFO"),
        () if kind.is_socket() => Some("a socket"),
        () => Some("a device"),
    }
}

#[cfg(not(unix))]
fn special(_: &fs::Metadata) -> Option<&'static str> {
    None
}

/// Returns a clearer error if the path is a link that points to nothing.
pub(super) fn explained(path: &Path, why: io::Error) -> io::Error {
    let may_be = matches!(
        why.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists
    );
    if may_be && path.is_symlink() && !path.exists() {
        return io::Error::new(why.kind(), "it is a broken link");
    }
    why
}
