//! The object API: what can be called on a handle, and what `handle.x` and `handle[n]` mean.
//!
//! Thread: the desk's.

use mlua::{FromLuaMulti, IntoLuaMulti, LightUserData, Lua, LuaString, Table, Value as LuaValue};

use super::super::class::{self, Class};
use super::super::edit::Who;
use super::super::station::Kind;
use super::super::tree::Id;
use super::super::value::Value;
use super::super::world::World;
use super::convert::{Handle, value};
use super::{Context, unknown};

/// Puts functions of the object API into a table.
struct Methods<'a> {
    lua: &'a Lua,
    table: Table,
    context: &'a Context,
}

impl Methods<'_> {
    fn add<A: FromLuaMulti, R: IntoLuaMulti>(
        &self,
        name: &'static str,
        function: impl Fn(&Context, &Lua, A) -> mlua::Result<R> + 'static,
    ) -> mlua::Result<()> {
        let context = self.context.clone();
        self.table.set(name, self.lua.create_function(move |lua, args: A| function(&context, lua, args))?)
    }

    /// A method that only looks at a living object.
    fn look<R: IntoLuaMulti>(&self, name: &'static str, look: impl Fn(&World, Id) -> R + 'static) -> mlua::Result<()> {
        self.add(name, move |context, _, Handle(id): Handle| {
            let world = context.world();
            living(&world, id)?;
            Ok(look(&world, id))
        })
    }
}

/// The object must still be there.
fn living(world: &World, id: Id) -> mlua::Result<()> {
    match world.tree.get(id) {
        Some(_) => Ok(()),
        None => Err(mlua::Error::runtime("the object of this handle is gone: ask IsObjectValid first")),
    }
}

fn wrong(message: impl std::fmt::Display) -> mlua::Error {
    mlua::Error::runtime(message.to_string())
}

fn handles(lua: &Lua, ids: &[Id]) -> mlua::Result<Table> {
    lua.create_sequence_from(ids.iter().map(|id| Handle(*id)))
}

/// Give handles their methods, properties and children.
pub fn install(lua: &Lua, context: &Context) -> mlua::Result<()> {
    let methods = Methods { lua, table: lua.create_table()?, context };
    looks(&methods)?;
    writes(&methods)?;
    makes(&methods)?;
    let known = context.clone();
    let get = lua.create_function(move |_, (Handle(id), key): (Handle, LuaValue)| index(&known.world(), id, &key))?;
    let written = context.clone();
    let set = lua.create_function(move |lua, (Handle(id), key, new): (Handle, LuaString, LuaValue)| {
        write(&written, lua, id, &key.to_string_lossy(), &new)
    })?;
    let counted = context.clone();
    let count = lua.create_function(move |_, Handle(id): Handle| Ok(counted.world().tree.children(id).len()))?;
    let shown = context.clone();
    let show = lua.create_function(move |_, Handle(id): Handle| Ok(text_of(&shown.world(), id)))?;
    let meta = lua.create_table()?;
    let router = "local methods, get = ... return function(handle, key) local method = methods[key] \
                  if method ~= nil then return method end return get(handle, key) end";
    let router: LuaValue = lua.load(router).set_name("=desk").call((methods.table, get))?;
    meta.set("__index", router)?;
    meta.set("__newindex", set)?;
    meta.set("__len", count)?;
    meta.set("__tostring", show)?;
    lua.set_type_metatable::<LightUserData>(Some(meta));
    Ok(())
}

/// `handle.x` and `handle[n]`.
fn index(world: &World, id: Id, key: &LuaValue) -> mlua::Result<Value> {
    living(world, id)?;
    let child = |found: Option<Id>| Ok(found.map_or(Value::Nil, Value::Object));
    match key {
        LuaValue::Integer(n) => child(world.indexed(id, *n)),
        LuaValue::Number(n) if n.fract() == 0.0 => child(world.indexed(id, *n as i64)),
        LuaValue::String(name) => {
            let name = name.to_string_lossy();
            let class = world.tree.class(id).unwrap_or(Class::Root);
            if class.prop(&name).is_some() {
                return Ok(world.read(id, &name));
            }
            if let Some(found) = world.tree.named(id, &name) {
                return Ok(Value::Object(found));
            }
            let known = class.is_pool()
                || class::is_property_anywhere(&name)
                || class::KNOWN_ABSENT.contains(&name.to_ascii_lowercase().as_str())
                || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if known { Ok(Value::Nil) } else { Err(wrong(unknown(&name))) }
        }
        _ => Ok(Value::Nil),
    }
}

