//! What a bad network, a desk that goes and a desk that comes back do to the line.

use super::*;

fn done(world: &World, name: &str) -> usize {
    world.desk.done.iter().filter(|(.., request)| request.name() == name).count()
}

/// The events of a unit as the scripted desk has them.
fn events(count: u32) -> Vec<serde_json::Value> {
    (1..=count).map(|idx| event_json(idx, &event(i64::from(idx)))).collect()
}

#[test]
fn every_request_is_answered_exactly_once_whatever_the_network_does() {
    for seed in 0..1000 {
        let mut world = World::new(seed, BAD);
        world.desk.inbound = if seed % 2 == 0 { 0 } else { 9999 };
        world.desk.events.insert(UNIT, events(40));
        let mut asked = vec![];
        for n in 0..4 {
            asked.push(world.line.ask(world.now, Request::GetTimecodes));
            asked.push(world.line.ask(world.now, batch(12 + n)));
            asked.push(world.line.ask(world.now, hook()));
        }
        let all = world.run(60 * SECOND, |world| world.answers().count() >= 12);
        assert!(all, "seed {seed}: {} of 12 answers in 60 s, {:?}", world.answers().count(), world.line.counters());
        world.go(2 * SECOND);
        let mut answers = BTreeMap::new();
        for (req, result) in world.answers() {
            let message = result.as_ref().unwrap_or_else(|e| panic!("seed {seed}: {e}"));
            assert!(answers.insert(*req, message.clone()).is_none(), "seed {seed}: {req:?} was answered twice");
        }
        assert_eq!(answers.keys().copied().collect::<Vec<_>>(), asked, "seed {seed}");
        assert_eq!((done(&world, "Batch"), done(&world, "GetTimecodes")), (4, 4), "seed {seed}: each was done once");
        for (three, n) in asked.chunks(3).zip(12..) {
            let told = |at: usize| &answers[&three[at]].told;
            assert!(matches!(told(0), Told::Timecodes(_)), "seed {seed}");
            assert!(matches!(told(1), Told::BatchAck(ack) if ack.results.len() == n), "seed {seed}");
            assert!(matches!(told(2), Told::Hooked(content) if content.events.len() == 40), "seed {seed}");
        }
        assert_eq!(world.line.open(), 0, "seed {seed}");
    }
}

#[test]
fn a_long_batch_arrives_through_a_bad_network() {
    for loss in [5, 20, 50] {
        let mut world = World::new(loss, Faults { loss, double: 5, reorder: 25, delay: 20 });
        world.connect();
        let began = world.now;
        world.line.ask(world.now, batch(2000));
        world.line.ask(world.now, Request::GetTimecodes);
        assert!(world.run(began + 60 * SECOND, |world| world.answers().count() == 2), "{loss} %");
        let took = world.now - began;
        assert!(took < 20 * SECOND, "{loss} %: {took:?} {:?}", world.line.counters());
        assert!(world.answers().all(|(_, result)| result.is_ok()), "{loss} %");
        assert_eq!(done(&world, "Batch"), 1);
        let estimate = world.line.loss();
        assert!(estimate > 0.02, "{loss} % lost, {estimate} told");
    }
}

#[test]
fn a_request_goes_on_after_the_desk_was_away_and_had_forgotten_us() {
    for (cut, away) in [((true, true), 6), ((true, true), 15), ((true, false), 15), ((false, true), 15)] {
        let mut world = World::new(7, Faults::default());
        world.connect();
        world.go(SECOND);
        world.heard.clear();
        world.cut = cut;
        world.line.ask(world.now, batch(40));
        world.go(away * SECOND);
        assert_eq!(world.answers().count(), 0);
        world.cut = (false, false);
        let until = world.now + 2 * SECOND;
        assert!(world.run(until, |world| world.answers().count() == 1), "{cut:?} {away} s: within 2 s of being back");
        assert!(world.answers().all(|(_, result)| result.is_ok()), "{:?}", world.answers().next());
        world.go(3 * SECOND);
        assert_eq!((world.answers().count(), done(&world, "Batch")), (1, 1), "{cut:?} {away} s: once");
        let links = links(&world);
        assert_eq!((links.first(), links.last()), (Some(&LinkState::Lost), Some(&LinkState::Connected)), "{cut:?}");
        assert!(!world.heard.iter().any(|(_, heard)| matches!(heard, Heard::Epoch(_))), "the same epoch");
    }
}

