//! Writes a session log, block by block, on its owner's thread.

use std::fmt;
use std::fs::{File, OpenOptions};
#[cfg(feature = "app")]
use std::io::Seek;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::codec::{Encoded, Encoder};
use super::error::Error;
#[cfg(feature = "app")]
use super::feed::{Feed, Handing};
use super::format::{self, Meta};
#[cfg(feature = "app")]
use super::index::{Bytes, Index};
use super::indexer::Indexer;
use super::overwrite::{overwrite, remove_empty};
#[cfg(feature = "app")]
use super::piece::Stored;
use super::rotation::{Keep, Rotation};
use super::state::Standing;
use crate::event::printable::{self, Printable, printable};
use crate::event::{Event, Step, ThreadId, Timestamp};
#[cfg(feature = "app")]
use crate::journal::Sink as _;
use crate::journal::limit;
use crate::journal::private;

/// Events are written when they have waited for so long. Two frames of 16 ms more, and they are still well within the
/// tenth of a second that is promised.
const PATIENCE: Duration = Duration::from_millis(50);
/// Events are written without waiting when they take so many bytes. They pack the better the more they are.
pub(super) const LARGE: usize = 128 << 10;

/// Records a session.
///
/// The first error ends the recording: it is given once, what was written stays readable, and from then on every call
/// succeeds and does nothing. Dropping it writes what is left, but no end; [`Writer::finish`] does both.
pub struct Writer {
    /// For messages.
    file: Printable<'static>,
    /// None once the recording has ended.
    sink: Option<FileSink>,
    waiting: Encoder,
    /// None if somebody else makes the index.
    indexer: Option<Indexer>,
    rotation: Option<Rotation>,
    /// Hands on what is written, if somebody may want it.
    #[cfg(feature = "app")]
    handing: Option<Handing>,
    /// The index as it is written, if somebody wants it.
    #[cfg(feature = "app")]
    index: Option<Index>,
    /// The last tick before the oldest waiting event came, so that it is never taken for younger than it is.
    waiting_since: Option<Instant>,
    last_tick: Option<Instant>,
    number: u32,
    written: u64,
    end: Timestamp,
}

/// Where blocks go.
struct FileSink {
    output: Box<dyn Write + Send>,
    /// The same file, to cut off a block that was not written whole.
    cut: Option<File>,
    /// The bytes of all that was written whole.
    length: u64,
}

impl Writer {
    /// Starts a recording in a file, which is created with its directories. A session log of that name is overwritten,
    /// any other file is left alone.
    ///
    /// # Errors
    ///
    /// Where the file is there and not a session log, or cannot be created or written.
    pub fn create(path: impl AsRef<Path>, meta: &Meta) -> Result<Self, Error> {
        Self::create_within(path.as_ref(), meta, Standing::default())
    }

