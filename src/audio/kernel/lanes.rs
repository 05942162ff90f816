//! The few operations on several frames at once that the interpolators are written in, and their scalar form. Thread: audio.
//!
//! Each operation is one IEEE operation per lane, so any two forms agree to the bit. A fused multiply-add is not among
//! them: it rounds once where the others round twice.
//!
//! What is written over `Lanes` is `inline(always)` and without closures or iterator adapters around its vector operations:
//! a closure does not inherit the processor features of the function it ends up in, and then each operation is a call.
#![allow(unsafe_code)]

/// 2⁻²⁴: turns the upper 24 bits of a fraction into an `f32`, which holds them exactly.
pub(super) const FRACTION_UNIT: f32 = 1.0 / 16_777_216.0;

/// `N` consecutive output frames at once.
///
/// # Safety
/// All methods need the processor features of the form; whoever calls a kernel has seen to that (see `Kernels`).
pub(super) trait Lanes: Copy {
    /// Frames at once.
    const N: usize;
    /// Largest |step| for which [`Lanes::near_taps`] reaches all taps, in units of position; negative: it is not there.
    const NEAR_STEP: i64;
    /// Samples that [`Lanes::near_taps`] loads.
    const NEAR_WINDOW: usize;
    /// `N` floats.
    type F: Copy;
    /// `N` frame numbers, relative to the first sample of a window.
    type I: Copy;
    /// `k · step` for each lane `k`.
    type Offsets: Copy;

    /// `x` in all lanes.
    unsafe fn splat(x: f32) -> Self::F;
    /// Sum.
    unsafe fn add(a: Self::F, b: Self::F) -> Self::F;
    /// Difference.
    unsafe fn sub(a: Self::F, b: Self::F) -> Self::F;
    /// Product.
    unsafe fn mul(a: Self::F, b: Self::F) -> Self::F;
    /// `N` floats from `x`, which need not be aligned.
    unsafe fn load(x: *const f32) -> Self::F;
    /// `N` floats to `x`, which need not be aligned.
    unsafe fn store(x: *mut f32, a: Self::F);

    /// What [`Lanes::positions`] needs of a step.
    unsafe fn offsets(step: i64) -> Self::Offsets;
    /// For the frames at `pos + k · step`: how many frames after `low` they stand, and the fraction they stand beyond that.
    /// The frame numbers hold only while |step| ≤ `NEAR_STEP`; the fractions always do.
    unsafe fn positions(offsets: Self::Offsets, pos: i64, low: i64) -> (Self::I, Self::F);

    /// The four taps of each lane: samples `at`, `at + 1`, `at + 2`, `at + 3` of a window of `NEAR_WINDOW` samples at `x`.
    unsafe fn near_taps(x: *const f32, at: Self::I) -> [Self::F; 4];
    /// The four taps of each lane: samples `f − 1 .. f + 3` of `x`, `f` being the frame that `pos + k · step` stands in.
    unsafe fn far_taps(x: *const f32, pos: i64, step: i64) -> [Self::F; 4];

    /// `Σ x[k] · (c[k] + t · (d[k] − c[k]))` over `taps` (a multiple of 8), summed in eight columns (k mod 8), which are then
    /// added as ((0+4)+(2+6)) + ((1+5)+(3+7)).
    unsafe fn dot(x: *const f32, c: *const f32, d: *const f32, t: f32, taps: usize) -> f32;
}

/// One frame at a time, on any processor.
#[derive(Clone, Copy)]
pub(super) struct Scalar;

/// The fraction of `pos` as a float: its upper 24 bits.
#[inline(always)]
pub(super) fn fraction(pos: i64) -> f32 {
    ((pos as u32) >> 8) as f32 * FRACTION_UNIT
}

/// The sample before the frame that `pos` stands in: the first of four taps.
///
/// # Safety
/// That sample lies within the plane at `x`.
#[inline(always)]
pub(super) unsafe fn first_tap(x: *const f32, pos: i64) -> *const f32 {
    // SAFETY: the caller says that the sample is there.
    unsafe { x.offset((pos >> 32) as isize - 1) }
}

impl Lanes for Scalar {
    const N: usize = 1;
    const NEAR_STEP: i64 = -1;
    const NEAR_WINDOW: usize = 0;
    type F = f32;
    type I = ();
    type Offsets = ();

    #[inline(always)]
    unsafe fn splat(x: f32) -> f32 {
        x
    }
    #[inline(always)]
    unsafe fn add(a: f32, b: f32) -> f32 {
        a + b
    }
    #[inline(always)]
    unsafe fn sub(a: f32, b: f32) -> f32 {
        a - b
    }
    #[inline(always)]
    unsafe fn mul(a: f32, b: f32) -> f32 {
        a * b
    }
    #[inline(always)]
    unsafe fn load(x: *const f32) -> f32 {
        // SAFETY: the caller gives a readable float.
        unsafe { *x }
    }
    #[inline(always)]
    unsafe fn store(x: *mut f32, a: f32) {
        // SAFETY: the caller gives a writable float.
        unsafe { *x = a }
    }
    #[inline(always)]
    unsafe fn offsets(_: i64) {}
    #[inline(always)]
    unsafe fn positions((): (), pos: i64, _: i64) -> ((), f32) {
        ((), fraction(pos))
    }
    #[inline(always)]
    unsafe fn near_taps(_: *const f32, (): ()) -> [f32; 4] {
        unreachable!("NEAR_STEP is negative")
    }
    #[inline(always)]
    unsafe fn far_taps(x: *const f32, pos: i64, _: i64) -> [f32; 4] {
        // SAFETY: the caller says that the four taps are in the plane.
        unsafe { first_tap(x, pos).cast::<[f32; 4]>().read() }
    }
    #[inline(always)]
    unsafe fn dot(x: *const f32, c: *const f32, d: *const f32, t: f32, taps: usize) -> f32 {
        let mut sum = [0.0_f32; 8];
        for k in (0..taps).step_by(8) {
            // SAFETY: the caller gives `taps` readable floats behind each pointer, and `taps` is a multiple of 8.
            let [x, c, d] = [x, c, d].map(|p| unsafe { p.add(k).cast::<[f32; 8]>().read() });
            for j in 0..8 {
                sum[j] += x[j] * (c[j] + t * (d[j] - c[j]));
            }
        }
        ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]))
    }
}
