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

/// Creates the parent folders of a file, accessible to their owner alone. Existing folders keep their mode.
pub(crate) fn create_folders_of(file: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    file.parent()
        .map_or(Ok(()), |folder| builder.recursive(true).create(folder))
}
