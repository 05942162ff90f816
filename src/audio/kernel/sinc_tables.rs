//! Coefficients of the windowed sinc for speeds up to 4. Thread: made on any but audio, then read by audio.
//!
//! Row p of a table holds the coefficients for the fraction p / phases;
//! between rows the kernel interpolates linearly.

use std::f64::consts::PI;

use super::position::ONE_FRAME;

/// Taps of the table for speeds up to 1.
const TAPS: usize = 32;
/// Half the length of the longer filters, in periods of the output's Nyquist frequency.
const HALF_PERIODS: f64 = 24.0;
/// Kaiser's β for 90 dB of attenuation.
const BETA: f64 = 8.96;
/// Width of the transition band that β and the length give, as a part of the output's Nyquist frequency:
/// Δω = (90 − 8) / (2.285 · 2 · 24) = 0.748 rad.
const TRANSITION: f64 = 0.748 / PI;
/// Tables per octave of speed, from 1 to 4.
const PER_OCTAVE: u32 = 8;
const OCTAVES: u32 = 2;

/// One polyphase filter: `phases + 1` rows of `taps`.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// Coefficients per row; a multiple of 8. Tap k reads the frame k − taps/2 + 1 after the one a position stands in.
    pub taps: usize,
    /// log₂ of the number of phases.
    pub phase_bits: u32,
    /// Row after row; the last is the first one tap later, so that interpolation needs no special case.
    rows: Vec<f32>,
}

impl Table {
    /// Row `phase`, 0..=phases, and the one after it: never called with the last.
    #[inline(always)]
    pub(super) fn pair(&self, phase: usize) -> (&[f32], &[f32]) {
        self.rows[phase * self.taps..][..2 * self.taps].split_at(self.taps)
    }

    /// A sinc that lets pass what is below `cutoff` (1 = the clip's Nyquist frequency).
    fn new(taps: usize, phase_bits: u32, cutoff: f64) -> Self {
        let phases = 1_usize << phase_bits;
        let half = taps as f64 / 2.0;
        let mut rows = Vec::with_capacity((phases + 1) * taps);
        for phase in 0..=phases {
            let fraction = phase as f64 / phases as f64;
            let row: Vec<f64> = (0..taps)
                .map(|k| {
                    let x = k as f64 - (half - 1.0) - fraction;
                    cutoff * sinc(cutoff * x) * kaiser(x / half)
                })
                .collect();
            // Every phase passes a constant unchanged; otherwise a held sample would hum at the rate of the phases.
            // At whole positions of the first table the sum is the middle coefficient itself, so that it becomes 1.
            let sum: f64 = row.iter().sum();
            rows.extend(row.iter().map(|c| (c / sum) as f32));
        }
        Self { taps, phase_bits, rows }
    }
}

/// sin(πx) / πx, and exactly 0 at whole numbers other than 0.
fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        1.0
    } else if x.fract() == 0.0 {
        0.0
    } else {
        (PI * x).sin() / (PI * x)
    }
}

/// Kaiser's window over −1..=1, but for a factor, which [`Table::new`] divides out.
fn kaiser(x: f64) -> f64 {
    if x.abs() > 1.0 { 0.0 } else { bessel_i0(BETA * (1.0 - x * x).sqrt()) }
}

/// The modified Bessel function of order 0, by its power series; 30 terms are exact to the last bit up to 9.
fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..=30 {
        let half = x / (2.0 * f64::from(k));
        term *= half * half;
        sum += term;
    }
    sum
}

/// The filters of the sinc interpolation, about 2.4 MB; made once, shared by all voices.
#[derive(Clone, Debug)]
pub struct SincTables {
    tables: Vec<Table>,
    /// Largest |step| of each table, in units of position.
    limits: Vec<u64>,
}

impl Default for SincTables {
    fn default() -> Self {
        Self::new()
    }
}

impl SincTables {
    /// Computes the tables: 32 taps × 512 phases with the cutoff at Nyquist for |step| ≤ 1 (exact at whole positions),
    /// and eight per octave of speed up to 4, whose filters are longer in proportion and end below the output's Nyquist
    /// frequency (−90 dB above it; flat up to 0.76 of it at the table's own speed, 0.70 at the slowest speed it serves).
    /// Faster steps use the last.
    ///
    /// Thread: any but audio (it allocates and takes some tens of milliseconds). Realtime: no.
    pub fn new() -> Self {
        let mut tables = vec![Table::new(TAPS, 9, 1.0)];
        let mut limits = vec![ONE_FRAME as u64];
        for k in 1..=PER_OCTAVE * OCTAVES {
            let speed = 2.0_f64.powf(f64::from(k) / f64::from(PER_OCTAVE));
            let taps = (2.0 * HALF_PERIODS * speed / 8.0).ceil() as usize * 8;
            // A lower cutoff makes a smoother filter, which needs fewer phases for the same error.
            let phase_bits = if speed < 2.0 { 9 } else { 8 };
            tables.push(Table::new(taps, phase_bits, (1.0 - TRANSITION / 2.0) / speed));
            limits.push((speed * ONE_FRAME as f64) as u64);
        }
        Self { tables, limits }
    }

    /// The narrowest filter that is wide enough for `step`.
    pub(super) fn for_step(&self, step: i64) -> &Table {
        let index = self.limits.partition_point(|&limit| limit < step.unsigned_abs());
        &self.tables[index.min(self.tables.len() - 1)]
    }

    /// The most taps any step needs.
    pub(super) const TAPS_MAX: usize = 2 * HALF_PERIODS as usize * (1 << OCTAVES);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_row_at_speed_one_is_the_sample_itself() {
        let tables = SincTables::new();
        let (row, next) = tables.for_step(ONE_FRAME).pair(0);
        assert!(row.iter().enumerate().all(|(k, &c)| c == if k == TAPS / 2 - 1 { 1.0 } else { 0.0 }));
        assert!(next[TAPS / 2 - 1] < 1.0);
    }

    #[test]
    fn each_step_gets_the_table_that_is_wide_enough() {
        let tables = SincTables::new();
        let taps = |step: f64| tables.for_step((step * ONE_FRAME as f64) as i64).taps;
        assert_eq!((taps(0.0), taps(1.0), taps(-1.0), taps(1.001)), (32, 32, 32, 56));
        assert_eq!((taps(4.0), taps(-4.0), taps(9.0)), (192, 192, 192));
        assert!(tables.tables.iter().all(|table| table.taps <= SincTables::TAPS_MAX && table.taps % 8 == 0));
    }
}
