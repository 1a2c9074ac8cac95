//! What recording costs: `cargo bench --bench recorder`, with `-- --json`, `--quick` and more (`-- --help`).

mod harness;
#[path = "harness/own.rs"]
mod own;

use std::process::ExitCode;

use harness::Bench;

const TOOLS: [&str; 3] = ["bare", "asyncline-off", "asyncline"];

fn main() -> ExitCode {
    // `cargo test --all-targets` runs this program too, but only `cargo bench` says so, and only then is it wanted.
    if !std::env::args().any(|word| word == "--bench" || word == "--one") {
        println!("cargo bench --bench recorder measures what recording costs");
        return ExitCode::SUCCESS;
    }
    let bench = Bench {
        tools: &TOOLS,
        measure: own::measure,
        program: |_| std::env::current_exe(),
        locks: &[include_str!("../Cargo.lock")],
        compared: &["tokio", "asyncline"],
    };
    bench.main()
}
