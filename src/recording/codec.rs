//! An events block's payload: events to bytes and back. The crate's documentation of the format is in `session.rs`.
//!
//! *Architecture invariant:* pure functions; nothing here reads or writes a file.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::event::fields::{Choice, Field, Malformed, Put, Take, choices};
use crate::event::fields::{put_varint, take_bytes, take_varint};
use crate::event::{
    Event, EventKind, FrameId, LaneId, Polled, Step, Text, ThreadId, Timestamp, Waker, What,
};
use crate::timeline::{LaneKind, State};

/// The texts of a file, each of them kept once.
#[derive(Debug, Default)]
pub(super) struct Texts(HashSet<Arc<str>>);

impl Texts {
    fn intern(&mut self, text: &str) -> Text {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known).into();
        }
        let text: Arc<str> = text.into();
        self.0.insert(Arc::clone(&text));
        text.into()
    }
}

/// The lane and the frame that stood last in each place of an event: the next one there is the same or a neighbour.
#[derive(Debug)]
struct Places {
    lanes: Box<[[u64; PLACES]; THREADS]>,
    frames: Box<[[u64; PLACES]; THREADS]>,
    thread: usize,
    lane: usize,
    frame: usize,
}

/// Threads that are told apart.
const THREADS: usize = 8;
/// Kinds of events that are told apart: more than there are.
const KINDS: usize = 32;
/// Places in an event: more than there are.
const PLACES_PER_KIND: usize = 4;
const PLACES: usize = PLACES_PER_KIND * KINDS;

impl Default for Places {
    fn default() -> Self {
        let none = [[0; PLACES]; THREADS];
        Self {
            lanes: Box::new(none),
            frames: Box::new(none),
            thread: 0,
            lane: 0,
            frame: 0,
        }
    }
}

impl Places {
    /// Comes to the first places of an event.
    fn begin(&mut self, thread: ThreadId, tag: u8) {
        (self.thread, self.lane) = Self::first(thread, tag);
        self.frame = self.lane;
    }

    /// Where the places of an event begin. What is ended has the places of its beginning.
    #[inline]
    fn first(thread: ThreadId, tag: u8) -> (usize, usize) {
        let kind = match tag {
            6 => 5,
            14 => 13,
            other => usize::from(other) % KINDS,
        };
        (thread.0 as usize % THREADS, kind * PLACES_PER_KIND)
    }

    /// The places of an event's lanes.
    #[inline]
    fn lanes(&mut self, thread: ThreadId, tag: u8) -> &mut [u64; PLACES_PER_KIND] {
        let (thread, first) = Self::first(thread, tag);
        let places = self.lanes[thread][first..].first_chunk_mut();
        places.expect("every kind of event has its places")
    }

    /// The next place of a lane.
    fn lane(&mut self) -> &mut u64 {
        let place = &mut self.lanes[self.thread][self.lane];
        self.lane += 1;
        place
    }

    /// The next place of a frame.
    fn frame(&mut self) -> &mut u64 {
        let place = &mut self.frames[self.thread][self.frame];
        self.frame += 1;
        place
    }
}

/// The difference to what stood there before, which this takes the place of.
fn difference(place: &mut u64, value: u64) -> u64 {
    zigzag(value.wrapping_sub(std::mem::replace(place, value)))
}

/// Undoes [`difference`].
fn sum(place: &mut u64, difference: u64) -> u64 {
    *place = place.wrapping_add(unzigzag(difference));
    *place
}

/// Set in an event's first byte where its thread is not that of the event before.
const OTHER_THREAD: u8 = 0x80;

/// Puts together a block's payload, event by event.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    bytes: Vec<u8>,
    texts: Vec<Text>,
    indices: HashMap<Text, u64>,
    recent: RecentPlaces,
    events: u64,
    first: Timestamp,
    last: Timestamp,
    thread: ThreadId,
    places: Places,
}

impl Encoder {
    pub(super) fn put(&mut self, event: &Event) {
        if let Some(step) = event.kind.step() {
            self.put_step(event.at, event.thread, step);
        } else {
            let elapsed = self.elapsed(event.at);
            self.put_whole(event.thread, &event.kind, elapsed);
        }
    }

