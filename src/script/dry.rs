//! A text run beside the session: what it would make of an empty one, and which line sets what.
//!
//! Thread: script. **Invariant:** nothing is sent and no callback runs; the budget is that of a chunk.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use mlua::Lua;
use tree_sitter::Tree;

use super::patch::reader::Reader;
use super::vm::{self, Budget, Limits, Now};
use super::world::{Run, Scope, Shared, World};
use super::{Failure, Source, api, compile, split_place};
use crate::bus::Files;
use crate::model::{Command, Edit, Item, LayerEvent, Name, Origin, Path, Performed, Session, Snapshot, When};

/// The name of the chunk in its own messages.
const CHUNK: &str = "script";
/// Most texts that are remembered with what they made.
const KEPT: usize = 6;
/// Most places that are remembered for one item; the first and the newest are kept.
const PLACES_MAX: usize = 16;

/// A place of the text that set something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Line of the call, from 1.
    pub line: u32,
    /// Line of the outermost code that led to it, from 1: the same, or where the function was called.
    pub outer: u32,
}

/// Where an item was set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SetAt {
    /// The places, in order; where there are many, the first and the newest.
    pub places: Vec<Place>,
    /// How many times it was set.
    pub times: u32,
}

impl SetAt {
    /// The place that had the last word.
    pub fn last(&self) -> Option<Place> {
        self.places.last().copied()
    }
}

/// What a text makes of an empty session.
#[derive(Debug)]
pub struct Made {
    /// The session.
    pub session: Session,
    /// Which lines set what.
    pub set_at: BTreeMap<Item, SetAt>,
}

/// Watches a run: who sets what.
#[derive(Debug, Default)]
pub struct Trace {
    place: Option<Place>,
    set_at: BTreeMap<Item, SetAt>,
}

impl Trace {
    /// Remember where the running code stands, if a trace is kept.
    pub(super) fn stand(lua: &Lua, world: &Shared) {
        if world.borrow().trace.is_none() {
            return;
        }
        let place = vm::lines(lua, CHUNK).map(|(line, outer)| Place { line, outer });
        if let Some(trace) = &mut world.borrow_mut().trace {
            trace.place = place;
        }
    }

    /// Note what a Command set; `after` is the session it left.
    pub(super) fn note(&mut self, command: &Command, done: &Performed, after: &Session) {
        if let Command::Rename(from, to) = command {
            let old = std::mem::take(&mut self.set_at);
            self.set_at = old.into_iter().map(|(item, at)| (item.renamed(from, to), at)).collect();
        }
        let mut items = named(command);
        // What the inverse would change back is what was changed.
        for edit in done.inverse.iter().filter(|edit| !matches!(edit, Edit::Rename(..))) {
            items.extend(Item::of(edit, after));
        }
        items.sort();
        items.dedup();
        let Some(place) = self.place else { return };
        for item in items {
            let at = self.set_at.entry(item).or_default();
            at.times += 1;
            // Many Commands of one line are one place.
            if at.places.last() != Some(&place) {
                if at.places.len() >= PLACES_MAX {
                    at.places.remove(1);
                }
                at.places.push(place);
            }
        }
    }
}

