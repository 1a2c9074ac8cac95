//! What is printed where there is no screen to draw on.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::path::Path;
use std::time::SystemTime;

use super::failure::{self, Failure};
use super::session::show_progress;
use crate::event::printable;
use crate::export::{EndedSession, Export, Exporter, PageSize, STRETCH};
use crate::insight::{Gathered, findings};
use crate::recording::{self, Archive, Keep, Meta};
use crate::scenario::{self, Chapter, Scenario};
use crate::source::Live;

/// The columns of a line where nobody says how wide it may be.
const WIDTH: usize = 100;

/// Prints the scenarios, chapter by chapter.
pub(super) fn list(out: &mut impl Write) -> io::Result<()> {
    let all = scenario::all();
    let width = all.iter().map(|scenario| scenario.name.len()).max();
    let width = width.unwrap_or(0);
    let mut gap = "";
    for chapter in Chapter::ALL {
        let mut scenarios = all
            .iter()
            .filter(|scenario| scenario.chapter == chapter)
            .peekable();
        if scenarios.peek().is_some() {
            writeln!(out, "{gap}{}", chapter.title())?;
            gap = "\n";
        }
        for scenario in scenarios {
            writeln!(out, "  {:width$}  {}", scenario.name, scenario.lesson)?;
        }
    }
    out.flush()
}

/// Prints what there is and how to go on.
pub(super) fn welcome() -> io::Result<()> {
    let mut out = stdout();
    writeln!(
        out,
        "asyncline shows what an async program does, as it does it. These are its scenarios.\n"
    )?;
    list(&mut out)?;
    writeln!(
        out,
        "
In a terminal, 'asyncline' opens a menu of them, and 'asyncline run NAME' shows one at work.
Without one, 'asyncline run NAME' prints its lanes, and with --json a summary for other programs.
More: 'asyncline --help'."
    )?;
    out.flush()
}

/// Runs a scenario as fast as the machine allows, and prints what came of it.
pub(super) fn run(
    scenario: &'static Scenario,
    record: Option<(&Path, Option<Keep>)>,
    exporter: &Exporter,
    ascii: bool,
) -> Result<(), Failure> {
    let meta = Meta::new(scenario.title, scenario.name, SystemTime::now());
    // A file that cannot be written is to be known before the scenario runs.
    let writer = record
        .map(|(file, keep)| recording::create(file, &meta, keep))
        .transpose()?;
    let events = Live::run_to_end(scenario).map_err(|error| {
        let why = recording::plain(&error);
        Failure::Stopped(format!("cannot run {}: {why}", scenario.name))
    })?;
    let recorded = writer.map_or(Ok(()), |mut writer| {
        writer.write(&events)?;
        writer.finish()
    });
    let timeline = &events.iter().collect();
    let mut export = (exporter.begin)(timeline, page(ascii));
    export.take(timeline, None);
    let ended = EndedSession {
        name: scenario.name.into(),
        title: scenario.title.into(),
        timeline,
        findings: findings(timeline),
        stretches: 1,
    };
    // What came of it is not lost with its recording.
    print(&ended, &*export)?;
    Ok(recorded?)
}

/// Prints a recorded session of any length, with one stretch of it in memory at a time.
pub(super) fn replay(file: &Path, exporter: &Exporter, ascii: bool) -> Result<(), Failure> {
    let mut archive = Archive::open_ended(file, show_progress)?;
    let unreadable = |error| recording::Error::read(file, error);
    let end = archive.end().map_err(unreadable)?;
    let timeline = &end.timeline;
    let mut export = (exporter.begin)(timeline, page(ascii));
    let mut found = Gathered::default();
    let read = archive.stretches(STRETCH, |stretch, next| {
        found.take(stretch);
        export.take(stretch, next);
    });
    read.map_err(unreadable)?;
    for damage in recording::told(&archive.log.all_damage()) {
        failure::say(&format!("{}: {damage}", printable::path(file)));
    }
    let meta = &archive.log.meta;
    let name = if meta.scenario.is_empty() {
        &meta.title
    } else {
        &meta.scenario
    };
    let ended = EndedSession {
        name: name.clone(),
        title: meta.title.clone(),
        timeline,
        stretches: found.stretches,
        findings: found.into_findings(),
    };
    Ok(print(&ended, &*export)?)
}

fn print(ended: &EndedSession<'_>, export: &dyn Export) -> io::Result<()> {
    let mut out = stdout();
    export.write(ended, &mut out)?;
    out.flush()
}

fn page(ascii: bool) -> PageSize {
    let width = width();
    PageSize { width, ascii }
}

/// As wide as the terminal, if it is one.
fn width() -> usize {
    let is_terminal = io::stdout().is_terminal();
    let size = is_terminal.then(crossterm::terminal::size);
    match size {
        Some(Ok((columns, _))) if columns > 0 => usize::from(columns),
        _ => WIDTH,
    }
}

fn stdout() -> BufWriter<StdoutLock<'static>> {
    BufWriter::new(io::stdout().lock())
}
