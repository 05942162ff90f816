//! Chooses which of our changes the desk has seen already, where identical events leave a choice. Thread: any.
//!
//! "Go+" at 1, 2 and 3 s that we moved to 2, 3 and 4 s fit both a desk that did not see it and one that did. The choice that
//! leaves the fewest without a place is right, found by settling places that have room for all who wish them, and wishes
//! with one place left.

use std::collections::VecDeque;

use super::DeskEvent;
use super::carry::Free;
use crate::osc::ma3::matching::QuickMap;

/// An event as it was on the desk, and as it is with us, where there is one.
pub(super) type Wish<'a> = (Option<&'a DeskEvent>, Option<&'a DeskEvent>);

/// For each wish the event of the desk it is, if any. Earlier wishes come first where there is not enough for all.
pub(super) fn choose<'a>(wishes: &[Wish<'a>], free: &Free<'_>) -> Vec<Option<&'a DeskEvent>> {
    if wishes.is_empty() { Vec::new() } else { Places::new(wishes, free).choose() }
}

/// The wishes and the places they are for.
struct Places<'a> {
    /// For each place its event, how many of it are on the desk, and who wishes it.
    events: Vec<&'a DeskEvent>,
    room: Vec<usize>,
    wished: Vec<Vec<usize>>,
    /// For each wish its places, as it was first, and how many open wishes each place has.
    wishes: Vec<[Option<usize>; 2]>,
    open: Vec<usize>,
    chosen: Vec<Option<usize>>,
    /// All in all, the desk looks as if it had seen what we did.
    seen: bool,
}

impl<'a> Places<'a> {
    fn new(wishes: &[Wish<'a>], free: &Free<'_>) -> Self {
        let mut places = Self {
            events: Vec::new(),
            room: Vec::new(),
            wished: Vec::new(),
            wishes: Vec::with_capacity(wishes.len()),
            open: Vec::new(),
            chosen: vec![None; wishes.len()],
            seen: false,
        };
        let mut known: QuickMap<&DeskEvent, usize> = QuickMap::default();
        for (wish, (was, is)) in wishes.iter().enumerate() {
            let mut place = |event: &'a DeskEvent| {
                let room = free.count(event);
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
            let both = [was.and_then(&mut place), is.and_then(&mut place)];
            places.wishes.push(both);
        }
        places.open = places.wished.iter().map(Vec::len).collect();
        let (was, is) = (places.fitting(0), places.fitting(1));
        let asked = |side: fn(&Wish<'a>) -> bool| wishes.iter().filter(|wish| side(wish)).count();
        places.seen = is * asked(|wish| wish.0.is_some()) >= was * asked(|wish| wish.1.is_some());
        places
    }

    /// How many would find a place if all were as they were (0), or as they are (1).
    fn fitting(&self, side: usize) -> usize {
        let mut wanted = vec![0; self.room.len()];
        self.wishes.iter().filter_map(|wish| wish[side]).for_each(|place| wanted[place] += 1);
        wanted.iter().zip(&self.room).map(|(wanted, room)| wanted.min(room)).sum()
    }

    fn choose(mut self) -> Vec<Option<&'a DeskEvent>> {
        let mut next: VecDeque<usize> = (0..self.events.len()).collect();
        let mut undecided = 0;
        loop {
            while let Some(place) = next.pop_front() {
                self.settle(place, &mut next);
            }
            // More wish every place than have room: the first who is left goes where most seem to be.
            let Some(wish) = (undecided..self.wishes.len()).find(|wish| self.wishes[*wish] != [None, None]) else {
                break;
            };
            undecided = wish;
            let [was, is] = self.wishes[wish];
            if let Some(place) = if self.seen { is.or(was) } else { was.or(is) } {
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
