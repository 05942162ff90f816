//! Which beat stands at which frame: the rule of the position, block by block, in exact fractions.
//!
//! An anchor (frame, beat, tempo) holds until the host says otherwise; frame of a beat = round(anchor frame + (beat −
//! anchor beat) · 60 · rate / tempo), halves upwards. At each block the host's beat is compared with ours. Steady tempo
//! and within half a frame: the anchor stays. Within 1/64 beat: a tempo ramp; the anchor moves here, and steps between
//! the last one played and the new position are played now. At the end of the host's loop and there where the loop
//! begins: a wrap; the pass counts one more. All else is a locate: the pass is 0 again.

use super::exact::{self, Exact, count, part, whole};

/// One block as the host played it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// Its first frame, counted from the start of the pass.
    pub frame: u64,
    /// Its length in frames, 1 or more.
    pub frames: u64,
    /// The host's song position at its first frame, in units of 2^-31 quarter notes.
    pub beat: i64,
    /// The host's tempo in quarter notes per minute, above 0.
    pub tempo: f64,
    /// Whether the position moves.
    pub playing: bool,
    /// The host's loop, in quarter notes.
    pub loop_beats: Option<(f64, f64)>,
}

/// A line between beats and frames.
#[derive(Clone, Debug)]
struct Anchor {
    frame: Exact,
    beat: Exact,
    tempo: Exact,
}

impl Anchor {
    /// Beats in one frame.
    fn beats_per_frame(&self, rate: u32) -> Exact {
        &self.tempo / whole(60 * i64::from(rate))
    }

    fn beat_at(&self, frame: &Exact, rate: u32) -> Exact {
        &self.beat + (frame - &self.frame) * self.beats_per_frame(rate)
    }

    fn frame_at(&self, beat: &Exact, rate: u32) -> Exact {
        &self.frame + (beat - &self.beat) / self.beats_per_frame(rate)
    }
}

/// The beats of one block that are to be played in it: from the first on, before the second.
pub struct Span {
    /// First beat.
    pub from: Exact,
    /// First beat that is not played any more.
    pub to: Exact,
    /// How often the host's loop wrapped.
    pub pass: u64,
    first: u64,
    anchor: Anchor,
    rate: u32,
}

impl Span {
    /// The frame on which a beat of this span is played; what is late comes on the block's first frame.
    pub fn frame_of(&self, beat: &Exact) -> u64 {
        let frame = exact::round(&self.anchor.frame_at(beat, self.rate));
        u64::try_from(frame).unwrap_or(0).max(self.first)
    }
}

/// The playhead.
pub struct Head {
    rate: u32,
    anchor: Option<Anchor>,
    /// Every beat before this one is played.
    played: Exact,
    pass: u64,
    /// The loop as the last block had it.
    cycle: Option<(Exact, Exact)>,
}

impl Head {
    /// A playhead that stands.
    pub fn new(rate: u32) -> Self {
        Self { rate, anchor: None, played: whole(0), pass: 0, cycle: None }
    }

    /// Go through one block; nothing comes back when the position stands.
    pub fn follow(&mut self, block: &Stretch) -> Option<Span> {
        let tempo = exact::of(block.tempo).filter(|tempo| *tempo > whole(0));
        let (true, Some(tempo)) = (block.playing, tempo) else {
            self.anchor = None;
            return None;
        };
        let here = count(block.frame);
        let host = Anchor { frame: here.clone(), beat: part(block.beat, 1 << 31), tempo };
        self.cycle = block.loop_beats.and_then(|(start, end)| Some((exact::of(start)?, exact::of(end)?)));
        let anchor = match self.anchor.take() {
            None => self.jump(host),
            Some(ours) => self.compare(ours, host),
        };
        let end = count(block.frame + block.frames) - part(1, 2);
        let to = anchor.beat_at(&end, self.rate);
        let from = self.played.clone();
        self.played = from.clone().max(to.clone());
        let to = self.played.clone();
        self.anchor = Some(anchor.clone());
        Some(Span { from, to, pass: self.pass, first: block.frame, anchor, rate: self.rate })
    }

    fn compare(&mut self, mut ours: Anchor, host: Anchor) -> Anchor {
        let near = part(1, 64);
        if let Some((start, end)) = &self.cycle {
            let beat = ours.beat_at(&host.frame, self.rate);
            let behind = &beat - (end - start);
            if exact::size(&(&beat - end)) <= near && exact::size(&(&host.beat - behind)) <= near {
                let frame = ours.frame_at(end, self.rate);
                ours = Anchor { frame, beat: start.clone(), tempo: ours.tempo };
                self.pass += 1;
                self.played = start.clone();
            }
        }
        let off = exact::size(&(&host.beat - ours.beat_at(&host.frame, self.rate)));
        if host.tempo == ours.tempo && &off / ours.beats_per_frame(self.rate) <= part(1, 2) {
            ours
        } else if off <= near {
            host
        } else {
            self.jump(host)
        }
    }

    /// The position starts here or jumps here: what rounds to this frame is still to be played.
    fn jump(&mut self, host: Anchor) -> Anchor {
        self.pass = 0;
        self.played = &host.beat - part(1, 2) * host.beats_per_frame(self.rate);
        host
    }
}
