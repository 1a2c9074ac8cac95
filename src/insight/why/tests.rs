use super::*;
use crate::event::{Awaited, BranchOf, Cancel, CoroutineEnd, EventKind, Polled, Waker};
use crate::insight::story::{Story, ms};

fn told(story: &Story, lane: u64, now: u64) -> String {
    why(&story.timeline(), LaneId(lane), ms(now))
}

fn until(at: u64) -> Awaited {
    Awaited::Until(ms(at))
}

fn task(lane: u64) -> Awaited {
    Awaited::Task(LaneId(lane))
}

/// A task that is suspended at an await.
fn suspended(story: Story, lane: u64, name: &'static str, on: Option<Awaited>) -> Story {
    story
        .spawn(lane, name)
        .poll(lane)
        .enter(lane, 1, (4, "sleep(delay)"), on)
        .pend(lane)
}

#[test]
fn a_wait_is_followed_to_its_end() {
    let story = suspended(Story::of_main(), 3, "task2", Some(until(2000)))
        .at(1000)
        .enter(2, 1, (12, "task2"), Some(task(3)))
        .pend(2);
    assert_eq!(
        told(&story, 2, 1204),
        "main is waiting for task2 (204 ms so far), which sleeps until 2.000 s."
    );
    assert_eq!(told(&story, 3, 1204), "task2 sleeps until 2.000 s.");
}

#[test]
fn a_wait_within_a_call_names_the_call() {
    let story = Story::of_main()
        .call(3, "say_after", 9)
        .enter(2, 1, (9, "say_after(1)"), None)
        .start(3, 2, Some(1))
        .enter_in(
            2,
            (Some(1), Some(3)),
            2,
            (3, "sleep(delay)"),
            Some(until(1000)),
        )
        .pend(2);
    assert_eq!(
        told(&story, 2, 500),
        "main is waiting for say_after(1) (500 ms so far), which sleeps until 1.000 s."
    );
    assert_eq!(
        told(&story, 3, 500),
        "say_after() in main sleeps until 1.000 s."
    );
}

#[test]
fn a_ready_task_names_who_holds_the_thread() {
    let story = suspended(Story::of_main(), 3, "worker", Some(until(1120)))
        .spawn(4, "parse")
        .pend(2)
        .at(1120)
        .poll(4)
        .wake(3, Waker::Driver);
    assert_eq!(
        told(&story, 3, 1200),
        "worker has been ready for 80 ms, woken by the timer: parse has held the thread since 1.120 s (demo.rs:4)."
    );
    assert_eq!(
        told(&story, 3, 1120),
        "worker is ready to run, woken by the timer."
    );
}

#[test]
fn a_timer_that_is_overdue_names_who_holds_the_thread() {
    let story = suspended(Story::of_main(), 3, "heart", Some(until(1120)))
        .spawn(4, "parse")
        .pend(2)
        .at(1100)
        .poll(4);
    assert_eq!(told(&story, 3, 1121), "heart sleeps until 1.120 s.");
    assert_eq!(
        told(&story, 3, 1200),
        "heart should have woken at 1.120 s, 80 ms ago: parse has held the thread since 1.100 s (demo.rs:4)."
    );
    let story = story.pend(4).enter(2, 1, (9, "heart"), Some(task(3)));
    assert_eq!(
        told(&story, 2, 1200),
        "main is waiting for heart (100 ms so far), which should have woken at 1.120 s, 80 ms ago."
    );
    let limit = Story::of_main()
        .enter(2, 1, (9, "timeout_at(t, job())"), Some(until(1000)))
        .pend(2);
    assert_eq!(
        told(&limit, 2, 1500),
        "main is waiting for timeout_at(t, job()) (1.5 s so far), which was due at 1.000 s, 500 ms ago."
    );
}

