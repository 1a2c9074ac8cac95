//! Opens recordings and journals, and lists those that are kept.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::conversion::PartialJournal;
use super::stretch;
use crate::event::printable;
use crate::recording::{
    self, Archive, Damage, Entry, Error, Goal, Making, Meta, Progress, Session, Store,
};
use crate::scenario;
use crate::tui::app::{Grows, Opened, Playback, RecentRecording};

/// A session of no more events is read as a whole.
const SMALL: u64 = 100_000;

/// A recording that was opened, and what is read of it later.
pub(crate) struct Opening {
    pub(crate) opened: Opened,
    /// A large recording, to be read where it is looked at, and its path.
    pub(crate) archive: Option<(Archive, PathBuf)>,
    /// The journal of which it is made.
    pub(crate) journal: Option<PartialJournal>,
}

/// Opens a recording, or a journal: a large one as soon as its first part was read.
pub(crate) fn open(
    path: &Path,
    follow: bool,
    progress: impl FnMut(Progress),
) -> Result<Opening, Error> {
    if recording::is_journal(path)? && (follow || !recording::is_kept(path)) {
        let goal = if follow { Goal::Drop } else { Goal::Keep };
        let mut making = Making::begin(path, goal)?;
        if making.start()? || follow {
            return begun(path, making, follow);
        }
        let _made = making.finish()?;
    }
    open_recording(path, follow, progress)
}

/// Opens a journal of which a first part was read.
fn begun(path: &Path, making: Making, follow: bool) -> Result<Opening, Error> {
    let part = making.part().to_owned();
    let mut archive = Archive::open(&part, |_| {})?;
    let end = archive.events();
    let shown = stretch::playback(&mut archive, end).map_err(|error| Error::read(path, error))?;
    let mut opened = opened(path, &archive.log.meta, shown, &[]);
    opened.grows = if follow { Grows::Written } else { Grows::Read };
    let journal = PartialJournal {
        making,
        journal: path.to_owned(),
        follow,
    };
    Ok(Opening {
        opened,
        archive: Some((archive, part)),
        journal: Some(journal),
    })
}

fn open_recording(
    path: &Path,
    follow: bool,
    progress: impl FnMut(Progress),
) -> Result<Opening, Error> {
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
        return Ok(Opening {
            opened: opened(path, &meta, playback, &damage),
            archive: None,
            journal: None,
        });
    };
    let end = archive.events();
    let shown = stretch::playback(&mut archive, end).map_err(|error| Error::read(path, error))?;
    let damage = archive.log.all_damage();
    let mut opened = opened(path, &archive.log.meta, shown, &damage);
    if follow {
        opened.grows = Grows::Written;
        // That it has no end is as it should be.
        opened.damage = None;
    }
    Ok(Opening {
        opened,
        archive: Some((archive, path.to_owned())),
        journal: None,
    })
}

fn opened(path: &Path, meta: &Meta, playback: Playback, damage: &[Damage]) -> Opened {
    let title = if meta.title.is_empty() {
        printable::path(Path::new(path.file_name().unwrap_or_default())).to_string()
    } else {
        meta.title.to_string()
    };
    Opened {
        title,
        scenario: scenario::find(meta.scenario.raw()),
        playback,
        damage: damage_text(damage),
        grows: Grows::Not,
    }
}

/// Returns what is wrong with a file, as a line.
pub(crate) fn damage_text(damage: &[Damage]) -> Option<String> {
    let lines = recording::told(damage);
    (!lines.is_empty()).then(|| lines.join("; "))
}

/// The recordings that are kept, the newest first.
pub(crate) fn recents() -> Vec<RecentRecording> {
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

fn recent(entry: Entry, now: SystemTime) -> RecentRecording {
    RecentRecording {
        path: entry.path,
        scenario: Some(entry.scenario.raw().to_owned()).filter(|name| !name.is_empty()),
        when: age(now.duration_since(entry.when).unwrap_or_default()),
        title: entry.title.to_string(),
    }
}

/// Returns an age in words.
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
