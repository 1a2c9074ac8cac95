//! What is printed where there is no screen to draw on.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::path::Path;
use std::time::SystemTime;

use super::Output;
use super::failure::{self, Failure};
use crate::event::{Text, Timestamp};
use crate::export::json;
use crate::export::summary::summary;
use crate::export::text::{lanes_text, totals_text};
use crate::insight::{Finding, findings};
use crate::printable;
use crate::scenario::{self, Chapter, Scenario};
use crate::session::{self, Archive, Keep, Meta, Session};
use crate::source::Live;
use crate::timeline::Timeline;
use crate::units::{lost_text, time_text};

/// The columns of a line where nobody says how wide it may be.
const WIDTH: usize = 100;

/// A session that has ended, and what it is called.
struct Ended<'a> {
    name: Text,
    title: Text,
    timeline: &'a Timeline,
}

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
    output: Output,
    ascii: bool,
) -> Result<(), Failure> {
    let meta = Meta::new(scenario.title, scenario.name, SystemTime::now());
    // A file that cannot be written is to be known before the scenario runs.
    let writer = record
        .map(|(file, keep)| session::create(file, &meta, keep))
        .transpose()?;
    let events = Live::run_to_end(scenario).map_err(|error| {
        let why = session::plain(&error);
        Failure::Stopped(format!("cannot run {}: {why}", scenario.name))
    })?;
    let recorded = writer.map_or(Ok(()), |mut writer| {
        writer.write(&events)?;
        writer.finish()
    });
    let ended = Ended {
        name: scenario.name.into(),
        title: scenario.title.into(),
        timeline: &events.iter().collect(),
    };
    // What came of it is not lost with its recording.
    ended.print(output, ascii)?;
    Ok(recorded?)
}

/// Prints what came of a recorded session.
pub(super) fn replay(file: &Path, output: Output, ascii: bool) -> Result<(), Failure> {
    let session = Session::open(file)?;
    for damage in session::told(&session.damage) {
        failure::say(&format!("{}: {damage}", printable::path(file)));
    }
    let Meta {
        title, scenario, ..
    } = &session.meta;
    let name = if scenario.is_empty() { title } else { scenario };
    let ended = Ended {
        name: name.clone(),
        title: title.clone(),
        timeline: &timeline(file, &session)?,
    };
    Ok(ended.print(output, ascii)?)
}

/// What happened; where the file is a part of a longer session, with how it stood before.
fn timeline(file: &Path, session: &Session) -> Result<Timeline, Failure> {
    if session.meta.before == 0 {
        return Ok(session.events.iter().collect());
    }
    let mut archive = Archive::open(file, |_| {})?;
    let all = archive.detail(Timestamp::ZERO, Timestamp(u64::MAX));
    let all = all.map_err(|error| session::Error::read(file, error))?;
    Ok(all.timeline)
}

impl Ended<'_> {
    fn print(&self, output: Output, ascii: bool) -> io::Result<()> {
        let found = findings(self.timeline);
        let mut out = stdout();
        if output == Output::Json {
            let summary = summary(self.name.raw(), self.timeline, &found);
            json::write(&mut out, &summary)?;
            writeln!(out)?;
        } else {
            self.text(&found, ascii, &mut out)?;
        }
        out.flush()
    }

    fn text(&self, found: &[Finding], ascii: bool, out: &mut impl Write) -> io::Result<()> {
        let dash = if ascii { "-" } else { "·" };
        writeln!(out, "{} {dash} {}\n", self.name, self.title)?;
        write_block(out, &lanes_text(self.timeline, width(), ascii))?;
        write_block(out, &totals_text(self.timeline))?;
        if found.is_empty() {
            writeln!(out, "no findings")?;
        } else {
            writeln!(out, "findings")?;
        }
        for (finding, number) in found.iter().zip(1..) {
            write_finding(out, number, finding)?;
        }
        let end = time_text(self.timeline.end());
        let lost = match self.timeline.lost() {
            0 => String::new(),
            lost => format!(", {} lost", lost_text(lost)),
        };
        let events = match self.timeline.events() {
            1 => "1 event".to_owned(),
            events => format!("{events} events"),
        };
        writeln!(out, "\n{end}, {events}{lost}")
    }
}

fn write_block(out: &mut impl Write, text: &str) -> io::Result<()> {
    match text.trim_end() {
        "" => Ok(()),
        text => writeln!(out, "{text}\n"),
    }
}

fn write_finding(out: &mut impl Write, number: usize, finding: &Finding) -> io::Result<()> {
    writeln!(out, "  {number}. {}", finding.text)?;
    let at = match finding.at {
        Timestamp::ZERO => String::new(),
        at => format!(", at {}", time_text(at)),
    };
    if let Some(site) = &finding.site {
        writeln!(out, "     {site}{at}")?;
    }
    writeln!(out, "     {}", finding.advice)
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
