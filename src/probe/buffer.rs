//! Buffers: each thread writes to one of its own, without waiting for anybody, and the collector reads them all.
//!
//! A thread's buffer is a chain of rings. When the last one is full, because the collector is behind, the thread
//! begins another, twice as large, as long as the session's bound allows it; past that, events are lost and counted.
//! What is in a ring can be read at once: an idle thread's last event needs nobody to hand it over.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};
use std::thread;

use rtrb::{Consumer, Producer, PushError, RingBuffer};

use super::clock::{RealTime, Tick};
use super::record::{Record, What};
use super::template::{Recent, Templates};
use crate::event::{EventKind, Text, ThreadId};

/// Records in a thread's first ring.
const FIRST: usize = 1 << 10;
/// Records in a ring at most.
const LARGEST: usize = 1 << 17;
/// How many records' room an event in a box counts for: its size, and what it holds.
const RARE: usize = 8;

/// The threads' side of a session's buffers.
#[derive(Debug)]
pub(crate) struct Buffers {
    /// Tells one session's threads from another's.
    number: u64,
    clock: RealTime,
    rings: Sender<Ring>,
    bound: Arc<Bound>,
    threads: AtomicU32,
    templates: Templates,
    /// Lost by threads that had no buffer any more.
    lost: AtomicU64,
}

/// How many records may wait to be collected.
#[derive(Debug)]
struct Bound {
    most: usize,
    taken: AtomicUsize,
}

/// What a thread and the collector both know of the thread's buffer.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) thread: ThreadId,
    /// Whether the thread is between reading the clock and having written the record.
    writing: AtomicBool,
    lost: AtomicU64,
    /// Events in boxes that were written, and read.
    rare_in: AtomicUsize,
    rare_out: AtomicUsize,
}

/// A ring, as the collector gets it.
#[derive(Debug)]
pub(crate) struct Ring {
    pub(crate) shared: Arc<Shared>,
    consumer: Consumer<Record>,
    /// Given back with the ring.
    _room: Room,
}

/// Room for so many records, given back when it is dropped.
#[derive(Debug)]
struct Room {
    bound: Arc<Bound>,
    records: usize,
}

/// A thread's own end of its buffer in one session.
struct Local {
    session: Weak<Buffers>,
    number: u64,
    producer: Producer<Record>,
    size: usize,
    last: Tick,
    recent: Recent,
    shared: Arc<Shared>,
}

thread_local! {
    /// A thread mostly writes to one session; those that are over are forgotten when another begins.
    static LOCALS: RefCell<Vec<Local>> = const { RefCell::new(Vec::new()) };
}

impl Buffers {
    pub(crate) fn new(most: usize) -> (Arc<Self>, Receiver<Ring>) {
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        let (rings, receiver) = channel();
        let bound = Arc::new(Bound {
            most,
            taken: AtomicUsize::new(0),
        });
        let buffers = Self {
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            clock: RealTime::begin(),
            rings,
            bound,
            threads: AtomicU32::new(0),
            templates: Templates::default(),
            lost: AtomicU64::new(0),
        };
        (Arc::new(buffers), receiver)
    }

    pub(crate) fn clock(&self) -> &RealTime {
        &self.clock
    }

    /// Writes an event to the calling thread's buffer.
    #[inline]
    pub(crate) fn write(self: &Arc<Self>, kind: EventKind) {
        self.with_local(|local| {
            let what = match What::packed(&kind) {
                Some(what) => what,
                None => local.pack_rare(self, kind),
            };
            local.write(self, what);
        });
    }

    /// The same, at the time of the thread's last event: for what that event has already brought about.
    #[inline]
    pub(crate) fn write_at_last(self: &Arc<Self>, kind: EventKind) {
        self.with_local(|local| {
            let what = What::pack(kind);
            let tick = if local.last.0 == 0 {
                self.clock.tick()
            } else {
                local.last
            };
            local.write_at(self, tick, what);
        });
    }

    #[inline]
    fn with_local(self: &Arc<Self>, write: impl FnOnce(&mut Local)) {
        let written = LOCALS.try_with(|locals| {
            let mut locals = locals.try_borrow_mut().ok()?;
            if locals
                .first()
                .is_none_or(|local| local.number != self.number)
            {
                self.find_local(&mut locals)?;
            }
            write(&mut locals[0]);
            Some(())
        });
        if !matches!(written, Ok(Some(()))) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Puts the thread's end of this session first.
    #[cold]
    fn find_local(self: &Arc<Self>, locals: &mut Vec<Local>) -> Option<()> {
        let known = locals.iter().position(|local| local.number == self.number);
        let index = if let Some(index) = known {
            index
        } else {
            locals.retain(|local| local.session.strong_count() > 0);
            locals.push(Local::begin(self)?);
            locals.len() - 1
        };
        locals.swap(0, index);
        Some(())
    }

    pub(crate) fn templates(&self) -> &Templates {
        &self.templates
    }

    /// What threads without a buffer have lost since this was asked last.
    pub(crate) fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }

    /// A ring of about so many records, if there is room for one.
    fn ring(&self, shared: &Arc<Shared>, size: usize) -> Option<(Producer<Record>, usize)> {
        let room = Room::take(&self.bound, size)?;
        let size = room.records;
        let (producer, consumer) = RingBuffer::new(size);
        let ring = Ring {
            shared: Arc::clone(shared),
            consumer,
            _room: room,
        };
        // Without a collector nobody wants the events any more.
        self.rings.send(ring).ok()?;
        Some((producer, size))
    }
}

