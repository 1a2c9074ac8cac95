//! An event as a thread writes it down: one word of 64 bits, or two.
//!
//! The first holds, from its lowest bits up, what happened (4), how many ticks after the event before (28), and to which
//! lane (32). A moment further away than that is told by a word of its own before it.

use super::clock::Tick;
use super::template::Template;
use crate::event::{Awaited, EventKind, FrameId, LaneId, Polled, Text, Waker};

/// The text of a wait for a task by somebody who has no other text for it.
pub(crate) const A_TASK: &str = "a task";

/// Ticks that are too many for a record's first word.
pub(crate) const FAR: u64 = 1 << 28;

/// The bits that tell what happened.
const TAG: u64 = 0xf;
/// Words that hold no event: nothing, and the time of the event before the next.
const NOTHING: u64 = 0;
const TIME: u64 = 1;

/// What happened, in numbers. Whatever does not fit is kept beside the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Started(u32),
    Pending(u32),
    Completed(u32),
    WokenByLane(u32, u32),
    WokenByItself(u32),
    WokenByDriver(u32),
    WokenByThread(u32),
    /// A task, who spawned it, and the number of its template.
    Spawned(u32, u32, u32),
    /// A lane, its await, and the task that it waits for.
    Joins(u32, u32, u32),
    Left(u32, u32),
    /// The next of the events that are kept beside the words.
    Rare,
}

/// A first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// The rest of a buffer, which was too short.
    Nothing,
    /// From here on ticks count from this one.
    Time(Tick),
    /// An event, so many ticks after the one before.
    Event {
        since: u64,
        tag: u64,
        lane: u32,
    },
}

/// The word that fills a buffer's end.
pub(crate) const NO_WORD: u64 = NOTHING;

/// The word from whose tick on the ticks of events count.
pub(crate) fn time_word(tick: Tick) -> u64 {
    TIME | tick.0 << 4
}

/// A lane's number, where it is small enough to be packed.
#[inline]
fn small(lane: LaneId) -> Option<u32> {
    u32::try_from(lane.0).ok()
}

