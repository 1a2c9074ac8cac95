//! The menu: what can be run or opened.

use std::path::PathBuf;

use super::choice;
use crate::scenario::{Chapter, Scenario};
use crate::tui::app::action::Action;

/// The menu's state.
#[derive(Debug)]
pub struct Menu {
    scenarios: Vec<&'static Scenario>,
    recents: Vec<RecentRecording>,
    index: usize,
}

/// A recording that can be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecentRecording {
    /// Its file.
    pub path: PathBuf,
    /// The name of the scenario that was recorded.
    pub scenario: Option<String>,
    /// Its title in the menu.
    pub title: String,
    /// The time since it was recorded, in words.
    pub when: String,
}

/// An item that can be selected.
#[derive(Clone, Copy, Debug)]
pub enum MenuItem<'a> {
    /// A scenario, to run.
    Scenario(&'static Scenario),
    /// A recording, to replay.
    Recent(&'a RecentRecording),
}

impl MenuItem<'_> {
    /// Returns `true` if its name contains a text in lower case.
    fn names(&self, text: &str) -> bool {
        match self {
            Self::Scenario(scenario) => scenario.name.contains(text),
            Self::Recent(recent) => recent.title.to_lowercase().contains(text),
        }
    }

    /// Returns `true` if its description contains a text in lower case.
    fn tells_of(&self, text: &str) -> bool {
        match self {
            Self::Scenario(Scenario { title, lesson, .. }) => {
                title.to_lowercase().contains(text) || lesson.to_lowercase().contains(text)
            }
            Self::Recent(_) => false,
        }
    }
}

impl Menu {
    pub(super) fn new(scenarios: &'static [Scenario]) -> Self {
        let in_chapter = |chapter| {
            let of_it = move |scenario: &&Scenario| scenario.chapter == chapter;
            scenarios.iter().filter(of_it)
        };
        Self {
            scenarios: Chapter::ALL.into_iter().flat_map(in_chapter).collect(),
            recents: Vec::new(),
            index: 0,
        }
    }

    /// Returns all items in order: the scenarios by chapter, then the recordings.
    pub fn items(&self) -> impl Iterator<Item = MenuItem<'_>> {
        let scenarios = self.scenarios.iter().copied().map(MenuItem::Scenario);
        scenarios.chain(self.recents.iter().map(MenuItem::Recent))
    }

    /// Returns the index of the selected item.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Selects an item by its index.
    pub(super) fn point(&mut self, index: usize) {
        self.index = index.min(self.len().saturating_sub(1));
    }

    /// Returns the selected item.
    pub fn selected(&self) -> Option<MenuItem<'_>> {
        self.items().nth(self.index)
    }

    /// The last recording of the selected scenario, or the selected recording itself.
    pub(super) fn last_recording(&self) -> Option<PathBuf> {
        let recent = match self.selected()? {
            MenuItem::Recent(recent) => Some(recent),
            MenuItem::Scenario(scenario) => {
                let of_it =
                    |recent: &&RecentRecording| recent.scenario.as_deref() == Some(scenario.name);
                self.recents.iter().find(of_it)
            }
        };
        recent.map(|recent| recent.path.clone())
    }

    pub(super) fn select(&mut self, scenario: &'static Scenario) {
        let place = self
            .scenarios
            .iter()
            .position(|other| std::ptr::eq(*other, scenario));
        self.index = place.unwrap_or(self.index);
    }

    /// Returns the number of items that contain a text.
    pub fn matches(&self, text: &str) -> usize {
        let text = text.to_lowercase();
        let found = |item: &MenuItem| item.names(&text) || item.tells_of(&text);
        self.items().filter(found).count()
    }

    /// Selects the first item whose name contains a text, or else the first that tells of it.
    pub(super) fn find(&mut self, text: &str) {
        let text = text.to_lowercase();
        let by_name = self.items().position(|item| item.names(&text));
        let found = by_name.or_else(|| self.items().position(|item| item.tells_of(&text)));
        self.index = found.unwrap_or(self.index);
    }

    pub(super) fn set_recents(&mut self, recents: Vec<RecentRecording>) {
        self.recents = recents;
        self.index = self.index.min(self.len().saturating_sub(1));
    }

    pub(super) fn act(&mut self, action: Action, page: usize) {
        self.index = choice::moved(self.index, action, self.len(), page);
    }

    fn len(&self) -> usize {
        self.scenarios.len() + self.recents.len()
    }
}
