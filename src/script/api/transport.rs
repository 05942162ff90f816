//! `clock`: the transport, and when callbacks run.
//!
//! Thread: script.

use mlua::Value;

use super::{Call, Entry, Handle, Kind, Owner, arg, handle, opt};
use crate::model::{Ask, ClockSource, Command, Signature, TransportVerb};
use crate::script::clock::{TimerKind, Wake, lua_number};
use crate::script::world::fail;

use crate::model::BeatSpan;

const CLOCK: Owner = Owner::Clock;

/// The functions of this file.
pub static ENTRIES: &[Entry] = &[
    Entry {
        owner: CLOCK,
        name: "setBPM",
        args: &[arg("bpm", Kind::Number(f64::NEG_INFINITY, f64::INFINITY, " beats per minute, 20 to 480"))],
        returns: "boolean",
        doc: "Set the tempo of the internal clock, 20 to 480 beats per minute. Where the host's transport leads nothing changes and it gives false.",
        example: r#"print(clock:setBPM(128), clock:getBPM()) --> true 128"#,
        run: set_bpm,
    },
    Entry {
        owner: CLOCK,
        name: "getBPM",
        args: &[],
        returns: "number",
        doc: "The tempo in force, in beats per minute.",
        example: r#"print(clock:getBPM()) --> 120"#,
        run: |c| Ok(lua_number(c.world.borrow().bpm())),
    },
    Entry {
        owner: CLOCK,
        name: "start",
        args: &[],
        returns: "boolean",
        doc: "Start the internal clock from where it stands. Where the host leads nothing changes and it gives false.",
        example: r#"clock:locate(8)
clock:start()
print(clock:isPlaying(), clock:beat()) --> true 8"#,
        run: |c| verb(c, TransportVerb::Play),
    },
    Entry {
        owner: CLOCK,
        name: "play",
        args: &[],
        returns: "boolean",
        doc: "The same as `clock:start()`.",
        example: r#"clock:play()
print(clock:isPlaying()) --> true"#,
        run: |c| verb(c, TransportVerb::Play),
    },
    Entry {
        owner: CLOCK,
        name: "stop",
        args: &[],
        returns: "boolean",
        doc: "Stop the internal clock and return to the start.",
        example: r#"clock:start()
-- 4 beats later
clock:stop()
print(clock:isPlaying(), clock:beat()) --> false 0"#,
        run: |c| verb(c, TransportVerb::Stop),
    },
    Entry {
        owner: CLOCK,
        name: "pause",
        args: &[],
        returns: "boolean",
        doc: "Stop the internal clock and keep the position.",
        example: r#"clock:start()
-- 4 beats later
clock:pause()
-- later
print(clock:isPlaying(), clock:bar()) --> false 2"#,
        run: |c| verb(c, TransportVerb::Pause),
    },
    Entry {
        owner: CLOCK,
        name: "reset",
        args: &[],
        returns: "boolean",
        doc: "Stop, return to the start and tell listeners.",
        example: r#"clock:locate(32)
clock:reset()
print(clock:beat()) --> 0"#,
        run: |c| verb(c, TransportVerb::Reset),
    },
    Entry {
        owner: CLOCK,
        name: "isPlaying",
        args: &[],
        returns: "boolean",
        doc: "Whether the song position moves.",
        example: r#"print(clock:isPlaying()) --> false
clock:start()
print(clock:isPlaying()) --> true"#,
        run: |c| Ok(Value::Boolean(c.world.borrow().is_playing())),
    },
    Entry {
        owner: CLOCK,
        name: "setSource",
        args: &[arg("source", Kind::Word(&["host", "internal", "free"]))],
        returns: "boolean",
        doc: "Who leads the position: \"host\" follows the host's transport where there is one, \"internal\" plays by itself.",
        example: r#"clock:setSource("internal")
print(clock:getSource()) --> internal"#,
        run: set_source,
    },
    Entry {
        owner: CLOCK,
        name: "getSource",
        args: &[],
        returns: "string",
        doc: "Who leads: \"host\" or \"internal\".",
        example: r#"print(clock:getSource()) --> host"#,
        run: get_source,
    },
    Entry {
        owner: CLOCK,
        name: "setSignature",
        args: &[arg("beats", Kind::Whole(1, 64)), arg("unit", Kind::Whole(1, 32))],
        returns: "boolean",
        doc: "Time signature of the internal clock.",
        example: r#"clock:setSignature(7, 8)
clock:locate(3.5)
print(clock:bar()) --> 2"#,
        run: set_signature,
    },
    Entry {
        owner: CLOCK,
        name: "internal",
        args: &[arg("settings", Kind::Table)],
        returns: "",
        doc: "Set what the internal clock plays with, also while the host leads: `bpm`, `signature = \"7/8\"`, `source`.",
        example: r#"clock:internal { bpm = 128, signature = "7/8" }
print(clock:getBPM(), engine:getState().clock.signature) --> 128 7/8"#,
        run: internal,
    },
    Entry {
        owner: CLOCK,
        name: "beat",
        args: &[],
        returns: "number",
        doc: "Song position in beats (quarter notes), from 0.",
        example: r#"clock:locate(2.5)
print(clock:beat()) --> 2.5"#,
        run: |c| Ok(lua_number(c.world.borrow().beat())),
    },
    Entry {
        owner: CLOCK,
        name: "bar",
        args: &[],
        returns: "integer",
        doc: "The bar of the song position, from 1.",
        example: r#"clock:locate(8)
print(clock:bar()) --> 3"#,
        run: bar,
    },
    Entry {
        owner: CLOCK,
        name: "locate",
        args: &[arg("beat", Kind::Number(f64::NEG_INFINITY, f64::INFINITY, " of beats from the song start"))],
        returns: "boolean",
        doc: "Move the internal clock to a position, in beats.",
        example: r#"print(clock:locate(32), clock:beat()) --> true 32"#,
        run: locate,
    },
    Entry {
        owner: CLOCK,
        name: "every",
        args: &[arg("span", Kind::Span), arg("callback", Kind::Callback)],
        returns: "timer",
        doc: "Call a function at every multiple of a length, counted from the song start. It gets the beat, or the bar from 1 when the length is in bars. It runs ahead of the position: what it triggers and sets lands on its beat.",
        example: r#"clock:every("1/4", function(beat) print("beat", beat) end)
clock:every("1 bar", function(bar) print("bar", bar) end)
clock:start()
-- 1.5 beats later
--> beat 0
--> bar 1
--> beat 1"#,
        run: every,
    },
    Entry {
        owner: CLOCK,
        name: "at",
        args: &[
            arg("beat", Kind::Number(f64::NEG_INFINITY, f64::INFINITY, " of beats from the song start")),
            arg("callback", Kind::Callback),
        ],
        returns: "timer",
        doc: "Call a function once, when the position reaches a beat.",
        example: r#"clock:at(2, function(beat) print("here", beat) end)
clock:start()
-- 3 beats later
--> here 2"#,
        run: |c| at(c, c.number(0).unwrap_or(0.0), 1),
    },
    Entry {
        owner: CLOCK,
        name: "after",
        args: &[arg("span", Kind::Span), arg("callback", Kind::Callback)],
        returns: "timer",
        doc: "Call a function once, this much later.",
        example: r#"clock:after("1/2", function(beat) print("later", beat) end)
clock:start()
-- 3 beats later
--> later 2"#,
        run: after,
    },
    Entry {
        owner: CLOCK,
        name: "run",
        args: &[arg("routine", Kind::Callback)],
        returns: "timer",
        doc: "Run a function as a coroutine; inside it `clock:sync` and `clock:sleep` wait.",
        example: r#"clock:run(function() for i = 1, 3 do clock:sync(1) print(i, clock:beat()) end end)
clock:start()
-- 2.5 beats later
--> 1 0
--> 2 1
--> 3 2"#,
        run,
    },
    Entry {
        owner: CLOCK,
        name: "sync",
        args: &[arg("span", Kind::Span)],
        returns: "",
        doc: "Inside `clock:run`: wait for the next multiple of a length, counted from the song start.",
        example: r#"clock:run(function() clock:sync("1 bar") clock:sync("1 bar") print("bar", clock:bar()) end)
clock:start()
-- 5 beats later
--> bar 2
clock:sync(1) --! clock:run"#,
        run: sync,
    },
    Entry {
        owner: CLOCK,
        name: "sleep",
        args: &[arg("seconds", Kind::Number(0.0, f64::INFINITY, " seconds"))],
        returns: "",
        doc: "Inside `clock:run`: wait this many seconds.",
        example: r#"clock:run(function() clock:sync(1) clock:sleep(0.5) print(clock:beat()) end)
clock:start()
-- 2 beats later
--> 1"#,
        run: |c| Ok(c.value(0)),
    },
    Entry {
        owner: Owner::Timer,
        name: "stop",
        args: &[],
        returns: "boolean",
        doc: "Take the callback away; false when it was gone already.",
        example: r#"local timer = clock:every(1, function() print("never") end)
print(timer:stop(), timer:stop()) --> true false
clock:start()
-- 2 beats later"#,
        run: stop,
    },
    Entry {
        owner: Owner::Global,
        name: "hush",
        args: &[],
        returns: "",
        doc: "Stop sequencers and live chunks, release what sounds; the transport goes on.",
        example: r#"clock:every(1, function() print("beat") end)
hush()
-- later
clock:start()
-- 2 beats later"#,
        run: |c| ask(c, Ask::Hush),
    },
    Entry {
        owner: Owner::Global,
        name: "panic",
        args: &[],
        returns: "",
        doc: "Cut all sound at once.",
        example: r#"panic()"#,
        run: |c| ask(c, Ask::Panic),
    },
    Entry {
        owner: Owner::Global,
        name: "lastGood",
        args: &[],
        returns: "",
        doc: "Go back to the last evaluation of the script that ran well: one undo step. Once more goes one further back.",
        example: "lastGood()",
        run: |c| ask(c, Ask::LastGood),
    },
    Entry {
        owner: Owner::Global,
        name: "undo",
        args: &[],
        returns: "",
        doc: "Take back the last change, after this chunk.",
        example: r#"clock:setBPM(90)
-- later
undo()
-- later
print(clock:getBPM()) --> 120"#,
        run: |c| ask(c, Ask::Undo),
    },
    Entry {
        owner: Owner::Global,
        name: "redo",
        args: &[],
        returns: "",
        doc: "Do again what was taken back, after this chunk.",
        example: r#"clock:setBPM(90)
-- later
undo() redo()
-- later
print(clock:getBPM()) --> 90"#,
        run: |c| ask(c, Ask::Redo),
    },
    Entry {
        owner: Owner::Global,
        name: "seed",
        args: &[opt("seed", Kind::Whole(i64::MIN, i64::MAX))],
        returns: "integer",
        doc: "Set the source of all chance; gives the seed in force.",
        example: r#"print(seed(42), seed()) --> 42 42"#,
        run: seed,
    },
];

