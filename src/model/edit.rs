//! One invertible change of the Session: put this value in that slot, get back the edit that undoes it.
//!
//! Thread: any. **Invariant:** `apply(edit)` then `apply(inverse)` is the identity, byte for byte.

use std::sync::Arc;

use super::desk::{Agreed, DeskConfig, Mapping};
use super::layer::{Layer, Put};
use super::name::Name;
use super::param::Param;
use super::path::Path;
use super::pattern::{Chain, Pattern, Row};
use super::session::{ClockSource, Connection, MacroMap, Module, ModuleBody, Session, Song};
use super::time::Signature;

/// Why an edit or command does not apply; the message names what is wrong and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EditError(pub String);

impl From<super::path::PathError> for EditError {
    fn from(error: super::path::PathError) -> Self {
        Self(error.0)
    }
}

impl From<super::name::NameError> for EditError {
    fn from(error: super::name::NameError) -> Self {
        Self(error.to_string())
    }
}

/// One change. Every variant says the whole new content of one slot.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Internal tempo, beats per minute.
    Bpm(f64),
    /// Internal signature.
    Signature(Signature),
    /// Who leads.
    Source(ClockSource),
    /// Source of chance.
    Seed(u64),
    /// A whole module, or none.
    Module(Name, Option<Arc<Module>>),
    /// A module parameter; `None` is its default.
    Param(Name, Param, Option<f64>),
    /// One sample's own value (place from 0); `None` is its sampler's.
    SampleParam(Name, u16, Param, Option<f64>),
    /// A whole cable, found by its key; `false` takes it out.
    Connection(Connection, bool),
    /// A whole pattern, or none.
    Pattern(Name, Option<Arc<Pattern>>),
    /// One row of a pattern, from 1.
    Row(Name, u16, Row),
    /// A whole chain, or none.
    Chain(Name, Option<Arc<Chain>>),
    /// The songs, in order.
    Songs(Vec<Song>),
    /// A whole layer, or none.
    Layer(Name, Option<Arc<Layer>>),
    /// Events of a layer: each identity's content, or none.
    Events(Name, Arc<[Put]>),
    /// The mapping of a layer, or none.
    Mapping(Name, Option<Arc<Mapping>>),
    /// What the sides of a mapping agreed on, or nothing.
    Agreed(Name, Option<Arc<Agreed>>),
    /// Where the desk is.
    Desk(DeskConfig),
    /// A macro mapping, or none.
    Macro(Path, Option<MacroMap>),
    /// The folder of a bank, or none.
    Bank(String, Option<String>),
    /// A live chunk, or none.
    Live(String, Option<Arc<str>>),
    /// Where files are looked for.
    Folders(Vec<String>),
    /// The script buffer.
    Text(Arc<str>),
    /// A layout entry, or none.
    Layout(String, Option<String>),
    /// A module, pattern, chain or layer gets another name; every link follows.
    Rename(Name, Name),
    /// The whole document.
    Whole(Arc<Session>),
}

/// Put `value` into a map (or take it out) and give back what was there.
fn put<K: Ord, V>(map: &mut std::collections::BTreeMap<K, V>, key: K, value: Option<V>) -> Option<V> {
    match value {
        Some(value) => map.insert(key, value),
        None => map.remove(&key),
    }
}

