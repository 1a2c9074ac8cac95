//! Whether a session is shown on the screen or printed.

use clap::Args;

#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Print {
    /// Print the finished lanes, totals and findings as text
    #[arg(long, conflicts_with = "json")]
    pub(super) text: bool,
    /// Print a summary for other programs to read, as JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// How a session is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    Screen,
    Text,
    Json,
}

impl Print {
    pub(super) fn output(self, is_terminal: bool) -> Output {
        match self {
            Self { json: true, .. } => Output::Json,
            Self { text: true, .. } => Output::Text,
            _ if is_terminal => Output::Screen,
            _ => Output::Text,
        }
    }
}
