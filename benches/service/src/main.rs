//! What asyncline costs a server that others wrote, under load: mini-redis, by the authors of tokio.
//!
//! Its source is taken as it was published, and only the lines are changed that a user of asyncline changes. Servers run
//! in turns, each slice in a process of its own: as published, with asyncline and nothing recorded, with everything
//! recorded into a file, and with a viewer that keeps all it gets. A client of this bench's own sends the same requests
//! to each, and checks every reply.

mod load;
#[path = "../../harness/machine.rs"]
mod machine;
mod report;
mod server;
mod source;

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use report::Case;
use server::{Kind, Slice, Stage};

const USAGE: &str = "\
Measures what asyncline costs a server that others wrote, under load.

  --markdown  the table for the README; progress goes to stderr
  --quick     a few seconds, and noisier
  --keep FILE keeps a recording in this file";

/// How much is measured.
struct Plan {
    rounds: usize,
    /// About how long each slice is.
    slice: Duration,
}

const FULL: Plan = Plan {
    rounds: 11,
    slice: Duration::from_millis(1500),
};
const QUICK: Plan = Plan {
    rounds: 3,
    slice: Duration::from_millis(300),
};

/// How many requests are sent at a time over each connection.
const DEPTHS: [usize; 2] = [1, 16];

fn main() -> ExitCode {
    match measure() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> io::Result<ExitCode> {
    let (mut plan, mut is_markdown, mut keep) = (FULL, false, None);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match (word.as_str(), words.len()) {
            ("--quick", _) => plan = QUICK,
            ("--markdown", _) => is_markdown = true,
            ("--keep", 1..) => keep = words.next(),
            _ => {
                eprintln!("{USAGE}");
                return Ok(ExitCode::from(2));
            }
        }
    }
    let servers = source::build()?;
    let viewer = source::viewer()?;
    let folder = tempfile::tempdir_in(servers.bare.parent().unwrap_or(Path::new(".")))?;
    let stage = Stage {
        servers: &servers,
        viewer: &viewer,
        folder: folder.path(),
    };
    for change in source::changes() {
        eprintln!("{change}");
    }
    let cases: Vec<Case> = DEPTHS
        .iter()
        .map(|depth| case(&stage, &plan, *depth))
        .collect::<io::Result<_>>()?;
    if let Some(file) = keep {
        stage.slice(Kind::File, 1, 20_000)?;
        std::fs::copy(folder.path().join("service.aline"), file)?;
    }
    if is_markdown {
        print!("{}", report::markdown(&cases));
    } else {
        print!("{}", report::text(&cases));
    }
    Ok(ExitCode::SUCCESS)
}

fn case(stage: &Stage, plan: &Plan, depth: usize) -> io::Result<Case> {
    const SAMPLE: u64 = 20_000;
    let sample = stage.slice(Kind::Bare, depth, SAMPLE)?;
    let rate = sample.requests as f64 / sample.time.as_secs_f64();
    let requests = (rate * plan.slice.as_secs_f64()) as u64;
    let mut rounds = Vec::new();
    for round in 0..plan.rounds {
        let mut slices: [Option<Slice>; 4] = [const { None }; 4];
        // Each kind is as often the first as any other.
        for place in 0..Kind::ALL.len() {
            let index = (round + place) % Kind::ALL.len();
            let kind = Kind::ALL[index];
            let slice = stage.slice(kind, depth, requests)?;
            eprintln!(
                "depth {depth}, round {round}, {}: {:.0} requests/s",
                kind.name(),
                slice.requests as f64 / slice.time.as_secs_f64()
            );
            slices[index] = Some(slice);
        }
        let slices: Vec<Slice> = slices.into_iter().flatten().collect();
        if slices.iter().any(|slice| slice.digest != slices[0].digest) {
            return Err(io::Error::other("not all servers gave the same replies"));
        }
        rounds.push(slices);
    }
    Ok(Case { depth, rounds })
}
