//! The words of 64 bits in which a thread writes its events: one, two, or a few more.
//!
//! The first holds, from its lowest bits up: what happened (5 bits), the ticks since the event before (27), and the lane
//! (32). A time that is further away has a word of its own before it. See `docs/format.md`.

use crate::event::{FrameId, LaneId, Polled, Step, Waker, What};

/// A moment in real time, in ticks of the program's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tick(pub(crate) u64);

/// The text of a wait for a task by somebody who has no other text for it.
pub(crate) const A_TASK: &str = "a task";

/// Ticks that are too many for a record's first word.
pub(crate) const FAR: u64 = 1 << 27;

/// The same for a wake by a lane that is [near](tag::WOKEN_BY_NEAR).
const FAR_BY_NEAR: u64 = 1 << NEAR_AT;
const NEAR_AT: u32 = 15;
/// The lowest bit of the difference between the two lanes, and half of its values.
const DIFFERENCE_AT: u32 = tag::BITS + NEAR_AT;
const HALF: u64 = 1 << 11;

/// What a first word tells of.
pub(super) mod tag {
    /// The bits that tell what happened.
    pub(in crate::journal) const BITS: u32 = 5;
    pub(in crate::journal) const MASK: u64 = (1 << BITS) - 1;
    /// Set where a second word follows.
    pub(in crate::journal) const TWO: u64 = 1 << 4;

    /// Nothing: the rest of a buffer, which was too short.
    pub(in crate::journal) const NOTHING: u64 = 0;
    /// The time from which the next event counts.
    pub(in crate::journal) const TIME: u64 = 1;
    /// An event as bytes, in the words that follow. Upper half: their number.
    pub(in crate::journal) const BLOB: u64 = 2;
    pub(in crate::journal) const STARTED: u64 = 3;
    pub(in crate::journal) const PENDING: u64 = 4;
    pub(in crate::journal) const COMPLETED: u64 = 5;
    pub(in crate::journal) const WOKEN_BY_ITSELF: u64 = 6;
    pub(in crate::journal) const WOKEN_BY_DRIVER: u64 = 7;
    pub(in crate::journal) const WOKEN_BY_THREAD: u64 = 8;
    /// A whole poll: see `pair.rs`.
    pub(in crate::journal) const POLL_PENDING: u64 = 9;
    pub(in crate::journal) const POLL_COMPLETED: u64 = 10;
    /// Woken by a lane whose number is near, as the upper bits of the time say.
    pub(in crate::journal) const WOKEN_BY_NEAR: u64 = 11;
    /// Second word: who woke it.
    pub(in crate::journal) const WOKEN_BY_LANE: u64 = TWO;
    /// Who spawned it (32), and the number of its template (32).
    pub(in crate::journal) const SPAWNED: u64 = TWO | 1;
    /// The await (32), and the task that it waits for (32).
    pub(in crate::journal) const JOINS: u64 = TWO | 2;
    /// The await.
    pub(in crate::journal) const LEFT: u64 = TWO | 3;
    /// The same as [`JOINS`] and [`LEFT`] at once: the task had ended before.
    pub(in crate::journal) const JOINED: u64 = TWO | 4;
}

/// An event in words, but for its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    first: u64,
    second: u64,
}

/// A first word, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// The rest of a chunk, which was too short.
    Nothing,
    /// The tick from which the next event counts.
    Time(Tick),
    /// An event, so many ticks after the one before. This many words follow that belong to it.
    Event { since: u64, more: usize },
}

