//! Files that were made to do harm, and files that are no session logs.

use std::fs;

use asyncline::event::{Event, EventKind, LaneId};
use asyncline::recording::{Damage, Session};
use asyncline::timeline::Timeline;
use proptest::prelude::*;

use crate::sample::{Block, Sample, file, file_header};

/// A block of events that says what it holds.
fn block(number: u32, before: u64, events: u64, payload: &[u8]) -> Block {
    Block {
        kind: 2,
        number,
        before,
        events,
        payload: payload.to_vec(),
        ..Block::default()
    }
}

/// An empty dictionary, and one event: lane 1 is resumed.
const RESUMED: &[u8] = &[0, 5, 0, 2];

#[test]
fn payloads_that_are_wrong_are_passed_over() {
    let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    let wrong: [(&str, u64, Vec<u8>); 13] = [
        ("nothing at all", 1, vec![]),
        ("more events than there are", u64::MAX, RESUMED.to_vec()),
        (
            "fewer events than there are",
            1,
            [RESUMED, &RESUMED[1..]].concat(),
        ),
        (
            "a dictionary of any size",
            1,
            [&huge[..], &RESUMED[1..]].concat(),
        ),
        ("a text of any length", 1, [&[1], &huge[..]].concat()),
        ("a text that is no UTF-8", 1, vec![1, 1, 0xff, 5, 0, 1]),
        (
            "a text that is not in the dictionary",
            1,
            vec![1, 1, b'a', 0, 0, 1],
        ),
        ("a kind that does not exist", 1, vec![0, 17, 0, 1]),
        ("a result that does not exist", 1, vec![0, 6, 0, 1, 3]),
        ("an option that is neither", 1, vec![1, 0, 15, 0, 2, 0]),
        (
            "a thread that is too high",
            1,
            [&[0, 0x85, 0], &huge[..], &[1]].concat(),
        ),
        (
            "a number of more than 64 bits",
            1,
            [&[0, 5, 0], &huge[..9], &[0x02]].concat(),
        ),
        (
            "a number without an end",
            1,
            [&[0, 5, 0], &huge[..9]].concat(),
        ),
    ];
    for (what, events, payload) in wrong {
        let good = block(2, events.saturating_add(1), 1, RESUMED);
        let bytes = file(&[block(0, 0, 1, RESUMED), block(1, 1, events, &payload), good]);
        let session = Session::read(&bytes).unwrap();
        let resumed = session
            .events
            .iter()
            .filter(|event| matches!(event.kind, EventKind::PollStarted { .. }));
        assert_eq!(resumed.count(), 2, "{what}");
        let lost = session.events.iter().map(lost).sum::<u64>();
        assert_eq!(lost, events, "{what}");
    }
}

#[test]
fn the_longest_number_is_read() {
    let most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    let payload = [&[0, 16, 0], &most[..]].concat();
    let session = Session::read(&file(&[block(1, 0, 1, &payload)])).unwrap();
    assert_eq!(session.events.iter().map(lost).sum::<u64>(), u64::MAX);
}

#[test]
fn a_length_beyond_the_file_is_a_torn_block() {
    for length in [5, 1 << 20, 1 << 40, u64::MAX - 51, u64::MAX] {
        let block = Block {
            length: Some(length),
            ..block(1, 0, 1, RESUMED)
        };
        let session = Session::read(&file(&[block])).unwrap();
        assert_eq!(
            session.damage,
            [Damage::Torn {
                bytes: 56,
                events: 1
            }]
        );
        assert_eq!(session.events.iter().map(lost).sum::<u64>(), 1);
    }
}

#[test]
fn blocks_that_claim_to_hold_each_other_take_linear_time() {
    let count = 200_000;
    let nested = (0..count).flat_map(|index| {
        let block = Block {
            length: Some(52 * (count - index - 1)),
            ..block(1, 0, 1, &[])
        };
        let mut bytes = block.bytes();
        bytes.truncate(52);
        bytes
    });
    let bytes: Vec<u8> = file(&[]).into_iter().chain(nested).collect();
    // With a checksum over all the rest at each of them, this would go through a terabyte.
    let session = Session::read(&bytes).unwrap();
    assert!(session.events.len() <= 2);
}

