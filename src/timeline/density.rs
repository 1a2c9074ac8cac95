//! Many lanes in one row: how many of them do what, column by column.

use super::cells::Cell;

/// What the lanes of a row do in a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many of them exist.
    pub there: u32,
    /// How many are polled, however shortly.
    pub running: u32,
    /// How many are ready and not polled.
    pub ready: u32,
    /// Of how many events were lost.
    pub lost: u32,
    /// Lanes that are not loaded yet.
    pub not_loaded: u32,
}

/// Counts what a lane does in each column.
pub fn count(shares: &mut [Share], cells: &[Cell]) {
    for (share, cell) in shares.iter_mut().zip(cells) {
        share.there += u32::from(*cell != Cell::Empty);
        match cell {
            Cell::Running(_) => share.running += 1,
            Cell::Ready => share.ready += 1,
            Cell::Unknown => share.lost += 1,
            Cell::NotLoaded => share.not_loaded += 1,
            _ => {}
        }
    }
}