#[test]
fn a_desk_that_is_away_for_a_minute_is_no_longer_waited_for() {
    let mut world = World::new(1, Faults::default());
    world.connect();
    world.cut = (true, true);
    let req = world.line.ask(world.now, hook());
    world.go(70 * SECOND);
    let answers: Vec<_> = world.answers().collect();
    assert_eq!(answers.len(), 1);
    assert!(matches!(answers[0], (id, Err(e)) if *id == req && e.code == ErrorCode::Lost), "{answers:?}");
    assert_eq!(world.line.state(), LinkState::Lost);
    let sent = world.line.counters().sent;
    world.go(10 * SECOND);
    let hellos = world.line.counters().sent - sent;
    assert!((15..=30).contains(&hellos), "half a second apart: {hellos}");
}

#[test]
fn a_new_epoch_voids_what_was_known_and_the_line_comes_back_by_itself() {
    for announce in [true, false] {
        let mut world = World::new(3, Faults::default());
        world.connect();
        world.go(SECOND);
        world.heard.clear();
        world.desk.work = 5 * SECOND;
        let req = world.line.ask(world.now, batch(3));
        world.go(SECOND);
        world.desk.restart(world.now, announce);
        let until = world.now + 5 * SECOND;
        let back = world.run(until, |world| links(world).last() == Some(&LinkState::Connected));
        assert!(back, "announced {announce}: {:?}", links(&world));
        let told: Vec<&Heard> =
            world.heard.iter().map(|(_, heard)| heard).filter(|h| !matches!(h, Heard::Digest(_))).collect();
        assert!(matches!(told[0], Heard::Link(LinkState::Lost)), "{told:?}");
        assert!(matches!(told[1], Heard::Epoch(epoch) if epoch == "00000000000000e1"), "{told:?}");
        assert!(
            matches!(told[2], Heard::Answer { req: id, result: Err(e) } if *id == req && e.code == ErrorCode::Epoch),
            "{told:?}"
        );
        assert!(matches!(told[3], Heard::Link(LinkState::Connected)), "{told:?}");
        assert_eq!(told.len(), 4, "{told:?}");
        let again = world.line.ask(world.now, hook());
        world.go(SECOND);
        assert!(world.answers().any(|(id, result)| *id == again && result.is_ok()));
    }
}

#[test]
fn what_is_left_of_an_old_epoch_is_not_believed() {
    let mut world = World::new(3, Faults::default());
    world.connect();
    world.desk.restart(world.now, true);
    world.go(2 * SECOND);
    assert_eq!(world.line.epoch(), Some("00000000000000e1"));
    world.heard.clear();
    let late = json!({"v": 1, "to": format!("{CLIENT:016x}"), "type": "track", "change": "renamed", "name": "OLD", "epoch":
        "00000000000000e0", "seq": 900, "tc": 1, "tg": 1, "track": 1, "range": 1, "sub": 1, "rev": 5, "hash": "00000000000000aa"});
    let bytes = crate::osc::codec::encode_text("/tracklight/desk", &late.to_string());
    let stale = world.line.counters().stale;
    world.line.hear(world.now, core::net::SocketAddrV4::new(desk::IP, 1), &bytes);
    assert_eq!((world.line.take_heard(), world.line.counters().stale), (vec![], stale + 1));
    assert_eq!(world.line.epoch(), Some("00000000000000e1"));
}

