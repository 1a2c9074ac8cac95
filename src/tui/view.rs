//! What is drawn: pure functions of what is to be shown, into a buffer of cells.

pub mod lanes;
pub mod ruler;
