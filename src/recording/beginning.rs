//! The beginning of a recording's file, and its end.

use super::format;
#[cfg(feature = "app")]
use super::format::Meta;
use crate::event::printable;
use crate::journal::unreadable::Unreadable;

/// The metadata with which a file begins, where that is whole. `bytes` may be cut off after it.
#[cfg(feature = "app")]
pub(super) fn metadata(bytes: &[u8]) -> Option<Meta> {
    let block = format::parse_block(&bytes[start(bytes).ok()?..])?;
    (block.header.kind == format::METADATA)
        .then(|| format::metadata(&block).ok())
        .flatten()
}

/// Whether these bytes are the end of a file that was finished.
#[cfg(feature = "app")]
pub(super) fn is_end(bytes: &[u8]) -> bool {
    let block = format::parse_block(bytes);
    block.is_some_and(|block| block.header.kind == format::END && block.size() == bytes.len())
}

/// Where the first block is to be looked for.
pub(super) fn start(bytes: &[u8]) -> Result<usize, Unreadable> {
    match format::file_version(bytes) {
        Some(version) if version > format::VERSION => Err(Unreadable::Newer {
            version,
            newest: format::VERSION,
        }),
        Some(_) => Ok(format::FILE_HEADER),
        None if bytes.is_empty() => Err(Unreadable::Empty),
        None => format::find_block(bytes, 0).ok_or_else(|| {
            let length = bytes.len().min(format::MAGIC.len());
            if bytes[..length] == format::MAGIC[..length] {
                Unreadable::Nothing
            } else {
                let start = beginning(bytes);
                Unreadable::Foreign { start }
            }
        }),
    }
}

/// The first bytes of a file, as its first line of text or as numbers.
fn beginning(bytes: &[u8]) -> String {
    let start = &bytes[..bytes.len().min(96)];
    // A character that we cut in two is left out; anything else that is no UTF-8 is no text.
    let text = match str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => "",
    };
    let line: String = text
        .trim_start()
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(24)
        .collect();
    if line.is_empty() || line.contains(printable::acts) {
        let bytes: Vec<_> = bytes
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        return format!("the bytes {}", bytes.join(" "));
    }
    format!("“{}”", line.trim_end())
}
