#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
//! What late and slow viewers know, beside one that was sent everything.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use super::Hub;
use super::hub::Reading;
use crate::event::fields::put_varint;
use crate::event::{
    Awaited, BranchOf, Event, EventKind, Flavor, FrameId, LaneId, Polled, Site, Step, TaskKind,
    ThreadId, Timestamp, Waker,
};
use crate::journal::blob;
use crate::journal::block::{self, Found, Header, kind};
use crate::journal::names::{Names, Recent, Table};
use crate::journal::word::Tick;
use crate::journal::{Reader, Sink};
use crate::probe::record::recorder::Recorder;
use crate::probe::record::taker::Taker;
use crate::timeline::{Lane, State, Timeline};

/// A viewer: what it was sent, as events.
#[derive(Default)]
struct Viewer {
    reader: Reader,
    seen: Seen,
}

#[derive(Default)]
struct Seen(Vec<Event>);

impl Sink for Seen {
    fn step(&mut self, at: Timestamp, thread: ThreadId, step: Step) {
        let kind = step.into();
        self.0.push(Event { at, thread, kind });
    }

    fn event(&mut self, event: &Event) {
        self.0.push(event.clone());
    }
}

impl Viewer {
    fn push(&mut self, bytes: &[u8]) {
        self.reader.push(bytes, &mut self.seen).unwrap();
    }

    /// Takes all that there is for it.
    async fn take(&mut self, reading: &mut Reading, hub: &Hub) {
        while !hub.is_sent() {
            let next = reading.next().await.unwrap();
            next.blocks.iter().for_each(|block| self.push(block));
            reading.sent(&next);
        }
    }

    fn timeline(mut self) -> (Timeline, Vec<Event>) {
        self.reader.end(&mut self.seen);
        let events = self.seen.0;
        (events.iter().collect(), events)
    }
}

/// A program's thread, which records what it is given.
struct Thread {
    give: Sender<EventKind>,
    done: Receiver<()>,
}

impl Thread {
    fn new(recorder: &Recorder) -> Self {
        let (give, given) = channel();
        let (tell, done) = channel();
        let recorder = recorder.clone();
        thread::spawn(move || {
            for kind in given {
                recorder.record(kind);
                tell.send(()).unwrap();
            }
        });
        Self { give, done }
    }

    fn record(&self, kind: EventKind) {
        self.give.send(kind).unwrap();
        self.done.recv().unwrap();
    }
}

/// A lane of a random program.
struct Task {
    id: LaneId,
    is_polled: bool,
    is_coroutine: bool,
    frames: u32,
    open: Vec<FrameId>,
}

/// A program whose events are random, but as those of a real one.
struct Program {
    random: u64,
    threads: Vec<Thread>,
    lanes: Vec<Task>,
    next: u64,
}

impl Program {
    fn new(seed: u64, recorder: &Recorder) -> Self {
        let threads = (0..3).map(|_| Thread::new(recorder)).collect();
        let program = Self {
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            threads,
            lanes: Vec::new(),
            next: 2,
        };
        program.threads[0].record(EventKind::RuntimeEntered {
            runtime: LaneId(1),
            flavor: Flavor::MultiThread { workers: 3 },
            io: true,
        });
        program
    }

