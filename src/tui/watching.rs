//! A program that is watched from outside of it, as the driver holds it.

use super::app::{Life, Watched};
use crate::probe::gate::Pace;
use crate::source::attach::{self, Attached};
use crate::source::exec::{Begun, exit_code};

/// A program that is watched, and perhaps was begun here.
#[derive(Debug)]
pub struct Watching {
    pub(super) attached: Attached,
    /// The program, where it was begun here.
    pub begun: Option<Begun>,
    /// Whether what it prints is to be seen.
    pub(super) prints: bool,
}

impl Watching {
    /// Watches a program; what it prints is shown where that is kept.
    pub fn new(attached: Attached, begun: Option<Begun>, prints: bool) -> Self {
        Self {
            attached,
            begun,
            prints,
        }
    }

    pub(super) fn set_pace(&self, pace: Pace) {
        self.attached.set_pace(pace);
    }

    /// How it stands.
    pub(super) fn state(&mut self) -> Watched {
        let attach::Status { pace, life } = self.attached.status();
        let code = self.begun.as_mut().and_then(Begun::ended).map(exit_code);
        let program = &self.attached.program;
        Watched {
            process: Some(program.process),
            can_hold: program.can_hold,
            pace,
            life: match life {
                attach::Life::Runs => Life::Runs,
                attach::Life::Ended => Life::Ended(code),
                attach::Life::Broken(why) => Life::Broken(why),
            },
        }
    }

    /// What it has printed since this was asked last.
    pub(super) fn printed(&self) -> Vec<String> {
        self.begun.as_ref().map_or_else(Vec::new, Begun::printed)
    }
}
