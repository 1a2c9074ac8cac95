//! Journals, as sessions.

#[cfg(feature = "app")]
use std::fs::File;
#[cfg(feature = "app")]
use std::io::Read;
#[cfg(feature = "app")]
use std::path::Path;

use super::format::Meta;
use super::whole::Session;
use crate::event::Text;
use crate::journal::Reader;
use crate::journal::block::{self, Description};
use crate::journal::unreadable::Unreadable;

/// Bytes in which a journal's first whole block is looked for.
pub(super) const BEGINNING: u64 = 1 << 10;
/// Bytes that are read at a time.
#[cfg(feature = "app")]
pub(super) const AT_A_TIME: usize = if cfg!(test) { 1 << 10 } else { 1 << 18 };

/// Returns `true` if these are the first bytes of a journal. Where they are damaged, its first block tells.
pub(super) fn is_journal(bytes: &[u8]) -> bool {
    let beginning = &bytes[..bytes.len().min(BEGINNING as usize)];
    bytes.starts_with(&block::MAGIC) || block::find(beginning).is_some()
}

/// Returns `true` if a file is a journal.
///
/// # Errors
///
/// Returns an error if it cannot be read.
#[cfg(feature = "app")]
pub(super) fn is_file_of(path: &Path) -> Result<bool, Unreadable> {
    let mut start = Vec::new();
    let file = super::file::open(path)?;
    file.take(BEGINNING)
        .read_to_end(&mut start)
        .map_err(Unreadable::Io)?;
    Ok(is_journal(&start))
}

/// Returns what a journal says of itself, from its first bytes.
#[cfg(feature = "app")]
pub(super) fn metadata(bytes: &[u8]) -> Option<Meta> {
    let first = bytes.get(block::FILE_HEADER..)?;
    let found = block::header(first).filter(|it| it.header.kind == block::kind::DESCRIPTION)?;
    let payload = first[block::HEADER..].get(..found.length)?;
    let description = block::take_description(payload).ok()?;
    Some(meta(Some(&description)))
}

/// Returns `true` if the last block of a journal's file says that nothing more happened.
#[cfg(feature = "app")]
pub(super) fn has_end(file: &File, length: u64) -> std::io::Result<bool> {
    let header = block::HEADER as u64;
    let last = super::piece::read_some(file, length.saturating_sub(header), header)?;
    Ok(block::header(&last).is_some_and(|last| last.header.kind == block::kind::END))
}

/// Reads a journal as a whole.
pub(super) fn read(bytes: &[u8]) -> Result<Session, Unreadable> {
    let (mut reader, mut events) = (Reader::default(), Vec::new());
    reader.push(bytes, &mut events)?;
    reader.end(&mut events);
    if let Some(why) = is_nothing(&reader) {
        return Err(why);
    }
    Ok(Session {
        meta: meta(reader.description()),
        events,
        damage: reader.damage().to_vec(),
    })
}

/// Returns why nothing of a journal can be read, if so.
pub(super) fn is_nothing(reader: &Reader) -> Option<Unreadable> {
    (!reader.has_header() && !reader.has_blocks()).then_some(Unreadable::Nothing)
}

/// Returns what a recording says of itself that is made of a journal.
pub(super) fn meta(description: Option<&Description>) -> Meta {
    description.map_or_else(Meta::default, |of| Meta {
        title: of.title.clone(),
        scenario: Text::default(),
        version: of.version.clone(),
        start: of.start,
        before: 0,
    })
}
