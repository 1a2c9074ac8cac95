//! The recorder: what a program does goes in here, and comes out at the [`Collector`](crate::Collector).
//!
//! In real time every thread has a buffer of its own: see [`buffer`](super::buffer). In virtual time, where many events
//! happen at the same time and their order is all that tells them apart, they go through one channel.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;

use super::apart::Apart;
use super::buffer::{Begun, Buffers};
use super::clock::VirtualTime;
use super::cursor::{self, When};
use super::tasks::Tasks;
use super::template::{self, Origin};
use crate::event::{Event, EventKind, LaneId, Step, Text, ThreadId, Timestamp};
use crate::journal::word::Words;
use crate::probe::gate::Gate;

/// How many events may wait to be collected, by default: 16 MiB of them.
///
/// The start or the end of a poll counts as one, a wake or a spawn as one or two, any other event as one for each eight
/// bytes that it takes, and one more.
pub const DEFAULT_CAPACITY: usize = (16 << 20) / size_of::<u64>();

/// A session to which no thread writes.
const NO_SESSION: u64 = u64::MAX;

/// Where events go. Cheap to clone; all clones write to the same session.
#[derive(Clone, Debug)]
pub(crate) struct Recorder(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// The number by which threads know the session's buffers; that of no session where it has none.
    session: u64,
    /// The session, if events of a few words have only to be written: in real time, without a gate and unless paused.
    /// Otherwise [`NO_SESSION`]. This is what each event looks at first.
    plain: AtomicU64,
    sink: EventSink,
    gate: Option<Arc<Gate>>,
    lanes: Apart<AtomicU64>,
    paused: AtomicBool,
    /// The tasks of the runtimes that are recorded here and not dropped yet.
    tasks: Mutex<Vec<Weak<Tasks>>>,
}

#[derive(Debug)]
enum EventSink {
    RealTime(Arc<Buffers>),
    VirtualTime(Channel),
}

/// The one channel of a session in virtual time.
#[derive(Debug)]
pub(crate) struct Channel {
    clock: VirtualTime,
    capacity: usize,
    state: Mutex<ChannelState>,
}

#[derive(Debug)]
struct ChannelState {
    sender: Sender<Event>,
    queued: usize,
    lost: u64,
    threads: HashMap<thread::ThreadId, ThreadId>,
}

impl Recorder {
    pub(crate) fn real_time(gate: Option<Arc<Gate>>, capacity: usize) -> (Self, Receiver<Begun>) {
        let (buffers, chunks) = Buffers::new(capacity);
        (Self::new(EventSink::RealTime(buffers), gate), chunks)
    }

    pub(crate) fn virtual_time(
        gate: Option<Arc<Gate>>,
        capacity: usize,
    ) -> (Self, Receiver<Event>) {
        let (sender, receiver) = channel();
        let channel = Channel {
            clock: VirtualTime::default(),
            capacity,
            state: Mutex::new(ChannelState {
                sender,
                queued: 0,
                lost: 0,
                threads: HashMap::new(),
            }),
        };
        let recorder = Self::new(EventSink::VirtualTime(channel), gate);
        (recorder, receiver)
    }

    fn new(sink: EventSink, gate: Option<Arc<Gate>>) -> Self {
        let session = match &sink {
            EventSink::RealTime(buffers) => buffers.number(),
            EventSink::VirtualTime(_) => NO_SESSION,
        };
        let recorder = Self(Arc::new(Inner {
            session,
            plain: AtomicU64::new(NO_SESSION),
            sink,
            gate,
            lanes: Apart(AtomicU64::new(1)),
            paused: AtomicBool::new(false),
            tasks: Mutex::default(),
        }));
        recorder.set_paused(false);
        recorder
    }

    #[inline]
    pub(crate) fn gate(&self) -> Option<&Gate> {
        self.0.gate.as_deref()
    }

    #[inline]
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn next_lane(&self) -> LaneId {
        LaneId(self.0.lanes.fetch_add(1, Ordering::Relaxed))
    }

