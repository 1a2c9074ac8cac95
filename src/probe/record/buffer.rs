//! Buffers: each thread writes to one of its own, without waiting for anybody, and the collector reads them all.
//!
//! A thread's buffer is a chain of chunks of words (see [`record`](crate::journal::word)), each of which the collector takes
//! back when it has read it, for whichever thread wants one next. When the collector is behind, the chain grows, as
//! long as the session's bound allows it; past that, events are lost and counted. What is in a chunk can be read at
//! once: an idle thread's last event needs nobody to hand it over.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;

use super::clock::{RealTime, Tick};
use super::cursor::{self, Place, When};
use super::progress::Progress;
use super::shared::Shared;
use super::template::{Origin, Recent, Templates};
use crate::event::{EventKind, LaneId, Text, ThreadId};
use crate::journal::blob::Encoder;
use crate::journal::names::{self, Names};
use crate::journal::word::{self, NO_WORD, Words};

/// Words in a thread's first chunk.
const FIRST: usize = 1 << 9;
/// Words in a chunk at most: 64 KiB of them.
const LARGEST: usize = 1 << 13;
/// The words that are written at most before an event: a time, and a loss.
const BEFORE: usize = 4;
/// The least words of a chunk: what may stand before an event of two words, and that.
const LEAST: usize = BEFORE + 2;

/// The threads' side of a session's buffers.
#[derive(Debug)]
pub(crate) struct Buffers {
    /// Tells one session's threads from another's.
    number: u64,
    clock: RealTime,
    chunks: Sender<Begun>,
    /// Chunks of the largest size that nobody uses.
    free: Mutex<Vec<Chunk>>,
    bound: Arc<Bound>,
    threads: AtomicU32,
    templates: Templates,
    names: names::Table,
    /// The end of threads whose variables were dropped: values dropped after these are recorded, too.
    late: Mutex<Option<ThreadEnd>>,
    /// Lost by threads that had no buffer any more.
    lost: AtomicU64,
}

/// How many words may wait to be collected.
#[derive(Debug)]
struct Bound {
    most: usize,
    taken: AtomicUsize,
}

/// A thread's next chunk, as the collector is told of it.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) shared: Arc<Shared>,
    pub(crate) chunk: Chunk,
}

/// Words that one thread writes and the collector reads.
#[derive(Debug)]
pub(crate) struct Chunk {
    words: Arc<[AtomicU64]>,
    /// Given back with the chunk.
    _room: ChunkRoom,
}

/// Room for so many words, given back when it is dropped.
#[derive(Debug)]
struct ChunkRoom {
    bound: Arc<Bound>,
    words: usize,
}

/// A thread's own end of its buffer in one session.
#[derive(Debug)]
struct ThreadEnd {
    session: Weak<Buffers>,
    number: u64,
    /// Where it writes next; none while the thread's cursor has it.
    place: Option<Place>,
    /// No event is older than the last one, though the thread moved to a processor whose counter is behind.
    latest: Tick,
    /// Whether something was lost since the last event.
    is_losing: bool,
    recent: Recent,
    names: Box<names::Recent>,
    encoder: Encoder,
    /// The words of the event that is being written.
    words: Vec<u64>,
    shared: Arc<Shared>,
}

thread_local! {
    /// A thread mostly writes to one session; those that are over are forgotten when another begins.
    static LOCALS: RefCell<Vec<ThreadEnd>> = const { RefCell::new(Vec::new()) };
}

/// Initializes the thread's variables, which are then dropped after those that it uses later.
pub(crate) fn prepare_thread() {
    let _ = LOCALS.try_with(|_| ());
}

impl Buffers {
    pub(crate) fn new(most: usize) -> (Arc<Self>, Receiver<Begun>) {
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        let (chunks, receiver) = channel();
        let bound = Arc::new(Bound {
            most,
            taken: AtomicUsize::new(0),
        });
        let buffers = Self {
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            clock: RealTime::begin(),
            chunks,
            free: Mutex::default(),
            bound,
            threads: AtomicU32::new(0),
            templates: Templates::default(),
            names: names::Table::default(),
            late: Mutex::default(),
            lost: AtomicU64::new(0),
        };
        (Arc::new(buffers), receiver)
    }

    pub(crate) fn clock(&self) -> &RealTime {
        &self.clock
    }

    /// The session's number, by which a thread's cursor knows it.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Writes an event to the calling thread's buffer, where its cursor could not.
    #[cold]
    #[inline(never)]
    pub(crate) fn write(self: &Arc<Self>, words: Words) {
        self.with_local(|local| local.write(self, words));
    }

    /// Writes an event that one or two words do not tell.
    #[cold]
    #[inline(never)]
    pub(crate) fn write_rare(self: &Arc<Self>, kind: &EventKind) {
        self.with_local(|local| local.write_rare(self, kind));
    }

