//! Four-point cubic interpolation of a run (Hermite with Catmull-Rom tangents: exact at whole positions). Thread: audio.
//!
//! With x0 … x3 the samples at −1, 0, 1, 2 and t the fraction, y = ((a·t − b)·t + c)·t + x1 where c = (x2 − x0)/2,
//! a = c + 2(x1 − x2) + (x3 − x1)/2 and b = a + c + x1 − x2.
#![allow(unsafe_code)]

use super::clip::Run;
use super::gain::{Constant, Frames, Gain, GainAt, Shaped};
use super::lanes::{Lanes, Scalar, fraction};

/// Taps before the frame a position stands in, and after it.
const BEFORE: u32 = 1;
const AFTER: u32 = 2;

/// Adds a run to the bus, `L::N` frames at a time where no edge is near.
///
/// # Safety
/// The processor runs `L`.
#[inline(always)]
pub(super) unsafe fn cubic<L: Lanes>(run: &Run<'_>, gain: &Gain<'_>, out_l: &mut [f32], out_r: &mut [f32]) {
    let n = out_l.len().min(out_r.len()).min(gain.frames());
    let (out_l, out_r) = (&mut out_l[..n], &mut out_r[..n]);
    // SAFETY: the processor runs `L`, and each gain is known for `n` frames.
    unsafe {
        match (*gain, run.clip.is_stereo()) {
            (Gain::Constant { l, r }, false) => add::<L, _, false>(run, Constant(l, r), out_l, out_r),
            (Gain::Constant { l, r }, true) => add::<L, _, true>(run, Constant(l, r), out_l, out_r),
            (Gain::Shaped { shape, l, r }, false) => add::<L, _, false>(run, Shaped(shape, l, r), out_l, out_r),
            (Gain::Shaped { shape, l, r }, true) => add::<L, _, true>(run, Shaped(shape, l, r), out_l, out_r),
            (Gain::Frames { l, r }, false) => add::<L, _, false>(run, Frames(l, r), out_l, out_r),
            (Gain::Frames { l, r }, true) => add::<L, _, true>(run, Frames(l, r), out_l, out_r),
        }
    }
}

/// # Safety
/// The processor runs `L`; `gain` is known for as many frames as `out_l` and `out_r` both have.
#[inline(always)]
unsafe fn add<L: Lanes, G: GainAt, const STEREO: bool>(run: &Run<'_>, gain: G, out_l: &mut [f32], out_r: &mut [f32]) {
    let n = out_l.len();
    let (first, end) = run.interior(BEFORE, AFTER, n);
    // SAFETY: frames 0..n have gains and outputs, and in `first..end` all taps are inside the region, hence the planes.
    unsafe {
        for i in 0..first {
            at_edge::<G, STEREO>(run, gain, i, out_l, out_r);
        }
        let mut i = first;
        if L::N > 1 {
            i = groups::<L, G, STEREO>(run, gain, first..end, out_l, out_r);
        }
        let (left, right) = run.clip.planes();
        while i < end {
            let pos = run.at(i);
            let t = fraction(pos);
            let yl = hermite::<Scalar>(Scalar::far_taps(left.as_ptr(), pos, 0), t);
            let yr = if STEREO { hermite::<Scalar>(Scalar::far_taps(right.as_ptr(), pos, 0), t) } else { yl };
            accumulate::<Scalar, G>(gain, i, yl, yr, out_l, out_r);
            i += 1;
        }
        for i in end.max(first)..n {
            at_edge::<G, STEREO>(run, gain, i, out_l, out_r);
        }
    }
}

