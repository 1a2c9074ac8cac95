//! Takes what threads have written out of their buffers, as blocks of a journal.
//!
//! Each pass ends with a time before which nothing more will come, so that who reads the journal can merge the threads: a
//! wake is never behind the poll that it caused. Bound: the processor's counters differ between cores by less than two
//! microseconds.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::sync::mpsc::Receiver;
use std::time::{Duration, SystemTime};

use super::buffer::{Begun, Buffers, Chunk};
use super::clock::Tick;
use super::counts::Counts;
use super::progress::Progress;
use super::recorder::Recorder;
use super::shared::Shared;
use crate::event::fields::put_varint;
use crate::event::{EventKind, Text, ThreadId};
use crate::journal::blob;
use crate::journal::block::{self, Description, HEARTBEAT, Header, kind};
use crate::journal::names::{self, Names};
use crate::journal::pair;
use crate::probe::gate::Gate;

/// How often it is looked again for a thread that is about to write an event.
const PATIENCE: usize = 100;
/// The percentage of the room for events from which on they are taken without delay.
const FULL: usize = 25;
/// So long ago, in nanoseconds, a thread that was about to write an event is seen to be.
const MARGIN: u64 = 2_000;

/// The recording side of a journal.
#[derive(Debug)]
pub(crate) struct Taker {
    recorder: Recorder,
    chunks: Receiver<Begun>,
    threads: Vec<ThreadBuffer>,
    counts: Counts,
    /// The number of the next block.
    number: u64,
    /// How many texts and templates were told.
    texts: usize,
    templates: usize,
    names: names::Recent,
    /// Bytes of what this thread notes itself, and how many events these are.
    notes: (Vec<u8>, u32),
    /// How many of these were told.
    noted: usize,
    /// The tick of the last event, or of the last heartbeat.
    latest: Tick,
    /// The tick of the last time block.
    told: Tick,
}

/// What a pass has brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pass {
    /// The tick before which all has been written.
    pub(crate) safe: Tick,
    /// Events, those that tell of a loss among them.
    pub(crate) events: u64,
}

/// What is known of a thread's buffer.
#[derive(Debug)]
struct ThreadBuffer {
    /// To be looked at only now and then: the thread writes to it all the time, and whoever reads it makes the thread wait.
    shared: Arc<Shared>,
    chunks: VecDeque<Chunk>,
    /// The place of the next word in the first chunk.
    at: usize,
    /// How many words were taken.
    taken: u64,
    /// How far the thread is.
    progress: Progress,
    /// `true` if the start of a poll was taken from its open word.
    has_start: bool,
    /// How many events were taken.
    events: u64,
    /// The tick of the last one.
    tick: Tick,
}

impl Taker {
    pub(crate) fn new(recorder: Recorder, chunks: Receiver<Begun>) -> Self {
        Self {
            recorder,
            chunks,
            threads: Vec::new(),
            counts: Counts::default(),
            number: 0,
            texts: 0,
            templates: 0,
            names: names::Recent::default(),
            notes: (Vec::new(), 0),
            noted: 0,
            latest: Tick(0),
            told: Tick(0),
        }
    }

    /// Begins a recording in real time.
    pub(crate) fn real_time(gate: Option<Arc<Gate>>, capacity: usize) -> (Recorder, Self) {
        let (recorder, chunks) = Recorder::real_time(gate, capacity);
        (recorder.clone(), Self::new(recorder, chunks))
    }

    /// Returns `true` if few events wait to be taken.
    pub(crate) fn has_room(&self) -> bool {
        self.recorder
            .buffers()
            .is_none_or(|buffers| buffers.waiting() < FULL)
    }

    /// Appends all that was recorded before this was called: see [`take`](Self::take).
    pub(crate) fn take_all(&mut self, silence: Duration, to: &mut Vec<u8>) -> Pass {
        let called = Tick::now();
        let mut pass = self.take(silence, to);
        for _ in 0..PATIENCE {
            if pass.safe >= called || self.told >= self.latest {
                break;
            }
            std::thread::yield_now();
            pass = self.take(silence, to);
        }
        pass
    }

    pub(crate) fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Appends the beginning of the journal.
    pub(crate) fn begin(&mut self, title: Text, to: &mut Vec<u8>) {
        let Some(buffers) = self.recorder.buffers() else {
            return;
        };
        let description = Description {
            title,
            version: Text::Static(env!("CARGO_PKG_VERSION")),
            start: SystemTime::now(),
            clock: buffers.clock().ticks(),
        };
        to.extend_from_slice(&block::file_header());
        self.put(to, kind::DESCRIPTION, 0, |to| {
            block::put_description(to, &description);
        });
    }

