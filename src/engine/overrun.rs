//! What the user asks may be more than audio can bear: then it is taken back within milliseconds.
//!
//! Thread: engine. Pure but for the clocks passed in.
//!
//! Audio counts by the wall clock, which it may read without a system call, how many of its last blocks in a row were
//! over their time ([`crate::bus::pulse`]). Late by the wall clock may mean that the system gave the processor to
//! somebody else. So while a Batch of the user is young, the engine reads the audio thread's own CPU clock at each tick,
//! and only where that says that the thread has *worked* longer than its blocks are long, three blocks in a row, is the
//! Batch taken back. What was late before the Batch came is not its doing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::bus::ThreadClock;
use crate::bus::pulse::Beat;
use crate::model::BatchId;

/// How long after it took effect a Batch can be taken back.
pub const WATCH: Duration = Duration::from_secs(2);
/// Blocks in a row over their time.
pub const BLOCKS: u32 = 3;
/// A Batch that comes so soon after three late blocks is not what made them late.
const CALM: Duration = Duration::from_millis(500);
/// How long what was taken back has to show before the Batch before it is taken back too.
const CURE: Duration = Duration::from_millis(100);
/// A run of late blocks that began so many blocks before a Batch took effect may still be its doing: the last block
/// before may have been late by chance.
const SLACK: u32 = 1;
/// Most Batches watched at a time.
const SUSPECTS_MAX: usize = 256;
/// Most looks kept.
const LOOKS_MAX: usize = 32;

/// A Batch that may be too much.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspect {
    /// Its number.
    pub batch: BatchId,
    /// What people call it.
    pub label: Arc<str>,
    /// Rendered frame from which on it may sound.
    pub frame: u64,
    at: Instant,
    blocks: u32,
}

#[derive(Clone, Copy)]
struct Look {
    beat: Beat,
    cpu: Duration,
}

/// What was too much.
#[derive(Debug, PartialEq)]
pub struct Verdict {
    /// The Batches to take back, newest first; the last one is to blame.
    pub suspects: Vec<Suspect>,
    /// CPU time that a block needed.
    pub needed: Duration,
    /// Length of a block.
    pub block: Duration,
    /// How many blocks in a row it was measured over.
    pub blocks: u32,
}

/// Watches over young Batches.
#[derive(Default)]
pub struct Overrun {
    suspects: VecDeque<Suspect>,
    looks: VecDeque<Look>,
    beat: Beat,
    /// How it stood one tick before, when what audio reports now may have happened.
    before: (Beat, u64),
    frame: u64,
    /// When three blocks in a row were seen to be late.
    late: Option<Instant>,
    /// When something was taken back.
    cure: Option<Instant>,
}

impl Overrun {
    /// A new tick: audio stands like this, at this rendered frame.
    pub fn begin(&mut self, beat: Beat, frame: u64) {
        self.before = (self.beat, self.frame);
        (self.beat, self.frame) = (beat, frame);
    }

    /// A Batch of the user takes effect; with `waited` it did since the last tick.
    pub fn watch(&mut self, batch: BatchId, label: &Arc<str>, waited: bool, now: Instant) {
        let (beat, frame) = if waited { self.before } else { (self.beat, self.frame) };
        let late = self.late.is_some_and(|late| now.saturating_duration_since(late) < CALM);
        if beat.run >= BLOCKS || late {
            return;
        }
        if self.suspects.len() >= SUSPECTS_MAX {
            self.suspects.pop_front();
        }
        self.suspects.push_back(Suspect { batch, label: label.clone(), frame, at: now, blocks: beat.blocks });
    }

    /// Whether there is somebody to watch: then ticks must come often.
    pub fn is_watching(&self) -> bool {
        !self.suspects.is_empty()
    }

    /// Nobody is watched: audio does not run, or takes its time.
    pub fn rest(&mut self) {
        self.suspects.clear();
        self.looks.clear();
        (self.late, self.cure) = (None, None);
    }

    /// Look at the audio thread's CPU clock, which `read` reads, and judge.
    pub fn judge(&mut self, now: Instant, read: impl Fn(ThreadClock) -> Option<Duration>) -> Option<Verdict> {
        let beat = self.beat;
        self.suspects.retain(|suspect| now.saturating_duration_since(suspect.at) <= WATCH);
        let verdict = if self.suspects.is_empty() {
            self.looks.clear();
            None
        } else {
            self.look(beat, read);
            self.verdict(now)
        };
        // After the verdict: what is late now is not what was late before.
        if beat.run >= BLOCKS {
            self.late = Some(now);
        }
        verdict
    }

    fn look(&mut self, beat: Beat, read: impl Fn(ThreadClock) -> Option<Duration>) {
        let Some(cpu) = beat.clock.and_then(read) else { return self.looks.clear() };
        // Another thread makes the blocks now: its clock says nothing about those before.
        if self.looks.back().is_some_and(|last| last.beat.clock != beat.clock) {
            self.looks.clear();
        }
        if self.looks.len() >= LOOKS_MAX {
            self.looks.pop_front();
        }
        self.looks.push_back(Look { beat, cpu });
    }

    fn verdict(&mut self, now: Instant) -> Option<Verdict> {
        let (needed, block, blocks) = self.overload()?;
        if self.cure.is_some_and(|cure| now.saturating_duration_since(cure) < CURE) {
            return None;
        }
        let began = self.beat.blocks.wrapping_sub(self.beat.run);
        // Counts go round: what is not behind is far ahead.
        let may = |suspect: &Suspect| began.wrapping_add(SLACK).wrapping_sub(suspect.blocks) < u32::MAX / 2;
        let blamed = self.suspects.iter().rposition(may)?;
        let suspects: Vec<Suspect> = self.suspects.drain(blamed..).rev().collect();
        self.looks.clear();
        self.cure = Some(now);
        Some(Verdict { suspects, needed, block, blocks })
    }

    /// Whether since one of the looks every block was over its time and the thread worked for longer than these blocks
    /// are: CPU time and length of a block, and how many there were.
    fn overload(&self) -> Option<(Duration, Duration, u32)> {
        let last = self.looks.back()?;
        self.looks.iter().find_map(|first| {
            let blocks = last.beat.blocks.wrapping_sub(first.beat.blocks);
            if blocks < BLOCKS || blocks > last.beat.run {
                return None;
            }
            let length = last.beat.length.saturating_sub(first.beat.length) / blocks;
            let cpu = last.cpu.saturating_sub(first.cpu);
            let spent = last.beat.spent.saturating_sub(first.beat.spent) / blocks;
            // A look falls into the middle of a block: one block's worth of it may belong to no block that is counted.
            let over = cpu > length * (blocks + 1);
            over.then(|| ((cpu / blocks).min(spent), length, blocks))
        })
    }
}

#[cfg(test)]
mod tests;
