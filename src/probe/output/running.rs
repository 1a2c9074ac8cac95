//! A recording that goes on: the thread that takes events out and writes them, and who waits for it.

use std::cell::RefCell;
use std::env;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::notice::tell;
use crate::event::printable;
use crate::journal::file::JournalFile;
#[cfg(unix)]
use crate::probe::live::{Hub, Server};
use crate::probe::record::recorder::Recorder;
use crate::probe::record::taker::Taker;
use crate::text::plain::plain;

/// How often events are taken out.
const INTERVAL: Duration = Duration::from_millis(20);
/// The same while somebody watches.
const WATCHED: Duration = Duration::from_millis(8);
/// Maximum silence before a heartbeat: with [`INTERVAL`], one is recorded at least every 100 ms.
const SILENCE: Duration = Duration::from_millis(80);
/// So long the program waits at most for its events to be written.
const PATIENCE: Duration = Duration::from_secs(5);
/// So long a viewer that takes nothing is waited for when the program ends.
const LINGER: Duration = Duration::from_millis(500);
/// So many names are tried for a file, the one that was asked for included.
const NAMES: usize = 100;

/// As many bytes of a buffer are kept between two passes: what a busy program writes in one. A buffer that grows anew each time
/// is copied, and its pages are made anew.
const MOST_KEPT: usize = 1 << 22;
/// Maximum time without writing to a file that a thread's end has ended: if the process exits on that thread, it is gone
/// by then.
const LEFT_ALONE: Duration = Duration::from_millis(500);

/// A use of a recording.
#[derive(Debug)]
pub(crate) struct Running(Arc<Ongoing>);

/// How long a recording goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// Until nobody uses it any more.
    Unused,
    /// As long as the process: when nobody uses it, somebody may again.
    ProcessEnds,
}

/// A recording, as its thread and its users know it.
#[derive(Debug)]
pub(super) struct Ongoing {
    recorder: Recorder,
    until: Until,
    /// A process that was forked off has this, but not the thread.
    process: u32,
    state: Mutex<RunState>,
    changed: Condvar,
}

#[derive(Debug)]
struct RunState {
    users: usize,
    /// `true` from the first use after everything was written.
    is_used: bool,
    /// What the thread is asked for, how often it was, and which of these times it has answered.
    ask: Option<Ask>,
    asked: u64,
    answered: u64,
    /// Nobody can take part any more.
    is_ending: bool,
    is_over: bool,
}

/// What the thread is asked for; each holds those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ask {
    /// To end the file for now.
    Rest,
    /// To end the file.
    Finish,
}

/// Where a journal goes.
pub(super) enum Destination {
    File((JournalFile, PathBuf)),
    #[cfg(unix)]
    Viewers(Arc<Hub>, Server),
}

impl Destination {
    fn begin(&mut self, beginning: &[u8]) -> io::Result<()> {
        match self {
            Self::File((file, path)) => {
                let written = file.append(beginning);
                written.inspect_err(|_| file.remove_empty(path))
            }
            #[cfg(unix)]
            Self::Viewers(hub, _) => {
                hub.begin(beginning);
                Ok(())
            }
        }
    }

    fn write(&mut self, blocks: &[u8]) -> io::Result<()> {
        if blocks.is_empty() {
            return Ok(());
        }
        match self {
            Self::File((file, _)) => file.append(blocks),
            #[cfg(unix)]
            Self::Viewers(hub, _) => {
                hub.push(blocks);
                Ok(())
            }
        }
    }

    /// Returns `true` if an end is written whenever nobody records. Viewers are told otherwise.
    fn has_end(&self) -> bool {
        matches!(self, Self::File(_))
    }

    fn is_watched(&self) -> bool {
        match self {
            Self::File(_) => false,
            #[cfg(unix)]
            Self::Viewers(_, server) => server.has_viewers(),
        }
    }

