//! Reads what threads wrote: words and bytes become events.

use super::blob::{self, Named};
use super::word::{self, A_TASK, tag};
use crate::event::fields::{Choice, Malformed, Take, take_bytes, take_varint};
use crate::event::{Awaited, EventKind, FrameId, LaneId, Site, Step, TaskKind, Text};

/// What a journal has named so far: what words and bytes refer to by number.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) texts: Vec<Text>,
    pub(crate) templates: Vec<Template>,
}

/// What all tasks that are spawned at one place have in common.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pub(crate) name: Text,
    pub(crate) kind: TaskKind,
    pub(crate) site: Option<Site>,
}

/// An event, as its words say.
pub(crate) enum Said {
    /// What most of any session is.
    Step(Step),
    Event(EventKind),
}

/// Reads an event from its first word and those that follow.
///
/// # Errors
///
/// Returns an error if a word has no meaning, or names a text or a template that is not known.
#[inline]
pub(crate) fn read(word: u64, more: &[u64], known: &Known) -> Result<Said, Malformed> {
    let second = more.first().copied().unwrap_or_default();
    match word::step(word, second) {
        Some(step) => Ok(Said::Step(step)),
        None => read_event(word, more, known).map(Said::Event),
    }
}

#[inline(never)]
fn read_event(word: u64, more: &[u64], known: &Known) -> Result<EventKind, Malformed> {
    let lane = LaneId(word >> 32);
    let second = more.first().copied().unwrap_or_default();
    let (high, low) = ((second >> 32) as u32, second as u32);
    Ok(match word & tag::MASK {
        tag::BLOB => return decode(more, known),
        tag::SPAWNED => {
            let template = known.templates.get(low as usize).ok_or(Malformed)?;
            EventKind::Spawned {
                lane,
                name: template.name.clone(),
                parent: Some(LaneId(high.into())),
                kind: template.kind,
                site: template.site.clone(),
            }
        }
        tag::JOINS => EventKind::AwaitEntered {
            lane,
            frame: FrameId(high),
            parent: None,
            coroutine: None,
            site: None,
            text: Text::Static(A_TASK),
            on: Some(Awaited::Task(LaneId(low.into()))),
        },
        tag::LEFT => EventKind::AwaitLeft {
            lane,
            frame: FrameId(low),
        },
        _ => return Err(Malformed),
    })
}

/// Reads an event from its words, but for the first one.
fn decode(words: &[u64], known: &Known) -> Result<EventKind, Malformed> {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    decode_bytes(&mut &bytes[..], known)
}

/// Reads an event from the front of these bytes.
pub(crate) fn decode_bytes(bytes: &mut &[u8], known: &Known) -> Result<EventKind, Malformed> {
    let mut from = Bytes { bytes, known };
    let tag = from.byte()?;
    EventKind::take_fields(tag, &mut from)
}

pub(super) struct Bytes<'a, 'b> {
    pub(super) bytes: &'a mut &'b [u8],
    pub(super) known: &'a Known,
}

impl Take for Bytes<'_, '_> {
    fn byte(&mut self) -> Result<u8, Malformed> {
        Ok(take_bytes(self.bytes, 1)?[0])
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        take_varint(self.bytes)
    }

    fn lane(&mut self) -> Result<LaneId, Malformed> {
        self.varint().map(LaneId)
    }

    fn frame(&mut self) -> Result<FrameId, Malformed> {
        blob::take_frame(self.bytes)
    }

    fn text(&mut self) -> Result<Text, Malformed> {
        match blob::take_text(self.bytes)? {
            Named::Here(text) => {
                let text = str::from_utf8(text).map_err(|_| Malformed)?;
                Ok(text.to_owned().into())
            }
            Named::Number(number) => {
                let number = usize::try_from(number).map_err(|_| Malformed)?;
                self.known.texts.get(number).cloned().ok_or(Malformed)
            }
        }
    }
}