    fn below(&mut self, end: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random % end as u64) as usize
    }

    fn record(&mut self, kind: EventKind) {
        let thread = self.below(self.threads.len());
        self.threads[thread].record(kind);
    }

    fn step(&mut self) {
        let count = self.lanes.len();
        if count == 0 || (count < 12 && self.below(8) == 0) {
            return self.begin();
        }
        // The first lanes are seldom active.
        let span = if self.below(20) == 0 {
            0
        } else {
            (count - 1).min(4)
        };
        let place = span + self.below(count - span);
        if self.below(200) == 0 {
            return self.record(LOSS);
        }
        let kind = if self.lanes[place].is_coroutine {
            self.of_coroutine(place)
        } else {
            self.of_task(place)
        };
        if let Some(kind) = kind {
            self.record(kind);
        }
    }

    fn begin(&mut self) {
        let id = LaneId(self.next);
        self.next += 1;
        let parent = self.lanes.first().map(|lane| lane.id);
        let site = Some(Site {
            file: "src/main.rs".into(),
            line: id.0 as u32,
            column: 5,
        });
        let name = format!("lane {}", id.0).into();
        let which = self.below(4);
        let kind = match (which, parent) {
            (0, Some(parent)) => EventKind::BranchStarted {
                lane: id,
                name,
                parent,
                of: BranchOf::Join,
                site,
            },
            (1, parent) => EventKind::CoroutineCreated {
                lane: id,
                name,
                parent,
                site,
            },
            (_, parent) => EventKind::Spawned {
                lane: id,
                name,
                parent,
                kind: TaskKind::Task,
                site,
            },
        };
        self.record(kind);
        self.lanes.push(Task {
            id,
            is_polled: false,
            is_coroutine: which == 1,
            frames: 0,
            open: Vec::new(),
        });
    }

    fn of_coroutine(&mut self, place: usize) -> Option<EventKind> {
        let lane = self.lanes[place].id;
        let hosts = self.lanes.iter().filter(|host| host.is_polled);
        let host = hosts.map(|host| host.id).next();
        match self.below(6) {
            0 => host.map(|host| EventKind::CoroutineStarted {
                lane,
                host: Some(host),
                frame: None,
            }),
            1 => {
                self.lanes.remove(place);
                Some(EventKind::CoroutineEnded {
                    lane,
                    end: crate::event::CoroutineEnd::NeverPolled,
                })
            }
            _ => None,
        }
    }

    fn of_task(&mut self, place: usize) -> Option<EventKind> {
        let choice = self.below(10);
        let by = LaneId(self.below(self.next as usize) as u64 + 1);
        let task = &mut self.lanes[place];
        let lane = task.id;
        if !task.is_polled {
            if choice < 5 {
                let by = Waker::Lane(by);
                return Some(EventKind::Woken { lane, by });
            }
            task.is_polled = true;
            return Some(EventKind::PollStarted { lane });
        }
        Some(match choice {
            0..4 => {
                task.is_polled = false;
                let result = Polled::Pending;
                EventKind::PollEnded { lane, result }
            }
            4 => {
                self.lanes.remove(place);
                let result = Polled::Completed;
                EventKind::PollEnded { lane, result }
            }
            5 | 6 => {
                task.frames += 1;
                let frame = FrameId(task.frames);
                task.open.push(frame);
                EventKind::AwaitEntered {
                    lane,
                    frame,
                    parent: None,
                    coroutine: None,
                    site: None,
                    text: format!("await {}", frame.0).into(),
                    on: Some(Awaited::Task(by)),
                }
            }
            7 => {
                let frame = task.open.pop()?;
                EventKind::AwaitLeft { lane, frame }
            }
            8 => EventKind::Labelled {
                lane,
                key: ["host", "path"][by.0 as usize % 2].into(),
                value: by.0.to_string().into(),
            },
            _ => EventKind::Mark {
                lane: Some(lane),
                text: "a line".into(),
            },
        })
    }
}

/// A program that is watched, and a viewer that was sent everything.
struct Session {
    program: Program,
    taker: Taker,
    hub: Arc<Hub>,
    whole: Viewer,
    /// The number of the next block: notes are put between those of the taker.
    number: u64,
    /// The number of notes so far.
    noted: u64,
}

impl Session {
    fn new(seed: u64) -> Self {
        let (recorder, mut taker) = Taker::real_time(None, 1 << 22);
        let (hub, mut whole) = (Hub::new(), Viewer::default());
        let mut beginning = Vec::new();
        taker.begin("program".into(), &mut beginning);
        hub.begin(&beginning);
        whole.push(&beginning);
        Self {
            program: Program::new(seed, &recorder),
            taker,
            hub,
            whole,
            number: 1,
            noted: 0,
        }
    }

    /// Goes on for so many steps, with passes in between.
    fn run(&mut self, steps: usize) {
        for _ in 0..steps {
            self.program.step();
            if self.program.below(8) == 0 {
                self.pass();
            }
        }
        self.pass();
    }

    fn pass(&mut self) {
        let (mut taken, mut blocks) = (Vec::new(), Vec::new());
        let safe = self.taker.take_all(Duration::MAX, &mut taken).safe;
        let mut rest = &taken[..];
        while let Some(Found { header, length, .. }) = block::header(rest) {
            let (block, other) = rest.split_at(block::HEADER + length);
            if other.is_empty() && header.kind == kind::TIME {
                self.note(safe, &mut blocks);
            }
            self.put(header, &block[block::HEADER..], &mut blocks);
            rest = other;
        }
        self.hub.push(&blocks);
        self.whole.push(&blocks);
    }

