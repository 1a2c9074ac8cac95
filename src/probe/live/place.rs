//! Where the sockets of programs are that can be watched.

use std::env;
use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};

use crate::event::printable;
use crate::journal::file::is_same;
use crate::journal::private;

/// The directory of this user's sockets. It is created, for nobody else to enter.
///
/// # Errors
///
/// If it cannot be created, or belongs to somebody else.
pub(crate) fn directory() -> io::Result<PathBuf> {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let runtime = runtime.filter(|runtime| runtime.is_absolute() && runtime.is_dir());
    let directory = match runtime {
        Some(runtime) => {
            check_owner(&runtime)?;
            runtime.join("asyncline")
        }
        None => env::temp_dir().join(format!("asyncline-{}", private::user()?)),
    };
    match DirBuilder::new().mode(0o700).create(&directory) {
        Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {}
        created => created?,
    }
    // Somebody else may have been there first, where all may write.
    let found = fs::symlink_metadata(&directory)?;
    if !found.is_dir() || found.uid() != private::user()? || found.mode() & 0o077 != 0 {
        let why = format!(
            "{} is not a directory of this user alone",
            printable::path(&directory)
        );
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    }
    Ok(directory)
}

/// Checks that a runtime directory is this user's. An administrator could create files in another user's directory, which
/// that user could not use any more.
fn check_owner(runtime: &Path) -> io::Result<()> {
    let owner = fs::metadata(runtime)?.uid();
    if owner == private::user()? {
        return Ok(());
    }
    let why = format!(
        "XDG_RUNTIME_DIR is {}, which belongs to another user (uid {owner}): set it to one of your own, or unset it",
        printable::path(runtime)
    );
    Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
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

/// Removes the sockets of viewers that started programs and were killed.
#[cfg(feature = "app")]
pub(crate) fn remove_left() -> io::Result<()> {
    for path in sockets(|name| name.starts_with("exec-"))? {
        // A socket that is in use stays.
        let _ = clear(&path);
    }
    Ok(())
}

/// Returns the sockets of programs that run or crashed.
#[cfg(feature = "app")]
pub(crate) fn programs() -> io::Result<Vec<PathBuf>> {
    sockets(|name| name.parse::<u32>().is_ok())
}

/// Returns the sockets in this user's directory with names of this kind, sorted.
#[cfg(feature = "app")]
fn sockets(is_wanted: impl Fn(&str) -> bool) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory()?)?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut sockets: Vec<PathBuf> = paths
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.and_then(|name| name.strip_suffix(".sock"));
            name.is_some_and(&is_wanted)
        })
        .collect();
    sockets.sort();
    Ok(sockets)
}

/// Makes room for a socket: removes this user's socket if its process was killed. Anything else stays.
///
/// # Errors
///
/// `AddrInUse` if a process uses the socket; another kind if the path holds anything else, or it cannot be removed.
pub(crate) fn clear(path: &Path) -> io::Result<()> {
    let found = match fs::symlink_metadata(path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    if !found.file_type().is_socket() {
        let why = "it exists and is not a socket";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
    }
    if found.uid() != private::user()? {
        return Err(of_another_user(found.uid()));
    }
    if is_in_use(path)? {
        return Err(io::ErrorKind::AddrInUse.into());
    }
    remove(path, &found)
}

/// Returns a clearer error than the system's for a socket that cannot be reached.
#[cfg(feature = "app")]
pub(crate) fn why_unreachable(path: &Path, error: io::Error) -> io::Error {
    let words = |why: &str| io::Error::new(error.kind(), why);
    let Ok(found) = fs::metadata(path) else {
        return match fs::symlink_metadata(path) {
            Ok(_) if error.kind() == io::ErrorKind::NotFound => words("it is a broken link"),
            _ => error,
        };
    };
    match error.kind() {
        io::ErrorKind::PermissionDenied
            if private::user().is_ok_and(|ours| ours != found.uid()) =>
        {
            of_another_user(found.uid())
        }
        io::ErrorKind::ConnectionRefused if found.file_type().is_socket() => {
            words("its program has ended")
        }
        io::ErrorKind::ConnectionRefused => words("it is not a socket"),
        _ => error,
    }
}

/// Returns the error for something that belongs to another user.
pub(crate) fn of_another_user(user: u32) -> io::Error {
    let why = format!("it belongs to another user (uid {user})");
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

/// Returns whether a process has this socket open.
fn is_in_use(socket: &Path) -> io::Result<bool> {
    // Connecting with another socket type than the listener's always fails, so it neither waits for the process nor looks
    // like a viewer to it. The system returns a different error if the process is gone.
    match UnixDatagram::unbound()?.connect(socket) {
        Err(why) if why.kind() == io::ErrorKind::ConnectionRefused => Ok(false),
        _ => Ok(true),
    }
}

/// Removes the file found at a path, if it is still the same one.
fn remove(path: &Path, found: &Metadata) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(now) if is_same(&now, found) => fs::remove_file(path),
        _ => Ok(()),
    }
}

/// A socket at which this process listens.
#[derive(Clone, Debug)]
pub(crate) struct Socket {
    path: PathBuf,
    made: Metadata,
}

impl Socket {
    /// Listens at a path, for this user alone. An existing file stays, unless it is the socket of a killed process of
    /// this user.
    ///
    /// # Errors
    ///
    /// As [`clear`], or if the system refuses the socket.
    pub(crate) fn listen(path: PathBuf) -> io::Result<(UnixListener, Self)> {
        clear(&path)?;
        let listener = UnixListener::bind(&path)?;
        listener.set_nonblocking(true)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        let made = fs::symlink_metadata(&path)?;
        Ok((listener, Self { path, made }))
    }

    /// Its path.
    #[cfg(feature = "app")]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it. A file that somebody else put in its place stays.
    pub(crate) fn remove(&self) {
        // If it cannot be removed, the next process that wants its path does so.
        let _ = remove(&self.path, &self.made);
    }
}