/// The items a Command is about, also where it changes nothing.
fn named(command: &Command) -> Vec<Item> {
    match command {
        Command::Set(path, _) | Command::Unset(path) => vec![match path.clone() {
            Path::Param { module, param } => Item::Param(module, param),
            Path::Sample { module, index, param } => Item::SampleParam(module, index.saturating_sub(1), param),
            Path::Connection { module, source } => Item::CableVolume(source, module),
            Path::Row { pattern, row, .. } => Item::Row(pattern, row),
        }],
        Command::SetBpm(_) => vec![Item::Bpm],
        Command::SetSignature(_) => vec![Item::Signature],
        Command::SetSource(_) => vec![Item::Source],
        Command::SetSeed(_) => vec![Item::Seed],
        Command::AddModule { name, .. } | Command::RemoveModule(name) => vec![Item::Module(name.clone())],
        Command::Enable(name, _) => vec![Item::Enabled(name.clone())],
        Command::SetSamples(name, samples) => {
            let own =
                samples.iter().zip(0u16..).flat_map(|(sample, place)| sample.params.keys().map(move |p| (place, *p)));
            let own = own.map(|(place, param)| Item::SampleParam(name.clone(), place, param));
            own.chain([Item::Samples(name.clone())]).collect()
        }
        Command::Connect(from, to, kind) => vec![Item::Cable(from.clone(), to.clone(), *kind)],
        Command::Disconnect(from, to, Some(kind)) => vec![Item::Cable(from.clone(), to.clone(), *kind)],
        Command::AddPattern { name, steps: _, .. } => {
            vec![Item::Pattern(name.clone()), Item::Steps(name.clone())]
        }
        Command::RemovePattern(name) => vec![Item::Pattern(name.clone())],
        Command::SetSteps(name, _) => vec![Item::Steps(name.clone())],
        Command::SetStepsPerBeat(name, _) => vec![Item::StepsPerBeat(name.clone())],
        Command::SetCycles(name, _) => vec![Item::Cycles(name.clone())],
        Command::SetSalt(name, _) => vec![Item::Salt(name.clone())],
        Command::SetColumns(name, _) => vec![Item::Columns(name.clone())],
        Command::SetRow(name, number, _) => vec![Item::Row(name.clone(), *number)],
        Command::AddChain { name, .. } | Command::RemoveChain(name) | Command::SetChain(name, _) => {
            vec![Item::Chain(name.clone())]
        }
        Command::Bind { sequencer, .. } => vec![Item::Play(sequencer.clone())],
        Command::MapMacro(path, _) | Command::UnmapMacro(path) => vec![Item::Macro(path.clone())],
        Command::SetSong(_) => vec![Item::Songs],
        Command::AddLayer { name, .. } | Command::RemoveLayer(name) | Command::SetLayer { name, .. } => {
            vec![Item::Layer(name.clone())]
        }
        Command::PutEvents(name, puts) => {
            let slot = |event: &Arc<LayerEvent>| match &event.key {
                Some(key) => Item::Keyed(name.clone(), key.clone()),
                None => Item::Unkeyed(name.clone()),
            };
            puts.iter().filter_map(|(_, event)| event.as_ref().map(slot)).collect()
        }
        Command::MapLayer(name, _) => vec![Item::Mapping(name.clone())],
        Command::SetBank(name, _) => vec![Item::Bank(name.clone())],
        Command::SetLive(name, _) => vec![Item::Live(name.clone())],
        Command::Disconnect(_, _, None)
        | Command::Rename(..)
        | Command::Relink { .. }
        | Command::Transport(_)
        | Command::TakeFromDesk { .. }
        | Command::AcceptMapping(_)
        | Command::SetDesk(_)
        | Command::ArmDesk(_)
        | Command::Desk(_)
        | Command::Trigger(_)
        | Command::SetFolders(_)
        | Command::SetText(_)
        | Command::EditText { .. }
        | Command::SetLayout(..)
        | Command::Load(_) => vec![],
    }
}

/// Runs texts beside the session and remembers what the last ones made.
pub struct Dry {
    files: Arc<dyn Files>,
    now: Now,
    limits: Limits,
    kept: Vec<Kept>,
    reader: Reader,
}

struct Kept {
    text: Arc<str>,
    folders: Vec<String>,
    made: Result<Rc<Made>, Failure>,
}

impl Dry {
    /// A runner that finds files with `files` and reads time from `now`.
    pub fn new(files: Arc<dyn Files>, now: Now) -> Self {
        Self { files, now, limits: Limits::default(), kept: vec![], reader: Reader::default() }
    }

    /// How long a text may run, for tests and the settings.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// The longest a text may run.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The time now.
    pub fn now(&self) -> Instant {
        (self.now)()
    }

    /// The syntax tree of a text.
    pub(super) fn tree(&mut self, text: &str) -> Option<Tree> {
        self.reader.read(text)
    }

    /// Forget what texts made: files may be others now.
    pub fn forget(&mut self) {
        self.kept.clear();
    }

