//! How much of a block's time `process` used, for the meter in the editor and the engine's watch over overruns.
//!
//! Thread: audio. Realtime: yes; the clock is read from memory the system shares with every process, without a call.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::bus::{Meters, ThreadClock};

/// Shortest stretch that is measured, in frames: pieces are added up to it.
const STRETCH: usize = 64;
/// Seconds in which a peak of the load falls to a third.
const FALL_SECS: f32 = 0.5;

/// Adds up pieces and shows the share of their time that was used.
pub struct LoadMeter {
    rate: f32,
    frames: usize,
    seconds: f32,
}

impl LoadMeter {
    /// A meter at `rate` frames per second.
    pub fn new(rate: f64) -> Self {
        Self { rate: rate as f32, frames: 0, seconds: 0.0 }
    }

    /// Run one piece of `frames` and count its time.
    pub fn measure<T>(&mut self, frames: usize, meters: &Meters, act: impl FnOnce() -> T) -> T {
        #[allow(clippy::disallowed_methods, reason = "the edge where the clock is read")]
        let begin = Instant::now();
        let done = act();
        self.add(frames, begin.elapsed().as_secs_f32(), meters);
        done
    }

    fn add(&mut self, frames: usize, seconds: f32, meters: &Meters) {
        self.frames += frames;
        self.seconds += seconds;
        if self.frames < STRETCH {
            return;
        }
        let span = self.frames as f32 / self.rate;
        let share = self.seconds / span;
        let time = |seconds: f32| Duration::try_from_secs_f32(seconds).unwrap_or_default();
        meters.pulse.made(time(span), time(self.seconds), ThreadClock::own());
        let before = meters.load.load(Ordering::Relaxed);
        // Up at once, down slowly: what a person must see is the worst.
        let fallen = before * (-span / FALL_SECS).exp();
        meters.load.store(share.max(fallen), Ordering::Relaxed);
        (self.frames, self.seconds) = (0, 0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_rises_at_once_and_falls_slowly() {
        let meters = Meters::default();
        let mut load = LoadMeter::new(48_000.0);
        let shown = || meters.load.load(Ordering::Relaxed);
        load.add(32, 0.0005, &meters);
        assert_eq!(shown(), 0.0, "half a stretch says nothing yet");
        load.add(32, 0.000_166_667, &meters);
        assert!((shown() - 0.5).abs() < 1e-3, "{}", shown());
        load.add(24_000, 0.0, &meters);
        assert!((shown() - 0.5 * (-1.0_f32).exp()).abs() < 1e-3, "{}", shown());
    }
}
