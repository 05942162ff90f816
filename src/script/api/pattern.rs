//! Patterns and chains.
//!
//! Thread: script. Rows and entries are counted from 1.

use mlua::{Table, Value};

use super::config::{self, param_value, row};
use super::{Call, Entry, Kind, Owner, arg, got, number_of, opt, text_of};
use crate::model::pattern::{REPEATS_MAX, ROWS_MAX};
use crate::model::{ChainEntry, Column, Command, Cycles, Hit, Name, Row, Uid};
use crate::script::clock::lua_number;
use crate::script::world::{World, fail};

const P: Owner = Owner::Pattern;
const ROWS: i64 = ROWS_MAX as i64;

/// The functions of this file.
pub static ENTRIES: &[Entry] = &[
    Entry {
        owner: Owner::Global,
        name: "pattern",
        args: &[arg("name", Kind::Name), opt("steps", Kind::Any), opt("columns", Kind::Table)],
        returns: "pattern",
        doc: "Make a pattern of so many rows, or keep the one there is. With a table: `steps`, `stepsPerBeat`, `cycles`, `columns`, and `rows`, which are then all there are.",
        example: r#"pattern("beat", { steps = 16, stepsPerBeat = 4, rows = { [1] = { index = 1 }, [5] = { index = 2, chance = 50, ratio = "1:4" }, [9] = "-" } })
print(pattern("beat"):steps(), pattern("beat"):row(5).ratio, pattern("beat"):row(9), pattern("beat"):row(2)) --> 16 1:4 - nil"#,
        run: pattern,
    },
    Entry {
        owner: P,
        name: "set",
        args: &[arg("row", Kind::Whole(1, ROWS)), arg("hit", Kind::Any)],
        returns: "pattern",
        doc: "Put a row: a table (`index length note chance ratio` and parameter columns), an index, or \"-\" for a rest.",
        example: r#"pattern("beat", 16):set(1, { index = 1, length = 2, volume = 0.9 }):set(5, 2):set(9, "-")
print(pattern("beat"):row(1).volume, pattern("beat"):row(5).index) --> 0.9 2
pattern("beat"):set(17, 1) --! 1 to 16"#,
        run: set,
    },
    Entry {
        owner: P,
        name: "clear",
        args: &[opt("row", Kind::Whole(1, ROWS))],
        returns: "pattern",
        doc: "Empty a row, or all of them.",
        example: r#"pattern("beat", 16):set(5, 2):set(6, 2):clear(5)
print(pattern("beat"):row(5), pattern("beat"):row(6).index) --> nil 2
pattern("beat"):clear()
print(pattern("beat"):row(6)) --> nil"#,
        run: clear,
    },
    Entry {
        owner: P,
        name: "row",
        args: &[arg("row", Kind::Whole(1, ROWS))],
        returns: "table|string|nil",
        doc: "A row as a table, \"-\" for a rest, nil when it is empty.",
        example: r#"local row = pattern("beat", 16):set(1, 3):row(1)
print(row.index, row.chance, row.ratio) --> 3 100 1:1"#,
        run: |c| {
            let n = number(c);
            let found = with(c, |p| p.row(n))?;
            row_value(c.lua, &found)
        },
    },
    Entry {
        owner: P,
        name: "steps",
        args: &[opt("steps", Kind::Whole(1, ROWS))],
        returns: "pattern|integer",
        doc: "Set how many rows play; without an argument it gives the number. Rows cut off come back when it grows.",
        example: r#"print(pattern("beat", 16):steps(12):steps()) --> 12"#,
        run: steps,
    },
    Entry {
        owner: P,
        name: "stepsPerBeat",
        args: &[opt("rate", Kind::Number(-96.0, 96.0, " rows per beat, not 0"))],
        returns: "pattern|number",
        doc: "Set rows per beat (negative plays backwards); without an argument it gives the number.",
        example: r#"print(pattern("beat", 16):stepsPerBeat(-4):stepsPerBeat()) --> -4"#,
        run: steps_per_beat,
    },
    Entry {
        owner: P,
        name: "cycles",
        args: &[arg("cycles", Kind::Word(&["pass", "position"]))],
        returns: "pattern",
        doc: "What chance and ratio count as a cycle: \"pass\" counts the host's loops too, \"position\" only the song position.",
        example: r#"pattern("beat", 16):set(1, { index = 1, ratio = "1:4" }):cycles("position")"#,
        run: |c| edit(c, |name| Ok(Command::SetCycles(name, cycles(&c.value(0))?))),
    },
    Entry {
        owner: P,
        name: "columns",
        args: &[arg("columns", Kind::Table)],
        returns: "pattern",
        doc: "Choose the columns shown, in order; index and length are always there.",
        example: r#"pattern("beat", 16):columns { "index", "length", "volume" }
print(table.concat(engine:getState():clone().patterns.beat.columns, " ")) --> index length volume"#,
        run: |c| edit(c, |name| Ok(Command::SetColumns(name, columns(&c.value(0))?))),
    },
    Entry {
        owner: Owner::Global,
        name: "chain",
        args: &[arg("name", Kind::Name), opt("entries", Kind::Table)],
        returns: "chain",
        doc: "Make a chain, or make it these entries: a pattern's name, or `{ name, times, mute = true }`.",
        example: r#"pattern("beat", 16) pattern("fill", 8)
chain("song", { { "beat", 2 }, "fill", { "beat", 1, mute = true } })
print(#chain("song"):entries()) --> 3"#,
        run: chain,
    },
    Entry {
        owner: Owner::Chain,
        name: "entries",
        args: &[],
        returns: "table",
        doc: "The entries as a list of `{ pattern, times, mute }`.",
        example: r#"pattern("beat", 16)
chain("song", { { "beat", 2 } })
local first = chain("song"):entries()[1]
print(first.pattern, first.times, first.mute) --> beat 2 false"#,
        run: entries,
    },
];

fn number(call: &Call<'_>) -> u16 {
    call.number(0).unwrap_or(1.0) as u16
}

fn with<R>(call: &Call<'_>, read: impl FnOnce(&crate::model::Pattern) -> R) -> mlua::Result<R> {
    match call.world.borrow().draft.patterns.get(call.this.key.as_str()) {
        Some(pattern) => Ok(read(pattern)),
        None => fail(format!("no pattern is called \"{}\"", call.this.key)),
    }
}

fn edit(call: &Call<'_>, make: impl FnOnce(Name) -> mlua::Result<Command>) -> mlua::Result<Value> {
    let command = make(World::name(&call.this.key)?)?;
    call.world.borrow_mut().perform(command)?;
    call.this()
}

fn pattern(call: &Call<'_>) -> mlua::Result<Value> {
    let name = World::name(&call.text(0).unwrap_or_default())?;
    let (steps, table) = match call.value(1) {
        Value::Nil => (None, None),
        Value::Table(table) => (None, Some(table)),
        Value::String(_) => return fail("patterns in notation are not in this version: give rows"),
        other => match number_of(&other).filter(|n| n.fract() == 0.0 && (1.0..=f64::from(ROWS_MAX)).contains(n)) {
            Some(number) => (Some(number as u16), None),
            None => {
                return fail(format!(
                    "argument 2 \"steps\" takes 1 to {ROWS_MAX} rows or a table, got {}",
                    got(&other)
                ));
            }
        },
    };
    {
        let mut world = call.world.borrow_mut();
        if !world.draft.patterns.contains_key(&name) {
            let steps = steps.unwrap_or(16);
            world.perform(Command::AddPattern { uid: Uid::fresh(), name: name.clone(), steps })?;
        } else if let Some(steps) = steps {
            world.perform(Command::SetSteps(name.clone(), steps))?;
        }
        if let Some(table) = table {
            from_table(&mut world, &name, &table)?;
        }
    }
    call.give(P, name.as_str())
}

fn from_table(world: &mut World, name: &Name, table: &Table) -> mlua::Result<()> {
    let mut rows = None;
    let mut shown = None;
    let mut steps = world.draft.patterns.get(name).map_or(16, |p| p.steps);
    for (key, value) in config::pairs(table)? {
        match (text_of(&key).as_deref(), &value) {
            (Some("steps"), value) => {
                match number_of(value).filter(|n| n.fract() == 0.0 && (1.0..=256.0).contains(n)) {
                    Some(number) => steps = number as u16,
                    None => return fail(format!("steps takes 1 to {ROWS_MAX}, got {}", got(value))),
                }
            }
            (Some("stepsPerBeat"), value) => match number_of(value) {
                Some(rate) => world.perform(Command::SetStepsPerBeat(name.clone(), rate))?,
                None => return fail(format!("stepsPerBeat takes -96 to 96 without 0, got {}", got(value))),
            },
            (Some("cycles"), value) => world.perform(Command::SetCycles(name.clone(), cycles(value)?))?,
            (Some("salt"), Value::Integer(salt)) => world.perform(Command::SetSalt(name.clone(), *salt as u64))?,
            (Some("columns"), value) => shown = Some(columns(value)?),
            (Some("rows"), Value::Table(list)) => rows = Some(config::pairs(list)?),
            _ => {
                let key = got(&key);
                return fail(format!("{key} = {}: a pattern has steps stepsPerBeat cycles columns rows", got(&value)));
            }
        }
    }
    if let Some(list) = rows {
        put_rows(world, name, list, steps)?;
    }
    world.perform(Command::SetSteps(name.clone(), steps))?;
    if let Some(columns) = shown {
        world.perform(Command::SetColumns(name.clone(), columns))?;
    }
    Ok(())
}

/// Make the pattern these rows. Rows above `steps` are kept for when it grows.
fn put_rows(world: &mut World, name: &Name, list: Vec<(Value, Value)>, steps: u16) -> mlua::Result<()> {
    let mut rows = std::collections::BTreeMap::new();
    for (key, value) in list {
        let place = number_of(&key).filter(|n| n.fract() == 0.0 && (1.0..=f64::from(ROWS_MAX)).contains(n));
        let Some(place) = place else {
            return fail(format!("rows are counted from 1 to {ROWS_MAX}, got {}", got(&key)));
        };
        let row = row(&value)
            .map_err(|e| mlua::Error::runtime(format!("row {place}: {}", crate::script::vm::message(&e))))?;
        rows.insert(place as u16, row);
    }
    let old = world.draft.patterns.get(name).map(|p| p.rows.clone()).unwrap_or_default();
    let most = rows.keys().chain(old.keys()).copied().max().unwrap_or(0).max(steps);
    world.perform(Command::SetSteps(name.clone(), most))?;
    for number in old.keys().filter(|n| !rows.contains_key(n)) {
        world.perform(Command::SetRow(name.clone(), *number, Row::Empty))?;
    }
    for (number, row) in rows {
        world.perform(Command::SetRow(name.clone(), number, row))?;
    }
    Ok(())
}

fn cycles(value: &Value) -> mlua::Result<Cycles> {
    match text_of(value).as_deref() {
        Some("pass") => Ok(Cycles::Pass),
        Some("position") => Ok(Cycles::Position),
        _ => fail(format!("cycles takes \"pass\" or \"position\", got {}", got(value))),
    }
}

fn columns(value: &Value) -> mlua::Result<Vec<Column>> {
    let Value::Table(table) = value else {
        return fail(format!("columns takes a list of names, got {}", got(value)));
    };
    let name = |(_, value): (Value, Value)| match text_of(&value).and_then(|text| Column::find(&text)) {
        Some(column) => Ok(column),
        None => {
            fail(format!("{} is not a column: there are index length note chance ratio and parameters", got(&value)))
        }
    };
    config::pairs(table)?.into_iter().map(name).collect()
}

fn set(call: &Call<'_>) -> mlua::Result<Value> {
    edit(call, |name| Ok(Command::SetRow(name, number(call), row(&call.value(1))?)))
}

fn clear(call: &Call<'_>) -> mlua::Result<Value> {
    let name = World::name(&call.this.key)?;
    let numbers: Vec<u16> = match call.number(0) {
        Some(number) => vec![number as u16],
        None => with(call, |p| p.rows.keys().copied().filter(|n| *n <= p.steps).collect())?,
    };
    for number in numbers {
        call.world.borrow_mut().perform(Command::SetRow(name.clone(), number, Row::Empty))?;
    }
    call.this()
}

fn steps(call: &Call<'_>) -> mlua::Result<Value> {
    match call.number(0) {
        Some(steps) => edit(call, |name| Ok(Command::SetSteps(name, steps as u16))),
        None => with(call, |p| Value::Integer(i64::from(p.steps))),
    }
}

fn steps_per_beat(call: &Call<'_>) -> mlua::Result<Value> {
    match call.number(0) {
        Some(rate) => edit(call, |name| Ok(Command::SetStepsPerBeat(name, rate))),
        None => with(call, |p| lua_number(p.steps_per_beat)),
    }
}

/// A row as Lua reads it.
pub fn row_value(lua: &mlua::Lua, row: &Row) -> mlua::Result<Value> {
    match row {
        Row::Empty => Ok(Value::Nil),
        Row::Rest => Ok(Value::String(lua.create_string("-")?)),
        Row::Hit(hit) => hit_table(lua, hit).map(Value::Table),
    }
}

fn hit_table(lua: &mlua::Lua, hit: &Hit) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("index", hit.index)?;
    table.raw_set("note", hit.note)?;
    table.raw_set("length", hit.length)?;
    table.raw_set("chance", hit.chance)?;
    table.raw_set("ratio", format!("{}:{}", hit.ratio.0, hit.ratio.1))?;
    for (param, value) in &hit.params {
        table.raw_set(param.desc().name, param_value(lua, *param, *value)?)?;
    }
    Ok(table)
}

