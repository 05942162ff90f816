//! Where a voice is in its clip, exactly: 32.32 fixed point with a remainder that is carried, never rounded away.
//!
//! Thread: audio, except the constructors of [`Step`], which run anywhere. A position is an `i64` in units of 2⁻³² frame.

/// One frame in units of position.
pub const ONE_FRAME: i64 = 1 << 32;

/// The largest |step|, in frames per frame; 2²⁰ is far beyond hearing and keeps all sums inside their types.
const STEP_MAX_FRAMES: i64 = 1 << 20;

/// The position of a whole frame.
///
/// Thread: any. Realtime: yes.
pub const fn position_of(frame: u32) -> i64 {
    (frame as i64) << 32
}

/// How many frames of a run starting at `pos` lie before `edge`.
///
/// Forward (`step` > 0) these are the frames with position < `edge`; backward those with position ≥ `edge`, because a
/// region holds its start and not its end. 0 when `pos` is already past; `u64::MAX` when a step of 0 never gets there.
/// A step of 0 counts as forward.
///
/// Thread: audio. Realtime: yes.
pub fn frames_until(pos: i64, step: i64, edge: i64) -> u64 {
    if step < 0 {
        match pos.checked_sub(edge) {
            Some(distance) if distance < 0 => 0,
            Some(distance) => distance.unsigned_abs() / step.unsigned_abs() + 1,
            None if pos < edge => 0,
            None => pos.abs_diff(edge) / step.unsigned_abs() + 1,
        }
    } else if pos >= edge {
        0
    } else if step == 0 {
        u64::MAX
    } else {
        pos.abs_diff(edge).div_ceil(step.unsigned_abs())
    }
}

/// How far a voice moves per output frame: 2⁻³² frames, and below that a fine part of 2⁻⁶⁴ frames.
///
/// The fine part is why 44.1 kHz material loops at 48 kHz for years without drifting by a frame: 147/160 is no 32.32
/// number, and what is missing per frame is gathered by [`Playhead`] and paid at each lap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    coarse: i64,
    fine: u32,
}

impl Step {
    /// One clip frame per output frame.
    pub const ONE: Self = Self { coarse: ONE_FRAME, fine: 0 };

    /// The step for `speed` (negative: backward) of a clip recorded at `clip_hz`, played at `host_hz`.
    ///
    /// Thread: any. Realtime: yes. Rates are 1..=2²⁰ Hz and are clamped; the step is clamped to ±2²⁰ frames; a speed that
    /// is no number is 0. The error is below 2⁻⁶⁴ frame per frame.
    pub fn new(speed: f64, clip_hz: u32, host_hz: u32) -> Self {
        const RATE_MAX: u32 = 1 << 20;
        let limit = STEP_MAX_FRAMES as f64;
        let speed = if speed.is_nan() { 0.0 } else { speed.clamp(-limit, limit) };
        // 2⁶⁴ times an f64 is exact as a float, and 84 bits hold it; the clip's rate adds 20 more.
        let speed = (speed * 18_446_744_073_709_551_616.0) as i128;
        let clip_hz = i128::from(clip_hz.clamp(1, RATE_MAX));
        let host_hz = i128::from(host_hz.clamp(1, RATE_MAX));
        Self::from_sixty_fourths((speed * clip_hz).div_euclid(host_hz))
    }

    /// The step of `numerator / denominator` clip frames per output frame; a denominator of 0 counts as 1.
    ///
    /// Thread: any. Realtime: yes.
    pub fn from_ratio(numerator: i32, denominator: u32) -> Self {
        let numerator = i128::from(numerator) << 64;
        Self::from_sixty_fourths(numerator.div_euclid(i128::from(denominator.max(1))))
    }

    /// A step in units of position, without a fine part.
    ///
    /// Thread: any. Realtime: yes. Clamped to ±2²⁰ frames.
    pub fn from_fixed(step: i64) -> Self {
        Self::from_sixty_fourths(i128::from(step) << 32)
    }

    fn from_sixty_fourths(step: i128) -> Self {
        let limit = i128::from(STEP_MAX_FRAMES) << 64;
        let step = step.clamp(-limit, limit);
        Self { coarse: (step >> 32) as i64, fine: step as u32 }
    }

    /// The step in units of position, rounded down: what a [`super::Run`] takes.
    ///
    /// Thread: audio. Realtime: yes.
    pub fn fixed(self) -> i64 {
        self.coarse
    }

    /// The step in frames, for reading by people.
    ///
    /// Thread: any. Realtime: yes.
    pub fn frames(self) -> f64 {
        self.coarse as f64 / ONE_FRAME as f64 + f64::from(self.fine) / 18_446_744_073_709_551_616.0
    }
}

