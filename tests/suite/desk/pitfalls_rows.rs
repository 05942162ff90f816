//! Pitfalls that make whole rows of the list of features, through the whole chain.

use std::time::Duration;

use tracklight::model::{Choice, Command, DeskVerb, LinkState, Mapping, MappingState, TrackName, Uid};
use tracklight::osc::ma3::pocket::options::Quantise;
use tracklight::osc::ma3::pocket::{Act, Faults, Options, Path};
use tracklight::osc::ma3::protocol::base64;

use super::pitfalls::{add, change, errors};
use super::rig::{SECOND, World, at, beam, name};

/// F16, F17. The desk's debounce is 0.2 s, its longest wait 1 s.
///
/// proves: D5
#[test]
fn a_drag_of_200_callbacks_is_few_messages_and_ends_at_the_right_place() {
    let mut world = World::in_step(Options::default());
    world.apps[0].put(&[(Uid(1), at(SECOND, "a")), (Uid(2), at(2 * SECOND, "b"))]);
    world.assert_equal_within(1000, "put");
    world.run(1000);
    let (callbacks, taken) = (world.desk.counts().callbacks, world.apps[0].taken);
    world.tape = Some(vec![]);
    let lasts = Duration::from_secs(4);
    world.desk.person(Act::Drag { track: "101.1.1".into(), event: 1, seconds: 9.0, steps: 200, lasts }).unwrap();
    world.run(5000);
    assert!(world.desk.counts().callbacks - callbacks >= 200);
    let tape = world.tape.take().unwrap();
    let told: Vec<Duration> = tape
        .iter()
        .filter(|(_, port, bytes)| *port == 9000 && String::from_utf8_lossy(bytes).contains("\"retimed_count\""))
        .map(|(when, ..)| *when)
        .collect();
    assert!((2..=8).contains(&told.len()), "{} messages of the drag", told.len());
    assert!(told.windows(2).all(|two| two[1] - two[0] >= Duration::from_millis(195)), "{told:?}");
    // Pings and all, both ways.
    assert!(tape.len() <= 5 * 200 / 10, "{} datagrams", tape.len());
    assert!(world.apps[0].taken - taken <= told.len(), "{} edits here", world.apps[0].taken - taken);
    world.assert_equal_within(500, "the end of the drag");
    assert_eq!(world.apps[0].session.layers["Beam"].get(Uid(1)).unwrap().ticks, 9 * SECOND, "the same event");
    // Another window of silence, and other numbers.
    world.desk.lua("TL.SetDebounceDelay(0.6, 2)").unwrap();
    world.run(500);
    let began = world.now;
    world.desk.person(Act::Move { track: "101.1.1".into(), event: 1, seconds: 3.0 }).unwrap();
    world.run(5);
    world.until(3000, World::is_equal);
    let took = world.now - began;
    assert!((Duration::from_millis(600)..Duration::from_millis(900)).contains(&took), "{took:?}");
}

/// F11, F12, F13.
///
/// proves: D6
#[test]
fn any_tick_up_to_255_hours_goes_both_ways_to_the_bit() {
    let mut world = World::in_step(Options::default());
    let limit = (255 * 3600 + 59 * 60 + 58) * SECOND;
    let mut chance = 88_172_645_463_325_252_u64;
    let mut random = || {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        (chance % limit as u64) as i64
    };
    // Nothing, a tick, 4 ms (what a guess of units takes for hours), both sides of 2^31 and 2^32 and 2^43, the last one.
    let edges = [0, 1, 67_108, 86_399, 86_400, 86_401, (1 << 31) - 1, 1 << 31, (1 << 32) + 1, (1 << 43) + 1, limit];
    let times: Vec<i64> = edges.into_iter().chain((0..200).map(|_| random())).collect();
    let puts: Vec<_> = (1..).zip(&times).map(|(n, ticks)| (Uid(n), at(*ticks, &format!("o{n}")))).collect();
    world.apps[0].put(&puts);
    world.assert_equal_within(3000, "to the desk");
    let mut wanted = times.clone();
    wanted.sort_unstable();
    assert_eq!(world.events().iter().map(|event| event.ticks).collect::<Vec<_>>(), wanted);
    // The other way, written by somebody else's Lua.
    world.apps[0].put(&(1..=times.len() as u64).map(|n| (Uid(n), None)).collect::<Vec<_>>());
    world.assert_equal_within(3000, "emptied");
    for (n, ticks) in times.iter().enumerate() {
        let chunk = format!(
            "local sub = DataPool().Timecodes[101][1][2][1][1] local event = sub:Acquire('CmdEvent') \
             event:Set('RawTime', {ticks}) event:Set('Name', 'd{n}')"
        );
        world.desk.lua(&chunk).unwrap();
    }
    world.assert_equal_within(3000, "from the desk");
    let events = &world.apps[0].session.layers["Beam"].events;
    assert_eq!(events.iter().map(|entry| entry.event.ticks).collect::<Vec<_>>(), wanted);
    // And through a file and a new life: not one of them is taken for another.
    let before = world.contents();
    let taken = world.apps[0].taken;
    world.desk.person(Act::Save(String::new())).unwrap();
    world.crash(0);
    world.run(10);
    world.assert_equal_within(3000, "a new life");
    assert_eq!((world.contents(), world.apps[0].contents()), (before.clone(), before));
    assert!(taken > 0 && world.apps[0].taken == 0, "nothing is taken again");
}

