//! What keeps one layer and its track on the desk in step: a state machine without clock, socket or session of its own.
//!
//! Thread: osc. [`Track::tick`] is told what time it is and what the session says, and gives at most one request and one Batch;
//! [`Track::answer`] and [`Track::notice`] are told what the desk said.
//!
//! | file | what |
//! |---|---|
//! | [`hear`] | answers, notices, the digest of a ping |
//! | [`place`] | finding the track: by number, name or Guid; making what is missing |
//! | [`seen`] | the unit as it was last seen |
//! | [`descent`] | whether what the desk has comes from what was agreed on |
//! | [`plan`] | what a merge comes to, and what is agreed on then |
//! | [`step`] | what is done next: hold, take, write, wait |
//! | [`mod@write`] | batches to the desk and what comes back |
//! | [`verbs`] | what persons ask for |
//! | [`words`] | previews and reasons for people |
//!
//! **Invariants:** nothing is written that was not planned against the content whose hash the batch names; nothing is written while a
//! mapping is held, not accepted, or locked by the show lock; layer and agreement change in one Command; one request and one
//! Command are under way at most. Echo of our own writing is known by its content alone, never by the time it comes.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::protocol::{Request, Unit};
use crate::model::{
    Agreed, Batch, BatchId, Choice, Conflict, DeskEvent, Layer, Mapping, MappingStatus, Name, Preview, Session, Side,
    Uid,
};

mod descent;
mod hear;
mod place;
mod plan;
mod seen;
mod step;
mod verbs;
mod words;
mod write;

#[cfg(test)]
mod tests;

pub use plan::desk_offset;

use place::Place;
use plan::{Gone, Plan};
use seen::Seen;

/// An edit of ours waits so long for the next one.
pub const DEBOUNCE: Duration = Duration::from_millis(50);
/// An edit of ours waits at most so long.
pub const DEBOUNCE_MAX: Duration = Duration::from_millis(300);
/// What a busy desk refused is tried again after this.
const BUSY_AGAIN: Duration = Duration::from_secs(1);
/// What cannot be found is looked for again after this.
const FIND_AGAIN: Duration = Duration::from_secs(2);
/// Events without a cue are tried again after this.
const PROBLEM_AGAIN: Duration = Duration::from_secs(5);
/// A Batch that the engine neither did nor refused in this time is looked at anew.
const TAKING_MAX: Duration = Duration::from_secs(1);
/// Backups of the desk's side.
const BACKUPS_MAX: usize = 5;

/// What a tick is told.
#[derive(Clone, Copy)]
pub struct Now<'a> {
    /// Time since the link began.
    pub time: Duration,
    /// The document.
    pub session: &'a Session,
    /// The Snapshot it is from.
    pub revision: u64,
    /// Whether the desk is there.
    pub connected: bool,
    /// The name we write under.
    pub me: &'a str,
}

/// What a tick asks for.
#[derive(Debug, Default)]
pub struct Wants {
    /// Of the desk.
    pub request: Option<Request>,
    /// Of the engine.
    pub batch: Option<Batch>,
}

/// What is asked of the desk and not answered yet.
#[derive(Debug)]
enum Asked {
    Tracks,
    Groups,
    Make,
    Prepare,
    Assign,
    Hook { with_guid: bool },
    Events,
    Cues,
    MakeCues,
    Batch(Box<Sent>),
    Restore(Vec<super::protocol::Op>),
}

/// A batch that is on its way.
#[derive(Debug)]
struct Sent {
    plan: Plan,
    ops: Vec<super::protocol::Op>,
    /// Whose event each of them is.
    ids: Vec<u64>,
    /// Hash of the unit if all is done as it was asked.
    expected: String,
    guid: String,
    ends_hold: bool,
}

/// A batch that the desk did: to be agreed on.
#[derive(Debug)]
struct Settle {
    plan: Plan,
    /// By identity what the desk has now.
    done: HashMap<u64, Option<DeskEvent>>,
    hash: String,
    guid: String,
    ends_hold: bool,
}

/// A Batch that is on its way to the session.
#[derive(Debug)]
struct Taking {
    batch: BatchId,
    agreed: Arc<Agreed>,
    since: Duration,
    /// The Snapshot it is in, once it took effect.
    revision: Option<u64>,
    /// Whether it settles a batch to the desk.
    settles: bool,
    ends_hold: bool,
}