fn ask(call: &Call<'_>, ask: Ask) -> mlua::Result<Value> {
    call.world.borrow_mut().ask(ask);
    Ok(Value::Nil)
}

/// Whether the host leads; then the person is told that nothing changed.
fn refused(call: &Call<'_>, what: &str) -> bool {
    let mut world = call.world.borrow_mut();
    let leads = world.host_leads();
    if leads {
        world.ask(Ask::Notice(format!(
            "{what} changed nothing: the host's transport leads (clock:setSource(\"internal\") takes over)"
        )));
    }
    leads
}

fn set_bpm(call: &Call<'_>) -> mlua::Result<Value> {
    if refused(call, "clock:setBPM") {
        return Ok(Value::Boolean(false));
    }
    call.world.borrow_mut().perform(Command::SetBpm(call.number(0).unwrap_or(0.0)))?;
    Ok(Value::Boolean(true))
}

fn verb(call: &Call<'_>, verb: TransportVerb) -> mlua::Result<Value> {
    let name = match verb {
        TransportVerb::Play => "clock:start",
        TransportVerb::Stop => "clock:stop",
        TransportVerb::Pause => "clock:pause",
        TransportVerb::Reset => "clock:reset",
        TransportVerb::Locate(_) => "clock:locate",
    };
    if refused(call, name) {
        return Ok(Value::Boolean(false));
    }
    let mut world = call.world.borrow_mut();
    world.perform(Command::Transport(verb))?;
    match verb {
        TransportVerb::Play => world.playing = Some(true),
        TransportVerb::Pause => world.playing = Some(false),
        TransportVerb::Stop | TransportVerb::Reset => (world.playing, world.located) = (Some(false), Some(0.0)),
        TransportVerb::Locate(beat) => world.located = Some(beat),
    }
    Ok(Value::Boolean(true))
}

