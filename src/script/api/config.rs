//! Reading what people write in tables: parameter values, samples, rows.
//!
//! Thread: script. Every error names the key, what it got and what is allowed.

use mlua::{Error, Lua, Table, Value};

use super::{got, number_of, text_of};
use crate::model::{
    Column, Command, Hit, ModuleKind, Name, Param, ParamKind, ParamMap, Path, Row, Sample, Session, bank, sample_name,
};
use crate::script::clock::lua_number;
use crate::script::world::{World, fail};

/// A parameter's value as typed: number, word or switch.
pub fn param_number(param: Param, value: &Value) -> mlua::Result<f64> {
    let wrong = || Error::runtime(format!("{} takes {}, got {}", param.desc().name, param.allowed(), got(value)));
    match (param.desc().kind, value) {
        (ParamKind::Switch, Value::Boolean(on)) => Ok(f64::from(u8::from(*on))),
        (_, Value::String(text)) => param.read(&text.to_string_lossy()).map_err(Error::runtime),
        _ => number_of(value).filter(|n| !n.is_nan()).ok_or_else(wrong),
    }
}

/// A parameter's value as Lua shows it.
pub fn param_value(lua: &Lua, param: Param, value: f64) -> mlua::Result<Value> {
    Ok(match param.desc().kind {
        ParamKind::Choice(_) => Value::String(lua.create_string(param.show(value))?),
        ParamKind::Switch => Value::Boolean(value != 0.0),
        ParamKind::Number | ParamKind::Integer => lua_number(value),
    })
}

fn ratio(value: &Value) -> mlua::Result<(u8, u8)> {
    let wrong = || Error::runtime(format!("ratio takes \"A:B\" with A from 1 to B and B up to 16, got {}", got(value)));
    let text = text_of(value).ok_or_else(wrong)?;
    let (a, b) = text.split_once(':').ok_or_else(wrong)?;
    let pair = (a.trim().parse::<u8>().map_err(|_| wrong())?, b.trim().parse::<u8>().map_err(|_| wrong())?);
    if pair.0 >= 1 && pair.0 <= pair.1 && pair.1 <= 16 { Ok(pair) } else { Err(wrong()) }
}

/// The number a path takes for a typed value.
pub fn path_number(path: &Path, value: &Value) -> mlua::Result<f64> {
    match path {
        Path::Param { param, .. } | Path::Sample { param, .. } => param_number(*param, value),
        Path::Row { column: Column::Param(param), .. } => param_number(*param, value),
        Path::Row { column: Column::Ratio, .. } => ratio(value).map(|(a, b)| f64::from(a) * 1000.0 + f64::from(b)),
        Path::Row { .. } | Path::Connection { .. } => {
            number_of(value).ok_or_else(|| Error::runtime(format!("{path} takes a number, got {}", got(value))))
        }
    }
}

/// The value at a path as Lua shows it; nil when nothing is set.
pub fn path_value(lua: &Lua, session: &Session, path: &Path) -> mlua::Result<Value> {
    let Some(value) = session.value(path).map_err(|e| Error::runtime(e.0))? else { return Ok(Value::Nil) };
    match path {
        Path::Param { param, .. } | Path::Sample { param, .. } | Path::Row { column: Column::Param(param), .. } => {
            param_value(lua, *param, value)
        }
        Path::Row { column: Column::Ratio, .. } => {
            let text = format!("{}:{}", (value / 1000.0) as u32, value as u32 % 1000);
            Ok(Value::String(lua.create_string(text)?))
        }
        Path::Row { .. } | Path::Connection { .. } => Ok(lua_number(value)),
    }
}

/// Keys and values of a table, in a steady order: numbers first, then words.
pub fn pairs(table: &Table) -> mlua::Result<Vec<(Value, Value)>> {
    let mut list = table.pairs::<Value, Value>().collect::<mlua::Result<Vec<_>>>()?;
    list.sort_by_cached_key(|(key, _)| match key {
        Value::Integer(number) => (0, *number, String::new()),
        other => (1, 0, text_of(other).unwrap_or_default()),
    });
    Ok(list)
}

