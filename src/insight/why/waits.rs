//! What a suspended lane waits for.

use super::Viewpoint;
use crate::event::{Awaited, BranchOf, LaneId};
use crate::insight::words::runner;
use crate::text::units::{rounded_text, time_text};
use crate::timeline::{Frame, Lane, LaneKind};

/// Typical delay of tokio's own timers, in nanoseconds.
const GRANULARITY: u64 = 1_000_000;

/// What a suspended lane waits for.
enum WaitsFor<'a> {
    /// The end of a task.
    Task(&'a Lane),
    /// Its branches.
    Branches(Vec<(&'a Lane, BranchOf)>),
    /// Something that only the await's text names, or a moment.
    Await(&'a Frame),
    /// What the probe did not see.
    Unknown,
}

impl<'a> Viewpoint<'a> {
    /// What a suspended lane waits for, and the lane at which the chain of waits goes on.
    pub(super) fn waiting(
        &self,
        lane: &'a Lane,
        is_first: bool,
        seen: &[LaneId],
    ) -> (String, Option<&'a Lane>) {
        let runner = runner(lane, self.timeline);
        let frames = frames(lane, runner);
        let from = frames.first().map_or(runner.since(), |frame| frame.start);
        let so_far = if is_first {
            self.so_far(from)
        } else {
            String::new()
        };
        let target = self.target(runner, &frames);
        let outer = match frames.as_slice() {
            [outer, .., _] => format!("is waiting for {}{so_far}, which ", outer.text),
            _ => String::new(),
        };
        let so_far = if outer.is_empty() { &so_far } else { "" };
        let (inner, next) = match target {
            WaitsFor::Task(task) => self.on_task(task, so_far, seen),
            WaitsFor::Branches(branches) => self.on_branches(&branches, so_far, seen),
            WaitsFor::Await(frame) => (self.on_await(frame, so_far, runner), None),
            WaitsFor::Unknown => (self.on_unknown(runner), None),
        };
        let stuck = if runner.unwakeable {
            ", and nothing can ever wake it: its last waker was dropped"
        } else {
            ""
        };
        (format!("{outer}{inner}{stuck}"), next)
    }

    fn target(&self, lane: &'a Lane, frames: &[&'a Frame]) -> WaitsFor<'a> {
        let branches = self.branches.of_lane(lane);
        if !branches.is_empty() {
            return WaitsFor::Branches(branches.to_vec());
        }
        match frames.last() {
            Some(frame) => match frame.on {
                Some(Awaited::Task(task)) => self
                    .timeline
                    .lane(task)
                    .map_or(WaitsFor::Await(frame), WaitsFor::Task),
                _ => WaitsFor::Await(frame),
            },
            None => WaitsFor::Unknown,
        }
    }

    fn on_task(&self, task: &'a Lane, so_far: &str, seen: &[LaneId]) -> (String, Option<&'a Lane>) {
        let clause = format!("is waiting for {}{so_far}", task.name);
        // In a damaged log it may be a coroutine, which has been met where the lane that runs it has.
        let runner = runner(task, self.timeline).id;
        let Some(met) = seen.iter().position(|id| *id == runner) else {
            return (clause, Some(task));
        };
        let never = match seen.len() - met {
            1 => "it can never go on",
            2 => "neither can ever go on",
            _ => "none of them can ever go on",
        };
        (format!("{clause}: a deadlock, {never}"), None)
    }

    fn on_branches(
        &self,
        branches: &[(&'a Lane, BranchOf)],
        so_far: &str,
        seen: &[LaneId],
    ) -> (String, Option<&'a Lane>) {
        /// Branches within branches are told no deeper than this.
        const DEEPEST: usize = 4;
        /// Of many branches the first tell enough.
        const MOST: usize = 3;
        if let [(branch, of)] = branches {
            let how = match of {
                BranchOf::Timeout => ", with a timeout,",
                BranchOf::Join | BranchOf::Select => "",
            };
            let clause = format!("is waiting{how} for {}{so_far}", branch.name);
            let is_new = !seen.contains(&runner(branch, self.timeline).id);
            return (clause, is_new.then_some(branch));
        }
        let number = branches.len();
        let is_select = branches.iter().any(|(_, of)| *of == BranchOf::Select);
        let which = match (is_select, number) {
            (true, _) => format!("the first of {number} branches"),
            (false, 2) => "both its branches".into(),
            (false, _) => format!("all of {number} branches"),
        };
        let told = branches.iter().take(MOST).map(|(branch, _)| {
            format!(
                "{} {}",
                branch.name,
                self.predicate(branch, &mut seen.to_vec())
            )
        });
        let told = match seen.len() {
            ..DEEPEST => format!(": {}", told.collect::<Vec<_>>().join("; ")),
            _ => String::new(),
        };
        let more = match number.saturating_sub(MOST) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        (format!("is waiting for {which}{so_far}{told}{more}"), None)
    }

    fn on_unknown(&self, lane: &Lane) -> String {
        let waited = self.now - lane.since();
        let time = if waited == 0 {
            "is waiting".into()
        } else {
            format!("has been waiting for {}", rounded_text(waited))
        };
        let last_woken = self.woken(lane).replacen(", ", ", last ", 1);
        // A branch is named after the expression that it waits for.
        let advice = match lane.kind {
            LaneKind::Task(_) => {
                " (add #[asyncline::trace] to its function, if it is yours, to see what it awaits)"
            }
            _ => "",
        };
        format!("{time}{last_woken}{advice}")
    }

    fn on_await(&self, frame: &Frame, so_far: &str, lane: &Lane) -> String {
        let text = &frame.text;
        match frame.on {
            Some(Awaited::Until(until)) if self.now - until > GRANULARITY => {
                let ago = rounded_text(self.now - until);
                let holder = self.holder(lane);
                let holder = holder.map_or_else(String::new, |holder| format!(": {holder}"));
                let due = time_text(until);
                if text.raw().contains("sleep") {
                    return format!("should have woken at {due}, {ago} ago{holder}");
                }
                format!("is waiting for {text}{so_far}, which was due at {due}, {ago} ago{holder}")
            }
            Some(Awaited::Until(until)) if text.raw().contains("sleep") => {
                format!("sleeps until {}", time_text(until))
            }
            Some(Awaited::Until(until)) => {
                let until = time_text(until);
                format!("is waiting for {text}{so_far}, until {until} at the latest")
            }
            _ => format!("is waiting for {text}{so_far}"),
        }
    }
}

/// The open awaits of a lane, outermost first; of a coroutine those within it.
fn frames<'a>(lane: &Lane, runner: &'a Lane) -> Vec<&'a Frame> {
    let all: Vec<_> = runner.open_frames().collect();
    let own = lane.host.filter(|_| lane.end.is_none());
    let Some(from) = own.and_then(|host| host.frame) else {
        return all;
    };
    let before = all.iter().position(|frame| frame.id == from);
    all[before.map_or(0, |index| index + 1)..].to_vec()
}
