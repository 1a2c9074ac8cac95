//! Insight: what a timeline says in plain words.
//!
//! Findings name what went wrong or took too long, with its place in the program; [`why`] says in one sentence what a
//! lane does or waits for; [`describe`] turns an event into a line that a person reads.
//!
//! *Architecture invariant:* everything here is a pure function over a [`Timeline`]: no tokio, no ratatui, no clock
//! and no I/O.

mod describe;
mod finding;
mod long_poll;
mod never_awaited;
mod sequential_awaits;
#[cfg(test)]
mod story;
mod why;
mod words;

#[cfg(feature = "app")]
use std::collections::HashMap;

pub use describe::{Line, Tone, describe};
pub use finding::{Finding, FindingKind};
pub use why::why;

#[cfg(feature = "app")]
use crate::event::Site;
use crate::timeline::Timeline;

/// Searches a timeline for findings of one kind.
type Finder = fn(&Timeline) -> Vec<Finding>;

/// The finders: to add one, write a file like theirs and name it here.
const FINDERS: &[Finder] = &[
    sequential_awaits::find,
    never_awaited::find,
    long_poll::find,
];

/// All findings: first those that would save most, then those that cost most, then the earliest.
pub fn findings(timeline: &Timeline) -> Vec<Finding> {
    let mut findings: Vec<_> = FINDERS.iter().flat_map(|find| find(timeline)).collect();
    sort(&mut findings);
    findings
}

fn sort(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| {
        let most_first = std::cmp::Reverse((finding.saves_ns, finding.costs_ns));
        (most_first, finding.at, finding.lane)
    });
}

/// The findings of a long session, which is searched stretch by stretch. Of those of one kind at one place, the one that
/// costs most is kept.
#[cfg(feature = "app")]
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    findings: Vec<Finding>,
    /// The indices of findings with a place.
    places: HashMap<(FindingKind, Site), usize>,
    /// Number of stretches searched.
    pub(crate) stretches: u64,
}

#[cfg(feature = "app")]
impl Gathered {
    /// Searches the next stretch.
    pub(crate) fn take(&mut self, stretch: &Timeline) {
        self.stretches += 1;
        for finding in findings(stretch) {
            let place = finding.site.clone().map(|site| (finding.kind, site));
            let known = place.as_ref().and_then(|place| self.places.get(place));
            let known = known.map(|&known| &mut self.findings[known]);
            if let Some(known) = known {
                if finding.costs_ns > known.costs_ns {
                    *known = finding;
                }
            } else {
                let next = self.findings.len();
                self.places.extend(place.map(|place| (place, next)));
                self.findings.push(finding);
            }
        }
    }

    /// Returns the findings, in the order of [`findings`].
    pub(crate) fn into_findings(mut self) -> Vec<Finding> {
        sort(&mut self.findings);
        self.findings
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::{CoroutineEnd, Event, LaneId, ThreadId, Timestamp, arbitrary};
    use crate::insight::story::Story;

    #[test]
    fn what_saves_most_comes_first() {
        let story = Story::of_main()
            .call(50, "nested", 8)
            .end(50, CoroutineEnd::NeverPolled)
            .await_call(1, 9, "say_after(1)", 1000)
            .await_call(2, 10, "say_after(2)", 3000)
            .done(2)
            .close();
        let kinds: Vec<_> = findings(&story.timeline())
            .iter()
            .map(|finding| finding.kind.to_string())
            .collect();
        assert_eq!(kinds, ["sequential-awaits", "never-awaited"]);
    }

    proptest! {
        #[test]
        fn whatever_happened_can_be_told(
            kinds in proptest::collection::vec((arbitrary::event(), 0..3_u64), 0..60)
        ) {
            let mut timeline = Timeline::new();
            let mut at = 0;
            for (kind, later) in kinds {
                at += later;
                let event = Event { at: Timestamp(at), thread: ThreadId(0), kind };
                timeline.apply(&event);
                describe(&event, &timeline);
            }
            for finding in findings(&timeline) {
                prop_assert!(finding.saves_ns <= finding.costs_ns);
            }
            for lane in 0..7 {
                prop_assert!(why(&timeline, LaneId(lane), Timestamp(at + 1)).ends_with('.'));
            }
        }
    }
}
