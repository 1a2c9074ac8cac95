//! What the probe sees of programs whose story is known: ends, causes, names, places, threads, and nothing when it is off.

#![cfg(feature = "virtual-time")]
#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::task::Poll;
use std::time::Duration;

use asyncline::event::{Awaited, Cancel, Event, EventKind, LaneId, TaskKind, Text, Waker};
use asyncline::timeline::{Lane, LaneKind, State};
use asyncline::{
    Executor, TaskExt, Timeline, mark, spawn, spawn_blocking, spawn_local, spawn_named, task, trace,
};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::sleep;

fn record(program: impl Future<Output = ()>) -> Vec<Event> {
    let (executor, mut events) = Executor::builder().virtual_time().record().unwrap();
    executor.block_on(program);
    drop(executor);
    events.drain()
}

fn timeline(program: impl Future<Output = ()>) -> Timeline {
    record(program).iter().collect()
}

fn find<'a>(timeline: &'a Timeline, name: &str) -> &'a Lane {
    let lane = timeline.lanes().find(|lane| lane.name.raw() == name);
    lane.unwrap_or_else(|| panic!("there is a lane called {name}"))
}

const MS: Duration = Duration::from_millis(1);

/// A destructor that panics ends what it is of all the same: the task, its coroutine and its await.
#[test]
fn what_panics_as_it_is_dropped_has_ended() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(std::thread::panicking(), "on purpose");
        }
    }
    #[trace]
    async fn armed() {
        let _bomb = Bomb;
        std::future::pending::<()>().await;
    }
    #[trace]
    async fn holds_one() {
        armed().await;
    }
    async fn aborted(task: asyncline::JoinHandle<()>) {
        task::yield_now().await;
        task.abort();
        assert!(task.await.unwrap_err().is_panic(), "as tokio tells it");
    }
    let timeline = timeline(async {
        aborted(spawn(holds_one())).await;
        let bomb = Bomb;
        let unpolled = async move { drop(bomb) }.lane("unpolled");
        let unpolled = std::panic::AssertUnwindSafe(unpolled);
        std::panic::catch_unwind(move || drop(unpolled)).unwrap_err();
        let local = task::LocalSet::new();
        local
            .run_until(async { aborted(spawn_local(armed())).await })
            .await;
    });
    let open: Vec<_> = timeline.lanes().filter(|lane| lane.end.is_none()).collect();
    assert!(open.is_empty(), "{open:?}");
    let tasks = timeline.lanes().filter(|lane| lane.is_task());
    let ends: Vec<_> = tasks
        .skip(1)
        .map(|lane| (lane.state(), lane.cancel))
        .collect();
    let root = timeline.lanes().find(|lane| lane.is_task()).unwrap().id;
    let by = Cancel::Aborted { by: Some(root) };
    let aborted = (State::Cancelled, Some(by));
    let dropped = (State::Cancelled, Some(Cancel::Dropped));
    assert_eq!(ends, [aborted, dropped, aborted]);
    assert!(
        timeline
            .lanes()
            .all(|lane| lane.open_frames().next().is_none())
    );
}

#[test]
fn cancellations_are_told_apart() {
    #[trace]
    async fn slow() {
        sleep(100 * MS).await;
    }
    #[trace]
    async fn by_tokios_timeout() {
        let _ = tokio::time::timeout(MS, slow()).await;
    }
    let timeline = timeline(async {
        let aborted = spawn_named("aborted", sleep(100 * MS));
        spawn_named("aborted unpolled", slow()).abort();
        spawn_named("shut down", sleep(100 * MS));
        drop(sleep(100 * MS).lane("dropped unpolled"));
        by_tokios_timeout().await;
        let _ = asyncline::timeout(MS, async { sleep(100 * MS).lane("within").await }).await;
        asyncline::select! {
            biased;
            () = sleep(50 * MS) => unreachable!("the other is faster"),
            () = sleep(MS) => {}
        }
        aborted.abort();
        assert!(aborted.await.unwrap_err().is_cancelled());
    });
    let why = |lane: &Lane| lane.cancel;
    let root = timeline
        .lanes()
        .find(|lane| lane.kind == LaneKind::Task(TaskKind::Root));
    let by = root.map(|root| root.id);
    let calls = timeline.lanes().filter(|lane| lane.name.raw() == "slow");
    let ends: Vec<_> = calls.map(|lane| (lane.state(), why(lane))).collect();
    let aborted = (State::Cancelled, Some(Cancel::Aborted { by }));
    assert_eq!(ends, [aborted, (State::Cancelled, Some(Cancel::TimedOut))]);
    assert_eq!(why(find(&timeline, "shut down")), Some(Cancel::Shutdown));
    assert_eq!(
        why(find(&timeline, "dropped unpolled")),
        Some(Cancel::Dropped)
    );
    assert_eq!(why(find(&timeline, "within")), Some(Cancel::TimedOut));
    assert_eq!(
        why(find(&timeline, "sleep(50 * MS)")),
        Some(Cancel::LostSelect)
    );
    assert_eq!(find(&timeline, "sleep(MS)").state(), State::Done);
    assert_eq!(
        why(find(&timeline, "aborted")),
        Some(Cancel::Aborted { by })
    );
}

