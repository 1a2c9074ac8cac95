use super::stage::{millis, run, secs, work};
use crate::{mark, trace};
use tokio::time::sleep;

#[trace]
async fn greet() {
    mark!("hello");
    work(millis(500));
}

#[trace]
async fn main() {
    let coroutine = greet();
    mark!("greet was called");
    sleep(secs(1)).await;
    mark!("now it is awaited");
    coroutine.await;
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "coroutine-object",
    title: "calling is not running",
    chapter: Chapter::Coroutines,
    lesson: "Calling an async function runs nothing: it gives a coroutine, which runs when awaited.",
    question: Question {
        text: "greet() is called at 0 s, and what it gave is awaited at 1 s. When does it say \"hello\"?",
        choices: &["At 0 s", "At 1 s", "At 0 s and at 1 s"],
        right: 1,
        because: "At 0 s the coroutine is only created: a mark, and no bar. Its bar begins at 1 s, where it is \
                  awaited.",
    },
    file: file!(),
    source: include_str!("coroutine_object.rs"),
    main: start,
    elapsed_ms: Some(1_500),
};
