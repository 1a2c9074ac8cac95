//! What can be done with session files besides watching them.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use clap::Subcommand;

use super::failure::{self, Failure};
use crate::event::printable::{self, printable};
use crate::recording::{self, Archive, Progress, date_text, plain};
use crate::text::units::{Moment, bytes_text, duration_text, lost_text};
use crate::timeline::Lane;

/// Something to do with session files.
#[derive(Debug, Subcommand)]
pub(super) enum SessionCommand {
    /// Say what is in a recording: how long it is, its tasks, its events, and what is wrong with it
    Info {
        /// The recording
        file: PathBuf,
    },
    /// Write a part of a recording into a file of its own
    #[command(after_help = CUT_EXAMPLES)]
    Cut {
        /// The recording
        file: PathBuf,
        /// The file to write
        into: PathBuf,
        /// Where the part begins, such as `1.5s`, `20ms` or `40%` [default: the beginning]
        #[arg(long, value_name = "TIME")]
        from: Option<Moment>,
        /// Where the part ends [default: the end]
        #[arg(long, value_name = "TIME")]
        to: Option<Moment>,
    },
    /// Write several recordings into one, side by side on the clock's time: one group of lanes each
    #[command(after_help = MERGE_EXAMPLES)]
    Merge {
        /// The recordings
        #[arg(required = true, num_args = 2..)]
        files: Vec<PathBuf>,
        /// The file to write
        #[arg(long, value_name = "FILE")]
        into: PathBuf,
    },
}

const CUT_EXAMPLES: &str = "\
Examples:
  asyncline session cut long.aline part.aline --from 1.5s --to 2s
  asyncline session cut long.aline end.aline --from 90%";

const MERGE_EXAMPLES: &str = "\
Examples:
  asyncline session merge client.aline server.aline --into both.aline";

pub(super) fn run(session: &SessionCommand) -> Result<(), Failure> {
    match session {
        SessionCommand::Info { file } => info(file),
        SessionCommand::Cut {
            file,
            into,
            from,
            to,
        } => cut(file, into, *from, *to),
        SessionCommand::Merge { files, into } => merge(files, into),
    }
}

/// Writes what is lacking at the end of a recording that was cut off, so that it opens at once.
pub(super) fn repair(file: &Path) -> Result<(), Failure> {
    if recording::is_journal(file)? {
        return make_recording(file);
    }
    let mut archive = opened(file)?;
    for damage in recording::told(&archive.log.all_damage()) {
        failure::say(&format!("{}: {damage}", printable::path(file)));
    }
    let repaired = archive.repair(file).map_err(|error| {
        Failure::Stopped(format!(
            "cannot write {}: {}",
            printable::path(file),
            plain(&error)
        ))
    })?;
    let mut out = io::stdout().lock();
    if repaired {
        let end = archive.end_found();
        let events = end.map_err(|error| unreadable(file, &error))?.counted;
        writeln!(
            out,
            "{}: its index and its end were written; it holds {events} events",
            printable::path(file)
        )?;
    } else {
        writeln!(
            out,
            "{}: nothing to repair, its index and its end are there",
            printable::path(file)
        )?;
    }
    Ok(())
}

/// Makes a recording of a journal, in its place.
fn make_recording(file: &Path) -> Result<(), Failure> {
    if recording::is_written(file)? {
        let file = printable::path(file);
        return Err(Failure::Mistake(format!(
            "a program still writes {file}: repair it when the program has ended"
        )));
    }
    recording::replace_journal(file, show_progress)?;
    let mut archive = opened(file)?;
    let damage = archive.log.all_damage();
    for damage in recording::told(&damage) {
        failure::say(&format!("{}: {damage}", printable::path(file)));
    }
    let events = archive.end_found();
    let events = events.map_err(|error| unreadable(file, &error))?.counted;
    let per_event = |bytes: u64| bytes as f64 / events.max(1) as f64;
    let journal = archive
        .log
        .origin
        .as_ref()
        .map_or(0, |origin| origin.length);
    writeln!(
        io::stdout(),
        "{}: the journal is a recording now; it holds {events} events, {:.2} bytes each instead of {:.2}",
        printable::path(file),
        per_event(archive.log.size()),
        per_event(journal)
    )?;
    Ok(())
}