impl Session {
    /// Make one change and give back its inverse. On an error nothing has changed.
    ///
    /// This is the low door: it checks that the slot is there, not that the document stays whole. Use
    /// [`Session::perform`] for what people ask.
    pub fn apply(&mut self, edit: &Edit) -> Result<Edit, EditError> {
        Ok(match edit {
            Edit::Bpm(bpm) => Edit::Bpm(std::mem::replace(&mut self.bpm, *bpm)),
            Edit::Signature(signature) => Edit::Signature(std::mem::replace(&mut self.signature, *signature)),
            Edit::Source(source) => Edit::Source(std::mem::replace(&mut self.source, *source)),
            Edit::Seed(seed) => Edit::Seed(std::mem::replace(&mut self.seed, *seed)),
            Edit::Module(name, module) => {
                Edit::Module(name.clone(), put(&mut self.modules, name.clone(), module.clone()))
            }
            Edit::Param(name, param, value) => {
                let module = Arc::make_mut(self.module_mut(name)?);
                Edit::Param(name.clone(), *param, put(&mut module.params, *param, *value))
            }
            Edit::SampleParam(name, place, param, value) => {
                let module = Arc::make_mut(self.module_mut(name)?);
                let ModuleBody::MultiSampler { samples } = &mut module.body else {
                    return Err(EditError(format!("{name} has no samples")));
                };
                let count = samples.len();
                let sample = samples
                    .get_mut(usize::from(*place))
                    .ok_or_else(|| EditError(format!("{name} has {count} samples, not {}", place + 1)))?;
                Edit::SampleParam(name.clone(), *place, *param, put(&mut Arc::make_mut(sample).params, *param, *value))
            }
            Edit::Connection(connection, present) => self.apply_connection(connection, *present)?,
            Edit::Pattern(name, pattern) => {
                Edit::Pattern(name.clone(), put(&mut self.patterns, name.clone(), pattern.clone()))
            }
            Edit::Row(name, number, row) => {
                let pattern =
                    self.patterns.get_mut(name).ok_or_else(|| EditError(format!("no pattern is called \"{name}\"")))?;
                let old = pattern.row(*number);
                Arc::make_mut(pattern).put_row(*number, row.clone());
                Edit::Row(name.clone(), *number, old)
            }
            Edit::Chain(name, chain) => Edit::Chain(name.clone(), put(&mut self.chains, name.clone(), chain.clone())),
            Edit::Songs(songs) => Edit::Songs(std::mem::replace(&mut self.songs, songs.clone())),
            Edit::Layer(name, layer) => Edit::Layer(name.clone(), put(&mut self.layers, name.clone(), layer.clone())),
            Edit::Events(name, puts) => {
                let layer =
                    self.layers.get_mut(name).ok_or_else(|| EditError(format!("no layer is called \"{name}\"")))?;
                Edit::Events(name.clone(), Arc::make_mut(layer).put(puts).into())
            }
            Edit::Mapping(name, mapping) => {
                Edit::Mapping(name.clone(), put(&mut self.mappings, name.clone(), mapping.clone()))
            }
            Edit::Agreed(name, agreed) => {
                Edit::Agreed(name.clone(), put(&mut self.agreed, name.clone(), agreed.clone()))
            }
            Edit::Desk(desk) => Edit::Desk(std::mem::replace(&mut self.desk, desk.clone())),
            Edit::Macro(path, map) => Edit::Macro(path.clone(), put(&mut self.macros, path.clone(), *map)),
            Edit::Bank(name, folder) => Edit::Bank(name.clone(), put(&mut self.banks, name.clone(), folder.clone())),
            Edit::Live(name, text) => Edit::Live(name.clone(), put(&mut self.live, name.clone(), text.clone())),
            Edit::Folders(folders) => Edit::Folders(std::mem::replace(&mut self.folders, folders.clone())),
            Edit::Text(text) => Edit::Text(std::mem::replace(&mut self.text, text.clone())),
            Edit::Layout(key, value) => Edit::Layout(key.clone(), put(&mut self.layout, key.clone(), value.clone())),
            Edit::Rename(from, to) => {
                self.rename(from, to)?;
                Edit::Rename(to.clone(), from.clone())
            }
            Edit::Whole(session) => Edit::Whole(Arc::new(std::mem::replace(self, (**session).clone()))),
        })
    }

    fn module_mut(&mut self, name: &Name) -> Result<&mut Arc<Module>, EditError> {
        self.modules.get_mut(name).ok_or_else(|| EditError(format!("no module is called \"{name}\"")))
    }

    fn apply_connection(&mut self, connection: &Connection, present: bool) -> Result<Edit, EditError> {
        let found = self.find_connection(&connection.to, &connection.from, connection.kind);
        Ok(match (found, present) {
            (Ok(at), true) => Edit::Connection(std::mem::replace(&mut self.connections[at], connection.clone()), true),
            (Ok(at), false) => Edit::Connection(self.connections.remove(at), true),
            (Err(at), true) => {
                self.connections.insert(at, connection.clone());
                Edit::Connection(connection.clone(), false)
            }
            (Err(_), false) => {
                return Err(EditError(format!("{} is not connected to {}", connection.from, connection.to)));
            }
        })
    }

    fn rename(&mut self, from: &Name, to: &Name) -> Result<(), EditError> {
        if let Some(noun) = self.noun_of(to.as_str()) {
            return Err(EditError(format!("a {noun} is called \"{to}\" already")));
        }
        if let Some(module) = self.modules.remove(from) {
            self.modules.insert(to.clone(), module);
            self.rename_in_connections(from, to);
        } else if let Some(pattern) = self.patterns.remove(from) {
            self.patterns.insert(to.clone(), pattern);
        } else if let Some(chain) = self.chains.remove(from) {
            self.chains.insert(to.clone(), chain);
        } else if let Some(layer) = self.layers.remove(from) {
            self.layers.insert(to.clone(), layer);
            if let Some(mapping) = self.mappings.remove(from) {
                self.mappings.insert(to.clone(), mapping);
            }
            if let Some(agreed) = self.agreed.remove(from) {
                self.agreed.insert(to.clone(), agreed);
            }
        } else {
            return Err(EditError(format!("nothing is called \"{from}\"")));
        }
        self.rename_in_links(from, to);
        Ok(())
    }

