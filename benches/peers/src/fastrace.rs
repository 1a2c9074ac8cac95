//! fastrace: each task a span, each poll a local span in it. It has no file format; the reporter writes ids, times and
//! name, which is the least that tells the spans apart.

use std::fs::File;
use std::future::Future;
use std::io::{self, BufWriter, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use fastrace::Span;
use fastrace::collector::{Config, Reporter, SpanContext, SpanRecord};
use fastrace::future::FutureExt;
use tempfile::NamedTempFile;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::counted::{self, Counted};
use crate::harness::tool::{Kept, Spawn, Tool, runtime};

/// A span that is whole stands for two events, its start and its end.
const EVENTS_PER_SPAN: u64 = 2;
const ROOT: &str = "slice";

static SPANS: AtomicU64 = AtomicU64::new(0);
static ROOTS: AtomicU64 = AtomicU64::new(0);

pub struct Fastrace {
    runtime: Runtime,
    file: NamedTempFile,
}

impl Fastrace {
    pub fn new(threads: usize) -> io::Result<Self> {
        let file = NamedTempFile::new()?;
        let to_file = ToFile(BufWriter::new(file.reopen()?));
        fastrace::set_reporter(to_file, Config::default());
        Ok(Self {
            runtime: runtime(threads).build()?,
            file,
        })
    }
}

struct ToFile(BufWriter<File>);

impl ToFile {
    fn write(&mut self, span: &SpanRecord) -> io::Result<()> {
        self.0.write_all(&span.trace_id.0.to_le_bytes())?;
        self.0.write_all(&span.span_id.0.to_le_bytes())?;
        self.0.write_all(&span.parent_id.0.to_le_bytes())?;
        self.0.write_all(&span.begin_time_unix_ns.to_le_bytes())?;
        self.0.write_all(&span.duration_ns.to_le_bytes())?;
        self.0.write_all(&(span.name.len() as u32).to_le_bytes())?;
        self.0.write_all(span.name.as_bytes())
    }
}

impl Reporter for ToFile {
    fn report(&mut self, spans: Vec<SpanRecord>) {
        for span in &spans {
            self.write(span).expect("the trace can be written");
            let count = if span.name == ROOT { &ROOTS } else { &SPANS };
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.0.flush().expect("the trace can be written");
    }
}

#[derive(Clone)]
pub struct InSpan;

impl Spawn for InSpan {
    type Handle<T: Send + 'static> = JoinHandle<T>;

    fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let polled = Counted::new(future).enter_on_poll("poll");
        tokio::spawn(polled.in_span(Span::enter_with_local_parent("task")))
    }
}

impl Tool for Fastrace {
    type Spawn = InSpan;

    fn spawner(&self) -> InSpan {
        InSpan
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        let root = Span::root(ROOT, SpanContext::random());
        self.runtime.block_on(future.in_span(root))
    }

    fn settle(&self) {
        fastrace::flush();
    }

    fn finish(self) -> io::Result<Kept> {
        drop(self.runtime);
        fastrace::flush();
        let spans = SPANS.load(Ordering::Relaxed);
        let expected = counted::polls() + counted::tasks();
        Ok(Kept {
            bytes: Some(self.file.path().metadata()?.len()),
            events: Some((spans + ROOTS.load(Ordering::Relaxed)) * EVENTS_PER_SPAN),
            lost: Some(expected.saturating_sub(spans) * EVENTS_PER_SPAN),
        })
    }
}
