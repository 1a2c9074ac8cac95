//! The collector: takes events out of the recorder and hands them on in batches, in the order of their times.
//!
//! Each thread's events come in their own order. Those of several threads are merged by time, and none is handed on
//! while a thread may still be writing an older one, so that a wake is never behind the poll that it caused. Bound: the
//! processor's counters differ between cores by less than two microseconds.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use crate::event::{Event, EventKind, Timestamp};
use crate::probe::buffer::{Buffers, Ring, Shared};
use crate::probe::clock::Tick;
use crate::probe::record::Record;
use crate::probe::recorder::{Recorder, Source};

/// So long ago, in nanoseconds, a thread that was about to write an event is seen to be.
const MARGIN: u64 = 2_000;
/// How often the collector looks again for a thread that is about to write an event.
const PATIENCE: usize = 100;

/// The receiving end of a recording.
#[derive(Debug)]
pub struct Collector {
    recorder: Recorder,
    source: Source,
    threads: Vec<Thread>,
    /// The time of the last event that was handed on.
    latest: Tick,
}

/// What is known of a thread's buffer.
#[derive(Debug)]
struct Thread {
    shared: Arc<Shared>,
    rings: VecDeque<Ring>,
    /// Taken out of the rings, and perhaps younger than what another thread is about to write.
    records: VecDeque<Record>,
    /// The time of the last record that was taken.
    last: Tick,
}

impl Collector {
    pub(crate) fn new(recorder: Recorder, source: Source) -> Self {
        Self {
            recorder,
            source,
            threads: Vec::new(),
            latest: Tick(0),
        }
    }

    /// The present, on the clock of the events.
    pub fn now(&self) -> Timestamp {
        self.recorder.now()
    }

    /// Stops recording: from now on nothing is recorded, at the cost of a look.
    pub fn pause(&self) {
        self.recorder.set_paused(true);
    }

    /// Goes on recording. Tasks that were spawned meanwhile are unknown; those that ended meanwhile seem to go on.
    pub fn resume(&self) {
        self.recorder.set_paused(false);
    }

    /// The events that have come since the last call.
    pub fn drain(&mut self) -> Vec<Event> {
        let mut batch = Vec::new();
        self.drain_into(&mut batch);
        batch
    }

    /// Appends the events that have come since the last call.
    pub fn drain_into(&mut self, batch: &mut Vec<Event>) {
        match (
            &self.source,
            self.recorder.channel(),
            self.recorder.buffers(),
        ) {
            (Source::VirtualTime(receiver), Some(channel), _) => channel.take(receiver, batch),
            (Source::RealTime(rings), _, Some(buffers)) => {
                let latest = &mut self.latest;
                drain_threads(&mut self.threads, rings, buffers, latest, batch);
            }
            _ => {}
        }
    }
}

/// Appends all that was recorded before this was called.
fn drain_threads(
    threads: &mut Vec<Thread>,
    rings: &Receiver<Ring>,
    buffers: &Buffers,
    latest: &mut Tick,
    batch: &mut Vec<Event>,
) {
    let called = buffers.clock().tick();
    for _ in 0..PATIENCE {
        let safe = look(threads, rings, buffers);
        merge(threads, safe, buffers, latest, batch);
        let all = threads.iter().all(|thread| thread.records.is_empty());
        if all || safe >= called {
            break;
        }
        std::thread::yield_now();
    }
    let mut gone: Vec<bool> = threads.iter().rev().map(Thread::is_gone).collect();
    tell_of_losses(threads, buffers, batch);
    threads.retain(|thread| {
        let is_gone = gone.pop().unwrap_or_default();
        !is_gone || !thread.records.is_empty() || !thread.rings.is_empty()
    });
}

/// Takes what is in the rings, and gives the time before which nothing more will come.
///
/// The order matters: a thread that is not seen to be writing has written, and handed over its ring, before this looks
/// at either.
fn look(threads: &mut Vec<Thread>, rings: &Receiver<Ring>, buffers: &Buffers) -> Tick {
    let clock = buffers.clock();
    let mut safe = clock.before(clock.tick(), MARGIN);
    let writing: Vec<bool> = threads
        .iter()
        .map(|thread| thread.shared.is_writing())
        .collect();
    for ring in rings.try_iter() {
        match threads
            .iter_mut()
            .find(|thread| Arc::ptr_eq(&thread.shared, &ring.shared))
        {
            Some(thread) => thread.rings.push_back(ring),
            None => threads.push(Thread::new(ring)),
        }
    }
    for (index, thread) in threads.iter_mut().enumerate() {
        thread.take();
        if writing.get(index).copied().unwrap_or_default() {
            safe = safe.min(thread.last);
        }
    }
    safe
}

/// Appends the records that are old enough, in the order of their times.
fn merge(
    threads: &mut [Thread],
    safe: Tick,
    buffers: &Buffers,
    latest: &mut Tick,
    batch: &mut Vec<Event>,
) {
    // A copy: a thread that spawns at a new place is not to wait for this.
    let templates = buffers.templates().all().clone();
    loop {
        let heads = threads.iter().enumerate();
        let ready = heads.filter_map(|(index, thread)| Some((thread.records.front()?.tick, index)));
        let mut ready: Vec<(Tick, usize)> = ready.filter(|head| head.0 <= safe).collect();
        ready.sort_unstable();
        let Some(&(_, first)) = ready.first() else {
            return;
        };
        // As long as this thread is ahead of all others, its records need no comparing.
        let until = ready.get(1).map_or(safe, |second| second.0);
        let thread = &mut threads[first];
        let id = thread.shared.thread;
        while thread
            .records
            .front()
            .is_some_and(|record| record.tick <= until)
        {
            let Some(record) = thread.records.pop_front() else {
                break;
            };
            // A task that yields is woken as of its last poll, which may have been handed on long ago.
            *latest = record.tick.max(*latest);
            batch.push(Event {
                at: buffers.clock().timestamp(*latest),
                thread: id,
                kind: record.what.unpack(&templates),
            });
        }
    }
}

/// Tells of what threads lost that have not written since. What they lost and then wrote on, they tell themselves.
fn tell_of_losses(threads: &[Thread], buffers: &Buffers, batch: &mut Vec<Event>) {
    let at = batch
        .last()
        .map_or_else(|| buffers.clock().now(), |last| last.at);
    for thread in threads.iter().filter(|thread| thread.records.is_empty()) {
        let count = thread.shared.take_lost();
        if count > 0 {
            let thread = thread.shared.thread;
            let kind = EventKind::Lost { count };
            batch.push(Event { at, thread, kind });
        }
    }
    let count = buffers.take_lost();
    if count > 0 {
        let thread = crate::event::ThreadId(0);
        let kind = EventKind::Lost { count };
        batch.push(Event { at, thread, kind });
    }
}

impl Thread {
    fn new(ring: Ring) -> Self {
        Self {
            shared: Arc::clone(&ring.shared),
            rings: VecDeque::from([ring]),
            records: VecDeque::new(),
            last: Tick(0),
        }
    }

    fn take(&mut self) {
        while let Some(ring) = self.rings.front_mut() {
            // In this order: what was written before the other end was dropped is taken after that was seen.
            let is_over = ring.is_abandoned();
            ring.take(&mut self.records);
            if !is_over {
                break;
            }
            self.rings.pop_front();
        }
        if let Some(last) = self.records.back() {
            self.last = last.tick;
        }
    }

    /// Whether nobody can write to it any more.
    fn is_gone(&self) -> bool {
        Arc::strong_count(&self.shared) == 1 + self.rings.len()
    }
}
