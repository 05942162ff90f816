//! Stable places: an identity keeps its place as long as it lives.
//!
//! Thread: engine.

use std::collections::BTreeMap;

use crate::model::Uid;

/// Places 0 to `max` − 1 and who has them.
#[derive(Debug)]
pub struct Slots {
    of: BTreeMap<Uid, u16>,
    taken: Vec<bool>,
    next: usize,
}

impl Slots {
    /// `max` free places (at most 65535).
    pub fn new(max: usize) -> Self {
        Self { of: BTreeMap::new(), taken: vec![false; max.min(usize::from(u16::MAX))], next: 0 }
    }

    /// The place of `uid`; a new one when it has none, `None` when all are taken.
    ///
    /// Places given back are taken again last, so a late report seldom names a newcomer.
    pub fn place(&mut self, uid: Uid) -> Option<u16> {
        if let Some(&place) = self.of.get(&uid) {
            return Some(place);
        }
        let count = self.taken.len();
        let free = (0..count).map(|step| (self.next + step) % count).find(|&at| !self.taken[at])?;
        self.taken[free] = true;
        self.next = (free + 1) % count;
        self.of.insert(uid, free as u16);
        Some(free as u16)
    }

    /// The place of `uid`, if it has one.
    pub fn find(&self, uid: Uid) -> Option<u16> {
        self.of.get(&uid).copied()
    }

    /// Give back the places of all that do not live.
    pub fn retain(&mut self, lives: impl Fn(Uid) -> bool) {
        self.of.retain(|&uid, place| {
            let stays = lives(uid);
            if !stays {
                self.taken[usize::from(*place)] = false;
            }
            stays
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_lives_keeps_the_place_and_who_comes_takes_another() {
        let mut slots = Slots::new(3);
        let places: Vec<_> = (0..4).map(|uid| slots.place(Uid(uid))).collect();
        assert_eq!(places, [Some(0), Some(1), Some(2), None]);
        slots.retain(|uid| uid != Uid(1));
        assert_eq!((slots.place(Uid(9)), slots.place(Uid(2)), slots.find(Uid(1))), (Some(1), Some(2), None));
    }
}
