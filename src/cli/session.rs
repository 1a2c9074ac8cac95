//! What can be done with session files besides watching them.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use clap::Subcommand;

use super::failure::Failure;
use crate::session::{Archive, Progress, date_text};
use crate::timeline::Lane;
use crate::units::{bytes_text, duration_text};

/// Something to do with session files.
#[derive(Debug, Subcommand)]
pub(super) enum Session {
    /// Say what is in a recording: how long it is, its tasks, its events, and what is wrong with it
    Info {
        /// The recording
        file: PathBuf,
    },
}

pub(super) fn run(session: &Session) -> Result<(), Failure> {
    match session {
        Session::Info { file } => info(file),
    }
}

/// Opens a file, and prints how far it was read where that takes a while.
fn opened(file: &Path) -> Result<Archive, Failure> {
    Ok(Archive::open(file, show_progress)?)
}

/// Prints how far a file was read, on a line that is taken away again. What is read at once is not worth a line.
pub(super) fn show_progress(Progress { read, of }: Progress) {
    const MANY: u64 = 4_000_000;
    const STEP: u64 = 1_000_000;
    if of < MANY {
        return;
    }
    if read >= of {
        eprint!("\r\x1b[K");
    } else if read % STEP < STEP / 10 {
        let percent = 100 * u128::from(read) / u128::from(of);
        eprint!("\rasyncline: reading events … {percent} %");
    }
}

fn info(file: &Path) -> Result<(), Failure> {
    let mut archive = opened(file)?;
    let end = archive.end().map_err(|error| unreadable(file, &error))?;
    let timeline = &end.timeline;
    let tasks = timeline.lanes().filter(|lane| lane.is_task());
    let running = tasks.clone().filter(|lane| lane.end.is_none()).count();
    let count = |lanes: usize, what: &str| match lanes {
        1 => format!("1 {what}"),
        _ => format!("{lanes} {what}s"),
    };
    let others = timeline.lanes().filter(|lane: &&Lane| !lane.is_task());
    let events = archive.events();
    let size = archive.log.size();
    let (parts, index) = archive.log.index_size();
    let meta = &archive.log.meta;
    let mut out = io::stdout().lock();
    let mut line = |label: &str, value: &str| writeln!(out, "{label:<10}{value}");
    line(
        "title",
        if meta.title.is_empty() {
            "none"
        } else {
            &meta.title
        },
    )?;
    if !meta.scenario.is_empty() {
        line("scenario", &meta.scenario)?;
    }
    if meta.start > UNIX_EPOCH {
        line("recorded", &date_text(meta.start))?;
    }
    if !meta.version.is_empty() {
        line("by", &format!("asyncline {}", meta.version))?;
    }
    line("lasts", &duration_text(timeline.end().0))?;
    let ended = match running {
        0 => "all of them ended".to_owned(),
        running => format!("{running} of them had not ended"),
    };
    let others = match others.count() {
        0 => String::new(),
        others => format!("; {} more", count(others, "lane")),
    };
    line("tasks", &format!("{}, {ended}{others}", tasks.count()))?;
    let per_event = size as f64 / events.max(1) as f64;
    line("events", &format!("{events}, {per_event:.2} bytes each"))?;
    line(
        "lost",
        &match timeline.lost() {
            0 => "none".to_owned(),
            lost => lost.to_string(),
        },
    )?;
    line(
        "file",
        &format!(
            "{}, format {}, index of {} ({})",
            bytes_text(size),
            archive.log.version(),
            count(parts, "part"),
            bytes_text(index),
        ),
    )?;
    let damage = archive.log.all_damage();
    if damage.is_empty() {
        line("state", "complete")?;
    }
    for damage in damage {
        line("state", &damage.to_string())?;
    }
    Ok(())
}

fn unreadable(file: &Path, error: &io::Error) -> Failure {
    let why = crate::session::plain(error);
    Failure::Stopped(format!("cannot read {}: {why}", file.display()))
}