    /// Puts an event of the kinds that are most of any session.
    #[inline]
    pub(super) fn put_step(&mut self, at: Timestamp, thread: ThreadId, step: Step) {
        let elapsed = self.elapsed(at);
        if !self.put_short(thread, step, elapsed) {
            self.put_long(thread, step, elapsed);
        }
    }

    #[cold]
    #[inline(never)]
    fn put_long(&mut self, thread: ThreadId, step: Step, elapsed: u64) {
        self.put_whole(thread, &step.into(), elapsed);
    }

    /// Counts an event at this time; the time since the one before, as it is written.
    #[inline]
    fn elapsed(&mut self, at: Timestamp) -> u64 {
        if self.events == 0 {
            (self.first, self.last) = (at, at);
        }
        self.events += 1;
        let before = std::mem::replace(&mut self.last, at);
        zigzag(at.0.wrapping_sub(before.0))
    }

    #[inline(never)]
    fn put_whole(&mut self, thread: ThreadId, kind: &EventKind, elapsed: u64) {
        let other = thread != self.thread;
        let flag = if other { OTHER_THREAD } else { 0 };
        self.bytes.push(kind.tag() | flag);
        put_varint(&mut self.bytes, elapsed);
        if other {
            thread.put(self);
        }
        self.places.begin(thread, kind.tag());
        kind.put_fields(self);
        self.thread = thread;
    }

    /// Puts an event in one go, where its bytes are few: the same as [`put_whole`](Self::put_whole) puts one by one.
    /// Gives up, and changes nothing, where they are not.
    #[inline]
    fn put_short(&mut self, thread: ThreadId, step: Step, elapsed: u64) -> bool {
        let (tag, last, by) = match step.what {
            What::Started => (5, None, None),
            What::Ended(result) => (6, Some(result.tag()), None),
            What::Woken(Waker::Lane(by)) => (7, Some(0), Some(by)),
            What::Woken(by) => (7, Some(by.tag()), None),
        };
        let other = thread != self.thread;
        if other && thread.0 >= 0x80 {
            return false;
        }
        let places = self.places.lanes(thread, tag);
        let near = zigzag(step.lane.0.wrapping_sub(places[0]));
        let beside = by.map_or(0, |by| zigzag(by.0.wrapping_sub(places[1])));
        if elapsed | near | beside >= SHORT {
            return false;
        }
        places[0] = step.lane.0;
        let mut short = Short::default();
        short.byte(if other { tag | OTHER_THREAD } else { tag });
        short.varint(elapsed);
        if other {
            self.thread = thread;
            short.byte(thread.0 as u8);
            short.put(&mut self.bytes);
            short = Short::default();
        }
        short.varint(near);
        if let Some(last) = last {
            short.byte(last);
        }
        if let Some(by) = by {
            places[1] = by.0;
            short.varint(beside);
        }
        short.put(&mut self.bytes);
        true
    }

    /// Comes to something that stands in a payload many times, with lanes in places of their own.
    pub(super) fn begin(&mut self, tag: u8) {
        self.places.begin(ThreadId::default(), tag);
    }

    /// How many events there are.
    pub(super) fn events(&self) -> u64 {
        self.events
    }

    /// How many bytes the events take.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Puts the size of what was put since there were `before` bytes in front of that.
    pub(super) fn put_size_at(&mut self, before: usize) {
        let mut size = Vec::new();
        put_varint(&mut size, (self.bytes.len() - before) as u64);
        self.bytes.splice(before..before, size);
    }

    /// Takes the events for a block.
    pub(super) fn take_events(&mut self) -> Encoded {
        let (events, first, last) = (self.events, self.first, self.last);
        Encoded {
            events,
            first,
            last,
            payload: self.take(),
        }
    }

