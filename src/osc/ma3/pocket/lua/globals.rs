//! The functions that belong to no object: tree roots, clocks, timers, logging, commands, undo, and what the desk says
//! of itself.
//!
//! Thread: the desk's.

use std::time::Duration;

use mlua::{FromLuaMulti, Function, IntoLuaMulti, Lua, LuaString, MultiValue, Table, Value as LuaValue};

use super::super::class::{self, Words};
use super::super::command;
use super::super::options::TimerDelay;
use super::super::station::{Due, Kind, Timer};
use super::super::tree::Id;
use super::Context;
use super::convert::Handle;

struct Globals<'a> {
    lua: &'a Lua,
    table: Table,
    context: &'a Context,
}

impl Globals<'_> {
    fn add<A: FromLuaMulti, R: IntoLuaMulti>(
        &self,
        name: &'static str,
        function: impl Fn(&Context, &Lua, A) -> mlua::Result<R> + 'static,
    ) -> mlua::Result<()> {
        let context = self.context.clone();
        self.table.raw_set(name, self.lua.create_function(move |lua, args: A| function(&context, lua, args))?)
    }
}

/// Put them into the globals.
pub fn install(lua: &Lua, context: &Context) -> mlua::Result<()> {
    let globals = Globals { lua, table: lua.globals(), context };
    objects(&globals)?;
    clocks(&globals)?;
    logging(&globals)?;
    commands(&globals)?;
    about(&globals)?;
    lua.globals().raw_set("Enums", enums(lua)?)?;
    lua.globals().raw_set("os", os(lua, context)?)?;
    lua.globals().raw_set("io", io(lua)?)
}

fn objects(globals: &Globals<'_>) -> mlua::Result<()> {
    globals.add("Root", |context, _, ()| Ok(Handle(context.world().root)))?;
    globals.add("DataPool", |context, _, ()| Ok(Handle(context.world().pool)))?;
    globals.add("SelectedTimecode", |context, _, ()| {
        let world = context.world();
        Ok(world.selected.filter(|id| world.tree.get(*id).is_some()).map(Handle))
    })?;
    globals.add("IsObjectValid", |context, _, handle: LuaValue| {
        Ok(match handle {
            LuaValue::LightUserData(place) => context.world().tree.get(place.0 as usize as Id).is_some(),
            _ => false,
        })
    })?;
    globals.add("HandleToInt", |_, _, Handle(id): Handle| Ok(i64::from(id)))?;
    globals.add("IntToHandle", |_, _, n: i64| Ok(Handle(n as Id)))?;
    globals.add("HandleToStr", |_, _, Handle(id): Handle| Ok(format!("{id:08X}")))?;
    globals.add("StrToHandle", |_, _, text: String| {
        Ok(Id::from_str_radix(text.trim_start_matches('#'), 16).ok().map(Handle))
    })?;
    for (name, at) in [("CurrentUser", "User"), ("CurrentProfile", "UserProfile")] {
        globals.add(name, move |context, _, ()| {
            let mut world = context.world_mut();
            // They stand outside the show, like variables.
            let home = format!("{at} object");
            if let Some(id) = world.var_handles.get(&home) {
                return Ok(Handle(*id));
            }
            let id = world.tree.create(class::Class::named(at).unwrap_or(class::Class::User));
            world.name(id, "Admin");
            world.var_handles.insert(home, id);
            Ok(Handle(id))
        })?;
    }
    Ok(())
}

