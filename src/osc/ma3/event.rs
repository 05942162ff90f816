//! What one event of a desk track says, its hash on the wire and how people see it. Thread: any.
//!
//! Times are desk ticks: 1 s = 2^24, signed 64 bit, never a float, so that nothing is lost between two ends (D6).

use std::fmt::{self, Write};
use std::sync::Arc;

pub use crate::model::{DeskEvent, TICKS_PER_SECOND};

impl DeskEvent {
    /// `{time %.6f}|{cmd}|{name}`, time in seconds: for people and logs. Two events may share it; who is who is decided
    /// by [`matching`](super::matching).
    pub fn fingerprint(&self) -> String {
        format!("{:.6}|{}|{}", self.ticks as f64 / TICKS_PER_SECOND as f64, self.cmd, self.name)
    }

    /// The texts, in the order of the hash: token, cue, cmd, name, note.
    pub fn texts(&self) -> [&Arc<str>; 5] {
        [&self.token, &self.cue, &self.cmd, &self.name, &self.note]
    }

    /// Whether everything but the time is the same.
    pub fn same_content(&self, other: &Self) -> bool {
        self.texts() == other.texts()
    }
}

/// A set of the fields of an event: which differ, or which a write touches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fields(u8);

impl Fields {
    /// No field.
    pub const NONE: Self = Self(0);
    /// `ticks`.
    pub const TIME: Self = Self(1);
    /// `token`.
    pub const TOKEN: Self = Self(2);
    /// `cue`.
    pub const CUE: Self = Self(4);
    /// `cmd`.
    pub const CMD: Self = Self(8);
    /// `name`.
    pub const NAME: Self = Self(16);
    /// `note`.
    pub const NOTE: Self = Self(32);

    /// The fields in which two events differ.
    pub fn between(a: &DeskEvent, b: &DeskEvent) -> Self {
        let mut fields = if a.ticks == b.ticks { Self::NONE } else { Self::TIME };
        for (bit, (x, y)) in a.texts().into_iter().zip(b.texts()).enumerate() {
            // Events that nobody touched share their text.
            if !Arc::ptr_eq(x, y) && x != y {
                fields.0 |= Self::TOKEN.0 << bit;
            }
        }
        fields
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of `other` are in it.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of `other` is in it.
    pub fn touches(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Those of both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are not in `other`.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Their names on the wire, in the order of the hash.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let named = ["ticks", "token", "cue", "cmd", "name", "note"];
        named.into_iter().enumerate().filter(move |(bit, _)| self.0 >> bit & 1 == 1).map(|(_, name)| name)
    }
}

/// FNV-1a, 64 bit: the hash of units and of conflicts. It is the same in every build and on the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    /// Take some bytes in.
    pub fn eat(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    /// Take an event in, as the hash of a unit does: `ticks,` and each text as `<bytes>:<text>,`.
    pub fn eat_event(&mut self, event: &DeskEvent) {
        // Writing into a hash cannot fail.
        let _ = write!(self, "{},", event.ticks);
        for text in event.texts() {
            let _ = write!(self, "{}:{text},", text.len());
        }
    }

    /// The hash of all that was taken in.
    pub fn finish(self) -> u64 {
        self.0
    }
}

impl Write for Fnv {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        self.eat(s.as_bytes());
        Ok(())
    }
}

