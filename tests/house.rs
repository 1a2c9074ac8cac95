//! The house's own rules, which no type can hold: what a part must not know, and which Rust it is content with.

#![allow(
    clippy::unwrap_used,
    reason = "a test that panics fails, which is what it should do"
)]
#![cfg(feature = "app")]

#[path = "house/arrows.rs"]
mod arrows;
#[path = "house/changes.rs"]
mod changes;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn rust_files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = std::fs::read_dir(path).unwrap();
    entries
        .flat_map(|entry| rust_files(&entry.unwrap().path()))
        .collect()
}

/// A file's code, without comments and without the tests at its end.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let tests = text.find("\nmod tests {");
    let tests = tests.and_then(|tests| text[..tests].rfind("#[cfg(test)]"));
    let lines = text[..tests.unwrap_or(text.len())].lines();
    let code = lines.filter(|line| !line.trim_start().starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}

fn assert_knows_none_of(parts: &[&str], words: &[&str]) {
    for part in parts {
        let files = rust_files(&Path::new("src").join(part));
        assert!(!files.is_empty());
        for file in files {
            let code = code(&file);
            for word in words {
                assert!(
                    !code.contains(word),
                    "{} must not know {word}",
                    file.display()
                );
            }
        }
    }
}

const IO_AND_CLOCKS: [&str; 7] = [
    "std::fs",
    "std::io",
    "std::net",
    "Instant",
    "SystemTime::now",
    "println!",
    "std::env::",
];

#[test]
fn the_vocabulary_the_reducer_and_the_findings_are_pure() {
    let parts = [
        "event.rs",
        "event",
        "timeline.rs",
        "timeline",
        "insight.rs",
        "insight",
    ];
    assert_knows_none_of(&parts, &["tokio", "ratatui", "crossterm"]);
    assert_knows_none_of(&parts, &IO_AND_CLOCKS);
    assert_knows_none_of(
        &["recording/format.rs"],
        &["tokio", "ratatui", "std::fs", "Instant"],
    );
}

#[test]
fn the_app_and_its_views_do_no_io() {
    let parts = ["tui/app.rs", "tui/app", "tui/view.rs", "tui/view"];
    assert_knows_none_of(&parts, &IO_AND_CLOCKS);
}

/// The files of `src` that are no tests, with their paths in it.
fn sources() -> impl Iterator<Item = (String, PathBuf)> {
    let files = rust_files(Path::new("src")).into_iter();
    let files = files.filter(|file| !file.ends_with("tests.rs"));
    files.map(|file| {
        let name = file.strip_prefix("src").unwrap().to_string_lossy();
        (name.into_owned(), file)
    })
}

/// Asserts that these words are in the code of these files alone.
fn assert_only_in(places: &[&str], words: &[&str]) {
    for (name, file) in sources().filter(|(name, _)| !places.contains(&name.as_str())) {
        let code = code(&file);
        for word in words {
            assert!(!code.contains(word), "{name} must not use {word}");
        }
    }
    for place in places {
        let code = code(&Path::new("src").join(place));
        assert!(
            words.iter().any(|word| code.contains(word)),
            "{place} uses none of {words:?}"
        );
    }
}

/// A path may hold anything: it is shown by `printable::path`, and kept as it is in recordings and greetings.
#[test]
fn paths_are_shown_in_one_way() {
    let kept = [
        "event/printable.rs",
        "probe/output/running.rs",
        "recording/edit.rs",
        "recording/rotation.rs",
        "recording/store.rs",
    ];
    assert_only_in(&kept, &[".to_string_lossy()"]);
    for (name, file) in sources() {
        assert!(!code(&file).contains(".display()"), "{name} shows a path");
    }
}

/// What is written there passes through `printable`.
#[test]
fn the_screen_and_standard_error_are_written_in_few_places() {
    let writes = ["set_line(", "set_stringn(", "set_string(", "set_span("];
    assert_only_in(&["tui/view/text.rs"], &writes);
    let lines = ["cli/failure.rs", "probe/output/notice.rs", "cli/session.rs"];
    assert_only_in(&lines, &["stderr()", "eprint"]);
}

/// Recordings may hold secrets: what is created is for its owner alone.
#[test]
fn files_are_created_in_one_way() {
    let words = [
        "OpenOptions::new",
        "File::create",
        "create_dir",
        "DirBuilder::new",
        "fs::write",
    ];
    // Sockets lie in a directory that is looked at after it was created.
    assert_only_in(&["journal/private.rs", "probe/live/place.rs"], &words);
}

#[test]
fn what_a_service_links_in_knows_no_screen() {
    let parts = [
        "event.rs",
        "event",
        "probe.rs",
        "probe",
        "recording.rs",
        "timeline.rs",
    ];
    assert_knows_none_of(&parts, &["ratatui", "crossterm", "clap"]);
}

