//! The finding about awaits that ran one after another and could have run together.
//!
//! What running them together would take is computed, not guessed, under one assumption that the finding names: that
//! none needs what an earlier one returns. Waiting overlaps, running on one thread does not; so together they take as
//! long as the longest of them, and at least as long as all of them run.
//!
//! Awaits that may need an earlier one are left out, and so are the turns of a loop, unless they are known to be
//! independent of each other.

mod past;
mod sequence;

use std::collections::HashMap;

use super::words::SiteKey;
use super::{Finding, FindingKind};
use crate::event::{Awaited, FrameId, LaneId};
use crate::timeline::{Frame, Lane, LaneKind, State, Timeline};
use past::Past;
use sequence::{AwaitStep, Sequence};

impl FindingKind {
    /// Awaits ran one after another that could have run together.
    pub const SEQUENTIAL_AWAITS: Self = Self("sequential-awaits");
}

pub(super) fn find(timeline: &Timeline) -> Vec<Finding> {
    let coroutines = awaited_coroutines(timeline);
    let mut found: Vec<Sequence> = Vec::new();
    let mut index: HashMap<Vec<SiteKey>, usize> = HashMap::new();
    for lane in timeline.lanes() {
        let mut in_lane = Sequence::merged(sequences(lane, &coroutines));
        in_lane.retain(|sequence| sequence.saves() > 0);
        if in_lane.is_empty() {
            continue;
        }
        // The same lines in many tasks are one finding: the one that costs its task most.
        let task = timeline.task_of(lane).id;
        for mut sequence in in_lane {
            sequence.tasks.insert(task);
            let place = *index.entry(sequence.place()).or_insert(found.len());
            match found.get_mut(place) {
                Some(other) => other.or_worse(sequence),
                None => found.push(sequence),
            }
        }
    }
    found
        .iter()
        .map(|sequence| sequence.finding(timeline))
        .collect()
}

/// The coroutine that each await awaits directly.
fn awaited_coroutines(timeline: &Timeline) -> HashMap<(LaneId, FrameId), LaneId> {
    let coroutines = timeline.lanes().filter(|lane| {
        // One that was cancelled or panicked says nothing about how long it takes.
        lane.kind == LaneKind::Coroutine && lane.state() == State::Done
    });
    coroutines
        .filter_map(|lane| {
            let host = lane.host?;
            Some(((host.lane, host.frame?), lane.id))
        })
        .collect()
}

/// The stretches of at least two awaits of a lane, each of which began right when the one before it was over.
fn sequences<'a>(
    lane: &'a Lane,
    coroutines: &HashMap<(LaneId, FrameId), LaneId>,
) -> Vec<Sequence<'a>> {
    let mut found = Vec::new();
    if lane.frames.len() < 2 {
        return found;
    }
    let past = Past::of(lane);
    for siblings in siblings(lane) {
        let mut steps: Vec<AwaitStep> = Vec::new();
        for frame in siblings {
            let step = step(lane, &past, frame, coroutines);
            let goes_on = match (steps.last(), &step) {
                (Some(last), Some(step)) => {
                    may_join(&steps, step.frame) && past.runs_between(last.end, step.frame.start)
                }
                _ => false,
            };
            if !goes_on {
                found.extend(Sequence::new(lane, &steps));
                steps.clear();
            }
            steps.extend(step);
        }
        found.extend(Sequence::new(lane, &steps));
    }
    found
}

/// `true` if an await could run beside those before it. An await that a loop repeats could do so only if the loop's
/// turns are known to be independent of each other.
fn may_join(steps: &[AwaitStep], frame: &Frame) -> bool {
    let is_same = |step: &AwaitStep| step.frame.site == frame.site && step.frame.text == frame.text;
    let is_again = steps.iter().any(is_same);
    let each_turn = Some(Awaited::EachTurn);
    match frame.on {
        Some(Awaited::InOrder) => false,
        on if on == each_turn => is_again,
        _ => !is_again || steps.iter().any(|step| step.frame.on == each_turn),
    }
}

/// A lane's awaits, those together that stand in the same body, each in order.
fn siblings(lane: &Lane) -> Vec<Vec<&Frame>> {
    let mut groups: Vec<Vec<&Frame>> = Vec::new();
    let mut index = HashMap::new();
    for frame in &lane.frames {
        let group = *index
            .entry((frame.parent, frame.coroutine))
            .or_insert(groups.len());
        match groups.get_mut(group) {
            Some(group) => group.push(frame),
            None => groups.push(vec![frame]),
        }
    }
    groups
}

/// An await as a step of a sequence: where it is over, awaits a coroutine, and waited for nobody but itself.
fn step<'a>(
    lane: &Lane,
    past: &Past<'_>,
    frame: &'a Frame,
    coroutines: &HashMap<(LaneId, FrameId), LaneId>,
) -> Option<AwaitStep<'a>> {
    let end = frame.end?;
    let coroutine = *coroutines.get(&(lane.id, frame.id))?;
    let is_task = matches!(frame.on, Some(Awaited::Task(_)));
    if is_task || past.waited_for_others(coroutine, frame.start, end) {
        return None;
    }
    let (running, waiting) = past.time_in(frame.start, end);
    (waiting > 0).then_some(AwaitStep {
        frame,
        end,
        running,
    })
}

#[cfg(test)]
mod tests;
