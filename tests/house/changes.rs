//! One place for each kind of change: what the crate's page says that one has to touch is enough.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use asyncline::export::EXPORTERS;
use asyncline::scenario;
use asyncline::tui::app::keymap::BINDINGS;
use asyncline::tui::app::mode::Mode;

use crate::{code, sources};

/// The names that stand between two texts in a file of `src`.
fn between(file: &str, before: &str, after: &str) -> BTreeSet<String> {
    let text = code(&Path::new("src").join(file));
    let parts = text.split(before).skip(1);
    let parts = parts.filter_map(|rest| rest.split(after).next());
    parts.map(str::to_owned).collect()
}

/// The rows of a table, each up to this text: `name::` for instance.
fn rows(file: &str, table: &str, until: &str) -> BTreeSet<String> {
    let text = code(&Path::new("src").join(file));
    let (_, rest) = text.split_once(table).unwrap();
    let (rows, _) = rest.split_once("];").unwrap();
    let rows = rows
        .split(',')
        .filter_map(|row| row.trim().split_once(until));
    rows.map(|(name, _)| name.trim_start_matches("&[").to_owned())
        .collect()
}

/// The files of a folder of `src` whose code contains a text, by their names without the ending.
fn files_with(folder: &str, text: &str) -> BTreeSet<String> {
    let files = sources().filter(|(_, path)| code(path).contains(text));
    let names = files.filter_map(|(name, _)| {
        let file = name.strip_prefix(folder)?.strip_prefix('/')?;
        Some(file.strip_suffix(".rs")?.to_owned())
    });
    names.collect()
}

/// The files of `src` whose code contains a text.
fn who_says(text: &str) -> Vec<String> {
    let files = sources().filter(|(_, path)| code(path).contains(text));
    let mut names: Vec<_> = files.map(|(name, _)| name).collect();
    names.sort();
    names
}

#[test]
fn a_scenario_is_a_file_and_a_line_of_the_catalogue() {
    let files = files_with("scenario", "const SCENARIO: Scenario");
    assert_eq!(
        files,
        rows(
            "scenario.rs",
            "static SCENARIOS: &[Scenario] = &[",
            "::SCENARIO"
        )
    );
    assert_eq!(files.len(), scenario::all().len());
    let named = who_says("::SCENARIO,");
    assert_eq!(named, ["scenario.rs"]);
    for scenario in scenario::all() {
        let title = format!("\"{}\"", scenario.title);
        assert_eq!(who_says(&title).len(), 1, "{title}");
    }
}

#[test]
fn a_finding_is_a_file_and_a_line_of_the_table() {
    let files = files_with("insight", "\nimpl FindingKind {");
    assert_eq!(
        files,
        rows("insight.rs", "const FINDERS: &[Finder] = &[", "::find")
    );
    for file in files {
        let kind = file.replace('_', "-");
        let own = format!("insight/{file}.rs");
        assert_eq!(
            who_says(&format!("\"{kind}\""))
                .iter()
                .filter(|it| it.starts_with("insight"))
                .collect::<Vec<_>>(),
            [&own]
        );
    }
}

#[test]
fn an_exporter_is_a_file_and_a_line_of_the_table() {
    let files = files_with("export", "const EXPORTER: Exporter");
    let table = "static EXPORTERS: &[Exporter] = &[";
    assert_eq!(files, rows("export.rs", table, "::EXPORTER"));
    assert_eq!(files.len(), EXPORTERS.len());
    for exporter in EXPORTERS {
        let name = format!("name: \"{}\"", exporter.name);
        assert_eq!(who_says(&name).len(), 1, "{name}");
        let option = format!("\"{}\"", exporter.name);
        assert!(!who_says(&option).iter().any(|file| file.starts_with("cli")));
    }
}

/// A key of the lanes is a row of the key table; a new action is also one of the list, and one file acts on it.
#[test]
fn a_key_is_a_row_of_the_table_and_one_file_acts_on_it() {
    let mut checked = 0;
    for binding in BINDINGS {
        let others = BINDINGS
            .iter()
            .filter(|other| other.action == binding.action);
        if others.into_iter().any(|other| other.modes != [Mode::Lanes]) {
            continue;
        }
        let action = format!("Action::{:?}", binding.action);
        let ends = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric());
        let names_it = |path: &Path| code(path).split(&action).skip(1).any(ends);
        let files = sources().filter(|(name, path)| {
            let is_drawn = name.starts_with("tui/view");
            !is_drawn && name != "tui/app/keymap.rs" && names_it(path)
        });
        let files: Vec<_> = files.map(|(name, _)| name).collect();
        assert_eq!(files.len(), 1, "{action}: {files:?}");
        checked += 1;
    }
    assert!(checked > 20, "only {checked} actions");
}

/// A new kind of event is recorded by the probe, and these files tell all kinds apart.
#[test]
fn few_files_tell_all_kinds_of_events_apart() {
    let kinds: BTreeSet<String> = between("event/fields.rs", " = ", " {");
    let kinds: Vec<_> = kinds
        .iter()
        .filter(|kind| kind.chars().all(char::is_alphabetic))
        .collect();
    assert!(kinds.len() > 15, "{kinds:?}");
    let tests = [
        "event/arbitrary.rs",
        "insight/story.rs",
        "journal/by_hand.rs",
        "timeline/story.rs",
    ];
    let tells_apart = |path: &Path| {
        let code = code(path);
        let is_named = |kind: &&&String| {
            code.contains(&format!("EventKind::{kind}"))
                || code.contains(&format!("Self::{kind} {{"))
        };
        kinds.iter().filter(is_named).count() > 10
    };
    let files =
        sources().filter(|(name, path)| !tests.contains(&name.as_str()) && tells_apart(path));
    let mut files: Vec<_> = files.map(|(name, _)| name).collect();
    files.sort();
    // A journal's standing only has to know a kind that matters to viewers who come late.
    assert_eq!(
        files,
        [
            "event.rs",
            "insight/describe.rs",
            "journal/standing.rs",
            "timeline.rs"
        ]
    );
}

#[test]
fn every_file_that_one_has_to_touch_exists() {
    let page = fs::read_to_string("src/lib.rs").unwrap();
    let (_, rest) = page.split_once("//! # To add something").unwrap();
    let (table, _) = rest.split_once("//! # ").unwrap();
    let rows: Vec<_> = table
        .lines()
        .filter(|line| line.starts_with("//! | a"))
        .collect();
    assert_eq!(rows.len(), 10, "{rows:?}");
    for row in rows {
        let files: Vec<_> = row
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|it| it.contains(['.', '/']))
            .collect();
        assert!(!files.is_empty(), "{row}");
        for file in files {
            let exists = Path::new("src").join(file).exists() || Path::new(file).exists();
            assert!(exists, "{file}");
        }
    }
}
