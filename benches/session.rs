//! What a recording costs on disk, and how fast it is written and read: `cargo bench --bench session`, with `-- --json`,
//! `--quick` and `--workload NAME`.
//!
//! Real programs are recorded on one thread, as the bench `recorder` runs them. What was recorded is then read, written
//! again and opened, in turns; medians count, and beside them stands what was fastest, since the machine may be busy.
//! Files lie in the system's cache, so that what is measured is the work and not the disk.

#[allow(dead_code, reason = "nothing is compared with bare tokio here")]
mod harness;
#[allow(dead_code, reason = "nothing is compared with bare tokio here")]
#[path = "harness/own.rs"]
mod own;
#[path = "harness/reading.rs"]
mod reading;

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use asyncline::event::Event;
use asyncline::recording::{Meta, Writer};

use harness::workload::Workload;
use reading::{Args, Times, cut_index, open, rate, read_all, record_events};

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "\
Measures what a recording costs on disk, and how fast it is written and read.

  --json             one JSON line for each workload
  --quick            a few seconds, and noisier
  --workload <NAME>  only this workload: yield, pingpong, spawn or echo";

const WORKLOADS: [Workload; 4] = [
    Workload::Yield,
    Workload::PingPong,
    Workload::Spawn,
    Workload::Echo,
];

/// The most bytes that an event is to take on disk.
const BYTES: f64 = 2.0;
/// The least millions of events that are to be read in a second.
const RELOAD: f64 = 70.0;

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

/// What was measured of a workload.
struct Row {
    workload: Workload,
    /// Events in the file.
    events: u64,
    /// Events that the recorder lost.
    lost: u64,
    /// The bytes of the file that was recorded, as fast as the program ran.
    recorded: u64,
    /// The bytes of the same events, written without haste.
    written: u64,
    /// Those of them that are the index and the end.
    index: u64,
    /// Writing the events to a file.
    write: Times,
    /// Reading all events into memory.
    read: Times,
    /// Opening the file to show its end.
    open: Times,
    /// The same without an index.
    open_bare: Times,
}

fn main() -> ExitCode {
    reading::main(
        "cargo bench --bench session measures recordings",
        USAGE,
        run,
    )
}

fn run(args: &Args) -> io::Result<()> {
    let plan = if args.quick { QUICK } else { FULL };
    let directory = tempfile::tempdir()?;
    let wanted = |workload: &Workload| args.workload.is_none_or(|wanted| wanted == *workload);
    let mut rows = Vec::new();
    for workload in WORKLOADS.into_iter().filter(wanted) {
        let row = measure(workload, &plan, directory.path())?;
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
        for line in rows.iter().flat_map(Row::targets) {
            println!("{line}");
        }
    }
    Ok(())
}

fn measure(workload: Workload, plan: &Plan, directory: &Path) -> io::Result<Row> {
    let [recorded, whole, bare] =
        ["recorded", "whole", "bare"].map(|name| directory.join(name).with_extension("aline"));
    let kept = record_events(workload, plan.events, &recorded)?;
    let events = read_all(&recorded)?.events;
    write(&events, &whole)?;
    let index = cut_index(&whole, &bare)?;
    same(&events, &whole)?;
    same(&events, &bare)?;
    let mut row = Row {
        workload,
        events: open(&whole)?,
        lost: kept.lost.unwrap_or_default(),
        recorded: recorded.metadata()?.len(),
        written: whole.metadata()?.len(),
        index,
        write: Times::default(),
        read: Times::default(),
        open: Times::default(),
        open_bare: Times::default(),
    };
    let again = directory.join("again.aline");
    for _ in 0..plan.rounds {
        row.write.take(|| write(&events, &again))?;
        row.read.take(|| read_all(&whole))?;
        row.open.take(|| open(&whole))?;
        row.open_bare.take(|| open(&bare))?;
    }
    Ok(row)
}

/// Writes events to a file, which gets an index.
fn write(events: &[Event], path: &Path) -> io::Result<()> {
    let meta = Meta::new("bench", "", SystemTime::now());
    let mut writer = Writer::create(path, &meta).map_err(io::Error::other)?;
    writer.write(events).map_err(io::Error::other)?;
    writer.finish().map_err(io::Error::other)
}

