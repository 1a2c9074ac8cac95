//! Reads the lanes of a part of the index as versions 1 to 3 of the format have them.

use super::facts::{Facts, Near, Rest};
use super::fields::{
    born, counts, each_place, host, labels, marks, maybe_time, numbers, take_frames, take_origin,
    time, wakes,
};
use crate::event::fields::{Field, Malformed, take_bytes};
use crate::event::{LaneId, Timestamp};
use crate::recording::codec::{Decoder, unzigzag};
use crate::recording::state::{BEGUN, Depth, FACTS};
use crate::timeline::{Change, Lane, Totals};

pub(super) fn birth(from: &mut Decoder<'_>, end: Timestamp) -> Result<Lane, Malformed> {
    from.begin(BEGUN);
    let id = LaneId::take(from)?;
    let start = time(from, end)?;
    let mut lane = Lane::unknown(id, start);
    take_origin(from, &mut lane)?;
    lane.born_in = born(from)?;
    Ok(lane)
}

/// Reads a list of lanes by their places, which are less than `count`.
pub(super) fn all_facts(
    from: &mut Decoder<'_>,
    end: Timestamp,
    count: usize,
    depth: Depth,
    start: impl Fn(usize) -> Result<Timestamp, Malformed>,
) -> Result<Vec<(usize, Facts)>, Malformed> {
    let mut all = Vec::new();
    each_place(from, count, |from, place| {
        all.push((place, facts(from, end, start(place)?, depth)?));
        Ok(())
    })?;
    Ok(all)
}

fn facts(
    from: &mut Decoder<'_>,
    end: Timestamp,
    start: Timestamp,
    depth: Depth,
) -> Result<Facts, Malformed> {
    let near = near(from, start, end)?;
    let size = u64::take(from)?;
    let mut bytes = take_bytes(&mut from.bytes, size)?;
    if depth == Depth::Near {
        return Ok(Facts { near, rest: None });
    }
    std::mem::swap(&mut from.bytes, &mut bytes);
    let mut lane = Box::new(Lane::unknown(LaneId(0), start));
    let with_origin = take_rest(from, &mut lane, end)?;
    std::mem::swap(&mut from.bytes, &mut bytes);
    // Its end was a change, too.
    let ended = lane.end.is_some() && near.last.is_none();
    if !bytes.is_empty() || ended {
        return Err(Malformed);
    }
    let rest = Some(Rest { lane, with_origin });
    Ok(Facts { near, rest })
}

fn near(from: &mut Decoder<'_>, start: Timestamp, end: Timestamp) -> Result<Near, Malformed> {
    let [polls, gaps] = counts(from)?;
    let [running, ready, unknown] = numbers(from)?;
    let last = if bool::take(from)? {
        Some(Change {
            at: time(from, end)?,
            state: Field::take(from)?,
            thread: Field::take(from)?,
        })
    } else {
        None
    };
    let mut passed = Totals {
        running,
        ready,
        waiting: 0,
        unknown,
    };
    let more = unzigzag(u64::take(from)?);
    passed.waiting = rest_of_time(&passed, last.as_ref(), start).wrapping_add(more);
    Ok(Near {
        polls,
        gaps,
        passed,
        last,
    })
}

/// The time since a lane began that was spent neither running nor ready: mostly all that it waited.
fn rest_of_time(passed: &Totals, last: Option<&Change>, start: Timestamp) -> u64 {
    let last = last.map_or(start, |change| change.at);
    let Totals {
        running,
        ready,
        unknown,
        ..
    } = passed;
    let spent = running.wrapping_add(*ready).wrapping_add(*unknown);
    last.0.wrapping_sub(start.0).wrapping_sub(spent)
}

/// Reads the rest; whether that says how the lane began.
fn take_rest(from: &mut Decoder<'_>, lane: &mut Lane, end: Timestamp) -> Result<bool, Malformed> {
    let with_origin = bool::take(from)?;
    if with_origin {
        from.begin(BEGUN);
        take_origin(from, lane)?;
        lane.born_in = born(from)?;
    }
    from.begin(FACTS);
    if bool::take(from)? {
        let since = unzigzag(u64::take(from)?);
        lane.started = Some(Timestamp(lane.start.0.wrapping_add(since)));
    }
    lane.end = maybe_time(from, end)?;
    [lane.longest] = numbers(from)?;
    [lane.forgotten] = counts(from)?;
    lane.value = Field::take(from)?;
    lane.cancel = Field::take(from)?;
    lane.unwakeable = Field::take(from)?;
    lane.woken = Field::take(from)?;
    lane.host = bool::take(from)?.then(|| host(from)).transpose()?;
    lane.wakes = wakes(from, end)?;
    lane.marks = marks(from, end)?;
    take_frames(from, lane, end)?;
    if !from.bytes.is_empty() {
        lane.labels = labels(from)?;
    }
    Ok(with_origin)
}
