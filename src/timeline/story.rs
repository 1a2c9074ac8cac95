//! Programs' runs told by hand, as lists of events, for tests.

use super::Timeline;
use crate::event::{
    Awaited, BranchOf, Cancel, CoroutineEnd, Event, EventKind, Flavor, FrameId, LaneId, Polled,
    TaskKind, Text, ThreadId, Timestamp, Waker,
};

/// Nanoseconds in a millisecond.
pub const MILLI: u64 = 1_000_000;

/// A run, told event by event.
#[derive(Clone, Debug, Default)]
pub struct Story {
    now: u64,
    pub events: Vec<Event>,
}

impl Story {
    /// A story in which `main`, lane 1, is spawned at its beginning.
    pub fn of_main() -> Self {
        Self::default().spawn(1, "main", None)
    }

    /// What is told from now on happens at this time, in milliseconds.
    pub fn at(mut self, millis: u64) -> Self {
        self.now = millis * MILLI;
        self
    }

    /// The same, in nanoseconds.
    pub fn at_nanos(mut self, nanos: u64) -> Self {
        self.now = nanos;
        self
    }

    pub fn say(mut self, kind: EventKind) -> Self {
        let at = Timestamp(self.now);
        let thread = ThreadId(0);
        self.events.push(Event { at, thread, kind });
        self
    }

    pub fn runtime(self, runtime: u64) -> Self {
        self.say(EventKind::RuntimeEntered {
            runtime: LaneId(runtime),
            flavor: Flavor::CurrentThread,
            io: false,
        })
    }

    pub fn spawn(self, lane: u64, name: &'static str, parent: Option<u64>) -> Self {
        let kind = if parent.is_none() {
            TaskKind::Root
        } else {
            TaskKind::Task
        };
        self.say(EventKind::Spawned {
            lane: LaneId(lane),
            name: name.into(),
            parent: parent.map(LaneId),
            kind,
            site: None,
        })
    }

    pub fn branch(self, lane: u64, name: &'static str, parent: u64, of: BranchOf) -> Self {
        self.say(EventKind::BranchStarted {
            lane: LaneId(lane),
            name: name.into(),
            parent: LaneId(parent),
            of,
            site: None,
        })
    }

    pub fn poll(self, lane: u64) -> Self {
        self.say(EventKind::PollStarted { lane: LaneId(lane) })
    }

    fn polled(self, lane: u64, result: Polled) -> Self {
        let lane = LaneId(lane);
        self.say(EventKind::PollEnded { lane, result })
    }

    pub fn waits(self, lane: u64) -> Self {
        self.polled(lane, Polled::Pending)
    }

    pub fn done(self, lane: u64) -> Self {
        self.polled(lane, Polled::Completed)
    }

    pub fn panics(self, lane: u64) -> Self {
        self.polled(lane, Polled::Panicked)
    }

    pub fn wake(self, lane: u64, by: Waker) -> Self {
        let lane = LaneId(lane);
        self.say(EventKind::Woken { lane, by })
    }

    pub fn unwakeable(self, lane: u64) -> Self {
        self.say(EventKind::Unwakeable { lane: LaneId(lane) })
    }

    pub fn cancel(self, lane: u64, why: Cancel) -> Self {
        let lane = LaneId(lane);
        self.say(EventKind::Cancelled { lane, why })
    }

    pub fn enter(
        self,
        lane: u64,
        frame: u32,
        text: &'static str,
        on: impl Into<Option<Awaited>>,
    ) -> Self {
        self.enter_within(lane, frame, None, text, on)
    }

    pub fn enter_within(
        self,
        lane: u64,
        frame: u32,
        parent: Option<u32>,
        text: &'static str,
        on: impl Into<Option<Awaited>>,
    ) -> Self {
        self.say(EventKind::AwaitEntered {
            lane: LaneId(lane),
            frame: FrameId(frame),
            parent: parent.map(FrameId),
            coroutine: None,
            site: None,
            text: text.into(),
            on: on.into(),
        })
    }

    pub fn leave(self, lane: u64, frame: u32) -> Self {
        let (lane, frame) = (LaneId(lane), FrameId(frame));
        self.say(EventKind::AwaitLeft { lane, frame })
    }

