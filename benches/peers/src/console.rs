//! Builds the program that measures console-subscriber.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

pub const NAME: &str = "console-subscriber";

/// The program, which is built the first time that it is asked for.
pub fn program() -> io::Result<PathBuf> {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    if let Some(built) = BUILT.get() {
        return Ok(built.clone());
    }
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    // A directory of its own, since other flags would make cargo build all the rest anew.
    let target = package.join("target/tokio-unstable");
    let status = Command::new(option_env!("CARGO").unwrap_or("cargo"))
        .args([
            "build",
            "--release",
            "--quiet",
            "--locked",
            "--manifest-path",
        ])
        .arg(package.join("console/Cargo.toml"))
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTFLAGS", "--cfg tokio_unstable")
        .stdout(Stdio::null())
        .status()?;
    if !status.success() {
        return Err(io::Error::other("console-subscriber's bench was not built"));
    }
    let program = target
        .join("release/console")
        .with_extension(std::env::consts::EXE_EXTENSION);
    Ok(BUILT.get_or_init(|| program).clone())
}
