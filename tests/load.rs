//! The recorder under load, on real threads: what tasks count of themselves agrees with what was recorded and counted
//! as lost, events are in an order that can have been, and threads come and go.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use asyncline::event::{Event, EventKind, LaneId, Polled, ThreadId, Timestamp};
use asyncline::recording::{Meta, Session, Writer};
use asyncline::{Collector, Executor, TaskExt, Timeline, spawn, spawn_blocking, yield_now};
use tokio::sync::mpsc;

/// What tasks count of themselves, knowing nothing of the probe.
#[derive(Default)]
struct Counts {
    polls: AtomicU64,
    wakes: AtomicU64,
    completions: AtomicU64,
}

struct Counted<F> {
    inner: Pin<Box<F>>,
    counts: Arc<Counts>,
    over: Arc<AtomicBool>,
}

struct CountedWaker {
    inner: Waker,
    counts: Arc<Counts>,
    over: Arc<AtomicBool>,
}

impl Wake for CountedWaker {
    fn wake(self: Arc<Self>) {
        if !self.over.load(SeqCst) {
            self.counts.wakes.fetch_add(1, SeqCst);
        }
        self.inner.wake_by_ref();
    }
}

fn counted<F: Future>(counts: &Arc<Counts>, inner: F) -> Counted<F> {
    Counted {
        inner: Box::pin(inner),
        counts: Arc::clone(counts),
        over: Arc::default(),
    }
}

impl<F: Future> Future for Counted<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.counts.polls.fetch_add(1, SeqCst);
        let waker = Waker::from(Arc::new(CountedWaker {
            inner: cx.waker().clone(),
            counts: Arc::clone(&self.counts),
            over: Arc::clone(&self.over),
        }));
        let result = self.inner.as_mut().poll(&mut Context::from_waker(&waker));
        if result.is_ready() {
            self.over.store(true, SeqCst);
            self.counts.completions.fetch_add(1, SeqCst);
        }
        result
    }
}

/// Tasks of several kinds that yield, sleep, and talk to each other, as a seed says.
async fn program(counts: Arc<Counts>, mut seed: u64, tasks: u64, steps: u64) {
    let mut handles = Vec::new();
    for _ in 0..tasks / 2 {
        let (sender, mut receiver) = mpsc::channel(1 + (next(&mut seed) % 4) as usize);
        let kind = next(&mut seed) % 3;
        handles.push(spawn(counted(&counts, async move {
            for step in 0..steps {
                if sender.send(step).await.is_err() {
                    break;
                }
                if kind == 0 {
                    yield_now().await;
                }
            }
        })));
        handles.push(spawn(counted(&counts, async move {
            while let Some(step) = receiver.recv().await {
                if kind == 1 && step % 64 == 0 {
                    tokio::time::sleep(Duration::from_micros(50)).await;
                }
            }
        })));
    }
    for handle in handles {
        handle.await.unwrap();
    }
}

