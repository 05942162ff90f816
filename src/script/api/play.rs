//! Hits asked for directly, and what was played.
//!
//! Thread: script.

use mlua::Value;

use super::config;
use super::{Call, Entry, Kind, Owner, arg, got, number_of, opt, text_of};
use crate::model::{Command, Hit, Shot};
use crate::script::world::{World, fail};

/// The functions of this file.
pub static ENTRIES: &[Entry] = &[
    Entry {
        owner: Owner::Global,
        name: "trigger",
        args: &[arg("name", Kind::Name), opt("hit", Kind::Any)],
        returns: "",
        doc: "Play a sampler: `index` (or a sample's name), `note`, `length` (beats, \"1/8\"), and every parameter a row may have. In a clock callback it sounds on the callback's beat.",
        example: r#"sampler("kick", { samples = { "kick.wav", rim = "rim.wav" } })
trigger("kick", { index = 1, volume = 0.9, length = "1/8" })
trigger("kick", "rim")
-- later
for _, hit in ipairs(history(2)) do print(hit.module, hit.index, hit.params.volume) end
--> kick 1 0.9
--> kick 2 nil"#,
        run: |c| trigger(c, &c.text(0).unwrap_or_default(), &c.value(1)),
    },
    Entry {
        owner: Owner::Module,
        name: "trigger",
        args: &[opt("hit", Kind::Any)],
        returns: "",
        doc: "Play this sampler.",
        example: r#"sampler("kick", { samples = { "kick.wav" } }):trigger { note = 64 }
-- later
print(history(1)[1].note) --> 64"#,
        run: |c| trigger(c, &c.this.key, &c.value(0)),
    },
    Entry {
        owner: Owner::Global,
        name: "history",
        args: &[opt("count", Kind::Whole(1, 256))],
        returns: "table",
        doc: "The last triggers, newest last: frame, beat, module, sequencer, pattern, row, index, note, params, why (fired, ratio, chance, missing, disabled, rest).",
        example: r#"sampler("kick", { samples = { "kick.wav" } })
trigger("kick") trigger("kick", 2)
-- later
for _, hit in ipairs(history(8)) do print(hit.module, hit.index, hit.fired, hit.why) end
--> kick 1 true fired
--> kick 2 false missing"#,
        run: |c| {
            super::state::history(c.lua, &c.world.borrow().snapshot, c.number(0).map_or(256, |n| n as usize))
                .map(Value::Table)
        },
    },
];

fn trigger(call: &Call<'_>, name: &str, given: &Value) -> mlua::Result<Value> {
    let module = World::name(name)?;
    let mut world = call.world.borrow_mut();
    let mut gate = None;
    let hit = match given {
        Value::Nil => Hit::default(),
        Value::Table(table) => {
            let length: Value = table.raw_get("length")?;
            if !matches!(length, Value::Nil) {
                let span = super::span_of(&length).map_err(|e| mlua::Error::runtime(format!("length: {e}")))?;
                gate = Some(span.beats(world.signature()));
            }
            let index: Value = table.raw_get("index")?;
            let mut hit = match text_of(&index) {
                Some(text) => Hit { index: place(&world, name, &text)?, ..config::hit(table, &["index", "length"])? },
                None => config::hit(table, &["length"])?,
            };
            (hit.chance, hit.ratio) = (100, (1, 1));
            hit
        }
        other => match (number_of(other), text_of(other)) {
            (Some(number), _) if number.fract() == 0.0 && (1.0..=1024.0).contains(&number) => {
                Hit { index: number as u16, ..Hit::default() }
            }
            (_, Some(text)) => Hit { index: place(&world, name, &text)?, ..Hit::default() },
            _ => {
                return fail(format!(
                    "argument \"hit\" takes a table, an index from 1 to 1024 or a sample's name, got {}",
                    got(other)
                ));
            }
        },
    };
    let at = world.run.as_ref().and_then(|run| run.beat.map(|beat| beat + run.shift));
    let jump = at.map(|_| world.map.jump);
    world.perform(Command::Trigger(Shot { module, hit, gate, at, jump }))?;
    Ok(Value::Nil)
}

/// The place of a sample by its name, from 1.
fn place(world: &World, name: &str, text: &str) -> mlua::Result<u16> {
    let Some(module) = world.draft.modules.get(name) else { return fail(format!("no module is called \"{name}\"")) };
    match module.samples().iter().position(|s| s.name == text) {
        Some(place) => Ok(place as u16 + 1),
        None => fail(format!("{name} has no sample called \"{text}\"")),
    }
}
