//! The collector: takes events out of the recorder and hands them on in batches, in the order of their times.
//!
//! Each thread's events come in their own order. Those of several threads are merged by time, and none is handed on
//! while a thread may still be writing an older one, so that a wake is never behind the poll that it caused. Bound: the
//! processor's counters differ between cores by less than two microseconds.

mod counts;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use crate::event::{Event, EventKind, Step, ThreadId, Timestamp};
use crate::probe::buffer::{Begun, Buffers, Chunk, Shared};
use crate::probe::clock::{RealTime, Tick};
use crate::probe::gate::Gate;
use crate::probe::record::{First, Words};
use crate::probe::recorder::{Recorder, Source};
use crate::probe::template::Template;
use crate::session::{self, Haste, Writer};
use counts::Counts;

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
    counts: Counts,
}

/// How many events have been drained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Events that were recorded.
    pub events: u64,
    /// Events that were lost.
    pub lost: u64,
}

/// Puts the threads' events in order.
#[derive(Debug, Default)]
struct Merger {
    threads: Vec<Thread>,
    templates: Vec<Template>,
    /// The time of the last event that was handed on.
    latest: Option<Tick>,
    /// The time up to which all events were handed on.
    safe: Tick,
}

/// What is known of a thread's buffer.
#[derive(Debug)]
struct Thread {
    /// To be looked at only now and then: the thread writes to it all the time, and whoever reads it makes the thread wait.
    shared: Arc<Shared>,
    name: ThreadId,
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
            counts: Counts::default(),
        }
    }

    /// The present, on the clock of the events.
    pub fn now(&self) -> Timestamp {
        self.recorder.now()
    }

    /// `true` if only a few events wait to be collected.
    pub(crate) fn has_room(&self) -> bool {
        let waiting = self.recorder.buffers().map_or(0, Buffers::waiting);
        Haste::of(waiting) == Haste::None
    }

    /// Stops recording: from now on nothing is recorded, at the cost of a look.
    pub fn pause(&self) {
        self.recorder.set_paused(true);
    }

    /// Goes on recording. Tasks that were spawned meanwhile are unknown; those that ended meanwhile seem to go on.
    pub fn resume(&self) {
        self.recorder.set_paused(false);
    }

    /// Returns a heartbeat, [`EventKind::Alive`], if the last event that was handed on is at least `silence` old.
    ///
    /// Its time is that of the last call that took events, or a little earlier, so no event handed on later is older.
    /// Returns none in virtual time, which stands still between two events, and while recording is paused or the program is
    /// held.
    pub fn heartbeat(&mut self, silence: Duration) -> Option<Event> {
        if self.recorder.is_paused() || self.recorder.gate().is_some_and(Gate::holds) {
            return None;
        }
        let clock = self.recorder.buffers()?.clock();
        let at = clock.timestamp(self.merger.safe);
        let last = self.merger.latest.map(|last| clock.timestamp(last));
        let last = last.unwrap_or(Timestamp::ZERO);
        if at <= last || at.since(last) < silence {
            return None;
        }
        self.merger.latest = Some(self.merger.safe);
        Some(Event {
            at,
            thread: ThreadId(0),
            kind: EventKind::Alive,
        })
    }

    /// The events that have come since the last call.
    pub fn drain(&mut self) -> Vec<Event> {
        let mut batch = Vec::new();
        self.drain_into(&mut batch);
        batch
    }

    /// Appends the events that have come since the last call.
    pub fn drain_into(&mut self, batch: &mut Vec<Event>) {
        self.drain_each(|event| batch.push(event.clone()));
    }

    /// Writes the events that have come since the last call to a session log. Tells how many there were.
    ///
    /// # Errors
    ///
    /// Where they cannot be written: see [`Writer::write`]. The events that were not are taken all the same.
    pub fn drain_to(&mut self, writer: &mut Writer) -> Result<Drained, session::Error> {
        self.write_to(writer, false)
    }

    /// As [`drain_to`](Self::drain_to), and other threads have their turn again and again.
    pub(crate) fn drain_slowly_to(
        &mut self,
        writer: &mut Writer,
    ) -> Result<Drained, session::Error> {
        self.write_to(writer, true)
    }

    fn write_to(
        &mut self,
        writer: &mut Writer,
        gives_way: bool,
    ) -> Result<Drained, session::Error> {
        let recorder = self.recorder.clone();
        let mut writing = Writing {
            recorder: &recorder,
            writer,
            gives_way,
            drained: Drained::default(),
            error: None,
        };
        self.drain_into_sink(&mut writing);
        writing.writer.set_haste(Haste::None);
        writing.error.map_or(Ok(writing.drained), Err)
    }

    /// Hands on the events that have come since the last call, one by one: so many at a time take no memory.
    pub fn drain_each(&mut self, hand_on: impl FnMut(&Event)) {
        self.drain_into_sink(&mut Handing(hand_on));
    }

    fn drain_into_sink(&mut self, sink: &mut impl Sink) {
        match (
            &self.source,
            self.recorder.channel(),
            self.recorder.buffers(),
        ) {
            (Source::VirtualTime(receiver), Some(channel), _) => {
                for event in &channel.take(receiver) {
                    sink.event(event);
                }
            }
            (Source::RealTime(chunks), _, Some(buffers)) => {
                self.merger.drain(chunks, buffers, sink);
                let at = self.merger.latest_time(buffers);
                self.counts
                    .tell(&self.recorder, at, |event| sink.event(event));
            }
            _ => {}
        }
    }
}

