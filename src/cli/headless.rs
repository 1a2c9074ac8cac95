//! What is printed where there is no screen to draw on.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::path::Path;
use std::time::SystemTime;

use super::failure::{self, Failure};
use super::output::Output;
use super::session::show_progress;
use crate::event::printable;
use crate::event::{Text, Timestamp};
use crate::export::json;
use crate::export::summary::summary;
use crate::export::text::{LanesText, lanes_text, totals_text};
use crate::insight::{Finding, Gathered, findings};
use crate::recording::{self, Archive, Keep, Meta};
use crate::scenario::{self, Chapter, Scenario};
use crate::source::Live;
use crate::text::units::{lost_text, time_text};
use crate::timeline::Timeline;

/// Events in memory at a time. A session with no more is processed all at once.
const STRETCH: u64 = 1 << 20;
/// The columns of a line where nobody says how wide it may be.
const WIDTH: usize = 100;

/// A session that has ended, and what it is called.
struct Ended<'a> {
    name: Text,
    title: Text,
    /// The state of everything at the end.
    timeline: &'a Timeline,
    /// The lanes as text, if that is asked for.
    lanes: Option<String>,
    findings: Vec<Finding>,
    /// Number of stretches that were searched for findings.
    stretches: u64,
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
    let ended = Ended {
        name: scenario.name.into(),
        title: scenario.title.into(),
        timeline,
        lanes: (output != Output::Json).then(|| lanes_text(timeline, width(), ascii)),
        findings: findings(timeline),
        stretches: 1,
    };
    // What came of it is not lost with its recording.
    ended.print(ascii)?;
    Ok(recorded?)
}

/// Prints a recorded session of any length, with one stretch of it in memory at a time.
pub(super) fn replay(file: &Path, output: Output, ascii: bool) -> Result<(), Failure> {
    let mut archive = Archive::open_ended(file, show_progress)?;
    let unreadable = |error| recording::Error::read(file, error);
    let end = archive.end().map_err(unreadable)?;
    let timeline = &end.timeline;
    let mut lanes = (output != Output::Json).then(|| LanesText::new(timeline, width(), ascii));
    let mut found = Gathered::default();
    let read = archive.stretches(STRETCH, |stretch, next| {
        found.take(stretch);
        if let Some(lanes) = &mut lanes {
            lanes.take(stretch, next);
        }
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
    let ended = Ended {
        name: name.clone(),
        title: meta.title.clone(),
        timeline,
        lanes: lanes.map(|lanes| lanes.text()),
        stretches: found.stretches,
        findings: found.into_findings(),
    };
    Ok(ended.print(ascii)?)
}

impl Ended<'_> {
    fn print(&self, ascii: bool) -> io::Result<()> {
        let mut out = stdout();
        if let Some(lanes) = &self.lanes {
            self.text(lanes, ascii, &mut out)?;
        } else {
            let within = (self.stretches > 1).then_some(STRETCH);
            let summary = summary(self.name.raw(), self.timeline, &self.findings, within);
            json::write(&mut out, &summary)?;
            writeln!(out)?;
        }
        out.flush()
    }

    fn text(&self, lanes: &str, ascii: bool, out: &mut impl Write) -> io::Result<()> {
        let dash = if ascii { "-" } else { "·" };
        writeln!(out, "{} {dash} {}\n", self.name, self.title)?;
        write_block(out, lanes)?;
        write_block(out, &totals_text(self.timeline))?;
        let heading = match self.findings.len() {
            0 => "no findings",
            _ => "findings",
        };
        writeln!(out, "{heading}{}", self.searched())?;
        for (finding, number) in self.findings.iter().zip(1..) {
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

    /// Says that the session was searched in stretches; empty if it was searched all at once.
    fn searched(&self) -> String {
        match self.stretches {
            0 | 1 => String::new(),
            stretches => format!(
                " (searched in {stretches} separate stretches of {STRETCH} events; of each place, only the costliest finding)"
            ),
        }
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
