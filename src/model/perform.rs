//! From what is asked to what changes: each Command becomes Edits, checked against the document.
//!
//! Thread: any. **Invariant:** a Command that fails leaves the Session as it was.

use std::sync::Arc;

use super::command::{Batch, Command, Shot};
use super::edit::{Edit, EditError};
use super::name::Name;
use super::param::{Param, ParamMap};
use super::path::Path;
use super::pattern::{
    Chain, Column, Hit, LENGTH_MAX, Pattern, RATIO_MAX, REPEATS_MAX, ROWS_MAX, Row, STEPS_PER_BEAT_MAX,
};
use super::session::{
    ConnKind, Connection, MACROS, MASTER, MODULES_MAX, MacroMap, Module, ModuleBody, ModuleKind, SAMPLERS_MAX,
    SEQUENCERS_MAX, Sample, Session,
};
use super::time::{BPM_MAX, BPM_MIN};

/// What a Command did: the edits that undo it (apply them in reverse) and remarks for people.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Performed {
    /// Inverses in the order the edits were made.
    pub inverse: Vec<Edit>,
    /// Things that a person should hear: clamped values, replaced mappings.
    pub notes: Vec<String>,
}

fn fail<T>(text: String) -> Result<T, EditError> {
    Err(EditError(text))
}

fn range<T: PartialOrd + std::fmt::Display>(what: &str, value: T, min: T, max: T) -> Result<T, EditError> {
    if value >= min && value <= max { Ok(value) } else { fail(format!("{what} takes {min} to {max}, got {value}")) }
}

impl Session {
    /// Do a whole Batch: all or nothing. The error says which command (from 1) failed and why.
    pub fn perform_batch(&mut self, batch: &Batch) -> Result<Performed, EditError> {
        let mut all = Performed::default();
        for (place, command) in batch.commands.iter().enumerate() {
            match self.perform(command) {
                Ok(done) => {
                    all.inverse.extend(done.inverse);
                    all.notes.extend(done.notes);
                }
                Err(error) => {
                    self.undo_all(&all.inverse);
                    let count = batch.commands.len();
                    return if count == 1 {
                        Err(error)
                    } else {
                        fail(format!("command {} of {count}: {error}", place + 1))
                    };
                }
            }
        }
        Ok(all)
    }

    /// Apply inverses newest first; gives the edits that would do it all again, oldest first.
    pub fn undo_all(&mut self, inverse: &[Edit]) -> Vec<Edit> {
        // An inverse of an edit just made always applies: its slot is there.
        let mut again: Vec<Edit> = inverse.iter().rev().filter_map(|edit| self.apply(edit).ok()).collect();
        again.reverse();
        again
    }

    /// Do one Command. On an error nothing has changed.
    pub fn perform(&mut self, command: &Command) -> Result<Performed, EditError> {
        let mut notes = Vec::new();
        let edits = self.edits(command, &mut notes)?;
        let mut inverse = Vec::with_capacity(edits.len());
        for edit in &edits {
            match self.apply(edit) {
                Ok(undo) => inverse.push(undo),
                Err(error) => {
                    self.undo_all(&inverse);
                    return Err(error);
                }
            }
        }
        Ok(Performed { inverse, notes })
    }

