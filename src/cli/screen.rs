//! The screen, as the command line asks for it.

use super::failure::Failure;
#[cfg(unix)]
use crate::tui::Watching;
use crate::tui::app::theme::Theme;
use crate::tui::{self, Options, ScreenEnd};
pub(super) use crate::tui::{Record, Start};

pub(super) fn run(start: Start, record: Record, ascii: bool) -> Result<(), Failure> {
    ended(tui::run(options(start, record, ascii)))
}

/// Shows a program that is watched. It comes back.
#[cfg(unix)]
pub(super) fn run_watching(start: Start, ascii: bool) -> Result<Option<Box<Watching>>, Failure> {
    let (end, watching) = match tui::run_watching(options(start, Record::Off, ascii)) {
        Ok((end, watching)) => (Ok(end), watching),
        Err(error) => (Err(error), None),
    };
    ended(end).map(|()| watching)
}

fn options(start: Start, record: Record, ascii: bool) -> Options {
    Options {
        start,
        record,
        theme: Theme::detect(|name| std::env::var(name).ok(), ascii),
        progress: super::session::show_progress,
    }
}

fn ended(ended: Result<ScreenEnd, tui::Error>) -> Result<(), Failure> {
    match ended {
        Ok(ScreenEnd::Left) => Ok(()),
        Ok(ScreenEnd::Signal(number)) => Err(Failure::Signal(number)),
        Err(tui::Error::Session(error)) => Err(error.into()),
        Err(error) => Err(Failure::Stopped(error.to_string())),
    }
}