    pub fn call(self, lane: u64, name: &'static str, parent: u64) -> Self {
        self.say(EventKind::CoroutineCreated {
            lane: LaneId(lane),
            name: name.into(),
            parent: Some(LaneId(parent)),
            site: None,
        })
    }

    pub fn begin(self, lane: u64, host: u64, frame: Option<u32>) -> Self {
        self.say(EventKind::CoroutineStarted {
            lane: LaneId(lane),
            host: Some(LaneId(host)),
            frame: frame.map(FrameId),
        })
    }

    pub fn end(self, lane: u64, end: CoroutineEnd) -> Self {
        let lane = LaneId(lane);
        self.say(EventKind::CoroutineEnded { lane, end })
    }

    pub fn returns(self, lane: u64, value: &'static str) -> Self {
        let value = Some(Text::from(value));
        self.end(lane, CoroutineEnd::Returned { value })
    }

    pub fn lose(self, count: u64) -> Self {
        self.say(EventKind::Lost { count })
    }

    pub fn timeline(&self) -> Timeline {
        self.events.iter().collect()
    }
}

pub fn until(millis: u64) -> Awaited {
    Awaited::Until(Timestamp(millis * MILLI))
}

pub fn task(lane: u64) -> Awaited {
    Awaited::Task(LaneId(lane))
}

pub fn by(lane: u64) -> Waker {
    Waker::Lane(LaneId(lane))
}

/// `say_after` as two tasks: `main` spawns task1 and task2 and awaits one after the other. In virtual time, so that no
/// poll takes any.
pub fn two_tasks() -> Story {
    let sleeps = |story: Story, task: u64, coroutine: u64, until: Awaited| {
        story
            .poll(task)
            .begin(coroutine, task, None)
            .enter(task, 1, "sleep(secs(delay))", until)
            .waits(task)
    };
    let story = Story::of_main()
        .poll(1)
        .call(2, "say_after", 1)
        .spawn(3, "task1", Some(1))
        .call(4, "say_after", 1)
        .spawn(5, "task2", Some(1))
        .enter(1, 1, "task1", task(3))
        .waits(1);
    let story = sleeps(story, 3, 2, until(1000));
    let story = sleeps(story, 5, 4, until(2000))
        .at(1000)
        .wake(3, Waker::Driver);
    let story = story.poll(3).leave(3, 1).returns(2, "\"hello\"").done(3);
    let story = story
        .wake(1, by(3))
        .poll(1)
        .leave(1, 1)
        .enter(1, 2, "task2", task(5));
    let story = story.waits(1).at(2000).wake(5, Waker::Driver);
    let story = story.poll(5).leave(5, 1).returns(4, "\"world\"").done(5);
    story.wake(1, by(5)).poll(1).leave(1, 2).done(1)
}

/// `main` runs two branches by `join!`, both of which sleep; the first one's task is blocked for a while by a third.
pub fn branches() -> Story {
    let story = Story::of_main()
        .poll(1)
        .enter(1, 1, "join!", None)
        .branch(2, "say_after(1, \"hello\")", 1, BranchOf::Join)
        .branch(3, "say_after(2, \"world\")", 1, BranchOf::Join);
    let story = story.poll(2).enter(2, 1, "sleep", until(1000)).waits(2);
    let story = story
        .poll(3)
        .enter(3, 1, "sleep", until(2000))
        .waits(3)
        .waits(1);
    let story = story
        .at(1000)
        .wake(2, Waker::Driver)
        .wake(1, by(2))
        .at(1200);
    let story = story.poll(1).poll(2).at(1500).leave(2, 1).done(2).waits(1);
    let story = story.at(2000).wake(3, Waker::Driver).wake(1, by(3)).poll(1);
    story.poll(3).leave(3, 1).done(3).leave(1, 1).done(1)
}

