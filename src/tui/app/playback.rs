//! A session's events, and the moment of it that is shown.

mod extent;
mod growth;
mod journey;
mod whole;

use std::collections::VecDeque;
use std::thread;

pub use self::growth::MOST_KEPT;
pub use self::journey::{Arrival, Journey, LaneEvent};
pub use self::whole::Whole;
use crate::event::{Event, Timestamp};
use crate::insight::{self, Line};
use crate::recording::Stretch;
use crate::timeline::Timeline;
use crate::timeline::steps::Steps;

/// Maximum number of events kept as lines of text.
const RECENT: usize = 400;

/// A session's events, and the moment of it that is shown.
///
/// The timeline is always that of the first [`cursor`](Self::cursor) events and of no others: what was yet to come is
/// not to be seen in the past. Of a large session only a stretch is here, with how everything stood before it.
#[derive(Debug, Default)]
pub struct Playback {
    stretch: Stretch,
    /// The rest of the session, where this is a stretch of it.
    whole: Option<Whole>,
    steps: Steps,
    cursor: usize,
    present: usize,
    timeline: Timeline,
    now: Timestamp,
    reached: Timestamp,
    recent: VecDeque<Line>,
}

impl Playback {
    /// A session that is over, all of it shown.
    pub fn of(events: Vec<Event>) -> Self {
        let mut playback = Self::default();
        playback.extend(events);
        playback.reach_end();
        playback.show_present();
        playback
    }

    /// A stretch of a large session, shown up to the event at this place or at the nearest one that is here.
    pub(in crate::tui) fn within(stretch: Stretch, whole: Whole, place: u64) -> Self {
        let events = stretch.events.len();
        let base = &stretch.base;
        let (timeline, steps) = thread::scope(|scope| {
            // Thousands of lanes take longer to copy than the steps to find.
            let timeline = scope.spawn(|| base.timeline.clone());
            let mut steps = Steps::from(base.polling.clone());
            for (index, event) in stretch.events.iter().enumerate() {
                steps.feed(index, event);
            }
            let timeline = timeline.join();
            (timeline.unwrap_or_else(|_| base.timeline.clone()), steps)
        });
        let mut playback = Self {
            timeline,
            stretch,
            reached: whole.end,
            whole: Some(whole),
            steps,
            present: events,
            ..Self::default()
        };
        playback.show(playback.index_of(place));
        playback
    }

    /// Returns `true` if more events may have happened at the shown moment than are shown.
    pub(super) fn is_within_moment(&self) -> bool {
        match self.events().get(self.cursor) {
            Some(next) => next.at <= self.now,
            None => !self.is_last(),
        }
    }

    /// Returns the timeline of the shown events, and frees the rest.
    pub(super) fn into_timeline(mut self) -> Timeline {
        let timeline = std::mem::take(&mut self.timeline);
        self.leave();
        timeline
    }

    /// Returns the shown events from a place on, if that place is available.
    pub(super) fn shown_since(&self, place: u64) -> Option<&[Event]> {
        let first = self.index_of(place);
        let is_here = self.stretch.place(first) == place;
        self.events().get(first..self.cursor).filter(|_| is_here)
    }

    /// Frees it, on a thread of its own: thousands of lanes take longer than a frame may.
    pub(super) fn leave(self) {
        thread::spawn(move || drop(self));
    }

    /// Returns the loaded events, including those that playback has not reached.
    pub fn events(&self) -> &[Event] {
        &self.stretch.events
    }

    /// Returns the number of loaded events that are shown.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Returns the number of events of the session that are shown.
    pub fn place(&self) -> u64 {
        self.stretch.place(self.cursor)
    }

    /// Returns the number of events of the session that are no longer available.
    pub fn first(&self) -> u64 {
        self.whole.as_ref().map_or(0, |whole| whole.first)
    }

    /// Returns `true` if it is a stretch of a large session.
    pub fn is_stretch(&self) -> bool {
        self.whole.is_some()
    }

    /// Returns the timeline of the events that are shown.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Returns the moment that is shown.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Returns the latest moment that can be shown.
    pub fn reached(&self) -> Timestamp {
        self.reached
    }

    /// Returns the last of the events that are shown, as text.
    pub fn recent(&self) -> &VecDeque<Line> {
        &self.recent
    }

    /// Returns `true` if all events are shown.
    pub fn at_present(&self) -> bool {
        self.cursor == self.present && self.is_last() && self.now >= self.reached
    }

    /// Returns the number of steps from the shown moment to the present, if both are loaded.
    pub fn steps_back(&self) -> Option<usize> {
        self.is_last()
            .then(|| self.steps.between(self.cursor, self.present))
    }

    /// Takes in events; none of them is shown yet. A time that goes back counts as simultaneous with the last.
    pub(super) fn extend(&mut self, events: Vec<Event>) {
        let here = &mut self.stretch.events;
        here.reserve(events.len());
        let mut last = here.last().map_or(Timestamp::ZERO, |event| event.at);
        for mut event in events {
            last = last.max(event.at);
            event.at = last;
            self.steps.feed(here.len(), &event);
            here.push(event);
        }
    }

    /// Lets everything be shown that happened until `position`, and with `whole_polls` the rest of a poll that is
    /// going on then.
    pub(super) fn reach(&mut self, position: Timestamp, whole_polls: bool) {
        let mut present = self.place_at(position);
        if whole_polls {
            present = self.steps.poll_end(present, self.events().len());
        }
        self.present = self.present.max(present);
        self.reached = self.reached.max(position).max(self.last_shown());
    }

    /// Lets everything be shown that has come.
    pub(super) fn reach_end(&mut self) {
        self.present = self.events().len();
        self.reached = self.reached.max(self.last_shown());
    }

    fn last_shown(&self) -> Timestamp {
        let last = self
            .present
            .checked_sub(1)
            .map(|last| self.events()[last].at);
        last.unwrap_or_default()
    }

    /// Returns the number of loaded events until `at`.
    fn place_at(&self, at: Timestamp) -> usize {
        self.events().partition_point(|event| event.at <= at)
    }

    /// Shows the present.
    pub(super) fn show_present(&mut self) {
        self.show(self.present);
        self.now = self.reached;
    }

    /// Shows the moment after the first `place` events.
    pub(super) fn show(&mut self, place: usize) {
        let place = place.min(self.present);
        if place < self.cursor {
            self.cursor = 0;
            self.timeline.clone_from(&self.stretch.base.timeline);
            self.recent.clear();
        }
        let described = self.recent_from(place).max(self.cursor);
        let events = &self.stretch.events;
        self.timeline.extend(&events[self.cursor..described]);
        for event in &events[described..place] {
            self.timeline.apply(event);
            self.recent.extend(insight::describe(event, &self.timeline));
        }
        let surplus = self.recent.len().saturating_sub(RECENT);
        self.recent.drain(..surplus);
        self.cursor = place;
        self.now = self.timeline.end();
    }

    /// Returns the index of the first event that may be among the last lines before a place: heartbeats have no lines.
    fn recent_from(&self, place: usize) -> usize {
        let events = self.stretch.events[..place].iter().enumerate().rev();
        let mut counted = events.filter(|(_, event)| event.kind.is_counted());
        counted.nth(RECENT - 1).map_or(0, |(index, _)| index)
    }
}

#[cfg(test)]
mod tests;
