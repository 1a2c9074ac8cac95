//! Reads what threads wrote: words and bytes become events.

use super::word::{A_TASK, tag};
use crate::event::fields::{Choice, Malformed, Take, take_bytes, take_varint};
use crate::event::{
    Awaited, EventKind, FrameId, LaneId, Polled, Site, Step, TaskKind, Text, Waker, What,
};

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
    let lane = LaneId(word >> 32);
    let second = more.first().copied().unwrap_or_default();
    let what = match word & tag::MASK {
        tag::STARTED => What::Started,
        tag::PENDING => What::Ended(Polled::Pending),
        tag::COMPLETED => What::Ended(Polled::Completed),
        tag::WOKEN_BY_LANE => What::Woken(Waker::Lane(LaneId(second & u64::from(u32::MAX)))),
        tag::WOKEN_BY_ITSELF => What::Woken(Waker::Itself),
        tag::WOKEN_BY_DRIVER => What::Woken(Waker::Driver),
        tag::WOKEN_BY_THREAD => What::Woken(Waker::Thread),
        _ => return read_event(word, more, known).map(Said::Event),
    };
    Ok(Said::Step(Step { lane, what }))
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
        u32::try_from(self.varint()?)
            .map(FrameId)
            .map_err(|_| Malformed)
    }

    fn text(&mut self) -> Result<Text, Malformed> {
        let Some(number) = self.varint()?.checked_sub(1) else {
            let length = take_varint(self.bytes)?;
            let text = str::from_utf8(take_bytes(self.bytes, length)?).map_err(|_| Malformed)?;
            return Ok(text.to_owned().into());
        };
        let number = usize::try_from(number).map_err(|_| Malformed)?;
        self.known.texts.get(number).cloned().ok_or(Malformed)
    }
}
