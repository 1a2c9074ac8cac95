//! What a finding says.

use std::fmt;

use crate::event::{LaneId, Site, Timestamp};

/// Something worth knowing about a program, with its place and its price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of thing it is.
    pub kind: FindingKind,
    /// The lane that it is about.
    pub lane: LaneId,
    /// Where it stands in the program.
    pub site: Option<Site>,
    /// When it began: the evidence is there.
    pub at: Timestamp,
    /// What it costs as it is, in nanoseconds.
    pub costs_ns: u64,
    /// What following the advice could save, in nanoseconds.
    pub saves_ns: u64,
    /// What was found, in a sentence.
    pub text: String,
    /// What to try, in a sentence.
    pub advice: String,
}

/// A kind of finding. The file of its finder names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FindingKind(pub(super) &'static str);

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}
