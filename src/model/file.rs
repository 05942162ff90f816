//! How a session is kept: canonical JSON with a version, checked whole before anything is applied.
//!
//! Thread: any. Canonical: equal sessions (identities, text and layout included) have equal bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::desk::{Agreed, DeskConfig, Mapping};
use super::layer::Layer;
use super::name::Name;
use super::path::Path;
use super::pattern::{Chain, Pattern};
use super::session::{ClockSource, Connection, MacroMap, Module, ModuleBody, Session, Song};
use super::time::{BPM_MAX, BPM_MIN, Signature};

/// Version written by this program.
pub const VERSION: u32 = 1;
/// Longest state read, in bytes.
pub const BYTES_MAX: usize = 256 << 20;

/// Why a state was refused; the message says what is wrong and where. The running session stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not a session that can be loaded: {0}")]
pub struct FileError(pub String);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Form {
    tracklight: u32,
    songs: Vec<Song>,
    bpm: f64,
    signature: Signature,
    source: ClockSource,
    seed: u64,
    modules: BTreeMap<Name, Arc<Module>>,
    connections: Vec<Connection>,
    patterns: BTreeMap<Name, Arc<Pattern>>,
    chains: BTreeMap<Name, Arc<Chain>>,
    // States from before there were layers have none; what has none is written as it was then.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    layers: BTreeMap<Name, Arc<Layer>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    mappings: BTreeMap<Name, Arc<Mapping>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    agreed: BTreeMap<Name, Arc<Agreed>>,
    #[serde(default, skip_serializing_if = "is_default_desk")]
    desk: DeskConfig,
    macros: BTreeMap<String, MacroMap>,
    // States from before there were banks have none; what has none is written as it was then.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    banks: BTreeMap<String, String>,
    live: BTreeMap<String, Arc<str>>,
    folders: Vec<String>,
    text: Arc<str>,
    layout: BTreeMap<String, String>,
}

fn is_default_desk(desk: &DeskConfig) -> bool {
    *desk == DeskConfig::default()
}

impl Session {
    /// Canonical text.
    pub fn to_json(&self) -> String {
        let form = Form {
            tracklight: VERSION,
            songs: self.songs.clone(),
            bpm: self.bpm,
            signature: self.signature,
            source: self.source,
            seed: self.seed,
            modules: self.modules.clone(),
            connections: self.connections.clone(),
            patterns: self.patterns.clone(),
            chains: self.chains.clone(),
            layers: self.layers.clone(),
            mappings: self.mappings.clone(),
            agreed: self.agreed.clone(),
            desk: self.desk.clone(),
            macros: self.macros.iter().map(|(path, map)| (path.to_string(), *map)).collect(),
            banks: self.banks.clone(),
            live: self.live.clone(),
            folders: self.folders.clone(),
            text: self.text.clone(),
            layout: self.layout.clone(),
        };
        // Only maps with keys that are not text, and writers that fail, can make this fail: there are none.
        serde_json::to_string(&form).unwrap_or_default()
    }

    /// Read and check a session. On an error there is no session at all.
    pub fn from_json(text: &str) -> Result<Self, FileError> {
        if text.len() > BYTES_MAX {
            return Err(FileError(format!("it is larger than {BYTES_MAX} bytes")));
        }
        #[derive(Deserialize)]
        struct Head {
            tracklight: u32,
        }
        let wrong = |error: serde_json::Error| FileError(error.to_string());
        let head: Head = serde_json::from_str(text).map_err(wrong)?;
        if head.tracklight == 0 || head.tracklight > VERSION {
            return Err(FileError(format!("it has version {}; this program reads 1 to {VERSION}", head.tracklight)));
        }
        let form: Form = serde_json::from_str(text).map_err(wrong)?;
        let macros = form.macros.iter().map(|(path, map)| Ok((Path::parse(path).map_err(|e| FileError(e.0))?, *map)));
        let session = Self {
            macros: macros.collect::<Result<_, FileError>>()?,
            songs: form.songs,
            bpm: form.bpm,
            signature: form.signature,
            source: form.source,
            seed: form.seed,
            modules: form.modules,
            connections: form.connections,
            patterns: form.patterns,
            chains: form.chains,
            layers: form.layers,
            mappings: form.mappings,
            agreed: form.agreed,
            desk: form.desk,
            banks: form.banks,
            live: form.live,
            folders: form.folders,
            text: form.text,
            layout: form.layout,
        };
        session.check().map_err(FileError)?;
        Ok(session)
    }

