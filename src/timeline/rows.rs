//! The lanes as a tree, row by row.

use std::collections::HashSet;

use super::Timeline;
use crate::event::LaneId;

/// A row of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The lane that stands in it.
    pub lane: LaneId,
    /// How many rows it stands under.
    pub depth: u16,
    /// The tree's lines before its name: `├ `, `│ └ `.
    pub prefix: String,
    /// Whether rows under it are hidden.
    pub folded: bool,
    /// Whether there are rows under it.
    pub foldable: bool,
}

/// The rows.
pub fn rows(timeline: &Timeline, folded: &HashSet<LaneId>, open_coroutines: bool) -> Vec<Row> {
    let _ = (folded, open_coroutines);
    let row = |lane: &super::Lane| Row {
        lane: lane.id,
        depth: 0,
        prefix: String::new(),
        folded: false,
        foldable: false,
    };
    timeline.lanes().iter().map(row).collect()
}
