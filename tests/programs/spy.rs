//! The log that a program keeps of itself.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use tokio::runtime::Handle;
use tokio::time::Instant;

#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Virtual nanoseconds since the beginning.
    pub at: u64,
    pub name: String,
    pub what: What,
}

impl Entry {
    fn is_end_of(&self, name: &str) -> bool {
        let goes_on = matches!(self.what, What::Resumed | What::Suspended | What::Woken(_));
        self.name == name && !goes_on
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Resumed,
    Suspended,
    Completed,
    Panicked,
    Woken(Cause),
    Dropped(Why),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    Lane(String),
    Itself,
    Timer,
    /// Nothing that the program waited for.
    Mystery,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    Aborted(Option<String>),
    Dropped,
    LostSelect,
    TimedOut,
    Shutdown,
}

/// Who wakes a task where nobody is being polled.
#[derive(Clone, Debug)]
pub enum Expected {
    Timer,
    Itself,
    EndOf(String),
    /// Always one that is being polled, or dropped.
    Somebody,
    /// One of its branches, which passes the wake on.
    Branch,
}

#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    begin: Option<Instant>,
    latest: u64,
    entries: Vec<Entry>,
    expected: HashMap<String, Expected>,
    branches: HashMap<String, usize>,
    /// How often each one yielded and was not woken for it yet: that may come when it waits for something else.
    yields: HashMap<String, usize>,
    end: usize,
}

#[derive(Clone, Default)]
struct Thread {
    current: Option<String>,
    waking: Option<Cause>,
    dropping: Option<Why>,
}

thread_local!(static THREAD: RefCell<Thread> = RefCell::default());

/// Changes what is known of this thread while `f` runs, also if it panics.
fn during<R>(change: impl FnOnce(&mut Thread), f: impl FnOnce() -> R) -> R {
    struct Back(Option<Thread>);
    impl Drop for Back {
        fn drop(&mut self) {
            THREAD.set(self.0.take().unwrap());
        }
    }
    let before = THREAD.with_borrow(Clone::clone);
    let _back = Back(Some(before));
    THREAD.with_borrow_mut(change);
    f()
}

fn thread() -> Thread {
    THREAD.with_borrow(Clone::clone)
}

impl Log {
    pub fn begin(&self) {
        self.0.lock().unwrap().begin = Some(Instant::now());
    }

    pub fn entries(&self) -> Vec<Entry> {
        self.0.lock().unwrap().entries.clone()
    }

    /// Notes that the root is about to end; the runtime drops what is left, in no order that a program could know.
    pub fn close(&self) {
        let mut state = self.0.lock().unwrap();
        state.end = state.entries.len();
    }

    /// How many entries there were at the root's end.
    pub fn end(&self) -> usize {
        self.0.lock().unwrap().end
    }

    /// Notes who will wake the one that runs if nobody else does.
    pub fn expect(&self, expected: Expected) {
        let name = thread().current.expect("somebody runs");
        let mut state = self.0.lock().unwrap();
        if matches!(expected, Expected::Itself) {
            *state.yields.entry(name.clone()).or_default() += 1;
        }
        state.expected.insert(name, expected);
    }

    fn note(&self, name: &str, what: What) {
        let mut state = self.0.lock().unwrap();
        // Outside of the runtime, while it is being dropped, no virtual time passes.
        if Handle::try_current().is_ok() {
            state.latest = state.begin.unwrap().elapsed().as_nanos() as u64;
        }
        let at = state.latest;
        let name = name.to_owned();
        state.entries.push(Entry { at, name, what });
    }

    fn next_branch_of(&self, parent: &str) -> String {
        let mut state = self.0.lock().unwrap();
        let count = state.branches.entry(parent.to_owned()).or_default();
        *count += 1;
        format!("{parent}/{count}")
    }

    fn cause(&self, of: &str) -> Cause {
        let thread = thread();
        match (thread.waking, thread.current) {
            (Some(passed_on), _) => passed_on,
            (None, Some(current)) if current == of => Cause::Itself,
            (None, Some(current)) => Cause::Lane(current),
            (None, None) => self.0.lock().unwrap().cause_from_outside(of),
        }
    }
}

impl State {
    fn cause_from_outside(&mut self, of: &str) -> Cause {
        let expected = self.expected.get(of);
        if let Some(Expected::EndOf(task)) = expected
            && self.entries.last().is_some_and(|last| last.is_end_of(task))
        {
            return Cause::Lane(task.clone());
        }
        if let Some(yields) = self.yields.get_mut(of).filter(|yields| **yields > 0) {
            *yields -= 1;
            return Cause::Itself;
        }
        match expected {
            Some(Expected::Timer) => Cause::Timer,
            _ => Cause::Mystery,
        }
    }
}

/// Who called `abort` on a task first.
#[derive(Default)]
pub struct Aborted(Mutex<Option<Why>>);

impl Aborted {
    pub fn by_current(&self) {
        let by = Why::Aborted(thread().current);
        self.0.lock().unwrap().get_or_insert(by);
    }
}

