use super::stage::{run, secs};
use crate::{mark, spawn, trace};
use tokio::time::sleep;

#[trace]
async fn nested() -> u32 {
    mark!("nested begins");
    sleep(secs(2)).await;
    42
}

#[trace]
async fn main() {
    let task = spawn(nested());
    mark!("main goes on");
    sleep(secs(1)).await;
    mark!("main needs the answer");
    let answer = task.await.unwrap();
    mark!("{answer}");
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "create-task",
    title: "a task of its own",
    chapter: Chapter::Tasks,
    lesson: "spawn makes a coroutine a task that runs beside its maker: Python's create_task().",
    question: Question {
        text: "main spawns nested(), which takes 2 s, then sleeps for 1 s, then awaits the task. How long does it \
               take?",
        choices: &["1 s", "2 s", "3 s"],
        right: 1,
        because: "The task has its own lane, which starts as soon as main lets go of the thread. While main sleeps it \
                  sleeps too, so that main waits for one more second only.",
    },
    file: file!(),
    source: include_str!("create_task.rs"),
    main: start,
    elapsed_ms: Some(2_000),
};
