//! What can differ between two sessions, one thing a person can see at a time: `kick.volume`, `beat.row[5]`.
//!
//! Thread: any. **Invariant:** two sessions without a differing item are equal.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::desk::Mapping;
use super::edit::Edit;
use super::layer::{Layer, LayerEvent};
use super::name::Name;
use super::param::{Param, ParamMap};
use super::path::Path;
use super::pattern::Pattern;
use super::session::{ConnKind, Connection, Module, ModuleBody, Sample, Session};

/// One slot of a session. The order of the variants is the order in which they are listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// What is called by the first name is called by the second. Never part of a [`Session::diff`].
    Rename(Name, Name),
    /// The songs.
    Songs,
    /// Whether a layer is there, its song and how it counts.
    Layer(Name),
    /// An event of a layer by its key.
    Keyed(Name, Arc<str>),
    /// The events of a layer that have no key.
    Unkeyed(Name),
    /// The mapping of a layer, or none.
    Mapping(Name),
    /// Internal tempo.
    Bpm,
    /// Internal signature.
    Signature,
    /// Who leads.
    Source,
    /// Source of chance.
    Seed,
    /// The folder of a bank, or none.
    Bank(String),
    /// Whether a pattern is there.
    Pattern(Name),
    /// How many rows of a pattern play.
    Steps(Name),
    /// A pattern's rows per beat.
    StepsPerBeat(Name),
    /// What a pattern's cycle is.
    Cycles(Name),
    /// Source of a pattern's chance.
    Salt(Name),
    /// A row of a pattern, from 1.
    Row(Name, u16),
    /// The columns of a pattern.
    Columns(Name),
    /// Whether a chain is there, and its entries.
    Chain(Name),
    /// Whether a module is there, and its type.
    Module(Name),
    /// What a sequencer plays.
    Play(Name),
    /// Files and names of a sampler's bank.
    Samples(Name),
    /// One sample's own value; the place counts from 0.
    SampleParam(Name, u16, Param),
    /// A module's parameter.
    Param(Name, Param),
    /// Whether a module is on.
    Enabled(Name),
    /// Whether a cable is there (source, target, kind), and whether it made itself.
    Cable(Name, Name, ConnKind),
    /// The volume of an audio cable (source, target).
    CableVolume(Name, Name),
    /// A macro mapping, or none.
    Macro(Path),
    /// A live chunk, or none.
    Live(String),
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rename(from, to) => write!(f, "{from} renamed {to}"),
            Self::Songs => f.write_str("songs"),
            Self::Layer(name) => write!(f, "{name}"),
            Self::Keyed(name, key) => write!(f, "{name}.{key}"),
            Self::Unkeyed(name) => write!(f, "{name}.events"),
            Self::Mapping(name) => write!(f, "desk mapping of {name}"),
            Self::Bpm => f.write_str("bpm"),
            Self::Signature => f.write_str("signature"),
            Self::Source => f.write_str("clock source"),
            Self::Seed => f.write_str("seed"),
            Self::Bank(name) => write!(f, "bank {name}"),
            Self::Pattern(name) | Self::Chain(name) | Self::Module(name) => write!(f, "{name}"),
            Self::Steps(name) => write!(f, "{name}.steps"),
            Self::StepsPerBeat(name) => write!(f, "{name}.stepsPerBeat"),
            Self::Cycles(name) => write!(f, "{name}.cycles"),
            Self::Salt(name) => write!(f, "{name}.salt"),
            Self::Row(name, row) => write!(f, "{name}.row[{row}]"),
            Self::Columns(name) => write!(f, "{name}.columns"),
            Self::Play(name) => write!(f, "{name}.pattern"),
            Self::Samples(name) => write!(f, "{name}.samples"),
            Self::SampleParam(name, place, param) => {
                write!(f, "{name}.sample[{}].{}", u32::from(*place) + 1, param.desc().name)
            }
            Self::Param(name, param) => write!(f, "{name}.{}", param.desc().name),
            Self::Enabled(name) => write!(f, "{name}.enabled"),
            Self::Cable(from, to, kind) => write!(f, "{from} → {to} ({})", kind.name()),
            Self::CableVolume(from, to) => write!(f, "{to}.connectionVolume[{from}]"),
            Self::Macro(path) => write!(f, "macro on {path}"),
            Self::Live(name) => write!(f, "live {name}"),
        }
    }
}

