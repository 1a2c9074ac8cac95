//! Exports: a session for other programs and for paper.
//!
//! An exporter is a file here, and a line of [`EXPORTERS`]. The command line's options and the README read that table.

mod exporter;
pub mod json;
pub mod summary;
pub mod text;

pub use exporter::{EndedSession, Export, Exporter, PageSize, STRETCH};

/// All exporters. The first is used where there is no terminal and no other is asked for.
pub static EXPORTERS: &[Exporter] = &[text::EXPORTER, summary::EXPORTER];
