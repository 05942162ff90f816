//! The script room: one Lua state, born and dying on its thread.
//!
//! Thread: script. **Invariant:** it asks with Batches and sees Snapshots; nothing here can block the engine.
//!
//! Reading order: [`vm`] (the sandbox), [`world`] (one chunk is one transaction), [`api`] (what people type),
//! [`clock`] and [`observe`] (callbacks), [`mod@mirror`] (a session as text), [`dry`] and [`mod@patch`] (the session
//! written back into a person's text), [`scribe`] (when that is done), [`docs`] (help, stubs, manual).

pub mod api;
pub mod clock;
pub mod docs;
pub mod dry;
mod held;
mod hook;
mod matcher;
pub mod mirror;
pub mod observe;
pub mod patch;
pub mod scribe;
mod source;
#[cfg(test)]
mod tests;
pub mod vm;
pub mod watch;
pub mod world;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use mlua::{Function, Lua, MultiValue, Value};

use crate::bus::{Files, Pace, ScriptEnds, Station};
pub use crate::model::Timing;
use crate::model::{
    Ask, BatchId, Command, ConsoleKind, EvalCall, EvalOutcome, EvalResult, Event, Origin, Snapshot, When,
};

use clock::Follow;
pub use docs::{completions, help, manual, stubs};
pub use dry::{Dry, Made};
pub use mirror::mirror;
use observe::Heard;
pub use patch::{Patched, patch};
pub use scribe::Scribe;
use source::Source;
use vm::{Budget, Limits, Now, Sandbox};
use watch::ClockState;
use world::{Pending, Run, Scope, Shared, World, cut_line};

/// The chunk that the editor's buffer is.
pub const BUFFER: &str = "buffer";

/// What the transaction of a chunk or callback came to.
pub(crate) struct Done<R> {
    /// What the code gave back.
    pub value: R,
    /// Batches sent.
    pub sent: Vec<BatchId>,
}

/// Why a chunk or callback failed; nothing of it took effect.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// Buffer line, from 1, when known.
    pub line: Option<u32>,
    /// What is wrong.
    pub message: String,
    /// Whether it ran too long.
    pub tripped: bool,
}

impl Failure {
    fn new(message: &str) -> Self {
        Self { line: None, message: message.to_owned(), tripped: false }
    }

    /// `line 12: …`, or the message alone.
    pub fn text(&self) -> String {
        match self.line {
            Some(line) => format!("line {line}: {}", self.message),
            None => self.message.clone(),
        }
    }
}

/// The script station: runs chunks and callbacks.
pub struct Script {
    lua: Sandbox,
    world: Shared,
    ends: ScriptEnds,
    limits: Limits,
    follow: Follow,
    seen: Arc<Snapshot>,
    own: Vec<BatchId>,
    outside: bool,
    outbox: VecDeque<Ask>,
    told: Option<String>,
    seen_clock: ClockState,
    heard: Heard,
}

impl Script {
    /// A script room on these wires. `now` reads the clock that budgets are measured with. Make it on its own thread:
    /// Lua cannot move.
    pub fn new(ends: ScriptEnds, files: Arc<dyn Files>, now: Now) -> Self {
        let snapshot = ends.snapshot.load_full();
        let budget = Rc::new(Budget::new(now));
        let world = Rc::new(RefCell::new(World::new(snapshot.clone(), files, budget)));
        let (lua, trouble) = Self::state(&world);
        let mut script = Self {
            lua,
            world,
            ends,
            limits: Limits::default(),
            follow: Follow::new(now()),
            seen: snapshot,
            own: vec![],
            outside: false,
            outbox: VecDeque::new(),
            told: None,
            seen_clock: ClockState::default(),
            heard: Heard::default(),
        };
        script.seen_clock = ClockState::now(&script.world.borrow());
        if let Some(text) = trouble {
            script.outbox.push_back(Ask::Notice(text));
        }
        script
    }

    /// How long code may run, for tests and the settings.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// How late callbacks ran so far.
    pub fn timing(&self) -> Timing {
        self.follow.timing()
    }

    fn state(world: &Shared) -> (Sandbox, Option<String>) {
        let budget = world.borrow().budget.clone();
        let made = vm::sandbox(&budget).and_then(|lua| api::install(&lua, world).map(|()| lua));
        match made {
            Ok(lua) => (lua, None),
            Err(error) => (Sandbox::empty(), Some(format!("Lua could not start: {}", vm::message(&error)))),
        }
    }

