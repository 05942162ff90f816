//! From the document to what audio plays.
//!
//! Thread: engine. What did not change since the last time is shared with the Programs before (`Arc`), so an edit
//! costs what it changes. **Invariant:** the caches hold the document's own handles, so a part that is edited is
//! always another part in memory, and a pointer says whether it is the same.

pub mod part;
pub mod slots;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::bus::program::{
    Cable, EntryProgram, MacroProgram, MacroTarget, Node, NodeKind, PatternProgram, Program, SampleProgram,
    SamplerProgram, SequencerProgram,
};
use crate::bus::{Lent, Vault};
use crate::model::session::{HOST_IN, MODULES_MAX, SAMPLERS_MAX, SEQUENCERS_MAX};
use crate::model::{
    AudioClip, ClockSource, ConnKind, Module, ModuleKind, Name, Param, Path, Pattern, Sample, Session, Uid,
};
use slots::Slots;

/// Decoded files by the path asked for.
#[derive(Debug, Default)]
pub struct Clips {
    map: BTreeMap<String, Lent<AudioClip>>,
    revision: u64,
}

impl Clips {
    /// The sound of a path, if it is in memory.
    pub fn get(&self, path: &str) -> Option<&Lent<AudioClip>> {
        self.map.get(path)
    }

    /// Put a sound in, or take it out.
    pub fn put(&mut self, path: &str, clip: Option<Lent<AudioClip>>) {
        self.revision += 1;
        match clip {
            Some(clip) => drop(self.map.insert(path.to_owned(), clip)),
            None => drop(self.map.remove(path)),
        }
    }
}

/// What a Program says beside the document.
#[derive(Debug, Clone, Copy, Default)]
pub struct Marks {
    /// Snapshot revision.
    pub revision: u64,
    /// Sequencers are silent.
    pub hushed: bool,
}

struct KeptSampler {
    module: Arc<Module>,
    clips: u64,
    program: Arc<SamplerProgram>,
    pass: u64,
}

struct KeptBank {
    samples: Vec<Arc<Sample>>,
    clips: u64,
    bank: Arc<[SampleProgram]>,
}

/// Who has which place, for reports. A place given back names its last owner until somebody else has it.
#[derive(Debug, Default)]
pub struct Lookup {
    samplers: BTreeMap<u16, Name>,
    sequencers: BTreeMap<u16, Name>,
    patterns: BTreeMap<u16, Name>,
}

impl Lookup {
    /// The sampler at a place.
    pub fn sampler(&self, slot: u16) -> Option<&Name> {
        self.samplers.get(&slot)
    }

    /// The sequencer at a place.
    pub fn sequencer(&self, slot: u16) -> Option<&Name> {
        self.sequencers.get(&slot)
    }

    /// The pattern of a number.
    pub fn pattern(&self, number: u16) -> Option<&Name> {
        self.patterns.get(&number)
    }
}

/// Compiles, and remembers places and unchanged parts.
pub struct Compiler {
    samplers: Slots,
    sequencers: Slots,
    nodes: Slots,
    patterns: Slots,
    kept_samplers: HashMap<usize, KeptSampler>,
    kept_patterns: HashMap<usize, (Arc<Pattern>, Arc<PatternProgram>, u64)>,
    kept_banks: BTreeMap<Uid, KeptBank>,
    kept_rounds: BTreeMap<Uid, Arc<[EntryProgram]>>,
    pass: u64,
}

impl Default for Compiler {
    fn default() -> Self {
        Self {
            samplers: Slots::new(SAMPLERS_MAX),
            sequencers: Slots::new(SEQUENCERS_MAX),
            nodes: Slots::new(MODULES_MAX),
            patterns: Slots::new(usize::from(u16::MAX)),
            kept_samplers: HashMap::new(),
            kept_patterns: HashMap::new(),
            kept_banks: BTreeMap::new(),
            kept_rounds: BTreeMap::new(),
            pass: 0,
        }
    }
}

