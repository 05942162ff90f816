//! What people type: every Lua function is declared once, and from the declaration come registration, argument
//! errors, `help`, stubs, manual and completion.
//!
//! Thread: script.

pub mod callbacks;
pub mod config;
pub mod connect;
pub mod desk;
pub mod engine;
pub mod later;
pub mod layer;
pub mod live;
pub mod module;
pub mod pattern;
pub mod play;
pub mod state;
pub mod text;
pub mod transport;

use std::cell::RefCell;
use std::collections::BTreeMap;

use mlua::{Error, Function, Lua, MetaMethod, MultiValue, Table, UserData, UserDataMethods, Value};

use super::dry::Trace;
use super::vm;
use super::world::{Shared, fail};
use crate::model::BeatSpan;

/// What a function belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// A global function.
    Global,
    /// `clock`.
    Clock,
    /// `engine`.
    Engine,
    /// A module's handle.
    Module,
    /// `module.sample`.
    Samples,
    /// `module.sample[i]`.
    Sample,
    /// A pattern's handle.
    Pattern,
    /// A chain's handle.
    Chain,
    /// A layer's handle.
    Layer,
    /// `desk`.
    Desk,
    /// `macro(n)`.
    Macro,
    /// `param("path")`.
    Param,
    /// `live("name")`.
    Live,
    /// What `clock:every`, `onChange` and their kind give back.
    Timer,
    /// `engine:getModuleRegistry()`.
    Registry,
    /// `engine:getConnectionManager()`.
    Connections,
    /// `engine:getParameterRouter()`.
    Router,
    /// `engine:getPatternRuntime()`.
    Runtime,
}

impl Owner {
    /// Word before the colon: `clock` in `clock:setBPM`; also the class name of the stubs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Global => "",
            Self::Clock => "clock",
            Self::Engine => "engine",
            Self::Module => "module",
            Self::Samples => "samples",
            Self::Sample => "sample",
            Self::Pattern => "pattern",
            Self::Chain => "chain",
            Self::Layer => "layer",
            Self::Desk => "desk",
            Self::Macro => "macro",
            Self::Param => "param",
            Self::Live => "live",
            Self::Timer => "timer",
            Self::Registry => "registry",
            Self::Connections => "connections",
            Self::Router => "router",
            Self::Runtime => "runtime",
        }
    }
}

/// What an argument takes.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// The name of a module, pattern, chain or layer, or its handle.
    Name,
    /// Text.
    Text,
    /// A number in a range, with its unit.
    Number(f64, f64, &'static str),
    /// A whole number in a range.
    Whole(i64, i64),
    /// true or false.
    Switch,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A length: beats, `"1/4"`, `"2 bars"`.
    Span,
    /// A function.
    Callback,
    /// A table.
    Table,
    /// A parameter's value: a number, a word or true/false.
    Value,
    /// Anything.
    Any,
    /// Anything, any number of times. Last only.
    Rest,
}

/// One argument.
#[derive(Debug)]
pub struct Arg {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Whether it may be left out.
    pub optional: bool,
}

/// An argument that must be given.
pub const fn arg(name: &'static str, kind: Kind) -> Arg {
    Arg { name, kind, optional: false }
}

/// An argument that may be left out.
pub const fn opt(name: &'static str, kind: Kind) -> Arg {
    Arg { name, kind, optional: true }
}

/// A Lua function: the one place it is declared.
pub struct Entry {
    /// What it belongs to.
    pub owner: Owner,
    /// Its name.
    pub name: &'static str,
    /// Its arguments.
    pub args: &'static [Arg],
    /// What it gives back, as LuaCATS writes types; empty for nothing.
    pub returns: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// An example with its results, which a test runs and compares: `--> printed`, `--! part of an error`; `-- later`
    /// begins the next chunk, `-- 2 beats later` after so much of the song.
    pub example: &'static str,
    /// What is run.
    pub run: fn(&Call<'_>) -> mlua::Result<Value>,
}

impl Entry {
    /// The name as it is called: `setParam`, `clock:setBPM`.
    pub fn title(&self) -> String {
        match self.owner {
            Owner::Global => self.name.to_owned(),
            Owner::Desk => format!("desk.{}", self.name),
            owner => format!("{}:{}", owner.word(), self.name),
        }
    }

