//! The environment variables that say where a recording goes, and who may watch and hold the program.

use std::env;
use std::error::Error;
use std::ffi::OsStr;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::notice;
use crate::event::printable;
#[cfg(unix)]
use crate::probe::live::wire::LONGEST_TOKEN;

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

/// Returns `true` if viewers may hold the program. An invalid value allows nothing, and is reported.
pub(super) fn is_controllable() -> bool {
    match env::var_os(CONTROL) {
        None => false,
        Some(value) if value == "1" => true,
        Some(value) if value.is_empty() || value == "0" => false,
        Some(value) => {
            let value = printable::path(Path::new(&value));
            notice::tell(&format!(
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
