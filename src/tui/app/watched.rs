//! A program that is watched from outside of it.

use std::collections::VecDeque;

use crate::probe::gate::Pace;

/// Maximum number of printed lines kept.
const LINES: usize = 2000;

/// A program that is watched from outside of it, as far as the screen knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// `true` if it can be paused and stepped.
    pub can_hold: bool,
    /// The pace of its gate.
    pub pace: Pace,
    /// Its status.
    pub life: WatchedStatus,
}

/// The status of a watched program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchedStatus {
    /// It runs.
    Runs,
    /// It has ended, and told all; with this code, where it was begun here.
    Ended(Option<u8>),
    /// The connection broke off, for this reason.
    Broken(String),
}

impl Watched {
    /// Returns `true` while it runs.
    pub fn runs(&self) -> bool {
        self.life == WatchedStatus::Runs
    }
}

/// The output of a program that has no terminal of its own.
#[derive(Debug, Default)]
pub struct Printed {
    /// The last lines.
    pub lines: VecDeque<String>,
    /// `true` if they are shown instead of the events.
    pub is_open: bool,
}

impl Printed {
    /// Takes in more lines.
    pub(super) fn extend(&mut self, lines: Vec<String>) {
        self.lines.extend(lines);
        let surplus = self.lines.len().saturating_sub(LINES);
        self.lines.drain(..surplus);
    }
}
