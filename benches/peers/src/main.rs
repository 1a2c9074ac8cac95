//! What asyncline and its peers add to the cost of an async program, side by side.
//!
//! Each tool records as its own documentation recommends for tokio tasks on stable Rust, everything, to a file where it
//! can. With `reload` as the first word it measures instead how fast recordings are read. Where a tool does not tell what it lost, polls are counted and compared with what it recorded.

mod await_tree;
mod chrome;
mod console;
mod counted;
mod dial9;
mod fastrace;
#[path = "../../harness/mod.rs"]
mod harness;
mod metrics;
mod naive;
#[path = "../../harness/own.rs"]
mod own;
#[path = "../../harness/reading.rs"]
mod reading;
mod reload;

use std::io;
use std::process::ExitCode;

use harness::slices::{self, Measured, Plan};
use harness::{Bench, Case};

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("reload") {
        return reload::main();
    }
    let bench = Bench {
        tools: &[
            "bare",
            "asyncline-off",
            "asyncline",
            "dial9",
            "tokio-metrics",
            "await-tree",
            "naive-channel",
            "fastrace",
            "tracing-chrome",
            console::NAME,
        ],
        measure,
        program: |tool| match tool {
            console::NAME => console::program(),
            _ => std::env::current_exe(),
        },
        locks: &[
            include_str!("../Cargo.lock"),
            include_str!("../console/Cargo.lock"),
        ],
        compared: &[
            "tokio",
            "asyncline",
            "dial9",
            "tokio-metrics",
            "await-tree",
            "fastrace",
            "tracing-chrome",
            "console-subscriber",
        ],
    };
    bench.main()
}

fn measure(tool: &str, case: Case, plan: &Plan) -> io::Result<Measured> {
    let threads = case.threads;
    match tool {
        "dial9" => slices::measure(dial9::Dial9::new(threads)?, case, plan),
        "tokio-metrics" => slices::measure(metrics::Metrics::new(threads)?, case, plan),
        "await-tree" => slices::measure(await_tree::AwaitTree::new(threads)?, case, plan),
        "naive-channel" => slices::measure(naive::Naive::new(threads)?, case, plan),
        "fastrace" => slices::measure(fastrace::Fastrace::new(threads)?, case, plan),
        "tracing-chrome" => slices::measure(chrome::Chrome::new(threads)?, case, plan),
        _ => own::measure(tool, case, plan),
    }
}
