//! Why a lane stands where it stands, in one sentence.
//!
//! A wait is followed to its end: from the await to the task or branch that it waits for, to what that waits for in
//! turn, until something sleeps, runs, is ready, or has been met before, which is a deadlock.

mod waits;

use std::collections::HashMap;

use super::words::{cancelled, count, left, line, list, name, place, runner, value, waker};
use crate::event::{BranchOf, Flavor, LaneId, TaskKind, Timestamp};
use crate::text::units::{rounded_text, time_text};
use crate::timeline::{Lane, LaneKind, State, Timeline};

/// Returns in one plain sentence what a lane does or waits for at `now`, followed through the chain of waits to its end.
///
/// The timeline is as of `now`: nothing later was applied to it.
pub fn why(timeline: &Timeline, lane: LaneId, now: Timestamp) -> String {
    let Some(lane) = timeline.lane(lane) else {
        return "Nothing is known of it yet.".into();
    };
    let branches = &Branches::of(timeline);
    let view = Viewpoint {
        timeline,
        now,
        branches,
    };
    let subject = match (lane.kind, lane.state()) {
        (LaneKind::Runtime(_), state) => return view.runtime(lane, state),
        (LaneKind::Coroutine, State::Created) if lane.started.is_none() => {
            let name = name(lane);
            return format!(
                "{name} was called, but nothing has awaited it: it has not run at all."
            );
        }
        (LaneKind::Coroutine, _) => view.coroutine_name(lane),
        _ => lane.name.to_string(),
    };
    format!("{subject} {}.", view.predicate(lane, &mut Vec::new()))
}

/// A timeline at a moment.
#[derive(Clone, Copy)]
struct Viewpoint<'a> {
    timeline: &'a Timeline,
    now: Timestamp,
    branches: &'a Branches<'a>,
}

/// The branches of each lane that have not ended, in order. Found once, since chains of waits may be long.
struct Branches<'a>(HashMap<LaneId, Vec<(&'a Lane, BranchOf)>>);

impl<'a> Branches<'a> {
    fn of(timeline: &'a Timeline) -> Self {
        let mut branches: HashMap<_, Vec<_>> = HashMap::new();
        for branch in timeline.open_branches() {
            if let (LaneKind::Branch(of), Some(parent)) = (branch.kind, branch.parent) {
                branches.entry(parent).or_default().push((branch, of));
            }
        }
        Self(branches)
    }

    fn of_lane(&self, lane: &Lane) -> &[(&'a Lane, BranchOf)] {
        self.0.get(&lane.id).map_or(&[], Vec::as_slice)
    }
}

impl<'a> Viewpoint<'a> {
    fn runtime(&self, lane: &Lane, state: State) -> String {
        if state.is_end() {
            return format!("The runtime closed at {}.", time_text(lane.since()));
        }
        let tasks = self.timeline.lanes();
        let alive = tasks
            .filter(|lane| lane.is_task() && lane.end.is_none())
            .count();
        let alive = count(alive as u64, "task has", "tasks have");
        format!("The runtime is open: {alive} not ended.")
    }

    fn coroutine_name(&self, lane: &Lane) -> String {
        let host = lane.host.filter(|_| lane.end.is_none());
        let host = host.and_then(|host| self.timeline.lane(host.lane));
        match host {
            Some(host) if host.name != lane.name => format!("{} in {}", name(lane), host.name),
            _ => name(lane),
        }
    }

    /// What a lane does, as what follows after its name or after "which". `seen` are the lanes on the way to it.
    fn predicate(&self, lane: &'a Lane, seen: &mut Vec<LaneId>) -> String {
        let mut clauses = Vec::new();
        let mut next = Some(lane);
        while let Some(lane) = next {
            seen.push(runner(lane, self.timeline).id);
            let (clause, target) = self.clause(lane, clauses.is_empty(), seen);
            clauses.push((lane, clause));
            // Each link has a runner of its own, so that the chain ends whatever a damaged log says.
            next = target.filter(|lane| !seen.contains(&runner(lane, self.timeline).id));
        }
        chain(&clauses)
    }

