//! `onChange`, `on_param`, `on_trigger`: callbacks for one thing alone.
//!
//! Thread: script.

use mlua::{Error, Value};

use super::{Call, Entry, Handle, Kind, Owner, arg, got, handle, text_of};
use crate::model::ModuleKind;
use crate::script::observe::Watch;
use crate::script::vm::at_line;
use crate::script::watch::{Seen, Target};
use crate::script::world::{World, fail};

const G: Owner = Owner::Global;

/// The functions of this file.
pub static ENTRIES: &[Entry] = &[
    Entry {
        owner: G,
        name: "onChange",
        args: &[arg("what", Kind::Name), arg("callback", Kind::Callback)],
        returns: "timer",
        doc: "Call a function with `(value, old, path)` when something changes, wherever the change came from: a value (\"kick.volume\", \"kick.sample[2].speed\", \"beat.row[5].chance\"), a row (\"beat.row[5]\"), a module, pattern or chain as a whole (\"kick\"), each of its values or rows (\"kick.*\", \"beat.*\"), or the clock (\"clock.bpm\", \"clock.isPlaying\", \"clock.signature\", \"clock.hostLeads\", all with \"clock\"). Changes that come together are told as one; what is not there any more is nil. Gives a handle with `:stop()`.",
        example: r#"sampler("kick")
onChange("kick.volume", function(value, old, path) print(path, old, value) end)
onChange("clock.bpm", function(bpm) print("bpm", bpm) end)
-- later
setParam("kick", "volume", 0.25) setParam("kick", "volume", 0.5) clock:setBPM(90)
-- later
--> kick.volume 1 0.5
--> bpm 90
onChange("snare", print) --! nothing is called "snare""#,
        run: |c| on_change(c, false),
    },
    Entry {
        owner: G,
        name: "on_param",
        args: &[arg("path", Kind::Text), arg("callback", Kind::Callback)],
        returns: "timer",
        doc: "onChange for one value alone: a parameter, a sample's value, a connection's volume, a row's column.",
        example: r#"sampler("kick")
on_param("kick.speed", function(value) setParam("kick", "pan", value - 1) end)
-- later
setParam("kick", "speed", 1.5)
-- later
print(getParam("kick", "pan")) --> 0.5"#,
        run: |c| on_change(c, true),
    },
    Entry {
        owner: G,
        name: "on_trigger",
        args: &[arg("module", Kind::Any), arg("callback", Kind::Any)],
        returns: "timer",
        doc: "Call a function for each trigger, or for those of one sampler, as soon as it was played: `{ module, sequencer, pattern, row, index, note, beat, frame, fired, why, params }`. `fired` says whether it sounded, `why` why not (ratio, chance, missing, disabled, rest). Gives a handle with `:stop()`.",
        example: r#"sampler("kick", { samples = { "kick.wav" } })
on_trigger("kick", function(hit) print(hit.module, hit.index, hit.fired) end)
-- later
trigger("kick")
-- later
--> kick 1 true"#,
        run: on_trigger,
    },
];

fn register(call: &Call<'_>, callback: mlua::Function, watch: Watch) -> mlua::Result<Value> {
    let place = at_line(call.lua, "");
    let place = place.trim_end_matches([':', ' ']).to_owned();
    let number = call.world.borrow_mut().observe(callback, place, watch)?;
    handle(call.lua, Handle { owner: Owner::Timer, key: String::new(), number })
}

fn on_change(call: &Call<'_>, value_only: bool) -> mlua::Result<Value> {
    let Some(callback) = call.function(1) else { return fail("argument 2 \"callback\" takes a function") };
    let text = call.text(0).unwrap_or_default();
    let watch = {
        let world = call.world.borrow();
        let target = Target::parse(&world.draft, &text).map_err(Error::runtime)?;
        if value_only && !target.is_value() {
            return fail(format!(
                "\"{text}\" is not one value; it takes a path like \"kick.volume\" (onChange takes more)"
            ));
        }
        Watch::Change(target, Some(Seen::draft(&world)))
    };
    register(call, callback, watch)
}

fn on_trigger(call: &Call<'_>) -> mlua::Result<Value> {
    let (module, callback) = match (call.value(0), call.value(1)) {
        (Value::Function(callback), Value::Nil) => (None, callback),
        (first, Value::Function(callback)) => match text_of(&first) {
            Some(name) => (Some(sampler_name(call, &name)?), callback),
            None => return fail(format!("argument 1 \"module\" takes a sampler's name, got {}", got(&first))),
        },
        (Value::Function(_), other) => {
            return fail(format!(
                "takes a function, or a sampler and a function; after the function it got {}",
                got(&other)
            ));
        }
        (_, other) => return fail(format!("argument 2 \"callback\" takes a function, got {}", got(&other))),
    };
    register(call, callback, Watch::Trigger(module))
}

fn sampler_name(call: &Call<'_>, text: &str) -> mlua::Result<crate::model::Name> {
    let world = call.world.borrow();
    match world.draft.modules.get(text).map(|module| module.kind()) {
        Some(ModuleKind::MultiSampler) => World::name(text),
        Some(other) => fail(format!("{text} ({}) is not triggered: name a sampler", other.name())),
        None => {
            let all = world.draft.modules.iter().filter(|(_, m)| m.kind() == ModuleKind::MultiSampler);
            let names: Vec<&str> = all.map(|(name, _)| name.as_str()).collect();
            fail(format!(
                "no sampler is called \"{text}\"; there are {}",
                if names.is_empty() { "none".into() } else { names.join(" ") }
            ))
        }
    }
}
