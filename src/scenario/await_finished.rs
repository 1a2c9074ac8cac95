use super::stage::{run, secs};
use crate::{mark, spawn, trace};
use tokio::time::sleep;

#[trace]
async fn after(delay: u64) -> u64 {
    sleep(secs(delay)).await;
    delay
}

#[trace]
async fn main() {
    let quick = spawn(after(1));
    let slow = spawn(after(3));
    mark!("slow: {}", slow.await.unwrap());
    mark!("quick: {}", quick.await.unwrap());
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "await-finished",
    title: "awaiting what is done",
    chapter: Chapter::Tasks,
    lesson: "Awaiting a task waits until it is done; if it is done already, there is no wait.",
    question: Question {
        text: "main awaits the slow task (3 s) first, then the quick one (1 s). How long does the second await take?",
        choices: &["1 s", "No time at all", "For ever: the task is gone"],
        right: 1,
        because: "quick is done at 1 s and keeps its value. At 3 s main resumes, takes the second value in the same \
                  poll, and ends.",
    },
    file: file!(),
    source: include_str!("await_finished.rs"),
    main: start,
    elapsed_ms: Some(3_000),
};
