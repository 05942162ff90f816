//! What keeping a desk track in step costs: matching and merging 10 000 events, and datagrams. Thread: main.
//!
//! `cargo bench --bench desk` prints the time of each; every one of matching and merging is to stay below 10 ms (D21).
//! Then it pushes 215 and 5000 events to a pocket desk over real loopback sockets, and encodes and decodes OSC in
//! python-osc and liblo where these can be had.

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::Criterion;
use tracklight::osc::codec::{Arg, Osc, decode, encode, encode_text};
use tracklight::osc::ma3::event::{DeskEvent, TICKS_PER_SECOND, unit_hash};
use tracklight::osc::ma3::matching::{Limits, diff};
use tracklight::osc::ma3::merge::{BasePair, Direction, Input, Merged, Policy, merge};
use tracklight::osc::ma3::protocol::fragment::{FRAGMENT, Way, datagram};

#[path = "desk/loopback.rs"]
mod loopback;
#[path = "../tests/suite/desk/real.rs"]
mod real;

const EVENTS: usize = 10_000;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (kind, list) in [("cues", cues as fn() -> Vec<DeskEvent>), ("equal events", equal)] {
        matching(&mut criterion, kind, &list());
        merging(&mut criterion, kind, &list());
    }
    let list = cues();
    criterion.bench_function("hash of a unit", |b| b.iter(|| unit_hash(1, 1, black_box(&list))));
    wire(&mut criterion);
    criterion.final_summary();
    // `cargo test --benches` only asks whether it runs.
    if !std::env::args().any(|arg| arg == "--test") {
        loopback::run();
        peers();
    }
}

/// The same messages in python-osc and liblo, in this run: whichever of them the Python of `TRACKLIGHT_OSC_PYTHON` (else
/// `python3`) has.
fn peers() {
    let python = std::env::var("TRACKLIGHT_OSC_PYTHON").unwrap_or_else(|_| "python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/desk/osc_peers.py");
    if !std::process::Command::new(&python).arg(script).status().is_ok_and(|status| status.success()) {
        println!("python-osc and liblo: skipped, {python} did not run");
    }
}

/// One datagram of a batch out, one of an answer in.
fn wire(criterion: &mut Criterion) {
    let json = "x".repeat(FRAGMENT);
    let way = Way::Command("gma3".into());
    criterion.bench_function("a full /cmd datagram: base64 and OSC", |b| {
        b.iter(|| datagram(black_box(&way), 1, 2, 1, black_box(&json)))
    });
    let text = "y".repeat(1100);
    let bytes = encode_text("/tracklight/desk", &text);
    criterion.bench_function("OSC encode, one text of 1100 bytes", |b| {
        b.iter(|| encode_text(black_box("/tracklight/desk"), black_box(&text)))
    });
    criterion.bench_function("OSC decode, one text of 1100 bytes", |b| b.iter(|| decode(black_box(&bytes))));
    let short =
        Osc { address: "/14.14.1.6.1".into(), args: vec![Arg::Text("Go+".into()), Arg::Int(1), Arg::Float(0.5)] };
    let bytes = encode(&short).unwrap_or_default();
    criterion.bench_function("OSC encode, s i f", |b| b.iter(|| encode(black_box(&short))));
    criterion.bench_function("OSC decode, s i f", |b| b.iter(|| decode(black_box(&bytes))));
}

/// Two and a half hours of cues, each with its number and name.
fn cues() -> Vec<DeskEvent> {
    let cue = |i: usize| DeskEvent {
        ticks: i as i64 * TICKS_PER_SECOND * 9 / 10,
        token: "Goto".into(),
        cue: (i + 1).to_string().into(),
        name: format!("Cue {i}").into(),
        ..DeskEvent::default()
    };
    (0..EVENTS).map(cue).collect()
}

/// The same times, and nothing to tell one from another.
fn equal() -> Vec<DeskEvent> {
    let go = |event: DeskEvent| DeskEvent {
        ticks: event.ticks,
        token: "Go+".into(),
        name: "Go+".into(),
        ..DeskEvent::default()
    };
    cues().into_iter().map(go).collect()
}

/// Every 20th event: retimed, renamed, deleted or doubled, by a sequence that is the same each time.
fn edited(events: &[DeskEvent], seed: u32) -> Vec<DeskEvent> {
    let mut state = seed;
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    };
    let mut list = Vec::with_capacity(events.len() + 200);
    for event in events {
        // Texts of the desk come from a packet, so they are not the ones in memory here.
        let mut event = DeskEvent { name: (&*event.name).into(), cue: (&*event.cue).into(), ..event.clone() };
        if next() % 20 == 0 {
            match next() % 4 {
                0 => event.ticks += i64::from(next() % (2 * TICKS_PER_SECOND as u32)),
                1 => event.name = "by hand".into(),
                2 => continue,
                _ => list.push(event.clone()),
            }
        }
        list.push(event);
    }
    list.sort_by_key(|event| event.ticks);
    list
}

fn matching(criterion: &mut Criterion, kind: &str, old: &[DeskEvent]) {
    let moved = |step: i64| {
        let mut list = old.to_vec();
        list[EVENTS / 4..EVENTS * 3 / 4].iter_mut().for_each(|event| event.ticks += step);
        list.sort_by_key(|event| event.ticks);
        list
    };
    let all: Vec<_> =
        old.iter().map(|event| DeskEvent { ticks: event.ticks + 7, note: "x".into(), ..event.clone() }).collect();
    for (what, new) in [
        ("nothing changed", old.to_vec()),
        ("5 % edited", edited(old, 1)),
        ("half of it moved by 7.3 s", moved(TICKS_PER_SECOND * 73 / 10)),
        ("all retimed and changed", all),
        ("all new", Vec::new()),
    ] {
        let name = format!("diff of {EVENTS} {kind}, {what}");
        criterion.bench_function(&name, |b| b.iter(|| diff(black_box(old), black_box(&new), &Limits::default())));
    }
}

fn merging(criterion: &mut Criterion, kind: &str, events: &[DeskEvent]) {
    let base: Vec<_> = (1..).zip(events).map(|(id, event)| BasePair::agreed(id, event.clone())).collect();
    let same: Vec<(u64, DeskEvent)> = (1..).zip(events.iter().cloned()).collect();
    let mut ours = same.clone();
    ours.iter_mut().step_by(20).for_each(|(_, event)| event.ticks += TICKS_PER_SECOND / 3);
    let mut moved = same.clone();
    moved[EVENTS / 4..EVENTS * 3 / 4].iter_mut().for_each(|(_, event)| event.ticks += TICKS_PER_SECOND * 9 / 10);
    for (what, ours, theirs) in [
        ("nothing changed", &same, events.to_vec()),
        ("5 % edited on each side", &ours, edited(events, 2)),
        ("half of it moved here", &moved, events.to_vec()),
    ] {
        let name = format!("merge of {EVENTS} {kind}, {what}");
        criterion.bench_function(&name, |b| b.iter(|| once(&base, ours, &theirs)));
    }
}

fn once(base: &[BasePair], ours: &[(u64, DeskEvent)], theirs: &[DeskEvent]) -> Merged {
    let mut next = 1_000_000;
    merge(Input {
        base: black_box(base),
        ours: black_box(ours),
        theirs: black_box(theirs),
        policy: Policy::Desk,
        direction: Direction::Both,
        resolutions: &BTreeMap::new(),
        limits: &Limits::default(),
        fresh_id: &mut || {
            next += 1;
            next
        },
    })
}
