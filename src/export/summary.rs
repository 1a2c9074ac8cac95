//! The machine-readable summary of a run.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::exporter::{EndedSession, Export, Exporter, STRETCH};
use super::json;
use crate::event::{BranchOf, LaneId, Site};
use crate::insight::Finding;
use crate::timeline::{Lane, LaneKind, State, Timeline};

/// Its line in the table of exporters.
pub(super) const EXPORTER: Exporter = Exporter {
    name: "json",
    help: "Print a summary for other programs to read, as JSON",
    begin: |_, _| Box::new(Summarized),
};

/// All of it is known at the end.
struct Summarized;

impl Export for Summarized {
    fn write(&self, ended: &EndedSession<'_>, out: &mut dyn Write) -> io::Result<()> {
        let within = (ended.stretches > 1).then_some(STRETCH);
        let summary = summary(ended.name.raw(), ended.timeline, &ended.findings, within);
        json::write(&mut *out, &summary)?;
        writeln!(out)
    }
}

/// A run's summary, for other programs to read. Times are in nanoseconds. Tasks are serialized one by one, as there may be
/// many.
#[derive(Debug, Serialize)]
pub struct Summary<'a> {
    /// The scenario's name.
    pub scenario: &'a str,
    /// The time until which the session is known: that of its last event or heartbeat.
    pub elapsed_ns: u64,
    /// The number of events, without heartbeats.
    pub events: u64,
    /// Number of lost events.
    pub lost: u64,
    /// The tasks, in the order in which they began, and the coroutines that never ran.
    pub tasks: TaskSummaries<'a>,
    /// The findings, the most worthwhile first.
    pub findings: Vec<FindingSummary>,
    /// Number of events in each search for findings, if they were not searched all at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings_within_events: Option<u64>,
}

/// The tasks of a timeline, in the order in which they started, and the coroutines that never ran.
#[derive(Debug)]
pub struct TaskSummaries<'a> {
    timeline: &'a Timeline,
    /// The task of each lane, by the lanes' places.
    of: Vec<LaneId>,
    /// The places of the branches of each task.
    branches: HashMap<LaneId, Vec<usize>>,
}

/// A task, or a coroutine that never ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Task {
    /// Its number in the session.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Task that spawned or called it.
    pub parent: Option<u64>,
    /// Number of polls.
    pub polls: u64,
    /// Time spent being polled.
    pub running_ns: u64,
    /// Time spent ready, waiting for a thread.
    pub ready_ns: u64,
    /// Time spent suspended.
    pub waiting_ns: u64,
    /// Its end.
    pub outcome: Outcome,
    /// Its value, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Its labels, by their keys.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The branches of its joins, selects and timeouts.
    pub branches: Vec<BranchSummary>,
}

/// A branch of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BranchSummary {
    /// The expression that it runs.
    pub name: String,
    /// Kind of macro or function that it is a branch of.
    pub of: Of,
    /// Number of polls.
    pub polls: u64,
    /// Its end.
    pub outcome: Outcome,
    /// Its value, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// The kind of macro or function that a branch belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Of {
    /// A `join!` or `gather!`.
    Join,
    /// A `select!`.
    Select,
    /// A `timeout`.
    Timeout,
}

/// The end of a task or branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It has its value.
    Completed,
    /// It was dropped before it was ready.
    Cancelled,
    /// The branch was dropped before it was ready, but the future or task that it waited for was not.
    Left,
    /// It panicked.
    Panicked,
    /// It has not ended.
    Pending,
    /// It never ran.
    NeverPolled,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FindingSummary {
    /// Its kind.
    pub kind: String,
    /// The number of the task or coroutine that it is about.
    pub task: u64,
    /// Its place in the program, as `file:line`.
    pub site: Option<String>,
    /// Cost as it is.
    pub costs_ns: u64,
    /// Time that following the advice could save.
    pub saves_ns: u64,
    /// The finding, in a sentence.
    pub text: String,
}

fn labels(lane: &Lane) -> BTreeMap<String, String> {
    let labels = lane.labels.iter();
    labels
        .map(|label| (label.key.raw().to_owned(), label.value.raw().to_owned()))
        .collect()
}

