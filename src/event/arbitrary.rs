//! Any events at all, for the tests of what must bear them.

use proptest::prelude::*;

use super::{
    Awaited, BranchOf, Cancel, CoroutineEnd, EventKind, Flavor, FrameId, LaneId, Polled, Site,
    TaskKind, Timestamp, Waker,
};
#[cfg(feature = "app")]
use super::{Event, ThreadId};

fn site(line: u32) -> Site {
    let file = "a.rs".into();
    let column = 5;
    Site { file, line, column }
}

/// Any event at all, about few lanes, so that they meet.
pub(crate) fn event() -> impl Strategy<Value = EventKind> {
    let lane = || (0..6_u64).prop_map(LaneId);
    let maybe = || proptest::option::of(lane());
    let frame = || (0..4_u32).prop_map(FrameId);
    let on = prop_oneof![
        lane().prop_map(|lane| Some(Awaited::Task(lane))),
        any::<u64>().prop_map(|at| Some(Awaited::Until(Timestamp(at)))),
        Just(Some(Awaited::InOrder)),
        Just(Some(Awaited::EachTurn)),
        Just(None)
    ];
    prop_oneof![
        (lane(), 0..3_u32).prop_map(|(runtime, workers)| EventKind::RuntimeEntered {
            runtime,
            flavor: Flavor::MultiThread { workers },
            io: false
        }),
        lane().prop_map(|runtime| EventKind::RuntimeLeft { runtime }),
        (lane(), maybe()).prop_map(|(lane, parent)| EventKind::Spawned {
            lane,
            name: "작업".into(),
            parent,
            kind: TaskKind::Task,
            site: None
        }),
        (lane(), lane()).prop_map(|(lane, parent)| EventKind::BranchStarted {
            lane,
            name: "b".into(),
            parent,
            of: BranchOf::Join,
            site: None
        }),
        lane().prop_map(|lane| EventKind::PollStarted { lane }),
        lane().prop_map(|lane| EventKind::PollEnded {
            lane,
            result: Polled::Pending
        }),
        lane().prop_map(|lane| EventKind::PollEnded {
            lane,
            result: Polled::Completed
        }),
        (lane(), lane()).prop_map(|(lane, by)| EventKind::Woken {
            lane,
            by: Waker::Lane(by)
        }),
        lane().prop_map(|lane| EventKind::Unwakeable { lane }),
        lane().prop_map(|lane| EventKind::Cancelled {
            lane,
            why: Cancel::Dropped
        }),
        (lane(), maybe()).prop_map(|(lane, parent)| EventKind::CoroutineCreated {
            lane,
            name: "c".into(),
            parent,
            site: Some(site(1))
        }),
        (lane(), maybe(), proptest::option::of(frame()))
            .prop_map(|(lane, host, frame)| { EventKind::CoroutineStarted { lane, host, frame } }),
        lane().prop_map(|lane| EventKind::CoroutineEnded {
            lane,
            end: CoroutineEnd::Returned { value: None }
        }),
        (lane(), frame(), proptest::option::of(frame()), maybe(), on).prop_map(
            |(lane, frame, parent, coroutine, on)| EventKind::AwaitEntered {
                lane,
                frame,
                parent,
                coroutine,
                site: Some(site(2)),
                text: "x".into(),
                on
            }
        ),
        (lane(), frame()).prop_map(|(lane, frame)| EventKind::AwaitLeft { lane, frame }),
        any::<u64>().prop_map(|count| EventKind::Lost { count }),
        (lane(), 0..3_u8).prop_map(|(lane, number)| EventKind::Labelled {
            lane,
            key: if number == 0 { "k" } else { "키" }.into(),
            value: number.to_string().into()
        }),
        (lane(), prop::option::of(0..9_u64), 0..9_u64, 0..9_u64).prop_map(
            |(lane, since, running, stalled)| EventKind::PollSpent {
                lane,
                since,
                running,
                stalled
            }
        ),
        (lane(), 0..3_u64, any::<u64>()).prop_map(|(runtime, seen, alive)| {
            EventKind::TasksCounted {
                runtime,
                seen,
                alive,
            }
        }),
        Just(EventKind::Alive),
    ]
}

/// Up to `most` events, some of them at the same time, on few threads.
#[cfg(feature = "app")]
pub(crate) fn events(most: usize) -> impl Strategy<Value = Vec<Event>> {
    let event = (event(), 0..3_u64, 0..3_u32);
    proptest::collection::vec(event, 0..most).prop_map(|events| {
        let mut at = 0;
        let events = events.into_iter().map(|(kind, later, thread)| {
            at += later;
            Event {
                at: Timestamp(at),
                thread: ThreadId(thread),
                kind,
            }
        });
        events.collect()
    })
}