impl Merger {
    /// Hands on all that was recorded before this was called.
    fn drain(&mut self, chunks: &Receiver<Begun>, buffers: &Buffers, sink: &mut impl Sink) {
        let called = Tick::now();
        for _ in 0..PATIENCE {
            let safe = self.look(chunks, buffers);
            self.merge(safe, buffers, sink);
            self.safe = safe;
            if safe >= called || self.threads.iter().all(|thread| thread.next.is_none()) {
                break;
            }
            std::thread::yield_now();
        }
        self.tell_of_losses(buffers, sink);
        self.threads.retain(|thread| !thread.is_over());
    }

    /// Looks at how far the threads are, and gives the time before which nothing more will come.
    ///
    /// The order matters: a thread that is not seen to be writing has written all that is older than the time that was
    /// read before, and has told of the chunks that hold it.
    fn look(&mut self, chunks: &Receiver<Begun>, buffers: &Buffers) -> Tick {
        let clock = buffers.clock();
        let mut safe = clock.before(Tick::now(), MARGIN);
        let known = self.threads.len();
        for thread in &mut self.threads {
            safe = thread.look(safe);
        }
        self.take_chunks(chunks);
        for thread in self.threads.iter_mut().skip(known) {
            safe = thread.look(safe);
        }
        // The new ones may have gone on to further chunks before they were looked at. Those that are newer still have
        // nothing to tell yet that is older than this.
        self.take_chunks(chunks);
        // The templates of what was written until now are there.
        buffers.templates().update(&mut self.templates);
        safe
    }

    /// Takes the chunks that threads have begun.
    fn take_chunks(&mut self, chunks: &Receiver<Begun>) {
        for Begun { shared, chunk } in chunks.try_iter() {
            let mut threads = self.threads.iter_mut();
            match threads.find(|thread| Arc::ptr_eq(&thread.shared, &shared)) {
                Some(thread) => thread.chunks.push_back(chunk),
                None => self.threads.push(Thread::new(shared, chunk)),
            }
        }
    }

    /// Hands on the events that are old enough, in the order of their times.
    fn merge(&mut self, safe: Tick, buffers: &Buffers, sink: &mut impl Sink) {
        for thread in &mut self.threads {
            thread.read_next(buffers);
        }
        while let Some((first, until)) = self.first(safe) {
            let thread = &mut self.threads[first];
            let mut way = Way {
                thread: thread.name,
                latest: self.latest.unwrap_or(Tick(0)),
                clock: buffers.clock(),
                templates: &self.templates,
                sink,
            };
            thread.hand_on_until(until, buffers, &mut way);
            self.latest = Some(way.latest);
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

    /// The time of the last event that was handed on.
    fn latest_time(&self, buffers: &Buffers) -> Timestamp {
        let latest = self.latest.map(|latest| buffers.clock().timestamp(latest));
        latest.unwrap_or_else(|| buffers.clock().now())
    }

    /// Tells of what threads lost that have not written since. What they lost and then wrote on, they tell themselves.
    fn tell_of_losses(&self, buffers: &Buffers, sink: &mut impl Sink) {
        let at = self.latest_time(buffers);
        let mut tell = |thread, count| {
            if count > 0 {
                let kind = EventKind::Lost { count };
                sink.event(&Event { at, thread, kind });
            }
        };
        for thread in self.threads.iter().filter(|thread| thread.is_read()) {
            tell(thread.name, thread.shared.take_lost());
        }
        tell(ThreadId(0), buffers.take_lost());
    }
}

/// Who events are handed on to.
trait Sink {
    /// Something that happens at every poll.
    fn step(&mut self, at: Timestamp, thread: ThreadId, step: Step);

    /// Anything.
    fn event(&mut self, event: &Event);
}

/// Hands on events as they are.
struct Handing<F>(F);

impl<F: FnMut(&Event)> Sink for Handing<F> {
    fn step(&mut self, at: Timestamp, thread: ThreadId, step: Step) {
        let kind = step.into();
        self.event(&Event { at, thread, kind });
    }

    fn event(&mut self, event: &Event) {
        (self.0)(event);
    }
}

/// Writes events to a session log.
struct Writing<'a> {
    recorder: &'a Recorder,
    writer: &'a mut Writer,
    /// Whether it is to stand in nobody's way.
    gives_way: bool,
    drained: Drained,
    error: Option<session::Error>,
}

/// So many events are handed on at a time, which takes some ten microseconds, before other threads have their turn.
const PIECE: u64 = 256;
/// Who takes the processor for so long does not wait soon: there is more to do than there are processors.
const LONG: Duration = Duration::from_millis(1);

impl Writing<'_> {
    /// Lets those threads go on that wait for this one's processor: as a rule they are the program's, which would notice.
    /// Where much waits to be written, it is written first; and where they take the processor for long, they have been given
    /// enough for this time.
    #[cold]
    fn give_way(&mut self) {
        let waiting = self.recorder.buffers().map_or(0, Buffers::waiting);
        if Haste::of(waiting) == Haste::None {
            let left = Instant::now();
            std::thread::yield_now();
            self.gives_way = left.elapsed() < LONG;
        }
    }

