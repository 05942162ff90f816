//! Four frames at once with NEON, which every 64-bit ARM processor has. Thread: audio.
#![allow(unsafe_code)]

use std::arch::aarch64::*;

use super::lanes::{Lanes, first_tap, fraction};

/// Four lanes.
#[derive(Clone, Copy)]
pub(super) struct Neon;

// SAFETY of all methods: NEON is part of the target, and the caller gives pointers as the trait asks.
impl Lanes for Neon {
    const N: usize = 4;
    const NEAR_STEP: i64 = -1;
    const NEAR_WINDOW: usize = 0;
    type F = float32x4_t;
    type I = ();
    type Offsets = i64;

    #[inline(always)]
    unsafe fn splat(x: f32) -> float32x4_t {
        // SAFETY: see the impl.
        unsafe { vdupq_n_f32(x) }
    }
    #[inline(always)]
    unsafe fn add(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: see the impl.
        unsafe { vaddq_f32(a, b) }
    }
    #[inline(always)]
    unsafe fn sub(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: see the impl.
        unsafe { vsubq_f32(a, b) }
    }
    #[inline(always)]
    unsafe fn mul(a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: see the impl.
        unsafe { vmulq_f32(a, b) }
    }
    #[inline(always)]
    unsafe fn load(x: *const f32) -> float32x4_t {
        // SAFETY: see the impl.
        unsafe { vld1q_f32(x) }
    }
    #[inline(always)]
    unsafe fn store(x: *mut f32, a: float32x4_t) {
        // SAFETY: see the impl.
        unsafe { vst1q_f32(x, a) }
    }

    #[inline(always)]
    unsafe fn offsets(step: i64) -> i64 {
        step
    }

    #[inline(always)]
    unsafe fn positions(step: i64, pos: i64, _: i64) -> ((), float32x4_t) {
        let t = [0, 1, 2, 3].map(|k: i64| fraction(pos.wrapping_add(step.wrapping_mul(k))));
        // SAFETY: see the impl; the array holds four floats.
        ((), unsafe { vld1q_f32(t.as_ptr()) })
    }

    #[inline(always)]
    unsafe fn near_taps(_: *const f32, (): ()) -> [float32x4_t; 4] {
        unreachable!("NEAR_STEP is negative")
    }

    #[inline(always)]
    unsafe fn far_taps(x: *const f32, pos: i64, step: i64) -> [float32x4_t; 4] {
        // SAFETY: see the impl; each load takes the four taps of one lane.
        unsafe {
            let lane = |k: i64| vld1q_f32(first_tap(x, pos.wrapping_add(step.wrapping_mul(k))));
            let (a, b, c, d) = (lane(0), lane(1), lane(2), lane(3));
            // A 4 by 4 transposition: pairs a c and b d, then those with each other.
            let (ac, bd) = (vzip1q_f32(a, c), vzip1q_f32(b, d));
            let (ac_high, bd_high) = (vzip2q_f32(a, c), vzip2q_f32(b, d));
            [vzip1q_f32(ac, bd), vzip2q_f32(ac, bd), vzip1q_f32(ac_high, bd_high), vzip2q_f32(ac_high, bd_high)]
        }
    }

    #[inline(always)]
    unsafe fn dot(x: *const f32, c: *const f32, d: *const f32, t: f32, taps: usize) -> f32 {
        // SAFETY: see the impl.
        unsafe {
            let t = vdupq_n_f32(t);
            let mut sums = [vdupq_n_f32(0.0); 2];
            for k in (0..taps).step_by(8) {
                for (half, sum) in sums.iter_mut().enumerate() {
                    let k = k + 4 * half;
                    let (x, c, d) = (vld1q_f32(x.add(k)), vld1q_f32(c.add(k)), vld1q_f32(d.add(k)));
                    let c = vaddq_f32(c, vmulq_f32(t, vsubq_f32(d, c)));
                    *sum = vaddq_f32(*sum, vmulq_f32(x, c));
                }
            }
            let four = vaddq_f32(sums[0], sums[1]);
            let two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
            vget_lane_f32::<0>(two) + vget_lane_f32::<1>(two)
        }
    }
}
