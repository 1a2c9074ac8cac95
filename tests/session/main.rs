//! Session logs: what is written is read again, and what is damaged takes nothing else with it.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed, and says where"
)]

mod arbitrary;
mod damaged;
mod hostile;
mod recording;
mod sample;
#[cfg(feature = "app")]
mod store;

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use asyncline::Timeline;
use asyncline::event::{
    BranchOf, Cancel, Event, EventKind, Flavor, LaneId, Polled, Site, TaskKind, Text, ThreadId,
    Timestamp,
};
use asyncline::recording::{Meta, Session, Writer};
use asyncline::timeline::State;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use arbitrary::{KINDS, events, which};
use sample::{Block, Output, Sample, file_header};

proptest! {
    #[test]
    fn what_is_written_is_read(batches in prop::collection::vec(events(0..40), 0..6), title in any::<String>()) {
        let output = Output::default();
        let meta = Meta::new(title, "", UNIX_EPOCH + Duration::from_nanos(1));
        let mut writer = Writer::new(output.clone(), &meta).unwrap();
        for batch in &batches {
            writer.write(batch).unwrap();
            writer.flush().unwrap();
        }
        writer.finish().unwrap();
        let session = Session::read(&output.bytes()).unwrap();
        prop_assert_eq!(session.events, batches.concat());
        prop_assert_eq!(session.meta, meta);
        prop_assert_eq!(session.damage, vec![]);
    }
}

#[test]
fn the_property_covers_every_kind_of_event() {
    let mut runner = TestRunner::deterministic();
    let events = events(2000).new_tree(&mut runner).unwrap().current();
    let mut seen = [0; KINDS];
    for event in &events {
        seen[which(&event.kind)] += 1;
    }
    assert!(seen.iter().all(|&count| count > 20), "{seen:?}");
}

#[test]
fn many_events_at_once_become_several_blocks() {
    let sample = Sample::new(1, 20_000);
    let blocks = |kind| {
        sample
            .bytes
            .windows(5)
            .filter(move |bytes| *bytes == [0xff, b'b', b'l', b'k', kind])
    };
    assert_eq!([1, 2, 3].map(|kind| blocks(kind).count()), [1, 3, 1]);
    assert!(blocks(4).count() > 0, "there is an index");
    let session = Session::read(&sample.bytes).unwrap();
    assert_eq!(session.events, sample.all());
    assert_eq!(session.damage, []);
}

#[test]
fn equal_texts_are_kept_once() {
    let sample = [mark("again"), mark("other"), mark("again")];
    let output = Output::default();
    let mut writer = Writer::new(output.clone(), &sample::meta()).unwrap();
    for event in sample {
        writer.write(&[event]).unwrap();
        writer.flush().unwrap();
    }
    let session = Session::read(&output.bytes()).unwrap();
    let texts: Vec<_> = session.events.iter().map(shared).collect();
    assert!(Arc::ptr_eq(texts[0], texts[2]));
    assert!(!Arc::ptr_eq(texts[0], texts[1]));
}

/// The bytes stand here as the description has them, so that neither can change without the other.
#[test]
fn the_format_is_what_its_description_says() {
    let events = [
        Event {
            at: Timestamp(1000),
            thread: ThreadId(0),
            kind: EventKind::Spawned {
                lane: LaneId(300),
                name: "main".into(),
                parent: None,
                kind: TaskKind::Root,
                site: Some(Site {
                    file: "a.rs".into(),
                    line: 7,
                    column: 5,
                }),
            },
        },
        Event {
            at: Timestamp(998),
            thread: ThreadId(2),
            kind: EventKind::Mark {
                lane: Some(LaneId(1)),
                text: "main".into(),
            },
        },
        Event {
            at: Timestamp(1198),
            thread: ThreadId(0),
            kind: EventKind::Alive,
        },
    ];
    let meta = Meta {
        title: "T".into(),
        scenario: "".into(),
        version: "0.1".into(),
        start: UNIX_EPOCH + Duration::from_nanos(0x0102),
        before: 0,
    };
    let output = Output::default();
    let mut writer = Writer::new(output.clone(), &meta).unwrap();
    writer.write(&events).unwrap();
    writer.finish().unwrap();

    let metadata = b"\x01\x01T\x02\x00\x03\x030.1\x04\x08\x02\x01\x00\x00\x00\x00\x00\x00";
    let dictionary = b"\x02\x04main\x04a.rs";
    let spawned = [3, 0, 0xd8, 0x04, 0, 0, 0, 1, 1, 7, 5];
    let marked = [15 | 0x80, 3, 2, 1, 2, 0];
    let alive = [0x80 | 0x13, 0x90, 0x03, 0];
    let expected = [
        file_header(4),
        Block {
            kind: 1,
            payload: metadata.to_vec(),
            ..Block::default()
        }
        .bytes(),
        Block {
            kind: 2,
            number: 1,
            events: 3,
            time: 1000,
            payload: [&dictionary[..], &spawned, &marked, &alive].concat(),
            ..Block::default()
        }
        .bytes(),
        Block {
            kind: 3,
            number: 2,
            before: 3,
            time: 1198,
            ..Block::default()
        }
        .bytes(),
    ];
    assert_eq!(output.bytes(), expected.concat());
    assert_eq!(Session::read(&output.bytes()).unwrap().events, events);
}

/// A line that is noted outside any lane.
fn mark(text: &'static str) -> Event {
    let (at, thread) = (Timestamp(5), ThreadId(0));
    let kind = EventKind::Mark {
        lane: None,
        text: text.into(),
    };
    Event { at, thread, kind }
}

