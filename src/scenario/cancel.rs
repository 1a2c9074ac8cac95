use super::stage::{run, secs};
use crate::{mark, spawn, trace};
use tokio::time::sleep;

struct TemporaryFile;

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        mark!("the file is removed");
    }
}

#[trace]
async fn download() {
    let _file = TemporaryFile;
    sleep(secs(10)).await;
    mark!("the download is complete");
}

#[trace]
async fn main() {
    let download = spawn(download());
    sleep(secs(1)).await;
    download.abort();
    let end = download.await;
    mark!("cancelled: {}", end.unwrap_err().is_cancelled());
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "cancel",
    title: "cancelling a task",
    chapter: Chapter::Cancellation,
    lesson: "A cancelled task ends at the await where it stands, and what it holds is cleaned up.",
    question: Question {
        text: "main aborts the download at 1 s, in the middle of its sleep. Which line does it still say?",
        choices: &[
            "\"the download is complete\"",
            "\"the file is removed\"",
            "Neither",
        ],
        right: 1,
        because: "The download's lane ends at 1 s, at its await: the line behind it is never reached. Its variables \
                  are dropped there, so that the file's clean-up runs.",
    },
    file: file!(),
    source: include_str!("cancel.rs"),
    main: start,
    elapsed_ms: Some(1_000),
};