/// What is fast and wrong is not to be measured.
fn same(events: &[Event], path: &Path) -> io::Result<()> {
    if read_all(path)?.events == events {
        return Ok(());
    }
    let message = "what was written is not what is read";
    Err(io::Error::other(message))
}

impl Row {
    /// Rates are in millions of events a second: the median, and the best.
    const HEAD: &'static str = concat!(
        "                              bytes per event     M events/s: the median (and the best)                    ",
        "        ms to open,\n",
        "workload    events    lost   live   calm  index          write     read all      open, index  open, no index",
        "   index / none"
    );

    fn text(&self) -> String {
        let rates = self.rates();
        let [write, read, open, open_bare] =
            rates.map(|(median, best)| format!("{median:.1} ({best:.1})"));
        format!(
            "{:<8} {:>9} {:>7} {:>6.2} {:>6.2} {:>6.3} {write:>14} {read:>12} {open:>16} {open_bare:>15} {:>7.2} / {:.1}",
            self.workload.name(),
            self.events,
            self.lost,
            self.per_event(self.recorded),
            self.per_event(self.written),
            self.per_event(self.index),
            millis(&self.open),
            millis(&self.open_bare),
        )
    }

    fn json(&self) -> String {
        let [write, read, open, open_bare] = self
            .rates()
            .map(|(median, best)| format!("[{median:.3}, {best:.3}]"));
        format!(
            "{{\"workload\": \"{}\", \"events\": {}, \"lost\": {}, \"bytes_per_event_live\": {:.3}, \
             \"bytes_per_event\": {:.3}, \"index_bytes_per_event\": {:.4}, \"write\": {write}, \"read_all\": {read}, \
             \"open\": {open}, \"open_without_index\": {open_bare}, \"open_ms\": {:.3}, \
             \"open_without_index_ms\": {:.3}}}",
            self.workload.name(),
            self.events,
            self.lost,
            self.per_event(self.recorded),
            self.per_event(self.written),
            self.per_event(self.index),
            millis(&self.open),
            millis(&self.open_bare),
        )
    }

    /// Millions of events in a second, by the median and at best: of writing, reading, opening, opening without an index.
    fn rates(&self) -> [(f64, f64); 4] {
        [&self.write, &self.read, &self.open, &self.open_bare].map(|times| {
            let of = |time| rate(self.events, time);
            (of(times.median()), of(times.best()))
        })
    }

    fn per_event(&self, bytes: u64) -> f64 {
        bytes as f64 / self.events.max(1) as f64
    }

    fn targets(&self) -> Vec<String> {
        let name = self.workload.name();
        let [_, (read, _), (open, _), (open_bare, _)] = self.rates();
        vec![
            at_most(
                &format!("{name}, bytes per event as recorded"),
                self.per_event(self.recorded),
                BYTES,
            ),
            at_most(
                &format!("{name}, bytes per event without haste"),
                self.per_event(self.written),
                BYTES,
            ),
            at_least(
                &format!("{name}, M events/s opened with the index"),
                open,
                RELOAD,
            ),
            at_least(
                &format!("{name}, M events/s opened without it"),
                open_bare,
                RELOAD,
            ),
            at_least(
                &format!("{name}, M events/s read into memory"),
                read,
                RELOAD,
            ),
        ]
    }
}

fn millis(times: &Times) -> f64 {
    times.median().as_secs_f64() * 1e3
}

fn at_most(what: &str, measured: f64, most: f64) -> String {
    let by = measured - most;
    let verdict = verdict(by);
    format!("{what}: {measured:.2}, target at most {most:.2}, {verdict}")
}

fn at_least(what: &str, measured: f64, least: f64) -> String {
    let by = least - measured;
    let verdict = verdict(by);
    format!("{what}: {measured:.2}, target at least {least:.2}, {verdict}")
}

fn verdict(by: f64) -> String {
    if by <= 0.0 {
        "met".to_string()
    } else {
        format!("missed by {by:.2}")
    }
}
