//! Live chunks: code that registers callbacks, kept as text with the session.
//!
//! Thread: script.

use std::sync::Arc;

use mlua::{Error, Function, Lua, Value};

use super::{Call, Entry, Kind, Owner, arg, opt};
use crate::model::Command;
use crate::script::source::{Source, is_function};
use crate::script::vm;
use crate::script::world::{Scope, Shared, fail};

/// The functions of this file.
pub static ENTRIES: &[Entry] = &[
    Entry {
        owner: Owner::Global,
        name: "live",
        args: &[arg("name", Kind::Text), opt("chunk", Kind::Any)],
        returns: "live",
        doc: "Run a function whose callbacks are saved with the session. The function is kept as text, so it sees globals alone. Running it again under the same name replaces what it registered.",
        example: r#"live("groove", function() clock:every("1 bar", function(bar) print("bar", bar) end) end)
clock:start()
-- 5 beats later
--> bar 1
--> bar 2"#,
        run: live,
    },
    Entry {
        owner: Owner::Live,
        name: "stop",
        args: &[],
        returns: "",
        doc: "Stop a live chunk and take it out of the session.",
        example: r#"live("groove", function() clock:every(1, function() print("never") end) end)
live("groove"):stop()
print(engine:getState().live.groove) --> nil
clock:start()
-- 2 beats later"#,
        run: stop,
    },
];

fn live(call: &Call<'_>) -> mlua::Result<Value> {
    let name = call.text(0).unwrap_or_default();
    let (text, place) = match call.value(1) {
        Value::Nil => return call.give(Owner::Live, &name),
        Value::String(text) => (text.to_string_lossy(), None),
        Value::Function(function) => text_of_function(call, &name, &function)?,
        other => return fail(format!("argument 2 \"chunk\" takes a function or text, got {}", super::got(&other))),
    };
    run_text(call.lua, call.world, &name, &text, place)?;
    let mut world = call.world.borrow_mut();
    world.perform(Command::SetLive(name.clone(), Some(Arc::from(text))))?;
    drop(world);
    call.give(Owner::Live, &name)
}

fn text_of_function(call: &Call<'_>, name: &str, function: &Function) -> mlua::Result<(String, Option<Place>)> {
    let info = function.info();
    let lines = info.line_defined.zip(info.last_line_defined);
    let text = lines.zip(info.short_src.as_deref()).and_then(|((first, last), chunk)| {
        let text = call.world.borrow().function_text(chunk, name, first as u32, last as u32)?;
        Some((text, Some((chunk.to_owned(), first as u32))))
    });
    text.ok_or_else(|| {
        Error::runtime(format!(
            "the text of the function given to live(\"{name}\") is not at hand: write the function in the call"
        ))
    })
}

/// Where a text stands: its chunk and the line it begins on.
pub type Place = (String, u32);

/// Run the text of a live chunk: a function expression, or plain code. What it registers belongs to the live chunk.
/// Errors in it carry the lines of `place`, or count from its own first line.
pub fn run_text(lua: &Lua, world: &Shared, name: &str, text: &str, place: Option<Place>) -> mlua::Result<()> {
    let own = || format!("live {}", name.chars().filter(|c| !c.is_control() && *c != ':').take(40).collect::<String>());
    let (chunk, first) = place.unwrap_or_else(|| (own(), 1));
    let padding = "\n".repeat(first.min(1_000_000) as usize - 1);
    let whole = if is_function(text) { format!("{padding}return {text}") } else { format!("{padding}{text}") };
    let function: Function = {
        let load = lua.load(whole).set_name(format!("={chunk}")).set_mode(mlua::chunk::ChunkMode::Text);
        let function = load.into_function()?;
        if is_function(text) { function.call(())? } else { function }
    };
    let before = {
        let mut world = world.borrow_mut();
        world.remember(&chunk, Source { text: Arc::from(text), first_line: first });
        world.set_live(name, Some(Arc::from(text)));
        world.swap_scope(Scope::Live(name.to_owned()))
    };
    let result = function.call::<()>(());
    if let Some(before) = before {
        world.borrow_mut().swap_scope(before);
    }
    // The mark of a traceback says that the text has its line already.
    result.map_err(|e| match vm::message(&e) {
        text if text.contains("(global '") && text.contains("nil value") => Error::runtime(format!(
            "{text} (a live chunk is kept as text, so it sees globals and its own locals alone)\nstack traceback:"
        )),
        _ => e,
    })
}

fn stop(call: &Call<'_>) -> mlua::Result<Value> {
    let mut world = call.world.borrow_mut();
    world.set_live(&call.this.key, None);
    world.perform(Command::SetLive(call.this.key.clone(), None))?;
    Ok(Value::Nil)
}
