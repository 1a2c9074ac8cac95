//! Where events come from.

mod scenario;

pub use scenario::Live;
