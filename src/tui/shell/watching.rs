//! Programs that are watched from outside of them, as the driver holds them.

use std::path::Path;

use crate::probe::gate::Pace;
use crate::recording::Batch;
use crate::source::attach::{self, Attached, Error, Status};
use crate::source::exec::{Launched, exit_code};
use crate::source::joint::JointPrograms;
use crate::tui::app::{Watched, WatchedStatus};

/// Programs that are watched; one of them was perhaps begun here.
#[derive(Debug)]
pub struct Watching {
    /// Where several are seen as one. It is dropped before what it reads.
    joined: Option<JointPrograms>,
    programs: Vec<Attached>,
    /// The program, where it was begun here.
    pub begun: Option<Launched>,
    /// `true` if its output is captured.
    pub(crate) prints: bool,
}

impl Watching {
    /// Watches a program that was begun here; what it prints is shown where that is kept.
    pub fn begun(attached: Attached, begun: Launched, prints: bool) -> Self {
        Self {
            joined: None,
            programs: vec![attached],
            begun: Some(begun),
            prints,
        }
    }

    /// Attaches to programs. What they tell goes into this file, or into one that is removed afterwards.
    ///
    /// # Errors
    ///
    /// As [`Attached::to`].
    pub fn at(addresses: &[attach::Address], record: Option<&Path>) -> Result<Self, Error> {
        let alone = addresses.len() == 1;
        let attach = |address| Attached::to(address, record.filter(|_| alone));
        let programs = addresses.iter().map(attach);
        let programs = programs.collect::<Result<Vec<_>, _>>()?;
        let joined = (!alone)
            .then(|| JointPrograms::of(&programs, record))
            .transpose()?;
        Ok(Self {
            joined,
            programs,
            begun: None,
            prints: false,
        })
    }

    /// The file that what they tell goes into.
    pub(crate) fn file(&self) -> &Path {
        match &self.joined {
            Some(joined) => joined.file(),
            None => self.programs[0].file(),
        }
    }

    /// Returns `true` if it hands on events. Where several programs are joined, only the file has them.
    pub(crate) fn hands_on(&self) -> bool {
        self.joined.is_none()
    }

    /// Takes the events that have come into the file since the last call. The first call says that they are wanted.
    pub(crate) fn events(&self) -> Option<Batch> {
        let program = self.programs.first().filter(|_| self.hands_on())?;
        program.events()
    }

    pub(crate) fn set_pace(&self, pace: Pace) {
        self.programs
            .iter()
            .for_each(|program| program.set_pace(pace));
    }

    /// Returns their status: they run as long as one does.
    pub fn state(&mut self) -> Watched {
        let code = self.begun.as_mut().and_then(Launched::ended).map(exit_code);
        let statuses: Vec<Status> = self.programs.iter().map(Attached::status).collect();
        let pace = statuses.iter().map(|status| status.pace);
        let held = pace.clone().find(|pace| *pace != Pace::Playing);
        Watched {
            can_hold: self
                .programs
                .iter()
                .all(|attached| attached.program.can_hold),
            pace: held.unwrap_or(Pace::Playing),
            life: self.life(&statuses, code),
        }
    }

    fn life(&self, statuses: &[Status], code: Option<u8>) -> WatchedStatus {
        match self.joined.as_ref().map(JointPrograms::is_over) {
            Some(Err(why)) => return WatchedStatus::Broken(why),
            // What they told last is still being joined.
            Some(Ok(false)) => return WatchedStatus::Runs,
            Some(Ok(true)) | None => {}
        }
        if statuses
            .iter()
            .any(|status| status.connection == attach::Connection::Runs)
        {
            return WatchedStatus::Runs;
        }
        let broken = statuses.iter().find_map(|status| match &status.connection {
            attach::Connection::Broken(why) => Some(why.clone()),
            _ => None,
        });
        broken.map_or(WatchedStatus::Ended(code), WatchedStatus::Broken)
    }

    /// Returns the lines printed since the last call.
    pub(crate) fn printed(&self) -> Vec<String> {
        self.begun.as_ref().map_or_else(Vec::new, Launched::printed)
    }
}