/// F55.
///
/// proves: D6
#[test]
fn other_ranges_and_fader_sub_tracks_are_never_touched() {
    let mut world = World::in_step(Options::default());
    world
        .desk
        .lua(
            "local track = DataPool().Timecodes[101][1][2] \
             local first = track:Children()[1] local fader = first:Append('FaderSubTrack') \
             local point = fader:Acquire('FaderEvent') point:Set('RawTime', 5 * 16777216) \
             local range = track:Append('TimeRange') range:Set('Start', 1000 * 16777216) \
             range:Append('FaderSubTrack') local sub = range:Append('CmdSubTrack') \
             local event = sub:Acquire('CmdEvent') event:Set('RawTime', 7 * 16777216) event:Set('Name', 'theirs')",
        )
        .unwrap();
    let faders = "local track = DataPool().Timecodes[101][1][2] local out = '' \
                  for _, range in ipairs(track:Children()) do for _, sub in ipairs(range:Children()) do \
                  if sub:GetClass() == 'FaderSubTrack' then out = out .. #sub .. ':' \
                  for _, event in ipairs(sub:Children()) do out = out .. tostring(event:Get('RawTime')) .. ',' end end \
                  end end return out";
    world.run(1500);
    let before = world.desk.lua(faders).unwrap();
    assert!(before.contains(&(5 * SECOND).to_string()), "{before}");
    assert_eq!(world.desk.events_in(101, 1, 1, 2, 1).len(), 1);
    assert_eq!(world.apps[0].contents().len(), 0, "what is on the second range is not ours");
    // A second instance has the second range; its times are those of the timecode.
    let second = Mapping { range: 2, accepted: true, ..beam() };
    let mut session = super::rig::App::session(second);
    session.perform(&Command::AcceptMapping(name("Beam"))).unwrap();
    let other = world.start("other", session);
    world.run(2500);
    assert_eq!(world.apps[other].state(), MappingState::Synced, "{:?}", world.apps[other].status());
    assert_eq!(world.apps[other].contents()["theirs"][0].0, 1007 * SECOND, "{:?}", world.apps[other].contents());
    for n in 1..=12_u64 {
        world.apps[0].put(&[(Uid(n), at(n as i64 * SECOND, &format!("a{n}")))]);
        world.apps[other].put(&[(Uid(100 + n), at((1000 + n as i64) * SECOND + 3, &format!("b{n}")))]);
        world.run(200);
        match n % 3 {
            0 => {
                world.apps[0].put(&[(Uid(n - 1), None)]);
                world.apps[other].put(&[(Uid(100 + n - 1), None)]);
            }
            1 => world.desk.person(Act::Move { track: "101.1.1".into(), event: 1, seconds: 50.5 }).unwrap(),
            _ => {}
        }
        world.run(200);
    }
    world.assert_equal_within(2000, "the first range");
    world.run(2000);
    let there: Vec<_> = world.desk.events_in(101, 1, 1, 2, 1).into_iter().map(|e| (e.abs, e.name)).collect();
    let layer = &world.apps[other].session.layers["Beam"].events;
    let ours: Vec<_> = layer.iter().map(|entry| (entry.event.ticks, entry.event.name.to_string())).collect();
    assert_eq!((ours.len(), &ours), (9, &there));
    assert!(there.iter().any(|(abs, text)| (*abs, text.as_str()) == (1003 * SECOND + 3, "b3")));
    assert_eq!(world.desk.lua(faders).unwrap(), before, "the faders are as they were");
}