#[test]
fn a_change_is_told_once_and_acknowledged_each_time_it_comes() {
    let mut world = World::new(5, Faults::default());
    world.connect();
    world.heard.clear();
    let at = |rev: u64, hash: &str| {
        json!({"tc": 101, "tg": 1, "track": 2, "range": 1, "sub": 1, "guid": "aa", "rev": rev, "hash": hash,
            "changes": {"added_count": 0, "deleted_count": 1, "moved_count": 0, "retimed_count": 0, "changed_count": 0},
            "rev_from": rev - 1})
    };
    let mut lists = at(2, "00000000000000bb");
    for (name, value) in [("added", json!([])), ("deleted", json!([4])), ("moved", json!([])), ("retimed", json!([]))] {
        lists[name] = value;
    }
    lists["changed"] = json!([]);
    world.faults.double = 100;
    let sent = world.line.counters().sent;
    world.desk.notice(world.now, CLIENT, "track.changed", lists, ("", vec![]));
    world.go(MS * 100);
    world.faults.double = 0;
    let notices = |world: &World| {
        let told = world.heard.iter().filter_map(|(_, heard)| match heard {
            Heard::Notice(message) => Some(message.clone()),
            _ => None,
        });
        told.collect::<Vec<_>>()
    };
    let told = notices(&world);
    assert_eq!(told.len(), 1, "once");
    assert_eq!((told[0].unit, told[0].rev), (Some(UNIT), Some(2)));
    let Told::Changed(changed) = &told[0].told else { panic!("{told:?}") };
    assert!(matches!(&changed.difference, Difference::Lists { deleted, .. } if *deleted == [4]));
    assert_eq!(world.line.counters().sent, sent + 2, "acknowledged twice");
    // Two long ones at a time: the newer overtakes the older.
    world.faults.loss = 60;
    world.desk.notice(world.now, CLIENT, "track.changed", at(3, "00000000000000cc"), ("events", events(100)));
    world.go(MS * 20);
    world.faults.loss = 0;
    world.desk.notice(world.now, CLIENT, "track.changed", at(4, "00000000000000dd"), ("events", events(90)));
    world.go(3 * SECOND);
    let told = notices(&world);
    assert_eq!(told.iter().map(|m| m.rev).collect::<Vec<_>>(), [Some(2), Some(4)]);
    assert!(
        matches!(&told[1].told, Told::Changed(c) if matches!(&c.difference, Difference::Whole(e) if e.len() == 90))
    );
}

#[test]
fn an_inbound_port_is_used_and_left_where_nothing_gets_through() {
    let mut world = World::new(5, Faults::default());
    world.desk.inbound = 7777;
    world.connect();
    let before = world.desk.commands;
    world.line.ask(world.now, hook());
    world.go(SECOND);
    assert!(world.desk.inbound_taken > 0 && world.desk.commands == before, "all by the port");
    // Something closes the port: requests go by the command line again.
    world.desk.inbound = 1;
    world.line.ask(world.now, batch(40));
    let until = world.now + 3 * SECOND;
    assert!(world.run(until, |world| world.answers().count() == 2));
    world.go(10 * SECOND);
    assert_eq!(world.line.state(), LinkState::Connected);
    let started = world.now;
    world.line.ask(world.now, hook());
    assert!(world.run(started + SECOND, |world| world.answers().count() == 3));
    assert!(world.now - started < 100 * MS, "without trying the port first: {:?}", world.now - started);
}

#[test]
fn a_cancelled_question_is_not_answered() {
    let mut world = World::new(5, Faults::default());
    world.connect();
    world.desk.work = SECOND;
    let (one, two) = (world.line.ask(world.now, batch(2)), world.line.ask(world.now, batch(3)));
    world.go(MS * 500);
    world.line.cancel(one);
    world.go(2 * SECOND);
    assert_eq!(world.answers().map(|(id, _)| *id).collect::<Vec<_>>(), [two]);
}

#[test]
fn the_link_ends_with_a_goodbye_and_another_desk_begins_anew() {
    let mut world = World::new(5, Faults::default());
    world.connect();
    let open = world.line.ask(world.now, hook());
    world.line.configure(&crate::model::DeskConfig { on: false, ..config() }, *world::HERE.ip(), 9000);
    world.go(SECOND);
    assert!(world.desk.clients.is_empty(), "the desk was told");
    assert_eq!((world.line.state(), links(&world).last()), (LinkState::Off, Some(&LinkState::Off)));
    assert!(world.answers().any(|(id, result)| *id == open && result.is_err()));
    world.line.configure(&config(), *world::HERE.ip(), 9000);
    world.connect();
    world.line.close();
    world.go(SECOND);
    assert!(world.desk.clients.is_empty());
}