    /// The payload: the dictionary, then the events. From here on the next block is put together.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let mut payload = Vec::with_capacity(self.bytes.len() + 32 * self.texts.len() + 10);
        put_varint(&mut payload, self.texts.len() as u64);
        for text in &self.texts {
            put_varint(&mut payload, text.raw().len() as u64);
            payload.extend_from_slice(text.raw().as_bytes());
        }
        payload.extend_from_slice(&self.bytes);
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        *self = Self {
            bytes,
            ..Self::default()
        };
        payload
    }

    /// The index of a text in the dictionary.
    fn index(&mut self, text: &Text) -> u64 {
        if let Some(index) = self.recent.find(text) {
            return index;
        }
        let known = self.indices.get(text).copied();
        let index = known.unwrap_or(self.texts.len() as u64);
        if known.is_none() {
            self.texts.push(text.clone());
            self.indices.insert(text.clone(), index);
        }
        // The memory of a text that is not kept may become that of another one.
        let is_kept = std::ptr::eq(self.texts[index as usize].raw(), text.raw());
        if is_kept || matches!(text, Text::Static(_)) {
            self.recent.put(text, index);
        }
        index
    }
}

/// The events of a block, encoded.
#[derive(Debug)]
pub(super) struct Encoded {
    /// Their number.
    pub events: u64,
    /// Time of the first one.
    pub first: Timestamp,
    /// Time of the last one.
    pub last: Timestamp,
    /// The block's payload, not packed.
    pub payload: Vec<u8>,
}

/// The indices of texts that were written lately, by the texts' addresses: few places of a program make most of its events.
#[derive(Debug)]
struct RecentPlaces([(usize, usize, u64); RecentPlaces::LENGTH]);

impl Default for RecentPlaces {
    fn default() -> Self {
        // No text has this address.
        Self([(0, 0, 0); Self::LENGTH])
    }
}

impl RecentPlaces {
    const LENGTH: usize = 64;

    fn find(&self, text: &Text) -> Option<u64> {
        let (address, length) = Self::address(text);
        let (known, its_length, index) = self.0[Self::slot(address)];
        ((known, its_length) == (address, length)).then_some(index)
    }

    fn put(&mut self, text: &Text, index: u64) {
        let (address, length) = Self::address(text);
        self.0[Self::slot(address)] = (address, length, index);
    }

    fn address(text: &Text) -> (usize, usize) {
        (text.raw().as_ptr().addr(), text.raw().len())
    }

    /// Texts of one program lie close together, and seldom start at the same eighth byte.
    fn slot(address: usize) -> usize {
        (address ^ address >> 9) / 8 % Self::LENGTH
    }
}

/// A number of two bytes at most is less.
const SHORT: u64 = 1 << 14;

/// At most eight bytes of an event, put together or taken apart in a register.
#[derive(Default)]
struct Short {
    bytes: u64,
    /// How many were put, or taken.
    length: u32,
}

impl Short {
    #[inline]
    fn byte(&mut self, byte: u8) {
        self.bytes |= u64::from(byte) << (8 * self.length);
        self.length += 1;
    }

    /// A number below [`SHORT`] in LEB128.
    #[inline]
    fn varint(&mut self, value: u64) {
        let has_more = u64::from(value >= 0x80);
        let bytes = value & 0x7f | has_more << 7 | value >> 7 << 8;
        self.bytes |= bytes << (8 * self.length);
        self.length += 1 + has_more as u32;
    }

    #[inline]
    fn take_byte(&mut self) -> u8 {
        let byte = self.bytes as u8;
        self.bytes >>= 8;
        self.length += 1;
        byte
    }

    /// Takes a number below [`SHORT`] off; none if it is larger.
    #[inline]
    fn take_varint(&mut self) -> Option<u64> {
        let first = self.take_byte();
        if first < 0x80 {
            return Some(first.into());
        }
        let second = self.take_byte();
        (second < 0x80).then_some(u64::from(first & 0x7f) | u64::from(second) << 7)
    }

    #[inline]
    fn put(self, to: &mut Vec<u8>) {
        let end = to.len() + self.length as usize;
        to.extend_from_slice(&self.bytes.to_le_bytes());
        to.truncate(end);
    }
}

