//! The menu of scenarios and recordings.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::text::Line;

use super::events::ground;
use super::text::{padded, put_line, seen, span, wrapped};
use crate::event::printable;
use crate::text::width::width;
use crate::timeline::glyph::Glyph;
use crate::tui::app::theme::{Role, Theme};
use crate::tui::app::{Menu, MenuItem};

/// A line of the menu.
enum MenuLine<'a> {
    Blank,
    Heading(&'static str),
    Item(usize, MenuItem<'a>),
}

/// Draws the menu.
pub fn draw(menu: &Menu, theme: Theme, area: Rect, buf: &mut Buffer) {
    let [header, list, below] = areas(area);
    for (row, line) in below.rows().skip(1).zip(about(menu, area.width)) {
        put_line(theme, buf, row, &Line::from(span(theme, Role::Text, line)));
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
    put_line(theme, buf, header, &title);
    let entries = entries(menu);
    let names = entries.iter().map(name_width).max().unwrap_or(0);
    for (row, entry) in rows(&entries, menu, list) {
        match entry {
            MenuLine::Blank => {}
            MenuLine::Heading(title) => {
                let title = span(theme, Role::Accent, format!(" {title}"));
                put_line(theme, buf, row, &Line::from(title));
            }
            MenuLine::Item(index, item) => {
                let selected = *index == menu.index();
                let line = item_line(*item, selected, names, row.width, theme);
                put_line(theme, buf, row, &line);
                if selected {
                    buf.set_style(row, ground(theme));
                }
            }
        }
    }
}

/// The header, the list, and what is told of the selected item.
fn areas(area: Rect) -> [Rect; 3] {
    let about = if area.height < 16 { 0 } else { 3 };
    let [header, list, below, _footer] = area.layout(&Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(about),
        Constraint::Length(1),
    ]));
    [header, list, below]
}

/// The entries that are seen, each with its row.
fn rows<'a, 'b>(
    entries: &'a [MenuLine<'b>],
    menu: &Menu,
    list: Rect,
) -> impl Iterator<Item = (Rect, &'a MenuLine<'b>)> {
    let place = place(entries, menu.index());
    let shown = seen(place, entries.len(), list.height.into());
    list.rows().zip(&entries[shown])
}

/// The index of the item at a place of the screen.
pub fn item_at(menu: &Menu, area: Rect, at: Position) -> Option<usize> {
    let [_, list, _] = areas(area);
    let entries = entries(menu);
    let found = rows(&entries, menu, list).find(|(row, _)| row.contains(at));
    match found?.1 {
        MenuLine::Item(index, _) => Some(*index),
        _ => None,
    }
}

fn entries(menu: &Menu) -> Vec<MenuLine<'_>> {
    let mut entries = Vec::new();
    let mut heading = "";
    for (index, item) in menu.items().enumerate() {
        let next = match item {
            MenuItem::Scenario(scenario) => scenario.chapter.title(),
            MenuItem::Recent(_) => "Recordings",
        };
        if next != heading {
            heading = next;
            entries.push(MenuLine::Blank);
            entries.push(MenuLine::Heading(heading));
        }
        entries.push(MenuLine::Item(index, item));
    }
    entries
}

/// The line to keep in view: the selected item's, or the heading above it.
fn place(entries: &[MenuLine], selected: usize) -> usize {
    let is_it = |entry: &MenuLine| matches!(entry, MenuLine::Item(index, _) if *index == selected);
    entries.iter().position(is_it).unwrap_or(0)
}

fn name_width(entry: &MenuLine) -> usize {
    match entry {
        MenuLine::Item(_, MenuItem::Scenario(scenario)) => width(scenario.name),
        MenuLine::Item(_, MenuItem::Recent(recent)) => width(&recent.when),
        _ => 0,
    }
}

/// Returns the selected item's full description.
fn about(menu: &Menu, columns: u16) -> Vec<String> {
    let text = match menu.selected() {
        Some(MenuItem::Scenario(scenario)) => format!("{}: {}", scenario.title, scenario.lesson),
        Some(MenuItem::Recent(recent)) => printable::path(&recent.path).to_string(),
        None => return Vec::new(),
    };
    let lines = wrapped(&text, columns.saturating_sub(4).into());
    lines.into_iter().map(|line| format!("   {line}")).collect()
}

fn item_line(
    item: MenuItem,
    selected: bool,
    names: usize,
    columns: u16,
    theme: Theme,
) -> Line<'static> {
    let pointer = if selected {
        theme.glyph(Glyph::Pointer)
    } else {
        " "
    };
    let (name, text) = match item {
        MenuItem::Scenario(scenario) => (scenario.name, scenario.lesson),
        MenuItem::Recent(recent) => (recent.when.as_str(), recent.title.as_str()),
    };
    let name = padded(name, names, theme);
    let left = usize::from(columns).saturating_sub(names + 6);
    Line::from(vec![
        span(theme, Role::Accent, format!(" {pointer} ")),
        span(theme, Role::Text, format!("{name}  ")),
        span(theme, Role::Dim, padded(text, left, theme)),
    ])
}
