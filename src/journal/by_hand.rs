//! A journal written by hand, from `docs/format.md` alone: nothing here uses the crate's own code to write it.

use std::time::{Duration, UNIX_EPOCH};

use super::tests::read;
use crate::event::{
    Awaited, BranchOf, Cancel, CoroutineEnd, Event, EventKind, Flavor, FrameId, LaneId, Polled,
    Site, TaskKind, ThreadId, Timestamp, Waker,
};

/// Returns the CRC32C of these bytes, bit by bit.
pub(super) fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            let low = sum & 1;
            (sum >> 1) ^ (low * 0x82f6_3b78)
        })
    })
}

/// A block, field by field. Its kind, its number, and what it holds are always given.
#[derive(Clone, Copy, Default)]
pub(super) struct Block {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) number: u64,
    pub(super) thread: u32,
    pub(super) count: u32,
    pub(super) before: u64,
    pub(super) tick: u64,
}

impl Block {
    pub(super) fn with(self, payload: &[u8]) -> Vec<u8> {
        let mut bytes = b"\xff\x6a\x72\x6e".to_vec();
        bytes.extend([self.kind, self.flags, 0xee, 0xee]);
        bytes.extend(self.number.to_le_bytes());
        bytes.extend(self.thread.to_le_bytes());
        bytes.extend(self.count.to_le_bytes());
        bytes.extend(self.before.to_le_bytes());
        bytes.extend(self.tick.to_le_bytes());
        bytes.extend(u32::try_from(payload.len()).unwrap().to_le_bytes());
        bytes.extend(crc32c(payload).to_le_bytes());
        bytes.extend(crc32c(&bytes).to_le_bytes());
        assert_eq!(bytes.len(), 52);
        bytes.extend(payload);
        bytes
    }
}

pub(super) fn file_header() -> Vec<u8> {
    let mut bytes = b"\x89ajln\r\n\x1a\x01\x00\xee\xee".to_vec();
    bytes.extend(crc32c(&bytes).to_le_bytes());
    bytes
}

/// Returns a first word.
pub(super) fn first(tag: u64, ticks: u64, upper: u64) -> [u8; 8] {
    (tag + ticks * 32 + (upper << 32)).to_le_bytes()
}

/// Returns the word of a whole poll.
pub(super) fn whole(tag: u64, ticks: u64, length: u64, lane: u64) -> [u8; 8] {
    (tag + (ticks << 5) + (length << 21) + (lane << 38)).to_le_bytes()
}

/// Returns the word of a wake by a lane whose number is `waker` - 2,048 higher.
pub(super) fn near(ticks: u64, waker: u64, lane: u64) -> [u8; 8] {
    (11 + (ticks << 5) + (waker << 20) + (lane << 32)).to_le_bytes()
}

/// Returns the words of an event as bytes.
pub(super) fn blob(ticks: u64, bytes: &[u8]) -> Vec<u8> {
    let words = bytes.len().div_ceil(8);
    let mut all = first(2, ticks, words as u64).to_vec();
    all.extend(bytes);
    all.resize(8 + 8 * words, 0);
    all
}

fn two(upper: u64, lower: u64) -> [u8; 8] {
    ((upper << 32) + lower).to_le_bytes()
}

fn site() -> Site {
    Site {
        file: "a.py".into(),
        line: 300,
        column: 5,
    }
}

