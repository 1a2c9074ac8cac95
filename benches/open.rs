//! How fast a journal is opened: `cargo bench --bench open`, with `-- --json`, `--quick`, `--workload NAME` and `--keep FOLDER`.
//!
//! Real programs write journals on one and on two threads, as the bench `recorder` runs them. Each journal is then read, and
//! opened for the first time, which makes its indexed recording. Medians count. Files lie in the system's cache.

#[allow(dead_code, reason = "nothing is compared with bare tokio here")]
mod harness;
#[allow(dead_code, reason = "nothing is compared with bare tokio here")]
#[path = "harness/own.rs"]
mod own;
#[allow(dead_code, reason = "no recordings are cut here")]
#[path = "harness/reading.rs"]
mod reading;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use asyncline::recording;
use cpu_time::ProcessTime;

use harness::Case;
use harness::workload::Workload;
use reading::{Args, Times, open, rate};

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "\
Measures how fast a journal is opened.

  --json             one JSON line for each workload and number of threads
  --quick            a few seconds, and noisier
  --workload <NAME>  only this workload: yield, pingpong, spawn or echo
  --keep <FOLDER>    leave the journals there, or use those that are there";

/// The least millions of events in a second at which a journal is to be opened for the first time: where tasks are short, and
/// else.
const SHORT_TASKS: f64 = 15.0;
const POLLS: f64 = 50.0;

/// How much is measured.
struct Plan {
    events: u64,
    rounds: usize,
}

const FULL: Plan = Plan {
    events: 4_000_000,
    rounds: 7,
};
const QUICK: Plan = Plan {
    events: 1_000_000,
    rounds: 3,
};

/// What was measured of a journal.
struct Row {
    case: Case,
    events: u64,
    lost: u64,
    /// Bytes of the journal and of its recording.
    bytes: [u64; 2],
    /// Reading the journal, which merges its threads.
    read: Times,
    /// Reading a first part of it, as much as the first picture needs.
    start: Times,
    /// Opening it for the first time, and the processor time that this takes on all threads.
    open: Times,
    work: Times,
    /// Opening it once more.
    again: Times,
}

fn main() -> ExitCode {
    reading::main(
        "cargo bench --bench open measures opening journals",
        USAGE,
        run,
    )
}

fn run(args: &Args) -> io::Result<()> {
    let plan = if args.quick { QUICK } else { FULL };
    let temporary = tempfile::tempdir()?;
    let directory = args.keep.as_deref().unwrap_or(temporary.path());
    let wanted = |case: &Case| args.workload.is_none_or(|wanted| wanted == case.workload);
    let mut rows = Vec::new();
    for case in Case::all().filter(wanted) {
        let row = measure(case, &plan, directory)?;
        if args.json {
            println!("{}", row.json());
        } else {
            if rows.is_empty() {
                println!("{}", Row::HEAD);
            }
            println!("{}", row.text());
        }
        rows.push(row);
    }
    if !args.json {
        println!("\nTargets:");
        for row in &rows {
            println!("{}", row.target());
        }
    }
    Ok(())
}

fn measure(case: Case, plan: &Plan, directory: &Path) -> io::Result<Row> {
    let name = format!("{}-{}.aline", case.workload.name(), case.threads);
    let journal = directory.join(name);
    if !journal.exists() {
        reading::journal_events(case, plan.events, &journal)?;
    }
    let (events, lost) = recording::journal_counts(&journal).map_err(io::Error::other)?;
    let recording = PathBuf::from(format!("{}.index", journal.display()));
    let mut row = Row {
        case,
        events,
        lost,
        bytes: [journal.metadata()?.len(), 0],
        read: Times::default(),
        start: Times::default(),
        open: Times::default(),
        work: Times::default(),
        again: Times::default(),
    };
    for _ in 0..plan.rounds {
        if recording.exists() {
            fs::remove_file(&recording)?;
        }
        let read = row.read.take(|| recording::journal_counts(&journal));
        read.map_err(io::Error::other)?;
        let started = row.start.take(|| recording::journal_started(&journal));
        started.map_err(io::Error::other)?;
        let work = ProcessTime::now();
        let opened = row.open.take(|| open(&journal))?;
        row.work.add(work.elapsed());
        // What is fast and wrong is not to be measured.
        if opened < events {
            return Err(io::Error::other("events are missing"));
        }
        row.again.take(|| open(&journal))?;
    }
    row.bytes[1] = recording.metadata()?.len();
    Ok(row)
}

impl Row {
    /// Rates are in millions of events a second: the median, and the best.
    const HEAD: &'static str = concat!(
        "                               bytes per event          M events/s: the median (and the best)     CPU, ns   ",
        "            ms to\n",
        "workload       events    lost  journal  indexed             read      first opened            per event   ",
        "first part / open again"
    );

    fn text(&self) -> String {
        let [read, open] = self.rates();
        let [read, open] = [read, open].map(|(median, best)| format!("{median:.1} ({best:.1})"));
        let [journal, indexed] = self.bytes_per_event();
        format!(
            "{:<8} {} {:>9} {:>7} {journal:>8.2} {indexed:>8.2} {read:>16} {open:>17} {:>20.1} {:>12.1} / {:.2}",
            self.case.workload.name(),
            self.case.threads,
            self.events,
            self.lost,
            self.work_per_event(),
            millis(self.start.median()),
            millis(self.again.median()),
        )
    }

    fn json(&self) -> String {
        let [read, open] = self
            .rates()
            .map(|(median, best)| format!("[{median:.3}, {best:.3}]"));
        let [journal, indexed] = self.bytes_per_event();
        format!(
            "{{\"workload\": \"{}\", \"threads\": {}, \"events\": {}, \"lost\": {}, \"bytes_per_event_journal\": {journal:.3}, \
             \"bytes_per_event_indexed\": {indexed:.3}, \"read\": {read}, \"first_opened\": {open}, \
             \"cpu_ns_per_event\": {:.2}, \"first_part_ms\": {:.3}, \"open_again_ms\": {:.3}}}",
            self.case.workload.name(),
            self.case.threads,
            self.events,
            self.lost,
            self.work_per_event(),
            millis(self.start.median()),
            millis(self.again.median()),
        )
    }

    /// Millions of events in a second, by the median and at best: of reading, and of opening for the first time.
    fn rates(&self) -> [(f64, f64); 2] {
        [&self.read, &self.open].map(|times| {
            let of = |time| rate(self.events, time);
            (of(times.median()), of(times.best()))
        })
    }

    fn bytes_per_event(&self) -> [f64; 2] {
        self.bytes
            .map(|bytes| bytes as f64 / self.events.max(1) as f64)
    }

    fn work_per_event(&self) -> f64 {
        self.work.median().as_nanos() as f64 / self.events.max(1) as f64
    }

    fn target(&self) -> String {
        let least = match self.case.workload {
            Workload::Spawn => SHORT_TASKS,
            _ => POLLS,
        };
        let [_, (open, _)] = self.rates();
        let verdict = if open < least {
            format!("missed by {:.1}", least - open)
        } else {
            "met".to_string()
        };
        format!(
            "{} on {} thread(s), M events/s first opened: {open:.1}, target at least {least:.1}, {verdict}",
            self.case.workload.name(),
            self.case.threads,
        )
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
