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
//! What it finds worth keeping goes to the first directory.

#![no_main]

mod seal;

use std::cell::RefCell;
use std::fs::File;
use std::io::Seek;

use asyncline::recording;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use seal::Layout;

const LAYOUT: Layout = Layout {
    magic: b"\x89ajln\r\n\x1a",
    marker: b"\xffjrn",
    number: 8,
    length: 4,
    checksum: 44,
    counts: false,
};

thread_local! {
    /// The same file again and again: to make one takes longer than to write it.
    static FILE: RefCell<File> = RefCell::new(tempfile::tempfile().expect("there is room for a file"));
}

fuzz_target!(|bytes: &[u8]| {
    FILE.with_borrow_mut(|file| {
        file.set_len(0).expect("the file can be written");
        file.rewind().expect("the file can be written");
        recording::fuzz_journal(bytes, file);
    });
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    seal::mutate(&LAYOUT, data, size, max_size, seed)
});
