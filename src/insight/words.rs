//! The words that sentences about a timeline have in common.

use crate::event::{BranchOf, Cancel, Site, Text, ThreadId, Waker};
use crate::timeline::{Lane, LaneKind, Timeline};

/// A place as people say it within a sentence: the file without its folders.
pub(super) fn place(site: &Site) -> String {
    format!("{}:{}", site.file_name(), site.line)
}

/// A place in a lane: only the line where the file is the lane's own.
pub(super) fn line(site: &Site, lane: &Lane) -> String {
    match &lane.site {
        Some(own) if own.file != site.file => place(site),
        _ => format!("line {}", site.line),
    }
}

/// The name of what a lane is, with the brackets that a coroutine's function has.
pub(super) fn name(lane: &Lane) -> String {
    let is_function = lane.kind == LaneKind::Coroutine && !lane.name.raw().contains('(');
    format!("{}{}", lane.name, if is_function { "()" } else { "" })
}

/// Who called a waker, on which thread.
pub(super) fn waker(by: Waker, thread: ThreadId, timeline: &Timeline) -> String {
    match by {
        Waker::Lane(lane) => timeline.name(lane).to_string(),
        Waker::Itself => "itself".into(),
        Waker::Driver if timeline.timers_only() => "the timer".into(),
        Waker::Driver => "the timer or I/O".into(),
        Waker::Thread => match timeline.threads().get(thread.0 as usize) {
            Some(name) if !name.is_empty() => format!("the thread {name}"),
            _ => "code without a lane".into(),
        },
    }
}

/// Why something was dropped, as what follows after "was".
pub(super) fn cancelled(why: Option<Cancel>, timeline: &Timeline) -> String {
    match why {
        Some(Cancel::Aborted { by: Some(lane) }) => format!("aborted by {}", timeline.name(lane)),
        Some(Cancel::Aborted { by: None }) => "aborted".into(),
        Some(Cancel::Dropped) => "dropped by its owner".into(),
        Some(Cancel::LostSelect) => "dropped: another branch was ready first".into(),
        Some(Cancel::TimedOut) => "timed out".into(),
        Some(Cancel::Shutdown) => "dropped: its runtime was shut down".into(),
        Some(Cancel::Left) => "left".into(),
        None => "cancelled".into(),
    }
}

/// Returns the reason why a branch was left while the future or task that it waited for continues.
pub(super) fn left(branch: &Lane) -> String {
    let why = match branch.kind {
        LaneKind::Branch(BranchOf::Select) => "another branch was ready first",
        LaneKind::Branch(BranchOf::Timeout) => "its timeout elapsed",
        _ => "its owner stopped polling it",
    };
    format!("{why}; what it waited for was not cancelled")
}

/// A value worth showing: not `()`, which says nothing.
pub(super) fn value(lane: &Lane) -> Option<&Text> {
    lane.value.as_ref().filter(|value| **value != "()")
}

/// The branches of a lane that have not ended, in order.
pub(super) fn open_branches<'a>(
    lane: &'a Lane,
    timeline: &'a Timeline,
) -> impl Iterator<Item = (&'a Lane, BranchOf)> {
    timeline
        .open_branches()
        .filter(move |branch| branch.parent == Some(lane.id))
        .filter_map(|branch| match branch.kind {
            LaneKind::Branch(of) => Some((branch, of)),
            _ => None,
        })
}

/// The lane whose states a lane shares: a coroutine that runs has those of its host.
pub(super) fn runner<'a>(lane: &'a Lane, timeline: &'a Timeline) -> &'a Lane {
    match lane.host {
        Some(host) if lane.end.is_none() => timeline.lane(host.lane).unwrap_or(lane),
        _ => lane,
    }
}

/// "1 branch", "3 branches".
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// "a", "a and b", "a, b and c".
pub(super) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// What makes a place the same as another.
pub(super) type SiteKey<'a> = (&'a str, u32, u32);

/// The key of a place.
pub(super) fn key(site: &Site) -> SiteKey<'_> {
    (site.file.raw(), site.line, site.column)
}