    /// Run code as one transaction and send what it asks for.
    pub(crate) fn transact<R>(
        &mut self,
        run: Run,
        limit: Duration,
        replace: bool,
        body: impl FnOnce(&Lua) -> mlua::Result<R>,
    ) -> Result<Done<R>, Failure> {
        let budget = {
            let mut world = self.world.borrow_mut();
            world.begin(run);
            world.budget.clone()
        };
        budget.arm(&self.lua, limit);
        let result = body(&self.lua);
        let tripped = budget.disarm();
        let failure = match &result {
            Err(error) => Some(self.failure(error, tripped)),
            Ok(_) if tripped => Some(Failure { tripped, ..Failure::new(&budget.message()) }),
            Ok(_) => None,
        };
        if matches!(&result, Err(error) if vm::message(error).starts_with("out of memory")) {
            let _ = self.lua.gc_collect();
        }
        let sent = match failure {
            None => self.send().map_err(|message| Failure::new(&message)),
            Some(failure) => Err(failure),
        };
        let batch = sent.as_ref().ok().and_then(|sent| sent.first().copied());
        let later = self.world.borrow().is_later();
        self.world.borrow_mut().finish(sent.is_ok(), replace, batch, later);
        match (sent, result) {
            (Ok(sent), Ok(value)) => Ok(Done { value, sent }),
            (Err(failure), _) => Err(failure),
            (Ok(_), Err(error)) => Err(self.failure(&error, tripped)),
        }
    }

    /// Send the Batch of the running code and what follows it. A full queue sends nothing.
    fn send(&mut self) -> Result<Vec<BatchId>, String> {
        let outgoing = self.world.borrow_mut().outgoing();
        let mut sent = vec![];
        for batch in outgoing.batches {
            let (id, when, commands) = (batch.id, batch.when, batch.commands.clone());
            self.ends.asks.batch(batch).map_err(|_| {
                "the engine has 1024 asks waiting and took no more: nothing of this was done, try again".to_owned()
            })?;
            sent.push(id);
            let count = self.ends.gate.asks_sent.load(Ordering::Acquire);
            self.world.borrow_mut().pending.push(Pending { id, sent: count, when, commands });
        }
        self.outbox.extend(outgoing.after);
        Ok(sent)
    }

    fn failure(&self, error: &mlua::Error, tripped: bool) -> Failure {
        let text = vm::message(error);
        let world = self.world.borrow();
        let (line, message) = split_place(&text, |name| world.sources.contains_key(name));
        Failure { line, message: message.to_owned(), tripped }
    }

    fn eval(&mut self, call: &EvalCall) {
        let name = shown_name(&call.chunk);
        let first = call.first_line.max(1);
        let last = first + call.text.lines().count().max(1) as u32 - 1;
        let last = if call.whole { u32::MAX } else { last };
        let scope =
            if call.repl { Scope::Line(call.text.clone()) } else { Scope::Chunk(call.chunk.clone(), first, last) };
        let label = label(call, &name);
        let origin = if call.repl { Origin::Repl } else { Origin::Script };
        let run = Run { origin, when: call.when, label, scope, beat: None, shift: 0.0, frame: 0.0, discard: false };
        self.world.borrow_mut().remember(&name, Source { text: call.text.clone(), first_line: first });
        let (limit, world) = (self.limits.eval, self.world.clone());
        let outcome = self.transact(run, limit, true, |lua| {
            let function = compile(lua, &name, first, &call.text, call.repl)?;
            let values = function.call::<MultiValue>(())?;
            if call.whole {
                stop_what_is_gone(&world, &call.chunk)?;
            }
            let shown = if call.repl { values.iter().map(show).collect::<mlua::Result<Vec<_>>>()? } else { vec![] };
            Ok(shown)
        });
        let outcome = match outcome {
            Ok(done) => {
                let mut world = self.world.borrow_mut();
                done.value.iter().for_each(|value| world.say(ConsoleKind::Value, value));
                EvalOutcome::Done { batch: done.sent.first().copied(), values: done.value }
            }
            Err(failure) => {
                let text = format!("{name}: {}", failure.text());
                self.world.borrow_mut().say(ConsoleKind::Error, &text);
                EvalOutcome::Failed { line: failure.line, message: Arc::from(failure.message) }
            }
        };
        self.flush_console();
        self.outbox.push_back(Ask::Evaluated(EvalResult { id: call.id, outcome }));
    }

    fn flush_console(&mut self) {
        let lines = std::mem::take(&mut self.world.borrow_mut().lines);
        if !lines.is_empty() {
            self.outbox.push_back(Ask::Console(lines));
        }
    }

    /// Send what waits; a full queue keeps the rest for the next tick.
    fn flush(&mut self) -> bool {
        let drops = std::mem::take(&mut self.world.borrow_mut().drops);
        // Before anything else: what is asked after it may be new hits of the same callbacks.
        drops.into_iter().rev().for_each(|drop| self.outbox.push_front(Ask::DropShots(drop)));
        while let Some(ask) = self.outbox.pop_front() {
            if let Err(ask) = self.ends.asks.send(ask) {
                self.outbox.push_front(ask);
                return false;
            }
        }
        true
    }

