//! Where the song is: the map between rendered frames and beats, led by the host or by the internal clock.
//!
//! Thread: audio. Realtime: yes.
//!
//! A line through an anchor (frame, beat, bpm) holds until the host says otherwise. The host's beat is compared with
//! ours at each block: what differs by rounding changes nothing (so nothing drifts and nothing rounds twice), what
//! differs a little is a tempo ramp, what differs much is a locate, unless it is the wrap of the host's loop.

use super::HostTransport;
use crate::model::time::{BPM_MAX, BPM_MIN};
use crate::model::{ClockMap, Signature, TransportVerb};

/// Up to here a difference to the host is a tempo ramp, in beats.
const RAMP_BEATS: f64 = 1.0 / 64.0;
/// Shorter loops of the host are not followed, in beats.
const LOOP_BEATS_MIN: f64 = 1.0 / 16.0;
/// Positions further from 0 are not believed: steps there could not be told apart.
const BEAT_FAR: f64 = 1e9;
/// Tempos of a host outside of this are not believed.
const TEMPOS: std::ops::RangeInclusive<f64> = 0.01..=100_000.0;
/// Two beats closer than this are one.
pub const SAME_BEAT: f64 = 1e-9;

/// What a look at the clock brought. Several may be true at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moves {
    /// The position began to move.
    pub started: bool,
    /// The position came to a halt.
    pub stopped: bool,
    /// The position jumped.
    pub located: bool,
    /// The host's loop wrapped.
    pub wrapped: bool,
    /// Beats lie at other frames than before.
    pub retimed: bool,
}

/// A line between frames and beats.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    /// Rendered frame, in parts of a frame too: a loop wraps between two frames.
    frame: f64,
    beat: f64,
    bpm: f64,
}

/// The clock.
#[derive(Debug)]
pub struct Transport {
    rate: f64,
    frame: u64,
    anchor: Anchor,
    playing: bool,
    host: bool,
    pass: u32,
    jump: u32,
    /// Where the present stretch began, in beats.
    begun: f64,
    signature: Signature,
    /// The host's loop, and whether the position is before its end and will wrap there.
    cycle: Option<(f64, f64)>,
    armed: bool,
    /// All steps before this beat are played.
    cursor: f64,
}

impl Transport {
    /// A clock that stands at beat 0, at rendered frame `frame`. `rate` in frames per second.
    pub fn new(rate: f64, frame: u64) -> Self {
        Self {
            rate,
            frame,
            anchor: Anchor { frame: frame as f64, beat: 0.0, bpm: 120.0 },
            playing: false,
            host: false,
            pass: 0,
            jump: 0,
            begun: 0.0,
            signature: Signature::default(),
            cycle: None,
            armed: false,
            cursor: 0.0,
        }
    }

    /// Rendered frame.
    pub fn frame(&self) -> u64 {
        self.frame
    }

    /// Whether the position moves.
    pub fn playing(&self) -> bool {
        self.playing
    }

    /// Whether the host leads.
    pub fn host(&self) -> bool {
        self.host
    }

    /// How often the host's loop wrapped since the start or the last locate.
    pub fn pass(&self) -> u32 {
        self.pass
    }

    /// Frames per beat.
    pub fn beat_frames(&self) -> f64 {
        60.0 * self.rate / self.anchor.bpm
    }

    /// Song position now, in quarter notes.
    pub fn beat(&self) -> f64 {
        self.beat_at(self.frame as f64)
    }

    /// Song position at a rendered frame.
    pub fn beat_at(&self, frame: f64) -> f64 {
        if self.playing {
            self.anchor.beat + (frame - self.anchor.frame) * self.anchor.bpm / (60.0 * self.rate)
        } else {
            self.anchor.beat
        }
    }

    /// Rendered frame of a beat, rounded, half up; beats before frame 0 are at 0.
    pub fn frame_of(&self, beat: f64) -> u64 {
        // The cast saturates, so a beat that never comes is at the end of time.
        (self.exact_frame_of(beat) + 0.5).floor() as u64
    }

    fn exact_frame_of(&self, beat: f64) -> f64 {
        self.anchor.frame + (beat - self.anchor.beat) * self.beat_frames()
    }

