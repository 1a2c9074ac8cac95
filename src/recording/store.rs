//! Where sessions are kept: one directory, from which the oldest ones go.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use etcetera::BaseStrategy;

use super::error::Error;
use super::{beginning, format, journal};
use crate::event::Text;

/// How many sessions are kept.
pub const KEEP: usize = 50;

/// The ending of a session log's name.
const EXTENSION: &str = "aline";

/// The directory in which sessions are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    directory: PathBuf,
}

/// A session in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its file.
    pub path: PathBuf,
    /// The name of the scenario that was recorded; empty where it was none, or cannot be read.
    pub scenario: Text,
    /// Its title; its file's name where that cannot be read.
    pub title: Text,
    /// When it began; when its file was last written where that cannot be read.
    pub when: SystemTime,
}

impl Store {
    /// The user's own: `sessions` in the directory that the environment variable `ASYNCLINE_STATE_DIR` names; without
    /// it, in the platform's directory for a program's state, on Linux `~/.local/state/asyncline/sessions`; where the
    /// platform has none, in that for its data. Nothing is created.
    ///
    /// # Errors
    ///
    /// Where there is no home directory.
    pub fn find() -> Result<Self, Error> {
        let chosen = std::env::var_os("ASYNCLINE_STATE_DIR").filter(|chosen| !chosen.is_empty());
        let state = match chosen {
            Some(directory) => PathBuf::from(directory),
            None => state_directory()?.join("asyncline"),
        };
        Ok(Self::at(state.join("sessions")))
    }

    /// A store in this directory.
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        let directory = directory.into();
        Self { directory }
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The path for a session that begins `now`: no file has it, and its name sorts after those of older sessions.
    pub fn new_path(&self, title: &str, now: SystemTime) -> PathBuf {
        let stem = format!("{}-{}", stamp(now), sanitised(title));
        let again = (2..).map(|number| format!("{stem}-{number}"));
        let mut names = std::iter::once(stem.clone()).chain(again);
        let path = |name| self.directory.join(format!("{name}.{EXTENSION}"));
        let free = names.find_map(|name| Some(path(name)).filter(|path| !path.exists()));
        free.unwrap_or_else(|| path(stem))
    }

    /// All session logs here, newest first.
    pub fn list(&self) -> Vec<Entry> {
        let mut entries: Vec<_> = self.files().iter().map(|path| entry(path)).collect();
        entries.sort_by(|a, b| (b.when, &b.path).cmp(&(a.when, &a.path)));
        entries
    }

    /// Deletes all but the newest `keep` sessions and says how many that were. It leaves alone what it did not name
    /// itself, and what may still be written: a session without an end that changed within the last day.
    pub fn prune(&self, keep: usize) -> usize {
        let mut ours: Vec<_> = self
            .files()
            .into_iter()
            .filter(|path| is_ours(path))
            .collect();
        ours.sort_unstable();
        let old = &ours[..ours.len().saturating_sub(keep)];
        let gone = old
            .iter()
            .filter(|path| is_over(path) && fs::remove_file(path).is_ok());
        gone.count()
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.directory)
            .into_iter()
            .flatten()
            .flatten();
        let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
        let paths = files.map(|entry| entry.path());
        paths
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == EXTENSION)
            })
            .collect()
    }
}

fn state_directory() -> Result<PathBuf, Error> {
    let strategy = etcetera::choose_base_strategy().map_err(|_| Error::NoDirectory)?;
    Ok(strategy.state_dir().unwrap_or_else(|| strategy.data_dir()))
}

fn entry(path: &Path) -> Entry {
    let meta = beginning(path)
        .and_then(|bytes| beginning::metadata(&bytes).or_else(|| journal::metadata(&bytes)));
    let name = || {
        let name = path.file_stem().unwrap_or_default();
        name.to_string_lossy().into_owned().into()
    };
    let when = meta.as_ref().map(|meta| meta.start);
    let (title, scenario) = meta.map(|meta| (meta.title, meta.scenario)).unzip();
    let scenario = scenario.unwrap_or_default();
    Entry {
        path: path.to_path_buf(),
        when: when.or_else(|| modified(path)).unwrap_or(UNIX_EPOCH),
        title: title.filter(|title| !title.is_empty()).unwrap_or_else(name),
        scenario,
    }
}

/// As much of a file as its metadata takes, unless its title is a novel.
fn beginning(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path).ok()?;
    file.take(4096).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .ok()
}

/// Whether a file bears a name that [`Store::new_path`] gives, and begins like a session log.
fn is_ours(path: &Path) -> bool {
    const PATTERN: &[u8] = b"0000-00-00T00-00-00.000Z-";
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let named = name.len() > PATTERN.len()
        && PATTERN
            .iter()
            .zip(name)
            .all(|(pattern, byte)| match pattern {
                b'0' => byte.is_ascii_digit(),
                _ => byte == pattern,
            });
    named && beginning(path).is_some_and(|bytes| bytes.starts_with(&format::MAGIC))
}

/// Whether nobody writes a session any more: it has its end, or did not change for long.
fn is_over(path: &Path) -> bool {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let quiet = || modified(path)?.elapsed().ok();
    has_end(path).unwrap_or(false) || quiet().is_some_and(|quiet| quiet > DAY)
}

fn has_end(path: &Path) -> std::io::Result<bool> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(
        length.saturating_sub(format::BLOCK_HEADER as u64),
    ))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(beginning::is_end(&bytes))
}

/// A moment in UTC, such as `2026-07-14T09-05-03.250Z`: it sorts, and every file system takes it.
fn stamp(moment: SystemTime) -> String {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (seconds, millis) = (since.as_secs(), since.subsec_millis());
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}-{minute:02}-{second:02}.{millis:03}Z")
}

/// A moment as people write it, to the second.
pub(crate) fn date_text(moment: SystemTime) -> String {
    let seconds = moment
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// Year, month and day in the Gregorian calendar, `days` after 1970-01-01.
fn date(mut days: u64) -> (u64, u64, u64) {
    /// Days in 400 years, after which the calendar repeats.
    const CYCLE: u64 = 146_097;
    let mut year = 1970 + days / CYCLE * 400;
    days %= CYCLE;
    let leap =
        |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

/// A title as a part of a file's name: letters and digits, with single hyphens between them.
fn sanitised(title: &str) -> String {
    let words = title
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let name: String = words.collect::<Vec<_>>().join("-").to_lowercase();
    let name: String = name.chars().take(40).collect();
    match name.trim_end_matches('-') {
        "" => "session".into(),
        name => name.into(),
    }
}
