//! Modules: make or update, any number of times; handles, samples, parameters.
//!
//! Thread: script.

use mlua::{Error, Lua, Table, Value};

use super::config::{self, samples, set_params};
use super::{Call, Entry, Handle, Kind, Owner, arg, got, handle, number_of, opt, text_of};
use crate::model::session::{HOST_IN, MASTER, SIDECHAIN};
use crate::model::{Command, ConnKind, ModuleBody, ModuleKind, Name, Path, Session, Uid};
use crate::script::world::{Shared, World, fail};

const G: Owner = Owner::Global;
const M: Owner = Owner::Module;

/// The functions of this file.
pub static ENTRIES: &[Entry] = &[
    Entry {
        owner: G,
        name: "sampler",
        args: &[arg("name", Kind::Name), opt("config", Kind::Table)],
        returns: "module",
        doc: "Make a sampler, or update it. `samples` is a file, a folder (\"drums/\"), a glob, or a list of these with `name = path` among them; with `bank`, words of that bank instead (\"bd:3\"), or all of it when no samples are given. Every parameter may be given by name.",
        example: r#"sampler("kick", { samples = { "drums/kick.wav", "drums/rim.wav" }, volume = 0.8, playStyle = "ONCE", attackMs = 5 })
sampler("kick", { volume = 0.5 }) -- the rest stays as it is
print(getParam("kick", "volume"), getParam("kick", "attackMs")) --> 0.5 5"#,
        run: sampler,
    },
    Entry {
        owner: G,
        name: "bank",
        args: &[arg("name", Kind::Text), arg("folder", Kind::Any)],
        returns: "",
        doc: "Give a folder (or a glob) a name to pick samples from: \"bd\" is its first file of that base name (numbers at the end do not count), \"bd:3\" its third, \"rim.wav\" the file of that name. `false` takes the bank away; samplers keep their files.",
        example: r#"bank("drums", "drums/")
sampler("kit", { bank = "drums" })
sampler("kick", { bank = "drums", samples = { "kick:2", low = "rim.wav" } })
print(#engine:getState().modules.kit.samples, engine:getState().modules.kick.samples[2].name) --> 3 low"#,
        run: bank,
    },
    Entry {
        owner: G,
        name: "sequencer",
        args: &[arg("name", Kind::Name), opt("config", Kind::Table)],
        returns: "module",
        doc: "Make a sequencer, or update it. `pattern` or `chain` says what it plays (a new one is made when there is none), `to` the sampler or samplers it plays into; `chain = false` takes the chain away, `play = \"pattern\"` or `\"chain\"` chooses between two bound.",
        example: r#"sampler("kick")
sequencer("seq", { pattern = "beat", to = "kick" })
print(engine:getState().modules.seq.pattern) --> beat"#,
        run: sequencer,
    },
    Entry {
        owner: G,
        name: "audioMixer",
        args: &[arg("name", Kind::Name), opt("config", Kind::Table)],
        returns: "module",
        doc: "Make a mixer, or update it: `volume` is its masterVolume.",
        example: r#"audioMixer("drums", { volume = 0.8 })
print(getParam("drums", "masterVolume")) --> 0.8"#,
        run: mixer,
    },
    Entry {
        owner: G,
        name: "audioOut",
        args: &[opt("name", Kind::Any), opt("config", Kind::Table)],
        returns: "module",
        doc: "The master output, or `audioOut(\"aux3\")`; `volume` is its masterVolume.",
        example: r#"audioOut { volume = 0.9 }
audioOut("aux3", { volume = 0.5 })
print(getParam("masterAudioOut", "masterVolume"), getParam("aux3", "masterVolume")) --> 0.9 0.5"#,
        run: |c| standing(c, MASTER),
    },
    Entry {
        owner: G,
        name: "audioIn",
        args: &[opt("name", Kind::Any), opt("config", Kind::Table)],
        returns: "module",
        doc: "The host's input: `audioIn(\"in\")` the main one, `audioIn(\"sidechain\")` the other.",
        example: r#"print(audioIn("in").name, audioIn("sidechain").name) --> hostIn sidechain"#,
        run: |c| standing(c, HOST_IN),
    },
    Entry {
        owner: G,
        name: "remove",
        args: &[arg("name", Kind::Name)],
        returns: "boolean",
        doc: "Take a module, pattern, chain or layer away with its cables and mappings; false when there is none.",
        example: r#"sampler("kick")
print(remove("kick"), remove("kick")) --> true false"#,
        run: remove,
    },
    Entry {
        owner: G,
        name: "rename",
        args: &[arg("name", Kind::Name), arg("to", Kind::Text)],
        returns: "",
        doc: "Give a module, pattern, chain or layer another name; every link follows.",
        example: r#"sampler("kick", { volume = 0.5 })
rename("kick", "boom")
print(getParam("boom", "volume")) --> 0.5
print(getParam("kick", "volume")) --! no module is called "kick""#,
        run: rename,
    },
    Entry {
        owner: G,
        name: "enable",
        args: &[arg("name", Kind::Name), opt("on", Kind::Switch)],
        returns: "",
        doc: "Switch a module on (or off with false).",
        example: r#"sampler("kick")
enable("kick", false)
print(engine:getState().modules.kick.enabled) --> false"#,
        run: |c| enable(c, &c.text(0).unwrap_or_default(), c.value(1)),
    },
    Entry {
        owner: M,
        name: "setParameter",
        args: &[arg("param", Kind::Text), arg("value", Kind::Value)],
        returns: "boolean",
        doc: "Set one of its parameters.",
        example: r#"print(sampler("kick"):setParameter("volume", 0.5)) --> true
print(sampler("kick").volume) --> 0.5"#,
        run: set_parameter,
    },
    Entry {
        owner: M,
        name: "set",
        args: &[arg("param", Kind::Text), arg("value", Kind::Value)],
        returns: "module",
        doc: "Set one of its parameters; gives the module back for the next call.",
        example: r#"sampler("kick"):set("volume", 0.5):set("speed", 2)
print(sampler("kick").volume, sampler("kick").speed) --> 0.5 2"#,
        run: |c| set_parameter(c).and_then(|_| c.this()),
    },
    Entry {
        owner: M,
        name: "getParameter",
        args: &[arg("param", Kind::Text)],
        returns: "any",
        doc: "The value of one of its parameters.",
        example: r#"print(sampler("kick"):getParameter("volume")) --> 1"#,
        run: get_parameter,
    },
    Entry {
        owner: M,
        name: "get",
        args: &[arg("param", Kind::Text)],
        returns: "any",
        doc: "The same as getParameter.",
        example: r#"print(sampler("kick"):get("playStyle")) --> ONCE"#,
        run: get_parameter,
    },
    Entry {
        owner: M,
        name: "getParameters",
        args: &[],
        returns: "table",
        doc: "All its parameters by name.",
        example: r#"local all = sampler("kick", { pan = -0.5 }):getParameters()
print(all.pan, all.volume, all.playStyle) --> -0.5 1 ONCE"#,
        run: get_parameters,
    },
    Entry {
        owner: M,
        name: "getName",
        args: &[],
        returns: "string",
        doc: "Its type, such as MultiSampler.",
        example: r#"print(sampler("kick"):getName()) --> MultiSampler"#,
        run: |c| kind_name(c),
    },
    Entry {
        owner: M,
        name: "getInstanceName",
        args: &[],
        returns: "string",
        doc: "Its name.",
        example: r#"print(sampler("kick"):getInstanceName()) --> kick"#,
        run: |c| Ok(Value::String(c.lua.create_string(&c.this.key)?)),
    },
    Entry {
        owner: M,
        name: "enable",
        args: &[opt("on", Kind::Switch)],
        returns: "module",
        doc: "Switch it on (or off with false).",
        example: r#"sampler("kick"):enable(false):set("volume", 0.5)
print(engine:getState().modules.kick.enabled) --> false"#,
        run: |c| enable(c, &c.this.key, c.value(0)).and_then(|_| c.this()),
    },
    Entry {
        owner: M,
        name: "connect",
        args: &[arg("to", Kind::Name), opt("kind", Kind::Word(&["audio", "event"]))],
        returns: "module",
        doc: "Connect it to another module.",
        example: r#"audioMixer("drums")
sampler("kick"):connect("drums")
print(engine:getConnectionManager():isConnected("kick", "drums")) --> true"#,
        run: |c| super::connect::join(c, &c.this.key, &c.text(0).unwrap_or_default(), c.text(1)).and_then(|_| c.this()),
    },
    Entry {
        owner: Owner::Sample,
        name: "set",
        args: &[arg("param", Kind::Text), arg("value", Kind::Value)],
        returns: "sample",
        doc: "Set a value of this sample alone.",
        example: r#"sampler("kick", { samples = { "a.wav", "b.wav" } }).sample[2]:set("speed", 0.5)
print(getParam("kick.sample[1].speed"), getParam("kick.sample[2].speed")) --> 1 0.5"#,
        run: set_sample,
    },
];

/// A module of this kind and name: the one there is, or a new one.
fn make(world: &mut World, kind: ModuleKind, text: &str) -> mlua::Result<Name> {
    let name = World::name(text)?;
    match world.draft.modules.get(&name).map(|m| m.kind()) {
        Some(found) if found == kind => {}
        Some(found) => return fail(format!("\"{name}\" is a {}, not a {}", found.name(), kind.name())),
        None => world.perform(Command::AddModule { uid: Uid::fresh(), kind, name: name.clone() })?,
    }
    Ok(name)
}

fn sampler(call: &Call<'_>) -> mlua::Result<Value> {
    let name = {
        let mut world = call.world.borrow_mut();
        let name = make(&mut world, ModuleKind::MultiSampler, &call.text(0).unwrap_or_default())?;
        if let Some(table) = call.table(1) {
            let (bank, given): (Value, Value) = (table.raw_get("bank")?, table.raw_get("samples")?);
            if !matches!((&bank, &given), (Value::Nil, Value::Nil)) {
                let samples = samples(&world, &bank, &given)?;
                world.perform(Command::SetSamples(name.clone(), samples))?;
            }
            let on: Value = table.raw_get("enabled")?;
            set_enabled(&mut world, &name, &on)?;
            set_params(&mut world, &name, &table, &["samples", "bank", "enabled"])?;
        }
        name
    };
    call.give(M, name.as_str())
}

fn bank(call: &Call<'_>) -> mlua::Result<Value> {
    let folder = match call.value(1) {
        Value::Boolean(false) => None,
        Value::String(folder) => Some(folder.to_string_lossy()),
        other => return fail(format!("argument 2 \"folder\" takes a folder, a glob or false, got {}", got(&other))),
    };
    call.world.borrow_mut().perform(Command::SetBank(call.text(0).unwrap_or_default(), folder))?;
    Ok(Value::Nil)
}

fn mixer(call: &Call<'_>) -> mlua::Result<Value> {
    let name = {
        let mut world = call.world.borrow_mut();
        let name = make(&mut world, ModuleKind::AudioMixer, &call.text(0).unwrap_or_default())?;
        if let Some(table) = call.table(1) {
            let on: Value = table.raw_get("enabled")?;
            set_enabled(&mut world, &name, &on)?;
            set_params(&mut world, &name, &table, &["enabled"])?;
        }
        name
    };
    call.give(M, name.as_str())
}

fn set_enabled(world: &mut World, name: &Name, value: &Value) -> mlua::Result<()> {
    match value {
        Value::Nil => Ok(()),
        Value::Boolean(on) => world.perform(Command::Enable(name.clone(), *on)),
        other => fail(format!("enabled takes true or false, got {}", got(other))),
    }
}

/// `audioOut` and `audioIn`: modules that are always there.
fn standing(call: &Call<'_>, main: &str) -> mlua::Result<Value> {
    let (name, table) = match (call.value(0), call.value(1)) {
        (Value::Table(table), Value::Nil) => (main.to_owned(), Some(table)),
        (Value::Nil, _) => (main.to_owned(), None),
        (first, second) => {
            let Some(text) = text_of(&first) else {
                return fail(format!("argument 1 \"name\" takes a name or a table, got {}", got(&first)));
            };
            let name = match text.as_str() {
                "in" | "main" | "out" | "master" => main.to_owned(),
                _ => text,
            };
            (name, second.as_table().cloned())
        }
    };
    let output = main == MASTER;
    let fits = if output {
        name == MASTER || Session::aux_number(&name).is_some()
    } else {
        name == HOST_IN || name == SIDECHAIN
    };
    if !fits {
        let all = if output { "masterAudioOut, aux1 … aux8" } else { "in (hostIn), sidechain" };
        return fail(format!("\"{name}\" is not one of the host's buses: there are {all}"));
    }
    if let Some(table) = table {
        let mut world = call.world.borrow_mut();
        set_params(&mut world, &World::name(&name)?, &table, &[])?;
    }
    call.give(M, &name)
}

fn sequencer(call: &Call<'_>) -> mlua::Result<Value> {
    let text = call.text(0).unwrap_or_default();
    let table = call.table(1);
    let get = |key: &str| -> mlua::Result<Value> { table.as_ref().map_or(Ok(Value::Nil), |t| t.raw_get(key)) };
    let (pattern, chain, to, play) = (get("pattern")?, get("chain")?, get("to")?, get("play")?);
    let mut world = call.world.borrow_mut();
    let pattern = match &pattern {
        Value::Nil => None,
        other => match text_of(other) {
            Some(text) => Some(World::name(&text)?),
            None => return fail(format!("pattern takes a name, got {}", got(other))),
        },
    };
    // A pattern named before it is written is made empty, so that a script may be in any order.
    if let Some(pattern) = pattern.as_ref().filter(|p| !world.draft.patterns.contains_key(*p)) {
        world.perform(Command::AddPattern { uid: Uid::fresh(), name: pattern.clone(), steps: 16 })?;
    }
    let name = make(&mut world, ModuleKind::TrackerSequencer, &text)?;
    let chain = match &chain {
        Value::Nil => None,
        Value::Boolean(false) => Some(None),
        other => match text_of(other) {
            Some(text) => Some(Some(World::name(&text)?)),
            None => return fail(format!("chain takes a name or false, got {}", got(other))),
        },
    };
    if let Some(Some(chain)) =
        chain.as_ref().filter(|c| c.as_ref().is_some_and(|c| !world.draft.chains.contains_key(c)))
    {
        world.perform(Command::AddChain { uid: Uid::fresh(), name: chain.clone() })?;
    }
    let chain_on = match (text_of(&play).as_deref(), &chain, &pattern) {
        (Some("chain"), ..) => Some(true),
        (Some("pattern"), ..) => Some(false),
        (None, Some(chain), _) if matches!(play, Value::Nil) => Some(chain.is_some()),
        (None, None, Some(_)) if matches!(play, Value::Nil) => Some(false),
        (None, None, None) if matches!(play, Value::Nil) => None,
        _ => return fail(format!("play takes \"pattern\" or \"chain\", got {}", got(&play))),
    };
    if pattern.is_some() || chain.is_some() || chain_on.is_some() {
        world.perform(Command::Bind { sequencer: name.clone(), pattern, chain, chain_on })?;
    }
    let targets = match &to {
        Value::Nil => vec![],
        Value::Table(list) => config::pairs(list)?.into_iter().map(|(_, value)| value).collect(),
        other => vec![other.clone()],
    };
    for target in targets {
        let Some(target) = text_of(&target) else {
            return fail(format!("to takes names of samplers, got {}", got(&target)));
        };
        world.perform(Command::Connect(name.clone(), World::name(&target)?, ConnKind::Event))?;
    }
    if let Some(table) = &table {
        set_enabled(&mut world, &name, &table.raw_get("enabled")?)?;
        set_params(&mut world, &name, table, &["pattern", "chain", "to", "play", "enabled"])?;
    }
    drop(world);
    call.give(M, name.as_str())
}

fn remove(call: &Call<'_>) -> mlua::Result<Value> {
    let text = call.text(0).unwrap_or_default();
    let name = World::name(&text)?;
    let mut world = call.world.borrow_mut();
    let command = match world.draft.noun_of(&text) {
        Some("module") => Command::RemoveModule(name),
        Some("pattern") => Command::RemovePattern(name),
        Some("chain") => Command::RemoveChain(name),
        Some("layer") => Command::RemoveLayer(name),
        _ => return Ok(Value::Boolean(false)),
    };
    world.perform(command)?;
    Ok(Value::Boolean(true))
}

fn rename(call: &Call<'_>) -> mlua::Result<Value> {
    let name = |place| World::name(&call.text(place).unwrap_or_default());
    call.world.borrow_mut().perform(Command::Rename(name(0)?, name(1)?))?;
    Ok(Value::Nil)
}

fn enable(call: &Call<'_>, name: &str, on: Value) -> mlua::Result<Value> {
    let on = !matches!(on, Value::Boolean(false));
    call.world.borrow_mut().perform(Command::Enable(World::name(name)?, on))?;
    Ok(Value::Nil)
}

fn kind_name(call: &Call<'_>) -> mlua::Result<Value> {
    let world = call.world.borrow();
    match world.draft.modules.get(call.this.key.as_str()) {
        Some(module) => Ok(Value::String(call.lua.create_string(module.kind().name())?)),
        None => fail(format!("no module is called \"{}\"", call.this.key)),
    }
}

/// Set `base.param` to a typed value.
pub fn set_path(world: &mut World, text: &str, value: &Value) -> mlua::Result<()> {
    let path = world.draft.path(text).map_err(|e| Error::runtime(e.0))?;
    let number = config::path_number(&path, value)?;
    world.perform(Command::Set(path, number))
}

/// The value at a path that a person typed.
pub fn get_path(lua: &Lua, world: &World, text: &str) -> mlua::Result<Value> {
    let path = world.draft.path(text).map_err(|e| Error::runtime(e.0))?;
    config::path_value(lua, &world.draft, &path)
}

fn set_parameter(call: &Call<'_>) -> mlua::Result<Value> {
    let path = format!("{}.{}", call.this.key, call.text(0).unwrap_or_default());
    set_path(&mut call.world.borrow_mut(), &path, &call.value(1))?;
    Ok(Value::Boolean(true))
}

fn get_parameter(call: &Call<'_>) -> mlua::Result<Value> {
    let path = format!("{}.{}", call.this.key, call.text(0).unwrap_or_default());
    get_path(call.lua, &call.world.borrow(), &path)
}

fn get_parameters(call: &Call<'_>) -> mlua::Result<Value> {
    let world = call.world.borrow();
    let Some(module) = world.draft.modules.get(call.this.key.as_str()) else {
        return fail(format!("no module is called \"{}\"", call.this.key));
    };
    super::state::parameters(call.lua, module).map(Value::Table)
}

fn set_sample(call: &Call<'_>) -> mlua::Result<Value> {
    let path = format!("{}.sample[{}].{}", call.this.key, call.this.number, call.text(0).unwrap_or_default());
    set_path(&mut call.world.borrow_mut(), &path, &call.value(1))?;
    call.this()
}

/// What a handle shows beside its methods: `kick.volume`, `kick.sample[2].speed`, `kick.name`.
pub fn property(lua: &Lua, world: &Shared, this: &Handle, key: &Value) -> mlua::Result<Value> {
    let word = text_of(key);
    match (this.owner, word.as_deref()) {
        (Owner::Module | Owner::Pattern | Owner::Chain | Owner::Layer, Some("name")) => {
            Ok(Value::String(lua.create_string(&this.key)?))
        }
        (Owner::Module, Some("sample" | "samples")) => {
            handle(lua, Handle { owner: Owner::Samples, key: this.key.clone(), number: 0 })
        }
        (Owner::Module, Some(param)) => get_path(lua, &world.borrow(), &format!("{}.{param}", this.key)),
        (Owner::Samples, _) => {
            let number = sample_place(&world.borrow(), &this.key, key)?;
            handle(lua, Handle { owner: Owner::Sample, key: this.key.clone(), number })
        }
        (Owner::Sample, Some(param)) => {
            get_path(lua, &world.borrow(), &format!("{}.sample[{}].{param}", this.key, this.number))
        }
        (owner, _) => fail(format!("{} has nothing called {}", owner.word(), got(key))),
    }
}

/// The place of a sample by number or name, from 1.
fn sample_place(world: &World, name: &str, key: &Value) -> mlua::Result<u64> {
    let Some(module) = world.draft.modules.get(name) else { return fail(format!("no module is called \"{name}\"")) };
    let ModuleBody::MultiSampler { samples } = &module.body else {
        return fail(format!("{name} ({}) has no samples", module.kind().name()));
    };
    let place = match text_of(key) {
        Some(text) => samples.iter().position(|s| s.name == text).map(|p| p + 1),
        None => {
            number_of(key).filter(|n| n.fract() == 0.0 && *n >= 1.0).map(|n| n as usize).filter(|n| *n <= samples.len())
        }
    };
    place.map(|p| p as u64).ok_or_else(|| {
        Error::runtime(format!("{name} has {} samples, counted from 1; got {}", samples.len(), got(key)))
    })
}

/// `kick.volume = 0.5`.
pub fn assign(_lua: &Lua, world: &Shared, this: &Handle, key: &Value, value: &Value) -> mlua::Result<()> {
    match (this.owner, text_of(key)) {
        (Owner::Module, Some(param)) => set_path(&mut world.borrow_mut(), &format!("{}.{param}", this.key), value),
        (Owner::Sample, Some(param)) => {
            set_path(&mut world.borrow_mut(), &format!("{}.sample[{}].{param}", this.key, this.number), value)
        }
        (owner, _) => fail(format!("{} cannot be written to", owner.word())),
    }
}

/// `kick.sample[2] { speed = 0.5 }` and `kick { volume = 0.5 }`.
pub fn called(lua: &Lua, world: &Shared, this: &Handle, args: &[Value]) -> mlua::Result<Value> {
    let table: Option<&Table> = args.first().and_then(Value::as_table);
    let (Owner::Module | Owner::Sample, Some(table)) = (this.owner, table) else {
        return fail(format!("{} is not a function; a module or sample takes a table of values", this.owner.word()));
    };
    let mut world = world.borrow_mut();
    if this.owner == Owner::Module {
        set_params(&mut world, &World::name(&this.key)?, table, &[])?;
    } else {
        for (key, value) in config::pairs(table)? {
            let Some(param) = text_of(&key) else { return fail(format!("{} is not a parameter", got(&key))) };
            set_path(&mut world, &format!("{}.sample[{}].{param}", this.key, this.number), &value)?;
        }
    }
    drop(world);
    handle(lua, this.clone())
}

/// A handle as `print` shows it.
pub fn shown(this: &Handle) -> String {
    match this.owner {
        Owner::Sample => format!("{}.sample[{}]", this.key, this.number),
        Owner::Samples => format!("{}.sample", this.key),
        Owner::Macro => format!("macro({})", this.number),
        Owner::Timer => format!("timer {}", this.number),
        owner if this.key.is_empty() => owner.word().to_owned(),
        owner => format!("{} {}", owner.word(), this.key),
    }
}

/// The path of one of a module's parameters, for mappings.
pub fn path_of(world: &World, text: &str) -> mlua::Result<Path> {
    world.draft.path(text).map_err(|e| Error::runtime(e.0))
}