fn next(seed: &mut u64) -> u64 {
    *seed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

/// Collects on a thread of its own while `run` runs.
fn collect(mut events: Collector, run: impl FnOnce()) -> Vec<Event> {
    let over = Arc::new(AtomicBool::new(false));
    let is_over = Arc::clone(&over);
    let collector = thread::spawn(move || {
        let mut all = Vec::new();
        loop {
            let last = is_over.load(SeqCst);
            all.extend(events.drain());
            if last {
                return all;
            }
            thread::yield_now();
        }
    });
    run();
    over.store(true, SeqCst);
    collector.join().unwrap()
}

fn count(events: &[Event], of: impl Fn(&EventKind) -> bool) -> u64 {
    events.iter().filter(|event| of(&event.kind)).count() as u64
}

/// Events in the thousands; a hundred times as many where `ASYNCLINE_LONG` is set.
fn steps() -> u64 {
    if std::env::var_os("ASYNCLINE_LONG").is_some() {
        20_000
    } else {
        400
    }
}

/// Programs that are run; where `ASYNCLINE_LONG` is set, so many that they make more than ten million events.
fn seeds() -> u64 {
    if std::env::var_os("ASYNCLINE_LONG").is_some() {
        10
    } else {
        4
    }
}

#[test]
fn what_tasks_count_is_what_was_recorded() {
    let mut all = 0;
    for seed in 1..=seeds() {
        let counts = Arc::new(Counts::default());
        let (executor, events) = Executor::builder().worker_threads(2).record().unwrap();
        let events = collect(events, || {
            executor.block_on(program(Arc::clone(&counts), seed, 40, steps()));
            drop(executor);
        });
        assert_eq!(
            count(&events, |kind| matches!(kind, EventKind::Lost { .. })),
            0
        );
        // The root is not counted by itself: its own are what is left when those of tasks are taken away.
        let root = events.iter().find_map(|event| match event.kind {
            EventKind::Spawned { lane, .. } => Some(lane),
            _ => None,
        });
        let of_task = |lane: LaneId| Some(lane) != root;
        let polls = count(
            &events,
            |kind| matches!(kind, EventKind::PollStarted { lane } if of_task(*lane)),
        );
        let wakes = count(
            &events,
            |kind| matches!(kind, EventKind::Woken { lane, .. } if of_task(*lane)),
        );
        let done = |kind: &EventKind| matches!(kind, EventKind::PollEnded { lane, result: Polled::Completed } if of_task(*lane));
        assert_eq!(polls, counts.polls.load(SeqCst));
        assert_eq!(wakes, counts.wakes.load(SeqCst));
        assert_eq!(count(&events, done), counts.completions.load(SeqCst));
        assert_order(&events);
        assert_running(&events);
        all += events.len();
    }
    assert!(all > 10_000_000 || seeds() == 4, "{all} events");
}

/// Times never go back, polls of a lane do not overlap, and none begins without a wake since the last one began.
fn assert_order(events: &[Event]) {
    assert!(events.windows(2).all(|pair| pair[0].at <= pair[1].at));
    let mut polled: HashMap<LaneId, bool> = HashMap::new();
    let mut woken: HashMap<LaneId, bool> = HashMap::new();
    for event in events {
        match event.kind {
            EventKind::Spawned { lane, .. } => {
                polled.insert(lane, false);
                woken.insert(lane, true);
            }
            EventKind::Woken { lane, .. } => {
                woken.insert(lane, true);
            }
            EventKind::PollStarted { lane } => {
                assert_eq!(
                    polled.insert(lane, true),
                    Some(false),
                    "{lane:?} is polled twice"
                );
                assert_eq!(
                    woken.insert(lane, false),
                    Some(true),
                    "{lane:?} is polled unwoken"
                );
            }
            EventKind::PollEnded { lane, .. } => {
                assert_eq!(polled.insert(lane, false), Some(true));
            }
            _ => {}
        }
    }
}

/// The polls on a thread do not overlap, and their times add up to no more than there was.
fn assert_running(events: &[Event]) {
    let mut running: HashMap<ThreadId, (Option<Timestamp>, u64)> = HashMap::new();
    for event in events {
        let (since, sum) = running.entry(event.thread).or_default();
        match event.kind {
            EventKind::PollStarted { .. } => {
                let before = since.replace(event.at);
                assert_eq!(before, None, "two tasks at once on a thread");
            }
            EventKind::PollEnded { .. } => {
                let began = since.take().expect("a poll ends on the thread it began on");
                *sum += event.at - began;
            }
            _ => {}
        }
    }
    let wall = events[events.len() - 1].at - events[0].at;
    assert!(running.values().any(|(_, sum)| *sum > 0));
    assert!(running.values().all(|(_, sum)| *sum <= wall));
}

/// Yields and messages, the same in each run.
async fn repeatable() {
    let mut tasks = Vec::new();
    for number in 0..20 {
        let (sender, mut receiver) = mpsc::channel(1);
        tasks.push(spawn(async move {
            for step in 0..200 {
                sender.send(step).await.unwrap();
                if step % 3 == number % 3 {
                    yield_now().await;
                }
            }
        }));
        tasks.push(spawn(
            async move { while receiver.recv().await.is_some() {} },
        ));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

#[test]
fn what_is_recorded_and_what_is_lost_make_a_whole() {
    let recorded = |capacity| {
        let builder = Executor::builder().capacity(capacity);
        let (executor, mut events) = builder.record().unwrap();
        executor.block_on(repeatable());
        drop(executor);
        let timeline: Timeline = events.drain().iter().collect();
        let told = timeline.gaps().len() as u64;
        (timeline.events() - told, timeline.lost())
    };
    let (all, lost) = recorded(1 << 20);
    assert!(all > 20_000 && lost == 0);
    for capacity in [10, 600, 5_000, 17_000] {
        let (some, lost) = recorded(capacity);
        assert!(lost > 0, "capacity {capacity}");
        assert_eq!(some + lost, all, "capacity {capacity}");
    }
}

#[test]
fn recording_stops_and_starts_while_two_threads_run() {
    let (executor, mut collector) = Executor::builder().worker_threads(2).record().unwrap();
    let counts = Arc::new(Counts::default());
    let tasks = Arc::clone(&counts);
    let program = thread::spawn(move || executor.block_on(program(tasks, 3, 20, 2_000)));
    let mut events = Vec::new();
    let mut rounds = 0;
    while !program.is_finished() {
        if rounds % 2 == 0 {
            collector.pause();
        } else {
            collector.resume();
        }
        events.extend(collector.drain());
        rounds += 1;
        thread::yield_now();
    }
    program.join().unwrap();
    events.extend(collector.drain());
    assert!(events.windows(2).all(|pair| pair[0].at <= pair[1].at));
    let polls = count(&events, |kind| {
        matches!(kind, EventKind::PollStarted { .. })
    });
    let roots = 1 + 20; // At most one for each task that it joins.
    assert!(polls <= counts.polls.load(SeqCst) + roots);
    // What was missed is not there, and nothing is made of it.
    let timeline: Timeline = events.iter().collect();
    assert_eq!(timeline.lost(), 0);
}

#[test]
fn what_is_lost_is_counted_exactly() {
    let counts = Arc::new(Counts::default());
    let builder = Executor::builder().worker_threads(2).capacity(5_000);
    let (executor, mut collector) = builder.record().unwrap();
    executor.block_on(program(Arc::clone(&counts), 7, 20, 400));
    let first = collector.drain();
    // Room again: whoever lost something tells of it with its next event.
    executor.block_on(program(Arc::clone(&counts), 8, 20, 10));
    drop(executor);
    let events: Vec<Event> = first.into_iter().chain(collector.drain()).collect();
    let timeline: Timeline = events.iter().collect();
    let told = count(&events, |kind| matches!(kind, EventKind::Lost { .. }));
    let rest = Executor::builder().worker_threads(2).record().unwrap();
    assert!(timeline.lost() > 0 && told > 0);
    assert!(timeline.events() - told <= 5_000 * 2);
    drop(rest);
    // All that is counted by the tasks was either recorded or lost.
    let recorded = count(&events, |kind| {
        matches!(kind, EventKind::PollStarted { .. })
    });
    assert!(recorded < counts.polls.load(SeqCst));
    assert!(recorded + timeline.lost() > counts.polls.load(SeqCst) + counts.wakes.load(SeqCst));
}

/// A loss with every few events would be no use to anybody, and take more than it tells.
#[test]
fn a_thread_that_outruns_the_collector_tells_of_one_loss() {
    const LINES: u64 = 500;
    // A line and a yield take some seven words.
    let builder = Executor::builder().capacity(7 * 200);
    let (executor, mut collector) = builder.record().unwrap();
    executor.block_on(async {
        for _ in 0..LINES {
            asyncline::mark!("a line");
            asyncline::yield_now().await;
        }
    });
    let events = collector.drain();
    let losses: Vec<_> = events
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::Lost { count } => Some(count),
            _ => None,
        })
        .collect();
    let lines = count(&events, |kind| matches!(kind, EventKind::Mark { .. }));
    assert!(lines > 0 && lines < LINES, "{lines} lines");
    assert_eq!(losses.len(), 1, "{losses:?}");
    assert!(losses[0] >= LINES - lines, "{losses:?}");
}

#[test]
fn recorded_and_lost_are_all_that_was_emitted() {
    const THREADS: u64 = 4;
    const EACH: u64 = 50_000;
    for capacity in [0, 1, 100, 3_000, 1 << 20] {
        let (executor, mut collector) = Executor::builder().capacity(capacity).record().unwrap();
        let executor = Arc::new(executor);
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let executor = Arc::clone(&executor);
                thread::spawn(move || {
                    let _entered = executor.enter();
                    for _ in 0..EACH {
                        asyncline::mark!("a line");
                    }
                })
            })
            .collect();
        let mut events = Vec::new();
        while threads.iter().any(|thread| !thread.is_finished()) {
            events.extend(collector.drain());
        }
        for thread in threads {
            thread.join().unwrap();
        }
        events.extend(collector.drain());
        let marks = count(&events, |kind| matches!(kind, EventKind::Mark { .. }));
        let names = count(&events, |kind| {
            matches!(kind, EventKind::ThreadNamed { .. })
        });
        let lost: u64 = events
            .iter()
            .map(|event| match event.kind {
                EventKind::Lost { count } => count,
                _ => 0,
            })
            .sum();
        let unnamed = THREADS - names;
        assert!(
            marks + lost >= THREADS * EACH,
            "capacity {capacity}: {marks} + {lost}"
        );
        assert!(
            marks + lost <= THREADS * EACH + unnamed,
            "capacity {capacity}: {marks} + {lost}"
        );
    }
}

