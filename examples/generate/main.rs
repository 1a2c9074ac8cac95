//! Makes large recordings, by running real programs under the probe: to try the screen on.
//!
//! ```sh
//! cargo run --release --example generate -- large.aline --events 50000000
//! cargo run --release -- replay large.aline
//! ```

mod workload;

use std::error::Error;
use std::path::PathBuf;
use std::time::SystemTime;

use asyncline::recording::{Keep, Meta, Writer};
use clap::Parser;

use workload::{Workload, generate};

/// Records a workload that makes a large session.
#[derive(Debug, Parser)]
struct Arguments {
    /// File to record it to
    file: PathBuf,
    /// Program to run
    #[arg(long, value_enum, default_value = "service")]
    workload: Workload,
    /// Minimum number of events
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// Number of tasks that run at once
    #[arg(long, default_value_t = 100)]
    tasks: usize,
    /// Keep only the last part
    #[arg(long)]
    keep: Option<Keep>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let Arguments {
        file,
        workload,
        events,
        tasks,
        keep,
    } = Arguments::parse();
    let title = format!("generated: {workload:?} with {tasks} tasks");
    let meta = Meta::new(title, "", SystemTime::now());
    let writer = match keep {
        Some(keep) => Writer::create_rotating(file, &meta, keep)?,
        None => Writer::create(file, &meta)?,
    };
    let (written, lost) = generate(writer, workload, events, tasks)?;
    println!("{written} events, {lost} lost");
    Ok(())
}
