//! A session's index: how it stands at many places, and how each lane spent its time up to them.
//!
//! *Architecture invariant:* nothing here reads or writes a file, and no bytes make it panic.

use std::sync::Arc;

use super::codec::Texts;
use super::format;
use super::piece::Stored;
use super::state::{self, Depth, Layout, Near, Part, Standing};
use crate::event::fields::Malformed;
use crate::event::{LaneId, Timestamp};
use crate::timeline::Lane;
use crate::timeline::lanes::{Book, Lanes, Places};
use crate::timeline::overview::{Cut, Sample};

/// A session's index, as far as its parts were read.
#[derive(Debug, Default)]
pub(crate) struct Index {
    parts: Vec<Place>,
    /// The lanes as they began, and perhaps ended.
    begun: Vec<Arc<Lane>>,
    /// The lanes as they ended, or as they began where they have not ended.
    lanes: Arc<Book>,
    samples: Samples,
    places: Places,
    texts: Texts,
}

/// A place at which it is known how the session stands.
#[derive(Debug)]
pub(super) struct Place {
    /// How many events lie before it.
    pub(super) before: u64,
    /// When the last of them happened.
    pub(super) at: Timestamp,
    /// Number of events that were applied by then, without heartbeats.
    pub(super) counted: u64,
    /// How many lanes there are.
    lanes: usize,
    pub(super) part: Bytes,
}

/// Where a part's bytes are.
#[derive(Debug)]
pub(super) enum Bytes {
    File(Stored),
    Memory(Vec<u8>),
}

impl Bytes {
    fn layout(&self) -> Layout {
        match self {
            Self::File(stored) if stored.found.header.flags & format::UNUSUAL == 0 => Layout::Full,
            _ => Layout::Unusual,
        }
    }
}

impl Index {
    /// Returns all that it knows, as text.
    #[cfg(test)]
    pub(crate) fn text(&self) -> String {
        let of_lanes = (&self.begun, &self.lanes, &self.samples, &self.places);
        format!("{:?} {of_lanes:?}", self.parts)
    }

    /// The places at which it is known how the session stands, in order.
    pub(super) fn places(&self) -> &[Place] {
        &self.parts
    }

    /// All lanes that are known of, as they began.
    pub(super) fn begun(&self) -> &[Arc<Lane>] {
        &self.begun
    }

    /// How a lane stood at about `most` moments, from the last one before `from` to the first one after `until`.
    pub(crate) fn samples(
        &self,
        lane: LaneId,
        from: Timestamp,
        until: Timestamp,
        most: usize,
    ) -> Vec<Sample> {
        let Some(place) = self.places.get(lane) else {
            return Vec::new();
        };
        let samples = &self.samples.lanes[place];
        let first = samples.partition_point(|sample| sample.at <= from);
        let last = samples.partition_point(|sample| sample.at < until);
        let first = first.saturating_sub(1);
        let within = &samples[first..(last + 1).clamp(first, samples.len())];
        let step = (within.len() / most.max(1)).max(1);
        within.iter().step_by(step).copied().collect()
    }

    /// Takes in the next part.
    pub(super) fn add(&mut self, payload: &[u8], bytes: Bytes) -> Result<(), Malformed> {
        let begun = &self.begun;
        let start = |place: usize| begun.get(place).map(|lane| lane.start);
        let layout = bytes.layout();
        let part = state::decode(payload, &mut self.texts, layout, Depth::Near, start)?;
        let Standing {
            place, timeline, ..
        } = &part.standing;
        let (place, at, counted) = (*place, timeline.end(), timeline.events());
        let last = self.parts.last().map_or(0, |last| last.before);
        let follows = part.serial == self.parts.len() as u64
            && part.known == self.lanes.len()
            && place >= last;
        if !follows {
            return Err(Malformed);
        }
        for lane in part.begun {
            self.places.insert(lane.id, self.begun.len());
            self.begun.push(lane);
        }
        let lanes = Arc::make_mut(&mut self.lanes);
        for lane in &self.begun[part.known..] {
            lanes.push(Arc::clone(lane));
        }
        let alive = part.alive.iter();
        let alive = alive.map(|(lane, facts)| (*lane, sample(&facts.near, at)));
        self.samples.add(part.serial, lanes.len(), alive);
        for (lane, facts) in part.ended {
            let is_known = facts.is_known();
            let ended: Arc<Lane> = Arc::from(facts.of(&self.begun[lane]));
            if is_known {
                self.begun[lane] = Arc::clone(&ended);
            }
            lanes.ended(lane, ended);
        }
        self.parts.push(Place {
            before: place,
            at,
            counted,
            lanes: lanes.len(),
            part: bytes,
        });
        Ok(())
    }

