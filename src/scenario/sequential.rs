use super::stage::{run, secs};
use crate::{mark, trace};
use tokio::time::sleep;

#[trace]
async fn say_after(delay: u64, what: &str) {
    sleep(secs(delay)).await;
    mark!("{what}");
}

#[trace]
async fn main() {
    say_after(1, "hello").await;
    say_after(2, "world").await;
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "sequential",
    title: "one after another",
    chapter: Chapter::Tasks,
    lesson: "Coroutines that are awaited one after another take the sum of their times.",
    question: Question {
        text: "say_after(1) and say_after(2) are awaited, one after the other. How long does main take?",
        choices: &["1 s", "2 s", "3 s"],
        right: 2,
        because: "The two waits stand end to end in main's lane: the second coroutine is not even created before the \
                  first is done.",
    },
    file: file!(),
    source: include_str!("sequential.rs"),
    main: start,
    elapsed_ms: Some(3_000),
};
