//! What is asked of the reader of a large session, and what it answers.

use std::collections::HashMap;

use super::{ColumnEdges, Detail};
use crate::event::{LaneId, Timestamp};
use crate::timeline::density::Share;
use crate::timeline::overview::Sample;

/// A part of a session that is looked at, of which more has to be known than is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// The first visible moment.
    pub from: Timestamp,
    /// The last visible moment.
    pub until: Timestamp,
    /// The number of events shown, if later ones at the last visible moment must stay hidden.
    pub most: Option<u64>,
    /// The lanes, in the order of their rows where a row is many of them.
    pub lanes: Vec<LaneId>,
    /// The question, if too much happened to read all of it.
    pub of: Query,
}

/// A question about lanes from far off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// The cut of each lane just before these moments.
    Cuts(Vec<Timestamp>),
    /// The shares of these columns, in rows of this many lanes.
    Shares(usize, Vec<ColumnEdges>),
}

impl Query {
    /// Returns `true` if nothing is left to answer.
    pub(in crate::tui) fn is_empty(&self) -> bool {
        match self {
            Self::Cuts(moments) => moments.is_empty(),
            Self::Shares(_, columns) => columns.is_empty(),
        }
    }
}

/// An answer of the reader about a part of a session.
#[derive(Debug)]
pub enum Answer {
    /// All that happened in a stretch of time.
    Detail(Box<Detail>),
    /// Samples of lanes that the index holds.
    Known(HashMap<LaneId, Vec<Sample>>),
    /// Cuts of lanes just before the requested moments.
    Cuts(Vec<(LaneId, Vec<Sample>)>),
    /// The shares of some columns, one per row.
    Shares(Rows, Vec<(ColumnEdges, Vec<Share>)>),
}

/// The lanes of rows, with a fixed number in each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Lanes per row.
    pub per: usize,
    /// All lanes, in the order of the rows.
    pub lanes: Vec<LaneId>,
}
