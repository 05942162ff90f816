//! The fault dial: what goes wrong on the way to the desk, on the way from it, and inside it.
//!
//! Thread: any; plain values and seeded chance.

use std::time::Duration;

use super::chance::Chance;

/// What happens to datagrams in one direction. Shares are 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Path {
    /// Share that is lost.
    pub loss: f64,
    /// Share that arrives twice.
    pub double: f64,
    /// Share that is overtaken by later ones.
    pub reorder: f64,
    /// Time on the way.
    pub delay: Duration,
    /// Random time on top, up to this. It reorders.
    pub jitter: Duration,
    /// Nothing comes through.
    pub cut: bool,
}

/// What a path may take longer when a datagram is overtaken.
const OVERTAKEN: Duration = Duration::from_millis(30);

/// Bytes of a datagram that one Ethernet frame carries. Longer ones travel in pieces, and one lost piece loses all.
const FRAME_BYTES: usize = 1472;

impl Path {
    /// When the copies of a datagram of so many bytes arrive, counted from now; empty where it is lost.
    pub fn copies(&self, bytes: usize, chance: &mut Chance) -> Vec<Duration> {
        let pieces = bytes.div_ceil(FRAME_BYTES).max(1);
        // The dice are thrown in the same order whatever happens, so that one setting does not shift the others.
        let lost = (0..pieces).fold(false, |lost, _| chance.happens(self.loss) | lost);
        let copies = if chance.happens(self.double) { 2 } else { 1 };
        let mut arrive = vec![];
        for _ in 0..copies {
            let mut at = self.delay + self.jitter.mul_f64(chance.unit());
            if chance.happens(self.reorder) {
                at += OVERTAKEN.mul_f64(chance.unit());
            }
            arrive.push(at);
        }
        if lost || self.cut { vec![] } else { arrive }
    }
}

/// All faults of a desk.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Faults {
    /// Datagrams to the desk, OSC input and plug-in sockets alike.
    pub inbound: Path,
    /// Datagrams from the desk.
    pub outbound: Path,
    /// Share of the commands over 200 bytes that arrive cut off at a random place.
    pub truncate: f64,
    /// Share of the writes by Lua that do nothing and say nothing.
    pub silent_writes: f64,
}