impl Item {
    /// The items that an edit changes in the session `before` it; what it leaves as it is is not among them.
    ///
    /// A rename is [`Item::Rename`] alone: every link follows. Folders, the script buffer, the layout, and
    /// where the desk is and what was agreed with it are no items.
    pub fn of(edit: &Edit, before: &Session) -> Vec<Item> {
        let mut list = vec![];
        let mut put = |differs: bool, item: Item| {
            if differs {
                list.push(item);
            }
        };
        match edit {
            Edit::Bpm(bpm) => put(before.bpm != *bpm, Item::Bpm),
            Edit::Signature(signature) => put(before.signature != *signature, Item::Signature),
            Edit::Source(source) => put(before.source != *source, Item::Source),
            Edit::Seed(seed) => put(before.seed != *seed, Item::Seed),
            Edit::Module(name, module) => modules(&mut list, name, before.modules.get(name), module.as_ref()),
            Edit::Param(name, param, value) => {
                let old = before.modules.get(name).and_then(|m| m.params.get(param).copied());
                put(old != *value, Item::Param(name.clone(), *param));
            }
            Edit::SampleParam(name, place, param, value) => {
                let sample = before.modules.get(name).and_then(|m| m.samples().get(usize::from(*place)));
                let old = sample.and_then(|s| s.params.get(param).copied());
                put(old != *value, Item::SampleParam(name.clone(), *place, *param));
            }
            Edit::Connection(cable, there) => {
                let found = before.find_connection(&cable.to, &cable.from, cable.kind);
                cables(&mut list, found.ok().map(|at| &before.connections[at]), there.then_some(cable));
            }
            Edit::Pattern(name, pattern) => patterns(&mut list, name, before.patterns.get(name), pattern.as_ref()),
            Edit::Row(name, number, row) => {
                let old = before.patterns.get(name).map(|p| p.row(*number));
                put(old.as_ref() != Some(row), Item::Row(name.clone(), *number));
            }
            Edit::Chain(name, chain) => put(before.chains.get(name) != chain.as_ref(), Item::Chain(name.clone())),
            Edit::Songs(songs) => put(before.songs != *songs, Item::Songs),
            Edit::Layer(name, layer) => layers(&mut list, name, before.layers.get(name), layer.as_ref()),
            Edit::Events(name, puts) => {
                let Some(layer) = before.layers.get(name) else { return list };
                for (uid, new) in puts.iter() {
                    let old = layer.get(*uid);
                    if old != new.as_ref() {
                        list.extend([old, new.as_ref()].into_iter().flatten().map(|event| slot(name, event)));
                    }
                }
                list.sort();
                list.dedup();
            }
            Edit::Mapping(name, mapping) => {
                put(!says_the_same(before.mappings.get(name), mapping.as_ref()), Item::Mapping(name.clone()));
            }
            Edit::Macro(path, map) => put(before.macros.get(path) != map.as_ref(), Item::Macro(path.clone())),
            Edit::Bank(name, folder) => put(before.banks.get(name) != folder.as_ref(), Item::Bank(name.clone())),
            Edit::Live(name, text) => put(before.live.get(name) != text.as_ref(), Item::Live(name.clone())),
            Edit::Rename(from, to) => put(from != to, Item::Rename(from.clone(), to.clone())),
            Edit::Whole(session) => return before.diff(session),
            Edit::Folders(_) | Edit::Text(_) | Edit::Layout(..) | Edit::Agreed(..) | Edit::Desk(_) => {}
        }
        list
    }
}

