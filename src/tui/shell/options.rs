//! How the screen is begun.

use std::path::PathBuf;

#[cfg(unix)]
pub use super::watching::Watching;
use crate::recording::{Keep, Progress};
use crate::scenario::Scenario;
use crate::tui::app::theme::Theme;

/// Nothing is watched where there are no sockets for that.
#[cfg(not(unix))]
#[derive(Debug)]
pub enum Watching {}

/// What the screen begins with, and how.
#[derive(Debug)]
pub struct Options {
    /// What it begins with.
    pub start: Start,
    /// Whether what runs is recorded.
    pub record: Record,
    /// How it looks.
    pub theme: Theme,
    /// Is told how far the recording to begin with was read.
    pub progress: fn(Progress),
}

/// What the screen begins with.
#[derive(Debug)]
pub enum Start {
    /// The menu.
    Menu,
    /// This scenario, after its question.
    Scenario(&'static Scenario),
    /// A recording.
    Replay {
        /// Its file.
        file: PathBuf,
        /// Whether what is written to it is to be seen.
        follow: bool,
    },
    /// A program that is watched from outside of it.
    #[cfg(unix)]
    Watch(Box<Watching>),
}

/// Whether what runs is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// Into the user's store.
    Auto,
    /// Not unless a key asks for it.
    Off,
    /// Into this file, of which only the last part may be kept.
    To(PathBuf, Option<Keep>),
}
