//! Awaits that ran one after another: what they cost, what running them together would save, and the words for it.

use std::collections::{HashMap, HashSet};

use crate::event::{LaneId, Site, Timestamp};
use crate::insight::words::{self, SiteKey, count, key, list};
use crate::insight::{Finding, FindingKind};
use crate::text::units::duration_text;
use crate::timeline::{Frame, Lane, Timeline};

/// An await of a coroutine, with the time that it took.
pub(super) struct AwaitStep<'a> {
    pub(super) frame: &'a Frame,
    pub(super) end: Timestamp,
    pub(super) running: u64,
}

/// Awaits of one lane that ran one after another, added up over all the times it went through them.
pub(super) struct Sequence<'a> {
    lane: &'a Lane,
    /// The awaits, the first time.
    frames: Vec<&'a Frame>,
    rounds: u64,
    /// Number of lanes, and the tasks that they belong to.
    lanes: u64,
    pub(super) tasks: HashSet<LaneId>,
    costs: u64,
    together: u64,
}

impl<'a> Sequence<'a> {
    pub(super) fn new(lane: &'a Lane, steps: &[AwaitStep<'a>]) -> Option<Self> {
        if steps.len() < 2 {
            return None;
        }
        let times = || steps.iter().map(|step| step.end - step.frame.start);
        let running: u64 = steps.iter().map(|step| step.running).sum();
        Some(Self {
            lane,
            frames: steps.iter().map(|step| step.frame).collect(),
            rounds: 1,
            lanes: 1,
            tasks: HashSet::new(),
            costs: times().sum(),
            together: times().max().unwrap_or(0).max(running),
        })
    }

    /// Adds up the sequences of a lane that are on the same lines, which it repeats.
    pub(super) fn merged(sequences: Vec<Self>) -> Vec<Self> {
        let mut merged: Vec<Self> = Vec::new();
        let mut index = HashMap::new();
        for sequence in sequences {
            let place = *index.entry(sequence.place()).or_insert(merged.len());
            match merged.get_mut(place) {
                Some(other) => {
                    other.rounds += 1;
                    other.costs = other.costs.saturating_add(sequence.costs);
                    other.together = other.together.saturating_add(sequence.together);
                }
                None => merged.push(sequence),
            }
        }
        merged
    }

    /// Keeps the sequence that would save more.
    pub(super) fn or_worse(&mut self, mut other: Self) {
        if other.saves() > self.saves() {
            std::mem::swap(self, &mut other);
        }
        self.lanes += other.lanes;
        self.tasks.extend(other.tasks);
    }

    pub(super) fn saves(&self) -> u64 {
        self.costs.saturating_sub(self.together)
    }

    /// The lines it goes through, each once.
    fn sites(&self) -> Vec<&'a Site> {
        let mut sites = Vec::new();
        for site in self.frames.iter().filter_map(|frame| frame.site.as_ref()) {
            if !sites.contains(&site) {
                sites.push(site);
            }
        }
        sites
    }

    pub(super) fn place(&self) -> Vec<SiteKey<'a>> {
        self.sites().into_iter().map(key).collect()
    }

    pub(super) fn finding(&self, timeline: &Timeline) -> Finding {
        let first = self.frames[0];
        Finding {
            kind: FindingKind::SEQUENTIAL_AWAITS,
            lane: self.lane.id,
            site: self.sites().first().map(|site| (*site).clone()),
            at: first.start,
            costs_ns: self.costs,
            saves_ns: self.saves(),
            text: self.text(timeline),
            advice: self.advice(),
        }
    }

    fn text(&self, timeline: &Timeline) -> String {
        let who = first_coroutine(self.frames[0], self.lane, timeline);
        let what = self.what();
        let times = match self.rounds {
            1 => String::new(),
            rounds => format!(", {rounds} times"),
        };
        let tasks = match (self.tasks.len(), self.lanes) {
            (1, 1) => String::new(),
            (1, branches) => format!(" (in {branches} branches; this one takes longest)"),
            (tasks, _) => format!(" (in {tasks} tasks; this one takes longest)"),
        };
        let needs = match self.frames.len() {
            2 => "the second does not need the first's result",
            _ => "none needs an earlier one's result",
        };
        let costs = duration_text(self.costs);
        let together = duration_text(self.together);
        format!("{who} awaits {what}{times}{tasks}: {costs}; together {together}, if {needs}")
    }

    fn what(&self) -> String {
        let sites = self.sites();
        let mut lines: Vec<_> = sites.iter().map(|site| site.line.to_string()).collect();
        lines.dedup();
        let number = self.frames.len() as u64;
        let on = match lines.as_slice() {
            [] => String::new(),
            [line] => format!(" on line {line}"),
            [first, .., last] if lines.len() > 4 => format!(" on lines {first} to {last}"),
            lines => format!(" on lines {}", list(lines)),
        };
        format!("{} one after another{on}", count(number, "call", "calls"))
    }

    fn advice(&self) -> String {
        const MOST: usize = 3;
        let texts: Vec<_> = self.frames.iter().map(|frame| &frame.text).collect();
        let are_known = texts.iter().all(|text| !text.is_empty());
        if texts.len() <= MOST && self.sites().len() == texts.len() && are_known {
            let texts: Vec<_> = texts.iter().map(ToString::to_string).collect();
            let texts = texts.join(", ");
            return format!("Try gather!({texts}), or spawn each and await the handles.");
        }
        "Try to await them together, with gather! or a JoinSet, or spawn each first and await the handles then.".into()
    }
}

/// The function in whose body an await stands.
fn first_coroutine(frame: &Frame, lane: &Lane, timeline: &Timeline) -> String {
    match frame.coroutine.and_then(|id| timeline.lane(id)) {
        Some(coroutine) if coroutine.name != lane.name => words::name(coroutine),
        _ => lane.name.to_string(),
    }
}