/// The branches of a join, select or timeout.
pub struct Group {
    /// Why the others are dropped when one is ready.
    losers: Option<Why>,
    decided: AtomicBool,
    /// Why a branch is dropped when nobody dropped what is around it.
    otherwise: Why,
}

impl Group {
    fn new(losers: Option<Why>, otherwise: Why) -> Arc<Self> {
        let decided = AtomicBool::new(false);
        Arc::new(Self {
            losers,
            decided,
            otherwise,
        })
    }

    pub fn join() -> Arc<Self> {
        Self::new(None, Why::Dropped)
    }

    pub fn select() -> Arc<Self> {
        Self::new(Some(Why::LostSelect), Why::Dropped)
    }

    pub fn timeout() -> Arc<Self> {
        Self::new(None, Why::TimedOut)
    }
}

enum Kind {
    Task(Arc<Aborted>),
    Branch(Arc<Group>),
}

/// A body whose polls, wakes and end are noted in the log.
pub struct Spy {
    inner: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    log: Log,
    /// A branch gets its name when it is polled first.
    name: Option<String>,
    kind: Kind,
    over: Arc<AtomicBool>,
}

impl Spy {
    pub fn task(log: &Log, name: String, inner: Pin<Box<dyn Future<Output = ()> + Send>>) -> Self {
        Self {
            inner: Some(inner),
            log: log.clone(),
            name: Some(name),
            kind: Kind::Task(Arc::default()),
            over: Arc::default(),
        }
    }

    pub fn branch(
        log: &Log,
        group: &Arc<Group>,
        inner: Pin<Box<dyn Future<Output = ()> + Send>>,
    ) -> Self {
        Self {
            inner: Some(inner),
            log: log.clone(),
            name: None,
            kind: Kind::Branch(Arc::clone(group)),
            over: Arc::default(),
        }
    }

    pub fn aborted(&self) -> Arc<Aborted> {
        match &self.kind {
            Kind::Task(aborted) => Arc::clone(aborted),
            Kind::Branch(_) => unreachable!("branches are not aborted"),
        }
    }

    fn why_dropped(&self) -> Why {
        let around = thread().dropping;
        match &self.kind {
            Kind::Task(aborted) => {
                let aborted = aborted.0.lock().unwrap().clone();
                aborted.unwrap_or(Why::Shutdown)
            }
            Kind::Branch(group) => match &group.losers {
                Some(lost) if group.decided.load(SeqCst) => lost.clone(),
                _ if around.is_some() => around.unwrap(),
                _ if std::thread::panicking() => Why::Dropped,
                _ => group.otherwise.clone(),
            },
        }
    }
}

impl Future for Spy {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let log = this.log.clone();
        let name = this.name.get_or_insert_with(|| {
            let parent = thread().current.expect("a branch is polled by its parent");
            log.next_branch_of(&parent)
        });
        let name = name.clone();
        log.note(&name, What::Resumed);
        let end = EndOfPoll(&log, &name, &this.over);
        let waker = Waker::from(Arc::new(SpyWaker {
            log: log.clone(),
            name: name.clone(),
            over: Arc::clone(&this.over),
            inner: cx.waker().clone(),
        }));
        let change = |thread: &mut Thread| {
            thread.current = Some(name.clone());
            thread.dropping = None;
            thread.waking = None;
        };
        let result = during(change, || {
            let inner = this.inner.as_mut().expect("it is polled until it is ready");
            let result = inner.as_mut().poll(&mut Context::from_waker(&waker));
            if result.is_ready() {
                this.inner = None;
            }
            result
        });
        std::mem::forget(end);
        if result.is_ready() {
            this.over.store(true, SeqCst);
            log.note(&name, What::Completed);
            if let Kind::Branch(group) = &this.kind {
                group.decided.store(true, SeqCst);
            }
        } else {
            log.note(&name, What::Suspended);
        }
        result
    }
}

struct EndOfPoll<'a>(&'a Log, &'a str, &'a AtomicBool);

impl Drop for EndOfPoll<'_> {
    fn drop(&mut self) {
        self.2.store(true, SeqCst);
        self.0.note(self.1, What::Panicked);
    }
}

impl Drop for Spy {
    fn drop(&mut self) {
        let Some(name) = &self.name else { return };
        if self.over.load(SeqCst) {
            return;
        }
        let why = self.why_dropped();
        let change = |thread: &mut Thread| {
            thread.current = Some(name.clone());
            thread.dropping = Some(why.clone());
            thread.waking = None;
        };
        during(change, || self.inner = None);
        self.over.store(true, SeqCst);
        self.log.note(name, What::Dropped(why));
    }
}

struct SpyWaker {
    log: Log,
    name: String,
    over: Arc<AtomicBool>,
    inner: Waker,
}

impl Wake for SpyWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let cause = self.log.cause(&self.name);
        if !self.over.load(SeqCst) {
            self.log.note(&self.name, What::Woken(cause.clone()));
        }
        during(
            |thread| thread.waking = Some(cause),
            || self.inner.wake_by_ref(),
        );
    }
}