    /// The name with its arguments: `setParam(path, value)`; those in brackets may be left out.
    pub fn signature(&self) -> String {
        let names: Vec<String> = self
            .args
            .iter()
            .map(|a| match (a.kind, a.optional) {
                (Kind::Rest, _) => "…".to_owned(),
                (_, true) => format!("[{}]", a.name),
                _ => a.name.to_owned(),
            })
            .collect();
        format!("{}({})", self.title(), names.join(", "))
    }
}

/// Every function, in the order of the manual.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    [
        module::ENTRIES,
        pattern::ENTRIES,
        connect::ENTRIES,
        play::ENTRIES,
        transport::ENTRIES,
        callbacks::ENTRIES,
        live::ENTRIES,
        layer::ENTRIES,
        desk::ENTRIES,
        engine::ENTRIES,
        text::ENTRIES,
    ]
    .into_iter()
    .flatten()
}

/// One call of a function.
pub struct Call<'a> {
    /// The state.
    pub lua: &'a Lua,
    /// The world.
    pub world: &'a Shared,
    /// The handle it was called on.
    pub this: Handle,
    /// The arguments, checked.
    pub args: Vec<Value>,
}

impl Call<'_> {
    /// An argument; nil when it was left out.
    pub fn value(&self, place: usize) -> Value {
        self.args.get(place).cloned().unwrap_or(Value::Nil)
    }

    /// A text or name argument.
    pub fn text(&self, place: usize) -> Option<String> {
        text_of(&self.value(place))
    }

    /// A number argument.
    pub fn number(&self, place: usize) -> Option<f64> {
        number_of(&self.value(place))
    }

    /// A table argument.
    pub fn table(&self, place: usize) -> Option<Table> {
        match self.value(place) {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// A function argument.
    pub fn function(&self, place: usize) -> Option<Function> {
        match self.value(place) {
            Value::Function(function) => Some(function),
            _ => None,
        }
    }

    /// A length argument.
    pub fn span(&self, place: usize) -> mlua::Result<BeatSpan> {
        span_of(&self.value(place)).map_err(Error::runtime)
    }

    /// A handle as the value given back.
    pub fn give(&self, owner: Owner, key: &str) -> mlua::Result<Value> {
        handle(self.lua, Handle { owner, key: key.to_owned(), number: 0 })
    }

    /// The handle it was called on, for chaining.
    pub fn this(&self) -> mlua::Result<Value> {
        handle(self.lua, self.this.clone())
    }
}

/// Text of a string or of a handle's name.
pub fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string_lossy()),
        Value::UserData(data) => data.borrow::<Handle>().ok().map(|h| h.key.clone()).filter(|k| !k.is_empty()),
        _ => None,
    }
}

/// Whether [`text_of`] finds text.
fn is_text(value: &Value) -> bool {
    matches!(value, Value::String(_)) || matches!(value, Value::UserData(_)) && text_of(value).is_some()
}

/// A number that is one.
pub fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

/// A length as people write it.
pub fn span_of(value: &Value) -> Result<BeatSpan, String> {
    match value {
        Value::String(text) => BeatSpan::parse(&text.to_string_lossy()),
        other => match number_of(other) {
            Some(beats) if beats.is_finite() && beats > 0.0 => Ok(BeatSpan::Beats(beats)),
            _ => Err(format!("{} is not a length: write beats above 0, \"1/4\" or \"2 bars\"", got(other))),
        },
    }
}

/// A value as an error message shows it.
pub fn got(value: &Value) -> String {
    match value {
        Value::Nil => "nothing".to_owned(),
        Value::String(text) => {
            let text = text.to_string_lossy();
            let short: String = text.chars().take(40).collect();
            format!("\"{short}\"{}", if short.len() < text.len() { "…" } else { "" })
        }
        Value::Integer(_) | Value::Number(_) | Value::Boolean(_) => {
            value.to_string().unwrap_or_else(|_| "a value".to_owned())
        }
        other => format!("a {}", other.type_name()),
    }
}

