//! What the user of a recorded program is told, on standard error.

use std::io::{self, Write as _};

use crate::event::printable::printable;

/// Tells the user of the program, in one line. Where that cannot be done, the program has other worries.
pub(super) fn tell(what: &str) {
    let _ = writeln!(io::stderr(), "asyncline: {}", printable(what));
}
