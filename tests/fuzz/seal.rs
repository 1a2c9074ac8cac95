//! Makes the checksums of mutated files fit. Most bytes that were changed at random fail a checksum and are passed over, so
//! after most mutations the checksums are made to fit.

use libfuzzer_sys::fuzzer_mutate;

/// Bytes of a block's header, in both formats.
const HEADER: usize = 52;
/// Maximum number of blocks that are sealed: more would take longer than to read them.
const MOST: usize = 64;

/// Where a format has the fields that are made to fit. The length is at 40 and the header's checksum at 48 in both.
pub struct Layout {
    pub magic: &'static [u8; 8],
    pub marker: &'static [u8; 4],
    /// Bytes of a block's number, which is at 8.
    pub number: usize,
    /// Bytes of a payload's length.
    pub length: usize,
    /// The offset of a payload's checksum.
    pub checksum: usize,
    /// `true` if a header has the number of events in earlier blocks at 16 and that in its own block at 24.
    pub counts: bool,
}

/// Changes a file at random, and makes its checksums fit in most cases. Returns its new length.
pub fn mutate(layout: &Layout, data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let size = fuzzer_mutate(data, size, max_size);
    if !seed.is_multiple_of(8) {
        seal(layout, &mut data[..size], seed);
    }
    size
}

/// Makes checksums fit; and, as the seed says, the lengths of blocks, their numbers and their counts of events too.
fn seal(layout: &Layout, bytes: &mut [u8], seed: u32) {
    if bytes.len() >= 16 && bytes.starts_with(layout.magic) {
        put_checksum(bytes, 0..12, 12);
    }
    let markers = bytes.windows(4).enumerate();
    let starts = markers.filter(|(_, window)| window == layout.marker);
    let starts: Vec<usize> = starts.map(|(start, _)| start).take(MOST).collect();
    number(layout, bytes, &starts, seed);
    // From the last to the first, since one may lie within another.
    for &start in starts.iter().rev() {
        let payload = start + HEADER;
        if payload > bytes.len() {
            continue;
        }
        let length = get(bytes, start + 40, layout.length) as usize;
        if let Some(end) = payload
            .checked_add(length)
            .filter(|end| *end <= bytes.len())
        {
            put_checksum(bytes, payload..end, start + layout.checksum);
        }
        put_checksum(bytes, start..start + 48, start + 48);
    }
}

/// Makes the lengths of blocks fit, or their numbers and their counts of events, as the seed says.
fn number(layout: &Layout, bytes: &mut [u8], starts: &[usize], seed: u32) {
    let (with_lengths, with_numbers) = (seed & 8 != 0, seed & 16 != 0);
    let mut before = 0_u64;
    for (number, &start) in starts.iter().enumerate() {
        let next = starts.get(number + 1).copied().unwrap_or(bytes.len());
        if next < start + HEADER {
            continue;
        }
        if with_numbers {
            put(bytes, start + 8, number as u64, layout.number);
        }
        if with_numbers && layout.counts {
            put(bytes, start + 16, before, 8);
            before = before.saturating_add(get(bytes, start + 24, 8));
        }
        if with_lengths {
            let length = (next - start - HEADER) as u64;
            put(bytes, start + 40, length, layout.length);
        }
    }
}

fn put_checksum(bytes: &mut [u8], of: std::ops::Range<usize>, at: usize) {
    let sum = crc32c::crc32c(&bytes[of]);
    put(bytes, at, sum.into(), 4);
}

/// Writes the low bytes of a number.
fn put(bytes: &mut [u8], at: usize, value: u64, count: usize) {
    bytes[at..at + count].copy_from_slice(&value.to_le_bytes()[..count]);
}

fn get(bytes: &[u8], at: usize, count: usize) -> u64 {
    let mut value = [0; 8];
    value[..count].copy_from_slice(&bytes[at..at + count]);
    u64::from_le_bytes(value)
}