    /// See that the document is whole: what [`Session::perform`] promises to keep.
    pub fn check(&self) -> Result<(), String> {
        let new = Session::new();
        if let Some((name, _)) = new
            .modules
            .iter()
            .find(|(name, standing)| self.modules.get(*name).is_none_or(|m| m.kind() != standing.kind()))
        {
            return Err(format!("the standing module {name} is missing"));
        }
        if !(BPM_MIN..=BPM_MAX).contains(&self.bpm) {
            return Err(format!("bpm {} is not from {BPM_MIN} to {BPM_MAX}", self.bpm));
        }
        if self.songs.is_empty() || self.signature.num == 0 || !matches!(self.signature.den, 1 | 2 | 4 | 8 | 16 | 32) {
            return Err("it has no song or no signature".into());
        }
        let mut names = BTreeSet::new();
        let all = self.modules.keys().chain(self.patterns.keys()).chain(self.chains.keys()).chain(self.layers.keys());
        if let Some(double) = all.into_iter().find(|name| !names.insert(*name)) {
            return Err(format!("two things are called \"{double}\""));
        }
        self.modules.iter().try_for_each(|(name, module)| self.check_module(name, module))?;
        self.patterns.iter().try_for_each(|(name, pattern)| check_pattern(name, pattern))?;
        for (name, chain) in &self.chains {
            if let Some(entry) =
                chain.entries.iter().find(|e| !self.patterns.contains_key(&e.pattern) || !(1..=99).contains(&e.repeats))
            {
                return Err(format!("chain {name}: entry {} has no pattern or wrong repeats", entry.pattern));
            }
        }
        if let Some((name, _)) =
            self.banks.iter().find(|(name, folder)| Name::new(name).is_err() || folder.trim().is_empty())
        {
            return Err(format!("bank \"{name}\" has a wrong name or no folder"));
        }
        self.check_layers()?;
        self.check_connections()?;
        for (path, map) in &self.macros {
            self.check_path(path).map_err(|e| format!("macro {}: {e}", map.number))?;
            if !(1..=super::session::MACROS).contains(&map.number) || !map.min.is_finite() || !map.max.is_finite() {
                return Err(format!("macro mapping of {path} is out of range"));
            }
        }
        Ok(())
    }

    fn check_module(&self, name: &Name, module: &Module) -> Result<(), String> {
        let kind = module.kind();
        if let Some((param, _)) =
            module.params.iter().find(|(p, v)| !p.desc().of.contains(&kind) || **v == p.desc().default)
        {
            return Err(format!("{name} ({}) should not hold {}", kind.name(), param.desc().name));
        }
        match &module.body {
            ModuleBody::TrackerSequencer { pattern, chain, chain_on } => {
                let bound =
                    self.patterns.contains_key(pattern) && chain.as_ref().is_none_or(|c| self.chains.contains_key(c));
                if bound && (!chain_on || chain.is_some()) {
                    Ok(())
                } else {
                    Err(format!("{name} is bound to a pattern or chain that is not there"))
                }
            }
            ModuleBody::MultiSampler { samples } => {
                let mut names = BTreeSet::new();
                match samples.iter().find(|s| !names.insert(&s.name) || s.params.keys().any(|p| !p.desc().per_hit)) {
                    Some(sample) => Err(format!(
                        "{name}: sample \"{}\" is there twice or holds a value it cannot have",
                        sample.name
                    )),
                    None => Ok(()),
                }
            }
            _ if kind != super::session::ModuleKind::AudioMixer && !Session::is_standing(name.as_str()) => {
                Err(format!("{name}: only the standing modules are {}", kind.name()))
            }
            _ => Ok(()),
        }
    }

