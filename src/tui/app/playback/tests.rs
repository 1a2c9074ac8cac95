use proptest::prelude::*;

use super::*;
use crate::event::{Awaited, EventKind, FrameId, LaneId, Polled, TaskKind, ThreadId, Waker};

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
    let event = (0..6_u8, 0..4_u64, 0..3_u64, 0..2_u32).prop_map(|(kind, lane, later, thread)| {
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
