//! The collector: takes events out of the recorder and hands them on in batches, in the order of their times.
//!
//! Each thread's events come in their own order. Those of several threads are merged by time, and none is handed on
//! while a thread may still be writing an older one, so that a wake is never behind the poll that it caused. Bound: the
//! processor's counters differ between cores by less than two microseconds.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::sync::mpsc::Receiver;

use crate::event::{Event, EventKind, ThreadId, Timestamp};
use crate::probe::buffer::{Begun, Buffers, Chunk, Shared};
use crate::probe::clock::Tick;
use crate::probe::record::{First, Words};
use crate::probe::recorder::{Recorder, Source};
use crate::probe::template::Template;

/// So long ago, in nanoseconds, a thread that was about to write an event is seen to be.
const MARGIN: u64 = 2_000;
/// How often the collector looks again for a thread that is about to write an event.
const PATIENCE: usize = 100;

/// The receiving end of a recording.
#[derive(Debug)]
pub struct Collector {
    recorder: Recorder,
    source: Source,
    merger: Merger,
}

/// Puts the threads' events in order.
#[derive(Debug, Default)]
struct Merger {
    threads: Vec<Thread>,
    templates: Vec<Template>,
    /// The time of the last event that was handed on.
    latest: Option<Tick>,
}

/// What is known of a thread's buffer.
#[derive(Debug)]
struct Thread {
    shared: Arc<Shared>,
    chunks: VecDeque<Chunk>,
    /// The place of the next word in the first chunk.
    at: usize,
    /// How many words were read, and how many can be.
    read: u64,
    written: u64,
    /// The time of the last event that was read.
    tick: Tick,
    /// The next event, read and not handed on: perhaps it is younger than what another thread is about to write.
    next: Option<(Tick, Words)>,
}

impl Collector {
    pub(crate) fn new(recorder: Recorder, source: Source) -> Self {
        Self {
            recorder,
            source,
            merger: Merger::default(),
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
        self.drain_each(|event| batch.push(event));
    }

    /// Hands on the events that have come since the last call, one by one: so many at a time take no memory.
    pub fn drain_each(&mut self, mut hand_on: impl FnMut(Event)) {
        match (
            &self.source,
            self.recorder.channel(),
            self.recorder.buffers(),
        ) {
            (Source::VirtualTime(receiver), Some(channel), _) => {
                channel.take(receiver).into_iter().for_each(hand_on);
            }
            (Source::RealTime(chunks), _, Some(buffers)) => {
                self.merger.drain(chunks, buffers, &mut hand_on);
            }
            _ => {}
        }
    }
}

impl Merger {
    /// Hands on all that was recorded before this was called.
    fn drain(
        &mut self,
        chunks: &Receiver<Begun>,
        buffers: &Buffers,
        hand_on: &mut impl FnMut(Event),
    ) {
        let called = buffers.clock().tick();
        for _ in 0..PATIENCE {
            let safe = self.look(chunks, buffers);
            self.merge(safe, buffers, hand_on);
            if safe >= called || self.threads.iter().all(|thread| thread.next.is_none()) {
                break;
            }
            std::thread::yield_now();
        }
        self.tell_of_losses(buffers, hand_on);
        self.threads.retain(|thread| !thread.is_over());
    }

    /// Looks at how far the threads are, and gives the time before which nothing more will come.
    ///
    /// The order matters: a thread that is not seen to be writing has written all that is older than the time that was
    /// read before, and has told of the chunks that hold it.
    fn look(&mut self, chunks: &Receiver<Begun>, buffers: &Buffers) -> Tick {
        let clock = buffers.clock();
        let mut safe = clock.before(clock.tick(), MARGIN);
        let known = self.threads.len();
        for thread in &mut self.threads {
            safe = thread.look(safe);
        }
        for Begun { shared, chunk } in chunks.try_iter() {
            let mut threads = self.threads.iter_mut();
            match threads.find(|thread| Arc::ptr_eq(&thread.shared, &shared)) {
                Some(thread) => thread.chunks.push_back(chunk),
                None => self.threads.push(Thread::new(shared, chunk)),
            }
        }
        for thread in self.threads.iter_mut().skip(known) {
            safe = thread.look(safe);
        }
        // The templates of what was written until now are there.
        buffers.templates().update(&mut self.templates);
        safe
    }

