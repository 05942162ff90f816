//! What the host does, block by block, decided before anything plays: position, tempo, loop, automation. Any thread.
//!
//! Position and tempo change at block starts only (blocks are cut where the loop ends and where the host jumps), so a
//! plug-in sees every change on the frame on which it happens.

use tracklight_host::oracle::Stretch;
use tracklight_host::{BlockSizes, Transport, beats_to_fixed, fixed_to_beats};

/// By how many beats per minute the tempo rises over the whole way.
const RAMP: f64 = 20.0;
/// Frames between two points of the automation lane: a prime, so that they fall anywhere in a block.
const LANE_STEP: u64 = 479;
/// Quarter notes in a bar.
const BAR: f64 = 4.0;

/// One block.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its first frame, from the start of the pass.
    pub frame: u64,
    /// Its length.
    pub frames: usize,
    /// What the host says at its first frame.
    pub transport: Transport,
    /// Values of macro 1 (0-1) at frames of this block.
    pub lane: Vec<(usize, f64)>,
}

/// A whole pass.
#[derive(Clone, Debug)]
pub struct Plan {
    /// In Hz.
    pub rate: u32,
    /// The blocks in order, without a gap.
    pub blocks: Vec<Block>,
    /// All frames together.
    pub frames: u64,
    /// The longest block.
    pub longest: usize,
}

/// What a plan is made for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Length of the song in bars of 4/4.
    pub bars: u32,
    /// In Hz.
    pub rate: u32,
    /// In quarter notes per minute.
    pub tempo: f64,
    /// Constant tempo, straight through, no automation.
    pub plain: bool,
    /// Without loop and locate, though the tempo is ramped and macro 1 moves.
    pub straight: bool,
    /// Lengths of the blocks.
    pub sizes: BlockSizes,
}

/// A way from one beat to another without a jump.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Leg {
    from: f64,
    to: f64,
    cycle: Option<(f64, f64)>,
}

/// The legs of a song: bars 5-6 play three times (two wraps), and the host jumps once from the end of bar 10 to bar 12.
/// Shorter songs loop bars 2-3 and jump back by half a bar before the last one; below four bars there is no room.
fn legs(bars: u32, straight: bool) -> Vec<Leg> {
    let end = f64::from(bars) * BAR;
    let leg = |from: f64, to: f64, cycle| Leg { from, to, cycle };
    if straight || bars < 4 {
        return vec![leg(0.0, end, None)];
    }
    let (cycle, jump_from, jump_to) = if bars >= 12 {
        ((4.0 * BAR, 6.0 * BAR), 10.0 * BAR, 11.0 * BAR)
    } else {
        ((BAR, 3.0 * BAR), end - BAR, end - BAR * 1.5)
    };
    let mut all = vec![leg(0.0, cycle.1, Some(cycle)), leg(cycle.0, cycle.1, Some(cycle))];
    all.push(leg(cycle.0, jump_from.max(cycle.1), None));
    all.push(leg(jump_to, end, None));
    all
}

impl Plan {
    /// Lay out a pass; half a second with the transport stopped follows the last bar.
    pub fn new(wish: &Wish) -> Self {
        let legs = legs(wish.bars, wish.plain || wish.straight);
        let mut writer = Writer {
            rate: f64::from(wish.rate),
            whole: legs.iter().map(|leg| leg.to - leg.from).sum(),
            gone: 0.0,
            seconds: 0.0,
            frame: 0,
            blocks: vec![],
            wish: wish.clone(),
            sizes: wish.sizes.clone(),
        };
        legs.iter().for_each(|leg| writer.leg(leg));
        writer.stand(legs.last().map_or(0.0, |leg| leg.to));
        let longest = wish.sizes.longest();
        Self { rate: wish.rate, blocks: writer.blocks, frames: writer.frame, longest }
    }

    /// The blocks as the oracle takes them.
    pub fn stretches(&self) -> Vec<Stretch> {
        let stretch = |block: &Block| Stretch {
            frame: block.frame,
            frames: block.frames as u64,
            beat: block.transport.beat_fixed().unwrap_or(0),
            tempo: block.transport.tempo.unwrap_or(0.0),
            playing: block.transport.playing,
            loop_beats: block.transport.loop_beats,
        };
        self.blocks.iter().map(stretch).collect()
    }

    /// Its length in seconds.
    pub fn seconds(&self) -> f64 {
        self.frames as f64 / f64::from(self.rate)
    }
}

struct Writer {
    rate: f64,
    /// Beats of all legs, and those behind us.
    whole: f64,
    gone: f64,
    seconds: f64,
    frame: u64,
    blocks: Vec<Block>,
    wish: Wish,
    sizes: BlockSizes,
}

