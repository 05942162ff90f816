//! Which of the desk's events is which of ours, by way of what both agreed on. Thread: any.
//!
//! Certain things first: the versions of a conflict that is open; a run that moved as a whole on the desk; events that are on the desk as they were agreed on, or as
//! we have them now (a batch whose answer was lost must not be taken for edits of the desk, nor be doubled); what we added
//! and the desk has too; then the matching finds what the desk edited; last, what is on the desk as we have it but for a
//! rounded time.

use std::collections::{HashMap, HashSet, VecDeque};

use super::parts::{ROUNDED, ours_changed};
use super::places;
use super::{BasePair, DeskEvent, Input, Limits};
use crate::osc::ma3::matching::{diff_refs, moved_runs};

/// For each entry of the base, and for each of our events, the index of the desk's.
pub(super) struct Carried {
    /// By position in the base.
    pub base: Vec<Option<usize>>,
    /// By position in ours; only of events that are not in the base.
    pub added: Vec<(usize, Option<usize>)>,
    /// Indices in theirs that nobody has, rising.
    pub left: Vec<usize>,
}

pub(super) fn carry<'a>(input: &Input<'a>, ours: &HashMap<u64, &'a DeskEvent>) -> Carried {
    let known: HashSet<u64> = input.base.iter().map(|pair| pair.id).collect();
    let added = (0..input.ours.len()).filter(|at| !known.contains(&input.ours[*at].0));
    let mut finder = Finder {
        pairs: input.base,
        layer: input.ours,
        theirs: input.theirs,
        limits: input.limits,
        ours,
        base: vec![None; input.base.len()],
        added: added.map(|at| (at, None)).collect(),
        taken: vec![false; input.theirs.len()],
    };
    let mut free = finder.free();
    finder.disputed(&mut free);
    if finder.runs() {
        free = finder.free();
    }
    finder.equal(&mut free);
    finder.edited();
    finder.rounded();
    let left = (0..input.theirs.len()).filter(|idx| !finder.taken[*idx]).collect();
    Carried { base: finder.base, added: finder.added, left }
}

/// Events of the desk and where they are, equal ones together.
pub(super) type Free<'a> = HashMap<&'a DeskEvent, VecDeque<usize>>;

struct Finder<'o, 'a> {
    pairs: &'a [BasePair],
    layer: &'a [(u64, DeskEvent)],
    theirs: &'a [DeskEvent],
    limits: &'a Limits,
    ours: &'o HashMap<u64, &'a DeskEvent>,
    base: Vec<Option<usize>>,
    added: Vec<(usize, Option<usize>)>,
    taken: Vec<bool>,
}