    fn edits(&self, command: &Command, notes: &mut Vec<String>) -> Result<Vec<Edit>, EditError> {
        match command {
            Command::Set(path, value) => self.set(path, *value, notes),
            Command::Unset(path) => self.unset(path),
            Command::SetBpm(bpm) => {
                if !bpm.is_finite() {
                    return fail(format!("bpm takes {BPM_MIN} to {BPM_MAX}, got {bpm}"));
                }
                let clamped = bpm.clamp(BPM_MIN, BPM_MAX);
                if clamped != *bpm {
                    notes.push(format!("bpm takes {BPM_MIN} to {BPM_MAX}: {bpm} became {clamped}"));
                }
                Ok(vec![Edit::Bpm(clamped)])
            }
            Command::SetSignature(signature) => {
                range("signature", signature.num, 1, 64)?;
                if !matches!(signature.den, 1 | 2 | 4 | 8 | 16 | 32) {
                    return fail(format!("a signature's lower number is 1, 2, 4, 8, 16 or 32, got {}", signature.den));
                }
                Ok(vec![Edit::Signature(*signature)])
            }
            Command::SetSource(source) => Ok(vec![Edit::Source(*source)]),
            Command::SetSeed(seed) => Ok(vec![Edit::Seed(*seed)]),
            Command::Transport(_) => Ok(vec![]),
            Command::AddModule { uid, kind, name } => self.add_module(*uid, *kind, name),
            Command::RemoveModule(name) => self.remove_module(name),
            Command::Rename(from, to) => {
                if Session::is_standing(from.as_str()) {
                    return fail(format!("{from} is always there and keeps its name"));
                }
                Ok(if from == to { vec![] } else { vec![Edit::Rename(from.clone(), to.clone())] })
            }
            Command::Enable(name, on) => {
                let mut module = (**self.module(name)?).clone();
                module.enabled = *on;
                Ok(vec![Edit::Module(name.clone(), Some(Arc::new(module)))])
            }
            Command::SetSamples(name, samples) => self.set_samples(name, samples),
            Command::Relink { from, to } => self.relink(from, to),
            Command::Connect(from, to, kind) => self.connect(from, to, *kind),
            Command::Disconnect(from, to, kind) => self.disconnect(from, to, *kind),
            Command::AddPattern { uid, name, steps } => {
                self.free(name)?;
                let steps = range("steps", *steps, 1, ROWS_MAX)?;
                Ok(vec![Edit::Pattern(name.clone(), Some(Arc::new(Pattern::new(*uid, name, steps))))])
            }
            Command::RemovePattern(name) => self.remove_pattern(name),
            Command::SetSteps(name, steps) => {
                let steps = range("steps", *steps, 1, ROWS_MAX)?;
                self.pattern_edit(name, |p| p.steps = steps)
            }
            Command::SetStepsPerBeat(name, rate) => {
                if !rate.is_finite() || *rate == 0.0 || rate.abs() > STEPS_PER_BEAT_MAX {
                    return fail(format!(
                        "stepsPerBeat takes -{STEPS_PER_BEAT_MAX} to {STEPS_PER_BEAT_MAX} without 0, got {rate}"
                    ));
                }
                self.pattern_edit(name, |p| p.steps_per_beat = *rate)
            }
            Command::SetCycles(name, cycles) => self.pattern_edit(name, |p| p.cycles = *cycles),
            Command::SetSalt(name, salt) => self.pattern_edit(name, |p| p.salt = *salt),
            Command::SetColumns(name, columns) => {
                let mut all: Vec<Column> = vec![];
                for &column in [Column::Index, Column::Length].iter().filter(|c| !columns.contains(c)).chain(columns) {
                    if !all.contains(&column) {
                        all.push(column);
                    }
                }
                self.pattern_edit(name, |p| p.columns = all)
            }
            Command::SetRow(name, number, row) => self.set_row(name, *number, row.clone(), notes),
            Command::AddChain { uid, name } => {
                self.free(name)?;
                Ok(vec![Edit::Chain(name.clone(), Some(Arc::new(Chain { uid: *uid, entries: vec![] })))])
            }
            Command::RemoveChain(name) => self.remove_chain(name),
            Command::SetChain(name, entries) => {
                let mut chain = (**self.chain(name)?).clone();
                for entry in entries {
                    self.pattern(&entry.pattern)?;
                    range("repeats", entry.repeats, 1, REPEATS_MAX)?;
                }
                chain.entries = entries.clone();
                Ok(vec![Edit::Chain(name.clone(), Some(Arc::new(chain)))])
            }
            Command::Bind { sequencer, pattern, chain, chain_on } => {
                self.bind(sequencer, pattern.as_ref(), chain.as_ref(), *chain_on)
            }
            Command::MapMacro(path, map) => self.map_macro(path, *map, notes),
            Command::UnmapMacro(path) => {
                if !self.macros.contains_key(path) {
                    return fail(format!("no macro is mapped to {path}"));
                }
                Ok(vec![Edit::Macro(path.clone(), None)])
            }
            Command::Trigger(shot) => self.check_shot(shot).map(|()| vec![]),
            Command::SetLive(name, text) => Ok(vec![Edit::Live(name.clone(), text.clone())]),
            Command::SetFolders(folders) => Ok(vec![Edit::Folders(folders.clone())]),
            Command::SetText(text) => Ok(vec![Edit::Text(text.clone())]),
            Command::SetLayout(key, value) => Ok(vec![Edit::Layout(key.clone(), value.clone())]),
            Command::Load(session) => Ok(vec![Edit::Whole(session.clone())]),
        }
    }

