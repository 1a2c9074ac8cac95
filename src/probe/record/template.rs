//! What all tasks that are spawned at one place have in common, kept once for all of them.

use std::any::type_name;
use std::cell::Cell;
use std::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::site;
use crate::event::fields::{Choice, put_varint};
use crate::event::{EventKind, LaneId, TaskKind, Text};
use crate::journal::block;

/// Where tasks are spawned, and what they run: texts of the program, compared by where they stand in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) name: Name,
    pub(crate) site: &'static Location<'static>,
    pub(crate) kind: TaskKind,
}

/// How a task comes by its name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Name {
    /// It was given.
    Given(&'static str),
    /// It is that of the async function whose future has a type of this name.
    OfFuture(&'static str),
}

/// An origin, with the name found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Template {
    name: &'static str,
    site: &'static Location<'static>,
    kind: TaskKind,
}

/// A session's templates, by number.
#[derive(Debug, Default)]
pub(crate) struct Templates(Mutex<Vec<Template>>);

/// The origins that a thread has used of late, with the numbers of their templates.
#[derive(Debug, Default)]
pub(crate) struct Recent(Vec<(Origin, u32)>);

thread_local! {
    /// The session and the origin that the thread used last, with the number of their template.
    static LAST: Cell<Option<(u64, Origin, u32)>> = const { Cell::new(None) };
}

/// The number of an origin's template, where it is the one that the thread used last.
#[inline]
pub(crate) fn last(session: u64, origin: &Origin) -> Option<u32> {
    let (of, last, number) = LAST.get()?;
    (of == session && last.is(origin)).then_some(number)
}

/// A thread that spawns at more places than this writes everything of each further task.
const MOST: usize = 32;

impl Name {
    fn find(self) -> &'static str {
        match self {
            Self::Given(name) => name,
            Self::OfFuture(type_name) => site::function_name(type_name).unwrap_or("task"),
        }
    }

    fn is(self, other: Self) -> bool {
        match (self, other) {
            (Self::Given(one), Self::Given(other))
            | (Self::OfFuture(one), Self::OfFuture(other)) => std::ptr::eq(one, other),
            _ => false,
        }
    }
}

impl Origin {
    /// Of a root task, called as the function that it runs.
    pub(crate) fn of_root<F>(site: &'static Location<'static>) -> Self {
        Self {
            name: Name::OfFuture(type_name::<F>()),
            site,
            kind: TaskKind::Root,
        }
    }

    #[inline]
    fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self.site, other.site) && self.name.is(other.name) && self.kind == other.kind
    }

    pub(crate) fn template(self) -> Template {
        Template {
            name: self.name.find(),
            site: self.site,
            kind: self.kind,
        }
    }
}

impl Template {
    /// Appends it as the journal has it: name, kind, and where the tasks are spawned.
    pub(crate) fn put(&self, to: &mut Vec<u8>) {
        block::put_bytes(to, self.name.as_bytes());
        to.push(self.kind.tag());
        block::put_bytes(to, self.site.file().as_bytes());
        put_varint(to, self.site.line().into());
        put_varint(to, self.site.column().into());
    }

    pub(crate) fn spawned(self, lane: LaneId, parent: Option<LaneId>) -> EventKind {
        EventKind::Spawned {
            lane,
            name: Text::Static(self.name),
            parent,
            kind: self.kind,
            site: Some(self.site.into()),
        }
    }
}

impl Templates {
    /// The number of an origin's template; none where the thread knows too many already.
    #[inline]
    pub(crate) fn number(&self, session: u64, recent: &mut Recent, origin: &Origin) -> Option<u32> {
        let number = match recent.0.iter().find(|known| known.0.is(origin)) {
            Some(known) => known.1,
            None => self.add(recent, *origin)?,
        };
        LAST.set(Some((session, *origin, number)));
        Some(number)
    }

    #[cold]
    fn add(&self, recent: &mut Recent, origin: Origin) -> Option<u32> {
        if recent.0.len() >= MOST {
            return None;
        }
        let mut templates = self.all();
        let number = u32::try_from(templates.len()).ok()?;
        templates.push(origin.template());
        recent.0.push((origin, number));
        Some(number)
    }

    /// Returns the templates from this number on.
    pub(crate) fn from(&self, number: usize) -> Vec<Template> {
        self.all().get(number..).unwrap_or_default().to_vec()
    }

    fn all(&self) -> MutexGuard<'_, Vec<Template>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