    /// Appends the end of the journal.
    pub(crate) fn end(&mut self, to: &mut Vec<u8>) {
        self.put(to, kind::END, 0, |_| {});
    }

    /// Appends what was recorded since the last pass, and a heartbeat where nothing has been for so long.
    pub(crate) fn take(&mut self, silence: Duration, to: &mut Vec<u8>) -> Pass {
        let recorder = self.recorder.clone();
        let Some(buffers) = recorder.buffers() else {
            return Pass::default();
        };
        let before = to.len();
        let now = buffers.clock().before(Tick::now(), MARGIN);
        self.look();
        self.tell_names(buffers, to);
        let mut pass = Pass {
            safe: now,
            events: 0,
        };
        for thread in &mut self.threads {
            pass.events += thread.take(buffers, &mut self.number, to);
            self.latest = self.latest.max(thread.tick);
            if thread.progress.is_writing() {
                // It was interrupted. What it is about to write is younger than what it has written.
                pass.safe = pass.safe.min(thread.tick);
            }
        }
        self.note_losses(buffers, pass.safe);
        self.counts.tell(&recorder, |kind| {
            note(
                &mut self.notes,
                buffers,
                &mut self.names,
                (pass.safe, ThreadId(0)),
                &kind,
            );
        });
        self.put_notes(buffers, to);
        self.threads.retain(|thread| !thread.is_over());
        let beats = self.is_silent(buffers, pass.safe, silence);
        // Who reads may still have events that are younger than the last time block.
        if beats || to.len() > before || self.told < self.latest {
            self.put_time(pass.safe, beats, to);
        }
        pass
    }

    /// Looks at how far the threads are.
    ///
    /// The order matters: a thread that is not seen to be writing has written all that is older than the time that was
    /// read before, and has told of the chunks that hold it.
    fn look(&mut self) {
        let known = self.threads.len();
        self.threads.iter_mut().for_each(ThreadBuffer::look);
        self.take_chunks();
        self.threads
            .iter_mut()
            .skip(known)
            .for_each(ThreadBuffer::look);
        // The new ones may have gone on to further chunks before they were looked at. Those that are newer still have
        // nothing to tell yet that is older than this.
        self.take_chunks();
    }

    /// Takes the chunks that threads have begun.
    fn take_chunks(&mut self) {
        for Begun { shared, chunk } in self.chunks.try_iter() {
            let mut threads = self.threads.iter_mut();
            match threads.find(|thread| Arc::ptr_eq(&thread.shared, &shared)) {
                Some(thread) => thread.chunks.push_back(chunk),
                None => self.threads.push(ThreadBuffer::new(shared, chunk)),
            }
        }
    }

    /// Tells the texts and templates that are new. Those of all that was written until now are there.
    fn tell_names(&mut self, buffers: &Buffers, to: &mut Vec<u8>) {
        let texts = buffers.names().from(self.texts);
        if !texts.is_empty() {
            let header = self.header(kind::TEXTS, texts.len(), self.texts);
            self.texts += texts.len();
            block::put(to, &header, |to| {
                for text in &texts {
                    block::put_bytes(to, text.as_bytes());
                }
            });
        }
        let templates = buffers.templates().from(self.templates);
        if !templates.is_empty() {
            let header = self.header(kind::TEMPLATES, templates.len(), self.templates);
            self.templates += templates.len();
            block::put(to, &header, |to| {
                for template in &templates {
                    template.put(to);
                }
            });
        }
    }

    /// Notes what threads have lost that have not written since. What they lost and then wrote on, they tell themselves.
    fn note_losses(&mut self, buffers: &Buffers, safe: Tick) {
        let (notes, names) = (&mut self.notes, &mut self.names);
        let mut lost = |thread, count| {
            if count > 0 {
                note(
                    notes,
                    buffers,
                    names,
                    (safe, thread),
                    &EventKind::Lost { count },
                );
            }
        };
        for thread in self.threads.iter().filter(|thread| thread.is_taken()) {
            lost(thread.shared.thread, thread.shared.take_lost());
        }
        lost(ThreadId(0), buffers.take_lost());
    }

