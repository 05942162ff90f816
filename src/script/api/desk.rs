//! The lighting desk: where it is, which layer goes to which track, what is asked of the link, how it stands.
//!
//! Thread: script.

use mlua::{Error, Lua, Table, Value};

use super::{Call, Entry, Kind, Owner, arg, config, got, number_of, opt, text_of};
use crate::model::event_word::{colour_text, time_text};
use crate::model::layer::{seconds_of, ticks_of};
use crate::model::{
    Choice, Command, Conflict, Counts, CueRule, DeskConfig, DeskEvent, DeskState, DeskVerb, Direction, LayerEvent,
    LinkState, Mapping, MappingStatus, Name, Policy, Preview, Session, Side, TrackName,
};
use crate::script::clock::lua_number;
use crate::script::world::{World, fail};

const D: Owner = Owner::Desk;

/// The functions of this file.
pub static ENTRIES: &[Entry] = &[
    Entry {
        owner: D,
        name: "connect",
        args: &[opt("settings", Kind::Table)],
        returns: "",
        doc: "Look for the desk: `ip` and `port` (8000) of its OSC input, `listen` (9000; 0 takes any) for its answers, `prefix` of its OSC line. What is not given stays as it was; the first time it is this machine.",
        example: r#"desk.connect { ip = "192.0.2.10", port = 8000, listen = 0 }
print(desk.status().link) --> searching
desk.connect { ip = "the desk" } --! four numbers like 192.168.0.10"#,
        run: connect,
    },
    Entry {
        owner: D,
        name: "disconnect",
        args: &[],
        returns: "",
        doc: "End the link. Layers and mappings stay.",
        example: r#"desk.connect { listen = 0 } desk.disconnect()
print(desk.status().link) --> off"#,
        run: |c| configure(c, |config| config.on = false),
    },
    Entry {
        owner: D,
        name: "status",
        args: &[],
        returns: "table",
        doc: "How the link stands: `link` (off, searching, connected, lost), `reason`, `armed`, `rtt` (ms), `loss` (0-1), `listening`, `packets`, `desk`, `test`, and `mappings` by layer with `state` (pending, synced, diverged, waiting, held, error), `reason`, `events`, `drift`, `conflicts`, `problems`, `writer`, `track`.",
        example: r#"layer("Beam") desk.map("Beam", { tc = 101, track = "BEAM" })
print(desk.status().link, desk.status().armed, desk.status().mappings.Beam.state) --> off true pending"#,
        run: |c| {
            let world = c.world.borrow();
            status(c.lua, &world.draft, &world.snapshot.desk).map(Value::Table)
        },
    },
    Entry {
        owner: D,
        name: "arm",
        args: &[opt("armed", Kind::Switch)],
        returns: "boolean",
        doc: "Allow writing on the desk, or forbid it (the show lock: reading goes on). Without an argument it tells how it stands.",
        example: r#"print(desk.arm(), desk.arm(false), desk.arm()) --> true false false"#,
        run: arm,
    },
    Entry {
        owner: D,
        name: "map",
        args: &[arg("layer", Kind::Name), arg("mapping", Kind::Table)],
        returns: "",
        doc: "Tie a layer to a track of the desk: timecode `tc`, track group `tg` (1), `track` (name or number), `range` and `sub` (1), `sequence`, `create` what is missing, `cues` (require, create), `direction` (both, toDesk, fromDesk, manual), `policy` (ask, desk, plugin), `offset` in seconds added to the desk's times, `song` of the layer. Nothing is written on the desk before somebody accepts what is shown. What is not given stays.",
        example: r#"layer("Beam") layer("Wash")
desk.map("Beam", { tc = 101, tg = 1, track = "BEAM", sequence = 201, create = true, policy = "ask" })
desk.map("Wash", { tc = 101, tg = 1, track = "BEAM" }) --! layer Beam is mapped to that track already"#,
        run: map,
    },
    Entry {
        owner: D,
        name: "unmap",
        args: &[arg("layer", Kind::Name)],
        returns: "",
        doc: "Untie a layer; its events stay here and on the desk.",
        example: r#"layer("Beam") desk.map("Beam", { tc = 101, track = 2 }) desk.unmap("Beam")
print(desk.status().mappings.Beam) --> nil"#,
        run: |c| {
            let mut world = c.world.borrow_mut();
            let name = known(&world, &c.text(0).unwrap_or_default())?;
            world.perform(Command::MapLayer(name, None))?;
            Ok(Value::Nil)
        },
    },
    Entry {
        owner: D,
        name: "push",
        args: &[opt("layer", Kind::Any), opt("options", Kind::Table)],
        returns: "",
        doc: "Send what is here to the desk now; all mapped layers without a name. `{ dry = true }` only makes the preview.",
        example: r#"layer("Beam") desk.map("Beam", { tc = 101, track = "BEAM" })
desk.push("Beam", { dry = true })
desk.push("Beam", { from = "Chorus" }) --! "from" is not in this version"#,
        run: |c| transfer(c, |layer, dry| DeskVerb::Push { layer, dry }),
    },
    Entry {
        owner: D,
        name: "pull",
        args: &[opt("layer", Kind::Any), opt("options", Kind::Table)],
        returns: "",
        doc: "Take what the desk has now; all mapped layers without a name. `{ dry = true }` only makes the preview.",
        example: r#"layer("Beam") desk.map("Beam", { tc = 101, track = "BEAM" })
desk.pull("Beam", { dry = true })
desk.pull("Wash") --! no layer is called "Wash""#,
        run: |c| transfer(c, |layer, dry| DeskVerb::Pull { layer, dry }),
    },
    Entry {
        owner: D,
        name: "preview",
        args: &[arg("layer", Kind::Name)],
        returns: "table|nil",
        doc: "The last preview of a layer: `desk` and `here` (counts `added deleted retimed changed`), `made` on the desk first, `lines`; nil when there is none.",
        example: r#"layer("Beam") desk.map("Beam", { tc = 101, track = "BEAM" })
print(desk.preview("Beam")) --> nil"#,
        run: |c| {
            let world = c.world.borrow();
            let name = known(&world, &c.text(0).unwrap_or_default())?;
            match of(&world, &name).and_then(|status| status.preview.clone()) {
                Some(found) => preview(c.lua, &found).map(Value::Table),
                None => Ok(Value::Nil),
            }
        },
    },
    Entry {
        owner: D,
        name: "accept",
        args: &[opt("layer", Kind::Name)],
        returns: "",
        doc: "Accept what the preview shows: from now on the mapping writes. All mappings without a name.",
        example: r#"layer("Beam") desk.map("Beam", { tc = 101, track = "BEAM" })
desk.accept("Beam")
print(engine:getState().layers.Beam.mapping.accepted) --> true"#,
        run: accept,
    },
    Entry {
        owner: D,
        name: "choose",
        args: &[opt("layer", Kind::Name), arg("what", Kind::Word(&["push", "take", "merge", "leave"]))],
        returns: "",
        doc: "What becomes of a mapping that is held, because the desk has another show or older content: `push` ours, `take` theirs, `merge` both, or `leave` it held. `nil` is every mapping.",
        example: r#"layer("Beam") desk.map("Beam", { tc = 101, track = "BEAM" })
desk.choose("Beam", "merge")
desk.choose("Beam", "both") --! one of "push" "take" "merge" "leave""#,
        run: choose,
    },
    Entry {
        owner: D,
        name: "conflicts",
        args: &[arg("layer", Kind::Name)],
        returns: "table",
        doc: "The events that both sides changed, each with its `key` for desk.resolve and the versions `base`, `ours` and `theirs` (nil where deleted).",
        example: r#"layer("Beam") desk.map("Beam", { tc = 101, track = "BEAM" })
print(#desk.conflicts("Beam")) --> 0"#,
        run: |c| {
            let world = c.world.borrow();
            let name = known(&world, &c.text(0).unwrap_or_default())?;
            let out = c.lua.create_table()?;
            for found in of(&world, &name).iter().flat_map(|status| status.conflicts.iter()) {
                out.raw_push(conflict(c.lua, found)?)?;
            }
            Ok(Value::Table(out))
        },
    },
    Entry {
        owner: D,
        name: "resolve",
        args: &[arg("layer", Kind::Name), opt("key", Kind::Text), arg("side", Kind::Word(&["ours", "theirs", "both"]))],
        returns: "",
        doc: "Which version of an event in conflict stays; `nil` as the key is every conflict of the layer.",
        example: r#"layer("Beam") desk.map("Beam", { tc = 101, track = "BEAM" })
desk.resolve("Beam", nil, "theirs")
desk.resolve("Beam", "first", "ours") --! 16 hex digits"#,
        run: resolve,
    },
    Entry {
        owner: D,
        name: "takeOver",
        args: &[opt("layer", Kind::Name)],
        returns: "",
        doc: "Become the writer of the layer's track in place of another instance; of every track without a name.",
        example: r#"layer("Beam") desk.map("Beam", { tc = 101, track = "BEAM" })
desk.takeOver("Beam")"#,
        run: |c| verb(c, optional(c, 0)?, DeskVerb::TakeOver),
    },
    Entry {
        owner: D,
        name: "test",
        args: &[],
        returns: "",
        doc: "Look what is wrong with the way to the desk; desk.status().test has the lines.",
        example: r#"desk.test()"#,
        run: |c| verb(c, (), |()| DeskVerb::SelfTest),
    },
    Entry {
        owner: D,
        name: "restore",
        args: &[arg("layer", Kind::Name)],
        returns: "",
        doc: "Put back on the desk the events that the last push or choice replaced.",
        example: r#"layer("Beam") desk.map("Beam", { tc = 101, track = "BEAM" })
desk.restore("Beam")
layer("Wash") desk.restore("Wash") --! layer Wash is not mapped"#,
        run: |c| {
            let name = mapped(&c.world.borrow(), &c.text(0).unwrap_or_default())?;
            verb(c, name, DeskVerb::Restore)
        },
    },
    Entry {
        owner: D,
        name: "pocket",
        args: &[arg("what", Kind::Any)],
        returns: "",
        doc: "Start (true) or stop (false) a pocket desk in this process, to rehearse without a desk; a text is a line for it, like `\"move 101.1.1 3 12.5\"`.",
        example: r#"desk.pocket(false)
desk.pocket(1) --! true, false or a line"#,
        run: |c| match c.value(0) {
            Value::Boolean(on) => verb(c, on, DeskVerb::Pocket),
            Value::String(line) => verb(c, line.to_string_lossy(), DeskVerb::PocketLine),
            other => fail(format!("argument 1 \"what\" takes true, false or a line for it, got {}", got(&other))),
        },
    },
    Entry {
        owner: D,
        name: "check",
        args: &[],
        returns: "",
        doc: "Kept for a later version: a line per song whether the desk is ready for it.",
        example: r#"desk.check() --! not in this version"#,
        run: |_| fail("desk.check is not in this version; desk.test() looks at the way to the desk"),
    },
];

/// A layer of this name.
fn known(world: &World, text: &str) -> mlua::Result<Name> {
    let name = World::name(text)?;
    if world.draft.layers.contains_key(&name) { Ok(name) } else { fail(format!("no layer is called \"{name}\"")) }
}

/// A layer of this name that is mapped.
fn mapped(world: &World, text: &str) -> mlua::Result<Name> {
    let name = known(world, text)?;
    if world.draft.mappings.contains_key(&name) { Ok(name) } else { fail(format!("layer {name} is not mapped")) }
}

/// The mapped layer that an argument names; none for nil.
fn optional(call: &Call<'_>, place: usize) -> mlua::Result<Option<Name>> {
    call.text(place).map(|text| mapped(&call.world.borrow(), &text)).transpose()
}

fn verb<T>(call: &Call<'_>, value: T, make: impl FnOnce(T) -> DeskVerb) -> mlua::Result<Value> {
    call.world.borrow_mut().perform(Command::Desk(make(value)))?;
    Ok(Value::Nil)
}

fn of<'a>(world: &'a World, name: &Name) -> Option<&'a MappingStatus> {
    world.snapshot.desk.mappings.get(name)
}

