//! Files and folders for their owner alone: recordings hold program data, which may be secret.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::Path;

/// Returns options that create a file readable and writable by its owner alone. An existing file keeps its mode.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Returns the number of the user that this process acts for.
#[cfg(unix)]
pub(crate) fn user() -> io::Result<u32> {
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::net::UnixStream;
    // Whatever is created belongs to it.
    let (here, _there) = UnixStream::pair()?;
    Ok(std::fs::File::from(OwnedFd::from(here)).metadata()?.uid())
}

/// Creates the parent folders of a file, accessible to their owner alone. Existing folders keep their mode.
pub(crate) fn create_folders_of(file: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    file.parent()
        .map_or(Ok(()), |folder| builder.recursive(true).create(folder))
}