    fn module(&self, name: &Name) -> Result<&Arc<Module>, EditError> {
        self.modules.get(name).ok_or_else(|| EditError(format!("no module is called \"{name}\"")))
    }

    fn pattern(&self, name: &Name) -> Result<&Arc<Pattern>, EditError> {
        self.patterns.get(name).ok_or_else(|| EditError(format!("no pattern is called \"{name}\"")))
    }

    fn chain(&self, name: &Name) -> Result<&Arc<Chain>, EditError> {
        self.chains.get(name).ok_or_else(|| EditError(format!("no chain is called \"{name}\"")))
    }

    fn free(&self, name: &Name) -> Result<(), EditError> {
        match self.noun_of(name.as_str()) {
            Some(noun) => fail(format!("a {noun} is called \"{name}\" already")),
            None => Ok(()),
        }
    }

    fn pattern_edit(&self, name: &Name, change: impl FnOnce(&mut Pattern)) -> Result<Vec<Edit>, EditError> {
        let mut pattern = (**self.pattern(name)?).clone();
        change(&mut pattern);
        Ok(vec![Edit::Pattern(name.clone(), Some(Arc::new(pattern)))])
    }

    fn clamp(param: Param, value: f64, path: &Path, notes: &mut Vec<String>) -> f64 {
        let clamped = Param::limit(param, value);
        if clamped != value {
            notes.push(format!("{path} takes {}: {value} became {}", param.allowed(), param.show(clamped)));
        }
        clamped
    }

    fn set(&self, path: &Path, value: f64, notes: &mut Vec<String>) -> Result<Vec<Edit>, EditError> {
        self.check_path(path)?;
        if value.is_nan() {
            return fail(format!("{path}: not a number"));
        }
        Ok(match path {
            Path::Param { module, param } => {
                let clamped = Self::clamp(*param, value, path, notes);
                let kept = (clamped != param.desc().default).then_some(clamped);
                vec![Edit::Param(module.clone(), *param, kept)]
            }
            Path::Sample { module, index, param } => {
                let clamped = Self::clamp(*param, value, path, notes);
                vec![Edit::SampleParam(module.clone(), index - 1, *param, Some(clamped))]
            }
            Path::Connection { module, source } => {
                let at = self
                    .find_connection(module, source, ConnKind::Audio)
                    .map_err(|_| EditError(format!("{source} is not connected to {module}")))?;
                let mut connection = self.connections[at].clone();
                connection.volume = value.clamp(0.0, 1.0) + 0.0;
                if connection.volume != value {
                    notes.push(format!("{path} takes a number from 0 to 1: {value} became {}", connection.volume));
                }
                vec![Edit::Connection(connection, true)]
            }
            Path::Row { pattern, row, column } => {
                let mut hit = match self.pattern(pattern)?.row(*row) {
                    Row::Hit(hit) => hit,
                    Row::Empty | Row::Rest => Hit::default(),
                };
                set_column(&mut hit, *column, value, path, notes)?;
                return self.set_row(pattern, *row, Row::Hit(hit), notes);
            }
        })
    }

    fn unset(&self, path: &Path) -> Result<Vec<Edit>, EditError> {
        self.check_path(path)?;
        Ok(match path {
            Path::Param { module, param } => vec![Edit::Param(module.clone(), *param, None)],
            Path::Sample { module, index, param } => vec![Edit::SampleParam(module.clone(), index - 1, *param, None)],
            Path::Connection { .. } => return self.set(path, 1.0, &mut vec![]),
            Path::Row { pattern, row, column } => {
                let Row::Hit(mut hit) = self.pattern(pattern)?.row(*row) else { return Ok(vec![]) };
                let plain = Hit::default();
                match column {
                    Column::Index => return Ok(vec![Edit::Row(pattern.clone(), *row, Row::Empty)]),
                    Column::Length => hit.length = None,
                    Column::Note => hit.note = None,
                    Column::Chance => hit.chance = plain.chance,
                    Column::Ratio => hit.ratio = plain.ratio,
                    Column::Param(param) => drop(hit.params.remove(param)),
                }
                vec![Edit::Row(pattern.clone(), *row, Row::Hit(hit))]
            }
        })
    }

