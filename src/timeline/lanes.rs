//! The lanes of a timeline: in the order in which they began, and found by their ids.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::lane::Aside;
use super::{Lane, LaneKind, work};
use crate::event::{LaneId, Timestamp};

/// The lanes of a timeline.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lanes {
    /// The lanes of this timeline; none where one is over, and stands in the book.
    slots: Vec<Option<Box<Lane>>>,
    book: Arc<Book>,
    places: Places,
    gone: Gone,
    /// The branches that have not ended, and some that have.
    branches: Vec<LaneId>,
    /// As many of them there were when those that have ended were left out last.
    few: usize,
    /// The tasks and branches that were active since the last loss, and others: the state of the rest is unknown. So a loss
    /// costs no more than the events before it.
    active: Vec<LaneId>,
    /// Length of `active` when ended lanes were last removed.
    few_active: usize,
    /// Whether lanes keep nothing of their past.
    is_brief: bool,
    /// Stands for all lanes that were dropped: what is told of them changes nothing.
    limbo: Option<Box<Lane>>,
}

/// The lanes of a session as they ended, by their places, for all timelines of it: there may be many more of them than
/// lanes that are not over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Book {
    lanes: Vec<Arc<Lane>>,
    /// Where each belongs: the lanes themselves lie all over the memory.
    kin: Vec<Kin>,
}

/// Where a lane belongs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kin {
    pub(crate) id: LaneId,
    pub(crate) kind: LaneKind,
    /// The lane that it belongs to.
    pub(crate) owner: Option<LaneId>,
    /// When it ended; far off while it goes on.
    pub(crate) end: Timestamp,
}

impl Kin {
    fn of(lane: &Lane) -> Self {
        let awaiter = lane.host.and_then(|host| host.awaiter);
        let awaiter = awaiter.filter(|&id| id != lane.id);
        let owner = awaiter.or(lane.host.map(|host| host.lane));
        Self {
            id: lane.id,
            kind: lane.kind,
            owner: owner.or(lane.parent),
            end: lane.end.unwrap_or(Timestamp(u64::MAX)),
        }
    }
}

impl Book {
    #[cold]
    fn copy(&self, place: usize) -> Box<Lane> {
        Box::new(Lane::clone(&self.lanes[place]))
    }
}

#[cfg(feature = "app")]
impl Book {
    pub(crate) fn len(&self) -> usize {
        self.lanes.len()
    }

    pub(crate) fn push(&mut self, lane: Arc<Lane>) {
        self.kin.push(Kin::of(&lane));
        self.lanes.push(lane);
    }

    /// Takes note of how a lane ended.
    pub(crate) fn ended(&mut self, place: usize, lane: Arc<Lane>) {
        self.kin[place] = Kin::of(&lane);
        self.lanes[place] = lane;
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
        (0..self.slots.len()).map(|place| self.get(place))
    }

    /// The lane that began as the `place`-th, from 0.
    #[inline]
    pub(crate) fn get(&self, place: usize) -> &Lane {
        work::done(1);
        match &self.slots[place] {
            Some(lane) => lane,
            None => &self.book.lanes[place],
        }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, place: usize) -> &mut Lane {
        work::done(1);
        match &mut self.slots[place] {
            Some(lane) => lane,
            none => none.insert(self.book.copy(place)),
        }
    }

    /// Where the lane belongs that began as the `place`-th.
    pub(crate) fn kin(&self, place: usize) -> Kin {
        work::done(1);
        match &self.slots[place] {
            Some(lane) => Kin::of(lane),
            None => self.book.kin[place],
        }
    }