fn text_of(world: &World, id: Id) -> String {
    match world.tree.class(id) {
        Some(class) => format!("{} '{}' #{id:08X}", class.name(), world.shown_name(id)),
        None => format!("invalid #{id:08X}"),
    }
}

fn looks(methods: &Methods<'_>) -> mlua::Result<()> {
    methods.add("IsValid", |context, _, Handle(id): Handle| Ok(context.world().tree.get(id).is_some()))?;
    methods.look("GetClass", |world, id| world.tree.class(id).map_or("", Class::name))?;
    methods.look("GetChildClass", |world, id| match world.tree.class(id) {
        Some(Class::TimeRange) => "SubTrack",
        class => class.and_then(Class::child).map_or("", Class::name),
    })?;
    methods.look("Count", |world, id| world.tree.children(id).len())?;
    methods.look("Parent", |world, id| world.tree.parent(id).map(Handle))?;
    methods.look("ToAddr", World::address)?;
    methods.look("Addr", World::places)?;
    methods.look("AddrNative", World::path)?;
    methods.look("HandleToInt", |_, id| i64::from(id))?;
    methods.look("HandleToStr", |_, id| format!("{id:08X}"))?;
    methods.look("IsUserTriggeredEvent", |_, _| false)?;
    methods.look("IsRecording", |world, id| world.runs(id).1)?;
    methods.add("Children", |context, lua, Handle(id): Handle| {
        let world = context.world();
        living(&world, id)?;
        handles(lua, world.tree.children(id))
    })?;
    methods.add("CmdlineChildren", |context, lua, Handle(id): Handle| {
        let world = context.world();
        living(&world, id)?;
        handles(lua, &world.cmdline_children(id))
    })?;
    methods.add("Ptr", |context, _, (Handle(id), n): (Handle, i64)| {
        let world = context.world();
        living(&world, id)?;
        Ok(world.indexed(id, n).map(Handle))
    })?;
    methods.add("CmdlinePtr", |context, _, (Handle(id), n): (Handle, i64)| {
        let world = context.world();
        living(&world, id)?;
        Ok(world.cmdline_child(id, n).map(Handle))
    })?;
    methods.add("Get", |context, _, (Handle(id), name, role): (Handle, LuaString, Option<i64>)| {
        let world = context.world();
        living(&world, id)?;
        let name = name.to_string_lossy();
        Ok(match role {
            Some(_) => world.read_text(id, &name).map_or(Value::Nil, Value::Text),
            None => world.read(id, &name),
        })
    })?;
    methods.add("Find", |context, _, (Handle(id), name, class): (Handle, LuaString, Option<LuaString>)| {
        let world = context.world();
        living(&world, id)?;
        Ok(find(&world, id, &name.to_string_lossy(), class.map(|class| class.to_string_lossy()), false))
    })?;
    methods.add("FindRecursive", |context, _, (Handle(id), name, class): (Handle, LuaString, Option<LuaString>)| {
        let world = context.world();
        living(&world, id)?;
        Ok(find(&world, id, &name.to_string_lossy(), class.map(|class| class.to_string_lossy()), true))
    })?;
    methods.add("FindParent", |context, _, (Handle(id), class): (Handle, LuaString)| {
        let world = context.world();
        living(&world, id)?;
        Ok(Class::named(&class.to_string_lossy()).and_then(|class| world.tree.above(id, class)).map(Handle))
    })?;
    methods.add("PropertyInfo", property_info)?;
    methods.add("Dump", |context, _, Handle(id): Handle| {
        let text = context.world().dump(id);
        context.say(Kind::Echo, text);
        Ok(())
    })
}

