//! How a program stands: what is left of the blocks of a journal that a viewer does not get, in blocks of its own.
//!
//! Blocks are folded in as they are dropped. Those of one pass are in no order between threads, so that ticks decide
//! which of two events is the later one, and a lane that ends is kept until the events before its end have come, too.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::mem;

use super::blob;
use super::block::{self, Header, OF_NOTES, kind};
use super::pair;
use super::skim::{self, About};
use super::word::{self, First, Tick};
use crate::event::fields::{Malformed, take_varint};
use crate::event::{EventKind, FrameId, LaneId, Polled, Step, ThreadId, What};

/// Events in a block: as many as fit, however long they are.
const AT_A_TIME: usize = 4096;

/// How a program stands after the blocks that were folded in.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    lanes: HashMap<LaneId, LaneStanding, BuildHasherDefault<Spread>>,
    threads: BTreeMap<ThreadId, ThreadStanding>,
    /// The blocks of texts and templates.
    names: Vec<u8>,
    /// The number of notes.
    notes: u64,
    /// How many events were lost, as the journal says, and the tick of the last one that says so.
    lost: (u64, Tick),
    /// The tick of the last time block.
    tick: Tick,
    /// The number of the last block.
    number: u64,
    /// Lanes that have ended or whose beginning has not come, in the last piece and in the one before.
    doubtful: [Vec<LaneId>; 2],
    words: Vec<u64>,
    bytes: Vec<u8>,
}

#[derive(Debug, Default)]
struct ThreadStanding {
    /// How many events it wrote.
    events: u64,
    name: Option<Kept>,
}

#[derive(Debug, Default)]
struct LaneStanding {
    has_begun: bool,
    has_ended: bool,
    is_unwakeable: bool,
    /// The last start or end of a poll, and the wake since the last start.
    poll: Last,
    wake: Last,
    started: Tick,
    /// Its beginning, host, labels and the like.
    facts: Vec<(Fact, Kept)>,
    /// Its open awaits, by their numbers. One whose end came before its beginning has no words.
    awaits: Vec<(FrameId, Kept)>,
}

/// What an event says of a lane, until another one says it anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fact {
    Begun,
    Hosted(Option<LaneId>),
    Unwakeable,
    /// The label whose key has this checksum.
    Label(u32),
    Counted,
}

/// Where an event comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct LaneOrigin {
    tick: Tick,
    thread: ThreadId,
    is_note: bool,
}

/// An event.
#[derive(Debug)]
struct Kept {
    from: LaneOrigin,
    words: Vec<u64>,
}

/// An event of a kind that is most of any session: even as bytes it takes no more words.
#[derive(Debug, Default)]
struct Last {
    from: LaneOrigin,
    words: [u64; 4],
    count: usize,
}

impl Last {
    fn set(&mut self, words: &[u64], from: LaneOrigin) {
        if from.tick >= self.from.tick && words.len() <= self.words.len() {
            self.words[..words.len()].copy_from_slice(words);
            (self.from, self.count) = (from, words.len());
        }
    }
}

impl LaneStanding {
    fn step(&mut self, what: What, words: &[u64], from: LaneOrigin) {
        if self.is_unwakeable {
            self.facts
                .retain(|(fact, it)| *fact != Fact::Unwakeable || it.from.tick > from.tick);
            let mut facts = self.facts.iter();
            self.is_unwakeable = facts.any(|(fact, _)| *fact == Fact::Unwakeable);
        }
        match what {
            What::Woken(_) if from.tick >= self.started => self.wake.set(words, from),
            What::Woken(_) => {}
            What::Started => {
                let wake = &self.wake.from;
                // Within a thread two events may have the same tick.
                let is_later = from.tick > wake.tick || *wake == from;
                if is_later {
                    self.wake = Last::default();
                }
                self.started = self.started.max(from.tick);
                self.poll.set(words, from);
            }
            What::Ended(_) => self.poll.set(words, from),
        }
    }

