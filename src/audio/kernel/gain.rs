//! How loud each frame of a run is on either side, in the forms a voice has them. Thread: audio.

use super::lanes::Lanes;

/// Gain of a run, linear. With a stereo clip `l` scales its left channel and `r` its right; a mono clip goes to both.
#[derive(Clone, Copy, Debug)]
pub enum Gain<'a> {
    /// The same for all frames.
    Constant {
        /// Gain to the left bus.
        l: f32,
        /// Gain to the right bus.
        r: f32,
    },
    /// One pan and volume, under an envelope or ramp with one value per frame.
    Shaped {
        /// Value per frame; multiplied with `l` and with `r`.
        shape: &'a [f32],
        /// Gain to the left bus.
        l: f32,
        /// Gain to the right bus.
        r: f32,
    },
    /// Left and right per frame.
    Frames {
        /// Gain to the left bus.
        l: &'a [f32],
        /// Gain to the right bus.
        r: &'a [f32],
    },
}

impl Gain<'_> {
    /// How many frames this gain is known for.
    pub(super) fn frames(&self) -> usize {
        match self {
            Gain::Constant { .. } => usize::MAX,
            Gain::Shaped { shape, .. } => shape.len(),
            Gain::Frames { l, r } => l.len().min(r.len()),
        }
    }
}

/// A form of gain, read `L::N` frames at a time.
pub(super) trait GainAt: Copy {
    /// Left and right gain of frames `i..i + L::N`.
    ///
    /// # Safety
    /// The frames are below [`Gain::frames`], and the processor runs `L`.
    #[allow(unsafe_code)]
    unsafe fn at<L: Lanes>(self, i: usize) -> (L::F, L::F);
}

/// See [`Gain::Constant`].
#[derive(Clone, Copy)]
pub(super) struct Constant(pub f32, pub f32);

/// See [`Gain::Shaped`].
#[derive(Clone, Copy)]
pub(super) struct Shaped<'a>(pub &'a [f32], pub f32, pub f32);

/// See [`Gain::Frames`].
#[derive(Clone, Copy)]
pub(super) struct Frames<'a>(pub &'a [f32], pub &'a [f32]);

#[allow(unsafe_code)]
impl GainAt for Constant {
    #[inline(always)]
    unsafe fn at<L: Lanes>(self, _: usize) -> (L::F, L::F) {
        // SAFETY: the caller says that the processor runs `L`.
        unsafe { (L::splat(self.0), L::splat(self.1)) }
    }
}

#[allow(unsafe_code)]
impl GainAt for Shaped<'_> {
    #[inline(always)]
    unsafe fn at<L: Lanes>(self, i: usize) -> (L::F, L::F) {
        debug_assert!(i + L::N <= self.0.len());
        // SAFETY: the caller says that the processor runs `L` and that these frames are in the slice.
        unsafe {
            let shape = L::load(self.0.as_ptr().add(i));
            (L::mul(shape, L::splat(self.1)), L::mul(shape, L::splat(self.2)))
        }
    }
}

#[allow(unsafe_code)]
impl GainAt for Frames<'_> {
    #[inline(always)]
    unsafe fn at<L: Lanes>(self, i: usize) -> (L::F, L::F) {
        debug_assert!(i + L::N <= self.0.len() && i + L::N <= self.1.len());
        // SAFETY: the caller says that the processor runs `L` and that these frames are in both slices.
        unsafe { (L::load(self.0.as_ptr().add(i)), L::load(self.1.as_ptr().add(i))) }
    }
}
