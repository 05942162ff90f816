//! Words about songs, layers, their events, and the desk.

use std::sync::Arc;

use super::{Line, Outcome, TextError, number, switch, whole};
use crate::model::command::Command;
use crate::model::desk::{
    Choice, CueRule, DeskConfig, DeskVerb, Direction, LinkState, Mapping, MappingStatus, Policy, Side, TrackName,
};
use crate::model::event_word::{Typed, colour_text, uid_of_key};
use crate::model::layer::{Anchor, FrameRate, Layer, LayerEvent, seconds_of, ticks_of};
use crate::model::name::{Name, Uid};
use crate::model::session::{Session, Song};

fn texts(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// `word=value` pairs.
fn pairs<'a>(words: &[&'a str], what: &str) -> Result<Vec<(&'a str, &'a str)>, TextError> {
    let one = |word: &&'a str| {
        word.split_once('=').ok_or_else(|| TextError(format!("{what} takes words like time=12.5, got \"{word}\"")))
    };
    words.iter().map(one).collect()
}

fn known(line: &Line<'_>, text: &str) -> Result<(Name, Arc<Layer>), TextError> {
    let name = Line::name(text)?;
    match line.draft.layers.get(&name).cloned() {
        Some(layer) => Ok((name, layer)),
        None => Err(TextError(format!("no layer is called \"{name}\""))),
    }
}

pub(super) fn song(line: &mut Line<'_>, words: &[String]) -> Outcome {
    match texts(words).as_slice() {
        ["list" | "ls"] => {
            let rows: Vec<String> =
                line.draft.songs.iter().map(|s| format!("{} at {} ({})", s.name, s.start, s.rate)).collect();
            line.say(rows.join("\n"));
            Ok(())
        }
        [name, rest @ ..] if !name.contains('=') => {
            let old = line.draft.songs.iter().find(|song| song.name == *name).cloned();
            let mut song = old.unwrap_or_else(|| Song {
                name: (*name).to_owned(),
                start: "00:00:00:00".into(),
                rate: FrameRate::default(),
            });
            for (word, value) in pairs(rest, "song")? {
                match word {
                    "start" => song.start = value.to_owned(),
                    "rate" => song.rate = FrameRate::find(value).map_err(TextError)?,
                    _ => return Err(TextError(format!("a song has start= and rate=, got \"{word}\""))),
                }
            }
            line.perform(Command::SetSong(song.clone()))?;
            line.say(format!("song {} starts at {} ({})", song.name, song.start, song.rate));
            Ok(())
        }
        _ => line.usage("song"),
    }
}

pub(super) fn layer(line: &mut Line<'_>, words: &[String]) -> Outcome {
    match texts(words).as_slice() {
        ["list" | "ls"] => {
            let rows: Vec<String> = line
                .draft
                .layers
                .iter()
                .map(|(name, layer)| format!("{name} [layer] {} events, song {}", layer.events.len(), layer.song))
                .collect();
            let count = rows.len();
            line.reply.lines.extend(rows);
            line.say(format!("{count} layers"));
            Ok(())
        }
        ["add", name, rest @ ..] if rest.len() <= 1 => {
            let name = Line::name(name)?;
            let first = line.draft.songs.first().map_or("main", |song| song.name.as_str());
            let song = rest.first().map_or(first, |song| song).to_owned();
            line.perform(Command::AddLayer { uid: Uid::fresh(), name: name.clone(), song: song.clone() })?;
            line.say(format!("added {name} [layer] to song {song}"));
            Ok(())
        }
        ["remove" | "rm", name] => {
            line.perform(Command::RemoveLayer(Line::name(name)?))?;
            line.say(format!("removed {name}"));
            Ok(())
        }
        ["set", name, rest @ ..] if !rest.is_empty() => {
            let (name, _) = known(line, name)?;
            let (mut song, mut rate, mut anchor) = (None, None, None);
            for (word, value) in pairs(rest, "layer set")? {
                match (word, value) {
                    ("song", value) => song = Some(value.to_owned()),
                    ("rate", value) => rate = Some(FrameRate::find(value).map_err(TextError)?),
                    ("anchor", "time") => anchor = Some(Anchor::Time),
                    ("anchor", "bars") => anchor = Some(Anchor::Bars),
                    _ => {
                        let allowed = "a layer has song=, rate= and anchor=time|bars";
                        return Err(TextError(format!("{allowed}, got \"{word}={value}\"")));
                    }
                }
            }
            line.perform(Command::SetLayer { name: name.clone(), song, rate, anchor })?;
            layer_info(line, &name);
            Ok(())
        }
        _ => line.usage("layer"),
    }
}

