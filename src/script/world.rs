//! What a chunk sees and makes while it runs: a draft of the Session, the Batch it builds, what it registered.
//!
//! Thread: script. One chunk is one transaction: [`World::begin`] opens it, [`World::outgoing`] gives
//! what is to be sent, [`World::finish`] closes it.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use mlua::Error;

use super::clock::{Timer, TimerKind};
use super::dry::Trace;
use super::held::{Held, Registered, Replaced};
use super::observe::{Observer, Watch};
use super::source::Source;
use super::vm::Budget;
use crate::bus::Files;
use crate::model::{
    Ask, Batch, BatchId, ClockMap, ClockSource, Command, ConsoleKind, ConsoleLine, DropShots, Edit, Name, Origin,
    Performed, Session, Signature, Snapshot, Timing, When,
};

/// The world as closures share it.
pub type Shared = Rc<RefCell<World>>;

/// Most console lines of one chunk.
pub const LINES_MAX: usize = 1000;
/// Most characters of one console line.
pub const WIDTH_MAX: usize = 4000;
/// Most callbacks that are registered at once.
pub const CALLBACKS_MAX: usize = 65_536;

/// Who registered a callback: what is run again replaces what it registered before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// A chunk of a buffer, with the lines it stands on.
    Chunk(Arc<str>, u32, u32),
    /// A line of the console, by its text.
    Line(Arc<str>),
    /// A live chunk.
    Live(String),
}

impl Scope {
    /// Whether running `new` replaces what `self` registered.
    pub(super) fn is_replaced_by(&self, new: &Scope) -> bool {
        match (self, new) {
            (Self::Chunk(a, first, last), Self::Chunk(b, new_first, new_last)) => {
                a == b && first <= new_last && new_first <= last
            }
            (a, b) => a == b,
        }
    }

    /// A whole buffer registers each callback by the lines that it is written on, so that running these lines again
    /// replaces this one alone.
    fn narrowed(&self, callback: Option<&mlua::Function>) -> Scope {
        let Some((chunk, info)) = (match self {
            Self::Chunk(chunk, _, u32::MAX) => callback.map(|callback| (chunk, callback.info())),
            _ => None,
        }) else {
            return self.clone();
        };
        let lines = info.line_defined.zip(info.last_line_defined);
        match lines.filter(|_| info.short_src.as_deref() == Some(super::shown_name(chunk).as_str())) {
            Some((first, last)) => Self::Chunk(chunk.clone(), first as u32, last as u32),
            None => self.clone(),
        }
    }
}

/// How the running code was started.
#[derive(Debug, Clone)]
pub struct Run {
    /// Who asks.
    pub origin: Origin,
    /// When its Batch takes effect.
    pub when: When,
    /// What people call it.
    pub label: String,
    /// Who owns what it registers.
    pub scope: Scope,
    /// Song position the code stands at, for callbacks that run ahead of it.
    pub beat: Option<f64>,
    /// What is added to that where it is sent: the loops of the host that lie between, in quarter notes.
    pub shift: f64,
    /// Rendered frame the code stands at, for coroutines.
    pub frame: f64,
    /// Nothing it asks for is sent: only its registrations count.
    pub discard: bool,
}

/// A Batch that was sent and is not in the Snapshot yet.
pub struct Pending {
    /// Its number.
    pub id: BatchId,
    /// Count of asks after which the engine has seen it.
    pub sent: u64,
    /// When it takes effect.
    pub when: When,
    /// What it asks.
    pub commands: Vec<Command>,
}

/// What a transaction leaves to be sent.
#[derive(Default)]
pub struct Outgoing {
    /// Batches, in order.
    pub batches: Vec<Batch>,
    /// What comes after them.
    pub after: Vec<Ask>,
}

