//! The journal that a recording was made of.

use std::fs::File;
use std::io;

use super::piece::read_some;
use crate::event::Text;
use crate::event::fields::{Malformed, put_varint, take_varint};
use crate::journal::block;
use crate::journal::damage::Damage;

/// The journal that a recording was made of, and what was wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The version of asyncline that made the recording.
    made_by: Text,
    /// The version of the journal's format.
    pub(crate) version: u16,
    /// The journal's length in bytes.
    pub(crate) length: u64,
    /// The checksum of its first and last bytes.
    checksum: u32,
    pub(crate) damage: Vec<Damage>,
}

impl Origin {
    /// Describes a journal's file, as far as this length.
    pub(super) fn of(journal: &File, length: u64) -> io::Result<Self> {
        /// Bytes at the journal's beginning and end that the checksum is of.
        const SAMPLE: u64 = 1 << 16;
        let first = read_some(journal, 0, length.min(SAMPLE))?;
        let last = read_some(journal, length.saturating_sub(SAMPLE), length.min(SAMPLE))?;
        Ok(Self {
            made_by: env!("CARGO_PKG_VERSION").into(),
            version: block::file_version(&first).unwrap_or(block::VERSION),
            length,
            checksum: crc32c::crc32c_append(crc32c::crc32c(&first), &last),
            damage: Vec::new(),
        })
    }

    /// Returns `true` if this is the same journal, and the same version of asyncline made the recording.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let known = |of: &Self| (of.made_by.clone(), of.version, of.length, of.checksum);
        known(self) == known(other)
    }

    /// Returns the payload of the block that holds this.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        block::put_bytes(&mut bytes, self.made_by.raw().as_bytes());
        for number in [self.version.into(), self.length, self.checksum.into()] {
            put_varint(&mut bytes, number);
        }
        for damage in &self.damage {
            put_damage(&mut bytes, damage);
        }
        bytes
    }

    /// Reads the payload of the block that holds this.
    pub(super) fn decode(mut from: &[u8]) -> Result<Self, Malformed> {
        let made_by = block::text(block::take_sized(&mut from)?)?;
        let version = u16::try_from(take_varint(&mut from)?).map_err(|_| Malformed)?;
        let length = take_varint(&mut from)?;
        let checksum = u32::try_from(take_varint(&mut from)?).map_err(|_| Malformed)?;
        let mut damage = Vec::new();
        while !from.is_empty() {
            damage.push(take_damage(&mut from)?);
        }
        Ok(Self {
            made_by,
            version,
            length,
            checksum,
            damage,
        })
    }
}

fn put_damage(to: &mut Vec<u8>, damage: &Damage) {
    let (kind, [offset, bytes, events]) = match *damage {
        Damage::FileHeader => (0, [0; 3]),
        Damage::Metadata => (1, [0; 3]),
        Damage::Skipped {
            offset,
            bytes,
            events,
        } => (2, [offset, bytes, events]),
        Damage::Missing { offset, events } => (3, [offset, 0, events]),
        Damage::Torn { bytes, events } => (4, [0, bytes, events]),
        Damage::NoEnd => (5, [0; 3]),
        Damage::Trailing { bytes } => (6, [0, bytes, 0]),
    };
    to.push(kind);
    for number in [offset, bytes, events] {
        put_varint(to, number);
    }
}

fn take_damage(from: &mut &[u8]) -> Result<Damage, Malformed> {
    let (&kind, rest) = from.split_first().ok_or(Malformed)?;
    *from = rest;
    let mut number = || take_varint(from);
    let (offset, bytes, events) = (number()?, number()?, number()?);
    Ok(match kind {
        0 => Damage::FileHeader,
        1 => Damage::Metadata,
        2 => Damage::Skipped {
            offset,
            bytes,
            events,
        },
        3 => Damage::Missing { offset, events },
        4 => Damage::Torn { bytes, events },
        5 => Damage::NoEnd,
        6 => Damage::Trailing { bytes },
        _ => return Err(Malformed),
    })
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
mod tests {
    use super::*;

    /// The bytes are those that the documentation of the format describes.
    #[test]
    fn a_journals_damage_is_kept_with_its_recording() {
        let origin = Origin {
            made_by: "1.2".into(),
            version: 1,
            length: 300,
            checksum: 5,
            damage: vec![
                Damage::Skipped {
                    offset: 1,
                    bytes: 2,
                    events: 3,
                },
                Damage::FileHeader,
                Damage::Metadata,
                Damage::Missing {
                    offset: 4,
                    events: 5,
                },
                Damage::Torn {
                    bytes: 6,
                    events: 7,
                },
                Damage::NoEnd,
                Damage::Trailing { bytes: 8 },
            ],
        };
        let mut bytes = vec![3, b'1', b'.', b'2', 1, 0xac, 2, 5];
        bytes.extend([2, 1, 2, 3]);
        bytes.extend([0, 0, 0, 0]);
        bytes.extend([1, 0, 0, 0]);
        bytes.extend([3, 4, 0, 5]);
        bytes.extend([4, 0, 6, 7]);
        bytes.extend([5, 0, 0, 0]);
        bytes.extend([6, 0, 8, 0]);
        assert_eq!(origin.encode(), bytes);
        assert_eq!(Origin::decode(&bytes).unwrap(), origin);
        for length in 0..bytes.len() {
            let is_between = length >= 8 && (length - 8).is_multiple_of(4);
            assert_eq!(Origin::decode(&bytes[..length]).is_ok(), is_between);
        }
    }
}
