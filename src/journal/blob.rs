//! An event as bytes within words: of any kind, with texts of any length.
//!
//! The bytes are the event's number and its fields, as `event::fields` orders them; the last word is filled up with zeros.
//! A text that the program holds for ever is written by its number, any other one with its bytes.

use super::names::Names;
use super::word;
use crate::event::fields::{Choice, Malformed, Put, put_varint, take_bytes, take_varint};
use crate::event::{EventKind, FrameId, LaneId, Text};

/// The longest text that is written with its bytes. What is longer is cut off, and ends in "…".
const LONGEST: usize = 1 << 10;

/// Writes events as words.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    bytes: Vec<u8>,
    words: Vec<u64>,
}

impl Encoder {
    /// Returns the words of an event, but for the first one.
    pub(crate) fn words(&mut self, kind: &EventKind, names: &mut Names<'_>) -> &[u64] {
        self.bytes.clear();
        encode(kind, &mut self.bytes, names);
        self.words.clear();
        self.words.extend(self.bytes.chunks(8).map(word::of_bytes));
        &self.words
    }
}

/// Returns the words of an event from its bytes.
#[cfg(unix)]
pub(crate) fn words_of(bytes: &[u8]) -> Vec<u64> {
    let first = word::blob_word(bytes.len().div_ceil(8));
    let more = bytes.chunks(8).map(word::of_bytes);
    std::iter::once(first).chain(more).collect()
}

/// Returns the words of a loss; none if nothing was lost.
#[cfg(unix)]
pub(crate) fn lost(count: u64) -> Vec<u64> {
    if count == 0 {
        return Vec::new();
    }
    let kind = EventKind::Lost { count };
    let mut bytes = vec![kind.tag()];
    put_varint(&mut bytes, count);
    words_of(&bytes)
}

/// Appends the bytes of an event.
pub(crate) fn encode(kind: &EventKind, to: &mut Vec<u8>, names: &mut Names<'_>) {
    let mut to = To { bytes: to, names };
    to.byte(kind.tag());
    kind.put_fields(&mut to);
}

struct To<'a, 'b> {
    bytes: &'a mut Vec<u8>,
    names: &'a mut Names<'b>,
}

impl Put for To<'_, '_> {
    #[inline]
    fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    #[inline]
    fn varint(&mut self, value: u64) {
        put_varint(self.bytes, value);
    }

    #[inline]
    fn lane(&mut self, lane: LaneId) {
        self.varint(lane.0);
    }

    #[inline]
    fn frame(&mut self, frame: FrameId) {
        self.varint(frame.0.into());
    }

    /// Zero and the bytes, or one more than the text's number.
    fn text(&mut self, text: &Text) {
        let number = match text {
            Text::Static(text) => self.names.number(text),
            Text::Shared(_) => None,
        };
        if let Some(number) = number {
            self.varint(u64::from(number) + 1);
            return;
        }
        let (text, rest) = cut(text.raw());
        self.varint(0);
        self.varint((text.len() + rest.len()) as u64);
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.extend_from_slice(rest.as_bytes());
    }
}

/// Returns as much of a text as is written, and how that ends.
fn cut(text: &str) -> (&str, &'static str) {
    const REST: &str = "…";
    if text.len() <= LONGEST {
        return (text, "");
    }
    let most = LONGEST - REST.len();
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end));
    (&text[..end.unwrap_or_default()], REST)
}

/// A text, as bytes name it.
pub(super) enum Named<'a> {
    Here(&'a [u8]),
    Number(u64),
}

/// Takes a text off the front.
pub(super) fn take_text<'a>(bytes: &mut &'a [u8]) -> Result<Named<'a>, Malformed> {
    if let Some(number) = take_varint(bytes)?.checked_sub(1) {
        return Ok(Named::Number(number));
    }
    let length = take_varint(bytes)?;
    take_bytes(bytes, length).map(Named::Here)
}

/// Takes the number of an await off the front.
pub(super) fn take_frame(bytes: &mut &[u8]) -> Result<FrameId, Malformed> {
    let number = u32::try_from(take_varint(bytes)?);
    number.map(FrameId).map_err(|_| Malformed)
}
