//! What console-subscriber adds, recording to a file. It is run by the package around it.

#[path = "../../src/counted.rs"]
mod counted;
#[path = "../../../harness/mod.rs"]
mod harness;

use std::future::Future;
use std::io::{self, BufRead, BufReader};
use std::mem;
use std::process::ExitCode;

use console_subscriber::ConsoleLayer;
use tempfile::NamedTempFile;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tracing::dispatcher::{self, Dispatch};
use tracing_subscriber::layer::SubscriberExt;

use counted::Counted;
use harness::slices::{self, Measured, Plan};
use harness::tool::{Kept, Spawn, Tool, runtime};
use harness::{Bench, Case};

fn main() -> ExitCode {
    let bench = Bench {
        tools: &["console-subscriber"],
        measure,
        program: |_| std::env::current_exe(),
        locks: &[include_str!("../Cargo.lock")],
        compared: &["tokio", "console-subscriber"],
    };
    bench.main()
}

fn measure(_: &str, case: Case, plan: &Plan) -> io::Result<Measured> {
    // It keeps tens of kilobytes of each task for an hour, and would take gigabytes otherwise.
    slices::measure(Console::new(case.threads)?, case, &plan.smaller())
}

struct Console {
    runtime: Runtime,
    /// Known to this tool's threads alone, so that tokio without the tool can be measured in the same process.
    dispatch: Dispatch,
    file: NamedTempFile,
}

impl Console {
    fn new(threads: usize) -> io::Result<Self> {
        let file = NamedTempFile::new()?;
        let layer = ConsoleLayer::builder()
            .server_addr(([127, 0, 0, 1], 0))
            .recording_path(file.path())
            .spawn();
        let dispatch = Dispatch::new(tracing_subscriber::registry().with(layer));
        let of_workers = dispatch.clone();
        let runtime = runtime(threads)
            .on_thread_start(move || mem::forget(dispatcher::set_default(&of_workers)))
            .build()?;
        Ok(Self {
            runtime,
            dispatch,
            file,
        })
    }
}

#[derive(Clone)]
struct Plainly;

impl Spawn for Plainly {
    type Handle<T: Send + 'static> = JoinHandle<T>;

    fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        tokio::spawn(Counted::new(future))
    }
}

impl Tool for Console {
    type Spawn = Plainly;

    fn spawner(&self) -> Plainly {
        Plainly
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        dispatcher::with_default(&self.dispatch, || self.runtime.block_on(future))
    }

    fn finish(self) -> io::Result<Kept> {
        drop(self.runtime);
        let (mut events, mut polls) = (0, 0);
        for line in BufReader::new(self.file.reopen()?).lines().skip(1) {
            let line = line?;
            events += 1;
            polls += u64::from(line.starts_with(r#"{"Enter"#) || line.starts_with(r#"{"Exit"#));
        }
        Ok(Kept {
            bytes: Some(self.file.path().metadata()?.len()),
            events: Some(events),
            lost: Some((2 * counted::polls()).saturating_sub(polls)),
        })
    }
}
