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
    let cpu = [
        ("yield", 0.4),
        ("pingpong", 0.4),
        ("spawn", 0.6),
        ("echo", 0.5),
    ];
    let cpu = cpu.iter().flat_map(|(workload, most)| {
        [1, 2].map(|threads| against_dial9(rows, workload, threads, *most))
    });
    let others = [
        ratio(rows, "yield", 1, 1.6),
        ratio(rows, "pingpong", 1, 1.35),
        ratio(rows, "spawn", 1, 1.5),
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
        worst(rows, "asyncline", "bytes per event at worst", 8.0, |of| {
            of.bytes_per_event
        }),
    ];
    cpu.chain(others)
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
    Some(Target {
        what: format!("{workload}{}, × bare", on(threads)),
        most,
        measured,
    })
}

/// The CPU time added over all threads, divided by what dial9, the strongest peer, adds.
fn against_dial9(rows: &[Row], workload: &str, threads: usize, most: f64) -> Option<Target> {
    let ours = find(rows, "asyncline", workload, threads)?.cpu_added_ns;
    let theirs = find(rows, "dial9", workload, threads)?.cpu_added_ns;
    Some(Target {
        what: format!("{workload}{}, CPU added ÷ dial9's", on(threads)),
        most,
        measured: ours / theirs,
    })
}

fn on(threads: usize) -> String {
    let plural = if threads == 1 { "" } else { "s" };
    format!(" on {threads} thread{plural}")
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