    /// Writes that a task was spawned.
    #[inline(never)]
    pub(crate) fn write_spawned(
        self: &Arc<Self>,
        lane: LaneId,
        parent: Option<LaneId>,
        origin: &Origin,
    ) {
        self.with_local(|local| {
            let words = parent.and_then(|parent| {
                let template = self
                    .templates
                    .number(self.number, &mut local.recent, origin)?;
                Some(Words::spawned(lane, parent, template))
            });
            match words {
                Some(words) if !words.are_none() => local.write(self, words),
                _ => local.write_rare(self, &origin.template().spawned(lane, parent)),
            }
        });
    }

    /// Calls `write` with the thread's end of this session, to which its cursor then points.
    fn with_local(self: &Arc<Self>, write: impl FnOnce(&mut ThreadEnd)) {
        let mut write = Some(write);
        let written = LOCALS.try_with(|locals| {
            let mut locals = locals.try_borrow_mut().ok()?;
            let is_first = |local: &ThreadEnd| local.number == self.number && local.place.is_none();
            if !locals.first().is_some_and(is_first) {
                self.find_local(&mut locals)?;
            }
            write.take()?(locals.first_mut()?);
            Some(())
        });
        let written = match written {
            Ok(written) => written,
            Err(_) => write.and_then(|write| self.write_late(write)),
        };
        if written.is_none() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Calls `write` with the end shared by threads whose variables were dropped.
    #[cold]
    fn write_late(self: &Arc<Self>, write: impl FnOnce(&mut ThreadEnd)) -> Option<()> {
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        if late.is_none() {
            *late = Some(ThreadEnd::begin(self, Text::Static(""))?);
        }
        let local = late.as_mut()?;
        cursor::set(local.place.take()?);
        write(local);
        local.place = cursor::take();
        Some(())
    }

    /// Puts the thread's end of this session first, and its cursor there.
    #[cold]
    fn find_local(self: &Arc<Self>, locals: &mut Vec<ThreadEnd>) -> Option<()> {
        if let (Some(mut place), Some(before)) = (cursor::take(), locals.first_mut()) {
            // When the thread comes back to it, its last event will be long ago.
            place.borrowed = u8::MAX;
            before.place = Some(place);
        }
        locals.retain(|local| local.session.strong_count() > 0);
        let known = locals.iter().position(|local| local.number == self.number);
        let index = if let Some(index) = known {
            index
        } else {
            let name = thread::current().name().unwrap_or_default().to_owned();
            locals.push(ThreadEnd::begin(self, name.into())?);
            locals.len() - 1
        };
        locals.swap(0, index);
        cursor::set(locals.first_mut()?.place.take()?);
        Some(())
    }

    pub(crate) fn templates(&self) -> &Templates {
        &self.templates
    }

    /// The texts that are written by their numbers.
    pub(crate) fn names(&self) -> &names::Table {
        &self.names
    }

    /// What threads without a buffer have lost since this was asked last.
    pub(crate) fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }

    /// How large a part of what may wait to be collected does so, in percent.
    pub(crate) fn waiting(&self) -> usize {
        let taken = self.bound.taken.load(Ordering::Relaxed);
        let waiting = taken.saturating_sub(self.free().len() * LARGEST);
        waiting * 100 / self.bound.most.max(1)
    }

    /// Takes back a chunk that was read to its end.
    pub(crate) fn take_back(&self, chunk: Chunk) {
        if chunk.len() == LARGEST {
            self.free().push(chunk);
        }
    }

    /// A chunk of about so many words, if there is room for one.
    fn chunk(&self, size: usize) -> Option<Chunk> {
        if size == LARGEST
            && let Some(chunk) = self.free().pop()
        {
            return Some(chunk);
        }
        match ChunkRoom::take(&self.bound, size) {
            Some(room) => Some(Chunk::new(room)),
            None => self.free().pop(),
        }
    }

    fn free(&self) -> MutexGuard<'_, Vec<Chunk>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a thread's next chunk.
    fn begin_chunk(&self, shared: &Arc<Shared>, size: usize) -> Option<Arc<[AtomicU64]>> {
        let chunk = self.chunk(size)?;
        let words = Arc::clone(&chunk.words);
        let shared = Arc::clone(shared);
        // Without a collector nobody wants the events any more.
        self.chunks.send(Begun { shared, chunk }).ok()?;
        Some(words)
    }
}

impl ChunkRoom {
    /// Takes room for as many words as wanted, or for fewer where that is all there is.
    fn take(bound: &Arc<Bound>, wanted: usize) -> Option<Self> {
        let mut words = 0;
        let taken = |taken: usize| {
            words = wanted.min(bound.most.saturating_sub(taken));
            (words >= LEAST).then_some(taken + words)
        };
        let result = bound
            .taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken);
        result.ok().map(|_| Self {
            bound: Arc::clone(bound),
            words,
        })
    }
}

impl Drop for ChunkRoom {
    fn drop(&mut self) {
        self.bound.taken.fetch_sub(self.words, Ordering::Relaxed);
    }
}

