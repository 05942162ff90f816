//! Cables, parameter values by path, macros, files.
//!
//! Thread: script.

use mlua::Value;

use super::config;
use super::module::{get_path, path_of, set_path};
use super::{Call, Entry, Handle, Kind, Owner, arg, got, handle, number_of, opt, text_of};
use crate::model::session::MACROS;
use crate::model::{Command, ConnKind, Curve, MacroMap, ModuleKind, Path};
use crate::script::world::{World, fail};

const G: Owner = Owner::Global;

/// The functions of this file.
pub static ENTRIES: &[Entry] = &[
    Entry {
        owner: G,
        name: "connect",
        args: &[arg("from", Kind::Name), arg("to", Kind::Name), opt("kind", Kind::Any)],
        returns: "boolean",
        doc: "Lay a cable: every kind that fits, or \"audio\" or \"event\" alone. `{ volume = 0.5 }` sets the connection's volume. The same again changes nothing.",
        example: r#"sampler("kick") audioMixer("drums")
print(connect("kick", "drums", { volume = 0.5 })) --> true
print(getParam("drums.connectionVolume[kick]")) --> 0.5
connect("kick", "hostIn") --! gives nothing that hostIn"#,
        run: connect,
    },
    Entry {
        owner: G,
        name: "disconnect",
        args: &[arg("from", Kind::Name), arg("to", Kind::Name), opt("kind", Kind::Word(&["audio", "event"]))],
        returns: "boolean",
        doc: "Take a cable out; every kind, or one.",
        example: r#"sampler("kick")
disconnect("kick", "masterAudioOut")
print(engine:getConnectionManager():isConnected("kick", "masterAudioOut")) --> false"#,
        run: disconnect,
    },
    Entry {
        owner: G,
        name: "route",
        args: &[arg("from", Kind::Text), arg("to", Kind::Text), opt("options", Kind::Table)],
        returns: "boolean",
        doc: "With two modules: the same as connect. Modulation of parameters comes in a later version.",
        example: r#"sampler("kick")
print(route("kick", "aux1")) --> true"#,
        run: route,
    },
    Entry {
        owner: G,
        name: "setParam",
        args: &[arg("name", Kind::Name), arg("param", Kind::Value), opt("value", Kind::Value)],
        returns: "boolean",
        doc: "Set a parameter: `setParam(\"kick\", \"volume\", 0.7)`, or a whole path and a value. Values out of range are brought into it, and that is told.",
        example: r#"sampler("kick")
setParam("kick", "volume", 0.7)
setParam("kick.pan", -0.5)
print(getParam("kick", "volume"), getParam("kick", "pan")) --> 0.7 -0.5
setParam("kick", "volum", 1) --! volum"#,
        run: set_param,
    },
    Entry {
        owner: G,
        name: "getParam",
        args: &[arg("name", Kind::Name), opt("param", Kind::Text)],
        returns: "any",
        doc: "The value of a parameter; nil for an unset row column.",
        example: r#"sampler("kick") pattern("beat", 16)
print(getParam("kick", "volume"), getParam("kick.playStyle"), getParam("beat.row[5].chance")) --> 1 ONCE nil"#,
        run: get_param,
    },
    Entry {
        owner: G,
        name: "param",
        args: &[arg("path", Kind::Text)],
        returns: "param",
        doc: "One value by its path: `kick.volume`, `kick.sample[2].speed`, `drums.connectionVolume[1]`, `beat.row[5].chance`.",
        example: r#"sampler("kick")
local speed = param("kick.speed"):set(2)
print(speed:get()) --> 2"#,
        run: param,
    },
    Entry {
        owner: Owner::Param,
        name: "set",
        args: &[arg("value", Kind::Value)],
        returns: "param",
        doc: "Set it.",
        example: r#"sampler("kick")
print(param("kick.volume"):set(0.5):get()) --> 0.5"#,
        run: |c| set_path(&mut c.world.borrow_mut(), &c.this.key, &c.value(0)).and_then(|()| c.this()),
    },
    Entry {
        owner: Owner::Param,
        name: "get",
        args: &[],
        returns: "any",
        doc: "Its value.",
        example: r#"sampler("kick")
print(param("kick.volume"):get()) --> 1"#,
        run: |c| get_path(c.lua, &c.world.borrow(), &c.this.key),
    },
    Entry {
        owner: Owner::Param,
        name: "unset",
        args: &[],
        returns: "param",
        doc: "Take it back to its default; a row column is unset.",
        example: r#"sampler("kick", { volume = 0.5 })
print(param("kick.volume"):unset():get()) --> 1"#,
        run: unset,
    },
    Entry {
        owner: G,
        name: "macro",
        args: &[arg("number", Kind::Whole(1, MACROS as i64))],
        returns: "macro",
        doc: "One of the 64 host macros.",
        example: r#"sampler("kick")
macro(1):map("kick.volume", { min = 0, max = 0.8, curve = "exp" })
print(macro(1), macro(1):get()["kick.volume"].max) --> macro(1) 0.8"#,
        run: |c| {
            handle(c.lua, Handle { owner: Owner::Macro, key: String::new(), number: c.number(0).unwrap_or(1.0) as u64 })
        },
    },
    Entry {
        owner: Owner::Macro,
        name: "map",
        args: &[arg("path", Kind::Text), opt("options", Kind::Table)],
        returns: "macro",
        doc: "Let the macro set a parameter: `min` at 0, `max` at 1, `curve` \"lin\", \"exp\" or \"log\". A second mapping of the parameter replaces the first.",
        example: r#"sampler("kick")
macro(2):map("kick.speed", { min = 0.5, max = 2 })
print(macro(2):get()["kick.speed"].min) --> 0.5"#,
        run: map,
    },
    Entry {
        owner: Owner::Macro,
        name: "unmap",
        args: &[arg("path", Kind::Text)],
        returns: "macro",
        doc: "Take the mapping of a parameter away.",
        example: r#"sampler("kick")
macro(1):map("kick.volume"):unmap("kick.volume")
print(next(macro(1):get())) --> nil"#,
        run: unmap,
    },
    Entry {
        owner: Owner::Macro,
        name: "get",
        args: &[],
        returns: "table",
        doc: "Its mappings: path to `{ min, max, curve }`.",
        example: r#"sampler("kick")
macro(1):map("kick.volume", { max = 0.8 })
for path, map in pairs(macro(1):get()) do print(path, map.min, map.max, map.curve) end --> kick.volume 0 0.8 lin"#,
        run: maps,
    },
    Entry {
        owner: G,
        name: "relink",
        args: &[arg("from", Kind::Text), arg("to", Kind::Text)],
        returns: "",
        doc: "Use another file wherever this one is asked for.",
        example: r#"sampler("kick", { samples = { "lost.wav" } })
relink("lost.wav", "kick.wav")
print(engine:getState().modules.kick.samples[1].path) --> kick.wav"#,
        run: relink,
    },
];

