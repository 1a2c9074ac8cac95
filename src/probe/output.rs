//! Where a program's recording goes, which is decided outside of it: by the environment variable `ASYNCLINE`.
//!
//! | `ASYNCLINE` | what happens |
//! |---|---|
//! | not set, empty, or `off` | nothing is recorded; the runtime is tokio's as it is |
//! | `file:PATH` | everything is recorded into a journal at PATH, which `asyncline replay` opens |
//! | `live` | whoever attaches sees what happens: `asyncline attach`. The socket is in the user's runtime directory |
//! | `live:SOCKET` | as `live`, with the socket at this path |
//! | `live:tcp:ADDRESS` | as `live`, at an address such as `127.0.0.1:7000`; `ASYNCLINE_TOKEN` says what viewers must know |
//! | `to:SOCKET` | as `live`, and a viewer waits at this socket: what `asyncline exec` sets |
//!
//! With `ASYNCLINE_CONTROL=1`, viewers may pause and step the program; with `0`, or without it, they may not.
//! With `ASYNCLINE_TOKEN`, viewers must send it, on Unix sockets as well.
//!
//! An invalid variable opens nothing, and one line says so: with another value of `ASYNCLINE_CONTROL`, nobody can hold the
//! program; with a token that is empty, longer than 1024 bytes or not UTF-8, nobody can watch it.
//!
//! It is read once, by the first runtime that is begun with `#[asyncline::main]`, `#[asyncline::test]`,
//! [`Builder::observe`](crate::probe::Builder::observe) or [`Executor::wrap`](crate::Executor::wrap). All of a process's
//! runtimes are one recording. What is wrong with the variable or with the file is told in one line on standard error,
//! and the program runs on, unrecorded.
//!
//! A file that is there is not overwritten: then the process's number comes before the extension, `app.aline` becoming
//! `app.4711.aline`. So do the recordings of processes that this one begins, which inherit the variable.
//!
//! A thread of asyncline's own collects and writes the events about every 20 ms. Dropping a runtime waits for nothing: that
//! thread ends the file after the last runtime is dropped, and continues it if another one starts. The file is complete if
//! the process ends normally:
//!
//! - `main` returns, on a thread that created or ran a runtime;
//! - another thread that created or ran one ends, while no other thread records;
//! - [`std::process::exit`] is called on such a thread, or on a thread of a runtime that asyncline built.
//!
//! If the process ends in any other way, such as by a signal or by `exit` on a thread that asyncline does not know, the
//! file has no end and lacks the events since the last write: at most a tenth of a second, or half a second after one of
//! these threads has ended.
//!
//! While a runtime exists, the program records a heartbeat at least every 100 ms: open polls and waits are known to last
//! until then. It records none while it is stopped by a signal, or held by a viewer.

mod running;
#[cfg(unix)]
mod watched;

use std::env;
use std::error::Error;
use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use running::{Life, Recording};
pub(crate) use running::{Running, prepare_thread};

use crate::event::printable;
use crate::probe::DEFAULT_CAPACITY;
#[cfg(unix)]
use crate::probe::live::wire::LONGEST_TOKEN;
use crate::text::plain::plain;

/// The environment variable that says where a recording goes.
pub const VARIABLE: &str = "ASYNCLINE";

/// The environment variable that says whether who attaches may pause and step the program.
pub const CONTROL: &str = "ASYNCLINE_CONTROL";
/// The environment variable with what viewers must know that attach by TCP.
pub const TOKEN: &str = "ASYNCLINE_TOKEN";

/// Where a recording goes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output {
    /// Nowhere.
    Off,
    /// Into a journal.
    File(PathBuf),
    /// To whoever attaches.
    Live(Live),
}

/// Where viewers attach.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Live {
    /// At the socket where they look for this process.
    Here,
    /// At the socket of this path.
    At(PathBuf),
    /// At this address.
    Tcp(SocketAddr),
    /// As [`Here`](Self::Here), and a viewer waits at the socket of this path.
    To(PathBuf),
}

/// What is wrong with a text that is to say where a recording goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// It names nothing that is known.
    Unknown(String),
    /// It says `file:` and no more.
    NoPath(&'static str),
    /// Its path names no file.
    NoFile(PathBuf),
    /// It says `live:tcp:` and no address.
    NoAddress(String),
    /// It is not UTF-8.
    NotUnicode,
}

impl Error for Malformed {}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(text) => write!(
                f,
                "`{text}` is neither `off`, `file:PATH`, `live` nor `live:SOCKET`"
            ),
            Self::NoPath(kind) => write!(f, "`{kind}:` is not followed by a path"),
            Self::NoFile(path) => write!(f, "`file:{}` names no file", printable::path(path)),
            Self::NoAddress(text) => write!(f, "`{text}` is no address such as 127.0.0.1:7000"),
            Self::NotUnicode => f.write_str("it is not UTF-8"),
        }
    }
}

