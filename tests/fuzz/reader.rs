//! Whatever bytes a session log has, reading it neither panics nor takes memory that its size does not justify.
//!
//! ```sh
//! mkdir -p tests/fuzz/corpus/reader
//! cargo +nightly fuzz run -s none --fuzz-dir tests/fuzz reader tests/fuzz/corpus/reader tests/fixtures/corpus -- \
//!     -max_len=1048576 -rss_limit_mb=512 -malloc_limit_mb=256 -timeout=10 -max_total_time=600
//! ```
//!
//! What it finds worth keeping goes to the first directory. The reader has no unsafe code, so no sanitizer has to slow it
//! down. Most bytes that were changed at random fail a checksum and are passed over, so after most changes the checksums
//! are made to fit.

#![no_main]

use std::cell::RefCell;
use std::fs::File;
use std::io::{Seek, Write};

use asyncline::Timeline;
use asyncline::recording::{self, Session};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

thread_local! {
    /// The same file again and again: to make one takes longer than to read it.
    static FILE: RefCell<File> = RefCell::new(tempfile::tempfile().expect("there is room for a file"));
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(session) = Session::read(bytes) {
        let timeline: Timeline = session.events.iter().collect();
        for lane in timeline.lanes() {
            lane.totals(timeline.end());
        }
    }
    let file = FILE.with_borrow_mut(|file| {
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(bytes)?;
        file.try_clone()
    });
    session::fuzz(file.expect("the file can be written"));
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let size = fuzzer_mutate(data, size, max_size);
    if !seed.is_multiple_of(8) {
        seal(&mut data[..size], seed);
    }
    size
});

/// Makes checksums fit; and, as the seed says, the lengths of blocks, their numbers and their counts of events too.
fn seal(bytes: &mut [u8], seed: u32) {
    const HEADER: usize = 52;
    /// More would take longer than to read them.
    const MOST: usize = 64;
    if bytes.len() >= 16 && bytes.starts_with(b"\x89aline\r\n") {
        let sum = crc32c::crc32c(&bytes[..12]);
        bytes[12..16].copy_from_slice(&sum.to_le_bytes());
    }
    let markers = bytes.windows(4).enumerate();
    let starts = markers.filter(|(_, window)| window == b"\xffblk");
    let starts: Vec<usize> = starts.map(|(start, _)| start).take(MOST).collect();
    let (with_lengths, with_numbers) = (seed & 8 != 0, seed & 16 != 0);
    let mut before = 0_u64;
    for (number, &start) in starts.iter().enumerate() {
        let next = starts.get(number + 1).copied().unwrap_or(bytes.len());
        if next < start + HEADER {
            continue;
        }
        if with_numbers {
            put(bytes, start + 8, &(number as u32).to_le_bytes());
            put(bytes, start + 16, &before.to_le_bytes());
        }
        before = before.saturating_add(get(bytes, start + 24));
        if with_lengths {
            let length = (next - start - HEADER) as u64;
            put(bytes, start + 40, &length.to_le_bytes());
        }
    }
    // From the last to the first, since one may lie within another.
    for &start in starts.iter().rev() {
        if start + HEADER > bytes.len() {
            continue;
        }
        let payload = start + HEADER;
        let length = usize::try_from(get(bytes, start + 40)).unwrap_or(usize::MAX);
        if let Some(payload) = bytes[payload..].get(..length) {
            let sum = crc32c::crc32c(payload);
            put(bytes, start + 12, &sum.to_le_bytes());
        }
        let sum = crc32c::crc32c(&bytes[start..start + 48]);
        put(bytes, start + 48, &sum.to_le_bytes());
    }
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

fn get(bytes: &[u8], at: usize) -> u64 {
    bytes[at..]
        .first_chunk()
        .map_or(0, |field| u64::from_le_bytes(*field))
}