    /// Does what the thread was asked for beside writing.
    fn answer(&self, ask: Option<Ask>) {
        match (self, ask) {
            #[cfg(unix)]
            (Self::Viewers(_, server), Some(Ask::Finish)) => server.end(LINGER),
            #[cfg(unix)]
            (Self::Viewers(_, server), Some(Ask::Rest)) => server.catch_up(LINGER),
            _ => {}
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File((_, path)) => printable::path(path).fmt(f),
            #[cfg(unix)]
            Self::Viewers(..) => f.write_str("to viewers"),
        }
    }
}

impl Ongoing {
    /// Begins to record into a new file.
    ///
    /// # Errors
    ///
    /// Returns a message if the file or the thread cannot be had.
    pub(super) fn begin(path: &Path, capacity: usize, until: Until) -> Result<Arc<Self>, String> {
        let cannot = |why| format!("cannot write {}: {}", printable::path(path), plain(&why));
        let file = create(path).map_err(cannot)?;
        let (recorder, taker) = Taker::real_time(None, capacity);
        let begun = Self::write_to(Destination::File(file), recorder, taker, until);
        begun.map_err(cannot)
    }

    /// Begins to write what is recorded, on a thread of its own.
    pub(super) fn write_to(
        destination: Destination,
        recorder: Recorder,
        mut taker: Taker,
        until: Until,
    ) -> io::Result<Arc<Self>> {
        let mut blocks = Vec::new();
        taker.begin(program().into(), &mut blocks);
        let mut destination = destination;
        destination.begin(&blocks)?;
        let recording = Arc::new(Self {
            recorder,
            until,
            process: process::id(),
            state: Mutex::new(RunState {
                users: 0,
                is_used: false,
                ask: None,
                asked: 0,
                answered: 0,
                is_ending: false,
                is_over: false,
            }),
            changed: Condvar::new(),
        });
        let thread = thread::Builder::new().name(crate::text::threads::name("output"));
        let its = Arc::clone(&recording);
        let run = move || {
            let run = AssertUnwindSafe(|| its.run(taker, destination));
            let _ = panic::catch_unwind(run);
            // However it ended, nobody is to wait for it.
            its.state().is_over = true;
            its.changed.notify_all();
        };
        thread.spawn(run)?;
        Ok(recording)
    }

    /// Takes part in it; none where it is over, or in a process that was forked off.
    pub(super) fn join(self: &Arc<Self>) -> Option<Running> {
        let mut state = self.state();
        if state.is_ending || state.is_over || self.process != process::id() {
            return None;
        }
        state.users += 1;
        state.is_used = true;
        self.changed.notify_all();
        Some(Running(Arc::clone(self)))
    }

    fn state(&self) -> MutexGuard<'_, RunState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes events out and writes them until it is to end, or fails.
    fn run(&self, mut taker: Taker, mut destination: Destination) {
        let (mut ended, mut blocks) = (None, Vec::new());
        loop {
            let interval = if destination.is_watched() {
                WATCHED
            } else {
                INTERVAL
            };
            let (ask, number) = self.wait(interval);
            let is_left_alone = ended.is_some_and(|at: Instant| at.elapsed() < LEFT_ALONE);
            if ask.is_none() && is_left_alone && taker.has_room() {
                continue;
            }
            let rests = ask.is_some() || self.is_unused();
            ended = ask.map(|_| Instant::now());
            // Spans that are still open by now are known to be.
            let silence = if rests { Duration::ZERO } else { SILENCE };
            taker.take_all(silence, &mut blocks);
            if rests && destination.has_end() {
                taker.end(&mut blocks);
            }
            let written = destination.write(&blocks);
            blocks.clear();
            blocks.shrink_to(MOST_KEPT);
            if let Err(why) = &written {
                taker.recorder().set_paused(true);
                let (file, why) = (&destination, plain(why));
                tell(&format!(
                    "the recording ends here: cannot write {file}: {why}"
                ));
            }
            destination.answer(ask);
            let mut state = self.state();
            state.answered = number;
            // A runtime that outlives the first thread's variables asks again when it is dropped.
            let is_last = ask == Some(Ask::Finish) && state.users == 0;
            state.is_over = written.is_err() || is_last;
            self.changed.notify_all();
            if state.is_over {
                return;
            }
        }
    }

