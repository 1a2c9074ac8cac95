use super::stage::{run, secs};
use crate::{mark, trace};
use tokio::time::sleep;

#[trace]
async fn nested() -> u32 {
    sleep(secs(1)).await;
    42
}

#[trace]
async fn main() {
    let answer = nested().await;
    mark!("{answer}");
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "await-nested",
    title: "awaiting a coroutine",
    chapter: Chapter::Awaiting,
    lesson: "nested().await runs the coroutine within its caller's task, and gives its value.",
    question: Question {
        text: "main awaits nested(). How many tasks are there?",
        choices: &["One: main", "Two: main and nested"],
        right: 0,
        because: "nested runs inside main's lane, not beside it: main is polled, and polls nested in turn. At 1 s \
                  nested returns 42, in the same poll in which main goes on.",
    },
    file: file!(),
    source: include_str!("await_nested.rs"),
    main: start,
    elapsed_ms: Some(1_000),
};