/// Summarizes a finished run, which was searched for findings in stretches of `within` events, or all at once.
pub fn summary<'a>(
    scenario: &'a str,
    timeline: &'a Timeline,
    findings: &[Finding],
    within: Option<u64>,
) -> Summary<'a> {
    Summary {
        scenario,
        elapsed_ns: timeline.end().0,
        events: timeline.events(),
        lost: timeline.lost(),
        tasks: TaskSummaries::of(timeline),
        findings: findings
            .iter()
            .map(|finding| found(finding, timeline))
            .collect(),
        findings_within_events: within,
    }
}

impl<'a> TaskSummaries<'a> {
    fn of(timeline: &'a Timeline) -> Self {
        let of = timeline.tasks();
        let mut branches: HashMap<LaneId, Vec<usize>> = HashMap::new();
        for (place, (lane, task)) in timeline.lanes().zip(&of).enumerate() {
            if matches!(lane.kind, LaneKind::Branch(_)) {
                branches.entry(*task).or_default().push(place);
            }
        }
        Self {
            timeline,
            of,
            branches,
        }
    }

    fn task(&self, lane: &Lane) -> Task {
        let totals = lane.totals(self.timeline.end());
        let branches = self.branches.get(&lane.id).into_iter().flatten();
        let branches = branches.filter_map(|&place| {
            let lane = self.timeline.lanes.get(place);
            match lane.kind {
                LaneKind::Branch(of) => Some(branch(lane, of)),
                _ => None,
            }
        });
        Task {
            id: lane.id.0,
            name: lane.name.raw().to_owned(),
            parent: self.parent(lane),
            polls: lane.polls,
            running_ns: totals.running,
            ready_ns: totals.ready,
            waiting_ns: totals.waiting,
            outcome: outcome(lane),
            value: value(lane),
            labels: labels(lane),
            branches: branches.collect(),
        }
    }

    /// The task that spawned or called a lane; a branch or coroutine speaks for its task.
    fn parent(&self, lane: &Lane) -> Option<u64> {
        let place = self.timeline.lanes.place(lane.parent?)?;
        let task = self.of[place];
        let is_task = self.timeline.lane(task).is_some_and(Lane::is_task);
        is_task.then_some(task.0)
    }
}

impl Serialize for TaskSummaries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let lanes = self.timeline.lanes().filter(|lane| is_listed(lane));
        serializer.collect_seq(lanes.map(|lane| self.task(lane)))
    }
}

/// Returns `true` if a lane is a task, or a coroutine that never ran: the summary shows both with an outcome.
fn is_listed(lane: &Lane) -> bool {
    let unused = matches!(lane.state(), State::Created | State::NeverPolled);
    lane.is_task() || (lane.kind == LaneKind::Coroutine && lane.started.is_none() && unused)
}

fn branch(lane: &Lane, of: BranchOf) -> BranchSummary {
    BranchSummary {
        name: lane.name.raw().to_owned(),
        of: match of {
            BranchOf::Join => Of::Join,
            BranchOf::Select => Of::Select,
            BranchOf::Timeout => Of::Timeout,
        },
        polls: lane.polls,
        outcome: outcome(lane),
        value: value(lane),
    }
}

fn outcome(lane: &Lane) -> Outcome {
    match lane.state() {
        State::Done => Outcome::Completed,
        State::Cancelled => Outcome::Cancelled,
        State::Left => Outcome::Left,
        State::Panicked => Outcome::Panicked,
        State::NeverPolled | State::Created => Outcome::NeverPolled,
        State::Ready | State::Running | State::Waiting | State::Unknown => Outcome::Pending,
    }
}

fn value(lane: &Lane) -> Option<String> {
    lane.value.as_ref().map(|value| value.raw().to_owned())
}

/// A place as `file:line`, with the file as the program named it.
fn place(site: &Site) -> String {
    format!("{}:{}", site.file.raw(), site.line)
}

fn found(finding: &Finding, timeline: &Timeline) -> FindingSummary {
    let lane = timeline.lane(finding.lane);
    let task = lane.filter(|lane| !is_listed(lane));
    let task = task.map_or(finding.lane, |lane| timeline.task_of(lane).id);
    FindingSummary {
        kind: finding.kind.to_string(),
        task: task.0,
        site: finding.site.as_ref().map(place),
        costs_ns: finding.costs_ns,
        saves_ns: finding.saves_ns,
        text: finding.text.clone(),
    }
}
