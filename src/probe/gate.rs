//! The gate: every poll of a task passes it, and there it can be held.
//!
//! Holding a poll on the thread that would run it pauses the real executor, between polls. Where the executor's clock
//! is tokio's paused one, the gate also sets the pace: a poll at a virtual time passes when playback has come that far.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::event::{LaneId, Timestamp};

/// The slowest speed that can be chosen.
pub const SLOWEST: f64 = 1.0 / 16.0;
/// The fastest speed that can be chosen.
pub const FASTEST: f64 = 64.0;

/// Holds polls back until they may run.
#[derive(Debug)]
pub struct Gate {
    /// Whether everything passes at once and nobody has to be told of it: the real clock sets the pace, and nothing holds.
    is_idle: AtomicBool,
    state: Mutex<GateState>,
    changed: Condvar,
}

/// What the gate lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Everything, at once.
    Open,
    /// What playback has come to.
    Playing,
    /// Nothing.
    Paused,
    /// The next poll.
    Step,
    /// All polls until a task is woken.
    ToWake,
    /// All polls up to and with the next one of this task.
    Until(LaneId),
}

/// How a session stands at its gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// How far playback has come. Events that are later are not to be shown yet.
    pub position: Timestamp,
    /// What the gate lets through.
    pub pace: Pace,
    /// The task whose poll is being held, and the time of that poll.
    pub held: Option<(LaneId, Timestamp)>,
}

#[derive(Debug)]
struct GateState {
    pace: Pace,
    /// Virtual seconds per second; none where the executor's clock is the real one.
    speed: Option<f64>,
    /// How far playback had come, and when.
    anchor: (Timestamp, Instant),
    /// The time of the last poll that passed.
    passed: Timestamp,
    held: Vec<(LaneId, Timestamp)>,
    wakes: u64,
    wakes_before: u64,
}

impl Gate {
    /// A gate for an executor on a virtual clock, which plays one virtual second in a second.
    pub fn new(pace: Pace) -> Self {
        Self::with(pace, Some(1.0))
    }

    /// A gate for an executor on the real clock, whose pace cannot be chosen; it can still be paused and stepped.
    pub fn real_time(pace: Pace) -> Self {
        Self::with(pace, None)
    }

    fn with(pace: Pace, speed: Option<f64>) -> Self {
        let state = GateState {
            pace,
            speed,
            anchor: (Timestamp::ZERO, Instant::now()),
            passed: Timestamp::ZERO,
            held: Vec::new(),
            wakes: 0,
            wakes_before: 0,
        };
        Self {
            is_idle: AtomicBool::new(state.is_idle()),
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    /// Chooses what is let through from now on.
    pub fn set_pace(&self, pace: Pace) {
        let mut state = self.lock();
        if state.pace == Pace::Open {
            return; // An executor that is shutting down is not to be held again.
        }
        let position = state.position();
        state.anchor = (position, Instant::now());
        state.pace = pace;
        state.wakes_before = state.wakes;
        self.is_idle.store(state.is_idle(), Ordering::Relaxed);
        drop(state);
        self.changed.notify_all();
    }

    /// Plays `speed` virtual seconds in a second, within [`SLOWEST`] and [`FASTEST`].
    pub fn set_speed(&self, speed: f64) {
        let mut state = self.lock();
        if state.speed.is_some() {
            let position = state.position();
            state.anchor = (position, Instant::now());
            state.speed = Some(speed.clamp(SLOWEST, FASTEST));
        }
        drop(state);
        self.changed.notify_all();
    }

    /// How the session stands.
    pub fn report(&self) -> Report {
        let state = self.lock();
        Report {
            position: state.position(),
            pace: state.pace,
            held: state.held.first().copied(),
        }
    }

    /// Waits until a poll of `lane` at time `at` may run.
    pub(crate) fn pass(&self, lane: LaneId, at: Timestamp) {
        if !self.holds() {
            return;
        }
        let mut state = self.lock();
        if state.pace == Pace::Open {
            return;
        }
        state.held.push((lane, at));
        while let Some(wait) = state.wait(lane, at) {
            state = match wait {
                GateWait::Forever => self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                GateWait::For(duration) => {
                    let waited = self.changed.wait_timeout(state, duration);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        state.held.retain(|held| held.0 != lane);
        state.passed = state.passed.max(at);
    }

    /// `true` unless everything passes at once.
    pub(crate) fn holds(&self) -> bool {
        !self.is_idle.load(Ordering::Relaxed)
    }

    /// Takes note that a poll has ended at `at`, later than it began where it did work.
    pub(crate) fn polled(&self, at: Timestamp) {
        if !self.holds() {
            return;
        }
        let mut state = self.lock();
        state.passed = state.passed.max(at);
        if state.pace != Pace::Playing {
            state.move_to(at);
        }
    }

    /// Takes note that a task was woken.
    pub(crate) fn woken(&self) {
        if self.holds() {
            self.lock().wakes += 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, GateState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum GateWait {
    Forever,
    For(Duration),
}

impl GateState {
    fn is_idle(&self) -> bool {
        self.speed.is_none() && matches!(self.pace, Pace::Open | Pace::Playing)
    }

    /// How long a poll of `lane` at `at` has to wait; not at all where it may run, which is then used up.
    fn wait(&mut self, lane: LaneId, at: Timestamp) -> Option<GateWait> {
        match self.pace {
            Pace::Open => return None,
            Pace::Paused => return Some(GateWait::Forever),
            Pace::Playing => return self.playback_wait(at),
            Pace::Step => self.pace = Pace::Paused,
            Pace::ToWake if self.wakes > self.wakes_before => {
                self.pace = Pace::Paused;
                self.move_to(at);
                return Some(GateWait::Forever);
            }
            Pace::Until(until) if until == lane => self.pace = Pace::Paused,
            Pace::ToWake | Pace::Until(_) => {}
        }
        self.move_to(at);
        None
    }

    fn playback_wait(&self, at: Timestamp) -> Option<GateWait> {
        let speed = self.speed?;
        let missing = at - self.played();
        (missing > 0).then(|| GateWait::For(Duration::from_secs_f64(missing as f64 / 1e9 / speed)))
    }

    fn move_to(&mut self, at: Timestamp) {
        self.anchor = (self.anchor.0.max(at), Instant::now());
    }

    /// How far playback would have come if nothing held it.
    fn played(&self) -> Timestamp {
        match self.speed {
            Some(speed) if self.pace == Pace::Playing => {
                let elapsed = self.anchor.1.elapsed().mul_f64(speed);
                self.anchor.0.after(elapsed)
            }
            _ => self.anchor.0,
        }
    }

    /// How far playback has come: not past the next poll, nor past the last one where nobody waits to run.
    fn position(&self) -> Timestamp {
        let next = self.held.iter().map(|held| held.1).min();
        let limit = next.unwrap_or(self.passed).max(self.anchor.0);
        self.played().min(limit)
    }
}