impl<'a> Finder<'_, 'a> {
    fn carry(&mut self, at: usize, idx: usize) {
        self.base[at] = Some(idx);
        self.taken[idx] = true;
    }

    fn ours_of(&self, at: usize) -> Option<&'a DeskEvent> {
        self.ours.get(&self.pairs[at].id).copied()
    }

    /// Entries of the base that have nothing on the desk yet, and events of the desk that nobody has.
    fn loose(&self) -> (Vec<usize>, Vec<usize>) {
        let base = (0..self.base.len()).filter(|at| self.base[*at].is_none()).collect();
        (base, (0..self.taken.len()).filter(|idx| !self.taken[*idx]).collect())
    }

    /// The desk's events that nobody has, equal ones together.
    fn free(&self) -> Free<'a> {
        let mut free: Free<'a> = HashMap::with_capacity(self.theirs.len());
        for (idx, event) in self.theirs.iter().enumerate().filter(|(idx, _)| !self.taken[*idx]) {
            free.entry(event).or_default().push_back(idx);
        }
        free
    }

    fn disputed(&mut self, free: &mut Free<'a>) {
        for (at, pair) in self.pairs.iter().enumerate() {
            let version = if pair.open { Some(&pair.event) } else { pair.disputed.as_ref() };
            if let Some(idx) = version.and_then(|event| free.get_mut(event)).and_then(VecDeque::pop_front) {
                self.carry(at, idx);
            }
        }
    }

    /// Whether there are any.
    fn runs(&mut self) -> bool {
        let (base, theirs) = self.loose();
        let old: Vec<_> = base.iter().map(|at| &self.pairs[*at].event).collect();
        let new: Vec<_> = theirs.iter().map(|idx| &self.theirs[*idx]).collect();
        let pairs = moved_runs(&old, &new, self.limits);
        for (at, idx) in &pairs {
            self.carry(base[*at], theirs[*idx]);
        }
        !pairs.is_empty()
    }

    fn equal(&mut self, free: &mut Free<'a>) {
        let (mut edited, mut gone) = (Vec::new(), Vec::new());
        for (at, pair) in self.pairs.iter().enumerate() {
            match self.ours_of(at) {
                _ if self.base[at].is_some() => {}
                None => gone.push(at),
                Some(ours) if ours_changed(pair, ours) => edited.push(at),
                Some(_) => {
                    if let Some(idx) = free.get_mut(&pair.event).and_then(VecDeque::pop_front) {
                        self.carry(at, idx);
                    }
                }
            }
        }
        // Who deleted one and added its like has done nothing the desk could see, so the added come before the deleted.
        let seats: Vec<Seat> = (edited.into_iter().map(Seat::Base))
            .chain((0..self.added.len()).map(Seat::Added))
            .chain(gone.into_iter().map(Seat::Base))
            .collect();
        let wish = |seat: &Seat| match *seat {
            Seat::Base(at) => (Some(&self.pairs[at].event), self.ours_of(at)),
            Seat::Added(place) => (None, Some(&self.layer[self.added[place].0].1)),
        };
        let wishes: Vec<_> = seats.iter().map(wish).collect();
        for (seat, event) in seats.into_iter().zip(places::choose(&wishes, free)) {
            if let Some(idx) = event.and_then(|event| free.get_mut(event)).and_then(VecDeque::pop_front) {
                self.seat(seat, idx);
            }
        }
    }

    fn seat(&mut self, seat: Seat, idx: usize) {
        match seat {
            Seat::Base(at) => self.carry(at, idx),
            Seat::Added(place) => {
                self.added[place].1 = Some(idx);
                self.taken[idx] = true;
            }
        }
    }

    fn edited(&mut self) {
        let (base, theirs) = self.loose();
        let old: Vec<_> = base.iter().map(|at| &self.pairs[*at].event).collect();
        let new: Vec<_> = theirs.iter().map(|idx| &self.theirs[*idx]).collect();
        for pair in diff_refs(&old, &new, self.limits).pairs {
            self.carry(base[pair.old], theirs[pair.new]);
        }
    }

    fn rounded(&mut self) {
        let (base, theirs) = self.loose();
        let mut seats: Vec<(&DeskEvent, Seat)> = Vec::new();
        seats.extend(base.into_iter().filter_map(|at| Some((self.ours_of(at)?, Seat::Base(at)))));
        for (place, (at, _)) in self.added.iter().enumerate().filter(|(_, (_, found))| found.is_none()) {
            seats.push((&self.layer[*at].1, Seat::Added(place)));
        }
        let old: Vec<_> = seats.iter().map(|(event, _)| *event).collect();
        let new: Vec<_> = theirs.iter().map(|idx| &self.theirs[*idx]).collect();
        for pair in diff_refs(&old, &new, self.limits).pairs {
            let (event, idx) = (old[pair.old], theirs[pair.new]);
            if !event.same_content(new[pair.new]) || event.ticks.abs_diff(new[pair.new].ticks) > ROUNDED {
                continue;
            }
            self.seat(seats[pair.old].1, idx);
        }
    }
}

/// Where a found event goes: to an entry of the base, or to one of those that are not in it.
#[derive(Clone, Copy)]
enum Seat {
    Base(usize),
    Added(usize),
}
