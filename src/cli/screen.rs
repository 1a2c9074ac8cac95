//! Until the screen is built: what it will be asked for.

use std::path::PathBuf;

use super::failure::Failure;
use crate::scenario::Scenario;

#[expect(dead_code, reason = "the screen is not built yet")]
pub(super) enum Start {
    Menu,
    Scenario(&'static Scenario),
    Replay(PathBuf),
}

#[expect(dead_code, reason = "the screen is not built yet")]
pub(super) enum Record {
    Auto,
    Off,
    To(PathBuf),
}

pub(super) fn run(_start: Start, _record: Record, _ascii: bool) -> Result<(), Failure> {
    let line = "the screen is not built yet; try --text or --json";
    Err(Failure::Stopped(line.into()))
}
