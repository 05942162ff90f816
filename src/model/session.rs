//! The document: everything that is saved with the song, as one value.
//!
//! Thread: any. Cheap to clone (shared parts), compared by value. **Invariant:** every name in it
//! points at something that is there; [`super::edit`] keeps that so.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::desk::{Agreed, DeskConfig, Mapping};
use super::layer::{FrameRate, Layer};
use super::name::{Name, Uid};
use super::param::{Param, ParamMap, as_words};
use super::path::Path;
use super::pattern::{Chain, Pattern};
use super::time::Signature;

/// How many host macros there are.
pub const MACROS: u8 = 64;
/// How many auxiliary outputs there are.
pub const AUX_COUNT: usize = 8;
/// Most modules of a session.
pub const MODULES_MAX: usize = 512;
/// Most samplers of a session.
pub const SAMPLERS_MAX: usize = 128;
/// Most sequencers of a session.
pub const SEQUENCERS_MAX: usize = 128;

/// The types of module of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ModuleKind {
    /// A bank of samples with voices.
    MultiSampler,
    /// Plays a pattern or chain.
    TrackerSequencer,
    /// Sums audio.
    AudioMixer,
    /// A way out: `masterAudioOut`, `aux1`…`aux8`.
    AudioOutput,
    /// A way in: `hostIn`, `sidechain`.
    AudioInput,
}

impl ModuleKind {
    /// All types, in order.
    pub const ALL: [ModuleKind; 5] =
        [Self::MultiSampler, Self::TrackerSequencer, Self::AudioMixer, Self::AudioOutput, Self::AudioInput];

    /// The type's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::MultiSampler => "MultiSampler",
            Self::TrackerSequencer => "TrackerSequencer",
            Self::AudioMixer => "AudioMixer",
            Self::AudioOutput => "AudioOutput",
            Self::AudioInput => "AudioInput",
        }
    }

    /// Read a type or one of its short names (`sampler`, `pool`, `sequencer`, `tracker`, `mixer`).
    pub fn find(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "multisampler" | "sampler" | "pool" | "mediapool" => Some(Self::MultiSampler),
            "trackersequencer" | "sequencer" | "tracker" => Some(Self::TrackerSequencer),
            "audiomixer" | "mixer" => Some(Self::AudioMixer),
            "audiooutput" | "audioout" => Some(Self::AudioOutput),
            "audioinput" | "audioin" => Some(Self::AudioInput),
            _ => None,
        }
    }

    /// Whether audio comes out of it.
    pub fn gives_audio(self) -> bool {
        matches!(self, Self::MultiSampler | Self::AudioMixer | Self::AudioInput)
    }

    /// Whether audio goes into it.
    pub fn takes_audio(self) -> bool {
        matches!(self, Self::AudioMixer | Self::AudioOutput)
    }
}

/// One entry of a sampler's bank.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Name: the file's base name, or what the user gave; unique in its bank.
    pub name: String,
    /// The file as asked for: relative to the project, script or media folders, or absolute.
    pub path: String,
    /// Values of this sample alone; what is missing is the sampler's.
    #[serde(default, skip_serializing_if = "ParamMap::is_empty", with = "as_words")]
    pub params: ParamMap,
}

/// What a type of module has beside parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum ModuleBody {
    /// The bank, in order, from 1.
    MultiSampler {
        /// The samples.
        samples: Vec<Arc<Sample>>,
    },
    /// What is played.
    TrackerSequencer {
        /// The pattern bound; always one that is there.
        pattern: Name,
        /// The chain bound, if one is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chain: Option<Name>,
        /// Whether the chain (true) or the pattern (false) plays.
        #[serde(default)]
        chain_on: bool,
    },
    /// Nothing more.
    AudioMixer,
    /// Nothing more.
    AudioOutput,
    /// Nothing more.
    AudioInput,
}