fn configure(call: &Call<'_>, change: impl FnOnce(&mut DeskConfig)) -> mlua::Result<Value> {
    let mut world = call.world.borrow_mut();
    let mut config = world.draft.desk.clone();
    change(&mut config);
    world.perform(Command::SetDesk(config))?;
    Ok(Value::Nil)
}

fn whole(word: &str, value: &Value, min: f64, max: f64) -> mlua::Result<u32> {
    let number = number_of(value).filter(|n| n.fract() == 0.0 && *n >= min && *n <= max);
    let wrong = || Error::runtime(format!("{word} takes a whole number from {min} to {max}, got {}", got(value)));
    number.map(|n| n as u32).ok_or_else(wrong)
}

fn connect(call: &Call<'_>) -> mlua::Result<Value> {
    let mut config = DeskConfig { on: true, ..call.world.borrow().draft.desk.clone() };
    for (key, value) in call.table(0).map_or(Ok(vec![]), |table| config::pairs(&table))? {
        match (text_of(&key).as_deref(), &value) {
            (Some("ip"), Value::String(ip)) => config.ip = ip.to_string_lossy(),
            (Some("prefix"), Value::String(prefix)) => config.prefix = prefix.to_string_lossy(),
            (Some("port"), value) => config.port = whole("port", value, 1.0, 65535.0)? as u16,
            (Some("listen"), value) => config.listen = whole("listen", value, 0.0, 65535.0)? as u16,
            _ => {
                return fail(format!("{} = {}: there are ip port listen prefix", got(&key), got(&value)));
            }
        }
    }
    configure(call, |old| *old = config)
}

