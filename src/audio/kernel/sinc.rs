//! Windowed-sinc interpolation of a run: one dot product per frame and channel. Thread: audio.
#![allow(unsafe_code)]

use super::clip::{Clip, Run};
use super::cubic::accumulate;
use super::gain::{Constant, Frames, Gain, GainAt, Shaped};
use super::lanes::{FRACTION_UNIT, Lanes, Scalar};
use super::sinc_tables::{SincTables, Table};

/// Adds a run to the bus.
///
/// # Safety
/// The processor runs `L`.
#[inline(always)]
pub(super) unsafe fn sinc<L: Lanes>(
    tables: &SincTables,
    run: &Run<'_>,
    gain: &Gain<'_>,
    out_l: &mut [f32],
    out_r: &mut [f32],
) {
    let n = out_l.len().min(out_r.len()).min(gain.frames());
    let (out_l, out_r) = (&mut out_l[..n], &mut out_r[..n]);
    let table = tables.for_step(run.step);
    // SAFETY: the processor runs `L`, and each gain is known for `n` frames.
    unsafe {
        match *gain {
            Gain::Constant { l, r } => add::<L, _>(table, run, Constant(l, r), out_l, out_r),
            Gain::Shaped { shape, l, r } => add::<L, _>(table, run, Shaped(shape, l, r), out_l, out_r),
            Gain::Frames { l, r } => add::<L, _>(table, run, Frames(l, r), out_l, out_r),
        }
    }
}

/// # Safety
/// The processor runs `L`; `gain` is known for as many frames as `out_l` and `out_r` both have.
#[inline(always)]
unsafe fn add<L: Lanes, G: GainAt>(table: &Table, run: &Run<'_>, gain: G, out_l: &mut [f32], out_r: &mut [f32]) {
    let n = out_l.len();
    let before = table.taps as u32 / 2 - 1;
    let (first, end) = run.interior(before, table.taps as u32 / 2, n);
    let (left, right) = run.clip.planes();
    let stereo = run.clip.is_stereo();
    let mut i = 0;
    while i < n {
        let pos = run.at(i);
        let at = (pos >> 32) - i64::from(before);
        // SAFETY: the processor runs `L`. Of a frame in `first..end` all taps are in the region, hence in both planes;
        // frame `i` has a gain and an output.
        unsafe {
            let (yl, yr);
            if i >= first && i < end {
                yl = interpolate::<L>(table, left.as_ptr().add(at as usize), pos);
                yr = if stereo { interpolate::<L>(table, right.as_ptr().add(at as usize), pos) } else { yl };
            } else {
                yl = at_edge::<L>(table, &run.clip, left, at, pos);
                yr = if stereo { at_edge::<L>(table, &run.clip, right, at, pos) } else { yl };
            }
            accumulate::<Scalar, G>(gain, i, yl, yr, out_l, out_r);
        }
        i += 1;
    }
}

/// # Safety
/// The processor runs `L`; `x` points to as many samples as `table` has taps.
#[inline(always)]
unsafe fn interpolate<L: Lanes>(table: &Table, x: *const f32, pos: i64) -> f32 {
    let fraction = pos as u32;
    let (c, d) = table.pair((fraction >> (32 - table.phase_bits)) as usize);
    // What is left below the phase, as a part of one: again its upper 24 bits, which a float holds exactly.
    let t = ((fraction << table.phase_bits) >> 8) as f32 * FRACTION_UNIT;
    // SAFETY: both rows have `taps` coefficients, a multiple of 8, and the caller says the same of `x`.
    unsafe { L::dot(x, c.as_ptr(), d.as_ptr(), t, table.taps) }
}

/// One frame whose taps may lie beside the region: they are gathered first.
///
/// # Safety
/// The processor runs `L`.
#[inline(always)]
unsafe fn at_edge<L: Lanes>(table: &Table, clip: &Clip<'_>, plane: &[f32], at: i64, pos: i64) -> f32 {
    let mut taps = [0.0_f32; SincTables::TAPS_MAX];
    for (k, tap) in taps[..table.taps].iter_mut().enumerate() {
        *tap = clip.read(plane, at + k as i64);
    }
    // SAFETY: the array holds as many samples as the longest filter has taps.
    unsafe { interpolate::<L>(table, taps.as_ptr(), pos) }
}

#[cfg(test)]
mod tests {
    use super::super::{Clip, Edge, Gain, Kernels, ONE_FRAME, Run, SincTables};

    /// The level (1 = as it came in) of a sine at `frequency` (1 = the clip's Nyquist), over 2000 frames read at `step`.
    fn level(frequency: f64, step: f64, tables: &SincTables) -> f32 {
        let samples: Vec<f32> =
            (0..20_000).map(|i| (std::f64::consts::PI * frequency * f64::from(i)).sin() as f32).collect();
        let clip = Clip::new(&samples, None, 0, 20_000, Edge::Clamp).unwrap();
        let run = Run { clip, pos: 500 << 32, step: (step * ONE_FRAME as f64) as i64 };
        let (mut l, mut r) = (vec![0.0; 2000], vec![0.0; 2000]);
        Kernels::detect().sinc(tables, &run, &Gain::Constant { l: 1.0, r: 1.0 }, &mut l, &mut r);
        (l.iter().map(|y| y * y).sum::<f32>() / 1000.0).sqrt()
    }

    #[test]
    fn nothing_above_the_outputs_nyquist_is_heard_up_to_speed_four() {
        let tables = SincTables::new();
        for step in [1.001, 1.05, 1.3, 1.5, 1.999, 2.0, 2.7, 3.3, 3.999, 4.0] {
            let mut frequency = 1.0 / step + 0.001;
            while frequency < 0.999 {
                let alias = level(frequency, step, &tables);
                assert!(alias < 3.2e-5, "alias {:.1} dB of {frequency:.3} at {step}", 20.0 * alias.log10());
                frequency += 0.037;
            }
        }
    }

    #[test]
    fn what_is_below_passes_unchanged() {
        let tables = SincTables::new();
        for step in [0.37, 0.999, 1.001, 1.5, 2.0, 3.1, 4.0] {
            for part in [0.05, 0.2, 0.4, 0.6, 0.65] {
                let level = level(part / f64::max(step, 1.0), step, &tables);
                assert!((level - 1.0).abs() < 2e-3, "{level} of {part} at {step}");
            }
        }
    }

    #[test]
    fn a_slow_reading_adds_less_than_a_ten_thousandth() {
        // Against the sine itself, at fractions that are no whole phases.
        let tables = SincTables::new();
        let omega = std::f64::consts::PI * 0.4;
        let samples: Vec<f32> = (0..1000).map(|i| (omega * f64::from(i)).sin() as f32).collect();
        let clip = Clip::new(&samples, None, 0, 1000, Edge::Clamp).unwrap();
        let step = 0.731_f64;
        let run = Run { clip, pos: 100 << 32, step: (step * ONE_FRAME as f64) as i64 };
        let (mut l, mut r) = (vec![0.0; 1000], vec![0.0; 1000]);
        Kernels::detect().sinc(&tables, &run, &Gain::Constant { l: 1.0, r: 1.0 }, &mut l, &mut r);
        for (i, y) in l.iter().enumerate() {
            let ideal = (omega * (100.0 + i as f64 * step)).sin();
            assert!((f64::from(*y) - ideal).abs() < 1e-4, "frame {i}: {y} for {ideal}");
        }
    }
}
