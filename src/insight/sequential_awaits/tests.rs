use super::*;
use crate::event::{BranchOf, Cancel, CoroutineEnd, EventKind, TaskKind, Timestamp, Waker};
use crate::insight::FindingKind;
use crate::insight::story::{Story, ms, site};

const SECOND: u64 = 1_000_000_000;

fn only(story: &Story) -> Finding {
    let mut found = find(&story.timeline());
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn two_awaits_end_to_end_would_take_as_long_as_the_longer() {
    let story = Story::of_main()
        .await_call(1, 9, "say_after(1)", 1000)
        .await_call(2, 10, "say_after(2)", 3000)
        .done(2)
        .close();
    let found = only(&story);
    assert_eq!(found.kind, FindingKind::SEQUENTIAL_AWAITS);
    assert_eq!((found.costs_ns, found.saves_ns), (3 * SECOND, SECOND));
    assert_eq!((found.lane, found.at), (LaneId(2), Timestamp::ZERO));
    assert_eq!(found.site, Some(site(9)));
    let end = "together 2 s, if the second does not need the first's result";
    assert!(found.text.ends_with(end), "{}", found.text);
    assert!(
        found.advice.contains("gather!(say_after(1), say_after(2))"),
        "{}",
        found.advice
    );
}

#[test]
fn one_await_alone_is_no_finding() {
    let story = Story::of_main()
        .await_call(1, 9, "say_after(1)", 1000)
        .done(2);
    assert!(find(&story.timeline()).is_empty());
}

#[test]
fn a_call_that_was_cancelled_says_nothing_about_its_time() {
    let story = Story::of_main()
        .call(11, "say_after", 9)
        .enter(2, 1, (9, "say_after(1)"), None)
        .start(11, 2, Some(1))
        .sleep(1000)
        .end(
            11,
            CoroutineEnd::Cancelled {
                why: Cancel::TimedOut,
            },
        )
        .leave(2, 1)
        .await_call(2, 10, "say_after(2)", 3000)
        .done(2);
    assert!(find(&story.timeline()).is_empty());
}

#[test]
fn another_wait_between_them_parts_them() {
    let story = Story::of_main()
        .await_call(1, 9, "say_after(1)", 1000)
        .enter(2, 7, (10, "rx.recv()"), None)
        .sleep(1500)
        .leave(2, 7)
        .await_call(2, 11, "say_after(2)", 3000)
        .done(2);
    assert!(find(&story.timeline()).is_empty());
    // A wait that no await tells of parts them too.
    let story = Story::of_main()
        .await_call(1, 9, "say_after(1)", 1000)
        .sleep(1500)
        .await_call(2, 11, "say_after(2)", 3000)
        .done(2);
    assert!(find(&story.timeline()).is_empty());
}

#[test]
fn waits_for_tasks_are_concurrent_already() {
    let on = |task| Some(Awaited::Task(LaneId(task)));
    let story = Story::of_main()
        .spawn(3, "task1")
        .spawn(4, "task2")
        .enter(2, 1, (9, "task1"), on(3))
        .pend(2)
        .at(1000)
        .wake(2, Waker::Lane(LaneId(3)))
        .poll(2)
        .leave(2, 1)
        .enter(2, 2, (10, "task2"), on(4))
        .pend(2)
        .at(2000)
        .wake(2, Waker::Lane(LaneId(4)))
        .poll(2)
        .leave(2, 2)
        .done(2);
    assert!(find(&story.timeline()).is_empty());
}

/// `main` awaits a call that is woken by an older task.
fn receive(story: Story, frame: u32, until: u64) -> Story {
    let coroutine = 20 + u64::from(frame);
    story
        .call(coroutine, "receive", 9)
        .enter(2, frame, (9, "receive()"), None)
        .start(coroutine, 2, Some(frame))
        .pend(2)
        .at(until)
        .wake(2, Waker::Lane(LaneId(3)))
        .poll(2)
        .returns(coroutine, "1")
        .leave(2, frame)
}

#[test]
fn waits_that_another_task_ends_are_not_added_up() {
    let story = receive(Story::of_main().spawn(3, "producer"), 1, 1000);
    let story = receive(story, 2, 2000).done(2);
    assert!(find(&story.timeline()).is_empty());
}

/// Five turns of a loop.
fn turns() -> Story {
    let mut story = Story::of_main();
    for frame in 1..=5 {
        story = story.await_call(frame, 9, "say_after(n)", u64::from(frame) * 1000);
    }
    story.done(2)
}

/// The awaits with this text are known to have that order.
fn ordered(mut story: Story, with: &str, order: Awaited) -> Story {
    for event in &mut story.events {
        if let EventKind::AwaitEntered { on, text, .. } = &mut event.kind
            && *text == with
        {
            *on = Some(order);
        }
    }
    story
}

#[test]
fn a_loop_is_one_finding() {
    let found = only(&ordered(turns(), "say_after(n)", Awaited::EachTurn));
    assert_eq!((found.costs_ns, found.saves_ns), (5 * SECOND, 4 * SECOND));
    assert!(
        found.text.contains("5 calls one after another on line 9"),
        "{}",
        found.text
    );
    assert!(
        found
            .text
            .ends_with("if none needs an earlier one's result"),
        "{}",
        found.text
    );
}

#[test]
fn turns_that_may_need_each_other_are_not_advised() {
    assert_eq!(find(&turns().timeline()), []);
}

#[test]
fn an_await_before_a_loop_is_no_part_of_it() {
    let story = Story::of_main()
        .await_call(1, 9, "a()", 1000)
        .await_call(2, 10, "b()", 2000)
        .done(2);
    assert_eq!(find(&story.timeline()).len(), 1);
    let story = ordered(story, "b()", Awaited::EachTurn);
    assert_eq!(find(&story.timeline()), []);
}

/// `main` awaits two calls, the second of which may need the first.
#[test]
fn what_keeps_its_turn_is_not_advised() {
    let story = Story::of_main()
        .await_call(1, 9, "s.next()", 1000)
        .await_call(2, 10, "store(x)", 3000)
        .done(2);
    let story = ordered(story, "store(x)", Awaited::InOrder);
    assert_eq!(find(&story.timeline()), []);
}

/// Two calls one after another in a lane of its own.
fn pair_in(story: Story, lane: u64) -> Story {
    [(1, 9, 1000), (2, 10, 3000)]
        .into_iter()
        .fold(story.poll(lane), |story, (frame, line, until)| {
            let coroutine = lane * 10 + u64::from(frame);
            story
                .call(coroutine, "say_after", line)
                .enter(lane, frame, (line, "say_after()"), None)
                .start(coroutine, lane, Some(frame))
                .pend(lane)
                .at(until)
                .wake(lane, Waker::Driver)
                .poll(lane)
                .returns(coroutine, "()")
                .leave(lane, frame)
        })
        .done(lane)
        .at(0)
}

#[test]
fn branches_of_one_task_are_one_task() {
    let story = (3..9).fold(Story::of_main(), |story, lane| {
        pair_in(story.branch(lane, "pair()", BranchOf::Join), lane)
    });
    let text = only(&in_time(story)).text;
    assert!(text.contains(" (in 6 branches; "), "{text}");
    let story = (3..9).fold(Story::of_main(), |story, lane| {
        pair_in(story.spawn(lane, "pair"), lane)
    });
    let text = only(&in_time(story)).text;
    assert!(text.contains(" (in 6 tasks; "), "{text}");
}

/// The same events in the order of their times.
fn in_time(mut story: Story) -> Story {
    story.events.sort_by_key(|event| event.at);
    story
}

#[test]
fn a_pair_gone_through_three_times_is_one_finding() {
    let mut story = Story::of_main();
    for round in 0..3 {
        let start = u64::from(round) * 3500;
        story = story
            .await_call(round * 2 + 1, 9, "say_after(1)", start + 1000)
            .await_call(round * 2 + 2, 10, "say_after(2)", start + 3000)
            .sleep(start + 3500);
    }
    let found = only(&story.done(2));
    assert_eq!((found.costs_ns, found.saves_ns), (9 * SECOND, 3 * SECOND));
    assert!(found.text.contains(", 3 times"), "{}", found.text);
}

#[test]
fn running_does_not_overlap() {
    // Each call waits 100 ms and runs 900 ms: together they still run 1.8 s.
    let mut story = Story::of_main();
    for (frame, start) in [(1, 0), (2, 1000)] {
        let coroutine = 10 + u64::from(frame);
        story = story
            .call(coroutine, "work", 9)
            .enter(2, frame, (8 + frame, "work()"), None)
            .start(coroutine, 2, Some(frame))
            .sleep(start + 100)
            .at(start + 1000)
            .returns(coroutine, "()")
            .leave(2, frame);
    }
    let found = only(&story.done(2));
    assert_eq!((found.costs_ns, found.saves_ns), (2 * SECOND, SECOND / 5));
}

#[test]
fn time_is_split_by_state_at_the_edges_too() {
    let timeline = Story::of_main().sleep(100).at(150).pend(2).timeline();
    let lane = timeline.lane(LaneId(2)).expect("main is there");
    assert_eq!(lane.kind, LaneKind::Task(TaskKind::Root));
    assert_eq!(
        Past::of(lane).time_in(ms(40), ms(120)),
        (20_000_000, 60_000_000)
    );
    assert_eq!(Past::of(lane).time_in(ms(100), ms(100)), (0, 0));
    assert!(Past::of(lane).runs_between(ms(100), ms(150)));
    assert!(!Past::of(lane).runs_between(ms(99), ms(150)));
}
