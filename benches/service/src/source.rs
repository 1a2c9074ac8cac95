//! The server's source: as its authors published it, and with the lines changed that let asyncline see it.
//!
//! It is not kept here. Cargo has it, since this package names it, and it is copied from there; each line that is
//! changed has to be there exactly once, or nothing is built.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The package.
pub const PACKAGE: &str = "mini-redis";
/// Its program.
const PROGRAM: &str = "mini-redis-server";

/// A line, which may be indented, and what takes its place.
struct Change {
    file: &'static str,
    from: &'static str,
    to: &'static str,
}

/// All that is changed in the source.
const CHANGES: [Change; 3] = [
    Change {
        file: "src/bin/server.rs",
        from: "#[tokio::main]",
        to: "#[asyncline::main]",
    },
    Change {
        file: "src/server.rs",
        from: "tokio::spawn(async move {",
        to: "asyncline::spawn(async move {",
    },
    Change {
        file: "src/db.rs",
        from: "tokio::spawn(purge_expired_tasks(shared.clone()));",
        to: "asyncline::spawn(purge_expired_tasks(shared.clone()));",
    },
];

/// A copy is a package of its own, in no workspace.
const OWN_WORKSPACE: &str = "\n[workspace]\n";

/// The server's programs.
pub struct Servers {
    /// As it was published.
    pub bare: PathBuf,
    /// With asyncline.
    pub changed: PathBuf,
}

/// Builds both.
pub fn build() -> io::Result<Servers> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (source, target) = source_and_target(here)?;
    let asyncline = here.join("../..").canonicalize()?;
    let dependency = format!(
        "\n[dependencies.asyncline]\npath = {:?}\ndefault-features = false\n",
        asyncline.display().to_string()
    );
    let bare = target.join("service/bare");
    copy(&source, &bare)?;
    append(&bare, OWN_WORKSPACE)?;
    let changed = target.join("service/changed");
    copy(&source, &changed)?;
    append(&changed, &format!("{dependency}{OWN_WORKSPACE}"))?;
    for change in &CHANGES {
        change.make(&changed)?;
    }
    let built = |copy: &Path| -> io::Result<PathBuf> {
        // Both use the same versions of everything, those that were locked here.
        fs::copy(here.join("Cargo.lock"), copy.join("Cargo.lock"))?;
        let manifest = copy.join("Cargo.toml");
        let target = copy.join("target");
        cargo(&manifest, &target, &["--bin", PROGRAM])?;
        Ok(target.join("release").join(PROGRAM))
    };
    Ok(Servers {
        bare: built(&bare)?,
        changed: built(&changed)?,
    })
}

/// Builds the program `asyncline`, which is the viewer.
pub fn viewer() -> io::Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = root.join("target");
    cargo(
        &root.join("Cargo.toml"),
        &target,
        &["--bin", "asyncline", "--locked"],
    )?;
    Ok(target.join("release/asyncline"))
}

/// The lines that are changed, for whoever reads the results.
pub fn changes() -> Vec<String> {
    let lines = CHANGES.iter();
    let lines = lines.map(|change| format!("{}: {} -> {}", change.file, change.from, change.to));
    lines.collect()
}

impl Change {
    fn make(&self, package: &Path) -> io::Result<()> {
        let path = package.join(self.file);
        let text = fs::read_to_string(&path)?;
        let found = text.lines().filter(|line| line.trim() == self.from).count();
        if found != 1 {
            let message = format!("{} has {found} lines `{}`, not one", self.file, self.from);
            return Err(io::Error::other(message));
        }
        // Only that line is exactly this, so that comments with the same words stay as they are.
        let lines = text.lines().map(|line| {
            if line.trim() == self.from {
                line.replace(self.from, self.to)
            } else {
                line.to_owned()
            }
        });
        let lines: Vec<_> = lines.collect();
        fs::write(&path, lines.join("\n") + "\n")
    }
}

/// Where cargo keeps the server's source, and where it builds this bench.
fn source_and_target(here: &Path) -> io::Result<(PathBuf, PathBuf)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .arg("--manifest-path")
        .arg(here.join("Cargo.toml"))
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other(
            String::from_utf8_lossy(&output.stderr).into_owned(),
        ));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let mut manifests = packages
        .filter(|package| package["name"] == PACKAGE)
        .filter_map(|package| Path::new(package["manifest_path"].as_str()?).parent());
    let source = manifests
        .next()
        .ok_or_else(|| io::Error::other(format!("cargo knows no {PACKAGE}")))?;
    let target = metadata["target_directory"].as_str();
    let target = target.ok_or_else(|| io::Error::other("cargo names no target directory"))?;
    Ok((source.to_owned(), target.into()))
}

/// Copies a package, and leaves what was built in an older copy.
fn copy(source: &Path, into: &Path) -> io::Result<()> {
    fs::create_dir_all(into)?;
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        let to = into.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            fs::write(&to, fs::read(entry.path())?)?;
        }
    }
    Ok(())
}

fn append(package: &Path, text: &str) -> io::Result<()> {
    let path = package.join("Cargo.toml");
    let manifest = fs::read_to_string(&path)?;
    fs::write(&path, manifest + text)
}

fn cargo(manifest: &Path, target: &Path, arguments: &[&str]) -> io::Result<()> {
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--manifest-path"])
        .arg(manifest)
        .arg("--target-dir")
        .arg(target)
        .args(arguments)
        .status()?;
    if status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "{} cannot be built",
        manifest.display()
    )))
}
