//! Attack, decay, sustain, release: straight lines per frame. Thread: audio.

use super::ramp::Ramp;

/// The shape of an envelope; times in frames, `sustain` 0..=1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adsr {
    /// Frames from 0 (or from where it is, when triggered again) to 1.
    pub attack: u32,
    /// Frames from 1 to `sustain`.
    pub decay: u32,
    /// Level held until release, linear.
    pub sustain: f32,
    /// Frames from where it is to 0.
    pub release: u32,
}

/// What an envelope is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Silent: not yet triggered, or its release is over. The voice can go.
    Idle,
    /// On the way to 1.
    Attack,
    /// On the way to the sustain level.
    Decay,
    /// Held.
    Sustain,
    /// On the way to 0.
    Release,
}

/// An ADSR envelope: a [`Ramp`] per stage. Stages of 0 frames take none, so attack 0 and sustain 1 give exactly 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Envelope {
    adsr: Adsr,
    stage: Stage,
    line: Ramp,
}

impl Envelope {
    /// An idle envelope. A sustain level outside 0..=1 is clamped; no number counts as 1.
    ///
    /// Thread: any. Realtime: yes.
    pub fn new(adsr: Adsr) -> Self {
        let sustain = if adsr.sustain.is_nan() { 1.0 } else { adsr.sustain.clamp(0.0, 1.0) };
        Self { adsr: Adsr { sustain, ..adsr }, stage: Stage::Idle, line: Ramp::new(0.0) }
    }

    /// Start the attack at the next frame, from the present level.
    ///
    /// Thread: audio. Realtime: yes.
    pub fn trigger(&mut self) {
        self.enter(Stage::Attack);
    }

    /// Start the release at the next frame, from the present level; nothing when idle or releasing already.
    ///
    /// Thread: audio. Realtime: yes.
    pub fn release(&mut self) {
        if !matches!(self.stage, Stage::Idle | Stage::Release) {
            self.enter(Stage::Release);
        }
    }

    /// Release within `frames` frames instead of the shape's own time, also when releasing already (steal, hush, choke);
    /// never later than the release under way would end.
    ///
    /// Thread: audio. Realtime: yes.
    pub fn release_within(&mut self, frames: u32) {
        let under_way = if self.stage == Stage::Release { self.line.frames_left() } else { u32::MAX };
        if self.stage != Stage::Idle && frames < under_way {
            self.stage = Stage::Release;
            self.line.set(0.0, frames);
            self.settle();
        }
    }

    /// The level of the next frame, 0..=1.
    ///
    /// Thread: audio. Realtime: yes.
    pub fn level(&self) -> f32 {
        self.line.value()
    }

    /// The stage of the next frame.
    ///
    /// Thread: audio. Realtime: yes.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Frames until this stage ends by itself; `None` while held or idle, and then the level is constant.
    ///
    /// Thread: audio. Realtime: yes.
    pub fn frames_until_stage_end(&self) -> Option<u32> {
        match self.stage {
            Stage::Idle | Stage::Sustain => None,
            _ => Some(self.line.frames_left()),
        }
    }

    /// Write the next `out.len()` levels and go on past them.
    ///
    /// Thread: audio. Realtime: yes.
    pub fn fill(&mut self, out: &mut [f32]) {
        let mut rest = out;
        while !rest.is_empty() {
            let run = rest.len().min(self.frames_until_stage_end().map_or(usize::MAX, |n| n as usize));
            let (now, later) = rest.split_at_mut(run);
            self.line.fill(now);
            self.settle();
            rest = later;
        }
    }

    /// Go on by `frames` frames without writing levels.
    ///
    /// Thread: audio. Realtime: yes.
    pub fn advance(&mut self, frames: u32) {
        let mut left = frames;
        while left > 0 {
            let run = self.frames_until_stage_end().map_or(left, |n| n.min(left));
            self.line.advance(run);
            self.settle();
            left -= run;
        }
    }

    fn enter(&mut self, stage: Stage) {
        self.stage = stage;
        match stage {
            Stage::Idle => self.line = Ramp::new(0.0),
            Stage::Attack => self.line.set(1.0, self.adsr.attack),
            Stage::Decay => self.line.set(self.adsr.sustain, self.adsr.decay),
            Stage::Sustain => self.line = Ramp::new(self.adsr.sustain),
            Stage::Release => self.line.set(0.0, self.adsr.release),
        }
        self.settle();
    }

