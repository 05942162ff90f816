//! Which of the desk's events is which of ours, by way of what both agreed on. Thread: any.
//!
//! Certain things first: the versions of a conflict that is open; a run that moved as a whole on the desk; events that are on the desk as they were agreed on, or as
//! we have them now (a batch whose answer was lost must not be taken for edits of the desk, nor be doubled); what we added
//! and the desk has too; then the matching finds what the desk edited; last, what is on the desk as we have it but for a
//! rounded time.

use super::parts::{ROUNDED, ours_changed};
use super::places;
use super::{BasePair, DeskEvent, Input, Limits};
use crate::osc::ma3::matching::{QuickMap, diff_refs, moved_runs};

/// For each entry of the base, and for each of our events, where it is on the other sides.
pub(super) struct Carried {
    /// By position in the base, the position in ours of the event with its id.
    pub ours: Vec<Option<usize>>,
    /// By position in the base, the index of the desk's.
    pub base: Vec<Option<usize>>,
    /// Positions in ours of events that are not in the base, rising, with the index of the desk's.
    pub added: Vec<(usize, Option<usize>)>,
    /// Indices in theirs that nobody has, rising.
    pub left: Vec<usize>,
}

pub(super) fn carry(input: &Input<'_>) -> Carried {
    let mut known: QuickMap<u64, usize> = QuickMap::default();
    known.extend(input.ours.iter().enumerate().map(|(at, (id, _))| (*id, at)));
    let ours: Vec<Option<usize>> = input.base.iter().map(|pair| known.remove(&pair.id)).collect();
    let mut added: Vec<_> = known.into_values().map(|at| (at, None)).collect();
    added.sort_unstable();
    let mut finder = Finder {
        pairs: input.base,
        layer: input.ours,
        theirs: input.theirs,
        limits: input.limits,
        ours,
        base: vec![None; input.base.len()],
        added,
        taken: vec![false; input.theirs.len()],
    };
    finder.disputed();
    finder.runs();
    finder.equal();
    finder.edited();
    finder.rounded();
    let left = (0..input.theirs.len()).filter(|idx| !finder.taken[*idx]).collect();
    Carried { ours: finder.ours, base: finder.base, added: finder.added, left }
}

/// Events of the desk that nobody has, equal ones together: where the first is, where each next one, how many there are.
pub(super) struct Free<'a> {
    first: QuickMap<&'a DeskEvent, (usize, usize)>,
    next: Vec<usize>,
}

impl<'a> Free<'a> {
    fn new(theirs: &'a [DeskEvent], taken: &[bool]) -> Self {
        let mut free = Self { first: QuickMap::default(), next: vec![usize::MAX; theirs.len()] };
        free.first.reserve(theirs.len());
        for (idx, event) in theirs.iter().enumerate().rev().filter(|(idx, _)| !taken[*idx]) {
            let (first, count) = free.first.entry(event).or_insert((usize::MAX, 0));
            free.next[idx] = std::mem::replace(first, idx);
            *count += 1;
        }
        free
    }

    /// How many equal this.
    pub fn count(&self, event: &DeskEvent) -> usize {
        self.first.get(event).map_or(0, |(_, count)| *count)
    }

    /// The first that equals this, which is no longer free.
    fn take(&mut self, event: &DeskEvent) -> Option<usize> {
        let (first, count) = self.first.get_mut(event).filter(|(_, count)| *count > 0)?;
        *count -= 1;
        Some(std::mem::replace(first, self.next[*first]))
    }
}

struct Finder<'a> {
    pairs: &'a [BasePair],
    layer: &'a [(u64, DeskEvent)],
    theirs: &'a [DeskEvent],
    limits: &'a Limits,
    /// What is found so far, as in [`Carried`].
    ours: Vec<Option<usize>>,
    base: Vec<Option<usize>>,
    added: Vec<(usize, Option<usize>)>,
    taken: Vec<bool>,
}

impl<'a> Finder<'a> {
    fn carry(&mut self, at: usize, idx: usize) {
        self.base[at] = Some(idx);
        self.taken[idx] = true;
    }

    fn ours_of(&self, at: usize) -> Option<&'a DeskEvent> {
        Some(&self.layer[self.ours[at]?].1)
    }

    /// Entries of the base that have nothing on the desk yet, and events of the desk that nobody has.
    fn loose(&self) -> (Vec<usize>, Vec<usize>) {
        let base = (0..self.base.len()).filter(|at| self.base[*at].is_none()).collect();
        (base, (0..self.taken.len()).filter(|idx| !self.taken[*idx]).collect())
    }

    fn disputed(&mut self) {
        if !self.pairs.iter().any(|pair| pair.open || pair.disputed.is_some()) {
            return;
        }
        let mut free = Free::new(self.theirs, &self.taken);
        for (at, pair) in self.pairs.iter().enumerate() {
            let version = if pair.open { Some(&pair.event) } else { pair.disputed.as_ref() };
            if let Some(idx) = version.and_then(|event| free.take(event)) {
                self.carry(at, idx);
            }
        }
    }

    fn runs(&mut self) {
        let (base, theirs) = self.loose();
        let old: Vec<_> = base.iter().map(|at| &self.pairs[*at].event).collect();
        let new: Vec<_> = theirs.iter().map(|idx| &self.theirs[*idx]).collect();
        for (at, idx) in moved_runs(&old, &new, self.limits) {
            self.carry(base[at], theirs[idx]);
        }
    }

    fn equal(&mut self) {
        let mut free = Free::new(self.theirs, &self.taken);
        let (mut edited, mut gone) = (Vec::new(), Vec::new());
        for (at, pair) in self.pairs.iter().enumerate() {
            match self.ours_of(at) {
                _ if self.base[at].is_some() => {}
                None => gone.push(at),
                Some(ours) if ours_changed(pair, ours) => edited.push(at),
                Some(_) => {
                    if let Some(idx) = free.take(&pair.event) {
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
        for (seat, event) in seats.into_iter().zip(places::choose(&wishes, &free)) {
            if let Some(idx) = event.and_then(|event| free.take(event)) {
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
