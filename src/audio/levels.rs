//! Peaks and mean squares of every node, put where anybody may read them.
//!
//! Thread: audio. Realtime: yes after `default`.

use std::sync::atomic::Ordering::Relaxed;

use crate::bus::meters::Meters;
use crate::model::session::MODULES_MAX;

/// Frames that are measured together, at least.
const SPAN: usize = 64;

#[derive(Clone, Copy, Default)]
struct Level {
    peak: f32,
    squares: f32,
    /// Whether the last value shown was not 0.
    shown: bool,
}

/// What is measured and not yet shown.
pub struct Levels {
    nodes: Box<[Level]>,
    frames: usize,
}

impl Default for Levels {
    fn default() -> Self {
        Self { nodes: vec![Level::default(); MODULES_MAX].into_boxed_slice(), frames: 0 }
    }
}

impl Levels {
    /// Measure `n` frames of a node; `None` is silence. Shows when the span is full.
    pub fn take(&mut self, slot: usize, sound: Option<(&[f32], &[f32])>, n: usize, meters: &Meters) {
        let level = &mut self.nodes[slot];
        if let Some((left, right)) = sound {
            for side in [left, right] {
                // Eight sums beside each other: the processor adds them at once.
                let (mut peaks, mut squares) = ([0.0_f32; 8], [0.0_f32; 8]);
                for part in side.chunks(8) {
                    for ((peak, square), sample) in peaks.iter_mut().zip(&mut squares).zip(part) {
                        *peak = peak.max(sample.abs());
                        *square += sample * sample;
                    }
                }
                level.peak = peaks.into_iter().fold(level.peak, f32::max);
                level.squares += squares.into_iter().sum::<f32>() / 2.0;
            }
        }
        let frames = self.frames + n;
        if frames >= SPAN && (level.peak > 0.0 || level.shown) {
            meters.peaks[slot].store(level.peak, Relaxed);
            meters.mean_squares[slot].store(level.squares / frames as f32, Relaxed);
            *level = Level { shown: level.peak > 0.0, ..Level::default() };
        }
    }

    /// All nodes have given their `n` frames.
    pub fn next(&mut self, n: usize) {
        self.frames += n;
        if self.frames >= SPAN {
            self.frames = 0;
        }
    }
}
