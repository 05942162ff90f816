//! Event layers: what happens when along a song, for the lights.
//!
//! Thread: any. Times are ticks from the song's start, the desk's own unit, so that nothing is rounded on the way.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::name::Uid;

/// Ticks in one second: the desk's RawTime counts 2^24 of them.
pub const TICKS_PER_SECOND: i64 = 1 << 24;
/// Latest time of an event: 256 hours, just past the desk's own 255h59m58.96s.
pub const TICKS_MAX: i64 = 256 * 3600 * TICKS_PER_SECOND;
/// Most events of one layer.
pub const EVENTS_MAX: usize = 100_000;
/// Most layers of a session.
pub const LAYERS_MAX: usize = 256;
/// Longest text of an event (name, note, command), in bytes.
pub const TEXT_MAX: usize = 1000;

/// Seconds as ticks, rounded half to even. Out of the range of an `i64` it is the nearest end.
pub fn ticks_of(seconds: f64) -> i64 {
    (seconds * TICKS_PER_SECOND as f64).round_ties_even() as i64
}

/// Ticks as seconds; exact below 2^53 ticks (17 years).
pub fn seconds_of(ticks: i64) -> f64 {
    ticks as f64 / TICKS_PER_SECOND as f64
}

/// How timecode counts: for the `FF` of `HH:MM:SS:FF` and for showing times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FrameRate {
    /// Film.
    #[serde(rename = "24")]
    F24,
    /// PAL.
    #[serde(rename = "25")]
    F25,
    /// NTSC colour with dropped numbers: 30000/1001 frames a second.
    #[serde(rename = "29.97df")]
    Drop,
    /// The desk's default.
    #[default]
    #[serde(rename = "30")]
    F30,
    /// The desk's finest readout.
    #[serde(rename = "60")]
    F60,
}

impl FrameRate {
    /// All of them.
    pub const ALL: [FrameRate; 5] = [Self::F24, Self::F25, Self::Drop, Self::F30, Self::F60];

    /// The word people type.
    pub fn name(self) -> &'static str {
        match self {
            Self::F24 => "24",
            Self::F25 => "25",
            Self::Drop => "29.97df",
            Self::F30 => "30",
            Self::F60 => "60",
        }
    }

    /// Read the word. Errors name what is allowed.
    pub fn find(word: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|rate| rate.name() == word.trim())
            .ok_or_else(|| format!("\"{word}\" is no frame rate: 24, 25, 29.97df, 30 or 60"))
    }

    /// Ticks of frame number `frames` since 00:00:00:00, rounded half to even.
    pub fn ticks(self, frames: i64) -> i64 {
        let (num, den) = self.fraction();
        let exact = i128::from(frames) * i128::from(TICKS_PER_SECOND) * i128::from(den);
        let (quotient, rest) = (exact.div_euclid(i128::from(num)), exact.rem_euclid(i128::from(num)) * 2);
        let up = match rest.cmp(&i128::from(num)) {
            Ordering::Less => 0,
            Ordering::Equal => quotient & 1,
            Ordering::Greater => 1,
        };
        (quotient + up) as i64
    }

    // Frames a second, as a fraction.
    fn fraction(self) -> (i64, i64) {
        match self {
            Self::F24 => (24, 1),
            Self::F25 => (25, 1),
            Self::Drop => (30_000, 1001),
            Self::F30 => (30, 1),
            Self::F60 => (60, 1),
        }
    }

    // Whole numbers counted in a second of timecode.
    fn count(self) -> i64 {
        match self {
            Self::F24 => 24,
            Self::F25 => 25,
            Self::Drop | Self::F30 => 30,
            Self::F60 => 60,
        }
    }

    /// Ticks of a timecode `HH:MM:SS:FF` (or `HH:MM:SS.sss`, `MM:SS.sss`, seconds). Errors say what is wrong.
    ///
    /// Dropped numbers as in SMPTE ST 12-1: frames 0 and 1 of each minute but every tenth.
    pub fn parse(self, text: &str) -> Result<i64, String> {
        let wrong = || format!("\"{text}\" is no timecode: HH:MM:SS:FF, HH:MM:SS.sss or seconds");
        let parts: Vec<&str> = text.trim().split([':', ';']).collect();
        let whole = |part: &str, below: i64| part.parse::<i64>().ok().filter(|n| (0..below).contains(n));
        let fine = |part: &str| part.parse::<f64>().ok().filter(|s| s.is_finite() && *s >= 0.0);
        let ticks = match parts.as_slice() {
            [s] => fine(s).map(ticks_of),
            [m, s] => (|| Some(whole(m, 60)? * 60 * TICKS_PER_SECOND + ticks_of(fine(s).filter(|s| *s < 60.0)?)))(),
            [h, m, s] => (|| {
                let minutes = whole(h, 256)? * 60 + whole(m, 60)?;
                Some(minutes * 60 * TICKS_PER_SECOND + ticks_of(fine(s).filter(|s| *s < 60.0)?))
            })(),
            [h, m, s, f] => (|| {
                let minutes = whole(h, 256)? * 60 + whole(m, 60)?;
                let (seconds, frame) = (minutes * 60 + whole(s, 60)?, whole(f, self.count())?);
                let count = seconds * self.count() + frame;
                if self != Self::Drop {
                    return Some(self.ticks(count));
                }
                let dropped = seconds % 60 == 0 && minutes % 10 != 0 && frame < 2;
                (!dropped).then(|| self.ticks(count - 2 * (minutes - minutes / 10)))
            })(),
            _ => None,
        };
        ticks.filter(|ticks| (0..=TICKS_MAX).contains(ticks)).ok_or_else(wrong)
    }
}