    fn set_row(&self, name: &Name, number: u16, row: Row, notes: &mut Vec<String>) -> Result<Vec<Edit>, EditError> {
        let pattern = self.pattern(name)?;
        range(&format!("{name}: row"), number, 1, pattern.steps)?;
        let row = match row {
            Row::Hit(hit) => Row::Hit(check_hit(hit, &format!("{name}.row[{number}]"), notes)?),
            other => other,
        };
        let missing: Vec<Column> = match &row {
            Row::Hit(hit) => hit.columns().filter(|c| !pattern.columns.contains(c)).collect(),
            _ => vec![],
        };
        if missing.is_empty() {
            return Ok(vec![Edit::Row(name.clone(), number, row)]);
        }
        self.pattern_edit(name, |p| {
            p.columns.extend(missing);
            p.put_row(number, row);
        })
    }

    fn add_module(&self, uid: super::name::Uid, kind: ModuleKind, name: &Name) -> Result<Vec<Edit>, EditError> {
        self.free(name)?;
        if matches!(kind, ModuleKind::AudioOutput | ModuleKind::AudioInput) {
            return fail(format!(
                "{} modules stand for the host's buses: masterAudioOut, aux1-aux8, hostIn and sidechain are always there",
                kind.name()
            ));
        }
        if Session::is_standing(name.as_str()) || name.as_str().starts_with("master") {
            return fail(format!("\"{name}\" is kept for the masters"));
        }
        if self.modules.len() >= MODULES_MAX {
            return fail(format!("a session has at most {MODULES_MAX} modules"));
        }
        let (most, alike) = match kind {
            ModuleKind::MultiSampler => (SAMPLERS_MAX, self.modules.values().filter(|m| m.kind() == kind).count()),
            ModuleKind::TrackerSequencer => {
                (SEQUENCERS_MAX, self.modules.values().filter(|m| m.kind() == kind).count())
            }
            _ => (MODULES_MAX, 0),
        };
        if alike >= most {
            return fail(format!("a session has at most {most} modules of type {}", kind.name()));
        }
        let mut edits = vec![];
        let body = match kind {
            ModuleKind::MultiSampler => ModuleBody::MultiSampler { samples: vec![] },
            ModuleKind::TrackerSequencer => {
                let pattern = self.patterns.keys().next().cloned();
                let pattern = match pattern {
                    Some(pattern) => pattern,
                    None => {
                        let fresh = self.free_name("P", 0);
                        edits.push(Edit::Pattern(
                            fresh.clone(),
                            Some(Arc::new(Pattern::new(super::name::Uid(uid.0 ^ 1), &fresh, 16))),
                        ));
                        fresh
                    }
                };
                ModuleBody::TrackerSequencer { pattern, chain: None, chain_on: false }
            }
            _ => ModuleBody::AudioMixer,
        };
        edits.push(Edit::Module(
            name.clone(),
            Some(Arc::new(Module { uid, enabled: true, params: ParamMap::new(), body })),
        ));
        if kind.gives_audio() {
            let to = Name::new(MASTER)?;
            edits.push(Edit::Connection(
                Connection { to, from: name.clone(), kind: ConnKind::Audio, volume: 1.0, auto: true },
                true,
            ));
        }
        Ok(edits)
    }

    fn remove_module(&self, name: &Name) -> Result<Vec<Edit>, EditError> {
        self.module(name)?;
        if Session::is_standing(name.as_str()) {
            return fail(format!("{name} is always there and cannot be removed"));
        }
        let maps = self
            .macros
            .keys()
            .filter(|path| path.first() == name || matches!(path, Path::Connection { source, .. } if source == name));
        let maps = maps.map(|path| Edit::Macro(path.clone(), None));
        let cables = self
            .connections
            .iter()
            .filter(|c| c.from == *name || c.to == *name)
            .map(|c| Edit::Connection(c.clone(), false));
        Ok(maps.chain(cables).chain([Edit::Module(name.clone(), None)]).collect())
    }

