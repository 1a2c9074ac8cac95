//! Whatever an archive says of a session is what a reading of all its events says.

use std::collections::HashSet;
use std::io::{Seek, Write as _};

use proptest::prelude::*;
use tempfile::tempfile;

use super::*;
use crate::event::{EventKind, arbitrary};
use crate::recording::{Meta, Session, Writer};
use crate::timeline::{Lane, LaneKind, Timeline};

/// A session of these events in a file, whose blocks end after so many of them in turn.
fn recorded(events: &[Event], blocks: &[usize], is_finished: bool) -> (File, Vec<u8>) {
    let mut file = tempfile().unwrap();
    let mut writer = Writer::new(file.try_clone().unwrap(), &Meta::default()).unwrap();
    let mut rest = events;
    for block in blocks.iter().cycle() {
        let (now, later) = rest.split_at((*block).min(rest.len()));
        writer.write(now).unwrap();
        writer.flush().unwrap();
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    if is_finished {
        writer.finish().unwrap();
    } else {
        drop(writer);
    }
    file.rewind().unwrap();
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut file, &mut bytes).unwrap();
    (file, bytes)
}

/// How everything stands after these events, found without an index.
fn standing(events: &[Event]) -> Standing {
    let mut standing = Standing::default();
    for event in events {
        standing.place += 1;
        standing.polling.feed(event);
        standing.timeline.apply(event);
    }
    standing.timeline.forget();
    standing
}

/// The same of an archive.
fn archived(archive: &mut Archive, place: u64) -> Standing {
    let mut base = archive.before(place).unwrap();
    let mut at = base.place;
    let each = archive.each(at, |item, count| {
        let goes_on = at < place;
        if goes_on {
            base.apply(&item, count);
            at += count;
        }
        goes_on
    });
    each.unwrap();
    base.timeline.forget();
    base
}

/// The index of a file of any version is read, and a file of an old one that is repaired is of the newest.
#[test]
fn the_index_of_every_version_is_read() {
    let directory = tempfile::tempdir().unwrap();
    for version in 1..=format::VERSION {
        let file = format!("tests/fixtures/format-{version}/indexed.aline");
        let path = directory.path().join("copy.aline");
        let bytes = std::fs::read(file).unwrap();
        let session = Session::read(&bytes).unwrap();
        // Without its end, which is the last block.
        let bytes = &bytes[..bytes.len() - format::BLOCK_HEADER];
        std::fs::write(&path, bytes).unwrap();
        let mut archive = Archive::open(&path, |_| {}).unwrap();
        let in_file = |place: &&Place| matches!(place.part, Bytes::File(_));
        let read = archive.index.places().iter().filter(in_file).count();
        assert_eq!(read, archive.log.index_size().0, "version {version}");
        assert!(read > 0);
        assert_eq!(archive.end().unwrap(), standing(&session.events));

        assert!(archive.repair(&path).unwrap());
        let repaired = Archive::open(&path, |_| {}).unwrap();
        assert_eq!(repaired.log.version(), format::VERSION);
        assert_eq!(repaired.log.all_damage(), []);
    }
}

fn blocks() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1..20_usize, 1..5)
}

/// The events before a moment. What is lost was lost from the event before on.
fn until(events: &[Event], at: Timestamp) -> &[Event] {
    let before = events.partition_point(|event| event.at < at);
    let is_lost = |event: &&Event| matches!(event.kind, EventKind::Lost { .. });
    let lost = events[before..].iter().take(1).take_while(is_lost).count();
    &events[..before + lost]
}

/// What a lane looked like just before a moment, by reading its whole past.
fn cut(lane: Option<&Lane>, at: Timestamp) -> Cut {
    let lane = lane.filter(|lane| lane.start < at);
    lane.map_or_else(Cut::default, |lane| Cut::of(lane, at))
}

