//! Songs, layers, mappings and what comes from the desk.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Session, fail};
use crate::model::desk::{Agreed, Mapping};
use crate::model::edit::{Edit, EditError};
use crate::model::layer::{Anchor, EVENTS_MAX, FrameRate, LAYERS_MAX, Layer, Put};
use crate::model::name::{Name, Uid};
use crate::model::session::Song;

/// Most songs of a session.
const SONGS_MAX: usize = 1000;

impl Session {
    /// The layer of a name, or who is called so instead.
    pub(super) fn layer(&self, name: &Name) -> Result<&Arc<Layer>, EditError> {
        self.layers.get(name).ok_or_else(|| match self.noun_of(name.as_str()) {
            Some(noun) => EditError(format!("\"{name}\" is a {noun}, not a layer")),
            None => EditError(format!("no layer is called \"{name}\"")),
        })
    }

    fn song(&self, name: &str) -> Result<&Song, EditError> {
        self.songs.iter().find(|song| song.name == name).ok_or_else(|| {
            let all: Vec<&str> = self.songs.iter().map(|song| song.name.as_str()).collect();
            EditError(format!("no song is called \"{name}\": there is {}", all.join(", ")))
        })
    }

    pub(super) fn set_song(&self, song: &Song) -> Result<Vec<Edit>, EditError> {
        if song.name.trim().is_empty() || song.name.len() > 200 {
            return fail(format!("a song's name has 1 to 200 bytes, got {}", song.name.len()));
        }
        song.rate.parse(&song.start).map_err(|error| EditError(format!("song {}: {error}", song.name)))?;
        let mut songs = self.songs.clone();
        match songs.iter().position(|old| old.name == song.name) {
            Some(place) => songs[place] = song.clone(),
            None if songs.len() >= SONGS_MAX => return fail(format!("a session holds at most {SONGS_MAX} songs")),
            None => songs.push(song.clone()),
        }
        Ok(if songs == self.songs { vec![] } else { vec![Edit::Songs(songs)] })
    }

    pub(super) fn add_layer(&self, uid: Uid, name: &Name, song: &str) -> Result<Vec<Edit>, EditError> {
        self.free(name)?;
        self.song(song)?;
        if self.layers.len() >= LAYERS_MAX {
            return fail(format!("a session holds at most {LAYERS_MAX} layers"));
        }
        Ok(vec![Edit::Layer(name.clone(), Some(Arc::new(Layer::new(uid, song))))])
    }

    pub(super) fn remove_layer(&self, name: &Name) -> Result<Vec<Edit>, EditError> {
        self.layer(name)?;
        let mut edits = self.unmap(name);
        edits.push(Edit::Layer(name.clone(), None));
        Ok(edits)
    }

    fn unmap(&self, name: &Name) -> Vec<Edit> {
        let agreed = self.agreed.contains_key(name).then(|| Edit::Agreed(name.clone(), None));
        let mapping = self.mappings.contains_key(name).then(|| Edit::Mapping(name.clone(), None));
        agreed.into_iter().chain(mapping).collect()
    }

    pub(super) fn set_layer(
        &self,
        name: &Name,
        song: Option<&str>,
        rate: Option<FrameRate>,
        anchor: Option<Anchor>,
    ) -> Result<Vec<Edit>, EditError> {
        let old = self.layer(name)?;
        let mut layer = (**old).clone();
        if let Some(song) = song {
            layer.song = self.song(song)?.name.clone();
        }
        layer.rate = rate.unwrap_or(layer.rate);
        layer.anchor = anchor.unwrap_or(layer.anchor);
        Ok(if layer == **old { vec![] } else { vec![Edit::Layer(name.clone(), Some(Arc::new(layer)))] })
    }

