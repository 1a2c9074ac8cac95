//! Two events in the words of one: the start and the end of a short poll, and an await of a task that had ended before.
//!
//! A thread writes the word of a start, which becomes that of the whole poll if its end is what the thread writes next.
//! Readers take pairs apart as they come to them, so that the rest of them knows plain words only.

use std::ops::Deref;

use super::word::{self, First, Tick, tag};
#[cfg(feature = "timeline")]
use crate::event::{LaneId, Polled};

/// Bits of the ticks between the event before and the start.
const SINCE: u32 = 16;
/// Bits of the ticks between the start and the end.
const LENGTH: u32 = 17;
/// The lowest bit of the length, and that of the lane: 26 bits.
const LENGTH_AT: u32 = tag::BITS + SINCE;
const LANE_AT: u32 = LENGTH_AT + LENGTH;

/// A poll as words of one event each: its start, then its end if it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    words: [u64; 2],
    count: usize,
}

impl Deref for Parts {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        &self.words[..self.count]
    }
}

/// Returns `true` if this word may become that of a whole poll.
#[inline]
pub(crate) fn is_start(word: u64) -> bool {
    word & tag::MASK == tag::STARTED
}

/// Returns the word of a whole poll from the words of its start and its end, which came `length` ticks later. `None` if
/// `end` is not the end of this poll, or a number does not fit.
#[inline]
pub(crate) fn whole(start: u64, end: u64, length: u64) -> Option<u64> {
    let tag = match end & tag::MASK {
        tag::PENDING => tag::POLL_PENDING,
        tag::COMPLETED => tag::POLL_COMPLETED,
        _ => return None,
    };
    let lane = end >> 32;
    let since = (start & u64::from(u32::MAX)) >> tag::BITS;
    let fits = since >> SINCE == 0 && length >> LENGTH == 0 && lane >> (64 - LANE_AT) == 0;
    (fits && start >> 32 == lane)
        .then_some(tag | since << tag::BITS | length << LENGTH_AT | lane << LANE_AT)
}

/// A whole poll.
#[cfg(feature = "timeline")]
pub(super) struct Poll {
    pub(super) lane: LaneId,
    /// Ticks between the event before and the start.
    pub(super) since: u64,
    /// Ticks between the start and the end.
    pub(super) length: u64,
    pub(super) result: Polled,
}

/// Reads a whole poll; `None` if the word is another one.
#[inline]
#[cfg(feature = "timeline")]
pub(super) fn poll(word: u64) -> Option<Poll> {
    let result = match word & tag::MASK {
        tag::POLL_PENDING => Polled::Pending,
        tag::POLL_COMPLETED => Polled::Completed,
        _ => return None,
    };
    Some(Poll {
        lane: LaneId(word >> LANE_AT),
        since: since(word),
        length: length(word),
        result,
    })
}

/// Returns the ticks between the event before and the start of a whole poll.
#[inline]
fn since(word: u64) -> u64 {
    word >> tag::BITS & ((1 << SINCE) - 1)
}

/// Returns the ticks between the start and the end of a whole poll.
#[inline]
fn length(word: u64) -> u64 {
    word >> LENGTH_AT & ((1 << LENGTH) - 1)
}

/// Returns the plain words of a poll; `None` if the word is neither that of a start nor of a whole poll.
#[inline]
pub(crate) fn parts(word: u64) -> Option<Parts> {
    let end = match word & tag::MASK {
        tag::STARTED => {
            let words = [word, 0];
            return Some(Parts { words, count: 1 });
        }
        tag::POLL_PENDING => tag::PENDING,
        tag::POLL_COMPLETED => tag::COMPLETED,
        _ => return None,
    };
    let lane = word >> LANE_AT << 32;
    let words = [
        word::since(tag::STARTED | lane, since(word)),
        word::since(end | lane, length(word)),
    ];
    Some(Parts { words, count: 2 })
}

/// Returns the plain first word of one of the events in a word, the first or the second, and `true` if it has a second one.
/// `has_more` says whether words follow.
#[inline]
#[cfg(feature = "timeline")]
pub(crate) fn plain(word: u64, has_more: bool, is_second: bool) -> (u64, bool) {
    if is_joined(word) && has_more {
        let [enters, _, leaves, _] = joined_parts(word, 0);
        return ([enters, leaves][usize::from(is_second)], true);
    }
    match word & tag::MASK {
        tag::POLL_PENDING | tag::POLL_COMPLETED => {
            let parts = parts(word).map_or([word; 2], |parts| parts.words);
            (parts[usize::from(is_second)], true)
        }
        _ => (word, false),
    }
}

/// Returns the second word of the end of an await that began in the same words, given theirs.
#[inline]
#[cfg(feature = "timeline")]
pub(crate) fn second_of_end(second: u64) -> u64 {
    second >> 32
}

