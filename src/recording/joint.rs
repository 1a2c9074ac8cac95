//! Several session files that are being written, as one that is written, too.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use super::archive::Archive;
use super::codec::Texts;
use super::edit::Shift;
use super::error::Error;
use super::format::Meta;
use super::log::Log;
use super::writer::Writer;
use crate::event::{Event, EventKind, ThreadId, Timestamp};
use crate::timeline::{Lane, LaneKind};

/// So long an event is waited for that may be older than what the others have. Programs tell what happens within that.
const LATE: Duration = Duration::from_millis(200);

/// Several sessions that are being written, and become one as they do: on the time axis of the clock on the wall, each
/// under its own runtime.
#[derive(Debug)]
pub(crate) struct Joint {
    parts: Vec<JointPart>,
    /// When the first of them began.
    start: SystemTime,
    writer: Writer,
}

/// One of several sessions that become one.
#[derive(Debug)]
struct JointPart {
    log: Log,
    /// How many of its pieces were read.
    read: usize,
    shift: Shift,
    texts: Texts,
    next: VecDeque<Event>,
    /// The time of the last event that came.
    last: Timestamp,
}

impl Joint {
    /// Begins to join the sessions in these files, which have these names, into a new one.
    ///
    /// # Errors
    ///
    /// Where a file cannot be read or written.
    pub(crate) fn begin(files: &[(&Path, String)], into: &Path) -> Result<Self, Error> {
        let mut parts = Vec::new();
        let mut starts = Vec::new();
        for (number, (file, name)) in (0..).zip(files) {
            let archive = Archive::open(file, |_| {})?;
            let unreadable = |error| Error::read(file, error);
            // What had not ended before its first event that is here began there, as far as this tells.
            let first = archive.first();
            let before = archive.before(first).map_err(unreadable)?;
            starts.push(archive.log.meta.start);
            let standing = before.timeline.lanes().filter(|lane| lane.end.is_none());
            parts.push(JointPart {
                next: standing
                    .filter_map(|lane| begun(lane, before.timeline.end()))
                    .collect(),
                log: archive.log,
                read: 0,
                shift: Shift::interleaved(
                    name.clone(),
                    number,
                    u32::try_from(files.len()).unwrap_or(u32::MAX),
                ),
                texts: Texts::default(),
                last: Timestamp::ZERO,
            });
        }
        let start = starts
            .iter()
            .min()
            .copied()
            .unwrap_or(SystemTime::UNIX_EPOCH);
        for (part, began) in parts.iter_mut().zip(starts) {
            part.shift
                .later(began.duration_since(start).unwrap_or_default());
            let shift = &part.shift;
            part.next = part
                .next
                .drain(..)
                .map(|event| shift.event(event))
                .collect();
        }
        let names: Vec<&str> = files.iter().map(|(_, name)| name.as_str()).collect();
        let writer = Writer::create(into, &Meta::new(names.join(" + "), "", start))?;
        Ok(Self {
            parts,
            start,
            writer,
        })
    }

    /// Takes in what was written since; `over` says which of the sessions will not go on.
    ///
    /// # Errors
    ///
    /// Where a file cannot be read or written.
    pub(crate) fn advance(&mut self, over: &[bool]) -> Result<(), Error> {
        let now = SystemTime::now()
            .duration_since(self.start)
            .unwrap_or_default();
        let sure = Timestamp::ZERO.after(now.saturating_sub(LATE));
        let mut until = Timestamp(u64::MAX);
        for (part, is_over) in self.parts.iter_mut().zip(over) {
            part.read()
                .map_err(|why| Error::read(Path::new(&part.shift.name), why))?;
            if !is_over {
                until = until.min(part.last.max(sure));
            }
        }
        while let Some(part) = self.earliest(until) {
            if let Some(event) = self.parts[part].next.pop_front()
                && self.writer.take(&event)
            {
                self.writer.flush()?;
            }
        }
        self.writer.flush()?;
        self.writer.tick(Instant::now())
    }

    /// Writes the end.
    ///
    /// # Errors
    ///
    /// Where the file cannot be written.
    pub(crate) fn finish(self) -> Result<(), Error> {
        self.writer.finish()
    }

    /// The session whose next event is the earliest, if that is not later than `until`.
    fn earliest(&self, until: Timestamp) -> Option<usize> {
        let next = self.parts.iter().enumerate();
        let next = next.filter_map(|(part, of)| Some((of.next.front()?.at, part)));
        let (at, part) = next.min()?;
        (at <= until).then_some(part)
    }
}

