//! What is read: planes of samples, the region of them that plays, and what lies beside it. Thread: audio.

use super::position::{frames_until, position_of};

/// What a read just outside the region gives.
///
/// A region sounds as if it had been cut out into a file of its own: frames of the clip outside it are never heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The nearest frame of the region (for ONCE, and for a grain).
    Clamp,
    /// The region goes round (for a seamless LOOP).
    Wrap,
}

/// Why a [`Clip`] could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClipError {
    /// The region holds no frame or reaches beyond the clip.
    #[error("region {start}..{end} must hold at least 1 frame and lie within the clip's 0..{frames}")]
    Region {
        /// First frame asked for.
        start: u32,
        /// End asked for, exclusive.
        end: u32,
        /// Frames there are.
        frames: usize,
    },
    /// The two channels differ in length.
    #[error("the left channel has {left} frames and the right {right}; they must be equal")]
    Channels {
        /// Frames of the left channel.
        left: usize,
        /// Frames of the right channel.
        right: usize,
    },
    /// More frames than a position can count.
    #[error("a clip of {frames} frames is too long; 2147483647 are allowed")]
    TooLong {
        /// Frames given.
        frames: usize,
    },
}

/// A mono or stereo clip, planar, with the region of it that plays.
#[derive(Clone, Copy, Debug)]
pub struct Clip<'a> {
    left: &'a [f32],
    /// As long as `left`, or absent for mono.
    right: Option<&'a [f32]>,
    start: u32,
    end: u32,
    edge: Edge,
}

impl<'a> Clip<'a> {
    /// A clip whose region is `start..end` in frames, `right` absent for mono.
    ///
    /// Thread: any. Realtime: yes.
    pub fn new(left: &'a [f32], right: Option<&'a [f32]>, start: u32, end: u32, edge: Edge) -> Result<Self, ClipError> {
        if left.len() > i32::MAX as usize {
            return Err(ClipError::TooLong { frames: left.len() });
        }
        if let Some(right) = right.filter(|right| right.len() != left.len()) {
            return Err(ClipError::Channels { left: left.len(), right: right.len() });
        }
        if start >= end || end as usize > left.len() {
            return Err(ClipError::Region { start, end, frames: left.len() });
        }
        Ok(Self { left, right, start, end, edge })
    }

    /// First frame of the region.
    ///
    /// Thread: any. Realtime: yes.
    pub fn start(&self) -> u32 {
        self.start
    }

    /// End of the region, exclusive.
    ///
    /// Thread: any. Realtime: yes.
    pub fn end(&self) -> u32 {
        self.end
    }

    /// Whether it has two channels.
    ///
    /// Thread: any. Realtime: yes.
    pub fn is_stereo(&self) -> bool {
        self.right.is_some()
    }

    /// Left (or only) channel, and the right one or, for mono, the left again: equally long in any case.
    pub(super) fn planes(&self) -> (&'a [f32], &'a [f32]) {
        (self.left, self.right.unwrap_or(self.left))
    }

    /// The sample of `plane` that a read at `frame` gives, wherever that is. `plane` is one of [`Clip::planes`].
    #[inline(always)]
    pub(super) fn read(&self, plane: &[f32], frame: i64) -> f32 {
        let (start, end) = (i64::from(self.start), i64::from(self.end));
        let frame = if frame >= start && frame < end {
            frame
        } else {
            match self.edge {
                Edge::Clamp => frame.clamp(start, end - 1),
                Edge::Wrap => start + (frame - start).rem_euclid(end - start),
            }
        };
        plane[frame as usize]
    }
}

/// Frames to be made of one clip: frame `i` is read at `pos + i · step` (units of position).
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// What is read.
    pub clip: Clip<'a>,
    /// Where the first frame is read.
    pub pos: i64,
    /// How far apart frames are read; negative: backward.
    pub step: i64,
}

impl Run<'_> {
    /// The position of frame `i`.
    #[inline(always)]
    pub(super) fn at(&self, i: usize) -> i64 {
        self.pos.wrapping_add(self.step.wrapping_mul(i as i64))
    }

    /// The frames `a..b` of the first `n` whose reads from `before` frames before to `after` frames after the one they
    /// stand in are all inside the region. For those no edge rule is needed.
    pub(super) fn interior(&self, before: u32, after: u32, n: usize) -> (usize, usize) {
        if n == 0 || self.clip.end - self.clip.start <= before + after {
            return (0, 0);
        }
        let low = position_of(self.clip.start + before);
        let high = position_of(self.clip.end - after);
        // The sums saturate instead of wrapping, or a position gone astray could look as if it were inside.
        let last = i128::from(self.pos) + i128::from(self.step) * (n as i128 - 1);
        let inside = |pos: i128| pos >= i128::from(low) && pos < i128::from(high);
        if inside(i128::from(self.pos)) && inside(last) {
            return (0, n);
        }
        let count = |edge| frames_until(self.pos, self.step, edge).min(n as u64) as usize;
        let (a, b) = if self.step < 0 { (count(high), count(low)) } else { (count(low), count(high)) };
        (a.min(b), b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_region_outside_the_clip_is_refused_by_name() {
        let samples = [0.0; 4];
        let error = Clip::new(&samples, None, 2, 5, Edge::Clamp).unwrap_err();
        assert_eq!(error.to_string(), "region 2..5 must hold at least 1 frame and lie within the clip's 0..4");
        assert!(Clip::new(&samples, None, 2, 2, Edge::Clamp).is_err());
        assert!(Clip::new(&samples, Some(&samples[1..]), 0, 1, Edge::Clamp).is_err());
    }

    #[test]
    fn beside_the_region_lies_its_edge_or_its_other_end() {
        let samples = [9.0, 1.0, 2.0, 3.0, 9.0];
        let clamp = Clip::new(&samples, None, 1, 4, Edge::Clamp).unwrap();
        let wrap = Clip::new(&samples, None, 1, 4, Edge::Wrap).unwrap();
        let read = |clip: Clip<'_>| (-4..8).map(|i| clip.read(&samples, i)).collect::<Vec<_>>();
        assert_eq!(read(clamp), [1., 1., 1., 1., 1., 1., 2., 3., 3., 3., 3., 3.]);
        assert_eq!(read(wrap), [2., 3., 1., 2., 3., 1., 2., 3., 1., 2., 3., 1.]);
    }

    proptest! {
        #[test]
        fn interior_frames_are_exactly_those_that_need_no_edge(
            pos in -20_i64 << 32..60 << 32, step in -5_i64 << 32..5 << 32, n in 0_usize..60, start in 0_u32..10, length in 1_u32..30,
        ) {
            let samples = vec![0.0; 40];
            let clip = Clip::new(&samples, None, start, start + length, Edge::Clamp).unwrap();
            let run = Run { clip, pos, step };
            let (a, b) = run.interior(1, 2, n);
            for i in 0..n {
                let frame = run.at(i) >> 32;
                let inside = frame > i64::from(start) && frame + 2 < i64::from(start + length);
                prop_assert_eq!(inside, i >= a && i < b, "frame {}", i);
            }
        }
    }
}
