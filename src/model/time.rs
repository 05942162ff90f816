//! When things are: beats, bars, spans that people write, and the map between frames and beats.
//!
//! Thread: any. Beats are quarter notes from the song's start, counted from 0, as `f64`.

use serde::{Deserialize, Serialize};

/// Slowest tempo of the internal clock, in beats per minute.
pub const BPM_MIN: f64 = 20.0;
/// Fastest tempo of the internal clock, in beats per minute.
pub const BPM_MAX: f64 = 480.0;

/// A time signature; `beats` gives the length of its bar in quarter notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Upper number, 1-64.
    pub num: u16,
    /// Lower number: 1, 2, 4, 8, 16 or 32.
    pub den: u16,
}

impl Default for Signature {
    fn default() -> Self {
        Self { num: 4, den: 4 }
    }
}

impl Signature {
    /// Length of one bar in quarter notes; never 0.
    pub fn bar_beats(self) -> f64 {
        4.0 * f64::from(self.num.max(1)) / f64::from(self.den.max(1))
    }
}

/// A length of musical time as people write it: `0.25`, `"1/4"` (of a whole note), `"2 bars"`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum BeatSpan {
    /// Quarter notes.
    Beats(f64),
    /// Bars of the signature in force.
    Bars(f64),
}

impl BeatSpan {
    /// Read a span. Errors name the text and the three forms.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "\"{text}\" is not a length: write beats (0.25), a part of a whole note (\"1/4\") or bars (\"2 bars\")"
            )
        };
        let trimmed = text.trim();
        let words: Vec<&str> = trimmed.split_whitespace().collect();
        let number = |word: &str| -> Option<f64> {
            let value = match word.split_once('/') {
                Some((a, b)) => a.trim().parse::<f64>().ok()? / b.trim().parse::<f64>().ok()?,
                None => word.parse::<f64>().ok()?,
            };
            value.is_finite().then_some(value)
        };
        match words.as_slice() {
            [word] if word.contains('/') => number(word).map(|v| Self::Beats(v * 4.0)),
            [word] => number(word).map(Self::Beats),
            [word, "bar" | "bars"] => number(word).map(Self::Bars),
            [word, "beat" | "beats"] => number(word).map(Self::Beats),
            _ => None,
        }
        .filter(|span| span.count() > 0.0)
        .ok_or_else(wrong)
    }

    /// Length in quarter notes under `signature`.
    pub fn beats(self, signature: Signature) -> f64 {
        match self {
            Self::Beats(beats) => beats,
            Self::Bars(bars) => bars * signature.bar_beats(),
        }
    }

    fn count(self) -> f64 {
        match self {
            Self::Beats(count) | Self::Bars(count) => count,
        }
    }
}

/// How late callbacks of the clock ran, measured where their beat sounds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Timing {
    /// Callbacks run.
    pub fired: u64,
    /// Callbacks run after their beat had passed.
    pub late: u64,
    /// Triggers that `on_trigger` was not told of, because too many came at once.
    pub lost: u64,
    /// Median lateness of the last 1024, in milliseconds; 0 when in time.
    pub p50_ms: f64,
    /// 99th percentile of the last 1024, in milliseconds.
    pub p99_ms: f64,
}

impl std::fmt::Display for Timing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { fired, late, lost, p50_ms, p99_ms } = self;
        write!(f, "{fired} callbacks, {late} late (median {p50_ms:.1} ms, 99% within {p99_ms:.1} ms)")?;
        if *lost > 0 { write!(f, ", {lost} triggers not told") } else { Ok(()) }
    }
}

/// Where audio is: a bijection between rendered frames and beats, true from `frame` on.
///
/// `frame` counts rendered frames since the instance was made; it never jumps back. `beat` is
/// the song position at that frame.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ClockMap {
    /// Rendered frame at which this map was made: the start of the newest block.
    pub frame: u64,
    /// Song position at `frame`, in quarter notes.
    pub beat: f64,
    /// Tempo in beats per minute; above 0 once audio has run.
    pub bpm: f64,
    /// Frames per second; 0 before the first activate.
    pub rate: f64,
    /// Whether the song position moves.
    pub playing: bool,
    /// How many times the host's loop wrapped since play started (see `pattern::Cycles`).
    pub pass: u32,
    /// Counts starts and locates: when it changes, the position jumped.
    pub jump: u32,
    /// Signature upper number (0 = not known yet).
    pub num: u16,
    /// Signature lower number.
    pub den: u16,
    /// Whether the host's transport leads; false = the internal clock.
    pub host: bool,
    /// Song position where this stretch began: where play started, where a locate led, where the host's loop begins.
    pub begun: f64,
    /// The host's loop, start and end in quarter notes, while the position is on its way to the end.
    pub cycle: Option<(f64, f64)>,
}

impl ClockMap {
    /// Song position at a rendered frame, in quarter notes.
    pub fn beat_at(&self, frame: f64) -> f64 {
        if !self.playing || self.rate <= 0.0 {
            return self.beat;
        }
        self.beat + (frame - self.frame as f64) * self.bpm / (60.0 * self.rate)
    }

    /// The signature in force; 4/4 when not known.
    pub fn signature(&self) -> Signature {
        if self.num == 0 || self.den == 0 { Signature::default() } else { Signature { num: self.num, den: self.den } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_beats_parts_of_a_whole_note_and_bars() {
        assert_eq!(BeatSpan::parse("0.25"), Ok(BeatSpan::Beats(0.25)));
        assert_eq!(BeatSpan::parse("1/4"), Ok(BeatSpan::Beats(1.0)));
        assert_eq!(BeatSpan::parse("3/16"), Ok(BeatSpan::Beats(0.75)));
        assert_eq!(BeatSpan::parse("2 bars").map(|s| s.beats(Signature { num: 3, den: 4 })), Ok(6.0));
        for bad in ["", "x", "1/0", "-1", "0", "1 mile", "nan"] {
            assert!(BeatSpan::parse(bad).is_err(), "{bad}");
        }
    }
}
