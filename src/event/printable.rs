//! Texts from outside, made safe to show.
//!
//! A name, a label, a path or a line of output may hold characters that act on a terminal, or on the text around them:
//! escape sequences, line ends, characters that change the writing direction, and characters without a width. Each of
//! them is shown as an escape, as in a Rust literal: `\n`, `\u{1b}`, `\u{202e}`.
//!
//! A [`Text`](crate::event::Text) is shown this way wherever it is formatted, and so are paths by [`path`]. The screen
//! and the lines on standard error pass everything through [`printable`] once more.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::path::Path;

/// Joins the emoji before and after it into one, if a terminal supports that.
const JOINER: char = '\u{200d}';

/// Text without characters that act on a terminal. Only this module creates it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Printable<'a>(Cow<'a, str>);

/// Returns a text, escaped for display. A text that is printable already stays the same.
pub fn printable<'a>(text: impl Into<Cow<'a, str>>) -> Printable<'a> {
    let text = text.into();
    let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if is_plain || !text.contains(acts) {
        return Printable(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    let mut before = None;
    for character in text.chars() {
        if !acts(character) {
            shown.push(character);
        } else if character != JOINER || !before.is_some_and(is_emoji) {
            shown.extend(character.escape_default());
        }
        // Separate emoji take the same columns on every terminal.
        before = Some(character);
    }
    Printable(Cow::Owned(shown))
}

/// Returns a path on one line, escaped for display. Bytes that are not UTF-8 become `�`.
pub fn path(path: &Path) -> Printable<'static> {
    printable(path.to_string_lossy().into_owned())
}

/// Returns `true` if a character acts on a terminal or on the text around it, or takes no column of its own.
///
/// Combining marks belong to the character before them, and stay.
pub fn acts(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Returns `true` for a character that a joiner can combine with the next one into one emoji.
fn is_emoji(character: char) -> bool {
    matches!(character, '\u{fe0f}' | '\u{2600}'..='\u{27bf}' | '\u{1f000}'..='\u{1faff}')
}

impl Deref for Printable<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'a> From<Printable<'a>> for Cow<'a, str> {
    fn from(text: Printable<'a>) -> Self {
        text.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_acts_is_shown_as_an_escape() {
        let shown = [
            ("", ""),
            ("task 1", "task 1"),
            ("\u{1b}[31mred\u{1b}[0m", "\\u{1b}[31mred\\u{1b}[0m"),
            ("two\r\nlines\t.", "two\\r\\nlines\\t."),
            ("\u{9b}2J\u{7f}\0", "\\u{9b}2J\\u{7f}\\u{0}"),
            ("gpj\u{202e}exe", "gpj\\u{202e}exe"),
            ("a\u{200b}b\u{2028}", "a\\u{200b}b\\u{2028}"),
            ("می\u{200c}خواهم", "می\\u{200c}خواهم"),
        ];
        for (text, as_shown) in shown {
            assert_eq!(&*printable(text), as_shown);
        }
    }

    #[test]
    fn letters_of_all_scripts_stay() {
        for text in [
            "느린 작업",
            "日本語",
            "e\u{301}",
            "नमस्ते",
            "❤\u{fe0f}",
            "שלום",
            "🇩🇪",
        ] {
            assert_eq!(&*printable(text), text);
        }
    }

    #[test]
    fn emoji_stand_side_by_side_instead_of_joined() {
        assert_eq!(&*printable("👩\u{200d}👧 family"), "👩👧 family");
        assert_eq!(&*printable("a\u{200d}b\u{200d}"), "a\\u{200d}b\\u{200d}");
    }

    #[cfg(unix)]
    #[test]
    fn a_path_of_any_bytes_is_one_line() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let name = OsStr::from_bytes(b"a\xff\x1b]0;x\x07\nb");
        assert_eq!(&*super::path(Path::new(name)), "a�\\u{1b}]0;x\\u{7}\\nb");
    }

    proptest! {
        #[test]
        fn nothing_that_is_shown_acts(text: String) {
            let shown = printable(&*text);
            prop_assert!(!shown.contains(acts));
            prop_assert_eq!(&*printable(&*shown), &*shown, "shown twice, it stays the same");
        }
    }
}
