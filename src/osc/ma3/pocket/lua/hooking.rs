//! Hooks: who is called when something changes.
//!
//! Thread: the desk's.

use mlua::{Function, Lua, Table, Value as LuaValue};

use super::super::class::Class;
use super::super::options::Levels;
use super::super::station::{Hook, Kind};
use super::super::tree::Id;
use super::super::world::Change;
use super::convert::Handle;
use super::{Context, run};

/// Where callbacks are kept in the Lua state.
const CALLBACKS: &str = "pocket callbacks";

/// Callbacks may write, which calls callbacks: so deep at most.
const DEPTH_MAX: usize = 16;

/// Changes handed out at once at most; hooks that feed on themselves stop here.
const CHANGES_MAX: usize = 200_000;

/// The table of callbacks. A weak one is the rule: only what somebody else holds stays.
pub fn prepare(lua: &Lua, context: &Context) -> mlua::Result<()> {
    let callbacks = lua.create_table()?;
    if context.station().options.hooks_weak {
        let meta = lua.create_table()?;
        meta.set("__mode", "v")?;
        callbacks.set_metatable(Some(meta))?;
    }
    lua.set_named_registry_value(CALLBACKS, callbacks)
}

fn callback(lua: &Lua, number: i64) -> Option<Function> {
    let callbacks: Table = lua.named_registry_value(CALLBACKS).ok()?;
    callbacks.raw_get(number).ok()
}

/// Put the functions about hooks into the globals.
pub fn install(lua: &Lua, context: &Context) -> mlua::Result<()> {
    let globals = lua.globals();
    let made = context.clone();
    let hook = lua.create_function(
        move |lua, (function, Handle(object), plugin, target): (Function, Handle, Option<Handle>, Option<Handle>)| {
            hook_object(&made, lua, function, object, plugin, target)
        },
    )?;
    globals.set("HookObjectChange", hook)?;
    let gone = context.clone();
    globals.set(
        "Unhook",
        lua.create_function(move |_, number: i64| {
            gone.station_mut().hooks.retain(|hook| hook.number != number);
            Ok(())
        })?,
    )?;
    let gone = context.clone();
    let unhook = lua.create_function(
        move |lua, (function, target, plugin): (Option<Function>, Option<Handle>, Option<Handle>)| {
            let same = |hook: &Hook| {
                function.as_ref().is_none_or(|f| callback(lua, hook.number).as_ref() == Some(f))
                    && target.is_none_or(|t| hook.object == t.0 || hook.target == Some(t.0))
                    && plugin.is_none_or(|p| hook.plugin == p.0)
            };
            let mut station = gone.station_mut();
            let before = station.hooks.len();
            station.hooks.retain(|hook| !same(hook));
            Ok(before - station.hooks.len())
        },
    )?;
    globals.set("UnhookMultiple", unhook)?;
    let shown = context.clone();
    globals.set(
        "DumpAllHooks",
        lua.create_function(move |_, ()| {
            let lines: Vec<String> = {
                let (world, station) = (shown.world(), shown.station());
                station
                    .hooks
                    .iter()
                    .map(|hook| format!("hook {} on {}", hook.number, world.path(hook.object)))
                    .collect()
            };
            lines.into_iter().for_each(|line| shown.say(Kind::Echo, line));
            Ok(())
        })?,
    )
}

fn hook_object(
    context: &Context,
    lua: &Lua,
    function: Function,
    object: Id,
    plugin: Option<Handle>,
    target: Option<Handle>,
) -> mlua::Result<LuaValue> {
    let wrong = |what: &str| Err(mlua::Error::runtime(format!("HookObjectChange: {what}")));
    let Some(Handle(plugin)) = plugin else { return wrong("the third argument is the plug-in's handle, got nil") };
    {
        let world = context.world();
        if world.tree.get(object).is_none() {
            return wrong("the object of this handle is gone");
        }
        if world.tree.class(plugin) != Some(Class::UserPlugin) {
            return wrong("the third argument is no plug-in: select(4, ...):Parent() at load gives it");
        }
    }
    let number = {
        let mut station = context.station_mut();
        if station.hooks.len() >= station.options.hooks_max {
            let limit = station.options.hooks_max;
            station.say(Kind::Quiet, format!("no hook: this desk takes {limit}"));
            return Ok(LuaValue::Nil);
        }
        let number = station.next_hook;
        station.next_hook += 1;
        station.hooks.push(Hook { number, object, plugin, target: target.map(|target| target.0) });
        number
    };
    let callbacks: Table = lua.named_registry_value(CALLBACKS)?;
    callbacks.raw_set(number, function)?;
    Ok(LuaValue::Integer(number))
}

/// Call the hooks of every change that waits, until none does.
pub fn fan_out(context: &Context, lua: &Lua) {
    if context.station().depth >= DEPTH_MAX {
        return;
    }
    context.station_mut().depth += 1;
    let mut left = CHANGES_MAX;
    loop {
        let change = {
            let inbox = context.station().inbox;
            context.world_mut().inboxes.get_mut(inbox).and_then(std::collections::VecDeque::pop_front)
        };
        let Some(change) = change else { break };
        call_hooks(context, lua, &change);
        left -= 1;
        if left == 0 {
            let inbox = context.station().inbox;
            context.world_mut().inboxes.get_mut(inbox).map(std::collections::VecDeque::clear);
            context.say(Kind::Error, "hooks feed on themselves: the rest of the changes is dropped");
            break;
        }
    }
    context.station_mut().depth -= 1;
}

fn call_hooks(context: &Context, lua: &Lua, change: &Change) {
    let due: Vec<Hook> = {
        let mut station = context.station_mut();
        if station.hooks.is_empty() {
            return;
        }
        let world = context.world();
        // The object of a hook is gone: so is the hook.
        let living = station.hooks.len();
        station.hooks.retain(|hook| world.tree.get(hook.object).is_some());
        if station.hooks.len() < living {
            let dead = living - station.hooks.len();
            station.say(Kind::Quiet, format!("{dead} hooks ended with their objects"));
        }
        let reach = if station.options.hooks_broadcast { change.chain.len() } else { 2.min(change.chain.len()) };
        station.hooks.iter().filter(|hook| change.chain[..reach].contains(&hook.object)).cloned().collect()
    };
    let level = match context.station().options.levels {
        Levels::Full => 8,
        Levels::ByKind => change.level,
    };
    let mut called: Vec<(Id, Function)> = vec![];
    for hook in due {
        let Some(function) = callback(lua, hook.number) else {
            let mut station = context.station_mut();
            station.hooks.retain(|other| other.number != hook.number);
            station.say(Kind::Quiet, format!("hook {} fell silent: its callback was collected", hook.number));
            continue;
        };
        // Registered twice on one object, a function is called once.
        if called.iter().any(|(object, other)| *object == hook.object && *other == function) {
            continue;
        }
        // An earlier callback may have taken this hook away.
        if !context.station().hooks.iter().any(|other| other.number == hook.number) {
            continue;
        }
        called.push((hook.object, function.clone()));
        context.station_mut().callbacks += 1;
        run(context, lua, function, (Handle(hook.object), level));
    }
}
