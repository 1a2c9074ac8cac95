//! Beyond the tutorial: what must be seen of each of the others.

use std::collections::BTreeSet;

use asyncline::event::{Awaited, BranchOf, Cancel, EventKind, ThreadId};
use asyncline::timeline::{LaneKind, State};

use crate::{Run, awaits, life, was_woken};

#[test]
fn a_join_set_gives_results_as_they_come() {
    let run = Run::of("join-set");
    let main = run.task("main");
    let ends = [("mail", 1000), ("maps", 2000), ("news", 3000)];
    for (name, end) in ends {
        assert_eq!(life(run.task(name)), (0, end));
        assert!(was_woken(main, run.task(name), end), "{name}");
    }
    let texts = [
        "mail is here",
        "maps is here",
        "news is here",
        "all are here",
    ];
    assert_eq!(run.texts(), texts);
}

#[test]
fn idle_workers_steal_jobs() {
    let run = Run::of("work-stealing");
    let mut jobs = run.tasks();
    jobs.retain(|task| task.name.raw().starts_with("job "));
    assert_eq!(jobs.len(), 6);
    assert!(jobs.iter().all(|job| job.state() == State::Done));
    assert!(
        jobs.iter()
            .all(|job| job.parent == Some(run.task("foreman").id))
    );
    let bars = jobs.iter().flat_map(|job| &job.changes);
    let bars = bars.filter(|change| change.state == State::Running);
    let threads: BTreeSet<ThreadId> = bars.map(|bar| bar.thread).collect();
    assert!(threads.len() >= 2, "one worker did it all");
    for thread in threads {
        assert_eq!(
            run.timeline.threads()[thread.0 as usize],
            "asyncline-worker"
        );
    }
}

#[test]
fn a_timeout_cancels_what_is_late() {
    let run = Run::of("timeout");
    let branches = run.branches();
    let [patient, hasty] = branches[..] else {
        panic!("{branches:?}")
    };
    assert_eq!(patient.kind, LaneKind::Branch(BranchOf::Timeout));
    assert_eq!((patient.state(), life(patient)), (State::Done, (0, 2000)));
    assert_eq!(
        (hasty.state(), life(hasty)),
        (State::Cancelled, (2000, 3000))
    );
    assert_eq!(hasty.cancel, Some(Cancel::TimedOut));
    let downloads = run.coroutines("download");
    assert_eq!(downloads[1].cancel, Some(Cancel::TimedOut));
    assert_eq!(run.texts(), ["42 bytes", "gave up after 1 s"]);
}

#[test]
fn a_cancelled_task_cleans_up() {
    let run = Run::of("cancel");
    let (main, download) = (run.task("main"), run.task("download"));
    assert_eq!(download.state(), State::Cancelled);
    assert_eq!(download.cancel, Some(Cancel::Aborted { by: Some(main.id) }));
    assert_eq!(life(download), (0, 1000));
    let said = [
        (1000, download.id, "the file is removed"),
        (1000, main.id, "cancelled: true"),
    ];
    assert_eq!(run.said(), said);
}

#[test]
fn the_loser_of_a_select_is_cancelled() {
    let run = Run::of("select");
    let branches = run.branches();
    let [far, near] = branches[..] else {
        panic!("{branches:?}")
    };
    assert_eq!((near.state(), life(near)), (State::Done, (0, 1000)));
    assert_eq!((far.state(), life(far)), (State::Cancelled, (0, 1000)));
    assert_eq!(far.cancel, Some(Cancel::LostSelect));
    assert_eq!(run.texts(), ["near was first"]);
}

#[test]
fn a_full_channel_holds_its_sender_back() {
    let run = Run::of("channel");
    let (waiter, kitchen) = (run.task("waiter"), run.task("kitchen"));
    let sends = awaits(waiter, "counter.send(order)");
    let at_once = [(100, 100), (200, 200), (300, 300)];
    let held_back = [(400, 600), (700, 1100), (1200, 1600)];
    assert_eq!(sends, [at_once, held_back].concat());
    for (_, end) in held_back {
        assert!(was_woken(waiter, kitchen, end), "{end}");
    }
    assert!(was_woken(kitchen, waiter, 100));
    assert_eq!(run.texts().last(), Some(&"order 6 is served"));
}