impl ModuleBody {
    /// The type this body belongs to.
    pub fn kind(&self) -> ModuleKind {
        match self {
            Self::MultiSampler { .. } => ModuleKind::MultiSampler,
            Self::TrackerSequencer { .. } => ModuleKind::TrackerSequencer,
            Self::AudioMixer => ModuleKind::AudioMixer,
            Self::AudioOutput => ModuleKind::AudioOutput,
            Self::AudioInput => ModuleKind::AudioInput,
        }
    }
}

/// A named thing that makes, plays or mixes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Module {
    /// Identity underneath the name.
    pub uid: Uid,
    /// A disabled module is silent and ignores triggers.
    pub enabled: bool,
    /// Values that differ from the defaults.
    #[serde(default, skip_serializing_if = "ParamMap::is_empty", with = "as_words")]
    pub params: ParamMap,
    /// The rest.
    pub body: ModuleBody,
}

impl PartialEq for Module {
    fn eq(&self, other: &Self) -> bool {
        self.enabled == other.enabled && self.params == other.params && self.body == other.body
    }
}

impl Module {
    /// The type.
    pub fn kind(&self) -> ModuleKind {
        self.body.kind()
    }

    /// A parameter's value: what is set, else the default.
    pub fn value(&self, param: Param) -> f64 {
        self.params.get(&param).copied().unwrap_or(param.desc().default)
    }

    /// The bank; empty for other types.
    pub fn samples(&self) -> &[Arc<Sample>] {
        match &self.body {
            ModuleBody::MultiSampler { samples } => samples,
            _ => &[],
        }
    }
}

/// What runs along a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConnKind {
    /// Stereo sound.
    Audio,
    /// Triggers, from a sequencer to a sampler.
    Event,
}

impl ConnKind {
    /// The word people type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Event => "event",
        }
    }
}

/// A cable. Kept in order of (`to`, `from`, `kind`); `connectionVolume[i]` counts in that order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// Where it goes.
    pub to: Name,
    /// Where it comes from.
    pub from: Name,
    /// What runs along it.
    pub kind: ConnKind,
    /// Linear gain 0-1, audio only.
    pub volume: f64,
    /// Made by itself when the instrument was added; the first cable made by hand takes its place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub auto: bool,
}

impl Connection {
    /// The order connections are kept in.
    pub fn key(&self) -> (&Name, &Name, ConnKind) {
        (&self.to, &self.from, self.kind)
    }
}

/// How a macro's way is bent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Curve {
    /// Straight.
    #[default]
    Lin,
    /// Slow at first: the value squared.
    Exp,
    /// Quick at first: the square root.
    Log,
}

impl Curve {
    /// The word people type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lin => "lin",
            Self::Exp => "exp",
            Self::Log => "log",
        }
    }

    /// Read the word.
    pub fn find(word: &str) -> Option<Self> {
        [Self::Lin, Self::Exp, Self::Log].into_iter().find(|c| c.name() == word)
    }

    /// Bend `x` of 0-1. Thread: any. Realtime: yes.
    pub fn bend(self, x: f64) -> f64 {
        match self {
            Self::Lin => x,
            Self::Exp => x * x,
            Self::Log => x.sqrt(),
        }
    }
}

/// A macro that sets a parameter: value = min + (max − min) · curve(macro).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MacroMap {
    /// Which macro, 1-64.
    pub number: u8,
    /// Value at macro 0, in the parameter's unit. Above `max` the polarity is turned round.
    pub min: f64,
    /// Value at macro 1.
    pub max: f64,
    /// The way between.
    #[serde(default)]
    pub curve: Curve,
}

/// Who leads the position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockSource {
    /// The host's transport, when there is one; the internal clock otherwise.
    #[default]
    Host,
    /// Always the internal clock.
    Internal,
}

/// A song of the set list. One song plays in this version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Song {
    /// What it is called; free text.
    pub name: String,
    /// Start on the show's timecode, `HH:MM:SS:FF`.
    pub start: String,
    /// How that timecode counts.
    #[serde(default, skip_serializing_if = "is_default_rate")]
    pub rate: FrameRate,
}

fn is_default_rate(rate: &FrameRate) -> bool {
    *rate == FrameRate::default()
}

