//! Reads journals that were cut off, or changed, or whose bytes come in pieces.

use std::fs;
use std::path::{Path, PathBuf};

use super::Reader;
use super::by_hand::{self, Block, blob, first, near, whole};
use crate::event::{Event, EventKind, LaneId};
use crate::recording::Damage;

/// Reads a journal at once.
pub(super) fn read(bytes: &[u8]) -> (Reader, Vec<Event>) {
    read_pieces(bytes, || usize::MAX)
}

/// Reads a journal in pieces of these sizes.
fn read_pieces(mut bytes: &[u8], mut size: impl FnMut() -> usize) -> (Reader, Vec<Event>) {
    let (mut reader, mut events) = (Reader::default(), Vec::new());
    while !bytes.is_empty() {
        let (piece, rest) = bytes.split_at(size().min(bytes.len()));
        reader.push(piece, &mut events).unwrap();
        bytes = rest;
    }
    reader.end(&mut events);
    (reader, events)
}

/// Numbers that look random, and are the same in every run.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        (self.0 >> 33) as usize % most
    }
}

const THREADS: usize = 3;
/// How many notes there are beside what the threads wrote.
const NOTES: u64 = 4;

/// A journal of several threads, block by block. The events of each thread are numbered from 1: see [`number`].
fn generated() -> Vec<Vec<u8>> {
    let mut random = Random(7);
    let mut blocks = vec![by_hand::file_header()];
    let mut put = |block: Block, payload: &[u8]| {
        let number = blocks.len() as u64 - 1;
        blocks.push(Block { number, ..block }.with(payload));
    };
    let of = |kind, count, before| Block {
        kind,
        count,
        before,
        ..Block::default()
    };
    put(of(1, 0, 0), b"\x01\x01g");
    let (mut written, mut ticks) = ([0; THREADS], [0; THREADS]);
    for pass in 0..12 {
        let names = pass / 4;
        if pass % 4 == 0 {
            put(of(3, 1, names), b"\x04text");
            put(of(4, 1, names), b"\x04name\x01\x04file\x01\x01");
        }
        let now = 1_000 * (pass + 1);
        for thread in 0..THREADS {
            let count = random.below(9);
            let block = Block {
                thread: thread as u32,
                tick: ticks[thread],
                ..of(2, 0, written[thread])
            };
            let mut payload = Vec::new();
            for _ in 0..count {
                let event = any_event(&mut random, 10 + thread as u64, written[thread] + 1, names);
                written[thread] += event.count;
                ticks[thread] += event.ticks;
                payload.extend(event.words);
            }
            let count = (written[thread] - block.before) as u32;
            let block = Block { count, ..block };
            put(block, &payload);
        }
        if pass % 3 == 1 {
            put(of(5, 1, pass / 3), &[1, 9, 8, 1]);
        }
        let time = Block {
            flags: 1,
            tick: now,
            ..of(6, 0, 0)
        };
        put(time, b"");
    }
    put(of(7, 0, 0), b"");
    blocks
}

/// What a thread wrote at once: one event, or two.
struct Written {
    words: Vec<u8>,
    count: u64,
    ticks: u64,
}

/// Returns an event of the kinds that words have, whose lane has the event's number. Names it uses have this number.
fn any_event(random: &mut Random, since: u64, lane: u64, name: u64) -> Written {
    let two = |lower: u64| ((9_u64 << 32) + lower).to_le_bytes();
    let (words, count, more) = match random.below(9) {
        0 => (blob(since, &[15, 1, lane as u8, name as u8 + 1]), 1, 0),
        1 => ([first(17, since, lane), name.to_le_bytes()].concat(), 1, 0),
        2 => (whole(9, since, 3, lane).to_vec(), 2, 3),
        3 => (whole(10, since, 2, lane).to_vec(), 2, 2),
        4 => (near(since, 2_049, lane).to_vec(), 1, 0),
        5 => ([first(20, since, lane), two(5)].concat(), 2, 0),
        _ => (first(3, since, lane).to_vec(), 1, 0),
    };
    Written {
        words,
        count,
        ticks: since + more,
    }
}

/// Returns the number of an event of a thread.
fn number(kind: &EventKind) -> Option<u64> {
    match kind {
        EventKind::PollStarted { lane }
        | EventKind::Spawned { lane, .. }
        | EventKind::Woken { lane, .. }
        | EventKind::AwaitEntered { lane, .. }
        | EventKind::Mark {
            lane: Some(lane), ..
        } => Some(lane.0),
        EventKind::PollEnded { lane, .. } | EventKind::AwaitLeft { lane, .. } => Some(lane.0 + 1),
        _ => None,
    }
}