/// Compile one document with nothing remembered; for tools and tests. Gives silence for what has no place.
pub fn compile(session: &Session, clips: &Clips, vault: &mut Vault) -> Lent<Program> {
    let program = Compiler::default().compile(session, clips, Marks::default());
    vault.lend(program.unwrap_or_default())
}

/// Identities are chosen by whoever asks: a second thing with the same one gets another, from its name.
fn identity(seen: &mut BTreeSet<Uid>, uid: Uid, name: &Name) -> Uid {
    let mut own = uid;
    while !seen.insert(own) {
        let mut hasher = DefaultHasher::new();
        (own.0, name).hash(&mut hasher);
        own = Uid(hasher.finish());
    }
    own
}

/// The names of a document with the identities their places go by.
struct Identities {
    modules: BTreeMap<Name, Uid>,
    patterns: BTreeMap<Name, Uid>,
}

impl Identities {
    fn of(session: &Session) -> Self {
        let mut seen = BTreeSet::new();
        let modules =
            session.modules.iter().map(|(name, module)| (name.clone(), identity(&mut seen, module.uid, name)));
        let modules = modules.collect();
        let mut seen = BTreeSet::new();
        let patterns = session.patterns.iter();
        let patterns = patterns.map(|(name, pattern)| (name.clone(), identity(&mut seen, pattern.uid, name))).collect();
        Self { modules, patterns }
    }
}