#[test]
fn a_lock_lets_one_in_at_a_time() {
    let run = Run::of("mutex");
    let clerks = ["clerk 1", "clerk 2", "clerk 3"].map(|name| run.task(name));
    for (clerk, at) in clerks.into_iter().zip([0, 1000, 2000]) {
        assert_eq!(awaits(clerk, "account.lock()"), [(0, at)]);
        assert_eq!(awaits(clerk, "sleep(secs(1))"), [(at, at + 1000)]);
    }
    assert!(was_woken(clerks[1], clerks[0], 1000));
    assert!(was_woken(clerks[2], clerks[1], 2000));
    assert_eq!(run.texts(), ["the balance is 30"]);
}

#[test]
fn a_semaphore_lets_two_in_at_a_time() {
    let run = Run::of("semaphore");
    let begun: Vec<_> = run.said().into_iter().map(|(at, ..)| at).collect();
    assert_eq!(begun, [0, 0, 1000, 1000, 2000]);
    let ends: Vec<_> = (1..=5)
        .map(|n| life(run.task(&format!("job {n}"))).1)
        .collect();
    assert_eq!(ends, [1000, 1000, 2000, 2000, 3000]);
    assert!(was_woken(run.task("job 3"), run.task("job 1"), 1000));
}

#[test]
fn a_blocked_thread_leaves_others_ready() {
    let run = Run::of("blocking");
    let (parser, heart) = (run.task("parser"), run.task("heart"));
    assert_eq!(run.spans(parser, State::Running), [(1000, 2000)]);
    assert_eq!(run.spans(heart, State::Ready), [(1000, 2000)]);
    let beats: Vec<_> = run
        .said()
        .into_iter()
        .filter(|said| said.1 == heart.id)
        .map(|said| said.0)
        .collect();
    assert_eq!(beats, [250, 500, 750, 2000, 2250, 2500, 2750, 3000]);
}

#[test]
fn a_panic_ends_its_task_only() {
    let run = Run::of("panic");
    let nobody = run.task("nobody");
    assert_eq!((nobody.state(), life(nobody)), (State::Panicked, (0, 1000)));
    assert_eq!(nobody.marks[0].text, "panics: attempt to divide by zero");
    let party = run.task("party");
    assert_eq!((party.state(), life(party)), (State::Done, (0, 1000)));
    assert_eq!(party.value, Some("3".into()));
    let main = run.task("main");
    assert_eq!((main.state(), life(main)), (State::Done, (0, 2000)));
    let texts: Vec<_> = main.marks.iter().map(|mark| mark.text.raw()).collect();
    assert_eq!(texts, ["panicked: true", "3 pieces each", "main goes on"]);
}

#[test]
fn a_deadlock_is_a_circle_of_waits() {
    let run = Run::of("deadlock");
    let stuck = run.before(|event| event.at.0 >= 3_000_000_000);
    let [alice, bob] = ["alice", "bob"].map(|name| stuck.lane(run.task(name).id).unwrap());
    for (one, other) in [(alice, bob), (bob, alice)] {
        assert_eq!(one.state(), State::Waiting);
        assert_eq!(one.innermost().unwrap().on, Some(Awaited::Task(other.id)));
        let line = run.line("    friend.await.unwrap()");
        assert_eq!(one.line().unwrap().line, line);
    }
    let by = Some(run.task("main").id);
    for name in ["alice", "bob"] {
        assert_eq!(run.task(name).cancel, Some(Cancel::Aborted { by }));
        assert_eq!(life(run.task(name)), (0, 3000));
    }
}

#[test]
fn a_lost_waker_is_seen_as_such() {
    let run = Run::of("lost-waker");
    let watcher = run.task("watcher");
    let lost = run
        .events
        .iter()
        .find(|event| event.kind == EventKind::Unwakeable { lane: watcher.id });
    assert_eq!(lost.unwrap().at.0, 0);
    let waits = run.before(|event| event.at.0 >= 3_000_000_000);
    let waiting = waits.lane(watcher.id).unwrap();
    assert_eq!(waiting.state(), State::Waiting);
    assert!(waiting.unwakeable && waiting.wakes.is_empty());
    assert_eq!((watcher.polls, watcher.state()), (1, State::Cancelled));
    assert_eq!(
        run.texts(),
        ["the flag goes up", "the watcher has not seen it"]
    );
}
