//! How many tasks of each runtime there are, and how many of them have lanes: told now and then, where that differs.

use std::time::Duration;

use super::recorder::Recorder;
use crate::event::{EventKind, LaneId, Timestamp};

/// How often tasks are counted.
const INTERVAL: Duration = Duration::from_millis(100);

/// What was counted so far.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    last: Option<Timestamp>,
    runtimes: Vec<RuntimeCount>,
}

/// What was counted last of a runtime.
#[derive(Debug)]
struct RuntimeCount {
    runtime: LaneId,
    /// How many tasks were not known.
    unseen: usize,
    /// What was told: how many there are, and how many of them have no lane.
    told: Option<(usize, usize)>,
}

impl Counts {
    /// Counts, where it is time for that, and tells what has changed.
    pub(crate) fn tell(&mut self, recorder: &Recorder, mut tell: impl FnMut(EventKind)) {
        let now = recorder.now();
        let is_due = |last: Timestamp| now.since(last) >= INTERVAL;
        if !self.last.is_none_or(is_due) {
            return;
        }
        self.last = Some(now);
        let runtimes = recorder.tasks();
        let is_left = |count: &RuntimeCount| {
            let mut runtimes = runtimes.iter();
            runtimes.any(|tasks| tasks.runtime == count.runtime)
        };
        self.runtimes.retain(is_left);
        for tasks in &runtimes {
            let (alive, unseen) = tasks.count();
            if let Some((seen, alive)) = self.of(tasks.runtime).next(alive, unseen) {
                tell(EventKind::TasksCounted {
                    runtime: tasks.runtime,
                    seen: seen as u64,
                    alive: alive as u64,
                });
            }
        }
    }

    fn of(&mut self, runtime: LaneId) -> &mut RuntimeCount {
        let known = self
            .runtimes
            .iter()
            .position(|count| count.runtime == runtime);
        let index = known.unwrap_or_else(|| {
            self.runtimes.push(RuntimeCount {
                runtime,
                unseen: 0,
                told: None,
            });
            self.runtimes.len() - 1
        });
        &mut self.runtimes[index]
    }
}

impl RuntimeCount {
    /// Takes in what was counted, and gives what is to be told: how many tasks have lanes, and how many there are. A task
    /// that is being spawned or ends right then may be counted wrongly; one that is there twice is not.
    fn next(&mut self, alive: usize, unseen: usize) -> Option<(usize, usize)> {
        let before = std::mem::replace(&mut self.unseen, unseen);
        let unseen = unseen.min(before);
        let had_unseen = self.told.is_some_and(|(_, unseen)| unseen > 0);
        let is_new = self.told != Some((alive, unseen));
        if !is_new || (unseen == 0 && !had_unseen) {
            return None;
        }
        self.told = Some((alive, unseen));
        Some((alive - unseen, alive))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lasts_is_told() {
        let mut count = RuntimeCount {
            runtime: LaneId(1),
            unseen: 0,
            told: None,
        };
        for (alive, unseen, told) in [
            (5, 0, None),
            (5, 1, None),
            (5, 0, None),
            (5, 2, None),
            (5, 3, Some((3, 5))),
            (5, 2, None),
            (6, 2, Some((4, 6))),
            (4, 0, Some((4, 4))),
            (9, 0, None),
        ] {
            assert_eq!(count.next(alive, unseen), told);
        }
    }
}