/// A position that moves by a [`Step`].
///
/// `pos` and what follows from it are functions of the number of frames advanced, however these were cut into blocks.
/// Within a lap a position lags behind the ideal by less than 2⁻³² frame per frame played; the wrap makes it good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Playhead {
    pos: i64,
    step: Step,
    /// What the fine parts have added up to and no wrap has paid yet, in 2⁻⁶⁴ frames.
    owed: u64,
}

impl Playhead {
    /// A playhead at `pos` (units of position).
    ///
    /// Thread: audio. Realtime: yes.
    pub fn new(pos: i64, step: Step) -> Self {
        Self { pos, step, owed: 0 }
    }

    /// The position of the next frame.
    ///
    /// Thread: audio. Realtime: yes.
    pub fn pos(&self) -> i64 {
        self.pos
    }

    /// The step in force.
    ///
    /// Thread: audio. Realtime: yes.
    pub fn step(&self) -> Step {
        self.step
    }

    /// Move by `step` from the next frame on.
    ///
    /// Thread: audio. Realtime: yes.
    pub fn set_step(&mut self, step: Step) {
        self.step = step;
    }

    /// How many of the next `frames` frames lie inside the region `start..end` (frames of the clip), in the direction of play.
    ///
    /// Thread: audio. Realtime: yes. Divides only when the edge is that near.
    pub fn run_length(&self, start: u32, end: u32, frames: u32) -> u32 {
        let step = self.step.coarse;
        let edge = if step < 0 { position_of(start) } else { position_of(end) };
        if frames == 0 {
            return 0;
        }
        let last = self.pos.saturating_add(step.saturating_mul(i64::from(frames - 1)));
        if if step < 0 { last >= edge } else { last < edge } {
            return frames;
        }
        // The edge is nearer than `frames`, so the count fits.
        frames_until(self.pos, step, edge).min(u64::from(frames)) as u32
    }

    /// Go on by `frames` frames without regard to any edge.
    ///
    /// Thread: audio. Realtime: yes.
    pub fn advance(&mut self, frames: u32) {
        self.pos = self.pos.wrapping_add(self.step.coarse.wrapping_mul(i64::from(frames)));
        self.owed = self.owed.saturating_add(u64::from(self.step.fine) * u64::from(frames));
    }

