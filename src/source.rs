//! Where events come from.

#[cfg(unix)]
pub mod attach;
#[cfg(unix)]
pub mod exec;
mod scenario;

pub use scenario::Live;