/// The loser of a `select!` and what times out may have been borrowed only: it lives on.
#[test]
fn a_branch_that_borrows_its_future_is_left_and_not_cancelled() {
    #[trace]
    async fn work() -> u8 {
        sleep(30 * MS).await;
        sleep(30 * MS).await;
        7
    }
    let timeline = timeline(async {
        let mut work = std::pin::pin!(work());
        asyncline::select! {
            _ = &mut work => unreachable!("it takes longer"),
            () = sleep(10 * MS) => {}
        }
        assert!(asyncline::timeout(10 * MS, work.as_mut()).await.is_err());
        assert_eq!(work.await, 7);
        let task = spawn_named("task", sleep(50 * MS));
        asyncline::select! {
            _ = task => unreachable!("it takes longer"),
            () = sleep(10 * MS) => {}
        }
        let mut task = spawn_named("by reference", sleep(50 * MS));
        assert!(asyncline::timeout(10 * MS, &mut task).await.is_err());
        assert!(asyncline::timeout(10 * MS, task).await.is_err());
        let owned = spawn(async {});
        asyncline::select! {
            biased;
            () = async { owned.await.unwrap() } => unreachable!("it has not been polled"),
            () = std::future::ready(()) => {}
        }
        sleep(50 * MS).await;
    });
    let branches = || {
        let lanes = timeline.lanes();
        lanes.filter(|lane| matches!(lane.kind, LaneKind::Branch(_)))
    };
    let ends: Vec<_> = branches()
        .filter(|branch| branch.state() != State::Done)
        .map(|branch| (branch.state(), branch.cancel))
        .collect();
    let left = (State::Left, Some(Cancel::Left));
    let lost = (State::Cancelled, Some(Cancel::LostSelect));
    assert_eq!(ends, [left, left, left, left, left, lost]);
    for task in ["task", "by reference"] {
        let task = find(&timeline, task);
        let lived = (task.end.unwrap() - task.start) / 1_000_000;
        assert_eq!((task.state(), lived), (State::Done, 50));
    }
    // The function goes on in whichever lane polls it, and so do its awaits.
    let root = timeline.lanes().find(|lane| lane.is_task()).unwrap();
    let work = find(&timeline, "work");
    assert_eq!(
        (work.state(), work.value.as_ref().map(Text::raw)),
        (State::Done, Some("7"))
    );
    assert_eq!(work.host.map(|host| host.lane), Some(root.id));
    let awaits = |lane: &Lane| {
        let frames = lane
            .frames
            .iter()
            .filter(|frame| frame.coroutine == Some(work.id));
        frames
            .map(|frame| {
                (
                    frame.start.0 / 1_000_000,
                    frame.end.map(|end| end.0 / 1_000_000),
                )
            })
            .collect::<Vec<_>>()
    };
    let mut of_branches = branches().filter(|branch| !awaits(branch).is_empty());
    assert_eq!(awaits(of_branches.next().unwrap()), [(0, None)]);
    assert_eq!(awaits(of_branches.next().unwrap()), [(10, None)]);
    assert_eq!(awaits(root), [(20, Some(30)), (30, Some(60))]);
}

