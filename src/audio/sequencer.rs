//! Which step comes when, and whether it plays: a function of (program, position, pass) and nothing else.
//!
//! Thread: audio. Realtime: yes.

use super::transport::Transport;
use crate::bus::program::{EntryProgram, HitProgram, PatternProgram, RowProgram};
use crate::model::Why;

/// A step of an endless walk through a sequencer's entries. Counted in whole numbers, so no step comes twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// How often all entries were played before.
    pub round: u64,
    /// Entry.
    pub entry: usize,
    /// Repetition of the entry's pattern.
    pub repeat: u32,
    /// Row in playing order, from 0.
    pub step: u32,
}

/// Rows per beat without direction; never 0.
fn rate(pattern: &PatternProgram) -> f64 {
    pattern.steps_per_beat.abs().max(1e-6)
}

fn steps(pattern: &PatternProgram) -> u64 {
    pattern.rows.len().max(1) as u64
}

/// Length of an entry in beats.
fn entry_beats(entry: &EntryProgram) -> f64 {
    (u64::from(entry.repeats.max(1)) * steps(&entry.pattern)) as f64 / rate(&entry.pattern)
}

/// Length of one round in beats; 0 without entries.
pub fn round_beats(entries: &[EntryProgram]) -> f64 {
    entries.last().map_or(0.0, |last| last.start + entry_beats(last))
}

impl Place {
    /// Song position of this step.
    pub fn beat(self, entries: &[EntryProgram]) -> f64 {
        self.beat_after(entries, 0)
    }

    /// Song position `rows` rows after this step, were they all of this pattern.
    pub fn beat_after(self, entries: &[EntryProgram], rows: u32) -> f64 {
        let Some(entry) = entries.get(self.entry) else { return f64::INFINITY };
        let steps = steps(&entry.pattern);
        let mut step = u64::from(self.repeat) * steps + u64::from(self.step) + u64::from(rows);
        if entries.len() == 1 {
            // One division of whole numbers: exact to the last bit, wherever the song is.
            step += self.round * u64::from(entry.repeats.max(1)) * steps;
            return step as f64 / rate(&entry.pattern);
        }
        self.round as f64 * round_beats(entries) + (entry.start + step as f64 / rate(&entry.pattern))
    }

    /// The step after this one.
    pub fn next(self, entries: &[EntryProgram]) -> Self {
        let Some(entry) = entries.get(self.entry) else { return self };
        let mut place = Self { step: self.step + 1, ..self };
        if u64::from(place.step) >= steps(&entry.pattern) {
            place = Self { step: 0, repeat: place.repeat + 1, ..place };
        }
        if place.repeat >= entry.repeats.max(1) {
            place = Self { repeat: 0, entry: place.entry + 1, ..place };
        }
        if place.entry >= entries.len() {
            place = Self { entry: 0, round: place.round + 1, ..place };
        }
        place
    }

    /// The last step at or before `beat`, or the very first; `None` when nothing ever plays.
    pub fn at(entries: &[EntryProgram], beat: f64) -> Option<Self> {
        let length = round_beats(entries);
        if entries.is_empty() || !length.is_finite() || length <= 0.0 {
            return None;
        }
        let beat = if beat.is_finite() { beat.max(0.0) } else { 0.0 };
        let round = (beat / length).floor();
        let within = (beat - round * length).clamp(0.0, length);
        let found = entries.partition_point(|entry| entry.start <= within).saturating_sub(1);
        let entry = &entries[found];
        let steps = steps(&entry.pattern);
        let last = u64::from(entry.repeats.max(1)) * steps - 1;
        let step = (((within - entry.start) * rate(&entry.pattern)).floor().max(0.0) as u64).min(last);
        Some(Self { round: round as u64, entry: found, repeat: (step / steps) as u32, step: (step % steps) as u32 })
    }

    /// The first step that is still to be played.
    pub fn ahead(entries: &[EntryProgram], transport: &Transport) -> Option<Self> {
        let length = round_beats(entries);
        // A little before the cursor, so that rounding cannot hide the step that lies on it.
        let mut place = Self::at(entries, transport.cursor() - 1e-6_f64.min(length))?;
        while !transport.is_ahead(place.beat(entries)) {
            place = place.next(entries);
        }
        Some(place)
    }

