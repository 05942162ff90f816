//! The one declaration list of parameters: id, range, default, unit, doc.
//!
//! Thread: any. Engine, audio, Lua, GUI, text commands, help and tests all read [`PARAMS`].

use std::collections::BTreeMap;

use super::session::ModuleKind;

/// What a number means to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// No unit.
    None,
    /// Share of a whole, 0 to 1.
    Fraction,
    /// Linear gain.
    Gain,
    /// Factor of playback speed.
    Times,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Semitones.
    Semitones,
    /// MIDI note number.
    Note,
    /// −1 left to 1 right.
    Pan,
}

/// How a parameter's number is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ParamKind {
    /// Any number in the range.
    Number,
    /// Whole numbers in the range.
    Integer,
    /// One of these words; the number is the word's position from 0.
    Choice(&'static [&'static str]),
    /// 0 or 1.
    Switch,
}

/// One parameter's declaration.
#[derive(Debug)]
pub struct ParamDesc {
    /// The name people type.
    pub name: &'static str,
    /// Which module types have it.
    pub of: &'static [ModuleKind],
    /// Lowest value.
    pub min: f64,
    /// Highest value.
    pub max: f64,
    /// Value when nothing is set.
    pub default: f64,
    /// How the number is read.
    pub kind: ParamKind,
    /// What it means.
    pub unit: Unit,
    /// Whether a sample may have its own value (`kick.sample[2].speed`) and a row a column.
    pub per_hit: bool,
    /// One sentence.
    pub doc: &'static str,
}

/// A parameter: its place in [`PARAMS`]. The place is not stable between versions; the name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Param(pub u8);

/// Values that were set; what is missing stands at its default. A value equal to its default is never kept on a module.
pub type ParamMap = BTreeMap<Param, f64>;

