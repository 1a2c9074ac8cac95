//! What asyncline costs a server that others wrote, under load: mini-redis, by the authors of tokio.
//!
//! Its source is taken as it was published, and only the lines are changed that a user of asyncline changes. All
//! servers run at once and have their turns: as published, with asyncline and nothing recorded, with everything
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
use server::{Kind, Serving, Slice, Stage};

const USAGE: &str = "\
Measures what asyncline costs a server that others wrote, under load.

  --markdown  the table for the README; progress goes to stderr
  --quick     a few seconds, and noisier
  --keep FILE keeps a recording in this file";

/// How much is measured.
struct Plan {
    /// So often all servers are begun anew.
    rounds: usize,
    /// So many turns each server has then.
    turns: usize,
    /// About how long each slice is.
    slice: Duration,
}

const FULL: Plan = Plan {
    rounds: 6,
    turns: 10,
    slice: Duration::from_millis(350),
};
const QUICK: Plan = Plan {
    rounds: 1,
    turns: 5,
    slice: Duration::from_millis(100),
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
        let mut serving = stage.open(Kind::File, 1)?;
        serving.slice(0, 20_000)?;
        serving.end()?;
        std::fs::copy(stage.recording(Kind::File), file)?;
    }
    if is_markdown {
        print!("{}", report::markdown(&cases));
    } else {
        print!("{}", report::text(&cases));
    }
    Ok(ExitCode::SUCCESS)
}

/// All servers are there at once and have their turns of a fraction of a second, so that what happens to the machine
/// happens to all of them.
fn case(stage: &Stage, plan: &Plan, depth: usize) -> io::Result<Case> {
    const SAMPLE: u64 = 20_000;
    let mut sample = stage.open(Kind::Bare, depth)?;
    let rate = sample.slice(SAMPLE, SAMPLE)?.rate();
    sample.end()?;
    let requests = (rate * plan.slice.as_secs_f64()) as u64;
    let mut case = Case::new(depth);
    for round in 0..plan.rounds {
        let open = |kind| stage.open(kind, depth);
        let mut servers: Vec<Serving> =
            Kind::ALL.into_iter().map(open).collect::<io::Result<_>>()?;
        for turn in 0..plan.turns {
            let slices = turns(&mut servers, turn, requests)?;
            eprintln!(
                "depth {depth}, round {round}, turn {turn}: {}",
                rates(&slices)
            );
            case.turns.push(slices);
        }
        for (index, serving) in servers.into_iter().enumerate() {
            case.recorded[index].extend(serving.end()?);
        }
    }
    Ok(case)
}

/// A slice of each server, in the order of [`Kind::ALL`].
fn turns(servers: &mut [Serving], turn: usize, requests: u64) -> io::Result<Vec<Slice>> {
    let mut slices: Vec<(usize, Slice)> = Vec::new();
    for place in 0..servers.len() {
        // Each is as often the first as any other, and comes as often after one as before it.
        let place = if turn.is_multiple_of(2) {
            place
        } else {
            servers.len() - 1 - place
        };
        let index = (turn / 2 + place) % servers.len();
        slices.push((index, servers[index].slice(requests / 4, requests)?));
    }
    slices.sort_by_key(|(index, _)| *index);
    let slices: Vec<Slice> = slices.into_iter().map(|(_, slice)| slice).collect();
    if slices.iter().any(|slice| slice.digest != slices[0].digest) {
        return Err(io::Error::other("not all servers gave the same replies"));
    }
    Ok(slices)
}

/// For whoever waits.
fn rates(slices: &[Slice]) -> String {
    let kinds = slices.iter().zip(Kind::ALL);
    let rates = kinds.map(|(slice, kind)| format!("{} {:.0}", kind.name(), slice.rate()));
    rates.collect::<Vec<_>>().join(", ") + " requests/s"
}