/// The hash of a unit's events, given in storage order (docs/desk-protocol.md). `range` and `sub` count from 1.
pub fn unit_hash<'a>(range: u32, sub: u32, events: impl IntoIterator<Item = &'a DeskEvent>) -> u64 {
    let mut hash = Fnv::default();
    for event in events {
        let _ = write!(hash, "{range},{sub},");
        hash.eat_event(event);
        hash.eat(b"\n");
    }
    hash.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(ticks: i64, texts: [&str; 5]) -> DeskEvent {
        let [token, cue, cmd, name, note] = texts.map(Arc::from);
        DeskEvent { ticks, token, cue, cmd, name, note }
    }

    /// The known answers of FNV-1a 64, from its authors' list.
    #[test]
    fn the_hash_is_fnv_1a() {
        for (text, hash) in [
            ("", 0xcbf2_9ce4_8422_2325),
            ("a", 0xaf63_dc4c_8601_ec8c),
            ("foobar", 0x8594_4171_f739_67e8),
            ("chongo was here!\n", 0x4681_0940_eff5_f915),
        ] {
            let mut fnv = Fnv::default();
            fnv.eat(text.as_bytes());
            assert_eq!(fnv.finish(), hash, "{text:?}");
        }
    }

    #[test]
    fn a_unit_is_hashed_as_the_protocol_says() {
        assert_eq!(unit_hash(1, 1, []), 0xcbf2_9ce4_8422_2325);
        let events = [
            event(0, ["Go+", "", "", "Go+", ""]),
            event(3_019_898_880, ["Goto", "3.5", "", "Höhe|\"x\"", "a,b\n"]),
            event(-5, ["Go+", "1", "Fixture 1 At 50", "", ""]),
        ];
        // The bytes as the desk's Lua makes them, by hand.
        let text = "1,2,0,3:Go+,0:,0:,3:Go+,0:,\n\
                    1,2,3019898880,4:Goto,3:3.5,0:,9:Höhe|\"x\",4:a,b\n,\n\
                    1,2,-5,3:Go+,1:1,15:Fixture 1 At 50,0:,0:,\n";
        let mut fnv = Fnv::default();
        fnv.eat(text.as_bytes());
        assert_eq!(unit_hash(1, 2, &events), fnv.finish());
        assert_eq!(unit_hash(1, 2, &events), 0x4d39_6729_06a1_e350, "the same in every build");
    }

    #[test]
    fn every_field_the_range_the_sub_track_and_the_order_are_in_the_hash() {
        let a = event(7, ["Go+", "1", "c", "n", "o"]);
        let all = |events: &[DeskEvent]| unit_hash(1, 1, events);
        let hash = all(std::slice::from_ref(&a));
        let mut others = vec![unit_hash(2, 1, [&a]), unit_hash(1, 2, [&a]), all(&[a.clone(), a.clone()])];
        others.push(all(&[DeskEvent { ticks: 8, ..a.clone() }]));
        others.push(all(&[DeskEvent { token: "Goto".into(), ..a.clone() }]));
        others.push(all(&[DeskEvent { cue: "2".into(), ..a.clone() }]));
        others.push(all(&[DeskEvent { cmd: "d".into(), ..a.clone() }]));
        others.push(all(&[DeskEvent { name: "m".into(), ..a.clone() }]));
        others.push(all(&[DeskEvent { note: "p".into(), ..a.clone() }]));
        // The texts say their length, so that one cannot run into the next.
        others.push(all(&[DeskEvent { name: "no".into(), note: "".into(), ..a.clone() }]));
        assert!(others.iter().all(|other| *other != hash), "{others:x?}");
        let b = event(9, ["Go+", "1", "c", "n", "o"]);
        assert_ne!(all(&[a.clone(), b.clone()]), all(&[b, a]));
    }

    #[test]
    fn a_fingerprint_has_six_places_and_no_more() {
        let e = |ticks| event(ticks, ["Go+", "", "At 50", "Kick", ""]);
        assert_eq!(e(3_019_898_880).fingerprint(), "180.000000|At 50|Kick");
        assert_eq!(e(1).fingerprint(), "0.000000|At 50|Kick");
        assert_eq!(e(TICKS_PER_SECOND * 255 * 3600 + 8).fingerprint(), "918000.000000|At 50|Kick");
        assert_eq!(e(TICKS_PER_SECOND / 4).fingerprint(), "0.250000|At 50|Kick");
    }

    #[test]
    fn what_differs_is_named_as_on_the_wire() {
        let a = event(7, ["Go+", "1", "c", "n", "o"]);
        let b = event(8, ["Go+", "2", "c", "n", "p"]);
        let fields = Fields::between(&a, &b);
        assert_eq!(fields.names().collect::<Vec<_>>(), ["ticks", "cue", "note"]);
        assert!(fields.contains(Fields::CUE.with(Fields::TIME)) && !fields.contains(Fields::NAME));
        assert_eq!(fields.without(Fields::TIME).names().collect::<Vec<_>>(), ["cue", "note"]);
        assert!(Fields::between(&a, &a.clone()).is_empty());
        assert!(!a.same_content(&b) && a.same_content(&DeskEvent { ticks: 99, ..a.clone() }));
    }
}