fn shared(event: &Event) -> &Arc<str> {
    match &event.kind {
        EventKind::Mark {
            text: Text::Shared(text),
            ..
        } => text,
        other => panic!("{other:?} has no shared text"),
    }
}

/// Files of every version of the format that was written stay readable. These are not to be made anew.
#[test]
fn files_of_all_versions_are_read() {
    let read = |name: &str| {
        let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
        let session = Session::open(path).unwrap();
        assert_eq!(session.damage, [], "{name}");
        session
    };
    let small = read("format-1/small.aline");
    assert_eq!(small.meta.title, "the same as two tasks");
    assert_eq!(small.events.len(), 43);
    let names: Vec<_> = small.events.iter().filter_map(spawned).collect();
    assert_eq!(names, ["main", "task1", "task2"]);
    assert_eq!(small.events.last().unwrap().at, Timestamp(2_000_000_000));
    let indexed = read("format-1/indexed.aline");
    assert!(indexed.events.len() > 16_384, "{}", indexed.events.len());
    let polls = |kind: &EventKind| matches!(kind, EventKind::PollStarted { .. });
    let ends = |kind: &EventKind| matches!(kind, EventKind::PollEnded { .. });
    let count = |is: &dyn Fn(&EventKind) -> bool| {
        let kinds = indexed.events.iter().map(|event| &event.kind);
        kinds.filter(|kind| is(kind)).count()
    };
    assert_eq!(count(&polls), count(&ends));
    for (name, events, uncounted) in [
        ("format-2/small", 4, 0),
        ("format-2/indexed", 20_004, 0),
        ("format-3/small", 6, 2),
        ("format-3/indexed", 16_606, 2),
        ("format-4/small", 6, 2),
        ("format-4/indexed", 16_606, 2),
    ] {
        let session = read(&format!("{name}.aline"));
        assert_eq!(session.events.len(), events + uncounted);
        let timeline: Timeline = session.events.iter().collect();
        if uncounted > 0 {
            let left = timeline.lane(LaneId(3)).unwrap();
            assert_eq!(left.state(), State::Left);
            let spent = &timeline.lane(LaneId(2)).unwrap().spent;
            assert_eq!(spent.len(), usize::from(name.ends_with("indexed")));
        }
        assert_eq!(timeline.events(), events as u64);
        assert_eq!(
            Some(timeline.end()),
            session.events.last().map(|event| event.at)
        );
        let label = timeline.lanes().find_map(|lane| lane.labels.first());
        assert_eq!(label.unwrap().to_string(), "user=7");
        let [counted] = timeline.counted() else {
            panic!("one runtime was counted");
        };
        assert_eq!((counted.seen, counted.alive), (1, 3));
    }
}

/// Writes the files of the newest version, for when that is a new one.
#[test]
#[ignore = "it makes fixtures, once for each version"]
fn fixtures_are_made() {
    let directory = format!("{}/tests/fixtures/format-4", env!("CARGO_MANIFEST_DIR"));
    let begin = |name: &str| {
        let meta = Meta {
            title: "a branch that was left, what a poll spent, and a heartbeat".into(),
            version: "0.1.0".into(),
            ..Meta::default()
        };
        Writer::create(format!("{directory}/{name}"), &meta).unwrap()
    };
    let event = |at, kind| Event {
        at: Timestamp(at),
        thread: ThreadId(0),
        kind,
    };
    let (runtime, lane) = (LaneId(1), LaneId(2));
    let beginning = [
        EventKind::RuntimeEntered {
            runtime,
            flavor: Flavor::CurrentThread,
            io: true,
        },
        EventKind::Spawned {
            lane,
            name: "request".into(),
            parent: Some(runtime),
            kind: TaskKind::Task,
            site: None,
        },
        EventKind::Labelled {
            lane,
            key: "user".into(),
            value: "7".into(),
        },
        EventKind::TasksCounted {
            runtime,
            seen: 1,
            alive: 3,
        },
    ];
    let beginning = (0..).zip(beginning).map(|(at, kind)| event(at, kind));
    let branch = LaneId(3);
    let ending = [
        EventKind::BranchStarted {
            lane: branch,
            name: "&mut reply".into(),
            parent: lane,
            of: BranchOf::Select,
            site: None,
        },
        EventKind::Cancelled {
            lane: branch,
            why: Cancel::Left,
        },
        EventKind::PollSpent {
            lane,
            since: Some(10),
            running: 2_000_000,
            stalled: 500_000,
        },
        EventKind::Alive,
    ];
    let ending = ending.map(|kind| event(200_000, kind));
    let polls = (0..8_300).flat_map(|poll| {
        let end = EventKind::PollEnded {
            lane,
            result: Polled::Pending,
        };
        let at = 10 * (poll + 1);
        [
            event(at, EventKind::PollStarted { lane }),
            event(at + 5, end),
        ]
    });
    let beginning: Vec<_> = beginning.collect();
    let mut small = begin("small.aline");
    small.write(&beginning).unwrap();
    small.write(&ending).unwrap();
    small.finish().unwrap();
    let mut indexed = begin("indexed.aline");
    indexed.write(&beginning).unwrap();
    indexed.write(&polls.collect::<Vec<_>>()).unwrap();
    indexed.write(&ending).unwrap();
    indexed.finish().unwrap();
}

fn spawned(event: &Event) -> Option<&str> {
    match &event.kind {
        EventKind::Spawned { name, .. } => Some(name.raw()),
        _ => None,
    }
}
