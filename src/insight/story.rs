//! Small programs for the tests, told event by event.

use crate::event::{
    Awaited, BranchOf, Cancel, CoroutineEnd, Event, EventKind, Flavor, FrameId, LaneId, Polled,
    Site, TaskKind, Text, ThreadId, Timestamp, Waker,
};
use crate::timeline::Timeline;

/// Events in the making. Times are in milliseconds, lanes and awaits are named by their numbers.
#[derive(Default)]
pub(super) struct Story {
    pub(super) events: Vec<Event>,
    at: Timestamp,
}

pub(super) fn site(line: u32) -> Site {
    Site {
        file: "src/demo.rs".into(),
        line,
        column: 5,
    }
}

pub(super) fn ms(at: u64) -> Timestamp {
    Timestamp(at * 1_000_000)
}

impl Story {
    /// A current-thread runtime without I/O, lane 1, and its root task `main`, lane 2, in its first poll.
    pub(super) fn of_main() -> Self {
        let runtime = EventKind::RuntimeEntered {
            runtime: LaneId(1),
            flavor: Flavor::CurrentThread,
            io: false,
        };
        let root = EventKind::Spawned {
            lane: LaneId(2),
            name: "main".into(),
            parent: None,
            kind: TaskKind::Root,
            site: Some(site(1)),
        };
        Self::default().then(runtime).then(root).poll(2)
    }

    pub(super) fn then(mut self, kind: EventKind) -> Self {
        self.events.push(Event {
            at: self.at,
            thread: ThreadId(0),
            kind,
        });
        self
    }

    pub(super) fn at(mut self, at: u64) -> Self {
        self.at = ms(at);
        self
    }

    pub(super) fn timeline(&self) -> Timeline {
        self.events.iter().collect()
    }

    pub(super) fn close(self) -> Self {
        self.then(EventKind::RuntimeLeft { runtime: LaneId(1) })
    }

    pub(super) fn spawn(self, lane: u64, name: &'static str) -> Self {
        self.then(EventKind::Spawned {
            lane: LaneId(lane),
            name: name.into(),
            parent: Some(LaneId(2)),
            kind: TaskKind::Task,
            site: Some(site(lane as u32)),
        })
    }

    pub(super) fn branch(self, lane: u64, name: &'static str, of: BranchOf) -> Self {
        self.then(EventKind::BranchStarted {
            lane: LaneId(lane),
            name: name.into(),
            parent: LaneId(2),
            of,
            site: None,
        })
    }

    pub(super) fn poll(self, lane: u64) -> Self {
        self.then(EventKind::PollStarted { lane: LaneId(lane) })
    }

    pub(super) fn polled(self, lane: u64, result: Polled) -> Self {
        self.then(EventKind::PollEnded {
            lane: LaneId(lane),
            result,
        })
    }

    pub(super) fn pend(self, lane: u64) -> Self {
        self.polled(lane, Polled::Pending)
    }

    pub(super) fn done(self, lane: u64) -> Self {
        self.polled(lane, Polled::Completed)
    }

    pub(super) fn wake(self, lane: u64, by: Waker) -> Self {
        self.then(EventKind::Woken {
            lane: LaneId(lane),
            by,
        })
    }

    pub(super) fn cancel(self, lane: u64, why: Cancel) -> Self {
        self.then(EventKind::Cancelled {
            lane: LaneId(lane),
            why,
        })
    }

    /// A call in `main` of an async function.
    pub(super) fn call(self, lane: u64, name: &'static str, number: u32) -> Self {
        self.then(EventKind::CoroutineCreated {
            lane: LaneId(lane),
            name: name.into(),
            parent: Some(LaneId(2)),
            site: Some(site(number)),
        })
    }

    pub(super) fn start(self, coroutine: u64, host: u64, frame: Option<u32>) -> Self {
        self.then(EventKind::CoroutineStarted {
            lane: LaneId(coroutine),
            host: Some(LaneId(host)),
            frame: frame.map(FrameId),
        })
    }

    pub(super) fn end(self, coroutine: u64, end: CoroutineEnd) -> Self {
        self.then(EventKind::CoroutineEnded {
            lane: LaneId(coroutine),
            end,
        })
    }

    pub(super) fn returns(self, coroutine: u64, value: &'static str) -> Self {
        let value = Some(Text::from(value));
        self.end(coroutine, CoroutineEnd::Returned { value })
    }

    /// An await within another await of the same lane.
    pub(super) fn enter_in(
        self,
        lane: u64,
        (parent, coroutine): (Option<u32>, Option<u64>),
        frame: u32,
        (number, text): (u32, &'static str),
        on: Option<Awaited>,
    ) -> Self {
        self.then(EventKind::AwaitEntered {
            lane: LaneId(lane),
            frame: FrameId(frame),
            parent: parent.map(FrameId),
            coroutine: coroutine.map(LaneId),
            site: Some(site(number)),
            text: text.into(),
            on,
        })
    }

    pub(super) fn enter(
        self,
        lane: u64,
        frame: u32,
        at: (u32, &'static str),
        on: Option<Awaited>,
    ) -> Self {
        self.enter_in(lane, (None, None), frame, at, on)
    }

    pub(super) fn leave(self, lane: u64, frame: u32) -> Self {
        self.then(EventKind::AwaitLeft {
            lane: LaneId(lane),
            frame: FrameId(frame),
        })
    }

    /// `main` is suspended in a timer until `until`, which wakes it then.
    pub(super) fn sleep(self, until: u64) -> Self {
        self.pend(2).at(until).wake(2, Waker::Driver).poll(2)
    }

    /// `main` awaits on `line` a call that sleeps until `until`. It is lane `10 + frame`.
    pub(super) fn await_call(self, frame: u32, line: u32, text: &'static str, until: u64) -> Self {
        let coroutine = 10 + u64::from(frame);
        let on = Some(Awaited::Until(ms(until)));
        self.call(coroutine, "say_after", line)
            .enter(2, frame, (line, text), None)
            .start(coroutine, 2, Some(frame))
            .enter_in(
                2,
                (Some(frame), Some(coroutine)),
                100 + frame,
                (3, "sleep(delay)"),
                on,
            )
            .sleep(until)
            .leave(2, 100 + frame)
            .returns(coroutine, "()")
            .leave(2, frame)
    }
}
