//! From a pan position to the gains of the two sides. Thread: any.

/// Left and right gain of `pan` (−1 left … 1 right; clamped, no number counts as centre).
///
/// The balance law: l = min(1, 1 − pan), r = min(1, 1 + pan). The centre is exactly (1, 1), so that a stereo clip passes
/// to the bit; towards one side the other fades out linearly and nothing gets louder than the clip.
///
/// Thread: any. Realtime: yes.
pub fn pan_gains(pan: f32) -> (f32, f32) {
    let pan = if pan.is_nan() { 0.0 } else { pan.clamp(-1.0, 1.0) };
    ((1.0 - pan).min(1.0), (1.0 + pan).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_centre_leaves_both_sides_alone_and_the_ends_silence_one() {
        assert_eq!(pan_gains(0.0), (1.0, 1.0));
        assert_eq!(pan_gains(-0.0), (1.0, 1.0));
        assert_eq!(pan_gains(-1.0), (1.0, 0.0));
        assert_eq!(pan_gains(1.0), (0.0, 1.0));
        assert_eq!(pan_gains(0.25), (0.75, 1.0));
        assert_eq!(pan_gains(-7.0), (1.0, 0.0));
        assert_eq!(pan_gains(f32::NAN), (1.0, 1.0));
    }
}