    /// Starts a recording of which only the last part is kept, as the flight recorder of a plane does: older files are
    /// called `name.1.aline` and so on, each of them a session of its own.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub fn create_rotating(path: impl AsRef<Path>, meta: &Meta, keep: Keep) -> Result<Self, Error> {
        let path = path.as_ref();
        let rotation = Rotation::new(path, meta, keep);
        rotation.check()?;
        let mut writer = Self::create(path, meta)?;
        writer.rotation = Some(rotation);
        Ok(writer)
    }

    /// Starts a recording in the midst of a session, which stands like this.
    pub(super) fn create_within(
        path: &Path,
        meta: &Meta,
        standing: Standing,
    ) -> Result<Self, Error> {
        let sink = overwrite(path, create)?;
        let file = printable::path(path);
        Self::begin(file, sink, meta, standing).inspect_err(|_| remove_empty(path))
    }

    /// Starts a recording into anything. Each block is handed to it whole, and then flushed.
    ///
    /// # Errors
    ///
    /// Where it cannot be written.
    pub fn new(output: impl Write + Send + 'static, meta: &Meta) -> Result<Self, Error> {
        let sink = FileSink {
            output: Box::new(output),
            cut: None,
            length: 0,
        };
        Self::begin(
            printable("the session log"),
            sink,
            meta,
            Standing::default(),
        )
    }

    /// Starts a recording in a file that is open, and empties it first.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be written.
    #[cfg(feature = "app")]
    pub(super) fn over(file: &File, path: &Path, meta: &Meta) -> Result<Self, Error> {
        let name = printable::path(path);
        let sink = file.set_len(0).and_then(|()| {
            let mut output = file.try_clone()?;
            output.rewind()?;
            Ok(FileSink {
                cut: file.try_clone().ok(),
                output: Box::new(output),
                length: 0,
            })
        });
        let sink = sink.map_err(|why| Error::Write {
            file: name.clone(),
            why,
        })?;
        Self::begin(name, sink, meta, Standing::default())
    }

    fn begin(
        file: Printable<'static>,
        sink: FileSink,
        meta: &Meta,
        standing: Standing,
    ) -> Result<Self, Error> {
        let before = standing.place;
        let mut writer = Self {
            file,
            sink: Some(sink),
            waiting: Encoder::default(),
            indexer: Some(Indexer::begin(standing)),
            rotation: None,
            #[cfg(feature = "app")]
            handing: None,
            #[cfg(feature = "app")]
            index: None,
            waiting_since: None,
            last_tick: None,
            number: 0,
            written: before,
            end: Timestamp::ZERO,
        };
        let first = writer.indexer.as_mut().filter(|_| before > 0);
        let first = first.map(Indexer::part);
        let beginning = beginning(meta, 0, before, writer.end, first.as_deref());
        // The metadata are block 0.
        writer.number = first.is_some().into();
        // In one go: nobody is to see the rest of a session without how it stood before.
        writer.put(&beginning)?;
        Ok(writer)
    }

    /// Hands on the events that are written from now on.
    #[cfg(feature = "app")]
    pub(super) fn hand_on_to(&mut self, feed: Feed) {
        self.handing = Some(Handing::to(feed));
    }

    /// Keeps the index in memory, too.
    #[cfg(feature = "app")]
    pub(super) fn keep_index(&mut self) {
        self.index = Some(Index::default());
    }

    /// Whether it still records: there was no error so far.
    pub fn is_recording(&self) -> bool {
        self.sink.is_some()
    }

    /// Takes in events, in their order. They reach the file with a later [`tick`](Self::tick), or at once where they
    /// are many.
    ///
    /// # Errors
    ///
    /// Where they cannot be written. The recording ends with that.
    pub fn write(&mut self, events: &[Event]) -> Result<(), Error> {
        for event in events {
            if self.take(event) {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// As [`take`](Self::take), of an event that happens at every poll.
    #[inline]
    pub(crate) fn take_step(&mut self, at: Timestamp, thread: ThreadId, step: Step) -> bool {
        #[cfg(feature = "app")]
        if let Some(handing) = &mut self.handing {
            handing.step(at, thread, step);
        }
        self.take_by(|waiting, indexer| {
            waiting.put_step(at, thread, step);
            if let Some(indexer) = indexer {
                indexer.take_step(at, thread, step);
            }
        })
    }

    /// Takes in an event. True where it is time to [`flush`](Self::flush), since so many wait.
    #[inline]
    pub(crate) fn take(&mut self, event: &Event) -> bool {
        #[cfg(feature = "app")]
        if let Some(handing) = &mut self.handing {
            handing.event(event);
        }
        self.take_by(|waiting, indexer| {
            waiting.put(event);
            if let Some(indexer) = indexer {
                indexer.take_event(event);
            }
        })
    }

    #[inline]
    fn take_by(&mut self, put: impl FnOnce(&mut Encoder, Option<&mut Indexer>)) -> bool {
        if self.sink.is_none() {
            return false;
        }
        if self.waiting.events() == 0 {
            self.waiting_since = self.last_tick;
        }
        put(&mut self.waiting, self.indexer.as_mut());
        self.waiting.size() >= LARGE
    }

    /// Notes that it is `now`, and writes what has waited for long. To be called each frame, about every 16 ms: then
    /// whatever was handed over more than a tenth of a second ago is in the file.
    ///
    /// # Errors
    ///
    /// Where it cannot be written. The recording ends with that.
    pub fn tick(&mut self, now: Instant) -> Result<(), Error> {
        self.last_tick = Some(now);
        let waited = |since| now.saturating_duration_since(since) >= PATIENCE;
        if self.waiting_since.is_none_or(waited) {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes all that was taken in.
    ///
    /// # Errors
    ///
    /// Where it cannot be written. The recording ends with that.
    pub fn flush(&mut self) -> Result<(), Error> {
        if self.waiting.events() == 0 {
            return Ok(());
        }
        let encoded = self.waiting.take_events();
        self.put_events(&encoded)
    }

    /// Writes a block of events.
    pub(super) fn put_events(&mut self, encoded: &Encoded) -> Result<(), Error> {
        let block = format::events_block(self.number, self.written, encoded);
        self.put(&block)?;
        #[cfg(feature = "app")]
        if let Some(handing) = &mut self.handing {
            handing.written(self.written);
        }
        self.written += encoded.events;
        self.end = encoded.last;
        if let Some(indexer) = &mut self.indexer {
            indexer.end_block();
        }
        self.put_index(false)?;
        self.rotate()
    }

    /// Goes on in the next file, where it is time for that.
    fn rotate(&mut self) -> Result<(), Error> {
        let (length, end) = (self.sink.as_ref().map_or(0, |sink| sink.length), self.end);
        let rotation = self.rotation.as_ref();
        if !rotation.is_some_and(|rotation| rotation.is_due(length, end)) {
            return Ok(());
        }
        self.end_file()?;
        let standing = self.indexer.take().map(Indexer::into_standing);
        let standing = standing.unwrap_or_default();
        let Some(rotation) = &mut self.rotation else {
            return Ok(());
        };
        let next = rotation.turn(end).and_then(|()| {
            let (path, meta) = (&rotation.path, &rotation.meta);
            Self::create_within(path, meta, standing)
        });
        match next {
            Ok(mut next) => {
                self.sink = next.sink.take();
                self.indexer = next.indexer.take();
                self.number = next.number;
                Ok(())
            }
            Err(error) => {
                self.sink = None;
                Err(error)
            }
        }
    }

    /// Writes the next part of the index, where it is time for one, or `last`.
    fn put_index(&mut self, last: bool) -> Result<(), Error> {
        let Some(indexer) = &mut self.indexer else {
            return Ok(());
        };
        if indexer.is_due() || (last && indexer.has_more()) {
            let part = indexer.part();
            self.put_part(&part)?;
        }
        Ok(())
    }

    /// Writes a part of the index, which describes the end of what was written.
    pub(super) fn put_part(&mut self, part: &[u8]) -> Result<(), Error> {
        let block = format::index_block(self.number, self.written, self.end, part);
        #[cfg(feature = "app")]
        self.keep_part(part, &block);
        self.put(&block)
    }

    /// Adds a part to the index that is kept in memory, before its block is written.
    #[cfg(feature = "app")]
    fn keep_part(&mut self, part: &[u8], block: &[u8]) {
        if let (Some(index), Some(sink), Some(found)) =
            (&mut self.index, &self.sink, format::parse_header(block))
        {
            let offset = sink.length;
            // What was just made is read without fault.
            let _ = index.add(part, Bytes::File(Stored { offset, found }));
        }
    }

    /// Takes the index away: whoever has it writes its parts.
    #[cfg(feature = "app")]
    pub(super) fn take_indexer(&mut self) -> Option<Indexer> {
        self.indexer.take()
    }

    /// Returns its file's name, for messages.
    #[cfg(feature = "app")]
    pub(super) fn file(&self) -> &Printable<'static> {
        &self.file
    }

    /// Writes the block that describes the journal of which this recording is made.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be written.
    #[cfg(feature = "app")]
    pub(super) fn put_origin(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.flush()?;
        let header = format::Header::new(format::ORIGIN, self.number, self.written);
        self.put(&format::block(header, payload))
    }

    /// Writes what is left, and the end.
    ///
    /// # Errors
    ///
    /// Where it cannot be written.
    pub fn finish(mut self) -> Result<(), Error> {
        self.end()
    }

    /// As [`finish`](Self::finish). Returns the index, if it was kept.
    ///
    /// # Errors
    ///
    /// If they cannot be written.
    #[cfg(feature = "app")]
    pub(super) fn finish_with_index(mut self) -> Result<Option<Index>, Error> {
        self.end()?;
        Ok(self.index.take())
    }

    fn end(&mut self) -> Result<(), Error> {
        self.flush()?;
        self.end_file()
    }

    /// Writes the rest of the index, and the end.
    fn end_file(&mut self) -> Result<(), Error> {
        self.put_index(true)?;
        self.put(&format::end_block(self.number, self.written, self.end))
    }

    /// Writes a block, whole or not at all.
    fn put(&mut self, block: &[u8]) -> Result<(), Error> {
        let Some(sink) = &mut self.sink else {
            return Ok(());
        };
        let put = sink.put(block);
        self.number = self.number.wrapping_add(1);
        self.unless_failed(put)
    }

    /// The first error ends the recording.
    fn unless_failed(&mut self, written: io::Result<()>) -> Result<(), Error> {
        written.map_err(|why| {
            self.sink = None;
            let file = self.file.clone();
            Error::Write { file, why }
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Nobody is left to be told of an error, and the reader finds out.
        let _ = self.flush();
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("file", &self.file)
            .field("recording", &self.is_recording())
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

impl FileSink {
    fn put(&mut self, block: &[u8]) -> io::Result<()> {
        let end = self.length + block.len() as u64;
        let may_grow = self
            .cut
            .as_ref()
            .map_or(Ok(()), |file| limit::may_reach(file, end));
        let written = may_grow.and_then(|()| self.output.write_all(block));
        let written = written.and_then(|()| self.output.flush());
        match (&written, &self.cut) {
            (Ok(()), _) => self.length += block.len() as u64,
            // A block in pieces is of no use. Where it cannot be cut off, the reader passes over it.
            (Err(_), Some(file)) => drop(file.set_len(self.length)),
            (Err(_), None) => {}
        }
        written
    }
}

/// How a file begins: with what it says about itself and, where so many events lie before it, how everything stood then.
fn beginning(
    meta: &Meta,
    number: u32,
    before: u64,
    end: Timestamp,
    first: Option<&[u8]>,
) -> Vec<u8> {
    let mut beginning = format::file_header().to_vec();
    let meta = Meta {
        before,
        ..meta.clone()
    };
    beginning.extend(format::metadata_block(&meta, number));
    if let Some(part) = first {
        let number = number.wrapping_add(1);
        beginning.extend(format::index_block(number, before, end, part));
    }
    beginning
}

/// Starts a recording, of which only the last part is kept where that is asked for.
#[cfg(feature = "app")]
pub(crate) fn create_keeping(
    path: &Path,
    meta: &Meta,
    keep: Option<Keep>,
) -> Result<Writer, Error> {
    match keep {
        Some(keep) => Writer::create_rotating(path, meta, keep),
        None => Writer::create(path, meta),
    }
}

fn create(path: &Path) -> io::Result<FileSink> {
    let mut options = private::options();
    open(path, options.write(true).create(true).truncate(true))
}

fn open(path: &Path, options: &OpenOptions) -> io::Result<FileSink> {
    private::create_folders_of(path)?;
    let file = options.open(path)?;
    Ok(FileSink {
        cut: file.try_clone().ok(),
        output: Box::new(file),
        length: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventKind, LaneId, ThreadId};
    use crate::recording::{Damage, Session};

    /// A file on a disk with room for so many more bytes.
    struct Disk(File, usize);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let fitting = &bytes[..bytes.len().min(self.1)];
            if fitting.is_empty() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.1 -= fitting.len();
            self.0.write(fitting)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_block_that_does_not_fit_on_the_disk_is_cut_off() -> Result<(), Box<dyn std::error::Error>>
    {
        let events = [Event {
            at: Timestamp(1),
            thread: ThreadId(0),
            kind: EventKind::PollStarted { lane: LaneId(1) },
        }];
        let mut encoder = Encoder::default();
        encoder.put(&events[0]);
        let block = format::events_block(1, 0, &encoder.take_events()).len();
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("full.aline");
        for room in block..2 * block {
            let mut writer = Writer::create(&path, &Meta::default())?;
            let sink = writer.sink.take().ok_or("there is no sink")?;
            let file = sink.cut.as_ref().ok_or("there is no file")?.try_clone()?;
            let output = Box::new(Disk(file, room));
            writer.sink = Some(FileSink { output, ..sink });

            writer.write(&events)?;
            writer.flush()?;
            writer.write(&events)?;
            assert!(writer.flush().is_err(), "with room for {room} bytes");
            assert!(!writer.is_recording());
            writer.finish()?;

            let session = Session::open(&path)?;
            assert_eq!(session.events, events);
            assert_eq!(session.damage, [Damage::NoEnd], "nothing is torn");
        }
        Ok(())
    }
}
