//! What the host says about time at the start of a block, and a playhead that says it block after block. Any thread.
//!
//! Transport is handed over at block starts only, never as an event inside a block: the wrapper under the plug-in moves
//! such an event's own position by its offset in the block, which no plug-in can undo.

use clack_host::events::event_types::{TransportEvent, TransportFlags};
use clack_host::events::{EventFlags, EventHeader};
use clack_host::utils::FixedPoint;

/// Beats (or seconds) as CLAP carries them: units of 2^-31. The scaling is exact; what is finer than half a unit is
/// rounded to the nearest unit, ties away from zero.
pub fn beats_to_fixed(beats: f64) -> i64 {
    FixedPoint::from_float(beats).to_bits()
}

/// The beats (or seconds) of a CLAP fixed-point number; exact up to 2^22 beats.
pub fn fixed_to_beats(fixed: i64) -> f64 {
    FixedPoint::from_bits(fixed).to_float()
}

/// The host's transport at the first frame of a block. Absent values are not given to the plug-in at all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transport {
    /// Is the playhead moving?
    pub playing: bool,
    /// Is the host recording?
    pub recording: bool,
    /// In quarter notes per minute.
    pub tempo: Option<f64>,
    /// The song position in quarter notes; negative in a count-in.
    pub beat: Option<f64>,
    /// The song position in seconds.
    pub seconds: Option<f64>,
    /// The time signature: numerator, denominator.
    pub signature: Option<(u16, u16)>,
    /// Where the current bar starts, in quarter notes.
    pub bar_start: f64,
    /// The current bar; the first one is 0.
    pub bar_number: i32,
    /// Start and end of the loop in quarter notes, when it is on.
    pub loop_beats: Option<(f64, f64)>,
}

impl Transport {
    /// At `beat` (quarter notes) of a song in 4/4 at one `tempo` (quarter notes per minute), playing.
    pub fn playing_at(beat: f64, tempo: f64) -> Self {
        let bar = (beat / 4.0).floor();
        Self {
            playing: true,
            recording: false,
            tempo: Some(tempo),
            beat: Some(beat),
            seconds: Some(beat * 60.0 / tempo),
            signature: Some((4, 4)),
            bar_start: bar * 4.0,
            bar_number: bar as i32,
            loop_beats: None,
        }
    }

    /// As [`Self::playing_at`], with the playhead standing.
    pub fn stopped_at(beat: f64, tempo: f64) -> Self {
        Self { playing: false, ..Self::playing_at(beat, tempo) }
    }

    /// The position as the plug-in gets it, in units of 2^-31 beats.
    pub fn beat_fixed(&self) -> Option<i64> {
        self.beat.map(beats_to_fixed)
    }

    pub(crate) fn to_event(self) -> TransportEvent {
        let mut flags = TransportFlags::empty();
        flags.set(TransportFlags::IS_PLAYING, self.playing);
        flags.set(TransportFlags::IS_RECORDING, self.recording);
        flags.set(TransportFlags::HAS_TEMPO, self.tempo.is_some());
        flags.set(TransportFlags::HAS_BEATS_TIMELINE, self.beat.is_some());
        flags.set(TransportFlags::HAS_SECONDS_TIMELINE, self.seconds.is_some());
        flags.set(TransportFlags::HAS_TIME_SIGNATURE, self.signature.is_some());
        flags.set(TransportFlags::IS_LOOP_ACTIVE, self.loop_beats.is_some());
        let (loop_start, loop_end) = self.loop_beats.unwrap_or((0.0, 0.0));
        let seconds_per_beat = self.tempo.map_or(0.0, |tempo| 60.0 / tempo);
        let (numerator, denominator) = self.signature.unwrap_or((0, 0));
        TransportEvent {
            header: EventHeader::new_core(0, EventFlags::empty()),
            flags,
            song_pos_beats: self.beat.unwrap_or(0.0).into(),
            song_pos_seconds: self.seconds.unwrap_or(0.0).into(),
            tempo: self.tempo.unwrap_or(0.0),
            tempo_inc: 0.0,
            loop_start_beats: loop_start.into(),
            loop_end_beats: loop_end.into(),
            loop_start_seconds: (loop_start * seconds_per_beat).into(),
            loop_end_seconds: (loop_end * seconds_per_beat).into(),
            bar_start: self.bar_start.into(),
            bar_number: self.bar_number,
            time_signature_numerator: numerator,
            time_signature_denominator: denominator,
        }
    }
}

/// A host's playhead: says where each block starts, and moves on.
///
/// Positions are counted in frames from the last anchor (play, locate, tempo change, loop wrap), so they do not drift.
#[derive(Clone, Debug)]
pub struct Timeline {
    rate: f64,
    tempo: f64,
    signature: (u16, u16),
    loop_beats: Option<(f64, f64)>,
    playing: bool,
    anchor_beat: f64,
    anchor_seconds: f64,
    frames: u64,
}

impl Timeline {
    /// Standing at beat 0 in 4/4, no loop. `rate` in Hz, `tempo` in quarter notes per minute.
    pub fn new(rate: f64, tempo: f64) -> Self {
        Self {
            rate,
            tempo,
            signature: (4, 4),
            loop_beats: None,
            playing: false,
            anchor_beat: 0.0,
            anchor_seconds: 0.0,
            frames: 0,
        }
    }

    /// The playhead moves from the next block on.
    pub fn play(&mut self) {
        self.playing = true;
    }

    /// The playhead stands from the next block on.
    pub fn stop(&mut self) {
        self.playing = false;
    }

    /// Jump to `beat` (quarter notes); seconds follow as if the whole song had the current tempo.
    pub fn locate(&mut self, beat: f64) {
        self.anchor_beat = beat;
        self.anchor_seconds = beat * 60.0 / self.tempo;
        self.frames = 0;
    }

