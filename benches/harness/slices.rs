//! Slices: how long operations take without and with a tool, in turns.

use std::fs;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;

use super::tool::{Bare, Kept, Spawn, Tool};
use super::workload::Case;

/// How much is measured.
pub struct Plan {
    /// Slices of each kind.
    pairs: usize,
    /// About how long each is.
    slice: Duration,
    /// For how long the tool then runs without a pause: whether it keeps up shows in what it lost, and in its memory.
    sustained: Duration,
}

impl Plan {
    pub const FULL: Self = Self {
        pairs: 11,
        slice: Duration::from_millis(40),
        sustained: Duration::from_secs(1),
    };
    pub const QUICK: Self = Self {
        pairs: 5,
        slice: Duration::from_millis(10),
        sustained: Duration::from_millis(200),
    };

    /// For a tool that takes much memory.
    #[allow(dead_code, reason = "not every bench has such a tool")]
    pub fn smaller(&self) -> Self {
        Self {
            pairs: self.pairs.min(9),
            slice: self.slice / 2,
            sustained: Duration::ZERO,
        }
    }
}

/// What a tool costs. Times are per operation.
#[derive(Clone, Copy)]
pub struct Measured {
    /// Nanoseconds without it.
    pub bare_ns: f64,
    /// How many times as long it takes with the tool: the lower quartile, the median and the upper quartile.
    pub ratio: [f64; 3],
    /// Nanoseconds that it takes longer.
    pub added_ns: f64,
    /// Nanoseconds of CPU that it takes more, over all threads, those of the tool included.
    pub cpu_added_ns: f64,
    pub bytes_per_event: Option<f64>,
    pub lost: Option<u64>,
    /// Events that were not lost.
    pub events: Option<u64>,
    /// The most memory that the process had at a time, where that can be known.
    pub rss_mib: Option<f64>,
}

/// Nanoseconds per operation.
#[derive(Clone, Copy)]
struct Slice {
    wall: f64,
    cpu: f64,
}

/// A background thread has this long to begin with what is left to do; ticks are 10 ms or shorter as a rule.
const QUIET: Duration = Duration::from_millis(25);
/// A process that takes less of a CPU than this does nothing of weight.
const IDLE: f64 = 0.02;
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// Measures a tool beside tokio as it is.
pub fn measure<T: Tool>(tool: T, case: Case, plan: &Plan) -> io::Result<Measured> {
    let bare = Bare::new(case.threads)?;
    let bare_operations = operations_per_slice(&bare, case, plan)?;
    let tool_operations = operations_per_slice(&tool, case, plan)?;
    settle();
    let mut pairs = Vec::new();
    for pair in 0..plan.pairs {
        let without = || slice(&bare, case, bare_operations);
        let with = || slice(&tool, case, tool_operations);
        // Whatever the machine does at regular intervals is to hit both alike.
        pairs.push(if pair % 2 == 0 {
            let without = without()?;
            (without, with()?)
        } else {
            let with = with()?;
            (without()?, with)
        });
    }
    let began = Instant::now();
    while began.elapsed() < plan.sustained {
        run(&tool, case, tool_operations)?;
    }
    let rss_mib = peak_mib();
    Ok(summary(&pairs, tool.finish()?, rss_mib))
}

fn summary(pairs: &[(Slice, Slice)], kept: Kept, rss_mib: Option<f64>) -> Measured {
    let of = |what: fn(&(Slice, Slice)) -> f64| quartiles(pairs.iter().map(what).collect());
    Measured {
        bare_ns: of(|(without, _)| without.wall)[1],
        ratio: of(|(without, with)| with.wall / without.wall),
        added_ns: of(|(without, with)| with.wall - without.wall)[1],
        cpu_added_ns: of(|(without, with)| with.cpu - without.cpu)[1],
        bytes_per_event: kept.bytes_per_event(),
        lost: kept.lost,
        events: kept.events,
        rss_mib,
    }
}