/// Why nothing is written or taken.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    why: Arc<str>,
    /// Whether what was agreed on is a past that both sides share.
    related: bool,
    /// Whether only the offset between the two times is another.
    only_offset: bool,
}

/// What a person asked for once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Once {
    Push,
    Pull,
}

/// An event that the desk refused.
#[derive(Debug, Clone)]
struct Problem {
    wanted: Option<DeskEvent>,
    text: Arc<str>,
}

/// One mapping.
#[derive(Debug)]
pub struct Track {
    name: Name,
    mapping: Arc<Mapping>,
    layer: Arc<Layer>,
    armed: bool,
    place: Place,
    /// Rises when what was asked is of no use any more: answers of an earlier one are dropped.
    generation: u64,
    asked: Option<Asked>,
    seen: Option<Seen>,
    /// Whether what is seen was compared with what was agreed on.
    judged: bool,
    held: Option<Held>,
    choice: Option<Choice>,
    once: Option<Once>,
    dry: Option<Once>,
    /// The agreement as it was last looked at.
    known: Option<Arc<Agreed>>,
    /// The same with what was on its way then, where that arrived and nobody heard of it.
    landed: Option<Arc<Agreed>>,
    /// Content of which all that is new was written by us: ours is newer still.
    lead: Option<String>,
    taking: Option<Taking>,
    settle: Option<Settle>,
    unsure: Option<Box<Sent>>,
    /// First and last edit of ours that is not on its way yet.
    edited: Option<(Duration, Duration)>,
    again_at: Option<Duration>,
    plan: Option<Plan>,
    problems: BTreeMap<u64, Problem>,
    problems_at: Option<Duration>,
    cues: Option<HashSet<String>>,
    chosen: BTreeMap<u64, Side>,
    backups: VecDeque<Vec<DeskEvent>>,
    /// What went lately, to be known again.
    gone: Gone,
    restore: bool,
    take_over: bool,
    /// Failures in a row.
    failures: u32,
    /// What went wrong, for people.
    trouble: Option<Arc<str>>,
    /// A remark that stays until the next verb.
    note: Option<Arc<str>>,
    absent: u8,
    find_at: Option<Duration>,
    /// Until then the desk is taken for busy.
    busy_until: Option<Duration>,
    /// Whether the track was looked for by its Guid, and whether it is looked at without it.
    looked_by_guid: bool,
    without_guid: bool,
    /// Whether the writer is another client.
    other_writer: Option<Arc<str>>,
    preview: Option<Arc<Preview>>,
    conflicts: Arc<Vec<Conflict>>,
    status: MappingStatus,
}

impl Track {
    /// A mapping that nobody has looked for yet.
    pub fn new(name: &Name, mapping: &Arc<Mapping>, layer: &Arc<Layer>) -> Self {
        Self {
            name: name.clone(),
            mapping: mapping.clone(),
            layer: layer.clone(),
            armed: false,
            place: Place::Unknown,
            generation: 0,
            asked: None,
            seen: None,
            judged: false,
            held: None,
            choice: None,
            once: None,
            dry: None,
            known: None,
            landed: None,
            lead: None,
            taking: None,
            settle: None,
            unsure: None,
            edited: None,
            again_at: None,
            plan: None,
            problems: BTreeMap::new(),
            problems_at: None,
            cues: None,
            chosen: BTreeMap::new(),
            backups: VecDeque::new(),
            gone: Gone::default(),
            restore: false,
            take_over: false,
            failures: 0,
            trouble: None,
            note: None,
            absent: 0,
            find_at: None,
            busy_until: None,
            looked_by_guid: false,
            without_guid: false,
            other_writer: None,
            preview: None,
            conflicts: Arc::default(),
            status: MappingStatus::default(),
        }
    }

    /// Do what there is to do.
    pub fn tick(&mut self, now: &Now<'_>) -> Wants {
        let mut wants = Wants::default();
        self.look(now);
        if now.connected && self.asked.is_none() && self.again_at.is_none_or(|at| at <= now.time) {
            self.again_at = None;
            self.step(now, &mut wants);
        }
        self.describe(now);
        wants
    }

