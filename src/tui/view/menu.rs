//! The menu of scenarios and recordings.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

use super::events::ground;
use super::text::{padded, put_line, seen, span, wrapped};
use crate::tui::app::{Item, Menu};
use crate::tui::theme::{Role, Theme};
use crate::width::width;

/// A line of the menu.
enum Entry<'a> {
    Blank,
    Heading(&'static str),
    Item(usize, Item<'a>),
}

/// Draws the menu.
pub fn draw(menu: &Menu, theme: Theme, area: Rect, buf: &mut Buffer) {
    let about = about(menu, area.width);
    let about_rows = if area.height < 16 { 0 } else { 3 };
    let [header, list, below, _footer] = area.layout(&Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(about_rows),
        Constraint::Length(1),
    ]));
    for (row, line) in below.rows().skip(1).zip(about) {
        put_line(buf, row, &Line::from(span(theme, Role::Text, line)));
    }
    buf.set_style(header, theme.style(Role::Title));
    let title = Line::from(vec![
        span(theme, Role::Accent, " asyncline"),
        span(
            theme,
            Role::Dim,
            "  what an async program does, as it does it",
        ),
    ]);
    put_line(buf, header, &title);
    let entries = entries(menu);
    let place = place(&entries, menu.index());
    let shown = seen(place, entries.len(), list.height.into());
    let names = entries.iter().map(name_width).max().unwrap_or(0);
    for (row, entry) in list.rows().zip(&entries[shown]) {
        match entry {
            Entry::Blank => {}
            Entry::Heading(title) => {
                put_line(
                    buf,
                    row,
                    &Line::from(span(theme, Role::Accent, format!(" {title}"))),
                );
            }
            Entry::Item(index, item) => {
                put_line(buf, row, &item_line(*item, names, row.width, theme));
                if *index == menu.index() {
                    buf.set_style(row, ground(theme));
                    let pointer = theme.glyph(crate::glyph::Glyph::Pointer);
                    put_line(
                        buf,
                        row,
                        &Line::from(span(theme, Role::Accent, format!(" {pointer}"))),
                    );
                }
            }
        }
    }
}

fn entries(menu: &Menu) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    let mut heading = "";
    for (index, item) in menu.items().enumerate() {
        let next = match item {
            Item::Scenario(scenario) => scenario.chapter.title(),
            Item::Recent(_) => "Recordings",
        };
        if next != heading {
            heading = next;
            entries.push(Entry::Blank);
            entries.push(Entry::Heading(heading));
        }
        entries.push(Entry::Item(index, item));
    }
    entries
}

/// The line to keep in view: the selected item's, or the heading above it.
fn place(entries: &[Entry], selected: usize) -> usize {
    let is_it = |entry: &Entry| matches!(entry, Entry::Item(index, _) if *index == selected);
    entries.iter().position(is_it).unwrap_or(0)
}

fn name_width(entry: &Entry) -> usize {
    match entry {
        Entry::Item(_, Item::Scenario(scenario)) => width(scenario.name),
        Entry::Item(_, Item::Recent(recent)) => width(&recent.when),
        _ => 0,
    }
}

/// What the selected item is, whole.
fn about(menu: &Menu, columns: u16) -> Vec<String> {
    let text = match menu.selected() {
        Some(Item::Scenario(scenario)) => format!("{}: {}", scenario.title, scenario.lesson),
        Some(Item::Recent(recent)) => recent.path.display().to_string(),
        None => return Vec::new(),
    };
    let lines = wrapped(&text, columns.saturating_sub(4).into());
    lines.into_iter().map(|line| format!("   {line}")).collect()
}

fn item_line(item: Item, names: usize, columns: u16, theme: Theme) -> Line<'static> {
    let (name, text) = match item {
        Item::Scenario(scenario) => (scenario.name, scenario.lesson),
        Item::Recent(recent) => (recent.when.as_str(), recent.title.as_str()),
    };
    let name = padded(name, names, theme);
    let left = usize::from(columns).saturating_sub(names + 6);
    Line::from(vec![
        span(theme, Role::Text, format!("   {name}  ")),
        span(theme, Role::Dim, padded(text, left, theme)),
    ])
}
