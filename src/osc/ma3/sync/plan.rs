//! What a merge comes to: what is taken, what is written, and what is agreed on after each of the two. Thread: any; pure.
//!
//! Both are never done at once. First our layer takes what it takes, together with an agreement that already holds what was
//! decided for the desk ([`Plan::agreement`]); then the desk is written, and what it read back is agreed on
//! ([`Plan::agreement_with`]). So a crash between the two leaves a base from which the rest follows again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::event::Fields;
use super::super::matching::Limits;
use super::super::merge::{self, BasePair, DeskOp, Input, Merged, Start, first_merge, merge};
use super::super::protocol::{Change, Op};
use crate::model::{
    Agreed, Conflict, Counts, DeskEvent, Direction, Dispute, Layer, Mapping, Policy, Put, Session, Side, Uid,
};

/// Desk time − song time of a layer's events, in ticks: the one place where it is reckoned. `slot` is the timecode's
/// RawOffsetTCSlot, `start` the range's RawStart.
pub fn desk_offset(session: &Session, layer: &Layer, mapping: &Mapping, slot: i64, start: i64) -> i64 {
    let song = session.songs.iter().find(|song| song.name == layer.song).map_or(0, |song| song.start_ticks());
    song.saturating_sub(slot).saturating_sub(start).saturating_add(mapping.offset)
}

/// How the two are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// There is no common past, or it was given up: the desk becomes as we are, we as it, or both get all.
    First(Start),
    /// From what was agreed on; without an agreement each side's events are new.
    Three(Direction),
}

/// What is put together.
pub struct Sides<'a> {
    /// Ours.
    pub layer: &'a Layer,
    /// Desk time − song time.
    pub offset: i64,
    /// The desk's, in storage order.
    pub theirs: &'a [DeskEvent],
    /// What was agreed on last.
    pub agreed: Option<&'a Agreed>,
    /// Who wins.
    pub policy: Policy,
    /// What persons chose, by the conflicts' keys.
    pub chosen: &'a std::collections::BTreeMap<u64, Side>,
}

/// What a merge comes to.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    merged: Merged,
    /// Ours in desk time, by identity.
    ours: HashMap<u64, DeskEvent>,
    /// The desk's, without those that a layer cannot hold.
    theirs: Vec<DeskEvent>,
    /// For each of them its index on the desk, from 1.
    places: Vec<u32>,
    /// Desk time − song time.
    offset: i64,
    /// Events of the desk that a layer cannot hold: they stay there, untouched.
    pub foreign: usize,
}

impl Plan {
    /// Put both sides together. Nearly linear.
    pub fn make(way: Way, sides: &Sides<'_>) -> Self {
        let ours: Vec<(u64, DeskEvent)> =
            sides.layer.events.iter().map(|e| (e.uid.0, DeskEvent::from_layer(&e.event, sides.offset))).collect();
        let (mut theirs, mut places) = (Vec::with_capacity(sides.theirs.len()), Vec::with_capacity(sides.theirs.len()));
        for (event, place) in sides.theirs.iter().zip(1..) {
            if event.to_layer(sides.offset, None).check().is_ok() {
                theirs.push(event.clone());
                places.push(place);
            }
        }
        let foreign = sides.theirs.len() - theirs.len();
        let (limits, mut fresh_id) = (Limits::default(), || Uid::fresh().0);
        let merged = match way {
            Way::First(start) => first_merge(start, &ours, &theirs, policy(sides.policy), &limits, &mut fresh_id),
            Way::Three(way) => merge(Input {
                base: &sides.agreed.map(pairs).unwrap_or_default(),
                ours: &ours,
                theirs: &theirs,
                policy: policy(sides.policy),
                direction: direction(way),
                resolutions: &sides.chosen.iter().map(|(key, side)| (*key, side_of(*side))).collect(),
                limits: &limits,
                fresh_id: &mut fresh_id,
            }),
        };
        Self { merged, ours: ours.into_iter().collect(), theirs, places, offset: sides.offset, foreign }
    }

    /// Whether our layer takes something.
    pub fn takes(&self) -> bool {
        !self.merged.ours.is_empty()
    }

    /// Whether the desk is to be written; without the events of `left_out`.
    pub fn writes(&self, left_out: &HashSet<u64>) -> bool {
        self.merged.desk.iter().any(|op| !left_out.contains(&id_of(op)))
    }

    /// Whether our layer would lose events while the desk has some that it cannot hold: one of those may be one of ours, in a form
    /// that we cannot read.
    pub fn is_in_doubt(&self) -> bool {
        self.foreign > 0 && self.merged.ours.iter().any(|(_, event)| event.is_none())
    }