pub(super) fn event(line: &mut Line<'_>, words: &[String]) -> Outcome {
    match texts(words).as_slice() {
        [name, "set", key, rest @ ..] if !rest.is_empty() => {
            let (name, layer) = known(line, name)?;
            let words: Vec<(String, Typed)> = pairs(rest, "event")?
                .into_iter()
                .map(|(word, value)| (word.to_owned(), Typed::Text(value.to_owned())))
                .collect();
            let old = layer.keyed(key);
            let made = line.draft.event_of(layer.rate, old.map(|e| &*e.event), &words).map_err(TextError)?;
            let uid = old.map_or_else(|| uid_of_key(&layer, key), |entry| entry.uid);
            let event = Arc::new(LayerEvent { key: Some(Arc::from(*key)), ..made });
            line.perform(Command::PutEvents(name, [(uid, Some(event.clone()))].into()))?;
            line.say(event_line(&event));
            Ok(())
        }
        [name, "remove" | "rm", key] => {
            let (name, layer) = known(line, name)?;
            let Some(uid) = layer.keyed(key).map(|entry| entry.uid) else {
                return Err(TextError(format!("{name} has no event with the key \"{key}\"")));
            };
            line.perform(Command::PutEvents(name, [(uid, None)].into()))?;
            line.say(format!("removed {key}"));
            Ok(())
        }
        _ => line.usage("event"),
    }
}

pub(super) fn events(line: &mut Line<'_>, words: &[String]) -> Outcome {
    let [name] = words else { return line.usage("events") };
    let (_, layer) = known(line, name)?;
    for (place, entry) in layer.events.iter().enumerate() {
        line.say(format!("{} {}", place + 1, event_line(&entry.event)));
    }
    line.say(format!("{} events", layer.events.len()));
    Ok(())
}

fn event_line(event: &LayerEvent) -> String {
    let mut text = format!("{:.3} s {}", seconds_of(event.ticks), event.token);
    if !event.cue.is_empty() {
        text += &format!(" cue {}", event.cue);
    }
    for (word, part) in [("name", &event.name), ("note", &event.note), ("cmd", &event.cmd)] {
        if !part.is_empty() {
            text += &format!(" {word}=\"{part}\"");
        }
    }
    text.extend(event.colour.map(|colour| format!(" {}", colour_text(colour))));
    text.extend(event.key.as_deref().map(|key| format!(" [{key}]")));
    text
}

/// Everything about a layer.
pub(super) fn layer_info(line: &mut Line<'_>, name: &Name) {
    let Some(layer) = line.draft.layers.get(name).cloned() else { return };
    let count = layer.events.len();
    let anchor = layer.anchor.name();
    line.say(format!("{name} [layer] {count} events, song {}, rate {}, anchor {anchor}", layer.song, layer.rate));
    if let Some(mapping) = line.draft.mappings.get(name).cloned() {
        let state = line.standing.desk.as_ref().and_then(|desk| desk.mappings.get(name).cloned());
        line.say(format!("  {}", mapping_line(&mapping, state.as_ref())));
    }
    for entry in layer.events.iter().take(200) {
        line.say(format!("  {}", event_line(&entry.event)));
    }
    if count > 200 {
        line.say(format!("  … and {} more: events {name}", count - 200));
    }
}

fn mapping_line(mapping: &Mapping, state: Option<&MappingStatus>) -> String {
    let mut text = format!(
        "timecode {} group {} track {} ({}, {}{})",
        mapping.tc,
        mapping.tg,
        mapping.track,
        mapping.direction.name(),
        mapping.policy.name(),
        if mapping.accepted { "" } else { ", not accepted" }
    );
    text += &format!(": {}", state.map_or("pending", |state| state.state.name()));
    text.extend(state.filter(|state| !state.reason.is_empty()).map(|state| format!(" ({})", state.reason)));
    text.extend(state.filter(|s| s.drift.sum() > 0).map(|state| format!(", differs: {}", state.drift)));
    text.extend(state.filter(|s| !s.conflicts.is_empty()).map(|s| format!(", {} conflicts", s.conflicts.len())));
    text
}

/// The mapped layer that a word names; none for no word or `all`.
fn mapped(line: &Line<'_>, words: &[&str]) -> Result<Option<Name>, TextError> {
    match words {
        [] | ["all"] => Ok(None),
        [name] => {
            let (name, _) = known(line, name)?;
            match line.draft.mappings.contains_key(&name) {
                true => Ok(Some(name)),
                false => Err(TextError(format!("layer {name} is not mapped"))),
            }
        }
        more => Err(TextError(format!("give one layer or none, got \"{}\"", more.join(" ")))),
    }
}