#[test]
fn awaits_that_need_each_other_are_not_advised_to_run_together() {
    struct Source(u8);
    impl Source {
        #[trace]
        async fn next(&mut self) -> Option<u8> {
            sleep(MS).await;
            self.0 = self.0.checked_sub(1)?;
            Some(self.0)
        }
    }
    #[trace]
    async fn store(_: u8) {
        sleep(MS).await;
    }
    #[trace]
    async fn in_turn() {
        let mut source = Source(3);
        while let Some(number) = source.next().await {
            store(number).await;
        }
        source.next().await;
        source.next().await;
        let mut number = 0;
        while number < 3 {
            store(number).await;
            number += 1;
        }
    }
    #[trace]
    async fn together() {
        for number in 0..2 {
            store(number).await;
            store(number + 1).await;
        }
    }
    assert_eq!(asyncline::insight::findings(&timeline(in_turn())), []);
    let found = asyncline::insight::findings(&timeline(together()));
    let [found] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert!(
        found.text.contains("awaits 4 calls one after another"),
        "{}",
        found.text
    );
    assert_eq!((found.costs_ns, found.saves_ns), (4_000_000, 3_000_000));
}

/// A call that blocks takes no processor; a busy machine may take it away from the thread, too, but not every time.
#[cfg(target_os = "linux")]
#[test]
fn a_poll_that_blocks_is_told_from_one_without_a_processor() {
    const BLOCKS: Duration = Duration::from_millis(30);
    #[trace]
    async fn heart() {
        sleep(MS).await;
    }
    #[trace]
    async fn blocks() {
        let heart = spawn(heart());
        task::yield_now().await;
        std::thread::sleep(BLOCKS);
        heart.await.unwrap();
    }
    let is_found = || {
        let (executor, mut events) = Executor::builder().record().unwrap();
        executor.block_on(blocks());
        drop(executor);
        let timeline: Timeline = events.drain().iter().collect();
        let root = timeline.lanes().find(|lane| lane.is_task()).unwrap();
        let polls = root.spent.iter();
        let longest = polls.max_by_key(|spent| {
            let change = root
                .changes
                .partition_point(|change| change.at <= spent.poll);
            root.changes[change].at - spent.poll
        });
        let longest = longest.expect("a long poll tells how it spent its time");
        let found = asyncline::insight::findings(&timeline);
        let found = found.iter().find(|finding| finding.lane == root.id);
        found.is_some_and(|found| {
            assert!(found.text.contains(", between probe.rs:"), "{}", found.text);
            u128::from(longest.running) < BLOCKS.as_nanos() && found.text.contains(" blocked, ")
        })
    };
    assert!((0..50).any(|_| is_found()));
}

#[test]
fn a_panic_is_seen_and_stays_what_it_is() {
    let timeline = timeline(async {
        let task = spawn_named("panics", async { panic!("as it should") });
        let error: tokio::task::JoinError = task.await.unwrap_err();
        assert_eq!(error.into_panic().downcast_ref(), Some(&"as it should"));
        let work = spawn_blocking(|| panic!("this too"));
        assert!(work.await.unwrap_err().is_panic());
    });
    assert_eq!(find(&timeline, "panics").state(), State::Panicked);
    assert_eq!(find(&timeline, "blocking").state(), State::Panicked);
}

#[test]
fn the_causes_that_tokio_hides_are_found() {
    let timeline = timeline(async {
        let child = spawn_named("child", sleep(MS));
        let parent = spawn_named("parent", async { child.await.unwrap() });
        let yields = spawn_named("yields", async {
            asyncline::yield_now().await;
            busy_until_the_budget_is_used_up().await;
        });
        parent.await.unwrap();
        yields.await.unwrap();
    });
    let child = find(&timeline, "child");
    let causes = |name: &str| -> Vec<Waker> {
        find(&timeline, name)
            .wakes
            .iter()
            .map(|wake| wake.by)
            .collect()
    };
    assert_eq!(causes("child"), [Waker::Driver]);
    assert_eq!(causes("parent"), [Waker::Lane(child.id)]);
    assert_eq!(causes("yields"), [Waker::Itself, Waker::Itself]);
}

/// Takes from a channel that is never empty until tokio makes the task yield.
async fn busy_until_the_budget_is_used_up() {
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    for number in 0..200 {
        sender.send(number).unwrap();
    }
    for _ in 0..200 {
        receiver.recv().await;
    }
}

#[test]
fn a_wake_by_a_thread_without_tasks_is_that_threads() {
    let (executor, mut events) = Executor::builder().record().unwrap();
    executor.block_on(async {
        let (sender, receiver) = oneshot::channel();
        let task = spawn_named("waits", receiver);
        asyncline::yield_now().await;
        let thread = std::thread::Builder::new().name("outside".into());
        let thread = thread.spawn(move || sender.send(())).unwrap();
        task.await.unwrap().unwrap();
        thread.join().unwrap().unwrap();
    });
    let timeline: Timeline = events.drain().iter().collect();
    let wake = find(&timeline, "waits").wakes[0];
    assert_eq!(wake.by, Waker::Thread);
    assert_eq!(timeline.threads()[wake.thread.0 as usize], "outside");
}

