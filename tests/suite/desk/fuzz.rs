//! Arbitrary bytes and spoilt true datagrams, into the link and into the desk with the shipped plug-in: nothing breaks,
//! and both sides come in step again.
//!
//! proves: O3

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddrV4};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use tracklight::model::Uid;
use tracklight::osc::codec::encode_text;
use tracklight::osc::ma3::pocket::{Act, Options};

use super::rig::{SECOND, World, at};
use super::storms::seeds;

/// The desk's OSC input.
const OSC: u16 = 8000;

/// One datagram that nobody meant.
#[derive(Debug, Clone)]
enum Junk {
    /// Any bytes.
    Bytes(Vec<u8>),
    /// A good message with any text, for somebody's ears.
    Text(&'static str, String),
    /// A true one, spoilt.
    Spoilt(Index, Vec<Spoil>),
    /// A true one, from long ago.
    Late(Index),
}

#[derive(Debug, Clone)]
enum Spoil {
    Set(Index, u8),
    Remove(Index),
    Insert(Index, u8),
    Cut(Index),
}

impl Spoil {
    fn on(&self, bytes: &mut Vec<u8>) {
        let Some(last) = bytes.len().checked_sub(1) else { return };
        match self {
            Spoil::Set(at, byte) => bytes[at.index(last + 1)] = *byte,
            Spoil::Remove(at) => drop(bytes.remove(at.index(last + 1))),
            Spoil::Insert(at, byte) => bytes.insert(at.index(last + 1), *byte),
            Spoil::Cut(at) => bytes.truncate(at.index(last + 1)),
        }
    }
}

fn spoil() -> impl Strategy<Value = Spoil> {
    let telling = prop_oneof![any::<u8>(), proptest::sample::select(b"0123456789-.eE\"{}[]:,'\\;/ \0".to_vec())];
    prop_oneof![
        4 => (any::<Index>(), telling.clone()).prop_map(|(at, byte)| Spoil::Set(at, byte)),
        2 => any::<Index>().prop_map(Spoil::Remove),
        2 => (any::<Index>(), telling).prop_map(|(at, byte)| Spoil::Insert(at, byte)),
        1 => any::<Index>().prop_map(Spoil::Cut),
    ]
}

fn junk() -> impl Strategy<Value = Junk> {
    let address = proptest::sample::select(vec!["/cmd", "/tracklight/desk", "/gma3/cmd", "/14.14.1.6.1", "cmd"]);
    prop_oneof![
        2 => vec(any::<u8>(), 0..400).prop_map(Junk::Bytes),
        2 => (address, ".{0,120}").prop_map(|(address, text)| Junk::Text(address, text)),
        5 => (any::<Index>(), vec(spoil(), 1..6)).prop_map(|(which, how)| Junk::Spoilt(which, how)),
        1 => any::<Index>().prop_map(Junk::Late),
    ]
}

/// The port it goes to (or comes from), and its bytes.
fn datagram(junk: &Junk, recent: &VecDeque<(u16, Vec<u8>)>, port: u16) -> (u16, Vec<u8>) {
    let pick = |which: &Index| recent.get(which.index(recent.len().max(1))).cloned().unwrap_or((port, vec![]));
    match junk {
        Junk::Bytes(bytes) => (port, bytes.clone()),
        Junk::Text(address, text) => (port, encode_text(address, text)),
        Junk::Late(which) => pick(which),
        Junk::Spoilt(which, how) => {
            let (port, mut bytes) = pick(which);
            how.iter().for_each(|spoil| spoil.on(&mut bytes));
            (port, bytes)
        }
    }
}

const HERE: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9000);

/// A world with something in it from both sides.
fn furnished() -> World {
    let mut world = World::in_step(Options::default());
    world.apps[0].put(&[(Uid(1), at(SECOND, "a")), (Uid(2), at(2 * SECOND, "b"))]);
    person(&mut world, 3.0, "c");
    world.assert_equal_within(1500, "before it");
    world
}

fn person(world: &mut World, seconds: f64, name: &str) {
    let (token, cue) = (String::new(), String::new());
    world.desk.person(Act::Add { track: "101.1.1".into(), seconds, token, cue, name: name.into() }).unwrap();
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: (seeds(24).end) as u32, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn whatever_comes_to_the_link_it_goes_on(all in vec((junk(), 0_u64..40), 1..60)) {
        let mut world = furnished();
        for (n, (junk, pause)) in all.iter().enumerate() {
            let (port, bytes) = datagram(junk, &world.recent[1], OSC);
            let from = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
            let now = world.now;
            world.apps[0].link.hear(now, from, &bytes);
            if n % 16 == 0 {
                world.apps[0].put(&[(Uid(100 + n as u64), at(n as i64 * SECOND, &format!("n{n}")))]);
            }
            world.run(*pause);
        }
        // What was heard may be a goodbye or a desk that is busy for a while: that takes its time, and ends.
        world.assert_equal_within(20_000, "after it");
        world.apps[0].put(&[(Uid(3), at(4 * SECOND, "d"))]);
        person(&mut world, 5.0, "e");
        world.assert_equal_within(3000, "and an edit of each");
    }

    #[test]
    fn whatever_comes_to_the_desk_it_goes_on(all in vec((junk(), any::<bool>(), 0_u64..40), 1..60)) {
        let mut world = furnished();
        // Where the plug-in listens, if it does.
        let inbound = world.recent[0].iter().map(|(port, _)| *port).find(|port| *port != OSC).unwrap_or(OSC);
        for (n, (junk, is_osc, pause)) in all.iter().enumerate() {
            let port = if *is_osc { OSC } else { inbound };
            match datagram(junk, &world.recent[0], port) {
                (OSC, bytes) => world.desk.osc(&bytes, HERE),
                (port, bytes) => world.desk.udp(port, &bytes, HERE),
            }
            if n % 16 == 0 {
                person(&mut world, n as f64, &format!("n{n}"));
            }
            world.run(*pause);
        }
        world.assert_equal_within(20_000, "after it");
        world.apps[0].put(&[(Uid(3), at(4 * SECOND, "d"))]);
        person(&mut world, 5.0, "e");
        world.assert_equal_within(3000, "and an edit of each");
    }

    #[test]
    fn packets_of_strangers_are_counted_and_nothing_else(all in vec(junk(), 1..60)) {
        let mut world = furnished();
        let stranger = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 66), 4242);
        let (before, contents) = (world.apps[0].link.line().counters(), world.apps[0].contents());
        for junk in &all {
            let (_, bytes) = datagram(junk, &world.recent[1], OSC);
            let now = world.now;
            world.apps[0].link.hear(now, stranger, &bytes);
        }
        let after = world.apps[0].link.line().counters();
        // What is another instance's (a spoilt client number looks so) is not refused, but counted by itself.
        let others = after.others - before.others;
        prop_assert_eq!(after.packets()[3] - before.packets()[3] + others, all.len() as u64);
        prop_assert_eq!(after.received, before.received);
        world.run(2000);
        prop_assert_eq!(world.apps[0].contents(), contents);
        prop_assert!(world.is_equal());
    }
}