fn arm(call: &Call<'_>) -> mlua::Result<Value> {
    let mut world = call.world.borrow_mut();
    if let Value::Boolean(armed) = call.value(0) {
        world.perform(Command::ArmDesk(armed))?;
    }
    Ok(Value::Boolean(world.draft.desk.armed))
}

/// One of the words of a list.
fn word<T: Copy>(key: &str, value: &Value, all: &[T], name: fn(T) -> &'static str) -> mlua::Result<T> {
    let text = text_of(value);
    all.iter().copied().find(|one| text.as_deref() == Some(name(*one))).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|one| name(*one)).collect();
        Error::runtime(format!("{key} takes one of \"{}\", got {}", names.join("\" \""), got(value)))
    })
}

fn map(call: &Call<'_>) -> mlua::Result<Value> {
    let mut world = call.world.borrow_mut();
    let name = known(&world, &call.text(0).unwrap_or_default())?;
    let list = call.table(1).map_or(Ok(vec![]), |table| config::pairs(&table))?;
    let old = world.draft.mappings.get(&name).map(|old| (**old).clone());
    let has = |wanted: &str| list.iter().any(|(key, _)| text_of(key).as_deref() == Some(wanted));
    for needed in ["tc", "track"] {
        if old.is_none() && !has(needed) {
            return fail(format!("a mapping needs {needed}: desk.map(\"{name}\", {{ tc = 101, track = \"BEAM\" }})"));
        }
    }
    let mut new = old.unwrap_or_else(|| Mapping::new(1, 1, TrackName::Number(1)));
    let mut song = None;
    for (key, value) in &list {
        let text = text_of(key).unwrap_or_default();
        let number = || whole(&text, value, 1.0, 9999.0);
        match text.as_str() {
            "tc" => new.tc = number()?,
            "tg" => new.tg = number()?,
            "range" => new.range = number()?,
            "sub" => new.sub = number()?,
            "sequence" => new.sequence = if *value == Value::Boolean(false) { None } else { Some(number()?) },
            "track" => {
                new.track = match text_of(value) {
                    Some(text) => TrackName::Name(text),
                    None => TrackName::Number(number()?),
                }
            }
            "create" => match value {
                Value::Boolean(create) => new.create = *create,
                other => return fail(format!("create takes true or false, got {}", got(other))),
            },
            "cues" => new.cues = word(&text, value, &CueRule::ALL, CueRule::name)?,
            "direction" => new.direction = word(&text, value, &Direction::ALL, Direction::name)?,
            "policy" => new.policy = word(&text, value, &Policy::ALL, Policy::name)?,
            "offset" => match number_of(value).filter(|n| n.is_finite()) {
                Some(seconds) => new.offset = ticks_of(seconds),
                None => return fail(format!("offset takes seconds, got {}", got(value))),
            },
            "song" => match text_of(value) {
                Some(text) => song = Some(text),
                None => return fail(format!("song takes a name, got {}", got(value))),
            },
            _ => {
                let all = "tc tg track range sub sequence create cues direction policy offset song";
                return fail(format!("{} is not known here; a mapping has {all}", got(key)));
            }
        }
    }
    if song.is_some() {
        world.perform(Command::SetLayer { name: name.clone(), song, rate: None, anchor: None })?;
    }
    world.perform(Command::MapLayer(name, Some(new)))?;
    Ok(Value::Nil)
}