fn find(world: &World, id: Id, name: &str, class: Option<String>, deep: bool) -> Option<Handle> {
    world.tree.children(id).iter().copied().find_map(|child| {
        let fits = world.shown_name(child).eq_ignore_ascii_case(name)
            && class.as_ref().is_none_or(|class| world.tree.class(child).is_some_and(|c| c.name() == class));
        if fits {
            return Some(Handle(child));
        }
        if deep { find(world, child, name, class.clone(), true) } else { None }
    })
}

fn property_info(context: &Context, lua: &Lua, (Handle(id), which): (Handle, LuaValue)) -> mlua::Result<Option<Table>> {
    let world = context.world();
    living(&world, id)?;
    let class = world.tree.class(id).unwrap_or(Class::Root);
    let prop = match &which {
        LuaValue::Integer(n) => class.props().nth(usize::try_from(n - 1).unwrap_or(usize::MAX)),
        LuaValue::String(name) => class.prop(&name.to_string_lossy()),
        _ => None,
    };
    let Some(prop) = prop else { return Ok(None) };
    let info = lua.create_table()?;
    info.set("Name", prop.name)?;
    info.set("ReadOnly", prop.read_only)?;
    Ok(Some(info))
}

/// A property write. What does not stick says nothing, as on the desk.
fn write(context: &Context, lua: &Lua, id: Id, name: &str, new: &LuaValue) -> mlua::Result<()> {
    let done = {
        let mut world = context.world_mut();
        living(&world, id)?;
        let new = value(new).ok_or_else(|| wrong(format!("{name} cannot be a {}", new.type_name())))?;
        let done = world.write(id, name, &new, Who::Program);
        if let Err(why) = &done {
            world.note_refusal(&format!("Set {name}"), why);
        }
        done
    };
    if done.is_ok() {
        context.wrote(lua);
    }
    Ok(())
}

fn writes(methods: &Methods<'_>) -> mlua::Result<()> {
    methods.add("Set", |context, lua, args: (Handle, LuaString, LuaValue, Option<LuaValue>)| {
        let (Handle(id), name, new, _level) = args;
        write(context, lua, id, &name.to_string_lossy(), &new)
    })?;
    methods.add("Changed", |context, lua, (Handle(id), level): (Handle, LuaString)| {
        {
            let mut world = context.world_mut();
            living(&world, id)?;
            let chain = world.tree.chain(id).collect();
            world.changed(chain, &level.to_string_lossy());
        }
        context.wrote(lua);
        Ok(())
    })?;
    methods.add("StartRecording", |context, _, Handle(id): Handle| {
        let mut world = context.world_mut();
        living(&world, id)?;
        world.start(id, true);
        Ok(())
    })?;
    methods.add("StopRecording", |context, _, Handle(id): Handle| {
        let mut world = context.world_mut();
        living(&world, id)?;
        if world.runs(id).1 {
            world.pause(id);
        }
        Ok(())
    })?;
    for name in ["Import", "Export"] {
        methods.add(name, |context, _, _: (Handle, Option<LuaString>, Option<LuaString>)| {
            context.say(Kind::Quiet, "the pocket desk has no files: Import and Export do nothing");
            Ok(false)
        })?;
    }
    Ok(())
}

/// Make objects; the first handle made, nil where it was refused.
fn make(
    context: &Context,
    lua: &Lua,
    parent: Id,
    class: Option<LuaString>,
    places: Vec<Option<i64>>,
    undo: Option<Handle>,
) -> mlua::Result<Option<Handle>> {
    let mut first = None;
    let mut made = false;
    {
        let mut world = context.world_mut();
        living(&world, parent)?;
        let class_name = class.map(|class| class.to_string_lossy());
        let class = class_name.as_deref().and_then(Class::named);
        if let Some(name) = class_name.filter(|name| class.is_none() && !name.is_empty()) {
            world.note_refusal("Create", &format!("there is no class {name}"));
            return Ok(None);
        }
        for place in places {
            match world.make(parent, class, place, undo.map(|undo| undo.0), Who::Program) {
                Ok(id) => {
                    first = first.or(Some(Handle(id)));
                    made = true;
                }
                Err(why) => world.note_refusal("Create", &why),
            }
        }
    }
    if made {
        context.wrote(lua);
    }
    Ok(first)
}