#[test]
fn what_a_later_version_may_add_is_passed_over() {
    let index = Block {
        kind: 77,
        flags: 9,
        number: 2,
        before: 1,
        payload: b"an index".to_vec(),
        ..Block::default()
    };
    let metadata = Block {
        kind: 1,
        payload: b"\x01\x05title\x63\x03new".to_vec(),
        ..Block::default()
    };
    let end = Block {
        kind: 3,
        number: 4,
        before: 2,
        ..Block::default()
    };
    let blocks = [
        metadata,
        block(1, 0, 1, RESUMED),
        index,
        block(3, 1, 1, RESUMED),
        end,
    ];
    let bytes: Vec<u8> = blocks.iter().fold(file_header(1), |bytes, block| {
        [bytes, block.bytes()].concat()
    });
    let session = Session::read(&bytes).unwrap();
    assert_eq!(session.damage, []);
    assert_eq!(session.meta.title, "title");
    assert_eq!(session.events.len(), 2);
}

/// A block whose payload is packed.
fn packed(payload: &[u8], length: u64) -> Block {
    let mut bytes = Vec::new();
    let mut rest = length;
    while rest >= 0x80 {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes.extend(zstd::bulk::compress(payload, 19).unwrap());
    Block {
        flags: 1,
        ..block(1, 0, 1, &bytes)
    }
}

#[test]
fn a_packed_block_is_read_and_one_that_lies_is_passed_over() {
    let right = packed(RESUMED, RESUMED.len() as u64);
    let session = Session::read(&file(std::slice::from_ref(&right))).unwrap();
    assert!(matches!(
        session.events[0].kind,
        EventKind::PollStarted { lane: LaneId(1) }
    ));

    let mut torn = right.clone();
    torn.payload.pop();
    // A dictionary of one text, which is long and all alike.
    let bomb = [
        &[1, 0x80, 0x80, 0x3f][..],
        &vec![b'a'; 0x0f_c000],
        &RESUMED[1..],
    ]
    .concat();
    for (what, block) in [
        ("more than it holds", packed(RESUMED, 5)),
        ("less than it holds", packed(RESUMED, 3)),
        ("nothing", packed(RESUMED, 0)),
        ("any length", packed(RESUMED, u64::MAX)),
        ("half of it", torn),
        (
            "far more than its size justifies",
            packed(&bomb, bomb.len() as u64),
        ),
    ] {
        let session = Session::read(&file(&[block])).unwrap();
        assert_eq!(session.events.len(), 1, "{what}");
        assert!(
            matches!(session.events[0].kind, EventKind::Lost { count: 1 }),
            "{what}: {:?}",
            session.events[0]
        );
    }
}

#[test]
fn a_block_that_is_packed_in_an_unknown_way_is_lost() {
    let packed = Block {
        flags: 2,
        ..block(1, 0, 9, RESUMED)
    };
    let session = Session::read(&file(&[packed, block(2, 9, 1, RESUMED)])).unwrap();
    assert_eq!(
        session.damage[0],
        Damage::Skipped {
            offset: 68,
            bytes: 56,
            events: 9
        }
    );
    assert_eq!(session.events.len(), 2);
}

proptest! {
    #[test]
    fn any_blocks_with_right_checksums_are_read_without_a_panic(blocks in prop::collection::vec(any_block(), 0..6)) {
        let session = Session::read(&file(&blocks)).unwrap();
        let _: Timeline = session.events.iter().collect();
        prop_assert!(!session.damage.is_empty(), "these have no end, or something after it");
    }
}

fn any_block() -> impl Strategy<Value = Block> {
    let payload = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        prop::collection::vec(0..20_u8, 0..60),
    ];
    let number = || prop_oneof![0..4_u64, any::<u64>()];
    (
        0..6_u8,
        0..2_u8,
        any::<u32>(),
        number(),
        number(),
        number(),
        payload,
    )
        .prop_map(|(kind, flags, number, before, events, time, mut payload)| {
            if kind == 3 {
                payload.push(0); // So that a file never ends well.
            }
            Block {
                kind: if kind == 3 { 2 } else { kind },
                flags,
                number,
                before,
                events,
                time,
                payload,
                length: None,
            }
        })
}

