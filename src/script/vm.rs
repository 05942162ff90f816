//! The sandbox: one Lua state with a memory cap, a time budget and nothing that reaches outside.
//!
//! Thread: script. **Invariant:** nothing runs longer than its budget, whatever `pcall`, `__gc`, `__close` or a pattern
//! does; what a chunk does to the language is gone with it.
//!
//! How it holds: [`hook`] looks at the clock every 100 instructions and at every large allocation; a text has at most
//! 4 MB, so that no single instruction is long; library functions whose work has no such bound (patterns, `sort`,
//! `move`) are replaced by ones that count; and no Lua code runs where the hook does not: `__gc` is refused, a message
//! handler is not called once the time is over, and a coroutine that died is never closed. A second thread that watches
//! this one was left out: it could not stop a thread, only leave it burning beside a new one.

use std::cell::Cell;
use std::ops::Deref;
use std::rc::Rc;
use std::time::{Duration, Instant};

use mlua::{Error, Lua, LuaOptions, StdLib, Value, Variadic};

use super::hook::{self, HOOK_EVERY, Refused, TEXT_MAX};
use super::matcher;

/// Where time is read: handed in, so that this room has no clock of its own.
pub type Now = fn() -> Instant;

/// Most memory Lua may hold, in bytes.
pub const MEMORY_MAX: usize = 256 << 20;
/// Most characters of an error message.
const MESSAGE_MAX: usize = 2000;

/// How long code may run.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A chunk run by a person.
    pub eval: Duration,
    /// One callback.
    pub callback: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { eval: Duration::from_secs(1), callback: Duration::from_millis(50) }
    }
}

/// The time left to the code that runs now.
pub struct Budget {
    now: Now,
    end: Cell<Option<Instant>>,
    limit: Cell<Duration>,
    tripped: Cell<bool>,
}

impl Budget {
    /// A budget that reads this clock; nothing is armed yet.
    pub fn new(now: Now) -> Self {
        Self { now, end: Cell::new(None), limit: Cell::new(Duration::ZERO), tripped: Cell::new(false) }
    }

    /// The time now.
    pub fn now(&self) -> Instant {
        (self.now)()
    }

    /// Start counting; the code that runs from here on has this long.
    pub fn arm(self: &Rc<Self>, lua: &Lua, limit: Duration) {
        if self.tripped.replace(false) {
            hook::hook(lua, HOOK_EVERY);
        }
        self.limit.set(limit);
        self.end.set(Some(self.now() + limit));
        hook::begin(self.clone());
    }

    /// Stop counting; whether the code ran too long, also where a `pcall` swallowed the error.
    pub fn disarm(&self) -> bool {
        self.end.set(None);
        hook::end();
        self.tripped.get()
    }

    /// Look at the clock: an error when the time is over. Long native work calls it now and then.
    pub fn spend(&self) -> mlua::Result<()> {
        if self.tripped.get() || self.end.get().is_some_and(|end| self.now() >= end) {
            self.tripped.set(true);
            return Err(Error::runtime(self.message()));
        }
        Ok(())
    }

    /// How long the code that runs now may run, in milliseconds.
    pub fn limit_ms(&self) -> u32 {
        u32::try_from(self.limit.get().as_millis()).unwrap_or(u32::MAX)
    }

    /// The sentence for code that ran too long.
    pub fn message(&self) -> String {
        late(self.limit_ms())
    }
}

/// The sentence for code that ran too long. The hook says the same.
fn late(limit_ms: u32) -> String {
    format!("stopped: it ran longer than {limit_ms} ms")
}

fn position(debug: &mlua::debug::Debug<'_>, message: &str) -> String {
    let source = debug.source().short_src.map(|s| s.into_owned()).unwrap_or_default();
    match debug.current_line() {
        Some(line) if !source.starts_with(HIDDEN) => format!("{source}:{line}: {message}"),
        _ => message.to_owned(),
    }
}

/// Source name of our own Lua; error positions pass over it.
pub const HIDDEN: &str = "[tracklight]";

