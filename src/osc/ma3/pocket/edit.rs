//! Every change of the tree: who may, what it does to undo and hooks, and what is refused without a word.
//!
//! Thread: the desk's.

use super::class::Class;
use super::options::{Quantise, SetUndo};
use super::tree::{Id, Object};
use super::undo::Reverse;
use super::value::{TICKS, TIME_MAX, Value};
use super::world::World;

/// Who changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Lua or the command line: refusals are silent.
    Program,
    /// A person at the desk.
    Hand,
}

/// Why a change is not made.
pub type Refusal = String;

/// Names of refusals that were kept.
const REFUSED_MAX: usize = 1000;

impl World {
    /// Whether an object may be changed now. `own_lock` is true for the lock itself.
    fn may_change(&mut self, id: Id, who: Who, own_lock: bool) -> Result<(), Refusal> {
        if self.tree.get(id).is_none() {
            return Err("the object is gone".to_owned());
        }
        if self.locked {
            return Err("the show is locked".to_owned());
        }
        let skip = usize::from(own_lock);
        if let Some(by) = self.tree.chain(id).skip(skip).find(|above| self.tree.get(*above).is_some_and(|o| o.lock)) {
            return Err(format!("{} is locked", self.describe(by)));
        }
        if self.options.playing_refuses
            && let Some(timecode) = self.tree.above(id, Class::Timecode)
            && timecode != id
            && self.runs(timecode).0
            && !(who == Who::Hand && self.runs(timecode).1)
        {
            return Err(format!("{} is playing or recording", self.describe(timecode)));
        }
        if who == Who::Program && self.chance.happens(self.options.faults.silent_writes) {
            return Err("a write that fails silently (fault dial)".to_owned());
        }
        Ok(())
    }

    /// Keep the reason of a silent refusal, for whoever looks.
    pub fn note_refusal(&mut self, what: &str, why: &str) {
        if self.refused.len() == REFUSED_MAX {
            self.refused.pop_front();
        }
        self.refused.push_back(format!("{what}: {why}"));
    }

    /// Make an object under another. `at` is the place from 0, or the number in a pool; `None` puts it last.
    pub fn make(
        &mut self,
        parent: Id,
        class: Option<Class>,
        at: Option<i64>,
        undo: Option<Id>,
        who: Who,
    ) -> Result<Id, Refusal> {
        let parent_class = self.tree.class(parent).ok_or("the object is gone")?;
        let class = class.or(parent_class.child()).ok_or("there is no class to make here")?;
        if !class.goes_into(parent_class) {
            return Err(format!("a {} does not go into a {}", class.name(), parent_class.name()));
        }
        self.may_change(parent, who, false)?;
        if class == Class::TrackGroup && self.options.playing_refuses && self.runs(parent).0 {
            return Err(format!("{} is playing or recording", self.describe(parent)));
        }
        if class == Class::CmdSubTrack {
            let track = self.tree.above(parent, Class::Track);
            let target = track.and_then(|track| self.tree.get(track)).and_then(|track| track.link);
            if target.is_none_or(|target| self.tree.get(target).is_none()) {
                return Err("the track has no target".to_owned());
            }
        }
        let no = self.new_number(parent, parent_class, at)?;
        let id = self.tree.create(class);
        let guid = has_guid(class).then(|| self.guid());
        if let Some(object) = self.tree.get_mut(id) {
            object.no = no;
            object.name = default_name(class, no);
            object.event.token = if class == Class::CmdEvent { 3 } else { 1 };
            if let Some(guid) = guid {
                object.more.insert("Guid", Value::Text(guid));
            }
        }
        let place = at.map_or(usize::MAX, |at| usize::try_from(at).unwrap_or(0));
        // The Marker stays first.
        let place = if class == Class::Track { place.max(1) } else { place };
        self.tree.attach(parent, id, place);
        if class == Class::TrackGroup {
            let marker = self.tree.create(Class::MarkerTrack);
            self.name(marker, "Marker");
            self.tree.attach(id, marker, 0);
        }
        self.remember(undo, "Create", Reverse::Made(id));
        self.changed(self.tree.chain(id).collect(), "Create");
        Ok(id)
    }

    fn new_number(&self, parent: Id, class: Class, at: Option<i64>) -> Result<i64, Refusal> {
        let cues = class == Class::Sequence;
        if !class.is_pool() && !cues {
            return Ok(0);
        }
        let last = self.tree.children(parent).last().and_then(|last| self.tree.get(*last)).map_or(0, |last| last.no);
        let no = match at {
            None if cues => (last / 1000 + 1) * 1000,
            None => last + 1,
            Some(no) => no,
        };
        if !(1..=9_999_999).contains(&no) {
            return Err(format!("number {no} is out of range"));
        }
        if self.tree.numbered(parent, no).is_some() {
            return Err(format!("number {no} is taken"));
        }
        Ok(no)
    }

