//! Lanes on executors that are not tokio's: who polls them, who wakes them, how they end.

#![cfg(not(feature = "off"))]
#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]

use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::mpsc;
use std::task::{Poll, Waker};
use std::thread;

use async_executor::{Executor, LocalExecutor};
use asyncline::event::{Cancel, Event, TaskKind, Waker as By};
use asyncline::timeline::{Lane, LaneKind, State};
use asyncline::{Recording, TaskExt, Timeline};
use futures_executor::{LocalPool, ThreadPool, block_on};
use futures_util::task::{LocalSpawnExt, SpawnExt};
use tokio::sync::oneshot;

/// Polls its future once more, before which it wakes itself.
async fn yields() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// What `run` records.
fn recorded(run: impl FnOnce(&Recording)) -> Timeline {
    let (recording, mut events) = Recording::begin();
    run(&recording);
    drop(recording);
    let events: Vec<Event> = events.drain();
    events.iter().collect()
}

fn find<'a>(timeline: &'a Timeline, name: &str) -> &'a Lane {
    let lane = timeline.lanes().find(|lane| lane.name.raw() == name);
    lane.unwrap_or_else(|| panic!("there is a lane called {name}"))
}

fn causes(lane: &Lane) -> Vec<By> {
    lane.wakes.iter().map(|wake| wake.by).collect()
}

/// The thread of a wake, by its name.
fn thread_of<'a>(timeline: &'a Timeline, lane: &Lane, wake: usize) -> &'a str {
    timeline.threads()[lane.wakes[wake].thread.0 as usize].raw()
}

/// Sends the value on a thread that polls nothing.
fn send_from_outside(sender: oneshot::Sender<u32>) {
    let thread = thread::Builder::new().name("outside".into());
    let thread = thread.spawn(move || sender.send(1).unwrap());
    thread.unwrap().join().unwrap();
}

#[test]
fn a_pool_on_one_thread() {
    let timeline = recorded(|recording| {
        let _entered = recording.enter();
        let mut pool = LocalPool::new();
        let spawner = pool.spawner();
        let (sender, receiver) = oneshot::channel();
        let (to_other, of_other) = oneshot::channel();
        spawner.spawn_local(yields().lane("yields")).unwrap();
        let waits = async move {
            let number: u32 = receiver.await.unwrap();
            to_other.send(number + 1).unwrap();
        };
        spawner.spawn_local(waits.lane("waits")).unwrap();
        let handle =
            spawner.spawn_local_with_handle(async { of_other.await.unwrap() }.lane("other"));
        pool.run_until_stalled();
        send_from_outside(sender);
        let joins = async { handle.unwrap().await }.lane("joins");
        assert_eq!(pool.run_until(joins), 2);
    });
    assert!(timeline.lanes().all(|lane| lane.state() == State::Done));
    assert!(
        timeline
            .lanes()
            .all(|lane| lane.kind == LaneKind::Task(TaskKind::Future))
    );
    assert_eq!(causes(find(&timeline, "yields")), [By::Itself]);
    let waits = find(&timeline, "waits");
    assert_eq!(causes(waits), [By::Thread]);
    assert_eq!(thread_of(&timeline, waits, 0), "outside");
    let other = find(&timeline, "other");
    assert_eq!(causes(other), [By::Lane(waits.id)]);
    assert_eq!(causes(find(&timeline, "joins")), [By::Lane(other.id)]);
    assert_eq!((find(&timeline, "yields").polls, waits.polls), (2, 2));
}

