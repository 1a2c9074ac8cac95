use super::stage::{run, secs};
use crate::{gather, mark, trace};
use tokio::time::sleep;

#[trace]
async fn say_after(delay: u64, what: &'static str) -> &'static str {
    sleep(secs(delay)).await;
    mark!("{what}");
    what
}

#[trace]
async fn main() {
    let results = gather!(say_after(2, "hello"), say_after(1, "world"));
    mark!("{results:?}");
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "gather",
    title: "gather",
    chapter: Chapter::Tasks,
    lesson: "gather! runs coroutines concurrently in one task, and gives their values in order.",
    question: Question {
        text: "The first coroutine takes 2 s, the second 1 s. In which order does gather! give their values?",
        choices: &[
            "As they finish: \"world\", \"hello\"",
            "As they were written: \"hello\", \"world\"",
        ],
        right: 1,
        because: "The branches are lanes within main's: the second ends at 1 s, the first at 2 s. Only then does \
                  gather! give both values, in the order in which they were written, as asyncio.gather() does.",
    },
    file: file!(),
    source: include_str!("gather.rs"),
    main: start,
    elapsed_ms: Some(2_000),
};