    fn put_notes(&mut self, buffers: &Buffers, to: &mut Vec<u8>) {
        if self.notes.1 == 0 {
            return;
        }
        // They may be the first to use a text.
        self.tell_names(buffers, to);
        let (bytes, count) = std::mem::take(&mut self.notes);
        let header = self.header(kind::NOTES, count as usize, self.noted);
        self.noted += count as usize;
        block::put(to, &header, |to| to.extend_from_slice(&bytes));
    }

    /// Returns `true` if it is time for a heartbeat. There is none while nothing is recorded, or the program is held.
    fn is_silent(&self, buffers: &Buffers, safe: Tick, silence: Duration) -> bool {
        let is_held = self.recorder.is_paused() || self.recorder.gate().is_some_and(Gate::holds);
        let clock = buffers.clock();
        let since = clock.timestamp(safe).since(clock.timestamp(self.latest));
        !is_held && safe > self.latest && since >= silence
    }

    fn put_time(&mut self, safe: Tick, beats: bool, to: &mut Vec<u8>) {
        if beats {
            self.latest = safe;
        }
        self.told = safe;
        let header = Header {
            tick: safe,
            flags: if beats { HEARTBEAT } else { 0 },
            ..self.header(kind::TIME, 0, 0)
        };
        block::put(to, &header, |_| {});
    }

    fn put(
        &mut self,
        to: &mut Vec<u8>,
        kind: u8,
        count: usize,
        payload: impl FnOnce(&mut Vec<u8>),
    ) {
        let header = self.header(kind, count, 0);
        block::put(to, &header, payload);
    }

    /// Returns the header of the next block.
    fn header(&mut self, kind: u8, count: usize, before: usize) -> Header {
        let number = self.number;
        self.number += 1;
        Header {
            kind,
            number,
            count: u32::try_from(count).unwrap_or(u32::MAX),
            before: before as u64,
            ..Header::default()
        }
    }
}

/// Notes an event that no thread wrote.
fn note(
    (bytes, count): &mut (Vec<u8>, u32),
    buffers: &Buffers,
    recent: &mut names::Recent,
    (at, thread): (Tick, ThreadId),
    kind: &EventKind,
) {
    put_varint(bytes, at.0);
    put_varint(bytes, thread.0.into());
    let table = buffers.names();
    blob::encode(kind, bytes, &mut Names { table, recent });
    *count += 1;
}

impl ThreadBuffer {
    fn new(shared: Arc<Shared>, chunk: Chunk) -> Self {
        Self {
            shared,
            chunks: VecDeque::from([chunk]),
            at: 0,
            taken: 0,
            progress: Progress::of(0),
            has_start: false,
            events: 0,
            tick: Tick(0),
        }
    }

    fn look(&mut self) {
        self.progress = self.shared.progress();
    }

    /// Appends what the thread has written, a block for each chunk. Returns the number of events.
    fn take(&mut self, buffers: &Buffers, number: &mut u64, to: &mut Vec<u8>) -> u64 {
        let before = self.events;
        while !self.is_taken() {
            let chunk = self.chunks.pop_front();
            let chunk = chunk.expect("a chunk is told of before it is written to");
            let most = self.progress.written() - self.taken;
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            let words = chunk.words(self.at, most);
            let has_start = std::mem::take(&mut self.has_start);
            self.put(number, to, |to| put_words(words, has_start, to));
            self.at += words.len();
            self.taken += words.len() as u64;
            if self.at == chunk.len() {
                self.at = 0;
                buffers.take_back(chunk);
            } else {
                self.chunks.push_front(chunk);
            }
        }
        if !self.has_start
            && let Some(start) = self.open_start()
        {
            self.put(number, to, |to| put_plain(&[start], to));
            self.has_start = true;
        }
        self.events - before
    }

    /// Appends a block of words.
    fn put(&mut self, number: &mut u64, to: &mut Vec<u8>, payload: impl FnOnce(&mut Vec<u8>)) {
        let mut header = Header {
            kind: kind::WORDS,
            number: *number,
            thread: self.shared.thread,
            before: self.events,
            tick: self.tick,
            ..Header::default()
        };
        *number += 1;
        let start = block::put_header(to);
        payload(to);
        let (events, tick) = pair::count(&to[start + block::HEADER..], self.tick);
        header.count = events;
        block::finish(to, start, &header);
        self.events += u64::from(events);
        self.tick = tick;
    }

