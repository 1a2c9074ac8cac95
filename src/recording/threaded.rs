//! Writes a session log on two threads, for whoever reads events faster than one thread writes them.
//!
//! The caller encodes events and makes the index, another thread packs and writes both.

use std::fmt;
use std::io;
use std::panic::resume_unwind;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::{self, JoinHandle};

use super::codec::{Encoded, Encoder};
use super::error::Error;
use super::indexer::Indexer;
use super::writer::{LARGE, Writer};
use crate::event::{Event, Step, ThreadId, Timestamp};
use crate::journal::Sink;

/// Number of blocks that may wait for the thread.
const AHEAD: usize = 4;

/// Writes a session log on two threads: the same bytes as a [`Writer`] that is never in a hurry.
///
/// The first error ends the recording: it is returned once, by the next [`flush`](Self::flush) or by
/// [`finish`](Self::finish). From then on every call succeeds and does nothing.
pub(crate) struct ThreadedWriter {
    waiting: Encoder,
    indexer: Indexer,
    /// The first error of writing what was taken in as a [`Sink`], until it is returned.
    error: Option<Error>,
    /// None once the recording has ended.
    thread: Option<WriterThread>,
}

/// The thread that packs and writes.
struct WriterThread {
    made: SyncSender<Made>,
    writing: JoinHandle<Result<Writer, Error>>,
}

/// What is written.
enum Made {
    Events(Encoded),
    Part(Vec<u8>),
}

impl ThreadedWriter {
    /// Continues a recording.
    ///
    /// # Errors
    ///
    /// If what was taken in cannot be written, or no thread can be started.
    pub(crate) fn of(mut writer: Writer) -> Result<Self, Error> {
        writer.flush()?;
        let indexer = writer.take_indexer().unwrap_or_default();
        let file = writer.file().clone();
        let thread = WriterThread::start(writer).map_err(|why| Error::Write { file, why })?;
        Ok(Self {
            waiting: Encoder::default(),
            indexer,
            error: None,
            thread: Some(thread),
        })
    }

    /// Takes in an event. Returns `true` if it is time to [`flush`](Self::flush).
    pub(crate) fn take(&mut self, event: &Event) -> bool {
        self.waiting.put(event);
        self.indexer.take_event(event);
        self.waiting.size() >= LARGE
    }

    /// Hands on the events that were taken in, as a block. Waits while too many blocks are to be written.
    ///
    /// # Errors
    ///
    /// If an earlier block cannot be written. The recording ends.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        self.check()?;
        if self.waiting.events() == 0 {
            return Ok(());
        }
        let block = self.waiting.take_events();
        self.indexer.end_block();
        self.put(Made::Events(block))?;
        if self.indexer.is_due() {
            self.put_part()?;
        }
        Ok(())
    }

    fn put_part(&mut self) -> Result<(), Error> {
        let part = self.indexer.part();
        self.put(Made::Part(part))
    }

    fn put(&mut self, made: Made) -> Result<(), Error> {
        match &self.thread {
            Some(thread) if thread.made.send(made).is_err() => self.join().map(drop),
            _ => Ok(()),
        }
    }

    /// Returns the first error of writing what was taken in as a [`Sink`].
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        self.error.take().map_or(Ok(()), Err)
    }

    #[cold]
    fn hand_on(&mut self) {
        if let Err(error) = self.flush() {
            self.error = Some(error);
        }
    }

    /// Writes all events that were taken in, and the end.
    ///
    /// # Errors
    ///
    /// If they cannot be written.
    pub(crate) fn finish(self) -> Result<(), Error> {
        self.into_writer()?.map_or(Ok(()), Writer::finish)
    }

    /// Writes all events that were taken in. Returns the writer, which lacks the end; none if the recording has ended.
    ///
    /// # Errors
    ///
    /// If they cannot be written.
    pub(crate) fn into_writer(mut self) -> Result<Option<Writer>, Error> {
        self.put_rest()?;
        self.join()
    }

    /// Hands on all events that were taken in, and the rest of the index.
    fn put_rest(&mut self) -> Result<(), Error> {
        self.flush()?;
        if self.indexer.has_more() {
            self.put_part()?;
        }
        Ok(())
    }

    /// Waits until all blocks are written.
    fn join(&mut self) -> Result<Option<Writer>, Error> {
        let Some(thread) = self.thread.take() else {
            return Ok(None);
        };
        drop(thread.made);
        let written = thread.writing.join();
        written
            .unwrap_or_else(|panic| resume_unwind(panic))
            .map(Some)
    }
}