    /// Events of ours as they are and as they shall be.
    pub fn puts(&self, layer: &Layer) -> (Arc<[Put]>, Arc<[Put]>) {
        let now: HashMap<u64, _> = layer.events.iter().map(|entry| (entry.uid.0, &entry.event)).collect();
        let before = self.merged.ours.iter().map(|(id, _)| (Uid(*id), now.get(id).map(|event| (*event).clone())));
        let after = self.merged.ours.iter().map(|(id, event)| {
            let old = now.get(id).map(|event| &***event);
            (Uid(*id), event.as_ref().map(|event| Arc::new(event.to_layer(self.offset, old))))
        });
        (before.collect(), after.collect())
    }

    /// The operations of a batch and whose events they are, without those of `left_out`.
    pub fn ops(&self, left_out: &HashSet<u64>) -> (Vec<Op>, Vec<u64>) {
        let wanted = self.merged.desk.iter().filter(|op| !left_out.contains(&id_of(op)));
        wanted.map(|op| (self.op(op), id_of(op))).unzip()
    }

    fn op(&self, op: &DeskOp) -> Op {
        match op {
            DeskOp::Add { event, .. } => Op::Add(event.clone()),
            DeskOp::Del { idx, .. } => Op::Del(self.places[*idx]),
            DeskOp::Set { idx, event, fields, .. } => {
                let text = |field: Fields, text: &Arc<str>| fields.contains(field).then(|| text.clone());
                Op::Set(
                    self.places[*idx],
                    Change {
                        ticks: fields.contains(Fields::TIME).then_some(event.ticks),
                        token: text(Fields::TOKEN, &event.token),
                        cue: text(Fields::CUE, &event.cue),
                        cmd: text(Fields::CMD, &event.cmd),
                        name: text(Fields::NAME, &event.name),
                        note: text(Fields::NOTE, &event.note),
                    },
                )
            }
        }
    }

    /// What the desk shall have of an event that is written; `None` for one that goes.
    pub fn wanted(&self, id: u64) -> Option<&DeskEvent> {
        self.merged.desk.iter().find(|op| id_of(op) == id).and_then(|op| match op {
            DeskOp::Add { event, .. } | DeskOp::Set { event, .. } => Some(event),
            DeskOp::Del { .. } => None,
        })
    }

    /// Cue numbers that writes name, with the events' names.
    pub fn cues(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<str>)> {
        self.merged
            .desk
            .iter()
            .filter_map(|op| match op {
                DeskOp::Add { event, .. } => Some((&event.cue, &event.name)),
                DeskOp::Set { event, fields, .. } if fields.touches(Fields::CUE) => Some((&event.cue, &event.name)),
                _ => None,
            })
            .filter(|(cue, _)| !cue.is_empty())
    }

    /// What is agreed once our layer took its part and before the desk is written: what was decided for the desk is in it as
    /// an edit of ours that the desk does not have yet.
    pub fn agreement(&self) -> (Vec<(Uid, DeskEvent)>, Vec<Dispute>) {
        self.agreement_with(&HashMap::new())
    }

    /// The same with writes that are done: by identity, what the desk read back, `None` for a deleted one.
    pub fn agreement_with(&self, done: &HashMap<u64, Option<DeskEvent>>) -> (Vec<(Uid, DeskEvent)>, Vec<Dispute>) {
        let mut open: HashMap<u64, Option<DeskEvent>> = HashMap::new();
        let mut gone = Vec::new();
        for op in &self.merged.desk {
            match op {
                DeskOp::Add { id, .. } => drop(open.insert(*id, None)),
                DeskOp::Set { id, idx, .. } => drop(open.insert(*id, Some(self.theirs[*idx].clone()))),
                DeskOp::Del { id, idx } => gone.push((*id, self.theirs[*idx].clone())),
            }
        }
        let (mut events, mut disputed) = (Vec::with_capacity(self.merged.base.len()), Vec::new());
        for pair in &self.merged.base {
            let is = match (done.get(&pair.id), open.get(&pair.id)) {
                (Some(read), _) => read.clone(),
                (None, Some(had)) => had.clone(),
                (None, None) => Some(pair.event.clone()),
            };
            let Some(event) = is else { continue };
            events.push((Uid(pair.id), event));
            if pair.open || pair.disputed.is_some() || self.is_disputed(pair.id) {
                disputed.push(Dispute { uid: Uid(pair.id), open: pair.open, theirs: pair.disputed.clone() });
            }
        }
        let gone = gone.into_iter().filter(|(id, _)| !done.contains_key(id));
        // One that never was ours gets an identity, so that it goes as one that we deleted.
        events.extend(gone.map(|(id, event)| (if id == 0 { Uid::fresh() } else { Uid(id) }, event)));
        // The same content is the same list, however it came about.
        events.sort_by_key(|(uid, event)| (event.ticks, *uid));
        (events, disputed)
    }

    fn is_disputed(&self, id: u64) -> bool {
        self.merged.conflicts.iter().any(|conflict| conflict.id == id)
    }

