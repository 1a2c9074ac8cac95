//! dial9: its recorder attached to the runtime, tasks spawned through it, segments on disk.

use std::fs;
use std::future::Future;
use std::io;
use std::time::Duration;

use dial9::format::Decoder;
use dial9::{Dial9HandleTokioExt, DiskBuffer, Recorder, TokioAttachOptions};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::counted::{self, Counted};
use crate::harness::tool::{Kept, Spawn, Tool, runtime};

pub struct Dial9 {
    runtime: Runtime,
    recorder: Recorder,
    directory: TempDir,
}

impl Dial9 {
    pub fn new(threads: usize) -> io::Result<Self> {
        let directory = tempfile::tempdir()?;
        // Large enough that it never deletes a segment, which would look like a loss.
        let buffer = DiskBuffer::builder()
            .base_path(directory.path())
            .max_file_size(64 << 20)
            .max_total_size(16 << 30)
            .build()?;
        let recorder = dial9::recorder(buffer).build();
        let options = TokioAttachOptions::builder()
            .task_tracking_enabled(true)
            .build();
        let runtime = recorder
            .handle()
            .attach_tokio_runtime(runtime(threads), options)?;
        Ok(Self {
            runtime,
            recorder,
            directory,
        })
    }

    /// Ends the recording, which lies in this directory.
    pub fn end(self) -> TempDir {
        drop(self.runtime);
        self.recorder.graceful_shutdown(Duration::from_secs(10));
        self.directory
    }
}

#[derive(Clone)]
pub struct Traced;

impl Spawn for Traced {
    type Handle<T: Send + 'static> = JoinHandle<T>;

    fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        dial9::spawn(Counted::new(future))
    }
}

impl Tool for Dial9 {
    type Spawn = Traced;

    fn spawner(&self) -> Traced {
        Traced
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    fn finish(self) -> io::Result<Kept> {
        let directory = self.end();
        let (mut bytes, mut events, mut polls) = (0, 0, 0);
        for file in files(directory.path())? {
            let data = fs::read(file)?;
            let Some(mut decoder) = Decoder::new(&data) else {
                continue;
            };
            bytes += data.len() as u64;
            decoder
                .for_each_event(|event| {
                    events += 1;
                    polls += u64::from(matches!(event.name, "PollStartEvent" | "PollEndEvent"));
                })
                .map_err(|error| io::Error::other(error.to_string()))?;
        }
        Ok(Kept {
            bytes: Some(bytes),
            events: Some(events),
            lost: Some((2 * counted::polls()).saturating_sub(polls)),
        })
    }
}

/// The files in a directory and those below it.
pub fn files(directory: &std::path::Path) -> io::Result<Vec<std::path::PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(self::files(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}
