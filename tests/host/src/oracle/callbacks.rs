//! Live chunks run in a Lua of their own, in which all but the clock and `trigger` does nothing. One thread: Lua's.

use std::cell::RefCell;
use std::rc::Rc;

use mlua::{Function, Lua, Table, Value as LuaValue, Variadic};
use serde_json::Value;

use super::exact::{self, Exact, count, whole};

/// Everything unknown is this: it may be called, indexed and compared, and gives itself. Where it is counted with, what
/// follows cannot be foretold, and `doubt` is told so.
const STUB: &str = r#"
local doubt = ...
local stub, meta = {}, {}
local function number(a, b) doubt("it reads the live state") return 0 end
for _, name in ipairs { "add", "sub", "mul", "div", "mod", "pow", "unm", "idiv" } do meta["__" .. name] = number end
meta.__index = function() return stub end
meta.__newindex = function() end
meta.__call = function() return stub end
meta.__lt = function() doubt("it reads the live state") return false end
meta.__le = meta.__lt
meta.__concat = function() return "" end
meta.__len = function() return 0 end
setmetatable(stub, meta)
math.random = function(a) doubt("it uses random numbers") return a or 0 end
print = function() end
return stub
"#;

/// A hit of a callback.
#[derive(Clone, Debug)]
pub struct Hit {
    /// Where it sounds.
    pub beat: Exact,
    /// The sampler.
    pub module: String,
    /// The sample.
    pub index: Wanted,
}

/// Which sample of a bank.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// By its place, from 1.
    Index(u16),
    /// By its name.
    Name(String),
}

struct Timer {
    kind: Kind,
    bars: bool,
    call: Function,
}

enum Kind {
    /// At every multiple of so many beats.
    Every(Exact),
    /// Once at this beat.
    At(Exact),
}

#[derive(Default)]
struct Heard {
    timers: Vec<Timer>,
    hits: Vec<Hit>,
    remarks: Vec<String>,
    /// Where the callback that runs stands.
    beat: Option<Exact>,
}

/// The live chunks of a session.
pub struct Callbacks {
    lua: Lua,
    chunks: Vec<(String, String)>,
    heard: Rc<RefCell<Heard>>,
}

impl Callbacks {
    /// Read the session's live chunks.
    pub fn read(session: &Value) -> Result<Self, String> {
        let live = session["live"].as_object().ok_or("the session has no live chunks")?;
        let text = |(name, text): (&String, &Value)| Some((name.clone(), text.as_str()?.to_owned()));
        let heard = Rc::new(RefCell::new(Heard::default()));
        let lua = Lua::new();
        furnish(&lua, &heard).map_err(|error| error.to_string())?;
        let all = Self { lua, chunks: live.iter().filter_map(text).collect(), heard };
        all.begin();
        Ok(all)
    }

    /// Run the chunks anew, as a state that is loaded does: only what they register counts.
    pub fn begin(&self) {
        self.heard.borrow_mut().timers.clear();
        for (name, text) in &self.chunks {
            let done = self.run(name, text);
            let mut heard = self.heard.borrow_mut();
            if let Err(error) = done {
                heard.doubt(&format!("live chunk \"{name}\": {error}"));
            }
            heard.hits.clear();
        }
    }

    /// A live chunk is kept as the function that was given to `live`, or as plain lines.
    fn run(&self, name: &str, text: &str) -> mlua::Result<()> {
        let function = self.lua.load(format!("return {text}")).set_name(format!("={name}")).eval::<Function>();
        match function {
            Ok(function) => function.call::<()>(()),
            Err(_) => self.lua.load(text).set_name(format!("={name}")).exec(),
        }
    }

    /// What could not be foretold.
    pub fn remarks(&self) -> Vec<String> {
        self.heard.borrow().remarks.clone()
    }

    /// The hits of all callbacks due from one beat on and before another.
    pub fn between(&self, from: &Exact, to: &Exact) -> Vec<Hit> {
        for (beat, bars, call) in self.due(from, to) {
            // Bars are counted from 1.
            let argument = exact::to_f64(&if bars { &beat / whole(4) + whole(1) } else { beat.clone() });
            self.heard.borrow_mut().beat = Some(beat);
            let done = match argument.fract() == 0.0 {
                true => call.call::<()>(argument as i64),
                false => call.call::<()>(argument),
            };
            let mut heard = self.heard.borrow_mut();
            heard.beat = None;
            if let Err(error) = done {
                heard.doubt(&format!("a callback fails: {error}"));
            }
        }
        std::mem::take(&mut self.heard.borrow_mut().hits)
    }

    fn due(&self, from: &Exact, to: &Exact) -> Vec<(Exact, bool, Function)> {
        let heard = self.heard.borrow();
        let mut due = vec![];
        for timer in &heard.timers {
            match &timer.kind {
                Kind::At(beat) if beat >= from && beat < to => due.push((beat.clone(), timer.bars, timer.call.clone())),
                Kind::At(_) => {}
                Kind::Every(span) => {
                    let mut turn = exact::ceil(&(from / span)).max(0) as u64;
                    while count(turn) * span < *to {
                        due.push((count(turn) * span, timer.bars, timer.call.clone()));
                        turn += 1;
                    }
                }
            }
        }
        due.sort_by(|a, b| a.0.cmp(&b.0));
        due
    }
}