    #[cold]
    fn flush(&mut self) {
        let waiting = self.recorder.buffers().map_or(0, Buffers::waiting);
        self.writer.set_haste(Haste::of(waiting));
        if let Err(error) = self.writer.flush() {
            self.error.get_or_insert(error);
        }
    }
}

impl Sink for Writing<'_> {
    #[inline]
    fn step(&mut self, at: Timestamp, thread: ThreadId, step: Step) {
        self.drained.events += 1;
        if self.writer.take_step(at, thread, step) {
            self.flush();
        }
        if self.gives_way && self.drained.events.is_multiple_of(PIECE) {
            self.give_way();
        }
    }

    fn event(&mut self, event: &Event) {
        match event.kind {
            EventKind::Lost { count } => self.drained.lost += count,
            _ => self.drained.events += 1,
        }
        if self.writer.take(event) {
            self.flush();
        }
    }
}

/// The way that the events of one thread go.
struct Way<'a, S> {
    thread: ThreadId,
    /// The time of the last event that was handed on.
    latest: Tick,
    clock: &'a RealTime,
    templates: &'a [Template],
    sink: &'a mut S,
}

impl<S: Sink> Way<'_, S> {
    #[inline]
    fn hand_on(&mut self, tick: Tick, words: Words, shared: &Shared) {
        // A task that yields is woken as of its last poll, which may have been handed on long ago.
        self.latest = self.latest.max(tick);
        let at = self.clock.timestamp(self.latest);
        match words.step() {
            Some(step) => self.sink.step(at, self.thread, step),
            None => self.hand_on_event(at, words, shared),
        }
    }

    #[inline(never)]
    fn hand_on_event(&mut self, at: Timestamp, words: Words, shared: &Shared) {
        let kind = words.event(self.templates).or_else(|| shared.take_rare());
        if let Some(kind) = kind {
            let thread = self.thread;
            self.sink.event(&Event { at, thread, kind });
        }
    }
}