#[test]
fn of_a_wait_that_is_not_recorded_it_is_told_what_is_known() {
    let story = Story::of_main()
        .branch(3, "rx.recv()", BranchOf::Select)
        .poll(3)
        .pend(3)
        .pend(2)
        .spawn(4, "recv")
        .poll(4)
        .at(10)
        .pend(4);
    assert_eq!(told(&story, 3, 80), "rx.recv() has been waiting for 80 ms.");
    assert_eq!(
        told(&story, 4, 80),
        "recv has been waiting for 70 ms (add #[asyncline::trace] to its function, if it is yours, to see what it awaits)."
    );
    let story = story.wake(3, Waker::Driver).poll(3).pend(3);
    assert_eq!(
        told(&story, 3, 80),
        "rx.recv() has been waiting for 70 ms, last woken by the timer."
    );
}

#[test]
fn work_on_a_blocking_thread_holds_nobody_up() {
    let blocking = EventKind::Spawned {
        lane: LaneId(4),
        name: "blocking".into(),
        parent: Some(LaneId(2)),
        kind: TaskKind::Blocking,
        site: None,
    };
    let story = suspended(Story::of_main(), 3, "worker", None)
        .then(blocking)
        .poll(4)
        .pend(2)
        .wake(3, Waker::Driver);
    assert_eq!(
        told(&story, 3, 80),
        "worker has been ready for 80 ms, woken by the timer."
    );
}

#[test]
fn on_several_workers_a_task_is_held_up_once_all_are_busy() {
    let workers = EventKind::RuntimeEntered {
        runtime: LaneId(9),
        flavor: Flavor::MultiThread { workers: 2 },
        io: false,
    };
    let story = Story::of_main().close().then(workers);
    let story = suspended(story, 3, "worker", None).wake(3, Waker::Driver);
    assert_eq!(
        told(&story, 3, 80),
        "worker has been ready for 80 ms, woken by the timer."
    );
    let story = story.spawn(4, "parse").poll(4);
    assert_eq!(
        told(&story, 3, 80),
        "worker has been ready for 80 ms, woken by the timer: every worker is busy, with main and parse."
    );
}

#[test]
fn a_running_task_names_who_woke_it() {
    let story = suspended(Story::of_main(), 3, "task2", None)
        .at(5)
        .wake(3, Waker::Driver)
        .poll(3)
        .pend(3)
        .at(10)
        .wake(3, Waker::Lane(LaneId(2)))
        .poll(3)
        .leave(3, 1);
    assert_eq!(
        told(&story, 3, 10),
        "task2 is running, on from line 4, woken by main."
    );
}

#[test]
fn circles_are_deadlocks() {
    let story = suspended(Story::of_main(), 3, "a", Some(task(4)));
    let story = suspended(story, 4, "b", Some(task(3)))
        .enter(2, 1, (9, "a"), Some(task(3)))
        .pend(2);
    assert_eq!(
        told(&story, 3, 0),
        "a is waiting for b, which is waiting for a: a deadlock, neither can ever go on."
    );
    assert_eq!(
        told(&story, 2, 0),
        "main is waiting for a, which is waiting for b, which is waiting for a: a deadlock, neither can ever go on."
    );
    let alone = suspended(Story::of_main(), 3, "a", Some(task(3)));
    assert_eq!(
        told(&alone, 3, 0),
        "a is waiting for a: a deadlock, it can never go on."
    );
}

/// No program waits like this; a damaged log may say that it does.
#[test]
fn a_lane_that_waits_for_its_own_coroutine_is_told_of_once() {
    let story = Story::of_main()
        .call(3, "nested", 9)
        .start(3, 2, None)
        .enter(2, 1, (9, "nested()"), Some(task(3)))
        .pend(2);
    let told = told(&story, 2, 0);
    assert!(told.contains("a deadlock"), "{told}");
}

#[test]
fn a_long_chain_is_told_by_its_ends() {
    let names: [&str; 100] = std::array::from_fn(|index| &*format!("t{index}").leak());
    let mut story = Story::of_main();
    for (name, lane) in names.iter().zip(3..) {
        story = suspended(story, lane, name, Some(task(lane + 1)));
    }
    let story = suspended(story, 103, "last", Some(until(4000)));
    assert_eq!(
        told(&story, 3, 0),
        "t0 is waiting for t1, which is waiting for t2, which is waiting for t3, and so on through 97 more to last, which sleeps until 4.000 s."
    );
}

