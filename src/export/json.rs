//! JSON that is safe to show on a terminal.

use std::io::{self, Write};

use serde::Serialize;

use crate::event::printable::acts;

/// Writes a value as indented JSON. Characters that act on a terminal are escaped, such as `\u001b`, so that the value
/// stays the same.
///
/// # Errors
///
/// If it cannot be written.
pub fn write(out: impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(Escaping(out), value)?;
    Ok(())
}

/// Escapes characters that act on a terminal. In JSON these are only within strings, and `serde_json` writes strings in
/// whole characters.
struct Escaping<W>(W);

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, json: &[u8]) -> io::Result<usize> {
        let text = str::from_utf8(json).map_err(io::Error::other)?;
        let mut rest = 0;
        for (at, character) in text.char_indices() {
            // A line end is between values.
            if acts(character) && character != '\n' {
                self.0.write_all(&json[rest..at])?;
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(self.0, "\\u{unit:04x}")?;
                }
                rest = at + character.len_utf8();
            }
        }
        self.0.write_all(&json[rest..])?;
        Ok(json.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(value: &impl Serialize) -> String {
        let mut json = Vec::new();
        write(&mut json, value).expect("memory takes it all");
        String::from_utf8_lossy(&json).into_owned()
    }

    #[test]
    fn what_acts_is_escaped() {
        let json = written(&["\u{1b}[0m\u{9b}\u{202e}\u{e0041}\n작업"]);
        assert_eq!(
            json,
            "[\n  \"\\u001b[0m\\u009b\\u202e\\udb40\\udc41\\n작업\"\n]"
        );
    }

    proptest! {
        #[test]
        fn every_text_is_read_back_as_it_was(texts: Vec<String>) {
            let json = written(&texts);
            prop_assert!(!json.replace('\n', "").contains(acts));
            let read: Option<Vec<String>> = serde_json::from_str(&json).ok();
            prop_assert_eq!(read, Some(texts));
        }
    }
}