impl Compiler {
    /// Begin a pass: places of what is in none of `sessions` are given back.
    pub fn begin<'a>(&mut self, sessions: impl IntoIterator<Item = &'a Session>) {
        let (mut modules, mut patterns) = (BTreeSet::new(), BTreeSet::new());
        for session in sessions {
            let all = Identities::of(session);
            modules.extend(all.modules.into_values());
            patterns.extend(all.patterns.into_values());
        }
        for slots in [&mut self.samplers, &mut self.sequencers, &mut self.nodes] {
            slots.retain(|uid| modules.contains(&uid));
        }
        self.patterns.retain(|uid| patterns.contains(&uid));
        self.kept_banks.retain(|uid, _| modules.contains(uid));
        self.kept_rounds.retain(|uid, _| modules.contains(uid));
        self.pass += 1;
    }

    /// Forget all parts; places stay.
    pub fn forget(&mut self) {
        self.kept_samplers.clear();
        self.kept_patterns.clear();
        self.kept_banks.clear();
        self.kept_rounds.clear();
    }

    /// End a pass: parts that nobody used in it are forgotten.
    pub fn finish(&mut self) {
        let pass = self.pass;
        self.kept_samplers.retain(|_, kept| kept.pass == pass);
        self.kept_patterns.retain(|_, kept| kept.2 == pass);
    }

    /// The place of a sampler's moving state, if it is compiled.
    pub fn sampler_slot(&self, uid: Uid) -> Option<u16> {
        self.samplers.find(uid)
    }

    /// Note the names of a compiled document.
    pub fn learn(&self, session: &Session, lookup: &mut Lookup) {
        let all = Identities::of(session);
        for (name, uid) in all.modules {
            if let Some(slot) = self.samplers.find(uid) {
                lookup.samplers.insert(slot, name);
            } else if let Some(slot) = self.sequencers.find(uid) {
                lookup.sequencers.insert(slot, name);
            }
        }
        for (name, uid) in all.patterns {
            if let Some(number) = self.patterns.find(uid) {
                lookup.patterns.insert(number, name);
            }
        }
    }

    /// Compile a document. `None` when there are not places enough for it beside the others of this pass.
    pub fn compile(&mut self, session: &Session, clips: &Clips, marks: Marks) -> Option<Program> {
        let identities = Identities::of(session);
        let mut program = Program {
            revision: marks.revision,
            internal_clock: session.source == ClockSource::Internal,
            bpm: session.bpm,
            signature: session.signature,
            seed: session.seed,
            hushed: marks.hushed,
            ..Program::default()
        };
        let mut places = Places::default();
        for (name, module) in session.modules.iter().filter(|(_, m)| m.kind() == ModuleKind::MultiSampler) {
            places.samplers.insert(name, program.samplers.len() as u16);
            program.samplers.push(self.sampler(*identities.modules.get(name)?, module, clips)?);
        }
        let patterns = self.all_patterns(session, &identities)?;
        for (name, module) in session.modules.iter().filter(|(_, m)| m.kind() == ModuleKind::TrackerSequencer) {
            let uid = *identities.modules.get(name)?;
            let targets = session.connections.iter().filter(|c| c.kind == ConnKind::Event && c.from == *name);
            program.sequencers.push(SequencerProgram {
                slot: self.sequencers.place(uid)?,
                uid,
                enabled: module.enabled,
                targets: targets.filter_map(|c| places.samplers.get(&c.to).copied()).collect(),
                entries: self.round(uid, session, module, &patterns),
            });
        }
        for name in order(session) {
            places.nodes.insert(name, program.nodes.len() as u16);
            program.nodes.push(self.node(session, name, &identities, &places)?);
        }
        let macros = session.macros.iter().filter_map(|(path, map)| {
            Some(MacroProgram {
                number: map.number.checked_sub(1)?,
                target: places.target(session, path)?,
                min: map.min as f32,
                max: map.max as f32,
                curve: map.curve,
            })
        });
        program.macros = macros.collect();
        Some(program)
    }

    fn sampler(&mut self, uid: Uid, module: &Arc<Module>, clips: &Clips) -> Option<Arc<SamplerProgram>> {
        let slot = self.samplers.place(uid)?;
        let key = Arc::as_ptr(module).addr();
        if let Some(kept) = self.kept_samplers.get_mut(&key)
            && kept.clips == clips.revision
            && (kept.program.slot, kept.program.uid) == (slot, uid)
        {
            kept.pass = self.pass;
            return Some(kept.program.clone());
        }
        let program = Arc::new(SamplerProgram {
            slot,
            uid,
            enabled: module.enabled,
            values: part::values(module),
            bank: self.bank(uid, module.samples(), clips),
        });
        let kept =
            KeptSampler { module: module.clone(), clips: clips.revision, program: program.clone(), pass: self.pass };
        debug_assert!(Arc::as_ptr(&kept.module).addr() == key, "the handle kept is what the pointer names");
        self.kept_samplers.insert(key, kept);
        Some(program)
    }

    /// A turned knob leaves the bank as it is.
    fn bank(&mut self, uid: Uid, samples: &[Arc<Sample>], clips: &Clips) -> Arc<[SampleProgram]> {
        let same = |kept: &&KeptBank| {
            kept.clips == clips.revision
                && kept.samples.len() == samples.len()
                && kept.samples.iter().zip(samples).all(|(a, b)| Arc::ptr_eq(a, b))
        };
        if let Some(kept) = self.kept_banks.get(&uid).filter(same) {
            return kept.bank.clone();
        }
        let bank = part::bank(samples, clips);
        let kept = KeptBank { samples: samples.to_vec(), clips: clips.revision, bank: bank.clone() };
        self.kept_banks.insert(uid, kept);
        bank
    }

    fn all_patterns(&mut self, session: &Session, all: &Identities) -> Option<BTreeMap<Name, Arc<PatternProgram>>> {
        let mut made = BTreeMap::new();
        for (name, pattern) in &session.patterns {
            let number = self.patterns.place(*all.patterns.get(name)?)?;
            let (pass, key) = (self.pass, Arc::as_ptr(pattern).addr());
            let program = match self.kept_patterns.get_mut(&key).filter(|kept| kept.1.number == number) {
                Some(kept) => {
                    kept.2 = pass;
                    kept.1.clone()
                }
                None => {
                    let program = Arc::new(part::pattern(pattern, number));
                    self.kept_patterns.insert(key, (pattern.clone(), program.clone(), pass));
                    program
                }
            };
            made.insert(name.clone(), program);
        }
        Some(made)
    }

    fn round(
        &mut self,
        uid: Uid,
        session: &Session,
        module: &Module,
        patterns: &BTreeMap<Name, Arc<PatternProgram>>,
    ) -> Arc<[EntryProgram]> {
        let entries = part::entries(&part::round(session, module), patterns);
        let same = |kept: &&Arc<[EntryProgram]>| {
            kept.len() == entries.len()
                && kept.iter().zip(&entries).all(|(a, b)| {
                    Arc::ptr_eq(&a.pattern, &b.pattern)
                        && (a.start, a.repeats, a.cycles_before, a.cycles_per_round)
                            == (b.start, b.repeats, b.cycles_before, b.cycles_per_round)
                })
        };
        if let Some(kept) = self.kept_rounds.get(&uid).filter(same) {
            return kept.clone();
        }
        let entries: Arc<[EntryProgram]> = entries.into();
        self.kept_rounds.insert(uid, entries.clone());
        entries
    }

    fn node(&mut self, session: &Session, name: &Name, all: &Identities, places: &Places<'_>) -> Option<Node> {
        let module = session.modules.get(name)?;
        let uid = *all.modules.get(name)?;
        let kind = match module.kind() {
            ModuleKind::MultiSampler => NodeKind::Sampler(*places.samplers.get(name)?),
            ModuleKind::AudioInput if name.as_str() == HOST_IN => NodeKind::HostIn,
            ModuleKind::AudioInput => NodeKind::Sidechain,
            ModuleKind::AudioOutput => match Session::aux_number(name.as_str()) {
                Some(number) => NodeKind::Aux(number as u8),
                None => NodeKind::Main,
            },
            ModuleKind::AudioMixer | ModuleKind::TrackerSequencer => NodeKind::Mixer,
        };
        let inputs = session.inputs(name.as_str(), ConnKind::Audio).filter_map(|cable| {
            let from = *places.nodes.get(&cable.from)?;
            let mut hasher = DefaultHasher::new();
            (all.modules.get(&cable.from)?.0, uid.0).hash(&mut hasher);
            Some(Cable { from, volume: cable.volume as f32, key: hasher.finish() })
        });
        Some(Node {
            slot: self.nodes.place(uid)?,
            uid,
            kind,
            enabled: module.enabled,
            volume: if let NodeKind::Sampler(_) = kind { 1.0 } else { module.value(Param::MASTER_VOLUME) as f32 },
            inputs: inputs.collect(),
        })
    }
}

