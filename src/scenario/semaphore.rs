use super::stage::{run, secs};
use crate::{mark, spawn_named, trace};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::time::sleep;

#[trace]
async fn download(seats: Arc<Semaphore>) {
    let _seat = seats.acquire().await.unwrap();
    mark!("begins");
    sleep(secs(1)).await;
}

#[trace]
async fn main() {
    let seats = Arc::new(Semaphore::new(2));
    let mut jobs = Vec::new();
    for number in 1..=5 {
        let download = download(seats.clone());
        jobs.push(spawn_named(format!("job {number}"), download));
    }
    for job in jobs {
        job.await.unwrap();
    }
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "semaphore",
    title: "two at a time",
    chapter: Chapter::Sharing,
    lesson: "A semaphore limits how many tasks do something at once; the rest wait their turn.",
    question: Question {
        text: "Five downloads take 1 s each, and a semaphore lets two in at a time. How long do all five take?",
        choices: &["1 s", "3 s", "5 s"],
        right: 1,
        because: "Two jobs sleep at once, while the others wait at acquire(): jobs 1 and 2, then 3 and 4, then 5 \
                  alone. Each one that ends lets the next one in.",
    },
    file: file!(),
    source: include_str!("semaphore.rs"),
    main: start,
    elapsed_ms: Some(3_000),
};
