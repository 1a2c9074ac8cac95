//! What is made of a timeline for reading elsewhere.

pub mod text;
