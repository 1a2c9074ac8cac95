//! What a program did, line by line.

use std::sync::{Arc, Mutex};

/// Cheap to clone; all clones write to the same.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// What `run` notes.
    pub fn of(run: impl FnOnce(Log)) -> Vec<String> {
        let log = Self::default();
        run(log.clone());
        let lines = log.0.lock().unwrap();
        lines.clone()
    }

    pub fn note(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }
}

/// Notes a line when it is dropped.
pub struct Dropped(pub Log, pub &'static str);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.note(format!("{} is dropped", self.1));
    }
}
