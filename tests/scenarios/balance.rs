//! Whatever begins, ends: an account of every lane, made from the events alone and compared with the timeline's.

use std::collections::{BTreeMap, BTreeSet};

use asyncline::event::{CoroutineEnd, Event, EventKind, LaneId, Polled, Timestamp};
use asyncline::probe::gate::Pace;
use asyncline::scenario;
use asyncline::source::Live;
use asyncline::timeline::Timeline;

use crate::Run;

/// What befell one task or branch; each moment with the place of its event in the session.
#[derive(Default)]
struct Life {
    born: Option<Timestamp>,
    /// The polls, from when to when.
    polls: Vec<(Moment, Moment)>,
    open: Option<Moment>,
    wakes: Vec<Moment>,
    died: Option<Moment>,
}

type Moment = (usize, Timestamp);

/// Nanoseconds that were run, ready and waited.
type Account = (u64, u64, u64);

impl Life {
    fn poll_started(&mut self, now: Moment) {
        assert!(self.died.is_none(), "a lane is polled after its end");
        let before = self.open.replace(now);
        assert!(before.is_none(), "two polls of one lane overlap");
    }

    fn poll_ended(&mut self, now: Moment, result: Polled) {
        let start = self.open.take().expect("a poll ends that was started");
        self.polls.push((start, now));
        if result != Polled::Pending {
            self.die(now);
        }
    }

    fn die(&mut self, now: Moment) {
        assert!(self.open.is_none(), "a lane ends within its poll");
        assert!(self.died.replace(now).is_none(), "a lane ends twice");
    }

    /// Adds up the polls, and the gaps between them: ready from the first wake on, waiting before it.
    fn account(&self) -> Account {
        let died = self.died.expect("every lane ends");
        let (mut run, mut ready, mut waited) = (0, 0, 0);
        let born = self.born.expect("every lane begins");
        let first = self.polls.first().map_or(died, |poll| poll.0);
        ready += first.1 - born;
        for (index, (start, end)) in self.polls.iter().enumerate() {
            run += end.1 - start.1;
            let next = self.polls.get(index + 1).map_or(died, |poll| poll.0);
            // A wake within the poll counts as well: the lane is ready as soon as the poll is over.
            let mut wakes = self.wakes.iter();
            let woken = wakes.find(|wake| (start.0..next.0).contains(&wake.0));
            let woken = woken.map_or(next.1, |wake| wake.1.max(end.1));
            waited += woken - end.1;
            ready += next.1 - woken;
        }
        (run, ready, waited)
    }
}

fn lives(events: &[Event]) -> BTreeMap<LaneId, Life> {
    let mut lives: BTreeMap<LaneId, Life> = BTreeMap::new();
    for (place, event) in events.iter().enumerate() {
        let now = (place, event.at);
        match &event.kind {
            EventKind::Spawned { lane, .. } | EventKind::BranchStarted { lane, .. } => {
                let life = lives.entry(*lane).or_default();
                assert!(
                    life.born.replace(event.at).is_none(),
                    "{lane:?} begins twice"
                );
            }
            EventKind::PollStarted { lane } => lives.get_mut(lane).unwrap().poll_started(now),
            EventKind::PollEnded { lane, result } => {
                lives.get_mut(lane).unwrap().poll_ended(now, *result);
            }
            EventKind::Woken { lane, .. } => lives.get_mut(lane).unwrap().wakes.push(now),
            EventKind::Cancelled { lane, .. } => lives.get_mut(lane).unwrap().die(now),
            _ => {}
        }
    }
    lives
}

#[test]
fn every_scenario_balances() {
    for scenario in scenario::all() {
        let name = scenario.name;
        assert_balanced(name, &Run::of(name).events);
    }
}

#[test]
fn a_scenario_that_is_stopped_halfway_balances() {
    for scenario in scenario::all() {
        for polls in [0, 1, 4, 7] {
            let mut live = Live::start(scenario, Pace::Paused).unwrap();
            for _ in 0..polls {
                await_held(&live);
                live.set_pace(Pace::Step);
            }
            await_held(&live);
            live.stop();
            let mut events = Vec::new();
            live.drain(&mut events);
            assert_balanced(scenario.name, &events);
        }
    }
}

/// Waits until a poll is held at the gate, or nothing is left to be polled.
fn await_held(live: &Live) {
    loop {
        let report = live.report();
        let held = report.pace == Pace::Paused && report.held.is_some();
        if held || live.is_finished() {
            return;
        }
        std::thread::yield_now();
    }
}

fn assert_balanced(name: &str, events: &[Event]) {
    assert_lives(name, events);
    assert_left(name, events);
    assert_coroutines(name, events);
}

