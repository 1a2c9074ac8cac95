//! A program that is begun here, to be watched.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::net::UnixListener;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::attach::{Attached, Error};
use super::spool::Spool;
use crate::probe::live::place::{self, Socket};
use crate::probe::output::{CONTROL, VARIABLE};

/// Number of lines of its output that are kept.
const LINES: usize = 2000;
/// No line is longer, in bytes.
const LONGEST: u64 = 4096;
/// Interval of the checks whether it has come, or has ended.
const PULSE: Duration = Duration::from_millis(5);
/// Time limit for it to end once it is asked to.
const PATIENCE: Duration = Duration::from_secs(2);

/// A program that was begun here.
#[derive(Debug)]
pub struct Launched {
    child: Child,
    socket: Socket,
    listener: UnixListener,
    printed: Arc<Mutex<VecDeque<String>>>,
}

/// The destination of a program's output.
#[derive(Debug)]
pub enum Printing {
    /// It is kept, to be shown.
    Kept,
    /// Into this file.
    To(File),
    /// To where this one's goes.
    Here,
}

impl Launched {
    /// Begins a program.
    ///
    /// # Errors
    ///
    /// Where there can be no socket for it, or where it cannot be begun.
    pub fn begin(program: &[OsString], printing: Printing) -> io::Result<Self> {
        place::remove_left()?;
        let (listener, socket) = Socket::listen(place::of_viewer()?)?;
        let begun = command(program, printing, socket.path());
        let begun = begun.and_then(|mut command| command.spawn());
        let mut child = begun.inspect_err(|_| socket.remove())?;
        let printed = Arc::default();
        let outputs = [
            child
                .stdout
                .take()
                .map(|from| Box::new(from) as Box<dyn Read + Send>),
            child
                .stderr
                .take()
                .map(|from| Box::new(from) as Box<dyn Read + Send>),
        ];
        for from in outputs.into_iter().flatten() {
            let printed = Arc::clone(&printed);
            let thread = thread::Builder::new().name(crate::text::threads::name("printed"));
            thread.spawn(move || keep(from, &printed))?;
        }
        Ok(Self {
            child,
            socket,
            listener,
            printed,
        })
    }

    /// Waits until it tells what it does, which goes into this file; none where it has ended before it told anything.
    ///
    /// # Errors
    ///
    /// Where it says something else than it should.
    pub(crate) fn attach(&mut self, spool: Spool) -> Result<Option<Attached>, Error> {
        loop {
            if let Ok((stream, _)) = self.listener.accept() {
                return Attached::come(stream, spool).map(Some);
            }
            if self.ended().is_some() {
                return Ok(None);
            }
            thread::sleep(PULSE);
        }
    }

    /// Returns its exit status, once it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    ///
    /// Where the system does not tell.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait()
    }

    /// Returns what it has printed since the last call, line by line.
    pub fn printed(&self) -> Vec<String> {
        lock(&self.printed).drain(..).collect()
    }

    /// Ends it: asks it to first, as ctrl-c would, and does not wait for long.
    pub fn end(&mut self) -> Option<ExitStatus> {
        if let Some(status) = self.ended() {
            return Some(status);
        }
        if let Ok(process) = i32::try_from(self.child.id())
            && let Some(process) = rustix::process::Pid::from_raw(process)
        {
            // It may have ended just now.
            let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
        }
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            if let Some(status) = self.ended() {
                return Some(status);
            }
            thread::sleep(PULSE);
        }
        let _ = self.child.kill();
        self.child.wait().ok()
    }
}

impl Drop for Launched {
    fn drop(&mut self) {
        self.socket.remove();
    }
}

/// Returns the exit code that a shell gives for a program that ended like this.
pub fn exit_code(status: ExitStatus) -> u8 {
    let signal = status.signal().map(|signal| 128 + signal);
    let code = status.code().or(signal).unwrap_or(1);
    u8::try_from(code).unwrap_or(1)
}

fn command(program: &[OsString], printing: Printing, socket: &Path) -> io::Result<Command> {
    let Some((name, arguments)) = program.split_first() else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let mut to = OsString::from("to:");
    to.push(socket);
    let mut command = Command::new(name);
    command.args(arguments).env(VARIABLE, to);
    if std::env::var_os(CONTROL).is_none() {
        // Whoever begins a program may hold it.
        command.env(CONTROL, "1");
    }
    match printing {
        Printing::Kept => {
            command.stdin(Stdio::null());
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
        }
        Printing::To(file) => {
            command.stdin(Stdio::null());
            command.stdout(file.try_clone()?).stderr(file);
        }
        Printing::Here => {}
    }
    Ok(command)
}

fn lock(printed: &Mutex<VecDeque<String>>) -> MutexGuard<'_, VecDeque<String>> {
    printed.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns a line without color sequences: `ESC [`, parameters, and a final character.
fn without_colours(line: &str) -> String {
    let mut pieces = line.split("\x1b[");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let is_final = |character| matches!(character, '@'..='~');
        let end = piece.find(is_final).map_or(piece.len(), |end| end + 1);
        plain.push_str(&piece[end..]);
    }
    plain
}

/// Keeps the last lines that come from somewhere, until no more come.
fn keep(from: impl Read, printed: &Mutex<VecDeque<String>>) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut from).take(LONGEST).read_until(b'\n', &mut line);
        if !matches!(read, Ok(1..)) {
            return;
        }
        let text = String::from_utf8_lossy(&line);
        let mut printed = lock(printed);
        printed.push_back(without_colours(text.trim_end()));
        if printed.len() > LINES {
            printed.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_taken_out_of_what_a_program_prints() {
        let lines = [
            (
                "\x1b[2m12:00\x1b[0m \x1b[1;32mINFO\x1b[0m ready",
                "12:00 INFO ready",
            ),
            ("plain [x]", "plain [x]"),
            ("\x1b[", ""),
            ("\x1b[1;", ""),
            ("a\x1b]0;title\x07b", "a\x1b]0;title\x07b"),
            ("작업\x1b[K끝", "작업끝"),
        ];
        for (line, plain) in lines {
            assert_eq!(without_colours(line), plain);
        }
    }
}