#[test]
fn threads_come_and_go() {
    let (executor, events) = Executor::builder().worker_threads(2).record().unwrap();
    let events = collect(events, || {
        executor.block_on(async {
            for _ in 0..20 {
                let jobs: Vec<_> = (0..20).map(|_| spawn_blocking(thread::yield_now)).collect();
                for job in jobs {
                    job.await.unwrap();
                }
            }
            tokio::task::block_in_place(|| {});
        });
        for _ in 0..50 {
            let (sender, receiver) = tokio::sync::oneshot::channel();
            let task = executor.spawn(receiver);
            thread::spawn(move || sender.send(1))
                .join()
                .unwrap()
                .unwrap();
            executor.block_on(task).unwrap().unwrap();
        }
        drop(executor);
    });
    let timeline: Timeline = events.iter().collect();
    assert_eq!(timeline.lost(), 0);
    let tasks = timeline.lanes().filter(|lane| lane.is_task());
    assert_eq!(
        tasks.clone().filter(|lane| lane.name == "blocking").count(),
        400
    );
    assert!(tasks.clone().all(|lane| lane.state().is_end()));
}

#[test]
fn recording_is_switched_off_and_on() {
    let (executor, mut events) = Executor::builder().worker_threads(1).record().unwrap();
    let names = |events: Vec<Event>| {
        let timeline: Timeline = events.iter().collect();
        timeline.lanes().filter(|lane| lane.is_task()).count()
    };
    executor.block_on(async {});
    assert_eq!(names(events.drain()), 1);
    events.pause();
    executor.block_on(async {});
    assert_eq!(names(events.drain()), 0);
    events.resume();
    executor.block_on(async {});
    assert_eq!(names(events.drain()), 1);
}

