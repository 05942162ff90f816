//! Variables of plug-ins, shows and users.
//!
//! Thread: the desk's.

use mlua::{Lua, LuaString, Value as LuaValue};

use super::super::value::Value;
use super::Context;
use super::convert::{Handle, value};

/// Put the functions about variables into the globals.
pub fn install(lua: &Lua, context: &Context) -> mlua::Result<()> {
    let globals = lua.globals();
    let of = context.clone();
    globals.set(
        "PluginVars",
        lua.create_function(move |_, name: Option<LuaString>| {
            let name = name.map(|name| name.to_string_lossy()).unwrap_or_else(|| of.station().plugin.clone());
            let mut world = of.world_mut();
            let home = world.plugin_home(&name);
            Ok(Handle(world.vars_handle(&home)))
        })?,
    )?;
    for (function, home) in [("GlobalVars", "global"), ("UserVars", "user")] {
        let of = context.clone();
        globals.set(function, lua.create_function(move |_, ()| Ok(Handle(of.world_mut().vars_handle(home))))?)?;
    }
    let of = context.clone();
    globals.set(
        "AddonVars",
        lua.create_function(move |_, name: LuaString| {
            Ok(Handle(of.world_mut().vars_handle(&format!("addon {}", name.to_string_lossy()))))
        })?,
    )?;
    let of = context.clone();
    globals.set(
        "SetVar",
        lua.create_function(move |_, (Handle(vars), name, new): (Handle, LuaString, LuaValue)| {
            let kept = match value(&new) {
                Some(new @ (Value::Int(_) | Value::Num(_) | Value::Text(_))) => new,
                _ => {
                    return Err(mlua::Error::runtime(format!(
                        "SetVar takes text or a number, got {}",
                        new.type_name()
                    )));
                }
            };
            let mut world = of.world_mut();
            let home = home(&world, vars)?;
            world.vars.entry(home).or_default().insert(name.to_string_lossy(), kept);
            Ok(true)
        })?,
    )?;
    let of = context.clone();
    globals.set(
        "GetVar",
        lua.create_function(move |_, (Handle(vars), name): (Handle, LuaString)| {
            let world = of.world();
            let home = home(&world, vars)?;
            Ok(world.vars.get(&home).and_then(|vars| vars.get(&name.to_string_lossy())).cloned().unwrap_or(Value::Nil))
        })?,
    )?;
    let of = context.clone();
    globals.set(
        "DelVar",
        lua.create_function(move |_, (Handle(vars), name): (Handle, LuaString)| {
            let mut world = of.world_mut();
            let home = home(&world, vars)?;
            Ok(world.vars.get_mut(&home).is_some_and(|vars| vars.remove(&name.to_string_lossy()).is_some()))
        })?,
    )
}

fn home(world: &super::super::world::World, vars: u32) -> mlua::Result<String> {
    let found = world.var_handles.iter().find(|(_, id)| **id == vars).map(|(home, _)| home.clone());
    found.ok_or_else(|| mlua::Error::runtime("this is no set of variables"))
}
