//! Source files: which ones events speak of, and showing them.

use std::collections::BTreeSet;
use std::fs;

use tokio::sync::mpsc::UnboundedSender;

use super::background::in_background;
use super::highlight;
use crate::event::Event;
use crate::tui::app::code::Source;
use crate::tui::app::{Msg, Opened};

/// The largest source file that is shown, in bytes.
const LARGEST: u64 = 1 << 20;
/// Maximum number of source files read for a recording.
const MOST: usize = 32;

/// A recording's program: its scenario's, or the source files that its events speak of, as far as they are here.
pub(crate) fn sources(opened: &Opened) -> Vec<Source> {
    if let Some(scenario) = opened.scenario {
        return vec![Source::scenario(scenario)];
    }
    let files = files(opened.playback.events());
    files.into_iter().take(MOST).filter_map(source).collect()
}

/// The source files that events speak of.
fn files(events: &[Event]) -> BTreeSet<&str> {
    let sites = events.iter().filter_map(|event| event.kind.site());
    sites.map(|site| site.file.raw()).collect()
}

/// The source files that were spoken of so far, up to some number.
#[derive(Debug, Default)]
pub(crate) struct Files(BTreeSet<String>);

impl Files {
    /// Returns the source files that events speak of for the first time.
    pub(crate) fn new_in(&mut self, events: &[Event]) -> Vec<String> {
        let Some(room) = MOST.checked_sub(self.0.len()).filter(|room| *room > 0) else {
            return Vec::new();
        };
        let files = files(events).into_iter();
        let new = files.filter(|file| !self.0.contains(*file)).take(room);
        let new: Vec<String> = new.map(str::to_owned).collect();
        self.0.extend(new.iter().cloned());
        new
    }
}

/// Reads a source file, unless it is too large.
fn source(file: &str) -> Option<Source> {
    let metadata = fs::metadata(file).ok()?;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return None;
    }
    Some(Source::file(file, &fs::read_to_string(file).ok()?))
}

/// Shows source files, at once without colours and then with them.
pub(crate) fn colour(sources: Vec<Source>, messages: &UnboundedSender<Msg>) {
    let messages = messages.clone();
    in_background("colours", move || send_coloured(sources, &messages));
}

/// Reads and shows source files, on a thread of its own.
pub(crate) fn show_files(files: Vec<String>, messages: &UnboundedSender<Msg>) {
    if files.is_empty() {
        return;
    }
    let messages = messages.clone();
    in_background("colours", move || {
        let sources = files.iter().filter_map(|file| source(file));
        send_coloured(sources.collect(), &messages);
    });
}

pub(crate) fn send_coloured(sources: Vec<Source>, messages: &UnboundedSender<Msg>) {
    for source in sources {
        let _ = messages.send(Msg::Source(source.clone()));
        let _ = messages.send(Msg::Source(highlight::coloured(&source)));
    }
}
