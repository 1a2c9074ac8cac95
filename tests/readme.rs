//! The README says what is true: its picture, its commands, its keys, its files.

#![cfg(feature = "app")]
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed, and says where"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use asyncline::export::EXPORTERS;
use asyncline::scenario;
use asyncline::tui::app::keymap;
use asyncline::tui::app::mode::Mode;

const README: &str = include_str!("../README.md");

/// Holds what stands in the README between two comments to what it should be; with `ASYNCLINE_BLESS=1` writes it there.
fn keeps(start: &str, end: &str, expected: &str) {
    static FILE: Mutex<()> = Mutex::new(());
    let (start, end) = (
        format!(
            "<!-- {start} -->
"
        ),
        format!("<!-- {end} -->"),
    );
    let parts = |text: &str| {
        let (before, rest) = text.split_once(&start).unwrap();
        let (shown, after) = rest.split_once(&end).unwrap();
        [before, shown, after].map(String::from)
    };
    if std::env::var_os("ASYNCLINE_BLESS").is_some() {
        let _one_at_a_time = FILE.lock().unwrap_or_else(PoisonError::into_inner);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
        let [before, _, after] = parts(&fs::read_to_string(&path).unwrap());
        fs::write(&path, [&before, &start, expected, &end, &after].concat()).unwrap();
    } else {
        let [_, shown, _] = parts(README);
        assert_eq!(
            shown, expected,
            "ASYNCLINE_BLESS=1 cargo test --test readme puts it right"
        );
    }
}

fn asyncline(arguments: &[&str]) -> String {
    let program = assert_cmd::cargo::cargo_bin!("asyncline");
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The lines of all fenced blocks of a language.
fn blocks(language: &str) -> Vec<Vec<&'static str>> {
    let fence = format!("```{language}\n");
    let blocks = README.split(&fence).skip(1);
    let blocks = blocks.map(|rest| rest.split_once("```").unwrap().0);
    blocks.map(|block| block.lines().collect()).collect()
}

#[test]
fn the_picture_is_what_the_program_prints() {
    let printed = asyncline(&["run", "tasks", "--text"]);
    let lines: Vec<_> = printed.trim_end().lines().map(str::trim_end).collect();
    let expected = format!("```text\n{}\n```\n", lines.join("\n"));
    keeps(
        "picture: asyncline run tasks --text",
        "the end of the picture",
        &expected,
    );
}

#[test]
fn the_first_commands_are_the_two_that_everybody_needs() {
    assert_eq!(blocks("sh")[0], ["cargo run --release", "cargo test"]);
}

#[test]
fn every_command_exists() {
    let commands = blocks("sh").into_iter().flatten();
    let inline = README.split('`').skip(1).step_by(2);
    let commands = commands
        .chain(inline)
        .filter_map(|line| line.strip_prefix("asyncline"));
    let commands = commands.filter(|rest| rest.is_empty() || rest.starts_with(' '));
    let mut checked = 0;
    for command in commands {
        let command = command.split('#').next().unwrap();
        let words: Vec<_> = command.split_whitespace().collect();
        // What follows is another program's.
        let own = words.split(|word| *word == "--").next().unwrap();
        let help = asyncline(&[own, &["--help"]].concat());
        assert!(help.contains("Usage"), "asyncline {command}");
        if let ["run", name, ..] = words[..] {
            assert!(scenario::find(name).is_some(), "{name}");
        }
        checked += 1;
    }
    assert!(checked > 8, "only {checked} commands were found");
}

#[test]
fn the_keys_are_those_of_the_key_table() {
    let rows = keymap::bindings(Mode::Lanes).map(|binding| {
        let keys = binding
            .keys
            .iter()
            .map(|key| format!("`{}`", key.label(false)));
        let keys = keys.collect::<Vec<_>>().join(" ");
        format!("| {keys} | {} |\n", binding.help)
    });
    let head = "| keys | what they do |\n|---|---|\n".to_owned();
    let table: String = std::iter::once(head).chain(rows).collect();
    keeps("keys", "the end of the keys", &table);
}

/// What a program that links the library brings in with it, and what it takes to build that.
#[test]
fn the_crates_of_the_library_are_few_and_named() {
    let linked = crates_of("normal");
    let built = crates_of("normal,build");
    let only_built: BTreeSet<_> = built.difference(&linked).cloned().collect();
    assert!(linked.len() < 30, "{}", linked.len());
    let lists = [
        listed("crates in all:", &linked),
        listed("more take part in building these:", &only_built),
    ];
    keeps("crates", "the end of the crates", &lists.join("\n"));
}

/// The crates that such dependencies lead to, on the platform that the README's figures are of: elsewhere some differ.
fn crates_of(edges: &str) -> BTreeSet<String> {
    let tree =
        "tree --no-default-features --prefix none --locked --target x86_64-unknown-linux-gnu";
    let output = Command::new(env!("CARGO"))
        .args(tree.split(' '))
        .args(["--edges", edges])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let names = text.lines().filter_map(|line| line.split(' ').next());
    let others = names.filter(|name| !["", "asyncline"].contains(name));
    others.map(str::to_owned).collect()
}

/// So many names, in lines of the README.
fn listed<'a>(
    what: &str,
    names: impl IntoIterator<Item = &'a String, IntoIter: ExactSizeIterator>,
) -> String {
    let names = names.into_iter();
    let mut list = format!("{} {what}", names.len());
    for name in names {
        let here = list.rsplit('\n').next().unwrap();
        let is_full = here.len() + name.len() > 110;
        list.push(if is_full { '\n' } else { ' ' });
        list.push_str(name);
    }
    list + ".\n"
}

#[test]
fn every_file_of_the_map_exists() {
    let map = README.split("## The map of the code").nth(1).unwrap();
    let rows = map.lines().filter(|line| line.starts_with("| `"));
    let files = rows.flat_map(|row| row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let missing: Vec<_> = files.filter(|file| !folder.join(file).exists()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_exporters_are_those_of_their_table() {
    let rows = EXPORTERS
        .iter()
        .map(|exporter| format!("| `--{}` | {} |\n", exporter.name, exporter.help));
    let head = "| option | what it does |\n|---|---|\n".to_owned();
    let table: String = std::iter::once(head).chain(rows).collect();
    keeps("exporters", "the end of the exporters", &table);
}

#[test]
fn the_scenarios_are_those_of_the_catalogue() {
    let names: Vec<_> = scenario::all()
        .iter()
        .map(|it| format!("`{}`", it.name))
        .collect();
    let list = listed("scenarios:", &names);
    keeps("scenarios", "the end of the scenarios", &list);
}
