//! A test binary without a harness, which runs itself as the programs that it tests: a harness would keep the first thread
//! to itself.

use std::env;
use std::panic;
use std::process::ExitCode;

/// Which program this binary is to be.
pub const PROGRAM: &str = "ASYNCLINE_TEST_PROGRAM";

/// Runs a program where the environment asks for one, else the tests, or those that the command line names.
pub fn main(tests: &[(&str, fn())], run: impl FnOnce(&str) -> ExitCode) -> ExitCode {
    if let Ok(program) = env::var(PROGRAM) {
        return run(&program);
    }
    let arguments = env::args().skip(1);
    let wanted: Vec<String> = arguments.filter(|name| !name.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|part| name.contains(part));
    let mut failed = 0;
    for (name, test) in tests.iter().filter(|(name, _)| is_wanted(name)) {
        let is_ok = panic::catch_unwind(test).is_ok();
        println!("test {name} ... {}", if is_ok { "ok" } else { "FAILED" });
        failed += u8::from(!is_ok);
    }
    ExitCode::from(failed)
}
