//! The line against a scripted desk in memory, on a virtual clock.

mod desk;
mod faults;
mod fuzz;
mod looking;
mod pocket;
mod world;

use std::collections::BTreeMap;

use serde_json::json;

use super::Heard;
use crate::model::{DeskEvent, LinkState};
use crate::osc::ma3::protocol::{CueItem, Difference, ErrorCode, Op, Request, Told, Unit};
use desk::event_json;
use world::{CLIENT, Faults, MS, SECOND, World, config};

const UNIT: Unit = Unit { tc: 101, tg: 1, track: 2, range: 1, sub: 1 };
const BAD: Faults = Faults { loss: 30, double: 10, reorder: 25, delay: 5 };

fn event(n: i64) -> DeskEvent {
    DeskEvent {
        ticks: n << 20,
        token: "Goto".into(),
        cue: "3.5".into(),
        cmd: "".into(),
        name: format!("Ch\"o'rus|{n}").into(),
        note: "".into(),
    }
}

fn batch(adds: i64) -> Request {
    let ops = (0..adds).map(|n| Op::Add(event(n))).collect();
    Request::Batch {
        unit: UNIT,
        guid: None,
        base: "cbf29ce484222325".into(),
        label: "Tracklight".into(),
        ops,
        take: false,
    }
}

fn hook() -> Request {
    Request::Hook { unit: UNIT, guid: None }
}

fn links(world: &World) -> Vec<LinkState> {
    let link = |(_, heard): &(_, Heard)| match heard {
        Heard::Link(state) => Some(*state),
        _ => None,
    };
    world.heard.iter().filter_map(link).collect()
}

#[test]
fn nothing_is_sent_before_somebody_listens() {
    let mut world = World::new(1, Faults::default());
    world.line.configure(&config(), *world::HERE.ip(), 0);
    assert_eq!(world.line.tick(SECOND), None);
    assert!(world.line.take_out().is_empty());
    world.line.configure(&config(), *world::HERE.ip(), 9000);
    assert!(world.line.tick(SECOND).is_some());
    assert_eq!(world.line.take_out().len(), 1, "one Hello");
}

#[test]
fn a_desk_is_greeted_and_a_question_is_answered() {
    let mut world = World::new(1, Faults::default());
    let first = world.line.ask(world.now, Request::GetTimecodes);
    world.connect();
    assert_eq!(links(&world), [LinkState::Searching, LinkState::Connected]);
    world.go(SECOND / 2);
    let answers: Vec<_> = world.answers().collect();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(*answers[0].0, first, "asked before the desk was found");
    let Ok(message) = answers[0].1 else { panic!("{answers:?}") };
    assert!(matches!(&message.told, Told::Timecodes(list) if list[0].tc == 101));
    let info = world.line.info().expect("the desk said who it is");
    assert_eq!((info.station.as_str(), info.master), ("FOH", true));
    world.go(5 * SECOND);
    assert_eq!(world.line.loss(), 0.0);
    assert!((0.19..1.0).contains(&world.line.rtt_ms()), "{} ms", world.line.rtt_ms());
    let digests = world.heard.iter().filter(|(_, heard)| matches!(heard, Heard::Digest(_))).count();
    assert!((5..=7).contains(&digests), "about one a second: {digests}");
}

#[test]
fn five_thousand_adds_arrive_whole_and_fast() {
    for (adds, most) in [(215, SECOND), (5000, 10 * SECOND)] {
        let mut world = World::new(1, Faults::default());
        world.connect();
        let began = world.now;
        world.line.ask(world.now, batch(adds));
        assert!(world.run(began + 20 * SECOND, |world| world.answers().count() == 1));
        let took = world.now - began;
        assert!(took < most, "{adds} adds took {took:?}");
        let (_, answer) = world.answers().next().expect("an answer");
        let Ok(Told::BatchAck(ack)) = answer.as_ref().map(|m| &m.told) else { panic!("{answer:?}") };
        assert_eq!(ack.results.len(), adds as usize);
        let last = ack.results[adds as usize - 1].outcome.as_ref().expect("ok").as_ref().expect("an event");
        assert_eq!(last.event, event(adds - 1));
        let counters = world.line.counters();
        let parts = u64::try_from(adds).expect("few") * 130 / 680;
        assert!(counters.sent < parts * 2 + 60, "{adds} adds took {counters:?}");
        println!("{adds}: {took:?} {counters:?}");
    }
}
