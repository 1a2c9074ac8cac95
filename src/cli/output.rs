//! Whether a session is shown on the screen or printed.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};

use crate::export::{EXPORTERS, Exporter};

/// The options that print a session: one for each exporter, of which one may be given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Print {
    pub(super) exporter: Option<&'static Exporter>,
}

/// How a session is shown.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shown {
    Screen,
    Printed(&'static Exporter),
}

/// The names of the options that print a session.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    EXPORTERS.iter().map(|exporter| exporter.name)
}

impl Print {
    pub(super) fn output(self, is_terminal: bool) -> Shown {
        match self.exporter {
            Some(exporter) => Shown::Printed(exporter),
            None if is_terminal => Shown::Screen,
            None => Shown::Printed(&EXPORTERS[0]),
        }
    }
}

impl Args for Print {
    fn augment_args(command: Command) -> Command {
        let option = |exporter: &Exporter| {
            Arg::new(exporter.name)
                .long(exporter.name)
                .action(ArgAction::SetTrue)
                .help(exporter.help)
                .conflicts_with_all(names().filter(|other| *other != exporter.name))
        };
        command.args(EXPORTERS.iter().map(option))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Print {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let exporter = EXPORTERS
            .iter()
            .find(|exporter| matches.get_flag(exporter.name));
        Ok(Self { exporter })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