    fn keep(&mut self, fact: Fact, kept: Kept) {
        let tick = kept.from.tick;
        self.has_begun |= fact == Fact::Begun;
        if fact == Fact::Unwakeable {
            if tick < self.started.max(self.wake.from.tick) {
                return;
            }
            self.is_unwakeable = true;
        }
        let is_same = |known: Fact| match fact {
            Fact::Hosted(_) => matches!(known, Fact::Hosted(_)),
            _ => known == fact,
        };
        let mut facts = self.facts.iter_mut();
        match facts.find(|(known, _)| is_same(*known)) {
            Some((_, known)) if tick < known.from.tick => {}
            Some(known) => *known = (fact, kept),
            None => self.facts.push((fact, kept)),
        }
    }

    fn enter(&mut self, frame: FrameId, kept: Kept) {
        match self.await_at(frame) {
            Ok(place) => drop(self.awaits.remove(place)),
            Err(place) => self.awaits.insert(place, (frame, kept)),
        }
    }

    /// Removes an await. Returns `false` if its beginning has not come.
    fn leave(&mut self, frame: FrameId, from: LaneOrigin) -> bool {
        match self.await_at(frame) {
            Ok(place) => {
                self.awaits.remove(place);
                true
            }
            Err(place) => {
                let words = Vec::new();
                self.awaits.insert(place, (frame, Kept { from, words }));
                false
            }
        }
    }

    /// Returns the place of an await. Most often it is the last one.
    fn await_at(&self, frame: FrameId) -> Result<usize, usize> {
        match self.awaits.last() {
            None => Err(0),
            Some((last, _)) if *last < frame => Err(self.awaits.len()),
            Some((last, _)) if *last == frame => Ok(self.awaits.len() - 1),
            _ => self.awaits.binary_search_by_key(&frame, |(id, _)| *id),
        }
    }
}

impl Standing {
    /// Takes in the blocks of a pass.
    pub(crate) fn fold(&mut self, mut blocks: &[u8]) {
        while let Some(found) = block::header(blocks) {
            let (block, rest) = blocks.split_at((block::HEADER + found.length).min(blocks.len()));
            let (header, payload) = (found.header, &block[block::HEADER..]);
            self.number = header.number;
            match header.kind {
                kind::WORDS => self.fold_words(&header, payload),
                kind::NOTES => self.fold_notes(&header, payload),
                kind::TEXTS | kind::TEMPLATES => self.names.extend_from_slice(block),
                kind::TIME => self.tick = header.tick,
                _ => {}
            }
            blocks = rest;
        }
        self.review();
    }

    fn fold_words(&mut self, header: &Header, payload: &[u8]) {
        let thread = self.threads.entry(header.thread).or_default();
        thread.events = header.before.saturating_add(header.count.into());
        let mut words = mem::take(&mut self.words);
        words.clear();
        pair::plain_words(payload, &mut words);
        let (mut at, mut tick) = (0, header.tick);
        while let Some(&word) = words.get(at) {
            let mut more = 0;
            match First::of(word) {
                First::Nothing => {}
                First::Time(time) => tick = time,
                First::Event { since, more: other } => {
                    tick.0 = tick.0.saturating_add(since);
                    more = other.min(words.len() - at - 1);
                    let from = LaneOrigin {
                        tick,
                        thread: header.thread,
                        is_note: false,
                    };
                    self.fold_event(&words[at..=at + more], from);
                }
            }
            at += 1 + more;
        }
        self.words = words;
    }

    #[inline]
    fn fold_event(&mut self, words: &[u64], from: LaneOrigin) {
        let second = words.get(1).copied().unwrap_or_default();
        match About::of(words[0], second) {
            About::Step(step) => self.step(step, words, from),
            About::Spawned(lane) => self.keep(lane, Fact::Begun, words, from),
            About::Entered(lane, frame) => self.enter(lane, frame, words, from),
            About::Left(lane, frame) => self.leave(lane, frame, from),
            About::Bytes => {
                let mut bytes = mem::take(&mut self.bytes);
                bytes.clear();
                bytes.extend(words[1..].iter().flat_map(|word| word.to_le_bytes()));
                if let Ok(kind) = skim::event(&mut &bytes[..]) {
                    self.fold_bytes(&kind, &bytes, words, from);
                }
                self.bytes = bytes;
            }
            About::Nothing => {}
        }
    }