#[test]
fn a_join_waits_for_its_open_branches() {
    let branch = |story: Story, lane, name, at| {
        story
            .branch(lane, name, BranchOf::Join)
            .poll(lane)
            .enter(lane, 1, (3, "sleep(delay)"), Some(until(at)))
            .pend(lane)
    };
    let story = Story::of_main().enter(2, 1, (9, "gather!(a(), b())"), None);
    let story = branch(story, 3, "a()", 1000);
    let story = branch(story, 4, "b()", 2000).pend(2);
    assert_eq!(
        told(&story, 2, 500),
        "main is waiting for both its branches (500 ms so far): a() sleeps until 1.000 s; b() sleeps until 2.000 s."
    );
    let story = story
        .at(1000)
        .wake(3, Waker::Driver)
        .wake(2, Waker::Driver)
        .poll(2)
        .poll(3)
        .done(3)
        .pend(2);
    assert_eq!(
        told(&story, 2, 1500),
        "main is waiting for b() (1.5 s so far), which sleeps until 2.000 s."
    );
}

#[test]
fn what_nothing_can_wake_is_said() {
    let story = suspended(Story::of_main(), 3, "lost", None)
        .then(EventKind::Unwakeable { lane: LaneId(3) });
    assert_eq!(
        told(&story, 3, 0),
        "lost is waiting for sleep(delay), and nothing can ever wake it: its last waker was dropped."
    );
}

#[test]
fn a_call_that_nobody_awaits_has_not_run() {
    let story = Story::of_main().call(3, "nested", 9);
    assert_eq!(
        told(&story, 3, 0),
        "nested() was called, but nothing has awaited it: it has not run at all."
    );
    let story = story.end(3, CoroutineEnd::NeverPolled);
    assert_eq!(
        told(&story, 3, 0),
        "nested() was dropped at 0.000 s without ever being awaited: nothing in it ran."
    );
}

#[test]
fn a_branch_is_left_and_its_future_is_not_cancelled() {
    let story = Story::of_main()
        .call(3, "work", 9)
        .branch(4, "&mut work", BranchOf::Select)
        .poll(4)
        .start(3, 4, None)
        .pend(4)
        .pend(2)
        .at(1000)
        .poll(2)
        .cancel(4, Cancel::Left);
    assert_eq!(
        told(&story, 4, 1500),
        "&mut work was left at 1.000 s (another branch was ready first; what it waited for was not cancelled)."
    );
    assert_eq!(
        told(&story, 3, 1500),
        "work() in &mut work has not been polled since 1.000 s, when its branch was left."
    );
    let story = story.branch(5, "handle", BranchOf::Timeout);
    let story = story.poll(5).pend(5).cancel(5, Cancel::Left);
    assert_eq!(
        told(&story, 5, 1500),
        "handle was left at 1.000 s (its timeout elapsed; what it waited for was not cancelled)."
    );
}

#[test]
fn ends_are_told() {
    let story = Story::of_main()
        .spawn(3, "answer")
        .call(9, "answer", 3)
        .poll(3)
        .start(9, 3, None)
        .at(1000)
        .returns(9, "42")
        .done(3)
        .spawn(4, "slow")
        .poll(4)
        .pend(4)
        .cancel(4, Cancel::TimedOut)
        .spawn(5, "boom")
        .poll(5)
        .polled(5, Polled::Panicked)
        .spawn(6, "early")
        .cancel(
            6,
            Cancel::Aborted {
                by: Some(LaneId(2)),
            },
        );
    let told = |lane| told(&story, lane, 5000);
    assert_eq!(told(3), "answer completed at 1.000 s with 42.");
    assert_eq!(told(9), "answer() completed at 1.000 s with 42.");
    assert_eq!(told(4), "slow was cancelled at 1.000 s (timed out).");
    assert_eq!(told(5), "boom panicked at 1.000 s.");
    assert_eq!(
        told(6),
        "early was cancelled at 1.000 s, before it ever ran (aborted by main)."
    );
    assert_eq!(told(77), "Nothing is known of it yet.");
}