/// Everything the Lua functions read and write.
pub struct World {
    /// The newest Snapshot.
    pub snapshot: Arc<Snapshot>,
    /// Where audio is.
    pub map: ClockMap,
    /// Files.
    pub files: Arc<dyn Files>,
    /// The time left.
    pub budget: Rc<Budget>,
    /// The session with the running code's own writes.
    pub draft: Session,
    /// Texts of chunks, by the name Lua knows them by.
    pub sources: BTreeMap<String, Vec<Source>>,
    /// Console lines to be sent; they are told even when the chunk fails.
    pub lines: Vec<ConsoleLine>,
    /// Batches sent and not seen in the Snapshot.
    pub pending: Vec<Pending>,
    /// Timers and coroutines in force.
    pub timers: Vec<Timer>,
    /// State observers in force.
    pub observers: Vec<Observer>,
    /// Registrations that wait with their Batch.
    pub held: Vec<Held>,
    /// Live chunks in force, with the text that was run.
    pub lives: BTreeMap<String, Arc<str>>,
    /// How late callbacks ran so far.
    pub timing: Timing,
    /// Which chunk made a live chunk.
    pub makers: BTreeMap<String, Arc<str>>,
    /// What the last Batches' registrations took the place of.
    pub replaced: VecDeque<Replaced>,
    /// Timers that end with a Batch that waits, and the beat from which on they are silent.
    pub ends: BTreeMap<u64, f64>,
    /// Hits sent ahead that are not to be played.
    pub drops: Vec<DropShots>,
    /// The timer that runs now; 0 is none.
    pub owner: u32,
    /// What runs now.
    pub run: Option<Run>,
    /// Whether the running code started or stopped the clock.
    pub playing: Option<bool>,
    /// Where the running code moved the clock to.
    pub located: Option<f64>,
    /// Next number of a registration.
    pub number: u64,
    /// Where the running code sets what, when that is wanted.
    pub trace: Option<Trace>,
    commands: Vec<Command>,
    after: Vec<Ask>,
    fresh_timers: Vec<Timer>,
    fresh_observers: Vec<Observer>,
    fresh_lives: BTreeMap<String, Option<Arc<str>>>,
    stopped: Vec<u64>,
    cut: bool,
}

/// An error for the Lua line that called.
pub fn fail<T>(text: impl Into<String>) -> mlua::Result<T> {
    Err(Error::runtime(text.into()))
}

impl World {
    /// A world over the first Snapshot.
    pub fn new(snapshot: Arc<Snapshot>, files: Arc<dyn Files>, budget: Rc<Budget>) -> Self {
        Self {
            draft: (*snapshot.session).clone(),
            snapshot,
            map: ClockMap::default(),
            files,
            budget,
            sources: BTreeMap::new(),
            lines: vec![],
            pending: vec![],
            timers: vec![],
            observers: vec![],
            held: vec![],
            lives: BTreeMap::new(),
            timing: Timing::default(),
            makers: BTreeMap::new(),
            replaced: VecDeque::new(),
            ends: BTreeMap::new(),
            drops: vec![],
            owner: 0,
            run: None,
            playing: None,
            located: None,
            number: 0,
            trace: None,
            commands: vec![],
            after: vec![],
            fresh_timers: vec![],
            fresh_observers: vec![],
            fresh_lives: BTreeMap::new(),
            stopped: vec![],
            cut: false,
        }
    }

    /// Open a transaction. The draft is the newest Session with what this thread sent and the engine has not done yet.
    pub fn begin(&mut self, run: Run) {
        self.draft = (*self.snapshot.session).clone();
        let waits = |when: When| self.snapshot.playing && when != When::Now;
        for pending in self.pending.iter().filter(|p| !waits(p.when) || waits(run.when) || run.beat.is_some()) {
            for command in &pending.commands {
                // What the engine refused meanwhile fails here too: nothing to say, the engine said it.
                let _ = self.draft.perform(command);
            }
        }
        self.run = Some(run);
        (self.playing, self.located, self.cut) = (None, None, false);
        self.commands.clear();
        self.after.clear();
        self.fresh_timers.clear();
        self.fresh_observers.clear();
        self.fresh_lives.clear();
        self.stopped.clear();
    }