    /// Waits until it is time to write, or until somebody asks for it; only for a request once everything is written, or
    /// while the process ends.
    fn wait(&self, interval: Duration) -> (Option<Ask>, u64) {
        let sleeps = |state: &mut RunState| {
            let has_more = state.is_used && !state.is_ending;
            state.ask.is_none() && !has_more
        };
        let woken = self.changed.wait_while(self.state(), sleeps);
        let state = woken.unwrap_or_else(PoisonError::into_inner);
        let is_unasked = |state: &mut RunState| state.ask.is_none();
        let waited = self.changed.wait_timeout_while(state, interval, is_unasked);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        (state.ask.take(), state.asked)
    }

    /// `true` if nobody uses it, so that the last events are about to be written.
    fn is_unused(&self) -> bool {
        let mut state = self.state();
        state.is_used = state.users > 0;
        !state.is_used
    }

    /// Asks the thread for something, and waits until it is done.
    fn ask(&self, ask: Ask) {
        self.ask_with(self.state(), ask);
    }

    fn ask_with(&self, mut state: MutexGuard<'_, RunState>, ask: Ask) {
        if state.is_over || self.process != process::id() {
            return;
        }
        state.ask = state.ask.max(Some(ask));
        state.is_ending |= ask == Ask::Finish;
        state.asked += 1;
        let number = state.asked;
        self.changed.notify_all();
        let waiting = |state: &mut RunState| state.answered < number && !state.is_over;
        // The thread may be gone: some systems end all others before the one that ends the process.
        drop(self.changed.wait_timeout_while(state, PATIENCE, waiting));
    }
}

impl Running {
    /// What is recorded goes in here.
    pub(crate) fn recorder(&self) -> &Recorder {
        &self.0.recorder
    }

    /// Ends the file when this thread ends. A process that calls [`exit`](std::process::exit) ends the calling thread so.
    ///
    /// A thread's variables are dropped in the reverse order of their first use: those that are used later than this, such
    /// as a runtime that is being built, are dropped before.
    pub(crate) fn end_with_this_thread(&self) {
        // When the first thread ends, so does the process.
        let is_first = thread::current().name() == Some("main");
        let ask = if is_first { Ask::Finish } else { Ask::Rest };
        Ends::add(&Arc::downgrade(&self.0), ask);
    }

    /// Runs when a thread of the runtime starts: makes sure that the file is ended if the process exits on that thread.
    pub(crate) fn at_thread_start(&self) -> impl Fn() + Send + Sync + use<> {
        let recording = Arc::downgrade(&self.0);
        move || Ends::add(&recording, Ask::Rest)
    }

    /// Runs when a thread of the runtime ends by itself: nobody has to wait for its events.
    pub(crate) fn at_thread_stop(&self) -> impl Fn() + Send + Sync + use<> {
        let recording = Arc::downgrade(&self.0);
        move || Ends::remove(&recording)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.users -= 1;
        // Otherwise the thread ends the file soon, or continues it for another use.
        let is_last = self.0.until == Until::Unused || state.is_ending;
        if state.users == 0 && is_last {
            self.0.ask_with(state, Ask::Finish);
        }
    }
}

/// What is asked of recordings when the thread ends.
struct Ends(Vec<(Weak<Ongoing>, Ask)>);

thread_local! {
    static ENDS: RefCell<Ends> = const { RefCell::new(Ends(Vec::new())) };
}

