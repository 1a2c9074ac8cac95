//! A session's events, and the moment of it that is shown.

use std::collections::VecDeque;
use std::time::Duration;

use super::steps::Steps;
use crate::event::{Event, EventKind, LaneId, Timestamp};
use crate::insight::{self, Line};
use crate::timeline::Timeline;

/// As many of the last events are kept as lines of text.
const RECENT: usize = 400;

/// A session's events, and the moment of it that is shown.
///
/// The timeline is always that of the first [`cursor`](Self::cursor) events and of no others: what was yet to come is
/// not to be seen in the past.
#[derive(Debug, Default)]
pub struct Playback {
    events: Vec<Event>,
    steps: Steps,
    cursor: usize,
    present: usize,
    timeline: Timeline,
    now: Timestamp,
    reached: Timestamp,
    recent: VecDeque<Line>,
}

impl Playback {
    /// Every event that came, also those that playback has not reached.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// How many events are shown.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// The timeline of the events that are shown.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// The moment that is shown.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The latest moment that can be shown.
    pub fn reached(&self) -> Timestamp {
        self.reached
    }

    /// The last of the events that are shown, as text.
    pub fn recent(&self) -> &VecDeque<Line> {
        &self.recent
    }

    /// Whether everything is shown that can be shown.
    pub fn at_present(&self) -> bool {
        self.cursor == self.present && self.now >= self.reached
    }

    /// How many steps the shown moment lies behind the present.
    pub fn steps_back(&self) -> usize {
        self.steps.between(self.cursor, self.present)
    }

    /// Takes in events; none of them is shown yet. A time that goes back counts as simultaneous with the last.
    pub(super) fn extend(&mut self, events: Vec<Event>) {
        self.events.reserve(events.len());
        let mut last = self.events.last().map_or(Timestamp::ZERO, |event| event.at);
        for mut event in events {
            last = last.max(event.at);
            event.at = last;
            self.steps.feed(self.events.len(), &event);
            self.events.push(event);
        }
    }

    /// Lets everything be shown that happened until `position`, and with `whole_polls` the rest of a poll that is
    /// going on then.
    pub(super) fn reach(&mut self, position: Timestamp, whole_polls: bool) {
        let mut present = self.place(position);
        if whole_polls {
            present = self.steps.poll_end(present, self.events.len());
        }
        self.present = self.present.max(present);
        self.reached = self.reached.max(position).max(self.last_shown());
    }

    /// Lets everything be shown that has come.
    pub(super) fn reach_end(&mut self) {
        self.present = self.events.len();
        self.reached = self.reached.max(self.last_shown());
    }

    fn last_shown(&self) -> Timestamp {
        let last = self.present.checked_sub(1).map(|last| self.events[last].at);
        last.unwrap_or_default()
    }

    /// How many events happened until `at`.
    fn place(&self, at: Timestamp) -> usize {
        self.events.partition_point(|event| event.at <= at)
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
            self.timeline = Timeline::new();
            self.recent.clear();
        }
        let described = place.saturating_sub(RECENT).max(self.cursor);
        self.timeline.extend(&self.events[self.cursor..described]);
        for event in &self.events[described..place] {
            self.timeline.apply(event);
            self.recent.extend(insight::describe(event, &self.timeline));
        }
        let surplus = self.recent.len().saturating_sub(RECENT);
        self.recent.drain(..surplus);
        self.cursor = place;
        self.now = self.timeline.end();
    }

    /// Shows this moment, or the nearest one that can be shown.
    pub(super) fn seek(&mut self, at: Timestamp) {
        let at = at.min(self.reached);
        self.show(self.place(at));
        self.now = self.now.max(at);
    }

    /// Goes on through what is recorded; true once the present is reached.
    pub(super) fn advance(&mut self, by: Duration) -> bool {
        self.seek(self.now.after(by));
        self.at_present()
    }

    /// Goes on by one step; false where the present is shown already.
    pub(super) fn step(&mut self) -> bool {
        self.go_on(self.steps.next(self.cursor))
    }

    /// Goes back by one step.
    pub(super) fn step_back(&mut self) {
        self.show(self.steps.previous(self.cursor));
    }

    /// Goes on until a task is woken; false where none is until the present, which is shown then.
    pub(super) fn to_wake(&mut self) -> bool {
        let stop = self.steps.after_wake(self.cursor, self.present);
        self.go_on(stop) && stop.is_some_and(|stop| stop <= self.present)
    }

    /// Goes back to the wake before.
    pub(super) fn to_wake_before(&mut self) {
        self.show(self.steps.before_wake(self.cursor, self.present));
    }

    /// Goes on until this task has been polled; false where it is not until the present, which is shown then.
    pub(super) fn until_polled(&mut self, task: LaneId) -> bool {
        let ahead = &self.events[self.cursor..self.present];
        let is_poll = |event: &Event| event.kind == EventKind::PollStarted { lane: task };
        let poll = ahead.iter().position(is_poll);
        let stop = poll.map(|poll| self.steps.poll_end(self.cursor + poll + 1, self.present));
        self.go_on(stop) && stop.is_some()
    }

    /// Shows the moment after `place` events, the present where there is no such place; false where it was shown.
    fn go_on(&mut self, place: Option<usize>) -> bool {
        let moved = !self.at_present();
        match place {
            Some(place) if place < self.present => self.show(place),
            _ => self.show_present(),
        }
        moved
    }
}
