use super::stage::{run, secs};
use crate::{mark, spawn, trace};
use tokio::sync::oneshot::{Sender, channel};
use tokio::time::sleep;

#[trace]
async fn nested() -> u32 {
    sleep(secs(1)).await;
    42
}

#[trace]
async fn answer(future: Sender<u32>) {
    sleep(secs(1)).await;
    future.send(42).unwrap();
}

#[trace]
async fn main() {
    let coroutine = nested();
    mark!("a coroutine: {}", coroutine.await);

    let task = spawn(nested());
    mark!("a task: {}", task.await.unwrap());

    let (sender, future) = channel();
    let setter = spawn(answer(sender));
    mark!("a future: {}", future.await.unwrap());
    setter.await.unwrap();
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "awaitables",
    title: "three things to await",
    chapter: Chapter::Awaiting,
    lesson: "A coroutine runs in its caller's lane, a task in its own; a future is set by another.",
    question: Question {
        text: "main awaits a coroutine, a task and a future, each for 1 s. How many lanes are there besides main's?",
        choices: &["One", "Two", "Three"],
        right: 1,
        because: "The coroutine is a part of main's own lane. The task has a lane, and so has setter, the task that \
                  completes the future: the arrow at 3 s leads from it to main.",
    },
    file: file!(),
    source: include_str!("awaitables.rs"),
    main: start,
    elapsed_ms: Some(3_000),
};
