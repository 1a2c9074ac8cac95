//! The recorder: stamps what happens and puts it on the channel.
//!
//! Time is read and the event sent under one lock, so that the channel's order is the order of the times and no wake
//! is ever behind the poll that it caused, whichever threads they happen on.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::clock::Clock;
use super::gate::Gate;
use crate::event::{Event, EventKind, LaneId, Text, ThreadId, Timestamp};

/// How many events may wait for the collector; further ones are lost, and counted.
pub const DEFAULT_CAPACITY: usize = 1 << 20;

/// Where events go. Cheap to clone; all clones write to the same session.
#[derive(Clone, Debug)]
pub(crate) struct Recorder(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Tells one recorder's threads from another's.
    number: u64,
    clock: Clock,
    gate: Option<Arc<Gate>>,
    sink: Mutex<Sink>,
    queued: AtomicUsize,
    capacity: usize,
    lanes: AtomicU64,
}

#[derive(Debug)]
struct Sink {
    sender: Sender<Event>,
    lost: u64,
    threads: HashMap<thread::ThreadId, ThreadId>,
}

thread_local! {
    /// The last recorder that this thread wrote to, and the thread's name there.
    static KNOWN_AS: Cell<(u64, ThreadId)> = const { Cell::new((0, ThreadId(0))) };
}

impl Recorder {
    pub(crate) fn new(
        clock: Clock,
        gate: Option<Arc<Gate>>,
        capacity: usize,
    ) -> (Self, Receiver<Event>) {
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        let (sender, receiver) = mpsc::channel();
        let inner = Inner {
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            clock,
            gate,
            sink: Mutex::new(Sink {
                sender,
                lost: 0,
                threads: HashMap::new(),
            }),
            queued: AtomicUsize::new(0),
            capacity,
            lanes: AtomicU64::new(1),
        };
        (Self(Arc::new(inner)), receiver)
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(crate) fn gate(&self) -> Option<&Gate> {
        self.0.gate.as_deref()
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn next_lane(&self) -> LaneId {
        LaneId(self.0.lanes.fetch_add(1, Ordering::Relaxed))
    }

    /// Puts an event on the channel, or counts it as lost where the collector is too far behind.
    pub(crate) fn record(&self, kind: EventKind) {
        let mut sink = self.sink();
        let at = self.0.clock.now();
        let thread = self.thread(&mut sink, at);
        if self.0.queued.load(Ordering::Relaxed) >= self.0.capacity {
            sink.lost += 1;
            return;
        }
        let lost = std::mem::take(&mut sink.lost);
        if lost > 0 {
            self.send(&sink, at, thread, EventKind::Lost { count: lost });
        }
        self.send(&sink, at, thread, kind);
    }

    /// Takes note that the collector has taken so many events; gives the loss that no later event has told of.
    pub(crate) fn taken(&self, count: usize) -> Option<Event> {
        self.0.queued.fetch_sub(count, Ordering::Relaxed);
        let mut sink = self.sink();
        let count = std::mem::take(&mut sink.lost);
        (count > 0).then(|| Event {
            at: self.0.clock.now(),
            thread: ThreadId(0),
            kind: EventKind::Lost { count },
        })
    }

    fn sink(&self) -> MutexGuard<'_, Sink> {
        self.0.sink.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, sink: &Sink, at: Timestamp, thread: ThreadId, kind: EventKind) {
        // Without a collector nobody wants the events any more; the program goes on all the same.
        if sink.sender.send(Event { at, thread, kind }).is_ok() {
            self.0.queued.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The calling thread's name in this session; its first event is preceded by one that introduces it.
    fn thread(&self, sink: &mut Sink, at: Timestamp) -> ThreadId {
        let known = KNOWN_AS.try_with(Cell::get).unwrap_or_default();
        if known.0 == self.0.number {
            return known.1;
        }
        let current = thread::current();
        let count = u32::try_from(sink.threads.len()).unwrap_or(u32::MAX);
        let mut is_new = false;
        let id = *sink.threads.entry(current.id()).or_insert_with(|| {
            is_new = true;
            ThreadId(count)
        });
        if is_new {
            let name = Text::from(current.name().unwrap_or_default().to_owned());
            self.send(sink, at, id, EventKind::ThreadNamed { name });
        }
        // A thread whose locals are being destroyed is looked up anew for each of its last events.
        let _ = KNOWN_AS.try_with(|known| known.set((self.0.number, id)));
        id
    }
}