    /// When the position is outside `start..end`, bring it back by whole region lengths and pay what the fine parts owe.
    ///
    /// Thread: audio. Realtime: yes. Nothing is rounded: over many laps a lap lasts (end − start) / |step| exactly.
    /// An empty region puts the position at `start`. Returns whether it wrapped.
    pub fn wrap(&mut self, start: u32, end: u32) -> bool {
        let (low, high) = (position_of(start), position_of(end));
        if self.pos >= low && self.pos < high {
            return false;
        }
        let length = high - low;
        if length <= 0 {
            self.pos = low;
            return true;
        }
        let paid = (self.owed >> 32) as i64;
        self.owed &= u64::from(u32::MAX);
        // One lap is the usual case and needs no division. Paying may itself reach the end again: `inside` sees to that.
        let moved = self.pos.wrapping_add(paid);
        let inside = |pos: i64| pos >= low && pos < high;
        let forward = moved.wrapping_sub(length);
        let backward = moved.wrapping_add(length);
        self.pos = if inside(moved) {
            moved
        } else if inside(forward) {
            forward
        } else if inside(backward) {
            backward
        } else {
            low + moved.wrapping_sub(low).rem_euclid(length)
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn frames_until_counts_the_frames_before_the_edge() {
        let one = ONE_FRAME;
        assert_eq!(frames_until(0, one, 10 * one), 10);
        assert_eq!(frames_until(1, one, 10 * one), 10);
        assert_eq!(frames_until(0, one + 1, 10 * one), 10);
        assert_eq!(frames_until(0, 3 * one, 10 * one), 4);
        assert_eq!(frames_until(10 * one, one, 10 * one), 0);
        assert_eq!(frames_until(9 * one, -one, 0), 10, "frame 0 belongs to the region");
        assert_eq!(frames_until(-1, -one, 0), 0);
        assert_eq!(frames_until(5, 0, 10), u64::MAX);
        assert_eq!(frames_until(10, 0, 10), 0);
        assert_eq!(frames_until(i64::MIN, 1, i64::MAX), u64::MAX);
    }

    proptest! {
        #[test]
        fn the_last_counted_frame_is_inside_and_the_next_is_not(
            pos in -1_i64 << 50..1 << 50, step in -1_i64 << 36..1 << 36, edge in -1_i64 << 50..1 << 50,
        ) {
            prop_assume!(step != 0);
            let count = i128::from(frames_until(pos, step, edge));
            let at = |i: i128| i128::from(pos) + i * i128::from(step);
            let inside = |p: i128| if step > 0 { p < i128::from(edge) } else { p >= i128::from(edge) };
            prop_assert!(!inside(at(count)));
            prop_assert!(count == 0 || inside(at(count - 1)));
        }

        #[test]
        fn blocks_do_not_move_the_playhead(
            numerator in -4000_i32..4000, denominator in 1_u32..4000, start in 0_u32..50, length in 1_u32..300,
            cuts in prop::collection::vec(1_u32..400, 1..40),
        ) {
            let end = start + length;
            let fresh = Playhead::new(position_of(start), Step::from_ratio(numerator, denominator));
            let play = |head: &mut Playhead, frames: u32| {
                let mut left = frames;
                while left > 0 {
                    let run = head.run_length(start, end, left);
                    head.advance(run);
                    head.wrap(start, end);
                    assert!(run > 0, "a wrapped playhead can always go on");
                    left -= run;
                }
            };
            let (mut cut, mut whole) = (fresh, fresh);
            for &frames in &cuts {
                play(&mut cut, frames);
            }
            play(&mut whole, cuts.iter().sum());
            prop_assert_eq!(cut, whole);
        }
    }

    /// Plays laps for `hours` at 48 kHz and gives the distance to the ideal position, in frames, around the circle.
    fn drift_after(hours: u64, step: Step, ideal: (i128, i128), region: (u32, u32)) -> f64 {
        let (start, end) = region;
        let mut head = Playhead::new(position_of(start), step);
        let frames = hours * 3600 * 48_000;
        let mut left = frames;
        while left > 0 {
            let run = head.run_length(start, end, left.min(1 << 20) as u32);
            head.advance(run);
            head.wrap(start, end);
            left -= u64::from(run);
        }
        let length = i128::from(end - start) << 32;
        let ideal = (i128::from(frames) * ideal.0 * (1 << 32) / ideal.1).rem_euclid(length);
        let apart = (i128::from(head.pos() - position_of(start)) - ideal).rem_euclid(length);
        apart.min(length - apart) as f64 / ONE_FRAME as f64
    }

    #[test]
    fn a_loop_does_not_drift_in_a_day() {
        // Without the fine part this is off by a fifth of a frame: the tolerance is what one lap may lag.
        let step = Step::new(1.0, 44_100, 48_000);
        assert!(drift_after(24, step, (147, 160), (7, 4410)) < 1e-5);
        let back = Step::new(-1.0, 44_100, 48_000);
        assert!(drift_after(24, back, (-147, 160), (7, 4410)) < 1e-5);
        assert!(drift_after(1, Step::from_ratio(1, 3), (1, 3), (0, 1)) < 1e-8);
    }

    #[test]
    fn a_lap_lasts_exactly_its_length_over_its_speed() {
        // 1000 frames at 3/4: four thirds of a thousand frames a lap, so 3 laps are 4000 frames to the frame.
        let mut head = Playhead::new(position_of(100), Step::from_ratio(3, 4));
        let mut frames = 0;
        for _ in 0..3 {
            frames += head.run_length(100, 1100, u32::MAX);
            head.advance(head.run_length(100, 1100, u32::MAX));
            assert!(head.wrap(100, 1100));
        }
        assert_eq!((frames, head.pos()), (4000, position_of(100)));
    }

    #[test]
    fn speed_one_at_equal_rates_is_one_frame() {
        assert_eq!(Step::new(1.0, 48_000, 48_000), Step::ONE);
        assert_eq!(Step::new(-1.0, 96_000, 48_000), Step::from_ratio(-2, 1));
        assert_eq!(Step::new(f64::NAN, 48_000, 48_000).fixed(), 0);
        assert_eq!(Step::new(f64::INFINITY, 1 << 20, 1).fixed(), STEP_MAX_FRAMES << 32);
        assert!((Step::new(0.7, 44_100, 48_000).frames() - 0.643_125).abs() < 1e-15);
    }

    #[test]
    fn wrapping_takes_any_distance() {
        let mut head = Playhead::new(position_of(57) + 5, Step::ONE);
        assert!(head.wrap(10, 13));
        assert_eq!(head.pos(), position_of(12) + 5);
        let mut head = Playhead::new(-position_of(57) + 5, Step::ONE);
        assert!(head.wrap(10, 13));
        assert_eq!(head.pos(), position_of(12) + 5);
        let mut empty = Playhead::new(3, Step::ONE);
        assert!(empty.wrap(9, 9));
        assert_eq!(empty.pos(), position_of(9));
    }
}