impl Song {
    /// Start on the show's timecode in ticks; 0 where the text is no timecode (the session's door lets none in).
    pub fn start_ticks(&self) -> i64 {
        self.rate.parse(&self.start).unwrap_or_default()
    }
}

/// The document.
#[derive(Debug, Clone)]
pub struct Session {
    /// Songs in order; never empty.
    pub songs: Vec<Song>,
    /// Tempo of the internal clock, 20-480 beats per minute.
    pub bpm: f64,
    /// Signature of the internal clock.
    pub signature: Signature,
    /// Who leads.
    pub source: ClockSource,
    /// Source of all chance.
    pub seed: u64,
    /// Modules by name, the standing ones included.
    pub modules: BTreeMap<Name, Arc<Module>>,
    /// Cables, in the order of their keys, without doubles.
    pub connections: Vec<Connection>,
    /// Patterns by name.
    pub patterns: BTreeMap<Name, Arc<Pattern>>,
    /// Chains by name.
    pub chains: BTreeMap<Name, Arc<Chain>>,
    /// Event layers by name.
    pub layers: BTreeMap<Name, Arc<Layer>>,
    /// Which track of the desk a layer goes to, by layer.
    pub mappings: BTreeMap<Name, Arc<Mapping>>,
    /// What both sides of a mapping agreed on last, by layer. Not part of equality.
    pub agreed: BTreeMap<Name, Arc<Agreed>>,
    /// Where the desk is. Not part of equality: it is of the place, not of the music.
    pub desk: DeskConfig,
    /// Macro mappings by the parameter they set: one macro a parameter.
    pub macros: BTreeMap<Path, MacroMap>,
    /// Banks by name: the folder as asked for, where their files are looked for when a script picks some.
    pub banks: BTreeMap<String, String>,
    /// Live chunks by name: Lua that registered callbacks.
    pub live: BTreeMap<String, Arc<str>>,
    /// Folders where relative files are looked for, in order: project, script, media. Not part of equality.
    pub folders: Vec<String>,
    /// The user's script buffer. Not part of equality.
    pub text: Arc<str>,
    /// View layout (window size, open view …). Not part of equality.
    pub layout: BTreeMap<String, String>,
}

impl PartialEq for Session {
    /// Equal by name, over everything but identities, folders, the script buffer, the layout, and where the desk is and what was agreed with it.
    fn eq(&self, other: &Self) -> bool {
        self.songs == other.songs
            && self.bpm == other.bpm
            && self.signature == other.signature
            && self.source == other.source
            && self.seed == other.seed
            && self.modules == other.modules
            && self.connections == other.connections
            && self.patterns == other.patterns
            && self.chains == other.chains
            && self.layers == other.layers
            && self.mappings.len() == other.mappings.len()
            && self.mappings.iter().zip(&other.mappings).all(|(a, b)| a.0 == b.0 && a.1.says_the_same(b.1))
            && self.macros == other.macros
            && self.banks == other.banks
            && self.live == other.live
    }
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

/// The module every instrument is heard through.
pub const MASTER: &str = "masterAudioOut";
/// The host's main input.
pub const HOST_IN: &str = "hostIn";
/// The host's sidechain input.
pub const SIDECHAIN: &str = "sidechain";

impl Session {
    /// A new session: the standing modules, `hostIn → masterAudioOut` at unity, one song `main`.
    ///
    /// The standing modules' identities are fixed, so two new sessions have equal bytes.
    pub fn new() -> Self {
        let standing = Self::standing().map(|(place, name, body)| {
            let module = Module { uid: Uid(place), enabled: true, params: ParamMap::new(), body };
            (Name::new(&name).expect("standing names are names"), Arc::new(module))
        });
        let name = |text| Name::new(text).expect("standing names are names");
        Self {
            songs: vec![Song { name: "main".into(), start: "00:00:00:00".into(), rate: FrameRate::default() }],
            bpm: 120.0,
            signature: Signature::default(),
            source: ClockSource::default(),
            seed: 0,
            modules: standing.collect(),
            connections: vec![Connection {
                to: name(MASTER),
                from: name(HOST_IN),
                kind: ConnKind::Audio,
                volume: 1.0,
                auto: true,
            }],
            patterns: BTreeMap::new(),
            chains: BTreeMap::new(),
            layers: BTreeMap::new(),
            mappings: BTreeMap::new(),
            agreed: BTreeMap::new(),
            desk: DeskConfig::default(),
            macros: BTreeMap::new(),
            banks: BTreeMap::new(),
            live: BTreeMap::new(),
            folders: vec![],
            text: Arc::from(""),
            layout: BTreeMap::new(),
        }
    }

