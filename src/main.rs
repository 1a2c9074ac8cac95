//! asyncline, the program: see [`asyncline::cli`].

use std::process::ExitCode;

/// A place in a long session is ten thousands of small things, made on one thread and freed on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    asyncline::cli::main()
}
