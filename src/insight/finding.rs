//! What a finding says.

use std::fmt;

use crate::event::{LaneId, Site, Timestamp};

/// Something worth knowing about a program, with its place and its price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Kind of finding.
    pub kind: FindingKind,
    /// The lane that it is about.
    pub lane: LaneId,
    /// Place in the program.
    pub site: Option<Site>,
    /// Time of its start, where the evidence is.
    pub at: Timestamp,
    /// Cost as it is, in nanoseconds.
    pub costs_ns: u64,
    /// Nanoseconds that following the advice could save.
    pub saves_ns: u64,
    /// The finding, in a sentence.
    pub text: String,
    /// Advice, in a sentence.
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
