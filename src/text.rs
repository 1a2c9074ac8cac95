//! Texts as people read them: numbers with units, names of any width, signs, errors in words.

pub(crate) mod plain;
pub(crate) mod threads;
#[cfg(feature = "timeline")]
pub mod units;
#[cfg(feature = "app")]
pub mod width;
