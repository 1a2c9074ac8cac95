//! Watching programs that run: `exec` and `attach`.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use clap::Args;

use super::failure::{self, Failure};
use super::screen::{self, Start};
use super::session;
use crate::event::printable::{self, printable};
use crate::journal::private;
use crate::probe::output;
use crate::recording::{Archive, is_log, plain};
use crate::source::attach::{self, Address, Program};
use crate::source::exec::{Launched, Printing, exit_code};
use crate::source::spool::Spool;
use crate::tui::Watching;
use crate::tui::app::WatchedStatus;

pub(super) const EXEC_EXAMPLES: &str = "\
The program links asyncline: #[asyncline::main] in the place of #[tokio::main], and asyncline::task in the place of
tokio::task. It is told where to send what happens by the environment variable ASYNCLINE. Its exit code is passed on.

Examples:
  asyncline exec -- target/debug/server --port 8080
  asyncline exec --record flight.aline -- target/debug/server
  asyncline exec --split server.log -- target/debug/server";

pub(super) const ATTACH_EXAMPLES: &str = "\
Programs that were begun with ASYNCLINE=live are found by their process. Several may watch one; it goes on when they leave.

Examples:
  ASYNCLINE=live target/debug/server        begin a program that can be watched
  asyncline attach                          watch it; where there are several, choose
  asyncline attach 4711                     watch the process of this number
  asyncline attach 4711 4712                watch two of them on one time axis
  asyncline attach /run/user/1000/my.sock   watch what has its socket there: ASYNCLINE=live:SOCKET
  asyncline attach --record flight.aline    keep what is seen";

