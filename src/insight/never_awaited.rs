//! The finding about coroutines that were called and never awaited.

use std::collections::HashMap;

use super::words::{SiteKey, key, name, place};
use super::{Finding, FindingKind};
use crate::timeline::{Lane, LaneKind, State, Timeline};

impl FindingKind {
    /// A coroutine was created and never ran.
    pub const NEVER_AWAITED: Self = Self("never-awaited");
}

pub(super) fn find(timeline: &Timeline) -> Vec<Finding> {
    let over = runtimes_left(timeline);
    let mut found: Vec<(&Lane, u64)> = Vec::new();
    let mut index: HashMap<(&str, Option<SiteKey>), usize> = HashMap::new();
    for lane in timeline.lanes() {
        if is_never_awaited(lane, over) {
            // A loop that calls the same function on the same line is one mistake, not many.
            let index = *index
                .entry((lane.name.raw(), lane.site.as_ref().map(key)))
                .or_insert(found.len());
            match found.get_mut(index) {
                Some((_, times)) => *times += 1,
                None => found.push((lane, 1)),
            }
        }
    }
    found
        .into_iter()
        .map(|(lane, times)| finding(lane, times, timeline))
        .collect()
}

/// Whether there was a runtime and none is entered any more: what has not run by then never will.
fn runtimes_left(timeline: &Timeline) -> bool {
    let mut runtimes = timeline
        .lanes()
        .filter(|lane| matches!(lane.kind, LaneKind::Runtime(_)))
        .peekable();
    runtimes.peek().is_some() && runtimes.all(|runtime| runtime.end.is_some())
}

fn is_never_awaited(lane: &Lane, over: bool) -> bool {
    lane.kind == LaneKind::Coroutine
        && match lane.state() {
            State::NeverPolled => true,
            State::Created => over && lane.started.is_none(),
            _ => false,
        }
}

fn finding(lane: &Lane, times: u64, timeline: &Timeline) -> Finding {
    let function = name(lane);
    let times = match times {
        1 => String::new(),
        times => format!(" {times} times"),
    };
    let caller = lane.parent.and_then(|parent| timeline.lane(parent));
    let caller = caller.map_or_else(String::new, |caller| format!(" by {}", caller.name));
    let on = lane
        .site
        .as_ref()
        .map_or_else(String::new, |site| format!(" at {}", place(site)));
    Finding {
        kind: FindingKind::NEVER_AWAITED,
        lane: lane.id,
        site: lane.site.clone(),
        at: lane.start,
        costs_ns: 0,
        saves_ns: 0,
        text: format!(
            "{function} was called{times}{caller}{on} and never awaited: nothing in it ran"
        ),
        advice: format!(
            "Write {function}.await to run it there and then, or spawn({function}) to run it beside what follows."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{CoroutineEnd, LaneId};
    use crate::insight::story::{Story, site};

    #[test]
    fn a_coroutine_dropped_unpolled_is_found_with_its_line() {
        let story = Story::of_main()
            .call(3, "nested", 9)
            .end(3, CoroutineEnd::NeverPolled)
            .done(2);
        let found = find(&story.timeline());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].kind, FindingKind::NEVER_AWAITED);
        assert_eq!(found[0].lane, LaneId(3));
        assert_eq!(found[0].site, Some(site(9)));
        assert_eq!(
            found[0].text,
            "nested() was called by main at demo.rs:9 and never awaited: nothing in it ran"
        );
    }

    #[test]
    fn a_coroutine_still_unpolled_counts_once_the_runtime_was_left() {
        let story = Story::of_main().call(3, "nested", 9).done(2);
        assert!(find(&story.timeline()).is_empty());
        assert_eq!(find(&story.close().timeline()).len(), 1);
    }

    #[test]
    fn a_coroutine_that_ran_is_not_found_even_where_it_was_dropped_early() {
        let cancelled = CoroutineEnd::Cancelled {
            why: crate::event::Cancel::Dropped,
        };
        let story = Story::of_main()
            .call(3, "nested", 9)
            .start(3, 2, None)
            .end(3, cancelled)
            .call(4, "unfinished", 10)
            .start(4, 2, None)
            .done(2)
            .close();
        assert!(find(&story.timeline()).is_empty());
    }

    #[test]
    fn calls_on_one_line_are_one_finding() {
        let mut story = Story::of_main();
        for lane in 3..8 {
            story = story
                .call(lane, "nested", 9)
                .end(lane, CoroutineEnd::NeverPolled);
        }
        let story = story.call(8, "nested", 12).done(2).close();
        let found = find(&story.timeline());
        assert_eq!(found.len(), 2);
        assert!(found[0].text.contains("5 times"), "{}", found[0].text);
        assert_eq!(found[1].site, Some(site(12)));
    }
}