/// Polls a lane of this executor's on this thread, so many times.
fn poll_times(executor: &Executor, times: u64) {
    let _entered = executor.enter();
    let mut left = times;
    let wakes_itself = std::future::poll_fn(|cx| {
        left -= 1;
        cx.waker().wake_by_ref();
        if left == 0 {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    });
    let mut lane = std::pin::pin!(wakes_itself.lane("polled"));
    let mut cx = Context::from_waker(Waker::noop());
    while lane.as_mut().poll(&mut cx).is_pending() {}
}

#[test]
fn two_sessions_take_turns_on_one_thread() {
    let (one, mut of_one) = Executor::builder().record().unwrap();
    let (other, mut of_other) = Executor::builder().record().unwrap();
    for times in 1..=200 {
        poll_times(&one, times);
        poll_times(&other, times);
    }
    let polls = (1..=200).sum::<u64>();
    for events in [of_one.drain(), of_other.drain()] {
        let of = |of: fn(&EventKind) -> bool| count(&events, of);
        assert_eq!(of(|kind| matches!(kind, EventKind::Spawned { .. })), 200);
        assert_eq!(
            of(|kind| matches!(kind, EventKind::PollStarted { .. })),
            polls
        );
        assert_eq!(
            of(|kind| matches!(kind, EventKind::PollEnded { .. })),
            polls
        );
        assert_eq!(of(|kind| matches!(kind, EventKind::Woken { .. })), polls);
        assert_order(&events);
    }
}

#[test]
fn what_goes_to_a_log_at_once_is_what_is_drained() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("drained.aline");
    let (executor, mut collector) = Executor::builder().worker_threads(2).record().unwrap();
    let mut writer = Writer::create(&path, &Meta::default()).unwrap();
    executor.block_on(program(Arc::default(), 5, 20, 200));
    drop(executor);
    let drained = collector.drain_to(&mut writer).unwrap();
    writer.finish().unwrap();
    let session = Session::open(&path).unwrap();
    assert_eq!(session.events.len() as u64, drained.events);
    assert_eq!((drained.lost, session.damage), (0, vec![]));
    assert_order(&session.events);
    assert_running(&session.events);
    assert_eq!(collector.drain(), []);
}

