//! What events are about, read without the names that a journal has told: all that a program needs of its own journal.

use super::blob;
use super::word::{step, tag};
use crate::event::fields::{Choice, Malformed, Take, take_bytes, take_varint};
use crate::event::{EventKind, FrameId, LaneId, Step, Text};

/// What an event is about, as far as its words say that without names.
pub(super) enum About {
    Step(Step),
    Spawned(LaneId),
    Entered(LaneId, FrameId),
    Left(LaneId, FrameId),
    /// Its bytes, in the words that follow, say it.
    Bytes,
    Nothing,
}

impl About {
    /// Takes an event apart: its first word, and the one that follows.
    #[inline]
    pub(super) fn of(word: u64, second: u64) -> Self {
        if let Some(step) = step(word, second) {
            return Self::Step(step);
        }
        let lane = LaneId(word >> 32);
        match word & tag::MASK {
            tag::BLOB => Self::Bytes,
            tag::SPAWNED => Self::Spawned(lane),
            tag::JOINS => Self::Entered(lane, FrameId((second >> 32) as u32)),
            tag::LEFT => Self::Left(lane, FrameId(second as u32)),
            _ => Self::Nothing,
        }
    }
}

/// Reads an event from the front of these bytes, but for its texts, which are left empty.
pub(super) fn event(bytes: &mut &[u8]) -> Result<EventKind, Malformed> {
    let mut from = Skimmed(bytes);
    let tag = from.byte()?;
    EventKind::take_fields(tag, &mut from)
}

/// Takes a text off the front. Returns the bytes that name it.
pub(super) fn text<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], Malformed> {
    let before = *bytes;
    blob::take_text(bytes)?;
    Ok(&before[..before.len() - bytes.len()])
}

struct Skimmed<'a, 'b>(&'a mut &'b [u8]);

impl Take for Skimmed<'_, '_> {
    fn byte(&mut self) -> Result<u8, Malformed> {
        Ok(take_bytes(self.0, 1)?[0])
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        take_varint(self.0)
    }

    fn lane(&mut self) -> Result<LaneId, Malformed> {
        self.varint().map(LaneId)
    }

    fn frame(&mut self) -> Result<FrameId, Malformed> {
        blob::take_frame(self.0)
    }

    fn text(&mut self) -> Result<Text, Malformed> {
        blob::take_text(self.0).map(|_| Text::Static(""))
    }
}
