//! The command line, as far as timecode, plug-ins and undo need it.
//!
//! Thread: the desk's.

use mlua::{Lua, Value as LuaValue};

use super::class::Class;
use super::edit::Who;
use super::lua::{Context, Ran, run};
use super::station::{Due, Kind};
use super::tree::Id;
use super::value::{Value, parse_cue};

/// What `Cmd` says of words that make no command.
pub const SYNTAX_ERROR: &str = "Syntax Error";
/// What `Cmd` says of a command that cannot be done.
pub const ILLEGAL: &str = "Illegal Command";

/// One word of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    text: String,
    quoted: bool,
}

/// Cut a line into words. A quoted one ends at the first quote of its kind, whatever stands before that; what follows
/// is a new word.
fn words(line: &str) -> Vec<Word> {
    let mut words = vec![];
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        if first == '"' || first == '\'' {
            let inside = &rest[1..];
            let (text, after) = inside.split_once(first).unwrap_or((inside, ""));
            words.push(Word { text: text.to_owned(), quoted: true });
            rest = after;
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || c == '"' || c == '\'').unwrap_or(rest.len());
            words.push(Word { text: rest[..end].to_owned(), quoted: false });
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    words
}

/// Put the values of `$name` in, outside quotes.
fn expand(context: &Context, line: &str) -> String {
    if !line.contains('$') {
        return line.to_owned();
    }
    let world = context.world();
    let mut out = String::new();
    let mut quote = None;
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => quote = Some(c),
            _ => {}
        }
        if c != '$' || quote.is_some() {
            out.push(c);
            continue;
        }
        let mut name = String::new();
        while let Some(c) = rest.next_if(|c| c.is_alphanumeric() || *c == '_') {
            name.push(c);
        }
        let value = ["user", "global"].iter().find_map(|home| world.vars.get(*home).and_then(|vars| vars.get(&name)));
        out += &value.and_then(Value::text).unwrap_or_default();
    }
    out
}

/// Execute a command; what `Cmd` answers.
pub fn execute(context: &Context, lua: &Lua, line: &str, undo: Option<Id>) -> String {
    execute_as(context, lua, line, undo, Kind::Command)
}

/// The same for `CmdIndirect`, which the history does not show.
pub fn execute_unseen(context: &Context, lua: &Lua, line: &str, undo: Option<Id>) {
    execute_as(context, lua, line, undo, Kind::Quiet);
}

fn execute_as(context: &Context, lua: &Lua, line: &str, undo: Option<Id>, kind: Kind) -> String {
    let line = expand(context, line);
    let words = words(&line);
    let done = dispatch(context, lua, &words, undo);
    let answer = match done {
        Ok(()) => context.station().options.ok.to_owned(),
        Err(answer) => answer.to_owned(),
    };
    context.say(kind, format!("{answer}: {line}"));
    context.wrote(lua);
    answer
}

type Done = Result<(), &'static str>;

fn dispatch(context: &Context, lua: &Lua, words: &[Word], undo: Option<Id>) -> Done {
    let verb = words.first().filter(|word| !word.quoted).ok_or(SYNTAX_ERROR)?;
    let verb = verb.text.to_ascii_lowercase();
    let rest = &words[1..];
    match (verb.as_str(), rest) {
        ("lua", [chunk, ..]) if chunk.quoted => inline_lua(context, lua, &chunk.text),
        ("oops", []) => context.world_mut().oops().map(|_| ()).map_err(|_| ILLEGAL),
        ("rp" | "reloadallplugins", []) => reload(context, false),
        ("reloadui", []) => reload(context, true),
        ("call", [what, number, args @ ..]) if what.text.eq_ignore_ascii_case("plugin") => {
            call_plugin(context, lua, &number.text, args.first().map_or("", |word| &word.text))
        }
        ("set", [kind, path, rest @ ..]) => set(context, &kind.text, path, rest),
        ("store", [kind, path, rest @ ..]) => store(context, &kind.text, &path.text, rest, undo),
        ("delete", [kind, path, ..]) => {
            let mut world = context.world_mut();
            let id = world.at_address(&format!("{} {}", kind.text, path.text)).ok_or(ILLEGAL)?;
            world.unmake(id, undo, Who::Program).map_err(|_| ILLEGAL)
        }
        (verb, [kind, path]) if kind.text.eq_ignore_ascii_case("timecode") => transport(context, verb, path),
        (verb, [kind, slot]) if kind.text.eq_ignore_ascii_case("timecodeslot") => {
            let slots = context.world().slots;
            let slot = slot.text.parse().ok().and_then(|n| context.world().indexed(slots, n)).ok_or(ILLEGAL)?;
            play(context, verb, slot)
        }
        _ => Err(SYNTAX_ERROR),
    }
}

