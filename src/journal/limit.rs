//! The limit that a process has on the size of its files, `ulimit -f`.
//!
//! A write that starts beyond it not only fails: the system sends the signal SIGXFSZ, which kills the recorded program. So
//! the limit is read before anything is written. It is read as text, since the calls that return it or block the signal are
//! unsafe.

use std::fs::File;
use std::io;

/// Returns an error if the system would not let the file grow to this many bytes.
pub(crate) fn may_reach(file: &File, bytes: u64) -> io::Result<()> {
    // Only files have a limit: a terminal, for example, has none.
    let is_too_large = most().is_some_and(|most| bytes > most) && file.metadata()?.is_file();
    if is_too_large {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(())
}

/// Returns the maximum size of a file of this process, in bytes; none if there is no limit, or it is unknown.
fn most() -> Option<u64> {
    if cfg!(target_os = "linux") {
        soft(&std::fs::read_to_string("/proc/self/limits").ok()?)
    } else {
        None
    }
}

/// Returns the soft limit, out of the soft and the hard one.
fn soft(limits: &str) -> Option<u64> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max file size"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_read_as_the_system_tells_it() {
        let limits = |size: &str| {
            format!(
                "Limit                     Soft Limit           Hard Limit           Units     \n\
                 Max cpu time              unlimited            unlimited            seconds   \n\
                 Max file size             {size:<20} unlimited            bytes     \n\
                 Max data size             7                    unlimited            bytes     \n"
            )
        };
        assert_eq!(soft(&limits("unlimited")), None);
        assert_eq!(soft(&limits("8192")), Some(8192));
        assert_eq!(soft(&limits("0")), Some(0));
        assert_eq!(soft(""), None);
    }
}
