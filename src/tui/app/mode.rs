//! What keys mean depends on what is on the screen.

/// The mode of the keys: what they act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The menu of scenarios.
    Menu,
    /// The question before a scenario.
    Question,
    /// The lanes.
    Lanes,
    /// The help page.
    Help,
    /// All about one lane.
    Detail,
    /// The list of findings.
    Findings,
    /// The answer to the question.
    Answer,
    /// A line of text is being typed.
    Prompt,
}

impl Mode {
    /// All modes.
    pub const ALL: [Self; 8] = [
        Self::Menu,
        Self::Question,
        Self::Lanes,
        Self::Help,
        Self::Detail,
        Self::Findings,
        Self::Answer,
        Self::Prompt,
    ];
}