    fn set_samples(&self, name: &Name, samples: &[Sample]) -> Result<Vec<Edit>, EditError> {
        let module = self.module(name)?;
        let ModuleBody::MultiSampler { samples: old } = &module.body else {
            return fail(format!("{name} ({}) has no samples", module.kind().name()));
        };
        range(&format!("{name}: number of samples"), samples.len(), 0, 1024)?;
        let mut names = std::collections::BTreeSet::new();
        let mut kept = Vec::with_capacity(samples.len());
        for sample in samples {
            if !names.insert(&sample.name) {
                return fail(format!("{name}: two samples are called \"{}\"", sample.name));
            }
            if let Some((param, value)) =
                sample.params.iter().find(|&(p, v)| !p.desc().per_hit || Param::limit(*p, *v) != *v)
            {
                return fail(format!(
                    "{name}: sample \"{}\": {} takes {}, got {value}",
                    sample.name,
                    param.desc().name,
                    param.allowed()
                ));
            }
            let before = old.iter().find(|o| o.path == sample.path && o.name == sample.name);
            let mut sample = sample.clone();
            if let (true, Some(before)) = (sample.params.is_empty(), before) {
                sample.params = before.params.clone();
            }
            kept.push(Arc::new(sample));
        }
        // Mappings on samples that are gone go with them.
        let count = kept.len();
        let gone = self.macros.keys().filter(
            |p| matches!(p, Path::Sample { module, index, .. } if module == name && usize::from(*index) > count),
        );
        let mut edits: Vec<Edit> = gone.map(|p| Edit::Macro(p.clone(), None)).collect();
        let mut changed = (**module).clone();
        changed.body = ModuleBody::MultiSampler { samples: kept };
        edits.push(Edit::Module(name.clone(), Some(Arc::new(changed))));
        Ok(edits)
    }

    fn relink(&self, from: &str, to: &str) -> Result<Vec<Edit>, EditError> {
        let mut edits = vec![];
        for (name, module) in &self.modules {
            if !module.samples().iter().any(|s| s.path == from) {
                continue;
            }
            let mut changed = (**module).clone();
            if let ModuleBody::MultiSampler { samples } = &mut changed.body {
                for sample in samples.iter_mut().filter(|s| s.path == from) {
                    Arc::make_mut(sample).path = to.to_owned();
                }
            }
            edits.push(Edit::Module(name.clone(), Some(Arc::new(changed))));
        }
        if edits.is_empty() { fail(format!("no sample uses the file \"{from}\"")) } else { Ok(edits) }
    }

    fn connect(&self, from: &Name, to: &Name, kind: ConnKind) -> Result<Vec<Edit>, EditError> {
        let (source, target) = (self.module(from)?, self.module(to)?);
        let fits = match kind {
            ConnKind::Audio => source.kind().gives_audio() && target.kind().takes_audio(),
            ConnKind::Event => {
                source.kind() == ModuleKind::TrackerSequencer && target.kind() == ModuleKind::MultiSampler
            }
        };
        if !fits {
            return fail(format!(
                "{from} ({}) gives no {} that {to} ({}) takes",
                source.kind().name(),
                kind.name(),
                target.kind().name()
            ));
        }
        let found = self.find_connection(to, from, kind);
        if let Ok(at) = found {
            let old = &self.connections[at];
            return Ok(if old.auto {
                vec![Edit::Connection(Connection { auto: false, ..old.clone() }, true)]
            } else {
                vec![]
            });
        }
        if kind == ConnKind::Audio
            && let Some(mut way) = self.way(to, from)
        {
            way.push(to.clone());
            let cycle: Vec<&str> = std::iter::once(from.as_str())
                .chain(way.iter().rev().map(Name::as_str).skip_while(|n| *n == from.as_str()))
                .collect();
            return fail(format!("that closes a circle of audio: {}", cycle.join(" → ")));
        }
        // The first cable made by hand takes the automatic one's place.
        let auto = self
            .connections
            .iter()
            .filter(|c| c.auto && c.from == *from && c.kind == kind)
            .map(|c| Edit::Connection(c.clone(), false));
        let new = Connection { to: to.clone(), from: from.clone(), kind, volume: 1.0, auto: false };
        Ok(auto.chain([Edit::Connection(new, true)]).collect())
    }