    /// Adds the tasks of a runtime that is recorded here.
    pub(crate) fn add_tasks(&self, tasks: &Arc<Tasks>) {
        let mut known = self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|known| known.strong_count() > 0);
        known.push(Arc::downgrade(tasks));
    }

    /// Returns the tasks of all runtimes that are recorded here.
    pub(crate) fn tasks(&self) -> Vec<Arc<Tasks>> {
        let known = self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().filter_map(Weak::upgrade).collect()
    }

    /// The present, on the clock of the events.
    pub(crate) fn now(&self) -> Timestamp {
        match &self.0.sink {
            EventSink::RealTime(buffers) => buffers.clock().now(),
            EventSink::VirtualTime(channel) => channel.clock.now(),
        }
    }

    /// The session time at a runtime's instant.
    pub(crate) fn at(&self, instant: tokio::time::Instant) -> Timestamp {
        match &self.0.sink {
            EventSink::RealTime(buffers) => buffers.clock().at(instant),
            EventSink::VirtualTime(channel) => channel.clock.at(instant),
        }
    }

    /// Takes note that the caller has entered a runtime, whose clock counts from now on.
    pub(crate) fn enter_runtime(&self) {
        if let EventSink::VirtualTime(channel) = &self.0.sink {
            channel.clock.enter_runtime();
        }
    }

    /// Stops recording, or goes on with it.
    pub(crate) fn set_paused(&self, paused: bool) {
        self.0.paused.store(paused, Ordering::Relaxed);
        let is_plain = self.0.gate.is_none() && !paused;
        let plain = if is_plain { self.0.session } else { NO_SESSION };
        self.0.plain.store(plain, Ordering::Relaxed);
    }

    /// Records an event, or counts it as lost where the collector is too far behind.
    pub(crate) fn record(&self, kind: EventKind) {
        if self.is_paused() {
            return;
        }
        match &self.0.sink {
            EventSink::RealTime(buffers) => buffers.write_rare(&kind),
            EventSink::VirtualTime(channel) => channel.send(kind),
        }
    }

    /// Records a step of a lane.
    #[expect(
        clippy::inline_always,
        reason = "each caller knows what the step is, and so which words tell it"
    )]
    #[inline(always)]
    pub(crate) fn record_step(&self, when: When, step: Step) {
        let words = Words::of(step);
        if !self.try_record(when, words) {
            self.record_step_slowly(words, step);
        }
    }

    #[cold]
    #[inline(never)]
    fn record_step_slowly(&self, words: Words, step: Step) {
        self.record_slowly(words, || step.into());
    }

    /// Records an event that is known in words, too.
    #[inline]
    pub(crate) fn record_words(&self, when: When, words: Words, kind: impl FnOnce() -> EventKind) {
        if !self.try_record(when, words) {
            self.record_slowly(words, kind);
        }
    }

    /// Writes these words, if that is all that has to be done and the thread can do it at once.
    #[inline]
    pub(crate) fn try_record(&self, when: When, words: Words) -> bool {
        !words.are_none() && cursor::write(self.0.plain.load(Ordering::Relaxed), when, words)
    }

    #[cold]
    #[inline(never)]
    fn record_slowly(&self, words: Words, kind: impl FnOnce() -> EventKind) {
        if self.is_paused() {
            return;
        }
        match &self.0.sink {
            EventSink::RealTime(buffers) if words.are_none() => buffers.write_rare(&kind()),
            EventSink::RealTime(buffers) => buffers.write(words),
            EventSink::VirtualTime(channel) => channel.send(kind()),
        }
    }

    /// `true` while nothing is recorded.
    #[inline]
    pub(crate) fn is_paused(&self) -> bool {
        self.0.paused.load(Ordering::Relaxed)
    }

    /// Records that a task was spawned.
    pub(crate) fn record_spawned(&self, lane: LaneId, parent: Option<LaneId>, origin: &Origin) {
        if self.is_paused() {
            return;
        }
        let number = || template::last(self.0.session, origin);
        if let Some(parent) = parent
            && let Some(number) = number()
            && self.try_record(When::Now, Words::spawned(lane, parent, number))
        {
            return;
        }
        match &self.0.sink {
            EventSink::RealTime(buffers) => buffers.write_spawned(lane, parent, origin),
            EventSink::VirtualTime(channel) => {
                channel.send(origin.template().spawned(lane, parent));
            }
        }
    }

    pub(crate) fn buffers(&self) -> Option<&Buffers> {
        match &self.0.sink {
            EventSink::RealTime(buffers) => Some(buffers),
            EventSink::VirtualTime(_) => None,
        }
    }

    pub(crate) fn channel(&self) -> Option<&Channel> {
        match &self.0.sink {
            EventSink::RealTime(_) => None,
            EventSink::VirtualTime(channel) => Some(channel),
        }
    }
}

impl Channel {
    /// Stamps and sends an event under one lock, so that the channel's order is that of the times.
    #[inline(never)]
    fn send(&self, kind: EventKind) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let at = self.clock.now();
        let thread = state.thread(at);
        if state.queued >= self.capacity {
            state.lost += 1;
            return;
        }
        let count = std::mem::take(&mut state.lost);
        if count > 0 {
            state.send(at, thread, EventKind::Lost { count });
        }
        state.send(at, thread, kind);
    }

    /// Takes what has been sent; behind it, what was lost since.
    pub(crate) fn take(&self, receiver: &Receiver<Event>) -> Vec<Event> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut batch: Vec<Event> = receiver.try_iter().collect();
        state.queued = 0;
        let count = std::mem::take(&mut state.lost);
        if count > 0 {
            batch.push(Event {
                at: self.clock.now(),
                thread: ThreadId(0),
                kind: EventKind::Lost { count },
            });
        }
        batch
    }
}

impl ChannelState {
    fn send(&mut self, at: Timestamp, thread: ThreadId, kind: EventKind) {
        // Without a collector nobody wants the events any more; the program goes on all the same.
        if self.sender.send(Event { at, thread, kind }).is_ok() {
            self.queued += 1;
        }
    }

    /// The calling thread's name in this session; its first event is preceded by one that introduces it.
    fn thread(&mut self, at: Timestamp) -> ThreadId {
        let current = thread::current();
        if let Some(known) = self.threads.get(&current.id()) {
            return *known;
        }
        let id = ThreadId(u32::try_from(self.threads.len()).unwrap_or(u32::MAX));
        self.threads.insert(current.id(), id);
        let name = Text::from(current.name().unwrap_or_default().to_owned());
        self.send(at, id, EventKind::ThreadNamed { name });
        id
    }
}
