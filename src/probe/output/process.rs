//! The recordings of this process: the one that its environment asks for, and those into files of their own.

use std::io;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use super::notice;
use super::running::{Ongoing, Running, Until};
use super::variable::{Output, VARIABLE, is_controllable};
#[cfg(unix)]
use super::watched;
use crate::probe::record::recorder::DEFAULT_CAPACITY;
use crate::text::plain::plain;

/// The recording of this process.
static RECORDING: OnceLock<Option<Arc<Ongoing>>> = OnceLock::new();

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
fn join(begin: impl FnOnce() -> Result<Option<Arc<Ongoing>>, String>) -> Option<Running> {
    let recording = RECORDING.get_or_init(|| {
        let told = begin().inspect_err(|why| notice::tell(&format!("nothing is recorded: {why}")));
        told.ok().flatten()
    });
    recording.as_ref()?.join()
}

fn begin(output: &Output, can_be_held: bool) -> Result<Option<Arc<Ongoing>>, String> {
    if *output != Output::Off {
        leaves_descriptors()
            .map_err(|why| format!("too few files may be open: {}", plain(&why)))?;
    }
    let begun = match output {
        Output::Off => return Ok(None),
        Output::File(path) => Ongoing::begin(path, DEFAULT_CAPACITY, Until::ProcessEnds),
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
    static RECORDINGS: Mutex<Vec<(PathBuf, Weak<Ongoing>)>> = Mutex::new(Vec::new());
    let mut recordings = RECORDINGS.lock().unwrap_or_else(PoisonError::into_inner);
    recordings.retain(|(_, recording)| recording.strong_count() > 0);
    let mut same = recordings.iter().filter(|(known, _)| known == path);
    if let Some(running) = same.find_map(|(_, recording)| recording.upgrade()?.join()) {
        return Ok(running);
    }
    let recording = Ongoing::begin(path, capacity, Until::Unused)?;
    recordings.push((path.to_owned(), Arc::downgrade(&recording)));
    let running = recording.join();
    Ok(running.expect("a recording that has just begun goes on"))
}
