//! Texts in columns: how wide they are on a terminal, and how to make them fit.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::event::printable::printable;

/// How many columns names may take of so many: a third, and where that is little, up to half.
pub fn names_at_most(columns: u16) -> u16 {
    (columns / 3).max(12.min(columns / 2))
}

/// Returns the number of columns that a text takes on the screen.
pub fn width(text: &str) -> usize {
    printable(text).width()
}

/// Returns the text as shown in at most `columns` columns, with `more` (one column) if a part was left out. Never cuts
/// a character in two.
pub fn cut<'a>(text: &'a str, columns: usize, more: &str) -> Cow<'a, str> {
    let text = printable(text);
    if text.width() <= columns {
        return text.into();
    }
    let mut fits = 0;
    for (index, char) in text.char_indices() {
        if char.width().unwrap_or(0) > 0 {
            if text[..index].width() + 1 > columns {
                break;
            }
            fits = index;
        }
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
    fn an_emoji_stays_whole() {
        let family = "👩\u{200d}👩\u{200d}👧 family";
        assert_eq!(width(family), 13);
        assert_eq!(cut(family, 2, "…"), "…");
        assert_eq!(cut(family, 4, "…"), "👩…");
        assert_eq!(cut(family, 8, "…"), "👩👩👧 …");
    }

    #[test]
    fn a_line_end_does_not_break_a_line() {
        assert_eq!(cut("a\nb", 9, "…"), "a\\nb");
        assert_eq!(cut("a\nb", 3, "…"), "a\\…");
    }
}
