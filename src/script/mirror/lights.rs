//! Songs, layers and their mappings as Lua.
//!
//! Thread: any.

use std::fmt::Write as _;

use super::{list, number, quote};
use crate::model::event_word::{colour_text, default_token, time_text};
use crate::model::layer::cue_text;
use crate::model::{
    Anchor, CueRule, Direction, FrameRate, Layer, LayerEvent, Mapping, Name, Policy, Session, Song, TrackName,
};

/// With more events that have a key they are written in one table, for that is read faster.
const SETS_MAX: usize = 500;

/// The statement that makes a song.
pub(in crate::script) fn song(song: &Song) -> String {
    let mut parts = vec![format!("start = {}", quote(&song.start))];
    if song.rate != FrameRate::default() {
        parts.push(format!("rate = \"{}\"", song.rate.name()));
    }
    format!("song({}, {{ {} }})", quote(&song.name), parts.join(", "))
}

/// The songs that a new session does not have.
pub(super) fn songs(text: &mut String, session: &Session) {
    let new = Session::new();
    for found in session.songs.iter().filter(|song| !new.songs.contains(song)) {
        let _ = writeln!(text, "{}", song(found));
    }
}

/// What an event says, word by word, but for its time and key; a token that goes without saying is not said.
pub(in crate::script) fn saying(event: &LayerEvent) -> Vec<(&'static str, String)> {
    let mut words = vec![];
    if *event.token != *default_token(&event.cue) {
        words.push(("token", quote(&event.token)));
    }
    match cue_text(&event.cue) {
        _ if event.cue.is_empty() => {}
        Ok(cue) if cue == event.cue => words.push(("cue", cue.to_string())),
        _ => words.push(("cueText", quote(&event.cue))),
    }
    for (word, text) in [("cmd", &event.cmd), ("name", &event.name), ("note", &event.note)] {
        if !text.is_empty() {
            words.push((word, quote(text)));
        }
    }
    words.extend(event.colour.map(|colour| ("colour", quote(&colour_text(colour)))));
    words
}

/// An event as a table; with its key where it stands in a list.
pub(in crate::script) fn event(session: &Session, event: &LayerEvent, with_key: bool) -> String {
    let key = event.key.as_deref().filter(|_| with_key).map(|key| ("key", quote(key)));
    let words = session.time_words(event).into_iter().chain(key).chain(saying(event));
    let words: Vec<String> = words.map(|(word, text)| format!("{word} = {text}")).collect();
    format!("{{ {} }}", words.join(", "))
}

/// What a layer belongs to and how it counts, as fields; what is as in a new one is left out.
fn head(session: &Session, layer: &Layer) -> Vec<String> {
    let mut parts = vec![];
    if session.songs.first().is_none_or(|first| first.name != layer.song) {
        parts.push(format!("song = {}", quote(&layer.song)));
    }
    if layer.rate != FrameRate::default() {
        parts.push(format!("rate = \"{}\"", layer.rate.name()));
    }
    if layer.anchor != Anchor::default() {
        parts.push(format!("anchor = \"{}\"", layer.anchor.name()));
    }
    parts
}

/// A layer's own settings, each as a literal.
pub(in crate::script) fn settings(layer: &Layer) -> [(&'static str, String); 3] {
    [
        ("song", quote(&layer.song)),
        ("rate", format!("\"{}\"", layer.rate.name())),
        ("anchor", format!("\"{}\"", layer.anchor.name())),
    ]
}

/// The events of a layer that have no key, in their order.
pub(in crate::script) fn unkeyed(layer: &Layer) -> Vec<&LayerEvent> {
    layer.events.iter().filter(|entry| entry.event.key.is_none()).map(|entry| &*entry.event).collect()
}

/// A layer with its events.
pub(super) fn layer(text: &mut String, session: &Session, name: &Name, layer: &Layer) {
    let quoted = quote(name.as_str());
    let parts = head(session, layer);
    let keyed: Vec<&LayerEvent> =
        layer.events.iter().map(|entry| &*entry.event).filter(|event| event.key.is_some()).collect();
    let lines = keyed.len() <= SETS_MAX;
    let listed = layer.events.iter().map(|entry| &*entry.event).filter(|event| event.key.is_none() || !lines);
    let listed: Vec<String> = listed.map(|found| event(session, found, true)).collect();
    let _ = match (listed.is_empty(), parts.is_empty()) {
        (true, true) => writeln!(text, "layer({quoted})"),
        (true, false) => writeln!(text, "layer({quoted}, {{ {} }})", parts.join(", ")),
        (false, _) => {
            let parts: String = parts.iter().map(|part| format!("{part}, ")).collect();
            writeln!(text, "layer({quoted}, {{ {parts}events = {{\n  {},\n}} }})", listed.join(",\n  "))
        }
    };
    for found in keyed.iter().filter(|_| lines) {
        let key = quote(found.key.as_deref().unwrap_or_default());
        let _ = writeln!(text, "layer({quoted}):set({key}, {})", event(session, found, false));
    }
}

/// What a mapping says, word by word; what goes without saying is not said.
pub(in crate::script) fn mapping_words(mapping: &Mapping) -> Vec<(&'static str, String)> {
    let track = match &mapping.track {
        TrackName::Number(number) => number.to_string(),
        TrackName::Name(name) => quote(name),
    };
    let word = |text: &str| format!("\"{text}\"");
    let all = [
        ("tc", Some(mapping.tc.to_string())),
        ("tg", Some(mapping.tg.to_string())),
        ("track", Some(track)),
        ("range", (mapping.range != 1).then(|| mapping.range.to_string())),
        ("sub", (mapping.sub != 1).then(|| mapping.sub.to_string())),
        ("sequence", mapping.sequence.map(|number| number.to_string())),
        ("create", mapping.create.then(|| "true".to_owned())),
        ("cues", (mapping.cues != CueRule::default()).then(|| word(mapping.cues.name()))),
        ("direction", (mapping.direction != Direction::default()).then(|| word(mapping.direction.name()))),
        ("policy", (mapping.policy != Policy::default()).then(|| word(mapping.policy.name()))),
        ("offset", (mapping.offset != 0).then(|| time_text(mapping.offset))),
    ];
    all.into_iter().filter_map(|(word, text)| Some((word, text?))).collect()
}

/// The statement that ties a layer to a track.
pub(in crate::script) fn mapping(name: &Name, mapping: &Mapping) -> String {
    let words: Vec<String> = mapping_words(mapping).iter().map(|(word, text)| format!("{word} = {text}")).collect();
    format!("desk.map({}, {{ {} }})", quote(name.as_str()), words.join(", "))
}

/// Layers, where the desk is, and what is tied to it.
pub(super) fn write(text: &mut String, session: &Session) {
    for (name, found) in &session.layers {
        layer(text, session, name, found);
    }
    if session.desk.on {
        let desk = &session.desk;
        let mut parts = vec![format!("ip = {}", quote(&desk.ip)), format!("port = {}", desk.port)];
        parts.push(format!("listen = {}", number(f64::from(desk.listen))));
        if !desk.prefix.is_empty() {
            parts.push(format!("prefix = {}", quote(&desk.prefix)));
        }
        let _ = writeln!(text, "desk.connect {}", list(&parts));
    }
    for (name, found) in &session.mappings {
        let _ = writeln!(text, "{}", mapping(name, found));
    }
}