/// Every key of two maps, in order, with what both hold.
fn both<'a, K: Ord, V>(
    a: &'a BTreeMap<K, V>,
    b: &'a BTreeMap<K, V>,
) -> impl Iterator<Item = (&'a K, Option<&'a V>, Option<&'a V>)> {
    let new = b.iter().filter(|(key, _)| !a.contains_key(key)).map(|(key, value)| (key, None, Some(value)));
    a.iter().map(|(key, value)| (key, Some(value), b.get(key))).chain(new)
}

fn params(a: &ParamMap, b: &ParamMap, mut put: impl FnMut(Param)) {
    both(a, b).filter(|(_, a, b)| a != b).for_each(|(param, ..)| put(*param));
}

fn modules(list: &mut Vec<Item>, name: &Name, a: Option<&Arc<Module>>, b: Option<&Arc<Module>>) {
    let (a, b) = match (a, b) {
        (None, None) => return,
        (Some(a), Some(b)) if a.kind() == b.kind() => (a, b),
        _ => return list.push(Item::Module(name.clone())),
    };
    if Arc::ptr_eq(a, b) {
        return;
    }
    match (&a.body, &b.body) {
        (ModuleBody::MultiSampler { samples: a }, ModuleBody::MultiSampler { samples: b }) => {
            let file = |s: &Arc<Sample>| (s.path.clone(), s.name.clone());
            if a.len() != b.len() || !a.iter().zip(b).all(|(a, b)| Arc::ptr_eq(a, b) || file(a) == file(b)) {
                list.push(Item::Samples(name.clone()));
            } else {
                for (place, (a, b)) in a.iter().zip(b).enumerate() {
                    params(&a.params, &b.params, |p| list.push(Item::SampleParam(name.clone(), place as u16, p)));
                }
            }
        }
        (a, b) if a != b => list.push(Item::Play(name.clone())),
        _ => {}
    }
    params(&a.params, &b.params, |param| list.push(Item::Param(name.clone(), param)));
    if a.enabled != b.enabled {
        list.push(Item::Enabled(name.clone()));
    }
}

fn patterns(list: &mut Vec<Item>, name: &Name, a: Option<&Arc<Pattern>>, b: Option<&Arc<Pattern>>) {
    let (a, b) = match (a, b) {
        (None, None) => return,
        (Some(a), Some(b)) => (a, b),
        _ => return list.push(Item::Pattern(name.clone())),
    };
    if Arc::ptr_eq(a, b) {
        return;
    }
    let shape = [
        (a.steps != b.steps, Item::Steps(name.clone())),
        (a.steps_per_beat != b.steps_per_beat, Item::StepsPerBeat(name.clone())),
        (a.cycles != b.cycles, Item::Cycles(name.clone())),
        (a.salt != b.salt, Item::Salt(name.clone())),
        (a.columns != b.columns, Item::Columns(name.clone())),
    ];
    list.extend(shape.into_iter().filter(|(differs, _)| *differs).map(|(_, item)| item));
    let rows = both(&a.rows, &b.rows).filter(|(_, a, b)| a != b);
    list.extend(rows.map(|(number, ..)| Item::Row(name.clone(), *number)));
}

fn says_the_same(a: Option<&Arc<Mapping>>, b: Option<&Arc<Mapping>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.says_the_same(b),
        (a, b) => a.is_none() && b.is_none(),
    }
}

fn slot(name: &Name, event: &Arc<LayerEvent>) -> Item {
    match &event.key {
        Some(key) => Item::Keyed(name.clone(), key.clone()),
        None => Item::Unkeyed(name.clone()),
    }
}

