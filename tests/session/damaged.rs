//! Logs that were cut off, or changed on the disk.

use std::ops::Range;

use asyncline::event::{Event, EventKind, ThreadId, Timestamp};
use asyncline::recording::{Damage, Meta, Session, Unreadable};
use proptest::prelude::*;

use crate::sample::{Block, Sample, file};

#[test]
fn a_session_cut_at_any_byte_shows_its_whole_blocks() {
    let sample = Sample::new(4, 5);
    for length in 0..sample.bytes.len() {
        check_cut(&sample, length);
    }
    let long = Sample::new(60, 10);
    for length in long.bytes.len() - 1024..long.bytes.len() {
        check_cut(&long, length);
    }
}

fn check_cut(sample: &Sample, length: usize) {
    let read = Session::read(&sample.bytes[..length]);
    match length {
        0 => return assert!(matches!(read, Err(Unreadable::Empty))),
        1..16 => return assert!(matches!(read, Err(Unreadable::Nothing)), "{length}"),
        _ => {}
    }
    let session = read.unwrap();
    let whole = sample
        .blocks
        .iter()
        .take_while(|block| block.end <= length)
        .count();
    let (torn, lost) = (&sample.blocks[whole], &sample.events[whole]);
    let header_is_whole = length - torn.start >= 52;
    let known = if header_is_whole {
        lost.len() as u64
    } else {
        0
    };

    let mut events = sample.events[..whole].concat();
    if known > 0 {
        events.push(loss(known, lost[0].at));
    }
    assert_eq!(session.events, events, "cut at {length}");
    let metadata = (whole == 0).then_some(Damage::Metadata);
    let end = match (length - torn.start) as u64 {
        0 => Damage::NoEnd,
        bytes => Damage::Torn {
            bytes,
            events: known,
        },
    };
    let damage: Vec<_> = metadata.into_iter().chain([end]).collect();
    assert_eq!(session.damage, damage, "cut at {length}");
}

#[test]
fn a_flipped_bit_takes_its_own_block_and_no_more() {
    let sample = Sample::new(4, 4);
    for offset in 0..sample.bytes.len() {
        for bit in 0..8 {
            let mut bytes = sample.bytes.clone();
            bytes[offset] ^= 1 << bit;
            let session = Session::read(&bytes).unwrap();
            let expected = without(&sample, offset);
            assert_eq!(session, expected, "bit {bit} of byte {offset}");
        }
    }
}

#[test]
fn a_byte_that_becomes_any_other_is_noticed() {
    let sample = Sample::new(1, 3);
    for offset in 0..sample.bytes.len() {
        for change in 1..=u8::MAX {
            let mut bytes = sample.bytes.clone();
            bytes[offset] ^= change;
            let session = Session::read(&bytes).unwrap();
            assert_eq!(
                session,
                without(&sample, offset),
                "byte {offset} by {change}"
            );
        }
    }
}

/// What is left where one byte is damaged.
fn without(sample: &Sample, offset: usize) -> Session {
    let mut session = Session {
        meta: sample.meta.clone(),
        events: sample.all(),
        damage: Vec::new(),
    };
    let hit = sample
        .blocks
        .iter()
        .position(|block| block.contains(&offset));
    let Some(hit) = hit else {
        session.damage.push(Damage::FileHeader);
        return session;
    };
    let (offset, bytes) = place(&sample.blocks[hit]);
    let events = sample.events[hit].len() as u64;
    if hit == sample.blocks.len() - 1 {
        session.damage.push(Damage::Torn { bytes, events });
        return session;
    }
    session.damage.push(Damage::Skipped {
        offset,
        bytes,
        events,
    });
    if hit == 0 {
        session.meta = Meta::default();
        session.damage.push(Damage::Metadata);
    }
    if events > 0 {
        let before = sample.events[..hit].concat();
        let after = sample.events[hit + 1..].concat();
        let all = sample.all();
        let at = after.first().or(all.last()).unwrap().at;
        session.events = [before, vec![loss(events, at)], after].concat();
    }
    session
}

#[test]
fn a_block_that_is_cut_out_is_missed() {
    let sample = Sample::new(3, 6);
    let gone = sample.blocks[2].clone();
    let mut bytes = sample.bytes.clone();
    bytes.drain(gone.clone());
    let session = Session::read(&bytes).unwrap();
    let events = sample.events[2].len() as u64;
    let offset = gone.start as u64;
    assert_eq!(session.damage, [Damage::Missing { offset, events }]);
    let after = &sample.events[3];
    let gap = vec![loss(events, after[0].at)];
    let expected = [&sample.events[1][..], &gap, after].concat();
    assert_eq!(session.events, expected);
}

