//! A session as plain text: its finished lanes, the tasks' totals and the findings.

mod lanes;
mod limit;
#[cfg(test)]
mod tests;
mod totals;

use std::io::{self, Write};

pub use lanes::{LanesText, lanes_text};
pub use totals::totals_text;

use super::exporter::{EndedSession, Export, Exporter, PageSize, STRETCH};
use crate::event::Timestamp;
use crate::insight::Finding;
use crate::text::units::{lost_text, time_text};
use crate::timeline::Timeline;

/// Its line in the table.
pub(super) const EXPORTER: Exporter = Exporter {
    name: "text",
    help: "Print the finished lanes, totals and findings as text",
    begin: |end, page| Box::new(TextReport::new(end, page)),
};

struct TextReport<'a> {
    lanes: LanesText<'a>,
    ascii: bool,
}

impl<'a> TextReport<'a> {
    fn new(end: &'a Timeline, PageSize { width, ascii }: PageSize) -> Self {
        let lanes = LanesText::new(end, width, ascii);
        Self { lanes, ascii }
    }
}

impl Export for TextReport<'_> {
    fn take(&mut self, stretch: &Timeline, next: Option<Timestamp>) {
        self.lanes.take(stretch, next);
    }

    fn write(&self, ended: &EndedSession<'_>, out: &mut dyn Write) -> io::Result<()> {
        let dash = if self.ascii { "-" } else { "·" };
        writeln!(out, "{} {dash} {}\n", ended.name, ended.title)?;
        write_block(out, &self.lanes.text())?;
        write_block(out, &totals_text(ended.timeline))?;
        let heading = match ended.findings.len() {
            0 => "no findings",
            _ => "findings",
        };
        writeln!(out, "{heading}{}", searched(ended.stretches))?;
        for (finding, number) in ended.findings.iter().zip(1..) {
            write_finding(out, number, finding)?;
        }
        let end = time_text(ended.timeline.end());
        let lost = match ended.timeline.lost() {
            0 => String::new(),
            lost => format!(", {} lost", lost_text(lost)),
        };
        let events = match ended.timeline.events() {
            1 => "1 event".to_owned(),
            events => format!("{events} events"),
        };
        writeln!(out, "\n{end}, {events}{lost}")
    }
}

/// Says that the session was searched in stretches; empty if it was searched all at once.
fn searched(stretches: u64) -> String {
    match stretches {
        0 | 1 => String::new(),
        stretches => format!(
            " (searched in {stretches} separate stretches of {STRETCH} events; of each place, only the costliest finding)"
        ),
    }
}

fn write_block(out: &mut dyn Write, text: &str) -> io::Result<()> {
    match text.trim_end() {
        "" => Ok(()),
        text => writeln!(out, "{text}\n"),
    }
}

fn write_finding(out: &mut dyn Write, number: usize, finding: &Finding) -> io::Result<()> {
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
