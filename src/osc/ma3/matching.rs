//! Who is who between two contents of a desk track: events have no identity there, so it is found anew each time.
//!
//! Thread: any; pure. [`diff`] goes from the certain to the probable, and each pass sees only what the earlier left:
//! 1. a run of at least [`Limits::block`] equal events that moved by one step as a whole;
//! 2. equal events: identical ones are a multiset and pair off in order;
//! 3. equal but for the time: first those that moved by the same step together (a block move), then each content in order
//!    with the least way in all, at most [`Limits::retime`] each;
//! 4. the same time with other fields;
//! 5. near in time and alike, by cost, nearer the less they are alike; what shares nothing pairs only within
//!    [`Limits::frame`].
//!
//! **Invariant:** the result depends on the two lists alone, and `diff(b, a)` counts what `diff(a, b)` does, with added
//! and deleted exchanged.

use super::event::{DeskEvent, Fields, TICKS_PER_SECOND};

mod blocks;
mod contents;
mod inorder;
mod window;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use contents::Contents;
pub(super) use contents::QuickMap;

/// How far apart two events may be and still be one that was edited; distances in ticks, inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Everything but the time is equal.
    pub retime: u64,
    /// Time and a little of the rest differ; less for those that share less.
    pub near: u64,
    /// Nothing is shared but the place.
    pub frame: u64,
    /// So many events with the same step are a block that moved; a block may move any way.
    pub block: usize,
    /// Each event is compared with so many others before and after it in passes 4 and 5.
    pub window: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let second = TICKS_PER_SECOND.unsigned_abs();
        // Two frames at 30 frames per second.
        Self { retime: 30 * second, near: 5 * second, frame: second / 15, block: 16, window: 16 }
    }
}

/// What happened to an event that is on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Nothing.
    Same,
    /// Another time.
    Retimed,
    /// Another token, cue, command, name or note.
    Changed,
    /// Both.
    RetimedChanged,
}

/// One event on both sides, by its position in each list, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Where it was.
    pub old: usize,
    /// Where it is.
    pub new: usize,
    /// What of it changed.
    pub fields: Fields,
}

impl Pair {
    /// What happened to it.
    pub fn class(&self) -> Class {
        match (self.fields.contains(Fields::TIME), self.fields.without(Fields::TIME).is_empty()) {
            (false, true) => Class::Same,
            (true, true) => Class::Retimed,
            (false, false) => Class::Changed,
            (true, false) => Class::RetimedChanged,
        }
    }

    /// The same content at another index. It says nothing but that something happened before it in the list.
    pub fn is_reindexed(&self) -> bool {
        self.fields.is_empty() && self.old != self.new
    }
}

/// How many of each class. `added + deleted + retimed + changed + retimed_changed` is what a diff costs in writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// On both sides and equal.
    pub same: usize,
    /// Only on the new side.
    pub added: usize,
    /// Only on the old side.
    pub deleted: usize,
    /// Only the time differs.
    pub retimed: usize,
    /// Anything but the time differs.
    pub changed: usize,
    /// The time and something else differ.
    pub retimed_changed: usize,
    /// Of the equal ones: those with another index. Information, not a change.
    pub reindexed: usize,
}

impl Counts {
    /// Edits that lead from the old list to the new one.
    pub fn edits(&self) -> usize {
        self.added + self.deleted + self.retimed + self.changed + self.retimed_changed
    }
}

/// Who is who, and who is new or gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matching {
    /// Events on both sides, by rising old index.
    pub pairs: Vec<Pair>,
    /// Indices in the new list of events that were not there, rising.
    pub added: Vec<usize>,
    /// Indices in the old list of events that are gone, rising.
    pub deleted: Vec<usize>,
    /// How many of each class.
    pub counts: Counts,
}

impl Matching {
    /// Whether both lists hold the same events, whatever their order.
    pub fn is_equal(&self) -> bool {
        self.counts.edits() == 0
    }

    /// For each old event the index of its new self.
    pub fn forward(&self) -> Vec<Option<usize>> {
        let mut forward = vec![None; self.pairs.len() + self.deleted.len()];
        for pair in &self.pairs {
            forward[pair.old] = Some(pair.new);
        }
        forward
    }
}

/// Match two contents of one track. The lists may be in any order; in time order, as the desk stores them, it is fastest.
///
/// Thread: any; nearly linear in the number of events.
pub fn diff(old: &[DeskEvent], new: &[DeskEvent], limits: &Limits) -> Matching {
    let old: Vec<&DeskEvent> = old.iter().collect();
    let new: Vec<&DeskEvent> = new.iter().collect();
    diff_refs(&old, &new, limits)
}

/// [`diff`] of lists that hold only references.
pub(super) fn diff_refs(old: &[&DeskEvent], new: &[&DeskEvent], limits: &Limits) -> Matching {
    let mut work = Work::new(old, new);
    let mut contents = Contents::of(old, new);
    blocks::runs(&mut contents, limits, &mut work);
    rest(contents, limits, work)
}

/// Only the first pass: runs of equal events that moved as a whole, as (old, new).
pub(super) fn moved_runs(old: &[&DeskEvent], new: &[&DeskEvent], limits: &Limits) -> Vec<(usize, usize)> {
    let mut work = Work::new(old, new);
    blocks::runs(&mut Contents::of(old, new), limits, &mut work);
    work.partner.iter().enumerate().filter_map(|(old, new)| Some((old, (*new)?))).collect()
}

/// All passes after the first.
fn rest(mut contents: Contents, limits: &Limits, mut work: Work<'_>) -> Matching {
    contents.equal(&mut work);
    blocks::moves(&mut contents, limits, &mut work);
    for group in &mut contents.groups {
        inorder::group(group, limits.retime, &mut work);
    }
    window::assign(limits, &mut work);
    work.finish()
}

/// The lists and the pairs found so far.
pub(super) struct Work<'a> {
    old: &'a [&'a DeskEvent],
    new: &'a [&'a DeskEvent],
    /// For each old event its new index.
    partner: Vec<Option<usize>>,
    /// For each new event whether it has a partner.
    taken: Vec<bool>,
}

impl<'a> Work<'a> {
    fn new(old: &'a [&'a DeskEvent], new: &'a [&'a DeskEvent]) -> Self {
        Self { old, new, partner: vec![None; old.len()], taken: vec![false; new.len()] }
    }

    fn pair(&mut self, old: usize, new: usize) {
        debug_assert!(self.partner[old].is_none() && !self.taken[new], "an event pairs once");
        self.partner[old] = Some(new);
        self.taken[new] = true;
    }

    fn finish(self) -> Matching {
        let mut matching = Matching { pairs: Vec::with_capacity(self.old.len()), ..Matching::default() };
        let mut counts = Counts::default();
        for (old, partner) in self.partner.iter().enumerate() {
            let Some(new) = *partner else {
                matching.deleted.push(old);
                continue;
            };
            let pair = Pair { old, new, fields: Fields::between(self.old[old], self.new[new]) };
            match pair.class() {
                Class::Same => counts.same += 1,
                Class::Retimed => counts.retimed += 1,
                Class::Changed => counts.changed += 1,
                Class::RetimedChanged => counts.retimed_changed += 1,
            }
            counts.reindexed += usize::from(pair.is_reindexed());
            matching.pairs.push(pair);
        }
        matching.added = (0..self.new.len()).filter(|new| !self.taken[*new]).collect();
        counts.added = matching.added.len();
        counts.deleted = matching.deleted.len();
        matching.counts = counts;
        matching
    }
}