    /// What `text` makes of an empty session whose files are looked for in `folders`. Remembered by text.
    pub fn run(&mut self, text: &str, folders: &[String]) -> Result<Rc<Made>, Failure> {
        if let Some(at) = self.kept.iter().position(|k| *k.text == *text && k.folders == folders) {
            let kept = self.kept.remove(at);
            let made = kept.made.clone();
            self.kept.push(kept);
            return made;
        }
        let made = self.evaluate(text, folders).map(Rc::new);
        if self.kept.len() >= KEPT {
            self.kept.remove(0);
        }
        self.kept.push(Kept { text: Arc::from(text), folders: folders.to_vec(), made: made.clone() });
        made
    }

    fn evaluate(&self, text: &str, folders: &[String]) -> Result<Made, Failure> {
        let session = Session { folders: folders.to_vec(), ..Session::new() };
        let budget = Rc::new(Budget::new(self.now));
        let world = World::new(Arc::new(Snapshot::first(session)), self.files.clone(), budget.clone());
        let world = Rc::new(std::cell::RefCell::new(world));
        let lua = vm::sandbox(&budget).and_then(|lua| api::install(&lua, &world).map(|()| lua));
        let lua = lua.map_err(|e| Failure::new(&format!("Lua could not start: {}", vm::message(&e))))?;
        {
            let mut world = world.borrow_mut();
            world.remember(CHUNK, Source { text: Arc::from(text), first_line: 1 });
            let lines = text.lines().count().max(1) as u32;
            world.begin(Run {
                origin: Origin::Script,
                when: When::Now,
                label: CHUNK.to_owned(),
                scope: Scope::Chunk(Arc::from(CHUNK), 1, lines),
                beat: None,
                shift: 0.0,
                frame: 0.0,
                discard: true,
            });
            world.trace = Some(Trace::default());
        }
        budget.arm(&lua, self.limits.eval);
        let result = compile(&lua, CHUNK, 1, text, false).and_then(|function| function.call::<()>(()));
        let tripped = budget.disarm();
        let mut world = world.borrow_mut();
        let trace = world.trace.take().unwrap_or_default();
        let session = std::mem::take(&mut world.draft);
        // Callbacks point into Lua and Lua's functions point at the world: open the ring.
        world.finish(false, false, None, false);
        world.drop_all();
        match result {
            _ if tripped => Err(Failure { tripped, ..Failure::new(&budget.message()) }),
            Err(error) => {
                let text = vm::message(&error);
                let (line, message) = split_place(&text, |name| name == CHUNK);
                Err(Failure { line, message: message.to_owned(), tripped })
            }
            Ok(()) => Ok(Made { session, set_at: trace.set_at }),
        }
    }
}

impl Item {
    /// The same item after `from` was renamed `to`.
    pub(super) fn renamed(&self, from: &Name, to: &Name) -> Item {
        let new = |name: &Name| if name == from { to.clone() } else { name.clone() };
        match self {
            Self::Pattern(a) => Self::Pattern(new(a)),
            Self::Steps(a) => Self::Steps(new(a)),
            Self::StepsPerBeat(a) => Self::StepsPerBeat(new(a)),
            Self::Cycles(a) => Self::Cycles(new(a)),
            Self::Salt(a) => Self::Salt(new(a)),
            Self::Row(a, n) => Self::Row(new(a), *n),
            Self::Columns(a) => Self::Columns(new(a)),
            Self::Chain(a) => Self::Chain(new(a)),
            Self::Module(a) => Self::Module(new(a)),
            Self::Play(a) => Self::Play(new(a)),
            Self::Samples(a) => Self::Samples(new(a)),
            Self::SampleParam(a, n, p) => Self::SampleParam(new(a), *n, *p),
            Self::Param(a, p) => Self::Param(new(a), *p),
            Self::Enabled(a) => Self::Enabled(new(a)),
            Self::Cable(a, b, k) => Self::Cable(new(a), new(b), *k),
            Self::CableVolume(a, b) => Self::CableVolume(new(a), new(b)),
            Self::Layer(a) => Self::Layer(new(a)),
            Self::Keyed(a, key) => Self::Keyed(new(a), key.clone()),
            Self::Unkeyed(a) => Self::Unkeyed(new(a)),
            Self::Mapping(a) => Self::Mapping(new(a)),
            Self::Macro(path) => Self::Macro(path.renamed(from, to)),
            other => other.clone(),
        }
    }
}
