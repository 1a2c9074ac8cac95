use super::*;
use crate::event::{BranchOf, Event, EventKind, Polled, Waker};
use crate::insight::story::{Story, ms};

fn found(story: &Story) -> Vec<Finding> {
    find(&story.timeline())
}

/// A task that sleeps until `until`, from line 4 on.
fn sleeper(story: Story, lane: u64, name: &'static str, until: u64) -> Story {
    story
        .spawn(lane, name)
        .poll(lane)
        .enter(
            lane,
            1,
            (4, "sleep(delay)"),
            Some(Awaited::Until(ms(until))),
        )
        .pend(lane)
}

/// `parse` holds the thread from 100 to 300 ms; `heart` and `lungs` are woken meanwhile.
fn held_up() -> Story {
    let story = sleeper(Story::of_main(), 3, "parse", 100);
    let story = sleeper(story, 4, "heart", 150);
    sleeper(story, 5, "lungs", 200)
        .pend(2)
        .at(100)
        .wake(3, Waker::Driver)
        .poll(3)
        .leave(3, 1)
        .at(150)
        .wake(4, Waker::Driver)
        .at(200)
        .wake(5, Waker::Driver)
        .at(300)
        .done(3)
        .poll(4)
        .pend(4)
        .poll(5)
        .pend(5)
}

#[test]
fn a_poll_that_holds_others_up_is_found() {
    let found = found(&held_up());
    let [finding] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(
        finding.text,
        "parse held its thread for 200 ms in one poll, after demo.rs:4, while 2 other tasks were due"
    );
    assert_eq!((finding.lane, finding.at), (LaneId(3), ms(100)));
    assert_eq!(finding.site.as_ref().map(|site| site.line), Some(4));
    assert_eq!(finding.costs_ns, 200_000_000);
    assert_eq!(finding.saves_ns, 150_000_000);
}

/// While nobody looks at the clock, nobody is woken: those that sleep are held up all the same.
#[test]
fn who_is_asleep_beyond_its_time_is_held_up() {
    let story = sleeper(Story::of_main(), 3, "parse", 100);
    let story = sleeper(story, 4, "heart", 150);
    let story = sleeper(story, 5, "lungs", 320)
        .pend(2)
        .at(100)
        .wake(3, Waker::Driver)
        .poll(3)
        .leave(3, 1)
        .at(300)
        .done(3)
        .wake(4, Waker::Driver)
        .poll(4)
        .pend(4)
        .at(320)
        .wake(5, Waker::Driver)
        .poll(5);
    let found = found(&story);
    let [finding] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert!(
        finding.text.ends_with("while 1 other task was due"),
        "{}",
        finding.text
    );
    assert_eq!(finding.saves_ns, 150_000_000);
}

#[test]
fn the_same_place_is_found_once() {
    let again = held_up()
        .at(400)
        .spawn(6, "parse again")
        .poll(6)
        .enter(6, 1, (4, "sleep(delay)"), None)
        .pend(6)
        .at(500)
        .wake(6, Waker::Driver)
        .poll(6)
        .wake(4, Waker::Driver)
        .at(600)
        .done(6)
        .poll(4);
    let found = found(&again);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].text.ends_with("; 2 such polls took 300 ms"),
        "{}",
        found[0].text
    );
    assert_eq!(found[0].saves_ns, 250_000_000);
}

#[test]
fn a_thread_that_is_held_now_is_found_before_it_is_let_go() {
    let story = sleeper(Story::of_main(), 3, "heart", 100)
        .at(100)
        .wake(3, Waker::Driver)
        .at(400)
        .then(EventKind::ThreadNamed { name: "".into() });
    assert_eq!(
        found(&story)[0].text,
        "main held its thread for 400 ms in one poll so far, after demo.rs:3, while 1 other task was due"
    );
}

/// The poll of `parse` tells how its thread spent its time, in milliseconds.
fn spent(running: u64, stalled: u64) -> Story {
    let mut story = held_up();
    let is_end = |event: &Event| matches!(event.kind, EventKind::PollEnded { lane, result: Polled::Completed } if lane == LaneId(3));
    let end = story.events.iter().position(is_end).expect("it ends");
    let at = story.events[end].at;
    let kind = EventKind::PollSpent {
        lane: LaneId(3),
        since: Some(0),
        running: running * 1_000_000,
        stalled: stalled * 1_000_000,
    };
    let thread = ThreadId(0);
    story.events.insert(end + 1, Event { at, thread, kind });
    story
}

#[test]
fn a_thread_without_a_processor_is_not_held() {
    assert_eq!(found(&spent(15, 185)), []);
    let text = |story: &Story| found(story)[0].text.clone();
    assert_eq!(
        text(&spent(150, 50)),
        "parse held its thread for 150 ms in one poll (on the processor), after demo.rs:4, while 2 other tasks were due"
    );
    assert_eq!(
        text(&spent(3, 50)),
        "parse held its thread for 150 ms in one poll (147 ms blocked, at most 3 ms on the processor), after \
         demo.rs:4, while 2 other tasks were due"
    );
    let found = found(&spent(150, 50));
    assert_eq!(
        (found[0].costs_ns, found[0].saves_ns),
        (150_000_000, 100_000_000)
    );
}

