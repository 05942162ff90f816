//! Three-way merge of a layer and a desk track against what both last agreed on.
//!
//! Thread: any; pure. Our events have ids, the desk's have none: [`carry`] finds out which of theirs is which of ours, with
//! the last agreed content between the two. Then each event is decided alone:
//! * One side changed it: the other follows. Both changed other parts of it: both parts are taken. Token and cue are one
//!   part, because "Goto" of one side with the cue of the other is nobody's wish.
//! * Both changed the same part: equal values, or times not more than a frame apart, agree (the desk rounds times, and what
//!   it rounded is the truth, F54); else it is a conflict, as is an edit against a deletion. The policy decides, or with
//!   [`Policy::Ask`] both versions stay as they are, on both sides, until a resolution names the conflict's key.
//! * One-way directions know no conflict: the leading side wins, and what only the other side has is left there and counted
//!   as drift. A mapping to the desk deletes there only what was agreed on and then deleted here.
//!
//! Times are desk ticks on all three sides: the caller takes the mapping's offset off before, so it cannot be applied twice
//! (F56). **Invariant:** with what [`Merged`] says done on both sides, the next merge has nothing to do.

use std::collections::{BTreeMap, HashMap};

use super::event::{DeskEvent, Fields, Fnv};
use super::matching::Limits;

mod carry;
mod decide;
mod first;
mod outcome;
mod parts;
mod places;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use first::{Preview, Start, first_merge, preview};

/// One event on which both sides agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasePair {
    /// Our id of it.
    pub id: u64,
    /// What the desk has.
    pub event: DeskEvent,
    /// What we have, where the desk keeps it in another form (a rounded time): known and settled, so nobody writes it again.
    pub asked: Option<DeskEvent>,
    /// Both versions were there before the first agreement and nobody chose yet: what differs is a conflict.
    pub open: bool,
    /// The desk's version in a conflict that nobody decided yet, so that it is known again whatever happens around it.
    pub disputed: Option<DeskEvent>,
}

impl BasePair {
    /// The same event on both sides.
    pub fn agreed(id: u64, event: DeskEvent) -> Self {
        Self { id, event, asked: None, open: false, disputed: None }
    }

    /// What we have of it.
    pub fn ours(&self) -> &DeskEvent {
        self.asked.as_ref().unwrap_or(&self.event)
    }
}

/// Who decides where both sides changed the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// A person; until then both versions stay.
    Ask,
    /// The desk's version.
    Desk,
    /// Ours.
    Plugin,
}

/// Which way changes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Both sides are edited.
    Both,
    /// Ours leads.
    ToDesk,
    /// The desk leads.
    FromDesk,
}

/// What a person chose in a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Our version, as it was shown.
    Ours,
    /// The desk's, as it was shown.
    Theirs,
    /// Both: ours keeps its id, the desk's becomes an event of its own. Of an edit and a deletion the edit stays.
    Both,
}

/// What is merged.
pub struct Input<'a> {
    /// The last agreed content, as the last [`Merged::base`] said; empty for none.
    pub base: &'a [BasePair],
    /// Our events with their ids, each once, in desk ticks.
    pub ours: &'a [(u64, DeskEvent)],
    /// The desk's events in storage order.
    pub theirs: &'a [DeskEvent],
    /// Who decides conflicts.
    pub policy: Policy,
    /// Which way changes go.
    pub direction: Direction,
    /// What persons chose, by [`Conflict::key`]. Keys that no longer exist are ignored.
    pub resolutions: &'a BTreeMap<u64, Side>,
    /// How far events may be apart and be the same.
    pub limits: &'a Limits,
    /// Ids for events that are new to us.
    pub fresh_id: &'a mut dyn FnMut() -> u64,
}

/// One write on the desk. All of one merge speak of the content before the batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeskOp {
    /// A new event.
    Add {
        /// Our id of it.
        id: u64,
        /// The event.
        event: DeskEvent,
    },
    /// Other fields of an event.
    Set {
        /// Our id of it.
        id: u64,
        /// Its index in theirs, from 0 (the protocol counts from 1).
        idx: usize,
        /// The event as it shall be.
        event: DeskEvent,
        /// The fields to write.
        fields: Fields,
    },
    /// An event that goes.
    Del {
        /// Our id of it; 0 where it never had one.
        id: u64,
        /// Its index in theirs, from 0.
        idx: usize,
    },
}