/// Every kind of end that is not a good one, and a task that nothing can wake.
pub fn endings() -> Story {
    let story = Story::of_main()
        .poll(1)
        .call(2, "nested", 1)
        .spawn(3, "slow", Some(1))
        .spawn(4, "broken", Some(1))
        .spawn(5, "forgotten", Some(1))
        .enter(1, 1, "timeout(1 s, job())", None)
        .branch(6, "job()", 1, BranchOf::Timeout)
        .poll(6)
        .enter(6, 1, "rx.recv()", None)
        .waits(6)
        .waits(1);
    let story = story.poll(3).enter(3, 1, "sleep", until(5000)).waits(3);
    let story = story.poll(4).enter(4, 1, "sleep", until(700)).waits(4);
    let story = story
        .poll(5)
        .enter(5, 1, "lock.lock()", None)
        .waits(5)
        .unwakeable(5);
    let story = story.at(700).wake(4, Waker::Driver).poll(4).panics(4);
    let story = story
        .at(1000)
        .wake(1, Waker::Driver)
        .poll(1)
        .cancel(6, Cancel::TimedOut);
    let aborted = Cancel::Aborted {
        by: Some(LaneId(1)),
    };
    let story = story.cancel(3, aborted).end(2, CoroutineEnd::NeverPolled);
    story
        .leave(1, 1)
        .enter(1, 2, "sleep", until(1500))
        .waits(1)
        .at(1500)
        .wake(1, Waker::Driver)
        .poll(1)
        .done(1)
}

/// `main` polls a coroutine by reference in two branches, the first of which is left.
pub fn borrowed() -> Story {
    let branch = |story: Story, branch: u64, name: &'static str| {
        story
            .poll(1)
            .branch(branch, name, 1, BranchOf::Select)
            .poll(branch)
            .begin(2, branch, None)
            .enter(branch, 1, "sleep", until(2000))
            .waits(branch)
            .waits(1)
    };
    let story = Story::of_main().poll(1).call(2, "work", 1).waits(1);
    let story = story.at(500).wake(1, Waker::Driver);
    let story = branch(story, 3, "&mut work").at(1000);
    let story = story
        .wake(1, Waker::Driver)
        .poll(1)
        .cancel(3, Cancel::Left)
        .waits(1)
        .at(1500)
        .wake(1, Waker::Driver);
    let story = branch(story, 4, "work.as_mut()").at(2000);
    let story = story.wake(4, Waker::Driver).wake(1, by(4)).poll(1).poll(4);
    story.leave(4, 1).returns(2, "7").done(4).done(1)
}

/// A task in the midst of which events were lost, on the real clock.
pub fn gap() -> Story {
    let story = Story::of_main()
        .poll(1)
        .at(200)
        .enter(1, 1, "read(file)", None)
        .waits(1);
    let story = story
        .at(600)
        .wake(1, Waker::Thread)
        .at(700)
        .poll(1)
        .at(900)
        .lose(12);
    let story = story
        .at(1100)
        .poll(1)
        .at(1250)
        .waits(1)
        .at(1500)
        .wake(1, Waker::Driver);
    story.poll(1).at(1600).leave(1, 1).done(1)
}

/// Names that take two columns for a character, and one that is joined from several.
pub fn wide_names() -> Story {
    let story = Story::of_main()
        .poll(1)
        .call(9, "느린_작업", 1)
        .spawn(2, "느린 작업", Some(1))
        .spawn(3, "日本語の仕事", Some(1));
    let story = story
        .spawn(4, "👩\u{200d}👩\u{200d}👧 family", Some(1))
        .enter(1, 1, "느린 작업", task(2))
        .waits(1);
    let story = story
        .poll(2)
        .begin(9, 2, None)
        .enter(2, 1, "채널.받기()", None)
        .waits(2)
        .poll(3)
        .waits(3)
        .poll(4)
        .waits(4);
    let story = story.at(1000).wake(2, Waker::Driver).poll(2).leave(2, 1);
    let story = story
        .returns(9, "\"안녕하세요\"")
        .done(2)
        .wake(3, by(2))
        .poll(3)
        .panics(3);
    story
        .wake(1, by(2))
        .poll(1)
        .done(1)
        .at(1200)
        .wake(4, Waker::Itself)
        .poll(4)
        .done(4)
}

/// Thousands of short polls: for a second one in ten of the time, for another one half of it.
pub fn busy() -> Story {
    let mut story = Story::of_main();
    for poll in 0..2000_u64 {
        let took = if poll < 1000 { 100_000 } else { 500_000 };
        story = story
            .at(poll)
            .poll(1)
            .at_nanos(poll * MILLI + took)
            .waits(1);
        story = story.at(poll + 1).wake(1, Waker::Driver);
    }
    story.poll(1).done(1)
}