fn chain(call: &Call<'_>) -> mlua::Result<Value> {
    let name = World::name(&call.text(0).unwrap_or_default())?;
    {
        let mut world = call.world.borrow_mut();
        if !world.draft.chains.contains_key(&name) {
            world.perform(Command::AddChain { uid: Uid::fresh(), name: name.clone() })?;
        }
        if let Some(table) = call.table(1) {
            let list = config::pairs(&table)?.into_iter().map(|(key, value)| entry(&key, &value));
            let list = list.collect::<mlua::Result<Vec<_>>>()?;
            world.perform(Command::SetChain(name.clone(), list))?;
        }
    }
    call.give(Owner::Chain, name.as_str())
}

fn entry(key: &Value, value: &Value) -> mlua::Result<ChainEntry> {
    let place = got(key);
    let (pattern, repeats, mute) = match value {
        Value::Table(table) => {
            (table.raw_get::<Value>(1)?, table.raw_get::<Value>(2)?, table.raw_get::<Value>("mute")?)
        }
        other => (other.clone(), Value::Nil, Value::Nil),
    };
    let Some(pattern) = text_of(&pattern) else {
        return fail(format!("entry {place} takes {{ \"pattern\", times }}, got {}", got(&pattern)));
    };
    let repeats = match &repeats {
        Value::Nil => 1,
        other => match number_of(other).filter(|n| n.fract() == 0.0 && (1.0..=f64::from(REPEATS_MAX)).contains(n)) {
            Some(number) => number as u8,
            None => return fail(format!("entry {place}: times takes 1 to {REPEATS_MAX}, got {}", got(other))),
        },
    };
    let mute = match mute {
        Value::Nil => false,
        Value::Boolean(mute) => mute,
        other => return fail(format!("entry {place}: mute takes true or false, got {}", got(&other))),
    };
    Ok(ChainEntry { pattern: World::name(&pattern)?, repeats, mute })
}

fn entries(call: &Call<'_>) -> mlua::Result<Value> {
    let world = call.world.borrow();
    let Some(chain) = world.draft.chains.get(call.this.key.as_str()) else {
        return fail(format!("no chain is called \"{}\"", call.this.key));
    };
    super::state::chain(call.lua, chain).map(Value::Table)
}