    /// The modules on an audio way from `start` to `goal`, goal first; `None` when there is none.
    fn way(&self, start: &Name, goal: &Name) -> Option<Vec<Name>> {
        let mut seen = std::collections::BTreeSet::new();
        let mut stack = vec![vec![start.clone()]];
        while let Some(trail) = stack.pop() {
            let last = trail.last()?;
            if last == goal {
                return Some(trail.into_iter().rev().collect());
            }
            if seen.insert(last.clone()) {
                for next in self.connections.iter().filter(|c| c.kind == ConnKind::Audio && c.from == *last) {
                    stack.push(trail.iter().cloned().chain([next.to.clone()]).collect());
                }
            }
        }
        None
    }

    fn disconnect(&self, from: &Name, to: &Name, kind: Option<ConnKind>) -> Result<Vec<Edit>, EditError> {
        self.module(from)?;
        self.module(to)?;
        let cables =
            self.connections.iter().filter(|c| c.from == *from && c.to == *to && kind.is_none_or(|k| k == c.kind));
        let maps = self
            .macros
            .keys()
            .filter(|p| matches!(p, Path::Connection { module, source } if module == to && source == from));
        Ok(cables
            .map(|c| Edit::Connection(c.clone(), false))
            .chain(maps.map(|p| Edit::Macro(p.clone(), None)))
            .collect())
    }

    fn remove_pattern(&self, name: &Name) -> Result<Vec<Edit>, EditError> {
        self.pattern(name)?;
        let mut edits = vec![];
        let bound =
            |m: &&Arc<Module>| matches!(&m.body, ModuleBody::TrackerSequencer { pattern, .. } if pattern == name);
        let next = self.patterns.keys().find(|other| *other != name).cloned();
        let next = match next {
            Some(next) => next,
            None => {
                let fresh = self.free_name("P", 0);
                if self.modules.values().any(|m| bound(&m)) {
                    let uid = super::name::Uid(super::name::salt_of(&fresh));
                    edits.push(Edit::Pattern(fresh.clone(), Some(Arc::new(Pattern::new(uid, &fresh, 16)))));
                }
                fresh
            }
        };
        for (module_name, module) in self.modules.iter().filter(|(_, m)| bound(m)) {
            let mut changed = (**module).clone();
            if let ModuleBody::TrackerSequencer { pattern, .. } = &mut changed.body {
                *pattern = next.clone();
            }
            edits.push(Edit::Module(module_name.clone(), Some(Arc::new(changed))));
        }
        for (chain_name, chain) in self.chains.iter().filter(|(_, c)| c.entries.iter().any(|e| e.pattern == *name)) {
            let mut changed = (**chain).clone();
            changed.entries.retain(|e| e.pattern != *name);
            edits.push(Edit::Chain(chain_name.clone(), Some(Arc::new(changed))));
        }
        edits.extend(self.macros.keys().filter(|p| p.first() == name).map(|p| Edit::Macro(p.clone(), None)));
        edits.push(Edit::Pattern(name.clone(), None));
        Ok(edits)
    }

    fn remove_chain(&self, name: &Name) -> Result<Vec<Edit>, EditError> {
        self.chain(name)?;
        let mut edits = vec![];
        for (module_name, module) in &self.modules {
            let mut changed = (**module).clone();
            if let ModuleBody::TrackerSequencer { chain, chain_on, .. } = &mut changed.body
                && chain.as_ref() == Some(name)
            {
                (*chain, *chain_on) = (None, false);
                edits.push(Edit::Module(module_name.clone(), Some(Arc::new(changed))));
            }
        }
        edits.push(Edit::Chain(name.clone(), None));
        Ok(edits)
    }

    fn bind(
        &self,
        sequencer: &Name,
        pattern: Option<&Name>,
        chain: Option<&Option<Name>>,
        on: Option<bool>,
    ) -> Result<Vec<Edit>, EditError> {
        let mut module = (**self.module(sequencer)?).clone();
        let kind = module.kind().name();
        let ModuleBody::TrackerSequencer { pattern: bound, chain: bound_chain, chain_on } = &mut module.body else {
            return fail(format!("{sequencer} ({kind}) is not a sequencer"));
        };
        if let Some(pattern) = pattern {
            self.pattern(pattern)?;
            *bound = pattern.clone();
        }
        if let Some(chain) = chain {
            if let Some(chain) = chain {
                self.chain(chain)?;
            }
            bound_chain.clone_from(chain);
        }
        *chain_on = on.unwrap_or(*chain_on) && bound_chain.is_some();
        if on == Some(true) && !*chain_on {
            return fail(format!("{sequencer} has no chain to play"));
        }
        Ok(vec![Edit::Module(sequencer.clone(), Some(Arc::new(module)))])
    }

