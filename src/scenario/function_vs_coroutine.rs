use super::stage::{millis, run, work};
use crate::{spawn, trace};
use tokio::time::sleep;

fn function() {
    work(millis(300));
    work(millis(300));
    work(millis(300));
}

#[trace]
async fn coroutine() {
    work(millis(300));
    sleep(millis(200)).await;
    work(millis(300));
    sleep(millis(200)).await;
    work(millis(300));
}

#[trace]
async fn main() {
    let function = spawn(async { function() });
    function.await.unwrap();
    let coroutine = spawn(coroutine());
    coroutine.await.unwrap();
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "function-vs-coroutine",
    title: "a function and a coroutine",
    chapter: Chapter::Coroutines,
    lesson: "A function runs to its end; a coroutine can stop at an await and go on from there.",
    question: Question {
        text: "Both do three pieces of work, 0.3 s each. How will their bars look?",
        choices: &[
            "Both are one piece",
            "The function is one piece, the coroutine is three",
            "Both are three pieces",
        ],
        right: 1,
        because: "Nothing can interrupt the function: its bar has no gap. The coroutine lets go of the thread at \
                  each await: two gaps, between the same three pieces of work.",
    },
    file: file!(),
    source: include_str!("function_vs_coroutine.rs"),
    main: start,
    elapsed_ms: Some(2_200),
};