fn transfer(call: &Call<'_>, make: fn(Option<Name>, bool) -> DeskVerb) -> mlua::Result<Value> {
    let (first, second) = (call.value(0), call.table(1));
    let (name, options) = match (&first, second) {
        (Value::Nil, options) => (None, options),
        (Value::Table(options), None) => (None, Some(options.clone())),
        (other, options) => match text_of(other) {
            Some(text) => (Some(mapped(&call.world.borrow(), &text)?), options),
            None => return fail(format!("argument 1 \"layer\" takes a layer's name, got {}", got(other))),
        },
    };
    let mut dry = false;
    for (key, value) in options.map_or(Ok(vec![]), |table| config::pairs(&table))? {
        match (text_of(&key).as_deref(), &value) {
            (Some("dry"), Value::Boolean(only)) => dry = *only,
            (Some("from"), _) => return fail("\"from\" is not in this version: a layer goes as a whole"),
            _ => return fail(format!("{} = {}: there is dry = true", got(&key), got(&value))),
        }
    }
    verb(call, (name, dry), |(name, dry)| make(name, dry))
}

fn accept(call: &Call<'_>) -> mlua::Result<Value> {
    let name = optional(call, 0)?;
    let mut world = call.world.borrow_mut();
    let all: Vec<Name> = match name {
        Some(name) => vec![name],
        None => world.draft.mappings.keys().cloned().collect(),
    };
    for name in all {
        world.perform(Command::AcceptMapping(name))?;
    }
    Ok(Value::Nil)
}