/// One event that both sides changed in ways that exclude each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Names this conflict of these two versions: another edit makes another conflict.
    pub key: u64,
    /// Our id of the event.
    pub id: u64,
    /// What both had agreed on, if they ever had.
    pub base: Option<DeskEvent>,
    /// Our version, or nothing where we deleted it.
    pub ours: Option<DeskEvent>,
    /// The desk's version, or nothing where the desk deleted it.
    pub theirs: Option<DeskEvent>,
    /// The index of theirs, from 0.
    pub theirs_idx: Option<usize>,
}

/// How much a merge does: the preview before it and the report after it (D12).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// Writes that add on the desk.
    pub desk_added: usize,
    /// Writes that change an event of the desk.
    pub desk_set: usize,
    /// Writes that delete on the desk.
    pub desk_deleted: usize,
    /// Events that come to our layer.
    pub ours_added: usize,
    /// Events of our layer that change.
    pub ours_set: usize,
    /// Events of our layer that go.
    pub ours_deleted: usize,
    /// Conflicts nobody decided yet.
    pub conflicts: usize,
    /// Drift: events only the side that does not lead has; they stay there.
    pub kept: usize,
    /// Drift: edits and deletions of the side that does not lead; they are undone.
    pub overwritten: usize,
}

impl Effect {
    /// Writes on the desk.
    pub fn desk(&self) -> usize {
        self.desk_added + self.desk_set + self.desk_deleted
    }

    /// Changes of our layer.
    pub fn ours(&self) -> usize {
        self.ours_added + self.ours_set + self.ours_deleted
    }
}

/// What is to be done, and what is agreed on when it is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Writes on the desk: one batch, all or none.
    pub desk: Vec<DeskOp>,
    /// Our layer: an event to put under its id, or one to remove.
    pub ours: Vec<(u64, Option<DeskEvent>)>,
    /// The new base, in the desk's storage order. It holds once both sides are done; if the desk refuses, keep the old one.
    /// An event in conflict keeps its old agreement.
    pub base: Vec<BasePair>,
    /// What nobody decided yet, in the order of time.
    pub conflicts: Vec<Conflict>,
    /// Indices of events that only the desk has and keeps (direction to the desk).
    pub kept_theirs: Vec<usize>,
    /// Ids of events that only we have and keep (direction from the desk).
    pub kept_ours: Vec<u64>,
    /// How much all that is.
    pub effect: Effect,
}

impl Merged {
    /// Whether nothing is to be done on either side. Conflicts and drift may remain.
    pub fn is_idle(&self) -> bool {
        self.desk.is_empty() && self.ours.is_empty()
    }
}

/// Merge both sides against what they last agreed on.
///
/// Thread: any; nearly linear. The same input gives the same result.
pub fn merge(input: Input<'_>) -> Merged {
    let carried = carry::carry(&input);
    decide::decide(input, &carried)
}

/// Take over what the desk made of our writes (`batch.ack`): where it kept something in another form, the base remembers
/// both forms, so that neither side takes the other's for an edit.
///
/// Call it with the base that takes effect with the batch. The result are the events that differ, as the desk has them:
/// put them into our layer, or leave it as it is; the next merge has nothing to do either way.
pub fn adopt_readback(base: &mut [BasePair], written: &[(u64, DeskEvent)]) -> Vec<(u64, DeskEvent)> {
    let read: HashMap<u64, &DeskEvent> = written.iter().map(|(id, event)| (*id, event)).collect();
    let mut differing = Vec::new();
    for pair in base {
        let Some(event) = read.get(&pair.id).copied().filter(|event| **event != pair.event) else {
            continue;
        };
        let ours = pair.ours().clone();
        pair.asked = (ours != *event).then_some(ours);
        pair.event = event.clone();
        differing.push((pair.id, event.clone()));
    }
    differing
}

/// The name of a conflict: who, and both versions.
fn conflict_key(id: u64, ours: Option<&DeskEvent>, theirs: Option<&DeskEvent>) -> u64 {
    let mut hash = Fnv::default();
    hash.eat(&id.to_le_bytes());
    for version in [ours, theirs] {
        match version {
            Some(event) => hash.eat_event(event),
            None => hash.eat(b"-"),
        }
        hash.eat(b"\n");
    }
    hash.finish()
}
