//! New session files from others: a part of one, several in one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::archive::Archive;
use super::error::Error;
use super::format::Meta;
use super::threaded::ThreadedWriter;
use super::writer::Writer;
use crate::event::{Awaited, Event, EventKind, LaneId, TaskKind, ThreadId, Timestamp};

/// Writes what happened from a time to another into a file of its own; how many events that were.
///
/// # Errors
///
/// Where a file cannot be read or written.
pub(crate) fn cut(
    file: &Path,
    archive: &mut Archive,
    from: Timestamp,
    to: Timestamp,
    into: &Path,
) -> Result<u64, Error> {
    let unreadable = |error| Error::read(file, error);
    let before = Timestamp(from.0.saturating_sub(1));
    let place = match from {
        Timestamp::ZERO => archive.first(),
        _ => archive.place_of(before).map_err(unreadable)?,
    };
    let mut base = archive.stretch(place, 0, 0).map_err(unreadable)?.base;
    base.timeline.lanes.drop_ended();
    let meta = archive.log.meta.clone();
    let writer = Writer::create_within(into, &meta, base)?;
    let mut writer = ThreadedWriter::of(writer)?;
    let mut count = 0;
    for event in archive.events_from(place) {
        let event = event.map_err(unreadable)?;
        if event.at > to {
            break;
        }
        count += u64::from(event.kind.is_counted());
        if writer.take(&event) {
            writer.flush()?;
        }
    }
    writer.finish()?;
    Ok(count)
}

/// One of several sessions that become one.
struct EditedPart {
    file: PathBuf,
    archive: Archive,
    /// The nanoseconds by which it began later than the first.
    later: u64,
    /// By how much its lanes' numbers and its threads' grow, so that they differ from the others'.
    lanes: u64,
    threads: u32,
}

/// Writes several sessions into one file, on the time axis of the clock on the wall; how many events that were. Each stands
/// under its own runtime, whose root task has its file's name before its own.
///
/// # Errors
///
/// Where a file cannot be read or written.
pub(crate) fn merge(files: Vec<(PathBuf, Archive)>, into: &Path) -> Result<u64, Error> {
    let starts = files.iter().map(|(_, archive)| archive.log.meta.start);
    let Some(start) = starts.min() else {
        return Ok(0);
    };
    let (mut lanes, mut threads) = (0_u64, 0_u32);
    let mut parts = Vec::new();
    for (file, mut archive) in files {
        let since = archive
            .log
            .meta
            .start
            .duration_since(start)
            .unwrap_or_default();
        let end = archive.end().map_err(|error| Error::read(&file, error))?;
        let most = end.timeline.lanes().map(|lane| lane.id.0).max();
        let used = end.timeline.threads().len();
        parts.push(EditedPart {
            file,
            archive,
            later: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
            lanes,
            threads,
        });
        lanes = lanes.saturating_add(most.unwrap_or(0)).saturating_add(1);
        threads = threads.saturating_add(u32::try_from(used).unwrap_or(u32::MAX));
    }
    let titles: Vec<String> = parts.iter().map(EditedPart::name).collect();
    let writer = Writer::create(into, &Meta::new(titles.join(" + "), "", start))?;
    let mut writer = ThreadedWriter::of(writer)?;
    let mut count = 0;
    let mut sources: Vec<_> = parts.iter_mut().map(EditedPart::events).collect();
    let mut next = Vec::new();
    for source in &mut sources {
        next.push(source.next().transpose()?);
    }
    // The earliest of all, and of those the one that was named first.
    let earliest = |next: &[Option<Event>]| {
        let ahead = next.iter().enumerate();
        let ahead = ahead.filter_map(|(source, event)| Some((event.as_ref()?.at, source)));
        ahead.min().map(|(_, source)| source)
    };
    while let Some(source) = earliest(&next) {
        let following = sources[source].next().transpose()?;
        if let Some(event) = std::mem::replace(&mut next[source], following) {
            count += u64::from(event.kind.is_counted());
            if writer.take(&event) {
                writer.flush()?;
            }
        }
    }
    writer.finish()?;
    Ok(count)
}

impl EditedPart {
    /// What it is called.
    fn name(&self) -> String {
        let name = self.file.file_stem().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// Its events as those of a part.
    fn events(&mut self) -> impl Iterator<Item = Result<Event, Error>> {
        let file = self.file.clone();
        let first = self.archive.first();
        let shift = Shift {
            later: self.later,
            times: 1,
            lanes: self.lanes,
            threads: self.threads,
            name: self.name(),
        };
        let events = self.archive.events_from(first);
        events.map(move |event| match event {
            Ok(event) => Ok(shift.event(event)),
            Err(error) => Err(Error::read(&file, error)),
        })
    }
}

/// How the events of one session become those of a part of another.
#[derive(Debug)]
pub(super) struct Shift {
    later: u64,
    /// The numbers of lanes and threads grow by these, after they were taken so many times.
    times: u32,
    lanes: u64,
    threads: u32,
    pub(super) name: String,
}

impl Shift {
    /// Of one of so many sessions, of which each gets every so-manieth number.
    pub(super) fn interleaved(name: String, number: u32, of: u32) -> Self {
        Self {
            later: 0,
            times: of,
            lanes: number.into(),
            threads: number,
            name,
        }
    }

    /// Says by how much later than the first it began.
    pub(super) fn later(&mut self, by: Duration) {
        self.later = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
    }

    fn time(&self, at: Timestamp) -> Timestamp {
        Timestamp(at.0.saturating_add(self.later))
    }

    fn lane(&self, LaneId(lane): LaneId) -> LaneId {
        let times = lane.saturating_mul(self.times.into());
        LaneId(times.saturating_add(self.lanes))
    }

    pub(super) fn event(&self, event: Event) -> Event {
        let thread = event.thread.0.saturating_mul(self.times);
        Event {
            at: self.time(event.at),
            thread: ThreadId(thread.saturating_add(self.threads)),
            kind: self.kind(event.kind),
        }
    }

    fn kind(&self, mut kind: EventKind) -> EventKind {
        kind.map_lanes(|lane| self.lane(lane));
        match &mut kind {
            EventKind::Spawned {
                name,
                kind: TaskKind::Root,
                ..
            } => *name = format!("{}: {}", self.name, name.raw()).into(),
            EventKind::AwaitEntered {
                on: Some(Awaited::Until(until)),
                ..
            } => *until = self.time(*until),
            _ => {}
        }
        kind
    }
}