#[test]
fn a_block_that_comes_twice_is_taken_once() {
    let sample = Sample::new(3, 6);
    let twice = sample.blocks[2].clone();
    let mut bytes = sample.bytes.clone();
    let copy = bytes[twice.clone()].to_vec();
    bytes.splice(twice.end..twice.end, copy);
    let session = Session::read(&bytes).unwrap();
    assert_eq!(session.events, sample.all());
    let (_, bytes) = place(&twice);
    let offset = twice.end as u64;
    assert_eq!(
        session.damage,
        [Damage::Skipped {
            offset,
            bytes,
            events: 0
        }]
    );
}

#[test]
fn what_follows_the_end_is_left_out() {
    let sample = Sample::new(2, 6);
    let twice = [&sample.bytes[..], &sample.bytes].concat();
    let session = Session::read(&twice).unwrap();
    assert_eq!(session.events, sample.all());
    let bytes = sample.bytes.len() as u64;
    assert_eq!(session.damage, [Damage::Trailing { bytes }]);
}

#[test]
fn each_damage_is_one_clear_line() {
    let lines = [
        (
            Damage::FileHeader,
            "the first bytes of the file are damaged",
        ),
        (
            Damage::Metadata,
            "the session's title and its date are lost",
        ),
        (
            Damage::Skipped {
                offset: 90,
                bytes: 200,
                events: 37,
            },
            "200 bytes from byte 90 on cannot be read: 37 events lost",
        ),
        (
            Damage::Skipped {
                offset: 90,
                bytes: 1,
                events: 0,
            },
            "1 byte from byte 90 on cannot be read: no events known to be lost",
        ),
        (
            Damage::Missing {
                offset: 90,
                events: 1,
            },
            "a part is missing at byte 90: 1 event lost",
        ),
        (
            Damage::Torn {
                bytes: 12,
                events: 0,
            },
            "the recording was cut off: its last 12 bytes cannot be read",
        ),
        (
            Damage::Torn {
                bytes: 60,
                events: 5,
            },
            "the recording was cut off: its last 60 bytes cannot be read, 5 events lost",
        ),
        (
            Damage::NoEnd,
            "the recording has no end: it was cut off, or is still going on",
        ),
        (
            Damage::Trailing { bytes: 3 },
            "3 bytes after the recording's end do not belong to it",
        ),
    ];
    for (damage, line) in lines {
        assert_eq!(damage.to_string(), line);
    }
}

/// What can happen to a file: so many bytes at a place become others.
#[derive(Clone, Debug)]
struct Change {
    place: prop::sample::Index,
    removed: usize,
    added: Vec<u8>,
}

fn change() -> impl Strategy<Value = Change> {
    let added = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..80),
        // A block that is whole and out of place, with hostile numbers.
        any::<(u8, u32, u64, u64)>().prop_map(|(kind, number, events, time)| Block {
            kind: kind % 5,
            number,
            events,
            time,
            length: Some(time),
            ..Block::default()
        }
        .bytes()),
    ];
    (any::<prop::sample::Index>(), 0..300_usize, added).prop_map(|(place, removed, added)| Change {
        place,
        removed,
        added,
    })
}

proptest! {
    #[test]
    fn whatever_happens_to_a_file_its_whole_blocks_are_read(changes in prop::collection::vec(change(), 1..4)) {
        let sample = Sample::new(6, 5);
        let mut bytes = sample.bytes.clone();
        for Change { place, removed, added } in changes {
            let start = place.index(bytes.len() + 1);
            let end = bytes.len().min(start + removed);
            bytes.splice(start..end, added);
        }
        let whole = |block: &Range<usize>| {
            let block = &sample.bytes[block.clone()];
            bytes.windows(block.len()).any(|window| window == block)
        };
        let blocks = sample.blocks.iter().zip(&sample.events);
        let expected: Vec<_> = blocks.filter(|(block, _)| whole(block)).flat_map(|(_, events)| events.clone()).collect();
        let mut events = Session::read(&bytes).map(|session| session.events).unwrap_or_default();
        events.retain(|event| !matches!(event.kind, EventKind::Lost { .. }));
        prop_assert_eq!(events, expected);
    }

    #[test]
    fn garbage_is_refused(bytes in prop::collection::vec(any::<u8>(), 1..3000)) {
        prop_assume!(bytes[0] != 0x89);
        let refused = matches!(Session::read(&bytes), Err(Unreadable::Foreign { .. }));
        prop_assert!(refused);
    }

    #[test]
    fn garbage_after_a_header_is_reported(garbage in prop::collection::vec(any::<u8>(), 1..3000)) {
        let bytes = [file(&[]), garbage.clone()].concat();
        let session = Session::read(&bytes).unwrap();
        prop_assert_eq!(session.events, vec![]);
        let bytes = garbage.len() as u64;
        prop_assert_eq!(session.damage, vec![Damage::Torn { bytes, events: 0 }]);
    }
}

fn place(block: &Range<usize>) -> (u64, u64) {
    (block.start as u64, block.len() as u64)
}

/// A loss, of which no thread is known.
fn loss(count: u64, at: Timestamp) -> Event {
    Event {
        at,
        thread: ThreadId(0),
        kind: EventKind::Lost { count },
    }
}
