//! Whatever bytes a session log has, reading it neither panics nor takes memory that its size does not justify.
//!
//! ```sh
//! mkdir -p tests/fuzz/corpus/reader
//! cargo +nightly fuzz run -s none --fuzz-dir tests/fuzz reader tests/fuzz/corpus/reader tests/fixtures/corpus -- \
//!     -max_len=1048576 -rss_limit_mb=512 -malloc_limit_mb=256 -timeout=10 -max_total_time=600
//! ```
//!
//! What it finds worth keeping goes to the first directory. The reader has no unsafe code, so no sanitizer has to slow it
//! down. Without nightly Rust, build and run it as `journal.rs` says.

#![no_main]

mod seal;

use std::cell::RefCell;
use std::fs::File;
use std::io::{Seek, Write};

use asyncline::Timeline;
use asyncline::recording::{self, Session};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use seal::Layout;

const LAYOUT: Layout = Layout {
    magic: b"\x89aline\r\n",
    marker: b"\xffblk",
    number: 4,
    length: 8,
    checksum: 12,
    counts: true,
};

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
    recording::fuzz(file.expect("the file can be written"));
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    seal::mutate(&LAYOUT, data, size, max_size, seed)
});