/// F44, F45.
///
/// proves: D17
#[test]
fn names_from_hell_travel_both_ways_and_nothing_breaks_out() {
    for udp_bind in [true, false] {
        let mut world = World::in_step(Options { udp_bind, ..Options::default() });
        let long = "\u{1f600}".repeat(200);
        let hell = [
            "\"",
            "'",
            "\\",
            "\\\\\"",
            "a|b,c;d",
            "100%",
            "%s%n%d%%",
            "$name",
            "${x}",
            "') os.exit() --",
            "\") Delete Timecode 101 --",
            "\"; Off Sequence Thru; \"",
            "]]",
            "<&>",
            "\u{1f3b5}\u{202e}e\u{301}",
            "'\"`\"'",
            long.as_str(),
        ];
        let objects = world.desk.counts().objects;
        let puts: Vec<_> = (1..)
            .zip(hell)
            .map(|(n, text)| {
                let event = at(n as i64 * SECOND, text).unwrap();
                let (cmd, note) = (text.into(), text.into());
                (Uid(n), Some(tracklight::model::LayerEvent { cmd, note, ..(*event).clone() }.into()))
            })
            .collect();
        world.apps[0].put(&puts);
        world.assert_equal_within(2000, "to the desk");
        let there: Vec<_> = world.events().into_iter().map(|e| (e.name, e.cmd, e.note)).collect();
        assert_eq!(there, hell.map(|text| (text.to_owned(), text.to_owned(), text.to_owned())));
        assert_eq!(world.desk.counts().objects, objects + hell.len(), "nothing else was made or deleted");
        // The other way, by hand.
        world.apps[0].put(&(1..=hell.len() as u64).map(|n| (Uid(n), None)).collect::<Vec<_>>());
        world.assert_equal_within(2000, "emptied");
        for (n, text) in hell.iter().enumerate() {
            world.desk.person(add(n as f64, text)).unwrap();
            world.desk.person(change(n + 1, "Note", text)).unwrap();
        }
        world.assert_equal_within(2000, "from the desk");
        let here: Vec<_> = world.apps[0].session.layers["Beam"]
            .events
            .iter()
            .map(|entry| (entry.event.name.to_string(), entry.event.note.to_string()))
            .collect();
        assert_eq!(here, hell.map(|text| (text.to_owned(), text.to_owned())));
        // The names of tracks, of what is made, and of ourselves.
        for text in hell {
            world.desk.person(Act::Rename { at: "101.1.1".into(), name: text.into() }).unwrap();
            world.run(1500);
            let shown = world.apps[0].status().track.unwrap_or_default();
            assert_eq!(&*shown, format!("101.1.1 {text}"));
        }
        assert_eq!(errors(&world), [""; 0]);
        assert_eq!(world.desk.tracks().len(), 2);
    }
}

/// F57.
///
/// proves: D8
#[test]
fn both_orders_of_undo_end_equal_each_one_step() {
    for desk_first in [true, false] {
        let mut world = World::in_step(Options::default());
        let base = [(Uid(1), at(SECOND, "a")), (Uid(2), at(2 * SECOND, "b")), (Uid(3), at(3 * SECOND, "c"))];
        world.apps[0].put(&base);
        world.assert_equal_within(1000, "base");
        let before = world.contents();
        world.apps[0].put(&[(Uid(1), at(9 * SECOND, "a")), (Uid(2), None), (Uid(4), at(4 * SECOND, "d"))]);
        world.assert_equal_within(1000, "a batch");
        let after = world.contents();
        let (steps, taken) = (world.desk.counts().undo, world.apps[0].taken);
        if desk_first {
            // Oops of our batch is one edit here; our undo after it has nothing left to take back.
            world.desk.person(Act::Oops).unwrap();
            world.run(50);
            world.assert_equal_within(1500, "Oops of our batch");
            assert_eq!((world.contents(), world.apps[0].taken), (before.clone(), taken + 1));
            world.apps[0].undo();
            world.assert_equal_within(1500, "our undo after it");
            assert_eq!((world.contents(), world.apps[0].taken), (before, taken + 1));
        } else {
            // Our undo is one batch there; its Oops is one edit here.
            world.apps[0].undo();
            world.assert_equal_within(1500, "our undo");
            assert_eq!((world.contents(), world.desk.counts().undo), (before.clone(), steps + 1));
            world.run(500);
            let taken = world.apps[0].taken;
            world.desk.person(Act::Oops).unwrap();
            world.run(50);
            world.assert_equal_within(1500, "Oops of our undo");
            assert_eq!((world.contents(), world.apps[0].taken), (after, taken + 1));
            world.desk.person(Act::Oops).unwrap();
            world.run(50);
            world.assert_equal_within(1500, "Oops of our batch");
            assert_eq!((world.contents(), world.apps[0].taken), (before, taken + 2));
        }
    }
}

