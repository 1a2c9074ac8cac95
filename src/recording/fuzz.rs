//! Reads a file in all the ways in which a session is read where it is looked at, whatever it holds. What comes of that
//! does not matter, as long as nothing panics: see `tests/fuzz/`.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::Path;

use super::archive::Archive;
use super::converter::Converter;
use super::whole::Session;
use crate::event::{LaneId, Timestamp};
use crate::insight::why;
use crate::timeline::Timeline;
use crate::timeline::overview::Cut;

/// Looks at a session here and there, and at what it says of its own.
pub fn fuzz(file: File) {
    let Ok(mut archive) = Archive::of_file(file) else {
        return;
    };
    let _ = archive.advance();
    let _: Vec<String> = each_damage(&archive);
    let (events, end) = (archive.events(), archive.end_time().unwrap_or_default());
    for place in [0, 1, events / 2, events, u64::MAX] {
        let stretch = archive.stretch(place, 3, 3).unwrap_or_default();
        let _ = stretch.place(stretch.events.len());
        let mut timeline = stretch.base.timeline;
        look(&timeline);
        stretch
            .events
            .iter()
            .for_each(|event| timeline.apply(event));
        look(&timeline);
    }
    let _ = archive.stretch(events / 3, 0, u64::MAX);
    let moments = [
        Timestamp::ZERO,
        Timestamp(1),
        Timestamp(end.0 / 2),
        end,
        Timestamp(u64::MAX),
    ];
    for pair in moments.windows(2) {
        let _ = archive.place_of(pair[1]);
        let _ = archive.between(pair[0], pair[1]);
        look(
            &archive
                .detail(pair[0], pair[1], u64::MAX)
                .unwrap_or_default()
                .timeline,
        );
    }
    let lanes = some_lanes(&mut archive);
    let _: Vec<Vec<Cut>> = archive.cuts(&lanes, &moments).unwrap_or_default();
    for lane in lanes {
        let _ = archive.index.samples(lane, Timestamp(1), end, 4);
    }
    let _: Vec<String> = each_damage(&archive);
}

/// Reads a journal at once, and in pieces into an empty file as a recording: both say the same.
///
/// # Panics
///
/// If they do not.
pub fn fuzz_journal(bytes: &[u8], file: &File) {
    let Ok(session) = super::journal::read(bytes) else {
        return;
    };
    let own = file.try_clone().expect("the file is open");
    let mut converter = Converter::to(own, Path::new("recording"));
    for (number, piece) in bytes.chunks(1 + bytes.len() / 5).enumerate() {
        if number == 2 {
            converter.use_threads().expect("the file can be written");
        }
        let pushed = converter.push(piece);
        pushed.expect("what is read at once is read in pieces");
    }
    let damage = converter.finish().expect("the file can be written");
    assert_eq!(damage, session.damage);
    let mut recording = Vec::new();
    let mut file = file;
    file.rewind().expect("the file can be read");
    file.read_to_end(&mut recording)
        .expect("the file can be read");
    let recording = Session::read(&recording).expect("a recording can be read");
    assert_eq!(recording.damage, []);
    assert!(
        recording.events == session.events,
        "the events are the same"
    );
}

/// Asks a few lanes what they are asked to be shown.
fn look(timeline: &Timeline) {
    let now = timeline.end();
    for lane in timeline.lanes().take(4) {
        let _ = (timeline.spans(lane, now).count(), lane.totals(now));
        let _ = (lane.line(), lane.innermost(), timeline.task_of(lane));
        let _ = why(timeline, lane.id, now);
    }
}

fn each_damage(archive: &Archive) -> Vec<String> {
    let damage = archive.log.all_damage();
    damage.iter().map(ToString::to_string).collect()
}

