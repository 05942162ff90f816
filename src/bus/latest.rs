//! Newest wins: one writer that never waits, any number of readers.
//!
//! A sequence lock over atomic words: the writer makes the count odd, writes, makes it even; a reader that saw
//! an odd or changed count reads again. Source: H.-J. Boehm, "Can seqlocks get along with programming language
//! memory models?", MSPC 2012.
//!
//! Thread: writer audio, readers any. Realtime: writing yes; reading may repeat while a write is under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering, fence};

use crate::model::ClockMap;

const WORDS: usize = 10;

#[derive(Default)]
struct Cell {
    count: AtomicU64,
    words: [AtomicU64; WORDS],
}

/// The writing end. Not cloned: there is one writer.
pub struct ClockWriter(Arc<Cell>);

/// A reading end.
#[derive(Clone)]
pub struct ClockReader(Arc<Cell>);

/// A cell that holds the newest [`ClockMap`].
pub fn clock() -> (ClockWriter, ClockReader) {
    let cell = Arc::new(Cell::default());
    (ClockWriter(cell.clone()), ClockReader(cell))
}

fn pack(map: &ClockMap) -> [u64; WORDS] {
    // No loop is a loop of no numbers.
    let (start, end) = map.cycle.unwrap_or((f64::NAN, f64::NAN));
    let flags = u64::from(map.playing) | u64::from(map.host) << 1 | u64::from(map.num) << 16 | u64::from(map.den) << 32;
    [
        map.frame,
        map.beat.to_bits(),
        map.bpm.to_bits(),
        map.rate.to_bits(),
        u64::from(map.pass),
        u64::from(map.jump),
        flags,
        map.begun.to_bits(),
        start.to_bits(),
        end.to_bits(),
    ]
}

fn unpack(words: [u64; WORDS]) -> ClockMap {
    let [frame, beat, bpm, rate, pass, jump, flags, begun, start, end] = words;
    let (start, end) = (f64::from_bits(start), f64::from_bits(end));
    ClockMap {
        frame,
        beat: f64::from_bits(beat),
        bpm: f64::from_bits(bpm),
        rate: f64::from_bits(rate),
        playing: flags & 1 == 1,
        host: flags & 2 == 2,
        pass: pass as u32,
        jump: jump as u32,
        num: (flags >> 16) as u16,
        den: (flags >> 32) as u16,
        begun: f64::from_bits(begun),
        cycle: (!start.is_nan()).then_some((start, end)),
    }
}

impl ClockWriter {
    /// Put the newest value. Thread: audio. Realtime: yes.
    pub fn put(&mut self, map: &ClockMap) {
        let cell = &*self.0;
        let count = cell.count.load(Ordering::Relaxed);
        cell.count.store(count.wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::Release);
        for (word, value) in cell.words.iter().zip(pack(map)) {
            word.store(value, Ordering::Relaxed);
        }
        cell.count.store(count.wrapping_add(2), Ordering::Release);
    }
}

impl ClockReader {
    /// The newest value. Thread: any. Realtime: no.
    pub fn get(&self) -> ClockMap {
        loop {
            let before = self.0.count.load(Ordering::Acquire);
            let words = std::array::from_fn(|i| self.0.words[i].load(Ordering::Relaxed));
            fence(Ordering::Acquire);
            if before.is_multiple_of(2) && self.0.count.load(Ordering::Relaxed) == before {
                return unpack(words);
            }
            std::hint::spin_loop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_map_comes_out_as_it_went_in() {
        let (mut writer, reader) = clock();
        let map = ClockMap {
            frame: 7,
            beat: -1.5,
            bpm: 123.4,
            rate: 48_000.0,
            playing: true,
            pass: 3,
            jump: 9,
            num: 7,
            den: 8,
            host: true,
            begun: -2.0,
            cycle: Some((-4.0, 4.0)),
        };
        writer.put(&map);
        assert_eq!(reader.get(), map);
        writer.put(&ClockMap { cycle: None, ..map });
        assert_eq!(reader.get().cycle, None);
    }
}
