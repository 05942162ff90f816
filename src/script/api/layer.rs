//! Songs, layers and their events.
//!
//! Thread: script. Bars and events are counted from 1, beats from 0; times are seconds of the song.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use mlua::{Error, Table, Value};

use super::{Call, Entry, Kind, Owner, arg, config, got, number_of, opt, text_of};
use crate::model::event_word::{Typed, uid_of_key};
use crate::model::{Anchor, Command, FrameRate, Layer, LayerEvent, Name, Origin, Put, Session, Song, Uid};
use crate::script::world::{World, fail};

const L: Owner = Owner::Layer;

/// The functions of this file.
pub static ENTRIES: &[Entry] = &[
    Entry {
        owner: Owner::Global,
        name: "song",
        args: &[arg("name", Kind::Text), opt("settings", Kind::Table)],
        returns: "",
        doc: "Make a song, or keep the one there is: `start` is its place on the show's timecode, `rate` how that counts (24, 25, 29.97df, 30, 60). Every session has the song `main`.",
        example: r#"song("Intro", { start = "01:00:00:00", rate = "25" })
print(engine:getState().songs[2].name, engine:getState().songs[2].start) --> Intro 01:00:00:00
song("Intro", { start = "1 o'clock" }) --! HH:MM:SS:FF"#,
        run: song,
    },
    Entry {
        owner: Owner::Global,
        name: "layer",
        args: &[arg("name", Kind::Name), opt("settings", Kind::Table)],
        returns: "layer",
        doc: "Make a layer of events, or keep the one there is: `song` it belongs to, `rate` (24, 25, 29.97df, 30, 60) for showing times, `anchor` (time or bars). `events` are then all its events without a key; one with a `key` among them is set as by `:set`.",
        example: r#"layer("Beam", { rate = "25", anchor = "bars", events = { { time = 12.5 }, { bar = 3, cue = 4 } } })
for _, e in ipairs(layer("Beam"):events()) do print(e.time, e.bar, e.token, e.cue) end
--> 4 3 Goto 4
--> 12.5 nil Go+ nil"#,
        run: layer,
    },
    Entry {
        owner: L,
        name: "set",
        args: &[arg("key", Kind::Text), arg("event", Kind::Table)],
        returns: "layer",
        doc: "Make the event with this key, or give it new values: `time` (seconds or timecode), `bar` (from 1) or `beat` (from 0) at the session's tempo, `token`, `cue`, `cmd`, `name`, `note`, `colour`. What is not given stays; `\"\"` takes it away. A cue without a token is gone to (Goto), no cue is Go+.",
        example: r##"layer("Beam"):set("cho1", { bar = 33, cue = 3.5, name = "Chorus", colour = "#ff8000" })
layer("Beam"):set("cho1", { time = 60.25 })
local e = layer("Beam"):events()[1]
print(e.key, e.time, e.bar, e.token, e.cue, e.name, e.colour) --> cho1 60.25 nil Goto 3.5 Chorus #ff8000
layer("Beam"):set("cho1", { cue = 3.1234 }) --! 0.001 to 9999.999"##,
        run: set,
    },
    Entry {
        owner: L,
        name: "add",
        args: &[arg("event", Kind::Table)],
        returns: "layer",
        doc: "Add an event without a key. For the console alone: a script that is run again would add it again, so there it is refused.",
        example: r#"layer("Beam"):add { time = 12.5 } --! give the event a key: layer("Beam"):set("key", { … })"#,
        run: add,
    },
    Entry {
        owner: L,
        name: "remove",
        args: &[arg("key", Kind::Text)],
        returns: "layer",
        doc: "Take the event with this key out; nothing happens when there is none.",
        example: r#"layer("Beam"):set("a", { time = 1 }):set("b", { time = 2 }):remove("a"):remove("c")
print(layer("Beam"):count(), layer("Beam"):events()[1].key) --> 1 b"#,
        run: remove,
    },
    Entry {
        owner: L,
        name: "clear",
        args: &[],
        returns: "layer",
        doc: "Take every event out.",
        example: r#"layer("Beam"):set("a", { time = 1 }):clear()
print(layer("Beam"):count()) --> 0"#,
        run: clear,
    },
    Entry {
        owner: L,
        name: "events",
        args: &[],
        returns: "table",
        doc: "The events by time, each a table: `index time ticks bar beat token cue cmd name note key colour`; what an event does not have is nil.",
        example: r#"layer("Beam"):set("cho1", { bar = 3, token = "Flash" })
local e = layer("Beam"):events()[1]
print(e.index, e.time, e.bar, e.beat, e.token, e.cue) --> 1 4 3 8 Flash nil"#,
        run: |c| {
            let world = c.world.borrow();
            events_table(c.lua, &world.draft, found(&world, &c.this.key)?).map(Value::Table)
        },
    },
    Entry {
        owner: L,
        name: "count",
        args: &[],
        returns: "integer",
        doc: "How many events there are.",
        example: r#"print(layer("Beam"):count(), layer("Beam"):set("a", { time = 1 }):count()) --> 0 1"#,
        run: |c| Ok(Value::Integer(found(&c.world.borrow(), &c.this.key)?.events.len() as i64)),
    },
];

