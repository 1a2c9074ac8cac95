//! Random programs, and how they run.

pub mod spy;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Once};
use std::time::Duration;

use asyncline::probe::yield_now;
use asyncline::{JoinHandle, spawn_named};
use proptest::prelude::*;
use spy::{Aborted, Expected, Group, Log, Spy};
use tokio::sync::{Mutex, Semaphore, mpsc};

/// What a task or branch does, one after another.
pub type Ops = Vec<Op>;

/// What the first task does; all others are within it.
pub type Program = Ops;

#[derive(Clone, Debug)]
pub enum Op {
    Sleep(u64),
    Yield,
    Spawn(Ops),
    /// Awaits one of the tasks that it has spawned, if it has any.
    Join(usize),
    Abort(usize),
    /// Drops a task's join handle.
    Detach(usize),
    Send(usize),
    Receive(usize),
    Permit(usize, u64),
    Panic,
    Gather(Ops, Ops),
    Select(Ops, Ops),
    Timeout(u64, Ops),
}

pub fn program() -> impl Strategy<Value = Program> {
    ops(3)
}

fn ops(depth: u32) -> BoxedStrategy<Ops> {
    let simple = prop_oneof![
        6 => (0..5_u64).prop_map(Op::Sleep),
        3 => Just(Op::Yield),
        4 => (0..3_usize).prop_map(Op::Join),
        2 => (0..3_usize).prop_map(Op::Abort),
        1 => (0..3_usize).prop_map(Op::Detach),
        3 => (0..2_usize).prop_map(Op::Send),
        3 => (0..2_usize).prop_map(Op::Receive),
        3 => (0..2_usize, 0..4_u64).prop_map(|(which, time)| Op::Permit(which, time)),
        1 => Just(Op::Panic),
    ];
    if depth == 0 {
        return prop::collection::vec(simple, 0..4).boxed();
    }
    let within = ops(depth - 1);
    let op = prop_oneof![
        12 => simple,
        6 => within.clone().prop_map(Op::Spawn),
        2 => (within.clone(), within.clone()).prop_map(|(a, b)| Op::Gather(a, b)),
        2 => (within.clone(), within.clone()).prop_map(|(a, b)| Op::Select(a, b)),
        2 => (0..6_u64, within).prop_map(|(time, ops)| Op::Timeout(time, ops)),
    ];
    prop::collection::vec(op, 0..7).boxed()
}

/// Keeps panics on purpose off the terminal.
pub fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.payload().downcast_ref::<&str>() != Some(&"on purpose") {
                others(panic);
            }
        }));
    });
}

/// What the tasks of a program share.
struct World {
    log: Log,
    channels: [(mpsc::Sender<u8>, Mutex<mpsc::Receiver<u8>>); 2],
    permits: [Semaphore; 2],
}

/// Runs a program, for an hour at most: it may wait for what never comes.
pub async fn root(program: Program, log: Log) {
    log.begin();
    let channel = || {
        let (sender, receiver) = mpsc::channel(1);
        (sender, Mutex::new(receiver))
    };
    let world = Arc::new(World {
        log,
        channels: [channel(), channel()],
        permits: [Semaphore::new(1), Semaphore::new(2)],
    });
    let main = Spy::task(&world.log, "t".into(), body(&world, "t", program));
    let main = spawn_named("t", main);
    let _ = tokio::time::timeout(Duration::from_secs(3600), main).await;
    world.log.close();
}

type Body = Pin<Box<dyn Future<Output = ()> + Send>>;

fn body(world: &Arc<World>, path: &str, ops: Ops) -> Body {
    let (world, path) = (Arc::clone(world), path.to_owned());
    Box::pin(async move {
        let mut tasks = Vec::new();
        for (index, op) in ops.into_iter().enumerate() {
            perform(&world, format!("{path}.{index}"), op, &mut tasks).await;
        }
    })
}

struct Task {
    name: String,
    handle: JoinHandle<()>,
    aborted: Arc<Aborted>,
}

async fn perform(world: &Arc<World>, path: String, op: Op, tasks: &mut Vec<Task>) {
    let log = &world.log;
    match op {
        Op::Sleep(millis) => {
            log.expect(Expected::Timer);
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
        Op::Yield => {
            log.expect(Expected::Itself);
            yield_now().await;
        }
        Op::Spawn(ops) => {
            let spy = Spy::task(log, path.clone(), body(world, &path, ops));
            tasks.push(Task {
                aborted: spy.aborted(),
                handle: spawn_named(path.clone(), spy),
                name: path,
            });
        }
        Op::Join(which) if !tasks.is_empty() => {
            let task = tasks.remove(which % tasks.len());
            log.expect(Expected::EndOf(task.name));
            let _ = task.handle.await;
        }
        Op::Abort(which) if !tasks.is_empty() => {
            let task = &tasks[which % tasks.len()];
            task.aborted.by_current();
            task.handle.abort();
        }
        Op::Detach(which) if !tasks.is_empty() => drop(tasks.remove(which % tasks.len())),
        Op::Join(_) | Op::Abort(_) | Op::Detach(_) => {}
        Op::Send(which) => {
            log.expect(Expected::Somebody);
            let _ = world.channels[which].0.send(1).await;
        }
        Op::Receive(which) => {
            log.expect(Expected::Somebody);
            let mut receiver = world.channels[which].1.lock().await;
            receiver.recv().await;
        }
        Op::Permit(which, millis) => {
            log.expect(Expected::Somebody);
            let _permit = world.permits[which].acquire().await;
            log.expect(Expected::Timer);
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
        Op::Panic => std::panic::panic_any("on purpose"),
        Op::Gather(a, b) => {
            log.expect(Expected::Branch);
            let (a, b) = branches(world, &Group::join(), &path, a, b);
            asyncline::gather!(a, b);
        }
        Op::Select(a, b) => {
            log.expect(Expected::Branch);
            let (a, b) = branches(world, &Group::select(), &path, a, b);
            asyncline::select! {
                biased;
                () = a => {}
                () = b => {}
            }
        }
        Op::Timeout(millis, ops) => {
            log.expect(Expected::Timer);
            let inner = Spy::branch(log, &Group::timeout(), body(world, &path, ops));
            let _ = asyncline::probe::timeout(Duration::from_millis(millis), inner).await;
        }
    }
}

fn branches(world: &Arc<World>, group: &Arc<Group>, path: &str, a: Ops, b: Ops) -> (Spy, Spy) {
    let a = Spy::branch(&world.log, group, body(world, &format!("{path}a"), a));
    let b = Spy::branch(&world.log, group, body(world, &format!("{path}b"), b));
    (a, b)
}
