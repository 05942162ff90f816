//! One sounding hit: where it reads, how loud it is, when it ends.
//!
//! Thread: audio. Realtime: yes.
//!
//! **Invariant:** everything a voice does is decided by frames it has made and never by how these were cut into runs.

use super::kernel::{
    Clip, Edge, Envelope, Gain, Kernels, Playhead, Ramp, Run, SincTables, Stage, Step, frames_until, pan_gains,
    position_of,
};
use super::memory::{Key, Memory};
use crate::bus::Lent;
use crate::model::AudioClip;

/// Frames a voice makes at most at once.
pub const PIECE: usize = 1024;

/// What is needed to make sound, one for all voices.
pub struct Tools {
    kernels: Kernels,
    sinc: &'static SincTables,
    shape: [f32; PIECE],
    left: [f32; PIECE],
    right: [f32; PIECE],
    left_in: [f32; PIECE],
    right_in: [f32; PIECE],
}

impl Tools {
    /// With these interpolators.
    pub fn new(kernels: Kernels, sinc: &'static SincTables) -> Self {
        let empty = [0.0; PIECE];
        Self { kernels, sinc, shape: empty, left: empty, right: empty, left_in: empty, right_in: empty }
    }
}

/// The fixed part of a voice, decided when it starts.
pub struct Start {
    /// What it reads.
    pub clip: Lent<AudioClip>,
    /// First frame and end of the region, in frames of the clip.
    pub region: (u32, u32),
    /// The part of the region that plays.
    pub bounds: (u32, u32),
    /// Where it starts, units of position.
    pub position: i64,
    /// Goes round instead of ending.
    pub looping: bool,
    /// Level over time, already triggered.
    pub envelope: Envelope,
    /// Frames of its release, as set.
    pub release: u32,
    /// Volume, of the sampler or its own.
    pub volume: f32,
    /// Pan, of the sampler or its own.
    pub pan: f32,
    /// Level by velocity.
    pub level: f32,
    /// Speed, of the sampler or its own.
    pub speed: f64,
    /// Factor of speed by pitch.
    pub pitch: f64,
    /// Which of volume, pan and speed are its own.
    pub own: [bool; 3],
    /// Frames until it is released; `u64::MAX` is never.
    pub gate: u64,
    /// Windowed sinc instead of cubic.
    pub sinc: bool,
    /// What its position is remembered by.
    pub key: Option<Key>,
    /// Sampler slot, sequencer slot (`u16::MAX` for shots and notes), sample from 1.
    pub from: (u16, u16, u16),
    /// Choke group; 0 is none.
    pub choke: u8,
    /// Channel and key of a note.
    pub note: Option<(u8, u8)>,
    /// Frames of a fade.
    pub fade: u32,
    /// Frames per second of the host.
    pub rate: u32,
}

/// A voice. Free ones have no [`Start`].
pub struct Voice {
    start: Start,
    head: Playhead,
    envelope: Envelope,
    volume: Ramp,
    pan: Ramp,
    gate: u64,
    /// Width of the seam's crossfade in units of position; 0 when the two ends fit.
    seam: i64,
    fits: bool,
    /// Frames before the region's end at which the release begins.
    tail: u64,
    ending: bool,
    /// Factor of pitch by a note's tuning.
    tuning: f64,
    /// Stolen or cut: it no longer counts.
    pub dying: bool,
    /// Rendered frame at which it began.
    pub born: u64,
    remembered: bool,
}

/// What a run of frames is bounded by.
enum Stretch {
    /// This many frames as they are.
    Plain(u32),
    /// This many frames in the crossfade of a loop's seam.
    Seam(u32),
    /// The voice is at its end.
    End,
}

impl Voice {
    /// Begin.
    pub fn new(start: Start) -> Self {
        let fits = start.looping && ends_fit(&start.clip, start.bounds);
        let mut voice = Self {
            head: Playhead::new(start.position, Step::ONE),
            envelope: start.envelope,
            volume: Ramp::new(start.volume),
            pan: Ramp::new(start.pan),
            gate: start.gate,
            seam: 0,
            fits,
            tail: 0,
            ending: false,
            tuning: 1.0,
            dying: false,
            born: 0,
            remembered: false,
            start,
        };
        voice.retune();
        voice
    }

    /// What it was started with.
    pub fn start(&self) -> &Start {
        &self.start
    }

    /// Find step, seam and tail for the speed in force.
    fn retune(&mut self) {
        let step = Step::new(self.start.speed * self.start.pitch, self.start.clip.rate, self.start.rate);
        self.head.set_step(step);
        let (low, high) = self.start.bounds;
        let length = position_of(high) - position_of(low);
        let pace = step.fixed().unsigned_abs().min(i64::MAX as u64) as i64;
        let width = pace.saturating_mul(i64::from(self.start.fade)).min(length / 2);
        self.seam = if self.start.looping && !self.fits { width } else { 0 };
        let whole = if pace == 0 { u64::MAX } else { (length / pace) as u64 };
        self.tail = u64::from(self.start.release).min((whole / 2).max(1));
        self.ending = false;
    }