    /// The lanes of this timeline alone: all that are not over are among them.
    #[cfg(feature = "app")]
    pub(crate) fn own(&self) -> impl Iterator<Item = &Lane> {
        self.slots.iter().flatten().map(|lane| &**lane)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Lane> {
        work::done(self.slots.len());
        self.slots.iter_mut().flatten().map(|lane| &mut **lane)
    }

    /// As the how-manieth the lane with this id began.
    #[inline]
    pub(crate) fn place(&self, id: LaneId) -> Option<usize> {
        self.places.get(id)
    }

    /// Appends a lane whose id is new.
    pub(crate) fn push(&mut self, lane: Lane) -> usize {
        let place = self.slots.len();
        self.places.insert(lane.id, place);
        self.slots.push(None);
        self.put(place, Box::new(lane));
        place
    }

    /// The first lanes of a session: as they ended, but for these, which are given with their places.
    #[cfg(feature = "app")]
    pub(crate) fn restored(
        count: usize,
        book: &Arc<Book>,
        places: &Places,
        alive: impl Iterator<Item = (usize, Box<Lane>)>,
    ) -> Self {
        let mut lanes = Self {
            slots: vec![None; count],
            book: Arc::clone(book),
            places: places.up_to(count),
            ..Self::default()
        };
        alive.for_each(|(place, lane)| lanes.put(place, lane));
        lanes
    }

    fn put(&mut self, place: usize, mut lane: Box<Lane>) {
        lane.is_brief = Aside(self.is_brief);
        if matches!(lane.kind, LaneKind::Branch(_)) && lane.end.is_none() {
            self.branches.push(lane.id);
        }
        lane.is_active = Aside(lane.end.is_none() && !lane.is_lost());
        if lane.is_active.0 {
            self.note_active(lane.id);
        }
        self.slots[place] = Some(lane);
    }

    /// Marks a lane as active again after a loss.
    #[cold]
    pub(crate) fn note_active(&mut self, id: LaneId) {
        if self.active.len() >= 2 * self.few_active + 64 {
            let active = std::mem::take(&mut self.active);
            let goes_on = |id: &LaneId| self.goes_on(*id);
            self.active = active.into_iter().filter(goes_on).collect();
            self.few_active = self.active.len();
        }
        self.active.push(id);
    }

    /// Calls `lose` for each open task and branch that was active since the last loss.
    pub(crate) fn lose(&mut self, mut lose: impl FnMut(&mut Lane)) {
        for id in std::mem::take(&mut self.active) {
            let Some(place) = self.place(id).filter(|_| self.goes_on(id)) else {
                continue;
            };
            let lane = self.get_mut(place);
            lane.is_active = Aside(false);
            if !lane.is_lost() && matches!(lane.kind, LaneKind::Task(_) | LaneKind::Branch(_)) {
                lose(lane);
            }
        }
        self.few_active = 0;
    }

    /// The lane with this id; a new one where there is none.
    #[inline]
    pub(crate) fn at(&mut self, id: LaneId, at: Timestamp) -> &mut Lane {
        match self.place(id) {
            Some(place) => self.get_mut(place),
            None => self.missing(id, at),
        }
    }

    #[cold]
    fn missing(&mut self, id: LaneId, at: Timestamp) -> &mut Lane {
        if !self.gone.has(id) {
            let place = self.push(Lane::unknown(id, at));
            return self.get_mut(place);
        }
        let ended = || Lane {
            end: Some(at),
            ..Lane::unknown(id, at)
        };
        self.limbo.insert(Box::new(ended()))
    }

    /// From now on lanes keep nothing of their past, or all of it that is to come.
    pub(crate) fn set_brief(&mut self, is_brief: bool) {
        self.is_brief = is_brief;
        let lanes = self.iter_mut();
        lanes.for_each(|lane| lane.is_brief = Aside(is_brief));
    }

    /// Looks at some lanes, for no other reason than to have them near by when they are asked for.
    #[inline]
    pub(crate) fn touch(&self, lanes: impl Iterator<Item = LaneId>) {
        let look = |id| self.place(id).map(|place| self.get(place).near());
        let seen = lanes.filter_map(look).fold(0, u64::wrapping_add);
        std::hint::black_box(seen);
    }

    /// Takes note that a lane is a branch from now on.
    pub(crate) fn note_branch(&mut self, id: LaneId) {
        let is_one = |place| matches!(self.get(place).kind, LaneKind::Branch(_));
        if self.place(id).is_some_and(is_one) {
            return;
        }
        if self.branches.len() >= 2 * self.few + 64 {
            let branches = std::mem::take(&mut self.branches);
            let goes_on = |id: &LaneId| self.goes_on(*id);
            self.branches = branches.into_iter().filter(goes_on).collect();
            self.few = self.branches.len();
        }
        self.branches.push(id);
    }

    fn goes_on(&self, id: LaneId) -> bool {
        let place = self.place(id);
        place.is_some_and(|place| self.get(place).end.is_none())
    }

    /// The branches that have not ended, in the order in which they began.
    pub(crate) fn open_branches(&self) -> impl DoubleEndedIterator<Item = &Lane> {
        let lanes = self.branches.iter().filter_map(|id| self.place(*id));
        let lanes = lanes.map(|place| self.get(place));
        lanes.filter(|lane| lane.end.is_none())
    }

    /// Whether there was a lane with this id that was dropped.
    pub(crate) fn is_gone(&self, id: LaneId) -> bool {
        self.gone.has(id)
    }

    /// Drops the lanes that have ended. Those that are left move together, in their order.
    pub(crate) fn drop_ended(&mut self) {
        work::done(self.slots.len());
        let (gone, book) = (&mut self.gone, &self.book.lanes);
        let mut place = 0;
        self.slots.retain_mut(|slot| {
            let lane = slot.as_deref().unwrap_or_else(|| &book[place]);
            let goes_on = lane.end.is_none();
            if goes_on {
                slot.get_or_insert_with(|| Box::new(Lane::clone(&book[place])));
            } else {
                gone.insert(lane.id);
            }
            place += 1;
            goes_on
        });
        let ids: Vec<LaneId> = self.iter().map(|lane| lane.id).collect();
        self.places = Places::of(&ids);
    }
}

/// The ids of lanes that were dropped, as ranges: from an id to the last one.
#[derive(Clone, Debug, Default)]
struct Gone {
    /// The range of the highest ids: most that are asked for or inserted are near its end.
    highest: Option<(u64, u64)>,
    others: BTreeMap<u64, u64>,
}

impl Gone {
    fn has(&self, LaneId(id): LaneId) -> bool {
        match self.highest {
            Some((first, last)) if id >= first => id <= last,
            Some(_) => {
                let range = self.others.range(..=id).next_back();
                range.is_some_and(|(_, last)| id <= *last)
            }
            None => false,
        }
    }

