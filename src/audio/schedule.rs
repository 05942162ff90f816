//! What is to come: hits asked for at a beat, and Programs planned for a beat.
//!
//! Thread: audio. Realtime: yes after `new`: both lists have a fixed room.
//!
//! Rules for shots: those of callbacks, which were looked ahead for, end with a start of play or a locate: the callbacks
//! run again from there. Of the others only those from the new position to 4 beats after it are kept (what is behind was
//! meant for another place). A stop drops all. When the host's
//! loop wraps, what lies behind its end moves back by the loop's length: looking ahead knows no loop.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::bus::Lent;
use crate::bus::message::ShotMessage;
use crate::bus::program::Program;
use crate::model::DropShots;

/// How many shots wait at most.
const SHOTS_MAX: usize = 4096;
/// How many plans wait at most.
const PLANS_MAX: usize = 64;
/// How far ahead of a new position a shot may be.
const KEPT_BEATS: f64 = 4.0;

struct Waiting {
    at: f64,
    serial: u64,
    shot: ShotMessage,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Waiting {}
impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Waiting {
    /// The soonest is the greatest; of two at one beat the one that came first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.at.total_cmp(&self.at).then(other.serial.cmp(&self.serial))
    }
}

/// Shots, soonest first.
pub struct Shots {
    heap: BinaryHeap<Waiting>,
    serial: u64,
}

impl Default for Shots {
    fn default() -> Self {
        Self { heap: BinaryHeap::with_capacity(SHOTS_MAX), serial: 0 }
    }
}

impl Shots {
    /// Put one in; `NAN` is at once. `false`: there is no room.
    pub fn push(&mut self, shot: ShotMessage) -> bool {
        if self.heap.len() >= SHOTS_MAX {
            return false;
        }
        let at = if shot.at.is_nan() { f64::NEG_INFINITY } else { shot.at };
        self.serial += 1;
        self.heap.push(Waiting { at, serial: self.serial, shot });
        true
    }

    /// Beat of the next one; `-inf` is at once.
    pub fn next_beat(&self) -> Option<f64> {
        self.heap.peek().map(|waiting| waiting.at)
    }

    /// Take the next one.
    pub fn pop(&mut self) -> Option<ShotMessage> {
        self.heap.pop().map(|waiting| waiting.shot)
    }

    /// Drop all.
    pub fn clear(&mut self) {
        self.heap.clear();
    }

    /// Drop those of some owners.
    pub fn drop_owned(&mut self, drop: &DropShots) {
        let owners = drop.first..=drop.last;
        self.heap.retain(|waiting| !(owners.contains(&waiting.shot.owner) && waiting.at >= drop.from));
    }

    /// The position jumped to `beat`.
    pub fn jumped(&mut self, beat: f64) {
        let kept = |at: f64| at == f64::NEG_INFINITY || (at >= beat - 1e-6 && at <= beat + KEPT_BEATS);
        self.heap.retain(|waiting| waiting.shot.jump.is_none() && kept(waiting.at));
    }

    /// The loop that ends at `end` wrapped by `length` beats.
    pub fn wrapped(&mut self, end: f64, length: f64) {
        if self.heap.iter().all(|waiting| waiting.at < end) {
            return;
        }
        // Through a vector and back: both ways use the same memory.
        let mut all = std::mem::take(&mut self.heap).into_vec();
        for waiting in all.iter_mut().filter(|waiting| waiting.at >= end) {
            waiting.at -= length;
        }
        self.heap = BinaryHeap::from(all);
    }
}

/// A Program that takes effect at a beat.
pub struct Plan {
    /// Number for the report.
    pub id: u64,
    /// Song position.
    pub due: f64,
    /// What plays from there.
    pub program: Lent<Program>,
}

/// Plans, soonest first.
pub struct Plans {
    list: Vec<Plan>,
}

impl Default for Plans {
    fn default() -> Self {
        Self { list: Vec::with_capacity(PLANS_MAX) }
    }
}

impl Plans {
    /// Put one in, in its place. `false`: there is no room.
    pub fn push(&mut self, plan: Plan) -> bool {
        if self.list.len() >= PLANS_MAX {
            return false;
        }
        let place = self.list.partition_point(|other| other.due <= plan.due);
        self.list.insert(place, plan);
        true
    }

    /// Beat of the next one.
    pub fn next_beat(&self) -> Option<f64> {
        self.list.first().map(|plan| plan.due)
    }

    /// Take the next one.
    pub fn pop(&mut self) -> Option<Plan> {
        if self.list.is_empty() { None } else { Some(self.list.remove(0)) }
    }

    /// Drop all.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// The loop that ends at `end` wrapped by `length` beats: what was planned for behind it comes as much sooner.
    pub fn wrapped(&mut self, end: f64, length: f64) {
        for plan in self.list.iter_mut().filter(|plan| plan.due >= end - 1e-6) {
            plan.due -= length;
        }
        // Stable and in place for so short a list.
        self.list.sort_unstable_by(|a, b| a.due.total_cmp(&b.due).then(a.id.cmp(&b.id)));
    }
}