    fn standing() -> impl Iterator<Item = (u64, String, ModuleBody)> {
        let fixed =
            [(MASTER, ModuleBody::AudioOutput), (HOST_IN, ModuleBody::AudioInput), (SIDECHAIN, ModuleBody::AudioInput)];
        let fixed = fixed.into_iter().map(|(name, body)| (name.to_owned(), body));
        let aux = (1..=AUX_COUNT).map(|i| (format!("aux{i}"), ModuleBody::AudioOutput));
        fixed.chain(aux).zip(1u64..).map(|((name, body), place)| (place, name, body))
    }

    /// Whether a module is always there (and cannot be removed or renamed).
    pub fn is_standing(name: &str) -> bool {
        matches!(name, MASTER | HOST_IN | SIDECHAIN) || Self::aux_number(name).is_some()
    }

    /// 0-7 for `aux1`…`aux8`.
    pub fn aux_number(name: &str) -> Option<usize> {
        let number = name.strip_prefix("aux")?.parse::<usize>().ok()?;
        (1..=AUX_COUNT).contains(&number).then(|| number - 1).filter(|n| name == format!("aux{}", n + 1))
    }

    /// What a name belongs to, if anything: `"module"`, `"pattern"`, `"chain"` or `"layer"`.
    pub fn noun_of(&self, name: &str) -> Option<&'static str> {
        if self.modules.contains_key(name) {
            Some("module")
        } else if self.patterns.contains_key(name) {
            Some("pattern")
        } else if self.chains.contains_key(name) {
            Some("chain")
        } else if self.layers.contains_key(name) {
            Some("layer")
        } else {
            None
        }
    }

    /// The lowest free name of a row: `P0`, `P1`… for prefix `P` from 0; `multiSampler1`… from 1.
    pub fn free_name(&self, prefix: &str, first: u32) -> Name {
        (first..)
            .filter_map(|number| Name::new(&format!("{prefix}{number}")).ok())
            .find(|name| self.noun_of(name.as_str()).is_none())
            .expect("there are more numbers than names")
    }

    /// Cables into a module, in order.
    pub fn inputs<'a>(&'a self, to: &'a str, kind: ConnKind) -> impl Iterator<Item = &'a Connection> {
        self.connections.iter().filter(move |c| c.kind == kind && c.to == *to)
    }

    /// Where a cable is kept, or where it would go.
    pub fn find_connection(&self, to: &Name, from: &Name, kind: ConnKind) -> Result<usize, usize> {
        self.connections.binary_search_by(|c| c.key().cmp(&(to, from, kind)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// proves: P7
    #[test]
    fn a_session_holds_songs_one_called_main_and_they_are_saved() {
        let mut session = Session::new();
        assert_eq!(
            session.songs,
            [Song { name: "main".into(), start: "00:00:00:00".into(), rate: FrameRate::default() }]
        );
        session.songs.push(Song { name: "Night".into(), start: "01:00:00:00".into(), rate: FrameRate::F25 });
        assert_eq!(Session::from_json(&session.to_json()).map(|read| read.songs), Ok(session.songs.clone()));
        session.songs.clear();
        assert!(Session::from_json(&session.to_json()).is_err(), "a session without a song is refused");
    }

    #[test]
    fn the_standing_modules_know_their_names() {
        assert!(Session::new().modules.keys().all(|name| Session::is_standing(name.as_str())));
        assert_eq!(
            (Session::aux_number("aux8"), Session::aux_number("aux9"), Session::aux_number("aux01")),
            (Some(7), None, None)
        );
    }
}
