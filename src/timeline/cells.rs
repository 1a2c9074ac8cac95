//! A lane, cut into a terminal's columns.
//!
//! A column `c` of `w` shows the times from `start + ⌊c · span / w⌋` up to that of the next column.

use crate::event::Timestamp;

/// The time at the left edge of a column.
pub fn time_at(start: Timestamp, span: u64, width: u16, column: u16) -> Timestamp {
    let offset = u128::from(column) * u128::from(span) / u128::from(width.max(1));
    Timestamp(
        start
            .0
            .saturating_add(u64::try_from(offset).unwrap_or(u64::MAX)),
    )
}

/// The column in which a time is, where it is in any.
pub fn column_of(start: Timestamp, span: u64, width: u16, time: Timestamp) -> Option<u16> {
    let offset = time.0.checked_sub(start.0)?;
    if offset >= span {
        return None;
    }
    // The last column whose left edge ⌊c · span / width⌋ is not past the time.
    let columns = (u128::from(offset) + 1) * u128::from(width);
    let column = columns.div_ceil(u128::from(span)).checked_sub(1)?;
    u16::try_from(column).ok().filter(|&column| column < width)
}
