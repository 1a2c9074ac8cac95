//! What recording may cost, as the project has set itself, and what it does cost.

use super::report::Row;
use super::slices::Measured;

/// One thing that is to be at most so much.
struct Target {
    what: String,
    most: f64,
    measured: f64,
}

/// A line for each target of which something was measured.
pub fn lines(rows: &[Row]) -> Vec<String> {
    let targets = [
        ratio(rows, "yield", 1, 1.6),
        against_dial9(rows),
        ratio(rows, "yield", 2, 2.0),
        ratio(rows, "pingpong", 1, 1.3),
        ratio(rows, "spawn", 1, 1.3),
        worst(
            rows,
            "asyncline-off",
            "switched off, × bare at worst",
            1.1,
            |of| Some(of.ratio[1]),
        ),
        worst(
            rows,
            "asyncline",
            "events lost at worst, %",
            0.0,
            Measured::lost_share,
        ),
        worst(rows, "asyncline", "MiB of the whole process", 32.0, |of| {
            of.rss_mib
        }),
        worst(rows, "asyncline", "bytes per event at worst", 2.0, |of| {
            of.bytes_per_event
        }),
    ];
    targets
        .into_iter()
        .flatten()
        .map(|target| target.line())
        .collect()
}

impl Target {
    fn line(&self) -> String {
        let Self {
            what,
            most,
            measured,
        } = self;
        let verdict = if measured <= most {
            "met".to_string()
        } else {
            format!("missed by {:.2}", measured - most)
        };
        format!("{what}: {measured:.2}, target {most:.2}, {verdict}")
    }
}

/// How many times as long a case takes.
fn ratio(rows: &[Row], workload: &str, threads: usize, most: f64) -> Option<Target> {
    let measured = find(rows, "asyncline", workload, threads)?.ratio[1];
    let plural = if threads == 1 { "" } else { "s" };
    Some(Target {
        what: format!("{workload} on {threads} thread{plural}, × bare"),
        most,
        measured,
    })
}

/// What is added to a poll, in sixths of what the strongest peer adds.
fn against_dial9(rows: &[Row]) -> Option<Target> {
    let ours = find(rows, "asyncline", "yield", 1)?.added_ns;
    let theirs = find(rows, "dial9", "yield", 1)?.added_ns;
    Some(Target {
        what: "yield on 1 thread, ns added, against a sixth of dial9's".into(),
        most: theirs / 6.0,
        measured: ours,
    })
}

fn worst(
    rows: &[Row],
    tool: &str,
    what: &str,
    most: f64,
    of: fn(&Measured) -> Option<f64>,
) -> Option<Target> {
    let of_tool = rows.iter().filter(|row| row.tool == tool);
    let measured = of_tool
        .filter_map(|row| of(&row.measured))
        .reduce(f64::max)?;
    Some(Target {
        what: what.into(),
        most,
        measured,
    })
}

fn find<'a>(rows: &'a [Row], tool: &str, workload: &str, threads: usize) -> Option<&'a Measured> {
    let of_case = |row: &&Row| {
        row.tool == tool && row.case.workload.name() == workload && row.case.threads == threads
    };
    rows.iter().find(of_case).map(|row| &row.measured)
}