/// Check a cue number and write it as everybody does: up to three places, no zeros at the end, 0.001-9999.999.
pub fn cue_text(text: &str) -> Result<Arc<str>, String> {
    let wrong = || format!("\"{text}\" is no cue number: a decimal from 0.001 to 9999.999");
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 6 || !digits(whole) || !digits(part) {
        return Err(wrong());
    }
    let part = part.trim_end_matches('0');
    if part.len() > 3 {
        return Err(wrong());
    }
    let number: u32 = whole.parse().map_err(|_| wrong())?;
    if number > 9999 || (number == 0 && part.is_empty()) {
        return Err(wrong());
    }
    Ok(if part.is_empty() { format!("{number}").into() } else { format!("{number}.{part}").into() })
}

/// What holds when tempo changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Anchor {
    /// The time.
    #[default]
    Time,
    /// The musical position.
    Bars,
}

impl Anchor {
    /// The word people type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Bars => "bars",
        }
    }
}

fn is_empty(text: &str) -> bool {
    text.is_empty()
}

/// One event of a layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerEvent {
    /// When: ticks from the song's start.
    pub ticks: i64,
    /// Song position, quarter notes, where it was given in bars or beats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beat: Option<f64>,
    /// What makes a script's event the same one again; unique in its layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Arc<str>>,
    /// What the desk does: `Go+`, `Goto`, … as the desk writes it.
    pub token: Arc<str>,
    /// Cue number as [`cue_text`] writes it, or none. A text of the desk's own that is no number is kept as it is.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub cue: Arc<str>,
    /// Command of the event.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub cmd: Arc<str>,
    /// Name, for people.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub name: Arc<str>,
    /// Note, for people.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub note: Arc<str>,
    /// Red, green, blue. Stays here: the desk's events have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<[u8; 3]>,
}

impl LayerEvent {
    /// A plain `Go+` at a time.
    pub fn at(ticks: i64) -> Self {
        let none: Arc<str> = Arc::from("");
        Self {
            ticks,
            beat: None,
            key: None,
            token: Arc::from("Go+"),
            cue: none.clone(),
            cmd: none.clone(),
            name: none.clone(),
            note: none,
            colour: None,
        }
    }

    fn order(&self) -> (i64, &str, &str, &str, &str, &str, Option<&str>) {
        (self.ticks, &self.token, &self.cue, &self.cmd, &self.name, &self.note, self.key.as_deref())
    }

