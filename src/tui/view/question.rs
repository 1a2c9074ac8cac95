//! A scenario's question before it runs, and its answer afterwards.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Margin, Position, Rect};
use ratatui::text::Line;

use super::code::code_line;
use super::events::ground;
use super::text::{framed, put_line, put_lines, seen, span, wrapped};
use crate::scenario::Scenario;
use crate::tui::app::code::Source;
use crate::tui::app::layout::over;
use crate::tui::app::theme::{Role, Theme};
use crate::tui::app::{Asking, SessionView};

/// Draws the question: first the program where there is room for it, then what is asked of it.
pub fn draw(asking: &Asking, theme: Theme, area: Rect, buf: &mut Buffer) {
    let scenario = asking.scenario;
    let header = Rect {
        height: area.height.min(1),
        ..area
    };
    buf.set_style(header, theme.style(Role::Title));
    let title = Line::from(vec![
        span(theme, Role::Accent, " asyncline"),
        span(theme, Role::Title, format!("  {}", scenario.name)),
        span(theme, Role::Dim, format!("  {}", scenario.title)),
    ]);
    put_line(theme, buf, header, &title);
    let (asked, code_area, question_area) = parts(asking, theme, area);
    if !code_area.is_empty() {
        draw_program(&asking.program, theme, code_area, buf);
    }
    if is_framed(&asked, question_area) {
        framed(theme, question_area, "before it runs", buf);
    }
    for (row, (line, choice)) in rows(&asked, asking, question_area) {
        put_line(theme, buf, row, line);
        if choice.is_some() && *choice == asking.selected {
            buf.set_style(row, ground(theme));
        }
    }
}

/// A line of the question, and the index of the choice that it is.
type QuestionLine = (Line<'static>, Option<usize>);

/// Returns the question's lines, the program's area (empty if there is no room), and the question's.
fn parts(asking: &Asking, theme: Theme, area: Rect) -> (Vec<QuestionLine>, Rect, Rect) {
    let [_, body, _] = area.layout(&Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(1),
    ]));
    let columns = area.width.saturating_sub(4).min(90);
    let asked = asked(asking, theme, columns.saturating_sub(4).into());
    let needed = asked.len() as u16 + 2;
    let code = asking.program.lines.len() as u16 + 2;
    let code = code.min(body.height.saturating_sub(needed));
    let code = if code > 3 { code } else { 0 };
    let place = over(body, columns, needed + code);
    let [code, question] = place.layout(&Layout::vertical([
        Constraint::Length(code),
        Constraint::Min(1),
    ]));
    (asked, code, question)
}

/// The index of the choice at a place of the screen.
pub fn choice_at(asking: &Asking, theme: Theme, area: Rect, at: Position) -> Option<usize> {
    let (asked, _, question) = parts(asking, theme, area);
    let found = rows(&asked, asking, question).find(|(row, _)| row.contains(at));
    found?.1.1
}

/// Returns `true` if a frame fits round the question.
fn is_framed(asked: &[QuestionLine], area: Rect) -> bool {
    usize::from(area.height) >= asked.len() + 2
}

/// The lines that are seen, each with its row: where not all of them are, those round the selected choice.
fn rows<'a>(
    asked: &'a [QuestionLine],
    asking: &Asking,
    area: Rect,
) -> impl Iterator<Item = (Rect, &'a QuestionLine)> {
    let margin = u16::from(is_framed(asked, area));
    let inner = area.inner(Margin::new(margin, margin));
    let is_it = |(_, choice): &QuestionLine| choice.is_some() && *choice == asking.selected;
    let place = asked.iter().position(is_it).unwrap_or(0);
    let shown = seen(place, asked.len(), inner.height.into());
    inner.rows().zip(&asked[shown])
}

fn draw_program(program: &Source, theme: Theme, area: Rect, buf: &mut Buffer) {
    let inner = framed(theme, area, "code", buf);
    let hidden = program.lines.len().saturating_sub(inner.height.into());
    if let (1.., Some(row)) = (hidden, inner.rows().next_back()) {
        let more = format!("      {} more lines", hidden + 1);
        put_line(theme, buf, row, &Line::from(span(theme, Role::Dim, more)));
    }
    let shown = inner.height.saturating_sub(u16::from(hidden > 0));
    for (row, line) in inner.rows().take(shown.into()).zip(&program.lines) {
        put_line(theme, buf, row, &code_line(theme, line));
    }
}

/// The question and its choices, in lines.
fn asked(asking: &Asking, theme: Theme, columns: usize) -> Vec<QuestionLine> {
    let question = &asking.scenario.question;
    let mut lines: Vec<_> = wrapped(question.text, columns)
        .into_iter()
        .map(|line| {
            (
                Line::from(span(theme, Role::Text, format!(" {line}"))),
                None,
            )
        })
        .collect();
    lines.push((Line::default(), None));
    for (index, choice) in question.choices.iter().enumerate() {
        let choice = wrapped(choice, columns.saturating_sub(6));
        for (line, text) in choice.into_iter().enumerate() {
            let key = if line == 0 {
                (index + 1).to_string()
            } else {
                " ".to_owned()
            };
            let line = Line::from(vec![
                span(theme, Role::Key, format!("   {key}")),
                span(theme, Role::Text, format!("  {text}")),
            ]);
            lines.push((line, Some(index)));
        }
    }
    lines
}

/// Draws the question's answer, and how it compares with what the person thought.
pub fn draw_answer(viewer: &SessionView, theme: Theme, area: Rect, buf: &mut Buffer) {
    let Some(scenario) = viewer.scenario else {
        return;
    };
    let inner = framed(theme, area, "the answer", buf);
    let columns = inner.width.saturating_sub(2).into();
    put_lines(
        theme,
        buf,
        inner,
        &answer(scenario, viewer.guess, theme, columns),
    );
}

fn answer(
    scenario: &Scenario,
    guess: Option<usize>,
    theme: Theme,
    columns: usize,
) -> Vec<Line<'static>> {
    let question = &scenario.question;
    let right = question.choices.get(question.right).copied().unwrap_or("");
    let (verdict, role) = match guess.and_then(|guess| question.choices.get(guess)) {
        Some(_) if guess == Some(question.right) => {
            (format!("{right}: you were right."), Role::Done)
        }
        Some(said) => (format!("{right}, not {said}."), Role::Ready),
        None => (format!("{right}."), Role::Accent),
    };
    let parts = [
        (question.text, Role::Dim),
        ("", Role::Dim),
        (verdict.as_str(), role),
        ("", Role::Dim),
        (question.because, Role::Text),
    ];
    let lines = parts.into_iter().flat_map(|(text, role)| {
        let lines = wrapped(text, columns).into_iter();
        lines.map(move |line| Line::from(span(theme, role, format!(" {line}"))))
    });
    lines.collect()
}