fn choose(call: &Call<'_>) -> mlua::Result<Value> {
    let choice = match call.text(1).unwrap_or_default().as_str() {
        "push" => Choice::PushOurs,
        "take" => Choice::TakeTheirs,
        "merge" => Choice::Merge,
        _ => Choice::Leave,
    };
    verb(call, optional(call, 0)?, |layer| DeskVerb::Choose(layer, choice))
}

fn resolve(call: &Call<'_>) -> mlua::Result<Value> {
    let layer = mapped(&call.world.borrow(), &call.text(0).unwrap_or_default())?;
    let key = call.text(1).map(|text| key_of(&text)).transpose().map_err(Error::runtime)?;
    let side = match call.text(2).unwrap_or_default().as_str() {
        "ours" => Side::Ours,
        "theirs" => Side::Theirs,
        _ => Side::Both,
    };
    verb(call, (), |()| DeskVerb::Resolve { layer, key, side })
}

fn key_of(text: &str) -> Result<u64, String> {
    let wrong = || format!("argument 2 \"key\" takes 16 hex digits as desk.conflicts gives them, got \"{text}\"");
    if text.len() != 16 { Err(wrong()) } else { u64::from_str_radix(text, 16).map_err(|_| wrong()) }
}

/// An event as Lua reads it, but for its place.
pub fn event_table(lua: &Lua, event: &LayerEvent) -> mlua::Result<Table> {
    let out = lua.create_table()?;
    // The shortest digits that mean the tick: those that were typed.
    let time = time_text(event.ticks).parse().unwrap_or_else(|_| seconds_of(event.ticks));
    out.raw_set("time", lua_number(time))?;
    out.raw_set("ticks", event.ticks)?;
    if let Some(beat) = event.beat {
        out.raw_set("beat", lua_number(beat))?;
    }
    let texts = [
        ("token", &event.token),
        ("cue", &event.cue),
        ("cmd", &event.cmd),
        ("name", &event.name),
        ("note", &event.note),
    ];
    for (word, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        out.raw_set(word, &**text)?;
    }
    out.raw_set("key", event.key.as_deref())?;
    out.raw_set("colour", event.colour.map(colour_text))?;
    Ok(out)
}