/// Put the line of the Lua code that runs now before a message: `chunk:12: message`.
pub fn at_line(lua: &Lua, message: &str) -> String {
    for level in 0..24 {
        let found = lua.inspect_stack(level, |debug| {
            let text = position(debug, "");
            (!text.is_empty()).then_some(text)
        });
        match found {
            None => break,
            Some(Some(place)) => return format!("{place}{message}"),
            Some(None) => {}
        }
    }
    message.to_owned()
}

/// Lines of the chunk `name` that the code that runs now stands on: the innermost and the outermost call.
pub fn lines(lua: &Lua, name: &str) -> Option<(u32, u32)> {
    let mut found: Option<(u32, u32)> = None;
    for level in 0..200 {
        let line = lua.inspect_stack(level, |debug| {
            let here = debug.source().short_src.is_some_and(|source| source == name);
            if here { debug.current_line() } else { None }
        });
        let Some(line) = line else { break };
        if let Some(line) = line.map(|line| line as u32) {
            found = Some((found.map_or(line, |(inner, _)| inner), line));
        }
    }
    found
}

/// The message of an error without the wrappers and the traceback, cut where nobody would read on.
pub fn message(error: &Error) -> String {
    let text = whole_message(error);
    match text.char_indices().nth(MESSAGE_MAX) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text,
    }
}

fn whole_message(error: &Error) -> String {
    match error {
        Error::CallbackError { cause, .. } => whole_message(cause),
        Error::WithContext { context, cause } => format!("{context}: {}", whole_message(cause)),
        Error::SyntaxError { message, .. } => message.clone(),
        Error::RuntimeError(text) => {
            let (said, trace) = text.split_once("\nstack traceback:").unwrap_or((text, ""));
            with_their_line(said, trace)
        }
        Error::MemoryError(_) => match hook::refused() {
            Refused::Full => format!("out of memory: a script may hold {} MB", MEMORY_MAX >> 20),
            Refused::Text => format!("out of memory: a text may have {} MB", TEXT_MAX >> 20),
            Refused::Late(limit) => late(limit),
        },
        other => other.to_string().split("\nstack traceback:").next().unwrap_or_default().to_owned(),
    }
}

/// A message that names a line of ours names the innermost line of theirs instead.
fn with_their_line(said: &str, trace: &str) -> String {
    let Some((_, what)) = said.strip_prefix(HIDDEN).and_then(|rest| rest.split_once(": ")) else {
        return said.to_owned();
    };
    let theirs = |line: &&str| !line.starts_with('[') && line.contains(": in ");
    match trace.lines().map(str::trim_start).find(theirs).and_then(|line| line.split_once(": in ")) {
        Some((place, _)) => format!("{place}: {what}"),
        None => what.to_owned(),
    }
}

/// A Lua state that is watched.
pub struct Sandbox(Lua);

impl Deref for Sandbox {
    type Target = Lua;

    fn deref(&self) -> &Lua {
        &self.0
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        hook::unguard(&self.0);
    }
}

impl Sandbox {
    /// A state with nothing in it, for when none could be made.
    pub fn empty() -> Self {
        Self(Lua::new_with(StdLib::NONE, LuaOptions::default()).unwrap_or_default())
    }
}

/// Make the state: `table string math utf8 coroutine`, a text-only `load`, no way out.
pub fn sandbox(budget: &Rc<Budget>) -> mlua::Result<Sandbox> {
    let libraries = StdLib::TABLE | StdLib::STRING | StdLib::MATH | StdLib::UTF8 | StdLib::COROUTINE;
    let lua = Lua::new_with(libraries, LuaOptions::default())?;
    lua.set_memory_limit(MEMORY_MAX)?;
    hook::guard(&lua);
    let lua = Sandbox(lua);
    lua.set_app_data(budget.clone());
    strings(&lua)?;
    let globals = lua.globals();
    for name in ["dofile", "loadfile", "warn", "print"] {
        globals.set(name, Value::Nil)?;
    }
    let native = lua.create_table()?;
    native.set("load", lua.create_function(load)?)?;
    native.set("collect", lua.create_function(collect)?)?;
    native.set("tripped", lua.create_function(|lua, ()| Ok(spend(lua).is_err()))?)?;
    native.set("errtext", lua.create_function(errtext)?)?;
    lua.load(include_str!("lua/sandbox.lua")).set_name(format!("={HIDDEN}")).call::<()>(native)?;
    hook::hook(&lua, HOOK_EVERY);
    Ok(lua)
}

