//! A gain that goes to its target in a straight line. Thread: audio.

/// A line from one value to another over a number of frames, then that value.
///
/// Each value is computed from the line's ends and the frame's number, never from the value before it: cutting into
/// blocks changes nothing, and the target is reached exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ramp {
    from: f32,
    target: f32,
    per_frame: f32,
    /// Frames since the line began; `frames` when it has ended.
    done: u32,
    frames: u32,
}

impl Ramp {
    /// A ramp that stands at `value`.
    ///
    /// Thread: any. Realtime: yes.
    pub fn new(value: f32) -> Self {
        Self { from: value, target: value, per_frame: 0.0, done: 0, frames: 0 }
    }

    /// Go from the present value to `target`: frame 0 still has the present value, frame `frames` is the first at the
    /// target. 0 frames: the next frame is there already.
    ///
    /// Thread: audio. Realtime: yes.
    pub fn set(&mut self, target: f32, frames: u32) {
        let from = self.value();
        let per_frame = if frames == 0 { 0.0 } else { (target - from) / frames as f32 };
        *self = Self { from, target, per_frame, done: 0, frames };
    }

    /// Go to `target` so that the very next frame is under way already and frame `frames - 1` is the first at the target:
    /// what moves at a frame is heard from that frame. 0 frames: the next frame is there.
    ///
    /// Thread: audio. Realtime: yes.
    pub fn glide(&mut self, target: f32, frames: u32) {
        // From what was heard last, so that moving anew at each frame makes no step of two.
        let from = if self.frames_left() == 0 { self.target } else { self.value_at(self.done.saturating_sub(1)) };
        let per_frame = if frames == 0 { 0.0 } else { (target - from) / frames as f32 };
        *self = Self { from, target, per_frame, done: frames.min(1), frames };
    }

    /// The value of the next frame.
    ///
    /// Thread: audio. Realtime: yes.
    pub fn value(&self) -> f32 {
        self.value_at(self.done)
    }

    /// Where it goes, or stands.
    ///
    /// Thread: audio. Realtime: yes.
    pub fn target(&self) -> f32 {
        self.target
    }

    /// Frames until the target is reached; 0 when it stands, and then the gain is constant.
    ///
    /// Thread: audio. Realtime: yes.
    pub fn frames_left(&self) -> u32 {
        self.frames - self.done
    }

    /// Go on by `frames` frames.
    ///
    /// Thread: audio. Realtime: yes.
    pub fn advance(&mut self, frames: u32) {
        self.done = self.done.saturating_add(frames).min(self.frames);
    }

    /// Write the next `out.len()` values and go on past them.
    ///
    /// Thread: audio. Realtime: yes.
    pub fn fill(&mut self, out: &mut [f32]) {
        let moving = out.len().min(self.frames_left() as usize);
        let (line, flat) = out.split_at_mut(moving);
        for (i, value) in line.iter_mut().enumerate() {
            *value = self.from + self.per_frame * (self.done + i as u32) as f32;
        }
        flat.fill(self.target);
        self.advance(moving as u32);
    }

    fn value_at(&self, done: u32) -> f32 {
        if done >= self.frames { self.target } else { self.from + self.per_frame * done as f32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_glide_is_under_way_at_its_first_frame_and_goes_on_evenly_when_moved_again() {
        let mut ramp = Ramp::new(1.0);
        let mut out = [0.0; 2];
        ramp.glide(0.0, 4);
        ramp.fill(&mut out);
        assert_eq!(out, [0.75, 0.5]);
        ramp.glide(0.0, 2);
        ramp.fill(&mut out);
        assert_eq!(out, [0.25, 0.0]);
        ramp.glide(1.0, 0);
        assert_eq!(ramp.value(), 1.0);
    }

    #[test]
    fn it_starts_where_it_is_and_arrives_exactly() {
        let mut ramp = Ramp::new(0.25);
        ramp.set(1.25, 4);
        let mut out = [0.0; 6];
        ramp.fill(&mut out);
        assert_eq!(out, [0.25, 0.5, 0.75, 1.0, 1.25, 1.25]);
        assert_eq!((ramp.frames_left(), ramp.value()), (0, 1.25));
    }

    #[test]
    fn no_frames_is_a_jump() {
        let mut ramp = Ramp::new(0.0);
        ramp.set(0.3, 0);
        assert_eq!((ramp.value(), ramp.frames_left()), (0.3, 0));
    }

    #[test]
    fn a_new_target_on_the_way_goes_on_from_there() {
        let mut ramp = Ramp::new(0.0);
        ramp.set(1.0, 10);
        ramp.advance(5);
        ramp.set(0.0, 5);
        assert_eq!((ramp.value(), ramp.frames_left(), ramp.target()), (0.5, 5, 0.0));
    }

    proptest! {
        #[test]
        fn blocks_do_not_change_a_ramp(
            from in -2.0_f32..2.0, to in -2.0_f32..2.0, frames in 0_u32..300, cuts in prop::collection::vec(0_usize..90, 1..10),
        ) {
            let mut whole = Ramp::new(from);
            whole.set(to, frames);
            let mut cut = whole;
            let mut expected = vec![0.0; cuts.iter().sum()];
            whole.fill(&mut expected);
            let mut got = Vec::new();
            for length in cuts {
                let mut part = vec![0.0; length];
                let next = cut.value();
                cut.fill(&mut part);
                prop_assert!(part.first().is_none_or(|&first| first == next));
                got.extend(part);
            }
            prop_assert_eq!(got, expected);
            prop_assert_eq!(cut, whole);
        }
    }
}
