//! What the reducer makes of single events, where nothing that is drawn would tell.

use super::story::{MILLI, Story, borrowed};
use super::{Lane, State, Timeline};
use crate::event::{EventKind, Flavor, LaneId, Timestamp, Waker};

fn lane(timeline: &Timeline, id: u64) -> &Lane {
    timeline.lane(LaneId(id)).expect("the story tells of it")
}

fn states(timeline: &Timeline, id: u64) -> Vec<(State, u64)> {
    let spans = timeline.spans(lane(timeline, id), timeline.end());
    spans
        .map(|span| (span.state, span.start.0 / MILLI))
        .collect()
}

#[test]
fn what_nothing_can_wake_may_still_be_polled() {
    let stuck = Story::of_main().poll(1).waits(1).unwakeable(1);
    assert!(lane(&stuck.timeline(), 1).unwakeable);
    let polled = stuck.poll(1).waits(1);
    assert!(!lane(&polled.timeline(), 1).unwakeable);
}

#[test]
fn a_coroutine_shows_no_more_of_its_host_than_its_own_life() {
    let timeline = Story::of_main()
        .poll(1)
        .call(2, "nested", 1)
        .at(10)
        .begin(2, 1, Some(1))
        .at(20)
        .returns(2, "42")
        .waits(1)
        .at(30)
        .wake(1, Waker::Driver)
        .timeline();
    assert_eq!(
        states(&timeline, 2),
        [(State::Created, 0), (State::Running, 10), (State::Done, 20)]
    );
    assert_eq!(
        lane(&timeline, 1).value,
        None,
        "it is not all that its host does"
    );
}

#[test]
fn time_is_added_up_by_state() {
    let timeline = Story::of_main()
        .at(1)
        .poll(1)
        .at(3)
        .waits(1)
        .at(7)
        .wake(1, Waker::Driver)
        .at(15)
        .poll(1)
        .timeline();
    let totals = lane(&timeline, 1).totals(Timestamp(31 * MILLI));
    let millis = [totals.running, totals.ready, totals.waiting].map(|nanos| nanos / MILLI);
    assert_eq!(millis, [2 + 16, 1 + 8, 4]);
}

#[test]
fn a_loss_begins_with_the_last_event_before_it() {
    let story = Story::of_main().at(5).poll(1).at(9);
    let timeline = story.say(EventKind::Lost { count: 3 }).timeline();
    assert_eq!(
        states(&timeline, 1).last(),
        Some(&(State::Unknown, 5)),
        "what it did since is not known"
    );
    assert_eq!(timeline.gaps().len(), 1);
    assert_eq!(timeline.lost(), 3);
}

#[test]
fn one_runtime_that_waits_for_io_is_enough() {
    let other = |io| EventKind::RuntimeEntered {
        runtime: LaneId(9),
        flavor: Flavor::CurrentThread,
        io,
    };
    let timers = Story::default().runtime(8);
    assert!(timers.timeline().timers_only());
    assert!(timers.clone().say(other(false)).timeline().timers_only());
    let io = timers.say(other(true));
    assert!(!io.timeline().timers_only());
    assert!(!io.runtime(10).timeline().timers_only());
}

#[test]
fn a_coroutine_whose_branch_is_left_waits_until_another_lane_polls_it() {
    let events = borrowed().events;
    let left = events.iter().filter(|event| event.at.0 < 1500 * MILLI);
    let left: Timeline = left.collect();
    assert_eq!(lane(&left, 3).state(), State::Left);
    let spans = left.spans(lane(&left, 2), Timestamp(1200 * MILLI));
    let spans: Vec<_> = spans
        .map(|span| (span.state, span.start.0 / MILLI, span.end.0 / MILLI))
        .collect();
    assert_eq!(
        spans,
        [
            (State::Created, 0, 500),
            (State::Running, 500, 500),
            (State::Waiting, 500, 1000),
            (State::Waiting, 1000, 1200)
        ]
    );
    let timeline: Timeline = events.iter().collect();
    assert_eq!(
        lane(&timeline, 2).host.map(|host| host.lane),
        Some(LaneId(4))
    );
    assert_eq!(
        states(&timeline, 2),
        [
            (State::Created, 0),
            (State::Waiting, 500),
            (State::Running, 1500),
            (State::Waiting, 1500),
            (State::Ready, 2000),
            (State::Running, 2000),
            (State::Done, 2000)
        ]
    );
}
