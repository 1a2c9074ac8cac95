//! What is read of a large session: stretches of its events, cuts of its lanes, and shares of its columns.

use std::io;

use crate::event::Timestamp;
use crate::recording::Archive;
use crate::timeline::density::Share;
use crate::timeline::overview::{self, Cut, Sample};
use crate::tui::app::{Arrival, ColumnEdges, Journey, Playback, Rows, Whole};

/// Number of events read before a place and after it.
pub(crate) const BEFORE: u64 = if cfg!(test) { 8 } else { 1 << 13 };
pub(crate) const AFTER: u64 = if cfg!(test) { 16 } else { 1 << 14 };

/// A stretch of a session, and the event at this place shown.
pub(crate) fn playback(archive: &mut Archive, place: u64) -> io::Result<Playback> {
    stretch(archive, place, [BEFORE, AFTER], place)
}

/// A stretch of a session around a place, with so many events before and after it; another place in it shown.
pub(crate) fn stretch(
    archive: &mut Archive,
    around: u64,
    [before, after]: [u64; 2],
    shown: u64,
) -> io::Result<Playback> {
    let stretch = archive.stretch(around, before, after)?;
    let end = archive.end_found()?;
    let whole = Whole {
        first: archive.first(),
        events: archive.events(),
        counted: (archive.counted_before(), end.counted),
        end: end.at,
        begins: archive.begins(),
        places: archive.places(),
        added: 0,
    };
    Ok(Playback::within(stretch, whole, shown))
}

pub(crate) fn samples(moments: &[Timestamp], cuts: Vec<Cut>) -> Vec<Sample> {
    let samples = moments.iter().zip(cuts);
    samples.map(|(&at, cut)| Sample { at, cut }).collect()
}

/// Returns the shares of some columns, one per row.
pub(crate) fn shares(
    archive: &mut Archive,
    rows: &Rows,
    columns: &[ColumnEdges],
) -> io::Result<Vec<(ColumnEdges, Vec<Share>)>> {
    let mut moments: Vec<Timestamp> = columns
        .iter()
        .flat_map(|(left, right)| [*left, *right])
        .collect();
    moments.sort_unstable();
    moments.dedup();
    let cuts = archive.cuts(&rows.lanes, &moments)?;
    let place = |at: &Timestamp| moments.binary_search(at).unwrap_or_default();
    let column = |column: &ColumnEdges| {
        let edges = [column.0, column.1];
        let [left, right] = [place(&edges[0]), place(&edges[1])];
        let row = |lanes: &[Vec<Cut>]| {
            let mut share = [Share::default()];
            for cuts in lanes {
                overview::share(&mut share, &[cuts[left], cuts[right]], &edges, column.1);
            }
            share[0]
        };
        (*column, cuts.chunks(rows.per.max(1)).map(row).collect())
    };
    Ok(columns.iter().map(column).collect())
}

/// Goes a way through a session, however far it leads.
pub(crate) fn travel(
    archive: &mut Archive,
    from: u64,
    journey: Journey,
) -> io::Result<(Playback, Arrival)> {
    /// A stretch has no more events on one side. No step is as long.
    const MOST: u64 = 1 << 20;
    let events = archive.events();
    let (from, back) = match journey {
        Journey::At(at) => (archive.place_of(at)?, false),
        Journey::First => (0, true),
        Journey::Last => (events, false),
        Journey::StepBack | Journey::PreviousWake | Journey::PreviousOf(..) => (from, true),
        _ => (from, false),
    };
    let (mut around, mut size) = (from, [BEFORE, AFTER]);
    loop {
        let mut here = stretch(archive, around, size, from)?;
        let arrival = here.go(journey);
        if arrival != Arrival::Beyond {
            return Ok((here, arrival));
        }
        let reach = &mut size[usize::from(!back)];
        if *reach < MOST {
            *reach *= 4;
        } else {
            let (first, last) = here.reaches();
            around = if back { first } else { last };
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
mod tests {
    use std::fs::File;

    use proptest::prelude::*;

    use super::*;
    use crate::event::{Event, LaneId, arbitrary};
    use crate::recording::{Meta, Writer};
    use crate::tui::app::LaneEvent;

    fn archive(events: &[Event], block: usize) -> Archive {
        let file = tempfile::tempfile().unwrap();
        let back: File = file.try_clone().unwrap();
        let mut writer = Writer::new(file, &Meta::default()).unwrap();
        for events in events.chunks(block) {
            writer.write(events).unwrap();
            writer.flush().unwrap();
        }
        writer.finish().unwrap();
        Archive::of_file(back).unwrap()
    }

    fn journey() -> impl Strategy<Value = Journey> {
        let lane = || (0..6_u64).prop_map(LaneId);
        let about = prop_oneof![
            Just(LaneEvent::Event),
            Just(LaneEvent::Poll),
            Just(LaneEvent::Wake)
        ];
        prop_oneof![
            (0..160_u64).prop_map(|at| Journey::At(Timestamp(at))),
            Just(Journey::First),
            Just(Journey::Last),
            Just(Journey::Step),
            Just(Journey::StepBack),
            Just(Journey::NextWake),
            Just(Journey::PreviousWake),
            lane().prop_map(Journey::UntilPolled),
            (lane(), about.clone()).prop_map(|(lane, about)| Journey::NextOf(lane, about)),
            (lane(), about).prop_map(|(lane, about)| Journey::PreviousOf(lane, about)),
        ]
    }

    proptest! {
        /// Whatever way one goes through a session of which only stretches are here, one comes to where one does in a
        /// session that is here as a whole, and everything stands there as it does there.
        #[test]
        fn stretches_lead_to_the_same_places(
            events in arbitrary::events(150), block in 1..30_usize, journeys in prop::collection::vec(journey(), 1..12),
        ) {
            prop_assume!(!events.is_empty());
            let mut archive = archive(&events, block);
            let mut whole = Playback::of(events.clone());
            let mut here = playback(&mut archive, events.len() as u64).unwrap();
            here.go(Journey::Last);
            for journey in journeys {
                let expected = whole.go(journey);
                let mut arrival = here.go(journey);
                if arrival == Arrival::Beyond {
                    let (there, how) = travel(&mut archive, here.place(), journey).unwrap();
                    arrival = how;
                    if !journey.leads_nowhere(arrival) {
                        here = there;
                    }
                }
                prop_assert_eq!(arrival, expected, "{:?}", journey);
                prop_assert_eq!(here.place(), whole.cursor() as u64, "{:?}", journey);
                prop_assert_eq!(here.now(), whole.now(), "{:?}", journey);
                let (mut one, mut other) = (here.timeline().clone(), whole.timeline().clone());
                one.forget();
                other.forget();
                prop_assert_eq!(one, other, "{:?}", journey);
            }
        }
    }
}