    /// Which of ours stand as they were when this was made, of those given with what was sent for them.
    pub fn is_still(&self, id: u64, layer_event: Option<&crate::model::LayerEvent>) -> bool {
        match (self.ours.get(&id), layer_event) {
            (Some(was), Some(is)) => *was == DeskEvent::from_layer(is, self.offset),
            _ => false,
        }
    }

    /// How many events would change on the desk, and here.
    pub fn counts(&self) -> (Counts, Counts) {
        let mut desk = Counts::default();
        for op in &self.merged.desk {
            match op {
                DeskOp::Add { .. } => desk.added += 1,
                DeskOp::Del { .. } => desk.deleted += 1,
                DeskOp::Set { fields, .. } if *fields == Fields::TIME => desk.retimed += 1,
                DeskOp::Set { .. } => desk.changed += 1,
            }
        }
        let mut here = Counts::default();
        for (id, event) in &self.merged.ours {
            match (self.ours.get(id), event) {
                (None, _) => here.added += 1,
                (Some(_), None) => here.deleted += 1,
                (Some(old), Some(new)) if old.same_content(new) => here.retimed += 1,
                (Some(_), Some(_)) => here.changed += 1,
            }
        }
        (desk, here)
    }

    /// Conflicts nobody decided yet.
    pub fn conflicts(&self) -> Vec<Conflict> {
        let conflict = |c: &merge::Conflict| Conflict {
            key: c.key,
            uid: Uid(c.id),
            base: c.base.clone(),
            ours: c.ours.clone(),
            theirs: c.theirs.clone(),
        };
        self.merged.conflicts.iter().map(conflict).collect()
    }

    /// Events that one side has and keeps for itself: only here, only there.
    pub fn kept(&self) -> (usize, usize) {
        (self.merged.kept_ours.len(), self.merged.kept_theirs.len())
    }

    /// Whether both sides hold the same.
    pub fn is_equal(&self) -> bool {
        self.merged.is_idle() && self.merged.conflicts.is_empty() && self.kept() == (0, 0)
    }

    /// Whether something on the desk goes or changes that was never agreed on.
    pub fn overwrites(&self, agreed: Option<&Agreed>) -> bool {
        let known: HashSet<&DeskEvent> = agreed.iter().flat_map(|a| &a.events).map(|(_, event)| event).collect();
        self.merged.desk.iter().any(|op| match op {
            DeskOp::Add { .. } => false,
            DeskOp::Set { idx, .. } | DeskOp::Del { idx, .. } => !known.contains(&self.theirs[*idx]),
        })
    }

    /// Each change on the desk, as it is there and as it shall be.
    pub fn on_desk(&self) -> impl Iterator<Item = (Option<&DeskEvent>, Option<&DeskEvent>)> {
        self.merged.desk.iter().map(|op| match op {
            DeskOp::Add { event, .. } => (None, Some(event)),
            DeskOp::Set { idx, event, .. } => (Some(&self.theirs[*idx]), Some(event)),
            DeskOp::Del { idx, .. } => (Some(&self.theirs[*idx]), None),
        })
    }

    /// Each change of our layer, as it is and as it shall be, in desk time.
    pub fn here(&self) -> impl Iterator<Item = (Option<&DeskEvent>, Option<&DeskEvent>)> {
        self.merged.ours.iter().map(|(id, event)| (self.ours.get(id), event.as_ref()))
    }

    /// Desk time − song time.
    pub fn offset(&self) -> i64 {
        self.offset
    }
}

fn id_of(op: &DeskOp) -> u64 {
    match op {
        DeskOp::Add { id, .. } | DeskOp::Set { id, .. } | DeskOp::Del { id, .. } => *id,
    }
}

/// What was agreed on, as the merge knows it.
fn pairs(agreed: &Agreed) -> Vec<BasePair> {
    let disputes: HashMap<Uid, &Dispute> = agreed.disputed.iter().map(|dispute| (dispute.uid, dispute)).collect();
    let pair = |(uid, event): &(Uid, DeskEvent)| {
        let dispute = disputes.get(uid);
        BasePair {
            open: dispute.is_some_and(|dispute| dispute.open),
            disputed: dispute.and_then(|dispute| dispute.theirs.clone()),
            ..BasePair::agreed(uid.0, event.clone())
        }
    };
    agreed.events.iter().map(pair).collect()
}

fn policy(policy: Policy) -> merge::Policy {
    match policy {
        Policy::Ask => merge::Policy::Ask,
        Policy::Desk => merge::Policy::Desk,
        Policy::Plugin => merge::Policy::Plugin,
    }
}

fn direction(direction: Direction) -> merge::Direction {
    match direction {
        Direction::Both | Direction::Manual => merge::Direction::Both,
        Direction::ToDesk => merge::Direction::ToDesk,
        Direction::FromDesk => merge::Direction::FromDesk,
    }
}

fn side_of(side: Side) -> merge::Side {
    match side {
        Side::Ours => merge::Side::Ours,
        Side::Theirs => merge::Side::Theirs,
        Side::Both => merge::Side::Both,
    }
}
