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
    title: "two awaits, one after another",
    chapter: Chapter::Awaiting,
    lesson: "Awaiting coroutines one after another takes the sum of their times.",
    question: Question {
        text: "say_after(1) and say_after(2) are awaited one after the other. How long does main take?",
        choices: &["1 s", "2 s", "3 s"],
        right: 2,
        because: "An await stands still until it has its value; the second call begins when the first is over.",
    },
    file: file!(),
    source: include_str!("sequential.rs"),
    main: start,
    real_time: false,
};