    /// One link of the chain, and the lane at which it goes on.
    fn clause(
        &self,
        lane: &'a Lane,
        is_first: bool,
        seen: &[LaneId],
    ) -> (String, Option<&'a Lane>) {
        let at = || time_text(lane.since());
        if lane.end.is_none()
            && let Some(left) = self.timeline.left_alone(lane)
        {
            let since = time_text(left.at);
            let clause = format!("has not been polled since {since}, when its branch was left");
            return (clause, None);
        }
        let clause = match runner(lane, self.timeline).state() {
            State::Waiting => return self.waiting(lane, is_first, seen),
            State::Ready => self.ready(lane),
            State::Running => self.running(lane),
            State::Done => match value(lane) {
                Some(value) => format!("completed at {} with {value}", at()),
                None => format!("completed at {}", at()),
            },
            State::Cancelled => {
                let how = cancelled(lane.cancel, self.timeline);
                let before = if lane.polls == 0 && lane.started.is_none() {
                    ", before it ever ran"
                } else {
                    ""
                };
                format!("was cancelled at {}{before} ({how})", at())
            }
            State::Left => format!("was left at {} ({})", at(), left(lane)),
            State::Panicked => format!("panicked at {}", at()),
            State::NeverPolled => {
                format!(
                    "was dropped at {} without ever being awaited: nothing in it ran",
                    at()
                )
            }
            State::Created => "has not been awaited yet".into(),
            State::Unknown => "is doing something unknown: events were lost here".into(),
        };
        (clause, None)
    }

    fn running(&self, lane: &Lane) -> String {
        let runner = runner(lane, self.timeline);
        let so_far = self.so_far(runner.since());
        if let LaneKind::Task(TaskKind::Blocking) = lane.kind {
            return format!("is running on a thread where it may block{so_far}");
        }
        let from = runner.line().map_or_else(String::new, |site| {
            format!(", on from {}", line(site, runner))
        });
        let woken = self.woken(runner);
        format!("is running{so_far}{from}{woken}")
    }

    fn ready(&self, lane: &Lane) -> String {
        let runner = runner(lane, self.timeline);
        let woken = match runner.polls {
            0 => ", new".into(),
            _ => self.woken(runner),
        };
        let waited = self.now - runner.since();
        if waited == 0 {
            return format!("is ready to run{woken}");
        }
        let ready = format!("has been ready for {}{woken}", rounded_text(waited));
        match self.holder(runner) {
            Some(holder) => format!("{ready}: {holder}"),
            None => ready,
        }
    }

    /// Returns the lane that keeps a due lane from running.
    fn holder(&self, due: &Lane) -> Option<String> {
        let own = self.timeline.task_of(due).id;
        let running: Vec<_> = self
            .timeline
            .lanes()
            .filter(|lane| lane.is_task() && lane.kind != LaneKind::Task(TaskKind::Blocking))
            .filter(|lane| lane.state() == State::Running && lane.id != own)
            .collect();
        let workers = self.workers();
        let [first, ..] = running.as_slice() else {
            return None;
        };
        if workers > 1 {
            let names: Vec<_> = running.iter().map(|lane| lane.name.to_string()).collect();
            let are_busy = running.len() as u64 >= u64::from(workers);
            return are_busy.then(|| format!("every worker is busy, with {}", list(&names)));
        }
        let site = first.line().or(first.site.as_ref());
        let site = site.map_or_else(String::new, |site| format!(" ({})", place(site)));
        let since = time_text(first.since());
        Some(format!(
            "{} has held the thread since {since}{site}",
            first.name
        ))
    }

    fn workers(&self) -> u32 {
        let mut lanes = self.timeline.lanes();
        let workers = lanes.find_map(|lane| match lane.kind {
            LaneKind::Runtime(Flavor::MultiThread { workers }) if lane.end.is_none() => {
                Some(workers)
            }
            _ => None,
        });
        workers.unwrap_or(1)
    }

    fn woken(&self, lane: &Lane) -> String {
        let by = lane
            .wakes
            .last()
            .map(|wake| waker(wake.by, wake.thread, self.timeline));
        by.map_or_else(String::new, |by| format!(", woken by {by}"))
    }

    fn so_far(&self, since: Timestamp) -> String {
        let time = self.now - since;
        if time == 0 {
            return String::new();
        }
        format!(" ({} so far)", rounded_text(time))
    }
}

/// The links of a chain in one sentence; of a very long one the first and the last.
fn chain(clauses: &[(&Lane, String)]) -> String {
    const MOST: usize = 6;
    let join = |clauses: &[(&Lane, String)]| {
        let clauses: Vec<_> = clauses.iter().map(|(_, clause)| clause.as_str()).collect();
        clauses.join(", which ")
    };
    match clauses {
        [first @ .., (last, end)] if clauses.len() > MOST => {
            let shown = join(&first[..MOST / 2]);
            let more = clauses.len() - MOST / 2 - 1;
            format!(
                "{shown}, and so on through {more} more to {}, which {end}",
                last.name
            )
        }
        _ => join(clauses),
    }
}

#[cfg(test)]
mod tests;
