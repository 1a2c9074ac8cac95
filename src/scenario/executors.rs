use super::stage::{elsewhere, millis, named, run, run_on_workers, work};
use crate::{TaskExt, mark, spawn_named, trace, yield_now};
use async_executor::LocalExecutor;
use futures_executor::{LocalPool, block_on};
use futures_util::task::LocalSpawnExt;
use std::pin::Pin;
use std::time::Instant;
use tokio::sync::mpsc::{Sender, channel};

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

#[trace]
async fn job(done: Sender<()>) {
    for _ in 0..3 {
        work(millis(10));
        yield_now().await;
    }
    done.send(()).await.unwrap();
}

#[trace]
async fn four_jobs(spawn: impl Fn(String, Job)) {
    let began = Instant::now();
    let (done, mut results) = channel(4);
    for number in 1..=4 {
        spawn(format!("job {number}"), Box::pin(job(done.clone())));
    }
    drop(done);
    while results.recv().await.is_some() {}
    mark!("{} ms", began.elapsed().as_millis());
}

#[trace]
async fn main() {
    four_jobs(|name, job| drop(spawn_named(name, job))).await;
}

fn smol() {
    let smol = LocalExecutor::new();
    let spawn = |name, job: Job| smol.spawn(job.lane(name)).detach();
    block_on(smol.run(four_jobs(spawn).lane("smol")));
}

fn local_pool() {
    let mut pool = LocalPool::new();
    let tasks = pool.spawner();
    let spawn = |name, job: Job| tasks.spawn_local(job.lane(name)).unwrap();
    pool.run_until(four_jobs(spawn).lane("LocalPool"));
}

fn start() {
    named("tokio, 1 thread", || run(main()));
    named("tokio, 2 workers", || run_on_workers(2, main()));
    elsewhere(smol);
    elsewhere(local_pool);
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "executors",
    title: "the same jobs on four executors",
    chapter: Chapter::Tasks,
    lesson: "An executor decides who is polled next, and where; futures know nothing of it.",
    question: Question {
        text: "Four jobs work for 3 × 10 ms each and yield in between. Four executors run them, one after another. \
               Which is the first to have done all?",
        choices: &[
            "None: the work is the same",
            "tokio with two workers",
            "LocalPool, which does the least besides",
        ],
        right: 1,
        because: "Two workers take some 60 ms, one thread takes 120 ms, whoever polls. The jobs know no executor, and \
                  take turns on each of them, in an order of its own: tokio's turns around after every round.",
    },
    file: file!(),
    source: include_str!("executors.rs"),
    main: start,
    elapsed_ms: None,
};
