//! Results as text, as JSON and as a table for the README.

use super::args::Format;
use super::machine::machine;
use super::slices::Measured;
use super::workload::Case;

/// What one tool costs in one case.
pub struct Row<'a> {
    pub case: Case,
    pub tool: &'a str,
    pub measured: Measured,
}

impl Row<'_> {
    const HEAD: &'static str = concat!(
        "workload  threads  tool                bare ns  x bare  (quartiles)     added ns  CPU added ns  ",
        "bytes/event      lost  peak MiB"
    );

    /// As soon as it is known. Where the table comes at the end, this is only progress.
    pub fn print(&self, format: Format, is_first: bool) {
        match format {
            Format::Json => println!("{}", self.json()),
            Format::Text if is_first => println!("{}\n{}", Self::HEAD, self.text()),
            Format::Text => println!("{}", self.text()),
            Format::Markdown => eprintln!("{}", self.text()),
        }
    }

    fn text(&self) -> String {
        let of = &self.measured;
        let [low, median, high] = of.ratio;
        format!(
            "{:<8}  {:>7}  {:<18} {:>8.1}  {median:>6.2}  {:<14}  {:>8.1}  {:>12.1}  {:>11}  {:>8}  {:>8}",
            self.case.workload.name(),
            self.case.threads,
            self.tool,
            of.bare_ns,
            format!("({low:.2}-{high:.2})"),
            of.added_ns,
            of.cpu_added_ns,
            or_dash(of.bytes_per_event.map(|bytes| format!("{bytes:.2}"))),
            or_dash(of.lost.map(|lost| lost.to_string())),
            or_dash(of.rss_mib.map(|mib| format!("{mib:.1}"))),
        )
    }

    fn json(&self) -> String {
        let of = &self.measured;
        format!(
            "{{\"workload\": \"{}\", \"threads\": {}, \"tool\": \"{}\", \"ratio\": {:.3}, \"added_ns\": {:.1}, \
             \"cpu_added_ns\": {:.1}, \"bytes_per_event\": {}, \"lost\": {}, \"rss_mib\": {}}}",
            self.case.workload.name(),
            self.case.threads,
            self.tool,
            of.ratio[1],
            of.added_ns,
            of.cpu_added_ns,
            or_null(of.bytes_per_event.map(|bytes| format!("{bytes:.3}"))),
            or_null(of.lost.map(|lost| lost.to_string())),
            or_null(of.rss_mib.map(|mib| format!("{mib:.1}"))),
        )
    }
}

fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".into())
}

fn or_null(text: Option<String>) -> String {
    text.unwrap_or_else(|| "null".into())
}

/// One table: a line for each tool, a column for each case, and what was worst over all cases.
pub fn markdown(rows: &[Row], versions: &[String]) -> String {
    let mut cases: Vec<Case> = Vec::new();
    let mut tools: Vec<&str> = Vec::new();
    for row in rows {
        if !cases.contains(&row.case) {
            cases.push(row.case);
        }
        if !tools.contains(&row.tool) {
            tools.push(row.tool);
        }
    }
    let titles = cases.iter().map(|case| {
        let threads = if case.threads == 1 {
            "thread"
        } else {
            "threads"
        };
        format!("{}, {} {threads}", case.workload.name(), case.threads)
    });
    let titles: Vec<_> = titles.collect();
    let columns = titles.join(" | ");
    let rule = "---|".repeat(cases.len() + 4);
    let head = format!("| | {columns} | bytes per event | lost | peak MiB |\n|{rule}\n");
    let lines = tools.iter().map(|tool| {
        let of_tool: Vec<_> = rows.iter().filter(|row| row.tool == *tool).collect();
        tool_line(tool, &of_tool)
    });
    let table: String = lines.collect();
    format!("{head}{table}\n{}", circumstances(versions))
}

fn tool_line(tool: &str, rows: &[&Row]) -> String {
    let cells = rows.iter().map(|row| {
        let of = &row.measured;
        format!(
            "{:.2} · {:.0} · {:.0}",
            of.ratio[1], of.added_ns, of.cpu_added_ns
        )
    });
    let cells = cells.collect::<Vec<_>>().join(" | ");
    let most = |what: fn(&Measured) -> Option<f64>| {
        let values = rows.iter().filter_map(|row| what(&row.measured));
        values.reduce(f64::max)
    };
    let bytes = or_dash(most(|of| of.bytes_per_event).map(|bytes| format!("{bytes:.1}")));
    let lost = or_dash(most(|of| of.lost.map(|lost| lost as f64)).map(|lost| lost.to_string()));
    let mib = or_dash(most(|of| of.rss_mib).map(|mib| format!("{mib:.0}")));
    format!("| {tool} | {cells} | {bytes} | {lost} | {mib} |\n")
}

fn circumstances(versions: &[String]) -> String {
    format!("Measured on {}, with {}.\n", machine(), versions.join(", "))
}