/// `main` is polled from 0 to 400 ms, and `heart` should have woken at 100 ms.
fn placed(poll: impl FnOnce(Story) -> Story) -> (String, Option<u32>) {
    let story = sleeper(Story::of_main(), 3, "heart", 100).pend(2).at(10);
    let story = poll(story.wake(2, Waker::Driver).poll(2)).at(400).pend(2);
    let found = found(&story.wake(3, Waker::Driver).poll(3));
    let [finding] = found.as_slice() else {
        panic!("{found:?}")
    };
    let text = finding.text.split(", ").nth(1).unwrap_or_default();
    (text.into(), finding.site.as_ref().map(|site| site.line))
}

#[test]
fn the_lines_between_which_the_time_went_are_named() {
    let told = |text: &str, line| (text.to_owned(), Some(line));
    let call = |story: Story, at, frame, line| story.at(at).enter(2, frame, (line, "call()"), None);
    // The blocking call stands between two awaits.
    let found = placed(|story| {
        let story = call(story, 11, 1, 12).at(12).leave(2, 1);
        call(story, 390, 2, 15)
    });
    assert_eq!(found, told("between demo.rs:12 and line 15", 12));
    // It stands behind the last of them.
    let found = placed(|story| call(story, 11, 1, 12).at(30).leave(2, 1));
    assert_eq!(found, told("after demo.rs:12", 12));
    // It stands within what is awaited.
    let found = placed(|story| call(story, 11, 1, 12).at(390).leave(2, 1));
    assert_eq!(found, told("in the await at demo.rs:12", 12));
    // It stands in a function that was called, after an await there.
    let found = placed(|story| {
        let story = call(story, 11, 1, 12).start(9, 2, Some(1));
        let story = story.enter_in(2, (Some(1), Some(9)), 2, (3, "inner()"), None);
        story.at(20).leave(2, 2).at(390).leave(2, 1)
    });
    assert_eq!(found, told("after demo.rs:3", 3));
    // It stands between a call and where that is awaited.
    let found = placed(|story| call(story.at(12).call(9, "nested", 30), 390, 1, 33));
    assert_eq!(found, told("between demo.rs:30 and line 33", 30));
    // It stands before the first await.
    let found = placed(|story| call(story, 390, 1, 7));
    assert_eq!(found, told("before demo.rs:7", 7));
    let found = placed(|story| story);
    assert_eq!(found, told("after its start (spawned at demo.rs:1)", 1));
    // It stands in a branch.
    let found = placed(|story| {
        let story = call(story, 11, 1, 12);
        let story = story.branch(8, "branch()", BranchOf::Join).poll(8);
        let story = story.enter(8, 1, (44, "call()"), None).at(13).leave(8, 1);
        story.at(395).pend(8)
    });
    assert_eq!(found, told("after demo.rs:44", 44));
}

#[test]
fn a_poll_that_does_not_end_hangs_though_no_other_task_is_due() {
    let until = |at| found(&Story::of_main().at(at).then(EventKind::Alive));
    assert_eq!(until(999), []);
    let found = until(3500);
    let [finding] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(
        finding.text,
        "main held its thread for 3.5 s in one poll so far, after its start (spawned at demo.rs:1)"
    );
    assert_eq!((finding.lane, finding.at), (LaneId(2), ms(0)));
    assert_eq!(finding.costs_ns, 3_500_000_000);
}

#[test]
fn nothing_is_found_where_nobody_was_held_up() {
    let alone = Story::of_main().at(500).done(2);
    assert_eq!(found(&alone), []);
    let short = sleeper(Story::of_main(), 3, "heart", 100)
        .pend(2)
        .at(100)
        .wake(2, Waker::Driver)
        .poll(2)
        .wake(3, Waker::Driver)
        .at(119)
        .polled(2, Polled::Completed)
        .poll(3);
    assert_eq!(found(&short), []);
}

#[test]
fn another_thread_holds_nobody_up_here() {
    let mut story = held_up();
    for event in &mut story.events {
        let is_parse = matches!(event.kind, EventKind::PollStarted { lane } | EventKind::PollEnded { lane, .. } if lane == LaneId(3));
        event.thread = ThreadId(u32::from(is_parse));
    }
    assert_eq!(found(&story), []);
}

#[test]
fn what_may_block_is_not_blamed() {
    let mut story = held_up();
    for event in &mut story.events {
        if let EventKind::Spawned { lane, kind, .. } = &mut event.kind
            && *lane == LaneId(3)
        {
            *kind = TaskKind::Blocking;
        }
    }
    assert_eq!(found(&story), []);
}