impl Writer {
    fn leg(&mut self, leg: &Leg) {
        let behind = self.gone;
        let (mut anchor_frame, mut anchor_beat, mut anchor_tempo) = (self.frame, leg.from, self.tempo());
        loop {
            let tempo = self.tempo();
            let mut beat = anchor_beat + (self.frame - anchor_frame) as f64 * anchor_tempo / (60.0 * self.rate);
            if tempo != anchor_tempo {
                // The host counts on from what it has told the plug-in.
                beat = fixed_to_beats(beats_to_fixed(beat));
                (anchor_frame, anchor_beat, anchor_tempo) = (self.frame, beat, tempo);
            }
            let end = anchor_frame as f64 + (leg.to - anchor_beat) * 60.0 * self.rate / tempo;
            let left = (end.round() as u64).saturating_sub(self.frame) as usize;
            if left == 0 {
                break;
            }
            let frames = self.sizes.next().unwrap_or(1).min(left);
            let transport = Transport {
                seconds: Some(self.seconds),
                loop_beats: leg.cycle,
                ..Transport::playing_at(fixed_to_beats(beats_to_fixed(beat)), tempo)
            };
            self.push(frames, transport);
            self.gone = behind + (beat - leg.from) + frames as f64 * tempo / (60.0 * self.rate);
        }
        self.gone = behind + leg.to - leg.from;
    }

    fn stand(&mut self, beat: f64) {
        let transport = Transport { seconds: Some(self.seconds), ..Transport::stopped_at(beat, self.tempo()) };
        let mut left = (self.rate / 2.0) as usize;
        while left > 0 {
            let frames = self.sizes.next().unwrap_or(1).min(left);
            self.push(frames, transport);
            left -= frames;
        }
    }

    fn push(&mut self, frames: usize, transport: Transport) {
        let until = self.frame + frames as u64;
        let mut lane = vec![];
        if !self.wish.plain {
            let mut point = self.frame.next_multiple_of(LANE_STEP);
            while point < until {
                // Up and down once in four seconds.
                let turn = point as f64 / (4.0 * self.rate);
                lane.push(((point - self.frame) as usize, 0.5 - 0.5 * (turn * std::f64::consts::TAU).cos()));
                point += LANE_STEP;
            }
        }
        self.blocks.push(Block { frame: self.frame, frames, transport, lane });
        self.frame = until;
        self.seconds += frames as f64 / self.rate;
    }

    /// Rising in steps, one at each block.
    fn tempo(&self) -> f64 {
        if self.wish.plain { self.wish.tempo } else { self.wish.tempo + RAMP * (self.gone / self.whole).min(1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(bars: u32, plain: bool) -> Wish {
        let sizes = BlockSizes::random(1024, 1);
        Wish { bars, rate: 48_000, tempo: 120.0, plain, straight: false, sizes }
    }

    #[test]
    fn blocks_follow_one_another_and_are_never_empty() {
        for bars in [1, 3, 4, 5, 11, 12, 16] {
            let plan = Plan::new(&wish(bars, false));
            let mut frame = 0;
            for block in &plan.blocks {
                assert_eq!(block.frame, frame);
                assert!(
                    block.frames >= 1
                        && block.lane.iter().all(|(at, value)| { *at < block.frames && (0.0..=1.0).contains(value) })
                );
                frame += block.frames as u64;
            }
            assert_eq!(frame, plan.frames);
        }
    }

    #[test]
    fn a_plain_pass_is_straight_and_as_long_as_its_bars() {
        let plan = Plan::new(&wish(16, true));
        assert_eq!(plan.frames, 16 * 4 * 24_000 + 24_000);
        assert!(plan.blocks.iter().all(|block| block.lane.is_empty() && block.transport.tempo == Some(120.0)));
    }

    #[test]
    fn sixteen_bars_wrap_twice_jump_once_and_end_twenty_faster() {
        let plan = Plan::new(&wish(16, false));
        let playing: Vec<_> = plan.blocks.iter().filter(|block| block.transport.playing).collect();
        let mut jumps = vec![];
        for pair in playing.windows(2) {
            let (before, after) = (pair[0].transport, pair[1].transport);
            let (tempo, beat) = (before.tempo.unwrap_or(0.0), before.beat.unwrap_or(0.0));
            let reached = beat + pair[0].frames as f64 * tempo / (60.0 * 48_000.0);
            if (after.beat.unwrap_or(0.0) - reached).abs() > 1e-3 {
                jumps.push((reached.round(), after.beat.unwrap_or(0.0)));
            }
        }
        assert_eq!(jumps, [(24.0, 16.0), (24.0, 16.0), (40.0, 44.0)]);
        let last = playing.last().and_then(|block| block.transport.tempo).unwrap_or(0.0);
        assert!((139.0..=140.0).contains(&last), "{last}");
        assert!(!plan.blocks[plan.blocks.len() - 1].transport.playing);
    }

    #[test]
    fn four_bars_have_room_for_a_loop_and_a_jump() {
        assert_eq!(
            legs(4, false).iter().map(|leg| (leg.from, leg.to)).collect::<Vec<_>>(),
            [(0.0, 12.0), (4.0, 12.0), (4.0, 12.0), (10.0, 16.0)]
        );
        assert_eq!(legs(3, false).len(), 1);
    }
}
