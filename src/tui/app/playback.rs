//! A session's events, and the moment of it that is shown.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;

use crate::event::{Event, EventKind, LaneId, Timestamp};
use crate::insight::{self, Line};
use crate::recording::{Batch, Stretch};
use crate::timeline::Timeline;
use crate::timeline::steps::Steps;

/// As many of the last events are kept as lines of text.
const RECENT: usize = 400;
/// Maximum number of events that a session keeps here as it grows; then its end is read anew.
pub const MOST_KEPT: usize = if cfg!(test) { 64 } else { 100_000 };

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

/// How large the session is of which a stretch is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Before which place its first event lies that is here.
    pub first: u64,
    /// How many events it has.
    pub events: u64,
    /// Numbers of events without heartbeats: before the first available one, and from there on.
    pub counted: (u64, u64),
    /// When the last of them happened.
    pub end: Timestamp,
    /// When what is here begins.
    pub begins: Timestamp,
    /// How many events lie before some moments, in order.
    pub places: Arc<[(Timestamp, u64)]>,
    /// How many events were added since this was read.
    pub added: u64,
}

impl Whole {
    /// Takes note of events that were added.
    fn take_in(&mut self, events: &[Event]) {
        let counted = events.iter().filter(|event| event.kind.is_counted());
        self.counted.1 += counted.count() as u64;
        self.events += events.len() as u64;
        self.added += events.len() as u64;
        self.end = events.last().map_or(self.end, |last| self.end.max(last.at));
    }
}

/// A way through a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Journey {
    /// To this moment, or the nearest one that can be shown.
    At(Timestamp),
    /// To the beginning.
    First,
    /// To the present.
    Last,
    /// On by one step.
    Step,
    /// Back by one step.
    StepBack,
    /// On until a task is woken.
    NextWake,
    /// Back to the wake before.
    PreviousWake,
    /// On until this task has been polled.
    UntilPolled(LaneId),
    /// To the next event of this lane.
    NextOf(LaneId, About),
    /// Back to the event of this lane before.
    PreviousOf(LaneId, About),
}

impl Journey {
    /// Whether one stays where one is if there is nothing to go to.
    pub(in crate::tui) fn leads_nowhere(self, arrival: Arrival) -> bool {
        arrival == Arrival::Present && matches!(self, Self::NextOf(..) | Self::PreviousOf(..))
    }
}

/// What kind of event of a lane is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Any.
    Event,
    /// That it is polled.
    Poll,
    /// That it is woken.
    Wake,
}

impl About {
    fn is(self, lane: LaneId, kind: &EventKind) -> bool {
        match self {
            Self::Event => kind.lane() == Some(lane),
            Self::Poll => *kind == EventKind::PollStarted { lane },
            Self::Wake => matches!(kind, EventKind::Woken { lane: of, .. } if *of == lane),
        }
    }
}