    /// Close the transaction. With `good` its registrations hold, at once or (with `later`) when its Batch took effect;
    /// else nothing of it stays.
    pub fn finish(&mut self, good: bool, replace: bool, batch: Option<BatchId>, later: bool) {
        let Some(run) = self.run.take() else { return };
        self.commands.clear();
        self.after.clear();
        let registered = Registered {
            scope: run.scope,
            from: run.beat.unwrap_or(f64::NEG_INFINITY),
            replace,
            timers: std::mem::take(&mut self.fresh_timers),
            observers: std::mem::take(&mut self.fresh_observers),
            lives: std::mem::take(&mut self.fresh_lives),
            stopped: std::mem::take(&mut self.stopped),
        };
        match batch {
            _ if !good => {}
            Some(batch) if later && !registered.is_empty() => self.hold(batch, registered),
            _ => self.enact(registered, batch),
        }
    }

    /// Whether the running code takes effect later, with what it registers.
    pub fn is_later(&self) -> bool {
        let later = |run: &Run| run.when != When::Now && run.beat.is_none() && !run.discard;
        self.snapshot.playing && self.run.as_ref().is_some_and(later)
    }

    /// What the running code wants sent; to be called once, before [`World::finish`].
    pub fn outgoing(&mut self) -> Outgoing {
        match self.run.clone() {
            Some(run) if !run.discard => {
                Outgoing { batches: self.batches(&run), after: std::mem::take(&mut self.after) }
            }
            _ => Outgoing::default(),
        }
    }

    fn batches(&mut self, run: &Run) -> Vec<Batch> {
        let commands = std::mem::take(&mut self.commands);
        let batch = |when, commands| Batch {
            id: BatchId::fresh(),
            origin: run.origin,
            when,
            label: Arc::from(run.label.as_str()),
            commands,
            owner: self.owner,
        };
        let is_shot = |c: &Command| matches!(c, Command::Trigger(shot) if shot.at.is_some());
        // Hits of a callback carry their own position and go to audio ahead of it. They can only travel with the edits
        // when they play what these edits make.
        let made = |c: &Command| match c {
            Command::Trigger(shot) => !self.snapshot.session.modules.contains_key(&shot.module),
            _ => false,
        };
        if run.beat.is_none() || commands.iter().any(made) {
            // An empty Batch carries the moment of what was registered, and its number when it has to be taken back.
            let registers =
                !self.fresh_timers.is_empty() || !self.fresh_observers.is_empty() || !self.stopped.is_empty();
            return if commands.is_empty() && !registers { vec![] } else { vec![batch(run.when, commands)] };
        }
        let (shots, edits): (Vec<_>, Vec<_>) = commands.into_iter().partition(is_shot);
        [(run.when, edits), (When::Now, shots)]
            .into_iter()
            .filter(|(_, commands)| !commands.is_empty())
            .map(|(when, commands)| batch(when, commands))
            .collect()
    }

    /// Do a Command on the draft and keep it for the Batch. The error goes to the Lua line.
    pub fn perform(&mut self, command: Command) -> mlua::Result<()> {
        if self.run.is_none() {
            return fail("nothing runs that could change the session");
        }
        let done = self.draft.perform(&command).map_err(|e| Error::runtime(e.0))?;
        if let Some(trace) = &mut self.trace {
            trace.note(&command, &done, &self.draft);
        }
        let acts = matches!(command, Command::Transport(_) | Command::Trigger(_) | Command::Desk(_));
        if acts || done.inverse.iter().any(|edit| changes(&self.draft, edit)) || !done.notes.is_empty() {
            self.commands.push(command);
        }
        Ok(())
    }

    /// Keep an Ask to be sent after the Batch.
    pub fn ask(&mut self, ask: Ask) {
        self.after.push(ask);
    }

    /// Commands that something else has performed on the draft already (the text commands).
    pub fn take_over(&mut self, commands: Vec<Command>) {
        if let Some(trace) = &mut self.trace {
            commands.iter().for_each(|command| trace.note(command, &Performed::default(), &self.draft));
        }
        self.commands.extend(commands);
    }

    /// A console line; more than [`LINES_MAX`] of one chunk are cut with a remark, and so is one of more than
    /// [`WIDTH_MAX`] characters.
    pub fn say(&mut self, kind: ConsoleKind, text: &str) {
        for line in text.split('\n') {
            if self.lines.len() >= LINES_MAX {
                if !self.cut {
                    self.cut = true;
                    let text = Arc::from(format!("… more than {LINES_MAX} lines: the rest is left out"));
                    self.lines.push(ConsoleLine { kind: ConsoleKind::Notice, text });
                }
                return;
            }
            self.lines.push(ConsoleLine { kind, text: cut_line(line) });
        }
    }

