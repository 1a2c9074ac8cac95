//! How fast a recording is read: dial9's by what dial9 offers for it, asyncline's by what asyncline does.
//!
//! Both record the same workload, about as many events each. The files, which lie in the system's cache, are then read
//! by each reader in turns. Rates are told in events of the tool's own; since what counts as an event differs, polls are
//! told, too, of which both recorded each.

use std::fs;
use std::hint::black_box;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use asyncline::event::EventKind;
use asyncline::recording::Session;
use dial9::analysis::TraceReader;
use dial9::analysis::analysis_events::Dial9Event;
use dial9::format::Decoder;
use dial9::format::decoder::DecodedFrame;
use tempfile::TempDir;

use crate::dial9::{Dial9, files};
use crate::harness::workload::Workload;
use crate::harness::tool::{Spawn, Tool};
use crate::reading::{Times, cut_index, open, rate, read_all, record_events};

const USAGE: &str = "\
Measures how fast dial9's recordings are read, and asyncline's.

  --json   one JSON line for each reader
  --quick  a few seconds, and noisier";

const WORKLOAD: Workload = Workload::Yield;

/// How much is measured.
struct Plan {
    events: u64,
    rounds: usize,
}

const FULL: Plan = Plan {
    events: 2_000_000,
    rounds: 11,
};
const QUICK: Plan = Plan {
    events: 300_000,
    rounds: 3,
};

/// What a tool recorded.
#[derive(Clone, Copy)]
struct Recorded {
    tool: &'static str,
    events: u64,
    polls: u64,
    bytes: u64,
}

/// A way to read a recording.
struct Reader<'a> {
    name: &'static str,
    of: Recorded,
    /// Reads it once, notes how long that took, and tells how many events there were.
    read: Read<'a>,
    times: Times,
}

pub fn main() -> ExitCode {
    let (mut quick, mut json) = (false, false);
    for word in std::env::args().skip(2) {
        match word.as_str() {
            "--help" | "-h" => {
                println!("{USAGE}");
                return ExitCode::SUCCESS;
            }
            "--quick" => quick = true,
            "--json" => json = true,
            other => {
                eprintln!("'{other}' is not known here\n\n{USAGE}");
                return ExitCode::from(2);
            }
        }
    }
    match run(if quick { &QUICK } else { &FULL }, json) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(plan: &Plan, json: bool) -> io::Result<()> {
    let directory = record_dial9(plan.events)?;
    let segments = files(directory.path())?;
    let theirs = recorded_by_dial9(&segments)?;
    let directory = tempfile::tempdir()?;
    let [whole, bare] = ["whole.aline", "bare.aline"].map(|name| directory.path().join(name));
    record_events(WORKLOAD, plan.events, &whole)?;
    cut_index(&whole, &bare)?;
    let ours = recorded_by_asyncline(&whole)?;
    let reader = |name, of, read| Reader {
        name,
        of,
        read,
        times: Times::default(),
    };
    let mut readers: [Reader; 7] = [
        reader(VISITED, theirs, by(|| of_all(&segments, visit))),
        reader(OWNED, theirs, by(|| of_all(&segments, own))),
        reader(TYPED, theirs, by(|| of_all(&segments, typed))),
        reader(ANALYSED, theirs, by(|| of_all(&segments, analysed))),
        reader(ALL, ours, by(|| all_events(&whole))),
        reader(UNINDEXED, ours, by(|| Ok((open(&bare)?, ())))),
        reader(INDEXED, ours, by(|| Ok((open(&whole)?, ())))),
    ];
    for _ in 0..plan.rounds {
        for reader in &mut readers {
            reader.once()?;
        }
    }
    if json {
        readers
            .iter()
            .for_each(|reader| println!("{}", reader.json()));
        return Ok(());
    }
    println!("recorded: {} on one thread", WORKLOAD.name());
    for recorded in [theirs, ours] {
        println!("{}", recorded.text());
    }
    println!("\n{HEAD}");
    for reader in &readers {
        println!("{}", reader.text());
    }
    for (what, compared) in COMPARED {
        println!("\n{what}; how many times as fast, by events and by polls:");
        for (one, other) in compared {
            let find = |name: &str| readers.iter().find(|reader| reader.name == name);
            if let Some((one, other)) = find(one).zip(find(other)) {
                println!("{}", one.against(other));
            }
        }
    }
    Ok(())
}

const VISITED: &str = "dial9: Decoder::for_each_event, nothing kept";
const OWNED: &str = "dial9: Decoder::decode_all, owned frames";
const TYPED: &str = "dial9: for_each_event, deserialized and kept";
const ANALYSED: &str = "dial9: analysis::TraceReader, kept twice";
const ALL: &str = "asyncline: Session::open, typed events kept";
const UNINDEXED: &str = "asyncline: opened, no index: all is read";
const INDEXED: &str = "asyncline: opened with its index";

type Pairs = &'static [(&'static str, &'static str)];

/// What is compared, in words, and by which readers.
const COMPARED: [(&str, Pairs); 3] = [
    (
        "All events in memory, as a program works with them",
        &[(ALL, TYPED), (ALL, ANALYSED), (ALL, OWNED)],
    ),
    (
        "All events gone through (by asyncline, also folded into lanes and an index)",
        &[(UNINDEXED, VISITED)],
    ),
    (
        "Not the same work: asyncline reads what it needs to show the end, dial9 has no index and reads all",
        &[(INDEXED, VISITED), (INDEXED, TYPED)],
    ),
];

const HEAD: &str =
    "reader                                              ms    M events/s (best)    M polls/s";

type Read<'a> = Box<dyn Fn(&mut Times) -> io::Result<u64> + 'a>;

/// What reads a recording, measured. To drop what it keeps takes time that does not count.
fn by<'a, T>(read: impl Fn() -> io::Result<(u64, T)> + 'a) -> Read<'a> {
    Box::new(move |times| {
        let (events, kept) = times.take(&read)?;
        drop(kept);
        Ok(events)
    })
}