/// An event of a payload, as it is read.
#[derive(Debug)]
pub(super) enum Item {
    /// One of the kinds that are most of any session.
    Step(Timestamp, ThreadId, Step),
    /// Any other.
    Rare(Event),
}

impl Item {
    /// Whether it says that events were lost.
    #[inline]
    #[cfg(feature = "app")]
    pub(super) fn is_lost(&self) -> bool {
        matches!(self, Self::Rare(event) if matches!(event.kind, EventKind::Lost { .. }))
    }

    /// When it happened.
    #[cfg(feature = "app")]
    #[inline]
    pub(super) fn at(&self) -> Timestamp {
        match self {
            Self::Step(at, ..) => *at,
            Self::Rare(event) => event.at,
        }
    }
}

impl From<Item> for Event {
    fn from(item: Item) -> Self {
        match item {
            Item::Step(at, thread, step) => Self {
                at,
                thread,
                kind: step.into(),
            },
            Item::Rare(event) => event,
        }
    }
}

/// Hands over the `count` events of a payload; where it is malformed, an unknown number of them.
pub(super) fn decode(
    payload: &[u8],
    count: u64,
    base: Timestamp,
    texts: &mut Texts,
    mut take: impl FnMut(Item),
) -> Result<(), Malformed> {
    let mut decoder = Decoder::new(payload, texts)?;
    let (mut at, mut thread) = (base, ThreadId::default());
    for _ in 0..count {
        if let Some((elapsed, step)) = decoder.short(thread) {
            at = Timestamp(at.0.wrapping_add(unzigzag(elapsed)));
            take(Item::Step(at, thread, step));
            continue;
        }
        let tag = decoder.byte()?;
        let elapsed = unzigzag(decoder.varint()?);
        at = Timestamp(at.0.wrapping_add(elapsed));
        if tag & OTHER_THREAD != 0 {
            thread = ThreadId::take(&mut decoder)?;
        }
        let tag = tag & !OTHER_THREAD;
        if let 5..=7 = tag {
            let step = decoder.step(thread, tag)?;
            take(Item::Step(at, thread, step));
        } else {
            decoder.places.begin(thread, tag);
            let kind = EventKind::take_fields(tag, &mut decoder)?;
            take(Item::Rare(Event { at, thread, kind }));
        }
    }
    if decoder.bytes.is_empty() {
        Ok(())
    } else {
        Err(Malformed)
    }
}

/// A difference modulo 2⁶⁴, with those near zero made small whichever way they go.
pub(super) fn zigzag(difference: u64) -> u64 {
    (difference << 1) ^ if difference >> 63 == 1 { u64::MAX } else { 0 }
}

pub(super) fn unzigzag(value: u64) -> u64 {
    (value >> 1) ^ if value & 1 == 1 { u64::MAX } else { 0 }
}

/// Reads a payload that an [`Encoder`] put together.
pub(super) struct Decoder<'a> {
    pub(super) bytes: &'a [u8],
    texts: Vec<Text>,
    places: Places,
}

impl<'a> Decoder<'a> {
    /// Reads the dictionary; the events are what is left.
    pub(super) fn new(mut bytes: &'a [u8], known: &mut Texts) -> Result<Self, Malformed> {
        let mut texts = Vec::new();
        for _ in 0..take_varint(&mut bytes)? {
            let length = take_varint(&mut bytes)?;
            let text = str::from_utf8(take_bytes(&mut bytes, length)?).map_err(|_| Malformed)?;
            texts.push(known.intern(text));
        }
        Ok(Self {
            bytes,
            texts,
            places: Places::default(),
        })
    }

    /// Takes the fields of an event that is a step.
    #[inline]
    fn step(&mut self, thread: ThreadId, tag: u8) -> Result<Step, Malformed> {
        let near = self.varint()?;
        let last = if tag == 5 { 0 } else { self.byte()? };
        let beside = match (tag, last) {
            (7, 0) => self.varint()?,
            _ => 0,
        };
        self.told(thread, (tag, last), near, beside)
            .ok_or(Malformed)
    }

