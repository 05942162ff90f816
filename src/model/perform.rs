//! From what is asked to what changes: each Command becomes Edits, checked against the document.
//!
//! Thread: any. **Invariant:** a Command that fails leaves the Session as it was.

mod layer;
mod module;
mod pattern;

use std::sync::Arc;

use super::command::{Batch, Command, TransportVerb};
use super::edit::{Edit, EditError};
use super::name::Name;
use super::param::Param;
use super::path::Path;
use super::pattern::{Chain, Column, Hit, Pattern, REPEATS_MAX, ROWS_MAX, Row, STEPS_PER_BEAT_MAX};
use super::session::{ConnKind, Module, Session};
use super::time::{BPM_MAX, BPM_MIN};
use pattern::set_column;

/// What a Command did: the edits that undo it (apply them in reverse) and remarks for people.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Performed {
    /// Inverses in the order the edits were made.
    pub inverse: Vec<Edit>,
    /// The edits as they were made, place by place what [`Performed::inverse`] undoes.
    pub forward: Vec<Edit>,
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
                    all.forward.extend(done.forward);
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
        Ok(Performed { inverse, forward: edits, notes })
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
            Command::Transport(TransportVerb::Locate(beat)) if !beat.is_finite() => {
                fail(format!("locate takes a position in beats, got {beat}"))
            }
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
            Command::SetSong(song) => self.set_song(song),
            Command::AddLayer { uid, name, song } => self.add_layer(*uid, name, song),
            Command::RemoveLayer(name) => self.remove_layer(name),
            Command::SetLayer { name, song, rate, anchor } => self.set_layer(name, song.as_deref(), *rate, *anchor),
            Command::PutEvents(name, puts) => self.put_events(name, puts),
            Command::MapLayer(name, mapping) => self.map_layer(name, mapping.as_ref()),
            Command::AcceptMapping(name) => self.accept_mapping(name),
            Command::TakeFromDesk { layer, before, after, agreed } => self.take_from_desk(layer, before, after, agreed),
            Command::SetDesk(desk) => {
                desk.check().map_err(EditError)?;
                // Who says where the desk is has not said that it may be written on.
                let desk = super::desk::DeskConfig { armed: self.desk.armed, ..desk.clone() };
                Ok(if self.desk == desk { vec![] } else { vec![Edit::Desk(desk)] })
            }
            Command::ArmDesk(armed) => {
                let desk = super::desk::DeskConfig { armed: *armed, ..self.desk.clone() };
                Ok(if self.desk == desk { vec![] } else { vec![Edit::Desk(desk)] })
            }
            Command::Desk(_) => Ok(vec![]),
            Command::MapMacro(path, map) => self.map_macro(path, *map, notes),
            Command::UnmapMacro(path) => {
                if !self.macros.contains_key(path) {
                    return fail(format!("no macro is mapped to {path}"));
                }
                Ok(vec![Edit::Macro(path.clone(), None)])
            }
            Command::Trigger(shot) => self.check_shot(shot).map(|()| vec![]),
            Command::SetBank(name, folder) => self.set_bank(name, folder.as_deref()),
            Command::SetLive(name, text) => Ok(vec![Edit::Live(name.clone(), text.clone())]),
            Command::SetFolders(folders) => Ok(vec![Edit::Folders(folders.clone())]),
            Command::SetText(text) => Ok(vec![Edit::Text(text.clone())]),
            Command::EditText { before, after } => {
                Ok(if self.text == *before { vec![Edit::Text(after.clone())] } else { vec![] })
            }
            Command::SetLayout(key, value) => Ok(vec![Edit::Layout(key.clone(), value.clone())]),
            Command::Load(session) => Ok(vec![Edit::Whole(session.clone())]),
        }
    }

    fn set_bank(&self, name: &str, folder: Option<&str>) -> Result<Vec<Edit>, EditError> {
        Name::new(name)?;
        match folder {
            Some(folder) if folder.trim().is_empty() => fail(format!("bank \"{name}\" takes a folder, got none")),
            None if !self.banks.contains_key(name) => fail(format!("no bank is called \"{name}\"")),
            _ => Ok(vec![Edit::Bank(name.to_owned(), folder.map(str::to_owned))]),
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
}

#[cfg(test)]
mod tests;
