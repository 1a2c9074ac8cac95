//! How a program stands, as a journal tells it whose first blocks are left out: read, and put into the order of events.

use std::collections::{HashMap, HashSet};
use std::mem;

use super::block::{Header, OF_NOTES};
use super::merge::Merger;
use super::said::{self, Known, Said};
use super::word::{self, First, Tick};
use crate::event::{EventKind, LaneId, ThreadId};

/// How a program stands, as blocks have told it that were read since the last events.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The tick at which it stands so.
    tick: Tick,
    /// Events that were not known before. Of each lane: how it began, what it awaits, and its last change of state.
    events: Vec<ToldEvent>,
    /// How many events are missing.
    lost: u64,
    /// The tick of the last loss that the journal itself records.
    lost_at: Tick,
    /// The tick up to which the events of each thread were known before.
    known: HashMap<ThreadId, Option<Tick>>,
}

/// An event and where it comes from.
type ToldEvent = (Tick, ThreadId, EventKind);

/// How much a reader has read of a journal's notes, and the tick up to which it has handed on events.
#[derive(Clone, Copy, Debug)]
pub(super) struct Notes {
    pub(super) read: u64,
    pub(super) lost: u64,
    pub(super) safe: Tick,
}

impl Told {
    /// Returns `true` if there is nothing to hand on.
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.lost == 0 && self.known.is_empty()
    }

    /// Takes in a block. Returns how many events the journal has said to be lost until then, if the block tells.
    pub(super) fn take(
        &mut self,
        header: &Header,
        words: &[u64],
        known: &Known,
        merger: &mut Merger,
        notes: &Notes,
    ) -> u64 {
        self.tick = header.tick;
        let is_of_notes = header.flags & OF_NOTES != 0;
        let (until, missing) = if is_of_notes {
            let until = (notes.read > 0).then_some(notes.safe);
            (until, header.before.saturating_sub(notes.read))
        } else {
            let (until, missing) = merger.leave_out(header.thread, header.before);
            (*self.known.entry(header.thread).or_insert(until), missing)
        };
        let mut later = Vec::new();
        let (mut told, mut said) = (0, 0);
        for (tick, words) in events(words, header.tick) {
            let is_known = until.is_some_and(|until| tick <= until);
            match said::read(words[0], &words[1..], known) {
                Ok(Said::Event(EventKind::Lost { count })) if is_of_notes => {
                    self.lost = self.lost.saturating_add(count.saturating_sub(notes.lost));
                    self.lost_at = tick;
                    said = count;
                }
                _ if is_known => {}
                // It is merged with those that follow.
                _ if tick > self.tick && !is_of_notes => {
                    later.push(word::time_word(tick));
                    later.extend_from_slice(words);
                    told += 1;
                }
                Ok(said) => {
                    let kind = match said {
                        Said::Step(step) => step.into(),
                        Said::Event(kind) => kind,
                    };
                    self.events.push((tick, header.thread, kind));
                    told += 1;
                }
                Err(_) => {}
            }
        }
        merger.go_on(header.thread, header.tick, later);
        self.lost = self.lost.saturating_add(missing).saturating_sub(told);
        said
    }

    /// Returns the events in an order in which nothing seems to be known that is not: lanes begin and then are in an
    /// unknown state until the time of this standing, from which on each is in the state of its last change.
    pub(super) fn into_events(mut self) -> Vec<ToldEvent> {
        self.events.sort_by_key(|(tick, ..)| *tick);
        if self.lost == 0 {
            return self.events;
        }
        let (steps, facts): (Vec<_>, Vec<_>) = mem::take(&mut self.events)
            .into_iter()
            .partition(|(_, _, kind)| kind.step().is_some());
        let moved = steps.iter().filter_map(|(_, _, kind)| kind.step());
        let moved: HashSet<LaneId> = moved.map(|step| step.lane).collect();
        // The state of a lane is not known after a loss.
        let (steps, stale): (Vec<_>, Vec<_>) =
            steps.into_iter().partition(|it| it.0 > self.lost_at);
        self.lost = self.lost.saturating_add(stale.len() as u64);
        let mut events = Vec::new();
        // What lanes do that were known before is not known any more.
        let mut began = self.known.values().any(Option::is_some).then_some(Tick(0));
        for (tick, thread, kind) in facts {
            // A lane that has moved since its beginning lacks an event at least, the start of a poll.
            if began.take_if(|began| *began < tick).is_some() && self.lost > 1 {
                self.lost -= 1;
                events.push((tick, thread, EventKind::Lost { count: 1 }));
            }
            if let EventKind::Spawned { lane, .. } | EventKind::BranchStarted { lane, .. } = kind
                && (moved.contains(&lane) || tick <= self.lost_at)
            {
                began = Some(tick);
            }
            events.push((tick, thread, kind));
        }
        let count = self.lost;
        events.push((self.tick, ThreadId(0), EventKind::Lost { count }));
        events.extend(
            steps
                .into_iter()
                .map(|it| (self.tick.max(it.0), it.1, it.2)),
        );
        events
    }
}

/// Returns the events in these words, with their ticks.
fn events(words: &[u64], mut tick: Tick) -> impl Iterator<Item = (Tick, &[u64])> {
    let mut rest = words;
    std::iter::from_fn(move || {
        loop {
            let (&word, more) = rest.split_first()?;
            let count = match First::of(word) {
                First::Nothing => 0,
                First::Time(time) => {
                    tick = time;
                    0
                }
                First::Event { since, more: count } => {
                    tick.0 = tick.0.saturating_add(since);
                    let (event, other) = rest.split_at_checked(1 + count)?;
                    rest = other;
                    return Some((tick, event));
                }
            };
            rest = more.get(count..)?;
        }
    })
}