/// Run the Lua of `Lua "…"`. A Lua error is told in the history; the command itself was executed.
fn inline_lua(context: &Context, lua: &Lua, chunk: &str) -> Done {
    match lua.load(chunk).set_name("=Lua").into_function() {
        Ok(function) => {
            run(context, lua, function, ());
        }
        Err(error) => {
            super::lua::failed(context, &error);
        }
    }
    Ok(())
}

fn reload(context: &Context, all: bool) -> Done {
    let mut station = context.station_mut();
    let when = station.now + station.options.frame;
    station.at(when, Due::Reload(all));
    Ok(())
}

fn call_plugin(context: &Context, lua: &Lua, number: &str, args: &str) -> Done {
    let name = {
        let world = context.world();
        let plugin = world.at_address(&format!("Plugin {number}")).ok_or(ILLEGAL)?;
        world.tree.get(plugin).map(|plugin| plugin.name.clone()).unwrap_or_default()
    };
    let mains: mlua::Table = lua.named_registry_value(super::desk::MAINS).map_err(|_| ILLEGAL)?;
    let main: mlua::Function = mains.raw_get(name).map_err(|_| ILLEGAL)?;
    match run(context, lua, main, (LuaValue::Nil, args)) {
        Ran::Failed(_) => Err(ILLEGAL),
        _ => Ok(()),
    }
}

/// `Set Timecode "Song" "Duration" "55"`, `Set Timecode 101.1.1.1.1.3 Property "Time" "12.5"`.
fn set(context: &Context, kind: &str, path: &Word, rest: &[Word]) -> Done {
    let rest = match rest {
        [word, rest @ ..] if !word.quoted && word.text.eq_ignore_ascii_case("property") => rest,
        rest => rest,
    };
    let [name, value] = rest else { return Err(SYNTAX_ERROR) };
    let mut world = context.world_mut();
    let id = world.at_address(&format!("{kind} {}", path.text)).ok_or(ILLEGAL)?;
    if world.tree.class(id).is_none_or(|class| class.prop(&name.text).is_none()) {
        return Err(ILLEGAL);
    }
    // A value that does not stick is no error of the command.
    if let Err(why) = world.write(id, &name.text, &Value::Text(value.text.clone()), Who::Program) {
        world.note_refusal("Set", &why);
    }
    Ok(())
}

/// Pool objects, track groups and tracks can be stored; what is below cannot. `Store Sequence 5 Cue 3` makes a cue.
fn store(context: &Context, kind: &str, path: &str, rest: &[Word], undo: Option<Id>) -> Done {
    let mut world = context.world_mut();
    let is = |name: &str| kind.eq_ignore_ascii_case(name);
    if is("sequence") {
        let no: i64 = path.parse().map_err(|_| SYNTAX_ERROR)?;
        let pool = world.sequences;
        let sequence = match world.tree.numbered(pool, no) {
            Some(sequence) => sequence,
            None => world.make(pool, None, Some(no), undo, Who::Program).map_err(|_| ILLEGAL)?,
        };
        let cue = match rest {
            [word, number, ..] if word.text.eq_ignore_ascii_case("cue") => number,
            _ => return Ok(()),
        };
        let number = parse_cue(&cue.text).ok_or(SYNTAX_ERROR)?;
        if world.tree.numbered(sequence, number).is_none() {
            world.make(sequence, None, Some(number), undo, Who::Program).map_err(|_| ILLEGAL)?;
        }
        return Ok(());
    }
    if !is("timecode") {
        return Err(SYNTAX_ERROR);
    }
    let numbers: Vec<i64> = path.split('.').map(str::parse).collect::<Result<_, _>>().map_err(|_| SYNTAX_ERROR)?;
    if numbers.len() > 3 {
        return Err("Cannot Create Object");
    }
    let mut id = world.timecodes;
    for number in numbers {
        id = match world.cmdline_child(id, number) {
            Some(child) => child,
            None => {
                let at = (world.tree.class(id) == Some(Class::Timecodes)).then_some(number);
                world.make(id, None, at, undo, Who::Program).map_err(|_| ILLEGAL)?
            }
        };
    }
    Ok(())
}

fn transport(context: &Context, verb: &str, path: &Word) -> Done {
    let timecode = context.world().timecode_at(&path.text).ok_or(ILLEGAL)?;
    if context.world().tree.class(timecode) != Some(Class::Timecode) {
        return Err(ILLEGAL);
    }
    if verb == "select" {
        context.world_mut().selected = Some(timecode);
        return Ok(());
    }
    play(context, verb, timecode)
}

fn play(context: &Context, verb: &str, id: Id) -> Done {
    let mut world = context.world_mut();
    match verb {
        "go" | "go+" | "on" => world.start(id, false),
        "pause" => world.pause(id),
        "off" => {
            world.pause(id);
            world.seek(id, 0);
        }
        "top" => world.seek(id, 0),
        _ => return Err(SYNTAX_ERROR),
    }
    Ok(())
}
