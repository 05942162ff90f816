//! `engine`: the object of the earlier tracker, kept so that its scripts run: registry, connections, state.
//!
//! Thread: script.

use mlua::Value;

use super::{Call, Entry, Kind, Owner, arg, opt};
use crate::model::{ConnKind, Session};
use crate::script::vm::at_line;
use crate::script::world::fail;

const E: Owner = Owner::Engine;
const C: Owner = Owner::Connections;
const R: Owner = Owner::Router;
const T: Owner = Owner::Runtime;

/// The functions of this file.
pub static ENTRIES: &[Entry] = &[
    Entry {
        owner: Owner::Global,
        name: "getEngine",
        args: &[],
        returns: "engine",
        doc: "The engine object.",
        example: r#"print(getEngine() == engine) --> true"#,
        run: |c| c.give(E, ""),
    },
    Entry {
        owner: E,
        name: "getClock",
        args: &[],
        returns: "clock",
        doc: "The clock.",
        example: r#"print(engine:getClock() == clock) --> true"#,
        run: |c| c.give(Owner::Clock, ""),
    },
    Entry {
        owner: E,
        name: "getModuleRegistry",
        args: &[],
        returns: "registry",
        doc: "The modules.",
        example: r#"sampler("kick")
print(engine:getModuleRegistry():getModule("kick"):getInstanceName()) --> kick"#,
        run: |c| c.give(Owner::Registry, ""),
    },
    Entry {
        owner: E,
        name: "getConnectionManager",
        args: &[],
        returns: "connections",
        doc: "The connections.",
        example: r#"print(engine:getConnectionManager():isConnected("hostIn", "masterAudioOut")) --> true"#,
        run: |c| c.give(C, ""),
    },
    Entry {
        owner: E,
        name: "getParameterRouter",
        args: &[],
        returns: "router",
        doc: "Parameters by path.",
        example: r#"print(engine:getParameterRouter():get("masterAudioOut.masterVolume")) --> 1"#,
        run: |c| c.give(R, ""),
    },
    Entry {
        owner: E,
        name: "getPatternRuntime",
        args: &[],
        returns: "runtime",
        doc: "Patterns and the playhead.",
        example: r#"print(engine:getPatternRuntime():getPlayhead()) --> 0"#,
        run: |c| c.give(T, ""),
    },
    Entry {
        owner: E,
        name: "getState",
        args: &[],
        returns: "state",
        doc: "The whole state now, read-only: `version`, `clock.bpm isPlaying beat bar`, `modules.NAME.parameters.P`, `patterns`, `chains`, `connections`, `macros`, `patternRuntime.playhead`; `state:clone()` gives a table that can be changed.",
        example: r#"sampler("kick", { volume = 0.5 })
local state = engine:getState()
print(state.clock.bpm, state.clock.isPlaying, state.modules.kick.parameters.volume) --> 120 false 0.5
state.clock.bpm = 90 --! read-only"#,
        run: |c| super::state::table(c.lua, c.world),
    },
    Entry {
        owner: E,
        name: "executeCommand",
        args: &[arg("line", Kind::Text)],
        returns: "table",
        doc: "Run a text command; gives `{ success, message, error }`.",
        example: r#"sampler("kick")
print(engine:executeCommand("set kick volume 0.5").success, getParam("kick", "volume")) --> true 0.5
print(engine:executeCommand("set nobody volume 0.5").error) --> no module is called "nobody""#,
        run: super::text::execute,
    },
    Entry {
        owner: E,
        name: "onStateChange",
        args: &[arg("callback", Kind::Callback)],
        returns: "integer",
        doc: "Call a function with the state once for each change; gives a number to remove it by.",
        example: r#"sampler("kick")
-- later
engine:onStateChange(function(state) print(state.modules.kick.parameters.volume) end)
setParam("kick", "volume", 0.5)
-- later
--> 0.5"#,
        run: on_change,
    },
    Entry {
        owner: E,
        name: "removeStateChangeCallback",
        args: &[arg("id", Kind::Whole(0, i64::MAX))],
        returns: "boolean",
        doc: "Take a state callback away; false when it was gone already.",
        example: r#"local id = engine:onStateChange(function() print("never") end)
print(engine:removeStateChangeCallback(id)) --> true
setParam("masterAudioOut", "masterVolume", 0.5)
-- later"#,
        run: |c| Ok(Value::Boolean(c.world.borrow_mut().stop(c.number(0).unwrap_or(0.0) as u64))),
    },
    Entry {
        owner: Owner::Registry,
        name: "getModule",
        args: &[arg("name", Kind::Name)],
        returns: "module|nil",
        doc: "A module by its name; nil when there is none.",
        example: r#"print(engine:getModuleRegistry():getModule("masterAudioOut"):getName()) --> AudioOutput
print(engine:getModuleRegistry():getModule("nobody")) --> nil"#,
        run: get_module,
    },
    Entry {
        owner: Owner::Registry,
        name: "getAllModuleNames",
        args: &[],
        returns: "string[]",
        doc: "The names of all modules, in order.",
        example: r#"print(table.concat(engine:getModuleRegistry():getAllModuleNames(), " ")) --> aux1 aux2 aux3 aux4 aux5 aux6 aux7 aux8 hostIn masterAudioOut sidechain"#,
        run: module_names,
    },
    Entry {
        owner: C,
        name: "getConnections",
        args: &[opt("name", Kind::Name)],
        returns: "table",
        doc: "All connections, or those of a module: a list of `{ from, to, kind, volume }`.",
        example: r#"local first = engine:getConnectionManager():getConnections()[1]
print(first.from, first.to, first.kind, first.volume) --> hostIn masterAudioOut audio 1"#,
        run: connections,
    },
    Entry {
        owner: C,
        name: "connect",
        args: &[arg("from", Kind::Name), arg("to", Kind::Name), opt("kind", Kind::Word(&["audio", "event"]))],
        returns: "boolean",
        doc: "The same as the global connect.",
        example: r#"sampler("kick")
print(engine:getConnectionManager():connect("kick", "aux1")) --> true"#,
        run: |c| super::connect::join(c, &c.text(0).unwrap_or_default(), &c.text(1).unwrap_or_default(), c.text(2)),
    },
    Entry {
        owner: C,
        name: "isConnected",
        args: &[arg("from", Kind::Name), arg("to", Kind::Name)],
        returns: "boolean",
        doc: "Whether any cable leads from one to the other.",
        example: r#"print(engine:getConnectionManager():isConnected("hostIn", "aux1")) --> false"#,
        run: is_connected,
    },
    Entry {
        owner: R,
        name: "set",
        args: &[arg("path", Kind::Text), arg("value", Kind::Value)],
        returns: "boolean",
        doc: "Set the value at a path.",
        example: r#"sampler("kick")
engine:getParameterRouter():set("kick.volume", 0.5)
print(getParam("kick", "volume")) --> 0.5"#,
        run: |c| {
            super::module::set_path(&mut c.world.borrow_mut(), &c.text(0).unwrap_or_default(), &c.value(1))
                .map(|()| Value::Boolean(true))
        },
    },
    Entry {
        owner: R,
        name: "get",
        args: &[arg("path", Kind::Text)],
        returns: "any",
        doc: "The value at a path.",
        example: r#"print(engine:getParameterRouter():get("masterAudioOut.masterVolume")) --> 1"#,
        run: |c| super::module::get_path(c.lua, &c.world.borrow(), &c.text(0).unwrap_or_default()),
    },
    Entry {
        owner: T,
        name: "getPlayhead",
        args: &[],
        returns: "number",
        doc: "Song position in beats.",
        example: r#"clock:locate(4)
print(engine:getPatternRuntime():getPlayhead()) --> 4"#,
        run: |c| Ok(crate::script::clock::lua_number(c.world.borrow().beat())),
    },
    Entry {
        owner: T,
        name: "getPatternNames",
        args: &[],
        returns: "string[]",
        doc: "The names of all patterns, in order.",
        example: r#"pattern("beat", 16) pattern("fill", 8)
print(table.concat(engine:getPatternRuntime():getPatternNames(), " ")) --> beat fill"#,
        run: |c| names(c, |s| s.patterns.keys().map(|n| n.to_string()).collect()),
    },
    Entry {
        owner: T,
        name: "getPattern",
        args: &[arg("name", Kind::Name)],
        returns: "pattern|nil",
        doc: "A pattern by its name; nil when there is none.",
        example: r#"pattern("beat", 16)
print(engine:getPatternRuntime():getPattern("beat"):steps()) --> 16
print(engine:getPatternRuntime():getPattern("nobody")) --> nil"#,
        run: get_pattern,
    },
    Entry {
        owner: T,
        name: "getChainNames",
        args: &[],
        returns: "string[]",
        doc: "The names of all chains, in order.",
        example: r#"pattern("beat", 16)
chain("song", { "beat" })
print(table.concat(engine:getPatternRuntime():getChainNames(), " ")) --> song"#,
        run: |c| names(c, |s| s.chains.keys().map(|n| n.to_string()).collect()),
    },
];