impl FromStr for Output {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        if let "" | "off" = text {
            return Ok(Self::Off);
        }
        match text.split_once(':') {
            None if text == "live" => Ok(Self::Live(Live::Here)),
            Some(("file", "")) => Err(Malformed::NoPath("file")),
            Some(("live", "")) => Err(Malformed::NoPath("live")),
            Some(("to", "")) => Err(Malformed::NoPath("to")),
            Some(("file", path)) => Self::file(path.into()),
            Some(("live", at)) => match at.strip_prefix("tcp:") {
                Some(address) => {
                    let address = address.parse();
                    let address = address.map_err(|_| Malformed::NoAddress(at.to_owned()))?;
                    Ok(Self::Live(Live::Tcp(address)))
                }
                None => Ok(Self::Live(Live::At(at.into()))),
            },
            Some(("to", path)) => Ok(Self::Live(Live::To(path.into()))),
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
        match env::var_os(VARIABLE) {
            None => Ok(Self::Off),
            Some(value) => match value.to_str() {
                Some(text) => text.parse(),
                None => Self::of_bytes(&value),
            },
        }
    }

    fn file(path: PathBuf) -> Result<Self, Malformed> {
        match path.file_name() {
            Some(_) => Ok(Self::File(path)),
            None => Err(Malformed::NoFile(path)),
        }
    }

    /// The path of a file may be any bytes.
    #[cfg(unix)]
    fn of_bytes(value: &OsStr) -> Result<Self, Malformed> {
        use std::os::unix::ffi::OsStrExt;
        let path = value.as_bytes().strip_prefix(b"file:");
        let path = path.ok_or(Malformed::NotUnicode)?;
        Self::file(OsStr::from_bytes(path).into())
    }

    #[cfg(not(unix))]
    fn of_bytes(_: &OsStr) -> Result<Self, Malformed> {
        Err(Malformed::NotUnicode)
    }
}

/// The recording of this process.
static RECORDING: OnceLock<Option<Arc<Recording>>> = OnceLock::new();

/// The recording that the environment asks for; none where it asks for none, or where it cannot be had.
pub(crate) fn of_environment() -> Option<Running> {
    join(|| match Output::of_environment() {
        Ok(output) => begin(
            &output,
            matches!(output, Output::Live(_)) && is_controllable(),
        ),
        Err(why) => Err(format!("in {VARIABLE}, {why}")),
    })
}

/// The recording of this process, which goes where `output` says unless it has begun already.
pub(crate) fn of_process(output: &Output, can_be_held: bool) -> Option<Running> {
    join(|| begin(output, can_be_held))
}

/// Takes part in the recording of this process; where none has begun, it begins like this.
fn join(begin: impl FnOnce() -> Result<Option<Arc<Recording>>, String>) -> Option<Running> {
    let recording = RECORDING.get_or_init(|| {
        let told = begin().inspect_err(|why| running::tell(&format!("nothing is recorded: {why}")));
        told.ok().flatten()
    });
    recording.as_ref()?.join()
}

#[cfg(not(unix))]
/// Nobody watches where there are no sockets for that.
enum Nobody {}

#[cfg(not(unix))]
impl Nobody {
    fn end(&self, _: std::time::Duration) {}
    fn catch_up(&self, _: std::time::Duration) {}
    fn has_viewers(&self) -> bool {
        false
    }
}

/// Returns `true` if viewers may hold the program. An invalid value allows nothing, and is reported.
fn is_controllable() -> bool {
    match env::var_os(CONTROL) {
        None => false,
        Some(value) if value == "1" => true,
        Some(value) if value.is_empty() || value == "0" => false,
        Some(value) => {
            let value = printable::path(Path::new(&value));
            running::tell(&format!(
                "nobody can hold this program: in {CONTROL}, `{value}` is neither `1` nor `0`"
            ));
            false
        }
    }
}

/// Returns the token that viewers must know, from the environment; empty if none is set.
///
/// # Errors
///
/// Returns a message if it is not a valid token.
#[cfg(unix)]
pub(crate) fn token() -> Result<String, String> {
    let Some(token) = env::var_os(TOKEN) else {
        return Ok(String::new());
    };
    let wrong = match token.into_string() {
        Err(_) => "it is not UTF-8".to_owned(),
        Ok(token) if token.is_empty() => "it is empty: set a token, or unset it".to_owned(),
        Ok(token) if token.len() > LONGEST_TOKEN => {
            format!("it is longer than {LONGEST_TOKEN} bytes")
        }
        Ok(token) => return Ok(token),
    };
    Err(format!("in {TOKEN}, {wrong}"))
}

fn begin(output: &Output, can_be_held: bool) -> Result<Option<Arc<Recording>>, String> {
    if *output != Output::Off {
        leaves_descriptors()
            .map_err(|why| format!("too few files may be open: {}", plain(&why)))?;
    }
    let begun = match output {
        Output::Off => return Ok(None),
        Output::File(path) => Recording::begin(path, DEFAULT_CAPACITY, Life::Process),
        #[cfg(unix)]
        Output::Live(live) => watched::begin(live, can_be_held),
        #[cfg(not(unix))]
        Output::Live(_) => {
            let _ = can_be_held;
            Err("a program can be watched on Unix only".to_owned())
        }
    };
    begun.map(Some)
}

/// Returns an error unless the process may open many more files than a recording needs. The program has priority, and a
/// runtime that gets no descriptor panics.
#[cfg(unix)]
fn leaves_descriptors() -> io::Result<()> {
    const PAIRS: usize = 16;
    let pairs = (0..PAIRS).map(|_| UnixStream::pair());
    pairs.collect::<io::Result<Vec<_>>>().map(drop)
}

#[cfg(not(unix))]
fn leaves_descriptors() -> io::Result<()> {
    Ok(())
}

/// A recording into this file: the one that goes on, or a new one.
pub(crate) fn to_file(path: &Path, capacity: usize) -> Result<Running, String> {
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