proptest! {
    /// Going to a place is the same as going there from the start.
    #[test]
    fn any_place_is_as_if_replayed_from_the_start(
        events in arbitrary::events(150), blocks in blocks(), is_finished: bool,
    ) {
        let (file, _) = recorded(&events, &blocks, is_finished);
        let mut archive = Archive::of_file(file).unwrap();
        prop_assert_eq!(archive.events(), events.len() as u64);
        for place in (0..=events.len()).step_by(7) {
            let there = archived(&mut archive, place as u64);
            let expected = standing(&events[..place]);
            for (a, b) in there.timeline.lanes().zip(expected.timeline.lanes()) {
                prop_assert_eq!(a, b, "at {}: {:?}", place, events.iter().map(|event| (event.at.0, &event.kind)).collect::<Vec<_>>());
            }
            prop_assert_eq!(&there, &expected, "at {}", place);
        }
    }

    /// A file that grows is as one that was opened when it was complete, and the index of what was added is the file's own.
    #[test]
    fn a_file_that_grows_brings_its_index(
        events in arbitrary::events(150), blocks in blocks(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let (whole, bytes) = recorded(&events, &blocks, true);
        let whole = Archive::of_file(whole).unwrap();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        cuts.extend([format::FILE_HEADER, bytes.len()]);
        cuts.sort_unstable();
        cuts.retain(|cut| *cut >= format::FILE_HEADER);
        let mut file = tempfile().unwrap();
        file.write_all(&bytes[..cuts[0]]).unwrap();
        let mut archive = Archive::of_file(file.try_clone().unwrap()).unwrap();
        for pair in cuts.windows(2) {
            let known = archive.events();
            file.write_all(&bytes[pair[0]..pair[1]]).unwrap();
            archive.advance().unwrap();
            // A cut between a block and the part of the index after it leaves that part to be made here.
            let events = archive.events();
            let new = archive.index.places().iter();
            let new = new.filter(|place| place.before > known && place.before < events);
            for place in new {
                prop_assert!(matches!(place.part, Bytes::File(_)), "at {}", place.before);
            }
        }
        let places = |archive: &Archive| archive.index.places().iter().map(|place| place.before).collect::<Vec<_>>();
        let in_turn = places(&archive);
        prop_assert!(in_turn.starts_with(&places(&whole)) || places(&whole).starts_with(&in_turn));
        for place in (0..=events.len()).step_by(7) {
            prop_assert_eq!(&archived(&mut archive, place as u64), &standing(&events[..place]), "at {}", place);
        }
    }

    /// A damaged part of the index is passed over, or says something else, whatever its bytes are.
    #[test]
    fn no_part_of_an_index_panics(
        events in arbitrary::events(60),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let (mut indexer, mut index) = (Indexer::default(), Index::default());
        for events in events.chunks(20) {
            for event in events {
                indexer.take_event(event);
            }
            indexer.end_block();
            let whole = indexer.part();
            let mut part = whole.clone();
            for (place, byte) in &changes {
                let place = place.index(part.len());
                part[place] = *byte;
            }
            let next = index.places().len();
            if index.add(&part, Bytes::Memory(Vec::new())).is_err() {
                index.add(&whole, Bytes::Memory(Vec::new())).ok();
            }
            if index.places().len() > next {
                let _ = index.restore(next, &part);
                let _ = index.restore(next, &whole);
            }
        }
    }

    /// A stretch holds the events around a place, and how everything stood before them.
    #[test]
    fn a_stretch_is_a_part_of_the_session(
        events in arbitrary::events(100), blocks in blocks(), place in 0..100_u64, before in 0..30_u64, after in 0..30_u64,
    ) {
        let (file, _) = recorded(&events, &blocks, true);
        let mut archive = Archive::of_file(file).unwrap();
        let place = place.min(events.len() as u64);
        let stretch = archive.stretch(place, before, after).unwrap();
        let first = stretch.base.place as usize;
        prop_assert_eq!(&stretch.base, &standing(&events[..first]));
        let last = first + stretch.events.len();
        prop_assert_eq!(&stretch.events, &events[first..last]);
        prop_assert!(first as u64 == place.saturating_sub(before));
        prop_assert!(last as u64 >= (place + after).min(events.len() as u64));
    }

    /// Cuts are what the lanes were at those moments, however they are come by.
    #[test]
    fn cuts_are_exact(
        events in arbitrary::events(120), blocks in blocks(), moments in prop::collection::btree_set(0..130_u64, 0..12),
    ) {
        let (file, _) = recorded(&events, &blocks, true);
        let mut archive = Archive::of_file(file).unwrap();
        let moments: Vec<_> = moments.into_iter().map(Timestamp).collect();
        let lanes: Vec<_> = (0..7).map(LaneId).collect();
        let cuts = archive.cuts(&lanes, &moments).unwrap();
        for (index, at) in moments.iter().enumerate() {
            let timeline: Timeline = until(&events, *at).iter().collect();
            for (lane, cuts) in lanes.iter().zip(&cuts) {
                prop_assert_eq!(cuts[index], cut(timeline.lane(*lane), *at), "{:?} at {:?}", lane, at);
            }
        }
    }

    /// A detail draws the same as the whole session does.
    #[test]
    fn a_detail_is_drawn_as_the_whole_is(
        events in arbitrary::events(120), blocks in blocks(), start in 0..100_u64, span in 1..60_u64, width in 1..40_u16,
    ) {
        use crate::timeline::cells::{Window, cells};
        let (file, _) = recorded(&events, &blocks, true);
        let mut archive = Archive::of_file(file).unwrap();
        let whole: Timeline = events.iter().collect();
        let until = Timestamp(start + span).min(whole.end());
        let detail = archive.detail(Timestamp(start), until, u64::MAX).unwrap().timeline;
        let past: Timeline = events.iter().take_while(|event| event.at <= until).collect();
        let window = Window { start: Timestamp(start), span, width, now: until };
        for lane in past.lanes() {
            let seen = detail.lane(lane.id).map(|lane| cells(&detail, lane, &window));
            prop_assert_eq!(seen, Some(cells(&past, lane, &window)), "{:?}", lane);
        }
    }

    #[test]
    fn a_time_is_found(events in arbitrary::events(80), blocks in blocks(), at in 0..90_u64) {
        let (file, _) = recorded(&events, &blocks, true);
        let mut archive = Archive::of_file(file).unwrap();
        let until = events.iter().filter(|event| event.at.0 <= at).count();
        prop_assert_eq!(archive.place_of(Timestamp(at)).unwrap(), until as u64);
    }

    /// Whatever happens to a file, what an archive finds in it is what a reader of the whole file finds.
    #[test]
    fn a_damaged_file_is_read_as_by_reading_all_of_it(
        events in arbitrary::events(60), blocks in blocks(), at in any::<prop::sample::Index>(), bit in 0..8_u8, cuts: bool,
    ) {
        let (_, mut bytes) = recorded(&events, &blocks, true);
        let at = at.index(bytes.len());
        if cuts {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1 << bit;
        }
        let mut file = tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        let all = Session::read(&bytes);
        let archive = Archive::of_file(file);
        prop_assert_eq!(all.is_ok(), archive.is_ok());
        let (Ok(all), Ok(mut archive)) = (all, archive) else { return Ok(()) };
        let mut found = Vec::new();
        archive.each(0, |item, _| { found.push(Event::from(item)); true }).unwrap();
        // A loss at the very end is not known to whoever waits for more.
        let known = |events: Vec<Event>| -> Vec<Event> {
            let mut events = events;
            while matches!(events.last(), Some(Event { kind: EventKind::Lost { .. }, .. })) {
                events.pop();
            }
            events
        };
        // They may differ in where they draw a loss, and on whose thread.
        let plain = |events: Vec<Event>| known(events).into_iter().map(|event| match event.kind {
            EventKind::Lost { .. } => Event { at: Timestamp(0), thread: crate::event::ThreadId(0), ..event },
            _ => event,
        }).collect::<Vec<_>>();
        prop_assert_eq!(plain(found), plain(all.events));
        prop_assert_eq!(archive.log.all_damage().is_empty(), all.damage.is_empty());
    }

    /// The output for a session read from a file equals that for all of its events at once.
    #[test]
    fn what_is_printed_is_that_of_the_whole(events in arbitrary::events(120), blocks in blocks(), width in 1..120_usize) {
        let (file, _) = recorded(&events, &blocks, true);
        let mut archive = Archive::of_file(file).unwrap();
        let whole: Timeline = events.iter().collect();
        let end = archive.end().unwrap().timeline;
        prop_assert_eq!(text(&mut archive, &end, width, u64::MAX), whole_text(&whole, width));
        prop_assert_eq!(json(&end), json(&whole));
    }

    /// A session's lanes are drawn the same in stretches of any length as all at once.
    #[test]
    fn stretches_are_drawn_as_the_whole_is(
        events in arbitrary::events(120), blocks in blocks(), most in 1..40_u64, span in 1..150_u64, width in 1..40_u16,
    ) {
        use crate::timeline::cells::{Drawing, Window, cells};
        let events = with_sound_coroutines(events);
        let (file, _) = recorded(&events, &blocks, true);
        let mut archive = Archive::of_file(file).unwrap();
        let whole: Timeline = events.iter().collect();
        let window = Window { start: Timestamp::ZERO, span, width, now: whole.end() };
        let mut drawn: Vec<_> = whole.lanes().map(|lane| (lane, Drawing::new(&window))).collect();
        archive.stretches(most, |stretch, next| {
            for (lane, drawing) in &mut drawn {
                if let Some(lane) = stretch.lane(lane.id) {
                    drawing.take(stretch, lane, next.is_none());
                }
            }
        }).unwrap();
        for (lane, drawing) in drawn {
            // A host that ends before the coroutine starts in it does not count. No program does this to a coroutine
            // that had a host.
            if lane.kind != LaneKind::Coroutine || lane.host.is_some() || lane.end.is_some() {
                prop_assert_eq!(drawing.cells(), cells(&whole, lane, &window), "{:?}", lane);
            }
        }
    }
}

/// Leaves out coroutine events that no program writes: each is only a coroutine, is created once, and ends as they do.
fn with_sound_coroutines(mut events: Vec<Event>) -> Vec<Event> {
    let (mut others, mut coroutines) = (HashSet::new(), HashSet::new());
    events.retain(|event| match event.kind {
        EventKind::CoroutineCreated { lane, .. } => {
            !others.contains(&lane) && coroutines.insert(lane)
        }
        EventKind::CoroutineStarted { lane, .. } => coroutines.contains(&lane),
        EventKind::Spawned { lane, .. }
        | EventKind::BranchStarted { lane, .. }
        | EventKind::RuntimeEntered { runtime: lane, .. }
        | EventKind::PollStarted { lane }
        | EventKind::PollEnded { lane, .. }
        | EventKind::Cancelled { lane, .. }
        | EventKind::RuntimeLeft { runtime: lane } => {
            others.insert(lane);
            !coroutines.contains(&lane)
        }
        _ => true,
    });
    events
}

fn whole_text(timeline: &Timeline, width: usize) -> String {
    crate::export::text::lanes_text(timeline, width, false)
}

/// The lanes as text, read in stretches of about this many events.
fn text(archive: &mut Archive, end: &Timeline, width: usize, most: u64) -> String {
    let mut lanes = crate::export::text::LanesText::new(end, width, false);
    archive
        .stretches(most, |stretch, next| lanes.take(stretch, next))
        .unwrap();
    lanes.text()
}

fn json(timeline: &Timeline) -> String {
    let summary = crate::export::summary::summary("", timeline, &[], None);
    serde_json::to_string_pretty(&summary).unwrap()
}

/// For programs, the text on their lanes is the same, too.
#[test]
fn stories_are_printed_as_the_whole_is_however_they_are_read() {
    use crate::timeline::story;
    let told = [
        story::two_tasks(),
        story::branches(),
        story::endings(),
        story::gap(),
        story::wide_names(),
        story::busy(),
    ];
    let long = super::work::STORIES.map(|(_, tell)| tell(20));
    for story in told.into_iter().chain(long) {
        let (file, _) = recorded(&story.events, &[7, 3], true);
        let mut archive = Archive::of_file(file).unwrap();
        let end = archive.end().unwrap().timeline;
        for most in [1, 2, 3, 5, 8, 21, 1000] {
            for width in [40, 110] {
                assert_eq!(
                    text(&mut archive, &end, width, most),
                    whole_text(&story.timeline(), width),
                    "in stretches of {most}"
                );
            }
        }
    }
}