fn all_events(file: &Path) -> io::Result<(u64, Session)> {
    let session = read_all(file)?;
    Ok((session.events.len() as u64, session))
}

/// Records about so many events with dial9.
fn record_dial9(events: u64) -> io::Result<TempDir> {
    /// So many operations tell how many events each of them is.
    const SAMPLE: u64 = 64 * 1024;
    let record = |operations| {
        let tool = Dial9::new(1)?;
        let spawn = tool.spawner();
        tool.block_on(async {
            let work = WORKLOAD.run(spawn.clone(), operations);
            spawn.spawn(work).await
        })??;
        io::Result::Ok(tool.end())
    };
    let sample = record(WORKLOAD.rounded(SAMPLE))?;
    let made = recorded_by_dial9(&files(sample.path())?)?.events.max(1);
    let operations = events as f64 / made as f64 * SAMPLE as f64;
    record(WORKLOAD.rounded(operations as u64))
}

fn recorded_by_dial9(segments: &[PathBuf]) -> io::Result<Recorded> {
    let (mut events, mut polls, mut bytes) = (0, 0, 0);
    for segment in segments {
        let data = fs::read(segment)?;
        bytes += data.len() as u64;
        let mut decoder = decoder(&data)?;
        let read = decoder.for_each_event(|event| {
            events += 1;
            polls += u64::from(event.name == "PollEndEvent");
        });
        read.map_err(malformed)?;
    }
    Ok(Recorded {
        tool: "dial9",
        events,
        polls,
        bytes,
    })
}

fn recorded_by_asyncline(file: &Path) -> io::Result<Recorded> {
    let events = read_all(file)?.events;
    let ended = events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::PollEnded { .. }));
    Ok(Recorded {
        tool: "asyncline",
        polls: ended.count() as u64,
        events: events.len() as u64,
        bytes: file.metadata()?.len(),
    })
}

/// What a reader keeps of all segments, and how many events it read. It is not dropped before all were read.
fn of_all<T>(
    segments: &[PathBuf],
    read: impl Fn(&Path) -> io::Result<(u64, T)>,
) -> io::Result<(u64, Vec<T>)> {
    let mut events = 0;
    let mut kept = Vec::new();
    for segment in segments {
        let (count, what) = read(segment)?;
        events += count;
        kept.push(what);
    }
    Ok((events, kept))
}