/// An event as bytes, and what it says. Text 0 is "work", text 1 is "a.py".
type Told = (&'static [u8], EventKind);

const LANE: LaneId = LaneId(1);

fn events() -> Vec<Told> {
    let parts = [of_tasks(), of_branches(), of_coroutines(), others()];
    parts.concat()
}

fn spawned(kind: TaskKind) -> EventKind {
    EventKind::Spawned {
        lane: LANE,
        name: "work".into(),
        parent: None,
        kind,
        site: None,
    }
}

fn branch(of: BranchOf) -> EventKind {
    EventKind::BranchStarted {
        lane: LANE,
        name: "work".into(),
        parent: LaneId(2),
        of,
        site: None,
    }
}

fn cancelled(why: Cancel) -> EventKind {
    EventKind::Cancelled { lane: LANE, why }
}

fn ended(end: CoroutineEnd) -> EventKind {
    EventKind::CoroutineEnded { lane: LANE, end }
}

fn entered(on: Option<Awaited>) -> EventKind {
    EventKind::AwaitEntered {
        lane: LANE,
        frame: FrameId(2),
        parent: None,
        coroutine: None,
        site: None,
        text: "work".into(),
        on,
    }
}

fn of_tasks() -> Vec<Told> {
    let by = Some(LaneId(200));
    vec![
        (
            b"\0\0\x05own \xc3",
            EventKind::Lost { count: 1 }, // No UTF-8: the event is lost.
        ),
        (b"\0\0\x05own \xc2", EventKind::Lost { count: 1 }),
        (
            b"\0\0\x06own \xc2\xb5",
            EventKind::ThreadNamed {
                name: "own µ".into(),
            },
        ),
        (
            b"\x01\x01\0\x01",
            EventKind::RuntimeEntered {
                runtime: LANE,
                flavor: Flavor::CurrentThread,
                io: true,
            },
        ),
        (
            b"\x01\x01\x01\x04\0",
            EventKind::RuntimeEntered {
                runtime: LANE,
                flavor: Flavor::MultiThread { workers: 4 },
                io: false,
            },
        ),
        (b"\x02\x01", EventKind::RuntimeLeft { runtime: LANE }),
        (
            b"\x03\x01\x01\x01\xc8\x01\x01\x01\x02\xac\x02\x05",
            EventKind::Spawned {
                lane: LANE,
                name: "work".into(),
                parent: by,
                kind: TaskKind::Task,
                site: Some(site()),
            },
        ),
        (b"\x03\x01\x01\0\0\0", spawned(TaskKind::Root)),
        (b"\x03\x01\x01\0\x02\0", spawned(TaskKind::Blocking)),
        (b"\x03\x01\x01\0\x03\0", spawned(TaskKind::Local)),
        (b"\x03\x01\x01\0\x04\0", spawned(TaskKind::Future)),
    ]
}

fn of_branches() -> Vec<Told> {
    let by = Some(LaneId(200));
    vec![
        (b"\x04\x01\x01\x02\0\0", branch(BranchOf::Join)),
        (b"\x04\x01\x01\x02\x01\0", branch(BranchOf::Select)),
        (b"\x04\x01\x01\x02\x02\0", branch(BranchOf::Timeout)),
        (
            b"\x05\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            EventKind::PollStarted {
                lane: LaneId(u64::MAX),
            },
        ),
        (
            b"\x06\x01\x02",
            EventKind::PollEnded {
                lane: LANE,
                result: Polled::Panicked,
            },
        ),
        (
            b"\x07\x01\0\xc8\x01",
            EventKind::Woken {
                lane: LANE,
                by: Waker::Lane(LaneId(200)),
            },
        ),
        (
            b"\x07\x01\x03",
            EventKind::Woken {
                lane: LANE,
                by: Waker::Thread,
            },
        ),
        (b"\x08\x01", EventKind::Unwakeable { lane: LANE }),
        (b"\x09\x01\0\x01\xc8\x01", cancelled(Cancel::Aborted { by })),
        (b"\x09\x01\0\0", cancelled(Cancel::Aborted { by: None })),
        (b"\x09\x01\x01", cancelled(Cancel::Dropped)),
        (b"\x09\x01\x02", cancelled(Cancel::LostSelect)),
        (b"\x09\x01\x03", cancelled(Cancel::TimedOut)),
        (b"\x09\x01\x04", cancelled(Cancel::Shutdown)),
        (b"\x09\x01\x05", cancelled(Cancel::Left)),
    ]
}

fn of_coroutines() -> Vec<Told> {
    let by = Some(LaneId(200));
    vec![
        (
            b"\x0a\x01\x01\0\0",
            EventKind::CoroutineCreated {
                lane: LANE,
                name: "work".into(),
                parent: None,
                site: None,
            },
        ),
        (
            b"\x0b\x01\x01\xc8\x01\x01\x07",
            EventKind::CoroutineStarted {
                lane: LANE,
                host: by,
                frame: Some(FrameId(7)),
            },
        ),
        (
            b"\x0c\x01\0\x01\0\x02ok",
            ended(CoroutineEnd::Returned {
                value: Some("ok".into()),
            }),
        ),
        (b"\x0c\x01\x01", ended(CoroutineEnd::Panicked)),
        (
            b"\x0c\x01\x02\x01",
            ended(CoroutineEnd::Cancelled {
                why: Cancel::Dropped,
            }),
        ),
        (b"\x0c\x01\x03", ended(CoroutineEnd::NeverPolled)),
        (
            b"\x0d\x01\x02\x01\x01\x01\xc8\x01\x01\x02\xac\x02\x05\x01\x01\0\x09",
            EventKind::AwaitEntered {
                lane: LANE,
                frame: FrameId(2),
                parent: Some(FrameId(1)),
                coroutine: by,
                site: Some(site()),
                text: "work".into(),
                on: Some(Awaited::Task(LaneId(9))),
            },
        ),
        (b"\x0d\x01\x02\0\0\0\x01\0", entered(None)),
        (
            b"\x0d\x01\x02\0\0\0\x01\x01\x01\xe8\x07",
            entered(Some(Awaited::Until(Timestamp(1000)))),
        ),
        (
            b"\x0d\x01\x02\0\0\0\x01\x01\x02",
            entered(Some(Awaited::InOrder)),
        ),
        (
            b"\x0d\x01\x02\0\0\0\x01\x01\x03",
            entered(Some(Awaited::EachTurn)),
        ),
    ]
}

