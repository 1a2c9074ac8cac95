//! Where the sockets of programs are that can be watched.

use std::env;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// The directory of this user's sockets. It is created, for nobody else to enter.
///
/// # Errors
///
/// Where it cannot be created, or belongs to somebody else.
pub(crate) fn directory() -> io::Result<PathBuf> {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let runtime = runtime.filter(|runtime| runtime.is_absolute() && runtime.is_dir());
    let directory = match runtime {
        Some(runtime) => runtime.join("asyncline"),
        None => env::temp_dir().join(format!("asyncline-{}", user()?)),
    };
    match DirBuilder::new().mode(0o700).create(&directory) {
        Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {}
        created => created?,
    }
    // Somebody else may have been there first, where all may write.
    let found = fs::symlink_metadata(&directory)?;
    if !found.is_dir() || found.uid() != user()? || found.mode() & 0o077 != 0 {
        let why = format!(
            "{} is not a directory of this user alone",
            directory.display()
        );
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    }
    Ok(directory)
}

/// The number of the user that this process acts for.
pub(crate) fn user() -> io::Result<u32> {
    // Whatever is created belongs to it.
    let (here, _there) = UnixStream::pair()?;
    Ok(fs::File::from(OwnedFd::from(here)).metadata()?.uid())
}

/// The socket of this process, unless another one is asked for.
pub(crate) fn of_process(process: u32) -> io::Result<PathBuf> {
    Ok(directory()?.join(format!("{process}.sock")))
}

/// The socket of a viewer that begins programs.
#[cfg(feature = "app")]
pub(crate) fn of_viewer() -> io::Result<PathBuf> {
    Ok(directory()?.join(format!("exec-{}.sock", std::process::id())))
}

/// Removes the sockets of viewers that begin programs whose process is gone, or whose number is this process's.
#[cfg(feature = "app")]
pub(crate) fn remove_left() -> io::Result<()> {
    for entry in fs::read_dir(directory()?)? {
        let path = entry?.path();
        let viewer = path.file_stem().and_then(|name| name.to_str());
        let process = viewer.and_then(|name| name.strip_prefix("exec-")?.parse().ok());
        // Nobody can ask at the socket itself: whoever comes there is taken for the program.
        if process.is_some_and(|process| process == std::process::id() || !runs(process)) {
            remove(&path);
        }
    }
    Ok(())
}

#[cfg(feature = "app")]
fn runs(process: u32) -> bool {
    let process = i32::try_from(process).ok();
    let process = process.and_then(rustix::process::Pid::from_raw);
    let gone = Err(rustix::io::Errno::SRCH);
    process.is_some_and(|process| rustix::process::test_kill_process(process) != gone)
}

/// The sockets of programs that run, or did: those that crashed leave theirs.
#[cfg(feature = "app")]
pub(crate) fn programs() -> io::Result<Vec<PathBuf>> {
    let of_program = |path: &PathBuf| {
        let name = path.file_stem().and_then(|name| name.to_str());
        let is_number = name.is_some_and(|name| name.parse::<u32>().is_ok());
        is_number && path.extension().is_some_and(|ending| ending == "sock")
    };
    let entries = fs::read_dir(directory()?)?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut programs: Vec<PathBuf> = paths.filter(of_program).collect();
    programs.sort();
    Ok(programs)
}

/// Removes a socket that nobody listens at any more.
pub(crate) fn remove(socket: &Path) {
    // One that is gone is as good.
    let _ = fs::remove_file(socket);
}