/// Lay every cable that fits between two modules, or one kind.
pub fn join(call: &Call<'_>, from: &str, to: &str, kind: Option<String>) -> mlua::Result<Value> {
    let (from, to) = (World::name(from)?, World::name(to)?);
    let mut world = call.world.borrow_mut();
    let kind_of = |name: &crate::model::Name| world.draft.modules.get(name).map(|m| m.kind());
    let (Some(source), Some(target)) = (kind_of(&from), kind_of(&to)) else {
        let missing = if kind_of(&from).is_none() { &from } else { &to };
        return fail(format!("no module is called \"{missing}\""));
    };
    let kinds = match kind.as_deref() {
        Some("audio") => vec![ConnKind::Audio],
        Some("event") => vec![ConnKind::Event],
        Some(other) => {
            return fail(format!("connections of kind \"{other}\" are not in this version; there are audio and event"));
        }
        None => {
            let event = source == ModuleKind::TrackerSequencer && target == ModuleKind::MultiSampler;
            let audio = source.gives_audio() && target.takes_audio();
            [(audio, ConnKind::Audio), (event, ConnKind::Event)].into_iter().filter(|k| k.0).map(|k| k.1).collect()
        }
    };
    if kinds.is_empty() {
        return fail(format!("{from} ({}) gives nothing that {to} ({}) takes", source.name(), target.name()));
    }
    for kind in kinds {
        world.perform(Command::Connect(from.clone(), to.clone(), kind))?;
    }
    Ok(Value::Boolean(true))
}

fn connect(call: &Call<'_>) -> mlua::Result<Value> {
    let (from, to) = (call.text(0).unwrap_or_default(), call.text(1).unwrap_or_default());
    let (kind, volume) = match call.value(2) {
        Value::Nil => (None, Value::Nil),
        Value::Table(table) => (text_of(&table.raw_get::<Value>("kind")?), table.raw_get("volume")?),
        other => match text_of(&other) {
            Some(text) => (Some(text), Value::Nil),
            None => {
                return fail(format!("argument 3 \"kind\" takes \"audio\", \"event\" or a table, got {}", got(&other)));
            }
        },
    };
    let done = join(call, &from, &to, kind)?;
    if !matches!(volume, Value::Nil) {
        let Some(volume) = number_of(&volume) else {
            return fail(format!("volume takes 0 to 1, got {}", got(&volume)));
        };
        let path = Path::Connection { module: World::name(&to)?, source: World::name(&from)? };
        call.world.borrow_mut().perform(Command::Set(path, volume))?;
    }
    Ok(done)
}

