//! The line against the pocket desk, which runs the plug-in as it is shipped.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::super::{Line, Message, ReqId};
use super::world::{Dice, Faults, SECOND};
use super::*;
use crate::model::DeskConfig;
use crate::osc::ma3::plugin;
use crate::osc::ma3::pocket::{Act, Desk, Options};
use crate::osc::ma3::protocol::{DeskError, ErrorCode};
use core::net::{Ipv4Addr, SocketAddrV4};

const HERE: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9000);
const TRACK: Unit = Unit { tc: 101, tg: 1, track: 1, range: 1, sub: 1 };

type Flying = BinaryHeap<Reverse<(Duration, u64, SocketAddrV4, Vec<u8>)>>;

/// The line, a pocket desk and a bad network between them.
struct Rig {
    now: Duration,
    line: Line,
    desk: Desk,
    faults: Faults,
    cut: bool,
    dice: Dice,
    heard: Vec<Heard>,
    flying: Flying,
    count: u64,
}

impl Rig {
    fn new(seed: u64, faults: Faults, options: Options, installed: bool) -> Self {
        let mut desk = Desk::new(Options { seed, ..options });
        if installed {
            let components: Vec<(&str, &str)> = plugin::components().collect();
            desk.install(&components).expect("the plug-in loads");
            desk.person(Act::Save(String::new())).expect("saved");
        }
        let mut line = Line::new(0xabc0 + seed, "Front of house");
        line.configure(&DeskConfig { on: true, ..DeskConfig::default() }, *HERE.ip(), HERE.port());
        let (dice, heard, flying) = (Dice(seed), vec![], BinaryHeap::new());
        Self { now: SECOND, line, desk, faults, cut: false, dice, heard, flying, count: 0 }
    }

    fn calm() -> Self {
        Self::new(1, Faults::default(), Options::default(), true)
    }

    fn fly(&mut self, to: SocketAddrV4, bytes: Vec<u8>) {
        let Faults { loss, double, reorder, delay } = self.faults;
        let copies = if self.dice.percent(double) { 2 } else { 1 };
        for _ in 0..copies {
            if self.cut || self.dice.percent(loss) {
                continue;
            }
            let late = if self.dice.percent(reorder) { self.dice.below(60) } else { 0 };
            let when = self.now + Duration::from_micros(100 + 1000 * (delay + late));
            self.count += 1;
            self.flying.push(Reverse((when, self.count, to, bytes.clone())));
        }
    }

    /// Go on for so long, or until `enough` says so. Returns whether it did.
    fn run(&mut self, time: Duration, mut enough: impl FnMut(&Rig) -> bool) -> bool {
        let until = self.now + time;
        loop {
            let wake = self.line.tick(self.now);
            for datagram in self.line.take_out() {
                self.fly(datagram.to, datagram.bytes);
            }
            self.heard.extend(self.line.take_heard());
            let desk = self.desk.tick(self.now);
            for datagram in self.desk.take_outgoing() {
                self.fly(datagram.to, datagram.bytes);
            }
            if enough(self) {
                return true;
            }
            if self.now >= until {
                return false;
            }
            let next = [wake, desk, self.flying.peek().map(|Reverse((when, ..))| *when)];
            let next = next.into_iter().flatten().min().unwrap_or(until);
            self.now = next.max(self.now + Duration::from_micros(50)).min(until);
            while self.flying.peek().is_some_and(|Reverse((when, ..))| *when <= self.now) {
                let Some(Reverse((_, _, to, bytes))) = self.flying.pop() else { break };
                match to.port() {
                    9000 => self.line.hear(self.now, SocketAddrV4::new(Ipv4Addr::LOCALHOST, 4242), &bytes),
                    port if port == self.desk.options().osc_port => self.desk.osc(&bytes, HERE),
                    port => self.desk.udp(port, &bytes, HERE),
                }
            }
        }
    }

    fn answer(&self, id: ReqId) -> Option<&Result<Message, DeskError>> {
        self.heard.iter().find_map(|heard| match heard {
            Heard::Answer { req, result } if *req == id => Some(result),
            _ => None,
        })
    }

