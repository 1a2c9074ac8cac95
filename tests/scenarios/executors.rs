//! The four executors: what is seen of them, held against the same jobs on the bare executors.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};

use async_executor::LocalExecutor;
use asyncline::event::{EventKind, ThreadId, Waker};
use asyncline::timeline::{Lane, State};
use futures_executor::{LocalPool, block_on};
use futures_util::task::LocalSpawnExt;
use tokio::runtime::Builder;
use tokio::sync::mpsc::channel;
use tokio::task::yield_now;

use crate::Run;

const ROOTS: [&str; 4] = ["tokio, 1 thread", "tokio, 2 workers", "smol", "LocalPool"];
const ON_ONE_THREAD: [&str; 3] = ["tokio, 1 thread", "smol", "LocalPool"];

/// What is polled, in order: a job by its number, what spawns them as 0.
type Polls = Vec<u32>;

fn jobs<'a>(run: &'a Run, root: &Lane) -> Vec<&'a Lane> {
    let mut jobs = run.tasks();
    jobs.retain(|task| task.parent == Some(root.id));
    jobs
}

/// The order in which a root and its jobs were polled.
fn polls(run: &Run, root: &str) -> Polls {
    let root = run.task(root);
    let lanes: Vec<_> = [root].into_iter().chain(jobs(run, root)).collect();
    let started = run.events.iter().filter_map(|event| match event.kind {
        EventKind::PollStarted { lane } => lanes.iter().position(|known| known.id == lane),
        _ => None,
    });
    started.map(|index| index as u32).collect()
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Polls>>);

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Log {
    /// Notes every poll of a future.
    async fn note<F: Future>(self, number: u32, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| {
            self.0.lock().unwrap().push(number);
            future.as_mut().poll(cx)
        })
        .await
    }

    async fn four_jobs(self, spawn: impl Fn(Job)) {
        let jobs = async {
            let (done, mut results) = channel(4);
            for number in 1..=4 {
                let done = done.clone();
                let job = async move {
                    for _ in 0..3 {
                        yield_now().await;
                    }
                    done.send(()).await.unwrap();
                };
                spawn(Box::pin(self.clone().note(number, job)));
            }
            drop(done);
            while results.recv().await.is_some() {}
        };
        self.clone().note(0, jobs).await;
    }
}

/// The order of the polls of the same jobs, on an executor without the probe.
fn bare_polls(executor: &str) -> Polls {
    let log = Log::default();
    let jobs = log.clone();
    match executor {
        "tokio, 1 thread" => {
            let runtime = Builder::new_current_thread().build().unwrap();
            runtime.block_on(jobs.four_jobs(|job| drop(tokio::spawn(job))));
        }
        "smol" => {
            let smol = LocalExecutor::new();
            let jobs = jobs.four_jobs(|job| smol.spawn(job).detach());
            block_on(smol.run(jobs));
        }
        _ => {
            let mut pool = LocalPool::new();
            let tasks = pool.spawner();
            pool.run_until(jobs.four_jobs(|job| tasks.spawn_local(job).unwrap()));
        }
    }
    let mut polls = log.0.lock().unwrap();
    std::mem::take(&mut *polls)
}

#[test]
fn every_executor_runs_all_jobs_under_a_root_of_its_name() {
    let run = Run::of("executors");
    assert_eq!(run.runtimes().len(), 2);
    assert_eq!(run.tasks().len(), 4 * 5);
    let mut before = run.task(ROOTS[0]).start;
    for name in ROOTS {
        let root = run.task(name);
        assert_eq!(root.state(), State::Done);
        assert!(root.start >= before, "{name} began before its turn");
        before = root.end.unwrap();
        let jobs = jobs(&run, root);
        let names: Vec<_> = jobs.iter().map(|job| job.name.to_string()).collect();
        assert_eq!(names, ["job 1", "job 2", "job 3", "job 4"], "{name}");
        for job in jobs {
            assert_eq!((job.polls, job.state()), (4, State::Done), "{name}");
        }
        let said: Vec<_> = root.marks.iter().map(|mark| mark.text.raw()).collect();
        assert!(
            matches!(said[..], [took] if took.ends_with(" ms")),
            "{said:?}"
        );
    }
}

#[test]
fn an_executor_polls_in_its_own_order_with_the_probe_as_without() {
    let run = Run::of("executors");
    for name in ON_ONE_THREAD {
        assert_eq!(polls(&run, name), bare_polls(name), "{name}");
    }
}

#[test]
fn jobs_wake_themselves_and_whoever_collects_their_results() {
    let run = Run::of("executors");
    for name in ROOTS {
        let root = run.task(name);
        let jobs = jobs(&run, root);
        for job in &jobs {
            let wakers: Vec<_> = job.wakes.iter().map(|wake| wake.by).collect();
            assert_eq!(wakers, [Waker::Itself; 3], "{name}");
        }
        assert!(!root.wakes.is_empty());
        for wake in &root.wakes {
            let by = jobs.iter().find(|job| wake.lane() == Some(job.id));
            assert!(by.is_some(), "{name} is woken by {:?}", wake.by);
        }
    }
}

#[test]
fn only_a_runtime_with_workers_runs_jobs_on_several_threads() {
    let run = Run::of("executors");
    for name in ROOTS {
        let jobs = jobs(&run, run.task(name));
        let changes = jobs.iter().flat_map(|job| &job.changes);
        let bars = changes.filter(|change| change.state == State::Running);
        let threads: BTreeSet<ThreadId> = bars.map(|bar| bar.thread).collect();
        let workers = if name.ends_with("workers") { 2 } else { 1 };
        assert_eq!(threads.len(), workers, "{name}");
    }
}
