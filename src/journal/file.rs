//! A journal's file.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use crate::journal::limit;
use crate::journal::private;

/// A file that a journal is appended to.
#[derive(Debug)]
pub(crate) struct JournalFile {
    file: File,
    /// The bytes that were written.
    length: u64,
}

impl JournalFile {
    /// Creates the file. Fails if there is one of this name.
    pub(crate) fn begin(path: &Path) -> io::Result<Self> {
        private::create_folders_of(path)?;
        let file = private::options().write(true).create_new(true).open(path)?;
        Ok(Self { file, length: 0 })
    }

    /// Removes the file again if nothing could be written to it.
    pub(crate) fn remove_empty(&self, path: &Path) {
        if self.length == 0 {
            let _ = fs::remove_file(path);
        }
    }

    /// Appends blocks. What of them cannot be written whole is cut off again.
    pub(crate) fn append(&mut self, blocks: &[u8]) -> io::Result<()> {
        let end = self.length + blocks.len() as u64;
        limit::may_reach(&self.file, end)?;
        let written = self.file.write_all(blocks);
        match written {
            Ok(()) => self.length = end,
            // Where it cannot be cut off, the reader passes over it.
            Err(_) => drop(self.file.set_len(self.length)),
        }
        written
    }
}

/// Returns `true` if these are of the same file.
pub(crate) fn is_same(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        (one.dev(), one.ino()) == (other.dev(), other.ino())
    }
    #[cfg(not(unix))]
    {
        one.created().ok() == other.created().ok()
    }
}

#[cfg(all(test, target_os = "linux"))]
#[allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_is_an_error() {
        let file = private::options().write(true).open("/dev/full").unwrap();
        let mut file = JournalFile { file, length: 0 };
        let full = file.append(&[1; 100]).unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
        assert_eq!(file.length, 0);
    }
}
