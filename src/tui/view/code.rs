//! The code panel: the program, and where every task stands in it.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::events::ground;
use super::text::{framed, put, put_line, seen, span, wrapped};
use crate::event::Site;
use crate::event::printable::printable;
use crate::text::width::width;
use crate::timeline::Lane;
use crate::timeline::glyph::Glyph;
use crate::tui::app::SessionView;
use crate::tui::app::code::{CodeLine, Source};
use crate::tui::app::theme::{Role, Theme};

/// Draws the panel.
pub fn draw(viewer: &SessionView, theme: Theme, area: Rect, buf: &mut Buffer) {
    let site = selected_site(viewer);
    let source = source(viewer, site);
    let title = match (viewer.scenario, source, site) {
        (Some(scenario), ..) => format!("code  {}", scenario.title),
        (_, Some(source), _) => format!("code  {}", source.file),
        (.., Some(site)) => format!("code  {}", site.file),
        _ => "code".to_owned(),
    };
    let inner = framed(theme, area, &title, buf);
    let Some(source) = source else {
        draw_nothing(site, theme, inner, buf);
        return;
    };
    let lit = site.filter(|site| site.file == *source.file);
    let place = lit.and_then(|site| {
        let is_it = |line: &CodeLine| line.number == site.line;
        source.lines.iter().position(is_it)
    });
    let shown = seen(place.unwrap_or(0), source.lines.len(), inner.height.into());
    let markers = markers(viewer, source);
    for (row, line) in inner.rows().zip(&source.lines[shown]) {
        let names = markers.get(&line.number);
        let marker = names.map(|names| marker(names, theme, row));
        let is_lit = lit.is_some_and(|site| site.line == line.number);
        draw_line(line, marker.as_deref(), is_lit, theme, row, buf);
    }
}

/// Draws a line of code, and behind it who is there.
fn draw_line(
    line: &CodeLine,
    marker: Option<&str>,
    is_lit: bool,
    theme: Theme,
    row: Rect,
    buf: &mut Buffer,
) {
    let marker_width = marker.map_or(0, width) as u16;
    let code = Rect {
        width: row.width.saturating_sub(marker_width),
        ..row
    };
    put_line(theme, buf, code, &code_line(theme, line));
    if is_lit {
        buf.set_style(row, ground(theme));
    }
    if let Some(marker) = marker {
        let role = if is_lit { Role::Accent } else { Role::Waiting };
        let place = Rect {
            x: code.right(),
            width: row.width - code.width,
            ..row
        };
        put(theme, buf, place, marker, theme.style(role));
    }
}

/// A line of code with its number.
pub(super) fn code_line(theme: Theme, line: &CodeLine) -> Line<'static> {
    let mut drawn = Line::from(span(theme, Role::Dim, format!("{:>4}  ", line.number)));
    for (role, text) in &line.pieces {
        let text = text.replace('\t', "    ");
        drawn.push_span(span(theme, *role, printable(text)));
    }
    drawn
}

fn draw_nothing(site: Option<&Site>, theme: Theme, area: Rect, buf: &mut Buffer) {
    let text = match site {
        Some(site) => format!("{} is not here, so its code cannot be shown.", site.file),
        None => "No place in the program is known for this lane.".to_owned(),
    };
    let lines = wrapped(&text, area.width.saturating_sub(2).into());
    for (row, line) in area.rows().zip(lines) {
        put(theme, buf, row, &format!(" {line}"), theme.style(Role::Dim));
    }
}

/// Returns the selected lane's place in the program.
fn selected_site(viewer: &SessionView) -> Option<&Site> {
    let timeline = viewer.playback.timeline();
    let lane = timeline.lane(viewer.lanes.selected?)?;
    let task = timeline.task_of(lane);
    lane.line()
        .or(lane.site.as_ref())
        .or(task.line())
        .or(task.site.as_ref())
}

fn source<'a>(viewer: &'a SessionView, site: Option<&Site>) -> Option<&'a Source> {
    let sources = &viewer.sources;
    match (viewer.scenario, site) {
        (Some(scenario), _) => sources.get(scenario.file),
        (None, Some(site)) => sources.get(site.file.raw()),
        (None, None) => sources.main(),
    }
}

/// The names of the tasks that stand at each line.
fn markers(viewer: &SessionView, source: &Source) -> BTreeMap<u32, Vec<String>> {
    let mut markers: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    let stands = |lane: &&Lane| lane.is_task() && lane.end.is_none();
    for lane in viewer.playback.timeline().lanes().filter(stands) {
        if let Some(site) = lane.line().filter(|site| site.file == *source.file) {
            let names = markers.entry(site.line).or_default();
            names.push(lane.name.to_string());
        }
    }
    markers
}

/// Returns the names of the lanes at a line of code.
fn marker(names: &[String], theme: Theme, row: Rect) -> String {
    let here = theme.glyph(Glyph::Here);
    let text = format!(" {here} {} ", names.join(", "));
    if width(&text) > usize::from(row.width / 2) && names.len() > 1 {
        return format!(" {here} {} and {} more ", names[0], names.len() - 1);
    }
    text
}
