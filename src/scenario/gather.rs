use super::stage::{run, secs};
use crate::{gather, mark, trace};
use tokio::time::sleep;

#[trace]
async fn say_after(delay: u64, what: &str) {
    sleep(secs(delay)).await;
    mark!("{what}");
}

#[trace]
async fn main() {
    gather!(say_after(1, "hello"), say_after(2, "world"));
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "gather",
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
    source: include_str!("gather.rs"),
    main: start,
    real_time: false,
};
