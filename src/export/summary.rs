//! The machine-readable summary of a run.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::event::{BranchOf, Site};
use crate::insight::Finding;
use crate::timeline::{Lane, LaneKind, State, Timeline};

/// What a run came to, for other programs to read. Times are in nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The scenario's name.
    pub scenario: String,
    /// The time until which the session is known: that of the last event or heartbeat.
    pub elapsed_ns: u64,
    /// The number of events, without heartbeats.
    pub events: u64,
    /// How many events were lost.
    pub lost: u64,
    /// The tasks, in the order in which they began, and the coroutines that never ran.
    pub tasks: Vec<Task>,
    /// The findings, the most worthwhile first.
    pub findings: Vec<Found>,
}

/// A task, or a coroutine that never ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Task {
    /// Its number in the session.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Who spawned or called it.
    pub parent: Option<u64>,
    /// How often it was polled.
    pub polls: u64,
    /// Time spent being polled.
    pub running_ns: u64,
    /// Time spent ready, waiting for a thread.
    pub ready_ns: u64,
    /// Time spent suspended.
    pub waiting_ns: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// What it returned, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What it is labelled with.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The branches of its joins, selects and timeouts.
    pub branches: Vec<Branch>,
}

/// A branch of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Branch {
    /// The expression that it runs.
    pub name: String,
    /// What it is a branch of.
    pub of: Of,
    /// How often it was polled.
    pub polls: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// What it returned, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// What a branch belongs to.
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

/// How something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It has its value.
    Completed,
    /// It was dropped before it was ready.
    Cancelled,
    /// The branch was dropped before it was ready, and what it waited for was not.
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
pub struct Found {
    /// Its kind.
    pub kind: String,
    /// The number of the task or coroutine that it is about.
    pub task: u64,
    /// Its place in the program, as `file:line`.
    pub site: Option<String>,
    /// What it costs as it is.
    pub costs_ns: u64,
    /// What following the advice could save.
    pub saves_ns: u64,
    /// What was found, in a sentence.
    pub text: String,
}

fn labels(lane: &Lane) -> BTreeMap<String, String> {
    let labels = lane.labels.iter();
    labels
        .map(|label| (label.key.raw().to_owned(), label.value.raw().to_owned()))
        .collect()
}

/// Sums up a finished run.
pub fn summary(scenario: &str, timeline: &Timeline, findings: &[Finding]) -> Summary {
    let tasks = timeline.lanes().filter(|lane| is_listed(lane));
    Summary {
        scenario: scenario.to_owned(),
        elapsed_ns: timeline.end().0,
        events: timeline.events(),
        lost: timeline.lost(),
        tasks: tasks.map(|lane| task(lane, timeline)).collect(),
        findings: findings
            .iter()
            .map(|finding| found(finding, timeline))
            .collect(),
    }
}

/// Whether a lane is a task, or a coroutine that never ran: the summary shows it where a task's outcome would stand.
fn is_listed(lane: &Lane) -> bool {
    let unused = matches!(lane.state(), State::Created | State::NeverPolled);
    lane.is_task() || (lane.kind == LaneKind::Coroutine && lane.started.is_none() && unused)
}

fn task(lane: &Lane, timeline: &Timeline) -> Task {
    let totals = lane.totals(timeline.end());
    let branches = timeline.lanes().filter_map(|branch| {
        let LaneKind::Branch(of) = branch.kind else {
            return None;
        };
        (timeline.task_of(branch).id == lane.id).then(|| self::branch(branch, of))
    });
    Task {
        id: lane.id.0,
        name: lane.name.raw().to_owned(),
        parent: parent(lane, timeline),
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
fn parent(lane: &Lane, timeline: &Timeline) -> Option<u64> {
    let parent = timeline.task_of(timeline.lane(lane.parent?)?);
    parent.is_task().then_some(parent.id.0)
}

fn branch(lane: &Lane, of: BranchOf) -> Branch {
    Branch {
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

fn found(finding: &Finding, timeline: &Timeline) -> Found {
    let lane = timeline.lane(finding.lane);
    let task = lane.filter(|lane| !is_listed(lane));
    let task = task.map_or(finding.lane, |lane| timeline.task_of(lane).id);
    Found {
        kind: finding.kind.to_string(),
        task: task.0,
        site: finding.site.as_ref().map(place),
        costs_ns: finding.costs_ns,
        saves_ns: finding.saves_ns,
        text: finding.text.clone(),
    }
}
