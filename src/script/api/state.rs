//! The state as Lua reads it: one immutable value, its sections made when first read.
//!
//! Thread: script.

use std::sync::Arc;

use mlua::{Function, Lua, Table, Value};

use super::config::param_value;
use super::pattern::row_value;
use crate::model::{
    Chain, ClockMap, Connection, Layer, Loading, MacroMap, Module, ModuleBody, Name, Param, Pattern, Session,
    Signature, Snapshot, Timing, TriggerRecord, Why,
};
use crate::script::clock::lua_number;
use crate::script::world::Shared;

/// The Lua function that makes a read-only state out of a function that makes sections.
struct Maker(Function);

/// Keep what the prelude made.
pub fn install(lua: &Lua, prelude: &Table) -> mlua::Result<()> {
    lua.set_app_data(Maker(prelude.get("state")?));
    Ok(())
}

/// What a state is a view of.
struct View {
    session: Session,
    snapshot: Arc<Snapshot>,
    map: ClockMap,
    bpm: f64,
    signature: Signature,
    playing: bool,
    beat: f64,
    timing: Timing,
}

/// The state now, with the running code's own writes.
pub fn table(lua: &Lua, world: &Shared) -> mlua::Result<Value> {
    let view = {
        let world = world.borrow();
        View {
            session: world.draft.clone(),
            snapshot: world.snapshot.clone(),
            map: world.map,
            bpm: world.bpm(),
            signature: world.signature(),
            playing: world.is_playing(),
            beat: world.beat(),
            timing: world.timing,
        }
    };
    let make = lua.create_function(move |lua, name: String| section(lua, &view, &name))?;
    let Some(maker) = lua.app_data_ref::<Maker>().map(|m| m.0.clone()) else { return Ok(Value::Nil) };
    maker.call(make)
}

fn section(lua: &Lua, view: &View, name: &str) -> mlua::Result<Value> {
    let session = &view.session;
    let out = lua.create_table()?;
    match name {
        "version" => return Ok(Value::Integer(view.snapshot.revision as i64)),
        "seed" => return Ok(Value::Integer(session.seed as i64)),
        "clock" => {
            out.raw_set("bpm", lua_number(view.bpm))?;
            out.raw_set("isPlaying", view.playing)?;
            out.raw_set("beat", lua_number(view.beat))?;
            out.raw_set("bar", (view.beat / view.signature.bar_beats() + 1e-9).floor() as i64 + 1)?;
            out.raw_set("signature", format!("{}/{}", view.signature.num, view.signature.den))?;
            out.raw_set("hostLeads", view.snapshot.host_leads)?;
            out.raw_set("callbacks", timing(lua, &view.timing)?)?;
        }
        "patternRuntime" => {
            out.raw_set("playhead", lua_number(view.beat))?;
            out.raw_set("frame", view.map.frame)?;
            out.raw_set("pass", view.map.pass)?;
        }
        "modules" => {
            for (name, found) in &session.modules {
                out.raw_set(name.as_str(), module(lua, found, &view.snapshot)?)?;
            }
        }
        "connections" => {
            for found in &session.connections {
                out.raw_push(connection(lua, found)?)?;
            }
        }
        "patterns" => {
            for (name, found) in &session.patterns {
                out.raw_set(name.as_str(), pattern(lua, found)?)?;
            }
        }
        "chains" => {
            for (name, found) in &session.chains {
                out.raw_set(name.as_str(), chain(lua, found)?)?;
            }
        }
        "layers" => {
            for (name, found) in &session.layers {
                out.raw_set(name.as_str(), layer(lua, session, name, found)?)?;
            }
        }
        "songs" => {
            for found in &session.songs {
                let table = lua.create_table()?;
                table.raw_set("name", found.name.as_str())?;
                table.raw_set("start", found.start.as_str())?;
                table.raw_set("rate", found.rate.name())?;
                out.raw_push(table)?;
            }
        }
        "desk" => return super::desk::status(lua, session, &view.snapshot.desk).map(Value::Table),
        "macros" => {
            for (path, map) in &session.macros {
                let table = mapping(lua, map)?;
                table.raw_set("macro", map.number)?;
                out.raw_set(path.to_string(), table)?;
            }
        }
        "banks" => {
            for (name, folder) in &session.banks {
                out.raw_set(name.as_str(), folder.as_str())?;
            }
        }
        "live" => {
            for (name, text) in &session.live {
                out.raw_set(name.as_str(), &**text)?;
            }
        }
        "waiting" => {
            for waiting in view.snapshot.waiting.iter() {
                let table = lua.create_table()?;
                table.raw_set("label", &*waiting.label)?;
                table.raw_set("due", waiting.due)?;
                table.raw_set("loading", waiting.loading)?;
                out.raw_push(table)?;
            }
        }
        "history" => return history(lua, &view.snapshot, 256).map(Value::Table),
        _ => return Ok(Value::Nil),
    }
    Ok(Value::Table(out))
}

/// How late callbacks ran, as a table.
fn timing(lua: &Lua, timing: &Timing) -> mlua::Result<Table> {
    let out = lua.create_table()?;
    out.raw_set("run", timing.fired)?;
    out.raw_set("late", timing.late)?;
    out.raw_set("lost", timing.lost)?;
    out.raw_set("p50", timing.p50_ms)?;
    out.raw_set("p99", timing.p99_ms)?;
    Ok(out)
}

/// All parameters of a module by name, defaults included.
pub fn parameters(lua: &Lua, module: &Module) -> mlua::Result<Table> {
    let out = lua.create_table()?;
    for param in Param::of(module.kind()) {
        out.raw_set(param.desc().name, param_value(lua, param, module.value(param))?)?;
    }
    Ok(out)
}

