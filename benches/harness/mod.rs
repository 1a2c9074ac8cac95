//! A bench of slices: in one process, a workload runs for tens of milliseconds without and with a tool, in turns.
//!
//! Only what was measured side by side can be compared on a machine that others use too. Each workload, thread count
//! and tool has processes of its own, so that neither their memory nor their global state mixes; the median one counts.

mod args;
mod machine;
mod report;
pub mod slices;
mod targets;
pub mod tool;
pub mod workload;

use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use args::{Args, Format};
use report::Row;
pub use slices::{Measured, Plan};
pub use workload::Case;

/// How many processes measure a tool, one after the other.
const PROCESSES: usize = 3;

/// A bench program.
pub struct Bench {
    /// The tools, in the order in which they are listed.
    pub tools: &'static [&'static str],
    /// Measures one tool in this process.
    pub measure: fn(&str, Case, &Plan) -> io::Result<Measured>,
    /// The program that can measure a tool.
    pub program: fn(&str) -> io::Result<PathBuf>,
    /// The lock files, which tell versions.
    pub locks: &'static [&'static str],
    /// The packages whose versions matter.
    pub compared: &'static [&'static str],
}

impl Bench {
    /// Does what the command line says.
    pub fn main(&self) -> ExitCode {
        let args = match Args::parse(std::env::args().skip(1)) {
            Ok(args) => args,
            Err(message) => {
                eprintln!("{message}");
                return ExitCode::from(2);
            }
        };
        if args.help {
            println!("{}\n\nTools: {}", args::USAGE, self.tools.join(", "));
            return ExitCode::SUCCESS;
        }
        let done = match &args.one {
            Some((case, tool)) => self.one(*case, tool, args.quick),
            None => self.all(&args),
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        }
    }

    fn one(&self, case: Case, tool: &str, quick: bool) -> io::Result<()> {
        let plan = if quick { Plan::QUICK } else { Plan::FULL };
        let measured = (self.measure)(tool, case, &plan)?;
        println!("{}", measured.to_line());
        Ok(())
    }

    fn all(&self, args: &Args) -> io::Result<()> {
        let mut rows = Vec::new();
        let mut failed = 0;
        for case in Case::all().filter(|case| args.wants_case(case)) {
            for tool in self.tools.iter().filter(|tool| args.wants_tool(tool)) {
                match self.in_children(case, tool, args.quick) {
                    Ok(measured) => {
                        let row = Row {
                            case,
                            tool,
                            measured,
                        };
                        row.print(args.format, rows.is_empty());
                        rows.push(row);
                    }
                    // The others are worth knowing all the same.
                    Err(error) => {
                        eprintln!("{error}");
                        failed += 1;
                    }
                }
            }
        }
        let targets = targets::lines(&rows);
        match args.format {
            Format::Json => {}
            Format::Text => println!("\nTargets:\n{}", targets.join("\n")),
            Format::Markdown => {
                print!("{}", report::markdown(&rows, &self.versions()));
                println!("\nTargets:\n\n- {}", targets.join("\n- "));
            }
        }
        match failed {
            0 => Ok(()),
            _ => Err(io::Error::other(format!("{failed} measurements failed"))),
        }
    }

    fn versions(&self) -> Vec<String> {
        let version = |name: &&str| {
            let found = self.locks.iter().find_map(|lock| locked(lock, name))?;
            Some(format!("{name} {found}"))
        };
        self.compared.iter().filter_map(version).collect()
    }

    /// Measures a tool in several processes: where in memory a process happens to have what it uses often makes a
    /// difference, too.
    fn in_children(&self, case: Case, tool: &str, quick: bool) -> io::Result<Measured> {
        let processes = if quick { 1 } else { PROCESSES };
        let measured = (0..processes).map(|_| self.in_child(case, tool, quick));
        Ok(Measured::of_all(measured.collect::<io::Result<_>>()?))
    }

    fn in_child(&self, case: Case, tool: &str, quick: bool) -> io::Result<Measured> {
        let mut command = Command::new((self.program)(tool)?);
        command.args([
            "--one",
            case.workload.name(),
            &case.threads.to_string(),
            tool,
        ]);
        if quick {
            command.arg("--quick");
        }
        let output = command.stderr(Stdio::inherit()).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let measured = text.lines().last().and_then(Measured::from_line);
        measured.filter(|_| output.status.success()).ok_or_else(|| {
            let name = case.workload.name();
            let message = format!("{tool}, {name} on {} threads: {text}", case.threads);
            io::Error::other(message)
        })
    }
}

/// The version of a package in a lock file.
fn locked<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
    rest.split('"').next()
}
