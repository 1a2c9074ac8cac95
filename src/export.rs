//! Exports: a timeline for other programs and for paper.

pub mod json;
pub mod summary;
pub mod text;
