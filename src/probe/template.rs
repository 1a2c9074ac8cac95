//! What all tasks that are spawned at one place have in common, kept once for all of them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::record::What;
use crate::event::{EventKind, LaneId, Site, TaskKind, Text};

/// A place where tasks are spawned, in texts of the program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Template {
    name: &'static str,
    file: &'static str,
    line: u32,
    column: u32,
    kind: TaskKind,
}

/// A session's templates, by number.
#[derive(Debug, Default)]
pub(crate) struct Templates(Mutex<Vec<Template>>);

/// The templates that a thread has used of late, with their numbers.
#[derive(Debug, Default)]
pub(crate) struct Recent(Vec<(Template, u32)>);

/// A thread that spawns at more places than this allocates for each task again.
const MOST: usize = 32;

impl Template {
    fn of(kind: &EventKind) -> Option<(Self, LaneId, LaneId)> {
        match kind {
            EventKind::Spawned {
                lane,
                name: Text::Static(name),
                parent: Some(parent),
                kind,
                site:
                    Some(Site {
                        file: Text::Static(file),
                        line,
                        column,
                    }),
            } => {
                let template = Self {
                    name,
                    file,
                    line: *line,
                    column: *column,
                    kind: *kind,
                };
                Some((template, *lane, *parent))
            }
            _ => None,
        }
    }

    /// Whether the two are the same place, which is decided without reading the texts.
    fn is(&self, other: &Self) -> bool {
        self.line == other.line
            && self.column == other.column
            && std::ptr::eq(self.file, other.file)
            && std::ptr::eq(self.name, other.name)
            && self.kind == other.kind
    }

    pub(crate) fn spawned(self, lane: LaneId, parent: LaneId) -> EventKind {
        EventKind::Spawned {
            lane,
            name: Text::Static(self.name),
            parent: Some(parent),
            kind: self.kind,
            site: Some(Site {
                file: Text::Static(self.file),
                line: self.line,
                column: self.column,
            }),
        }
    }
}

impl Templates {
    /// Packs the beginning of a task, where that can be said with a template.
    pub(crate) fn pack(&self, recent: &mut Recent, kind: &EventKind) -> Option<What> {
        let (template, lane, parent) = Template::of(kind)?;
        let (lane, parent) = (u32::try_from(lane.0).ok()?, u32::try_from(parent.0).ok()?);
        let number = match recent.0.iter().find(|known| known.0.is(&template)) {
            Some(known) => known.1,
            None if recent.0.len() >= MOST => return None,
            None => {
                let number = self.add(template)?;
                recent.0.push((template, number));
                number
            }
        };
        Some(What::Spawned(lane, parent, number))
    }

    fn add(&self, template: Template) -> Option<u32> {
        let mut templates = self.all();
        let number = u32::try_from(templates.len()).ok()?;
        templates.push(template);
        Some(number)
    }

    /// All templates, to look them up by their numbers.
    pub(crate) fn all(&self) -> MutexGuard<'_, Vec<Template>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
