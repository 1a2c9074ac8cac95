//! What is added to a session while it is shown.

use super::{Playback, Whole};
use crate::recording::Batch;

/// Maximum number of events that a session keeps here as it grows; then its end is read anew.
pub const MOST_KEPT: usize = if cfg!(test) { 64 } else { 100_000 };

impl Playback {
    /// Takes note that the session is larger than it was.
    pub(in crate::tui::app) fn grow(&mut self, by: &Self) {
        let events = |whole: &Option<Whole>| whole.as_ref().map_or(0, |whole| whole.events);
        if events(&by.whole) >= events(&self.whole) {
            self.whole.clone_from(&by.whole);
            self.reached = by.reached;
        }
    }

    /// Takes note of events that were added to a session of which this is a stretch, and keeps them if they follow it.
    /// None of them is shown yet.
    ///
    /// # Errors
    ///
    /// Returns the events if there is no room for them, or if events before them are missing.
    pub(in crate::tui::app) fn append(&mut self, mut batch: Batch) -> Result<(), Batch> {
        let at_present = self.at_present();
        let follows = self.is_last() && (at_present || !self.is_long());
        let Some(whole) = &mut self.whole else {
            return Err(batch);
        };
        let is_full = at_present && whole.added > 2 * MOST_KEPT as u64;
        let known = whole.events.checked_sub(batch.first);
        let Some(known) = known.filter(|_| !is_full) else {
            return Err(batch);
        };
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        batch.events.drain(..known.min(batch.events.len()));
        whole.take_in(&batch.events);
        self.reached = self.reached.max(whole.end);
        if follows {
            self.extend(batch.events);
            self.reach_end();
        }
        Ok(())
    }

    /// Returns the events from a place on, as far as they are here; none if they begin later.
    pub(in crate::tui::app) fn events_since(&self, place: u64) -> Option<Batch> {
        let index = self.index_of(place);
        let is_here = self.stretch.place(index) == place;
        let events = self.events().get(index..).filter(|_| is_here)?;
        Some(Batch {
            first: place,
            events: events.to_vec(),
        })
    }

    /// Returns `true` if so many events were added that the end of the session should be read anew.
    pub(in crate::tui::app) fn is_long(&self) -> bool {
        let whole = self.whole.as_ref();
        whole.is_some_and(|whole| whole.added > MOST_KEPT as u64 / 4 * 3)
    }

    /// Returns the number of events of the session.
    pub(in crate::tui::app) fn end(&self) -> u64 {
        let whole = self.whole.as_ref();
        whole.map_or(self.reaches().1, |whole| whole.events)
    }
}