/// Set a module's parameters from a table's words; `skip` are keys that mean something else.
pub fn set_params(world: &mut World, name: &Name, table: &Table, skip: &[&str]) -> mlua::Result<()> {
    let Some(kind) = world.draft.modules.get(name).map(|m| m.kind()) else {
        return fail(format!("no module is called \"{name}\""));
    };
    for (key, value) in pairs(table)? {
        let Some(word) = text_of(&key) else { return fail(format!("{} is not a key here", got(&key))) };
        if skip.contains(&word.as_str()) {
            continue;
        }
        let known = match (kind, word.as_str()) {
            (ModuleKind::MultiSampler, _) => Param::find(kind, &word),
            (_, "volume") => Some(Param::MASTER_VOLUME),
            _ => Param::find(kind, &word),
        };
        let Some(param) = known else {
            let names: Vec<&str> = skip.iter().copied().chain(Param::of(kind).map(|p| p.desc().name)).collect();
            return fail(format!("\"{word}\" is not a setting of a {}; it has {}", kind.name(), names.join(" ")));
        };
        let number = param_number(param, &value)?;
        world.perform(Command::Set(Path::Param { module: name.clone(), param }, number))?;
    }
    Ok(())
}

/// The values a sample or hit has of its own, taken from a table's words.
fn own_params(table: &Table, skip: &[&str]) -> mlua::Result<ParamMap> {
    let mut params = ParamMap::new();
    for (key, value) in pairs(table)? {
        let Some(word) = text_of(&key) else { return fail(format!("{} is not a key here", got(&key))) };
        if skip.contains(&word.as_str()) {
            continue;
        }
        match Param::find(ModuleKind::MultiSampler, &word).filter(|p| p.desc().per_hit) {
            Some(param) => {
                let number = param_number(param, &value)?;
                if param.limit(number) != number {
                    return fail(format!("{word} takes {}, got {}", param.allowed(), got(&value)));
                }
                params.insert(param, number);
            }
            None => {
                let all = Param::of(ModuleKind::MultiSampler).filter(|p| p.desc().per_hit).map(|p| p.desc().name);
                let names: Vec<&str> = skip.iter().copied().chain(all).collect();
                return fail(format!("\"{word}\" is not known here; there are {}", names.join(" ")));
            }
        }
    }
    Ok(params)
}

/// The bank that `samples = …` stands for: a file, a folder (`"drums/"`), a glob, or a list of these with
/// `name = path` and `{ path = …, name = …, speed = … }` among them. With a bank, paths are its words (`"bd:3"`), and
/// no samples are all of it; what is kept is the plain file paths.
pub fn samples(world: &World, bank: &Value, value: &Value) -> mlua::Result<Vec<Sample>> {
    let bank = bank_files(world, bank)?;
    // Path, name as given, own values.
    let mut list: Vec<(String, Option<String>, ParamMap)> = vec![];
    let one = |path: String| match &bank {
        Some((name, files)) => bank::pick(name, &path, files).map(str::to_owned).map_err(Error::runtime),
        None => Ok(path),
    };
    let expand = |path: &str| -> mlua::Result<Vec<String>> {
        if bank.is_some() {
            return one(path.to_owned()).map(|path| vec![path]);
        }
        let several = path.ends_with(['/', '\\']) || path.contains(['*', '?', '[']);
        if !several {
            return Ok(vec![path.to_owned()]);
        }
        world.files.expand(path, &world.draft.folders).map_err(|e| Error::runtime(format!("samples: {e}")))
    };
    let entries = match value {
        Value::Nil => vec![],
        Value::String(_) => vec![(Value::Integer(1), value.clone())],
        Value::Table(table) => pairs(table)?,
        other => return fail(format!("samples takes a path, a folder, a glob or a list of them, got {}", got(other))),
    };
    if let (Value::Nil, Some((_, files))) = (value, &bank) {
        list.extend(files.iter().map(|path| (path.clone(), None, ParamMap::new())));
    }
    for (key, value) in entries {
        let given = match key {
            Value::String(name) => Some(name.to_string_lossy()),
            _ => None,
        };
        match &value {
            Value::String(path) => {
                let path = path.to_string_lossy();
                let found = if given.is_some() { vec![one(path)?] } else { expand(&path)? };
                list.extend(found.into_iter().map(|path| (path, given.clone(), ParamMap::new())));
            }
            Value::Table(table) => {
                let path: Value = table.raw_get("path")?;
                let Some(path) = text_of(&path) else {
                    return fail(format!("samples: an entry takes path = \"file\", got {}", got(&path)));
                };
                let name = text_of(&table.raw_get::<Value>("name")?).or(given);
                list.push((one(path)?, name, own_params(table, &["path", "name"])?));
            }
            other => return fail(format!("samples: an entry takes a path or a table, got {}", got(other))),
        }
    }
    let mut taken: Vec<String> = list.iter().filter_map(|(_, name, _)| name.clone()).collect();
    let mut samples = Vec::with_capacity(list.len());
    for (path, name, params) in list {
        let name = name.unwrap_or_else(|| {
            let name = sample_name::unique(&path, &taken);
            taken.push(name.clone());
            name
        });
        samples.push(Sample { name, path, params });
    }
    Ok(samples)
}