/// A module as a table.
pub fn module(lua: &Lua, module: &Module, snapshot: &Snapshot) -> mlua::Result<Table> {
    let out = lua.create_table()?;
    out.raw_set("type", module.kind().name())?;
    out.raw_set("enabled", module.enabled)?;
    out.raw_set("parameters", parameters(lua, module)?)?;
    match &module.body {
        ModuleBody::MultiSampler { samples } => {
            let list = lua.create_table()?;
            for sample in samples {
                let entry = lua.create_table()?;
                entry.raw_set("name", sample.name.as_str())?;
                entry.raw_set("path", sample.path.as_str())?;
                let own = lua.create_table()?;
                for (param, value) in &sample.params {
                    own.raw_set(param.desc().name, param_value(lua, *param, *value)?)?;
                }
                entry.raw_set("parameters", own)?;
                let status = match snapshot.media.get(&sample.path) {
                    Some(Loading::Ready { .. }) => "ready",
                    Some(Loading::Missing(_)) => "missing",
                    Some(Loading::Asked | Loading::Decoding(_)) => "loading",
                    None => "unknown",
                };
                entry.raw_set("status", status)?;
                list.raw_push(entry)?;
            }
            out.raw_set("samples", list)?;
        }
        ModuleBody::TrackerSequencer { pattern, chain, chain_on } => {
            out.raw_set("pattern", pattern.as_str())?;
            out.raw_set("chain", chain.as_ref().map(|c| c.as_str()))?;
            out.raw_set("chainOn", *chain_on)?;
        }
        _ => {}
    }
    Ok(out)
}

/// A connection as a table.
pub fn connection(lua: &Lua, connection: &Connection) -> mlua::Result<Table> {
    let out = lua.create_table()?;
    out.raw_set("from", connection.from.as_str())?;
    out.raw_set("to", connection.to.as_str())?;
    out.raw_set("kind", connection.kind.name())?;
    out.raw_set("volume", lua_number(connection.volume))?;
    out.raw_set("auto", connection.auto)?;
    Ok(out)
}

/// A pattern as a table.
pub fn pattern(lua: &Lua, pattern: &Pattern) -> mlua::Result<Table> {
    let out = lua.create_table()?;
    out.raw_set("steps", pattern.steps)?;
    out.raw_set("stepsPerBeat", lua_number(pattern.steps_per_beat))?;
    out.raw_set("columns", lua.create_sequence_from(pattern.columns.iter().map(|c| c.name()))?)?;
    let rows = lua.create_table()?;
    for (number, row) in pattern.rows.range(1..=pattern.steps) {
        rows.raw_set(*number, row_value(lua, row)?)?;
    }
    out.raw_set("rows", rows)?;
    Ok(out)
}

/// A chain's entries as a list.
pub fn chain(lua: &Lua, chain: &Chain) -> mlua::Result<Table> {
    let out = lua.create_table()?;
    for entry in &chain.entries {
        let table = lua.create_table()?;
        table.raw_set("pattern", entry.pattern.as_str())?;
        table.raw_set("times", entry.repeats)?;
        table.raw_set("mute", entry.mute)?;
        out.raw_push(table)?;
    }
    Ok(out)
}

/// A layer as a table.
pub fn layer(lua: &Lua, session: &Session, name: &Name, layer: &Layer) -> mlua::Result<Table> {
    let out = lua.create_table()?;
    out.raw_set("song", layer.song.as_str())?;
    out.raw_set("rate", layer.rate.name())?;
    out.raw_set("anchor", layer.anchor.name())?;
    out.raw_set("events", super::layer::events_table(lua, session, layer)?)?;
    if let Some(mapping) = session.mappings.get(name) {
        out.raw_set("mapping", super::desk::mapping_table(lua, mapping)?)?;
    }
    Ok(out)
}

/// A macro mapping as a table.
pub fn mapping(lua: &Lua, map: &MacroMap) -> mlua::Result<Table> {
    let out = lua.create_table()?;
    out.raw_set("min", lua_number(map.min))?;
    out.raw_set("max", lua_number(map.max))?;
    out.raw_set("curve", map.curve.name())?;
    Ok(out)
}

/// The last triggers, newest last.
pub fn history(lua: &Lua, snapshot: &Snapshot, count: usize) -> mlua::Result<Table> {
    let out = lua.create_table()?;
    let skip = snapshot.triggers.len().saturating_sub(count);
    for record in snapshot.triggers.iter().skip(skip) {
        out.raw_push(trigger(lua, record)?)?;
    }
    Ok(out)
}

/// A trigger as a table.
pub fn trigger(lua: &Lua, record: &TriggerRecord) -> mlua::Result<Table> {
    let entry = lua.create_table()?;
    entry.raw_set("frame", record.frame)?;
    entry.raw_set("beat", lua_number(record.beat))?;
    entry.raw_set("module", record.module.as_str())?;
    entry.raw_set("sequencer", record.sequencer.as_ref().map(|n| n.as_str()))?;
    entry.raw_set("pattern", record.pattern.as_ref().map(|n| n.as_str()))?;
    entry.raw_set("row", record.row)?;
    entry.raw_set("index", record.index)?;
    entry.raw_set("note", record.note)?;
    entry.raw_set("fired", record.why == Why::Fired)?;
    entry.raw_set("why", format!("{:?}", record.why).to_lowercase())?;
    let params = lua.create_table()?;
    for (param, value) in &record.params {
        // Audio has it in single precision: the shortest digits that mean it are those that were typed.
        let value = value.to_string().parse().unwrap_or(f64::from(*value));
        params.raw_set(param.desc().name, param_value(lua, *param, value)?)?;
    }
    entry.raw_set("params", params)?;
    Ok(entry)
}