fn found<'a>(world: &'a World, name: &str) -> mlua::Result<&'a Arc<Layer>> {
    world.draft.layers.get(name).ok_or_else(|| Error::runtime(format!("no layer is called \"{name}\"")))
}

/// A rate as a word or a number.
fn rate(value: &Value) -> mlua::Result<FrameRate> {
    let word = match number_of(value) {
        Some(number) => number.to_string(),
        None => text_of(value).unwrap_or_else(|| got(value)),
    };
    FrameRate::find(&word).map_err(|error| Error::runtime(format!("rate: {error}")))
}

fn song(call: &Call<'_>) -> mlua::Result<Value> {
    let name = call.text(0).unwrap_or_default();
    let mut world = call.world.borrow_mut();
    let old = world.draft.songs.iter().find(|song| song.name == name).cloned();
    let mut song = old.unwrap_or_else(|| Song { name, start: "00:00:00:00".into(), rate: FrameRate::default() });
    for (key, value) in call.table(1).map_or(Ok(vec![]), |table| config::pairs(&table))? {
        match text_of(&key).as_deref() {
            Some("start") => match text_of(&value) {
                Some(start) => song.start = start,
                None => return fail(format!("start takes a timecode like \"01:00:00:00\", got {}", got(&value))),
            },
            Some("rate") => song.rate = rate(&value)?,
            Some(word @ ("host" | "tc" | "slot" | "sequences" | "bpm")) => {
                return fail(format!("\"{word}\" of a song is not in this version; there are start and rate"));
            }
            _ => return fail(format!("{} is not known here; a song has start and rate", got(&key))),
        }
    }
    world.perform(Command::SetSong(song))?;
    Ok(Value::Nil)
}

fn layer(call: &Call<'_>) -> mlua::Result<Value> {
    let name = World::name(&call.text(0).unwrap_or_default())?;
    {
        let mut world = call.world.borrow_mut();
        let settings = call.table(1).map_or(Ok(vec![]), |table| config::pairs(&table))?;
        let (mut song, mut own, mut anchor, mut events) = (None, None, None, None);
        for (key, value) in settings {
            match (text_of(&key).as_deref(), &value) {
                (Some("song"), Value::String(text)) => song = Some(text.to_string_lossy()),
                (Some("rate"), value) => own = Some(rate(value)?),
                (Some("anchor"), value) => {
                    anchor = Some(match text_of(value).as_deref() {
                        Some("time") => Anchor::Time,
                        Some("bars") => Anchor::Bars,
                        _ => return fail(format!("anchor takes \"time\" or \"bars\", got {}", got(value))),
                    });
                }
                (Some("events"), Value::Table(list)) => events = Some(list.clone()),
                _ => {
                    let (key, value) = (got(&key), got(&value));
                    return fail(format!("{key} = {value}: a layer has song rate anchor events"));
                }
            }
        }
        if !world.draft.layers.contains_key(&name) {
            let first = world.draft.songs.first().map_or_else(|| "main".to_owned(), |song| song.name.clone());
            let song = song.clone().unwrap_or(first);
            world.perform(Command::AddLayer { uid: Uid::fresh(), name: name.clone(), song })?;
        }
        if song.is_some() || own.is_some() || anchor.is_some() {
            world.perform(Command::SetLayer { name: name.clone(), song, rate: own, anchor })?;
        }
        if let Some(list) = events {
            put_list(&mut world, &name, &list)?;
        }
    }
    call.give(L, name.as_str())
}

