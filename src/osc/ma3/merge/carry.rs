//! Which of the desk's events is which of ours, by way of what both agreed on. Thread: any.
//!
//! Certain things first: a run that moved as a whole on the desk; events that are on the desk as they were agreed on, or as
//! we have them now (a batch whose answer was lost must not be taken for edits of the desk, nor be doubled); what we added
//! and the desk has too; then the matching finds what the desk edited; last, what is on the desk as we have it but for a
//! rounded time.

use std::collections::{HashMap, HashSet, VecDeque};

use super::parts::{ROUNDED, ours_changed};
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
    finder.runs();
    finder.equal();
    finder.edited();
    finder.rounded();
    let left = (0..input.theirs.len()).filter(|idx| !finder.taken[*idx]).collect();
    Carried { base: finder.base, added: finder.added, left }
}

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

    fn runs(&mut self) {
        let old: Vec<_> = self.pairs.iter().map(|pair| &pair.event).collect();
        let new: Vec<_> = self.theirs.iter().collect();
        for (at, idx) in moved_runs(&old, &new, self.limits) {
            self.carry(at, idx);
        }
    }

    fn equal(&mut self) {
        let mut free: HashMap<&DeskEvent, VecDeque<usize>> = HashMap::with_capacity(self.theirs.len());
        for (idx, event) in self.theirs.iter().enumerate().filter(|(idx, _)| !self.taken[*idx]) {
            free.entry(event).or_default().push_back(idx);
        }
        let mut changed = Vec::new();
        for (at, pair) in self.pairs.iter().enumerate() {
            if self.base[at].is_some() {
                continue;
            }
            if self.ours_of(at).is_none_or(|ours| ours_changed(pair, ours)) {
                changed.push(at);
            } else if let Some(idx) = free.get_mut(&pair.event).and_then(VecDeque::pop_front) {
                self.carry(at, idx);
            }
        }
        let wishes: Vec<_> = changed.iter().map(|at| (&self.pairs[*at].event, self.ours_of(*at))).collect();
        for (at, event) in changed.iter().zip(Places::new(&wishes, &free).choose()) {
            if let Some(idx) = event.and_then(|event| free.get_mut(event)).and_then(VecDeque::pop_front) {
                self.carry(*at, idx);
            }
        }
        for (at, found) in &mut self.added {
            *found = free.get_mut(&self.layer[*at].1).and_then(VecDeque::pop_front);
            if let Some(idx) = *found {
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
            match seats[pair.old].1 {
                Seat::Base(at) => self.carry(at, idx),
                Seat::Added(place) => {
                    self.added[place].1 = Some(idx);
                    self.taken[idx] = true;
                }
            }
        }
    }
}

/// Where a found event goes.
enum Seat {
    Base(usize),
    Added(usize),
}

/// Events we changed, each of which may be on the desk as it was or as it is with us. Identical events make this a choice:
/// "Go+" at 1, 2 and 3 s that we moved to 2, 3 and 4 s fit both a desk that did not see it and one that did. The choice that
/// leaves the fewest without a place is right, found by settling places that have room for all who wish them, and wishes
/// with one place left.
struct Places<'a> {
    /// For each place its event, how many of it are on the desk, and who wishes it.
    events: Vec<&'a DeskEvent>,
    room: Vec<usize>,
    wished: Vec<Vec<usize>>,
    /// For each wish its places, as it was first, and how many open wishes each place has.
    wishes: Vec<[Option<usize>; 2]>,
    open: Vec<usize>,
    chosen: Vec<Option<usize>>,
}

impl<'a> Places<'a> {
    fn new(wishes: &[(&'a DeskEvent, Option<&'a DeskEvent>)], free: &HashMap<&DeskEvent, VecDeque<usize>>) -> Self {
        let mut places = Self {
            events: Vec::new(),
            room: Vec::new(),
            wished: Vec::new(),
            wishes: Vec::with_capacity(wishes.len()),
            open: Vec::new(),
            chosen: vec![None; wishes.len()],
        };
        let mut known: HashMap<&DeskEvent, usize> = HashMap::new();
        for (wish, (was, is)) in wishes.iter().enumerate() {
            let mut place = |event: &'a DeskEvent| {
                let room = free.get(event).map_or(0, VecDeque::len);
                let at = (room > 0).then(|| {
                    *known.entry(event).or_insert_with(|| {
                        places.events.push(event);
                        places.room.push(room);
                        places.wished.push(Vec::new());
                        places.events.len() - 1
                    })
                })?;
                places.wished[at].push(wish);
                Some(at)
            };
            let both = [place(was), is.and_then(&mut place)];
            places.wishes.push(both);
        }
        places.open = places.wished.iter().map(Vec::len).collect();
        places
    }

    /// For each wish the event of the desk it is, if any.
    fn choose(mut self) -> Vec<Option<&'a DeskEvent>> {
        let mut next: VecDeque<usize> = (0..self.events.len()).collect();
        let mut undecided = 0;
        loop {
            while let Some(place) = next.pop_front() {
                self.settle(place, &mut next);
            }
            // More wish every place than have room: the first who is left stays with what we have now.
            let Some(wish) = (undecided..self.wishes.len()).find(|wish| self.wishes[*wish] != [None, None]) else {
                break;
            };
            undecided = wish;
            let [was, is] = self.wishes[wish];
            if let Some(place) = is.or(was) {
                self.give(wish, place, &mut next);
            }
        }
        self.chosen.iter().map(|place| place.map(|place| self.events[place])).collect()
    }

    /// Whether all who still wish a place have room there.
    fn has_room(&self, place: usize) -> bool {
        self.open[place] <= self.room[place]
    }

    fn settle(&mut self, place: usize, next: &mut VecDeque<usize>) {
        if self.open[place] == 0 || (self.room[place] > 0 && !self.has_room(place)) {
            return;
        }
        for wish in std::mem::take(&mut self.wished[place]) {
            let [was, is] = self.wishes[wish];
            if was != Some(place) && is != Some(place) {
                continue;
            }
            if self.room[place] == 0 {
                // Nothing left here: the other place or none.
                self.wishes[wish] = self.wishes[wish].map(|other| other.filter(|other| *other != place));
                self.open[place] -= 1;
                next.extend(self.wishes[wish].into_iter().flatten());
                continue;
            }
            // Where both places have room, the desk has not seen our change.
            let at = was.filter(|was| self.has_room(*was)).unwrap_or(place);
            self.give(wish, at, next);
        }
    }

    fn give(&mut self, wish: usize, place: usize, next: &mut VecDeque<usize>) {
        self.chosen[wish] = Some(place);
        self.room[place] -= 1;
        for at in std::mem::take(&mut self.wishes[wish]).into_iter().flatten() {
            self.open[at] -= 1;
            next.push_back(at);
        }
    }
}