#[inline]
fn two(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn halves(word: u64) -> (u32, u32) {
    ((word >> 32) as u32, word as u32)
}

impl First {
    /// Takes a word apart.
    #[inline]
    pub(crate) fn of(word: u64) -> Self {
        match word & TAG {
            NOTHING => Self::Nothing,
            TIME => Self::Time(Tick(word >> 4)),
            tag => Self::Event {
                since: word >> 4 & (FAR - 1),
                tag,
                lane: (word >> 32) as u32,
            },
        }
    }
}

/// Whether events of this kind take a second word.
#[inline]
pub(crate) fn has_second(tag: u64) -> bool {
    matches!(tag, 5 | 9 | 10 | 11)
}

impl What {
    /// The first word of an event so many ticks after the one before, and the second where it has one.
    #[inline]
    pub(crate) fn words(self, since: u64) -> (u64, Option<u64>) {
        let (tag, lane, second) = match self {
            Self::Started(lane) => (2, lane, None),
            Self::Pending(lane) => (3, lane, None),
            Self::Completed(lane) => (4, lane, None),
            Self::WokenByLane(lane, by) => (5, lane, Some(two(0, by))),
            Self::WokenByItself(lane) => (6, lane, None),
            Self::WokenByDriver(lane) => (7, lane, None),
            Self::WokenByThread(lane) => (8, lane, None),
            Self::Spawned(lane, parent, template) => (9, lane, Some(two(parent, template))),
            Self::Joins(lane, frame, task) => (10, lane, Some(two(frame, task))),
            Self::Left(lane, frame) => (11, lane, Some(two(0, frame))),
            Self::Rare => (12, 0, None),
        };
        (tag | since << 4 | u64::from(lane) << 32, second)
    }

    /// The event that was written so. `second` is zero for those that have none.
    #[inline]
    pub(crate) fn of(tag: u64, lane: u32, second: u64) -> Self {
        let (high, low) = halves(second);
        match tag {
            2 => Self::Started(lane),
            3 => Self::Pending(lane),
            4 => Self::Completed(lane),
            5 => Self::WokenByLane(lane, low),
            6 => Self::WokenByItself(lane),
            7 => Self::WokenByDriver(lane),
            8 => Self::WokenByThread(lane),
            9 => Self::Spawned(lane, high, low),
            10 => Self::Joins(lane, high, low),
            11 => Self::Left(lane, low),
            _ => Self::Rare,
        }
    }

    /// An event in numbers, where that can be.
    #[inline]
    pub(crate) fn packed(kind: &EventKind) -> Option<Self> {
        Some(match *kind {
            EventKind::PollStarted { lane } => Self::Started(small(lane)?),
            EventKind::PollEnded { lane, result } => match result {
                Polled::Pending => Self::Pending(small(lane)?),
                Polled::Completed => Self::Completed(small(lane)?),
                Polled::Panicked => return None,
            },
            EventKind::Woken { lane, by } => match by {
                Waker::Lane(by) => Self::WokenByLane(small(lane)?, small(by)?),
                Waker::Itself => Self::WokenByItself(small(lane)?),
                Waker::Driver => Self::WokenByDriver(small(lane)?),
                Waker::Thread => Self::WokenByThread(small(lane)?),
            },
            EventKind::AwaitLeft { lane, frame } => Self::Left(small(lane)?, frame.0),
            EventKind::AwaitEntered {
                lane,
                frame,
                parent: None,
                coroutine: None,
                site: None,
                text: Text::Static(A_TASK),
                on: Some(Awaited::Task(task)),
            } => Self::Joins(small(lane)?, frame.0, small(task)?),
            _ => return None,
        })
    }

    /// The event that this is; none where it is kept beside the words.
    #[inline]
    pub(crate) fn unpack(self, templates: &[Template]) -> Option<EventKind> {
        let id = |lane: u32| LaneId(lane.into());
        let woken = |lane, by| EventKind::Woken { lane: id(lane), by };
        let ended = |lane, result| EventKind::PollEnded {
            lane: id(lane),
            result,
        };
        Some(match self {
            Self::Started(lane) => EventKind::PollStarted { lane: id(lane) },
            Self::Pending(lane) => ended(lane, Polled::Pending),
            Self::Completed(lane) => ended(lane, Polled::Completed),
            Self::WokenByLane(lane, by) => woken(lane, Waker::Lane(id(by))),
            Self::WokenByItself(lane) => woken(lane, Waker::Itself),
            Self::WokenByDriver(lane) => woken(lane, Waker::Driver),
            Self::WokenByThread(lane) => woken(lane, Waker::Thread),
            Self::Spawned(lane, parent, number) => match templates.get(number as usize) {
                Some(template) => template.spawned(id(lane), Some(id(parent))),
                None => unreachable!("a template is there before it is used"),
            },
            Self::Joins(lane, frame, task) => EventKind::AwaitEntered {
                lane: id(lane),
                frame: FrameId(frame),
                parent: None,
                coroutine: None,
                site: None,
                text: Text::Static(A_TASK),
                on: Some(Awaited::Task(id(task))),
            },
            Self::Left(lane, frame) => EventKind::AwaitLeft {
                lane: id(lane),
                frame: FrameId(frame),
            },
            Self::Rare => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes it down, reads it again.
    fn there_and_back(what: What, since: u64) -> (u64, What) {
        let (first, second) = what.words(since);
        let First::Event { since, tag, lane } = First::of(first) else {
            panic!("{first:x} is no event");
        };
        assert_eq!(has_second(tag), second.is_some());
        (since, What::of(tag, lane, second.unwrap_or_default()))
    }

    #[test]
    fn what_happens_at_every_poll_comes_back_as_it_was() {
        let most = LaneId(u32::MAX.into());
        for lane in [LaneId(1), most] {
            let mut kinds = vec![
                EventKind::PollStarted { lane },
                EventKind::AwaitEntered {
                    lane,
                    frame: FrameId(1),
                    parent: None,
                    coroutine: None,
                    site: None,
                    text: Text::Static(A_TASK),
                    on: Some(Awaited::Task(most)),
                },
                EventKind::AwaitLeft {
                    lane,
                    frame: FrameId(u32::MAX),
                },
            ];
            for result in [Polled::Pending, Polled::Completed] {
                kinds.push(EventKind::PollEnded { lane, result });
            }
            for by in [
                Waker::Lane(LaneId(7)),
                Waker::Lane(most),
                Waker::Itself,
                Waker::Driver,
                Waker::Thread,
            ] {
                kinds.push(EventKind::Woken { lane, by });
            }
            for kind in kinds {
                let what = What::packed(&kind).expect("it fits");
                for since in [0, 1, FAR - 1] {
                    let (read, back) = there_and_back(what, since);
                    assert_eq!((read, back), (since, what));
                    assert_eq!(back.unpack(&[]).as_ref(), Some(&kind));
                }
            }
        }
        for what in [What::Spawned(1, 2, u32::MAX), What::Rare] {
            assert_eq!(there_and_back(what, 3), (3, what));
        }
    }

    #[test]
    fn what_does_not_fit_is_not_packed() {
        let lane = LaneId(u64::from(u32::MAX) + 1);
        for kind in [
            EventKind::PollStarted { lane },
            EventKind::Woken {
                lane: LaneId(1),
                by: Waker::Lane(lane),
            },
            EventKind::PollEnded {
                lane: LaneId(1),
                result: Polled::Panicked,
            },
        ] {
            assert_eq!(What::packed(&kind), None);
        }
    }

    #[test]
    fn words_without_events_are_told_from_others() {
        assert_eq!(First::of(NO_WORD), First::Nothing);
        let tick = Tick(u64::MAX >> 4);
        assert_eq!(First::of(time_word(tick)), First::Time(tick));
    }
}
