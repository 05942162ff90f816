//! The packet inspector's wire: the last datagrams to and from the desk, decoded.
//!
//! Thread: written by osc, read by gui and tests. Never by audio: it takes a lock.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Packets kept.
pub const PACKETS_MAX: usize = 2000;

/// One datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Milliseconds since the link began.
    pub ms: u64,
    /// Whether it went out.
    pub out: bool,
    /// The other side, `ip:port`.
    pub peer: Arc<str>,
    /// Its size in bytes.
    pub bytes: u32,
    /// What it says, decoded, one line; for a datagram nobody understands, why.
    pub text: Arc<str>,
    /// Whether it was understood and taken.
    pub good: bool,
}

/// The last packets, shared.
#[derive(Clone, Default)]
pub struct Tap(Arc<Mutex<(u64, VecDeque<Packet>)>>);

impl Tap {
    /// Keep a packet; the oldest goes when there are more than [`PACKETS_MAX`].
    pub fn put(&self, packet: Packet) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.0 += 1;
        if kept.1.len() >= PACKETS_MAX {
            kept.1.pop_front();
        }
        kept.1.push_back(packet);
    }

    /// The packets after the first `seen` ones that are still kept, and how many there ever were.
    pub fn since(&self, seen: u64) -> (Vec<Packet>, u64) {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = usize::try_from(kept.0.saturating_sub(seen)).unwrap_or(usize::MAX).min(kept.1.len());
        (kept.1.iter().skip(kept.1.len() - new).cloned().collect(), kept.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_packets_are_kept_and_each_is_read_once() {
        let tap = Tap::default();
        let packet = |ms| Packet {
            ms,
            out: true,
            peer: Arc::from("127.0.0.1:8000"),
            bytes: 1,
            text: Arc::from("x"),
            good: true,
        };
        (0..PACKETS_MAX as u64 + 3).for_each(|ms| tap.put(packet(ms)));
        let (first, seen) = tap.since(0);
        assert_eq!((first.len(), first[0].ms, seen), (PACKETS_MAX, 3, PACKETS_MAX as u64 + 3));
        tap.put(packet(9999));
        assert_eq!(tap.since(seen).0.iter().map(|p| p.ms).collect::<Vec<_>>(), [9999]);
    }
}