/// Every package that is linked in or builds something is content with the Rust that Cargo.toml states.
#[test]
fn the_stated_rust_version_is_true() {
    let metadata = metadata();
    let packages: HashMap<&str, &Value> = by_id(&metadata["packages"]);
    let nodes: HashMap<&str, &Value> = by_id(&metadata["resolve"]["nodes"]);
    let mut waiting: Vec<&str> = strings(&metadata["workspace_members"]);
    let mut seen = HashSet::new();
    while let Some(id) = waiting.pop() {
        if seen.insert(id) {
            waiting.extend(needed_by(nodes[id]));
        }
    }
    let stated = version(env!("CARGO_PKG_RUST_VERSION"));
    let newer: Vec<_> = seen
        .iter()
        .map(|id| packages[id])
        .filter(|package| {
            package["rust_version"]
                .as_str()
                .is_some_and(|its| version(its) > stated)
        })
        .map(|package| format!("{} needs {}", package["name"], package["rust_version"]))
        .collect();
    assert!(seen.len() > 20);
    assert_eq!(newer, Vec::<String>::new());
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--offline",
            "--filter-platform",
        ])
        .arg(host())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn host() -> String {
    let output = Command::new(std::env::var("RUSTC").unwrap_or("rustc".into()))
        .arg("-vV")
        .output();
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.unwrap().to_owned()
}

fn by_id(list: &Value) -> HashMap<&str, &Value> {
    let list = list.as_array().unwrap();
    list.iter()
        .map(|item| (item["id"].as_str().unwrap(), item))
        .collect()
}

fn strings(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap();
    list.iter().map(|item| item.as_str().unwrap()).collect()
}

/// The packages that one needs to be built, those that only its tests need left out.
fn needed_by(node: &Value) -> Vec<&str> {
    let deps = node["deps"].as_array().unwrap().iter();
    let needed = deps.filter(|dep| {
        let kinds = dep["dep_kinds"].as_array().unwrap();
        kinds.iter().any(|kind| kind["kind"] != "dev")
    });
    needed.map(|dep| dep["pkg"].as_str().unwrap()).collect()
}

fn version(text: &str) -> Vec<u32> {
    let mut numbers: Vec<u32> = text
        .split('.')
        .map(|number| number.parse().unwrap())
        .collect();
    numbers.resize(3, 0);
    numbers
}

/// A type's name has one meaning: no other file has a type of that name. `Error` is each module's own, as is usual.
#[test]
fn the_screen_names_no_type_as_another_wing_does() {
    let mut places: HashMap<String, HashSet<String>> = HashMap::new();
    for (name, file) in sources().filter(|(name, _)| !name.contains("tests/")) {
        for defined in code(&file).lines().filter_map(type_name) {
            places
                .entry(defined.to_owned())
                .or_default()
                .insert(name.clone());
        }
    }
    assert!(places.len() > 300, "all types are seen");
    // What is watched differs between systems, in two files.
    let shared = places.iter().filter(|(name, files)| {
        let is_of_screen = files.iter().any(|file| file.starts_with("tui/"));
        is_of_screen && files.len() > 1 && !["Error", "Watching"].contains(&name.as_str())
    });
    let shared: Vec<_> = shared.collect();
    assert!(shared.is_empty(), "{shared:#?}");
}

/// Returns the name of the type that a line of code defines.
fn type_name(line: &str) -> Option<&str> {
    const KINDS: [&str; 4] = ["struct", "enum", "trait", "type"];
    if !KINDS
        .iter()
        .chain(&["pub"])
        .any(|word| line.starts_with(word))
    {
        return None;
    }
    let words = line.split(|character: char| !character.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    words.skip_while(|word| !KINDS.contains(word)).nth(1)
}

/// Who changes a file in a circle has to know all of it. There are none.
#[test]
fn no_files_form_a_circle() {
    let arrows = arrows::Crate::read(Path::new("src/lib.rs")).arrows();
    assert!(arrows.len() > 200, "all files are seen");
    let circles = arrows::circles(&arrows);
    assert!(circles.is_empty(), "{circles:#?}");
}

/// The entries of `src`, in the order in which data flows: each knows only those before it.
const ORDER: [&str; 12] = [
    "event",
    "text",
    "journal",
    "probe",
    "timeline",
    "insight",
    "recording",
    "scenario",
    "source",
    "export",
    "tui",
    "cli",
];

/// The parts of a wing, in the order in which each knows only those before it.
const PARTS: [(&str, &[&str]); 2] = [
    (
        "probe",
        &[
            "gate", "record", "live", "output", "wrap", "executor", "task", "tracing",
        ],
    ),
    ("tui", &["app", "view", "shell"]),
];

#[test]
fn no_arrow_runs_back_up() {
    let arrows = arrows::Crate::read(Path::new("src/lib.rs")).arrows();
    assert_eq!(back_arrows(&arrows, "", &ORDER), Vec::<String>::new());
    for (wing, order) in PARTS {
        assert_eq!(back_arrows(&arrows, wing, order), Vec::<String>::new());
    }
}

/// Returns the arrows between a directory's entries that break their order.
fn back_arrows(arrows: &arrows::Arrows, directory: &str, order: &[&str]) -> Vec<String> {
    let place = |file: &str| {
        let file = Path::new(file).strip_prefix(directory).ok()?;
        let entry = file.iter().next()?.to_str()?;
        let entry = entry.strip_suffix(".rs").unwrap_or(entry);
        // The crate's root only hands on.
        let place = order.iter().position(|known| *known == entry);
        assert!(
            place.is_some() || entry == "lib",
            "{entry} has no place in the order"
        );
        place
    };
    let all = arrows
        .iter()
        .flat_map(|(from, to)| to.iter().map(move |to| (from, to)));
    let back = all.filter(|(from, to)| match (place(from), place(to)) {
        (Some(from), Some(to)) => from < to,
        _ => false,
    });
    back.map(|(from, to)| format!("{from} uses {to}")).collect()
}
