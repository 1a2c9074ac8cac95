//! How far the reading of a file is.

/// How far a file was read, in events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many events were read.
    pub read: u64,
    /// How many there are.
    pub of: u64,
}

impl Progress {
    /// How large a part was read, in percent.
    pub fn percent(self) -> u64 {
        let percent = 100 * u128::from(self.read) / u128::from(self.of.max(1));
        u64::try_from(percent).unwrap_or(100)
    }
}