#[test]
fn what_is_no_session_gets_one_clear_line_that_names_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let cases: [(&str, &[u8], &str); 8] = [
        ("empty.aline", b"", "it is empty"),
        (
            "text.aline",
            b"#!/bin/sh\necho hello\n",
            "not a session log (it starts with “#!/bin/sh”)",
        ),
        (
            "wide.aline",
            "안녕하세요, 여러분".as_bytes(),
            "not a session log (it starts with “안녕하세요, 여러분”)",
        ),
        (
            "elf.aline",
            b"\x7fELF\x02\x01\x01\0\0\0",
            "not a session log (it starts with the bytes 7f 45 4c 46 02 01 01 00)",
        ),
        (
            "escape.aline",
            b"\x1b[2J gone",
            "not a session log (it starts with the bytes 1b 5b 32 4a 20 67 6f 6e)",
        ),
        (
            "blank.aline",
            b"\n",
            "not a session log (it starts with the bytes 0a)",
        ),
        (
            "short.aline",
            b"\x89ali",
            "it begins like a session log, but nothing in it is readable",
        ),
        (
            "new.aline",
            &file_header(5),
            "a newer asyncline wrote it (its format is version 5, this program reads version 4)",
        ),
    ];
    for (name, bytes, why) in cases {
        fs::write(path(name), bytes).unwrap();
        let error = Session::open(path(name)).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("cannot read {}: {why}", path(name).display())
        );
    }
    let error = Session::open(path("none.aline")).unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "cannot read {}: there is no such file or directory",
            path("none.aline").display()
        )
    );
    let error = Session::open(directory.path()).unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "cannot read {}: it is a directory",
            directory.path().display()
        )
    );
}

#[cfg(unix)]
#[test]
fn a_file_without_an_end_is_not_read_to_its_end() {
    let error = Session::open("/dev/zero").unwrap_err().to_string();
    assert!(error.contains("not a session log"), "{error}");
}

/// What the program says of a file on standard error, and then on standard output.
#[cfg(feature = "app")]
fn told(arguments: &[&str], file: &std::path::Path) -> [String; 2] {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_asyncline"));
    let output = command.args(arguments).arg(file).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    [output.stderr, output.stdout].map(|bytes| String::from_utf8(bytes).unwrap())
}

#[cfg(feature = "app")]
#[test]
fn a_count_that_cannot_be_true_is_not_told_as_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("claims.aline");
    let claim = 1 << 60;
    let claims = [
        // A block says that so many were before it.
        vec![block(1, 0, 1, RESUMED), block(2, claim, 1, RESUMED)],
        // One that cannot be read says that it holds so many.
        vec![block(1, 0, claim, &[9]), block(2, claim, 1, RESUMED)],
        vec![block(1, 0, claim, &[9])],
    ];
    for blocks in claims {
        fs::write(&path, file(&blocks)).unwrap();
        for arguments in [&["replay", "--text"][..], &["session", "info"], &["repair"]] {
            let [stderr, stdout] = told(arguments, &path);
            let digits = claim.to_string();
            let said = format!("{stderr}{stdout}");
            assert!(!said.contains(&digits[..12]), "{arguments:?}: {said}");
        }
        fs::write(&path, file(&blocks)).unwrap();
        let [stderr, stdout] = told(&["replay", "--text"], &path);
        assert!(stderr.contains("how many is not known"), "{stderr}");
        assert!(stdout.contains("an unknown number lost"), "{stdout}");
    }
}

#[cfg(feature = "app")]
#[test]
fn much_damage_is_told_in_three_lines() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("holes.aline");
    let blocks: Vec<_> = (0..50)
        .map(|block| self::block(2 * block + 1, u64::from(3 * block), 1, RESUMED))
        .collect();
    fs::write(&path, file(&blocks)).unwrap();
    let [stderr, stdout] = told(&["session", "info"], &path);
    assert_eq!(stderr, "");
    assert_eq!(
        stdout
            .lines()
            .filter(|line| line.starts_with("state"))
            .count(),
        50,
        "{stdout}"
    );
    for arguments in [&["replay", "--text"][..], &["repair"]] {
        let [stderr, _] = told(arguments, &path);
        assert_eq!(stderr.lines().count(), 3, "{arguments:?}: {stderr}");
        assert!(
            stderr.contains("and 48 more: 'asyncline session info' lists them all"),
            "{stderr}"
        );
    }
}

#[test]
fn a_newer_file_is_refused_whatever_it_holds() {
    let mut bytes = Sample::new(2, 2).bytes;
    bytes.splice(..16, file_header(u16::MAX));
    let error = Session::read(&bytes).unwrap_err().to_string();
    assert!(error.starts_with("a newer asyncline wrote it"), "{error}");
}

fn lost(event: &Event) -> u64 {
    match event.kind {
        EventKind::Lost { count } => count,
        _ => 0,
    }
}
