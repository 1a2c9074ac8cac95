//! Whatever bytes a journal has, reading it neither panics nor takes memory that its size does not justify; and a recording
//! made of it says the same.
//!
//! Stable Rust is enough:
//!
//! ```sh
//! cd tests/fuzz && mkdir -p corpus/journal
//! RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
//!     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
//!     -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 -Cdebug-assertions" \
//!     cargo build --release --bin journal --target x86_64-unknown-linux-gnu
//! target/x86_64-unknown-linux-gnu/release/journal corpus/journal ../fixtures/journals \
//!     -max_len=65536 -rss_limit_mb=512 -malloc_limit_mb=256 -timeout=10 -max_total_time=600
//! ```
//!
//! What it finds worth keeping goes to the first directory. Most bytes that were changed at random fail a checksum and are
//! passed over, so after most changes the checksums are made to fit.

#![no_main]

use std::cell::RefCell;
use std::fs::File;
use std::io::Seek;

use asyncline::recording;
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

thread_local! {
    /// The same file again and again: to make one takes longer than to write it.
    static FILE: RefCell<File> = RefCell::new(tempfile::tempfile().expect("there is room for a file"));
}

fuzz_target!(|bytes: &[u8]| {
    FILE.with_borrow_mut(|file| {
        file.set_len(0).expect("the file can be written");
        file.rewind().expect("the file can be written");
        session::fuzz_journal(bytes, file);
    });
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let size = fuzzer_mutate(data, size, max_size);
    if !seed.is_multiple_of(8) {
        seal(&mut data[..size], seed);
    }
    size
});

/// Makes checksums fit; and, as the seed says, the lengths of blocks and their numbers too.
fn seal(bytes: &mut [u8], seed: u32) {
    const HEADER: usize = 52;
    /// More would take longer than to read them.
    const MOST: usize = 64;
    if bytes.len() >= 16 && bytes.starts_with(b"\x89ajln\r\n\x1a") {
        let sum = crc32c::crc32c(&bytes[..12]);
        bytes[12..16].copy_from_slice(&sum.to_le_bytes());
    }
    let markers = bytes.windows(4).enumerate();
    let starts = markers.filter(|(_, window)| window == b"\xffjrn");
    let starts: Vec<usize> = starts.map(|(start, _)| start).take(MOST).collect();
    let (with_lengths, with_numbers) = (seed & 8 != 0, seed & 16 != 0);
    // From the last to the first, since one may lie within another.
    for (number, &start) in starts.iter().enumerate().rev() {
        if start + HEADER > bytes.len() {
            continue;
        }
        let next = starts.get(number + 1).copied().unwrap_or(bytes.len());
        if with_numbers && next >= start + HEADER {
            put(bytes, start + 8, &(number as u64).to_le_bytes());
        }
        if with_lengths && next >= start + HEADER {
            put(
                bytes,
                start + 40,
                &((next - start - HEADER) as u32).to_le_bytes(),
            );
        }
        let length = get(bytes, start + 40) as usize;
        if let Some(payload) = bytes[start + HEADER..].get(..length) {
            let sum = crc32c::crc32c(payload);
            put(bytes, start + 44, &sum.to_le_bytes());
        }
        let sum = crc32c::crc32c(&bytes[start..start + 48]);
        put(bytes, start + 48, &sum.to_le_bytes());
    }
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

fn get(bytes: &[u8], at: usize) -> u32 {
    bytes[at..]
        .first_chunk()
        .map_or(0, |field| u32::from_le_bytes(*field))
}