impl JointPart {
    fn read(&mut self) -> io::Result<()> {
        self.log.advance()?;
        while self.read < self.log.pieces.len() {
            let loaded = self.log.load(self.read)?;
            self.read += 1;
            let (shift, next) = (&self.shift, &mut self.next);
            loaded.each(&mut self.texts, |item, _| {
                next.push_back(shift.event(item.into()));
            });
        }
        if let Some(event) = self.next.back() {
            self.last = self.last.max(event.at);
        }
        Ok(())
    }
}

/// A task that had begun before what is there of its session.
fn begun(lane: &Lane, at: Timestamp) -> Option<Event> {
    let kind = match lane.kind {
        LaneKind::Runtime(flavor) => EventKind::RuntimeEntered {
            runtime: lane.id,
            flavor,
            io: true,
        },
        LaneKind::Task(kind) => EventKind::Spawned {
            lane: lane.id,
            name: lane.name.clone(),
            parent: lane.parent,
            kind,
            site: lane.site.clone(),
        },
        LaneKind::Branch(of) => EventKind::BranchStarted {
            lane: lane.id,
            name: lane.name.clone(),
            parent: lane.parent?,
            of,
            site: lane.site.clone(),
        },
        LaneKind::Coroutine => return None,
    };
    let thread = ThreadId::default();
    Some(Event { at, thread, kind })
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Timeline;
    use crate::event::{LaneId, TaskKind, arbitrary};
    use crate::recording::{Session, edit};

    fn writer(path: &Path, start: SystemTime) -> Writer {
        Writer::create(path, &Meta::new("", "", start)).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// However they are written, piece by piece, sessions that are joined become what they become when they are
        /// merged once they are whole.
        #[test]
        fn joining_is_merging(
            one in arbitrary::events(60), other in arbitrary::events(60), at_a_time in 1..20_usize, later in 0..100_u64,
        ) {
            let directory = tempfile::tempdir().unwrap();
            let path = |name: &str| directory.path().join(name);
            let (a, b) = (path("a.aline"), path("b.aline"));
            let start = SystemTime::UNIX_EPOCH;
            let mut writers = [writer(&a, start), writer(&b, start + Duration::from_nanos(later))];
            let files = [(a.as_path(), "a".to_owned()), (b.as_path(), "b".to_owned())];
            let mut joint = Joint::begin(&files, &path("joint.aline")).unwrap();
            let (mut ones, mut others) = (one.chunks(at_a_time), other.chunks(at_a_time));
            loop {
                let next = [ones.next(), others.next()];
                for (writer, events) in writers.iter_mut().zip(next) {
                    writer.write(events.unwrap_or_default()).unwrap();
                    writer.flush().unwrap();
                }
                if next == [None, None] {
                    break;
                }
            }
            for writer in writers {
                writer.finish().unwrap();
            }
            joint.advance(&[true, true]).unwrap();
            joint.finish().unwrap();
            let merged = path("merged.aline");
            let archives = [&a, &b].map(|file| (file.clone(), Archive::open(file, |_| {}).unwrap()));
            edit::merge(archives.into(), &merged).unwrap();
            let times = |file: &Path| {
                let events = Session::open(file).unwrap().events;
                events.iter().map(|event| event.at).collect::<Vec<_>>()
            };
            prop_assert_eq!(times(&path("joint.aline")), times(&merged));
        }
    }

    #[test]
    fn lanes_of_several_programs_stay_apart() -> Result<(), Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        let path = |name: &str| directory.path().join(name);
        let root = |name: &'static str| Event {
            at: Timestamp(5),
            thread: ThreadId(0),
            kind: EventKind::Spawned {
                lane: LaneId(1),
                name: name.into(),
                parent: None,
                kind: TaskKind::Root,
                site: None,
            },
        };
        let mut files = Vec::new();
        for name in ["server", "client"] {
            let file = path(name);
            let mut writer = writer(&file, SystemTime::UNIX_EPOCH);
            writer.write(&[root("main")])?;
            writer.finish()?;
            files.push((file, name.to_owned()));
        }
        let files: Vec<_> = files
            .iter()
            .map(|(file, name)| (file.as_path(), name.clone()))
            .collect();
        let mut joint = Joint::begin(&files, &path("joint.aline"))?;
        joint.advance(&[true, true])?;
        joint.finish()?;
        let session = Session::open(path("joint.aline"))?;
        assert_eq!(session.meta.title, "server + client");
        let timeline: Timeline = session.events.iter().collect();
        let names: Vec<&str> = timeline.lanes().map(|lane| lane.name.raw()).collect();
        assert_eq!(names, ["server: main", "client: main"]);
        Ok(())
    }
}
