//! Text that goes in and out: `print`, `help`, the text commands, `require`.
//!
//! Thread: script.

use std::cell::RefCell;
use std::collections::BTreeMap;

use mlua::{Function, Lua, Value};

use super::{Call, Entry, Kind, Owner, arg, entries, opt, text_of};
use crate::model::text::{Errand, Standing, run};
use crate::model::{Ask, ConsoleKind};
use crate::script::docs;
use crate::script::world::{Shared, fail};

/// The functions of this file.
pub static ENTRIES: &[Entry] = &[
    Entry {
        owner: Owner::Global,
        name: "print",
        args: &[opt("values", Kind::Rest)],
        returns: "",
        doc: "Write values to the console.",
        example: r#"print("hello", 1, true) --> hello 1 true"#,
        run: print,
    },
    Entry {
        owner: Owner::Global,
        name: "help",
        args: &[opt("what", Kind::Any)],
        returns: "",
        doc: "Show what a function does: `help(sampler)`, `help(\"clock:every\")`; without an argument all names.",
        example: r#"help("clock:getBPM")
--> clock:getBPM()
--> The tempo in force, in beats per minute.
--> gives: number
--> for example: print(clock:getBPM()) --> 120"#,
        run: show_help,
    },
    Entry {
        owner: Owner::Global,
        name: "exec",
        args: &[arg("line", Kind::Text)],
        returns: "table",
        doc: "Run a text command and write its answer to the console; gives `{ success, message, error }`.",
        example: r#"sampler("kick")
local done = exec("get kick volume") --> kick.volume = 1
print(done.success, exec("bpm 90").success, clock:getBPM())
--> bpm = 90
--> true true 90"#,
        run: exec,
    },
];

/// A value as text; bytes that are no UTF-8 are shown as such.
pub fn shown(value: &Value) -> mlua::Result<String> {
    match value {
        Value::String(text) => Ok(text.to_string_lossy()),
        other => other.to_string(),
    }
}

fn print(call: &Call<'_>) -> mlua::Result<Value> {
    let mut words = Vec::with_capacity(call.args.len());
    for value in &call.args {
        words.push(shown(value)?);
    }
    call.world.borrow_mut().say(ConsoleKind::Output, &words.join("\t"));
    Ok(Value::Nil)
}

/// The entry whose Lua function this is.
fn entry_of(call: &Call<'_>, function: &Function) -> Option<&'static Entry> {
    let globals = call.lua.globals();
    entries()
        .filter(|e| e.owner == Owner::Global)
        .find(|e| globals.get::<Value>(e.name).ok() == Some(Value::Function(function.clone())))
}

fn show_help(call: &Call<'_>) -> mlua::Result<Value> {
    let topic = match call.value(0) {
        Value::Nil => String::new(),
        Value::Function(function) => match entry_of(call, &function) {
            Some(entry) => entry.name.to_owned(),
            None => return fail("this function is not one of ours"),
        },
        Value::UserData(data) => data.borrow::<super::Handle>().map(|h| h.owner.word().to_owned()).unwrap_or_default(),
        other => text_of(&other).unwrap_or_default(),
    };
    match docs::help(&topic) {
        Some(text) => call.world.borrow_mut().say(ConsoleKind::Output, &text),
        None => return fail(format!("there is no help on \"{topic}\"; help() shows all names")),
    }
    Ok(Value::Nil)
}

/// What a text command came to: success, what it said, what is wrong.
fn command(call: &Call<'_>) -> (bool, String) {
    let line = call.text(0).unwrap_or_default();
    let mut world = call.world.borrow_mut();
    let standing = Standing {
        playing: world.is_playing(),
        beat: world.beat(),
        bpm: world.map.bpm,
        host_leads: world.host_leads(),
        callbacks: world.timing,
        desk: Some(world.snapshot.desk.clone()),
    };
    let mut draft = world.draft.clone();
    match run(&mut draft, standing, &line) {
        Ok(reply) => {
            for errand in reply.errands {
                match errand {
                    Errand::Undo => world.ask(Ask::Undo),
                    Errand::Redo => world.ask(Ask::Redo),
                    Errand::LastGood => world.ask(Ask::LastGood),
                    Errand::Hush => world.ask(Ask::Hush),
                    Errand::Panic => world.ask(Ask::Panic),
                    Errand::Save(_) | Errand::Load(_) | Errand::Render(..) => {
                        return (false, "files are saved, loaded and rendered from the window or the command line, not from a script".to_owned());
                    }
                }
            }
            world.draft = draft;
            world.take_over(reply.commands);
            (true, reply.lines.join("\n"))
        }
        Err(error) => (false, error.0),
    }
}

fn answer(call: &Call<'_>, success: bool, text: &str) -> mlua::Result<Value> {
    let table = call.lua.create_table()?;
    table.raw_set("success", success)?;
    table.raw_set("message", if success { text } else { "" })?;
    table.raw_set("error", if success { "" } else { text })?;
    Ok(Value::Table(table))
}

/// `engine:executeCommand`.
pub fn execute(call: &Call<'_>) -> mlua::Result<Value> {
    let (success, text) = command(call);
    answer(call, success, &text)
}

fn exec(call: &Call<'_>) -> mlua::Result<Value> {
    let (success, text) = command(call);
    if !text.is_empty() {
        let kind = if success { ConsoleKind::Output } else { ConsoleKind::Error };
        call.world.borrow_mut().say(kind, &text);
    }
    answer(call, success, &text)
}

/// `require("name")`: a Lua file of the project's folders, run once, and once more when the file was saved since.
pub fn require(lua: &Lua, world: &Shared) -> mlua::Result<Function> {
    // Values by name, and the file each came from with its stamp then.
    let (world, loaded) = (world.clone(), lua.create_table()?);
    let stamps = RefCell::new(BTreeMap::<String, (String, Option<u64>)>::new());
    lua.create_function(move |lua, name: String| {
        let (files, folders) = {
            let world = world.borrow();
            (world.files.clone(), world.snapshot.session.folders.clone())
        };
        let found: Value = loaded.raw_get(name.as_str())?;
        let as_it_was = |(place, stamp): &(String, Option<u64>)| files.changed_at(place) == *stamp;
        if !matches!(found, Value::Nil) && stamps.borrow().get(&name).is_some_and(as_it_was) {
            return Ok(found);
        }
        let placed = |text: String| mlua::Error::runtime(crate::script::vm::at_line(lua, &format!("require: {text}")));
        let path = name.replace('.', "/") + ".lua";
        let outside = name.is_empty() || path.starts_with('/') || path.contains("..") || path.contains(['\\', ':']);
        if outside {
            return Err(placed(format!("\"{name}\" is not a file of the project: write names like \"lib.drums\"")));
        }
        let (place, text) = files.read_text(&path, &folders).map_err(placed)?;
        let stamp = files.changed_at(&place);
        let chunk = lua.load(text).set_name(format!("={path}")).set_mode(mlua::chunk::ChunkMode::Text);
        let value: Value = chunk.call(name.as_str())?;
        let value = if matches!(value, Value::Nil) { Value::Boolean(true) } else { value };
        loaded.raw_set(name.as_str(), value.clone())?;
        stamps.borrow_mut().insert(name, (place, stamp));
        Ok(value)
    })
}
