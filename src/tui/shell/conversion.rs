//! Makes the recording of a journal on a thread of its own, while what there is of it is shown.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::event::printable;
use crate::recording::{self, Archive, Making};
use crate::tui::app::Msg;

/// A journal that a program may still write is looked at so often.
const PULSE: Duration = Duration::from_millis(16);

/// A journal of which a first part was read.
pub(crate) struct PartialJournal {
    pub(crate) making: Making,
    pub(crate) journal: PathBuf,
    /// `true` if a program may still write the journal: the recording then has no end.
    pub(crate) follow: bool,
}

/// A journal that is read on a thread of its own. Stops when this is dropped.
#[derive(Debug)]
pub(crate) struct Conversion {
    journal: PathBuf,
    follow: bool,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// Dropped when the thread has ended.
    _alive: Sender<()>,
}

impl Conversion {
    pub(crate) fn start(
        begun: PartialJournal,
        alive: Sender<()>,
        messages: UnboundedSender<Msg>,
    ) -> Self {
        let (journal, follow) = (begun.journal.clone(), begun.follow);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new().name(crate::text::threads::name("journal"));
        let thread = thread.spawn(move || {
            if let Err(error) = run(begun, &stopped, &messages) {
                let why = format!("not read any further: {}", error.reason_first());
                let _ = messages.send(Msg::Complete(Some(why.clone())));
                let _ = messages.send(Msg::Failed(why));
            }
        });
        Self {
            journal,
            follow,
            stop,
            thread: thread.ok(),
            _alive: alive,
        }
    }

    /// Returns `true` if the recording gets an end.
    pub(crate) fn completes(&self) -> bool {
        !self.follow
    }

    /// Waits until the recording has its name. Opens it if it is kept: its index needs no memory.
    pub(crate) fn complete(mut self) -> Option<Archive> {
        self.join();
        recording::is_kept(&self.journal)
            .then(|| Archive::open(&self.journal, |_| {}).ok())
            .flatten()
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // It does not panic.
            let _ = thread.join();
        }
    }
}

impl Drop for Conversion {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.join();
    }
}

fn run(
    begun: PartialJournal,
    stop: &AtomicBool,
    messages: &UnboundedSender<Msg>,
) -> Result<(), recording::Error> {
    let PartialJournal {
        mut making,
        journal,
        follow,
    } = begun;
    let mut told = None;
    while !stop.load(Ordering::Relaxed) {
        // What was taken in is written once it fills a block.
        if !making.advance()? {
            if !follow {
                return making.finish().map(drop);
            }
            making.flush()?;
            if making.begin_anew()? {
                let text = "The journal was replaced. This is the new one.";
                let _ = messages.send(Msg::Progress(text.to_owned()));
            }
            thread::sleep(PULSE);
        }
        let percent = making.progress().percent();
        if !follow && told.replace(percent) != Some(percent) {
            let _ = messages.send(Msg::Progress(progress(&journal, percent)));
        }
    }
    Ok(())
}

/// Returns how far a file was read, as text.
pub(crate) fn progress(path: &Path, percent: u64) -> String {
    format!("Reading {} … {percent} %", printable::path(path))
}