/// An event's words as they are typed.
type Words = Vec<(String, Typed)>;

/// The words of an event's table, but for its key.
fn words(table: &Table) -> mlua::Result<(Option<String>, Words)> {
    let (mut key, mut list) = (None, vec![]);
    for (word, value) in config::pairs(table)? {
        let Value::String(word) = &word else { return fail(format!("{} is not a word of an event", got(&word))) };
        let word = word.to_string_lossy();
        let typed = match (&value, number_of(&value)) {
            (_, Some(number)) => Typed::Number(number),
            (Value::String(text), _) => Typed::Text(text.to_string_lossy()),
            (Value::Boolean(false), _) => Typed::Text(String::new()),
            _ => return fail(format!("{word} takes a number or text, got {}", got(&value))),
        };
        match (word.as_str(), typed) {
            ("key", Typed::Text(text)) => key = Some(text),
            ("key", _) => return fail(format!("key takes text, got {}", got(&value))),
            (_, typed) => list.push((word, typed)),
        }
    }
    Ok((key, list))
}

/// Make the events without a key these, keep the identity of those that stay or only change, and set those with one.
fn put_list(world: &mut World, name: &Name, list: &Table) -> mlua::Result<()> {
    let layer = found(world, name.as_str())?.clone();
    let keyed: HashMap<&str, _> =
        layer.events.iter().filter_map(|entry| Some((entry.event.key.as_deref()?, entry))).collect();
    let (mut puts, mut wanted, mut keys): (Vec<Put>, Vec<LayerEvent>, _) = (vec![], vec![], HashSet::new());
    for (place, value) in config::pairs(list)? {
        let wrong = |error: String| Error::runtime(format!("event {}: {error}", got(&place)));
        let Value::Table(table) = &value else {
            return Err(wrong(format!("takes a table like {{ time = 12.5 }}, got {}", got(&value))));
        };
        let (key, words) = words(table).map_err(|e| wrong(crate::script::vm::message(&e)))?;
        let old = key.as_deref().and_then(|key| keyed.get(key));
        let made = world.draft.event_of(layer.rate, old.map(|entry| &*entry.event), &words).map_err(wrong)?;
        match key {
            Some(key) if !keys.insert(key.clone()) => return Err(wrong(format!("the key \"{key}\" is there twice"))),
            Some(key) => {
                let uid = old.map_or_else(|| uid_of_key(&layer, &key), |entry| entry.uid);
                puts.push((uid, Some(Arc::new(LayerEvent { key: Some(Arc::from(key)), ..made }))));
            }
            None => wanted.push(made),
        }
    }
    puts.extend(unkeyed(&layer, wanted));
    if puts.is_empty() { Ok(()) } else { world.perform(Command::PutEvents(name.clone(), puts.into())) }
}

/// What makes the events without a key these: equal ones stay, the others are changed in their order, what is too much
/// goes.
fn unkeyed(layer: &Layer, mut wanted: Vec<LayerEvent>) -> Vec<Put> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let content = |event: &LayerEvent| format!("{event:?}");
    wanted.iter().for_each(|event| *counts.entry(content(event)).or_default() += 1);
    let mut left = vec![];
    for entry in layer.events.iter().filter(|entry| entry.event.key.is_none()) {
        match counts.get_mut(&content(&entry.event)).filter(|count| **count > 0) {
            Some(count) => *count -= 1,
            None => left.push(entry.uid),
        }
    }
    // Of equal ones the first stay, so the counts that are left are of the last.
    let mut news: Vec<LayerEvent> = vec![];
    while let Some(event) = wanted.pop() {
        if let Some(count) = counts.get_mut(&content(&event)).filter(|count| **count > 0) {
            *count -= 1;
            news.push(event);
        }
    }
    news.sort_by_key(|event| event.ticks);
    let mut news = news.into_iter();
    let mut puts: Vec<Put> = left.into_iter().map(|uid| (uid, news.next().map(Arc::new))).collect();
    puts.extend(news.map(|event| (Uid::fresh(), Some(Arc::new(event)))));
    puts
}