/// The first few lanes, and one that does not exist.
fn some_lanes(archive: &mut Archive) -> Vec<LaneId> {
    let end = archive.end().unwrap_or_default();
    let lanes = end.timeline.lanes().map(|lane| lane.id).take(6);
    lanes.chain([LaneId(u64::MAX)]).collect()
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
mod tests {
    use std::fs;
    use std::io::Write as _;
    use std::path::PathBuf;

    use super::*;
    use crate::recording::{Session, Writer, format};

    /// What the fuzzer begins with: real sessions, others that were made of them, and what it has found.
    fn corpus() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus")
    }

    fn files() -> Vec<PathBuf> {
        let entries = fs::read_dir(corpus()).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    #[test]
    fn no_file_that_was_found_makes_it_panic() {
        let files = files();
        assert!(files.len() > 10);
        for path in files {
            let bytes = fs::read(&path).unwrap();
            if let Ok(session) = Session::read(&bytes) {
                let _: Timeline = session.events.iter().collect();
            }
            fuzz(File::open(&path).unwrap());
        }
    }

    #[test]
    fn blocks_that_claim_to_hold_each_other_are_gone_through_in_linear_time() {
        let count = 100_000;
        let mut file = tempfile::tempfile().unwrap();
        let nested = (0..count).flat_map(|index| {
            // It says that it goes on to shortly before the end, where no block begins.
            let length = 52 * (count - index - 1) + 1;
            let mut header = format::block(format::Header::new(format::EVENTS, 1, 0), &[]);
            header[40..48].copy_from_slice(&u64::to_le_bytes(length));
            let checksum = crc32c::crc32c(&header[..48]);
            header[48..].copy_from_slice(&checksum.to_le_bytes());
            header
        });
        let bytes: Vec<u8> = format::file_header().into_iter().chain(nested).collect();
        file.write_all(&bytes).unwrap();
        file.write_all(&[0; 100]).unwrap();
        // With a checksum over all the rest at each of them, this would go through a quarter of a terabyte.
        let archive = Archive::of_file(file).unwrap();
        assert_eq!(archive.events(), 0);
    }

    /// Real sessions, all of whose blocks are whole.
    const REAL: [&str; 6] = ["cancel", "join-set", "panic", "select", "service", "tasks"];

    #[test]
    fn real_sessions_of_the_corpus_are_read_whole() {
        for name in REAL {
            let session = Session::open(corpus().join(name).with_extension("aline")).unwrap();
            assert!(session.events.len() > 20, "{name}");
            assert_eq!(session.damage, [], "{name}");
        }
    }

    #[test]
    #[ignore = "it makes files of the corpus anew, where the format has changed"]
    fn the_corpus_is_made() {
        for name in REAL {
            let session = Session::open(corpus().join(name).with_extension("aline")).unwrap();
            let blocks = in_small_blocks(&session, 16 + session.events.len() / 30);
            put(&format!("{name}-unpacked"), &unpacked(&blocks));
            for (how, bytes) in damaged(&blocks) {
                if name == "select" {
                    put(&format!("{name}-{how}"), &bytes);
                }
            }
        }
    }

    fn put(name: &str, bytes: &[u8]) {
        let path = corpus().join(name).with_extension("aline");
        File::create(path).unwrap().write_all(bytes).unwrap();
    }

    /// The same session with an index, and many blocks.
    fn in_small_blocks(session: &Session, each: usize) -> Vec<u8> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("small.aline");
        let mut writer = Writer::create(&path, &session.meta).unwrap();
        for events in session.events.chunks(each) {
            writer.write(events).unwrap();
            writer.flush().unwrap();
        }
        writer.finish().unwrap();
        fs::read(path).unwrap()
    }

    /// The blocks of a file: where each of them begins and ends.
    fn blocks(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
        let mut blocks = Vec::new();
        let mut at = format::FILE_HEADER;
        while let Some(block) = format::parse_block(&bytes[at..]) {
            blocks.push(at..at + block.size());
            at += block.size();
            if at == bytes.len() {
                break;
            }
        }
        blocks
    }

    /// The same file, none of whose blocks is packed, so that changes at random reach what is in them.
    fn unpacked(bytes: &[u8]) -> Vec<u8> {
        let mut unpacked = format::file_header().to_vec();
        for range in blocks(bytes) {
            let block = format::parse_block(&bytes[range]).unwrap();
            let payload = format::unpack(&block).unwrap();
            let header = format::Header {
                flags: block.header.flags & !format::PACKED,
                ..block.header
            };
            unpacked.extend(format::block(header, &payload));
        }
        unpacked
    }

    /// The same file, damaged in some ways.
    fn damaged(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
        let blocks = blocks(bytes);
        let [first, second] = [&blocks[1], &blocks[2]];
        let cut = bytes[..first.start + 60].to_vec();
        let without = [&bytes[..first.start], &bytes[first.end..]].concat();
        let twice = [&bytes[..second.end], &bytes[first.start..]].concat();
        let headless = bytes[8..].to_vec();
        let mut flipped = bytes.to_vec();
        flipped[first.end - 1] ^= 1;
        let mut long = bytes.to_vec();
        long[second.start + 40 + 7] = 0xff;
        let endless = {
            let block = format::parse_block(&bytes[first.clone()]).unwrap();
            let header = format::Header {
                events: u64::MAX,
                before: 1,
                ..block.header
            };
            let block = format::block(header, block.payload);
            [&bytes[..first.start], &block, &bytes[first.end..]].concat()
        };
        vec![
            ("cut", cut),
            ("without", without),
            ("twice", twice),
            ("headless", headless),
            ("flipped", flipped),
            ("long", long),
            ("endless", endless),
        ]
    }
}
