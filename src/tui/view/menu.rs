//! The menu of scenarios and recordings.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

use super::events::ground;
use super::text::{padded, put_line, seen, span};
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
pub fn draw(menu: &Menu, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let [header, list, _footer] = area.layout(&Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(1),
    ]));
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
                put_line(buf, row, &item_line(*item, names, theme));
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

fn item_line(item: Item, names: usize, theme: &Theme) -> Line<'static> {
    let (name, text) = match item {
        Item::Scenario(scenario) => (scenario.name, scenario.lesson),
        Item::Recent(recent) => (recent.when.as_str(), recent.title.as_str()),
    };
    let name = padded(name, names, theme);
    Line::from(vec![
        span(theme, Role::Text, format!("   {name}  ")),
        span(theme, Role::Dim, crate::width::clean(text).into_owned()),
    ])
}
