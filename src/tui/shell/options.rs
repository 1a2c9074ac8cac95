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

/// The screen's options.
#[derive(Debug)]
pub struct Options {
    /// The first thing shown.
    pub start: Start,
    /// The recording of what runs.
    pub record: Record,
    /// The theme.
    pub theme: Theme,
    /// Called with the progress of reading the first recording.
    pub progress: fn(Progress),
}

/// The first thing shown.
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

/// The recording of what runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// Into the user's store.
    Auto,
    /// Not unless a key asks for it.
    Off,
    /// Into this file, of which only the last part may be kept.
    To(PathBuf, Option<Keep>),
}