/// How far a journey led.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// To where it was to lead.
    There,
    /// To the present, which is not where it was to lead.
    Present,
    /// It leads out of the stretch that is here.
    Beyond,
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

    /// The events that are here: all that came, also those that playback has not reached, or a stretch of them.
    pub fn events(&self) -> &[Event] {
        &self.stretch.events
    }

    /// How many of the events that are here are shown.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// How many events of the session are shown.
    pub fn place(&self) -> u64 {
        self.stretch.place(self.cursor)
    }

    /// How many events of the session lie before those that are to be had.
    pub fn first(&self) -> u64 {
        self.whole.as_ref().map_or(0, |whole| whole.first)
    }

    /// Returns the number of shown events, and of all events that can be shown, without heartbeats. For a part of a
    /// session, only the available events count.
    pub fn counts(&self) -> (u64, u64) {
        let shown = self.timeline.events();
        match &self.whole {
            Some(whole) => (shown.saturating_sub(whole.counted.0), whole.counted.1),
            None => (shown, shown),
        }
    }

    /// When the stretch begins that is here, unless that is where the session begins.
    pub(in crate::tui) fn begins(&self) -> Option<Timestamp> {
        let at = self.stretch.base.timeline.end();
        (!self.is_first()).then_some(at)
    }

    /// From which place to which one it reaches.
    pub(in crate::tui) fn reaches(&self) -> (u64, u64) {
        let last = self.stretch.place(self.stretch.events.len());
        (self.stretch.base.place, last)
    }

    /// From when to when the session lasts, as far as it can be shown.
    pub(in crate::tui) fn spans(&self) -> (Timestamp, Timestamp) {
        let begins = self
            .whole
            .as_ref()
            .map_or(Timestamp::ZERO, |whole| whole.begins);
        (begins, self.reached)
    }

    /// About how many events happened until `at`.
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

    fn index_of(&self, place: u64) -> usize {
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

    /// Whether nothing of the session lies before what is here.
    fn is_first(&self) -> bool {
        self.stretch.base.place <= self.first()
    }

    /// Whether nothing of the session lies behind what is here.
    fn is_last(&self) -> bool {
        let end = self.stretch.place(self.stretch.events.len());
        self.whole.as_ref().is_none_or(|whole| end >= whole.events)
    }

    /// Whether it is a stretch of a large session.
    pub fn is_stretch(&self) -> bool {
        self.whole.is_some()
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
        self.cursor == self.present && self.is_last() && self.now >= self.reached
    }

    /// How many steps the shown moment lies behind the present, where that is here.
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

    /// How many events happened until `at`.
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

    /// Takes note that the session is larger than it was.
    pub(super) fn grow(&mut self, by: &Self) {
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
    pub(super) fn append(&mut self, mut batch: Batch) -> Result<(), Batch> {
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
    pub(super) fn events_since(&self, place: u64) -> Option<Batch> {
        let index = self.index_of(place);
        let is_here = self.stretch.place(index) == place;
        let events = self.events().get(index..).filter(|_| is_here)?;
        Some(Batch {
            first: place,
            events: events.to_vec(),
        })
    }

    /// Returns `true` if so many events were added that the end of the session should be read anew.
    pub(super) fn is_long(&self) -> bool {
        let whole = self.whole.as_ref();
        whole.is_some_and(|whole| whole.added > MOST_KEPT as u64 / 4 * 3)
    }

    /// Returns the number of events of the session.
    pub(super) fn end(&self) -> u64 {
        let whole = self.whole.as_ref();
        whole.map_or(self.reaches().1, |whole| whole.events)
    }

    /// Goes a way through the session, as far as it leads through what is here.
    pub fn go(&mut self, journey: Journey) -> Arrival {
        match journey {
            Journey::At(at) => self.seek(at),
            Journey::First if self.is_first() => self.there(0),
            Journey::Last if self.is_last() => {
                self.show_present();
                Arrival::There
            }
            Journey::First | Journey::Last => Arrival::Beyond,
            Journey::Step => self.go_on(self.steps.next(self.cursor)),
            Journey::StepBack => self.go_back(self.steps.previous(self.cursor)),
            Journey::NextWake => {
                let stop = self.steps.after_wake(self.cursor, self.present);
                self.go_on(stop)
            }
            Journey::PreviousWake => {
                self.go_back(self.steps.before_wake(self.cursor, self.present))
            }
            Journey::UntilPolled(task) => self.until_polled(task),
            Journey::NextOf(lane, about) => {
                let ahead = &self.events()[self.cursor..self.present];
                let next = ahead.iter().position(|event| about.is(lane, &event.kind));
                match next {
                    Some(next) => self.there(self.cursor + next + 1),
                    None if self.is_last() => Arrival::Present,
                    None => Arrival::Beyond,
                }
            }
            Journey::PreviousOf(lane, about) => {
                let behind = &self.events()[..self.cursor.saturating_sub(1)];
                let before = behind.iter().rposition(|event| about.is(lane, &event.kind));
                match before {
                    Some(before) => self.there(before + 1),
                    None if self.is_first() => Arrival::Present,
                    None => Arrival::Beyond,
                }
            }
        }
    }

    fn there(&mut self, place: usize) -> Arrival {
        self.show(place);
        Arrival::There
    }

    /// Shows this moment, or the nearest one that can be shown.
    fn seek(&mut self, at: Timestamp) -> Arrival {
        let at = at.min(self.reached);
        let place = self.place_at(at);
        let (first, last) = (place == 0, place == self.events().len());
        if (first && !self.is_first()) || (last && !self.is_last()) {
            return Arrival::Beyond;
        }
        self.show(place);
        self.now = self.now.max(at);
        Arrival::There
    }

    fn until_polled(&mut self, task: LaneId) -> Arrival {
        let ahead = &self.events()[self.cursor..self.present];
        let is_poll = |event: &Event| event.kind == EventKind::PollStarted { lane: task };
        let poll = ahead.iter().position(is_poll);
        let stop = poll.map(|poll| self.steps.poll_end(self.cursor + poll + 1, self.present));
        self.go_on(stop)
    }

    /// Shows the moment after the first `place` events that are here; the present where there is no such place.
    fn go_on(&mut self, place: Option<usize>) -> Arrival {
        match place {
            Some(place) if place < self.present => self.there(place),
            _ if !self.is_last() => Arrival::Beyond,
            _ => {
                let was_there = self.at_present();
                self.show_present();
                match place {
                    Some(_) if !was_there => Arrival::There,
                    _ => Arrival::Present,
                }
            }
        }
    }

    /// Goes back to a place. The first one that is here is a place only where nothing lies before it.
    fn go_back(&mut self, place: usize) -> Arrival {
        if place == 0 && !self.is_first() {
            return Arrival::Beyond;
        }
        self.there(place)
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
        while playback.cursor() < playback.present {
            playback.go(Journey::Step);
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
            playback.go(Journey::StepBack);
            back.push(playback.cursor());
        }
        assert_eq!(back, [13, 11, 7, 5, 0]);
    }

    #[test]
    fn steps_back_are_counted_as_they_are_taken() {
        let mut playback = replay(events());
        assert_eq!(playback.steps_back(), Some(0));
        for back in 1..=4 {
            playback.go(Journey::StepBack);
            assert_eq!(playback.steps_back(), Some(back));
        }
    }

    #[test]
    fn running_to_a_wake_stops_before_the_woken_task_is_polled() {
        let mut playback = replay(events());
        playback.show(0);
        assert_eq!(playback.go(Journey::NextWake), Arrival::There);
        assert_eq!(playback.cursor(), 8);
        assert_eq!(playback.go(Journey::NextWake), Arrival::There);
        assert_eq!(playback.cursor(), 11);
        assert_eq!(playback.go(Journey::NextWake), Arrival::Present);
        assert!(playback.at_present());
        playback.go(Journey::PreviousWake);
        assert_eq!(playback.cursor(), 11);
        playback.go(Journey::PreviousWake);
        assert_eq!(playback.cursor(), 8);
        playback.go(Journey::PreviousWake);
        assert_eq!(playback.cursor(), 0);
    }

    #[test]
    fn running_until_a_task_stops_after_its_poll() {
        let mut playback = replay(events());
        playback.show(0);
        assert_eq!(playback.go(Journey::UntilPolled(TASK)), Arrival::There);
        assert_eq!(playback.cursor(), 7);
        assert_eq!(playback.go(Journey::UntilPolled(TASK)), Arrival::There);
        assert_eq!(playback.cursor(), 10);
        assert_eq!(playback.go(Journey::UntilPolled(TASK)), Arrival::Present);
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
        let half = Timestamp(SECOND / 2);
        playback.go(Journey::At(half));
        assert!(!playback.at_present());
        assert_eq!((playback.cursor(), playback.now().0), (7, SECOND / 2));
        playback.go(Journey::At(Timestamp(SECOND / 10 * 11)));
        assert!(playback.at_present());
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
                    0 => { playback.go(Journey::StepBack); }
                    1 => { playback.go(Journey::Step); }
                    2 => { playback.go(Journey::NextWake); }
                    3 => { playback.go(Journey::PreviousWake); }
                    4 => { playback.go(Journey::UntilPolled(LaneId(2))); }
                    5 => { playback.go(Journey::At(Timestamp(playback.now().0 + 7))); }
                    6 => { playback.go(Journey::At(Timestamp(index as u64 * 3))); }
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
                playback.go(Journey::StepBack);
                back.push(playback.cursor());
            }
            back.reverse();
            prop_assert_eq!(&forward, &back);
            prop_assert_eq!(forward.last().copied(), Some(events.len()));
        }
    }
}
