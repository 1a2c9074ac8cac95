//! Texts in columns: how wide they are on a terminal, and how to make them fit.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;
pub use unicode_width::UnicodeWidthStr;

/// Joins emoji into one.
const JOINER: char = '\u{200d}';

/// How many columns names may take of so many: a third, and where that is little, up to half.
pub fn names_at_most(columns: u16) -> u16 {
    (columns / 3).max(12.min(columns / 2))
}

/// How many columns a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text on one line: whatever would move the cursor becomes a blank.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) {
        Cow::Owned(text.replace(char::is_control, " "))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text in at most `columns` columns, with `more` (one column) where something was left out. A character is never
/// cut in two, nor an emoji that is joined from several.
pub fn cut<'a>(text: &'a str, columns: usize, more: &str) -> Cow<'a, str> {
    let text = clean(text);
    if text.width() <= columns {
        return text;
    }
    let mut fits = 0;
    let mut joined = false;
    for (index, char) in text.char_indices() {
        let begins = !joined && char.width().unwrap_or(0) > 0;
        if begins {
            if text[..index].width() + 1 > columns {
                break;
            }
            fits = index;
        }
        joined = char == JOINER;
    }
    let more = if columns == 0 { "" } else { more };
    Cow::Owned(format!("{}{more}", &text[..fits]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_left_alone() {
        assert_eq!(cut("task1", 5, "…"), "task1");
        assert_eq!(cut("한글", 4, "…"), "한글");
    }

    #[test]
    fn what_does_not_fit_ends_in_an_ellipsis() {
        assert_eq!(cut("task1", 4, "…"), "tas…");
        assert_eq!(cut("한글", 3, "…"), "한…");
        assert_eq!(cut("한글", 2, "…"), "…");
        assert_eq!(cut("abc", 0, "…"), "");
    }

    #[test]
    fn a_joined_emoji_stays_whole() {
        let family = "👩\u{200d}👩\u{200d}👧 family";
        assert_eq!(cut(family, 2, "…"), "…");
        assert_eq!(cut(family, 4, "…"), "👩\u{200d}👩\u{200d}👧 …");
    }

    #[test]
    fn a_line_end_does_not_break_a_line() {
        assert_eq!(cut("a\nb", 9, "…"), "a b");
    }
}
