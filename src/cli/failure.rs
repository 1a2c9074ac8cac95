//! What went wrong, in one line where it was the user's mistake.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use color_eyre::config::HookBuilder;
use color_eyre::eyre::Report;

use crate::event::printable::printable;
use crate::recording;
use crate::scenario;

/// Why the program ends without having done what it was asked for.
#[derive(Debug)]
pub(super) enum Failure {
    /// The user's mistake, in a line that says how to go on. Exit code 2.
    Mistake(String),
    /// Something that the user can do nothing about but read of, in a line. Exit code 1.
    Stopped(String),
    /// A failure whose causes and places matter. Exit code 1.
    Broken(Report),
    /// Help or the version was asked for.
    Help(clap::Error),
    /// A program that was begun here ended with this code, which is passed on.
    Passed(u8),
    /// A signal with this number ended it. Exit code 128 and that number.
    Signal(u8),
    /// Nobody reads the output any more, as in `asyncline list | head -1`.
    ClosedPipe,
}

/// Makes reports of panics and failures readable.
pub(super) fn hooks() -> Result<(), Failure> {
    let hooks = HookBuilder::default().display_env_section(false);
    hooks.install().map_err(Failure::Broken)
}

impl Failure {
    /// Says on stderr what went wrong.
    pub(super) fn report(self) -> ExitCode {
        match self {
            Self::Mistake(line) => {
                say(&line);
                ExitCode::from(2)
            }
            Self::Stopped(line) => {
                say(&line);
                ExitCode::FAILURE
            }
            Self::Broken(report) => {
                let _ = writeln!(io::stderr(), "asyncline: {report:?}");
                ExitCode::FAILURE
            }
            Self::Help(help) => match help.print() {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => Self::from(error).report(),
            },
            Self::Passed(code) => ExitCode::from(code),
            Self::Signal(number) => ExitCode::from(128 + number),
            Self::ClosedPipe => ExitCode::SUCCESS,
        }
    }
}

/// Writes one line to standard error, which may be closed.
pub(super) fn say(what: &str) {
    let _ = writeln!(io::stderr(), "asyncline: {}", printable(what));
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::Stopped(format!(
                "cannot write the output: {}",
                recording::plain(&error)
            )),
        }
    }
}

impl From<recording::Error> for Failure {
    fn from(error: recording::Error) -> Self {
        use recording::Error::{Foreign, NoDirectory, Read, Write};
        let line = error.to_string();
        match error {
            Read { .. } | Foreign { .. } | NoDirectory => Self::Mistake(line),
            Write { why, .. } => match why.kind() {
                io::ErrorKind::NotFound
                | io::ErrorKind::AlreadyExists
                | io::ErrorKind::PermissionDenied
                | io::ErrorKind::ReadOnlyFilesystem
                | io::ErrorKind::IsADirectory
                | io::ErrorKind::NotADirectory => Self::Mistake(line),
                _ => Self::Stopped(line),
            },
        }
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Self::Help(error),
            ErrorKind::InvalidSubcommand => Self::Mistake(unknown_command(&error)),
            _ => Self::Mistake(one_line(&error)),
        }
    }
}

/// Somebody who names a scenario where a command belongs is told what to write.
fn unknown_command(error: &clap::Error) -> String {
    match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(name)) => match scenario::nearest(name) {
            Some(near) => format!(
                "there is no command '{name}'; did you mean 'asyncline run {}'?",
                near.name
            ),
            None => format!("there is no command '{name}'; see 'asyncline --help'"),
        },
        _ => one_line(error),
    }
}

/// The first paragraph of what clap has to say, and where to read on.
fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let lines = text.lines().map(str::trim);
    let first: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    let first = first.join(" ");
    let first = first.strip_prefix("error: ").unwrap_or(&first);
    format!("{first}; see 'asyncline --help'")
}