impl Room {
    /// Takes room for as many records as wanted, or for fewer where that is all there is.
    fn take(bound: &Arc<Bound>, wanted: usize) -> Option<Self> {
        let mut records = 0;
        let taken = |taken: usize| {
            records = wanted.min(bound.most.saturating_sub(taken));
            (records > 0).then_some(taken + records)
        };
        let result = bound
            .taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken);
        result.ok().map(|_| Self {
            bound: Arc::clone(bound),
            records,
        })
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.bound.taken.fetch_sub(self.records, Ordering::Relaxed);
    }
}

impl Local {
    /// The calling thread's end of a session's buffers, with the event that introduces it.
    fn begin(session: &Arc<Buffers>) -> Option<Self> {
        let number = session.threads.fetch_add(1, Ordering::Relaxed);
        let shared = Arc::new(Shared {
            thread: ThreadId(number),
            writing: AtomicBool::new(false),
            lost: AtomicU64::new(0),
            rare_in: AtomicUsize::new(0),
            rare_out: AtomicUsize::new(0),
        });
        let (producer, size) = session.ring(&shared, FIRST)?;
        let mut local = Self {
            session: Arc::downgrade(session),
            number: session.number,
            producer,
            size,
            last: Tick(0),
            recent: Recent::default(),
            shared,
        };
        let name = thread::current().name().unwrap_or_default().to_owned();
        let name = Text::from(name);
        local.write(session, What::pack(EventKind::ThreadNamed { name }));
        Some(local)
    }

    fn pack_rare(&mut self, session: &Buffers, kind: EventKind) -> What {
        let packed = session.templates.pack(&mut self.recent, &kind);
        packed.unwrap_or_else(|| What::Rare(Box::new(kind)))
    }

    #[inline]
    fn write(&mut self, session: &Arc<Buffers>, what: What) {
        self.shared.writing.store(true, Ordering::Relaxed);
        let tick = session.clock.tick().max(self.last);
        self.put(session, tick, what);
        self.shared.writing.store(false, Ordering::Release);
    }

    #[inline]
    fn write_at(&mut self, session: &Arc<Buffers>, tick: Tick, what: What) {
        self.shared.writing.store(true, Ordering::Relaxed);
        self.put(session, tick.max(self.last), what);
        self.shared.writing.store(false, Ordering::Release);
    }

    #[inline]
    fn put(&mut self, session: &Arc<Buffers>, tick: Tick, what: What) {
        self.last = tick;
        if self.shared.lost.load(Ordering::Relaxed) > 0 {
            self.tell_of_loss(session, tick);
        }
        if what.is_rare() && !self.has_room_for_rare(session) {
            self.lose(1);
            return;
        }
        if let Err(PushError::Full(record)) = self.producer.push(Record { tick, what }) {
            self.put_in_new_ring(session, record);
        }
    }

    fn has_room_for_rare(&self, session: &Buffers) -> bool {
        let written = self.shared.rare_in.load(Ordering::Relaxed);
        let waiting = written - self.shared.rare_out.load(Ordering::Relaxed);
        self.shared.rare_in.store(written + 1, Ordering::Relaxed);
        waiting <= session.bound.most / RARE
    }

    #[cold]
    fn put_in_new_ring(&mut self, session: &Arc<Buffers>, record: Record) {
        let larger = (self.size * 2).min(LARGEST);
        let Some((producer, size)) = session.ring(&self.shared, larger) else {
            self.lose(1);
            return;
        };
        (self.producer, self.size) = (producer, size);
        // A new ring has room for at least one.
        let _ = self.producer.push(record);
    }

    fn lose(&self, count: u64) {
        self.shared.lost.fetch_add(count, Ordering::Relaxed);
    }

    /// Puts what was lost in its place among the thread's events, as soon as there is room again.
    #[cold]
    fn tell_of_loss(&mut self, session: &Arc<Buffers>, tick: Tick) {
        let count = self.shared.lost.swap(0, Ordering::Relaxed);
        let what = What::Rare(Box::new(EventKind::Lost { count }));
        if self.producer.is_full() {
            let larger = (self.size * 2).min(LARGEST);
            match session.ring(&self.shared, larger) {
                Some((producer, size)) => (self.producer, self.size) = (producer, size),
                None => return self.lose(count),
            }
        }
        let _ = self.has_room_for_rare(session);
        let _ = self.producer.push(Record { tick, what });
    }
}

impl Shared {
    /// Whether the thread may be about to write an event that is older than now.
    pub(crate) fn is_writing(&self) -> bool {
        fence(Ordering::SeqCst);
        self.writing.load(Ordering::Acquire)
    }

    /// What the thread has lost, where it has not told of it itself.
    pub(crate) fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }
}

impl Ring {
    /// Takes all records that are in the ring.
    pub(crate) fn take(&mut self, into: &mut impl Extend<Record>) {
        let Ok(chunk) = self.consumer.read_chunk(self.consumer.slots()) else {
            return;
        };
        let mut rare = 0;
        into.extend(
            chunk
                .into_iter()
                .inspect(|record| rare += usize::from(record.what.is_rare())),
        );
        self.shared.rare_out.fetch_add(rare, Ordering::Relaxed);
    }

    /// Whether nobody writes to it any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        let is_abandoned = self.consumer.is_abandoned();
        fence(Ordering::Acquire);
        is_abandoned
    }
}
