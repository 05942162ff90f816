//! Sixteen frames at once with AVX-512F; the sinc uses AVX2, whose eight columns it is defined by. Thread: audio.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::clip::Run;
use super::gain::Gain;
use super::lanes::{FRACTION_UNIT, Lanes, first_tap};

/// See [`super::Kernels::cubic`].
///
/// # Safety
/// The processor has AVX2 and AVX-512F.
#[target_feature(enable = "avx2,avx512f")]
pub(super) unsafe fn cubic(run: &Run<'_>, gain: &Gain<'_>, out_l: &mut [f32], out_r: &mut [f32]) {
    // SAFETY: the caller says so.
    unsafe { super::cubic::cubic::<Avx512>(run, gain, out_l, out_r) }
}

/// Sixteen lanes.
#[derive(Clone, Copy)]
pub(super) struct Avx512;

/// `k · step` for lane k.
#[derive(Clone, Copy)]
pub(super) struct Offsets {
    /// Whole frames.
    whole: __m512i,
    /// 2⁻³² frames.
    fraction: __m512i,
}

/// The four taps of lane `k`, and of the lanes 4, 8 and 12 after it, one quarter each.
///
/// # Safety
/// As for [`Lanes::far_taps`].
#[inline(always)]
unsafe fn four(x: *const f32, pos: i64, step: i64, k: i64) -> __m512 {
    // SAFETY: the caller says that these taps are in the plane and that the processor has AVX-512F.
    unsafe {
        let quad = _mm512_castps128_ps512(quarter(x, pos, step, k));
        let quad = _mm512_insertf32x4(quad, quarter(x, pos, step, k + 4), 1);
        let quad = _mm512_insertf32x4(quad, quarter(x, pos, step, k + 8), 2);
        _mm512_insertf32x4(quad, quarter(x, pos, step, k + 12), 3)
    }
}

/// The four taps of lane `k`.
///
/// # Safety
/// As for [`Lanes::far_taps`].
#[inline(always)]
unsafe fn quarter(x: *const f32, pos: i64, step: i64, k: i64) -> __m128 {
    // SAFETY: the caller says that these taps are in the plane.
    unsafe { _mm_loadu_ps(first_tap(x, pos.wrapping_add(step.wrapping_mul(k)))) }
}

// SAFETY of all methods: whoever calls them is on a processor with AVX-512F, and gives pointers as the trait asks.
impl Lanes for Avx512 {
    const N: usize = 16;
    /// Up to here lane 15 stands at most 28 frames after lane 0, so its last tap is in the window's 32.
    const NEAR_STEP: i64 = (28 << 32) / 15;
    const NEAR_WINDOW: usize = 32;
    type F = __m512;
    type I = __m512i;
    type Offsets = Offsets;

    #[inline(always)]
    unsafe fn splat(x: f32) -> __m512 {
        // SAFETY: see the impl.
        unsafe { _mm512_set1_ps(x) }
    }
    #[inline(always)]
    unsafe fn add(a: __m512, b: __m512) -> __m512 {
        // SAFETY: see the impl.
        unsafe { _mm512_add_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn sub(a: __m512, b: __m512) -> __m512 {
        // SAFETY: see the impl.
        unsafe { _mm512_sub_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn mul(a: __m512, b: __m512) -> __m512 {
        // SAFETY: see the impl.
        unsafe { _mm512_mul_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn load(x: *const f32) -> __m512 {
        // SAFETY: see the impl.
        unsafe { _mm512_loadu_ps(x) }
    }
    #[inline(always)]
    unsafe fn store(x: *mut f32, a: __m512) {
        // SAFETY: see the impl.
        unsafe { _mm512_storeu_ps(x, a) }
    }

    #[inline(always)]
    unsafe fn offsets(step: i64) -> Offsets {
        // SAFETY: see the impl.
        unsafe {
            let k = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            let low = _mm512_set1_epi32(step as i32);
            let high = _mm512_set1_epi32((step >> 32) as i32);
            // The upper halves of the 64-bit products k · low: what the fractions carry into the whole frames.
            let even = _mm512_srli_epi64(_mm512_mul_epu32(k, low), 32);
            let odd = _mm512_mul_epu32(_mm512_srli_epi64(k, 32), low);
            let carried = _mm512_mask_blend_epi32(0b1010_1010_1010_1010, even, odd);
            Offsets {
                whole: _mm512_add_epi32(_mm512_mullo_epi32(k, high), carried),
                fraction: _mm512_mullo_epi32(k, low),
            }
        }
    }

    #[inline(always)]
    unsafe fn positions(offsets: Offsets, pos: i64, low: i64) -> (__m512i, __m512) {
        // SAFETY: see the impl.
        unsafe {
            let start = _mm512_set1_epi32(pos as i32);
            let fraction = _mm512_add_epi32(offsets.fraction, start);
            let carries = _mm512_cmplt_epu32_mask(fraction, start);
            let at = _mm512_add_epi32(offsets.whole, _mm512_set1_epi32(((pos >> 32) - low) as i32));
            let at = _mm512_mask_add_epi32(at, carries, at, _mm512_set1_epi32(1));
            let t = _mm512_cvtepi32_ps(_mm512_srli_epi32(fraction, 8));
            (at, _mm512_mul_ps(t, _mm512_set1_ps(FRACTION_UNIT)))
        }
    }

    #[inline(always)]
    unsafe fn near_taps(x: *const f32, at: __m512i) -> [__m512; 4] {
        // SAFETY: see the impl; the two loads are the window's 32 samples.
        unsafe {
            let (a, b) = (_mm512_loadu_ps(x), _mm512_loadu_ps(x.add(16)));
            let at1 = _mm512_add_epi32(at, _mm512_set1_epi32(1));
            let at2 = _mm512_add_epi32(at, _mm512_set1_epi32(2));
            let at3 = _mm512_add_epi32(at, _mm512_set1_epi32(3));
            [
                _mm512_permutex2var_ps(a, at, b),
                _mm512_permutex2var_ps(a, at1, b),
                _mm512_permutex2var_ps(a, at2, b),
                _mm512_permutex2var_ps(a, at3, b),
            ]
        }
    }

    #[inline(always)]
    unsafe fn far_taps(x: *const f32, pos: i64, step: i64) -> [__m512; 4] {
        // SAFETY: see the impl; each load takes the four taps of one lane.
        unsafe {
            let (a, b) = (four(x, pos, step, 0), four(x, pos, step, 1));
            let (c, d) = (four(x, pos, step, 2), four(x, pos, step, 3));
            let (ab, cd) = (_mm512_unpacklo_ps(a, b), _mm512_unpacklo_ps(c, d));
            let (ab_high, cd_high) = (_mm512_unpackhi_ps(a, b), _mm512_unpackhi_ps(c, d));
            [
                _mm512_shuffle_ps(ab, cd, 0x44),
                _mm512_shuffle_ps(ab, cd, 0xEE),
                _mm512_shuffle_ps(ab_high, cd_high, 0x44),
                _mm512_shuffle_ps(ab_high, cd_high, 0xEE),
            ]
        }
    }

    #[inline(always)]
    unsafe fn dot(x: *const f32, c: *const f32, d: *const f32, t: f32, taps: usize) -> f32 {
        // SAFETY: see the impl; a processor chosen for this form has AVX2.
        unsafe { super::avx2::Avx2::dot(x, c, d, t, taps) }
    }
}
