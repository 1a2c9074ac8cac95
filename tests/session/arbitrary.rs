//! Any event there can be.

use asyncline::event::{
    Awaited, BranchOf, Cancel, CoroutineEnd, Event, EventKind, Flavor, FrameId, LaneId, Polled,
    Site, TaskKind, Text, ThreadId, Timestamp, Waker,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Events in any order, at any times.
pub fn events(
    count: impl Into<proptest::collection::SizeRange>,
) -> impl Strategy<Value = Vec<Event>> {
    vec(event(), count)
}

fn event() -> impl Strategy<Value = Event> {
    (number(), small(), kind()).prop_map(|(at, thread, kind)| Event {
        at: Timestamp(at),
        thread: ThreadId(thread),
        kind,
    })
}

/// Every kind must be made here: a new one does not compile before it is.
fn kind() -> impl Strategy<Value = EventKind> {
    let coroutines = prop_oneof![
        (lane(), text(), option::of(lane()), option::of(site())).prop_map(
            |(lane, name, parent, site)| EventKind::CoroutineCreated {
                lane,
                name,
                parent,
                site
            }
        ),
        (lane(), option::of(lane()), option::of(frame()))
            .prop_map(|(lane, host, frame)| EventKind::CoroutineStarted { lane, host, frame }),
        (lane(), coroutine_end()).prop_map(|(lane, end)| EventKind::CoroutineEnded { lane, end }),
        (
            lane(),
            frame(),
            option::of(frame()),
            option::of(lane()),
            option::of(site()),
            text(),
            option::of(awaited())
        )
            .prop_map(|(lane, frame, parent, coroutine, site, text, on)| {
                EventKind::AwaitEntered {
                    lane,
                    frame,
                    parent,
                    coroutine,
                    site,
                    text,
                    on,
                }
            }),
        (lane(), frame()).prop_map(|(lane, frame)| EventKind::AwaitLeft { lane, frame }),
    ];
    let tasks = prop_oneof![
        (
            lane(),
            text(),
            option::of(lane()),
            task_kind(),
            option::of(site())
        )
            .prop_map(|(lane, name, parent, kind, site)| EventKind::Spawned {
                lane,
                name,
                parent,
                kind,
                site
            }),
        (lane(), text(), lane(), branch_of(), option::of(site())).prop_map(
            |(lane, name, parent, of, site)| EventKind::BranchStarted {
                lane,
                name,
                parent,
                of,
                site
            }
        ),
        lane().prop_map(|lane| EventKind::PollStarted { lane }),
        (lane(), polled()).prop_map(|(lane, result)| EventKind::PollEnded { lane, result }),
        (lane(), waker()).prop_map(|(lane, by)| EventKind::Woken { lane, by }),
        lane().prop_map(|lane| EventKind::Unwakeable { lane }),
        (lane(), cancel()).prop_map(|(lane, why)| EventKind::Cancelled { lane, why }),
    ];
    let others = prop_oneof![
        text().prop_map(|name| EventKind::ThreadNamed { name }),
        (lane(), flavor(), any::<bool>()).prop_map(|(runtime, flavor, io)| {
            EventKind::RuntimeEntered {
                runtime,
                flavor,
                io,
            }
        }),
        lane().prop_map(|runtime| EventKind::RuntimeLeft { runtime }),
        (option::of(lane()), text()).prop_map(|(lane, text)| EventKind::Mark { lane, text }),
        number().prop_map(|count| EventKind::Lost { count }),
        (lane(), text(), text()).prop_map(|(lane, key, value)| EventKind::Labelled {
            lane,
            key,
            value
        }),
        (lane(), option::of(number()), number(), number()).prop_map(
            |(lane, since, running, stalled)| EventKind::PollSpent {
                lane,
                since,
                running,
                stalled
            }
        ),
        (lane(), number(), number()).prop_map(|(runtime, seen, alive)| {
            EventKind::TasksCounted {
                runtime,
                seen,
                alive,
            }
        }),
        Just(EventKind::Alive),
    ];
    prop_oneof![5 => coroutines.boxed(), 7 => tasks.boxed(), 5 => others.boxed()]
}

/// Which of the kinds an event is of, from 0. Without a wildcard, so that none can be forgotten.
pub fn which(kind: &EventKind) -> usize {
    match kind {
        EventKind::ThreadNamed { .. } => 0,
        EventKind::RuntimeEntered { .. } => 1,
        EventKind::RuntimeLeft { .. } => 2,
        EventKind::Spawned { .. } => 3,
        EventKind::BranchStarted { .. } => 4,
        EventKind::PollStarted { .. } => 5,
        EventKind::PollEnded { .. } => 6,
        EventKind::Woken { .. } => 7,
        EventKind::Unwakeable { .. } => 8,
        EventKind::Cancelled { .. } => 9,
        EventKind::CoroutineCreated { .. } => 10,
        EventKind::CoroutineStarted { .. } => 11,
        EventKind::CoroutineEnded { .. } => 12,
        EventKind::AwaitEntered { .. } => 13,
        EventKind::AwaitLeft { .. } => 14,
        EventKind::Mark { .. } => 15,
        EventKind::Lost { .. } => 16,
        EventKind::Labelled { .. } => 17,
        EventKind::TasksCounted { .. } => 18,
        EventKind::Alive => 19,
        EventKind::PollSpent { .. } => 20,
    }
}

/// How many kinds there are.
pub const KINDS: usize = 21;

/// Numbers of every length, with the ends of the range among them.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![
        8 => (any::<u64>(), 0..64_u32).prop_map(|(number, shift)| number >> shift),
        1 => Just(0),
        1 => Just(u64::MAX),
    ]
}

