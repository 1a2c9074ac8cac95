//! The findings: what went wrong or took too long, what it costs, and what to try.

use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Position, Rect};
use ratatui::text::Line;

use super::events::ground;
use super::text::{popup, put_line, seen, span, wrapped};
use crate::insight::Finding;
use crate::text::units::duration_text;
use crate::tui::app::SessionView;
use crate::tui::app::layout::over;
use crate::tui::app::theme::{Role, Theme};

/// Draws the list.
pub fn draw(viewer: &SessionView, theme: Theme, selected: usize, area: Rect, buf: &mut Buffer) {
    let (lines, place) = page(viewer, theme, area);
    let inner = popup(theme, place, "findings", buf);
    for (row, (line, index)) in rows(&lines, selected, inner) {
        put_line(theme, buf, row, line);
        if *index == selected && line.width() > 0 {
            buf.set_style(row, ground(theme));
        }
    }
}

/// The index of the finding at a place of the screen.
pub fn finding_at(
    viewer: &SessionView,
    theme: Theme,
    selected: usize,
    area: Rect,
    at: Position,
) -> Option<usize> {
    let (lines, place) = page(viewer, theme, area);
    let inner = place.inner(Margin::new(2, 1));
    let found = rows(&lines, selected, inner).find(|(row, _)| row.contains(at));
    let index = found?.1.1;
    (index < viewer.findings.len()).then_some(index)
}

/// A line of the list, and the index of its finding.
type FindingLine = (Line<'static>, usize);

/// The list's lines, and its place.
fn page(viewer: &SessionView, theme: Theme, area: Rect) -> (Vec<FindingLine>, Rect) {
    let place = Rect {
        height: area.height.saturating_sub(1),
        ..area
    };
    let columns = area.width.saturating_sub(8).min(96);
    let text_columns = usize::from(columns.saturating_sub(6));
    let mut lines: Vec<FindingLine> = Vec::new();
    for (index, finding) in viewer.findings.iter().enumerate() {
        let of_it = finding_lines(finding, viewer, theme, text_columns);
        lines.extend(of_it.into_iter().map(|line| (line, index)));
    }
    if lines.is_empty() {
        let text = "Nothing was found so far.";
        lines.push((Line::from(span(theme, Role::Text, text)), usize::MAX));
    }
    let place = over(place, columns, lines.len() as u16 + 2);
    (lines, place)
}

/// The lines that are seen, each with its row.
fn rows(
    lines: &[FindingLine],
    selected: usize,
    inner: Rect,
) -> impl Iterator<Item = (Rect, &FindingLine)> {
    let at = lines.iter().position(|(_, index)| *index == selected);
    let shown = seen(at.unwrap_or(0) + 1, lines.len(), inner.height.into());
    inner.rows().zip(&lines[shown])
}

fn finding_lines(
    finding: &Finding,
    viewer: &SessionView,
    theme: Theme,
    columns: usize,
) -> Vec<Line<'static>> {
    let name = viewer.playback.timeline().name(finding.lane).to_string();
    let mut heading = vec![span(theme, Role::Accent, name)];
    if let Some(site) = &finding.site {
        heading.push(span(
            theme,
            Role::Dim,
            format!("  {}:{}", site.file_name(), site.line),
        ));
    }
    if finding.saves_ns > 0 {
        let saves = format!("  could save {}", duration_text(finding.saves_ns));
        heading.push(span(theme, Role::Ready, saves));
    }
    let mut lines = vec![Line::from(heading)];
    for (text, role) in [(&finding.text, Role::Text), (&finding.advice, Role::Dim)] {
        let wrapped = wrapped(text, columns).into_iter();
        lines.extend(wrapped.map(|line| Line::from(span(theme, role, format!("  {line}")))));
    }
    lines.push(Line::default());
    lines
}