impl Thread {
    fn new(shared: Arc<Shared>, chunk: Chunk) -> Self {
        Self {
            name: shared.thread,
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
    fn read_next(&mut self, buffers: &Buffers) {
        if self.next.is_none() {
            self.read(buffers, |_, _, _| false);
        }
    }

    /// Hands on the next event and those after it until this time; the one after that is the next.
    fn hand_on_until<S: Sink>(&mut self, until: Tick, buffers: &Buffers, way: &mut Way<'_, S>) {
        if let Some((tick, words)) = self.next.take() {
            way.hand_on(tick, words, &self.shared);
        }
        self.read(buffers, |tick, words, shared| {
            let is_due = tick <= until;
            if is_due {
                way.hand_on(tick, words, shared);
            }
            is_due
        });
    }

    /// Reads events for as long as they are taken; the one that is not is the next.
    #[inline]
    fn read(&mut self, buffers: &Buffers, mut take: impl FnMut(Tick, Words, &Shared) -> bool) {
        while self.read < self.written {
            let chunk = self.chunks.front();
            let chunk = chunk.expect("a chunk is told of before it is written to");
            let most = usize::try_from(self.written - self.read).unwrap_or(usize::MAX);
            let mut words = chunk.words(self.at, most);
            let there = words.len();
            while let Some((first, rest)) = words.split_first() {
                words = rest;
                match First::of(first.load(Ordering::Relaxed)) {
                    First::Nothing => {}
                    First::Time(tick) => self.tick = tick,
                    First::Event {
                        since,
                        word,
                        has_second,
                    } => {
                        let mut second = 0;
                        // Both words of an event are written at once, to the same chunk.
                        if has_second && let Some((more, rest)) = words.split_first() {
                            second = more.load(Ordering::Relaxed);
                            words = rest;
                        }
                        self.tick = Tick(self.tick.0 + since);
                        let event = Words::read(word, second);
                        if !take(self.tick, event, &self.shared) {
                            self.next = Some((self.tick, event));
                            break;
                        }
                    }
                }
            }
            let read = there - words.len();
            self.at += read;
            self.read += read as u64;
            if self.at == chunk.len() {
                self.at = 0;
                if let Some(chunk) = self.chunks.pop_front() {
                    buffers.take_back(chunk);
                }
            }
            if self.next.is_some() {
                break;
            }
        }
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

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn collector() -> (Recorder, Collector) {
        let (recorder, source) = Recorder::real_time(None, 1 << 20);
        (recorder.clone(), Collector::new(recorder, source))
    }

    fn note(recorder: &Recorder) {
        let now = recorder.now().0;
        recorder.record(EventKind::Mark {
            lane: None,
            text: now.to_string().into(),
        });
    }

    /// The times at which a thread's lines were recorded, and the clock readings just before.
    fn lines(events: &[Event], of: u32) -> Vec<(u64, u64)> {
        let lines = events.iter().filter(|event| event.thread == ThreadId(of));
        let lines = lines.filter_map(|event| match &event.kind {
            EventKind::Mark { text, .. } => Some((event.at.0, text.raw().parse().ok()?)),
            _ => None,
        });
        lines.collect()
    }

    /// A heartbeat that is too early would move an event that is handed on after it past the next time that its thread
    /// reads.
    #[test]
    fn no_event_is_older_than_a_heartbeat_before_it() {
        const LINES: usize = 3_000;
        let (recorder, mut collector) = collector();
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let recorder = recorder.clone();
                thread::spawn(move || (0..LINES).for_each(|_| note(&recorder)))
            })
            .collect();
        let mut events = Vec::new();
        let mut beats = 0;
        while threads.iter().any(|thread| !thread.is_finished()) {
            collector.drain_into(&mut events);
            let beat = collector.heartbeat(Duration::ZERO);
            beats += usize::from(beat.is_some());
            events.extend(beat);
        }
        collector.drain_into(&mut events);
        assert!(beats > 0);
        assert!(events.windows(2).all(|pair| pair[0].at <= pair[1].at));
        for thread in 0..2 {
            let lines = lines(&events, thread);
            assert_eq!(lines.len(), LINES);
            assert!(lines.iter().all(|(at, read)| read <= at));
            for pair in lines.windows(2) {
                let ((at, _), (_, read)) = (pair[0], pair[1]);
                assert!(at <= read, "{at} is later than {read}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_and_may_be_missing_holds_no_other_thread_up() {
        // One of these fills a chunk to its last word.
        for before in 0..600 {
            let (recorder, mut collector) = collector();
            let (tell, told) = std::sync::mpsc::channel();
            let (go, gone) = std::sync::mpsc::channel::<()>();
            let other = recorder.clone();
            let thread = thread::spawn(move || {
                (0..before).for_each(|_| note(&other));
                other.record(EventKind::PollSpent {
                    lane: crate::event::LaneId(1),
                    since: None,
                    running: 1,
                    stalled: 0,
                });
                tell.send(()).expect("somebody listens");
                let _ = gone.recv();
            });
            told.recv().expect("the thread tells");
            note(&recorder);
            let events = collector.drain();
            let mut notes = 0;
            for event in events {
                notes += usize::from(matches!(event.kind, EventKind::Mark { .. }));
            }
            assert_eq!(notes, before + 1);
            drop(go);
            thread.join().expect("the thread ends");
        }
    }

    #[test]
    fn a_heartbeat_comes_only_after_silence_and_not_while_paused() {
        let (recorder, mut collector) = collector();
        note(&recorder);
        let last = collector.drain().last().map(|event| event.at);
        assert_eq!(collector.heartbeat(Duration::MAX), None);
        // The margin has passed by the clock.
        let beat = loop {
            assert_eq!(collector.drain(), []);
            if let Some(beat) = collector.heartbeat(Duration::ZERO) {
                break beat;
            }
        };
        assert_eq!(beat.kind, EventKind::Alive);
        assert!(Some(beat.at) > last && beat.at <= collector.now());
        // It counts as the last event.
        assert_eq!(collector.heartbeat(Duration::ZERO), None);
        collector.pause();
        collector.drain();
        assert_eq!(collector.heartbeat(Duration::ZERO), None);
    }
}