    /// Register a timer for the running scope; gives its number.
    pub fn register(&mut self, kind: TimerKind) -> mlua::Result<u64> {
        let number = self.next_number();
        self.room_for_a_callback()?;
        let Some(run) = &self.run else { return fail("nothing runs that could register a callback") };
        let scope = run.scope.narrowed(kind.callback());
        let timer = Timer { number, scope, kind, label: run.label.clone(), faults: 0 };
        self.fresh_timers.push(timer);
        Ok(number)
    }

    /// Register an observer for the running scope; gives its number.
    pub fn observe(&mut self, callback: mlua::Function, place: String, watch: Watch) -> mlua::Result<u64> {
        let number = self.next_number();
        self.room_for_a_callback()?;
        let Some(run) = &self.run else { return fail("nothing runs that could register a callback") };
        let scope = run.scope.narrowed(Some(&callback));
        self.fresh_observers.push(Observer { number, scope, callback, place, watch, rounds: 0, faults: 0 });
        Ok(number)
    }

    fn room_for_a_callback(&self) -> mlua::Result<()> {
        let timers = self.timers.len() + self.fresh_timers.len();
        match timers + self.observers.len() + self.fresh_observers.len() {
            count if count < CALLBACKS_MAX => Ok(()),
            _ => fail(format!("at most {CALLBACKS_MAX} callbacks may be registered at once")),
        }
    }

    /// Stop a timer or observer when the running code ends well; whether there was one.
    pub fn stop(&mut self, number: u64) -> bool {
        let known = self.timers.iter().chain(&self.fresh_timers).any(|t| t.number == number)
            || self.observers.iter().chain(&self.fresh_observers).any(|o| o.number == number);
        let again = self.stopped.contains(&number);
        self.stopped.push(number);
        known && !again
    }

    /// The text of the function on these lines of a chunk, newest text first.
    pub fn function_text(&self, chunk: &str, name: &str, first: u32, last: u32) -> Option<String> {
        self.sources.get(chunk)?.iter().rev().find_map(|source| source.function(name, first, last))
    }

    /// Remember the text of a chunk; the last 16 of one name are kept.
    pub fn remember(&mut self, chunk: &str, source: Source) {
        let list = self.sources.entry(chunk.to_owned()).or_default();
        list.retain(|old| old.text != source.text || old.first_line != source.first_line);
        list.push(source);
        if list.len() > 16 {
            list.remove(0);
        }
    }

    /// Remember that a live chunk was run (or stopped) by the running code.
    pub fn set_live(&mut self, name: &str, text: Option<Arc<str>>) {
        let scope = Scope::Live(name.to_owned());
        self.fresh_timers.retain(|t| t.scope != scope);
        self.fresh_observers.retain(|o| o.scope != scope);
        self.fresh_lives.insert(name.to_owned(), text);
    }

    /// Let code run under another scope; gives the one before.
    pub fn swap_scope(&mut self, scope: Scope) -> Option<Scope> {
        self.run.as_mut().map(|run| std::mem::replace(&mut run.scope, scope))
    }

    /// Live chunks that a chunk made once and that the running code did not make again.
    pub fn absent_lives(&self, chunk: &str) -> Vec<String> {
        let made = |name: &&String| self.makers.get(*name).is_some_and(|maker| **maker == *chunk);
        let absent = self.draft.live.keys().filter(made).filter(|name| !self.fresh_lives.contains_key(*name));
        absent.cloned().collect()
    }

    /// How many callbacks the running code takes the place of, and how many it registered itself.
    pub fn callbacks(&self) -> (usize, usize) {
        let Some(run) = &self.run else { return (0, 0) };
        let old = |scope: &Scope| scope.is_replaced_by(&run.scope);
        (
            self.timers.iter().filter(|t| old(&t.scope)).count()
                + self.observers.iter().filter(|o| old(&o.scope)).count(),
            self.fresh_timers.iter().filter(|t| old(&t.scope)).count()
                + self.fresh_observers.iter().filter(|o| old(&o.scope)).count(),
        )
    }

