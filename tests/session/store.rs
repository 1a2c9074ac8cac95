//! The directory in which sessions are kept.

use std::env;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use asyncline::recording::{Meta, Store, Writer};

/// The moment this many milliseconds into the tests' day.
fn moment(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(1_784_019_903_000 + millis)
}

fn record(store: &Store, title: &str, millis: u64) -> Writer {
    let when = moment(millis);
    Writer::create(
        store.new_path(title, when),
        &Meta::new(title.to_owned(), "", when),
    )
    .unwrap()
}

fn titles(store: &Store) -> Vec<String> {
    store
        .list()
        .into_iter()
        .map(|entry| entry.title.to_string())
        .collect()
}

#[test]
fn names_say_when_and_what() {
    let store = Store::at("/nowhere");
    let name = |title, when| store.new_path(title, when).to_string_lossy().into_owned();
    assert_eq!(
        name("Two tasks, one lane!", moment(250)),
        "/nowhere/2026-07-14T09-05-03.250Z-two-tasks-one-lane.aline"
    );
    assert_eq!(
        name("../../etc/passwd", UNIX_EPOCH),
        "/nowhere/1970-01-01T00-00-00.000Z-etc-passwd.aline"
    );
    assert_eq!(
        name("작업 두 개", UNIX_EPOCH),
        "/nowhere/1970-01-01T00-00-00.000Z-작업-두-개.aline"
    );
    assert_eq!(
        name("…", UNIX_EPOCH),
        "/nowhere/1970-01-01T00-00-00.000Z-session.aline"
    );
    assert!(name(&"x".repeat(1000), UNIX_EPOCH).len() < 100);
}

#[test]
fn names_are_unique_and_sort_by_time() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::at(directory.path().join("made/when/needed"));
    let mut paths = Vec::new();
    for millis in [0, 0, 0, 1, 999, 1000, 86_400_000, 40_000_000_000] {
        paths.push(store.new_path("same", moment(millis)));
        record(&store, "same", millis).finish().unwrap();
    }
    let mut sorted = paths.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(sorted.len(), paths.len());
    assert_eq!(sorted[3..], paths[3..]);
}

#[test]
fn the_newest_come_first() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::at(directory.path());
    assert_eq!(Store::at("/nowhere").list(), []);
    for (title, millis) in [("second", 2), ("third", 3), ("first", 1)] {
        record(&store, title, millis).finish().unwrap();
    }
    fs::write(directory.path().join("notes.txt"), "none of ours").unwrap();
    assert_eq!(titles(&store), ["third", "second", "first"]);
    assert_eq!(store.list()[0].when, moment(3));

    fs::write(directory.path().join("broken.aline"), "").unwrap();
    assert!(titles(&store).contains(&"broken".to_string()));
}

#[test]
fn the_oldest_go() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::at(directory.path());
    for millis in 0..60 {
        record(&store, &format!("run {millis}"), millis)
            .finish()
            .unwrap();
    }
    assert_eq!(store.prune(50), 10);
    let kept: Vec<_> = (10..60)
        .rev()
        .map(|millis| format!("run {millis}"))
        .collect();
    assert_eq!(titles(&store), kept);
    assert_eq!(store.prune(50), 0);
    assert_eq!(Store::at("/nowhere").prune(0), 0);
}

#[test]
fn what_is_being_written_stays_until_it_is_given_up() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::at(directory.path());
    let writer = record(&store, "running", 0);
    record(&store, "over", 1).finish().unwrap();
    assert_eq!(store.prune(0), 1);
    assert_eq!(titles(&store), ["running"]);

    let path = &store.list()[0].path;
    let long_ago = SystemTime::now() - Duration::from_secs(25 * 60 * 60);
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(long_ago)
        .unwrap();
    assert_eq!(store.prune(0), 1);
    drop(writer);
}

#[test]
fn what_is_not_ours_stays() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::at(directory.path());
    let path = |name: &str| directory.path().join(name);
    record(&store, "ours", 0).finish().unwrap();
    let ours = store.list().remove(0).path;
    copy(&ours, &path("my favourite.aline"));
    copy(&ours, &path("2026-07-14T09-05-03.250Z-ours.bak"));
    fs::write(path("2026-07-14T09-05-03.250Z-notes.aline"), "a diary").unwrap();
    fs::create_dir(path("2026-07-14T09-05-03.250Z-folder.aline")).unwrap();
    assert_eq!(store.prune(0), 1);
    assert!(!ours.exists());
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 4);
}

/// Not a test by itself: says where its environment puts the store.
#[test]
fn where_the_store_is() {
    let store = Store::find().map(|store| store.directory().display().to_string());
    println!("store {}", store.unwrap_or_else(|error| error.to_string()));
}

/// What a process with these variables, and no others that matter, says.
fn found(variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "store::where_the_store_is", "--nocapture"]);
    for unset in ["ASYNCLINE_STATE_DIR", "XDG_STATE_HOME", "XDG_DATA_HOME"] {
        command.env_remove(unset);
    }
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let (_, after) = output.split_once("store /").unwrap();
    format!("/{}", after.lines().next().unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn the_environment_says_where_sessions_are_kept() {
    let home = ("HOME", "/home/ferris");
    assert_eq!(
        found(&[home]),
        "/home/ferris/.local/state/asyncline/sessions"
    );
    assert_eq!(
        found(&[home, ("XDG_STATE_HOME", "/state")]),
        "/state/asyncline/sessions"
    );
    let chosen = ("ASYNCLINE_STATE_DIR", "/chosen");
    assert_eq!(
        found(&[home, ("XDG_STATE_HOME", "/state"), chosen]),
        "/chosen/sessions"
    );
    let empty = ("ASYNCLINE_STATE_DIR", "");
    assert_eq!(
        found(&[home, empty]),
        "/home/ferris/.local/state/asyncline/sessions"
    );
}

fn copy(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
}