pub(super) fn desk(line: &mut Line<'_>, words: &[String]) -> Outcome {
    let texts = texts(words);
    let [word, rest @ ..] = texts.as_slice() else { return line.usage("desk") };
    match (*word, rest) {
        ("status", []) => {
            status(line);
            Ok(())
        }
        ("connect", [ip, rest @ ..]) if rest.len() <= 3 => connect(line, ip, rest),
        ("off" | "disconnect", []) => {
            line.perform(Command::SetDesk(DeskConfig { on: false, ..line.draft.desk.clone() }))?;
            line.say("the desk link is off");
            Ok(())
        }
        ("arm", [on]) => {
            let armed = switch(on)?;
            line.perform(Command::ArmDesk(armed))?;
            line.say(if armed { "the desk may be written" } else { "show lock: nothing is written on the desk" });
            Ok(())
        }
        ("map", [name, rest @ ..]) if !rest.is_empty() => map(line, name, rest),
        ("unmap", [name]) => {
            let (name, _) = known(line, name)?;
            line.perform(Command::MapLayer(name.clone(), None))?;
            line.say(format!("{name} is not mapped"));
            Ok(())
        }
        ("accept", names) => accept(line, names),
        ("preview" | "conflicts", [name]) => show(line, word, name),
        _ => {
            let (verb, said) = asked(line, word, rest)?;
            line.perform(Command::Desk(verb))?;
            line.say(said);
            Ok(())
        }
    }
}

fn connect(line: &mut Line<'_>, ip: &str, rest: &[&str]) -> Outcome {
    let mut config = DeskConfig { on: true, ip: ip.to_owned(), ..line.draft.desk.clone() };
    if let Some(port) = rest.first() {
        config.port = whole("port", port, 1, 65535)? as u16;
    }
    if let Some(listen) = rest.get(1) {
        config.listen = whole("listen", listen, 0, 65535)? as u16;
    }
    if let Some(prefix) = rest.get(2) {
        config.prefix = (*prefix).to_owned();
    }
    line.perform(Command::SetDesk(config.clone()))?;
    line.say(format!("looking for a desk at {}:{}", config.ip, config.port));
    Ok(())
}

fn map(line: &mut Line<'_>, name: &str, rest: &[&str]) -> Outcome {
    let (name, _) = known(line, name)?;
    let words = pairs(rest, "desk map")?;
    let old = line.draft.mappings.get(&name).map(|old| (**old).clone());
    for needed in ["tc", "track"] {
        if old.is_none() && !words.iter().any(|(word, _)| *word == needed) {
            return Err(TextError(format!("a mapping needs {needed}=: desk map {name} tc=101 tg=1 track=BEAM")));
        }
    }
    let mut new = old.unwrap_or_else(|| Mapping::new(1, 1, TrackName::Number(1)));
    for (word, value) in words {
        let count = || whole(word, value, 1, 9999);
        match word {
            "tc" => new.tc = count()?,
            "tg" => new.tg = count()?,
            "range" => new.range = count()?,
            "sub" => new.sub = count()?,
            "sequence" => new.sequence = Some(count()?),
            "track" => {
                new.track = value.parse().map_or_else(|_| TrackName::Name(value.to_owned()), TrackName::Number);
            }
            "create" => new.create = switch(value)?,
            "cues" => new.cues = one_of(word, value, &CueRule::ALL, CueRule::name)?,
            "direction" => new.direction = one_of(word, value, &Direction::ALL, Direction::name)?,
            "policy" => new.policy = one_of(word, value, &Policy::ALL, Policy::name)?,
            "offset" => new.offset = ticks_of(number(word, value)?),
            _ => {
                let all = "tc tg track range sub sequence create cues direction policy offset";
                return Err(TextError(format!("\"{word}\" is not known here; a mapping has {all}")));
            }
        }
    }
    line.perform(Command::MapLayer(name.clone(), Some(new)))?;
    let now = line.draft.mappings.get(&name).cloned();
    line.say(format!("{name}: {}", now.map_or_else(String::new, |now| mapping_line(&now, None))));
    Ok(())
}

fn one_of<T: Copy>(word: &str, text: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, TextError> {
    all.iter().copied().find(|one| name(*one) == text).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|one| name(*one)).collect();
        TextError(format!("{word} takes one of {}, got \"{text}\"", names.join(" ")))
    })
}

fn accept(line: &mut Line<'_>, names: &[&str]) -> Outcome {
    let all = match mapped(line, names)? {
        Some(name) => vec![name],
        None => line.draft.mappings.keys().cloned().collect(),
    };
    for name in all {
        line.perform(Command::AcceptMapping(name.clone()))?;
        line.say(format!("{name} is accepted"));
    }
    Ok(())
}

