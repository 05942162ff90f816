//! The pocket desk alone, against the list of behaviours that a desk double must show (`grandma3.md`, A14), item by
//! item, with small pieces of Lua and no link.

mod edits;
mod engine;
mod faults;
mod hooks;
mod intake;
mod shows;
mod times;
mod tree;

use core::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use super::{Act, Desk, Options};

/// Where the tests' datagrams come from.
const FROM: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9000);

/// A plug-in that keeps what it gets at load, so that the tests can hook.
const KEEPER: &str = "
    plugin_name, component_name, signals, component = ...
    plugin = component:Parent()
    loads = (loads or 0) + 1
    local track = DataPool().Timecodes[101] and DataPool().Timecodes[101][1][2]
    sub = track and track[1][1]
    return function(display, text) said = text end, function() cleaned = true end
";

fn desk() -> Desk {
    with(|_| {})
}

fn with(change: impl FnOnce(&mut Options)) -> Desk {
    let mut options = Options::default();
    change(&mut options);
    let mut desk = Desk::new(options);
    desk.install(&[("keeper", KEEPER)]).expect("the keeper loads");
    desk
}

/// What a chunk returns; it must not fail.
#[track_caller]
fn lua(desk: &mut Desk, chunk: &str) -> String {
    desk.lua(chunk).unwrap_or_else(|why| panic!("{chunk}: {why}"))
}

/// A number of milliseconds.
fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// An OSC message with one text.
fn osc(address: &str, text: &str) -> Vec<u8> {
    let mut bytes = vec![];
    for part in [address, ",s", text] {
        bytes.extend(part.bytes());
        bytes.extend(vec![0; 4 - part.len() % 4]);
    }
    bytes
}

/// Events at these seconds on track 101.1.1, made by hand.
fn put(desk: &mut Desk, seconds: &[f64]) {
    for seconds in seconds {
        let act = Act::Add {
            track: "101.1.1".into(),
            seconds: *seconds,
            token: String::new(),
            cue: String::new(),
            name: format!("{seconds}"),
        };
        desk.person(act).expect("a hand adds an event");
    }
}

/// Names of the events on track 101.1.1, in storage order.
fn names(desk: &Desk) -> Vec<String> {
    desk.events(101, 1, 1).into_iter().map(|event| event.name).collect()
}
