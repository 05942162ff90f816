//! Eight frames at once with AVX2. Thread: audio.
//!
//! No gathers: taps of neighbouring frames are neighbours in memory, so plain loads and shuffles fetch them, which is
//! faster on every processor tried and not slowed by the microcode that makes gathers safe.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::clip::Run;
use super::gain::Gain;
use super::lanes::{FRACTION_UNIT, Lanes, first_tap};
use super::sinc_tables::SincTables;

/// See [`super::Kernels::cubic`].
///
/// # Safety
/// The processor has AVX2.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn cubic(run: &Run<'_>, gain: &Gain<'_>, out_l: &mut [f32], out_r: &mut [f32]) {
    // SAFETY: the caller says so.
    unsafe { super::cubic::cubic::<Avx2>(run, gain, out_l, out_r) }
}

/// See [`super::Kernels::sinc`].
///
/// # Safety
/// The processor has AVX2.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn sinc(tables: &SincTables, run: &Run<'_>, gain: &Gain<'_>, out_l: &mut [f32], out_r: &mut [f32]) {
    // SAFETY: the caller says so.
    unsafe { super::sinc::sinc::<Avx2>(tables, run, gain, out_l, out_r) }
}

/// Eight lanes.
#[derive(Clone, Copy)]
pub(super) struct Avx2;

/// `k · step` for lane k.
#[derive(Clone, Copy)]
pub(super) struct Offsets {
    /// Whole frames, plus one.
    whole: __m256i,
    /// 2⁻³² frames.
    fraction: __m256i,
}

/// The four taps of lane `k` in the lower half and those of lane `k + 4` in the upper.
///
/// # Safety
/// As for [`Lanes::far_taps`].
#[inline(always)]
unsafe fn pair(x: *const f32, pos: i64, step: i64, k: i64) -> __m256 {
    // SAFETY: the caller says that these taps are in the plane and that the processor has AVX2.
    unsafe {
        let low = _mm_loadu_ps(first_tap(x, pos.wrapping_add(step.wrapping_mul(k))));
        let high = _mm_loadu_ps(first_tap(x, pos.wrapping_add(step.wrapping_mul(k + 4))));
        _mm256_insertf128_ps(_mm256_castps128_ps256(low), high, 1)
    }
}

// SAFETY of all methods: whoever calls them is on a processor with AVX2, and gives pointers as the trait asks.
impl Lanes for Avx2 {
    const N: usize = 8;
    /// Up to here lane 7 stands at most 7 frames after lane 0.
    const NEAR_STEP: i64 = 1 << 32;
    const NEAR_WINDOW: usize = 11;
    type F = __m256;
    type I = __m256i;
    type Offsets = Offsets;

