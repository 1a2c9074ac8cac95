//! The collector: takes events out of the recorder and hands them on in batches, in the order of their times.
//!
//! Each thread's events come in their own order. Those of several threads are merged by time, and none is handed on
//! while a thread may still be writing an older one, so that a wake is never behind the poll that it caused. Bound: the
//! processor's counters differ between cores by less than two microseconds.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use crate::event::{Event, EventKind, Step, ThreadId, Timestamp};
use crate::journal::{Reader, Sink};
use crate::probe::executor::builder::Target;
use crate::probe::gate::Gate;
use crate::probe::record::recorder::{Channel, Recorder};
use crate::probe::record::taker::Taker;
use crate::probe::{Builder, DEFAULT_CAPACITY, Executor, Recording};
pub use crate::recording::writing::Drained;
use crate::recording::writing::Writing;
use crate::recording::{self, Writer};

/// The receiving end of a recording.
#[derive(Debug)]
pub struct Collector {
    recorder: Recorder,
    source: From,
}

/// Where events are collected.
#[derive(Debug)]
enum From {
    /// The threads' buffers, through a journal in memory.
    RealTime(Box<Journal>),
    VirtualTime(Receiver<Event>),
}

#[derive(Debug)]
struct Journal {
    taker: Taker,
    reader: Reader,
    bytes: Vec<u8>,
}

impl Collector {
    /// Begins a recording in real time.
    pub(crate) fn real_time(gate: Option<Arc<Gate>>, capacity: usize) -> (Recorder, Self) {
        let (recorder, taker) = Taker::real_time(gate, capacity);
        let source = From::RealTime(Box::new(Journal::new(taker)));
        (recorder.clone(), Self { recorder, source })
    }

    /// Begins a recording in virtual time.
    pub(crate) fn virtual_time(gate: Option<Arc<Gate>>, capacity: usize) -> (Recorder, Self) {
        let (recorder, events) = Recorder::virtual_time(gate, capacity);
        let source = From::VirtualTime(events);
        (recorder.clone(), Self { recorder, source })
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

    /// Returns a heartbeat, [`EventKind::Alive`], if the last event that was handed on is at least `silence` old.
    ///
    /// Its time is that of the last call that took events, or a little earlier, so no event handed on later is older.
    /// Returns none in virtual time, which stands still between two events, and while recording is paused or the program is
    /// held.
    pub fn heartbeat(&mut self, silence: Duration) -> Option<Event> {
        if self.recorder.is_paused() || self.recorder.gate().is_some_and(Gate::holds) {
            return None;
        }
        let From::RealTime(journal) = &mut self.source else {
            return None;
        };
        let reader = &mut journal.reader;
        let at = reader.timestamp(reader.safe());
        let last = reader.latest().map(|last| reader.timestamp(last));
        let last = last.unwrap_or(Timestamp::ZERO);
        if at <= last || at.since(last) < silence {
            return None;
        }
        reader.set_latest(reader.safe());
        Some(Event {
            at,
            thread: ThreadId(0),
            kind: EventKind::Alive,
        })
    }

    /// Returns the events that have come since the last call.
    pub fn drain(&mut self) -> Vec<Event> {
        let mut batch = Vec::new();
        self.drain_each(|event| batch.push(event.clone()));
        batch
    }

    /// Writes the events that have come since the last call to a session log. Tells how many there were.
    ///
    /// # Errors
    ///
    /// Where they cannot be written: see [`Writer::write`]. The events that were not are taken all the same.
    pub fn drain_to(&mut self, writer: &mut Writer) -> Result<Drained, recording::Error> {
        let mut writing = Writing::new(writer);
        self.drain_into_sink(&mut writing);
        writing.finish()
    }

    /// Hands on the events that have come since the last call, one by one: so many at a time take no memory.
    pub fn drain_each(&mut self, hand_on: impl FnMut(&Event)) {
        self.drain_into_sink(&mut HandsEach(hand_on));
    }

    fn drain_into_sink(&mut self, sink: &mut impl Sink) {
        match &mut self.source {
            From::VirtualTime(receiver) => {
                let channel = self.recorder.channel();
                let events = channel.map(|channel: &Channel| channel.take(receiver));
                events.iter().flatten().for_each(|event| sink.event(event));
            }
            From::RealTime(journal) => journal.drain(sink),
        }
    }
}

impl Journal {
    fn new(mut taker: Taker) -> Self {
        let mut bytes = Vec::new();
        taker.begin("".into(), &mut bytes);
        Self {
            taker,
            reader: Reader::default(),
            bytes,
        }
    }

    /// Hands on all that was recorded before this was called.
    fn drain(&mut self, sink: &mut impl Sink) {
        let pass = self.taker.take_all(Duration::MAX, &mut self.bytes);
        let read = self.reader.push(&self.bytes, sink);
        debug_assert!(read.is_ok(), "a journal of our own is readable");
        self.reader.set_safe(pass.safe);
        self.bytes.clear();
    }
}

/// Hands on events as they are.
struct HandsEach<F>(F);

impl<F: FnMut(&Event)> Sink for HandsEach<F> {
    fn step(&mut self, at: Timestamp, thread: ThreadId, step: Step) {
        let kind = step.into();
        self.event(&Event { at, thread, kind });
    }

    fn event(&mut self, event: &Event) {
        (self.0)(event);
    }
}

impl Builder {
    /// An executor whose tasks are recorded, and the collector of their events.
    ///
    /// # Errors
    ///
    /// Where the operating system refuses the runtime's threads or its I/O driver.
    pub fn record(self) -> io::Result<(Executor, Collector)> {
        let (target, collector) = self.collected();
        let executor = self.recording_to(Some(target))?;
        Ok((executor, collector))
    }

    /// Returns what executors of this kind record to, and the collector of their events.
    pub(crate) fn collected(&self) -> (Target, Collector) {
        let (gate, capacity, is_virtual) = self.terms();
        let (recorder, collector) = if is_virtual {
            Collector::virtual_time(gate, capacity)
        } else {
            Collector::real_time(gate, capacity)
        };
        (self.target(recorder), collector)
    }
}

impl Recording {
    /// Begins a recording, and gives the collector of its events.
    pub fn begin() -> (Self, Collector) {
        let (recorder, collector) = Collector::real_time(None, DEFAULT_CAPACITY);
        (Self::new(recorder, None), collector)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn collector() -> (Recorder, Collector) {
        Collector::real_time(None, 1 << 20)
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
            events.extend(collector.drain());
            let beat = collector.heartbeat(Duration::ZERO);
            beats += usize::from(beat.is_some());
            events.extend(beat);
        }
        events.extend(collector.drain());
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
