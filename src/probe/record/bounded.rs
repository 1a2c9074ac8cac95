//! Text of a program's values, cut at a limit: a formatter is stopped once no room is left.

use std::fmt::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Maximum length of a value's text, in bytes: a function's returned value, or a label's.
pub(crate) const VALUE: usize = 200;
/// Maximum length of a line, in bytes: a mark, or the fields of a span.
pub(crate) const LINE: usize = 1000;

/// The suffix of a text that was cut.
const CUT: char = '…';

/// Returns a value's text, cut if it is longer than this many bytes.
pub(crate) fn text(value: fmt::Arguments<'_>, longest: usize) -> String {
    let mut text = Bounded::new(longest);
    text.put(value);
    text.text
}

/// A text of limited length in bytes.
#[derive(Debug)]
pub(crate) struct Bounded {
    text: String,
    longest: usize,
    is_cut: bool,
}

impl Bounded {
    pub(crate) fn new(longest: usize) -> Self {
        Self {
            text: String::new(),
            longest,
            is_cut: false,
        }
    }

    #[cfg(any(test, feature = "tracing"))]
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Appends a value, cut if it does not fit.
    ///
    /// # Panics
    ///
    /// If the program's formatter does. A panic that is caused by stopping it is hidden from the program.
    pub(crate) fn put(&mut self, value: fmt::Arguments<'_>) {
        let written = catch_unwind(AssertUnwindSafe(|| self.write_fmt(value)));
        if let Err(panic) = written
            && !self.is_cut
        {
            resume_unwind(panic);
        }
    }

    /// Returns the end of the longest prefix that fits in this many bytes.
    fn end(text: &str, room: usize) -> usize {
        let end = (0..=room.min(text.len())).rev();
        end.into_iter()
            .find(|&end| text.is_char_boundary(end))
            .unwrap_or_default()
    }
}

/// The answer to a formatter that writes more than fits. A formatter that panics on an error would end a program whose
/// panics abort: there it runs to its end.
const STOP: fmt::Result = if cfg!(panic = "abort") {
    Ok(())
} else {
    Err(fmt::Error)
};

impl Write for Bounded {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        if self.is_cut {
            return STOP;
        }
        let room = self.longest - self.text.len();
        if more.len() <= room {
            self.text.push_str(more);
            return Ok(());
        }
        self.text.push_str(&more[..Self::end(more, room)]);
        let end = Self::end(&self.text, self.longest - CUT.len_utf8());
        self.text.truncate(end);
        self.text.push(CUT);
        self.is_cut = true;
        STOP
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Counts how often it is formatted.
    struct Counted<'a>(&'a Cell<usize>);

    impl fmt::Debug for Counted<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.set(self.0.get() + 1);
            f.write_str("ab")
        }
    }

    #[test]
    fn a_formatter_is_stopped_where_there_is_no_room() {
        let count = Cell::new(0);
        let many: Vec<_> = (0..40_000).map(|_| Counted(&count)).collect();
        let text = text(format_args!("{many:?}"), VALUE);
        assert_eq!(text, format!("[{}…", "ab, ".repeat(49)));
        // Each takes four bytes, and the last one does not get its last two.
        assert_eq!(count.get(), 50);
    }

    #[test]
    fn texts_are_cut_between_characters_and_no_sooner_than_they_must() {
        for letter in ["a", "é", "€", "😀"] {
            for count in 0..=VALUE + 2 {
                for piece in [1, 3, 1000] {
                    let whole = letter.repeat(count);
                    let pieces: Vec<String> = whole
                        .chars()
                        .collect::<Vec<_>>()
                        .chunks(piece)
                        .map(|piece| piece.iter().collect())
                        .collect();
                    let mut bounded = Bounded::new(VALUE);
                    for piece in &pieces {
                        bounded.put(format_args!("{piece}"));
                    }
                    let text = bounded.as_str();
                    if whole.len() <= VALUE {
                        assert_eq!(text, whole);
                        continue;
                    }
                    let kept = text.strip_suffix('…').expect("it tells that it is cut");
                    assert!(whole.starts_with(kept), "{text}");
                    assert!(
                        text.len() <= VALUE && text.len() + letter.len() > VALUE,
                        "{text}"
                    );
                }
            }
        }
    }

    #[test]
    fn only_panics_of_the_programs_own_come_through() {
        struct Unwraps;
        impl fmt::Display for Unwraps {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                for _ in 0..VALUE {
                    f.write_str("ab").expect("it has room");
                }
                Ok(())
            }
        }
        struct Panics;
        impl fmt::Display for Panics {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                panic!("on purpose")
            }
        }
        assert_eq!(text(format_args!("{Unwraps}"), VALUE).len(), VALUE);
        catch_unwind(|| text(format_args!("{Panics}"), VALUE)).expect_err("it is the program's");
    }
}