fn set(call: &Call<'_>) -> mlua::Result<Value> {
    let name = World::name(&call.this.key)?;
    let key = call.text(0).unwrap_or_default();
    let Some(table) = call.table(1) else { return call.this() };
    let mut world = call.world.borrow_mut();
    let layer = found(&world, name.as_str())?;
    let (other, words) = words(&table)?;
    if other.is_some_and(|other| other != key) {
        return fail(format!("the event is called \"{key}\" and has another key in its table"));
    }
    let old = layer.keyed(&key);
    let made = world.draft.event_of(layer.rate, old.map(|entry| &*entry.event), &words).map_err(Error::runtime)?;
    let uid = old.map_or_else(|| uid_of_key(layer, &key), |entry| entry.uid);
    let event = Arc::new(LayerEvent { key: Some(Arc::from(key)), ..made });
    world.perform(Command::PutEvents(name, [(uid, Some(event))].into()))?;
    drop(world);
    call.this()
}

fn add(call: &Call<'_>) -> mlua::Result<Value> {
    let name = World::name(&call.this.key)?;
    let Some(table) = call.table(0) else { return call.this() };
    let mut world = call.world.borrow_mut();
    if world.run.as_ref().is_some_and(|run| run.origin != Origin::Repl) {
        return fail(format!(
            "an event without a key is for the console, for a script that is run again would add it again; \
             here give the event a key: layer(\"{name}\"):set(\"key\", {{ … }})"
        ));
    }
    let (key, words) = words(&table)?;
    if let Some(key) = key {
        return fail(format!("an event with a key is set: layer(\"{name}\"):set(\"{key}\", {{ … }})"));
    }
    let made = world.draft.event_of(found(&world, name.as_str())?.rate, None, &words).map_err(Error::runtime)?;
    world.perform(Command::PutEvents(name, [(Uid::fresh(), Some(Arc::new(made)))].into()))?;
    drop(world);
    call.this()
}

fn remove(call: &Call<'_>) -> mlua::Result<Value> {
    let name = World::name(&call.this.key)?;
    let mut world = call.world.borrow_mut();
    let uid = found(&world, name.as_str())?.keyed(&call.text(0).unwrap_or_default()).map(|entry| entry.uid);
    if let Some(uid) = uid {
        world.perform(Command::PutEvents(name, [(uid, None)].into()))?;
    }
    drop(world);
    call.this()
}

fn clear(call: &Call<'_>) -> mlua::Result<Value> {
    let name = World::name(&call.this.key)?;
    let mut world = call.world.borrow_mut();
    let puts: Vec<Put> = found(&world, name.as_str())?.events.iter().map(|entry| (entry.uid, None)).collect();
    if !puts.is_empty() {
        world.perform(Command::PutEvents(name, puts.into()))?;
    }
    drop(world);
    call.this()
}

/// The events of a layer as Lua reads them.
pub fn events_table(lua: &mlua::Lua, session: &Session, layer: &Layer) -> mlua::Result<Table> {
    let out = lua.create_table()?;
    for (place, entry) in layer.events.iter().enumerate() {
        let table = super::desk::event_table(lua, &entry.event)?;
        table.raw_set("index", place + 1)?;
        if let Some(beat) = entry.event.beat {
            let bar = beat / session.signature.bar_beats() + 1.0;
            table.raw_set("bar", crate::script::clock::lua_number(bar))?;
        }
        out.raw_push(table)?;
    }
    Ok(out)
}
