//! The part of a session that is here: from where to where it reaches.

use super::Playback;
use crate::event::Timestamp;

impl Playback {
    /// Returns the number of shown events, and of all events that can be shown, without heartbeats. For a part of a
    /// session, only the available events count.
    pub fn counts(&self) -> (u64, u64) {
        let shown = self.timeline.events();
        match &self.whole {
            Some(whole) => (shown.saturating_sub(whole.counted.0), whole.counted.1),
            None => (shown, shown),
        }
    }

    /// Returns the start of the loaded stretch; none if the session starts there.
    pub(in crate::tui) fn begins(&self) -> Option<Timestamp> {
        let at = self.stretch.base.timeline.end();
        (!self.is_first()).then_some(at)
    }

    /// Returns the places of the loaded stretch's start and end.
    pub(in crate::tui) fn reaches(&self) -> (u64, u64) {
        let last = self.stretch.place(self.stretch.events.len());
        (self.stretch.base.place, last)
    }

    /// Returns the session's start and end, as far as they can be shown.
    pub(in crate::tui) fn spans(&self) -> (Timestamp, Timestamp) {
        let begins = self
            .whole
            .as_ref()
            .map_or(Timestamp::ZERO, |whole| whole.begins);
        (begins, self.reached)
    }

    /// Returns the approximate number of events until `at`.
    pub(in crate::tui) fn place_about(&self, at: Timestamp) -> u64 {
        let Some(whole) = &self.whole else {
            return self.place_at(at) as u64;
        };
        if self.begins().is_none_or(|begins| at > begins) && at <= self.last_here() {
            return self.stretch.place(self.place_at(at));
        }
        let next = whole.places.partition_point(|(time, _)| *time <= at);
        let end = (whole.end, whole.events);
        let after = whole.places.get(next).copied().unwrap_or(end);
        let before = match next.checked_sub(1) {
            Some(before) => whole.places[before],
            None => return whole.first,
        };
        let part = u128::from(at - before.0) * u128::from(after.1.saturating_sub(before.1));
        let part = part / u128::from((after.0 - before.0).max(1));
        before.1
            + u64::try_from(part)
                .unwrap_or(0)
                .min(after.1.saturating_sub(before.1))
    }

    /// Returns the time of the last event that is here.
    fn last_here(&self) -> Timestamp {
        let last = self.events().last();
        last.map_or(self.stretch.base.timeline.end(), |last| last.at)
    }

    pub(super) fn index_of(&self, place: u64) -> usize {
        let indices = 0..=self.stretch.events.len();
        let (mut low, mut high) = (*indices.start(), *indices.end());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.stretch.place(middle) < place {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Returns `true` if the loaded stretch includes the session's start.
    pub(super) fn is_first(&self) -> bool {
        self.stretch.base.place <= self.first()
    }

    /// Returns `true` if the loaded stretch includes the session's end.
    pub(super) fn is_last(&self) -> bool {
        let end = self.stretch.place(self.stretch.events.len());
        self.whole.as_ref().is_none_or(|whole| end >= whole.events)
    }
}
