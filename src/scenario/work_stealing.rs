use super::stage::{millis, run_on_workers, work};
use crate::{spawn, spawn_named, trace};
use tokio::time::sleep;

#[trace]
async fn job() {
    for _ in 0..3 {
        work(millis(10));
        sleep(millis(2)).await;
    }
}

#[trace]
async fn foreman() {
    let mut jobs = Vec::new();
    for number in 1..=6 {
        jobs.push(spawn_named(format!("job {number}"), job()));
    }
    for job in jobs {
        job.await.unwrap();
    }
}

#[trace]
async fn main() {
    let foreman = spawn(foreman());
    foreman.await.unwrap();
}

fn start() {
    run_on_workers(3, main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "work-stealing",
    title: "three workers share six jobs",
    chapter: Chapter::Tasks,
    lesson: "On several threads an idle worker steals tasks that are ready from a busy one.",
    question: Question {
        text: "One task spawns six jobs, 30 ms of work each, on a runtime with three workers. How long do they take?",
        choices: &["About 30 ms", "About 70 ms", "About 180 ms"],
        right: 1,
        because: "All jobs begin in one worker's queue; the other two steal from it, so that three bars lie above one \
                  another. A job may go on in another thread than it began in: that depends on the moment.",
    },
    file: file!(),
    source: include_str!("work_stealing.rs"),
    main: start,
    elapsed_ms: None,
};