#[test]
fn what_nothing_can_wake_is_seen_at_once() {
    let events = record(async {
        let lost = spawn_named("lost", poll_fn(|_| Poll::<()>::Pending));
        let held = spawn_named("held", sleep(50 * MS));
        let later = spawn_named("later", async {
            let mut keep = None;
            let waits = poll_fn(|cx| {
                keep = Some(cx.waker().clone());
                Poll::<()>::Pending
            });
            let _ = tokio::time::timeout(5 * MS, waits).await;
        });
        sleep(10 * MS).await;
        lost.abort();
        held.abort();
        later.await.unwrap();
    });
    let names: Timeline = events.iter().collect();
    let unwakeable: Vec<_> = events
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::Unwakeable { lane } => Some((names.name(lane).to_owned(), event.at.0)),
            _ => None,
        })
        .collect();
    assert_eq!(unwakeable, [("lost".into(), 0)]);
}

#[test]
fn traced_functions_tell_of_their_awaits_calls_and_values() {
    #[trace]
    async fn nested(number: u32) -> Result<u32, String> {
        sleep(MS).await;
        if number == 0 {
            return Err("nothing".to_owned());
        }
        Ok(number)
    }
    #[trace]
    async fn main() -> u32 {
        let task = spawn(async { 7 });
        let forgotten = nested(3);
        drop(forgotten);
        let first = nested(0).await.unwrap_or(1);
        first + task.await.unwrap()
    }
    let line = line!();
    let timeline = timeline(async {
        assert_eq!(main().await, 8);
    });
    let root = timeline
        .lanes()
        .find(|lane| lane.kind == LaneKind::Task(TaskKind::Root));
    let root = root.unwrap();
    let texts: Vec<_> = root.frames.iter().map(|frame| frame.text.raw()).collect();
    assert_eq!(texts, ["nested(0)", "sleep(MS)", "task"]);
    let lines: Vec<_> = root
        .frames
        .iter()
        .map(|frame| frame.site.as_ref().unwrap().line)
        .collect();
    assert_eq!(lines, [line - 3, line - 14, line - 2]);
    assert!(root.frames.iter().all(|frame| frame.end.is_some()));
    let task = find(&timeline, "task");
    assert_eq!(root.frames[2].on, Some(Awaited::Task(task.id)));
    assert_eq!(task.site.as_ref().unwrap().line, line - 6);

    let coroutines: Vec<_> = timeline
        .lanes()
        .filter(|lane| lane.kind == LaneKind::Coroutine)
        .map(|lane| {
            (
                lane.name.raw(),
                lane.state(),
                lane.value.as_ref().map(Text::raw),
            )
        })
        .collect();
    let expected = [
        ("main", State::Done, Some("8")),
        ("nested", State::NeverPolled, None),
        ("nested", State::Done, Some("Err(\"nothing\")")),
    ];
    assert_eq!(coroutines, expected);
}

#[test]
fn a_traced_function_is_an_async_function_still() {
    struct Counter(u32);
    impl Counter {
        #[trace]
        async fn add(&mut self, (a, b): (u32, u32), _unused: &str) -> &u32 {
            self.0 += a;
            tokio::task::yield_now().await;
            self.0 += b;
            &self.0
        }
    }
    #[trace]
    async fn generic<T>(value: &T, times: usize) -> Vec<T>
    where
        T: Clone + Send + Sync,
    {
        let mut all = Vec::new();
        for _ in 0..times {
            all.push(std::future::ready(value.clone()).await);
        }
        all
    }
    #[trace]
    async fn fails() -> Result<(), std::num::ParseIntError> {
        let number: u32 = std::future::ready("x").await.parse()?;
        unreachable!("{number}")
    }
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    record(async {
        let mut counter = Counter(1);
        assert_eq!(*counter.add((2, 3), "").await, 6);
        assert_eq!(is_send(generic(&"x", 2)).await, ["x", "x"]);
        assert!(fails().await.is_err());
    });
}