    /// Takes a step off that [`Encoder::put_short`] put, of the same thread as the event before, and the time since that.
    #[inline]
    fn short(&mut self, thread: ThreadId) -> Option<(u64, Step)> {
        let mut short = Short {
            bytes: u64::from_le_bytes(*self.bytes.first_chunk()?),
            length: 0,
        };
        let tag = short.take_byte();
        if !matches!(tag, 5..=7) {
            return None;
        }
        let elapsed = short.take_varint()?;
        let near = short.take_varint()?;
        let last = if tag == 5 { 0 } else { short.take_byte() };
        let beside = match (tag, last) {
            (7, 0) => short.take_varint()?,
            _ => 0,
        };
        let step = self.told(thread, (tag, last), near, beside)?;
        self.bytes = self.bytes.get(short.length as usize..)?;
        Some((elapsed, step))
    }

    /// Returns the step that these fields tell of; none if there is no such step.
    #[inline]
    fn told(
        &mut self,
        thread: ThreadId,
        (tag, last): (u8, u8),
        near: u64,
        beside: u64,
    ) -> Option<Step> {
        let what = match (tag, last) {
            (5, _) => What::Started,
            (6, 0) => What::Ended(Polled::Pending),
            (6, 1) => What::Ended(Polled::Completed),
            (6, 2) => What::Ended(Polled::Panicked),
            (7, 0) => What::Woken(Waker::Lane(LaneId(0))),
            (7, 1) => What::Woken(Waker::Itself),
            (7, 2) => What::Woken(Waker::Driver),
            (7, 3) => What::Woken(Waker::Thread),
            _ => return None,
        };
        let places = self.places.lanes(thread, tag);
        let lane = LaneId(sum(&mut places[0], near));
        let what = match what {
            What::Woken(Waker::Lane(_)) => {
                What::Woken(Waker::Lane(LaneId(sum(&mut places[1], beside))))
            }
            what => what,
        };
        Some(Step { lane, what })
    }

    /// Comes to something that stands in a payload many times, with lanes in places of their own.
    #[cfg(feature = "app")]
    pub(super) fn begin(&mut self, tag: u8) {
        self.places.begin(ThreadId::default(), tag);
    }
}

impl Put for Encoder {
    #[inline]
    fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    #[inline]
    fn varint(&mut self, value: u64) {
        put_varint(&mut self.bytes, value);
    }

    fn lane(&mut self, lane: LaneId) {
        let difference = difference(self.places.lane(), lane.0);
        put_varint(&mut self.bytes, difference);
    }

    fn frame(&mut self, frame: FrameId) {
        let difference = difference(self.places.frame(), frame.0.into());
        put_varint(&mut self.bytes, difference);
    }

    fn text(&mut self, text: &Text) {
        let index = self.index(text);
        put_varint(&mut self.bytes, index);
    }
}

impl Take for Decoder<'_> {
    #[inline]
    fn byte(&mut self) -> Result<u8, Malformed> {
        let (first, rest) = self.bytes.split_first().ok_or(Malformed)?;
        self.bytes = rest;
        Ok(*first)
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Malformed> {
        take_varint(&mut self.bytes)
    }

    fn lane(&mut self) -> Result<LaneId, Malformed> {
        let difference = self.varint()?;
        Ok(LaneId(sum(self.places.lane(), difference)))
    }

    fn frame(&mut self) -> Result<FrameId, Malformed> {
        let difference = self.varint()?;
        let frame = sum(self.places.frame(), difference);
        u32::try_from(frame).map(FrameId).map_err(|_| Malformed)
    }

    fn text(&mut self) -> Result<Text, Malformed> {
        let index = usize::try_from(self.varint()?).map_err(|_| Malformed)?;
        self.texts.get(index).cloned().ok_or(Malformed)
    }
}

choices! {
    LaneKind { 0 = Runtime(flavor), 1 = Task(kind), 2 = Branch(of), 3 = Coroutine, }
    State {
        0 = Created,
        1 = Ready,
        2 = Running,
        3 = Waiting,
        4 = Done,
        5 = Cancelled,
        6 = Panicked,
        7 = NeverPolled,
        8 = Unknown,
        9 = Left,
    }
}
