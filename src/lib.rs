//! asyncline: see what an async program does, as it does it.
pub mod event;
#[cfg(feature = "app")]
pub mod export;
pub mod glyph;
pub mod probe;
#[cfg(feature = "app")]
pub mod scenario;
#[cfg(feature = "app")]
pub mod source;
pub mod timeline;
#[cfg(feature = "app")]
pub mod tui;
pub mod units;
#[cfg(feature = "app")]
pub mod width;