    /// How the mapping stands.
    pub fn status(&self) -> &MappingStatus {
        &self.status
    }

    /// Where its unit is, if it was found.
    pub fn unit(&self) -> Option<Unit> {
        match &self.place {
            Place::At(unit) => Some(*unit),
            _ => None,
        }
    }

    /// Of which time a question asked now is; hand it to [`Track::answer`].
    pub fn generation(&self) -> u64 {
        self.generation
    }

    // What the session says now, and what of it is another since the last time.
    fn look(&mut self, now: &Now<'_>) {
        let session = now.session;
        self.look_at_taking(now);
        if let Some(mapping) = session.mappings.get(&self.name)
            && !Arc::ptr_eq(mapping, &self.mapping)
        {
            let same_place = mapping.is_same_place(&self.mapping);
            self.mapping = mapping.clone();
            self.plan = None;
            self.cues = None;
            self.again_at = None;
            if !same_place {
                // What is asked of the old place is nobody's answer any more.
                self.asked = None;
                self.generation += 1;
                self.begin_anew();
                self.problems.clear();
                self.chosen.clear();
            }
        }
        if let Some(layer) = session.layers.get(&self.name)
            && !Arc::ptr_eq(layer, &self.layer)
        {
            self.layer = layer.clone();
            self.plan = None;
            let first = self.edited.map_or(now.time, |(first, _)| first);
            self.edited = Some((first, now.time));
        }
        if session.desk.armed != self.armed {
            self.armed = session.desk.armed;
            self.plan = None;
        }
        let agreed = session.agreed.get(&self.name);
        if self.taking.is_none() && agreed != self.known.as_ref() {
            // Somebody loaded another session, or took a mapping back: what the desk has is to be compared anew.
            self.known = agreed.cloned();
            self.landed = None;
            self.look_again();
        }
    }

    fn look_at_taking(&mut self, now: &Now<'_>) {
        let Some(taking) = &self.taking else { return };
        let agreed = now.session.agreed.get(&self.name);
        let is_there = taking.revision.is_some_and(|revision| now.revision >= revision);
        let waited = now.time >= taking.since + TAKING_MAX;
        if !is_there && !waited {
            return;
        }
        if is_there || agreed == Some(&taking.agreed) {
            if taking.ends_hold {
                (self.held, self.choice) = (None, None);
            }
            if taking.settles {
                self.settle = None;
            }
            self.known = agreed.cloned();
            self.landed = None;
        }
        self.taking = None;
        self.plan = None;
    }

    /// A Batch took effect and is in this Snapshot.
    pub fn applied(&mut self, batch: BatchId, revision: u64) {
        if let Some(taking) = self.taking.as_mut().filter(|taking| taking.batch == batch) {
            taking.revision = Some(revision);
        }
    }

    /// A Batch was refused: somebody was quicker. It is planned again from what is there now.
    pub fn refused(&mut self, batch: BatchId) {
        if self.taking.as_ref().is_some_and(|taking| taking.batch == batch) {
            self.taking = None;
            self.plan = None;
        }
    }

    /// The layer is called another name.
    pub fn rename(&mut self, name: &Name) {
        if self.name != *name {
            self.name = name.clone();
        }
    }

    /// The desk began anew, or was away: everything is to be looked for and compared again.
    pub fn begin_anew(&mut self) {
        self.place = Place::Unknown;
        (self.looked_by_guid, self.without_guid) = (false, false);
        self.cues = None;
        self.again_at = None;
        self.other_writer = None;
        self.look_again();
    }

    /// The unit is to be hooked and compared again.
    pub fn look_again(&mut self) {
        self.seen = None;
        self.judged = false;
        self.plan = None;
        self.absent = 0;
    }
}

/// Events of a layer by identity.
fn by_uid(layer: &Layer) -> HashMap<u64, &Arc<crate::model::LayerEvent>> {
    layer.events.iter().map(|entry| (entry.uid.0, &entry.event)).collect()
}

/// A put of nothing, for when only the agreement changes.
fn no_puts() -> Arc<[(Uid, Option<Arc<crate::model::LayerEvent>>)]> {
    Arc::from([])
}