    fn ask(&mut self, request: Request) -> Result<Message, DeskError> {
        let name = request.name();
        let id = self.line.ask(self.now, request);
        assert!(self.run(40 * SECOND, |rig| rig.answer(id).is_some()), "{name} is answered");
        self.answer(id).expect("it is there").clone()
    }

    fn connected(&mut self, within: Duration) -> bool {
        self.heard.clear();
        self.run(within, |rig| rig.heard.contains(&Heard::Link(LinkState::Connected)))
    }

    fn add(&self, base: &Message, adds: i64, from: i64) -> Request {
        let plain = |n: i64| DeskEvent { token: "Go+".into(), cue: "".into(), ..event(from + n) };
        Request::Batch {
            unit: TRACK,
            guid: Some(base.guid.clone()),
            base: base.hash.clone().expect("a hash"),
            label: "Tracklight: 'push' \"x\" %s".into(),
            ops: (0..adds).map(|n| Op::Add(plain(n))).collect(),
            take: false,
        }
    }
}

#[test]
fn the_shipped_plug_in_answers_every_question() {
    let mut rig = Rig::calm();
    assert!(rig.connected(5 * SECOND), "{}", rig.line.reason());
    let mut ask = |request| rig.ask(request).expect("an answer").told;
    assert!(matches!(ask(Request::GetTimecodes), Told::Timecodes(list) if list[0].tc == 101));
    assert!(matches!(ask(Request::GetTrackGroups { tc: 101 }), Told::TrackGroups { tc: 101, .. }));
    let tracks = ask(Request::GetTracks { tc: 101, tg: 1 });
    assert!(matches!(&tracks, Told::Tracks { items, .. } if items[0].name == "BEAM" && items[0].target == 201));
    assert!(matches!(ask(Request::GetSequences { sequence: None }), Told::Sequences(list) if list[0].sequence == 201));
    assert!(matches!(ask(Request::GetSequences { sequence: Some(201) }), Told::Cues { sequence: 201, .. }));
    assert!(matches!(ask(Request::Hook { unit: TRACK, guid: None }), Told::Hooked(_)));
    assert!(
        matches!(ask(Request::Status), Told::Status(status) if status.units.len() == 1 && status.clients.len() == 1)
    );
    assert!(matches!(ask(Request::SetDebounceDelay { seconds: 0.1, max: Some(0.5) }), Told::Status(_)));
    assert!(matches!(ask(Request::UnhookAll), Told::Status(status) if status.units.is_empty()));
    let at = TRACK.track_at();
    assert!(
        matches!(ask(Request::PrepareTrackForEvents { at, guid: None }), Told::TrackPrepared(made) if made.target == 201)
    );
    let to = Request::AssignTrackSequence { at, sequence: 202, guid: None };
    assert!(matches!(ask(to), Told::TrackAssigned { target: 202 }));
    let cue = |cue: &str| CueItem { cue: cue.into(), name: "It's a \"cue\" | 🎛".into() };
    let made = ask(Request::CreateCues { sequence: 202, cues: vec![cue("77.5")] });
    assert!(matches!(made, Told::CuesCreated { sequence: 202, items } if items == [cue("77.5")]));
    let name = "It's a \"track\" | $x %d é";
    let create = Request::CreateTrack {
        tc: 103,
        tg: None,
        name: name.into(),
        sequence: 201,
        guid: None,
        note: Some("tl:1".into()),
    };
    assert!(matches!(ask(create), Told::TrackCreated(made) if made.created && made.name == name));
    let error = rig.ask(Request::GetTracks { tc: 999, tg: 1 }).expect_err("there is none");
    assert_eq!(error.code, ErrorCode::Missing, "{error}");
    assert_eq!(rig.line.counters().malformed, 0);
}