    /// Another tempo (quarter notes per minute) from the next block on; the position stays.
    pub fn set_tempo(&mut self, tempo: f64) {
        (self.anchor_beat, self.anchor_seconds) = (self.beat(), self.seconds());
        self.frames = 0;
        self.tempo = tempo;
    }

    /// Another time signature (numerator, denominator), counted from beat 0.
    pub fn set_signature(&mut self, numerator: u16, denominator: u16) {
        self.signature = (numerator, denominator);
    }

    /// Loop from one beat to another (quarter notes), or not. A playhead already past the end plays on, as in a DAW.
    pub fn set_loop(&mut self, beats: Option<(f64, f64)>) {
        self.loop_beats = beats.filter(|(start, end)| end > start);
    }

    /// Where the next block starts, in quarter notes.
    pub fn beat(&self) -> f64 {
        self.anchor_beat + self.frames as f64 * self.tempo / (60.0 * self.rate)
    }

    /// Where the next block starts, in seconds.
    pub fn seconds(&self) -> f64 {
        self.anchor_seconds + self.frames as f64 / self.rate
    }

    /// The transport at the start of a block of `frames` frames, after which the playhead stands at the block's end.
    pub fn advance(&mut self, frames: usize) -> Transport {
        let now = self.transport();
        if self.playing {
            let from = self.beat();
            self.frames += frames as u64;
            if let Some((start, end)) = self.loop_beats
                && from < end
            {
                while self.beat() >= end {
                    self.anchor_beat -= end - start;
                    self.anchor_seconds -= (end - start) * 60.0 / self.tempo;
                }
            }
        }
        now
    }

    /// The transport as it stands.
    pub fn transport(&self) -> Transport {
        let bar_beats = f64::from(self.signature.0) * 4.0 / f64::from(self.signature.1);
        let bar = (self.beat() / bar_beats).floor();
        Transport {
            playing: self.playing,
            recording: false,
            tempo: Some(self.tempo),
            beat: Some(self.beat()),
            seconds: Some(self.seconds()),
            signature: Some(self.signature),
            bar_start: bar * bar_beats,
            bar_number: bar as i32,
            loop_beats: self.loop_beats,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beats_become_fixed_point_exactly() {
        assert_eq!(beats_to_fixed(1.0), 1 << 31);
        assert_eq!(beats_to_fixed(-0.25), -(1 << 29));
        assert_eq!(beats_to_fixed(3.0 + 2.0_f64.powi(-31)), (3 << 31) + 1);
        assert_eq!(beats_to_fixed(1.0 / 3.0), 715_827_883);
        assert_eq!(fixed_to_beats(beats_to_fixed(4095.0 + 2.0_f64.powi(-31))), 4095.0 + 2.0_f64.powi(-31));
        assert_eq!(Transport::playing_at(2.5, 120.0).beat_fixed(), Some(5 << 30));
    }

    #[test]
    fn an_absent_value_raises_no_flag() {
        let none =
            Transport { tempo: None, beat: None, seconds: None, signature: None, ..Transport::playing_at(3.0, 90.0) };
        assert_eq!(none.to_event().flags, TransportFlags::IS_PLAYING);
        let full = Transport { loop_beats: Some((4.0, 8.0)), ..Transport::playing_at(3.0, 90.0) }.to_event();
        assert!(full.flags.contains(TransportFlags::HAS_TEMPO | TransportFlags::IS_LOOP_ACTIVE));
        assert_eq!(full.loop_end_beats.to_bits(), 8 << 31);
    }

    #[test]
    fn a_playhead_does_not_drift_over_odd_blocks() {
        let mut odd = Timeline::new(44_100.0, 133.0);
        odd.play();
        for _ in 0..1_000 {
            odd.advance(37);
        }
        let mut whole = Timeline::new(44_100.0, 133.0);
        whole.play();
        whole.advance(37_000);
        assert_eq!(odd.beat(), whole.beat());
        assert_eq!(odd.transport(), whole.transport());
    }

    #[test]
    fn a_loop_wraps_by_its_length_and_only_from_inside() {
        let mut timeline = Timeline::new(48_000.0, 60.0);
        timeline.set_loop(Some((1.0, 3.0)));
        timeline.play();
        timeline.locate(2.75);
        assert_eq!(timeline.advance(24_000).beat, Some(2.75));
        assert_eq!(timeline.beat(), 1.25);
        assert_eq!(timeline.seconds(), 1.25);
        timeline.locate(3.0);
        timeline.advance(48_000);
        assert_eq!(timeline.beat(), 4.0);
    }

    #[test]
    fn a_stopped_playhead_stands_and_a_tempo_change_keeps_the_position() {
        let mut timeline = Timeline::new(48_000.0, 120.0);
        timeline.advance(480);
        assert_eq!(timeline.beat(), 0.0);
        timeline.play();
        timeline.advance(24_000);
        timeline.set_tempo(60.0);
        assert_eq!(timeline.beat(), 1.0);
        timeline.advance(48_000);
        assert_eq!((timeline.beat(), timeline.seconds()), (2.0, 1.5));
    }

    #[test]
    fn bars_follow_the_signature_also_before_the_song() {
        let mut timeline = Timeline::new(48_000.0, 120.0);
        timeline.set_signature(6, 8);
        timeline.locate(7.0);
        assert_eq!((timeline.transport().bar_start, timeline.transport().bar_number), (6.0, 2));
        timeline.locate(-1.0);
        assert_eq!((timeline.transport().bar_start, timeline.transport().bar_number), (-3.0, -1));
    }
}