/// Returns how many of the notes these events are.
fn noted(events: &[Event]) -> u64 {
    let is_note = |event: &&Event| matches!(event.kind, EventKind::Unwakeable { .. });
    events.iter().filter(is_note).count() as u64
}

/// Returns the events of each thread in the last of its blocks that are whole, and all before.
fn told(bytes: &[u8]) -> [u64; THREADS] {
    let mut told = [0; THREADS];
    for (thread, end) in ends(bytes, 2) {
        told[thread] = told[thread].max(end);
    }
    told
}

/// Returns the threads of whole blocks of a kind, and the number of events in each and before.
fn ends(bytes: &[u8], kind: u8) -> impl Iterator<Item = (usize, u64)> {
    let u32_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let starts = (0..bytes.len().saturating_sub(51)).filter(move |at| {
        bytes[*at..].starts_with(b"\xffjrn") && bytes[at + 4] == kind && {
            let payload = bytes[at + 52..].get(..u32_at(at + 40) as usize);
            let fits = payload.is_some_and(|payload| crc32c::crc32c(payload) == u32_at(at + 44));
            fits && crc32c::crc32c(&bytes[*at..at + 48]) == u32_at(at + 48)
        }
    });
    starts.map(move |at| {
        let end = u64::from(u32_at(at + 24)) + u64::from(u32_at(at + 20));
        (u32_at(at + 16) as usize, end)
    })
}

/// Holds what is read of a journal that was changed against the whole one.
fn check(bytes: &[u8], whole: &[u8]) -> (Reader, Vec<Event>) {
    let (reader, events) = read(bytes);
    let all = told(whole);
    assert!(events.windows(2).all(|pair| pair[0].at <= pair[1].at));
    for (thread, told) in told(bytes).into_iter().enumerate() {
        let own = events.iter().filter(|it| it.thread.0 == thread as u32);
        let numbers: Vec<u64> = own.clone().filter_map(|it| number(&it.kind)).collect();
        assert!(
            numbers.windows(2).all(|pair| pair[0] < pair[1]),
            "{numbers:?}"
        );
        let lost = own.filter_map(|it| match it.kind {
            EventKind::Lost { count } => Some(count),
            _ => None,
        });
        let sum = numbers.len() as u64 + lost.sum::<u64>();
        // Lost notes count as the first thread's, since their own is not known.
        let notes = if thread == 0 {
            NOTES - noted(&events)
        } else {
            0
        };
        assert!(told <= sum, "{told} {sum}");
        assert!(sum <= all[thread] + notes, "{sum} {notes} {all:?}");
    }
    if reader.damage().is_empty() {
        let (_, expected) = read(whole);
        assert!(events == expected, "the damage names all missing events");
    }
    (reader, events)
}

#[test]
fn a_journal_cut_at_any_byte_says_what_is_before() {
    let (blocks, events) = by_hand::journal();
    let bytes = blocks.concat();
    for length in 0..bytes.len() {
        let (reader, read) = read(&bytes[..length]);
        // The event that is lost is not told of where its block is cut off.
        let as_is = read.iter().zip(&events).take_while(|(read, it)| read == it);
        let rest = &read[as_is.count()..];
        // What a torn block is known to have held is lost in its place; the other thread's events go on.
        assert!(
            rest.iter()
                .all(|it| matches!(it.kind, EventKind::Lost { .. }) || events.contains(it))
        );
        let mut end = 0;
        let starts = blocks.iter().map(|block| {
            end += block.len();
            end
        });
        let is_between = length == 0 || starts.into_iter().any(|end| end == length);
        let last = reader.damage().last();
        let is_told = match last {
            Some(Damage::NoEnd) => is_between,
            Some(Damage::Torn { .. }) => !is_between,
            _ => false,
        };
        assert!(is_told, "cut at {length}");
    }
    let bytes = generated().concat();
    (0..bytes.len()).for_each(|length| drop(check(&bytes[..length], &bytes)));
}

/// Changes a journal in one of many ways.
fn mutated(blocks: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut blocks = blocks.to_vec();
    let (a, b) = (random.below(blocks.len()), random.below(blocks.len()));
    match random.below(6) {
        0 => blocks.swap(a, b),
        1 => drop(blocks.remove(a)),
        2 => {
            let twice = blocks[a].clone();
            blocks.insert(b, twice);
        }
        way => {
            let mut bytes = blocks.concat();
            for _ in 0..=random.below(3) {
                let at = random.below(bytes.len());
                let end = (at + 1 + random.below(90)).min(bytes.len());
                match way {
                    3 => bytes[at] ^= 1 << random.below(8),
                    4 => drop(bytes.drain(at..end)),
                    _ => drop(bytes.splice(at..at, vec![b'r'; end - at])),
                }
            }
            return bytes;
        }
    }
    blocks.concat()
}

