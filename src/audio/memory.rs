//! Where play style NEXT goes on: positions of stopped voices, by what the scan mode remembers them by.
//!
//! Thread: audio. Realtime: yes after `new`: a table of fixed room, in which the newest wins when it is crowded.

use super::sequencer::mix;

const PLACES: usize = 8192;
/// How many places are tried before one is taken over.
const TRIES: usize = 16;
/// Positions below are the start and are not kept.
const START: f32 = 0.01;
/// Positions from here on are the end: the next one begins anew.
const END: f32 = 0.99;

/// What a position is remembered by; never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key(u64);

impl Key {
    /// A key of these words.
    pub fn new(words: &[u64]) -> Self {
        Self(words.iter().fold(1, |hash, &word| mix(hash ^ mix(word))).max(1))
    }
}

/// The table.
pub struct Memory {
    places: Box<[(u64, f32)]>,
    used: bool,
}

impl Default for Memory {
    fn default() -> Self {
        Self { places: vec![(0, 0.0); PLACES].into_boxed_slice(), used: false }
    }
}

impl Memory {
    fn places_of(key: Key) -> impl Iterator<Item = usize> {
        (0..TRIES).map(move |step| (key.0 as usize).wrapping_add(step) % PLACES)
    }

    /// Keep where a voice stopped, as a share of its region.
    pub fn store(&mut self, key: Key, position: f32) {
        if position < START {
            return;
        }
        let position = if position >= END { 0.0 } else { position };
        let first = key.0 as usize % PLACES;
        let mine = Self::places_of(key).find(|&place| self.places[place].0 == key.0);
        let free = || Self::places_of(key).find(|&place| self.places[place].0 == 0);
        self.places[mine.or_else(free).unwrap_or(first)] = (key.0, position);
        self.used = true;
    }

    /// Where to go on; `None` at the start.
    pub fn load(&self, key: Key) -> Option<f32> {
        let place = Self::places_of(key).find(|&place| self.places[place].0 == key.0)?;
        Some(self.places[place].1).filter(|&position| position > 0.0)
    }

    /// Forget all.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.used) {
            self.places.fill((0, 0.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_at_the_start_are_not_kept_and_at_the_end_begin_anew() {
        let mut memory = Memory::default();
        let (a, b) = (Key::new(&[1]), Key::new(&[2]));
        memory.store(a, 0.4);
        memory.store(a, 0.005);
        assert_eq!((memory.load(a), memory.load(b)), (Some(0.4), None));
        memory.store(a, 0.995);
        assert_eq!(memory.load(a), None);
        memory.store(b, 0.5);
        memory.clear();
        assert_eq!(memory.load(b), None);
    }
}
