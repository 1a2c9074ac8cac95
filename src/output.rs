//! Where a program's recording goes, which is decided outside of it: by the environment variable `ASYNCLINE`.
//!
//! | `ASYNCLINE` | what happens |
//! |---|---|
//! | not set, empty, or `off` | nothing is recorded; the runtime is tokio's as it is |
//! | `file:PATH` | everything is recorded into a session log at PATH |
//!
//! It is read once, by the first runtime that is begun with `#[asyncline::main]`, `#[asyncline::test]`,
//! [`Builder::observe`](crate::probe::Builder::observe) or [`Executor::wrap`](crate::Executor::wrap). All of a process's
//! runtimes are one recording. What is wrong with the variable or with the file is told in one line on standard error,
//! and the program runs on, unrecorded.
//!
//! A file that is there is not overwritten: then the process's number comes before the extension, `app.aline` becoming
//! `app.4711.aline`. So do the recordings of processes that this one begins, which inherit the variable.
//!
//! A thread of asyncline's own takes the events out about every 20 ms and writes them. When an executor is dropped, the file
//! is whole; and when the process ends by [`std::process::exit`] on a thread that runs an executor, too. A process that is
//! killed loses what happened since the last write, a tenth of a second at most.

mod running;

use std::env::{self, VarError};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use thiserror::Error;

pub(crate) use running::Running;
use running::{Life, Recording};

use crate::probe::DEFAULT_CAPACITY;
use crate::session;

/// The environment variable that says where a recording goes.
pub const VARIABLE: &str = "ASYNCLINE";

/// Where a recording goes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// Nowhere.
    Off,
    /// Into a session log.
    File(PathBuf),
}

/// What is wrong with a text that is to say where a recording goes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Malformed {
    /// It names nothing that is known.
    #[error("`{0}` is neither `off` nor `file:PATH`")]
    Unknown(String),
    /// It says `file:` and no more.
    #[error("`file:` is not followed by the path of a file")]
    NoPath,
    /// It is not UTF-8.
    #[error("it is not UTF-8")]
    NotUnicode,
}

impl FromStr for Output {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        if let "" | "off" = text {
            return Ok(Self::Off);
        }
        match text.split_once(':') {
            Some(("file", "")) => Err(Malformed::NoPath),
            Some(("file", path)) => Ok(Self::File(path.into())),
            _ => Err(Malformed::Unknown(text.to_owned())),
        }
    }
}

impl Output {
    /// Where the environment says that recordings go.
    ///
    /// # Errors
    ///
    /// Where what it says is not understood.
    pub fn of_environment() -> Result<Self, Malformed> {
        match env::var(VARIABLE) {
            Ok(text) => text.parse(),
            Err(VarError::NotPresent) => Ok(Self::Off),
            Err(VarError::NotUnicode(_)) => Err(Malformed::NotUnicode),
        }
    }
}

/// The recording that the environment asks for; none where it asks for none, or where it cannot be had.
pub(crate) fn of_environment() -> Option<Running> {
    static RECORDING: OnceLock<Option<Arc<Recording>>> = OnceLock::new();
    let recording = RECORDING.get_or_init(|| {
        let begun = match Output::of_environment() {
            Ok(Output::Off) => return None,
            Ok(Output::File(path)) => Recording::begin(&path, DEFAULT_CAPACITY, Life::Process)
                .map_err(|why| format!("nothing is recorded: {why}")),
            Err(why) => Err(format!("nothing is recorded: in {VARIABLE}, {why}")),
        };
        begun.inspect_err(|why| running::tell(why)).ok()
    });
    recording.as_ref()?.join()
}

/// A recording into this file: the one that goes on, or a new one.
pub(crate) fn to_file(path: &Path, capacity: usize) -> Result<Running, session::Error> {
    static RECORDINGS: Mutex<Vec<(PathBuf, Weak<Recording>)>> = Mutex::new(Vec::new());
    let mut recordings = RECORDINGS.lock().unwrap_or_else(PoisonError::into_inner);
    recordings.retain(|(_, recording)| recording.strong_count() > 0);
    let mut same = recordings.iter().filter(|(known, _)| known == path);
    if let Some(running) = same.find_map(|(_, recording)| recording.upgrade()?.join()) {
        return Ok(running);
    }
    let recording = Recording::begin(path, capacity, Life::Users)?;
    recordings.push((path.to_owned(), Arc::downgrade(&recording)));
    let running = recording.join();
    Ok(running.expect("a recording that has just begun goes on"))
}