fn names(call: &Call<'_>, list: impl FnOnce(&Session) -> Vec<String>) -> mlua::Result<Value> {
    Ok(Value::Table(call.lua.create_sequence_from(list(&call.world.borrow().draft))?))
}

fn module_names(call: &Call<'_>) -> mlua::Result<Value> {
    names(call, |s| s.modules.keys().map(|n| n.to_string()).collect())
}

fn on_change(call: &Call<'_>) -> mlua::Result<Value> {
    let Some(callback) = call.function(0) else { return fail("it takes a function") };
    let place = at_line(call.lua, "");
    let place = place.trim_end_matches([':', ' ']).to_owned();
    let number = call.world.borrow_mut().observe(callback, place, crate::script::observe::Watch::State)?;
    Ok(Value::Integer(number as i64))
}

fn get_module(call: &Call<'_>) -> mlua::Result<Value> {
    let name = call.text(0).unwrap_or_default();
    let there = call.world.borrow().draft.modules.contains_key(name.as_str());
    if there { call.give(Owner::Module, &name) } else { Ok(Value::Nil) }
}

fn get_pattern(call: &Call<'_>) -> mlua::Result<Value> {
    let name = call.text(0).unwrap_or_default();
    let there = call.world.borrow().draft.patterns.contains_key(name.as_str());
    if there { call.give(Owner::Pattern, &name) } else { Ok(Value::Nil) }
}

fn connections(call: &Call<'_>) -> mlua::Result<Value> {
    let only = call.text(0);
    let world = call.world.borrow();
    let list = world.draft.connections.iter();
    let list = list.filter(|c| only.as_ref().is_none_or(|name| c.from == name.as_str() || c.to == name.as_str()));
    let out = call.lua.create_table()?;
    for connection in list {
        out.raw_push(super::state::connection(call.lua, connection)?)?;
    }
    Ok(Value::Table(out))
}

fn is_connected(call: &Call<'_>) -> mlua::Result<Value> {
    let (from, to) = (call.text(0).unwrap_or_default(), call.text(1).unwrap_or_default());
    let world = call.world.borrow();
    let any = [ConnKind::Audio, ConnKind::Event];
    let found = any.iter().any(|kind| world.draft.inputs(&to, *kind).any(|c| c.from == from.as_str()));
    Ok(Value::Boolean(found))
}