fn locate(call: &Call<'_>) -> mlua::Result<Value> {
    verb(call, TransportVerb::Locate(call.number(0).unwrap_or(0.0)))
}

fn set_source(call: &Call<'_>) -> mlua::Result<Value> {
    let source = match call.text(0).as_deref() {
        Some("host") => ClockSource::Host,
        Some("internal") => ClockSource::Internal,
        _ => return fail("source \"free\" is not in this version; it takes \"host\" or \"internal\""),
    };
    call.world.borrow_mut().perform(Command::SetSource(source))?;
    Ok(Value::Boolean(true))
}

fn get_source(call: &Call<'_>) -> mlua::Result<Value> {
    let word = match call.world.borrow().draft.source {
        ClockSource::Host => "host",
        ClockSource::Internal => "internal",
    };
    Ok(Value::String(call.lua.create_string(word)?))
}

fn set_signature(call: &Call<'_>) -> mlua::Result<Value> {
    let number = |place| call.number(place).unwrap_or(4.0) as u16;
    call.world.borrow_mut().perform(Command::SetSignature(Signature { num: number(0), den: number(1) }))?;
    Ok(Value::Boolean(true))
}

fn internal(call: &Call<'_>) -> mlua::Result<Value> {
    let Some(table) = call.table(0) else { return Ok(Value::Nil) };
    let mut world = call.world.borrow_mut();
    for pair in table.pairs::<String, Value>() {
        let (key, value) = pair?;
        let text = super::text_of(&value);
        match (key.as_str(), super::number_of(&value), text.as_deref()) {
            ("bpm", Some(bpm), _) => world.perform(Command::SetBpm(bpm))?,
            ("signature", _, Some(text)) => {
                let parts =
                    text.split_once('/').and_then(|(a, b)| Some((a.trim().parse().ok()?, b.trim().parse().ok()?)));
                match parts {
                    Some((num, den)) => world.perform(Command::SetSignature(Signature { num, den }))?,
                    None => return fail(format!("signature takes \"4/4\" and the like, got \"{text}\"")),
                }
            }
            ("source", _, Some("host")) => world.perform(Command::SetSource(ClockSource::Host))?,
            ("source", _, Some("internal")) => world.perform(Command::SetSource(ClockSource::Internal))?,
            _ => {
                let got = super::got(&value);
                return fail(format!(
                    "\"{key}\" = {got}: it takes bpm (20 to 480), signature (\"4/4\"), source (\"host\", \"internal\")"
                ));
            }
        }
    }
    Ok(Value::Nil)
}

