use super::stage::{run, secs};
use crate::{JoinHandle, mark, spawn, trace};
use tokio::sync::oneshot::{Receiver, channel};
use tokio::time::sleep;

#[trace]
async fn let_pass(friend: Receiver<JoinHandle<()>>) {
    let friend = friend.await.unwrap();
    mark!("after you!");
    friend.await.unwrap();
    mark!("thank you!");
}

#[trace]
async fn main() {
    let (meet_bob, bob_whom) = channel();
    let (meet_alice, alice_whom) = channel();
    let alice = spawn(let_pass(alice_whom));
    let bob = spawn(let_pass(bob_whom));
    let both = [alice.abort_handle(), bob.abort_handle()];
    meet_alice.send(bob).unwrap();
    meet_bob.send(alice).unwrap();

    sleep(secs(3)).await;
    mark!("nobody moves: main ends it");
    for friend in both {
        friend.abort();
    }
    sleep(secs(1)).await;
}

fn start() {
    run(main());
}

// The end of the program.

use super::{Chapter, Question, Scenario};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "deadlock",
    title: "after you! – after you!",
    chapter: Chapter::Trouble,
    lesson: "Two tasks that wait for each other wait for ever, and nothing is reported.",
    question: Question {
        text: "alice waits until bob is done, bob waits until alice is done. What happens?",
        choices: &[
            "Both wait for ever",
            "alice goes first, since she was spawned first",
            "tokio notices, and panics",
        ],
        right: 0,
        because: "Both lanes wait until main aborts them at 3 s. alice waits for bob, who waits for alice: follow the \
                  chain of waits, and you come back to where you began.",
    },
    file: file!(),
    source: include_str!("deadlock.rs"),
    main: start,
    elapsed_ms: Some(4_000),
};