/// F34.
///
/// proves: D8
#[test]
fn one_of_five_hundred_is_one_op_and_one_step() {
    let mut world = World::in_step(Options::default());
    let puts: Vec<_> = (1..=500).map(|n| (Uid(n), at(n as i64 * SECOND / 4, &format!("e{n}")))).collect();
    world.apps[0].put(&puts);
    world.assert_equal_within(5000, "put");
    world.run(1000);
    let (steps, callbacks) = (world.desk.counts().undo, world.desk.counts().callbacks);
    world.tape = Some(vec![]);
    world.apps[0].put(&[(Uid(250), at(1, "e250"))]);
    world.assert_equal_within(1000, "one of them");
    let tape = world.tape.take().unwrap();
    let ops: usize = (tape.iter().filter(|(_, port, _)| *port == 8000))
        .filter_map(|(.., bytes)| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let request = base64::decode(text.split('\'').nth(1)?)?;
            Some(String::from_utf8(request).unwrap().matches("\"o\":\"").count())
        })
        .sum();
    assert_eq!((ops, world.desk.counts().undo), (1, steps + 1));
    assert!(world.desk.counts().callbacks - callbacks <= 2, "one write there");
}

/// Each state reached and left.
#[test]
fn a_mapping_is_in_each_state_and_leaves_it() {
    use MappingState::{Diverged, Error, Held, Pending, Synced, Unmapped, Waiting};
    let mut world = World::new(Options::default(), beam());
    let until = |world: &mut World, state: MappingState| {
        world.until(8000, |world| world.apps[0].state() == state);
        assert_eq!(world.apps[0].state(), state, "{:?}", world.apps[0].status());
    };
    assert_eq!(world.apps[0].state(), Unmapped, "not looked at yet");
    // Not accepted: it takes what the desk has and writes nothing.
    until(&mut world, Pending);
    until(&mut world, Synced);
    world.desk.person(add(2.0, "theirs")).unwrap();
    world.run(20);
    world.assert_equal_within(1500, "from the desk");
    world.apps[0].put(&[(Uid(1), at(SECOND, "a"))]);
    until(&mut world, Diverged);
    world.desk.person(add(3.0, "theirs too")).unwrap();
    world.run(1500);
    assert_eq!((world.apps[0].contents().len(), world.events().len(), world.apps[0].state()), (3, 2, Diverged));
    world.desk.person(Act::Delete { track: "101.1.1".into(), event: 2 }).unwrap();
    world.run(1500);
    assert_eq!((world.apps[0].contents().len(), world.events().len(), world.apps[0].state()), (2, 1, Diverged));
    world.apps[0].perform(Command::AcceptMapping(name("Beam")));
    until(&mut world, Pending);
    until(&mut world, Synced);
    // The show lock.
    world.apps[0].perform(Command::ArmDesk(false));
    world.apps[0].put(&[(Uid(3), at(3 * SECOND, "c"))]);
    until(&mut world, Diverged);
    world.apps[0].perform(Command::ArmDesk(true));
    until(&mut world, Synced);
    // Busy, and gone.
    world.desk.person(Act::Play("101".into())).unwrap();
    world.run(1500);
    world.apps[0].put(&[(Uid(4), at(4 * SECOND, "d"))]);
    until(&mut world, Waiting);
    world.desk.person(Act::Stop("101".into())).unwrap();
    until(&mut world, Synced);
    let cut = Path { cut: true, ..Path::default() };
    world.faults(Faults { inbound: cut, outbound: cut, ..Faults::default() });
    until(&mut world, Waiting);
    assert_ne!(world.apps[0].link.state().link, LinkState::Connected);
    world.faults(Faults::default());
    until(&mut world, Synced);
    // An older show.
    world.desk.person(Act::Save(String::new())).unwrap();
    world.apps[0].put(&[(Uid(5), at(5 * SECOND, "e"))]);
    world.assert_equal_within(1000, "put");
    world.desk.person(Act::Load("demo".into())).unwrap();
    until(&mut world, Held);
    world.apps[0].verb(DeskVerb::Choose(None, Choice::PushOurs));
    until(&mut world, Synced);
    world.assert_equal_within(500, "pushed");
    // A track that is gone; another one.
    world.desk.person(Act::DeleteAt("101.1.1".into())).unwrap();
    until(&mut world, Error);
    let wash = Mapping::new(101, 1, TrackName::Name("WASH".into()));
    world.apps[0].perform(Command::MapLayer(name("Beam"), Some(wash)));
    until(&mut world, Diverged);
    world.apps[0].perform(Command::AcceptMapping(name("Beam")));
    until(&mut world, Synced);
    assert_eq!(world.events().len(), 5);
    // None at all.
    world.apps[0].perform(Command::MapLayer(name("Beam"), None));
    world.run(500);
    assert_eq!((world.apps[0].state(), world.apps[0].link.state().mappings.len()), (Unmapped, 0));
    world.desk.person(add(60.0, "unseen")).unwrap();
    world.run(1500);
    assert_eq!(world.apps[0].contents().len(), 5, "and nothing is taken");
}