fn clocks(globals: &Globals<'_>) -> mlua::Result<()> {
    globals.add("Time", |context, _, ()| {
        let station = context.station();
        Ok(station.now.saturating_sub(station.started).as_secs_f64())
    })?;
    globals.add("Timer", |context, _, args: (Function, f64, i64, Option<Function>, LuaValue)| {
        let (function, delay, count, cleanup, timer_context) = args;
        if count < 1 || !(0.0..=1.0e6).contains(&delay) {
            let text = format!("Timer takes a delay of 0 to 1000000 s and a count from 1, got {delay} and {count}");
            return Err(mlua::Error::runtime(text));
        }
        let mut station = context.station_mut();
        let delay = match station.options.timers {
            TimerDelay::Exact => delay,
            TimerDelay::CutToSeconds => delay.floor(),
            TimerDelay::UpToSeconds => delay.ceil(),
        };
        let period = Duration::from_secs_f64(delay);
        let when = station.now + period;
        // A delay of 0 still leaves the stack first: it is queued like any other.
        station.at(when, Due::Timer(Timer { function, period, left: count, cleanup, context: timer_context }));
        Ok(())
    })?;
    for name in ["WaitObjectDelete", "WaitChildren", "WaitModal", "HookDelete"] {
        globals.add(name, move |_, _, _: MultiValue| -> mlua::Result<()> {
            Err(mlua::Error::runtime(format!(
                "{name}: it is for objects of the desk's windows, and the pocket desk has none"
            )))
        })?;
    }
    globals.add("PrepareWaitObjectChange", |_, _, _: (Handle, Option<i64>)| -> mlua::Result<bool> {
        Err(mlua::Error::runtime("the pocket desk does not wait for objects: hook them"))
    })
}

fn logging(globals: &Globals<'_>) -> mlua::Result<()> {
    let kinds = [
        ("Printf", Kind::Printf, true),
        ("Echo", Kind::Echo, true),
        ("ErrPrintf", Kind::Error, true),
        ("ErrEcho", Kind::Error, true),
        ("print", Kind::Printf, false),
    ];
    for (name, kind, format) in kinds {
        globals.add(name, move |context, lua, args: MultiValue| {
            let text = if format {
                formatted(lua, args)?
            } else {
                args.iter().map(|value| shown(lua, value)).collect::<mlua::Result<Vec<_>>>()?.join("\t")
            };
            context.say(kind, text);
            Ok(())
        })?;
    }
    Ok(())
}

/// A value as Lua's `tostring` writes it: 2.0 stays "2.0".
pub fn shown(lua: &Lua, value: &LuaValue) -> mlua::Result<String> {
    let tostring: Function = lua.globals().raw_get("tostring")?;
    Ok(tostring.call::<LuaString>(value)?.to_string_lossy())
}

/// The text of a format and its arguments.
fn formatted(lua: &Lua, args: MultiValue) -> mlua::Result<String> {
    let format: Function = lua.globals().get::<Table>("string")?.get("format")?;
    Ok(format.call::<LuaString>(args)?.to_string_lossy())
}

fn commands(globals: &Globals<'_>) -> mlua::Result<()> {
    globals.add("Cmd", |context, lua, mut args: MultiValue| {
        // The second argument may be an undo block.
        let undo = match args.get(1) {
            Some(LuaValue::LightUserData(place)) => Some(place.0 as usize as Id),
            _ => None,
        };
        if undo.is_some() || args.get(1).is_some_and(LuaValue::is_nil) {
            args.remove(1);
        }
        let line = formatted(lua, args)?;
        Ok(command::execute(context, lua, &line, undo))
    })?;
    for name in ["CmdIndirect", "CmdIndirectWait"] {
        globals.add(name, move |context, lua, (line, undo): (LuaString, Option<Handle>)| {
            let line = line.to_string_lossy();
            if name == "CmdIndirectWait" {
                command::execute_unseen(context, lua, &line, undo.map(|undo| undo.0));
            } else {
                let mut station = context.station_mut();
                let when = station.now + station.options.frame;
                station.at(when, Due::Indirect(line, undo.map(|undo| undo.0)));
            }
            Ok(())
        })?;
    }
    globals.add("CreateUndo", |context, _, label: LuaString| {
        Ok(Handle(context.world_mut().create_undo(&label.to_string_lossy())))
    })?;
    globals.add("CloseUndo", |context, _, Handle(id): Handle| Ok(context.world_mut().close_undo(id)))
}