    fn put(&mut self, header: Header, payload: &[u8], to: &mut Vec<u8>) {
        let number = self.number;
        self.number += 1;
        block::put(to, &Header { number, ..header }, |to| {
            to.extend_from_slice(payload);
        });
    }

    /// Notes how many tasks there are, and seldom a loss.
    fn note(&mut self, at: Tick, to: &mut Vec<u8>) {
        let mut kinds = vec![EventKind::TasksCounted {
            runtime: LaneId(1),
            seen: self.program.lanes.len() as u64,
            alive: self.program.next,
        }];
        if self.program.below(20) == 0 {
            kinds.push(LOSS);
        }
        let header = Header {
            kind: kind::NOTES,
            count: kinds.len() as u32,
            before: self.noted,
            ..Header::default()
        };
        self.noted += kinds.len() as u64;
        let (table, recent) = (&Table::default(), &mut Recent::default());
        let mut notes = Vec::new();
        for kind in kinds {
            put_varint(&mut notes, at.0);
            put_varint(&mut notes, 0);
            blob::encode(&kind, &mut notes, &mut Names { table, recent });
        }
        self.put(header, &notes, to);
    }

    async fn late(&self) -> Viewer {
        let mut late = Viewer::default();
        let (mut reading, beginning) = self.hub.join();
        late.push(&beginning);
        late.take(&mut reading, &self.hub).await;
        late
    }
}

/// A loss that a program tells of.
const LOSS: EventKind = EventKind::Lost { count: 1 << 40 };

/// How many events a viewer was told, but for losses that only it has.
fn count(events: &[Event]) -> u64 {
    let is_own =
        |event: &&Event| matches!(event.kind, EventKind::Lost { .. }) && event.kind != LOSS;
    (events.len() - events.iter().filter(is_own).count()) as u64
}

/// What is known of a lane, but for what it did. Labels are in the order in which they were given last. A coroutine whose host has ended is not known to have had one.
fn known(lane: &Lane, of: &Timeline) -> impl PartialEq + std::fmt::Debug {
    let awaits: Vec<_> = lane.open_frames().cloned().collect();
    let mut labels = lane.labels.clone();
    labels.sort_by_key(|label| label.key.raw().to_owned());
    (
        (lane.id, lane.kind, lane.name.clone(), lane.parent),
        (lane.site.clone(), lane.start, labels, awaits),
        lane.host
            .map(|host| host.lane)
            .filter(|host| of.lane(*host).is_some_and(|host| host.end.is_none())),
    )
}

/// Returns `true` if all that is drawn of a lane is so.
fn is_true(late: &Lane, whole: &Lane, end: Timestamp) -> bool {
    let until = late.changes.iter().skip(1).map(|next| next.at);
    let spans = late.changes.iter().zip(until.chain([end]));
    spans
        .filter(|(change, until)| change.state != State::Unknown && change.at < *until)
        .all(|(change, until)| {
            let before = whole.changes.iter().rfind(|it| it.at <= change.at);
            let within = whole
                .changes
                .iter()
                .filter(|it| it.at > change.at && it.at < until);
            before
                .into_iter()
                .chain(within)
                .all(|it| it.state == change.state)
        })
}

#[tokio::test]
async fn late_viewers_know_names_and_states() {
    let mut dropped = 0;
    for seed in 1..60 {
        let mut session = Session::new(seed);
        session.run(600);
        let late = session.late().await;
        let (late, late_events) = late.timeline();
        let (whole, events) = session.whole.timeline();
        let alive = whole.lanes().filter(|lane| lane.end.is_none());
        let by_id: HashMap<LaneId, &Lane> = late.lanes().map(|lane| (lane.id, lane)).collect();
        for lane in alive {
            let late_lane = by_id[&lane.id];
            assert_eq!(
                format!("{:?}", known(late_lane, &late)),
                format!("{:?}", known(lane, &whole)),
                "seed {seed}"
            );
            let (state, of_late) = (lane.state(), late_lane.state());
            // A coroutine that has run is in the state of its host. That a lane has not been polled is not known where events are lost.
            let is_new = lane.polls == 0;
            assert!(
                lane.host.is_some() || of_late == state || is_new && of_late == State::Unknown,
                "seed {seed}: {state:?} is {of_late:?}: {late_lane:#?}"
            );
            assert!(
                lane.host.is_some() || is_true(late_lane, lane, late.end()),
                "seed {seed}: {late_lane:#?} {lane:#?}"
            );
        }
        assert_eq!(late.threads(), whole.threads());
        assert_eq!(late.counted(), whole.counted());
        assert_eq!(
            count(&late_events) + late.lost(),
            count(&events) + whole.lost(),
            "seed {seed}"
        );
        assert_eq!(late.end(), whole.end());
        dropped += late_events.len().abs_diff(events.len());
    }
    assert!(dropped > 1000, "{dropped}");
}

