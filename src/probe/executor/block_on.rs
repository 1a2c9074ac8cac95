//! What `#[main]` and `#[test]` call.

use std::future::Future;
use std::panic::Location;

use tokio::runtime::LocalRuntime;

use super::builder::Builder;
use super::entry::Entry;
use super::large::boxed_if_large;
use crate::event::TaskKind;
use crate::probe::record::template::{Name, Origin};

/// What tokio says where it panics for the same reason.
const FAILED: &str = "Failed building the Runtime";
/// Only a token stops a root task, and these have none.
const ENDS: &str = "the root task runs to its end";

/// Runs the body of a function of this name.
///
/// # Panics
///
/// Where the operating system refuses the runtime's threads or its I/O driver, and where the body does.
#[track_caller]
pub fn block_on<F: Future>(name: &'static str, builder: Builder, body: F) -> F::Output {
    let origin = root(name);
    let executor = builder.observe().expect(FAILED);
    boxed_if_large!(body: F => executor.run(body, origin)).expect(ENDS)
}

/// As [`block_on`], on a runtime whose tasks stay on its thread.
///
/// # Panics
///
/// As [`block_on`].
#[track_caller]
pub fn block_on_local<F: Future>(name: &'static str, builder: Builder, body: F) -> F::Output {
    let origin = root(name);
    boxed_if_large!(body: F => run_local(origin, builder, body))
}

#[track_caller]
fn run_local<F: Future>(origin: Origin, builder: Builder, body: F) -> F::Output {
    let (runtime, entry) = builder.observe_local().expect(FAILED);
    let Some(entry) = entry else {
        return runtime.block_on(body);
    };
    let local = LocalEntry {
        runtime: Some(runtime),
        entry,
    };
    let _within = local.entry.enter();
    let runtime = local.runtime.as_ref();
    let runtime = runtime.expect("the runtime lives as long as this");
    let output = runtime.block_on(local.entry.root(body, origin));
    output.expect(ENDS)
}

#[track_caller]
fn root(name: &'static str) -> Origin {
    Origin {
        name: Name::Given(name),
        site: Location::caller(),
        kind: TaskKind::Root,
    }
}

/// A runtime with the probe round it, on its thread.
struct LocalEntry {
    runtime: Option<LocalRuntime>,
    entry: Entry,
}

impl Drop for LocalEntry {
    fn drop(&mut self) {
        let runtime = self.runtime.take();
        self.entry.close(|| drop(runtime));
    }
}
