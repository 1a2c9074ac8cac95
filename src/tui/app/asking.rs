//! A scenario's question, before it runs.

use super::choice;
use crate::scenario::Scenario;
use crate::tui::app::action::Action;
use crate::tui::app::code::Source;

/// A question that waits for an answer, or for being skipped.
#[derive(Clone, Debug)]
pub struct Asking {
    /// The scenario that asks.
    pub scenario: &'static Scenario,
    /// Its program.
    pub program: Source,
    /// The choice that is selected; none so far where the person has not moved to one.
    pub selected: Option<usize>,
}

impl Asking {
    pub(super) fn new(scenario: &'static Scenario) -> Self {
        Self {
            scenario,
            program: Source::scenario(scenario),
            selected: None,
        }
    }

    pub(super) fn act(&mut self, action: Action) {
        let choices = self.scenario.question.choices.len();
        let selected = match (self.selected, action) {
            (None, Action::Down) => 0,
            (None, Action::Up) => choices.saturating_sub(1),
            (None, _) => return,
            (Some(selected), _) => choice::moved(selected, action, choices, choices),
        };
        self.selected = Some(selected);
    }
}
