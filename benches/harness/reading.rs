//! What it takes to bench reading and writing what was recorded.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use asyncline::recording::{self, Session};

use crate::harness::Case;
use crate::harness::tool::Kept;
use crate::harness::workload::Workload;
use crate::own::{record, record_journal};

/// What the command line says.
#[derive(Default)]
pub struct Args {
    pub quick: bool,
    pub json: bool,
    pub workload: Option<Workload>,
    /// Where journals are left, in benches whose usage lists it.
    pub keep: Option<PathBuf>,
    help: bool,
}

impl Args {
    fn parse(mut words: impl Iterator<Item = String>, usage: &str) -> Result<Self, String> {
        let mut args = Self::default();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--bench" => {} // cargo says so to every bench.
                "--help" | "-h" => args.help = true,
                "--quick" => args.quick = true,
                "--json" => args.json = true,
                "--workload" => {
                    let name = words.next().unwrap_or_default();
                    let found = Workload::find(&name);
                    let found = found.ok_or_else(|| format!("no workload is called '{name}'"))?;
                    args.workload = Some(found);
                }
                "--keep" if usage.contains("--keep") => {
                    let folder = words.next().filter(|word| !word.starts_with("--"));
                    let folder = folder.ok_or("--keep needs a folder")?;
                    args.keep = Some(folder.into());
                }
                other => return Err(format!("'{other}' is not known here\n\n{usage}")),
            }
        }
        Ok(args)
    }
}

/// Runs a bench as the command line asks. `what` is printed where no bench is wanted.
pub fn main(what: &str, usage: &str, run: fn(&Args) -> io::Result<()>) -> ExitCode {
    // `cargo test --all-targets` runs this program too, but only `cargo bench` says so, and only then is it wanted.
    if !std::env::args().any(|word| word == "--bench") {
        println!("{what}");
        return ExitCode::SUCCESS;
    }
    let args = match Args::parse(std::env::args().skip(1), usage) {
        Ok(args) => args,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    if args.help {
        println!("{usage}");
        return ExitCode::SUCCESS;
    }
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// How long something took, several times.
#[derive(Clone, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// Does something, and notes how long it took. To drop what it gave takes time that does not count.
    pub fn take<T>(&mut self, what: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let done = what();
        self.0.push(began.elapsed());
        done
    }

    /// Notes how long something took.
    #[allow(dead_code, reason = "most benches measure time here")]
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub fn median(&self) -> Duration {
        let mut times = self.0.clone();
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    }

    pub fn best(&self) -> Duration {
        self.0.iter().min().copied().unwrap_or_default()
    }
}

/// Millions of events in a second.
pub fn rate(events: u64, time: Duration) -> f64 {
    events as f64 / time.as_secs_f64().max(1e-9) / 1e6
}

/// Records a workload to a file, for about `events` events.
pub fn record_events(workload: Workload, events: u64, path: &Path) -> io::Result<Kept> {
    about(workload, events, |operations| {
        record(workload, operations, path)
    })
}

/// Records a workload to a journal, for about `events` events.
#[allow(dead_code, reason = "one bench opens journals")]
pub fn journal_events(case: Case, events: u64, path: &Path) -> io::Result<Kept> {
    about(case.workload, events, |operations| {
        record_journal(case, operations, path)
    })
}

/// Calls `record` with the number of operations that make about `events` events.
fn about(
    workload: Workload,
    events: u64,
    record: impl Fn(u64) -> io::Result<Kept>,
) -> io::Result<Kept> {
    /// So many operations tell how many events each of them is.
    const SAMPLE: u64 = 4096;
    let sample = record(SAMPLE)?;
    let made = sample.events.unwrap_or_default() + sample.lost.unwrap_or_default();
    let per_operation = made.max(1) as f64 / workload.rounded(SAMPLE) as f64;
    record((events as f64 / per_operation) as u64)
}

/// Reads a file into events.
pub fn read_all(path: &Path) -> io::Result<Session> {
    Session::open(path).map_err(io::Error::other)
}

/// Opens a file as the screen does; tells how many events it holds.
pub fn open(path: &Path) -> io::Result<u64> {
    let (events, _) = recording::opened(path).map_err(io::Error::other)?;
    Ok(events)
}

/// Writes a recording without its index and its end, so that whoever opens it has to read all events. Tells how many
/// bytes that leaves out.
pub fn cut_index(path: &Path, into: &Path) -> io::Result<u64> {
    const FILE_HEADER: usize = 16;
    const BLOCK_HEADER: usize = 52;
    const END: u8 = 3;
    const INDEX: u8 = 4;
    let bytes = fs::read(path)?;
    let (header, mut rest) = bytes.split_at_checked(FILE_HEADER).ok_or_else(cut_off)?;
    let mut kept = header.to_vec();
    let mut number: u32 = 0;
    while !rest.is_empty() {
        let length = rest.get(40..48).and_then(|field| field.first_chunk());
        let length = length.map(|field| u64::from_le_bytes(*field) as usize);
        let size = length.ok_or_else(cut_off)? + BLOCK_HEADER;
        let (block, next) = rest.split_at_checked(size).ok_or_else(cut_off)?;
        rest = next;
        if matches!(block[4], END | INDEX) {
            continue;
        }
        let begin = kept.len();
        kept.extend_from_slice(block);
        let header = &mut kept[begin..begin + BLOCK_HEADER];
        // Nothing is missing but what is left out here, so that the file is as one that was never given an index.
        header[8..12].copy_from_slice(&number.to_le_bytes());
        let checksum = crc32c::crc32c(&header[..48]);
        header[48..].copy_from_slice(&checksum.to_le_bytes());
        number += 1;
    }
    fs::write(into, &kept)?;
    Ok((bytes.len() - kept.len()) as u64)
}

fn cut_off() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "a recording was cut off")
}
