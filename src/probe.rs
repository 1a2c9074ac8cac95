//! The instrumented executor wrapper.

pub mod gate;
