//! What audio tells the engine; what finds no room is counted.
//!
//! Thread: audio. Realtime: yes.

use std::sync::Arc;

use crate::bus::message::{COLUMNS_MAX, Fired, FromAudio};
use crate::bus::meters::Meters;
use crate::model::{Param, Why};

/// The way to the engine.
pub struct Reports {
    ring: rtrb::Producer<FromAudio>,
    /// Levels and counters.
    pub meters: Arc<Meters>,
}

impl Reports {
    /// Over this ring.
    pub fn new(ring: rtrb::Producer<FromAudio>, meters: Arc<Meters>) -> Self {
        Self { ring, meters }
    }

    /// Tell.
    pub fn tell(&mut self, message: FromAudio) {
        if self.ring.push(message).is_err() {
            Meters::count(&self.meters.lost);
        }
    }

    /// Tell of a trigger.
    pub fn fired(&mut self, fired: Fired) {
        self.tell(FromAudio::Fired(fired));
    }
}

/// Columns in the form of a message: the first ones, and how many.
pub fn columns(all: &[(Param, f32)]) -> (u8, [(Param, f32); COLUMNS_MAX]) {
    let mut kept = [(Param(0), 0.0); COLUMNS_MAX];
    let count = all.len().min(COLUMNS_MAX);
    kept[..count].copy_from_slice(&all[..count]);
    (count as u8, kept)
}

/// A report of a shot or note; rows fill in where they stand.
pub fn fired(frame: u64, beat: f64, sampler: u16, index: u16, note: Option<u8>, why: Why) -> Fired {
    let (count, params) = columns(&[]);
    let note = note.unwrap_or(255);
    Fired { frame, beat, sampler, sequencer: u16::MAX, pattern: u16::MAX, row: 0, index, note, count, why, params }
}