/// Every lane spends its life running, ready and waiting, as the timeline says.
fn assert_lives(name: &str, events: &[Event]) {
    let lives = lives(events);
    assert!(!lives.is_empty());
    let timeline: Timeline = events.iter().collect();
    for (id, life) in lives {
        let account = life.account();
        let whole = life.died.unwrap().1 - life.born.unwrap();
        assert_eq!(account.0 + account.1 + account.2, whole, "{name} {id:?}");

        let lane = timeline.lane(id).unwrap();
        let totals = lane.totals(timeline.end());
        let told = (totals.running, totals.ready, totals.waiting);
        assert_eq!(told, account, "{name} {}", lane.name);
        assert_eq!(totals.unknown, 0);
        assert_eq!(lane.polls, life.polls.len() as u64);
    }
}

/// Every runtime and every await that is entered is left.
fn assert_left(name: &str, events: &[Event]) {
    let mut open = BTreeSet::new();
    for event in events {
        match event.kind {
            EventKind::RuntimeEntered { runtime, .. } => assert!(open.insert((runtime, None))),
            EventKind::RuntimeLeft { runtime } => assert!(open.remove(&(runtime, None))),
            EventKind::AwaitEntered { lane, frame, .. } => {
                assert!(open.insert((lane, Some(frame))), "{name}");
            }
            EventKind::AwaitLeft { lane, frame } => {
                assert!(open.remove(&(lane, Some(frame))), "{name}");
            }
            _ => {}
        }
    }
    assert!(open.is_empty(), "{name}: {open:?} are not left");
}

/// Every coroutine ends, and only one that was started returns or panics.
fn assert_coroutines(name: &str, events: &[Event]) {
    let (mut created, mut started) = (BTreeSet::new(), BTreeSet::new());
    for event in events {
        match &event.kind {
            EventKind::CoroutineCreated { lane, .. } => assert!(created.insert(*lane)),
            EventKind::CoroutineStarted { lane, .. } => {
                assert!(created.contains(lane) && started.insert(*lane));
            }
            EventKind::CoroutineEnded { lane, end } => {
                assert!(created.remove(lane), "{name}: {lane:?} ends twice");
                let was_started = started.remove(lane);
                let fits = match end {
                    CoroutineEnd::NeverPolled => !was_started,
                    // Whoever was to run it may have been cancelled before that.
                    CoroutineEnd::Cancelled { .. } => true,
                    _ => was_started,
                };
                assert!(fits, "{name}: {lane:?} ends as {end:?}");
            }
            _ => {}
        }
    }
    assert!(created.is_empty(), "{name}: {created:?} never end");
}

#[test]
fn events_name_lanes_that_have_begun() {
    for name in scenario::all().iter().map(|scenario| scenario.name) {
        let mut known = BTreeSet::new();
        for event in Run::of(name).events {
            let (begins, mentions) = lanes_of(&event.kind);
            for lane in mentions {
                assert!(known.contains(&lane), "{name}: {event:?}");
            }
            if let Some(lane) = begins {
                assert!(known.insert(lane), "{name}: {event:?}");
            }
        }
    }
}

/// The lane that begins with an event, and those that have to be known before it.
fn lanes_of(kind: &EventKind) -> (Option<LaneId>, Vec<LaneId>) {
    match kind {
        EventKind::RuntimeEntered { runtime, .. } => (Some(*runtime), Vec::new()),
        EventKind::Spawned { lane, parent, .. }
        | EventKind::CoroutineCreated { lane, parent, .. } => {
            (Some(*lane), parent.iter().copied().collect())
        }
        EventKind::BranchStarted { lane, parent, .. } => (Some(*lane), vec![*parent]),
        EventKind::CoroutineStarted { lane, host, .. } => {
            (None, host.iter().copied().chain([*lane]).collect())
        }
        EventKind::PollStarted { lane }
        | EventKind::PollEnded { lane, .. }
        | EventKind::Woken { lane, .. }
        | EventKind::Unwakeable { lane }
        | EventKind::Cancelled { lane, .. }
        | EventKind::CoroutineEnded { lane, .. }
        | EventKind::AwaitEntered { lane, .. }
        | EventKind::AwaitLeft { lane, .. }
        | EventKind::Labelled { lane, .. }
        | EventKind::PollSpent { lane, .. }
        | EventKind::TasksCounted { runtime: lane, .. }
        | EventKind::RuntimeLeft { runtime: lane } => (None, vec![*lane]),
        EventKind::Mark { lane, .. } => (None, lane.iter().copied().collect()),
        EventKind::ThreadNamed { .. } | EventKind::Lost { .. } | EventKind::Alive => {
            (None, Vec::new())
        }
    }
}
