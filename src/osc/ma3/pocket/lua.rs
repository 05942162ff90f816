//! The desk's Lua engine: its environment, and how its chunks, callbacks and coroutines run.
//!
//! Thread: the desk's. **Invariant:** neither the world nor the station is borrowed while Lua runs.

mod convert;
mod globals;
mod handle;
mod hooking;
mod json;
mod socket;
mod vars;

use std::cell::{Ref, RefCell, RefMut};
use std::rc::Rc;
use std::time::Duration;

use mlua::{Function, IntoLuaMulti, Lua, LuaOptions, MultiValue, StdLib, Thread, Value as LuaValue};

use super::options::HookMoment;
use super::station::{Due, Kind, Station};
use super::world::World;

pub use globals::shown;
pub use hooking::fan_out;

/// What every function of the environment reaches.
#[derive(Clone)]
pub struct Context {
    world: Rc<RefCell<World>>,
    station: Rc<RefCell<Station>>,
}

impl Context {
    /// Of one station in a session.
    pub fn new(world: Rc<RefCell<World>>, station: Rc<RefCell<Station>>) -> Self {
        Self { world, station }
    }

    /// The show, to look at.
    pub fn world(&self) -> Ref<'_, World> {
        self.world.borrow()
    }

    /// The show, to change.
    pub fn world_mut(&self) -> RefMut<'_, World> {
        self.world.borrow_mut()
    }

    /// The station, to look at.
    pub fn station(&self) -> Ref<'_, Station> {
        self.station.borrow()
    }

    /// The station, to change.
    pub fn station_mut(&self) -> RefMut<'_, Station> {
        self.station.borrow_mut()
    }

    /// A second way to the same world, for another station.
    pub fn share_world(&self) -> Rc<RefCell<World>> {
        self.world.clone()
    }

    /// Log a line.
    pub fn say(&self, kind: Kind, text: impl Into<String>) {
        self.station_mut().say(kind, text);
    }

    /// After a write by Lua: hooks fire now, where this desk's do so inside the write.
    pub fn wrote(&self, lua: &Lua) {
        if self.station().options.hooks == HookMoment::Inside {
            fan_out(self, lua);
        }
    }
}

/// What of the environment is written in Lua.
const PRELUDE: &str = include_str!("lua/prelude.lua");

/// A fresh Lua engine with the desk's environment.
pub fn engine(context: &Context) -> mlua::Result<Lua> {
    let own = StdLib::COROUTINE | StdLib::TABLE | StdLib::STRING | StdLib::UTF8 | StdLib::MATH;
    let lua = Lua::new_with(own, LuaOptions::new())?;
    hooking::prepare(&lua, context)?;
    handle::install(&lua, context)?;
    globals::install(&lua, context)?;
    hooking::install(&lua, context)?;
    vars::install(&lua, context)?;
    let modules = lua.create_table()?;
    modules.set("json", json::module(&lua)?)?;
    modules.set("socket.core", socket::module(&lua, context)?)?;
    let seen = context.clone();
    let looked_for = lua.create_function(move |_, name: LuaValue| {
        if let Ok(name) = name.to_string() {
            seen.station_mut().looked_for.insert(name);
        }
        Ok(())
    })?;
    let seed = context.station_mut().engine_seed();
    lua.load(PRELUDE).set_name("=desk").call::<()>((modules, looked_for, seed))?;
    Ok(lua)
}

/// How a run of Lua ended.
pub enum Ran {
    /// It returned.
    Done(MultiValue),
    /// It sleeps and goes on by itself.
    Sleeps,
    /// It failed; the message was logged.
    Failed(String),
}

/// Run a function on a coroutine of its own, as the desk runs everything.
pub fn run(context: &Context, lua: &Lua, function: Function, args: impl IntoLuaMulti) -> Ran {
    match lua.create_thread(function) {
        Ok(thread) => resume(context, &thread, args),
        Err(error) => failed(context, &error),
    }
}

/// Go on with a coroutine; where it yields a number it sleeps so many seconds.
pub fn resume(context: &Context, thread: &Thread, args: impl IntoLuaMulti) -> Ran {
    match thread.resume::<MultiValue>(args) {
        Ok(values) if thread.is_resumable() => {
            let seconds = values.front().and_then(|value| value.as_f64()).unwrap_or(0.0).clamp(0.0, 1.0e6);
            let mut station = context.station_mut();
            let when = station.now + Duration::from_secs_f64(seconds).max(station.options.frame);
            station.at(when, Due::Wake(thread.clone()));
            Ran::Sleeps
        }
        Ok(values) => Ran::Done(values),
        Err(error) => failed(context, &error),
    }
}

/// Log a Lua error, in words.
pub fn failed(context: &Context, error: &mlua::Error) -> Ran {
    let text = in_words(error);
    context.say(Kind::Error, text.clone());
    Ran::Failed(text)
}

/// What a Lua error says, without the traceback; a call of what is not there is named.
pub fn in_words(error: &mlua::Error) -> String {
    let text = error.to_string();
    let text = text.split("\nstack traceback").next().unwrap_or_default();
    let text = text.strip_prefix("runtime error: ").unwrap_or(text);
    for kind in ["global", "method"] {
        let before = format!("attempt to call a nil value ({kind} '");
        if let Some((place, rest)) = text.split_once(before.as_str())
            && let Some((name, _)) = rest.split_once('\'')
        {
            return format!("{place}{}", unknown(name));
        }
    }
    text.to_owned()
}

/// The sentence about an API that is not on the list.
pub fn unknown(name: &str) -> String {
    format!("the pocket desk knows no API \"{name}\": section A does not list it")
}