    fn map_macro(&self, path: &Path, map: MacroMap, notes: &mut Vec<String>) -> Result<Vec<Edit>, EditError> {
        range("macro", map.number, 1, MACROS)?;
        self.check_path(path)?;
        let (min, max) = match path {
            Path::Param { param, .. } => (param.desc().min, param.desc().max),
            Path::Connection { .. } => (0.0, 1.0),
            Path::Sample { .. } | Path::Row { .. } => {
                return fail(format!(
                    "{path}: macros are mapped to module parameters and connection volumes in this version"
                ));
            }
        };
        for (what, value) in [("min", map.min), ("max", map.max)] {
            range(&format!("macro({}): {what} for {path}", map.number), value, min, max)?;
        }
        if let Some(old) = self.macros.get(path).filter(|old| old.number != map.number) {
            notes.push(format!("{path} was mapped to macro {}; it follows macro {} now", old.number, map.number));
        }
        Ok(vec![Edit::Macro(path.clone(), Some(map))])
    }

    fn check_shot(&self, shot: &Shot) -> Result<(), EditError> {
        let module = self.module(&shot.module)?;
        if module.kind() != ModuleKind::MultiSampler {
            return fail(format!("{} ({}) cannot be triggered", shot.module, module.kind().name()));
        }
        check_hit(shot.hit.clone(), shot.module.as_str(), &mut vec![]).map(|_| ())
    }
}

/// See that a hit's numbers are allowed; parameter columns are clamped and reported.
fn check_hit(mut hit: Hit, place: &str, notes: &mut Vec<String>) -> Result<Hit, EditError> {
    range(&format!("{place}: index"), hit.index, 1, 1024)?;
    range(&format!("{place}: chance"), hit.chance, 0, 100)?;
    if let Some(length) = hit.length {
        range(&format!("{place}: length"), length, 1, LENGTH_MAX)?;
    }
    if let Some(note) = hit.note {
        range(&format!("{place}: note"), note, 0, 127)?;
    }
    let (a, b) = hit.ratio;
    range(&format!("{place}: ratio"), a.max(b), 1, RATIO_MAX)?;
    if a == 0 || a > b {
        return fail(format!("{place}: ratio is A:B with A from 1 to B, got {a}:{b}"));
    }
    for (param, value) in &mut hit.params {
        if !param.desc().per_hit || value.is_nan() {
            return fail(format!("{place}: {} is not a column", param.desc().name));
        }
        let clamped = Param::limit(*param, *value);
        if clamped != *value {
            notes.push(format!(
                "{place}.{} takes {}: {value} became {}",
                param.desc().name,
                param.allowed(),
                param.show(clamped)
            ));
        }
        *value = clamped;
    }
    Ok(hit)
}

fn set_column(
    hit: &mut Hit,
    column: Column,
    value: f64,
    path: &Path,
    notes: &mut Vec<String>,
) -> Result<(), EditError> {
    let whole = |min: f64, max: f64| {
        if value.fract() == 0.0 && (min..=max).contains(&value) {
            Ok(value as u16)
        } else {
            fail(format!("{path} takes a whole number from {min} to {max}, got {value}"))
        }
    };
    match column {
        Column::Index => hit.index = whole(1.0, 1024.0)?,
        Column::Length => hit.length = Some(whole(1.0, f64::from(LENGTH_MAX))? as u8),
        Column::Note => hit.note = Some(whole(0.0, 127.0)? as u8),
        Column::Chance => hit.chance = whole(0.0, 100.0)? as u8,
        Column::Ratio => {
            // As the earlier tracker wrote it: A · 1000 + B.
            let coded = whole(1001.0, 16016.0)?;
            hit.ratio = ((coded / 1000) as u8, (coded % 1000).min(255) as u8);
        }
        Column::Param(param) => drop(hit.params.insert(param, Session::clamp(param, value, path, notes))),
    }
    Ok(())
}