    fn look(&mut self) {
        // The count first: what it counts is in the Snapshot that is read after it.
        let done = self.ends.gate.asks_done.load(Ordering::Acquire);
        let mut world = self.world.borrow_mut();
        world.snapshot = self.ends.snapshot.load_full();
        world.map = self.ends.clock.get();
        let waiting = world.snapshot.waiting.clone();
        world.pending.retain(|p| p.sent > done || waiting.iter().any(|w| w.batch == p.id));
        world.look_at_held();
    }

    fn take_events(&mut self) {
        while let Some(event) = self.ends.events.next() {
            match event {
                Event::Applied { batch, .. } => {
                    self.world.borrow_mut().release(batch);
                    match self.own.iter().position(|id| *id == batch) {
                        Some(place) => drop(self.own.swap_remove(place)),
                        None => self.outside = true,
                    }
                }
                Event::Transport => self.outside = true,
                Event::Loaded => {
                    let mut world = self.world.borrow_mut();
                    world.drop_all();
                    world.pending.clear();
                    self.outside = true;
                }
                Event::Hushed => {
                    let mut world = self.world.borrow_mut();
                    world.timers.clear();
                    world.held.clear();
                    world.observers.retain(|o| !matches!(o.scope, Scope::Live(_)));
                    world.pending.clear();
                }
                Event::Refused { batch, .. } => {
                    self.own.retain(|id| *id != batch);
                    self.world.borrow_mut().let_go(batch);
                }
                Event::TakenBack { batch } => self.world.borrow_mut().take_back(batch),
                Event::Triggered(record) => self.heard.event(record, self.world.borrow().hears_triggers()),
                Event::WriteText | Event::Recover(_) | Event::Desk(_) => {}
            }
        }
        if self.ends.events.lagged() {
            self.own.clear();
            self.outside = true;
            let mut world = self.world.borrow_mut();
            world.release_what_no_longer_waits();
            self.heard.recover(&self.ends.snapshot.load(), world.hears_triggers());
        }
    }

    /// Live chunks of the Session that do not run are run (a load, an undo), those that are gone are stopped.
    fn sync_lives(&mut self) {
        let (gone, new) = {
            let world = self.world.borrow();
            if !world.pending.is_empty() || world.lives == world.snapshot.session.live {
                return;
            }
            let wanted = &world.snapshot.session.live;
            let gone: Vec<String> = world.lives.keys().filter(|name| !wanted.contains_key(*name)).cloned().collect();
            let new: Vec<(String, Arc<str>)> = wanted
                .iter()
                .filter(|(name, text)| world.lives.get(*name) != Some(text))
                .map(|(name, text)| (name.clone(), text.clone()))
                .collect();
            (gone, new)
        };
        for name in gone {
            let mut world = self.world.borrow_mut();
            world.drop_scope(&Scope::Live(name.clone()));
            world.lives.remove(&name);
        }
        for (name, text) in new {
            let run = Run {
                origin: Origin::Host,
                when: When::Now,
                label: format!("live {name}"),
                scope: Scope::Live(name.clone()),
                beat: None,
                shift: 0.0,
                frame: 0.0,
                discard: true,
            };
            let (world, limit) = (self.world.clone(), self.limits.eval);
            let outcome = self.transact(run, limit, true, |lua| api::live::run_text(lua, &world, &name, &text, None));
            if let Err(failure) = outcome {
                let text = format!("the live chunk \"{name}\" does not run: {}", failure.text());
                self.world.borrow_mut().say(ConsoleKind::Error, &text);
                self.outbox.push_back(Ask::Notice(text));
            }
            // One that fails counts as seen, or it would be tried again for ever.
            self.world.borrow_mut().lives.insert(name, text);
        }
    }
}

impl Station for Script {
    fn tick(&mut self, now: Instant) -> Pace {
        let gate = self.ends.gate.clone();
        let (offline, processing) = (gate.offline.load(Ordering::Acquire), gate.processing.load(Ordering::Acquire));
        let wanted = gate.wanted.load(Ordering::Acquire);
        self.take_events();
        self.look();
        self.follow_clock(now, offline, processing);
        self.sync_lives();
        let mut more = !self.flush();
        for _ in 0..16 {
            let Some(call) = self.ends.calls.pop() else { break };
            self.eval(&call);
            more |= !self.flush();
            gate.calls_done.fetch_add(1, Ordering::AcqRel);
        }
        more |= !self.ends.calls.is_empty();
        more |= self.tell_observers();
        let left = self.run_timers(now, offline.then_some(wanted));
        more |= left;
        self.show_timing(now);
        self.flush_console();
        more |= !self.flush();
        if !left && gate.script_done.load(Ordering::Acquire) != wanted {
            gate.script_done.store(wanted, Ordering::Release);
            if offline {
                self.ends.engine_waker.wake();
            }
        }
        if more { Pace::Now } else { Pace::Idle(self.timer_pace()) }
    }