fn visit(segment: &Path) -> io::Result<(u64, ())> {
    let data = fs::read(segment)?;
    let mut events = 0;
    let read = decoder(&data)?.for_each_event(|event| {
        black_box((event.name, event.timestamp_ns, event.fields));
        events += 1;
    });
    read.map_err(malformed)?;
    Ok((events, ()))
}

fn own(segment: &Path) -> io::Result<(u64, Vec<DecodedFrame>)> {
    let data = fs::read(segment)?;
    let frames = decoder(&data)?.decode_all();
    let events = frames.iter();
    let events = events.filter(|frame| matches!(frame, DecodedFrame::Event { .. }));
    Ok((events.count() as u64, frames))
}

/// As dial9's example of an analysis does.
fn typed(segment: &Path) -> io::Result<(u64, Vec<Dial9Event>)> {
    let data = fs::read(segment)?;
    let mut events = Vec::new();
    let mut failed = None;
    let read = decoder(&data)?.for_each_event(|event| match event.deserialize() {
        Ok(event) => events.push(event),
        Err(error) => failed = Some(error),
    });
    read.map_err(malformed)?;
    match failed {
        None => Ok((events.len() as u64, events)),
        Some(error) => Err(malformed(error)),
    }
}

fn analysed(segment: &Path) -> io::Result<(u64, TraceReader)> {
    let path = segment.to_str().ok_or(io::ErrorKind::InvalidFilename)?;
    let reader = TraceReader::new(path)?;
    Ok((reader.all_events.len() as u64, reader))
}

fn decoder(data: &[u8]) -> io::Result<Decoder<'_>> {
    Decoder::new(data).ok_or_else(|| io::Error::other("dial9's file is none of its own"))
}

fn malformed(error: impl std::fmt::Display) -> io::Error {
    io::Error::other(error.to_string())
}

impl Recorded {
    fn text(&self) -> String {
        let Self {
            tool,
            events,
            polls,
            bytes,
        } = self;
        let each = *bytes as f64 / (*events).max(1) as f64;
        let per_poll = *bytes as f64 / (*polls).max(1) as f64;
        format!(
            "{tool:<10} {events:>8} events, {polls:>8} polls, {bytes:>9} bytes: {each:.2} per event, {per_poll:.2} per poll"
        )
    }
}

impl Reader<'_> {
    /// Reads all, and notes how long that took.
    fn once(&mut self) -> io::Result<()> {
        let read = (self.read)(&mut self.times)?;
        if read == self.of.events {
            return Ok(());
        }
        let (name, events) = (self.name, self.of.events);
        Err(io::Error::other(format!(
            "{name} read {read} events of {events}"
        )))
    }

    fn text(&self) -> String {
        let median = self.times.median();
        let rates = format!(
            "{:.2} ({:.2})",
            rate(self.of.events, median),
            rate(self.of.events, self.times.best())
        );
        format!(
            "{:<46} {:>8.2} {rates:>20} {:>12.2}",
            self.name,
            median.as_secs_f64() * 1e3,
            rate(self.of.polls, median),
        )
    }

    fn json(&self) -> String {
        let median = self.times.median();
        format!(
            "{{\"reader\": \"{}\", \"events\": {}, \"polls\": {}, \"bytes\": {}, \"ms\": {:.3}, \
             \"m_events_per_s\": {:.3}, \"m_events_per_s_best\": {:.3}, \"m_polls_per_s\": {:.3}}}",
            self.name,
            self.of.events,
            self.of.polls,
            self.of.bytes,
            median.as_secs_f64() * 1e3,
            rate(self.of.events, median),
            rate(self.of.events, self.times.best()),
            rate(self.of.polls, median),
        )
    }

    fn against(&self, other: &Self) -> String {
        let (ours, theirs) = (self.times.median(), other.times.median());
        let by = |of: fn(&Recorded) -> u64| {
            rate(of(&self.of), ours) / rate(of(&other.of), theirs).max(1e-9)
        };
        format!(
            "{:>8.2} {:>8.2}   {}  /  {}",
            by(|of| of.events),
            by(|of| of.polls),
            self.name,
            other.name
        )
    }
}
