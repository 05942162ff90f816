//! The pocket desk held against the list of facts (`A14`, item by item), by small Lua snippets, hands, datagrams and time.

mod effects;
mod hooks;
mod intake;
mod kinds;
mod names;
mod session;
mod shows;
mod speed;
mod times;
mod tree;

use std::time::Duration;

use super::{Act, Desk, Options};

/// Every snippet begins with these names: the pool of timecodes and the way down to the first track's sub-track.
const DOWN: &str = "local pool = DataPool().Timecodes local tc = pool[101] local tg = tc and tc[1] local track = tg and tg[2] \
                    local range = track and track[1] local sub = range and range[1]\n";

/// A component that keeps the plug-in's handle, as it must at load, and one list over reloads.
const COMPONENT: &str = "PLUGIN = select(4, ...):Parent() X = X or {} X[#X + 1] = select(3, ...) RUNS = (RUNS or 0) + 1 \
                         heard = {} function note(object, level) heard[#heard + 1] = level end";

fn desk() -> Desk {
    kind_of(Options::default())
}

fn kind_of(options: Options) -> Desk {
    let mut desk = Desk::new(options);
    desk.install(&[("init", COMPONENT)]).unwrap();
    desk
}

/// Run a snippet that must succeed.
fn lua(desk: &mut Desk, chunk: &str) -> String {
    desk.lua(&format!("{DOWN}{chunk}")).unwrap_or_else(|error| panic!("{chunk}: {error}"))
}

/// Run a snippet that must fail.
fn fails(desk: &mut Desk, chunk: &str) -> String {
    match desk.lua(&format!("{DOWN}{chunk}")) {
        Ok(text) => panic!("{chunk} gave {text}"),
        Err(error) => error,
    }
}

fn add(desk: &mut Desk, seconds: f64, name: &str) {
    add_to(desk, "101.1.1", seconds, name);
}

fn add_to(desk: &mut Desk, track: &str, seconds: f64, name: &str) {
    let act = Act::Add { track: track.into(), seconds, token: "".into(), cue: "".into(), name: name.into() };
    desk.person(act).unwrap();
}

/// Names of the first track's events in storage order.
fn names_of(desk: &Desk) -> String {
    desk.events(101, 1, 1).into_iter().map(|event| event.name).collect::<Vec<_>>().join(" ")
}

/// Let time pass up to so many milliseconds since the desk was switched on.
fn at(desk: &mut Desk, ms: u64) {
    desk.tick(Duration::from_millis(ms));
}

/// How many times the component's callback ran.
fn heard(desk: &mut Desk) -> i64 {
    lua(desk, "return #heard").parse().unwrap()
}
