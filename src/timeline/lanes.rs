//! The lanes of a timeline: in the order in which they began, and found by their ids.

use std::collections::HashMap;
use std::sync::Arc;

use super::Lane;
use crate::event::LaneId;

/// The lanes of a timeline.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lanes {
    slots: Vec<Slot>,
    places: Places,
}

/// A lane, which belongs to this timeline alone, or is over and shared with others of the same session.
#[derive(Clone, Debug)]
enum Slot {
    Own(Box<Lane>),
    Shared(Arc<Lane>),
}

impl Slot {
    #[inline]
    fn lane(&self) -> &Lane {
        match self {
            Self::Own(lane) => lane,
            Self::Shared(lane) => lane,
        }
    }
}

impl PartialEq for Lanes {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Lanes {}

impl Lanes {
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn iter(
        &self,
    ) -> impl DoubleEndedIterator<Item = &Lane> + ExactSizeIterator + Clone {
        self.slots.iter().map(Slot::lane)
    }

    /// The lane that began as the `place`-th, from 0.
    #[inline]
    pub(crate) fn get(&self, place: usize) -> &Lane {
        self.slots[place].lane()
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, place: usize) -> &mut Lane {
        let slot = &mut self.slots[place];
        if let Slot::Shared(lane) = slot {
            *slot = Slot::Own(Box::new(Lane::clone(lane)));
        }
        match slot {
            Slot::Own(lane) => lane,
            Slot::Shared(_) => unreachable!("it was made our own"),
        }
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Lane> {
        self.slots.iter_mut().filter_map(|slot| match slot {
            Slot::Own(lane) => Some(&mut **lane),
            Slot::Shared(_) => None,
        })
    }

    /// As the how-manieth the lane with this id began.
    #[inline]
    pub(crate) fn place(&self, id: LaneId) -> Option<usize> {
        self.places.get(id)
    }

    /// Appends a lane whose id is new.
    pub(crate) fn push(&mut self, lane: Lane) -> usize {
        self.put(lane.id, Slot::Own(Box::new(lane)))
    }

    /// Appends a lane that is over, and whose id is new.
    pub(crate) fn push_shared(&mut self, lane: Arc<Lane>) -> usize {
        self.put(lane.id, Slot::Shared(lane))
    }

    fn put(&mut self, id: LaneId, slot: Slot) -> usize {
        let place = self.slots.len();
        self.places.insert(id, place);
        self.slots.push(slot);
        place
    }

    /// A lane that is over, for others to share.
    pub(crate) fn share(&mut self, place: usize) -> Arc<Lane> {
        let slot = &mut self.slots[place];
        if let Slot::Own(lane) = slot {
            *slot = Slot::Shared(Arc::new(Lane::clone(lane)));
        }
        match slot {
            Slot::Shared(lane) => Arc::clone(lane),
            Slot::Own(_) => unreachable!("it was just shared"),
        }
    }
}

/// Places by id. Ids are given in order, so that most are an index into a list that hardly has holes.
#[derive(Clone, Debug, Default)]
struct Places {
    first: u64,
    /// One more than the place; 0 where there is none.
    near: Vec<u32>,
    far: HashMap<LaneId, usize>,
    count: usize,
}

/// As many holes there may be whatever the number of lanes.
const HOLES: usize = 1 << 12;

impl Places {
    #[inline]
    fn get(&self, id: LaneId) -> Option<usize> {
        let index = id.0.wrapping_sub(self.first);
        match self.near.get(usize::try_from(index).ok()?) {
            Some(&place) if place > 0 => Some(place as usize - 1),
            _ if self.far.is_empty() => None,
            _ => self.far.get(&id).copied(),
        }
    }

    fn insert(&mut self, id: LaneId, place: usize) {
        if self.count == 0 {
            self.first = id.0;
        }
        self.count += 1;
        let index = usize::try_from(id.0.wrapping_sub(self.first)).unwrap_or(usize::MAX);
        match u32::try_from(place + 1) {
            Ok(marked) if index < 4 * self.count + HOLES => {
                if self.near.len() <= index {
                    self.near.resize(index + 1, 0);
                }
                self.near[index] = marked;
            }
            _ => {
                self.far.insert(id, place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::{TaskKind, Timestamp};
    use crate::timeline::LaneKind;

    proptest! {
        #[test]
        fn a_lane_is_found_by_its_id(ids in prop::collection::hash_set(prop_oneof![0..50_u64, any::<u64>()], 0..60)) {
            let mut lanes = Lanes::default();
            for &id in &ids {
                prop_assert_eq!(lanes.place(LaneId(id)), None);
                let kind = LaneKind::Task(TaskKind::Task);
                lanes.push(Lane::new(LaneId(id), kind, Timestamp::ZERO));
            }
            for (place, &id) in ids.iter().enumerate() {
                prop_assert_eq!(lanes.place(LaneId(id)), Some(place));
            }
            prop_assert_eq!(lanes.len(), ids.len());
        }
    }
}
