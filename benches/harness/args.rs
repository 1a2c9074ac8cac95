//! The command line.

use super::workload::{Case, Workload};

pub const USAGE: &str = "\
Measures what a tool adds to the cost of an async program.

  --json             one JSON line for each workload, thread count and tool
  --markdown         one table for the README; progress goes to stderr
  --quick            a few seconds, and noisier
  --workload <NAME>  only this workload: yield, pingpong, spawn or echo
  --threads <N>      only with so many threads: 1 or 2
  --tool <NAME>      only this tool; may be repeated";

/// How results are printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
    Markdown,
}

/// What the command line says.
pub struct Args {
    pub help: bool,
    pub quick: bool,
    pub format: Format,
    pub workload: Option<Workload>,
    pub threads: Option<usize>,
    pub tools: Vec<String>,
    /// To measure one tool here, which is what child processes are told.
    pub one: Option<(Case, String)>,
}

impl Args {
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut args = Self {
            help: false,
            quick: false,
            format: Format::Text,
            workload: None,
            threads: None,
            tools: Vec::new(),
            one: None,
        };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--bench" => {} // cargo says so to every bench.
                "--help" | "-h" => args.help = true,
                "--quick" => args.quick = true,
                "--json" => args.format = Format::Json,
                "--markdown" => args.format = Format::Markdown,
                "--workload" => args.workload = Some(workload(words.next())?),
                "--threads" => args.threads = Some(threads(words.next())?),
                "--tool" => args.tools.push(words.next().ok_or("--tool needs a name")?),
                "--one" => {
                    let workload = workload(words.next())?;
                    let threads = threads(words.next())?;
                    let tool = words.next().ok_or("--one needs a tool")?;
                    args.one = Some((Case { workload, threads }, tool));
                }
                other => return Err(format!("'{other}' is not known here\n\n{USAGE}")),
            }
        }
        Ok(args)
    }

    pub fn wants_tool(&self, tool: &str) -> bool {
        self.tools.is_empty() || self.tools.iter().any(|wanted| wanted == tool)
    }

    pub fn wants_case(&self, case: &Case) -> bool {
        self.workload.is_none_or(|wanted| wanted == case.workload)
            && self.threads.is_none_or(|wanted| wanted == case.threads)
    }
}

fn workload(word: Option<String>) -> Result<Workload, String> {
    let word = word.unwrap_or_default();
    Workload::find(&word).ok_or_else(|| format!("no workload is called '{word}'"))
}

fn threads(word: Option<String>) -> Result<usize, String> {
    let word = word.unwrap_or_default();
    let threads = word.parse().ok().filter(|threads| *threads > 0);
    threads.ok_or_else(|| format!("'{word}' is not a number of threads"))
}
