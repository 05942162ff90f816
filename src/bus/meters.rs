//! What audio and the script show: levels, voices, load, lateness. Newest wins.
//!
//! Thread: written by audio (lateness by the script), read by any. Realtime: yes.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

use atomic_float::AtomicF32;

use super::pulse::Pulse;
use crate::model::Timing;
use crate::model::session::MODULES_MAX;

/// Single values written by the audio thread, and how late callbacks ran.
pub struct Meters {
    /// Peak of the last 64 frames or more of each node, linear; by node slot. Readers may set it back to 0.
    pub peaks: Box<[AtomicF32]>,
    /// Mean square of the same span; by node slot.
    pub mean_squares: Box<[AtomicF32]>,
    /// Voices that sound.
    pub voices: AtomicU32,
    /// Share of the block's time that `process` used, smoothed; 1 is all of it.
    pub load: AtomicF32,
    /// How long blocks take, one by one.
    pub pulse: Pulse,
    /// Messages to the engine that found no room.
    pub lost: AtomicU64,
    /// Triggers that came after their frame.
    pub late: AtomicU64,
    /// Callbacks of the clock run by the script.
    pub callbacks: AtomicU64,
    /// Of these, run after their beat had passed.
    pub callbacks_late: AtomicU64,
    /// Triggers that the script's callbacks were not told of, because too many came at once.
    pub callbacks_lost: AtomicU64,
    /// Median and 99th percentile of how late the last 1024 callbacks ran, in milliseconds.
    pub callbacks_ms: [AtomicF32; 2],
    /// Offline blocks that gave up waiting.
    pub gave_up: AtomicU64,
    /// Set when `process` panicked: the instance is silent.
    pub panicked: AtomicBool,
    /// Host macros as audio last saw them, 0-1.
    pub macros: [AtomicF32; 64],
}

impl Default for Meters {
    fn default() -> Self {
        let floats = || (0..MODULES_MAX).map(|_| AtomicF32::new(0.0)).collect();
        Self {
            peaks: floats(),
            mean_squares: floats(),
            voices: AtomicU32::new(0),
            load: AtomicF32::new(0.0),
            pulse: Pulse::default(),
            lost: AtomicU64::new(0),
            late: AtomicU64::new(0),
            callbacks: AtomicU64::new(0),
            callbacks_late: AtomicU64::new(0),
            callbacks_lost: AtomicU64::new(0),
            callbacks_ms: std::array::from_fn(|_| AtomicF32::new(0.0)),
            gave_up: AtomicU64::new(0),
            panicked: AtomicBool::new(false),
            macros: std::array::from_fn(|_| AtomicF32::new(0.0)),
        }
    }
}

impl Meters {
    /// Show how late callbacks ran. Thread: script.
    pub fn put_timing(&self, timing: &Timing) {
        self.callbacks.store(timing.fired, Relaxed);
        self.callbacks_late.store(timing.late, Relaxed);
        self.callbacks_lost.store(timing.lost, Relaxed);
        self.callbacks_ms[0].store(timing.p50_ms as f32, Relaxed);
        self.callbacks_ms[1].store(timing.p99_ms as f32, Relaxed);
    }

    /// How late callbacks ran. Thread: any.
    pub fn timing(&self) -> Timing {
        let [p50_ms, p99_ms] = self.callbacks_ms.each_ref().map(|ms| f64::from(ms.load(Relaxed)));
        let [fired, late, lost] =
            [&self.callbacks, &self.callbacks_late, &self.callbacks_lost].map(|count| count.load(Relaxed));
        Timing { fired, late, lost, p50_ms, p99_ms }
    }

    /// Count one more.
    pub fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Relaxed);
    }
}