fn cut(file: &Path, into: &Path, from: Option<Moment>, to: Option<Moment>) -> Result<(), Failure> {
    same(file, into)?;
    let mut archive = opened(file)?;
    let end = archive
        .end_time()
        .map_err(|error| unreadable(file, &error))?;
    let at = |moment: Option<Moment>| moment.map(|moment| moment.of(end));
    let from = at(from).unwrap_or_default();
    let to = at(to).unwrap_or(end);
    if from > to {
        let (from, to) = (duration_text(from.0), duration_text(to.0));
        return Err(Failure::Mistake(format!(
            "--from ({from}) is later than --to ({to})"
        )));
    }
    let events = recording::cut(file, &mut archive, from, to, into)?;
    writeln!(io::stdout(), "{}: {events} events", printable::path(into))?;
    Ok(())
}

fn merge(files: &[PathBuf], into: &Path) -> Result<(), Failure> {
    let mut archives = Vec::new();
    for file in files {
        same(file, into)?;
        let archive = opened(file)?;
        if archive.first() > 0 {
            let file = printable::path(file);
            return Err(Failure::Mistake(format!(
                "{file} is a part of a longer recording, and only whole ones can be merged"
            )));
        }
        archives.push((file.clone(), archive));
    }
    let events = recording::merge(archives, into)?;
    writeln!(io::stdout(), "{}: {events} events", printable::path(into))?;
    Ok(())
}

/// A recording is not to be written over itself.
fn same(file: &Path, into: &Path) -> Result<(), Failure> {
    if is_same_file(file, into) {
        let file = printable::path(file);
        return Err(Failure::Mistake(format!(
            "{file} would be written over itself"
        )));
    }
    Ok(())
}

/// Returns `true` if two paths lead to the same file, through links of any kind.
fn is_same_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    {
        let found = (one.metadata(), other.metadata());
        matches!(found, (Ok(one), Ok(other)) if crate::journal::file::is_same(&one, &other))
    }
    #[cfg(not(unix))]
    {
        let real = |path: &Path| path.canonicalize().ok();
        real(one).is_some() && real(one) == real(other)
    }
}

/// Opens a file, and prints how far it was read where that takes a while.
fn opened(file: &Path) -> Result<Archive, Failure> {
    Ok(Archive::open(file, show_progress)?)
}

/// Prints how far a file was read, on a line that is taken away again. What is read at once is not worth a line.
pub(super) fn show_progress(progress: Progress) {
    const MANY: u64 = 4_000_000;
    const STEP: u64 = 1_000_000;
    let Progress { read, of } = progress;
    if of < MANY || !io::stderr().is_terminal() {
        return;
    }
    if read >= of {
        eprint!("\r\x1b[K");
    } else if read % STEP < STEP / 10 {
        eprint!("\rasyncline: reading events … {} %", progress.percent());
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
    let events = timeline.events().saturating_sub(archive.counted_before());
    let size = archive.log.size();
    let journal = recording::is_journal(file)?;
    let journal = archive.log.origin.as_ref().filter(|_| journal);
    let (parts, index) = archive.log.index_size();
    let meta = &archive.log.meta;
    let mut out = io::stdout().lock();
    let mut line = |label: &str, value: &str| writeln!(out, "{label:<10}{}", printable(value));
    line(
        "title",
        if meta.title.is_empty() {
            "none"
        } else {
            meta.title.raw()
        },
    )?;
    if !meta.scenario.is_empty() {
        line("scenario", &meta.scenario.printable())?;
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
    let length = journal.map_or(size, |journal| journal.length);
    let per_event = length as f64 / events.max(1) as f64;
    line("events", &format!("{events}, {per_event:.2} bytes each"))?;
    line(
        "lost",
        &match timeline.lost() {
            0 => "none".to_owned(),
            lost => lost_text(lost),
        },
    )?;
    if let Some(journal) = journal {
        let size = bytes_text(journal.length);
        line("journal", &format!("{size}, format {}", journal.version))?;
    }
    let label = if journal.is_some() { "index" } else { "file" };
    line(
        label,
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
    let why = plain(error);
    Failure::Stopped(format!("cannot read {}: {why}", printable::path(file)))
}