/// What is asked of the link, and what is said to that.
fn asked(line: &Line<'_>, word: &str, rest: &[&str]) -> Result<(DeskVerb, &'static str), TextError> {
    let (names, dry) = match rest {
        [names @ .., "dry"] => (names, true),
        names => (names, false),
    };
    Ok(match (word, rest) {
        ("push", _) => (DeskVerb::Push { layer: mapped(line, names)?, dry }, "asked: push"),
        ("pull", _) => (DeskVerb::Pull { layer: mapped(line, names)?, dry }, "asked: pull"),
        ("choose", [names @ .., what]) => {
            let choice = match *what {
                "push" => Choice::PushOurs,
                "take" => Choice::TakeTheirs,
                "merge" => Choice::Merge,
                "leave" => Choice::Leave,
                _ => return Err(TextError(format!("choose takes push, take, merge or leave, got \"{what}\""))),
            };
            (DeskVerb::Choose(mapped(line, names)?, choice), "asked: choose")
        }
        ("resolve", [name, keys @ .., side]) if keys.len() <= 1 => {
            let Some(layer) = mapped(line, &[name])? else { return line.usage("desk") };
            let key = keys.first().map(|key| key_of(key)).transpose()?;
            let side = match *side {
                "ours" => Side::Ours,
                "theirs" => Side::Theirs,
                "both" => Side::Both,
                _ => return Err(TextError(format!("resolve takes ours, theirs or both, got \"{side}\""))),
            };
            (DeskVerb::Resolve { layer, key, side }, "asked: resolve")
        }
        ("takeover", names) => (DeskVerb::TakeOver(mapped(line, names)?), "asked: take over"),
        ("test", []) => (DeskVerb::SelfTest, "asked: self-test; desk status shows it"),
        ("restore", [name]) => match mapped(line, &[name])? {
            Some(layer) => (DeskVerb::Restore(layer), "asked: restore"),
            None => return line.usage("desk"),
        },
        ("pocket", ["on"]) => (DeskVerb::Pocket(true), "asked: a pocket desk"),
        ("pocket", ["off"]) => (DeskVerb::Pocket(false), "asked: no pocket desk"),
        ("pocket", words) if !words.is_empty() => (DeskVerb::PocketLine(words.join(" ")), "told the pocket desk"),
        _ => return line.usage("desk"),
    })
}

fn key_of(text: &str) -> Result<u64, TextError> {
    let key = (text.len() == 16).then(|| u64::from_str_radix(text, 16).ok()).flatten();
    key.ok_or_else(|| TextError(format!("a conflict's key has 16 hex digits, got \"{text}\"")))
}

/// How the link stands that the session wants.
fn link(session: &Session, known: LinkState) -> LinkState {
    match (session.desk.on, known) {
        (false, _) => LinkState::Off,
        (true, LinkState::Off) => LinkState::Searching,
        (true, link) => link,
    }
}

fn status(line: &mut Line<'_>) {
    let desk = line.standing.desk.clone().unwrap_or_default();
    let config = line.draft.desk.clone();
    let link = link(line.draft, desk.link);
    let why = if desk.reason.is_empty() { String::new() } else { format!(" ({})", desk.reason) };
    let lock = if config.armed { "" } else { ", show lock" };
    line.say(format!("{} {}:{}{lock}{why}", link.name(), config.ip, config.port));
    if link == LinkState::Connected {
        let (rtt, loss) = (desk.rtt_ms, desk.loss * 100.0);
        line.say(format!("round trip {rtt:.1} ms, {loss:.0} % repeated, listening on {}", desk.listening));
    }
    for (name, mapping) in line.draft.mappings.clone() {
        line.say(format!("{name}: {}", mapping_line(&mapping, desk.mappings.get(&name))));
    }
    for found in desk.test.iter() {
        let mark = found.ok.map_or("…", |ok| if ok { "ok" } else { "WRONG" });
        line.say(format!("{mark} {}", found.text));
    }
}

fn show(line: &mut Line<'_>, word: &str, name: &str) -> Outcome {
    let (name, _) = known(line, name)?;
    let desk = line.standing.desk.clone().unwrap_or_default();
    let state = desk.mappings.get(&name);
    match (word, state.and_then(|state| state.preview.clone())) {
        ("preview", Some(preview)) => {
            line.say(format!("on the desk: {}", preview.desk));
            line.say(format!("here: {}", preview.here));
            preview.made.iter().for_each(|made| line.say(format!("makes {made}")));
            preview.lines.iter().for_each(|text| line.say(text.to_string()));
        }
        ("preview", None) => line.say(format!("{name} has no preview")),
        _ => {
            for found in state.iter().flat_map(|state| state.conflicts.iter()) {
                let side = |event: &Option<crate::model::desk::DeskEvent>| {
                    event.as_ref().map_or_else(|| "deleted".to_owned(), |e| event_line(&e.to_layer(0, None)))
                };
                line.say(format!("{:016x} ours: {} / theirs: {}", found.key, side(&found.ours), side(&found.theirs)));
            }
            line.say(format!("{} conflicts", state.map_or(0, |state| state.conflicts.len())));
        }
    }
    Ok(())
}