fn bar(call: &Call<'_>) -> mlua::Result<Value> {
    let world = call.world.borrow();
    Ok(Value::Integer((world.beat() / world.signature().bar_beats() + 1e-9).floor() as i64 + 1))
}

fn timer(call: &Call<'_>, kind: TimerKind) -> mlua::Result<Value> {
    let number = call.world.borrow_mut().register(kind)?;
    handle(call.lua, Handle { owner: Owner::Timer, key: String::new(), number })
}

fn every(call: &Call<'_>) -> mlua::Result<Value> {
    let Some(callback) = call.function(1) else { return Ok(Value::Nil) };
    let span = call.span(0)?;
    let shortest = 1.0 / 64.0;
    if span.beats(call.world.borrow().signature()) < shortest {
        return fail(format!(
            "argument 1 \"span\" takes at least 1/64 of a beat ({shortest}), got {}",
            super::got(&call.value(0))
        ));
    }
    timer(call, TimerKind::Every { span, callback, next: None })
}

fn at(call: &Call<'_>, beat: f64, place: usize) -> mlua::Result<Value> {
    let Some(callback) = call.function(place) else { return Ok(Value::Nil) };
    timer(call, TimerKind::At { beat, callback, from: None })
}

fn after(call: &Call<'_>) -> mlua::Result<Value> {
    let beat = {
        let world = call.world.borrow();
        let span: BeatSpan = call.span(0)?;
        world.beat() + span.beats(world.signature())
    };
    at(call, beat, 1)
}

fn run(call: &Call<'_>) -> mlua::Result<Value> {
    let Some(function) = call.function(0) else { return Ok(Value::Nil) };
    let thread = call.lua.create_thread(function)?;
    timer(call, TimerKind::Routine { thread, wake: Wake::Now })
}

/// Gives the length in beats; the Lua side yields it.
fn sync(call: &Call<'_>) -> mlua::Result<Value> {
    let beats = call.span(0)?.beats(call.world.borrow().signature());
    Ok(Value::Number(beats))
}

fn stop(call: &Call<'_>) -> mlua::Result<Value> {
    Ok(Value::Boolean(call.world.borrow_mut().stop(call.this.number)))
}

fn seed(call: &Call<'_>) -> mlua::Result<Value> {
    if let Some(Value::Integer(seed)) = call.args.first() {
        call.world.borrow_mut().perform(Command::SetSeed(*seed as u64))?;
    } else if let Some(number) = call.number(0) {
        call.world.borrow_mut().perform(Command::SetSeed(number as i64 as u64))?;
    }
    Ok(Value::Integer(call.world.borrow().draft.seed as i64))
}