fn small() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 0..3_u32, 2 => any::<u32>(), 1 => Just(u32::MAX)]
}

fn lane() -> BoxedStrategy<LaneId> {
    number().prop_map(LaneId).boxed()
}

fn frame() -> impl Strategy<Value = FrameId> {
    small().prop_map(FrameId)
}

fn text() -> BoxedStrategy<Text> {
    prop_oneof![
        Just(Text::Static("")),
        Just(Text::Static("say_after(1, \"hello\")")),
        Just(Text::Static("한글 日本語 🦀")),
        any::<String>().prop_map(Text::from),
    ]
    .boxed()
}

fn site() -> BoxedStrategy<Site> {
    (text(), small(), small())
        .prop_map(|(file, line, column)| Site { file, line, column })
        .boxed()
}

fn flavor() -> impl Strategy<Value = Flavor> {
    prop_oneof![
        Just(Flavor::CurrentThread),
        small().prop_map(|workers| Flavor::MultiThread { workers }),
    ]
}

fn task_kind() -> impl Strategy<Value = TaskKind> {
    use TaskKind::{Blocking, Future, Local, Root, Task};
    prop::sample::select(vec![Root, Task, Blocking, Local, Future])
}

fn branch_of() -> impl Strategy<Value = BranchOf> {
    prop::sample::select(vec![BranchOf::Join, BranchOf::Select, BranchOf::Timeout])
}

fn polled() -> impl Strategy<Value = Polled> {
    prop::sample::select(vec![Polled::Pending, Polled::Completed, Polled::Panicked])
}

fn waker() -> impl Strategy<Value = Waker> {
    prop_oneof![
        lane().prop_map(Waker::Lane),
        Just(Waker::Itself),
        Just(Waker::Driver),
        Just(Waker::Thread),
    ]
}

fn cancel() -> BoxedStrategy<Cancel> {
    prop_oneof![
        option::of(lane()).prop_map(|by| Cancel::Aborted { by }),
        Just(Cancel::Dropped),
        Just(Cancel::LostSelect),
        Just(Cancel::TimedOut),
        Just(Cancel::Shutdown),
        Just(Cancel::Left),
    ]
    .boxed()
}

fn coroutine_end() -> BoxedStrategy<CoroutineEnd> {
    prop_oneof![
        option::of(text()).prop_map(|value| CoroutineEnd::Returned { value }),
        Just(CoroutineEnd::Panicked),
        cancel().prop_map(|why| CoroutineEnd::Cancelled { why }),
        Just(CoroutineEnd::NeverPolled),
    ]
    .boxed()
}

fn awaited() -> BoxedStrategy<Awaited> {
    prop_oneof![
        lane().prop_map(Awaited::Task),
        number().prop_map(|at| Awaited::Until(Timestamp(at))),
        Just(Awaited::InOrder),
        Just(Awaited::EachTurn),
    ]
    .boxed()
}