    fn insert(&mut self, LaneId(id): LaneId) {
        match &mut self.highest {
            Some((first, last)) if id > *last => {
                if id - *last > 1 {
                    self.others.insert(*first, *last);
                    *first = id;
                }
                *last = id;
            }
            Some((first, _)) if id >= *first => {}
            Some(_) => self.insert_below(id),
            none => *none = Some((id, id)),
        }
    }

    fn insert_below(&mut self, id: u64) {
        let before = self.others.range(..=id).next_back();
        let before = before.map(|(first, last)| (*first, *last));
        let after = id.checked_add(1).and_then(|next| self.others.remove(&next));
        let last = after.unwrap_or(id);
        match before {
            Some((_, end)) if end >= id => {}
            Some((first, end)) if end + 1 == id => {
                self.others.insert(first, last);
            }
            _ => {
                self.others.insert(id, last);
            }
        }
    }
}

/// Places by id. Ids are given in order, so that most are an index into a list that hardly has holes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    first: u64,
    /// One more than the place; 0 where there is none.
    near: Vec<u32>,
    /// Few, so that this is faster than hashing, and never slow, whatever a damaged log has for ids.
    far: BTreeMap<LaneId, usize>,
    count: usize,
}

/// As many holes there may be whatever the number of lanes.
const HOLES: usize = 1 << 12;

impl Places {
    /// The places of lanes with these ids, in order. Few of them are old, and far from the others.
    fn of(ids: &[LaneId]) -> Self {
        let last = ids.last().map_or(0, |last| last.0);
        let is_near = |id: &&LaneId| last.wrapping_sub(id.0) < HOLES as u64;
        let first = ids.iter().take(ids.len() / 4).find(is_near);
        let mut places = Self {
            first: first.or(ids.get(ids.len() / 4)).map_or(0, |id| id.0),
            ..Self::default()
        };
        for (place, &id) in ids.iter().enumerate() {
            places.count += 1;
            places.put(id, place);
        }
        places
    }

    /// The first places only.
    #[cfg(feature = "app")]
    fn up_to(&self, count: usize) -> Self {
        let keep = |marked: u32| if marked as usize > count { 0 } else { marked };
        Self {
            first: self.first,
            near: self.near.iter().map(|&marked| keep(marked)).collect(),
            far: self
                .far
                .clone()
                .into_iter()
                .filter(|(_, place)| *place < count)
                .collect(),
            count,
        }
    }

    #[inline]
    pub(crate) fn get(&self, id: LaneId) -> Option<usize> {
        let index = id.0.wrapping_sub(self.first);
        match self.near.get(usize::try_from(index).ok()?) {
            Some(&place) if place > 0 => Some(place as usize - 1),
            _ if self.far.is_empty() => None,
            _ => self.far.get(&id).copied(),
        }
    }

    pub(crate) fn insert(&mut self, id: LaneId, place: usize) {
        if self.count == 0 && self.near.is_empty() {
            self.first = id.0;
        }
        self.count += 1;
        self.put(id, place);
    }

    fn put(&mut self, id: LaneId, place: usize) {
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
        fn a_lane_that_is_dropped_is_known_to_be_gone(ids in prop::collection::vec((0..40_u64, any::<bool>()), 0..80)) {
            let mut lanes = Lanes::default();
            let mut dropped = std::collections::BTreeSet::new();
            let mut alive = Vec::new();
            for (id, ends) in ids {
                let lane = lanes.at(LaneId(id), Timestamp(7));
                if ends {
                    lane.end = Some(Timestamp(8));
                    lanes.drop_ended();
                    alive.retain(|other| *other != id);
                    dropped.insert(id);
                } else if !dropped.contains(&id) && !alive.contains(&id) {
                    alive.push(id);
                }
                let left: Vec<u64> = lanes.iter().map(|lane| lane.id.0).collect();
                prop_assert_eq!(&left, &alive);
                for id in 0..40 {
                    prop_assert_eq!(lanes.gone.has(LaneId(id)), dropped.contains(&id));
                    let place = alive.iter().position(|alive| *alive == id);
                    prop_assert_eq!(lanes.place(LaneId(id)), place);
                }
            }
        }

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
