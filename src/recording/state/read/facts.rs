//! What a part of the index says of a lane, beside how it began.

use crate::timeline::{Change, Lane, Totals};

/// What is known of a lane that its beginning does not say.
#[derive(Debug)]
pub(in crate::recording) struct Facts {
    pub near: Near,
    /// The rest, where it was read.
    pub(super) rest: Option<Rest>,
}

/// What is to be seen of a lane from far off.
#[derive(Debug)]
pub(in crate::recording) struct Near {
    pub polls: u64,
    pub gaps: u64,
    pub passed: Totals,
    pub last: Option<Change>,
}

/// A lane, but for how it began; or with that, where it is known otherwise by now.
#[derive(Debug)]
pub(super) struct Rest {
    pub(super) lane: Box<Lane>,
    pub(super) with_origin: bool,
}

impl Near {
    /// Copies this to a lane.
    pub(super) fn tell(&self, lane: &mut Lane) {
        lane.polls = self.polls;
        lane.gaps = self.gaps;
        lane.passed = self.passed;
        // Exactly as much memory as that needs: there may be millions of lanes.
        lane.changes = self.last.map_or_else(Vec::new, |last| vec![last]);
    }
}

impl Facts {
    /// The lane, given how it began.
    pub(in crate::recording) fn of(self, begun: &Lane) -> Box<Lane> {
        let (mut lane, with_origin) = match self.rest {
            Some(Rest { lane, with_origin }) => (lane, with_origin),
            None => (Box::new(begun.as_it_began()), true),
        };
        if !with_origin {
            lane.kind = begun.kind;
            lane.name = begun.name.clone();
            lane.parent = begun.parent;
            lane.site.clone_from(&begun.site);
            lane.born_in = begun.born_in;
        }
        lane.id = begun.id;
        lane.start = begun.start;
        self.near.tell(&mut lane);
        lane
    }

    /// Whether it is still known as it was when it began.
    pub(in crate::recording) fn is_known(&self) -> bool {
        self.rest.as_ref().is_none_or(|rest| !rest.with_origin)
    }
}