impl Kind {
    /// What may be given, as a phrase.
    pub fn allowed(&self) -> String {
        match self {
            Self::Name => "a name or its handle".to_owned(),
            Self::Text => "text".to_owned(),
            Self::Number(min, max, unit) => match (min.is_finite(), max.is_finite()) {
                (true, true) => format!("a number from {min} to {max}{unit}"),
                (true, false) => format!("a number from {min}{unit}"),
                _ => format!("a number{unit}"),
            },
            Self::Whole(min, max) if *min == i64::MIN && *max == i64::MAX => "a whole number".to_owned(),
            Self::Whole(min, max) => format!("a whole number from {min} to {max}"),
            Self::Switch => "true or false".to_owned(),
            Self::Word(words) => format!("one of \"{}\"", words.join("\" \"")),
            Self::Span => "beats above 0, a part of a whole note (\"1/4\") or bars (\"2 bars\")".to_owned(),
            Self::Callback => "a function".to_owned(),
            Self::Table => "a table".to_owned(),
            Self::Value => "a number, a word or true/false".to_owned(),
            Self::Any | Self::Rest => "anything".to_owned(),
        }
    }

    fn takes(&self, value: &Value) -> bool {
        match self {
            Self::Name | Self::Text => is_text(value),
            Self::Number(min, max, _) => number_of(value).is_some_and(|n| n >= *min && n <= *max),
            Self::Whole(min, max) => {
                number_of(value).is_some_and(|n| n.fract() == 0.0 && n >= *min as f64 && n <= *max as f64)
            }
            Self::Switch => matches!(value, Value::Boolean(_)),
            Self::Word(words) => text_of(value).is_some_and(|text| words.contains(&text.as_str())),
            Self::Span => span_of(value).is_ok(),
            Self::Callback => matches!(value, Value::Function(_)),
            Self::Table => matches!(value, Value::Table(_)),
            Self::Value => matches!(value, Value::Boolean(_) | Value::String(_)) || number_of(value).is_some(),
            Self::Any | Self::Rest => true,
        }
    }
}

fn check(entry: &Entry, values: &[Value]) -> Result<(), String> {
    for (place, arg) in entry.args.iter().enumerate() {
        let value = values.get(place).unwrap_or(&Value::Nil);
        if matches!(value, Value::Nil) && (arg.optional || matches!(arg.kind, Kind::Any | Kind::Rest)) {
            continue;
        }
        if !arg.kind.takes(value) {
            return Err(format!(
                "argument {} \"{}\" takes {}, got {}",
                place + 1,
                arg.name,
                arg.kind.allowed(),
                got(value)
            ));
        }
    }
    let rest = entry.args.last().is_some_and(|a| matches!(a.kind, Kind::Rest));
    if !rest && values.len() > entry.args.len() {
        return Err(format!("takes {} arguments, got {}: {}", entry.args.len(), values.len(), entry.signature()));
    }
    Ok(())
}

/// A thing in Lua's hand: a kind and a name; everything else is looked up when asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Handle {
    /// What it is.
    pub owner: Owner,
    /// Whose.
    pub key: String,
    /// Which one: sample place, macro or timer number.
    pub number: u64,
}

/// A handle as a Lua value.
pub fn handle(lua: &Lua, handle: Handle) -> mlua::Result<Value> {
    Ok(Value::UserData(lua.create_userdata(handle)?))
}

/// Methods by owner, as Lua tables.
struct Methods(RefCell<BTreeMap<Owner, Table>>);

fn world_of(lua: &Lua) -> mlua::Result<Shared> {
    match lua.app_data_ref::<Shared>() {
        Some(world) => Ok(world.clone()),
        None => fail("the script room is not ready"),
    }
}

impl UserData for Handle {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |lua, this, key: Value| {
            if let Some(name) = key.as_string().map(|s| s.to_string_lossy()) {
                let found = lua.app_data_ref::<Methods>().and_then(|m| m.0.borrow().get(&this.owner).cloned());
                if let Some(function) = found.map(|t| t.raw_get::<Value>(name)).transpose()?
                    && function != Value::Nil
                {
                    return Ok(function);
                }
            }
            module::property(lua, &world_of(lua)?, this, &key).map_err(|e| placed(lua, e, ""))
        });
        methods.add_meta_method(MetaMethod::NewIndex, |lua, this, (key, value): (Value, Value)| {
            let world = world_of(lua)?;
            Trace::stand(lua, &world);
            module::assign(lua, &world, this, &key, &value).map_err(|e| placed(lua, e, ""))
        });
        methods.add_meta_method(MetaMethod::Call, |lua, this, args: MultiValue| {
            let world = world_of(lua)?;
            Trace::stand(lua, &world);
            module::called(lua, &world, this, &args.into_vec()).map_err(|e| placed(lua, e, ""))
        });
        methods.add_meta_function(MetaMethod::Eq, |_, (a, b): (Value, Value)| {
            let handle = |v: &Value| v.as_userdata().and_then(|d| d.borrow::<Handle>().ok().map(|h| h.clone()));
            Ok(handle(&a).is_some() && handle(&a) == handle(&b))
        });
        methods.add_meta_method(MetaMethod::ToString, |_, this, ()| Ok(module::shown(this)));
    }
}

