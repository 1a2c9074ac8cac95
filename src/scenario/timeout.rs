use super::stage::{run, secs};
use crate::probe::timeout;
use crate::{mark, trace};
use tokio::time::sleep;

#[trace]
async fn download() -> u32 {
    sleep(secs(2)).await;
    42
}

#[trace]
async fn main() {
    for limit in [3, 1] {
        match timeout(secs(limit), download()).await {
            Ok(size) => mark!("{size} bytes"),
            Err(_) => mark!("gave up after {limit} s"),
        }
    }
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "timeout",
    title: "a limit for a wait",
    chapter: Chapter::Cancellation,
    lesson: "A timeout drops what it waits for when the time is up: Python's wait_for().",
    question: Question {
        text: "A download takes 2 s. It is awaited with a limit of 3 s, then again with 1 s. How long does main take?",
        choices: &["3 s", "4 s", "2 s"],
        right: 0,
        because: "The first download is done at 2 s, in time. The second is cancelled at 3 s, in the middle of its \
                  wait: its lane ends there, and nothing of it goes on in secret.",
    },
    file: file!(),
    source: include_str!("timeout.rs"),
    main: start,
    elapsed_ms: Some(3_000),
};