/// Makes as many whole groups of `L::N` frames as `frames` holds; returns the first frame not made.
///
/// # Safety
/// As for [`add`], and all taps of `frames` are inside the region.
#[inline(always)]
unsafe fn groups<L: Lanes, G: GainAt, const STEREO: bool>(
    run: &Run<'_>,
    gain: G,
    frames: std::ops::Range<usize>,
    out_l: &mut [f32],
    out_r: &mut [f32],
) -> usize {
    let (left, right) = run.clip.planes();
    let step = run.step;
    let across = step.wrapping_mul(L::N as i64 - 1);
    let near = (-L::NEAR_STEP..=L::NEAR_STEP).contains(&step);
    let mut i = frames.start;
    // SAFETY: `frames` have gains and outputs; their taps are in the planes, which are equally long. A window starts at
    // the lowest tap of its group and is loaded only if its last sample is in the planes too.
    unsafe {
        let offsets = L::offsets(step);
        let mut pos = run.at(i);
        while frames.end - i >= L::N {
            let low = (pos.min(pos.wrapping_add(across))) >> 32;
            let window = (low - i64::from(BEFORE)) as usize;
            let (at, t) = L::positions(offsets, pos, low);
            let (taps_l, taps_r) = if near && window + L::NEAR_WINDOW <= left.len() {
                let l = L::near_taps(left.as_ptr().add(window), at);
                (l, if STEREO { L::near_taps(right.as_ptr().add(window), at) } else { l })
            } else {
                let l = L::far_taps(left.as_ptr(), pos, step);
                (l, if STEREO { L::far_taps(right.as_ptr(), pos, step) } else { l })
            };
            let yl = hermite::<L>(taps_l, t);
            let yr = if STEREO { hermite::<L>(taps_r, t) } else { yl };
            accumulate::<L, G>(gain, i, yl, yr, out_l, out_r);
            pos = pos.wrapping_add(step.wrapping_mul(L::N as i64));
            i += L::N;
        }
    }
    i
}

/// One frame whose taps may lie beside the region.
///
/// # Safety
/// Frame `i` has a gain and an output.
#[inline(never)]
unsafe fn at_edge<G: GainAt, const STEREO: bool>(
    run: &Run<'_>,
    gain: G,
    i: usize,
    out_l: &mut [f32],
    out_r: &mut [f32],
) {
    let pos = run.at(i);
    let (frame, t) = (pos >> 32, fraction(pos));
    let (left, right) = run.clip.planes();
    let taps = |plane: &[f32]| [-1, 0, 1, 2].map(|k| run.clip.read(plane, frame + k));
    // SAFETY: any processor runs `Scalar`; the caller says that frame `i` is there.
    unsafe {
        let yl = hermite::<Scalar>(taps(left), t);
        let yr = if STEREO { hermite::<Scalar>(taps(right), t) } else { yl };
        accumulate::<Scalar, G>(gain, i, yl, yr, out_l, out_r);
    }
}

/// # Safety
/// The processor runs `L`; frames `i..i + L::N` have gains and outputs.
#[inline(always)]
pub(super) unsafe fn accumulate<L: Lanes, G: GainAt>(
    gain: G,
    i: usize,
    yl: L::F,
    yr: L::F,
    out_l: &mut [f32],
    out_r: &mut [f32],
) {
    debug_assert!(i + L::N <= out_l.len() && i + L::N <= out_r.len());
    // SAFETY: the caller says that the frames are there.
    unsafe {
        let (gl, gr) = gain.at::<L>(i);
        let (l, r) = (out_l.as_mut_ptr().add(i), out_r.as_mut_ptr().add(i));
        L::store(l, L::add(L::load(l), L::mul(yl, gl)));
        L::store(r, L::add(L::load(r), L::mul(yr, gr)));
    }
}

/// # Safety
/// The processor runs `L`.
#[inline(always)]
unsafe fn hermite<L: Lanes>([x0, x1, x2, x3]: [L::F; 4], t: L::F) -> L::F {
    // SAFETY: the caller says that the processor runs `L`.
    unsafe {
        let half = L::splat(0.5);
        let c = L::mul(L::sub(x2, x0), half);
        let v = L::sub(x1, x2);
        let w = L::add(c, v);
        let a = L::add(L::add(w, v), L::mul(L::sub(x3, x1), half));
        let b = L::add(w, a);
        let y = L::sub(L::mul(a, t), b);
        let y = L::add(L::mul(y, t), c);
        L::add(L::mul(y, t), x1)
    }
}