#[test]
fn pushes_arrive_whole_and_in_time() {
    for (adds, most) in [(215, SECOND), (5000, 10 * SECOND)] {
        let mut rig = Rig::calm();
        assert!(rig.connected(5 * SECOND));
        let hooked = rig.ask(Request::Hook { unit: TRACK, guid: None }).expect("hooked");
        let began = rig.now;
        let request = rig.add(&hooked, adds, 0);
        let acked = rig.ask(request).expect("written");
        assert!(rig.now - began < most, "{adds} took {:?}", rig.now - began);
        assert!(matches!(&acked.told, Told::BatchAck(ack) if ack.ok && ack.results.len() == adds as usize));
        let events = rig.ask(Request::GetEvents { unit: TRACK, guid: None }).expect("read");
        assert!(matches!(&events.told, Told::Events(content) if content.events.len() == adds as usize));
        assert_eq!(events.hash, acked.hash);
    }
}

#[test]
fn a_bad_network_a_long_absence_a_reload_and_a_restart_are_got_over() {
    for seed in 1..=8 {
        let mut rig = Rig::new(seed, BAD, Options::default(), true);
        assert!(rig.connected(20 * SECOND), "seed {seed}");
        let hooked = rig.ask(Request::Hook { unit: TRACK, guid: None }).expect("hooked");
        let request = rig.add(&hooked, 60, 0);
        let acked = rig.ask(request).expect("written");
        // The lease runs out with a question open; it is done once all the same.
        rig.cut = true;
        let request = rig.add(&acked, 20, 1000);
        let open = rig.line.ask(rig.now, request);
        rig.run(15 * SECOND, |_| false);
        rig.cut = false;
        assert!(rig.run(10 * SECOND, |rig| rig.answer(open).is_some()), "seed {seed}");
        assert!(rig.answer(open).expect("there").is_ok(), "seed {seed}: {:?}", rig.answer(open));
        assert_eq!(rig.desk.events(101, 1, 1).len(), 80, "seed {seed}");
        rig.desk.person(Act::Save(String::new())).expect("saved");
        rig.desk.reload_plugins();
        assert!(rig.connected(10 * SECOND), "seed {seed}: after a reload");
        assert!(rig.heard.iter().any(|heard| matches!(heard, Heard::Epoch(_))), "seed {seed}");
        rig.desk.restart();
        assert!(rig.connected(10 * SECOND), "seed {seed}: after a restart");
        let again = rig.ask(Request::Hook { unit: TRACK, guid: None }).expect("hooked");
        assert_eq!(again.hash, rig.ask(Request::GetEvents { unit: TRACK, guid: None }).expect("read").hash);
        assert!(matches!(&again.told, Told::Hooked(content) if content.events.len() == 80), "seed {seed}");
    }
}

/// proves: D16
#[test]
fn the_self_test_names_what_is_wrong_with_a_true_desk() {
    let test = |options: Options, installed: bool| {
        let mut rig = Rig::new(1, Faults::default(), options, installed);
        rig.run(SECOND, |_| false);
        rig.line.start_self_test(rig.now);
        rig.run(4 * SECOND, |_| false);
        rig.line.self_test().iter().map(|line| format!("{:?} {}\n", line.ok, line.text)).collect::<String>()
    };
    let well = test(Options::default(), true);
    assert!(well.contains("Some(true) the desk answers at 127.0.0.1:8000") && !well.contains("Some(false)"), "{well}");
    let prefix = test(Options { prefix: "gma3".into(), ..Options::default() }, true);
    assert!(prefix.contains("Some(false) the desk answers with prefix \"gma3\": set it"), "{prefix}");
    for silent in [
        test(Options { receive_command: false, ..Options::default() }, true),
        test(Options { osc_input: false, ..Options::default() }, true),
        test(Options { osc_port: 8005, ..Options::default() }, true),
        test(Options::default(), false),
    ] {
        assert!(silent.contains("Some(false) no answer from 127.0.0.1:8000"), "{silent}");
        for hint in ["A wrong port", "Enable Input", "Receive Command", "plug-in installed", "firewall"] {
            assert!(silent.contains(hint), "{hint} in {silent}");
        }
    }
    // The desk has no way to say whether it is the master: the question is put to the person.
    assert!(well.contains("None is station \"onPC\" the master of its session?"), "{well}");
}