    fn fold_bytes(&mut self, kind: &EventKind, bytes: &[u8], words: &[u64], from: LaneOrigin) {
        if let Some(step) = kind.step() {
            return self.step(step, words, from);
        }
        match *kind {
            EventKind::ThreadNamed { .. } => {
                let thread = self.threads.entry(from.thread).or_default();
                thread.name = Some(Kept::new(words, from));
            }
            EventKind::RuntimeEntered { runtime: lane, .. }
            | EventKind::Spawned { lane, .. }
            | EventKind::BranchStarted { lane, .. }
            | EventKind::CoroutineCreated { lane, .. } => {
                self.keep(lane, Fact::Begun, words, from);
            }
            EventKind::CoroutineStarted { lane, host, .. } => {
                self.keep(lane, Fact::Hosted(host), words, from);
            }
            EventKind::Unwakeable { lane } => self.keep(lane, Fact::Unwakeable, words, from),
            EventKind::Labelled { lane, .. } => {
                if let Ok(key) = key_of(bytes) {
                    self.keep(lane, Fact::Label(key), words, from);
                }
            }
            EventKind::TasksCounted { runtime, .. } => {
                self.keep(runtime, Fact::Counted, words, from);
            }
            EventKind::RuntimeLeft { runtime: lane }
            | EventKind::Cancelled { lane, .. }
            | EventKind::CoroutineEnded { lane, .. } => self.end(lane),
            EventKind::AwaitEntered { lane, frame, .. } => self.enter(lane, frame, words, from),
            EventKind::AwaitLeft { lane, frame } => self.leave(lane, frame, from),
            EventKind::Lost { count } => {
                let (lost, at) = self.lost;
                self.lost = (lost.saturating_add(count), at.max(from.tick));
            }
            _ => {}
        }
    }

    fn fold_notes(&mut self, header: &Header, mut payload: &[u8]) {
        self.notes += u64::from(header.count);
        while !payload.is_empty() {
            if self.fold_note(&mut payload).is_err() {
                return;
            }
        }
    }

    fn fold_note(&mut self, payload: &mut &[u8]) -> Result<(), Malformed> {
        let tick = Tick(take_varint(payload)?);
        let thread = take_varint(payload)?;
        let thread = ThreadId(u32::try_from(thread).map_err(|_| Malformed)?);
        let before = *payload;
        let kind = skim::event(payload)?;
        let bytes = &before[..before.len() - payload.len()];
        let from = LaneOrigin {
            tick,
            thread,
            is_note: true,
        };
        self.fold_bytes(&kind, bytes, &blob::words_of(bytes), from);
        Ok(())
    }

    fn step(&mut self, step: Step, words: &[u64], from: LaneOrigin) {
        match step.what {
            What::Ended(Polled::Completed | Polled::Panicked) => self.end(step.lane),
            what => self.lane(step.lane).step(what, words, from),
        }
    }

    fn keep(&mut self, lane: LaneId, fact: Fact, words: &[u64], from: LaneOrigin) {
        self.lane(lane).keep(fact, Kept::new(words, from));
    }

    fn enter(&mut self, lane: LaneId, frame: FrameId, words: &[u64], from: LaneOrigin) {
        self.lane(lane).enter(frame, Kept::new(words, from));
    }

    fn leave(&mut self, lane: LaneId, frame: FrameId, from: LaneOrigin) {
        if !self.lane(lane).leave(frame, from) {
            self.doubtful[0].push(lane);
        }
    }

    fn end(&mut self, lane: LaneId) {
        self.lane(lane).has_ended = true;
        self.doubtful[0].push(lane);
    }

    #[inline]
    fn lane(&mut self, id: LaneId) -> &mut LaneStanding {
        self.lanes.entry(id).or_insert_with(|| {
            self.doubtful[0].push(id);
            LaneStanding::default()
        })
    }

    /// Removes the lanes that have ended, and those whose beginning has not come: it was not recorded.
    fn review(&mut self) {
        self.doubtful.swap(0, 1);
        for id in mem::take(&mut self.doubtful[0]) {
            let Some(lane) = self.lanes.get_mut(&id) else {
                continue;
            };
            if lane.has_ended || !lane.has_begun {
                self.lanes.remove(&id);
            } else {
                lane.awaits.retain(|(_, kept)| !kept.words.is_empty());
            }
        }
    }