fn others() -> Vec<Told> {
    vec![
        (
            b"\x0e\x01\x02",
            EventKind::AwaitLeft {
                lane: LANE,
                frame: FrameId(2),
            },
        ),
        (
            b"\x0f\x01\x01\0\x04line",
            EventKind::Mark {
                lane: Some(LANE),
                text: "line".into(),
            },
        ),
        (b"\x10\xc8\x01", EventKind::Lost { count: 200 }),
        (
            b"\x11\x01\0\x01k\x01",
            EventKind::Labelled {
                lane: LANE,
                key: "k".into(),
                value: "work".into(),
            },
        ),
        (
            b"\x12\x01\x05\x06",
            EventKind::TasksCounted {
                runtime: LANE,
                seen: 5,
                alive: 6,
            },
        ),
        (b"\x13", EventKind::Alive),
        (
            b"\x14\x01\x01\x03\x04\x05",
            EventKind::PollSpent {
                lane: LANE,
                since: Some(3),
                running: 4,
                stalled: 5,
            },
        ),
        // An unknown kind, and the numbers of texts that no block defines.
        (b"\xfe\x01", EventKind::Lost { count: 1 }),
        (b"\x0f\0\x63", EventKind::Lost { count: 1 }),
    ]
}

/// The journal, block by block, and its events. A tick is two nanoseconds, and the session begins at tick 1,000.
pub(super) fn journal() -> (Vec<Vec<u8>>, Vec<Event>) {
    let mut description = b"\x01\x07by hand\x63\x03???\x03\x017\x04\x08".to_vec();
    description.extend(5_000_000_007_u64.to_le_bytes());
    description.extend([6, 16]);
    description.extend(1_000_u64.to_le_bytes());
    description.extend((1_u64 << 45).to_le_bytes());

    let mut zero = blob(1, b"\0\0\x04main");
    zero.extend(first(17, 2, 7)); // Tick 1,003.
    zero.extend(two(1, 0));
    zero.extend(first(0, 0, 0));
    zero.extend(first(3, 7, 7)); // 1,010.
    zero.extend(first(18, 0, 7));
    zero.extend(two(3, 8));
    zero.extend(first(4, 10, 7)); // 1,020.
    zero.extend(whole(9, 4, 3, 7)); // 1,024 to 1,027.
    zero.extend((1 + 32 * 2_000_000_000_u64).to_le_bytes());
    zero.extend(first(3, 0, 7));
    zero.extend(first(19, 5, 7));
    zero.extend(two(0, 3));
    zero.extend(first(5, 5, 7)); // 2,000,000,010.
    zero.extend(whole(10, 1, 2, 7)); // 2,000,000,011 to 2,000,000,013.
    zero.extend(first(20, 1, 7));
    zero.extend(two(3, 8));

    let mut one = first(17, 5, 8).to_vec(); // Tick 1,005.
    one.extend(two(1, 1));
    one.extend(first(6, 10, 8)); // 1,015.
    one.extend(first(7, 10, 8)); // 1,025.
    one.extend(first(8, 0, 8));
    one.extend(first(16, 0, 8));
    one.extend(two(0, 0xffff_ffff));
    one.extend(near(3, 2_047, 8)); // 1,028.
    one.extend(first(31, 0, 8)); // A reserved kind: the event is lost.
    one.extend(two(0, 1));

    let blobs: Vec<u8> = events().iter().flat_map(|it| blob(1, it.0)).collect();
    let count = events().len() as u32;

    let mut notes = vec![0xf4, 0x07, 1]; // Tick 1,012.
    notes.extend(b"\x10\x03");

    let of = |kind, number| Block {
        kind,
        number,
        ..Block::default()
    };
    let words = |number, thread, count, before, tick| Block {
        thread,
        count,
        before,
        tick,
        ..of(2, number)
    };
    let time = |number, tick, flags| Block {
        flags,
        tick,
        ..of(6, number)
    };
    let texts = Block {
        count: 2,
        ..of(3, 1)
    };
    let templates = Block {
        count: 2,
        ..of(4, 2)
    };
    let of_notes = Block {
        count: 1,
        ..of(5, 5)
    };
    let blocks = vec![
        file_header(),
        of(1, 0).with(&description),
        texts.with(b"\x04work\x04a.py"),
        templates.with(b"\x06worker\x01\x04a.py\xac\x02\x05\x02io\x02\0\0\0"),
        words(3, 0, 14, 0, 1_000).with(&zero),
        words(4, 1, 7, 0, 1_000).with(&one),
        of_notes.with(&notes),
        of(200, 6).with(b"what will be added"),
        time(7, 1_018, 0).with(b""),
        time(8, 2_000_000_020, 0).with(b""),
        words(9, 1, count, 7, 2_000_000_020).with(&blobs),
        time(10, 2_000_001_000, 1).with(b""),
        of(7, 11).with(b""),
    ];
    (blocks, expected())
}

