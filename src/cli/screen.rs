//! The screen, as the command line asks for it.

use super::failure::Failure;
use crate::tui::{self, Ended, Options, theme::Theme};
pub(super) use crate::tui::{Record, Start};

pub(super) fn run(start: Start, record: Record, ascii: bool) -> Result<(), Failure> {
    let theme = Theme::detect(|name| std::env::var(name).ok(), ascii);
    let ended = tui::run(Options {
        start,
        record,
        theme,
        progress: super::session::show_progress,
    });
    match ended {
        Ok(Ended::Left) => Ok(()),
        Ok(Ended::Signal(number)) => Err(Failure::Signal(number)),
        Err(tui::Error::Session(error)) => Err(error.into()),
        Err(error) => Err(Failure::Stopped(error.to_string())),
    }
}
