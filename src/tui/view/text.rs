//! Text in a buffer.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use crate::event::printable::printable;
use crate::text::width::{cut, width};
use crate::timeline::glyph::Glyph;
use crate::tui::app::theme::{Role, Theme};

/// Puts a text on the first line of an area, as much of it as fits.
pub(super) fn put(theme: Theme, buf: &mut Buffer, area: Rect, text: &str, style: Style) {
    put_line(theme, buf, area, &Line::styled(text, style));
}

/// Puts a line on the first line of an area, as much of it as fits. Nothing in it acts on the terminal.
pub(super) fn put_line(theme: Theme, buf: &mut Buffer, area: Rect, line: &Line) {
    let area = area.intersection(*buf.area());
    if area.is_empty() {
        return;
    }
    let line = shown(line);
    buf.set_line(area.x, area.y, &line, area.width);
    if line.width() > area.width.into() {
        // A broad character's second half goes with its first.
        let last = area.right() - 1;
        let broad = area.width > 1 && width(buf[(last - 1, area.y)].symbol()) > 1;
        let at = if broad { last - 1 } else { last };
        buf[(last, area.y)].set_symbol(" ");
        buf[(at, area.y)].set_symbol(theme.glyph(Glyph::More));
    }
}

/// Returns a line, escaped for display.
fn shown<'a>(line: &'a Line) -> Line<'a> {
    let spans = line.iter().map(|span| Span {
        content: printable(&*span.content).into(),
        style: span.style,
    });
    Line {
        spans: spans.collect(),
        ..*line
    }
}

/// Writes a text at a place, in at most `room` columns, and returns the column after it. Nothing in it acts
/// on the terminal.
pub(super) fn put_at(
    buf: &mut Buffer,
    (x, y): (u16, u16),
    text: &str,
    room: usize,
    style: Style,
) -> u16 {
    buf.set_stringn(x, y, &*printable(text), room, style).0
}

/// Puts lines below each other, as many as fit.
pub(super) fn put_lines(theme: Theme, buf: &mut Buffer, area: Rect, lines: &[Line]) {
    for (row, line) in area.rows().zip(lines) {
        put_line(theme, buf, row, line);
    }
}

/// Puts a text on the lines of an area, a column from its sides, as much of it as fits.
pub(super) fn put_text(theme: Theme, buf: &mut Buffer, area: Rect, text: &str, style: Style) {
    let area = area.inner(Margin::new(1, 0));
    let lines = wrapped(text, area.width.into());
    let last = usize::from(area.height).saturating_sub(1);
    for (index, row) in area.rows().enumerate() {
        // What does not fit on the last row is cut there.
        let rest = if index == last {
            lines.len()
        } else {
            index + 1
        };
        let line = lines.get(index..rest).unwrap_or_default().join(" ");
        put(theme, buf, row, &line, style);
    }
}

/// A text in exactly `columns` columns.
pub(super) fn padded(text: &str, columns: usize, theme: Theme) -> String {
    let more = theme.glyph(Glyph::More);
    let text = cut(text, columns, more);
    let missing = columns.saturating_sub(width(&text));
    format!("{text}{}", " ".repeat(missing))
}

/// A span in a role's style.
pub(super) fn span<'a>(
    theme: Theme,
    role: Role,
    text: impl Into<std::borrow::Cow<'a, str>>,
) -> Span<'a> {
    Span::styled(text, theme.style(role))
}

/// The text in lines of at most `columns` columns, broken between words where that is possible.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let word = &*printable(word);
        let last = lines.last_mut().expect("there is a line from the start");
        let blank = usize::from(!last.is_empty());
        if width(last) + blank + width(word) <= columns {
            last.push_str(&" "[..blank]);
            last.push_str(word);
        } else {
            let pieces = broken(word, columns);
            if last.is_empty() {
                lines.pop();
            }
            lines.extend(pieces);
        }
    }
    lines
}

/// A word in pieces of at most `columns` columns, and of at least one character.
fn broken(word: &str, columns: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for character in word.chars() {
        let last = pieces.last_mut().expect("there is a piece from the start");
        last.push(character);
        if width(last) > columns && last.chars().nth(1).is_some() {
            last.pop();
            pieces.push(character.to_string());
        }
    }
    pieces
}

/// A framed area; what is in it comes back.
pub(super) fn framed(theme: Theme, area: Rect, title: &str, buf: &mut Buffer) -> Rect {
    let area = area.intersection(*buf.area());
    let block = Block::bordered()
        .border_style(theme.style(Role::Border))
        .title(heading(theme, title));
    let block = if theme.ascii {
        block.border_set(ASCII)
    } else {
        block
    };
    let inner = block.inner(area);
    block.render(area, buf);
    inner
}

/// A framed area over what was drawn there; what is in it comes back.
pub(super) fn popup(theme: Theme, area: Rect, title: &str, buf: &mut Buffer) -> Rect {
    let area = area.intersection(*buf.area());
    Clear.render(area, buf);
    let inner = framed(theme, area, title, buf);
    let [inner] = inner.layout(
        &ratatui::layout::Layout::horizontal([ratatui::layout::Constraint::Fill(1)])
            .horizontal_margin(1),
    );
    inner
}

/// A frame's title.
fn heading(theme: Theme, title: &str) -> Line<'static> {
    if title.is_empty() {
        return Line::default();
    }
    let title = format!(" {} ", printable(title));
    Line::from(span(theme, Role::Dim, title))
}

/// Returns the lines of `count` to show in a height, with `place` in the middle if possible.
pub(super) fn seen(place: usize, count: usize, height: usize) -> Range<usize> {
    let first = place.saturating_sub(height / 2);
    let first = first.min(count.saturating_sub(height));
    first..count.min(first + height)
}

const ASCII: ratatui::symbols::border::Set = ratatui::symbols::border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_wraps_between_words_and_within_long_ones() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrapped("한글 한글", 5), ["한글", "한글"]);
        assert_eq!(wrapped("", 5), [""]);
    }

    #[test]
    fn what_is_selected_is_seen() {
        assert_eq!(seen(0, 10, 4), 0..4);
        assert_eq!(seen(5, 10, 4), 3..7);
        assert_eq!(seen(9, 10, 4), 6..10);
        assert_eq!(seen(1, 2, 4), 0..2);
        assert_eq!(seen(1, 2, 0), 1..1);
    }
}