#[test]
fn threads_that_write_much_as_soon_as_they_begin_are_read_whole() {
    const THREADS: u64 = 200;
    const POLLS: u64 = 1000;
    let (executor, events) = Executor::builder().record().unwrap();
    let executor = Arc::new(executor);
    let events = collect(events, || {
        for _ in 0..THREADS / 2 {
            let threads = [(); 2].map(|()| {
                let executor = Arc::clone(&executor);
                thread::spawn(move || poll_times(&executor, POLLS))
            });
            for thread in threads {
                thread.join().unwrap();
            }
        }
    });
    let polls = |kind: &EventKind| matches!(kind, EventKind::PollEnded { .. });
    assert_eq!(count(&events, polls), THREADS * POLLS);
    assert_order(&events);
}

#[test]
fn a_root_task_on_a_thread_that_does_not_schedule_is_polled_when_it_is() {
    let (executor, mut collector) = Executor::builder().record().unwrap();
    let executor = Arc::new(executor);
    let (sender, mut receiver) = tokio::sync::oneshot::channel::<()>();
    let (schedules, scheduling) = std::sync::mpsc::channel();
    let waits = Arc::new(AtomicBool::new(false));
    let (other, is_waiting) = (Arc::clone(&executor), Arc::clone(&waits));
    let thread = thread::spawn(move || {
        scheduling.recv().unwrap();
        other.block_on(std::future::poll_fn(|cx| {
            let polled = Pin::new(&mut receiver).poll(cx);
            is_waiting.store(true, SeqCst);
            polled
        }))
    });
    executor.block_on(async {
        schedules.send(()).unwrap();
        while !waits.load(SeqCst) {
            yield_now().await;
        }
        for _ in 0..1000 {
            yield_now().await;
        }
        sender.send(()).unwrap();
        // Until then, it is this thread that schedules.
        while !thread.is_finished() {
            yield_now().await;
        }
    });
    thread.join().unwrap().unwrap();
    let events = collector.drain();
    let roots = |kind: &EventKind| matches!(kind, EventKind::Spawned { .. });
    assert_eq!(count(&events, roots), 2);
    assert_order(&events);
    assert_running(&events);
}

#[test]
fn a_poll_does_not_begin_before_a_task_that_nobody_knows_has_run() {
    let (executor, collector) = Executor::builder().record().unwrap();
    let collector = Arc::new(Mutex::new(collector));
    let (clock, ran) = (Arc::clone(&collector), Arc::new(Mutex::new(None)));
    let has_run = Arc::clone(&ran);
    let lane = executor.block_on(async {
        let known = spawn(async move {
            // It comes and goes between two polls of this one.
            tokio::spawn(async move {
                let now = clock.lock().unwrap().now();
                *has_run.lock().unwrap() = Some(now);
            });
            yield_now().await;
        });
        let lane = known.lane_id();
        known.await.unwrap();
        lane
    });
    let ran = ran.lock().unwrap().expect("it has run");
    let events = collector.lock().unwrap().drain();
    let polls = events.iter().filter(
        |event| matches!(event.kind, EventKind::PollStarted { lane: of } if Some(of) == lane),
    );
    let polls: Vec<_> = polls.map(|event| event.at).collect();
    assert_eq!(polls.len(), 2);
    assert!(polls[0] <= ran && ran <= polls[1]);
}