/// Place from 0, or number of a pool, of a Lua index.
fn place(context: &Context, parent: Id, n: i64) -> i64 {
    let world = context.world();
    match world.tree.class(parent) {
        Some(class) if class.is_pool() => n,
        Some(Class::Sequence) => n * 1000,
        _ => n - 1,
    }
}

type Naming = (Option<LuaString>, Option<Handle>);

fn makes(methods: &Methods<'_>) -> mlua::Result<()> {
    methods.add(
        "Create",
        |context, lua, (Handle(id), n, class, undo): (Handle, i64, Option<LuaString>, Option<Handle>)| {
            let at = place(context, id, n);
            make(context, lua, id, class, vec![Some(at)], undo)
        },
    )?;
    methods.add(
        "Append",
        |context, lua, (Handle(id), class, undo, count): (Handle, Option<LuaString>, Option<Handle>, Option<i64>)| {
            let count = count.unwrap_or(1).clamp(0, 100_000) as usize;
            make(context, lua, id, class, vec![None; count], undo)
        },
    )?;
    methods.add("Acquire", |context, lua, (Handle(id), (class, undo)): (Handle, Naming)| {
        make(context, lua, id, class, vec![None], undo)
    })?;
    methods.add("Insert", |context, lua, args: (Handle, i64, Option<LuaString>, Option<Handle>, Option<i64>)| {
        let (Handle(id), n, class, undo, count) = args;
        let at = place(context, id, n);
        let places = (0..count.unwrap_or(1).clamp(0, 100_000)).map(|more| Some(at + more)).collect();
        make(context, lua, id, class, places, undo)
    })?;
    for name in ["Delete", "Remove"] {
        methods.add(name, |context, lua, (Handle(id), n, undo): (Handle, i64, Option<Handle>)| {
            let child = {
                let world = context.world();
                living(&world, id)?;
                world.indexed(id, n)
            };
            unmake(context, lua, child, undo)
        })?;
    }
    methods.add("CommandDelete", |context, lua, Handle(id): Handle| {
        living(&context.world(), id)?;
        unmake(context, lua, Some(id), None)
    })?;
    methods.add("Copy", |context, lua, (Handle(to), Handle(from), undo): (Handle, Handle, Option<Handle>)| {
        let values: Vec<(&'static str, Value)> = {
            let world = context.world();
            living(&world, to)?;
            living(&world, from)?;
            let class = world.tree.class(from).unwrap_or(Class::Root);
            let copied = |name: &str| !["No", "Index", "Count", "Guid", "Lock"].contains(&name);
            class.props().filter(|prop| copied(prop.name)).map(|prop| (prop.name, world.raw(from, prop))).collect()
        };
        let steps = context.world().undo.len();
        for (name, raw) in values {
            // What is read only in the copy stays as it is there.
            let _stuck = context.world_mut().write(to, name, &raw, Who::Program);
        }
        context.world_mut().gather_steps(steps, "Copy", undo.map(|undo| undo.0));
        context.wrote(lua);
        Ok(())
    })
}

fn unmake(context: &Context, lua: &Lua, child: Option<Id>, undo: Option<Handle>) -> mlua::Result<()> {
    let done = {
        let mut world = context.world_mut();
        let done = match child {
            Some(child) => world.unmake(child, undo.map(|undo| undo.0), Who::Program),
            None => Err("there is no such child".to_owned()),
        };
        if let Err(why) = &done {
            world.note_refusal("Delete", why);
        }
        done
    };
    if done.is_ok() {
        context.wrote(lua);
    }
    Ok(())
}
