//! All that happened in a stretch of time.

use super::moments::after;
use crate::event::Timestamp;
use crate::timeline::Timeline;
use crate::timeline::cells::Window;
use crate::tui::app::Playback;

/// Maximum number of events that a detail takes in after it was read.
pub(super) const MOST_GROWN: u64 = if cfg!(test) { 200 } else { 1 << 18 };

/// All that happened in a stretch of time.
#[derive(Debug)]
pub struct Detail {
    /// Its timeline.
    pub timeline: Timeline,
    /// The start.
    pub from: Timestamp,
    /// The end. Later events at this very moment may have arrived since.
    pub until: Timestamp,
    /// The place of its last event in the session.
    pub place: u64,
    /// Number of events taken in since it was read.
    pub grown: u64,
}

impl Detail {
    /// Returns the detail that a stretch holds.
    pub(super) fn of(playback: Playback) -> Self {
        let begins = playback.begins();
        let (until, place) = (playback.now(), playback.place());
        Self {
            // It may lack events at its start.
            from: begins.map_or(Timestamp::ZERO, after),
            until,
            place,
            grown: 0,
            timeline: playback.into_timeline(),
        }
    }

    /// Returns `true` if it holds all that a window shows.
    pub(super) fn covers(&self, playback: &Playback, window: &Window) -> bool {
        let (end, place) = (window.time_at(window.width), playback.place());
        let knows_end = self.until >= end || self.place >= place;
        // Later events at the very moment shown must stay hidden.
        let knows_more = self.place > place && end > window.now && playback.is_within_moment();
        self.from <= window.start && knows_end && !knows_more
    }

    /// Takes in the events shown since.
    pub(super) fn keep_up(&mut self, playback: &Playback) {
        let Some(events) = playback.shown_since(self.place) else {
            return;
        };
        if self.grown + events.len() as u64 <= MOST_GROWN {
            self.grown += events.len() as u64;
            self.timeline.extend(events);
            self.place = playback.place();
            self.until = self.until.max(playback.now());
        }
    }
}