    fn rename_in_connections(&mut self, from: &Name, to: &Name) {
        for connection in &mut self.connections {
            for end in [&mut connection.from, &mut connection.to] {
                if end == from {
                    *end = to.clone();
                }
            }
        }
        self.connections.sort_by(|a, b| a.key().cmp(&b.key()));
    }

    fn rename_in_links(&mut self, from: &Name, to: &Name) {
        for module in self.modules.values_mut() {
            if let ModuleBody::TrackerSequencer { pattern, chain, .. } = &module.body
                && (pattern == from || chain.as_ref() == Some(from))
                && let ModuleBody::TrackerSequencer { pattern, chain, .. } = &mut Arc::make_mut(module).body
            {
                for link in [Some(pattern), chain.as_mut()].into_iter().flatten().filter(|link| *link == from) {
                    *link = to.clone();
                }
            }
        }
        for chain in self.chains.values_mut().filter(|chain| chain.entries.iter().any(|entry| entry.pattern == *from)) {
            for entry in Arc::make_mut(chain).entries.iter_mut().filter(|entry| entry.pattern == *from) {
                entry.pattern = to.clone();
            }
        }
        self.macros =
            std::mem::take(&mut self.macros).into_iter().map(|(path, map)| (path.renamed(from, to), map)).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Command, ConnKind, ModuleKind, Uid};

    fn named(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    fn session() -> Session {
        let mut session = Session::new();
        for (uid, kind, name) in [(101, ModuleKind::MultiSampler, "kick"), (102, ModuleKind::TrackerSequencer, "seq")] {
            session.perform(&Command::AddModule { uid: Uid(uid), kind, name: named(name) }).unwrap();
        }
        session.perform(&Command::Connect(named("seq"), named("kick"), ConnKind::Event)).unwrap();
        session.perform(&Command::AddLayer { uid: Uid(103), name: named("Wash"), song: "main".into() }).unwrap();
        session
    }

    #[test]
    fn each_edit_gives_back_the_edit_that_undoes_it() {
        let module = session().modules["kick"].clone();
        let edits = [
            Edit::Bpm(90.0),
            Edit::Seed(7),
            Edit::Module(named("new"), Some(module)),
            Edit::Module(named("kick"), None),
            Edit::Param(named("kick"), Param::VOLUME, Some(0.5)),
            Edit::Row(named("P0"), 3, Row::Rest),
            Edit::Pattern(named("P0"), None),
            Edit::Bank("drums".into(), Some("drums/909/".into())),
            Edit::Songs(vec![]),
            Edit::Layer(named("Beam"), Some(Arc::new(Layer::new(Uid(1), "main")))),
            Edit::Events(named("Wash"), [(Uid(4), Some(Arc::new(crate::model::LayerEvent::at(7))))].into()),
            Edit::Mapping(named("Wash"), Some(Arc::new(Mapping::new(1, 1, crate::model::TrackName::Number(1))))),
            Edit::Desk(DeskConfig { armed: false, ..DeskConfig::default() }),
            Edit::Rename(named("Wash"), named("Spot")),
            Edit::Live("beat".into(), Some("every(1, f)".into())),
            Edit::Layout("view".into(), Some("code".into())),
            Edit::Rename(named("kick"), named("zz")),
            Edit::Rename(named("P0"), named("aa")),
            Edit::Whole(Arc::new(Session::new())),
        ];
        for edit in edits {
            let mut changed = session();
            let undo = changed.apply(&edit).unwrap();
            assert_ne!(changed.to_json(), session().to_json(), "{edit:?}");
            assert_eq!(changed.apply(&undo).unwrap(), edit);
            assert_eq!(changed.to_json(), session().to_json());
        }
    }

    #[test]
    fn a_slot_that_is_not_there_is_named_and_nothing_changes() {
        let cable = session().connections[0].clone();
        let cable = Connection { from: named("nobody"), ..cable };
        for (edit, word) in [
            (Edit::Param(named("nope"), Param::VOLUME, None), "nope"),
            (Edit::SampleParam(named("kick"), 4, Param::SPEED, None), "0 samples"),
            (Edit::SampleParam(named("seq"), 0, Param::SPEED, None), "seq"),
            (Edit::Row(named("P7"), 1, Row::Rest), "P7"),
            (Edit::Connection(cable, false), "nobody"),
            (Edit::Rename(named("kick"), named("seq")), "seq"),
            (Edit::Rename(named("nope"), named("x")), "nope"),
        ] {
            let mut changed = session();
            assert!(changed.apply(&edit).unwrap_err().0.contains(word), "{edit:?}");
            assert_eq!(changed.to_json(), session().to_json());
        }
    }
}