    /// Whether a step at `beat` is still to be played.
    pub fn is_ahead(&self, beat: f64) -> bool {
        // At the border rounding decides, and it must decide as it did when the frame was rendered.
        if (beat - self.cursor).abs() < SAME_BEAT { self.frame_of(beat) >= self.frame } else { beat >= self.cursor }
    }

    /// All steps before this beat are played.
    pub fn cursor(&self) -> f64 {
        self.cursor
    }

    /// The frame at which the host's loop wraps, if it will.
    pub fn wrap_frame(&self) -> Option<u64> {
        let (_, end) = self.cycle.filter(|_| self.playing && self.armed)?;
        Some(self.frame_of(end))
    }

    /// Counts starts and locates.
    pub fn jump(&self) -> u32 {
        self.jump
    }

    /// Length of the host's loop in beats; 0 without one.
    pub fn cycle_beats(&self) -> f64 {
        self.cycle.map_or(0.0, |(start, end)| end - start)
    }

    /// End of the host's loop in beats.
    pub fn cycle_end(&self) -> Option<f64> {
        self.cycle.map(|(_, end)| end)
    }

    /// Wrap the host's loop.
    pub fn wrap(&mut self) {
        let Some((start, end)) = self.cycle else { return };
        // The place between two frames is kept, so the loop has its exact length however often it goes round.
        self.anchor = Anchor { frame: self.exact_frame_of(end), beat: start, bpm: self.anchor.bpm };
        self.pass = self.pass.wrapping_add(1);
        self.cursor = start;
        self.begun = start;
    }

    /// Go on by `frames` rendered frames.
    pub fn advance(&mut self, frames: usize) {
        self.frame += frames as u64;
        if self.playing {
            self.cursor = self.cursor.max(self.beat_at(self.frame as f64 - 0.5));
        }
    }

    /// Look at what leads at the start of a block. `internal` is the tempo and signature of the internal clock; it leads
    /// when there is no host transport or `alone` says so.
    pub fn follow(&mut self, host: Option<&HostTransport>, alone: bool, bpm: f64, signature: Signature) -> Moves {
        match host.filter(|_| !alone) {
            Some(host) => self.follow_host(host),
            None => self.follow_internal(bpm, signature),
        }
    }

    fn follow_internal(&mut self, bpm: f64, signature: Signature) -> Moves {
        let mut moves = Moves::default();
        if self.host {
            self.host = false;
            self.cycle = None;
            moves = self.halt(self.beat());
        }
        self.signature = signature;
        let bpm = if bpm.is_finite() { bpm.clamp(BPM_MIN, BPM_MAX) } else { self.anchor.bpm };
        if bpm != self.anchor.bpm {
            self.anchor = Anchor { frame: self.frame as f64, beat: self.beat(), bpm };
            moves.retimed = true;
        }
        moves
    }

    fn follow_host(&mut self, host: &HostTransport) -> Moves {
        self.host = true;
        let tempo = host.tempo.filter(|tempo| TEMPOS.contains(tempo)).unwrap_or(self.anchor.bpm);
        let beat = host.beat.filter(|beat| beat.abs() <= BEAT_FAR);
        if let Some((num, den)) = host.signature.filter(|(num, den)| *num > 0 && *den > 0) {
            self.signature = Signature { num, den };
        }
        let cycle = host
            .loop_beats
            .filter(|(start, end)| start.abs() <= BEAT_FAR && end.abs() <= BEAT_FAR && end - start >= LOOP_BEATS_MIN);
        let moves = match (self.playing, host.playing) {
            (true, true) => self.compare(beat, tempo, cycle),
            (true, false) => {
                let moves = self.halt(beat.unwrap_or(self.beat()));
                self.anchor.bpm = tempo;
                moves
            }
            (false, true) => {
                self.anchor.bpm = tempo;
                self.start(beat.unwrap_or(self.anchor.beat))
            }
            (false, false) => {
                self.anchor.bpm = tempo;
                self.stand_at(beat.unwrap_or(self.anchor.beat))
            }
        };
        self.cycle = cycle;
        let now = beat.unwrap_or(self.beat());
        self.armed = cycle.is_some_and(|(_, end)| now < end - SAME_BEAT && self.beat() < end);
        moves
    }

