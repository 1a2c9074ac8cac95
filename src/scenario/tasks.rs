use super::stage::{run, secs};
use crate::{mark, spawn, trace};
use tokio::time::sleep;

#[trace]
async fn say_after(delay: u64, what: &str) {
    sleep(secs(delay)).await;
    mark!("{what}");
}

#[trace]
async fn main() {
    let task1 = spawn(say_after(1, "hello"));
    let task2 = spawn(say_after(2, "world"));
    task1.await.unwrap();
    task2.await.unwrap();
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "tasks",
    title: "the same as two tasks",
    chapter: Chapter::Tasks,
    lesson: "Two tasks wait at the same time: together they take as long as the longer one.",
    question: Question {
        text: "The same two say_afters, now each in a task of its own. How long does main take?",
        choices: &["1 s", "2 s", "3 s"],
        right: 1,
        because: "Both tasks start at 0 s, and their waits lie above one another. When main comes to await task2 at \
                  1 s, half of that wait is over.",
    },
    file: file!(),
    source: include_str!("tasks.rs"),
    main: start,
    elapsed_ms: Some(2_000),
};
