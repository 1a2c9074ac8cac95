//! The command line: what is asked for, and who does it.

mod failure;
mod headless;
mod output;
mod screen;
mod session;
#[cfg(unix)]
mod watch;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use crate::recording::Keep;
use crate::scenario::{self, Scenario};
use failure::Failure;
use output::{Print, Shown};
use screen::{Record, Start};

/// See what an async program does, as it does it: tasks as lanes in the terminal.
#[derive(Debug, Parser)]
#[command(name = "asyncline", version, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Draw with ASCII characters alone
    #[arg(long, global = true)]
    ascii: bool,
}

const EXAMPLES: &str = "\
Without a command, the menu of scenarios opens.

Examples:
  asyncline                                 choose a scenario from the menu
  asyncline list                            name all scenarios, with what each of them shows
  asyncline run tasks                       watch a scenario, step through it, rewind it
  asyncline run tasks --text                print its finished lanes, totals and findings
  asyncline run sequential --json           the same for other programs to read
  asyncline run tasks --record tasks.aline  keep a recording of it
  asyncline replay tasks.aline              watch the recording, with the same keys
  asyncline replay --follow live.aline      watch a recording while it is written
  asyncline exec -- target/debug/server     watch a program of your own that asyncline is linked into
  asyncline attach                          watch one that runs, begun with ASYNCLINE=live
  asyncline session info tasks.aline        say how long it is, what is in it and what is wrong with it
  asyncline completions bash                make the Tab key know all this

Recordings are kept in the platform's state directory, the newest fifty of them; the menu lists them.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Name the scenarios, each with what it shows
    List,
    /// Run a scenario and watch it; without a terminal, print what came of it
    #[command(after_help = RUN_EXAMPLES)]
    Run(RunArgs),
    /// Watch a recorded session; without a terminal, print what came of it
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(ReplayArgs),
    /// Begin a program that asyncline is linked into, and watch it
    #[cfg(unix)]
    #[command(after_help = watch::EXEC_EXAMPLES)]
    Exec(watch::Exec),
    /// Watch a program that runs and was begun with ASYNCLINE=live
    #[cfg(unix)]
    #[command(after_help = watch::ATTACH_EXAMPLES)]
    Attach(watch::Attach),
    /// What can be done with recordings besides watching them
    #[command(subcommand)]
    Session(session::SessionCommand),
    /// Write the index and the end of a recording that was cut off, or turn a journal into a recording
    Repair {
        /// The recording
        file: PathBuf,
    },
    /// Print the completions for a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        shell: Shell,
    },
}

const RUN_EXAMPLES: &str = "\
Examples:
  asyncline run gather
  asyncline run gather --text
  asyncline run gather --record flight.aline --keep 50MB
  asyncline run sequential --json | jq '.findings[].text'";

const REPLAY_EXAMPLES: &str = "\
Examples:
  asyncline replay tasks.aline
  asyncline replay tasks.aline --text
  asyncline replay --follow live.aline";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  asyncline completions bash > ~/.local/share/bash-completion/completions/asyncline
  asyncline completions fish > ~/.config/fish/completions/asyncline.fish";

#[derive(Debug, Args)]
struct RunArgs {
    /// The scenario's name, as `asyncline list` gives it
    name: String,
    #[command(flatten)]
    print: Print,
    /// Record the session to this file
    #[arg(long, value_name = "FILE", conflicts_with = "no_record")]
    record: Option<PathBuf>,
    /// Keep only the last part of the recording, such as `50MB` or `5min`: older files are `FILE.1` and so on
    #[arg(long, value_name = "LIMIT", requires = "record")]
    keep: Option<Keep>,
    /// Do not record the session
    #[arg(long)]
    no_record: bool,
}

#[derive(Debug, Args)]
struct ReplayArgs {
    /// The recording
    file: PathBuf,
    /// Go on with what is written to it, as `tail -F` does
    #[arg(long, conflicts_with_all = output::names())]
    follow: bool,
    #[command(flatten)]
    print: Print,
}

/// Does what the command line asks for, and says what went wrong.
pub fn main() -> ExitCode {
    let done = failure::hooks()
        .and_then(|()| Cli::try_parse().map_err(Failure::from))
        .and_then(|cli| run(&cli, io::stdout().is_terminal()));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(cli: &Cli, is_terminal: bool) -> Result<(), Failure> {
    match &cli.command {
        None if is_terminal => screen::run(Start::Menu, Record::Auto, cli.ascii),
        None => Ok(headless::welcome()?),
        Some(Command::List) => Ok(headless::list(&mut io::stdout().lock())?),
        Some(Command::Run(run)) => run_scenario(run, cli.ascii, is_terminal),
        Some(Command::Replay(replay)) => match replay.print.output(is_terminal) {
            Shown::Screen => {
                let (file, follow) = (replay.file.clone(), replay.follow);
                screen::run(Start::Replay { file, follow }, Record::Off, cli.ascii)
            }
            Shown::Printed(exporter) => headless::replay(&replay.file, exporter, cli.ascii),
        },
        #[cfg(unix)]
        Some(Command::Exec(exec)) => watch::exec(exec, cli.ascii, is_terminal),
        #[cfg(unix)]
        Some(Command::Attach(attach)) => watch::attach(attach, cli.ascii, is_terminal),
        Some(Command::Session(command)) => session::run(command),
        Some(Command::Repair { file }) => session::repair(file),
        Some(Command::Completions { shell }) => Ok(completions(*shell)?),
    }
}

fn run_scenario(run: &RunArgs, ascii: bool, is_terminal: bool) -> Result<(), Failure> {
    let scenario = find(&run.name)?;
    let record = match &run.record {
        Some(file) => Record::To(file.clone(), run.keep),
        None if run.no_record => Record::Off,
        None => Record::Auto,
    };
    match run.print.output(is_terminal) {
        Shown::Screen => screen::run(Start::Scenario(scenario), record, ascii),
        Shown::Printed(exporter) => {
            let record = run.record.as_deref().map(|file| (file, run.keep));
            headless::run(scenario, record, exporter, ascii)
        }
    }
}

fn find(name: &str) -> Result<&'static Scenario, Failure> {
    scenario::find(name).ok_or_else(|| {
        let nearest = scenario::nearest(name).map_or_else(
            || String::from("; "),
            |near| format!("; did you mean '{}'? ", near.name),
        );
        Failure::Mistake(format!(
            "there is no scenario '{name}'{nearest}'asyncline list' names them all"
        ))
    })
}

fn completions(shell: Shell) -> io::Result<()> {
    let names = scenario::all().iter().map(|scenario| scenario.name);
    let names = PossibleValuesParser::new(names);
    let mut command = Cli::command().mut_subcommand("run", |run| {
        run.mut_arg("name", |arg| arg.value_parser(names))
    });
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "asyncline", &mut script);
    io::stdout().write_all(&script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_terminal_text_is_printed() {
        let shown = |options: &[&str], is_terminal| {
            let words = [&["asyncline", "run", "tasks"], options].concat();
            match Cli::parse_from(words).command {
                Some(Command::Run(run)) => match run.print.output(is_terminal) {
                    Shown::Screen => "screen",
                    Shown::Printed(exporter) => exporter.name,
                },
                _ => "another command",
            }
        };
        assert_eq!(shown(&[], true), "screen");
        assert_eq!(shown(&[], false), "text");
        assert_eq!(shown(&["--text"], true), "text");
        assert_eq!(shown(&["--json"], true), "json");
    }
}