    /// The sampler's volume, pan and speed are now these; what is its own stays.
    pub fn follow(&mut self, volume: f32, pan: f32, speed: f64) {
        let fade = self.start.fade;
        if !self.start.own[0] && volume != self.volume.target() {
            self.volume.glide(volume, fade);
        }
        if !self.start.own[1] && pan != self.pan.target() {
            self.pan.glide(pan, fade);
        }
        if !self.start.own[2] && speed != self.start.speed {
            self.start.speed = speed;
            self.retune();
        }
    }

    /// Sound `semitones` beside the note.
    pub fn tune(&mut self, semitones: f64) {
        let factor = (semitones / 12.0).exp2();
        self.start.pitch *= factor / self.tuning;
        self.tuning = factor;
        self.retune();
    }

    /// A note's own volume and pan, each where given.
    pub fn express(&mut self, volume: Option<f32>, pan: Option<f32>) {
        if let Some(volume) = volume {
            self.start.own[0] = true;
            self.volume.set(volume, self.start.fade);
        }
        if let Some(pan) = pan {
            self.start.own[1] = true;
            self.pan.set(pan, self.start.fade);
        }
    }

    /// Scale its level: what a way out that is gone did.
    pub fn scale(&mut self, factor: f32) {
        self.start.level *= factor;
    }

    /// Belongs to another slot from now on.
    pub fn move_to(&mut self, slot: u16) {
        self.start.from.0 = slot;
    }

    /// Release as its envelope says.
    pub fn release(&mut self, memory: &mut Memory) {
        self.remember(memory);
        self.envelope.release();
    }

    /// Release within `frames`.
    pub fn release_within(&mut self, frames: u32, memory: &mut Memory) {
        self.remember(memory);
        self.envelope.release_within(frames);
    }

    /// Keep where it stopped, once.
    fn remember(&mut self, memory: &mut Memory) {
        if let Some(key) = self.start.key.filter(|_| !self.remembered) {
            self.remembered = true;
            let (low, high) = self.start.region;
            let share =
                (self.head.pos() - position_of(low)) as f64 / (position_of(high) - position_of(low)).max(1) as f64;
            memory.store(key, share as f32);
        }
    }

    /// Add the next frames, at most [`PIECE`]; `false` when it is over.
    pub fn render(&mut self, left: &mut [f32], right: &mut [f32], tools: &mut Tools, memory: &mut Memory) -> bool {
        let mut done = 0;
        while done < left.len() {
            if self.gate == 0 {
                self.gate = u64::MAX;
                self.release(memory);
            }
            if self.envelope.stage() == Stage::Idle {
                return false;
            }
            let most = (left.len() - done).min(PIECE) as u64;
            let most = most.min(self.gate) as u32;
            let run = match self.stretch(most) {
                Stretch::Plain(run) => {
                    let run = self.until_steady(run);
                    let range = done..done + run as usize;
                    self.plain(&mut left[range.clone()], &mut right[range], tools);
                    run
                }
                Stretch::Seam(run) => {
                    let range = done..done + run as usize;
                    self.seam(&mut left[range.clone()], &mut right[range], tools);
                    run
                }
                Stretch::End => return false,
            };
            self.head.advance(run);
            if self.gate != u64::MAX {
                self.gate -= u64::from(run);
            }
            done += run as usize;
        }
        self.envelope.stage() != Stage::Idle
    }

    /// Up to `most` frames that are of one kind. Starts the release before the region's end.
    fn stretch(&mut self, most: u32) -> Stretch {
        let (low, high) = self.start.bounds;
        let step = self.head.step().fixed();
        let forward = step >= 0;
        if self.start.looping {
            self.head.wrap(low, high);
            let inside = self.head.run_length(low, high, most).max(1);
            if self.seam == 0 {
                return Stretch::Plain(inside);
            }
            let border = if forward { position_of(high) - self.seam } else { position_of(low) + self.seam };
            let before = frames_until(self.head.pos(), step, border);
            return if before == 0 {
                Stretch::Seam(inside)
            } else {
                Stretch::Plain(before.min(u64::from(inside)) as u32)
            };
        }
        let edge = if forward { position_of(high) } else { position_of(low) };
        let rest = frames_until(self.head.pos(), step, edge);
        if rest == 0 {
            return Stretch::End;
        }
        let mut most = u64::from(most).min(rest);
        if !self.ending {
            if rest <= self.tail {
                self.ending = true;
                self.envelope.release_within(rest as u32);
            } else {
                most = most.min(rest - self.tail);
            }
        }
        Stretch::Plain(most as u32)
    }

    /// Cut a run where a moving gain comes to rest, so that what follows is quick.
    fn until_steady(&self, run: u32) -> u32 {
        let envelope = self.envelope.frames_until_stage_end().filter(|&frames| frames > 0);
        let ramps = [self.volume.frames_left(), self.pan.frames_left()].into_iter().filter(|&frames| frames > 0).max();
        envelope.into_iter().chain(ramps).max().map_or(run, |frames| frames.min(run))
    }

