//! Recording without end: only what happened last is kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use super::error::Error;
use super::format::Meta;
use super::overwrite::is_foreign;
use crate::event::Timestamp;
use crate::event::printable;
use crate::text::units::number_and_unit;

/// How many older files are kept beside the one that is written.
const OLDER: u32 = 4;

/// How much of a recording is kept: the last bytes, or what happened in the last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// So many bytes at most, all files together.
    Bytes(u64),
    /// At least what happened so long ago or later.
    Time(Duration),
}

impl FromStr for Keep {
    type Err = String;

    /// Reads `50MB`, `2GB`, `500kB`, `30s`, `5min`, `1h`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("'{text}' is no size and no time: say it as 50MB, 2GB, 30s or 5min");
        let (number, unit) = number_and_unit(text);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let times = |unit: u64| {
            number
                .checked_mul(unit)
                .filter(|some| *some > 0)
                .ok_or_else(wrong)
        };
        let seconds = |unit| times(unit).map(|seconds| Self::Time(Duration::from_secs(seconds)));
        match unit {
            "kB" | "KB" => times(1_000).map(Self::Bytes),
            "MB" => times(1_000_000).map(Self::Bytes),
            "GB" => times(1_000_000_000).map(Self::Bytes),
            "s" => seconds(1),
            "min" => seconds(60),
            "h" => seconds(3_600),
            _ => Err(wrong()),
        }
    }
}

/// The files of a recording of which only the last part is kept.
#[derive(Debug)]
pub(super) struct Rotation {
    pub(super) path: PathBuf,
    pub(super) meta: Meta,
    keep: Keep,
    /// When the first event of the file that is written happened.
    since: Timestamp,
}

impl Rotation {
    pub(super) fn new(path: &Path, meta: &Meta, keep: Keep) -> Self {
        Self {
            path: path.to_owned(),
            meta: meta.clone(),
            keep,
            since: Timestamp::ZERO,
        }
    }

    /// Whether it is time for the next file, where the one that is written has so many bytes and goes until `end`.
    pub(super) fn is_due(&self, bytes: u64, end: Timestamp) -> bool {
        match self.keep {
            Keep::Bytes(most) => bytes >= most / u64::from(OLDER + 1),
            Keep::Time(time) => end.since(self.since) >= time / OLDER,
        }
    }

    /// Checks that no foreign file would be overwritten.
    pub(super) fn check(&self) -> Result<(), Error> {
        for older in (1..=OLDER).map(|number| self.older(number)) {
            let file = printable::path(&older);
            match is_foreign(&older) {
                Ok(false) => {}
                Ok(true) => return Err(Error::Foreign { file }),
                Err(why) => return Err(Error::Write { file, why }),
            }
        }
        Ok(())
    }

    /// Takes the file that was written out of the way of the next one, which begins at `at`. The oldest goes.
    pub(super) fn turn(&mut self, at: Timestamp) -> Result<(), Error> {
        // A file that was created there meanwhile stays, too.
        self.check()?;
        self.since = at;
        for number in (1..OLDER).rev() {
            // One that is not there yet need not be moved.
            let _ = fs::rename(self.older(number), self.older(number + 1));
        }
        fs::rename(&self.path, self.older(1)).map_err(|why| Error::Write {
            file: printable::path(&self.path),
            why,
        })
    }

    /// The name of the file that was written so many turns ago: `name.2.aline`.
    fn older(&self, number: u32) -> PathBuf {
        let ending = self.path.extension().unwrap_or_default().to_string_lossy();
        self.path.with_extension(format!("{number}.{ending}"))
    }
}