/// An error with the Lua line it belongs to, unless it has one.
fn placed(lua: &Lua, error: Error, who: &str) -> Error {
    match error {
        Error::RuntimeError(text) if !text.contains("\nstack traceback:") => {
            let who = if who.is_empty() { String::new() } else { format!("{who}: ") };
            Error::runtime(vm::at_line(lua, &format!("{who}{text}")))
        }
        other => other,
    }
}

fn bind(lua: &Lua, world: &Shared, entry: &'static Entry) -> mlua::Result<Function> {
    let world = world.clone();
    lua.create_function(move |lua, args: MultiValue| {
        let budget = world.borrow().budget.clone();
        budget.spend()?;
        Trace::stand(lua, &world);
        let mut values = args.into_vec();
        // Put together only for an error: a call must cost little.
        let title = || entry.title();
        let mut this = Handle { owner: Owner::Global, key: String::new(), number: 0 };
        if entry.owner == Owner::Desk {
            // `desk.push()` and `desk:push()` are the same.
            let is_desk = |v: &Value| {
                v.as_userdata().and_then(|d| d.borrow::<Handle>().ok().map(|h| h.owner)) == Some(Owner::Desk)
            };
            if values.first().is_some_and(is_desk) {
                values.remove(0);
            }
        } else if entry.owner != Owner::Global {
            let first = if values.is_empty() { Value::Nil } else { values.remove(0) };
            let found = first.as_userdata().and_then(|d| d.borrow::<Handle>().ok().map(|h| h.clone()));
            match found.filter(|h| h.owner == entry.owner) {
                Some(found) => this = found,
                None => return Err(placed(lua, Error::runtime(format!("write {}(…) with a colon", title())), "")),
            }
        }
        check(entry, &values).map_err(|text| placed(lua, Error::runtime(text), &title()))?;
        let call = Call { lua, world: &world, this, args: values };
        (entry.run)(&call).map_err(|error| placed(lua, error, &title()))
    })
}

/// Put every function into the state.
pub fn install(lua: &Lua, world: &Shared) -> mlua::Result<()> {
    lua.set_app_data(world.clone());
    let globals = lua.globals();
    let mut methods: BTreeMap<Owner, Table> = BTreeMap::new();
    for entry in entries() {
        let function = bind(lua, world, entry)?;
        if entry.owner == Owner::Global {
            globals.set(entry.name, function)?;
        } else {
            let table = match methods.entry(entry.owner) {
                std::collections::btree_map::Entry::Occupied(found) => found.into_mut(),
                std::collections::btree_map::Entry::Vacant(empty) => empty.insert(lua.create_table()?),
            };
            table.raw_set(entry.name, function)?;
        }
    }
    let clock = methods.get(&Owner::Clock).cloned();
    lua.set_app_data(Methods(RefCell::new(methods)));
    let single = |owner| handle(lua, Handle { owner, key: String::new(), number: 0 });
    globals.set("clock", single(Owner::Clock)?)?;
    globals.set("engine", single(Owner::Engine)?)?;
    globals.set("desk", single(Owner::Desk)?)?;
    later::install(lua)?;
    let native = lua.create_table()?;
    native.set("clock", clock)?;
    native.set("require", text::require(lua, world)?)?;
    let prelude = lua.load(include_str!("lua/prelude.lua")).set_name(format!("={}", vm::HIDDEN));
    let made: Table = prelude.call(native)?;
    state::install(lua, &made)?;
    vm::seal(lua, later::LATER)
}