/// How many operations take about as long as a slice is to be. They are warmed up by this, too.
fn operations_per_slice<T: Tool>(tool: &T, case: Case, plan: &Plan) -> io::Result<u64> {
    let mut operations = case.workload.rounded(64);
    loop {
        let elapsed = run(tool, case, operations)?.as_secs_f64();
        let missing = plan.slice.as_secs_f64() / elapsed.max(1e-9);
        if missing < 1.5 {
            return Ok(case.workload.rounded((operations as f64 * missing) as u64));
        }
        operations = case
            .workload
            .rounded((operations as f64 * missing.min(8.0)) as u64);
    }
}

fn slice<T: Tool>(tool: &T, case: Case, operations: u64) -> io::Result<Slice> {
    let cpu = ProcessTime::now();
    let wall = run(tool, case, operations)?;
    // What the tool's threads have yet to do belongs to this slice, and is not to disturb the next one.
    tool.settle();
    settle();
    Ok(Slice {
        wall: wall.as_nanos() as f64 / operations as f64,
        cpu: cpu.elapsed().as_nanos() as f64 / operations as f64,
    })
}

/// Runs the workload in a task, since the future of `block_on` is none, and on many threads has one of its own.
fn run<T: Tool>(tool: &T, case: Case, operations: u64) -> io::Result<Duration> {
    let spawn = tool.spawner();
    let began = Instant::now();
    tool.block_on(async {
        let work = case.workload.run(spawn.clone(), operations);
        spawn.spawn(work).await
    })??;
    Ok(began.elapsed())
}

/// Waits until the process does nothing any more.
fn settle() {
    let began = Instant::now();
    while began.elapsed() < LONGEST_WAIT {
        let cpu = ProcessTime::now();
        thread::sleep(QUIET);
        if cpu.elapsed().as_secs_f64() < QUIET.as_secs_f64() * IDLE {
            return;
        }
    }
}

fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values[(values.len() - 1) * quarter / 4])
}

fn peak_mib() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

impl Measured {
    /// What was measured in the median of some processes; of events and of memory, what was worst in any.
    pub fn of_all(mut measured: Vec<Self>) -> Self {
        measured.sort_by(|one, other| one.ratio[1].total_cmp(&other.ratio[1]));
        let share = |of: &&Self| of.lost_share().unwrap_or_default();
        let worst = measured.iter().max_by(|a, b| share(a).total_cmp(&share(b)));
        let [lost, events] = worst.map_or([None; 2], |of| [of.lost, of.events]);
        let most = |of: fn(&Self) -> Option<f64>| measured.iter().filter_map(of).reduce(f64::max);
        Self {
            bytes_per_event: most(|of| of.bytes_per_event),
            rss_mib: most(|of| of.rss_mib),
            lost,
            events,
            ..measured[measured.len() / 2]
        }
    }

    /// The share of events that were lost, in percent.
    pub fn lost_share(&self) -> Option<f64> {
        let (lost, kept) = (self.lost? as f64, self.events? as f64);
        Some(100.0 * lost / (lost + kept).max(1.0))
    }

    /// For the process that asked.
    pub fn to_line(self) -> String {
        let [low, median, high] = self.ratio;
        let known = [
            self.bare_ns,
            low,
            median,
            high,
            self.added_ns,
            self.cpu_added_ns,
        ]
        .map(Some);
        let [lost, events] = [self.lost, self.events].map(|count| Some(count? as f64));
        let fields = known
            .into_iter()
            .chain([self.bytes_per_event, lost, events, self.rss_mib]);
        let fields = fields.map(|field| field.map_or("-".into(), |field| field.to_string()));
        fields.collect::<Vec<_>>().join(" ")
    }

    /// What [`to_line`](Self::to_line) told.
    pub fn from_line(line: &str) -> Option<Self> {
        let fields: Vec<Option<f64>> = line.split(' ').map(|field| field.parse().ok()).collect();
        let [
            bare_ns,
            low,
            median,
            high,
            added_ns,
            cpu_added_ns,
            bytes_per_event,
            lost,
            events,
            rss_mib,
        ] = fields.try_into().ok()?;
        Some(Self {
            bare_ns: bare_ns?,
            ratio: [low?, median?, high?],
            added_ns: added_ns?,
            cpu_added_ns: cpu_added_ns?,
            bytes_per_event,
            lost: lost.map(|lost| lost as u64),
            events: events.map(|events| events as u64),
            rss_mib,
        })
    }
}
