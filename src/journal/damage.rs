//! What is wrong with a session log that can be read all the same.

use std::fmt;

use crate::text::units::BELIEVED;

/// Something that is wrong with a session log. `Display` gives it in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The file header.
    FileHeader,
    /// The title, and when it was recorded, are lost.
    Metadata,
    /// A part in the middle cannot be read.
    Skipped {
        /// Where it begins in the file, in bytes.
        offset: u64,
        /// How many bytes it has.
        bytes: u64,
        /// How many events are lost with it.
        events: u64,
    },
    /// A part in the middle is not there.
    Missing {
        /// Where it should begin in the file, in bytes.
        offset: u64,
        /// How many events are lost with it.
        events: u64,
    },
    /// The file ends in something that is no whole block.
    Torn {
        /// How many bytes that has.
        bytes: u64,
        /// How many events are known to be lost with it; there may have been more.
        events: u64,
    },
    /// The last block is no end, but nothing is torn.
    NoEnd,
    /// There is more after the end.
    Trailing {
        /// How many bytes.
        bytes: u64,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::FileHeader => f.write_str("the first bytes of the file are damaged"),
            Self::Metadata => f.write_str("the session's title and its date are lost"),
            Self::Skipped {
                offset,
                bytes,
                events,
            } => {
                let (bytes, events) = (Count(bytes, "byte"), Lost(events));
                write!(f, "{bytes} from byte {offset} on cannot be read: {events}")
            }
            Self::Missing { offset, events } => {
                write!(f, "a part is missing at byte {offset}: {}", Lost(events))
            }
            Self::Torn { bytes, events } => {
                let bytes = Count(bytes, "byte");
                write!(
                    f,
                    "the recording was cut off: its last {bytes} cannot be read"
                )?;
                match events {
                    0 => Ok(()),
                    _ => write!(f, ", {}", Lost(events)),
                }
            }
            Self::NoEnd => {
                f.write_str("the recording has no end: it was cut off, or is still going on")
            }
            Self::Trailing { bytes } => {
                let bytes = Count(bytes, "byte");
                write!(f, "{bytes} after the recording's end do not belong to it")
            }
        }
    }
}

/// Returns a file's damage as text, in three lines at most.
#[cfg(feature = "app")]
pub(crate) fn told(damage: &[Damage]) -> Vec<String> {
    const MOST: usize = 3;
    let shown = match damage.len() {
        count @ ..=MOST => count,
        _ => MOST - 1,
    };
    let mut lines: Vec<_> = damage[..shown].iter().map(ToString::to_string).collect();
    if shown < damage.len() {
        let more = damage.len() - shown;
        lines.push(format!(
            "and {more} more: 'asyncline session info' lists them all"
        ));
    }
    lines
}

/// A number of lost events as text, unless it is too high to be true.
struct Lost(u64);

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            // Later blocks say how many events a damaged one held. Without a later block, nobody knows.
            0 => f.write_str("no events known to be lost"),
            1..=BELIEVED => write!(f, "{} lost", Count(self.0, "event")),
            _ => f.write_str("events are lost, and how many is not known"),
        }
    }
}

/// A number of things, in words.
struct Count(u64, &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(0, what) => write!(f, "no {what}s"),
            Self(1, what) => write!(f, "1 {what}"),
            Self(count, what) => write!(f, "{count} {what}s"),
        }
    }
}
