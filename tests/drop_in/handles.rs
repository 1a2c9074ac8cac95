//! Handles, and what takes them.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use asyncline::event::{Event, EventKind};
use asyncline::task::{self, AbortHandle, JoinHandle, JoinSet, LocalSet};
use asyncline::timeline::{Lane, State};
use asyncline::{Collector, Executor, Handle, TaskExt, Timeline, spawn, test};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

fn recorded() -> (Executor, Collector) {
    Executor::builder().record().unwrap()
}

fn tasks(mut events: Collector) -> Vec<Lane> {
    let timeline: Timeline = events.drain().iter().collect();
    timeline
        .lanes()
        .filter(|lane| lane.is_task())
        .cloned()
        .collect()
}

#[test]
async fn handles_of_both_kinds_go_into_one_vector() {
    let runtime = tokio::runtime::Handle::current();
    let handles: Vec<JoinHandle<u8>> = vec![
        spawn(async { 1 }),
        runtime.spawn(async { 2 }).into(),
        runtime.spawn_blocking(|| 3).into(),
        Handle::current().spawn(async { 4 }),
        Handle::try_current().unwrap().spawn_blocking(|| 5),
    ];
    let mut sum = 0;
    for handle in handles {
        sum += handle.await.unwrap();
    }
    assert_eq!(sum, 15);
    let aborts: AbortHandle = runtime
        .spawn(std::future::pending::<()>())
        .abort_handle()
        .into();
    aborts.abort();
}

#[test]
async fn libraries_take_handles() {
    let handle = AbortOnDropHandle::new(spawn(async { 1 }).into());
    assert_eq!(handle.await.unwrap(), 1);
    let task = spawn(std::future::pending::<()>());
    drop(AbortOnDropHandle::new(task.into()));
    let aborts: tokio::task::AbortHandle =
        spawn(std::future::pending::<()>()).abort_handle().into();
    aborts.abort();
}

#[test]
async fn a_handle_to_abort_with_must_be_used() {
    let handle = spawn(async {});
    // A warning that is expected and does not come is one itself.
    #[expect(unused_must_use)]
    handle.abort_handle();
    handle.await.unwrap();
}

#[test]
async fn libraries_take_sets() {
    let (tracker, set) = (TaskTracker::new(), LocalSet::new());
    let handle: JoinHandle<u8> = tracker.spawn_local_on(async { 1 }, &set).into();
    set.run_until(async { assert_eq!(handle.await.unwrap(), 1) })
        .await;
    let handle = tracker.spawn(async { 2 }.lane("tracked"));
    assert_eq!(handle.await.unwrap(), 2);
}

#[std::prelude::v1::test]
fn a_task_keeps_its_lane_when_its_handle_becomes_tokios() {
    let (executor, events) = recorded();
    executor.block_on(async {
        let handle: tokio::task::JoinHandle<()> = task::spawn(asyncline::yield_now()).into();
        handle.await.unwrap();
        let mut set = JoinSet::new();
        set.spawn(asyncline::yield_now());
        let mut set: tokio::task::JoinSet<()> = set.into();
        set.join_next().await.unwrap().unwrap();
        let mut set: JoinSet<()> = set.into();
        set.spawn(std::future::pending());
        set.abort_all();
        assert!(set.join_next().await.unwrap().unwrap_err().is_cancelled());
    });
    drop(executor);
    let tasks = tasks(events);
    let ends: Vec<_> = tasks.iter().map(Lane::state).collect();
    assert!(
        matches!(
            ends[..],
            [State::Done, State::Done, State::Done, State::Cancelled]
        ),
        "{ends:?}"
    );
    // The main task is woken by the tasks that it joins, whoever has their handles.
    let woken: Vec<_> = tasks[0].wakes.iter().map(|wake| wake.by).collect();
    let by = |lane: &Lane| asyncline::event::Waker::Lane(lane.id);
    assert_eq!(woken[..2], [by(&tasks[1]), by(&tasks[2])]);
}

#[std::prelude::v1::test]
fn what_a_handle_spawns_has_a_lane() {
    let (executor, mut events) = recorded();
    let handle = executor.handle();
    assert_eq!(
        (handle.id(), handle.metrics().num_workers()),
        (executor.handle().id(), 1)
    );
    assert_eq!(executor.metrics().num_workers(), 1);
    let tasks = (handle.spawn(async { 1 }), handle.spawn_blocking(|| 2));
    let outside = std::thread::spawn(move || handle.block_on(async { Some(spawn(async { 3 })) }));
    let third = outside.join().unwrap().unwrap();
    let sum = executor
        .block_on(async { tasks.0.await.unwrap() + tasks.1.await.unwrap() + third.await.unwrap() });
    assert_eq!(sum, 6);
    drop(executor);
    let spawned = |event: &&Event| matches!(event.kind, EventKind::Spawned { .. });
    assert_eq!(events.drain().iter().filter(spawned).count(), 5);
}

#[std::prelude::v1::test]
fn an_executor_can_be_left_running() {
    let (executor, mut events) = recorded();
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    // It ends when this test does, which a drop of the executor would wait for.
    executor.spawn_blocking(move || receiver.recv());
    executor.block_on(asyncline::yield_now());
    executor.shutdown_background();
    let left = |event: &&Event| matches!(event.kind, EventKind::RuntimeLeft { .. });
    assert_eq!(events.drain().iter().filter(left).count(), 1);
    let (executor, mut events) = recorded();
    executor.block_on(asyncline::yield_now());
    executor.shutdown_timeout(Duration::from_secs(60));
    assert_eq!(events.drain().iter().filter(left).count(), 1);
    drop(sender);
}

#[std::prelude::v1::test]
fn a_local_set_blocks_on_an_executor() {
    let (executor, events) = recorded();
    let set = LocalSet::new();
    let count = Rc::new(Cell::new(0));
    let counts = Rc::clone(&count);
    let future = async move {
        task::spawn_local(async move { counts.set(1) })
            .await
            .unwrap();
        2
    };
    assert_eq!((set.block_on(&executor, future), count.get()), (2, 1));
    drop((set, executor));
    assert_eq!(tasks(events).len(), 2);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    assert_eq!(LocalSet::new().block_on(&runtime, async { 3 }), 3);
}
