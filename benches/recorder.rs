//! What recording costs: `cargo bench --bench recorder`, with `-- --json`, `--quick` and more (`-- --help`).

mod harness;

use std::process::ExitCode;

use harness::{Bench, Case, Measured, Plan, own};

const TOOLS: [&str; 3] = ["bare", "asyncline-off", "asyncline"];

fn main() -> ExitCode {
    // `cargo test --all-targets` runs this program too, but only `cargo bench` says so, and only then is it wanted.
    if std::env::args().len() == 1 {
        println!("cargo bench --bench recorder measures what recording costs");
        return ExitCode::SUCCESS;
    }
    let bench = Bench {
        tools: &TOOLS,
        measure,
        program: |_| std::env::current_exe(),
        versions: &[("asyncline", env!("CARGO_PKG_VERSION"))],
    };
    bench.main()
}

fn measure(tool: &str, case: Case, plan: &Plan) -> std::io::Result<Measured> {
    own::measure(tool, case, plan).unwrap_or_else(|| Err(harness::unknown(tool)))
}