    /// Check the fields. Errors name the field, what it is and what is allowed.
    pub fn check(&self) -> Result<(), String> {
        // Below 0 lies what the desk does before the song begins.
        if !(-TICKS_MAX..=TICKS_MAX).contains(&self.ticks) {
            return Err(format!("an event's time is -921600 to 921600 s, got {:.6} s", seconds_of(self.ticks)));
        }
        if self.beat.is_some_and(|beat| !beat.is_finite()) {
            return Err("an event's beat is a number".into());
        }
        if self.token.is_empty() || self.token.len() > 64 {
            return Err(format!("an event's token has 1 to 64 bytes, got {}", self.token.len()));
        }
        for (what, text) in [("cue", &self.cue), ("command", &self.cmd), ("name", &self.name), ("note", &self.note)] {
            if text.len() > TEXT_MAX {
                return Err(format!("an event's {what} has at most {TEXT_MAX} bytes, got {}", text.len()));
            }
            if let Some(odd) = text.chars().find(|c| c.is_control()) {
                return Err(format!("an event's {what} has no control characters, got {odd:?}"));
            }
        }
        match &self.key {
            Some(key) if key.is_empty() || key.len() > 200 => {
                Err(format!("an event's key has 1 to 200 bytes, got {}", key.len()))
            }
            _ => Ok(()),
        }
    }
}

/// An event and its identity, which stays through every change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Identity.
    pub uid: Uid,
    /// Content.
    pub event: Arc<LayerEvent>,
}

/// Events of one song, for one kind of light.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Identity underneath the name.
    pub uid: Uid,
    /// The song it belongs to, by name.
    pub song: String,
    /// How its times are shown.
    #[serde(default)]
    pub rate: FrameRate,
    /// What its events hold on to.
    #[serde(default)]
    pub anchor: Anchor,
    /// Events by time; at one time by content. Keys are there once.
    pub events: Vec<Entry>,
}

impl PartialEq for Layer {
    fn eq(&self, other: &Self) -> bool {
        self.song == other.song
            && self.rate == other.rate
            && self.anchor == other.anchor
            && self.events.len() == other.events.len()
            && self.events.iter().zip(&other.events).all(|(a, b)| a.event == b.event)
    }
}

/// What an event shall be: its content, or nothing.
pub type Put = (Uid, Option<Arc<LayerEvent>>);

impl Layer {
    /// An empty layer.
    pub fn new(uid: Uid, song: &str) -> Self {
        Self { uid, song: song.to_owned(), rate: FrameRate::default(), anchor: Anchor::default(), events: vec![] }
    }

    /// The event of an identity.
    pub fn get(&self, uid: Uid) -> Option<&Arc<LayerEvent>> {
        self.events.iter().find(|entry| entry.uid == uid).map(|entry| &entry.event)
    }

    /// The event with a key.
    pub fn keyed(&self, key: &str) -> Option<&Entry> {
        self.events.iter().find(|entry| entry.event.key.as_deref() == Some(key))
    }

    /// Put events in place, or take them out; gives what undoes it. Near-linear in events and puts.
    pub fn put(&mut self, puts: &[Put]) -> Vec<Put> {
        let mut wanted: std::collections::HashMap<Uid, Option<Arc<LayerEvent>>> = puts.iter().cloned().collect();
        let mut old: std::collections::HashMap<Uid, Arc<LayerEvent>> = std::collections::HashMap::new();
        self.events.retain(|entry| match wanted.contains_key(&entry.uid) {
            true => {
                old.insert(entry.uid, entry.event.clone());
                false
            }
            false => true,
        });
        let new = puts.iter().filter_map(|(uid, _)| Some(Entry { uid: *uid, event: wanted.remove(uid)?? }));
        self.events.extend(new);
        self.events.sort_by(|a, b| a.event.order().cmp(&b.event.order()).then(a.uid.cmp(&b.uid)));
        let mut seen = std::collections::HashSet::new();
        puts.iter().filter(|(uid, _)| seen.insert(*uid)).map(|(uid, _)| (*uid, old.remove(uid))).collect()
    }

