//! The lanes as plain text.

use crate::timeline::Timeline;

/// The finished lanes, `width` columns wide.
pub fn lanes_text(timeline: &Timeline, width: usize, ascii: bool) -> String {
    let _ = (timeline, width, ascii);
    String::new()
}

/// A table of each task's times, in total.
pub fn totals_text(timeline: &Timeline) -> String {
    let _ = timeline;
    String::new()
}