    fn check_layers(&self) -> Result<(), String> {
        let mut names = BTreeSet::new();
        for song in &self.songs {
            if song.name.trim().is_empty() || !names.insert(&song.name) {
                return Err(format!("a song called \"{}\" is there twice or has no name", song.name));
            }
            song.rate.parse(&song.start).map_err(|error| format!("song {}: {error}", song.name))?;
        }
        for (name, layer) in &self.layers {
            layer.check().map_err(|error| format!("layer {name}: {error}"))?;
            if !names.contains(&layer.song) {
                return Err(format!("layer {name} belongs to song \"{}\", which is not there", layer.song));
            }
        }
        for (name, mapping) in &self.mappings {
            mapping.check().map_err(|error| format!("mapping of {name}: {error}"))?;
        }
        match self.mappings.keys().chain(self.agreed.keys()).find(|name| !self.layers.contains_key(*name)) {
            Some(name) => Err(format!("a mapping names layer {name}, which is not there")),
            None => self.desk.check(),
        }
    }

    fn check_connections(&self) -> Result<(), String> {
        if !self.connections.windows(2).all(|pair| pair[0].key() < pair[1].key()) {
            return Err("its connections are not in order".into());
        }
        // Laying each cable anew runs every check there is: ends, kinds, circles.
        let mut bare = Self { connections: vec![], ..self.clone() };
        for cable in &self.connections {
            if !(0.0..=1.0).contains(&cable.volume) {
                return Err(format!("connection {} → {} has volume {}", cable.from, cable.to, cable.volume));
            }
            bare.perform(&super::Command::Connect(cable.from.clone(), cable.to.clone(), cable.kind))
                .map_err(|e| e.0)?;
        }
        Ok(())
    }
}

fn check_pattern(name: &Name, pattern: &Pattern) -> Result<(), String> {
    use super::pattern::{Column, ROWS_MAX, Row, STEPS_PER_BEAT_MAX};
    let rate = pattern.steps_per_beat;
    if !(1..=ROWS_MAX).contains(&pattern.steps) || !rate.is_finite() || rate == 0.0 || rate.abs() > STEPS_PER_BEAT_MAX {
        return Err(format!("pattern {name} has wrong steps or steps per beat"));
    }
    let columns: BTreeSet<_> = pattern.columns.iter().collect();
    if columns.len() != pattern.columns.len() || !columns.contains(&Column::Index) || !columns.contains(&Column::Length)
    {
        return Err(format!("pattern {name} has wrong columns"));
    }
    for (number, row) in &pattern.rows {
        let good = match row {
            Row::Empty => false,
            Row::Rest => true,
            Row::Hit(hit) => {
                (1..=1024).contains(&hit.index)
                    && hit.chance <= 100
                    && hit.length.is_none_or(|l| (1..=64).contains(&l))
                    && hit.note.is_none_or(|n| n <= 127)
                    && (1..=16).contains(&hit.ratio.1)
                    && (1..=hit.ratio.1).contains(&hit.ratio.0)
                    && hit.params.keys().all(|p| p.desc().per_hit)
            }
        };
        if !good || !(1..=ROWS_MAX).contains(number) {
            return Err(format!("pattern {name}: row {number} is wrong"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saving_loading_and_saving_again_gives_equal_bytes() {
        let first = Session::new().to_json();
        let again = Session::from_json(&first).map(|s| s.to_json());
        assert_eq!(again.as_ref(), Ok(&first));
    }

    #[test]
    fn a_broken_state_is_refused_with_a_reason() {
        for bad in ["", "{", "{}", "[]", "{\"tracklight\":99}", "{\"tracklight\":1}"] {
            assert!(!Session::from_json(bad).unwrap_err().to_string().is_empty());
        }
        let text = Session::new().to_json().replace("\"bpm\":120.0", "\"bpm\":1e9");
        assert!(Session::from_json(&text).unwrap_err().to_string().contains("bpm"));
    }
}