fn layers(list: &mut Vec<Item>, name: &Name, a: Option<&Arc<Layer>>, b: Option<&Arc<Layer>>) {
    let (a, b) = match (a, b) {
        (None, None) => return,
        (Some(a), Some(b)) => (a, b),
        _ => return list.push(Item::Layer(name.clone())),
    };
    if Arc::ptr_eq(a, b) {
        return;
    }
    if (&a.song, a.rate, a.anchor) != (&b.song, b.rate, b.anchor) {
        list.push(Item::Layer(name.clone()));
    }
    let keyed = |layer: &Layer| -> BTreeMap<Arc<str>, Arc<LayerEvent>> {
        layer.events.iter().filter_map(|e| Some((e.event.key.clone()?, e.event.clone()))).collect()
    };
    let (ours, theirs) = (keyed(a), keyed(b));
    list.extend(
        both(&ours, &theirs).filter(|(_, a, b)| a != b).map(|(key, ..)| Item::Keyed(name.clone(), key.clone())),
    );
    let plain = |layer: &Arc<Layer>| -> Vec<Arc<LayerEvent>> {
        layer.events.iter().filter(|e| e.event.key.is_none()).map(|e| e.event.clone()).collect()
    };
    if plain(a) != plain(b) {
        list.push(Item::Unkeyed(name.clone()));
    }
}

fn cables(list: &mut Vec<Item>, a: Option<&Connection>, b: Option<&Connection>) {
    let Some(any) = a.or(b) else { return };
    let (from, to) = (any.from.clone(), any.to.clone());
    if a.map(|c| c.auto) != b.map(|c| c.auto) {
        list.push(Item::Cable(from.clone(), to.clone(), any.kind));
    }
    if a.zip(b).is_some_and(|(a, b)| a.volume != b.volume) {
        list.push(Item::CableVolume(from, to));
    }
}

impl Session {
    /// The items that differ, in order, each once; none exactly when the sessions are equal.
    pub fn diff(&self, other: &Session) -> Vec<Item> {
        let mut list: Vec<Item> = [
            (self.songs != other.songs, Item::Songs),
            (self.bpm != other.bpm, Item::Bpm),
            (self.signature != other.signature, Item::Signature),
            (self.source != other.source, Item::Source),
            (self.seed != other.seed, Item::Seed),
        ]
        .into_iter()
        .filter(|(differs, _)| *differs)
        .map(|(_, item)| item)
        .collect();
        let banks = both(&self.banks, &other.banks).filter(|(_, a, b)| a != b);
        list.extend(banks.map(|(name, ..)| Item::Bank(name.clone())));
        for (name, a, b) in both(&self.layers, &other.layers) {
            layers(&mut list, name, a, b);
        }
        let mappings = both(&self.mappings, &other.mappings).filter(|(_, a, b)| !says_the_same(*a, *b));
        list.extend(mappings.map(|(name, ..)| Item::Mapping(name.clone())));
        for (name, a, b) in both(&self.patterns, &other.patterns) {
            patterns(&mut list, name, a, b);
        }
        let chains = both(&self.chains, &other.chains).filter(|(_, a, b)| a != b);
        list.extend(chains.map(|(name, ..)| Item::Chain(name.clone())));
        for (name, a, b) in both(&self.modules, &other.modules) {
            modules(&mut list, name, a, b);
        }
        self.cables_of(other, &mut list);
        let macros = both(&self.macros, &other.macros).filter(|(_, a, b)| a != b);
        list.extend(macros.map(|(path, ..)| Item::Macro(path.clone())));
        let live = both(&self.live, &other.live).filter(|(_, a, b)| a != b);
        list.extend(live.map(|(name, ..)| Item::Live(name.clone())));
        list.sort();
        list
    }

    fn cables_of(&self, other: &Session, list: &mut Vec<Item>) {
        for a in &self.connections {
            let found = other.find_connection(&a.to, &a.from, a.kind).ok();
            cables(list, Some(a), found.map(|at| &other.connections[at]));
        }
        for b in &other.connections {
            if self.find_connection(&b.to, &b.from, b.kind).is_err() {
                cables(list, None, Some(b));
            }
        }
    }
}

#[cfg(test)]
mod tests;
