//! How work is counted through, so that an offline render (and a save) can wait for it.
//!
//! Audio says up to which frame it wants everything done; the script runs its callbacks to there and says so; the
//! engine, having taken all that the script sent, says so in turn. In real time nobody waits here.
//!
//! Thread: any. Realtime: reads and writes yes.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Counters that say how far each room is.
#[derive(Default)]
pub struct Gate {
    /// The host renders offline: audio may wait.
    pub offline: AtomicBool,
    /// Audio is active: between activate and deactivate, and `process` is being called.
    pub processing: AtomicBool,
    /// Rendered frame up to which (not with) audio wants callbacks run.
    pub wanted: AtomicU64,
    /// Rendered frame up to which the script has run and sent its Batches.
    pub script_done: AtomicU64,
    /// Rendered frame up to which the engine has handed everything to audio.
    pub engine_done: AtomicU64,
    /// Asks put into the engine's queue.
    pub asks_sent: AtomicU64,
    /// Asks the engine has taken, applied and published.
    pub asks_done: AtomicU64,
    /// Chunks put into the script's queue.
    pub calls_sent: AtomicU64,
    /// Chunks the script has run and answered.
    pub calls_done: AtomicU64,
}

impl Gate {
    /// Whether every chunk asked for is run and every Ask sent is applied and published.
    pub fn is_settled(&self) -> bool {
        // Calls first: a chunk that ends between the two loads has sent its asks before it counted itself done.
        let calls = self.calls_done.load(Ordering::Acquire) >= self.calls_sent.load(Ordering::Acquire);
        calls && self.asks_done.load(Ordering::Acquire) >= self.asks_sent.load(Ordering::Acquire)
    }

    /// Wait until [`Gate::is_settled`] holds, at most `limit`; whether it did. Thread: never audio in real time.
    pub fn settle(&self, limit: Duration) -> bool {
        wait(limit, || self.is_settled())
    }

    /// Wait until the engine has handed over everything before frame `end`, at most `limit`; whether it did.
    /// Thread: audio, offline only.
    pub fn wait_engine(&self, end: u64, limit: Duration) -> bool {
        wait(limit, || self.engine_done.load(Ordering::Acquire) >= end)
    }
}

/// Look, spin a little, then sleep in small steps.
fn wait(limit: Duration, done: impl Fn() -> bool) -> bool {
    let step = Duration::from_micros(20);
    let mut waited = Duration::ZERO;
    for _ in 0..200 {
        if done() {
            return true;
        }
        std::hint::spin_loop();
    }
    while !done() {
        if waited >= limit {
            return false;
        }
        // A park that nobody ends is a sleep; real waits are a little longer than counted, which only lengthens the limit.
        std::thread::park_timeout(step);
        waited += step;
    }
    true
}
