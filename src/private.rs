//! Files and folders for their owner alone: recordings hold what programs say, and that may be secret.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::Path;

/// Returns options with which a file is created that nobody else can read or write. A file that exists keeps its mode.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Creates the folders that a file lies in, which nobody else can enter. Those that exist keep their mode.
pub(crate) fn create_folders_of(file: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    file.parent()
        .map_or(Ok(()), |folder| builder.recursive(true).create(folder))
}