    /// Take away everything registered.
    pub fn drop_all(&mut self) {
        self.timers.clear();
        self.observers.clear();
        self.held.clear();
        self.lives.clear();
        self.replaced.clear();
        self.ends.clear();
        if self.snapshot.playing {
            self.drops.push(DropShots { first: 1, last: u32::MAX, from: f64::NEG_INFINITY });
        }
    }

    fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    /// Whether the host's transport leads, seen from the running code.
    pub fn host_leads(&self) -> bool {
        self.snapshot.host_leads && self.draft.source == ClockSource::Host
    }

    /// Tempo in force, beats per minute.
    pub fn bpm(&self) -> f64 {
        if self.host_leads() && self.map.bpm > 0.0 { self.map.bpm } else { self.draft.bpm }
    }

    /// Signature in force.
    pub fn signature(&self) -> Signature {
        if self.host_leads() && self.map.num > 0 { self.map.signature() } else { self.draft.signature }
    }

    /// Whether the song position moves, seen from the running code.
    pub fn is_playing(&self) -> bool {
        self.playing.unwrap_or(self.snapshot.playing || self.map.playing)
    }

    /// Song position, seen from the running code: quarter notes.
    pub fn beat(&self) -> f64 {
        let stands = self.run.as_ref().and_then(|run| run.beat);
        self.located.or(stands).unwrap_or(self.map.beat)
    }

    /// A checked name.
    pub fn name(text: &str) -> mlua::Result<Name> {
        Name::new(text).map_err(|e| Error::runtime(e.to_string()))
    }
}

/// A line as the console keeps it.
pub fn cut_line(line: &str) -> Arc<str> {
    match line.char_indices().nth(WIDTH_MAX) {
        Some((end, _)) => Arc::from(format!("{}… ({} bytes)", &line[..end], line.len())),
        None => Arc::from(line),
    }
}

/// Whether an edit's inverse says something else than what is there now: whether the edit changed anything.
fn changes(session: &Session, inverse: &Edit) -> bool {
    match inverse {
        Edit::Bpm(old) => session.bpm != *old,
        Edit::Signature(old) => session.signature != *old,
        Edit::Source(old) => session.source != *old,
        Edit::Seed(old) => session.seed != *old,
        Edit::Module(name, old) => session.modules.get(name) != old.as_ref(),
        Edit::Param(name, param, old) => session.modules.get(name).is_none_or(|m| m.params.get(param).copied() != *old),
        Edit::SampleParam(name, place, param, old) => session
            .modules
            .get(name)
            .and_then(|m| m.samples().get(usize::from(*place)))
            .is_none_or(|s| s.params.get(param).copied() != *old),
        Edit::Connection(old, true) => !session.connections.contains(old),
        Edit::Connection(old, false) => session.connections.contains(old),
        Edit::Pattern(name, old) => session.patterns.get(name) != old.as_ref(),
        Edit::Row(name, number, old) => session.patterns.get(name).is_none_or(|p| p.row(*number) != *old),
        Edit::Chain(name, old) => session.chains.get(name) != old.as_ref(),
        Edit::Songs(old) => session.songs != *old,
        Edit::Layer(name, old) => session.layers.get(name) != old.as_ref(),
        Edit::Events(name, old) => session
            .layers
            .get(name)
            .is_none_or(|layer| old.iter().any(|(uid, event)| layer.get(*uid) != event.as_ref())),
        Edit::Mapping(name, old) => session.mappings.get(name) != old.as_ref(),
        Edit::Agreed(name, old) => session.agreed.get(name) != old.as_ref(),
        Edit::Desk(old) => session.desk != *old,
        Edit::Macro(path, old) => session.macros.get(path) != old.as_ref(),
        Edit::Bank(name, old) => session.banks.get(name) != old.as_ref(),
        Edit::Live(name, old) => session.live.get(name) != old.as_ref(),
        Edit::Folders(old) => session.folders != *old,
        Edit::Text(old) => session.text != *old,
        Edit::Layout(key, old) => session.layout.get(key) != old.as_ref(),
        Edit::Rename(..) | Edit::Whole(_) => true,
    }
}
