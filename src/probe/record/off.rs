//! Whether recording is compiled out.

/// `true` if recording is compiled out, by the feature `off`.
pub(crate) const OFF: bool = cfg!(feature = "off");