    /// Leaves every stage that has no frame left, so a moving stage always has one.
    fn settle(&mut self) {
        while self.frames_until_stage_end() == Some(0) {
            let next = match self.stage {
                Stage::Attack => Stage::Decay,
                Stage::Decay => Stage::Sustain,
                Stage::Release | Stage::Sustain | Stage::Idle => Stage::Idle,
            };
            self.enter(next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn adsr(attack: u32, decay: u32, sustain: f32, release: u32) -> Envelope {
        Envelope::new(Adsr { attack, decay, sustain, release })
    }

    #[test]
    fn it_goes_through_its_stages_frame_by_frame() {
        let mut envelope = adsr(4, 2, 0.5, 2);
        let mut out = [9.0; 8];
        envelope.trigger();
        assert_eq!(envelope.frames_until_stage_end(), Some(4));
        envelope.fill(&mut out);
        assert_eq!(out, [0.0, 0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.5]);
        assert_eq!((envelope.stage(), envelope.frames_until_stage_end()), (Stage::Sustain, None));
        envelope.release();
        envelope.fill(&mut out);
        assert_eq!(out, [0.5, 0.25, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(envelope.stage(), Stage::Idle);
    }

    #[test]
    fn without_attack_and_decay_the_first_frame_is_whole() {
        let mut envelope = adsr(0, 0, 1.0, 0);
        envelope.trigger();
        assert_eq!((envelope.level(), envelope.stage()), (1.0, Stage::Sustain));
        envelope.release();
        assert_eq!((envelope.level(), envelope.stage()), (0.0, Stage::Idle));
    }

    #[test]
    fn a_second_trigger_starts_where_the_level_is() {
        let mut envelope = adsr(10, 0, 1.0, 10);
        envelope.trigger();
        envelope.advance(5);
        envelope.trigger();
        assert_eq!((envelope.level(), envelope.frames_until_stage_end()), (0.5, Some(10)));
    }

    #[test]
    fn a_release_in_the_attack_starts_where_the_level_is() {
        let mut envelope = adsr(8, 0, 1.0, 4);
        envelope.trigger();
        envelope.advance(4);
        envelope.release();
        let mut out = [9.0; 5];
        envelope.fill(&mut out);
        assert_eq!(out, [0.5, 0.375, 0.25, 0.125, 0.0]);
    }

    #[test]
    fn a_second_release_does_not_start_over_but_a_shorter_one_hastens() {
        let mut envelope = adsr(0, 0, 1.0, 8);
        envelope.trigger();
        envelope.release();
        envelope.advance(4);
        envelope.release();
        assert_eq!(envelope.frames_until_stage_end(), Some(4));
        envelope.release_within(6);
        assert_eq!(envelope.frames_until_stage_end(), Some(4));
        envelope.release_within(2);
        assert_eq!((envelope.level(), envelope.frames_until_stage_end()), (0.5, Some(2)));
        envelope.release_within(0);
        assert_eq!(envelope.stage(), Stage::Idle);
    }

    proptest! {
        #[test]
        fn blocks_do_not_change_an_envelope(
            attack in 0_u32..60, decay in 0_u32..60, sustain in 0.0_f32..1.0, release in 0_u32..60,
            held in prop::collection::vec(0_usize..50, 1..8), after in prop::collection::vec(0_usize..50, 1..8),
        ) {
            let (mut whole, mut cut, mut silent) = (
                adsr(attack, decay, sustain, release), adsr(attack, decay, sustain, release), adsr(attack, decay, sustain, release),
            );
            for (part, cuts) in [held, after].iter().enumerate() {
                for envelope in [&mut whole, &mut cut, &mut silent] {
                    if part == 0 { envelope.trigger() } else { envelope.release() }
                }
                let mut expected = vec![9.0; cuts.iter().sum()];
                whole.fill(&mut expected);
                silent.advance(expected.len() as u32);
                let mut got = Vec::new();
                for &length in cuts {
                    let mut block = vec![9.0; length];
                    cut.fill(&mut block);
                    got.extend(block);
                }
                prop_assert!(expected.iter().all(|level| (0.0..=1.0).contains(level)));
                prop_assert_eq!(&got, &expected);
                prop_assert_eq!(cut, whole);
                prop_assert_eq!(silent, whole);
            }
        }
    }
}