impl Chunk {
    fn new(room: ChunkRoom) -> Self {
        Self {
            words: (0..room.words).map(|_| AtomicU64::new(NO_WORD)).collect(),
            _room: room,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.words.len()
    }

    /// At most so many words from this place on: those that were written. See [`Shared::progress`].
    #[inline]
    pub(crate) fn words(&self, at: usize, most: usize) -> &[AtomicU64] {
        let words = &self.words[at..];
        &words[..most.min(words.len())]
    }
}

impl ThreadEnd {
    /// The calling thread's end of a session's buffers, with the event that introduces it.
    fn begin(session: &Arc<Buffers>, name: Text) -> Option<Self> {
        let number = session.threads.fetch_add(1, Ordering::Relaxed);
        let shared = Arc::new(Shared::new(ThreadId(number)));
        let mut place = Place {
            session: session.number,
            words: session.begin_chunk(&shared, FIRST)?,
            at: 0,
            shared: Arc::clone(&shared),
            written: 0,
            last: Tick(0),
            borrowed: 0,
        };
        let mut local = Self {
            session: Arc::downgrade(session),
            number: session.number,
            place: None,
            latest: Tick(0),
            is_losing: false,
            recent: Recent::default(),
            names: Box::default(),
            encoder: Encoder::default(),
            words: Vec::new(),
            shared,
        };
        local.encode(session, &EventKind::ThreadNamed { name });
        local.put_encoded(session, &mut place);
        local.place = Some(place);
        Some(local)
    }

    /// Writes an event, or counts it as lost. The cursor points here.
    fn write(&mut self, session: &Buffers, words: Words) {
        if cursor::write(self.number, When::Now, words) {
            return;
        }
        if let Some(mut place) = cursor::take() {
            let (first, second, count) = words.after(0);
            self.put(session, &mut place, &[first, second][..count]);
            cursor::set(place);
        }
    }

    /// Writes an event as bytes.
    fn write_rare(&mut self, session: &Buffers, kind: &EventKind) {
        self.encode(session, kind);
        let words = &self.words;
        if cursor::write_long(self.number, words[0], &words[1..]) || !kind.is_counted() {
            return;
        }
        if let Some(mut place) = cursor::take() {
            self.put_encoded(session, &mut place);
            cursor::set(place);
        }
    }

    /// Makes the words of an event.
    fn encode(&mut self, session: &Buffers, kind: &EventKind) {
        let mut names = Names {
            table: &session.names,
            recent: &mut self.names,
        };
        let more = self.encoder.words(kind, &mut names);
        self.words.clear();
        self.words.push(word::blob_word(more.len()));
        self.words.extend_from_slice(more);
    }

    fn put_encoded(&mut self, session: &Buffers, place: &mut Place) {
        let words = std::mem::take(&mut self.words);
        self.put(session, place, &words);
        self.words = words;
    }

    /// Writes an event with its time, in another chunk where this one has no room for it.
    #[cold]
    fn put(&mut self, session: &Buffers, place: &mut Place, words: &[u64]) {
        self.shared.tell(Progress::of(place.written).writing());
        let tick = Tick::now().max(self.latest).max(place.last);
        self.latest = tick;
        let room = BEFORE + words.len();
        let has_room = |place: &Place| place.words.len() - place.at >= room;
        let is_put = self.may_go_on(session)
            && (has_room(place) || (self.begin_chunk(session, place, room) && has_room(place)));
        if is_put {
            place.put(word::time_word(tick));
            place.last = tick;
            place.borrowed = 0;
            self.tell_of_loss(session, place);
            place.put_all(words);
        } else {
            place.last = Tick(0);
            self.lose();
        }
        self.shared.tell(Progress::of(place.written));
    }

    /// Fills up the chunk and begins another, twice as large, or with this much room.
    fn begin_chunk(&self, session: &Buffers, place: &mut Place, room: usize) -> bool {
        let larger = (place.words.len() * 2).clamp(FIRST, LARGEST).max(room);
        let Some(words) = session.begin_chunk(&self.shared, larger) else {
            return false;
        };
        while place.at < place.words.len() {
            place.put(NO_WORD);
        }
        (place.words, place.at) = (words, 0);
        true
    }

    /// Returns `true` if events may be written after a loss. A thread that outruns the recording thread would otherwise
    /// report a loss every few events, and the events between would be of lanes of which nothing else is known. So it loses
    /// all events until half of the room is free.
    fn may_go_on(&self, session: &Buffers) -> bool {
        !self.is_losing || session.waiting() <= 50
    }

    fn lose(&mut self) {
        self.is_losing = true;
        self.shared.lose();
    }

    /// Puts what was lost in its place among the thread's events, as soon as there is room again.
    fn tell_of_loss(&mut self, session: &Buffers, place: &mut Place) {
        if !std::mem::take(&mut self.is_losing) {
            return;
        }
        let count = self.shared.take_lost();
        if count > 0 {
            let event = std::mem::take(&mut self.words);
            self.encode(session, &EventKind::Lost { count });
            place.put_all(&self.words);
            self.words = event;
        }
    }
}

impl Drop for ThreadEnd {
    fn drop(&mut self) {
        if self.place.is_none() {
            drop(cursor::take());
        }
    }
}

impl Place {
    fn put_all(&mut self, words: &[u64]) {
        for word in words {
            self.put(*word);
        }
    }

    fn put(&mut self, word: u64) {
        self.words[self.at].store(word, Ordering::Relaxed);
        self.at += 1;
        self.written += 1;
    }
}