/// Where things are in the Program being made.
#[derive(Default)]
struct Places<'a> {
    samplers: BTreeMap<&'a Name, u16>,
    nodes: BTreeMap<&'a Name, u16>,
}

impl Places<'_> {
    fn target(&self, session: &Session, path: &Path) -> Option<MacroTarget> {
        match path {
            Path::Param { module, param } => match self.samplers.get(module) {
                Some(&place) => Some(MacroTarget::Sampler(place, *param)),
                None => self.nodes.get(module).map(|&place| MacroTarget::Node(place)),
            },
            Path::Connection { module, source } => {
                // Places in the node's inputs are places in this order: every audio source is a node before it.
                let at = session.inputs(module.as_str(), ConnKind::Audio).position(|c| c.from == *source)?;
                Some(MacroTarget::Cable(*self.nodes.get(module)?, at as u16))
            }
            Path::Sample { .. } | Path::Row { .. } => None,
        }
    }
}

/// Modules that audio runs through, inputs before outputs, else in the order of their names.
fn order(session: &Session) -> Vec<&Name> {
    let mut waits: BTreeMap<&Name, usize> = BTreeMap::new();
    for (name, module) in &session.modules {
        if module.kind() != ModuleKind::TrackerSequencer {
            waits.insert(name, session.inputs(name.as_str(), ConnKind::Audio).count());
        }
    }
    let mut ready: BTreeSet<&Name> = waits.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
    let mut ordered = Vec::with_capacity(waits.len());
    while let Some(name) = ready.pop_first() {
        ordered.push(name);
        for cable in session.connections.iter().filter(|c| c.kind == ConnKind::Audio && c.from == *name) {
            if let Some(count) = waits.get_mut(&cable.to) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(&cable.to);
                }
            }
        }
    }
    ordered
}

#[cfg(test)]
mod tests;