/// Name and files of the bank that `bank = …` names; none for nil.
fn bank_files(world: &World, value: &Value) -> mlua::Result<Option<(String, Vec<String>)>> {
    let Some(name) = text_of(value) else {
        return if matches!(value, Value::Nil) {
            Ok(None)
        } else {
            fail(format!("bank takes the name of a bank, got {}", got(value)))
        };
    };
    let Some(folder) = world.draft.banks.get(&name) else {
        let all: Vec<&str> = world.draft.banks.keys().map(String::as_str).collect();
        let there = if all.is_empty() { "none; bank(\"drums\", \"drums/\") makes one".into() } else { all.join(" ") };
        return fail(format!("no bank is called \"{name}\"; there are {there}"));
    };
    let files = world.files.expand(folder, &world.draft.folders);
    let files = files.map_err(|e| Error::runtime(format!("bank \"{name}\": {e}")))?;
    Ok(Some((name, files)))
}

/// A row as typed: a number, `"-"`, false (empty) or a table.
pub fn row(value: &Value) -> mlua::Result<Row> {
    match value {
        Value::Nil | Value::Boolean(false) => Ok(Row::Empty),
        Value::String(text) if text.to_string_lossy() == "-" => Ok(Row::Rest),
        Value::Integer(_) | Value::Number(_) => match whole("index", value, 0, 1024)? {
            0 => Ok(Row::Rest),
            index => Ok(Row::Hit(Hit { index, ..Hit::default() })),
        },
        Value::Table(table) => {
            let index: Value = table.raw_get("index")?;
            if matches!(&index, Value::Integer(0)) || text_of(&index).as_deref() == Some("-") {
                return Ok(Row::Rest);
            }
            hit(table, &[]).map(Row::Hit)
        }
        other => fail(format!("a row takes a table, an index, \"-\" (rest) or false (empty), got {}", got(other))),
    }
}

fn whole(what: &str, value: &Value, min: u16, max: u16) -> mlua::Result<u16> {
    number_of(value)
        .filter(|n| n.fract() == 0.0 && (f64::from(min)..=f64::from(max)).contains(n))
        .map(|n| n as u16)
        .ok_or_else(|| Error::runtime(format!("{what} takes a whole number from {min} to {max}, got {}", got(value))))
}

/// A hit from a table's words; `skip` are keys that mean something else.
pub fn hit(table: &Table, skip: &[&str]) -> mlua::Result<Hit> {
    let mut hit = Hit::default();
    let own: Vec<&str> =
        ["index", "length", "note", "chance", "ratio"].into_iter().chain(skip.iter().copied()).collect();
    let some = |key: &str| -> mlua::Result<Option<Value>> {
        let value: Value = table.raw_get(key)?;
        Ok(if matches!(value, Value::Nil) || skip.contains(&key) { None } else { Some(value) })
    };
    if let Some(value) = some("index")? {
        hit.index = whole("index", &value, 1, 1024)?;
    }
    if let Some(value) = some("length")? {
        hit.length = Some(whole("length", &value, 1, 64)? as u8);
    }
    if let Some(value) = some("note")? {
        hit.note = Some(whole("note", &value, 0, 127)? as u8);
    }
    if let Some(value) = some("chance")? {
        hit.chance = whole("chance", &value, 0, 100)? as u8;
    }
    if let Some(value) = some("ratio")? {
        hit.ratio = ratio(&value)?;
    }
    hit.params = own_params(table, &own)?;
    Ok(hit)
}