    pub(super) fn put_events(&self, name: &Name, puts: &Arc<[Put]>) -> Result<Vec<Edit>, EditError> {
        let layer = self.layer(name)?;
        let touched: HashSet<Uid> = puts.iter().map(|(uid, _)| *uid).collect();
        if touched.len() < puts.len() {
            return fail(format!("layer {name}: an event is put twice in one command"));
        }
        let stays = layer.events.iter().filter(|entry| !touched.contains(&entry.uid));
        let (mut keys, mut count) = (HashSet::new(), 0);
        for entry in stays {
            keys.extend(entry.event.key.as_deref());
            count += 1;
        }
        for (place, event) in puts.iter().enumerate().filter_map(|(at, (_, event))| Some((at, event.as_ref()?))) {
            event.check().map_err(|error| EditError(format!("layer {name}, event {}: {error}", place + 1)))?;
            if let Some(key) = event.key.as_deref().filter(|key| !keys.insert(key)) {
                return fail(format!("layer {name} has an event with the key \"{key}\" already"));
            }
            count += 1;
        }
        if count > EVENTS_MAX {
            return fail(format!("a layer holds at most {EVENTS_MAX} events, not {count}"));
        }
        let changes: Arc<[Put]> = self.changes(layer, puts);
        Ok(if changes.is_empty() { vec![] } else { vec![Edit::Events(name.clone(), changes)] })
    }

    // Those puts that change something.
    fn changes(&self, layer: &Layer, puts: &Arc<[Put]>) -> Arc<[Put]> {
        let now: std::collections::HashMap<Uid, _> = layer.events.iter().map(|e| (e.uid, &e.event)).collect();
        let differs = |(uid, event): &&Put| now.get(uid).copied() != event.as_ref();
        if puts.iter().all(|put| differs(&put)) { puts.clone() } else { puts.iter().filter(differs).cloned().collect() }
    }

    pub(super) fn map_layer(&self, name: &Name, mapping: Option<&Mapping>) -> Result<Vec<Edit>, EditError> {
        self.layer(name)?;
        let Some(mapping) = mapping else { return Ok(self.unmap(name)) };
        mapping.check().map_err(|error| EditError(format!("mapping of {name}: {error}")))?;
        let taken = self.mappings.iter().find(|(other, old)| *other != name && old.is_same_place(mapping));
        if let Some((other, _)) = taken {
            return fail(format!("layer {other} is mapped to that track already: one layer a track"));
        }
        let old = self.mappings.get(name);
        let stays = old.is_some_and(|old| old.is_same_place(mapping));
        let new = Mapping { accepted: stays && old.is_some_and(|old| old.accepted), ..mapping.clone() };
        if old.is_some_and(|old| **old == new) {
            return Ok(vec![]);
        }
        // What was agreed with another track says nothing of this one.
        let forget = (!stays && self.agreed.contains_key(name)).then(|| Edit::Agreed(name.clone(), None));
        Ok(forget.into_iter().chain([Edit::Mapping(name.clone(), Some(Arc::new(new)))]).collect())
    }

    pub(super) fn accept_mapping(&self, name: &Name) -> Result<Vec<Edit>, EditError> {
        let mapping = self.mappings.get(name).ok_or_else(|| EditError(format!("layer {name} is not mapped")))?;
        let new = Mapping { accepted: true, ..(**mapping).clone() };
        Ok(if mapping.accepted { vec![] } else { vec![Edit::Mapping(name.clone(), Some(Arc::new(new)))] })
    }