    fn guid(&mut self) -> String {
        let (high, low) = (self.chance.bits(), self.chance.bits());
        let bytes = high.to_be_bytes().into_iter().chain(low.to_be_bytes());
        bytes.map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ")
    }

    /// Remove an object and all below it.
    pub fn unmake(&mut self, id: Id, undo: Option<Id>, who: Who) -> Result<(), Refusal> {
        self.may_change(id, who, false)?;
        let (parent, place) = (self.tree.parent(id), self.tree.place(id));
        let (Some(parent), Some(place)) = (parent, place) else { return Err("it stands nowhere".to_owned()) };
        let made_for_good = [self.show_data, self.pool, self.slots];
        if made_for_good.contains(&id) || [self.show_data, self.pool, self.slots].contains(&parent) {
            return Err("it cannot be deleted".to_owned());
        }
        let chain: Vec<Id> = self.tree.chain(id).collect();
        if let Some(frozen) = self.tree.freeze(id) {
            self.remember(undo, "Delete", Reverse::Removed { parent, place, frozen: Box::new(frozen) });
        }
        self.tree.remove(id);
        self.changed(chain, "Delete");
        Ok(())
    }

    /// Put an object elsewhere among its siblings, place from 0.
    pub fn put(&mut self, id: Id, to: usize, who: Who) -> Result<(), Refusal> {
        self.may_change(id, who, false)?;
        let place = self.tree.place(id).ok_or("it stands nowhere")?;
        self.tree.reorder(id, to);
        self.remember(None, "Move", Reverse::Moved(id, place));
        self.changed(self.tree.chain(id).collect(), "Move");
        Ok(())
    }

    /// Change an object through `change`, with the rules, undo and hooks of a property write. `change` may refuse.
    pub fn alter(
        &mut self,
        id: Id,
        who: Who,
        own_lock: bool,
        change: impl FnOnce(&mut World) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        self.may_change(id, who, own_lock)?;
        let before = self.tree.get(id).map(without_children).ok_or("the object is gone")?;
        let place = self.tree.class(id).filter(|class| class.is_event()).and_then(|_| self.tree.place(id)).unwrap_or(0);
        change(self)?;
        let block = match self.options.set_undo {
            SetUndo::Joins => self.open.last().map(|(block, _)| *block),
            _ => None,
        };
        if who == Who::Hand || self.options.set_undo != SetUndo::Never {
            let block = if who == Who::Hand { None } else { block };
            self.remember(block, "Set", Reverse::Changed(id, Box::new(before), place));
        }
        self.changed(self.tree.chain(id).collect(), "Property");
        Ok(())
    }

    /// A time as it is kept: inside the desk's range, and on a frame where the options say so.
    pub fn kept_time(&self, id: Id, ticks: i64, who: Who) -> i64 {
        let ticks = ticks.clamp(-TIME_MAX, TIME_MAX);
        let snaps = match self.options.quantise {
            Quantise::Never => false,
            Quantise::ByHand => who == Who::Hand,
            Quantise::Always => true,
        };
        match self.frame_rate(id).filter(|_| snaps) {
            Some(fps) => snap(ticks, fps),
            None => ticks,
        }
    }

    /// What people call an object, for errors.
    pub fn describe(&self, id: Id) -> String {
        self.tree
            .get(id)
            .map_or_else(|| "an object that is gone".to_owned(), |o| format!("{} '{}'", o.class.name(), o.name))
    }
}

/// The nearest frame. Frames are not whole numbers of ticks.
fn snap(ticks: i64, fps: i64) -> i64 {
    let frame = (ticks as f64 * fps as f64 / TICKS as f64).round_ties_even();
    (frame * TICKS as f64 / fps as f64).round_ties_even() as i64
}

fn without_children(object: &Object) -> Object {
    Object {
        class: object.class,
        parent: object.parent,
        children: vec![],
        tail: 0,
        no: object.no,
        name: object.name.clone(),
        note: object.note.clone(),
        lock: object.lock,
        link: object.link,
        event: object.event.clone(),
        more: object.more.clone(),
    }
}

fn has_guid(class: Class) -> bool {
    class.own_props().iter().any(|prop| prop.name == "Guid")
}

fn default_name(class: Class, no: i64) -> String {
    match class {
        // An event's own name is empty: it shows its token.
        Class::CmdEvent | Class::FaderEvent => String::new(),
        Class::Cue => format!("Cue {}", super::value::cue_text(no)),
        Class::Timecode | Class::Sequence | Class::UserPlugin => format!("{} {no}", class.name()),
        _ => class.name().to_owned(),
    }
}