    #[inline(always)]
    unsafe fn splat(x: f32) -> __m256 {
        // SAFETY: see the impl.
        unsafe { _mm256_set1_ps(x) }
    }
    #[inline(always)]
    unsafe fn add(a: __m256, b: __m256) -> __m256 {
        // SAFETY: see the impl.
        unsafe { _mm256_add_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn sub(a: __m256, b: __m256) -> __m256 {
        // SAFETY: see the impl.
        unsafe { _mm256_sub_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn mul(a: __m256, b: __m256) -> __m256 {
        // SAFETY: see the impl.
        unsafe { _mm256_mul_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn load(x: *const f32) -> __m256 {
        // SAFETY: see the impl.
        unsafe { _mm256_loadu_ps(x) }
    }
    #[inline(always)]
    unsafe fn store(x: *mut f32, a: __m256) {
        // SAFETY: see the impl.
        unsafe { _mm256_storeu_ps(x, a) }
    }

    #[inline(always)]
    unsafe fn offsets(step: i64) -> Offsets {
        // SAFETY: see the impl.
        unsafe {
            let k = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
            let low = _mm256_set1_epi32(step as i32);
            let high = _mm256_set1_epi32((step >> 32) as i32);
            // The upper halves of the 64-bit products k · low: what the fractions carry into the whole frames.
            let even = _mm256_srli_epi64(_mm256_mul_epu32(k, low), 32);
            let odd = _mm256_mul_epu32(_mm256_srli_epi64(k, 32), low);
            let carried = _mm256_blend_epi32(even, odd, 0b1010_1010);
            let whole = _mm256_add_epi32(_mm256_mullo_epi32(k, high), carried);
            Offsets { whole: _mm256_add_epi32(whole, _mm256_set1_epi32(1)), fraction: _mm256_mullo_epi32(k, low) }
        }
    }

    #[inline(always)]
    unsafe fn positions(offsets: Offsets, pos: i64, low: i64) -> (__m256i, __m256) {
        // SAFETY: see the impl.
        unsafe {
            let start = _mm256_set1_epi32(pos as i32);
            let fraction = _mm256_add_epi32(offsets.fraction, start);
            // −1 where the sum did not run over: it takes back the one that `whole` has too many.
            let kept = _mm256_cmpeq_epi32(_mm256_max_epu32(fraction, start), fraction);
            let base = _mm256_set1_epi32(((pos >> 32) - low) as i32);
            let at = _mm256_add_epi32(_mm256_add_epi32(offsets.whole, kept), base);
            let t = _mm256_cvtepi32_ps(_mm256_srli_epi32(fraction, 8));
            (at, _mm256_mul_ps(t, _mm256_set1_ps(FRACTION_UNIT)))
        }
    }

    #[inline(always)]
    unsafe fn near_taps(x: *const f32, at: __m256i) -> [__m256; 4] {
        // SAFETY: see the impl; the four loads end at the window's 11th sample.
        unsafe {
            [
                _mm256_permutevar8x32_ps(_mm256_loadu_ps(x), at),
                _mm256_permutevar8x32_ps(_mm256_loadu_ps(x.add(1)), at),
                _mm256_permutevar8x32_ps(_mm256_loadu_ps(x.add(2)), at),
                _mm256_permutevar8x32_ps(_mm256_loadu_ps(x.add(3)), at),
            ]
        }
    }

    #[inline(always)]
    unsafe fn far_taps(x: *const f32, pos: i64, step: i64) -> [__m256; 4] {
        // SAFETY: see the impl; each load takes the four taps of one lane.
        unsafe {
            let (a, b) = (pair(x, pos, step, 0), pair(x, pos, step, 1));
            let (c, d) = (pair(x, pos, step, 2), pair(x, pos, step, 3));
            let (ab, cd) = (_mm256_unpacklo_ps(a, b), _mm256_unpacklo_ps(c, d));
            let (ab_high, cd_high) = (_mm256_unpackhi_ps(a, b), _mm256_unpackhi_ps(c, d));
            [
                _mm256_shuffle_ps(ab, cd, 0x44),
                _mm256_shuffle_ps(ab, cd, 0xEE),
                _mm256_shuffle_ps(ab_high, cd_high, 0x44),
                _mm256_shuffle_ps(ab_high, cd_high, 0xEE),
            ]
        }
    }

    #[inline(always)]
    unsafe fn dot(x: *const f32, c: *const f32, d: *const f32, t: f32, taps: usize) -> f32 {
        // SAFETY: see the impl.
        unsafe {
            let t = _mm256_set1_ps(t);
            let mut sum = _mm256_setzero_ps();
            let mut k = 0;
            while k < taps {
                let (x, c) = (_mm256_loadu_ps(x.add(k)), _mm256_loadu_ps(c.add(k)));
                let rise = _mm256_sub_ps(_mm256_loadu_ps(d.add(k)), c);
                let c = _mm256_add_ps(c, _mm256_mul_ps(t, rise));
                sum = _mm256_add_ps(sum, _mm256_mul_ps(x, c));
                k += 8;
            }
            let four = _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)))
        }
    }
}