/// A mapping as Lua reads it.
pub fn mapping_table(lua: &Lua, mapping: &Mapping) -> mlua::Result<Table> {
    let out = lua.create_table()?;
    out.raw_set("tc", mapping.tc)?;
    out.raw_set("tg", mapping.tg)?;
    match &mapping.track {
        TrackName::Number(number) => out.raw_set("track", *number)?,
        TrackName::Name(name) => out.raw_set("track", name.as_str())?,
    }
    out.raw_set("range", mapping.range)?;
    out.raw_set("sub", mapping.sub)?;
    out.raw_set("sequence", mapping.sequence)?;
    out.raw_set("create", mapping.create)?;
    out.raw_set("cues", mapping.cues.name())?;
    out.raw_set("direction", mapping.direction.name())?;
    out.raw_set("policy", mapping.policy.name())?;
    out.raw_set("offset", lua_number(seconds_of(mapping.offset)))?;
    out.raw_set("accepted", mapping.accepted)?;
    Ok(out)
}

fn counts(lua: &Lua, counts: Counts) -> mlua::Result<Table> {
    let out = lua.create_table()?;
    out.raw_set("added", counts.added)?;
    out.raw_set("deleted", counts.deleted)?;
    out.raw_set("retimed", counts.retimed)?;
    out.raw_set("changed", counts.changed)?;
    Ok(out)
}

fn preview(lua: &Lua, preview: &Preview) -> mlua::Result<Table> {
    let out = lua.create_table()?;
    out.raw_set("desk", counts(lua, preview.desk)?)?;
    out.raw_set("here", counts(lua, preview.here)?)?;
    out.raw_set("made", lua.create_sequence_from(preview.made.iter().map(String::as_str))?)?;
    out.raw_set("lines", lua.create_sequence_from(preview.lines.iter().map(|line| &**line))?)?;
    Ok(out)
}

fn conflict(lua: &Lua, conflict: &Conflict) -> mlua::Result<Table> {
    let out = lua.create_table()?;
    out.raw_set("key", format!("{:016x}", conflict.key))?;
    let side =
        |event: &Option<DeskEvent>| event.as_ref().map(|event| event_table(lua, &event.to_layer(0, None))).transpose();
    out.raw_set("base", side(&conflict.base)?)?;
    out.raw_set("ours", side(&conflict.ours)?)?;
    out.raw_set("theirs", side(&conflict.theirs)?)?;
    Ok(out)
}