/// Returns a word from its eight bytes.
#[inline]
pub(crate) fn of_bytes(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

/// The word that fills a buffer's end.
pub(crate) const NO_WORD: u64 = tag::NOTHING;

/// The word from whose tick on the ticks of events count.
pub(crate) fn time_word(tick: Tick) -> u64 {
    tag::TIME | tick.0 << tag::BITS
}

impl First {
    /// Takes a plain word apart: none of a whole poll.
    #[inline]
    pub(crate) fn of(word: u64) -> Self {
        match word & tag::MASK {
            tag::NOTHING => Self::Nothing,
            tag::TIME => Self::Time(Tick(word >> tag::BITS)),
            tag => Self::Event {
                since: word >> tag::BITS & (far(tag) - 1),
                more: match tag {
                    tag::BLOB => (word >> 32) as usize,
                    _ => usize::from(tag & tag::TWO != 0),
                },
            },
        }
    }
}

impl Words {
    /// No event: its numbers are too large for words.
    pub(crate) const NONE: Self = Self {
        first: tag::NOTHING,
        second: 0,
    };
    #[inline]
    fn new(tag: u64, lane: LaneId, [high, low]: [u64; 2]) -> Self {
        if (lane.0 | high | low) >> 32 != 0 {
            return Self::NONE;
        }
        Self {
            first: tag | lane.0 << 32,
            second: high << 32 | low,
        }
    }

    /// The first word, without the ticks since the event before.
    #[inline]
    pub(crate) fn first(self) -> u64 {
        self.first
    }

    /// The first word, so many ticks after the event before, the second, and how many of the two there are.
    #[inline]
    pub(crate) fn after(self, since: u64) -> (u64, u64, usize) {
        if let Some(near) = self.near(since) {
            return (near, 0, 1);
        }
        let has_second = self.first & tag::TWO != 0;
        let count = 1 + usize::from(has_second);
        (self.first | since << tag::BITS, self.second, count)
    }

    /// Returns the one word of a wake by a lane that is near.
    #[inline]
    fn near(self, since: u64) -> Option<u64> {
        if self.first & tag::MASK != tag::WOKEN_BY_LANE || since >= FAR_BY_NEAR {
            return None;
        }
        let lane = self.first >> 32;
        let difference = (self.second + HALF).wrapping_sub(lane);
        (difference < 2 * HALF).then_some(
            tag::WOKEN_BY_NEAR | since << tag::BITS | difference << DIFFERENCE_AT | lane << 32,
        )
    }

    /// Returns `true` if the event has to be written as bytes.
    #[inline]
    pub(crate) fn are_none(self) -> bool {
        self.first == tag::NOTHING
    }

    /// Returns `true` if they tell of the end of a poll.
    #[inline]
    pub(crate) fn are_end(self) -> bool {
        matches!(self.first & tag::MASK, tag::PENDING | tag::COMPLETED)
    }

    /// The words of a step; none where they cannot tell it.
    #[inline]
    pub(crate) fn of(Step { lane, what }: Step) -> Self {
        match what {
            What::Started => Self::started(lane),
            What::Ended(result) => Self::ended(lane, result),
            What::Woken(by) => Self::woken(lane, by),
        }
    }

    #[inline]
    pub(crate) fn started(lane: LaneId) -> Self {
        Self::new(tag::STARTED, lane, [0; 2])
    }

    #[inline]
    pub(crate) fn ended(lane: LaneId, result: Polled) -> Self {
        match result {
            Polled::Pending => Self::new(tag::PENDING, lane, [0; 2]),
            Polled::Completed => Self::new(tag::COMPLETED, lane, [0; 2]),
            Polled::Panicked => Self::NONE,
        }
    }

    #[inline]
    pub(crate) fn woken(lane: LaneId, by: Waker) -> Self {
        let (tag, by) = match by {
            Waker::Lane(by) => (tag::WOKEN_BY_LANE, by.0),
            Waker::Itself => (tag::WOKEN_BY_ITSELF, 0),
            Waker::Driver => (tag::WOKEN_BY_DRIVER, 0),
            Waker::Thread => (tag::WOKEN_BY_THREAD, 0),
        };
        Self::new(tag, lane, [0, by])
    }

    #[inline]
    pub(crate) fn spawned(lane: LaneId, parent: LaneId, template: u32) -> Self {
        Self::new(tag::SPAWNED, lane, [parent.0, template.into()])
    }

    #[inline]
    pub(crate) fn joins(lane: LaneId, frame: FrameId, task: LaneId) -> Self {
        Self::new(tag::JOINS, lane, [frame.0.into(), task.0])
    }

    /// The words of an await of a task that had ended before: its beginning and its end, at the same time.
    #[inline]
    pub(crate) fn joined(lane: LaneId, frame: FrameId, task: LaneId) -> Self {
        Self::new(tag::JOINED, lane, [frame.0.into(), task.0])
    }

    #[inline]
    pub(crate) fn left(lane: LaneId, frame: FrameId) -> Self {
        Self::new(tag::LEFT, lane, [0, frame.0.into()])
    }
}

/// Returns the first number of ticks that is too large for a first word of this kind.
#[inline]
fn far(tag: u64) -> u64 {
    match tag {
        tag::WOKEN_BY_NEAR => FAR_BY_NEAR,
        _ => FAR,
    }
}

/// Returns the first word of an event whose bytes are in the next words: so many.
pub(crate) fn blob_word(more: usize) -> u64 {
    tag::BLOB | (more as u64) << 32
}

/// Returns a first word without the ticks since the event before.
#[cfg(unix)]
pub(super) fn at_once(first: u64) -> u64 {
    first & !((far(first & tag::MASK) - 1) << tag::BITS)
}

/// Returns a first word with the ticks since the event before.
pub(crate) fn since(first: u64, ticks: u64) -> u64 {
    first | ticks << tag::BITS
}

/// Reads one of the events that are most of any session; none if it is another one.
#[inline]
pub(super) fn step(word: u64, second: u64) -> Option<Step> {
    let lane = LaneId(word >> 32);
    let what = match word & tag::MASK {
        tag::STARTED => What::Started,
        tag::PENDING => What::Ended(Polled::Pending),
        tag::COMPLETED => What::Ended(Polled::Completed),
        tag::WOKEN_BY_LANE => What::Woken(Waker::Lane(LaneId(second & u64::from(u32::MAX)))),
        tag::WOKEN_BY_NEAR => {
            let difference = word >> DIFFERENCE_AT & (2 * HALF - 1);
            let by = lane.0.wrapping_add(difference).wrapping_sub(HALF);
            What::Woken(Waker::Lane(LaneId(by & u64::from(u32::MAX))))
        }
        tag::WOKEN_BY_ITSELF => What::Woken(Waker::Itself),
        tag::WOKEN_BY_DRIVER => What::Woken(Waker::Driver),
        tag::WOKEN_BY_THREAD => What::Woken(Waker::Thread),
        _ => return None,
    };
    Some(Step { lane, what })
}

/// Returns one of these events if it is one word, and the ticks since the event before.
#[inline]
#[cfg(feature = "timeline")]
pub(super) fn short(word: u64) -> Option<(u64, Step)> {
    let tag = word & tag::MASK;
    let step = step(word, 0).filter(|_| tag & tag::TWO == 0)?;
    Some((word >> tag::BITS & (far(tag) - 1), step))
}

#[cfg(all(test, feature = "timeline"))]
mod tests {
    use super::*;
    use crate::event::fields::Malformed;
    use crate::event::{Awaited, EventKind, Text};
    use crate::journal::said::{Known, Said, read};

    /// Writes it, reads it again.
    fn there_and_back(words: Words, since: u64) -> (u64, Option<EventKind>) {
        assert!(!words.are_none());
        let (first, second, count) = words.after(since);
        let First::Event { since, more } = First::of(first) else {
            panic!("{first:x} is no event");
        };
        assert_eq!(count, 1 + more);
        let said = read(first, &[second][..more], &Known::default());
        let event = match said {
            Ok(Said::Step(step)) => Some(step.into()),
            Ok(Said::Event(event)) => Some(event),
            Err(Malformed) => None,
        };
        (since, event)
    }

    #[test]
    fn what_happens_at_every_poll_comes_back_as_it_was() {
        let most = LaneId(u32::MAX.into());
        for lane in [LaneId(1), most] {
            let frame = FrameId(u32::MAX);
            let mut all = vec![
                (Words::started(lane), EventKind::PollStarted { lane }),
                (
                    Words::joins(lane, frame, most),
                    EventKind::AwaitEntered {
                        lane,
                        frame,
                        parent: None,
                        coroutine: None,
                        site: None,
                        text: Text::Static(A_TASK),
                        on: Some(Awaited::Task(most)),
                    },
                ),
                (
                    Words::left(lane, frame),
                    EventKind::AwaitLeft { lane, frame },
                ),
            ];
            for result in [Polled::Pending, Polled::Completed] {
                let event = EventKind::PollEnded { lane, result };
                all.push((Words::ended(lane, result), event));
            }
            for by in [
                Waker::Lane(LaneId(7)),
                Waker::Lane(most),
                Waker::Itself,
                Waker::Driver,
                Waker::Thread,
            ] {
                all.push((Words::woken(lane, by), EventKind::Woken { lane, by }));
            }
            for (words, event) in all {
                for since in [0, 1, FAR - 1] {
                    assert_eq!(there_and_back(words, since), (since, Some(event.clone())));
                }
            }
        }
    }

    #[test]
    fn a_wake_by_a_lane_that_is_near_is_one_word() {
        let most = u64::from(u32::MAX);
        for (lane, by, is_near) in [
            (1, 1, true),
            (1, 2_048, true),
            (1, 2_049, false),
            (2_049, 1, true),
            (2_050, 1, false),
            (most, most - 2_048, true),
            (most - 2_047, most, true),
        ] {
            let words = Words::woken(LaneId(lane), Waker::Lane(LaneId(by)));
            let last = FAR_BY_NEAR - 1;
            for (since, is_near) in [(0, is_near), (last, is_near), (last + 1, false)] {
                let by = Waker::Lane(LaneId(by));
                let lane = LaneId(lane);
                let event = EventKind::Woken { lane, by };
                assert_eq!(there_and_back(words, since), (since, Some(event)));
                assert_eq!(
                    words.after(since).2 == 1,
                    is_near,
                    "{lane:?} {by:?} {since}"
                );
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_written_as_bytes() {
        let lane = LaneId(u64::from(u32::MAX) + 1);
        assert!(Words::started(lane).are_none());
        assert!(Words::woken(LaneId(1), Waker::Lane(lane)).are_none());
        assert!(Words::spawned(LaneId(1), lane, 0).are_none());
        assert!(Words::ended(LaneId(1), Polled::Panicked).are_none());
    }

    #[test]
    fn words_without_events_are_told_from_others() {
        assert_eq!(First::of(NO_WORD), First::Nothing);
        let tick = Tick(u64::MAX >> tag::BITS);
        assert_eq!(First::of(time_word(tick)), First::Time(tick));
    }
}