fn expected() -> Vec<Event> {
    let (seven, eight) = (LaneId(7), LaneId(8));
    let at = |tick: u64, thread, kind| Event {
        at: Timestamp((tick - 1_000) * 2),
        thread: ThreadId(thread),
        kind,
    };
    let spawned = |lane, name: &'static str, kind, site| EventKind::Spawned {
        lane,
        name: name.into(),
        parent: Some(LaneId(1)),
        kind,
        site,
    };
    let started = EventKind::PollStarted { lane: seven };
    let ended = |result| EventKind::PollEnded {
        lane: seven,
        result,
    };
    let woken = |by| EventKind::Woken { lane: eight, by };
    let name = "main".into();
    let joins = EventKind::AwaitEntered {
        lane: seven,
        frame: FrameId(3),
        parent: None,
        coroutine: None,
        site: None,
        text: "a task".into(),
        on: Some(Awaited::Task(eight)),
    };
    let left = EventKind::AwaitLeft {
        lane: seven,
        frame: FrameId(3),
    };
    let far = 2_000_000_000;
    let mut all = vec![
        at(1_001, 0, EventKind::ThreadNamed { name }),
        at(
            1_003,
            0,
            spawned(seven, "worker", TaskKind::Task, Some(site())),
        ),
        at(1_005, 1, spawned(eight, "io", TaskKind::Blocking, None)),
        at(1_010, 0, started.clone()),
        at(1_010, 0, joins.clone()),
        at(1_015, 1, woken(Waker::Itself)),
        // It is noted before the next time block, behind what was handed on before.
        at(1_015, 1, EventKind::Lost { count: 3 }),
        at(1_020, 0, ended(Polled::Pending)),
        at(1_024, 0, started.clone()),
        at(1_025, 1, woken(Waker::Driver)),
        at(1_025, 1, woken(Waker::Thread)),
        at(1_025, 1, woken(Waker::Lane(LaneId(0xffff_ffff)))),
        at(1_027, 0, ended(Polled::Pending)),
        at(1_028, 1, woken(Waker::Lane(seven))),
        at(1_028, 1, EventKind::Lost { count: 1 }),
        at(far, 0, started.clone()),
        at(far + 5, 0, left.clone()),
        at(far + 10, 0, ended(Polled::Completed)),
        at(far + 11, 0, started),
        at(far + 13, 0, ended(Polled::Completed)),
        at(far + 14, 0, joins),
        at(far + 14, 0, left),
    ];
    let kinds = events().into_iter().map(|(_, kind)| kind);
    let later = (far + 21..).zip(kinds);
    all.extend(later.map(|(tick, kind)| at(tick, 1, kind)));
    all.push(at(far + 1_000, 0, EventKind::Alive));
    all
}

#[test]
fn a_checksum_is_as_specified() {
    // The check value of the algorithm's definition.
    assert_eq!(crc32c(b"123456789"), 0xe306_9283);
}

#[test]
fn a_journal_written_by_hand_says_what_it_should() {
    let (blocks, events) = journal();
    let (reader, read) = read(&blocks.concat());
    for (read, event) in read.iter().zip(&events) {
        assert_eq!(read, event);
    }
    assert_eq!(read.len(), events.len());
    assert_eq!(reader.damage(), []);
    let description = reader.description().unwrap();
    assert_eq!(description.title, "by hand");
    assert_eq!(description.version, "7");
    let start = UNIX_EPOCH + Duration::from_nanos(5_000_000_007);
    assert_eq!(description.start, start);
}

#[test]
fn a_tick_is_a_nanosecond_unless_the_description_says_otherwise() {
    let words = [first(1, 0, 0), first(3, 9, 1)].concat();
    let block = Block {
        kind: 2,
        number: 1,
        count: 1,
        ..Block::default()
    };
    let description = Block {
        kind: 1,
        ..Block::default()
    };
    let bytes = [file_header(), description.with(b""), block.with(&words)].concat();
    let (_, events) = read(&bytes);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].at, Timestamp(9));
}

#[test]
fn a_newer_version_is_refused() {
    let mut bytes = file_header();
    bytes[8] = 2;
    let sum = crc32c(&bytes[..12]).to_le_bytes();
    bytes[12..].copy_from_slice(&sum);
    let read = crate::recording::Session::read(&bytes);
    let newer = crate::recording::Unreadable::Newer {
        version: 2,
        newest: 1,
    };
    assert_eq!(read.unwrap_err().to_string(), newer.to_string());
}