    /// The host plays and so do we: are we where it is?
    fn compare(&mut self, beat: Option<f64>, tempo: f64, cycle: Option<(f64, f64)>) -> Moves {
        let mut moves = Moves::default();
        let steady = (tempo - self.anchor.bpm).abs() <= SAME_BEAT * tempo;
        let Some(beat) = beat else {
            if !steady {
                self.retime(self.beat(), tempo);
                moves.retimed = true;
            }
            return moves;
        };
        if let Some((start, end)) = cycle {
            let near = RAMP_BEATS.max(2.0 / self.beat_frames());
            let ours = self.beat();
            let wrapped = ours - (end - start);
            if (ours - end).abs() <= near && (beat - wrapped).abs() <= near.min((end - start) / 2.0) {
                self.cycle = cycle;
                self.wrap();
                moves.wrapped = true;
            }
        }
        let off = beat - self.beat();
        if steady && (off * self.beat_frames()).abs() <= 0.5 {
            return moves;
        }
        if off.abs() <= RAMP_BEATS {
            self.retime(beat, tempo);
            moves.retimed = true;
        } else {
            self.anchor.bpm = tempo;
            self.jump_to(beat);
            moves.located = true;
        }
        moves
    }

    fn retime(&mut self, beat: f64, bpm: f64) {
        self.anchor = Anchor { frame: self.frame as f64, beat, bpm };
    }

    /// Put a moving position elsewhere.
    fn jump_to(&mut self, beat: f64) {
        self.retime(beat, self.anchor.bpm);
        self.cursor = self.beat_at(self.frame as f64 - 0.5);
        self.pass = 0;
        self.jump = self.jump.wrapping_add(1);
        self.begun = beat;
    }

    fn start(&mut self, beat: f64) -> Moves {
        self.playing = true;
        self.jump_to(beat);
        Moves { started: true, ..Moves::default() }
    }

    fn halt(&mut self, beat: f64) -> Moves {
        let stopped = self.playing;
        self.playing = false;
        self.retime(beat, self.anchor.bpm);
        Moves { stopped, ..Moves::default() }
    }

    /// The position stands, perhaps elsewhere than before.
    fn stand_at(&mut self, beat: f64) -> Moves {
        if (beat - self.anchor.beat).abs() <= SAME_BEAT {
            return Moves::default();
        }
        self.retime(beat, self.anchor.bpm);
        self.jump = self.jump.wrapping_add(1);
        self.begun = beat;
        Moves { located: true, ..Moves::default() }
    }

    /// Obey a command to the internal clock; `None` when the host leads.
    pub fn obey(&mut self, verb: TransportVerb) -> Option<Moves> {
        if self.host {
            return None;
        }
        let here = self.beat();
        Some(match verb {
            TransportVerb::Play if self.playing => Moves::default(),
            TransportVerb::Play => self.start(here),
            TransportVerb::Pause => self.halt(here),
            TransportVerb::Stop => self.halt_and_return(),
            TransportVerb::Reset => {
                let moves = self.halt_and_return();
                // Listeners are told even when it stood at the start already.
                self.jump = self.jump.wrapping_add(u32::from(!moves.located));
                Moves { located: true, ..moves }
            }
            TransportVerb::Locate(beat) if beat.is_nan() || beat.abs() > BEAT_FAR => Moves::default(),
            TransportVerb::Locate(beat) if self.playing => {
                self.jump_to(beat);
                Moves { located: true, ..Moves::default() }
            }
            TransportVerb::Locate(beat) => self.stand_at(beat),
        })
    }

    fn halt_and_return(&mut self) -> Moves {
        let moves = self.halt(self.beat());
        Moves { stopped: moves.stopped, ..self.stand_at(0.0) }
    }

    /// What everybody may know.
    pub fn map(&self) -> ClockMap {
        ClockMap {
            frame: self.frame,
            beat: self.beat(),
            bpm: self.anchor.bpm,
            rate: self.rate,
            playing: self.playing,
            pass: self.pass,
            jump: self.jump,
            num: self.signature.num,
            den: self.signature.den,
            host: self.host,
            begun: self.begun,
            cycle: self
                .cycle
                .filter(|(_, end)| self.playing && (self.armed || (self.beat() - end).abs() <= RAMP_BEATS)),
        }
    }
}