#[test]
fn a_pool_of_threads() {
    let timeline = recorded(|recording| {
        recording.make_default();
        let pool = ThreadPool::builder()
            .pool_size(2)
            .name_prefix("pool")
            .create()
            .unwrap();
        let (sender, receiver) = oneshot::channel();
        let handle = pool.spawn_with_handle(async { receiver.await.unwrap() }.lane("waits"));
        let spawner = pool.clone();
        // Within no lane, on a thread of the pool.
        let outer = pool.spawn_with_handle(async move {
            let inner = spawner.spawn_with_handle(yields().lane("inner"));
            inner.unwrap().await;
        });
        block_on(outer.unwrap());
        send_from_outside(sender);
        assert_eq!(block_on(handle.unwrap()), 1);
    });
    let names: Vec<_> = timeline.lanes().map(|lane| lane.name.raw()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(timeline.lanes().all(|lane| lane.state() == State::Done));
    assert_eq!(causes(find(&timeline, "inner")), [By::Itself]);
    // It may have been polled only after its value had come.
    for cause in causes(find(&timeline, "waits")) {
        assert_eq!(cause, By::Thread);
    }
}

#[test]
fn an_executor_of_smols() {
    let timeline = recorded(|recording| {
        let _entered = recording.enter();
        let executor = LocalExecutor::new();
        let (sender, receiver) = oneshot::channel();
        let wakes = executor.spawn(
            async move {
                yields().await;
                sender.send(5).unwrap();
            }
            .lane("wakes"),
        );
        let waits = executor.spawn(async { receiver.await.unwrap() }.lane("waits"));
        let joins = executor.spawn(waits.lane("joins"));
        let never = executor.spawn(pending::<()>().lane("never"));
        let sum = block_on(executor.run(async {
            wakes.await;
            joins.await
        }));
        assert_eq!(sum, 5);
        drop(never);
        while executor.try_tick() {}
        let unpolled = executor.spawn(yields().lane("unpolled"));
        drop(unpolled);
        drop(executor);
    });
    let id = |name| find(&timeline, name).id;
    assert_eq!(causes(find(&timeline, "wakes")), [By::Itself]);
    assert_eq!(causes(find(&timeline, "waits")), [By::Lane(id("wakes"))]);
    assert_eq!(causes(find(&timeline, "joins")), [By::Lane(id("waits"))]);
    for name in ["never", "unpolled"] {
        let lane = find(&timeline, name);
        assert_eq!(
            (lane.state(), lane.cancel),
            (State::Cancelled, Some(Cancel::Dropped)),
            "{name}"
        );
    }
}

#[test]
fn an_executor_of_smols_on_several_threads() {
    const TASKS: u32 = 50;
    let timeline = recorded(|recording| {
        let executor = Executor::new();
        let (stop, stopped) = async_stop();
        thread::scope(|scope| {
            let (executor, stopped) = (&executor, &stopped);
            for _ in 0..2 {
                scope.spawn(move || block_on(executor.run(stopped.clone())));
            }
            let _entered = recording.enter();
            let tasks: Vec<_> = (0..TASKS)
                .map(|_| executor.spawn(yields().lane("task")))
                .collect();
            for task in tasks {
                block_on(task);
            }
            stop();
        });
    });
    assert_eq!(timeline.lanes().len(), TASKS as usize);
    for lane in timeline.lanes() {
        assert_eq!((lane.polls, lane.state()), (2, State::Done));
        assert_eq!(causes(lane), [By::Itself]);
    }
    assert_eq!(timeline.lost(), 0);
}

/// A future that is ready when it is told to be, for whoever has a clone of it.
fn async_stop() -> (impl FnOnce(), Stopped) {
    let (stop, wakers) = mpsc::channel::<Waker>();
    let stopped = Stopped(stop, std::sync::Arc::default());
    let is_set = std::sync::Arc::clone(&stopped.1);
    let stop = move || {
        is_set.store(true, std::sync::atomic::Ordering::SeqCst);
        wakers.try_iter().for_each(Waker::wake);
    };
    (stop, stopped)
}

#[derive(Clone)]
struct Stopped(
    mpsc::Sender<Waker>,
    std::sync::Arc<std::sync::atomic::AtomicBool>,
);

impl Future for Stopped {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<()> {
        let _ = self.0.send(cx.waker().clone());
        if self.1.load(std::sync::atomic::Ordering::SeqCst) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

#[test]
fn a_future_that_is_dropped_is_cancelled() {
    let timeline = recorded(|recording| {
        let _entered = recording.enter();
        let mut pool = LocalPool::new();
        let log = Rc::new(RefCell::new(Vec::new()));
        let within = Rc::clone(&log);
        let waits = async move {
            let _dropped = Dropped(within);
            pending::<()>().await;
        };
        let handle = pool.spawner().spawn_local_with_handle(waits.lane("waits"));
        pool.run_until_stalled();
        drop(handle);
        pool.run_until_stalled();
        assert_eq!(*log.borrow(), ["dropped"]);
        drop(yields().lane("never polled"));
    });
    for lane in timeline.lanes() {
        assert_eq!(
            (lane.state(), lane.cancel),
            (State::Cancelled, Some(Cancel::Dropped))
        );
    }
    assert_eq!(timeline.lanes().len(), 2);
}

struct Dropped(Rc<RefCell<Vec<&'static str>>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.borrow_mut().push("dropped");
    }
}

#[test]
fn a_recording_goes_where_it_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pool.aline");
    let recording = Recording::to(&path).unwrap();
    assert!(recording.is_on());
    let entered = recording.enter();
    block_on(yields().lane("task").label("number", 1));
    drop(entered);
    drop(recording);
    let session = asyncline::recording::Session::open(&path).unwrap();
    assert_eq!(session.damage, []);
    let timeline: Timeline = session.events.iter().collect();
    assert_eq!(find(&timeline, "task").labels[0].to_string(), "number=1");
    // In a test nothing is asked of the environment.
    assert!(
        std::env::var_os(asyncline::output::VARIABLE).is_some()
            || !Recording::of_environment().is_on()
    );
}
