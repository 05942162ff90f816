//! What is asked of modules, cables and mappings, as Edits.
//!
//! Thread: any.

use std::sync::Arc;

use super::{fail, range};
use crate::model::edit::{Edit, EditError};
use crate::model::name::{Name, Uid};
use crate::model::param::{Param, ParamMap};
use crate::model::path::Path;
use crate::model::pattern::Pattern;
use crate::model::session::{
    ConnKind, Connection, MACROS, MASTER, MODULES_MAX, MacroMap, Module, ModuleBody, ModuleKind, SAMPLERS_MAX,
    SEQUENCERS_MAX, Sample, Session,
};

impl Session {
    pub(super) fn add_module(&self, uid: Uid, kind: ModuleKind, name: &Name) -> Result<Vec<Edit>, EditError> {
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
                        // The sequencer itself may be about to take the first free one.
                        let fresh = (0..).map(|first| self.free_name("P", first)).find(|fresh| fresh != name);
                        let fresh = fresh.expect("there are more numbers than names");
                        edits.push(Edit::Pattern(
                            fresh.clone(),
                            Some(Arc::new(Pattern::new(Uid(uid.0 ^ 1), &fresh, 16))),
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

    pub(super) fn remove_module(&self, name: &Name) -> Result<Vec<Edit>, EditError> {
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

    pub(super) fn set_samples(&self, name: &Name, samples: &[Sample]) -> Result<Vec<Edit>, EditError> {
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

    pub(super) fn relink(&self, from: &str, to: &str) -> Result<Vec<Edit>, EditError> {
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

    pub(super) fn connect(&self, from: &Name, to: &Name, kind: ConnKind) -> Result<Vec<Edit>, EditError> {
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
    pub(super) fn way(&self, start: &Name, goal: &Name) -> Option<Vec<Name>> {
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

    pub(super) fn disconnect(&self, from: &Name, to: &Name, kind: Option<ConnKind>) -> Result<Vec<Edit>, EditError> {
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

    pub(super) fn bind(
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

    pub(super) fn map_macro(
        &self,
        path: &Path,
        map: MacroMap,
        notes: &mut Vec<String>,
    ) -> Result<Vec<Edit>, EditError> {
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
        // Adding 0.0 turns −0.0 into 0.0, so equal mappings have equal bytes.
        let map = MacroMap { min: map.min + 0.0, max: map.max + 0.0, ..map };
        Ok(vec![Edit::Macro(path.clone(), Some(map))])
    }
}