impl Sink for ThreadedWriter {
    #[inline]
    fn step(&mut self, at: Timestamp, thread: ThreadId, step: Step) {
        self.waiting.put_step(at, thread, step);
        self.indexer.take_step(at, thread, step);
        if self.waiting.size() >= LARGE {
            self.hand_on();
        }
    }

    fn event(&mut self, event: &Event) {
        if self.take(event) {
            self.hand_on();
        }
    }
}

impl Drop for ThreadedWriter {
    fn drop(&mut self) {
        if !thread::panicking() {
            // Nobody is left to be told of an error.
            let _ = self.put_rest();
            let _ = self.join();
        }
    }
}

impl fmt::Debug for ThreadedWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadedWriter").finish_non_exhaustive()
    }
}

impl WriterThread {
    fn start(writer: Writer) -> io::Result<Self> {
        let (made, blocks) = mpsc::sync_channel(AHEAD);
        let name = crate::text::threads::name("writing");
        let thread = thread::Builder::new().name(name);
        let writing = thread.spawn(move || write(writer, &blocks))?;
        Ok(Self { made, writing })
    }
}

fn write(mut writer: Writer, made: &Receiver<Made>) -> Result<Writer, Error> {
    for now in made {
        match now {
            Made::Events(encoded) => writer.put_events(&encoded)?,
            Made::Part(part) => writer.put_part(&part)?,
        }
    }
    Ok(writer)
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use proptest::prelude::*;

    use super::*;
    use crate::event::arbitrary;
    use crate::recording::{Damage, Meta, Session};

    /// Memory with room for a number of bytes.
    #[derive(Clone)]
    struct Output(Arc<Mutex<Vec<u8>>>, usize);

    impl Output {
        fn of(room: usize) -> Self {
            Self(Arc::default(), room)
        }
    }

    impl Write for Output {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut written = self.0.lock().unwrap();
            if written.len() + bytes.len() > self.1 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            written.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Writes events in blocks, and the end.
    fn write(output: &Output, events: &[Event], block: usize) -> Result<(), Error> {
        let mut writer = Writer::new(output.clone(), &Meta::default())?;
        for events in events.chunks(block) {
            writer.write(events)?;
            writer.flush()?;
        }
        writer.finish()
    }

    fn write_threaded(output: &Output, events: &[Event], block: usize) -> Result<(), Error> {
        let mut writer = ThreadedWriter::of(Writer::new(output.clone(), &Meta::default())?)?;
        for events in events.chunks(block) {
            for event in events {
                writer.take(event);
            }
            writer.flush()?;
        }
        writer.finish()
    }

    proptest! {
        #[test]
        fn the_bytes_are_those_of_one_thread(events in arbitrary::events(200), block in 1..40_usize) {
            let (one, several) = (Output::of(usize::MAX), Output::of(usize::MAX));
            write(&one, &events, block).unwrap();
            write_threaded(&several, &events, block).unwrap();
            prop_assert_eq!(&*one.0.lock().unwrap(), &*several.0.lock().unwrap());
        }

        #[test]
        fn an_error_is_returned_once_and_leaves_what_was_written(
            events in arbitrary::events(200), block in 1..40_usize, percent in 1..100_usize,
        ) {
            let all = Output::of(usize::MAX);
            write(&all, &events, block).unwrap();
            let all = all.0.lock().unwrap();
            let few = Output::of((all.len() * percent / 100).max(200));
            if few.1 < all.len() {
                prop_assert!(write_threaded(&few, &events, block).is_err());
            }
            prop_assert!(all.starts_with(&few.0.lock().unwrap()));
        }

        #[test]
        fn dropping_it_writes_all_events_and_no_end(events in arbitrary::events(200)) {
            let output = Output::of(usize::MAX);
            let writer = Writer::new(output.clone(), &Meta::default()).unwrap();
            let mut writer = ThreadedWriter::of(writer).unwrap();
            for event in &events {
                writer.take(event);
            }
            drop(writer);
            let session = Session::read(&output.0.lock().unwrap()).unwrap();
            prop_assert_eq!(session.events, events);
            prop_assert_eq!(session.damage, [Damage::NoEnd]);
        }
    }
}
