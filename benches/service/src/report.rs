//! The table.

use std::fmt::Write;

use crate::load::{CONNECTIONS, SETS, VALUE};
use crate::machine::machine;
use crate::server::{Kind, Recorded, Slice};
use crate::source::PACKAGE;

/// The target: so much of the requests per second may be missing at full recording, in percent.
const TARGET: f64 = 3.0;

/// So many requests at a time.
pub struct Case {
    pub depth: usize,
    /// The slices of each turn, in the order of [`Kind::ALL`].
    pub turns: Vec<Vec<Slice>>,
    /// What each server recorded that ended, in the same order.
    pub recorded: [Vec<Recorded>; Kind::ALL.len()],
}

/// What is known of one kind in one case.
struct Row {
    name: &'static str,
    rate: [f64; 3],
    ratio: [f64; 3],
    cpu: Option<[f64; 3]>,
    cpu_ratio: Option<[f64; 3]>,
    recorded: Option<Recorded>,
}

impl Case {
    pub fn new(depth: usize) -> Self {
        Self {
            depth,
            turns: Vec::new(),
            recorded: Default::default(),
        }
    }

    fn row(&self, index: usize) -> Row {
        let of = |what: fn(&Slice) -> f64| {
            let values = self.turns.iter().map(|slices| what(&slices[index]));
            quartiles(values.collect())
        };
        let compared = |what| quartiles(self.ratios(index, what));
        let has_cpu = self.turns.iter().flatten().all(|slice| slice.cpu.is_some());
        Row {
            name: Kind::ALL[index].name(),
            rate: of(Slice::rate),
            ratio: compared(Slice::rate),
            cpu: has_cpu.then(|| of(cpu)),
            cpu_ratio: has_cpu.then(|| compared(cpu)),
            recorded: self.recorded[index].iter().copied().reduce(Recorded::and),
        }
    }

    /// Each slice beside the one of its turn as published, which is near it in time.
    fn ratios(&self, index: usize, what: fn(&Slice) -> f64) -> Vec<f64> {
        let turns = self.turns.iter();
        let ratios = turns.map(|slices| what(&slices[index]) / what(&slices[0]));
        ratios.collect()
    }

    /// Between which ratios the median of all slices that there could be lies, 19 times in 20: the ranks around the middle
    /// do not depend on how slices are distributed.
    fn likely(&self, index: usize) -> [f64; 2] {
        let mut ratios = self.ratios(index, Slice::rate);
        ratios.sort_by(f64::total_cmp);
        let count = ratios.len() as f64;
        let low = (count / 2.0 - 0.98 * count.sqrt()).max(0.0) as usize;
        [ratios[low], ratios[ratios.len() - 1 - low]]
    }

    fn rows(&self) -> Vec<Row> {
        (0..Kind::ALL.len()).map(|index| self.row(index)).collect()
    }
}

/// Microseconds for a request.
fn cpu(slice: &Slice) -> f64 {
    slice.cpu.unwrap_or_default() * 1e6
}

fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values[(values.len() - 1) * quarter / 4])
}

const HEAD: [&str; 6] = [
    "requests/s",
    "× as published (quartiles)",
    "CPU µs per request",
    "× as published (quartiles)",
    "events · bytes each",
    "lost",
];

impl Row {
    fn cells(&self) -> [String; 6] {
        let spread = |[low, median, high]: [f64; 3]| format!("{median:.3} ({low:.3} to {high:.3})");
        let dash = || "-".to_owned();
        [
            format!("{:.0}", self.rate[1]),
            spread(self.ratio),
            self.cpu.map_or_else(dash, |cpu| format!("{:.2}", cpu[1])),
            self.cpu_ratio.map_or_else(dash, spread),
            self.recorded.map_or_else(dash, |recorded| {
                let each = recorded.bytes as f64 / recorded.events.max(1) as f64;
                format!("{} · {each:.1}", recorded.events)
            }),
            self.recorded
                .map_or_else(dash, |recorded| share(recorded.lost, recorded.events)),
        ]
    }
}

/// How many events were lost, and which part of all that is.
fn share(lost: u64, events: u64) -> String {
    if lost == 0 {
        return "0".into();
    }
    let all = (lost + events) as f64;
    format!("{lost} ({:.2} %)", 100.0 * lost as f64 / all)
}

fn title(case: &Case) -> String {
    match case.depth {
        1 => "one request at a time".into(),
        depth => format!("{depth} requests at a time"),
    }
}

/// The table for the README.
pub fn markdown(cases: &[Case]) -> String {
    let mut text = format!(
        "| | {} |\n|{}\n",
        HEAD.join(" | "),
        "---|".repeat(HEAD.len() + 1)
    );
    for case in cases {
        for row in case.rows() {
            let name = format!("{}: {}", title(case), row.name);
            let _ = writeln!(text, "| {name} | {} |", row.cells().join(" | "));
        }
    }
    format!(
        "{text}\n{}\n\n- {}\n",
        circumstances(cases),
        targets(cases).join("\n- ")
    )
}

/// The same, to be read in a terminal.
pub fn text(cases: &[Case]) -> String {
    let mut text = String::new();
    for case in cases {
        let _ = writeln!(text, "\n{}", title(case));
        for row in case.rows() {
            let _ = writeln!(text, "  {}", row.name);
            for (head, cell) in HEAD.iter().zip(row.cells()) {
                let _ = writeln!(text, "    {head:<32} {cell}");
            }
        }
    }
    format!(
        "{text}\n{}\n\n{}\n",
        circumstances(cases),
        targets(cases).join("\n")
    )
}

fn circumstances(cases: &[Case]) -> String {
    let turns = cases.iter().map(|case| case.turns.len()).max();
    let lock = include_str!("../Cargo.lock");
    let versions = ["tokio", "asyncline", PACKAGE].map(|name| {
        let rest = lock.split_once(&format!("name = \"{name}\"\nversion = \""));
        let version = rest.and_then(|(_, rest)| rest.split('"').next());
        format!("{name} {}", version.unwrap_or("?"))
    });
    format!(
        "Measured on {}, with {}: {CONNECTIONS} connections, a SET for every {} GETs, values of {VALUE} bytes, medians of \
         {} slices in turns.",
        machine(),
        versions.join(", "),
        SETS - 1,
        turns.unwrap_or_default()
    )
}

fn targets(cases: &[Case]) -> Vec<String> {
    let file = Kind::ALL.iter().position(|kind| *kind == Kind::File);
    let lines = cases.iter().map(|case| {
        let file = file.unwrap_or_default();
        let missing = 100.0 * (1.0 - case.row(file).ratio[1]);
        let [most, least] = case.likely(file).map(|ratio| 100.0 * (1.0 - ratio));
        let told = if missing <= TARGET {
            "met".into()
        } else {
            format!("missed by {:.1}", missing - TARGET)
        };
        format!(
            "{}, % fewer requests/s at full recording: {missing:.1} (of the \
             median, 95 %: {least:.1} to {most:.1}), target {TARGET:.1}, {told}",
            title(case)
        )
    });
    lines.collect()
}