macro_rules! params {
    ($( $id:ident = $name:literal, $of:expr, $min:expr, $max:expr, $default:expr, $kind:expr, $unit:expr, $hit:expr, $doc:literal; )*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Place { $( $id, )* }
        impl Param { $( #[doc = $doc] pub const $id: Param = Param(Place::$id as u8); )* }
        /// Every parameter of every module.
        pub static PARAMS: &[ParamDesc] = &[ $( ParamDesc {
            name: $name, of: $of, min: $min, max: $max, default: $default, kind: $kind, unit: $unit, per_hit: $hit, doc: $doc,
        }, )* ];
    };
}

use ModuleKind::{AudioInput, AudioMixer, AudioOutput, MultiSampler};
use ParamKind::{Choice, Integer, Number};
const SAMPLER: &[ModuleKind] = &[MultiSampler];
const MIXERS: &[ModuleKind] = &[AudioMixer, AudioOutput, AudioInput];

/// Words of `playStyle`.
pub const PLAY_STYLES: &[&str] = &["ONCE", "LOOP", "GRAIN", "NEXT"];
/// Words of `polyphonyMode`.
pub const POLYPHONY: &[&str] = &["MONO", "POLY"];
/// Words of `grainEnvelope`.
pub const GRAIN_WINDOWS: &[&str] = &["LINEAR", "EXPONENTIAL", "GAUSSIAN", "HANN", "HAMMING"];
/// Words of `scanMode`.
pub const SCAN_MODES: &[&str] = &["NONE", "PER_STEP", "PER_MEDIA", "GLOBAL"];
/// Words of `interpolation`.
pub const INTERPOLATIONS: &[&str] = &["CUBIC", "SINC"];
/// Words of `cut`.
pub const CUTS: &[&str] = &["SAMPLE", "SAMPLER"];

params! {
    POSITION = "position", SAMPLER, 0.0, 1.0, 0.0, Number, Unit::Fraction, true, "Start point, relative to the region: 0 its start, 1 its end.";
    SPEED = "speed", SAMPLER, -10.0, 10.0, 1.0, Number, Unit::Times, true, "Playback rate; negative plays backwards, 0 stands still.";
    VOLUME = "volume", SAMPLER, 0.0, 2.0, 1.0, Number, Unit::Gain, true, "Linear gain.";
    PAN = "pan", SAMPLER, -1.0, 1.0, 0.0, Number, Unit::Pan, true, "Place in the stereo picture.";
    GRAIN_SIZE = "grainSize", SAMPLER, 0.0, 10.0, 0.0, Number, Unit::Seconds, true, "Length of the loop in play style GRAIN; 0 is the whole region.";
    REGION_START = "regionStart", SAMPLER, 0.0, 1.0, 0.0, Number, Unit::Fraction, true, "Start of the region, as a share of the file.";
    REGION_END = "regionEnd", SAMPLER, 0.0, 1.0, 1.0, Number, Unit::Fraction, true, "End of the region, as a share of the file.";
    PLAY_STYLE = "playStyle", SAMPLER, 0.0, 3.0, 0.0, Choice(PLAY_STYLES), Unit::None, true, "ONCE to the region's end, LOOP the region, GRAIN a short loop, NEXT a loop that goes on where it was stopped.";
    POLYPHONY_MODE = "polyphonyMode", SAMPLER, 0.0, 1.0, 1.0, Choice(POLYPHONY), Unit::None, false, "POLY layers hits; MONO cuts the one before.";
    ATTACK_MS = "attackMs", SAMPLER, 0.0, 60000.0, 0.0, Number, Unit::Milliseconds, true, "Time from silence to full level.";
    DECAY_MS = "decayMs", SAMPLER, 0.0, 60000.0, 0.0, Number, Unit::Milliseconds, true, "Time from full level to the sustain level.";
    SUSTAIN = "sustain", SAMPLER, 0.0, 1.0, 1.0, Number, Unit::Fraction, true, "Level held after the decay.";
    RELEASE_MS = "releaseMs", SAMPLER, 5.0, 5000.0, 10.0, Number, Unit::Milliseconds, true, "Time from the end of the gate to silence.";
    GRAIN_ENVELOPE = "grainEnvelope", SAMPLER, 0.0, 4.0, 3.0, Choice(GRAIN_WINDOWS), Unit::None, true, "Window of one grain.";
    SCAN_MODE = "scanMode", SAMPLER, 0.0, 3.0, 2.0, Choice(SCAN_MODES), Unit::None, false, "What NEXT remembers its place by.";
    INTERPOLATION = "interpolation", SAMPLER, 0.0, 1.0, 0.0, Choice(INTERPOLATIONS), Unit::None, false, "How values between two frames are found: CUBIC is quick, SINC is clean.";
    ROOT = "root", SAMPLER, 0.0, 127.0, 60.0, Integer, Unit::Note, true, "Note at which the file sounds as it is.";
    TRANSPOSE = "transpose", SAMPLER, -48.0, 48.0, 0.0, Number, Unit::Semitones, true, "Shift of pitch; changes the speed.";
    VELOCITY_VOLUME = "velocityVolume", SAMPLER, 0.0, 1.0, 1.0, Number, Unit::Fraction, true, "How much a note's velocity sets its volume.";
    VOICES = "voices", SAMPLER, 1.0, 256.0, 16.0, Integer, Unit::None, false, "How many hits may sound at once; the oldest is taken for one more.";
    CHOKE = "choke", SAMPLER, 0.0, 16.0, 0.0, Integer, Unit::None, true, "Choke group: a hit cuts the others of its group in all samplers; 0 is none.";
    CUT = "cut", SAMPLER, 0.0, 1.0, 0.0, Choice(CUTS), Unit::None, false, "What MONO cuts: hits of the same SAMPLE, or of the whole SAMPLER.";
    MASTER_VOLUME = "masterVolume", MIXERS, 0.0, 1.0, 1.0, Number, Unit::Gain, false, "Linear gain of the sum.";
}

/// How many parameters are declared.
pub const PARAM_COUNT: usize = 23;
const _: () = assert!(PARAMS.len() == PARAM_COUNT, "PARAM_COUNT follows the list");

impl Param {
    /// The declaration.
    pub fn desc(self) -> &'static ParamDesc {
        &PARAMS[usize::from(self.0) % PARAM_COUNT]
    }

    /// The parameter of `kind` called `name`, if it has one.
    pub fn find(kind: ModuleKind, name: &str) -> Option<Param> {
        Self::of(kind).find(|p| p.desc().name == name)
    }

    /// All parameters of a module type, in the order of the list.
    pub fn of(kind: ModuleKind) -> impl Iterator<Item = Param> {
        (0..PARAM_COUNT as u8).map(Param).filter(move |p| p.desc().of.contains(&kind))
    }

    /// Value into the allowed range (and to a whole number where it is one). `NaN` becomes the default.
    pub fn limit(self, value: f64) -> f64 {
        let desc = self.desc();
        let value = if value.is_nan() { desc.default } else { value.clamp(desc.min, desc.max) };
        // Adding 0.0 turns −0.0 into 0.0, so equal values have equal bytes in the file.
        match desc.kind {
            ParamKind::Number => value + 0.0,
            ParamKind::Integer | ParamKind::Choice(_) | ParamKind::Switch => value.round() + 0.0,
        }
    }

    /// Value as a person reads it: the word of a choice, else the shortest exact number.
    pub fn show(self, value: f64) -> String {
        match self.desc().kind {
            ParamKind::Choice(words) => words.get(value as usize).copied().unwrap_or("?").to_owned(),
            ParamKind::Switch => (value != 0.0).to_string(),
            ParamKind::Number | ParamKind::Integer => format!("{value}"),
        }
    }

    /// Read a word or number typed by a person. The number is not clamped. Errors say what is allowed.
    pub fn read(self, text: &str) -> Result<f64, String> {
        let word = text.trim();
        let found = match self.desc().kind {
            ParamKind::Choice(words) => words.iter().position(|w| w.eq_ignore_ascii_case(word)).map(|i| i as f64),
            ParamKind::Switch => match word {
                "true" | "on" | "1" => Some(1.0),
                "false" | "off" | "0" => Some(0.0),
                _ => None,
            },
            ParamKind::Number | ParamKind::Integer => None,
        };
        let number = || match self.desc().kind {
            ParamKind::Choice(_) | ParamKind::Switch => None,
            _ => word.parse::<f64>().ok().filter(|v| v.is_finite()),
        };
        found.or_else(number).ok_or_else(|| format!("{} takes {}, got \"{text}\"", self.desc().name, self.allowed()))
    }

    /// What may be given, as a phrase: `a number from 0 to 2`, `one of ONCE LOOP GRAIN NEXT`.
    pub fn allowed(self) -> String {
        let desc = self.desc();
        match desc.kind {
            ParamKind::Number => format!("a number from {} to {}", desc.min, desc.max),
            ParamKind::Integer => format!("a whole number from {} to {}", desc.min, desc.max),
            ParamKind::Choice(words) => format!("one of {}", words.join(" ")),
            ParamKind::Switch => "true or false".to_owned(),
        }
    }
}

/// Serde form of a [`ParamMap`]: names to numbers, choices by their word.
pub mod as_words {
    use serde::de::Error as _;
    use serde::ser::SerializeMap;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{PARAMS, Param, ParamKind, ParamMap};

    /// Write as a map in the order of the names.
    pub fn serialize<S: Serializer>(map: &ParamMap, serializer: S) -> Result<S::Ok, S::Error> {
        let mut named: Vec<_> = map.iter().map(|(&param, &value)| (param.desc().name, param, value)).collect();
        named.sort_by_key(|entry| entry.0);
        let mut out = serializer.serialize_map(Some(named.len()))?;
        for (name, param, value) in named {
            match param.desc().kind {
                ParamKind::Choice(_) => out.serialize_entry(name, &param.show(value))?,
                _ => out.serialize_entry(name, &value)?,
            }
        }
        out.end()
    }

    /// Read a map; unknown names, words and numbers out of range are errors that name them.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ParamMap, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Number(f64),
            Word(String),
        }
        let given = std::collections::BTreeMap::<String, Given>::deserialize(deserializer)?;
        let read = |(name, given): (String, Given)| {
            let place = PARAMS
                .iter()
                .position(|desc| desc.name == name)
                .ok_or_else(|| D::Error::custom(format!("no parameter is called \"{name}\"")))?;
            let param = Param(place as u8);
            let value = match given {
                Given::Number(value) => value,
                Given::Word(word) => param.read(&word).map_err(D::Error::custom)?,
            };
            if param.limit(value) == value {
                Ok((param, value))
            } else {
                Err(D::Error::custom(format!("{name} takes {}, got {value}", param.allowed())))
            }
        };
        given.into_iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_lies_in_its_range_and_every_name_is_one_per_type() {
        for (place, desc) in PARAMS.iter().enumerate() {
            let param = Param(place as u8);
            assert_eq!(param.limit(desc.default), desc.default, "{}", desc.name);
            for &kind in desc.of {
                assert_eq!(Param::find(kind, desc.name), Some(param), "{}", desc.name);
            }
        }
    }

    #[test]
    fn a_choice_is_read_and_shown_by_its_word() {
        assert_eq!(Param::PLAY_STYLE.read("loop"), Ok(1.0));
        assert_eq!(Param::PLAY_STYLE.show(1.0), "LOOP");
        assert!(Param::PLAY_STYLE.read("spin").unwrap_err().contains("ONCE LOOP GRAIN NEXT"));
        assert!(Param::VOLUME.read("loud").unwrap_err().contains("from 0 to 2"));
    }
}
