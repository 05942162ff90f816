//! Whatever comes, the line counts it and goes on.

use core::net::{Ipv4Addr, SocketAddrV4};

use super::*;
use crate::osc::codec;
use world::Dice;

const DESK: SocketAddrV4 = SocketAddrV4::new(desk::IP, 4242);

/// proves: O3
#[test]
fn foreign_and_malformed_datagrams_are_counted_and_left() {
    let mut world = World::new(1, Faults::default());
    world.connect();
    let before = world.line.counters();
    let stranger = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 66), 4242);
    let told = |to: u64, seq: u64| {
        let text = json!({"v": 1, "to": format!("{to:016x}"), "type": "track", "change": "renamed", "name": "x", "epoch":
            "00000000000000e0", "seq": seq, "tc": 1, "tg": 1, "track": 1, "range": 1, "sub": 1, "rev": 5});
        codec::encode_text("/tracklight/desk", &text.to_string())
    };
    world.line.hear(world.now, DESK, b"not OSC");
    world.line.hear(world.now, DESK, &codec::encode_text("/tracklight/desk", "not JSON"));
    world.line.hear(world.now, DESK, &codec::encode_text("/elsewhere", "{}"));
    world.line.hear(world.now, stranger, b"not OSC");
    world.line.hear(world.now, stranger, &told(CLIENT, 100));
    world.line.hear(world.now, DESK, &told(CLIENT + 1, 101));
    assert_eq!(world.line.take_heard(), [], "nothing of it is believed");
    let after = world.line.counters();
    assert_eq!(after.malformed - before.malformed, 3);
    assert_eq!(after.foreign - before.foreign, 2);
    assert_eq!(after.others - before.others, 1);
    world.line.hear(world.now, DESK, &told(CLIENT, 102));
    assert!(matches!(world.line.take_heard()[..], [Heard::Notice(_)]), "and the true one is");
    assert_eq!(world.line.state(), LinkState::Connected);
}

#[test]
fn arbitrary_bytes_never_stop_the_line() {
    let mut world = World::new(1, Faults::default());
    world.connect();
    let mut dice = Dice(99);
    for _ in 0..20_000 {
        let mut bytes: Vec<u8> = (0..dice.below(200)).map(|_| dice.next() as u8).collect();
        if dice.percent(50) {
            bytes = codec::encode_text("/tracklight/desk", &String::from_utf8_lossy(&bytes));
        }
        world.line.hear(world.now, DESK, &bytes);
    }
    world.go(SECOND);
    let req = world.line.ask(world.now, hook());
    world.go(SECOND);
    assert!(world.answers().any(|(id, result)| *id == req && result.is_ok()));
}

/// Datagrams of every kind, as the desk sends them.
fn good_ones() -> Vec<String> {
    let head = |kind: &str, seq: u64, more: serde_json::Value| {
        let (kind, change) = kind.split_once('.').expect("a kind");
        let mut all = json!({"v": 1, "to": format!("{CLIENT:016x}"), "type": kind, "change": change,
            "epoch": "00000000000000e0", "seq": seq, "tc": 101, "tg": 1, "track": 2, "range": 1, "sub": 1, "rev": seq,
            "hash": "00000000000000aa"});
        all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        all.to_string()
    };
    let counts =
        json!({"added_count": 1, "deleted_count": 0, "moved_count": 0, "retimed_count": 0, "changed_count": 0});
    vec![
        head("track.changed", 200, json!({"changes": counts, "events": [event_json(1, &event(1))], "rev_from": 1})),
        head(
            "track.changed",
            201,
            json!({"changes": counts, "events": [event_json(1, &event(1))], "part": 1, "parts": 9}),
        ),
        head("desk.busy", 202, json!({"busy": "locked"})),
        head("subtrack.gone", 203, json!({"reason": "deleted"})),
        head(
            "connection.ping",
            204,
            json!({"req": 3, "t": "5", "digest": [[1, 1, 1, 1, 1, 1, "00000000000000aa", ""]]}),
        ),
        head("request.part", 205, json!({"req": 2, "have": [1, 2, 3, 4_000_000]})),
        head("request.error", 206, json!({"req": 2, "code": "no_client", "message": "who?"})),
        head("connection.bye", 207, json!({"reason": "lease"})),
        head("connection.hello", 208, json!({"protocol": 1})),
        head("batch.ack", 209, json!({"req": 5, "ok": true, "results": [{"i": 1, "ok": true}]})),
    ]
}

#[test]
fn spoilt_datagrams_never_stop_the_line() {
    for seed in 0..30 {
        let mut world = World::new(seed, Faults::default());
        world.connect();
        let mut dice = Dice(seed);
        world.line.ask(world.now, batch(60));
        for _ in 0..400 {
            let all = good_ones();
            let mut text = all[dice.below(all.len() as u64) as usize].clone().into_bytes();
            for _ in 0..dice.below(4) {
                let at = dice.below(text.len() as u64) as usize;
                match dice.below(3) {
                    0 => text[at] = b" 0129-\"{}[]:,e"[dice.below(14) as usize],
                    1 => drop(text.remove(at)),
                    _ => text.insert(at, b"09\"[{"[dice.below(5) as usize]),
                }
            }
            let bytes = codec::encode_text("/tracklight/desk", &String::from_utf8_lossy(&text));
            world.line.hear(world.now, DESK, &bytes);
            world.go(MS);
        }
        world.desk.restart(world.now, false);
        world.go(30 * SECOND);
        let req = world.line.ask(world.now, Request::GetTimecodes);
        world.go(3 * SECOND);
        assert!(
            world.answers().any(|(id, result)| *id == req && result.is_ok()),
            "seed {seed}: {}",
            world.line.reason()
        );
    }
}

#[test]
fn the_inspector_shows_what_goes_and_comes_decoded() {
    let tap = crate::bus::Tap::default();
    let mut world = World::new(1, Faults::default());
    world.line = super::super::Line::new(CLIENT, "FOH").with_tap(tap.clone());
    world.line.configure(&config(), *world::HERE.ip(), 9000);
    world.connect();
    world.line.ask(world.now, batch(1));
    world.line.hear(world.now, DESK, b"/x");
    world.go(SECOND);
    let (packets, _) = tap.since(0);
    let has = |out: bool, good: bool, what: &str| {
        let found = packets.iter().any(|p| p.out == out && p.good == good && p.text.contains(what));
        assert!(found, "{what} in\n{}", packets.iter().map(|p| format!("{}\n", p.text)).collect::<String>());
    };
    has(true, true, "/cmd #1 {\"f\":\"Hello\"");
    has(true, true, "\"f\":\"Batch\"");
    has(false, true, "\"change\":\"ack\"");
    has(false, false, "refused: no OSC");
    assert!(packets.iter().all(|p| p.text.lines().count() == 1 && p.text.len() < 1300));
}