    /// See that it is whole: order, keys, fields. The error names the event (from 1).
    pub fn check(&self) -> Result<(), String> {
        if self.events.len() > EVENTS_MAX {
            return Err(format!("a layer holds at most {EVENTS_MAX} events, not {}", self.events.len()));
        }
        let (mut keys, mut uids) = (std::collections::HashSet::new(), std::collections::HashSet::new());
        for (place, entry) in self.events.iter().enumerate() {
            entry.event.check().map_err(|error| format!("event {}: {error}", place + 1))?;
            if !uids.insert(entry.uid) || entry.event.key.as_ref().is_some_and(|key| !keys.insert(key)) {
                return Err(format!("event {} is there twice", place + 1));
            }
        }
        let sorted = self.events.windows(2).all(|pair| {
            pair[0].event.order().cmp(&pair[1].event.order()).then(pair[0].uid.cmp(&pair[1].uid)) == Ordering::Less
        });
        if sorted { Ok(()) } else { Err("its events are not in order".into()) }
    }
}

impl fmt::Display for FrameRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timecode_is_read_at_every_rate_and_dropped_numbers_are_refused() {
        let second = TICKS_PER_SECOND;
        assert_eq!(FrameRate::F30.parse("01:00:00:00"), Ok(3600 * second));
        assert_eq!(FrameRate::F25.parse("00:00:01:05"), Ok(second + 3_355_443));
        assert_eq!(FrameRate::F30.parse("00:00:00:01"), Ok(559_241), "559 240.53 ticks, rounded");
        // ST 12-1: an hour of drop-frame has 107 892 frames.
        assert_eq!(FrameRate::Drop.parse("01:00:00:00"), Ok(FrameRate::Drop.ticks(107_892)));
        assert_eq!(FrameRate::Drop.parse("00:10:00:00"), Ok(FrameRate::Drop.ticks(17_982)));
        assert_eq!(FrameRate::Drop.parse("00:01:00:02"), Ok(FrameRate::Drop.ticks(1800)));
        assert!(FrameRate::Drop.parse("00:01:00:01").is_err(), "that number is dropped");
        assert_eq!(FrameRate::F30.parse("12.5"), Ok(12 * second + second / 2));
        for wrong in ["", "x", "00:00:00:30", "1:2:3:4:5", "00:61:00:00", "-1", "nan", "256:00:00:01"] {
            assert!(FrameRate::F30.parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn cue_numbers_are_exact_decimals() {
        for (text, cue) in [("3", "3"), ("3.50", "3.5"), ("0.001", "0.001"), ("9999.999", "9999.999"), ("007", "7")] {
            assert_eq!(cue_text(text).as_deref(), Ok(cue));
        }
        for wrong in ["", "0", "0.000", "10000", "1.2345", "-1", "1e3", "3,5", "x", ".5"] {
            assert!(cue_text(wrong).unwrap_err().contains("0.001 to 9999.999"), "{wrong}");
        }
    }

    #[test]
    fn putting_events_keeps_their_order_and_gives_what_undoes_it() {
        let mut layer = Layer::new(Uid(1), "main");
        let at = |ticks| Some(Arc::new(LayerEvent::at(ticks)));
        let undo = layer.put(&[(Uid(3), at(30)), (Uid(1), at(10)), (Uid(2), at(20))]);
        assert_eq!(layer.events.iter().map(|e| e.uid.0).collect::<Vec<_>>(), [1, 2, 3]);
        let full = layer.clone();
        let back = layer.put(&[(Uid(1), at(25)), (Uid(2), None), (Uid(9), None)]);
        assert_eq!(layer.events.iter().map(|e| e.uid.0).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(layer.check(), Ok(()));
        layer.put(&back);
        assert_eq!(layer.events, full.events);
        layer.put(&undo);
        assert!(layer.events.is_empty());
    }
}