    /// Returns the start of the poll that goes on. To be called when all finished words have been taken.
    fn open_start(&self) -> Option<u64> {
        let chunk = self.chunks.front().filter(|_| self.progress.is_open())?;
        let word = chunk.words(self.at, 1).first()?;
        // By now it may be that of a whole poll.
        pair::parts(word.load(Ordering::Relaxed))?.first().copied()
    }

    /// Returns `true` if all that was finished has been taken.
    fn is_taken(&self) -> bool {
        self.taken == self.progress.written()
    }

    /// Returns `true` if nothing more can come of it.
    fn is_over(&self) -> bool {
        let is_gone = Arc::strong_count(&self.shared) == 1;
        fence(Ordering::Acquire);
        let progress = self.shared.progress();
        is_gone
            && progress == self.progress
            && !progress.is_writing()
            && self.is_taken()
            && self.has_start == progress.is_open()
            && !self.shared.has_lost()
    }
}

/// Appends words; of a poll whose start was appended before, only the end.
fn put_words(words: &[AtomicU64], has_start: bool, to: &mut Vec<u8>) {
    let mut words = words.iter().map(|word| word.load(Ordering::Relaxed));
    if has_start {
        let parts = words.next().and_then(pair::parts);
        let end = parts.as_deref().and_then(|parts| parts.get(1..));
        put_plain(end.unwrap_or_default(), to);
    }
    to.extend(words.flat_map(u64::to_le_bytes));
}

/// Appends these words.
fn put_plain(words: &[u64], to: &mut Vec<u8>) {
    to.extend(words.iter().flat_map(|word| word.to_le_bytes()));
}

#[cfg(all(test, feature = "timeline"))]
mod tests {
    use super::*;
    use crate::event::{Event, LaneId, Polled, Step, Waker, What};
    use crate::journal::Reader;
    use crate::probe::record::cursor::When;

    /// Two polls that fit into one word, one that does not as it wakes itself, and one that goes on.
    const STEPS: [What; 8] = [
        What::Started,
        What::Ended(Polled::Pending),
        What::Started,
        What::Ended(Polled::Pending),
        What::Started,
        What::Woken(Waker::Itself),
        What::Ended(Polled::Completed),
        What::Started,
    ];

    /// Records the steps, and takes what there is after each of those that are set in this number.
    fn take_between(pauses: u32) {
        let (recorder, mut taker) = Taker::real_time(None, 1 << 20);
        let (mut reader, mut events) = (Reader::default(), Vec::<Event>::new());
        let mut blocks = Vec::new();
        // A thread's first event has its time before it.
        recorder.record(EventKind::Alive);
        taker.begin("".into(), &mut blocks);
        for (index, what) in (0..).zip(STEPS) {
            let lane = LaneId(1);
            // An end has a time of its own.
            let when = match what {
                What::Ended(_) => When::Now,
                _ => When::AtLast,
            };
            recorder.record_step(when, Step { lane, what });
            if pauses & 1 << index == 0 && index + 1 < STEPS.len() {
                continue;
            }
            taker.take_all(Duration::from_secs(60), &mut blocks);
            assert!(reader.push(&blocks, &mut events).is_ok());
            blocks.clear();
            let steps = events.iter().filter_map(|event| event.kind.step());
            let steps: Vec<_> = steps.map(|step| step.what).collect();
            assert_eq!(steps, STEPS[..=index], "{pauses:b}");
        }
        // Nothing comes twice, and nothing is missing.
        reader.end(&mut events);
        assert_eq!(events.len(), 2 + STEPS.len());
        assert!(reader.damage().len() <= 1, "{:?}", reader.damage());
    }

    #[test]
    fn a_block_of_notes_says_how_many_came_before() {
        let (recorder, mut taker) = Taker::real_time(None, 1 << 20);
        let buffers = recorder.buffers().expect("it records");
        let mut befores = Vec::new();
        for count in [2, 3, 1] {
            for _ in 0..count {
                let (notes, names) = (&mut taker.notes, &mut taker.names);
                let from = (Tick(1), ThreadId(0));
                note(notes, buffers, names, from, &EventKind::Alive);
            }
            let mut block = Vec::new();
            taker.put_notes(buffers, &mut block);
            let found = block::header(&block).expect("it is whole");
            befores.push((found.header.before, found.header.count));
        }
        assert_eq!(befores, [(0, 2), (2, 3), (5, 1)]);
    }

    #[test]
    fn a_poll_is_told_when_it_starts_and_only_once() {
        for pauses in 0..1 << STEPS.len() {
            take_between(pauses);
        }
    }
}