#[test]
fn what_can_be_read_of_a_changed_journal_is_read_and_the_rest_is_counted() {
    let blocks = generated();
    let whole = blocks.concat();
    let (reader, _) = read(&whole);
    assert_eq!(reader.damage(), []);
    check(&whole, &whole);
    let mut random = Random(1);
    for _ in 0..2_000 {
        let bytes = mutated(&blocks, &mut random);
        let at_once = check(&bytes, &whole);
        let most = [1, 7, 400][random.below(3)];
        let in_pieces = read_pieces(&bytes, || 1 + random.below(most));
        assert!(at_once.1 == in_pieces.1);
        assert_eq!(at_once.0.damage(), in_pieces.0.damage());
    }
}

#[test]
fn blocks_that_are_missing_are_exactly_so_many_events() {
    let blocks = generated();
    let whole = blocks.concat();
    let all = told(&whole);
    for missing in 1..blocks.len() {
        for count in 1..6 {
            let end = (missing + count).min(blocks.len());
            let bytes = [blocks[..missing].concat(), blocks[end..].concat()].concat();
            let (reader, events) = read(&bytes);
            // The rest of each thread tells, if there is any.
            let is_told = told(&bytes) == all;
            let mut sums = [0; THREADS];
            for event in &events {
                let count = match event.kind {
                    EventKind::Lost { count } => count,
                    _ => u64::from(number(&event.kind).is_some()),
                };
                if let Some(sum) = sums.get_mut(event.thread.0 as usize) {
                    *sum += count;
                }
            }
            let notes = ends(&bytes, 5).map(|(_, end)| end).max().unwrap_or(0);
            sums[0] -= notes - noted(&events);
            assert!(!is_told || sums == all, "{missing} and {count}");
            assert!(!reader.damage().is_empty());
        }
    }
}

#[test]
fn a_byte_that_is_changed_takes_its_own_block_and_no_more() {
    let blocks = generated();
    let whole = blocks.concat();
    let (_, all) = read(&whole);
    let is_words = |block: &[u8]| block[4] == 2;
    for (index, block) in blocks.iter().enumerate().skip(1) {
        let count = u32::from_le_bytes(block[20..24].try_into().unwrap()) as usize;
        for offset in (0..block.len()).step_by(3) {
            let mut blocks = blocks.clone();
            blocks[index][offset] ^= 0x10;
            let (reader, events) = read(&blocks.concat());
            let is_last = index == blocks.len() - 1;
            let damage = reader.damage();
            let is_told = |damage: &Damage| match *damage {
                Damage::Torn { bytes, .. } => is_last && bytes == block.len() as u64,
                Damage::Skipped { bytes, .. } => !is_last && bytes == block.len() as u64,
                _ => false,
            };
            assert!(damage.iter().any(is_told), "{damage:?}");
            let written = |events: &[Event]| {
                let numbers = events.iter().filter_map(|it| number(&it.kind));
                numbers.count()
            };
            let lost = if is_words(block) { count } else { 0 };
            // Names that are lost are "?", or nothing if none follow.
            let least = match block[4] {
                3 | 4 => 0,
                _ => written(&all) - lost,
            };
            assert!((least..=written(&all) - lost).contains(&written(&events)));
        }
    }
}

#[test]
fn notes_that_cannot_be_read_are_counted() {
    let blocks = generated();
    let lost = |events: &[Event]| {
        let counts = events.iter().map(|event| match event.kind {
            EventKind::Lost { count } => count,
            _ => 0,
        });
        counts.sum::<u64>()
    };
    let (_, all) = read(&blocks.concat());
    assert_eq!((noted(&all), lost(&all)), (NOTES, 0));
    let notes = (1..blocks.len()).filter(|index| blocks[*index][4] == 5);
    for (nth, index) in notes.enumerate() {
        let changes: [fn(&mut Vec<u8>); 4] = [
            |payload| payload[55] ^= 1,
            |header| header[4] ^= 1,
            Vec::clear,
            // A kind of event that is not known, and a checksum that fits.
            |block| {
                block[54] = 0xfe;
                let sum = by_hand::crc32c(&block[52..]).to_le_bytes();
                block[44..48].copy_from_slice(&sum);
                let sum = by_hand::crc32c(&block[..48]).to_le_bytes();
                block[48..52].copy_from_slice(&sum);
            },
        ];
        for (way, change) in changes.into_iter().enumerate() {
            let mut blocks = blocks.clone();
            change(&mut blocks[index]);
            let (reader, events) = read(&blocks.concat());
            // Without a header, only later notes tell.
            let is_known = !matches!(way, 1 | 2) || nth as u64 + 1 < NOTES;
            let expected = (NOTES - 1, u64::from(is_known));
            assert_eq!((noted(&events), lost(&events)), expected, "{way} {nth}");
            let damage: Vec<String> = reader.damage().iter().map(Damage::to_string).collect();
            let told = damage.iter().filter(|line| line.contains("1 event lost"));
            assert_eq!(told.count(), usize::from(is_known), "{damage:?}");
            let unknown = damage.iter().any(|it| it.contains("no events known"));
            assert!(is_known || unknown, "{damage:?}");
        }
    }
}