#[tokio::test]
async fn slow_viewers_know_how_much_they_missed_and_what_began_meanwhile() {
    let mut missed = 0;
    for seed in 1..60 {
        let mut session = Session::new(seed);
        let mut slow = Viewer::default();
        let (mut reading, beginning) = session.hub.join();
        slow.push(&beginning);
        for steps in [50, 400, 10, 600] {
            session.run(steps);
            slow.take(&mut reading, &session.hub).await;
        }
        let (slow, slow_events) = slow.timeline();
        let (whole, events) = session.whole.timeline();
        for lane in whole.lanes().filter(|lane| lane.end.is_none()) {
            let of_slow = slow.lane(lane.id).unwrap();
            assert_eq!(of_slow.name, lane.name, "seed {seed}");
            assert_eq!(of_slow.parent, lane.parent, "seed {seed}");
            assert_eq!(of_slow.start, lane.start, "seed {seed}");
        }
        assert_eq!(
            count(&slow_events) + slow.lost(),
            count(&events) + whole.lost(),
            "seed {seed}"
        );
        missed += slow_events.len().abs_diff(events.len());
    }
    assert!(missed > 1000, "{missed}");
}

/// Changes a block: a field of its header, or a word of its payload.
fn change(header: &mut Header, payload: &mut [u8], program: &mut Program) {
    let number = program.random >> program.below(64);
    match program.below(6) {
        0 => header.number = number,
        1 => header.thread = ThreadId(number as u32),
        2 => header.before = number,
        3 => header.tick = Tick(number),
        4 => header.flags ^= 1,
        _ => {
            let words = payload.chunks_exact_mut(8);
            let place = program.below(words.len().max(1));
            if let Some(word) = words.into_iter().nth(place) {
                word.copy_from_slice(&number.to_le_bytes());
            }
        }
    }
}

#[tokio::test]
async fn what_late_viewers_get_makes_no_reader_panic_however_it_is_changed() {
    let mut session = Session::new(7);
    session.run(600);
    let (mut reading, beginning) = session.hub.join();
    let bytes = reading.next().await.unwrap().blocks.concat();
    let mut blocks = Vec::new();
    let mut rest = &bytes[..];
    while let Some(Found { header, length, .. }) = block::header(rest) {
        let (block, other) = rest.split_at(block::HEADER + length);
        blocks.push((header, block[block::HEADER..].to_vec()));
        rest = other;
    }
    let is_standing = |block: &&(Header, _)| block.0.kind == kind::STANDING;
    assert!(blocks.iter().filter(is_standing).count() > 3);
    for _ in 0..2000 {
        let mut blocks = blocks.clone();
        for _ in 0..=session.program.below(3) {
            // Those that come first are the ones that stand for others.
            let end = if session.program.below(2) == 0 {
                8
            } else {
                blocks.len()
            };
            let place = session.program.below(end.min(blocks.len()));
            match session.program.below(8) {
                0 => drop(blocks.remove(place)),
                1 => blocks.insert(place, blocks[place].clone()),
                2 => blocks.swap(0, place),
                _ => {
                    let (header, payload) = &mut blocks[place];
                    change(header, payload, &mut session.program);
                }
            }
        }
        let mut bytes = beginning.to_vec();
        for (header, payload) in &blocks {
            block::put(&mut bytes, header, |to| to.extend_from_slice(payload));
        }
        let mut viewer = Viewer::default();
        viewer.push(&bytes);
        let (_, events) = viewer.timeline();
        assert!(events.is_sorted_by_key(|event| event.at));
    }
}