impl Ends {
    fn add(recording: &Weak<Ongoing>, ask: Ask) {
        // A thread that is ending already writes nothing more.
        let _ = ENDS.try_with(|ends| {
            let mut ends = ends.borrow_mut();
            ends.0.retain(|(known, _)| known.strong_count() > 0);
            if !ends.0.iter().any(|(known, _)| known.ptr_eq(recording)) {
                ends.0.push((Weak::clone(recording), ask));
            }
        });
    }

    fn remove(recording: &Weak<Ongoing>) {
        let _ = ENDS.try_with(|ends| {
            let mut ends = ends.borrow_mut();
            ends.0.retain(|(known, _)| !known.ptr_eq(recording));
        });
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        for (recording, ask) in self.0.drain(..) {
            if let Some(recording) = recording.upgrade() {
                recording.ask(ask);
            }
        }
    }
}

/// Initializes the thread's variables, which are then dropped after those that it uses later.
pub(crate) fn prepare_thread() {
    let _ = ENDS.try_with(|_| ());
}

/// Creates the first file that is not there yet: of this name, or with the process's number in it.
fn create(path: &Path) -> io::Result<(JournalFile, PathBuf)> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let mut name = path.to_owned();
    for number in 1..NAMES {
        match JournalFile::begin(&name) {
            Err(why)
                if why.kind() == io::ErrorKind::AlreadyExists
                    && fs::symlink_metadata(&name).is_ok() =>
            {
                name = numbered(path, number);
            }
            created => return created.map(|file| (file, name)),
        }
    }
    JournalFile::begin(&name).map(|file| (file, name))
}

/// The path with the process's number before its extension, and this number where that is not the first.
fn numbered(path: &Path, number: usize) -> PathBuf {
    let mut name = path.file_stem().map_or_else(OsString::new, OsString::from);
    name.push(format!(".{}", process::id()));
    if number > 1 {
        name.push(format!("-{number}"));
    }
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// The name of this program.
pub(super) fn program() -> String {
    let path = env::args_os().next().map(PathBuf::from);
    let name = path.as_ref().and_then(|path| path.file_name());
    name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
mod tests {
    use super::*;
    use crate::Executor;
    use crate::event::{Event, EventKind};
    use crate::probe::DEFAULT_CAPACITY;
    use crate::recording::Session;

    /// Number of requests, each of which waits for its answer.
    fn asked(running: &Running) -> u64 {
        running.0.state().asked
    }

    #[test]
    fn whoever_drops_a_runtime_waits_only_if_the_recording_ends_with_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("many.aline");
        let running = crate::probe::output::to_file(&path, DEFAULT_CAPACITY).unwrap();
        for _ in 0..20 {
            let executor = Executor::builder().worker_threads(2).record_to(&path);
            executor.unwrap().block_on(async {
                crate::spawn(async {}).await.unwrap();
                crate::spawn_blocking(|| ()).await.unwrap();
            });
        }
        assert_eq!(asked(&running), 0, "neither its threads nor its end wait");
        drop(running);
        let session = Session::open(&path).unwrap();
        assert_eq!(session.damage, []);
    }

    #[test]
    fn a_recording_of_the_process_is_at_rest_between_two_uses() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("process.aline");
        let recording = Ongoing::begin(&path, DEFAULT_CAPACITY, Until::ProcessEnds).unwrap();
        let marks = |session: &Session| {
            let mark = |event: &&Event| matches!(event.kind, EventKind::Mark { .. });
            session.events.iter().filter(mark).count()
        };
        for round in 1..20 {
            let running = recording.join().unwrap();
            running.recorder().record(EventKind::Mark {
                lane: None,
                text: "here".into(),
            });
            drop(running);
            assert_eq!(recording.state().asked, 0);
            // The file becomes complete though nobody waits for it.
            let is_whole = |session: Session| session.damage.is_empty() && marks(&session) == round;
            while !Session::open(&path).is_ok_and(is_whole) {
                thread::yield_now();
            }
        }
    }
}