fn spend(lua: &Lua) -> mlua::Result<()> {
    match lua.app_data_ref::<Rc<Budget>>().map(|b| b.clone()) {
        Some(budget) => budget.spend(),
        None => Ok(()),
    }
}

fn strings(lua: &Lua) -> mlua::Result<()> {
    let string: mlua::Table = lua.globals().get("string")?;
    for name in ["find", "match", "gmatch", "gsub"] {
        let function = match name {
            "find" => lua.create_function(|lua, args: Variadic<Value>| matcher::find(lua, &args, true))?,
            "match" => lua.create_function(|lua, args: Variadic<Value>| matcher::find(lua, &args, false))?,
            "gmatch" => lua.create_function(|lua, args: Variadic<Value>| matcher::gmatch(lua, &args))?,
            _ => lua.create_function(|lua, args: Variadic<Value>| matcher::gsub(lua, &args))?,
        };
        string.set(name, function)?;
    }
    string.set("dump", Value::Nil)?;
    string.set(
        "rep",
        lua.create_function(|lua, (text, count, between): (mlua::LuaString, i64, Option<mlua::LuaString>)| {
            spend(lua)?;
            let (text, count) = (text.as_bytes(), usize::try_from(count).unwrap_or(0));
            let between = between.map(|b| b.as_bytes().to_vec()).unwrap_or_default();
            let size = text.len().saturating_add(between.len()).saturating_mul(count);
            if size > TEXT_MAX {
                return Err(Error::runtime(at_line(
                    lua,
                    &format!("string.rep makes at most {TEXT_MAX} bytes, asked for {size}"),
                )));
            }
            let mut whole = Vec::with_capacity(size);
            for turn in 0..if size == 0 { 0 } else { count } {
                if turn > 0 {
                    whole.extend_from_slice(&between);
                }
                whole.extend_from_slice(&text);
            }
            lua.create_string(whole)
        })?,
    )?;
    let text = lua.create_string("")?;
    let meta: Option<mlua::Table> = lua.load("return getmetatable(...)").call(text)?;
    if let Some(meta) = meta {
        meta.raw_set("__metatable", "string")?;
    }
    Ok(())
}

/// `load` for text alone: no bytecode, no reader functions.
fn load(
    lua: &Lua,
    (text, name, _mode, env): (Value, Option<String>, Value, Option<mlua::Table>),
) -> mlua::Result<(Option<mlua::Function>, Option<String>)> {
    spend(lua)?;
    let Value::String(text) = text else {
        return Err(Error::runtime(at_line(lua, "load takes the text of a chunk")));
    };
    let name = name.unwrap_or_else(|| "=load".to_owned());
    let bytes = text.as_bytes().to_vec();
    let mut chunk = lua.load(bytes).set_name(name).set_mode(mlua::chunk::ChunkMode::Text);
    if let Some(env) = env {
        chunk = chunk.set_environment(env);
    }
    Ok(match chunk.into_function() {
        Ok(function) => (Some(function), None),
        Err(error) => (None, Some(message(&error))),
    })
}

/// What every chunk relies on can no longer be replaced: the libraries, and every global there is now but `open` ones.
pub fn seal(lua: &Lua, open: &[&str]) -> mlua::Result<()> {
    let names = lua.create_table()?;
    for name in open {
        names.raw_set(*name, true)?;
    }
    lua.load(include_str!("lua/seal.lua")).set_name(format!("={HIDDEN}")).call::<()>(names)
}

fn collect(lua: &Lua, what: Option<String>) -> mlua::Result<f64> {
    spend(lua)?;
    if what.as_deref() == Some("collect") {
        lua.gc_collect()?;
    }
    Ok(lua.used_memory() as f64 / 1024.0)
}

/// An error value as the text a person reads; other values as they are.
fn errtext(lua: &Lua, value: Value) -> mlua::Result<Value> {
    match value {
        Value::Error(error) => Ok(Value::String(lua.create_string(message(&error))?)),
        other => Ok(other),
    }
}
