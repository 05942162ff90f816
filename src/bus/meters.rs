//! What audio shows: levels, voices, load. Newest wins.
//!
//! Thread: written by audio, read by any. Realtime: yes.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

use atomic_float::AtomicF32;

use super::pulse::Pulse;
use crate::model::session::MODULES_MAX;

/// Single values written by the audio thread.
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
            gave_up: AtomicU64::new(0),
            panicked: AtomicBool::new(false),
            macros: std::array::from_fn(|_| AtomicF32::new(0.0)),
        }
    }
}

impl Meters {
    /// Count one more.
    pub fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Relaxed);
    }
}
