//! The time that a thread spent: on a processor, or ready to run without having one. Linux reports both; elsewhere, and
//! if it cannot be read, the time is unknown.
//!
//! Reading the numbers from a file takes some microseconds. It is done after a long poll, and otherwise once in a while, so
//! that a long poll has a reading not far before it to compare with.

use std::cell::Cell;
use std::fs::File;
use std::io::Read;

use super::lane::Lane;
use crate::event::EventKind;
use crate::probe::record::clock;

/// Minimum duration of a poll that is reported, in milliseconds.
const LONG: u64 = 1;
/// Age after which a reading is old, in milliseconds.
const OLD: u64 = 10;

/// The time that a thread had spent at a tick of the clock, in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct SpentReading {
    tick: u64,
    running: u64,
    stalled: u64,
}

thread_local! {
    static LAST: Cell<Option<SpentReading>> = const { Cell::new(None) };
    /// The tick from which the last reading is old. Never in virtual time, as all ticks are 0.
    static OLD_FROM: Cell<u64> = const { Cell::new(1) };
}

/// `true` if a reading is due, after a poll from one tick to another.
#[inline]
pub(crate) fn is_due(from: u64, until: u64) -> bool {
    until.wrapping_sub(from) >= clock::milli() * LONG || until >= OLD_FROM.get()
}

/// Takes a reading after a poll, and records the time that a long poll spent.
#[cold]
#[inline(never)]
pub(crate) fn look(lane: &Lane, from: u64, until: u64) {
    let recorder = &lane.probe.recorder;
    let Some(buffers) = recorder.buffers() else {
        return;
    };
    let milli = clock::milli();
    OLD_FROM.set(until.saturating_add(milli.saturating_mul(OLD)));
    let Some((running, stalled)) = read() else {
        return;
    };
    let now = SpentReading {
        tick: until,
        running,
        stalled,
    };
    let before = LAST.replace(Some(now));
    if until.saturating_sub(from) < milli * LONG {
        return;
    }
    let since = before.map(|before| {
        buffers
            .clock()
            .ticks()
            .nanos(from.saturating_sub(before.tick))
    });
    recorder.record(EventKind::PollSpent {
        lane: lane.id,
        since,
        running: running.saturating_sub(before.map_or(0, |before| before.running)),
        stalled: stalled.saturating_sub(before.map_or(0, |before| before.stalled)),
    });
}

/// Nanoseconds that the calling thread has run, and that it was ready to run without a processor.
fn read() -> Option<(u64, u64)> {
    if cfg!(not(target_os = "linux")) {
        return None;
    }
    let mut bytes = [0; 64];
    let mut file = File::open("/proc/thread-self/schedstat").ok()?;
    let length = file.read(&mut bytes).ok()?;
    parse(bytes.get(..length)?)
}

fn parse(bytes: &[u8]) -> Option<(u64, u64)> {
    let text = str::from_utf8(bytes).ok()?;
    let mut numbers = text.split_ascii_whitespace().map(str::parse);
    let (running, stalled) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    // A kernel that does not count returns 0.
    (running > 0).then_some((running, stalled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_the_kernel_writes_them() {
        assert_eq!(parse(b"287359 126267 1\n"), Some((287_359, 126_267)));
        assert_eq!(parse(b"0 0 0\n"), None);
        assert_eq!(parse(b"287359"), None);
        assert_eq!(parse(b""), None);
    }
}
