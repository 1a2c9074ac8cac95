//! Reading what the screen shows besides the program that runs: recordings, their list, and source files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::app::{Opened, Playback, Recent};
use super::code::Source;
use super::reader;
use crate::event::{Event, EventKind, Site};
use crate::printable;
use crate::scenario;
use crate::session::{self, Archive, Damage, Entry, Error, Meta, Progress, Session, Store};

/// The largest source file that is shown, in bytes.
const LARGEST: u64 = 1 << 20;
/// As many source files are read for a recording.
pub(super) const MOST: usize = 32;

/// A session of no more events is read as a whole.
const SMALL: u64 = 100_000;

/// Opens a recording; a large one stays open, to be read where it is looked at.
pub(super) fn open(
    path: &Path,
    follow: bool,
    progress: impl FnMut(Progress),
) -> Result<(Opened, Option<Archive>), Error> {
    let large = if follow {
        Some(Archive::open(path, progress)?)
    } else {
        Archive::open_large(path, SMALL, progress)?
    };
    let Some(mut archive) = large else {
        let Session {
            meta,
            events,
            damage,
        } = Session::open(path)?;
        let playback = Playback::of(events);
        return Ok((opened(path, &meta, playback, &damage), None));
    };
    let end = archive.events();
    let shown = reader::playback(&mut archive, end).map_err(|error| Error::read(path, error))?;
    let damage = archive.log.all_damage();
    let mut opened = opened(path, &archive.log.meta, shown, &damage);
    opened.follow = follow;
    if follow {
        // That it has no end is as it should be.
        opened.damage = None;
    }
    Ok((opened, Some(archive)))
}

fn opened(path: &Path, meta: &Meta, playback: Playback, damage: &[Damage]) -> Opened {
    let damage = session::told(damage);
    let title = if meta.title.is_empty() {
        printable::path(Path::new(path.file_name().unwrap_or_default())).to_string()
    } else {
        meta.title.to_string()
    };
    Opened {
        title,
        scenario: scenario::find(meta.scenario.raw()),
        playback,
        damage: (!damage.is_empty()).then(|| damage.join("; ")),
        follow: false,
    }
}

/// A recording's program: its scenario's, or the source files that its events speak of, as far as they are here.
pub(super) fn sources(opened: &Opened) -> Vec<Source> {
    if let Some(scenario) = opened.scenario {
        return vec![Source::scenario(scenario)];
    }
    let files = files(opened.playback.events());
    files.into_iter().take(MOST).filter_map(source).collect()
}

/// The source files that events speak of.
pub(super) fn files(events: &[Event]) -> BTreeSet<&str> {
    let sites = events.iter().filter_map(site);
    sites.map(|site| site.file.raw()).collect()
}

pub(super) fn source(file: &str) -> Option<Source> {
    let metadata = fs::metadata(file).ok()?;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return None;
    }
    Some(Source::file(file, &fs::read_to_string(file).ok()?))
}

fn site(event: &Event) -> Option<&Site> {
    match &event.kind {
        EventKind::Spawned { site, .. }
        | EventKind::BranchStarted { site, .. }
        | EventKind::CoroutineCreated { site, .. }
        | EventKind::AwaitEntered { site, .. } => site.as_ref(),
        _ => None,
    }
}

/// The recordings that are kept, the newest first.
pub(super) fn recents() -> Vec<Recent> {
    let Ok(store) = Store::find() else {
        return Vec::new();
    };
    let now = SystemTime::now();
    store
        .list()
        .into_iter()
        .map(|entry| recent(entry, now))
        .collect()
}

fn recent(entry: Entry, now: SystemTime) -> Recent {
    Recent {
        path: entry.path,
        scenario: Some(entry.scenario.raw().to_owned()).filter(|name| !name.is_empty()),
        when: age(now.duration_since(entry.when).unwrap_or_default()),
        title: entry.title.to_string(),
    }
}

/// How long ago something was, in words.
fn age(age: Duration) -> String {
    let minutes = age.as_secs() / 60;
    let (count, unit) = match minutes {
        0 => return "just now".to_owned(),
        1..60 => (minutes, "minute"),
        60..1440 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{s} ago")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        let minutes = |minutes: u64| age(Duration::from_secs(60 * minutes));
        assert_eq!(minutes(0), "just now");
        assert_eq!(minutes(1), "1 minute ago");
        assert_eq!(minutes(119), "1 hour ago");
        assert_eq!(minutes(60 * 49), "2 days ago");
    }
}
