//! A session's events, and the moment of it that is shown.

use std::collections::VecDeque;
use std::time::Duration;

use crate::event::{Event, EventKind, LaneId, Timestamp};
use crate::insight::{self, Line};
use crate::timeline::Timeline;
use crate::timeline::steps::Steps;

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
    /// A session that is over, all of it shown.
    pub fn of(events: Vec<Event>) -> Self {
        let mut playback = Self::default();
        playback.extend(events);
        playback.reach_end();
        playback.show_present();
        playback
    }

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
    pub(super) fn run_to_wake(&mut self) -> bool {
        let stop = self.steps.after_wake(self.cursor, self.present);
        self.go_on(stop) && stop.is_some_and(|stop| stop <= self.present)
    }

    /// Goes back to the wake before.
    pub(super) fn back_to_wake(&mut self) {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::{Awaited, FrameId, Polled, TaskKind, ThreadId, Waker};

    const SECOND: u64 = 1_000_000_000;
    const MAIN: LaneId = LaneId(1);
    const TASK: LaneId = LaneId(2);

    fn event(at: u64, kind: EventKind) -> Event {
        Event {
            at: Timestamp(at),
            thread: ThreadId(0),
            kind,
        }
    }

    fn started(at: u64, lane: LaneId) -> Event {
        event(at, EventKind::PollStarted { lane })
    }

    fn ended(at: u64, lane: LaneId, result: Polled) -> Event {
        event(at, EventKind::PollEnded { lane, result })
    }

    fn woken(at: u64, lane: LaneId, by: Waker) -> Event {
        event(at, EventKind::Woken { lane, by })
    }

    fn spawned(at: u64, lane: LaneId, parent: Option<LaneId>) -> Event {
        let spawned = EventKind::Spawned {
            lane,
            name: "x".into(),
            parent,
            kind: TaskKind::Task,
            site: None,
        };
        event(at, spawned)
    }

    /// Main spawns a task and waits for it; the task sleeps for a second. Four polls.
    fn events() -> Vec<Event> {
        let awaits = EventKind::AwaitEntered {
            lane: MAIN,
            frame: FrameId(1),
            parent: None,
            coroutine: None,
            site: None,
            text: "task".into(),
            on: Some(Awaited::Task(TASK)),
        };
        vec![
            spawned(0, MAIN, None),
            started(0, MAIN),
            spawned(0, TASK, Some(MAIN)),
            event(0, awaits),
            ended(0, MAIN, Polled::Pending),
            started(0, TASK),
            ended(0, TASK, Polled::Pending),
            woken(SECOND, TASK, Waker::Driver),
            started(SECOND, TASK),
            ended(SECOND, TASK, Polled::Completed),
            woken(SECOND, MAIN, Waker::Lane(TASK)),
            started(SECOND, MAIN),
            ended(SECOND, MAIN, Polled::Completed),
        ]
    }

    fn replay(events: Vec<Event>) -> Playback {
        let mut playback = Playback::default();
        playback.extend(events);
        playback.reach_end();
        playback.show_present();
        playback
    }

    /// The places at which stepping stops, from the beginning to the end.
    fn stops(playback: &mut Playback) -> Vec<usize> {
        playback.show(0);
        let mut stops = vec![0];
        while playback.step() {
            stops.push(playback.cursor());
        }
        stops
    }

    #[test]
    fn a_step_is_a_poll_and_a_timer_begins_the_next_one() {
        let mut playback = replay(events());
        assert_eq!(stops(&mut playback), [0, 5, 7, 11, 13]);
        let mut back = vec![playback.cursor()];
        while playback.cursor() > 0 {
            playback.step_back();
            back.push(playback.cursor());
        }
        assert_eq!(back, [13, 11, 7, 5, 0]);
    }

    #[test]
    fn steps_back_are_counted_as_they_are_taken() {
        let mut playback = replay(events());
        assert_eq!(playback.steps_back(), 0);
        for back in 1..=4 {
            playback.step_back();
            assert_eq!(playback.steps_back(), back);
        }
    }

    #[test]
    fn running_to_a_wake_stops_before_the_woken_task_is_polled() {
        let mut playback = replay(events());
        playback.show(0);
        assert!(playback.run_to_wake());
        assert_eq!(playback.cursor(), 8);
        assert!(playback.run_to_wake());
        assert_eq!(playback.cursor(), 11);
        assert!(!playback.run_to_wake());
        assert!(playback.at_present());
        playback.back_to_wake();
        assert_eq!(playback.cursor(), 11);
        playback.back_to_wake();
        assert_eq!(playback.cursor(), 8);
        playback.back_to_wake();
        assert_eq!(playback.cursor(), 0);
    }

    #[test]
    fn running_until_a_task_stops_after_its_poll() {
        let mut playback = replay(events());
        playback.show(0);
        assert!(playback.until_polled(TASK));
        assert_eq!(playback.cursor(), 7);
        assert!(playback.until_polled(TASK));
        assert_eq!(playback.cursor(), 10);
        assert!(!playback.until_polled(TASK));
        assert!(playback.at_present());
    }

    #[test]
    fn a_wake_that_is_recorded_early_is_not_shown_early() {
        let mut playback = Playback::default();
        playback.extend(events()[..8].to_vec());
        playback.reach(Timestamp(SECOND / 2), false);
        playback.show_present();
        assert_eq!(playback.cursor(), 7);
        assert_eq!(playback.now(), Timestamp(SECOND / 2));
        playback.reach(Timestamp(SECOND), false);
        playback.show_present();
        assert_eq!(playback.cursor(), 8);
    }

    #[test]
    fn a_poll_that_moved_the_clock_is_shown_whole_while_paused() {
        let mut playback = Playback::default();
        playback.extend(vec![
            spawned(0, MAIN, None),
            started(0, MAIN),
            ended(SECOND, MAIN, Polled::Pending),
            woken(2 * SECOND, MAIN, Waker::Driver),
        ]);
        playback.reach(Timestamp(0), false);
        playback.show_present();
        assert_eq!(playback.cursor(), 2);
        playback.reach(Timestamp(0), true);
        playback.show_present();
        assert_eq!((playback.cursor(), playback.now()), (3, Timestamp(SECOND)));
    }

    #[test]
    fn where_a_poll_is_over_the_next_one_is_not_shown() {
        let mut playback = Playback::default();
        playback.extend(events());
        playback.reach(Timestamp(0), true);
        playback.show_present();
        assert_eq!(playback.cursor(), 7);
    }

    #[test]
    fn playing_shows_each_event_at_its_time_and_then_has_arrived() {
        let mut playback = replay(events());
        playback.show(0);
        assert!(!playback.advance(Duration::from_millis(500)));
        assert_eq!((playback.cursor(), playback.now().0), (7, SECOND / 2));
        assert!(playback.advance(Duration::from_millis(600)));
        assert_eq!((playback.cursor(), playback.now().0), (13, SECOND));
    }

    fn arbitrary_events() -> impl Strategy<Value = Vec<Event>> {
        let event =
            (0..6_u8, 0..4_u64, 0..3_u64, 0..2_u32).prop_map(|(kind, lane, later, thread)| {
                let lane = LaneId(lane + 1);
                let result = Polled::Pending;
                let kind = match kind {
                    0 => EventKind::PollStarted { lane },
                    1 => EventKind::PollEnded { lane, result },
                    2 => EventKind::Woken {
                        lane,
                        by: Waker::Driver,
                    },
                    3 => EventKind::Woken {
                        lane,
                        by: Waker::Itself,
                    },
                    4 => EventKind::Lost { count: 3 },
                    _ => EventKind::Mark {
                        lane: Some(lane),
                        text: "m".into(),
                    },
                };
                (later, thread, kind)
            });
        prop::collection::vec(event, 0..60).prop_map(|events| {
            let mut at = 0;
            let mut timed = |(later, thread, kind)| {
                at += later;
                Event {
                    at: Timestamp(at),
                    thread: ThreadId(thread),
                    kind,
                }
            };
            events.into_iter().map(&mut timed).collect()
        })
    }

    proptest! {
        /// Wherever one goes, the timeline is that of the events until there: nothing of the future is left in it.
        #[test]
        fn the_past_is_exactly_as_it_was(events in arbitrary_events(), moves in prop::collection::vec(0..8_u8, 0..40)) {
            let mut playback = replay(events.clone());
            for (index, go) in moves.into_iter().enumerate() {
                match go {
                    0 => playback.step_back(),
                    1 => { playback.step(); }
                    2 => { playback.run_to_wake(); }
                    3 => playback.back_to_wake(),
                    4 => { playback.until_polled(LaneId(2)); }
                    5 => { playback.advance(Duration::from_nanos(7)); }
                    6 => playback.seek(Timestamp(index as u64 * 3)),
                    _ => playback.show(index),
                }
                let past = Timeline::from_iter(&events[..playback.cursor()]);
                prop_assert_eq!(playback.timeline(), &past);
                let anew = replay(events[..playback.cursor()].to_vec());
                prop_assert_eq!(playback.recent(), anew.recent());
                prop_assert!(playback.now() >= past.end() && playback.now() <= playback.reached());
            }
        }

        /// Steps forward and steps back stop at the same places, and all of them are reached.
        #[test]
        fn forward_and_back_stop_at_the_same_places(events in arbitrary_events()) {
            let mut playback = replay(events.clone());
            let forward = stops(&mut playback);
            let mut back = vec![playback.cursor()];
            while playback.cursor() > 0 {
                playback.step_back();
                back.push(playback.cursor());
            }
            back.reverse();
            prop_assert_eq!(&forward, &back);
            prop_assert_eq!(forward.last().copied(), Some(events.len()));
        }
    }
}
