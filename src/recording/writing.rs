//! Writes what a journal's reader hands on.

use super::error::Error;
use super::writer::Writer;
use crate::event::{Event, EventKind, Step, ThreadId, Timestamp};
use crate::journal::Sink;

/// How many events have been drained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// Events that were recorded.
    pub events: u64,
    /// Events that were lost.
    pub lost: u64,
}

/// Writes events to a session log.
pub(crate) struct Writing<'a> {
    writer: &'a mut Writer,
    drained: Drained,
    error: Option<Error>,
}

impl<'a> Writing<'a> {
    pub(crate) fn new(writer: &'a mut Writer) -> Self {
        Self {
            writer,
            drained: Drained::default(),
            error: None,
        }
    }

    /// Returns how many events were written, or the first error.
    pub(crate) fn finish(self) -> Result<Drained, Error> {
        self.error.map_or(Ok(self.drained), Err)
    }

    #[cold]
    fn flush(&mut self) {
        if let Err(error) = self.writer.flush() {
            self.error.get_or_insert(error);
        }
    }
}

impl Sink for Writing<'_> {
    #[inline]
    fn step(&mut self, at: Timestamp, thread: ThreadId, step: Step) {
        self.drained.events += 1;
        if self.writer.take_step(at, thread, step) {
            self.flush();
        }
    }

    fn event(&mut self, event: &Event) {
        match event.kind {
            EventKind::Lost { count } => {
                self.drained.lost = self.drained.lost.saturating_add(count);
            }
            _ => self.drained.events += 1,
        }
        if self.writer.take(event) {
            self.flush();
        }
    }
}