/// Appends the plain words of a payload.
#[cfg(any(unix, feature = "timeline"))]
pub(crate) fn plain_words(payload: &[u8], to: &mut Vec<u64>) {
    let mut words = payload.chunks_exact(8).map(word::of_bytes);
    to.reserve(words.len());
    while let Some(word) = words.next() {
        if let Some(parts) = parts(word) {
            to.extend_from_slice(&parts);
        } else if is_joined(word)
            && let Some(second) = words.next()
        {
            to.extend(joined_parts(word, second));
        } else {
            to.push(word);
            to.extend(words.by_ref().take(more(word)));
        }
    }
}

#[inline]
fn is_joined(word: u64) -> bool {
    word & tag::MASK == tag::JOINED
}

/// Returns the plain words of an await of a task that had ended before.
#[cfg(any(unix, feature = "timeline"))]
fn joined_parts(word: u64, second: u64) -> [u64; 4] {
    let enters = word ^ tag::JOINED ^ tag::JOINS;
    let leaves = tag::LEFT | word >> 32 << 32;
    [enters, second, leaves, second >> 32]
}

/// Returns the number of events in a payload of whole events, and the tick of the last one.
pub(crate) fn count(payload: &[u8], mut tick: Tick) -> (u32, Tick) {
    let mut words = payload.chunks_exact(8).map(word::of_bytes);
    let mut events = 0;
    while let Some(word) = words.next() {
        let plain = [word];
        let parts = parts(word);
        for part in parts.as_deref().unwrap_or(&plain) {
            match First::of(*part) {
                First::Nothing => {}
                First::Time(at) => tick = at,
                First::Event { since, more } => {
                    tick.0 += since;
                    events += 1 + u32::from(is_joined(*part));
                    if more > 0 {
                        words.nth(more - 1);
                    }
                }
            }
        }
    }
    (events, tick)
}

/// Returns the number of words after a plain one that belong to it.
#[cfg(any(unix, feature = "timeline"))]
fn more(word: u64) -> usize {
    match First::of(word) {
        First::Event { more, .. } => more,
        First::Nothing | First::Time(_) => 0,
    }
}

#[cfg(all(test, feature = "timeline"))]
mod tests {
    use super::*;
    use crate::event::FrameId;
    use crate::journal::word::Words;

    /// Returns the words of a poll: the whole one, and those of its start and its end.
    fn poll(lane: u64, result: Polled, since: u64, length: u64) -> (Option<u64>, [u64; 2]) {
        let (start, ..) = Words::started(LaneId(lane)).after(since);
        let end = Words::ended(LaneId(lane), result);
        let joined = whole(start, end.first(), length);
        (joined, [start, end.after(length).0])
    }

    #[test]
    fn whole_polls_come_apart_as_they_were() {
        for lane in [1, (1 << 26) - 1] {
            for result in [Polled::Pending, Polled::Completed] {
                for (since, length) in [(0, 0), (1, 2), ((1 << 16) - 1, (1 << 17) - 1)] {
                    let (joined, plain) = poll(lane, result, since, length);
                    let parts = joined.and_then(parts);
                    assert_eq!(parts.as_deref(), Some(&plain[..]));
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_no_whole_poll() {
        for (lane, since, length) in [(1 << 26, 0, 0), (1, 1 << 16, 0), (1, 0, 1 << 17)] {
            assert_eq!(poll(lane, Polled::Pending, since, length).0, None);
        }
        let (start, ..) = Words::started(LaneId(1)).after(0);
        let of_other = Words::ended(LaneId(2), Polled::Pending);
        assert_eq!(whole(start, of_other.first(), 1), None);
        assert_eq!(whole(start, Words::started(LaneId(1)).first(), 1), None);
    }

    #[test]
    fn words_that_belong_to_others_are_not_taken_for_polls() {
        // The second word would be that of a whole poll.
        let first = Words::left(LaneId(1), FrameId(9)).after(0).0;
        let payload: Vec<u8> = [first, 9].into_iter().flat_map(u64::to_le_bytes).collect();
        let mut words = Vec::new();
        plain_words(&payload, &mut words);
        assert_eq!(words, [first, 9]);
        assert_eq!(count(&payload, Tick(5)), (1, Tick(5)));
    }

    #[test]
    fn an_await_that_takes_no_time_begins_and_ends() {
        let (lane, frame, task) = (LaneId(7), FrameId(8), LaneId(9));
        let (first, second, _) = Words::joined(lane, frame, task).after(5);
        let payload = [first, second].into_iter().flat_map(u64::to_le_bytes);
        let payload: Vec<u8> = payload.collect();
        let mut words = Vec::new();
        plain_words(&payload, &mut words);
        let (enters, on, _) = Words::joins(lane, frame, task).after(5);
        let (leaves, left, _) = Words::left(lane, frame).after(0);
        assert_eq!(words, [enters, on, leaves, left]);
        assert_eq!(count(&payload, Tick(1)), (2, Tick(6)));
        // One that is cut off is no event that is known.
        words.clear();
        plain_words(&payload[..8], &mut words);
        assert_eq!(words, [first]);
    }
}