    /// Appends the blocks that stand for all that was folded in.
    pub(crate) fn write(&self, to: &mut Vec<u8>) {
        let lost = blob::lost(self.lost.0);
        let kept = self.kept();
        let (notes, events) = kept.split_at(kept.partition_point(|it| it.0.is_note));
        let notes = (!lost.is_empty())
            .then_some((self.lost.1, &lost[..]))
            .into_iter()
            .chain(notes.iter().map(|it| (it.0.tick, it.3)));
        let header = Header {
            kind: kind::STANDING,
            number: self.number,
            tick: self.tick,
            ..Header::default()
        };
        let of_notes = Header {
            flags: OF_NOTES,
            before: self.notes,
            ..header
        };
        put(to, &of_notes, &notes.collect::<Vec<_>>());
        to.extend_from_slice(&self.names);
        for (&id, thread) in &self.threads {
            let start = events.partition_point(|it| it.0.thread < id);
            let end = events.partition_point(|it| it.0.thread <= id);
            let its: Vec<_> = events[start..end]
                .iter()
                .map(|it| (it.0.tick, it.3))
                .collect();
            let header = Header {
                thread: id,
                before: thread.events,
                ..header
            };
            put(to, &header, &its);
        }
    }

    /// Returns the events that are kept: notes, then those of each thread, in the order of their ticks.
    fn kept(&self) -> Vec<(LaneOrigin, u8, LaneId, &[u64])> {
        let mut kept = Vec::new();
        let names = self.threads.values().filter_map(|it| it.name.as_ref());
        kept.extend(names.map(|name| (name.from, 0, LaneId(0), &name.words[..])));
        let lanes = self.lanes.iter();
        for (&id, lane) in lanes.filter(|(_, lane)| lane.has_begun && !lane.has_ended) {
            for (fact, it) in &lane.facts {
                let order = match *fact {
                    Fact::Begun => 0,
                    // A host that has ended is no longer part of the standing.
                    Fact::Hosted(Some(host)) if !self.goes_on(host) => continue,
                    _ => 2,
                };
                kept.push((it.from, order, id, &it.words));
            }
            let awaits = lane.awaits.iter().filter(|(_, it)| !it.words.is_empty());
            kept.extend(awaits.map(|(_, it)| (it.from, 1, id, &it.words[..])));
            for (order, it) in [(3, &lane.poll), (4, &lane.wake)] {
                if it.count > 0 {
                    kept.push((it.from, order, id, &it.words[..it.count]));
                }
            }
        }
        kept.sort_by_key(|(from, order, id, _)| {
            (!from.is_note, from.thread, from.tick, *order, *id)
        });
        kept
    }

    fn goes_on(&self, lane: LaneId) -> bool {
        let lane = self.lanes.get(&lane);
        lane.is_some_and(|lane| lane.has_begun && !lane.has_ended)
    }
}

impl Kept {
    fn new(words: &[u64], from: LaneOrigin) -> Self {
        let words = words.to_vec();
        Self { from, words }
    }
}

/// Appends blocks of events with their ticks; one without events where there are none.
fn put(to: &mut Vec<u8>, header: &Header, mut events: &[(Tick, &[u64])]) {
    loop {
        let (some, rest) = events.split_at(events.len().min(AT_A_TIME));
        let header = Header {
            count: some.len() as u32,
            ..*header
        };
        block::put(to, &header, |to| {
            for (tick, words) in some {
                let head = [word::time_word(*tick), word::at_once(words[0])];
                let words = head.iter().chain(&words[1..]);
                to.extend(words.flat_map(|word| word.to_le_bytes()));
            }
        });
        events = rest;
        if events.is_empty() {
            return;
        }
    }
}

/// Returns the checksum of the key of a label, from the event's bytes.
fn key_of(mut bytes: &[u8]) -> Result<u32, Malformed> {
    let bytes = &mut bytes;
    let (_tag, _lane) = (take_varint(bytes)?, take_varint(bytes)?);
    skim::text(bytes).map(crc32c::crc32c)
}

/// Spreads the ids of lanes, which are given in order.
#[derive(Debug, Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(byte.into());
        }
    }

    fn write_u64(&mut self, id: u64) {
        let product = (self.0 ^ id).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = product ^ product >> 32;
    }
}
