//! A unit of the desk as it was last seen, and how notices and answers keep that picture right. Thread: osc; pure.
//!
//! Whatever is put together from parts is compared with the desk's own hash: a picture that differs is thrown away and the
//! events are asked for again. So a lost, doubled or overtaken notice can make us late, never wrong.

use std::collections::{BTreeMap, HashSet};

use super::super::event::unit_hash;
use super::super::protocol::{Busy, Changed, Content, Difference, Op, OpResult, Unit};
use super::descent::Ancestor;
use crate::model::DeskEvent;

/// A unit's hash as the wire writes it.
pub fn hash_text(unit: Unit, events: &[DeskEvent]) -> String {
    format!("{:016x}", unit_hash(unit.range, unit.sub, events))
}

/// Contents remembered, as the desk does.
const LINEAGE_MAX: usize = 64;

/// What became of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The picture is the newer one now.
    Newer,
    /// It says nothing new.
    Old,
    /// It does not fit what we have: ask for all events.
    Gap,
}

/// A unit as it was last seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Where it is.
    pub unit: Unit,
    /// The track's Guid.
    pub guid: String,
    /// Its revision.
    pub rev: u64,
    /// Its hash, 16 hex digits.
    pub hash: String,
    /// Its events in storage order.
    pub events: Vec<DeskEvent>,
    /// RawOffsetTCSlot of the timecode.
    pub slot: i64,
    /// RawStart of the range.
    pub start: i64,
    /// Whether it can be written.
    pub busy: Busy,
    /// Who writes it, or empty.
    pub writer: String,
    /// The track's name.
    pub name: String,
    /// The sequence it runs, 0 for none.
    pub target: u32,
    /// Contents it had, from old to new.
    pub lineage: Vec<Ancestor>,
    /// Whether a change is not in the lineage yet.
    pub dirty: bool,
}

impl Seen {
    /// From an answer that holds the whole unit; nothing where its hash does not fit.
    pub fn new(unit: Unit, guid: &str, rev: u64, hash: &str, content: Content) -> Option<Self> {
        let events: Vec<DeskEvent> = content.events.into_iter().map(|told| told.event).collect();
        (hash_text(unit, &events) == hash).then(|| Self {
            unit,
            guid: guid.to_owned(),
            rev,
            hash: hash.to_owned(),
            events,
            slot: content.offset,
            start: content.start,
            busy: content.busy,
            writer: content.writer,
            name: content.name,
            target: content.target,
            lineage: content.lineage.into_iter().map(|entry| (entry.hash, entry.by)).collect(),
            dirty: content.dirty,
        })
    }

    /// A `track.changed`.
    pub fn change(&mut self, rev: u64, hash: &str, changed: &Changed) -> Taken {
        if rev <= self.rev {
            return if rev == self.rev && hash != self.hash { Taken::Gap } else { Taken::Old };
        }
        let events = match &changed.difference {
            Difference::Whole(events) => Some(events.iter().map(|told| told.event.clone()).collect()),
            Difference::Lists { .. } if changed.rev_from != Some(self.rev) => None,
            Difference::Lists { added, deleted, moved, retimed, changed } => {
                let new = [added, retimed, changed].into_iter().flatten().map(|told| (told.idx, told.event.clone()));
                let kept = moved.iter().filter_map(|(was, idx)| Some((*idx, self.at(*was)?.clone())));
                let was = [retimed, changed].into_iter().flatten().filter_map(|told| told.was);
                let gone = was.chain(deleted.iter().copied()).chain(moved.iter().map(|(was, _)| *was)).collect();
                self.rebuilt(&gone, new.chain(kept).collect())
            }
        };
        let Some(events) = events.filter(|events: &Vec<DeskEvent>| hash_text(self.unit, events) == hash) else {
            return Taken::Gap;
        };
        // Who it was is in the next whole answer.
        self.enter(events, rev, hash, "desk");
        self.slot = changed.offset.unwrap_or(self.slot);
        self.start = changed.start.unwrap_or(self.start);
        Taken::Newer
    }

    /// A batch of ours was done: what it did, as it was read back. False where the picture does not fit the desk's hash.
    pub fn written(&mut self, rev: u64, hash: &str, ops: &[Op], results: &[OpResult], me: &str) -> bool {
        if rev < self.rev {
            return false;
        }
        let gone = ops.iter().filter_map(|op| match op {
            Op::Add(_) => None,
            Op::Set(idx, _) | Op::Del(idx) => Some(*idx),
        });
        let new = results.iter().filter_map(|result| result.outcome.as_ref().ok()?.as_ref());
        let Some(events) = self.rebuilt(&gone.collect(), new.map(|told| (told.idx, told.event.clone())).collect())
        else {
            return false;
        };
        if hash_text(self.unit, &events) != hash {
            return false;
        }
        self.enter(events, rev, hash, me);
        true
    }

    fn enter(&mut self, events: Vec<DeskEvent>, rev: u64, hash: &str, by: &str) {
        (self.events, self.rev, self.hash) = (events, rev, hash.to_owned());
        if self.lineage.last().is_none_or(|(last, _)| last != hash) {
            self.lineage.push((hash.to_owned(), by.to_owned()));
        }
        if self.lineage.len() > LINEAGE_MAX {
            self.lineage.remove(0);
        }
    }

    fn at(&self, idx: u32) -> Option<&DeskEvent> {
        self.events.get((idx as usize).checked_sub(1)?)
    }

    // Without those at `gone`, and with the new ones at their places; the rest fills what is left, in its order.
    fn rebuilt(&self, gone: &HashSet<u32>, mut new: BTreeMap<u32, DeskEvent>) -> Option<Vec<DeskEvent>> {
        if gone.iter().any(|idx| self.at(*idx).is_none()) {
            return None;
        }
        let mut rest = self.events.iter().zip(1..).filter(|(_, idx)| !gone.contains(idx)).map(|(event, _)| event);
        let count = self.events.len() - gone.len() + new.len();
        let events: Option<Vec<_>> =
            (1..=u32::try_from(count).ok()?).map(|idx| new.remove(&idx).or_else(|| rest.next().cloned())).collect();
        events.filter(|_| new.is_empty() && rest.next().is_none())
    }
}

#[cfg(test)]
mod tests;