fn disconnect(call: &Call<'_>) -> mlua::Result<Value> {
    let name = |place| World::name(&call.text(place).unwrap_or_default());
    let kind = match call.text(2).as_deref() {
        Some("audio") => Some(ConnKind::Audio),
        Some(_) => Some(ConnKind::Event),
        None => None,
    };
    call.world.borrow_mut().perform(Command::Disconnect(name(0)?, name(1)?, kind))?;
    Ok(Value::Boolean(true))
}

fn route(call: &Call<'_>) -> mlua::Result<Value> {
    let (from, to) = (call.text(0).unwrap_or_default(), call.text(1).unwrap_or_default());
    if from.contains('.') || to.contains('.') {
        return fail("modulation of parameters is not in this version; with two module names it connects");
    }
    join(call, &from, &to, None)
}

fn set_param(call: &Call<'_>) -> mlua::Result<Value> {
    let first = call.text(0).unwrap_or_default();
    let (path, value) = match call.value(2) {
        Value::Nil => (first, call.value(1)),
        value => match call.text(1) {
            Some(param) => (format!("{first}.{param}"), value),
            None => return fail(format!("argument 2 \"param\" takes a parameter's name, got {}", got(&call.value(1)))),
        },
    };
    set_path(&mut call.world.borrow_mut(), &path, &value)?;
    Ok(Value::Boolean(true))
}

fn get_param(call: &Call<'_>) -> mlua::Result<Value> {
    let first = call.text(0).unwrap_or_default();
    let path = call.text(1).map_or(first.clone(), |param| format!("{first}.{param}"));
    get_path(call.lua, &call.world.borrow(), &path)
}

fn param(call: &Call<'_>) -> mlua::Result<Value> {
    let text = call.text(0).unwrap_or_default();
    path_of(&call.world.borrow(), &text)?;
    call.give(Owner::Param, &text)
}

fn unset(call: &Call<'_>) -> mlua::Result<Value> {
    let mut world = call.world.borrow_mut();
    let path = path_of(&world, &call.this.key)?;
    world.perform(Command::Unset(path))?;
    drop(world);
    call.this()
}

fn map(call: &Call<'_>) -> mlua::Result<Value> {
    let mut world = call.world.borrow_mut();
    let path = path_of(&world, &call.text(0).unwrap_or_default())?;
    let (mut min, mut max, mut curve) = match &path {
        Path::Param { param, .. } | Path::Sample { param, .. } => (param.desc().min, param.desc().max, Curve::Lin),
        _ => (0.0, 1.0, Curve::Lin),
    };
    for (key, value) in call.table(1).map(|t| config::pairs(&t)).transpose()?.unwrap_or_default() {
        match (text_of(&key).as_deref(), &value) {
            (Some("min"), value) if number_of(value).is_some() => min = number_of(value).unwrap_or(min),
            (Some("max"), value) if number_of(value).is_some() => max = number_of(value).unwrap_or(max),
            (Some("curve"), value) => match text_of(value).and_then(|text| Curve::find(&text)) {
                Some(found) => curve = found,
                None => return fail(format!("curve takes \"lin\", \"exp\" or \"log\", got {}", got(value))),
            },
            _ => return fail(format!("{} = {}: a mapping has min, max (numbers) and curve", got(&key), got(&value))),
        }
    }
    world.perform(Command::MapMacro(path, MacroMap { number: call.this.number as u8, min, max, curve }))?;
    drop(world);
    call.this()
}

fn unmap(call: &Call<'_>) -> mlua::Result<Value> {
    let mut world = call.world.borrow_mut();
    let path = path_of(&world, &call.text(0).unwrap_or_default())?;
    match world.draft.macros.get(&path).map(|m| u64::from(m.number)) {
        Some(number) if number == call.this.number => world.perform(Command::UnmapMacro(path))?,
        Some(number) => return fail(format!("{path} follows macro {number}, not macro {}", call.this.number)),
        None => return fail(format!("no macro is mapped to {path}")),
    }
    drop(world);
    call.this()
}

fn maps(call: &Call<'_>) -> mlua::Result<Value> {
    let out = call.lua.create_table()?;
    let world = call.world.borrow();
    for (path, map) in world.draft.macros.iter().filter(|(_, map)| u64::from(map.number) == call.this.number) {
        out.raw_set(path.to_string(), super::state::mapping(call.lua, map)?)?;
    }
    Ok(Value::Table(out))
}

fn relink(call: &Call<'_>) -> mlua::Result<Value> {
    let text = |place| call.text(place).unwrap_or_default();
    call.world.borrow_mut().perform(Command::Relink { from: text(0), to: text(1) })?;
    Ok(Value::Nil)
}