#[test]
fn the_show_lock_writes_nothing_shows_the_drift_and_outlives_a_restart() {
    let mut world = World::in_step(Options::default());
    world.apps[0].put(&[(Uid(1), at(SECOND, "a")), (Uid(2), at(2 * SECOND, "b"))]);
    world.assert_equal_within(1000, "put");
    world.desk.person(Act::Save(String::new())).unwrap();
    world.apps[0].perform(Command::ArmDesk(false));
    let (before, steps) = (world.contents(), world.desk.counts().undo);
    world.apps[0].put(&[(Uid(1), at(7 * SECOND, "a")), (Uid(2), None), (Uid(3), at(3 * SECOND, "c"))]);
    for restart in [false, true] {
        if restart {
            // Through a file: it comes back locked.
            world.crash(0);
            assert!(!world.apps[0].session.desk.armed);
        }
        world.run(4000);
        let status = world.apps[0].status();
        assert_eq!(status.state, MappingState::Diverged, "{status:?}");
        assert!(status.reason.contains("show lock"), "{}", status.reason);
        assert_eq!((status.drift.added, status.drift.deleted, status.drift.retimed), (1, 1, 1), "restart: {restart}");
        assert_eq!((world.contents(), world.desk.counts().undo), (before.clone(), steps), "restart: {restart}");
    }
    // It goes on reading.
    world.desk.person(add(20.0, "theirs")).unwrap();
    world.until(1500, |world| world.apps[0].find("theirs").is_some());
    assert!(world.apps[0].find("theirs").is_some());
    assert_eq!(world.events().len(), 3);
    world.apps[0].perform(Command::ArmDesk(true));
    world.assert_equal_within(1500, "armed again");
    let times: Vec<_> = world.events().into_iter().map(|event| (event.name, event.ticks / SECOND)).collect();
    assert_eq!(times, [("c".to_owned(), 3), ("a".into(), 7), ("theirs".into(), 20)]);
}

/// F54.
#[test]
fn a_rounding_desk_is_told_once_and_believed() {
    let mut world = World::in_step(Options { quantise: Quantise::Always, ..Options::default() });
    for n in 1..=20_u64 {
        world.apps[0].put(&[(Uid(n), at(n as i64 * SECOND + 12_345, &format!("o{n}")))]);
        world.assert_equal_within(1500, "put");
        let (taken, steps) = (world.apps[0].taken, world.desk.counts().undo);
        world.run(1500);
        assert_eq!((world.apps[0].taken, world.desk.counts().undo), (taken, steps), "nothing goes back and forth");
    }
    assert_eq!((world.apps[0].contents().len(), world.events().len()), (20, 20));
}