    fn recover(&mut self, message: &str) {
        let (files, budget) = {
            let world = self.world.borrow();
            (world.files.clone(), world.budget.clone())
        };
        let snapshot = self.ends.snapshot.load_full();
        self.world = Rc::new(RefCell::new(World::new(snapshot, files, budget)));
        let (lua, _) = Self::state(&self.world);
        self.lua = lua;
        self.outbox.push_back(Ask::Notice(format!("the script room broke down and starts again: {message}")));
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // Callbacks point into Lua and Lua's functions point at the world: open the ring.
        if let Ok(mut world) = self.world.try_borrow_mut() {
            world.drop_all();
        }
    }
}

/// What people call a chunk in the list of undo and in messages.
fn label(call: &EvalCall, name: &str) -> String {
    let first = call.first_line.max(1);
    match (&*call.chunk, call.repl) {
        (BUFFER, false) if call.whole => "Lua, the whole script".to_owned(),
        (BUFFER, false) => format!("Lua line {first}"),
        ("console", true) => {
            let line: String = call.text.trim().lines().next().unwrap_or_default().chars().take(40).collect();
            format!("Lua: {line}")
        }
        (_, false) if first == 1 => name.to_owned(),
        _ => format!("{name} line {first}"),
    }
}

/// A whole buffer ran: live chunks that it made once and has no more are stopped with its Batch. Callbacks of the clock
/// and of state are, as always, those of the last run. Says what ends.
fn stop_what_is_gone(world: &Shared, chunk: &str) -> mlua::Result<()> {
    let mut world = world.borrow_mut();
    let gone = world.absent_lives(chunk);
    for name in &gone {
        world.set_live(name, None);
        world.perform(Command::SetLive(name.clone(), None))?;
    }
    let mut ended: Vec<String> = gone.iter().map(|name| format!("live \"{name}\"")).collect();
    let (before, now) = world.callbacks();
    match before.saturating_sub(now) {
        0 => {}
        1 => ended.push("1 callback".to_owned()),
        count => ended.push(format!("{count} callbacks")),
    }
    if !ended.is_empty() {
        world.say(ConsoleKind::Output, &format!("stopped, for the script has it no more: {}", ended.join(", ")));
    }
    Ok(())
}

/// The name a chunk has in messages: short, without what would confuse a reader of `name:line:`.
fn shown_name(chunk: &str) -> String {
    let name: String = chunk.chars().filter(|c| !c.is_control() && *c != ':').take(40).collect();
    if name.is_empty() { "script".to_owned() } else { name }
}

/// Load a chunk so that its lines are the buffer's. For a REPL an expression is taken as `return …`.
fn compile(lua: &Lua, name: &str, first_line: u32, text: &str, repl: bool) -> mlua::Result<Function> {
    let padding = "\n".repeat((first_line.min(1_000_000) - 1) as usize);
    let load = |text: String| {
        lua.load(text).set_name(format!("={name}")).set_mode(mlua::chunk::ChunkMode::Text).into_function()
    };
    if repl && let Ok(function) = load(format!("{padding}return {text}")) {
        return Ok(function);
    }
    load(format!("{padding}{text}"))
}

/// A value as the console shows it.
fn show(value: &Value) -> mlua::Result<Arc<str>> {
    Ok(match value {
        Value::String(text) => cut_line(&text.to_string_lossy()),
        Value::Table(table) if table.metatable().is_none() => {
            let mut parts = vec![];
            for pair in table.clone().pairs::<Value, Value>().take(33) {
                let (key, value) = pair?;
                let value = match &value {
                    Value::Table(_) => "{…}".to_owned(),
                    other => api::text::shown(other)?,
                };
                parts.push(match key {
                    Value::Integer(_) => value,
                    key => format!("{} = {value}", api::text::shown(&key)?),
                });
            }
            if parts.len() > 32 {
                parts[32] = "…".to_owned();
            }
            cut_line(&format!("{{ {} }}", parts.join(", ")))
        }
        other => cut_line(&other.to_string()?),
    })
}

/// Cut `chunk:12: message` into the line and the message, where `chunk` is one of ours.
fn split_place(text: &str, known: impl Fn(&str) -> bool) -> (Option<u32>, &str) {
    let Some((name, rest)) = text.split_once(':') else { return (None, text) };
    match rest.split_once(": ") {
        Some((line, message)) if known(name) => match line.parse() {
            Ok(line) => (Some(line), message),
            Err(_) => (None, text),
        },
        _ => (None, text),
    }
}
