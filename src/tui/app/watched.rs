//! A program that is watched from outside of it.

use std::collections::VecDeque;

use crate::probe::gate::Pace;

/// As many lines that it printed are kept.
const LINES: usize = 2000;

/// A program that is watched from outside of it, as far as the screen knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Whether it can be paused and stepped.
    pub can_hold: bool,
    /// What its gate lets through.
    pub pace: Pace,
    /// What has become of it.
    pub life: WatchedStatus,
}

/// What has become of a program that is watched.
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
    /// Whether it runs.
    pub fn runs(&self) -> bool {
        self.life == WatchedStatus::Runs
    }
}

/// What a program printed, where that is not on a terminal of its own.
#[derive(Debug, Default)]
pub struct Printed {
    /// The last lines.
    pub lines: VecDeque<String>,
    /// Whether they are shown, in the place of the events.
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