impl Heard {
    /// What stands in `trigger`'s second place: nothing, an index, a sample's name, or a table that may hold either.
    fn hit(&mut self, module: String, what: &LuaValue) {
        let index = match what {
            LuaValue::Table(table) => table.get::<LuaValue>("index").unwrap_or(LuaValue::Nil),
            other => other.clone(),
        };
        let index = match &index {
            LuaValue::Nil => Wanted::Index(1),
            LuaValue::String(name) => Wanted::Name(name.to_string_lossy()),
            LuaValue::Integer(index) => Wanted::Index(u16::try_from(*index).unwrap_or(0)),
            LuaValue::Number(index) => Wanted::Index(*index as u16),
            _ => Wanted::Index(0),
        };
        if let Some(beat) = self.beat.clone() {
            self.hits.push(Hit { beat, module, index });
        }
    }

    fn doubt(&mut self, text: &str) {
        if !self.remarks.iter().any(|remark| remark == text) {
            self.remarks.push(text.to_owned());
        }
    }
}

/// Put the clock, `trigger` and `live` into the Lua, and the stub behind every other name.
fn furnish(lua: &Lua, heard: &Rc<RefCell<Heard>>) -> mlua::Result<()> {
    let doubts = heard.clone();
    let doubt = lua.create_function(move |_, why: String| {
        doubts.borrow_mut().doubt(&format!("a callback is not foretold: {why}"));
        Ok(())
    })?;
    let stub: Table = lua.load(STUB).call(doubt)?;
    let globals = lua.globals();

    let clock = lua.create_table()?;
    let register = |name: &str, make: fn(Exact) -> Kind| -> mlua::Result<()> {
        let (heard, stub) = (heard.clone(), stub.clone());
        let function = lua.create_function(move |_, (_, when, call): (LuaValue, LuaValue, Function)| {
            let (beats, bars) = span(&when).ok_or_else(|| mlua::Error::runtime("a length that is not understood"))?;
            heard.borrow_mut().timers.push(Timer { kind: make(beats), bars, call });
            Ok(stub.clone())
        })?;
        clock.set(name, function)
    };
    register("every", Kind::Every)?;
    register("at", Kind::At)?;
    register("after", Kind::At)?;
    let (runs, handle) = (heard.clone(), stub.clone());
    clock.set(
        "run",
        lua.create_function(move |_, _: Variadic<LuaValue>| {
            runs.borrow_mut().doubt("coroutines (clock:run) are not foretold");
            Ok(handle.clone())
        })?,
    )?;
    let behind = lua.create_table()?;
    behind.set("__index", stub.clone())?;
    clock.set_metatable(Some(behind))?;

    let engine = lua.create_table()?;
    let given = clock.clone();
    engine.set("getClock", lua.create_function(move |_, _: Variadic<LuaValue>| Ok(given.clone()))?)?;
    let behind = lua.create_table()?;
    behind.set("__index", stub.clone())?;
    engine.set_metatable(Some(behind))?;
    globals.set("engine", engine)?;
    globals.set("clock", clock)?;

    let hits = heard.clone();
    let trigger = lua.create_function(move |_, (module, what): (String, LuaValue)| {
        hits.borrow_mut().hit(module, &what);
        Ok(())
    })?;
    let (again, handle) = (trigger.clone(), stub.clone());
    let sampler = lua.create_function(move |lua, (module, _): (String, Variadic<LuaValue>)| {
        let (table, behind, again) = (lua.create_table()?, lua.create_table()?, again.clone());
        let play = move |_: &Lua, (_, what): (LuaValue, LuaValue)| again.call::<()>((module.clone(), what));
        table.set("trigger", lua.create_function(play)?)?;
        behind.set("__index", handle.clone())?;
        table.set_metatable(Some(behind))?;
        Ok(table)
    })?;
    globals.set("trigger", trigger)?;
    globals.set("sampler", sampler)?;
    let handle = stub.clone();
    let live = lua.create_function(move |_, (_, body): (String, Option<Function>)| {
        body.map_or(Ok(()), |body| body.call::<()>(()))?;
        Ok(handle.clone())
    })?;
    globals.set("live", live)?;

    let behind = lua.create_table()?;
    behind.set("__index", lua.create_function(move |_, _: Variadic<LuaValue>| Ok(stub.clone()))?)?;
    globals.set_metatable(Some(behind))?;
    Ok(())
}

/// A length as people write it: a number of beats, `"3/16"` of a whole note, `"2 bars"` of 4/4. Whether it is in bars.
fn span(value: &LuaValue) -> Option<(Exact, bool)> {
    let positive = |(beats, bars): (Exact, bool)| (beats > whole(0)).then_some((beats, bars));
    match value {
        LuaValue::Integer(beats) => positive((whole(*beats), false)).or((*beats == 0).then(|| (whole(0), false))),
        LuaValue::Number(beats) => exact::of(*beats).map(|beats| (beats, false)),
        LuaValue::String(text) => {
            let text = text.to_str().ok()?;
            let mut words = text.split_whitespace();
            let first = words.next()?;
            let number = |word: &str| word.parse::<f64>().ok().and_then(exact::of);
            let value = match first.split_once('/') {
                Some((a, b)) => number(a)? / number(b).filter(|b| *b != whole(0))?,
                None => number(first)?,
            };
            positive(match words.next() {
                Some("bar" | "bars") => (value * whole(4), true),
                Some("beat" | "beats") => (value, false),
                None if first.contains('/') => (value * whole(4), false),
                None => (value, false),
                Some(_) => return None,
            })
        }
        _ => None,
    }
}
