//! Lists that are longer than anybody reads.

/// Maximum number of lanes listed: nobody reads more as text.
pub(super) const MOST: usize = if cfg!(test) { 50 } else { 2_000 };

/// Returns the line that stands for what is not listed.
pub(super) fn left_out(number: usize, what: &str) -> String {
    format!("and {number} more {what}; --json lists all of them")
}
