//! Four frames at once with NEON, which every 64-bit ARM processor has. Thread: audio.
#![allow(unsafe_code)]
// Where NEON is part of the target some of these intrinsics are safe to call; the blocks stay, as in the other forms.
#![allow(unused_unsafe)]

use std::arch::aarch64::*;

use super::lanes::{Lanes, first_tap, fraction};

/// Four lanes.
#[derive(Clone, Copy)]
pub(super) struct Neon;

/// x · (c + t · (d − c)) for four taps.
///
/// # Safety
/// Four floats can be read behind each pointer.
#[inline(always)]
unsafe fn product(x: *const f32, c: *const f32, d: *const f32, t: float32x4_t) -> float32x4_t {
    // SAFETY: the caller says so.
    unsafe {
        let (x, c, d) = (vld1q_f32(x), vld1q_f32(c), vld1q_f32(d));
        vmulq_f32(x, vaddq_f32(c, vmulq_f32(t, vsubq_f32(d, c))))
    }
}

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
        let (one, two) = (pos.wrapping_add(step), pos.wrapping_add(step.wrapping_mul(2)));
        let t = [fraction(pos), fraction(one), fraction(two), fraction(two.wrapping_add(step))];
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
            let (one, two) = (pos.wrapping_add(step), pos.wrapping_add(step.wrapping_mul(2)));
            let (a, b) = (vld1q_f32(first_tap(x, pos)), vld1q_f32(first_tap(x, one)));
            let (c, d) = (vld1q_f32(first_tap(x, two)), vld1q_f32(first_tap(x, two.wrapping_add(step))));
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
            let (mut low, mut high) = (vdupq_n_f32(0.0), vdupq_n_f32(0.0));
            let mut k = 0;
            while k < taps {
                low = vaddq_f32(low, product(x.add(k), c.add(k), d.add(k), t));
                high = vaddq_f32(high, product(x.add(k + 4), c.add(k + 4), d.add(k + 4), t));
                k += 8;
            }
            let four = vaddq_f32(low, high);
            let two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
            vget_lane_f32::<0>(two) + vget_lane_f32::<1>(two)
        }
    }
}
