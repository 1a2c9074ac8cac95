//! Makes a session's index, event by event: at intervals a part of it says how the session stands there.
//!
//! *Architecture invariant:* nothing here reads or writes a file.

use std::sync::Arc;

use super::codec::Texts;
use super::piece::Loaded;
use super::state::{self, Ahead, Known, Standing};
use crate::event::{Event, Step, ThreadId, Timestamp};
use crate::timeline::Lane;

/// Number of events between two parts of the index, for each thing that a part describes anew, such as a lane that has not
/// ended or an open await. Parts start between blocks only. So parts stay small compared with the events, and few events
/// lie between two of them.
const SPARSE: u64 = if cfg!(any(test, fuzzing)) { 2 } else { 32 };
/// No part is made for less.
const LEAST: u64 = if cfg!(test) {
    10
} else if cfg!(fuzzing) {
    100
} else {
    1 << 14
};

/// Makes a session's index, event by event. It keeps nothing of lanes that have ended.
#[derive(Debug)]
pub(crate) struct Indexer {
    /// How the session stands, without the lanes that had ended by the last part.
    now: Standing,
    /// How many parts were made.
    serial: u64,
    /// The place of the last part.
    last: u64,
    /// The lanes that the parts so far know of and that had not ended: as the how-manieth each began, and how. They
    /// are the first ones of those that stand now.
    known: Vec<(usize, Lane)>,
    /// How many lanes have begun by the last part.
    begun: usize,
    /// Number of things in the last part that the next one describes anew.
    told: usize,
    texts: Texts,
    ahead: Ahead,
}

impl Default for Indexer {
    fn default() -> Self {
        Self::resume(Standing::default(), 0, &[])
    }
}

impl Indexer {
    /// Goes on from the last part of an index that was read.
    pub(super) fn resume(mut standing: Standing, serial: u64, begun: &[Arc<Lane>]) -> Self {
        standing.timeline.set_brief(true);
        let lanes = &mut standing.timeline.lanes;
        let alive = lanes.iter().zip(begun).enumerate();
        let alive = alive.filter(|(_, (lane, _))| lane.end.is_none());
        let known = alive.map(|(place, (_, begun))| (place, begun.as_it_began()));
        let known = known.collect();
        let begun = lanes.len();
        lanes.drop_ended();
        let told = standing.told();
        Self {
            known,
            begun,
            told,
            last: standing.place,
            now: standing,
            serial,
            texts: Texts::default(),
            ahead: Ahead::default(),
        }
    }

    /// Begins in the midst of a session, which stands like this.
    pub(super) fn begin(mut standing: Standing) -> Self {
        standing.timeline.set_brief(true);
        Self {
            now: standing,
            ..Self::default()
        }
    }

    /// As [`standing`](Self::standing), for who needs nothing else.
    pub(super) fn into_standing(self) -> Standing {
        without_past(self.now)
    }

    /// How many events of the session it has seen, those that were lost included.
    #[cfg(feature = "app")]
    pub(super) fn place(&self) -> u64 {
        self.now.place
    }

    /// Adds the events of the block at its place. Returns the number of unreadable ones.
    pub(super) fn take(&mut self, block: &Loaded) -> Option<u64> {
        let (now, ahead) = (&mut self.now, &mut self.ahead);
        let not_read = block.each(&mut self.texts, |item, count| ahead.push(now, &item, count));
        ahead.flush(now);
        not_read
    }

    /// Takes in an event of the block at its place, before that is written.
    pub(super) fn take_event(&mut self, event: &Event) {
        self.ahead.push_event(&mut self.now, event);
    }

    /// The same, of an event that happens at every poll.
    #[inline]
    pub(super) fn take_step(&mut self, at: Timestamp, thread: ThreadId, step: Step) {
        self.ahead.push_step(&mut self.now, at, thread, step);
    }

    /// All events of the block have been taken in.
    pub(super) fn end_block(&mut self) {
        self.ahead.flush(&mut self.now);
    }

    /// Whether it is time for the next part.
    pub(super) fn is_due(&self) -> bool {
        self.now.place - self.last >= LEAST.max(SPARSE * self.told as u64)
    }

    /// Whether a last part is worth its bytes: a short session is read at once without any.
    pub(super) fn has_more(&self) -> bool {
        self.now.place > self.last && self.now.place >= LEAST
    }

    /// Makes a part of the index, which says how the session stands at its place.
    pub(super) fn part(&mut self) -> Vec<u8> {
        self.now.timeline.forget();
        let lanes = &self.now.timeline.lanes;
        let new: Vec<&Lane> = lanes.iter().skip(self.known.len()).collect();
        let all = lanes.iter().enumerate().map(|(index, lane)| {
            let new = || (self.begun + index - self.known.len(), false);
            let known = self.known.get(index).map(|(place, begun)| {
                // It stands as it began unless a damaged log told of that late.
                (*place, !state::began_as(lane, begun))
            });
            let (place, with_origin) = known.unwrap_or_else(new);
            Known {
                lane,
                place,
                with_origin,
            }
        });
        let (ended, alive): (Vec<_>, Vec<_>) = all.partition(|known| known.lane.end.is_some());
        let part = state::encode(self.serial, &self.now, self.begun, &new, &ended, &alive);
        let (begun, places) = (new.len(), alive.iter().map(|known| known.place).collect());
        let is_new = |known: &&Known<'_>| known.place >= self.begun;
        let new = alive.iter().filter(is_new);
        let new = new.map(|known| (known.place, known.lane.as_it_began()));
        let new = new.collect();
        self.settle(begun, places, new);
        part
    }

    /// Drops what has ended, now that a part of the index tells of it, and of so many lanes that are new.
    fn settle(&mut self, begun: usize, alive: Vec<usize>, new: Vec<(usize, Lane)>) {
        self.begun += begun;
        let mut alive = alive.into_iter().peekable();
        self.known
            .retain(|(place, _)| alive.next_if_eq(place).is_some());
        self.known.extend(new);
        self.now.timeline.lanes.drop_ended();
        self.told = self.now.told();
        self.last = self.now.place;
        self.serial += 1;
    }
}

fn without_past(mut standing: Standing) -> Standing {
    standing.timeline.forget();
    standing.timeline.lanes.drop_ended();
    standing
}
