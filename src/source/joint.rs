//! Several programs that are watched at once, on one time axis.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::attach::{Attached, Connection, Error};
use super::spool::Spool;
use crate::event::printable;
use crate::recording::{self, Joint};

/// Interval at which the programs' events are taken in.
const PULSE: Duration = Duration::from_millis(20);

/// Several programs that are watched as one: what they tell goes into one file.
#[derive(Debug)]
pub struct JointPrograms {
    spool: Spool,
    is_left: Arc<AtomicBool>,
    failed: Arc<Mutex<Option<String>>>,
    thread: Option<JoinHandle<()>>,
}

impl JointPrograms {
    /// Joins what these programs tell, in this file or in one that is removed afterwards.
    ///
    /// # Errors
    ///
    /// Where a file cannot be read or written.
    pub fn of(programs: &[Attached], record: Option<&Path>) -> Result<Self, Error> {
        let spool = Spool::open(record)?;
        let files: Vec<(&Path, String)> = programs
            .iter()
            .map(|attached| (attached.file(), attached.program.name.raw().to_owned()))
            .collect();
        let joint = Joint::begin(&files, spool.path())?;
        let statuses: Vec<_> = programs.iter().map(Attached::watch_status).collect();
        let is_left = Arc::new(AtomicBool::new(false));
        let failed = Arc::new(Mutex::new(None));
        let (leaves, fails) = (Arc::clone(&is_left), Arc::clone(&failed));
        let name = crate::text::threads::name("joint");
        let thread = thread::Builder::new().name(name).spawn(move || {
            let is_over = || {
                statuses
                    .iter()
                    .map(|status| status() != Connection::Runs)
                    .collect()
            };
            if let Err(why) = run(joint, is_over, &leaves) {
                *fails.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.to_string());
            }
        });
        let no_thread = |why: io::Error| recording::Error::Write {
            file: printable::path(spool.path()),
            why,
        };
        let thread = thread.map_err(no_thread)?;
        Ok(Self {
            spool,
            is_left,
            failed,
            thread: Some(thread),
        })
    }

    /// The file.
    pub fn file(&self) -> &Path {
        self.spool.path()
    }

    /// Returns `true` if the programs have ended and all their events are in the file.
    ///
    /// # Errors
    ///
    /// Where it cannot be written: why.
    pub fn is_over(&self) -> Result<bool, String> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        match &*failed {
            Some(why) => Err(why.clone()),
            None => Ok(self.thread.as_ref().is_none_or(JoinHandle::is_finished)),
        }
    }
}

fn run(
    mut joint: Joint,
    is_over: impl Fn() -> Vec<bool>,
    is_left: &AtomicBool,
) -> Result<(), recording::Error> {
    loop {
        let is_left = is_left.load(Ordering::Relaxed);
        let over = is_over().into_iter().map(|over| over || is_left);
        let over: Vec<bool> = over.collect();
        joint.advance(&over)?;
        if over.iter().all(|over| *over) {
            return joint.finish();
        }
        thread::sleep(PULSE);
    }
}

impl Drop for JointPrograms {
    fn drop(&mut self) {
        self.is_left.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It has no panic to tell of that was not told when it happened.
            let _ = thread.join();
        }
    }
}