    pub(super) fn take_from_desk(
        &self,
        name: &Name,
        before: &[Put],
        after: &Arc<[Put]>,
        agreed: &Arc<Agreed>,
    ) -> Result<Vec<Edit>, EditError> {
        let layer = self.layer(name)?;
        if !self.mappings.contains_key(name) {
            return fail(format!("layer {name} is not mapped"));
        }
        let now: std::collections::HashMap<Uid, _> = layer.events.iter().map(|e| (e.uid, &e.event)).collect();
        if before.iter().any(|(uid, event)| now.get(uid).copied() != event.as_ref()) {
            return fail(format!("layer {name} has changed meanwhile"));
        }
        let mut edits = self.put_events(name, after)?;
        if self.agreed.get(name) != Some(agreed) {
            edits.push(Edit::Agreed(name.clone(), Some(agreed.clone())));
        }
        Ok(edits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Command, DeskEvent, LayerEvent, TrackName};

    fn named(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    fn session() -> Session {
        let mut session = Session::new();
        for command in [
            Command::AddLayer { uid: Uid(7), name: named("Beam"), song: "main".into() },
            Command::PutEvents(named("Beam"), [(Uid(1), Some(Arc::new(LayerEvent::at(5))))].into()),
            Command::MapLayer(named("Beam"), Some(Mapping::new(101, 1, TrackName::Name("BEAM".into())))),
        ] {
            session.perform(&command).unwrap();
        }
        session
    }

    #[test]
    fn a_layer_with_its_mapping_is_saved_renamed_and_removed_whole() {
        let mut session = session();
        assert_eq!(Session::from_json(&session.to_json()).as_ref(), Ok(&session));
        session.perform(&Command::Rename(named("Beam"), named("Wash"))).unwrap();
        assert!(session.mappings.contains_key("Wash") && session.layers.contains_key("Wash"));
        assert_eq!(session.check(), Ok(()));
        let done = session.perform(&Command::RemoveLayer(named("Wash"))).unwrap();
        assert!(session.mappings.is_empty() && session.layers.is_empty());
        session.undo_all(&done.inverse);
        assert_eq!(session.mappings.len(), 1);
    }

    #[test]
    fn what_the_desk_says_is_refused_where_somebody_was_quicker() {
        let mut session = session();
        let (old, new) = (LayerEvent::at(5), LayerEvent::at(9));
        let agreed = Arc::new(Agreed {
            guid: "g".into(),
            hash: "0".into(),
            offset: 0,
            events: vec![(Uid(1), DeskEvent::from_layer(&new, 0))],
            disputed: vec![],
            sent: vec![],
        });
        let take = Command::TakeFromDesk {
            layer: named("Beam"),
            before: [(Uid(1), Some(Arc::new(old)))].into(),
            after: [(Uid(1), Some(Arc::new(new)))].into(),
            agreed,
        };
        let mut quicker = session.clone();
        let hand = Command::PutEvents(named("Beam"), [(Uid(1), Some(Arc::new(LayerEvent::at(6))))].into());
        quicker.perform(&hand).unwrap();
        assert!(quicker.perform(&take).unwrap_err().0.contains("changed meanwhile"));
        session.perform(&take).unwrap();
        assert_eq!(session.layers["Beam"].events[0].event.ticks, 9);
        assert_eq!(Session::from_json(&session.to_json()).map(|read| read.agreed), Ok(session.agreed));
    }

    #[test]
    fn two_layers_never_share_a_track_and_another_track_is_another_agreement() {
        let mut session = session();
        let other = Command::AddLayer { uid: Uid(8), name: named("Wash"), song: "main".into() };
        session.perform(&other).unwrap();
        let same = Mapping::new(101, 1, TrackName::Name("BEAM".into()));
        let error = session.perform(&Command::MapLayer(named("Wash"), Some(same.clone()))).unwrap_err();
        assert!(error.0.contains("Beam"), "{error}");
        session.perform(&Command::AcceptMapping(named("Beam"))).unwrap();
        session.perform(&Command::MapLayer(named("Beam"), Some(Mapping { offset: 5, ..same.clone() }))).unwrap();
        assert!(session.mappings["Beam"].accepted, "the place is the same");
        session.perform(&Command::MapLayer(named("Beam"), Some(Mapping { tg: 2, ..same }))).unwrap();
        assert!(!session.mappings["Beam"].accepted, "another place is to be seen first");
    }

    #[test]
    fn wrong_songs_layers_and_mappings_are_named() {
        let mut session = session();
        let before = session.to_json();
        let wrong_event = LayerEvent { token: Arc::from(""), ..LayerEvent::at(0) };
        let song = |start: &str| Song { name: "x".into(), start: start.into(), rate: FrameRate::F25 };
        for (command, word) in [
            (Command::SetSong(song("00:00:00:25")), "HH:MM:SS"),
            (Command::AddLayer { uid: Uid(1), name: named("L"), song: "nope".into() }, "there is main"),
            (Command::AddLayer { uid: Uid(1), name: named("Beam"), song: "main".into() }, "already"),
            (Command::RemoveLayer(named("hostIn")), "is a module"),
            (Command::PutEvents(named("Beam"), [(Uid(2), Some(Arc::new(wrong_event)))].into()), "token"),
            (Command::MapLayer(named("Beam"), Some(Mapping::new(0, 1, TrackName::Number(1)))), "tc is 1 to 9999"),
            (Command::AcceptMapping(named("L")), "not mapped"),
        ] {
            assert!(session.perform(&command).unwrap_err().0.contains(word), "{command:?}");
        }
        assert_eq!(session.to_json(), before);
    }
}
