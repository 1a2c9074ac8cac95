//! A lane's past, for looking up many stretches of it, some of them nested.

use std::ops::Range;

use crate::event::{LaneId, Timestamp};
use crate::timeline::{Lane, State, Wake, work};

/// The way a lane spent its time, and its wakers.
pub(super) struct Past<'a> {
    lane: &'a Lane,
    /// Nanoseconds that it had run and waited before each of its changes.
    spent: Vec<(u64, u64)>,
    /// The lanes that woke it, other than itself.
    wakers: Least,
}

impl<'a> Past<'a> {
    pub(super) fn of(lane: &'a Lane) -> Self {
        work::done(lane.changes.len() + lane.wakes.len());
        let mut total = (0, 0);
        let mut spent = Vec::with_capacity(lane.changes.len());
        for (index, change) in lane.changes.iter().enumerate() {
            spent.push(total);
            let end = lane
                .changes
                .get(index + 1)
                .map_or(change.at, |next| next.at);
            total = add(total, change.state, end - change.at);
        }
        let waker = |wake: &Wake| wake.lane().filter(|by| *by != lane.id);
        let wakers = lane.wakes.iter().map(waker);
        Self {
            lane,
            spent,
            wakers: Least::of(wakers.map(|by| by.map_or(u64::MAX, |by| by.0))),
        }
    }

    /// Returns `true` if a lane that existed before this coroutine ended a wait between these moments. Such a wait
    /// takes as long as the other lane does, whatever else is awaited meanwhile.
    pub(super) fn waited_for_others(
        &self,
        coroutine: LaneId,
        start: Timestamp,
        end: Timestamp,
    ) -> bool {
        let until = |at| self.lane.wakes.partition_point(|wake| wake.at <= at);
        self.wakers.within(until(start)..until(end)) < coroutine.0
    }

    /// Returns the nanoseconds that it ran and waited between these moments.
    pub(super) fn time_in(&self, start: Timestamp, end: Timestamp) -> (u64, u64) {
        let (before, after) = (self.until(start), self.until(end));
        (
            after.0.saturating_sub(before.0),
            after.1.saturating_sub(before.1),
        )
    }

    /// Returns `true` if it only ran from one moment to the other.
    pub(super) fn runs_between(&self, from: Timestamp, to: Timestamp) -> bool {
        self.time_in(from, to).0 == to - from
    }

    /// Returns the nanoseconds that it had run and waited until a moment.
    fn until(&self, at: Timestamp) -> (u64, u64) {
        let next = self.lane.changes.partition_point(|change| change.at <= at);
        let Some(last) = next.checked_sub(1) else {
            return (0, 0);
        };
        let change = self.lane.changes[last];
        add(self.spent[last], change.state, at - change.at)
    }
}

fn add((running, waiting): (u64, u64), state: State, nanos: u64) -> (u64, u64) {
    match state {
        State::Running => (running + nanos, waiting),
        State::Waiting => (running, waiting + nanos),
        _ => (running, waiting),
    }
}

/// A tree for the minimum of any stretch of a list: each node has the minimum of the two below it.
struct Least(Vec<u64>);

impl Least {
    fn of(numbers: impl ExactSizeIterator<Item = u64>) -> Self {
        let count = numbers.len();
        let mut nodes = vec![u64::MAX; count];
        nodes.extend(numbers);
        for node in (1..count).rev() {
            nodes[node] = nodes[2 * node].min(nodes[2 * node + 1]);
        }
        Self(nodes)
    }

    fn within(&self, range: Range<usize>) -> u64 {
        let count = self.0.len() / 2;
        let (mut left, mut right) = (count + range.start, count + range.end);
        let mut least = u64::MAX;
        while left < right {
            work::done(1);
            if left % 2 == 1 {
                least = least.min(self.0[left]);
                left += 1;
            }
            if right % 2 == 1 {
                right -= 1;
                least = least.min(self.0[right]);
            }
            (left, right) = (left / 2, right / 2);
        }
        least
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_least_is_found(numbers in prop::collection::vec(0..50_u64, 0..40), from in 0..41_usize, to in 0..41_usize) {
            let (from, to) = (from.min(numbers.len()), to.min(numbers.len()));
            let range = from.min(to)..from.max(to);
            let expected = numbers[range.clone()].iter().copied().min();
            let least = Least::of(numbers.iter().copied()).within(range);
            prop_assert_eq!(least, expected.unwrap_or(u64::MAX));
        }
    }
}
