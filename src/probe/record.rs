//! An event as a thread writes it down: as little as possible.

use super::clock::Tick;
use super::template::Template;
use crate::event::{Awaited, EventKind, FrameId, LaneId, Polled, Text, Waker};

/// The text of a wait for a task by somebody who has no other text for it.
pub(crate) const A_TASK: &str = "a task";

/// What happened, and when. Polls and wakes take 24 bytes and no allocation.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) tick: Tick,
    pub(crate) what: What,
}

/// The events of every poll, packed; all others in a box.
#[derive(Debug)]
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
    Rare(Box<EventKind>),
}

/// A lane's number, where it is small enough to be packed.
fn small(lane: LaneId) -> Option<u32> {
    u32::try_from(lane.0).ok()
}

impl What {
    #[inline]
    pub(crate) fn pack(kind: EventKind) -> Self {
        Self::packed(&kind).unwrap_or_else(|| Self::Rare(Box::new(kind)))
    }

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

    pub(crate) fn is_rare(&self) -> bool {
        matches!(self, Self::Rare(_))
    }

    pub(crate) fn unpack(self, templates: &[Template]) -> EventKind {
        let id = |lane: u32| LaneId(lane.into());
        let woken = |lane, by| EventKind::Woken { lane: id(lane), by };
        let ended = |lane, result| EventKind::PollEnded {
            lane: id(lane),
            result,
        };
        match self {
            Self::Started(lane) => EventKind::PollStarted { lane: id(lane) },
            Self::Pending(lane) => ended(lane, Polled::Pending),
            Self::Completed(lane) => ended(lane, Polled::Completed),
            Self::WokenByLane(lane, by) => woken(lane, Waker::Lane(id(by))),
            Self::WokenByItself(lane) => woken(lane, Waker::Itself),
            Self::WokenByDriver(lane) => woken(lane, Waker::Driver),
            Self::WokenByThread(lane) => woken(lane, Waker::Thread),
            Self::Spawned(lane, parent, number) => match templates.get(number as usize) {
                Some(template) => template.spawned(id(lane), id(parent)),
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
            Self::Rare(kind) => *kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_at_every_poll_is_small_and_comes_back_as_it_was() {
        assert_eq!(size_of::<Record>(), 24);
        let big = LaneId(u64::from(u32::MAX) + 1);
        for lane in [LaneId(1), LaneId(u32::MAX.into()), big] {
            let mut kinds = vec![
                EventKind::PollStarted { lane },
                EventKind::AwaitEntered {
                    lane,
                    frame: FrameId(1),
                    parent: None,
                    coroutine: None,
                    site: None,
                    text: Text::Static(A_TASK),
                    on: Some(Awaited::Task(lane)),
                },
                EventKind::AwaitLeft {
                    lane,
                    frame: FrameId(u32::MAX),
                },
            ];
            for result in [Polled::Pending, Polled::Completed, Polled::Panicked] {
                kinds.push(EventKind::PollEnded { lane, result });
            }
            for by in [
                Waker::Lane(LaneId(7)),
                Waker::Lane(big),
                Waker::Itself,
                Waker::Driver,
                Waker::Thread,
            ] {
                kinds.push(EventKind::Woken { lane, by });
            }
            for kind in kinds {
                assert_eq!(What::pack(kind.clone()).unpack(&[]), kind);
            }
        }
    }
}