#[test]
fn arguments_are_dropped_as_an_async_function_drops_them() {
    struct Loud<'a>(&'static str, &'a std::cell::RefCell<Vec<&'static str>>);
    impl Drop for Loud<'_> {
        fn drop(&mut self) {
            self.1.borrow_mut().push(self.0);
        }
    }
    async fn plain(_: Loud<'_>, _a: Loud<'_>, b: Loud<'_>) {
        std::future::ready(()).await;
        drop(b);
    }
    #[trace]
    async fn traced(_: Loud<'_>, _a: Loud<'_>, b: Loud<'_>) {
        std::future::ready(()).await;
        drop(b);
    }
    let log = std::cell::RefCell::default();
    let loud = |name| Loud(name, &log);
    record(async {
        plain(loud("1"), loud("2"), loud("3")).await;
        let of_plain = log.take();
        traced(loud("1"), loud("2"), loud("3")).await;
        assert_eq!(log.take(), of_plain);
    });
}

#[test]
fn futures_of_others_get_lanes_too() {
    let timeline = timeline(async {
        let mut set = JoinSet::new();
        for number in 1..=2 {
            set.spawn(sleep(number * MS).lane(format!("job {number}")));
        }
        while set.join_next().await.is_some() {}
        let local = tokio::task::LocalSet::new();
        local
            .run_until(async { spawn_local(sleep(MS)).await.unwrap() })
            .await;
    });
    assert_eq!(
        find(&timeline, "job 2").kind,
        LaneKind::Task(TaskKind::Future)
    );
    let root = timeline
        .lanes()
        .find(|lane| lane.kind == LaneKind::Task(TaskKind::Root));
    let wakers: Vec<_> = root
        .unwrap()
        .wakes
        .iter()
        .filter_map(asyncline::timeline::Wake::lane)
        .collect();
    let names = wakers[..2].iter().map(|waker| timeline.name(*waker));
    let names: Vec<_> = names.collect();
    if cfg!(tokio_unstable) {
        // The tasks have lanes, too, in which those of the jobs are.
        assert!(names.iter().all(|name| name.raw().starts_with("probe.rs:")));
    } else {
        assert_eq!(names, ["job 1", "job 2"]);
    }
    let local = timeline
        .lanes()
        .find(|lane| lane.kind == LaneKind::Task(TaskKind::Local));
    assert_eq!(local.unwrap().state(), State::Done);
}

