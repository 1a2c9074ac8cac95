//! asyncline, the program: see [`asyncline::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    asyncline::cli::main()
}