#[derive(Debug, Args)]
pub(super) struct Exec {
    /// Keep what is seen in this file
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Write what the program prints to this file, instead of showing it in a panel
    #[arg(long, value_name = "FILE")]
    split: Option<PathBuf>,
    /// The program, and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "PROGRAM")]
    program: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(super) struct Attach {
    /// The process, the path of its socket, or its address such as `tcp:127.0.0.1:7000`; several are seen on one time axis
    #[arg(value_name = "PID | SOCKET")]
    programs: Vec<String>,
    /// Keep what is seen in this file
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

/// Begins a program, and watches it.
pub(super) fn exec(exec: &Exec, ascii: bool, is_terminal: bool) -> Result<(), Failure> {
    needs_screen_or_file(is_terminal, exec.record.as_deref())?;
    // Errors are reported before anything is started.
    output::token().map_err(Failure::Mistake)?;
    let spool = Spool::open(exec.record.as_deref())?;
    let printing = match &exec.split {
        Some(path) => Printing::To(create(path)?),
        None if is_terminal => Printing::Kept,
        None => Printing::Here,
    };
    let prints = matches!(printing, Printing::Kept);
    let name = printable::path(Path::new(&exec.program[0]));
    let mut begun = Launched::begin(&exec.program, printing)
        .map_err(|error| Failure::Mistake(format!("cannot begin {name}: {}", plain(&error))))?;
    let attached = begun.attach(spool).inspect_err(|_| {
        begun.end();
    })?;
    let Some(attached) = attached else {
        return told_nothing(&mut begun, &name);
    };
    let mut watching = Watching::begun(attached, begun, prints);
    if is_terminal {
        let left = watch(watching, exec.record.as_deref(), ascii)?;
        let status = left.and_then(|mut begun| begun.end());
        return pass_on(status.map_or(0, exit_code));
    }
    until_they_end(&mut watching);
    let begun = watching.begun.take();
    drop(watching);
    finish(exec.record.as_deref());
    let ended = begun.map(|mut begun| begun.wait());
    pass_on(ended.map_or(0, |status| status.map_or(1, exit_code)))
}

/// Watches a program that runs.
pub(super) fn attach(attach: &Attach, ascii: bool, is_terminal: bool) -> Result<(), Failure> {
    needs_screen_or_file(is_terminal, attach.record.as_deref())?;
    let addresses = match attach.programs.as_slice() {
        [] => vec![choose()?],
        programs => programs
            .iter()
            .map(|text| address(text))
            .collect::<Result<_, _>>()?,
    };
    let record = attach.record.as_deref();
    let mut watching = Watching::at(&addresses, record)?;
    if is_terminal {
        return watch(watching, record, ascii).map(drop);
    }
    let life = until_they_end(&mut watching);
    drop(watching);
    finish(record);
    match life {
        WatchedStatus::Broken(why) => Err(Failure::Stopped(format!(
            "the program is gone: {why}; what came until then is recorded"
        ))),
        _ => Ok(()),
    }
}

fn needs_screen_or_file(is_terminal: bool, record: Option<&Path>) -> Result<(), Failure> {
    if is_terminal || record.is_some() {
        return Ok(());
    }
    let line = "there is no terminal to show the program on; keep it with --record FILE";
    Err(Failure::Mistake(line.into()))
}

/// Creates the file for the program's output. Refuses to overwrite a recording.
fn create(path: &Path) -> Result<File, Failure> {
    let path_text = printable::path(path);
    let is_file = path.metadata().is_ok_and(|found| found.is_file());
    if is_file && is_log(path).unwrap_or(false) {
        return Err(Failure::Mistake(format!(
            "cannot overwrite {path_text}: it is a recording; --split writes the program's output, --record its events"
        )));
    }
    let mut options = private::options();
    options
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
        .map_err(|error| Failure::Mistake(format!("cannot write {path_text}: {}", plain(&error))))
}

/// What a program printed that ended before it told anything, and what may be the reason.
fn told_nothing(begun: &mut Launched, name: &str) -> Result<(), Failure> {
    let status = begun.wait();
    for line in begun.printed() {
        println!("{}", printable(line));
    }
    failure::say(&format!(
        "{name} ended without telling what it did: is #[asyncline::main] in it, or Executor::wrap?"
    ));
    pass_on(status.map_or(1, exit_code))
}

fn pass_on(code: u8) -> Result<(), Failure> {
    if code == 0 {
        Ok(())
    } else {
        Err(Failure::Passed(code))
    }
}

fn watch(
    watching: Watching,
    record: Option<&Path>,
    ascii: bool,
) -> Result<Option<Launched>, Failure> {
    let left = screen::run_watching(Start::Watch(Box::new(watching)), ascii)?;
    let begun = left.and_then(|left| left.begun);
    finish(record);
    Ok(begun)
}

/// Waits until programs have ended, or are gone.
fn until_they_end(watching: &mut Watching) -> WatchedStatus {
    const PULSE: Duration = Duration::from_millis(10);
    loop {
        let life = watching.state().life;
        if life != WatchedStatus::Runs {
            return life;
        }
        thread::sleep(PULSE);
    }
}

/// Writes the index and the end of what was recorded.
fn finish(record: Option<&Path>) {
    let Some(path) = record else { return };
    // What is there can be read without them.
    if let Ok(mut archive) = Archive::open(path, session::show_progress) {
        let _ = archive.repair(path);
    }
}

fn address(text: &str) -> Result<Address, Failure> {
    if let Some(address) = text.strip_prefix("tcp:") {
        let address = address.parse().map_err(|_| {
            Failure::Mistake(format!("'{address}' is no address such as 127.0.0.1:7000"))
        })?;
        return Ok(Address::Tcp(address));
    }
    match text.parse() {
        Ok(process) => {
            let cannot =
                |why: &str| Failure::Mistake(format!("process {process} cannot be watched: {why}"));
            let socket = attach::socket_of(process).map_err(|error| cannot(&plain(&error)))?;
            if socket.symlink_metadata().is_err() {
                return Err(cannot("was it started with ASYNCLINE=live?"));
            }
            Ok(Address::Socket(socket))
        }
        Err(_) => Ok(Address::Socket(text.into())),
    }
}

/// The program that runs, or the one of several that is chosen.
fn choose() -> Result<Address, Failure> {
    let found = attach::programs();
    let found = found.map_err(|why| Failure::Mistake(format!("cannot list programs: {why}")))?;
    let mut programs = found.answering;
    match programs.len() {
        0 if !found.silent.is_empty() => {
            let silent = found.silent.iter().filter_map(|socket| socket.file_stem());
            let silent = silent.map(|name| printable::path(Path::new(name)).to_string());
            let silent: Vec<_> = silent.collect();
            Err(Failure::Mistake(format!(
                "no program answers: {} may be stopped, or need another ASYNCLINE_TOKEN",
                silent.join(", ")
            )))
        }
        0 => Err(Failure::Mistake(
            "no program runs that can be watched; begin one with ASYNCLINE=live".into(),
        )),
        1 => Ok(Address::Socket(programs.remove(0).1)),
        _ if io::stdin().is_terminal() => ask(programs),
        _ => {
            let names = programs.iter().map(|(program, _)| one_line(program));
            let names: Vec<_> = names.collect();
            let line = format!("several programs run; say which one: {}", names.join(", "));
            Err(Failure::Mistake(line))
        }
    }
}

fn ask(mut programs: Vec<(Program, PathBuf)>) -> Result<Address, Failure> {
    let mut out = io::stdout().lock();
    for (index, (program, _)) in programs.iter().enumerate() {
        writeln!(out, "{:>3}  {}", index + 1, one_line(program))?;
    }
    write!(out, "Which one? ")?;
    out.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let chosen = line.trim().parse::<usize>().ok();
    let chosen = chosen.and_then(|chosen| chosen.checked_sub(1));
    match chosen.filter(|chosen| *chosen < programs.len()) {
        Some(chosen) => Ok(Address::Socket(programs.swap_remove(chosen).1)),
        None => Err(Failure::Mistake(format!(
            "'{}' is none of them",
            line.trim()
        ))),
    }
}

fn one_line(program: &Program) -> String {
    format!("{} {}", program.process, program.name)
}

impl From<attach::Error> for Failure {
    fn from(error: attach::Error) -> Self {
        match error {
            attach::Error::Session(error) => error.into(),
            attach::Error::Program { .. } => Self::Mistake(error.to_string()),
        }
    }
}
