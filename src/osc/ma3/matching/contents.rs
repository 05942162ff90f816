//! The events of both lists, by content: all that are equal but for the time stand together. Thread: any.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::Work;
use crate::osc::ma3::event::DeskEvent;

/// A map that is only looked things up in, so that its order says nothing.
pub(in crate::osc::ma3) type QuickMap<K, V> = HashMap<K, V, BuildHasherDefault<Quick>>;

/// Multiplies eight bytes at a time: a list of 10 000 events is hashed several times in each merge.
#[derive(Default)]
pub(in crate::osc::ma3) struct Quick(u64);

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.write_u64(u64::from_le_bytes(*word)));
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(u64::from(byte));
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_i64(&mut self, word: i64) {
        self.write_u64(word.cast_unsigned());
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn finish(&self) -> u64 {
        // The product's upper bits are the good ones; the table looks at both ends.
        self.0 ^ self.0 >> 32
    }
}

/// An event of one list: when and where. The order is that of time, then of the list.
pub(super) type Spot = (i64, usize);

/// All events of one content that have no partner yet, each side by time.
#[derive(Default)]
pub(super) struct Group {
    pub old: Vec<Spot>,
    pub new: Vec<Spot>,
}

/// All groups, in the order in which their contents appear.
pub(super) struct Contents {
    pub groups: Vec<Group>,
}

impl Contents {
    pub fn of(old: &[&DeskEvent], new: &[&DeskEvent]) -> Self {
        let mut known: QuickMap<[&str; 5], usize> = QuickMap::default();
        let mut groups: Vec<Group> = Vec::new();
        for (side, list) in [old, new].into_iter().enumerate() {
            for (index, event) in list.iter().enumerate() {
                let at = *known.entry(event.texts().map(|text| &**text)).or_insert_with(|| {
                    groups.push(Group::default());
                    groups.len() - 1
                });
                let group = &mut groups[at];
                if side == 0 { &mut group.old } else { &mut group.new }.push((event.ticks, index));
            }
        }
        for group in &mut groups {
            group.old.sort_unstable();
            group.new.sort_unstable();
        }
        Self { groups }
    }

    /// Pair all that are equal with the time, in order.
    pub fn equal(&mut self, work: &mut Work<'_>) {
        for group in &mut self.groups {
            let pairs = group.shifted(0);
            group.take(&pairs, work);
        }
    }
}

impl Group {
    /// Positions (in the group) of the pairs whose new time is the old time plus `step`.
    pub fn shifted(&self, step: i64) -> Vec<(usize, usize)> {
        let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
        while let (Some(old), Some(new)) = (self.old.get(i), self.new.get(j)) {
            // The step is that of real events, so the sum is exact wherever the two meet.
            let there = i128::from(old.0) + i128::from(step);
            match there.cmp(&i128::from(new.0)) {
                std::cmp::Ordering::Less => i += 1,
                std::cmp::Ordering::Greater => j += 1,
                std::cmp::Ordering::Equal => {
                    pairs.push((i, j));
                    i += 1;
                    j += 1;
                }
            }
        }
        pairs
    }

    /// Make pairs of these positions, rising on both sides, and take them out of the group.
    pub fn take(&mut self, pairs: &[(usize, usize)], work: &mut Work<'_>) {
        if pairs.is_empty() {
            return;
        }
        for (i, j) in pairs {
            work.pair(self.old[*i].1, self.new[*j].1);
        }
        self.old.retain(|spot| work.partner[spot.1].is_none());
        self.new.retain(|spot| !work.taken[spot.1]);
    }

    /// Whether one side has nothing left.
    pub fn is_done(&self) -> bool {
        self.old.is_empty() || self.new.is_empty()
    }
}
