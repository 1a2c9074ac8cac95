//! The text of programs, for the code panel.

use std::collections::HashMap;

use super::theme::Role;
use crate::scenario::Scenario;

/// A source file, or the part of it that is to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file, as events name it.
    pub file: String,
    /// Its lines.
    pub lines: Vec<CodeLine>,
}

/// A line of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeLine {
    /// Its number in the file, from 1.
    pub number: u32,
    /// Its text in pieces, each of one colour.
    pub pieces: Vec<(Role, String)>,
}

impl CodeLine {
    /// A line without colours.
    pub fn plain(number: u32, text: &str) -> Self {
        Self {
            number,
            pieces: vec![(Role::Text, text.to_owned())],
        }
    }

    /// Its text.
    pub fn text(&self) -> String {
        self.pieces.iter().map(|piece| piece.1.as_str()).collect()
    }
}

impl Source {
    /// A scenario's program, without colours.
    pub fn scenario(scenario: &Scenario) -> Self {
        let lines = scenario.program();
        Self {
            file: scenario.file.to_owned(),
            lines: without_blank_ends(lines.map(|(number, line)| CodeLine::plain(number, line))),
        }
    }

    /// A whole file, without colours.
    pub fn file(name: &str, text: &str) -> Self {
        let lines = text.lines().zip(1..);
        Self {
            file: name.to_owned(),
            lines: lines
                .map(|(line, number)| CodeLine::plain(number, line))
                .collect(),
        }
    }
}

fn without_blank_ends(lines: impl Iterator<Item = CodeLine>) -> Vec<CodeLine> {
    let is_blank = |line: &CodeLine| line.text().trim().is_empty();
    let mut lines: Vec<_> = lines.skip_while(is_blank).collect();
    while lines.last().is_some_and(is_blank) {
        lines.pop();
    }
    lines
}

/// The files of a session's program that could be had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    files: HashMap<String, Source>,
    /// The file to show where nothing else says which.
    main: Option<String>,
}

impl Sources {
    /// A scenario's program.
    pub fn of(scenario: Option<&Scenario>) -> Self {
        let mut sources = Self::default();
        if let Some(scenario) = scenario {
            sources.insert(Source::scenario(scenario));
        }
        sources
    }

    /// Adds a file, or replaces it by a coloured one.
    pub fn insert(&mut self, source: Source) {
        self.main.get_or_insert_with(|| source.file.clone());
        self.files.insert(source.file.clone(), source);
    }

    /// A file by its name in the events.
    pub fn get(&self, file: &str) -> Option<&Source> {
        self.files.get(file)
    }

    /// The file to show where nothing else says which.
    pub fn main(&self) -> Option<&Source> {
        self.get(self.main.as_deref()?)
    }
}