    /// Hands on the events that are old enough, in the order of their times.
    fn merge(&mut self, safe: Tick, buffers: &Buffers, hand_on: &mut impl FnMut(Event)) {
        for thread in &mut self.threads {
            thread.read_next(buffers);
        }
        while let Some((first, until)) = self.first(safe) {
            let thread = &mut self.threads[first];
            while let Some((tick, words)) = thread.next
                && tick <= until
            {
                // A task that yields is woken as of its last poll, which may have been handed on long ago.
                let latest = self.latest.map_or(tick, |latest| latest.max(tick));
                self.latest = Some(latest);
                if let Some(kind) = thread.kind(words, &self.templates) {
                    hand_on(Event {
                        at: buffers.clock().timestamp(latest),
                        thread: thread.shared.thread,
                        kind,
                    });
                }
                thread.next = None;
                thread.read_next(buffers);
            }
        }
    }

    /// The thread whose next event is the oldest, and the time until which that stays so; none where it is too young.
    fn first(&self, safe: Tick) -> Option<(usize, Tick)> {
        let (mut first, mut second) = (None, safe);
        let mut oldest = safe;
        for (index, thread) in self.threads.iter().enumerate() {
            let Some((tick, _)) = thread.next else {
                continue;
            };
            if tick <= oldest && (first.is_none() || tick < oldest) {
                if first.is_some() {
                    second = oldest;
                }
                (first, oldest) = (Some(index), tick);
            } else {
                second = second.min(tick);
            }
        }
        first.map(|first| (first, second))
    }

    /// Tells of what threads lost that have not written since. What they lost and then wrote on, they tell themselves.
    fn tell_of_losses(&self, buffers: &Buffers, hand_on: &mut impl FnMut(Event)) {
        let latest = self.latest.map(|latest| buffers.clock().timestamp(latest));
        let at = latest.unwrap_or_else(|| buffers.clock().now());
        let mut tell = |thread, count| {
            if count > 0 {
                let kind = EventKind::Lost { count };
                hand_on(Event { at, thread, kind });
            }
        };
        for thread in self.threads.iter().filter(|thread| thread.is_read()) {
            tell(thread.shared.thread, thread.shared.take_lost());
        }
        tell(ThreadId(0), buffers.take_lost());
    }
}

impl Thread {
    fn new(shared: Arc<Shared>, chunk: Chunk) -> Self {
        Self {
            shared,
            chunks: VecDeque::from([chunk]),
            at: 0,
            read: 0,
            written: 0,
            tick: Tick(0),
            next: None,
        }
    }

    /// Looks at how far it is. Gives the time before which it will write nothing more, at most `safe`.
    fn look(&mut self, safe: Tick) -> Tick {
        let (written, is_writing) = self.shared.progress();
        self.written = written;
        if is_writing {
            // It was interrupted. What it is about to write is younger than what it has written.
            safe.min(self.tick)
        } else {
            safe
        }
    }

    /// Reads the next event, where there is one, unless one is waiting.
    #[inline]
    fn read_next(&mut self, buffers: &Buffers) {
        if self.next.is_some() {
            return;
        }
        while self.read < self.written {
            let first = self.word(buffers);
            match First::of(first) {
                First::Nothing => {}
                First::Time(tick) => self.tick = tick,
                First::Event { since, has_second } => {
                    self.tick = Tick(self.tick.0 + since);
                    let second = if has_second { self.word(buffers) } else { 0 };
                    self.next = Some((self.tick, Words::read(first, second)));
                    return;
                }
            }
        }
    }

    /// Takes the next word.
    #[inline]
    fn word(&mut self, buffers: &Buffers) -> u64 {
        let chunk = self.chunks.front();
        let chunk = chunk.expect("a chunk is told of before it is written to");
        let word = chunk.word(self.at);
        self.at += 1;
        self.read += 1;
        if self.at == chunk.len() {
            self.at = 0;
            if let Some(chunk) = self.chunks.pop_front() {
                buffers.take_back(chunk);
            }
        }
        word
    }

    fn kind(&self, words: Words, templates: &[Template]) -> Option<EventKind> {
        words.event(templates).or_else(|| self.shared.take_rare())
    }

    /// Whether all that was written has been handed on.
    fn is_read(&self) -> bool {
        self.next.is_none() && self.read == self.written
    }

    /// Whether nothing more can come of it.
    fn is_over(&self) -> bool {
        let is_gone = Arc::strong_count(&self.shared) == 1;
        fence(Ordering::Acquire);
        is_gone
            && self.next.is_none()
            && self.shared.progress() == (self.read, false)
            && !self.shared.has_lost()
    }
}
