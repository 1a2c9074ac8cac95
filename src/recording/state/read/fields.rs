//! Reads what both layouts of a lane have.

use crate::event::Timestamp;
use crate::event::fields::{Field, Malformed};
use crate::recording::codec::{Decoder, unzigzag};
use crate::recording::state::{FRAME, WAKE};
use crate::timeline::{Born, Frame, Host, Label, Lane, Mark, Wake, work};

pub(super) fn numbers<const N: usize>(from: &mut Decoder<'_>) -> Result<[u64; N], Malformed> {
    let mut numbers = [0; N];
    for number in &mut numbers {
        *number = u64::take(from)?;
    }
    Ok(numbers)
}

/// Numbers of things that happened.
pub(super) fn counts<const N: usize>(from: &mut Decoder<'_>) -> Result<[u64; N], Malformed> {
    /// So many happen in no session, and those that follow can be counted on top of it.
    const MOST: u64 = 1 << 56;
    let counts = numbers(from)?;
    let are_possible = counts.iter().all(|count| *count <= MOST);
    are_possible.then_some(counts).ok_or(Malformed)
}

pub(super) fn index(from: &mut Decoder<'_>) -> Result<usize, Malformed> {
    usize::try_from(u64::take(from)?).map_err(|_| Malformed)
}

pub(super) fn list<T>(
    from: &mut Decoder<'_>,
    mut take: impl FnMut(&mut Decoder<'_>) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let count = index(from)?;
    // Whatever stands in a list takes a byte at least.
    if count > from.bytes.len() {
        return Err(Malformed);
    }
    work::done(count);
    // Most have a few at most, and no memory to spare.
    let mut items = Vec::with_capacity(count.min(4));
    for _ in 0..count {
        items.push(take(from)?);
    }
    Ok(items)
}

/// Reads a list of lanes by their places, which are less than `count`.
pub(super) fn each_place(
    from: &mut Decoder<'_>,
    count: usize,
    mut take: impl FnMut(&mut Decoder<'_>, usize) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let lanes = index(from)?;
    // Each takes a byte at least.
    if lanes > from.bytes.len() {
        return Err(Malformed);
    }
    work::done(lanes);
    let mut before = None;
    for _ in 0..lanes {
        let further = index(from)?;
        let place = match before {
            Some(before) if further > 0 => further.checked_add(before).ok_or(Malformed)?,
            Some(_) => return Err(Malformed),
            None => further,
        };
        if place >= count {
            return Err(Malformed);
        }
        take(from, place)?;
        before = Some(place);
    }
    Ok(())
}

pub(super) fn time(from: &mut Decoder<'_>, base: Timestamp) -> Result<Timestamp, Malformed> {
    Ok(Timestamp(base.0.wrapping_sub(unzigzag(u64::take(from)?))))
}

pub(super) fn maybe_time(
    from: &mut Decoder<'_>,
    base: Timestamp,
) -> Result<Option<Timestamp>, Malformed> {
    bool::take(from)?.then(|| time(from, base)).transpose()
}

pub(super) fn take_origin(from: &mut Decoder<'_>, lane: &mut Lane) -> Result<(), Malformed> {
    lane.kind = Field::take(from)?;
    lane.name = Field::take(from)?;
    lane.parent = Field::take(from)?;
    lane.site = Field::take(from)?;
    Ok(())
}

pub(super) fn born(from: &mut Decoder<'_>) -> Result<Option<Born>, Malformed> {
    if !bool::take(from)? {
        return Ok(None);
    }
    let lane = Field::take(from)?;
    let [polls, changes] = counts(from)?;
    Ok(Some(Born {
        lane,
        polls,
        changes,
    }))
}

pub(super) fn host(from: &mut Decoder<'_>) -> Result<Host, Malformed> {
    Ok(Host {
        lane: Field::take(from)?,
        frame: Field::take(from)?,
        awaiter: Field::take(from)?,
        at_once: Field::take(from)?,
        poll: Field::take(from)?,
        first: Field::take(from)?,
        end: Field::take(from)?,
    })
}

pub(super) fn wakes(from: &mut Decoder<'_>, base: Timestamp) -> Result<Vec<Wake>, Malformed> {
    list(from, |from| {
        from.begin(WAKE);
        Ok(Wake {
            at: time(from, base)?,
            by: Field::take(from)?,
            thread: Field::take(from)?,
        })
    })
}

pub(super) fn marks(from: &mut Decoder<'_>, base: Timestamp) -> Result<Vec<Mark>, Malformed> {
    list(from, |from| {
        Ok(Mark {
            at: time(from, base)?,
            text: Field::take(from)?,
        })
    })
}

/// Reads a lane's awaits, and which of them are open.
pub(super) fn take_frames(
    from: &mut Decoder<'_>,
    lane: &mut Lane,
    base: Timestamp,
) -> Result<(), Malformed> {
    lane.frames = list(from, |from| frame(from, base))?;
    let frames = lane.frames.len();
    let known = |index: usize| (index < frames).then_some(index).ok_or(Malformed);
    lane.open = list(from, |from| known(index(from)?))?.into();
    let position: Option<u64> = Field::take(from)?;
    let position = position.map(|index| known(index as usize));
    lane.position = position.transpose()?;
    Ok(())
}

pub(super) fn frame(from: &mut Decoder<'_>, base: Timestamp) -> Result<Frame, Malformed> {
    from.begin(FRAME);
    Ok(Frame {
        id: Field::take(from)?,
        parent: Field::take(from)?,
        coroutine: Field::take(from)?,
        site: Field::take(from)?,
        text: Field::take(from)?,
        on: Field::take(from)?,
        start: time(from, base)?,
        end: maybe_time(from, base)?,
    })
}

pub(super) fn labels(from: &mut Decoder<'_>) -> Result<Vec<Label>, Malformed> {
    list(from, |from| {
        Ok(Label {
            key: Field::take(from)?,
            value: Field::take(from)?,
        })
    })
}