    fn plain(&mut self, left: &mut [f32], right: &mut [f32], tools: &mut Tools) {
        let n = left.len();
        let run = (self.head.pos(), self.head.step().fixed());
        let moving = self.volume.frames_left() > 0 || self.pan.frames_left() > 0;
        if moving {
            self.fill_gains(n, tools);
            let Tools { kernels, sinc, left: l, right: r, .. } = tools;
            self.add(run, &Gain::Frames { l: &l[..n], r: &r[..n] }, left, right, kernels, sinc);
            return;
        }
        let (pan_l, pan_r) = pan_gains(self.pan.value());
        let base = self.volume.value() * self.start.level;
        let (l, r) = (base * pan_l, base * pan_r);
        if self.envelope.frames_until_stage_end().is_some() {
            self.envelope.fill(&mut tools.shape[..n]);
            let Tools { kernels, sinc, shape, .. } = tools;
            self.add(run, &Gain::Shaped { shape: &shape[..n], l, r }, left, right, kernels, sinc);
        } else {
            let level = self.envelope.level();
            let (l, r) = (level * l, level * r);
            if l != 0.0 || r != 0.0 {
                self.add(run, &Gain::Constant { l, r }, left, right, &tools.kernels, tools.sinc);
            }
        }
    }

    /// Both gains of each of the next frames. The products are made in the order of the quick forms: equal to the bit.
    fn fill_gains(&mut self, n: usize, tools: &mut Tools) {
        self.envelope.fill(&mut tools.shape[..n]);
        self.volume.fill(&mut tools.left[..n]);
        self.pan.fill(&mut tools.right[..n]);
        let both = tools.left[..n].iter_mut().zip(&mut tools.right[..n]);
        for ((l, r), &shape) in both.zip(&tools.shape[..n]) {
            let (pan_l, pan_r) = pan_gains(*r);
            let base = *l * self.start.level;
            *l = shape * (base * pan_l);
            *r = shape * (base * pan_r);
        }
    }

    /// Towards a loop's end its other end fades in, read in the other direction, so that it arrives where the next lap
    /// begins: no jump, nothing from outside the region, and a lap lasts exactly its length.
    fn seam(&mut self, left: &mut [f32], right: &mut [f32], tools: &mut Tools) {
        let n = left.len();
        self.fill_gains(n, tools);
        let (pos, step) = (self.head.pos(), self.head.step().fixed());
        let (low, high) = (position_of(self.start.bounds.0), position_of(self.start.bounds.1));
        for i in 0..n {
            let here = pos + step * i as i64;
            let distance = if step >= 0 { high - here } else { here - low };
            let out = (distance as f64 / self.seam as f64) as f32;
            tools.left_in[i] = tools.left[i] * (1.0 - out);
            tools.right_in[i] = tools.right[i] * (1.0 - out);
            tools.left[i] *= out;
            tools.right[i] *= out;
        }
        let Tools { kernels, sinc, left: l, right: r, left_in, right_in, .. } = tools;
        self.add((pos, step), &Gain::Frames { l: &l[..n], r: &r[..n] }, left, right, kernels, sinc);
        let mirrored = (low + (high - pos), -step);
        self.add(mirrored, &Gain::Frames { l: &left_in[..n], r: &right_in[..n] }, left, right, kernels, sinc);
    }

    fn add(
        &self,
        (pos, step): (i64, i64),
        gain: &Gain<'_>,
        left: &mut [f32],
        right: &mut [f32],
        kernels: &Kernels,
        sinc: &SincTables,
    ) {
        let channels = &self.start.clip.channels;
        let Some(first) = channels.first() else { return };
        let (low, high) = self.start.bounds;
        let edge = if self.fits { Edge::Wrap } else { Edge::Clamp };
        // The bounds were checked against the clip when the voice began, so this does not fail.
        let Ok(clip) = Clip::new(first, channels.get(1).map(Vec::as_slice), low, high, edge) else { return };
        let run = Run { clip, pos, step };
        if self.start.sinc {
            kernels.sinc(sinc, &run, gain, left, right);
        } else {
            kernels.cubic(&run, gain, left, right);
        }
    }
}

/// Whether a loop's end goes over into its start no more roughly than the sound itself moves nearby: then a crossfade
/// would only harm (a wave cut at whole periods).
fn ends_fit(clip: &AudioClip, (low, high): (u32, u32)) -> bool {
    const NEAR: usize = 16;
    let fits = |plane: &Vec<f32>| {
        let Some(region) = plane.get(low as usize..high as usize) else { return false };
        let roughness = |part: &[f32]| part.windows(2).map(|two| (two[1] - two[0]).abs()).fold(0.0, f32::max);
        let head = roughness(&region[..region.len().min(NEAR)]);
        let tail = roughness(&region[region.len().saturating_sub(NEAR)..]);
        match (region.first(), region.last()) {
            (Some(first), Some(last)) => (first - last).abs() <= 1.25 * head.min(tail),
            _ => false,
        }
    };
    !clip.channels.is_empty() && clip.channels.iter().all(fits)
}