#[test]
fn on_many_threads_nothing_is_missed() {
    const TASKS: u64 = 40;
    const YIELDS: u64 = 50;
    let polls = Arc::new(AtomicU64::new(0));
    let (executor, mut events) = Executor::builder().worker_threads(3).record().unwrap();
    executor.block_on(async {
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| {
                let polls = Arc::clone(&polls);
                spawn(async move {
                    polls.fetch_add(1, SeqCst);
                    for _ in 0..YIELDS {
                        asyncline::yield_now().await;
                        polls.fetch_add(1, SeqCst);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    drop(executor);
    let events = events.drain();
    assert!(events.windows(2).all(|pair| pair[0].at <= pair[1].at));
    let timeline: Timeline = events.iter().collect();
    let tasks = timeline
        .lanes()
        .filter(|lane| lane.kind == LaneKind::Task(TaskKind::Task));
    let seen: u64 = tasks.clone().map(|lane| lane.polls).sum();
    assert_eq!((tasks.count() as u64, seen), (TASKS, polls.load(SeqCst)));
    assert_eq!(timeline.lost(), 0);
    for lane in timeline.lanes().filter(|lane| lane.is_task()) {
        assert_eq!(lane.state(), State::Done);
        let totals = lane.totals(timeline.end());
        let life = lane.end.unwrap() - lane.start;
        assert_eq!(totals.running + totals.ready + totals.waiting, life);
    }
}

#[test]
fn what_the_collector_is_too_late_for_is_counted() {
    let (executor, mut events) = Executor::builder()
        .virtual_time()
        .capacity(10)
        .record()
        .unwrap();
    executor.block_on(async {
        for _ in 0..100 {
            mark!("on and on");
        }
    });
    let first = events.drain();
    executor.block_on(async { mark!("again") });
    drop(executor);
    let timeline: Timeline = first.iter().chain(&events.drain()).collect();
    let marks: usize = timeline.lanes().map(|lane| lane.marks.len()).sum();
    // Two roots of two polls' ends each and their spawns, three events round them, and 101 marks.
    let emitted = 2 * 3 + 3 + 101;
    let told = timeline.gaps().len() as u64;
    assert_eq!(timeline.events() - told + timeline.lost(), emitted);
    assert!(marks < 101 && timeline.lost() > 0);
}

#[test]
fn switched_off_nothing_is_recorded_and_all_is_the_same() {
    let executor = Executor::builder().virtual_time().build().unwrap();
    let sum = executor.block_on(async {
        let task = spawn(async { 1 });
        assert_eq!(task.lane_id(), None);
        let (a, b) = asyncline::gather!(async { 2 }, sleep(MS).lane("no lane"));
        let () = b;
        let winner = asyncline::select! {
            biased;
            number = async { 3 } => number,
            else => 0,
        };
        mark!("to nobody");
        task.await.unwrap() + a + winner + spawn_blocking(|| 4).await.unwrap()
    });
    assert_eq!(sum, 10);
}

#[test]
fn two_runtimes_are_two_sessions() {
    let names = |events: &[Event]| -> Vec<String> {
        let timeline: Timeline = events.iter().collect();
        timeline.lanes().map(|lane| lane.name.to_string()).collect()
    };
    let one = std::thread::spawn(|| record(async { drop(spawn_named("one", sleep(MS)).await) }));
    let two = record(async { drop(spawn_named("two", sleep(MS)).await) });
    let one = names(&one.join().unwrap());
    assert!(one.contains(&"one".into()) && !one.contains(&"two".into()));
    assert!(names(&two).contains(&"two".into()));
    let first = two.iter().find_map(|event| match event.kind {
        EventKind::RuntimeEntered { runtime, .. } => Some(runtime),
        _ => None,
    });
    assert_eq!(first, Some(LaneId(1)));
}

#[test]
fn labels_are_those_of_their_lanes() {
    let timeline = timeline(async {
        let builder = task::Builder::new().name("built").label("user", 7);
        let built = builder.label("path", "/x").spawn(async {
            asyncline::label("user", 8);
            asyncline::label("late", true);
        });
        built.unwrap().await.unwrap();
        sleep(MS).lane("future").label("size", 1.5).await;
        let mut set = task::JoinSet::new();
        let built = set.build_task().label("of", "a set").spawn(sleep(MS));
        assert!(!built.unwrap().is_finished());
        set.join_next().await.unwrap().unwrap();
        asyncline::label("root", "!");
    });
    asyncline::label("outside", "of all lanes");
    let labels = |lane: &Lane| -> Vec<String> {
        let labels = lane.labels.iter();
        labels.map(ToString::to_string).collect()
    };
    let all: Vec<_> = timeline.lanes().map(labels).collect();
    let built = ["user=8", "path=/x", "late=true"]
        .map(String::from)
        .to_vec();
    let [future, set, root] = ["size=1.5", "of=a set", "root=!"].map(|label| vec![label.into()]);
    assert_eq!(all, [vec![], root, built, future, set]);
}

#[test]
fn a_set_tells_who_joins_and_who_aborts() {
    let timeline = timeline(async {
        let mut set = task::JoinSet::new();
        set.build_task().name("first").spawn(sleep(MS)).unwrap();
        set.build_task()
            .name("second")
            .spawn(sleep(2 * MS))
            .unwrap();
        set.build_task()
            .name("never")
            .spawn(sleep(50 * MS))
            .unwrap();
        set.join_next().await.unwrap().unwrap();
        set.join_next().await.unwrap().unwrap();
        set.abort_all();
        assert!(set.join_next().await.unwrap().is_err());
        set.build_task().name("dropped").spawn(sleep(MS)).unwrap();
        drop(set);
        sleep(5 * MS).await;
    });
    let root = timeline
        .lanes()
        .find(|lane| lane.kind == LaneKind::Task(TaskKind::Root));
    let root = root.unwrap();
    let id = |name| find(&timeline, name).id;
    let by: Vec<_> = root.wakes.iter().map(|wake| wake.by).collect();
    let ends = ["first", "second", "never"].map(|name| Waker::Lane(id(name)));
    assert_eq!(by, [&ends[..], &[Waker::Driver]].concat());
    let joined: Vec<_> = root.frames.iter().filter_map(|frame| frame.on).collect();
    let tasks = ["first", "second", "never"].map(|name| Awaited::Task(id(name)));
    assert_eq!(joined, tasks);
    let texts = root.frames.iter().map(|frame| frame.text.raw());
    assert_eq!(texts.filter(|text| text.contains("set")).count(), 3);
    assert!(root.frames.iter().all(|frame| frame.end.is_some()));
    for name in ["never", "dropped"] {
        let why = find(&timeline, name).cancel;
        assert_eq!(why, Some(Cancel::Aborted { by: Some(root.id) }), "{name}");
    }
}