    /// The row, from 1, and what stands there.
    pub fn row(self, entries: &[EntryProgram]) -> Option<(u16, &RowProgram)> {
        let pattern = &entries.get(self.entry)?.pattern;
        let at = self.step as usize;
        let at = if pattern.steps_per_beat < 0.0 { pattern.rows.len().checked_sub(at + 1)? } else { at };
        Some((at as u16 + 1, pattern.rows.get(at)?))
    }

    /// How often this pattern was begun before, since the song's start (and the loop passes where they count).
    pub fn cycle(self, entries: &[EntryProgram], pass: u32) -> u64 {
        let Some(entry) = entries.get(self.entry) else { return 0 };
        let passes = if entry.pattern.by_pass { u64::from(pass) } else { 0 };
        self.round * u64::from(entry.cycles_per_round)
            + u64::from(entry.cycles_before)
            + u64::from(self.repeat)
            + passes
    }
}

/// Whether a hit sounds: ratio first, then chance.
pub fn decide(hit: &HitProgram, seed: u64, salt: u64, cycle: u64, row: u16) -> Why {
    let (a, b) = hit.ratio;
    if cycle % u64::from(b.max(1)) + 1 != u64::from(a) {
        Why::Ratio
    } else if roll(seed, salt, cycle, row) >= f64::from(hit.chance) {
        Why::Chance
    } else {
        Why::Fired
    }
}

/// A number from 0 up to 100, the same for the same place.
pub fn roll(seed: u64, salt: u64, cycle: u64, row: u16) -> f64 {
    let hash = [salt, cycle, u64::from(row)].into_iter().fold(mix(seed), |hash, word| mix(hash ^ mix(word)));
    (hash >> 11) as f64 * (100.0 / (1_u64 << 53) as f64)
}

/// One round of splitmix64. Source: S. Vigna, <https://prng.di.unimi.it/splitmix64.c>, public domain.
pub fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

/// Where a sequencer is in its walk.
#[derive(Debug, Clone, Copy, Default)]
pub struct Walker {
    /// The next step; `None` plays nothing.
    place: Option<Place>,
    /// Its frame.
    frame: u64,
}

impl Walker {
    /// Look for the first step that is still to be played.
    pub fn seek(&mut self, entries: &[EntryProgram], transport: &Transport) {
        self.place = Place::ahead(entries, transport);
        self.retime(entries, transport);
    }

    /// The anchor moved: find the step's frame again.
    pub fn retime(&mut self, entries: &[EntryProgram], transport: &Transport) {
        self.frame = self.place.map_or(u64::MAX, |place| transport.frame_of(place.beat(entries)));
    }

    /// Frame of the next row that is not empty, if it is before `end`.
    pub fn next_frame(&mut self, entries: &[EntryProgram], transport: &Transport, end: u64) -> Option<u64> {
        while self.frame < end {
            match self.place?.row(entries) {
                Some((_, RowProgram::Empty)) | None => self.step(entries, transport),
                Some(_) => return Some(self.frame),
            }
        }
        None
    }

    /// Take the next step if it is due at `now`. Empty rows are taken too.
    pub fn take(&mut self, entries: &[EntryProgram], transport: &Transport, now: u64) -> Option<Place> {
        let place = self.place.filter(|_| self.frame <= now)?;
        self.step(entries, transport);
        Some(place)
    }

    fn step(&mut self, entries: &[EntryProgram], transport: &Transport) {
        self.place = self.place.map(|place| place.next(entries));
        self.retime(entries, transport);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_keeps_its_share_and_its_outcomes() {
        let hits = |chance: u8| {
            let hit = HitProgram { index: 1, note: None, length: None, chance, ratio: (1, 1), params: Vec::new() };
            (0..10_000).filter(|&cycle| decide(&hit, 7, 99, cycle, 3) == Why::Fired).count()
        };
        // Five standard deviations of a binomial of 10 000 at one half.
        assert!(hits(50).abs_diff(5000) < 250, "{}", hits(50));
        assert_eq!((hits(0), hits(100)), (0, 10_000));
        assert_eq!(roll(1, 2, 3, 4), roll(1, 2, 3, 4));
        for other in [roll(2, 2, 3, 4), roll(1, 3, 3, 4), roll(1, 2, 4, 4), roll(1, 2, 3, 5)] {
            assert_ne!(other, roll(1, 2, 3, 4));
        }
    }
}