fn about(globals: &Globals<'_>) -> mlua::Result<()> {
    globals.add("Version", |context, _, ()| Ok(context.station().options.version.clone()))?;
    globals.add("HostType", |context, _, ()| Ok(context.station().options.host_type.clone()))?;
    globals.add("HostOS", |_, _, ()| Ok("Linux"))?;
    globals.add("ReleaseType", |_, _, ()| Ok("Release"))?;
    globals.add("GetShowFileStatus", |_, _, ()| Ok("ShowLoaded"))?;
    globals.add("BuildDetails", |context, lua, ()| {
        let details = lua.create_table()?;
        details.set("BigVersion", context.station().options.version.clone())?;
        Ok(details)
    })?;
    for name in ["OpenMessageQueue", "SendLuaMessage"] {
        globals.add(name, move |_, _, _: MultiValue| -> mlua::Result<()> {
            Err(mlua::Error::runtime(format!("{name}: the pocket desk has no messages between stations")))
        })?;
    }
    Ok(())
}

fn enums(lua: &Lua) -> mlua::Result<Table> {
    let enums = lua.create_table()?;
    let lists: [(&str, Words); 4] = [
        ("ChangeLevel", class::CHANGE_LEVELS),
        ("Roles", class::ROLES),
        ("AssignmentButtonFunctionsTimecode", class::TOKENS),
        ("TimecodePoolAction", class::POOL_ACTIONS),
    ];
    for (name, words) in lists {
        enums.set(name, lua.create_table_from(words.iter().copied())?)?;
    }
    enums.set("OSCMode", lua.create_table_from([("UDP", 0), ("TCP", 1)])?)?;
    enums.set("TimeCodeSource", lua.create_table_from([("Midi", 0), ("Smpte", 1)])?)?;
    Ok(enums)
}

fn os(lua: &Lua, context: &Context) -> mlua::Result<Table> {
    let os = lua.create_table()?;
    let clock = context.clone();
    let seconds = move || {
        let station = clock.station();
        station.options.wall + station.now.as_secs_f64()
    };
    let now = seconds.clone();
    os.set(
        "time",
        lua.create_function(move |_, when: Option<Table>| match when {
            None => Ok(now().floor() as i64),
            Some(_) => Err(mlua::Error::runtime("os.time of a table is not there on the pocket desk")),
        })?,
    )?;
    os.set(
        "date",
        lua.create_function(move |_, format: Option<String>| match format.as_deref() {
            None | Some("%c" | "!%c") => Ok(date("%Y-%m-%d %H:%M:%S", seconds())),
            Some(format) => Ok(date(format.trim_start_matches('!'), seconds())),
        })?,
    )?;
    let clock = context.clone();
    os.set("clock", lua.create_function(move |_, ()| Ok(clock.station().now.as_secs_f64() * 0.01))?)?;
    os.set("getenv", lua.create_function(|_, _: LuaValue| Ok(LuaValue::Nil))?)?;
    os.set("difftime", lua.create_function(|_, (to, from): (f64, f64)| Ok(to - from))?)?;
    Ok(os)
}

/// A date of the virtual clock, in UTC.
fn date(format: &str, seconds: f64) -> String {
    let seconds = seconds as i64;
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Howard Hinnant's days to civil date.
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_part = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_part + 2) / 5 + 1;
    let month = if month_part < 10 { month_part + 3 } else { month_part - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let parts = [
        ("%Y", format!("{year:04}")),
        ("%m", format!("{month:02}")),
        ("%d", format!("{day:02}")),
        ("%H", format!("{:02}", rest / 3600)),
        ("%M", format!("{:02}", rest / 60 % 60)),
        ("%S", format!("{:02}", rest % 60)),
    ];
    parts.iter().fold(format.to_owned(), |text, (key, part)| text.replace(key, part))
}

fn io(lua: &Lua) -> mlua::Result<Table> {
    let io = lua.create_table()?;
    io.set(
        "open",
        lua.create_function(|_, (path, _): (String, Option<String>)| {
            Ok((LuaValue::Nil, format!("{path}: the pocket desk has no files")))
        })?,
    )?;
    Ok(io)
}