/// How a link stands that the session wants so; what was just asked for is not known yet.
pub fn link(session: &Session, desk: &DeskState) -> LinkState {
    match (session.desk.on, desk.link) {
        (false, _) => LinkState::Off,
        (true, LinkState::Off) => LinkState::Searching,
        (true, link) => link,
    }
}

/// How the link and every mapping stand.
pub fn status(lua: &Lua, session: &Session, desk: &DeskState) -> mlua::Result<Table> {
    let out = lua.create_table()?;
    out.raw_set("link", link(session, desk).name())?;
    out.raw_set("reason", &*desk.reason)?;
    out.raw_set("armed", session.desk.armed)?;
    out.raw_set("ip", session.desk.ip.as_str())?;
    out.raw_set("port", session.desk.port)?;
    out.raw_set("prefix", session.desk.prefix.as_str())?;
    out.raw_set("listening", desk.listening)?;
    out.raw_set("rtt", lua_number(f64::from(desk.rtt_ms)))?;
    out.raw_set("loss", lua_number(f64::from(desk.loss)))?;
    let packets = lua.create_table()?;
    for (word, count) in ["sent", "received", "repeated", "refused"].into_iter().zip(desk.packets) {
        packets.raw_set(word, count)?;
    }
    out.raw_set("packets", packets)?;
    if let Some(info) = &desk.desk {
        let table = lua.create_table()?;
        for (word, text) in [
            ("version", &info.version),
            ("station", &info.station),
            ("lua", &info.lua),
            ("plugin", &info.plugin),
            ("show", &info.show),
        ] {
            table.raw_set(word, text.as_str())?;
        }
        table.raw_set("master", info.master)?;
        let caps = lua.create_table()?;
        for (word, how) in &info.caps {
            caps.raw_set(word.as_str(), how.as_str())?;
        }
        table.raw_set("caps", caps)?;
        out.raw_set("desk", table)?;
    }
    let test = lua.create_table()?;
    for line in desk.test.iter() {
        let table = lua.create_table()?;
        table.raw_set("ok", line.ok)?;
        table.raw_set("text", &*line.text)?;
        test.raw_push(table)?;
    }
    out.raw_set("test", test)?;
    let mappings = lua.create_table()?;
    for name in session.mappings.keys() {
        mappings.raw_set(name.as_str(), mapping_status(lua, session, name, desk.mappings.get(name))?)?;
    }
    out.raw_set("mappings", mappings)?;
    Ok(out)
}

fn mapping_status(lua: &Lua, session: &Session, name: &Name, known: Option<&MappingStatus>) -> mlua::Result<Table> {
    let out = lua.create_table()?;
    let none = MappingStatus::default();
    let found = known.unwrap_or(&none);
    out.raw_set("state", if known.is_some() { found.state.name() } else { "pending" })?;
    out.raw_set("reason", &*found.reason)?;
    let events = lua.create_table()?;
    events.raw_set("here", session.layers.get(name).map_or(0, |layer| layer.events.len()))?;
    events.raw_set("desk", found.events.1)?;
    out.raw_set("events", events)?;
    out.raw_set("drift", counts(lua, found.drift)?)?;
    out.raw_set("conflicts", found.conflicts.len())?;
    let problems = lua.create_table()?;
    for (uid, text) in found.problems.iter() {
        let table = lua.create_table()?;
        let entries = session.layers.get(name).map_or(&[][..], |layer| &layer.events);
        let place = entries.iter().position(|entry| entry.uid == *uid);
        table.raw_set("index", place.map(|place| place + 1))?;
        table.raw_set("key", place.and_then(|place| entries[place].event.key.as_deref()))?;
        table.raw_set("text", &**text)?;
        problems.raw_push(table)?;
    }
    out.raw_set("problems", problems)?;
    out.raw_set("writer", found.writer.as_deref())?;
    out.raw_set("track", found.track.as_deref())?;
    Ok(out)
}