#[test]
fn blocks_that_claim_to_hold_each_other_are_gone_through_in_linear_time() {
    let count = 40_000;
    let nested = (0..count).flat_map(|index| {
        let mut block = Block {
            kind: 2,
            number: index,
            thread: index as u32,
            ..Block::default()
        }
        .with(b"");
        let length = 52 * (count - index - 1) as u32 + 1;
        block[40..44].copy_from_slice(&length.to_le_bytes());
        let sum = by_hand::crc32c(&block[..48]).to_le_bytes();
        block[48..].copy_from_slice(&sum);
        block
    });
    let mut bytes = by_hand::file_header();
    bytes.extend(nested);
    bytes.extend([0; 100]);
    // With a checksum over all the rest at each of them, this would go through 40 gigabytes.
    let (_, events) = read(&bytes);
    assert_eq!(events, []);
}

#[test]
fn many_threads_and_many_passes_are_gone_through_in_linear_time() {
    let count = 20_000;
    let mut bytes = by_hand::file_header();
    for index in 0..count {
        // Its event is due at the end.
        let words = Block {
            kind: 2,
            number: 2 * index,
            thread: index as u32,
            count: 1,
            tick: 1 << 40,
            ..Block::default()
        };
        let time = Block {
            kind: 6,
            number: 2 * index + 1,
            tick: index,
            ..Block::default()
        };
        bytes.extend(words.with(&first(3, 0, 1)));
        bytes.extend(time.with(b""));
    }
    // If each pass went through all threads, this would be 400 million looks.
    let (_, events) = read(&bytes);
    assert_eq!(events.len() as u64, count);
    let is_first = |event: &Event| event.kind == EventKind::PollStarted { lane: LaneId(1) };
    assert!(events.iter().all(is_first));
}

#[test]
fn a_name_whose_number_is_too_high_takes_no_memory() {
    for kind in [3, 4] {
        let names = Block {
            kind,
            count: 1,
            before: u64::MAX / 2,
            ..Block::default()
        };
        let payload: &[u8] = if kind == 3 {
            b"\x01x"
        } else {
            b"\x01x\x01\0\0\0"
        };
        let bytes = [by_hand::file_header(), names.with(payload)].concat();
        let (reader, events) = read(&bytes);
        assert_eq!(events, []);
        assert!(matches!(
            reader.damage(),
            [Damage::Metadata, Damage::Torn { .. }]
        ));
    }
}

/// Journals that the fuzzer begins with, and what it has found.
fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/journals")
}

#[cfg(feature = "app")]
#[test]
fn a_recording_of_a_journal_of_the_corpus_says_the_same() {
    let files = fs::read_dir(corpus()).unwrap();
    let paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    assert!(paths.len() > 5);
    for path in paths {
        let bytes = fs::read(path).unwrap();
        crate::recording::fuzz_journal(&bytes, &tempfile::tempfile().unwrap());
    }
}

#[test]
#[ignore = "it makes files of the corpus anew, where the format has changed"]
fn the_corpus_is_made() {
    let put = |name: &str, bytes: &[u8]| {
        let path = corpus().join(name).with_extension("aline");
        fs::write(path, bytes).unwrap();
    };
    let (blocks, _) = by_hand::journal();
    put("by-hand", &blocks.concat());
    put("by-hand-cut", &blocks.concat()[..900]);
    let blocks = generated();
    put("generated", &blocks.concat());
    put("headless", &blocks[1..].concat());
    put("twice", &[blocks.clone(), blocks.clone()].concat().concat());
    put("without", &[&blocks[..20], &blocks[40..]].concat().concat());
    put("late", &[&blocks[..4], &blocks[30..]].concat().concat());
    #[cfg(unix)]
    put("standing", &standing(&blocks, 30));
}

/// Returns a journal of whose blocks the first ones are left out, as late viewers get it.
#[cfg(unix)]
fn standing(blocks: &[Vec<u8>], left_out: usize) -> Vec<u8> {
    let mut standing = super::standing::Standing::default();
    standing.fold(&blocks[2..left_out].concat());
    let mut bytes = blocks[..2].concat();
    standing.write(&mut bytes);
    bytes.extend(blocks[left_out..].concat());
    bytes
}
