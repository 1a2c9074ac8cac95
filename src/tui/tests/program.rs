//! Events of a made-up program.

use crate::event::{
    CoroutineEnd, Event, EventKind, LaneId, Polled, TaskKind, ThreadId, Timestamp, Waker,
};

/// A program: `main` is polled at its start and rarely after that, some tasks all the time, and some start and end.
pub(super) fn program(seed: u64, most: usize) -> Vec<Event> {
    let mut told = Program {
        seed: seed | 1,
        at: 0,
        events: Vec::new(),
        alive: Vec::new(),
        next: 2,
    };
    told.spawn(1, None);
    told.poll(1, Polled::Pending);
    while told.events.len() < most {
        match told.any(40) {
            0 if told.next < 24 => {
                let lane = told.next;
                told.next += 1;
                told.spawn(lane, Some(LaneId(1)));
            }
            1 if told.alive.len() > 4 => {
                let index = told.any(told.alive.len() as u64 - 1) as usize + 1;
                let lane = told.alive.remove(index);
                told.wake(lane);
                told.poll(lane, Polled::Completed);
            }
            2 if told.any(8) == 0 => {
                told.wake(1);
                told.poll(1, Polled::Pending);
            }
            _ if told.alive.len() > 1 => {
                // The first of them are polled rarely.
                let count = told.alive.len() as u64;
                let index = told.any(count).max(told.any(count)) as usize;
                let lane = told.alive[index];
                if lane != 1 {
                    told.wake(lane);
                    told.poll(lane, Polled::Pending);
                }
            }
            _ => {}
        }
    }
    told.events.truncate(most);
    told.events
}

/// A program under construction.
struct Program {
    seed: u64,
    at: u64,
    events: Vec<Event>,
    alive: Vec<u64>,
    next: u64,
}

impl Program {
    fn any(&mut self, below: u64) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        (self.seed >> 11) % below.max(1)
    }

    fn say(&mut self, kind: EventKind) {
        // Now and then nothing happens for a long while.
        self.at += match self.any(30) {
            0 => self.any(90_000),
            1..4 => 0,
            _ => self.any(900),
        };
        self.events.push(Event {
            at: Timestamp(self.at),
            thread: ThreadId(0),
            kind,
        });
    }

    fn spawn(&mut self, lane: u64, parent: Option<LaneId>) {
        self.alive.push(lane);
        self.say(EventKind::Spawned {
            lane: LaneId(lane),
            name: format!("t{lane}").into(),
            parent,
            kind: TaskKind::Task,
            site: None,
        });
        if lane.is_multiple_of(3) {
            self.say(EventKind::CoroutineCreated {
                lane: LaneId(100 + lane),
                name: format!("c{lane}").into(),
                parent,
                site: None,
            });
        }
    }

    fn wake(&mut self, lane: u64) {
        self.say(EventKind::Woken {
            lane: LaneId(lane),
            by: Waker::Driver,
        });
    }

    fn poll(&mut self, lane: u64, result: Polled) {
        let id = LaneId(lane);
        self.say(EventKind::PollStarted { lane: id });
        let created = |event: &Event| matches!(event.kind, EventKind::CoroutineCreated { lane: of, .. } if of.0 == 100 + lane);
        let started = |event: &Event| matches!(event.kind, EventKind::CoroutineStarted { lane: of, .. } if of.0 == 100 + lane);
        let has_coroutine = lane.is_multiple_of(3) && self.events.iter().any(created);
        if has_coroutine && !self.events.iter().any(started) {
            self.say(EventKind::CoroutineStarted {
                lane: LaneId(100 + lane),
                host: Some(id),
                frame: None,
            });
        }
        if has_coroutine && result == Polled::Completed {
            self.say(EventKind::CoroutineEnded {
                lane: LaneId(100 + lane),
                end: CoroutineEnd::Returned { value: None },
            });
        }
        self.say(EventKind::PollEnded { lane: id, result });
    }
}