    /// How the session stands where a part of the index says so, from that part's bytes.
    pub(super) fn restore(&self, index: usize, payload: &[u8]) -> Result<Standing, Malformed> {
        let place = self.parts.get(index).ok_or(Malformed)?;
        let Part {
            mut standing,
            alive,
            ..
        } = state::decode(
            payload,
            &mut Texts::default(),
            place.part.layout(),
            Depth::Whole,
            |place| self.begun.get(place).map(|lane| lane.start),
        )?;
        let alive = alive.into_iter();
        let alive = alive.filter(|(number, _)| *number < place.lanes);
        let alive = alive.map(|(number, facts)| (number, facts.of(&self.begun[number])));
        let lanes = Lanes::restored(place.lanes, &self.lanes, &self.places, alive);
        standing.timeline.lanes = lanes;
        Ok(standing)
    }
}

/// How lanes stood at some parts of the index: at all of them, until that are too many.
#[derive(Debug, Default)]
struct Samples {
    lanes: Vec<Vec<Sample>>,
    count: usize,
    /// Of so many parts in a row, as a power of two, one is taken.
    sparse: u32,
}

impl Samples {
    /// Maximum number kept.
    const MOST: usize = if cfg!(test) { 64 } else { 1 << 19 };

    fn add(&mut self, part: u64, lanes: usize, samples: impl Iterator<Item = (usize, Sample)>) {
        self.lanes.resize_with(lanes, Vec::new);
        if part.trailing_zeros() < self.sparse {
            return;
        }
        for (lane, sample) in samples {
            self.lanes[lane].push(sample);
            self.count += 1;
        }
        // However many lanes there are, each keeps one.
        while self.count > Self::MOST.max(lanes) {
            self.thin();
        }
    }

    /// Drops every second one.
    fn thin(&mut self) {
        self.sparse += 1;
        self.count = 0;
        for samples in &mut self.lanes {
            let mut place = 0;
            samples.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            samples.shrink_to_fit();
            self.count += samples.len();
        }
    }
}

fn sample(near: &Near, at: Timestamp) -> Sample {
    let mut totals = near.passed;
    if let Some(last) = near.last {
        totals.add(last.state, at - last.at);
    }
    Sample {
        at,
        cut: Cut {
            totals,
            polls: near.polls,
            gaps: near.gaps,
            state: near.last.map(|last| last.state),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However many parts there are, the samples of all lanes stay few, in order, and each lane keeps one.
        #[test]
        fn samples_stay_few(parts in 1..200_u64, lanes in 1..20_usize) {
            let mut samples = Samples::default();
            let mut sampled = vec![false; lanes];
            for part in 0..parts {
                let before = samples.sparse;
                let alive = (0..lanes).filter(|lane| !(part as usize + lane).is_multiple_of(3));
                let sample = |lane| (lane, Sample { at: Timestamp(part), cut: Cut::default() });
                samples.add(part, lanes, alive.clone().map(sample));
                if part.trailing_zeros() >= before {
                    alive.for_each(|lane| sampled[lane] = true);
                }
                let kept: usize = samples.lanes.iter().map(Vec::len).sum();
                prop_assert_eq!(samples.count, kept);
                prop_assert!(kept <= Samples::MOST.max(lanes));
            }
            for (lane, was_sampled) in samples.lanes.iter().zip(sampled) {
                prop_assert!(lane.is_sorted_by_key(|sample| sample.at));
                prop_assert_eq!(lane.is_empty(), !was_sampled);
            }
        }
    }
}
