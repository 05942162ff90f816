//! Line and scripted desk with a bad network between them, on a virtual clock.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use core::net::{Ipv4Addr, SocketAddrV4};

use super::desk::{Desk, IP};
use crate::model::DeskConfig;
use crate::osc::ma3::line::{Heard, Line};

pub const CLIENT: u64 = 0x1234_5678_9abc_def0;
pub const HERE: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 1), 9000);
pub const MS: Duration = Duration::from_millis(1);
pub const SECOND: Duration = Duration::from_secs(1);

/// Seeded randomness (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn percent(&mut self, chance: u64) -> bool {
        self.next() % 100 < chance
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }
}

/// What the network does, in percent and milliseconds.
#[derive(Clone, Copy, Default)]
pub struct Faults {
    pub loss: u64,
    pub double: u64,
    pub reorder: u64,
    pub delay: u64,
}

/// Datagrams on their way: when they come, their number, whether to the desk, where, what.
type Flying = BinaryHeap<Reverse<(Duration, u64, bool, SocketAddrV4, Vec<u8>)>>;

pub struct World {
    pub now: Duration,
    pub line: Line,
    pub desk: Desk,
    pub faults: Faults,
    /// Nothing gets through to the desk, or from it.
    pub cut: (bool, bool),
    pub dice: Dice,
    pub heard: Vec<(Duration, Heard)>,
    flying: Flying,
    count: u64,
    pub wake: Option<Duration>,
}

impl World {
    pub fn new(seed: u64, faults: Faults) -> Self {
        let mut line = Line::new(CLIENT, "Front of house");
        line.configure(&config(), *HERE.ip(), HERE.port());
        Self {
            now: SECOND,
            line,
            desk: Desk::new(),
            faults,
            cut: (false, false),
            dice: Dice(seed),
            heard: vec![],
            flying: BinaryHeap::new(),
            count: 0,
            wake: None,
        }
    }

    fn fly(&mut self, to_desk: bool, at: SocketAddrV4, bytes: Vec<u8>) {
        let Faults { loss, double, reorder, delay } = self.faults;
        let copies = if self.dice.percent(double) { 2 } else { 1 };
        for _ in 0..copies {
            let closed = if to_desk { self.cut.0 } else { self.cut.1 };
            if closed || self.dice.percent(loss) {
                continue;
            }
            let late = if self.dice.percent(reorder) { self.dice.below(60) } else { 0 };
            let when = self.now + MS * u32::try_from(delay + late).expect("small") + Duration::from_micros(100);
            self.count += 1;
            self.flying.push(Reverse((when, self.count, to_desk, at, bytes.clone())));
        }
    }

    /// Go on until `until`, or until `enough` says so. Returns whether it did.
    pub fn run(&mut self, until: Duration, mut enough: impl FnMut(&World) -> bool) -> bool {
        loop {
            self.wake = self.line.tick(self.now);
            for datagram in self.line.take_out() {
                self.fly(true, datagram.to, datagram.bytes);
            }
            for heard in self.line.take_heard() {
                self.heard.push((self.now, heard));
            }
            for (to, bytes) in self.desk.take_out(self.now) {
                self.fly(false, to, bytes);
            }
            if enough(self) {
                return true;
            }
            let next = [self.wake, self.desk.next(), self.flying.peek().map(|Reverse((when, ..))| *when)];
            let next = next.into_iter().flatten().min().unwrap_or(until);
            if next > until || self.now >= until {
                self.now = self.now.max(until);
                return false;
            }
            // A clock that stands still would go round for ever.
            self.now = next.max(self.now + Duration::from_micros(10));
            while self.flying.peek().is_some_and(|Reverse((when, ..))| *when <= self.now) {
                let Some(Reverse((_, _, to_desk, at, bytes))) = self.flying.pop() else { break };
                if !to_desk {
                    assert_eq!(at, HERE, "the desk answers where it was told to");
                    let from = SocketAddrV4::new(self.desk.answer_from, 4242);
                    self.line.hear(self.now, from, &bytes);
                } else if *at.ip() == IP {
                    self.desk.receive(self.now, at.port(), &bytes);
                }
            }
        }
    }

    pub fn go(&mut self, time: Duration) {
        let until = self.now + time;
        self.run(until, |_| false);
    }

    pub fn connect(&mut self) {
        let until = self.now + 60 * SECOND;
        let there = self.run(until, |world| world.line.state() == crate::model::LinkState::Connected);
        assert!(there, "connected within a minute: {}", self.line.reason());
    }

    /// Every answer so far.
    pub fn answers(
        &self,
    ) -> impl Iterator<Item = (&super::super::ReqId, &Result<super::super::Message, super::super::DeskError>)> {
        self.heard.iter().filter_map(|(_, heard)| match heard {
            Heard::Answer { req, result } => Some((req, result)),
            _ => None,
        })
    }
}

pub fn config() -> DeskConfig {
    DeskConfig { on: true, ip: IP.to_string(), port: 8000, ..DeskConfig::default() }
}
