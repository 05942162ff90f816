//! A layer and a track on the desk, through the shipped plug-in.

use tracklight::model::{Command, LinkState, MappingState, Uid};
use tracklight::osc::ma3::pocket::{Act, Faults, Options, Path};

use super::rig::{SECOND, World, at, beam, name};

fn add(seconds: f64, text: &str) -> Act {
    Act::Add { track: "101.1.1".into(), seconds, token: String::new(), cue: String::new(), name: text.into() }
}

#[test]
fn a_layer_and_a_track_come_in_step_and_stay_so() {
    let mut world = World::new(Options::default(), beam());
    world.apps[0].put(&[(Uid(1), at(SECOND, "a")), (Uid(2), at(2 * SECOND, "b"))]);
    assert!(world.until(2000, |w| w.apps[0].status().preview.is_some()).is_some(), "{:?}", world.apps[0].link.state());
    assert_eq!(world.apps[0].status().preview.unwrap().desk.added, 2);
    assert_eq!((world.apps[0].state(), world.events().len()), (MappingState::Diverged, 0));
    world.apps[0].perform(Command::AcceptMapping(name("Beam")));
    world.assert_equal_within(1000, "accepted");
    world.desk.person(add(3.0, "c")).unwrap();
    world.assert_equal_within(1500, "an event of the desk");
    world.desk.person(Act::Move { track: "101.1.1".into(), event: 1, seconds: 5.0 }).unwrap();
    world.apps[0].put(&[(Uid(2), at(7 * SECOND, "b"))]);
    world.assert_equal_within(1500, "both at once");
    assert_eq!(
        world.apps[0].session.layers["Beam"].get(Uid(1)).unwrap().ticks,
        5 * SECOND,
        "it is still the same event"
    );
    let (taken, packets) = (world.apps[0].taken, world.packets);
    world.run(10_000);
    assert_eq!(world.apps[0].taken, taken, "nothing comes back as an edit");
    let more = world.packets[0] + world.packets[1] - packets[0] - packets[1];
    assert!(more <= 40, "{more} datagrams in 10 quiet seconds");
}

#[test]
fn undo_of_either_side_is_one_edit_of_the_other() {
    let mut world = World::in_step(Options::default());
    world.apps[0].put(&[(Uid(1), at(SECOND, "a")), (Uid(2), at(2 * SECOND, "b"))]);
    world.assert_equal_within(1000, "put");
    let steps = world.desk.counts().undo;
    world.apps[0].undo();
    world.assert_equal_within(1500, "our undo");
    assert!(world.events().is_empty());
    assert_eq!(world.desk.counts().undo, steps + 1, "one step there");
    world.desk.person(Act::Oops).unwrap();
    world.assert_equal_within(1500, "the desk's Oops");
    assert_eq!(world.apps[0].contents().len(), 2);
}

#[test]
fn five_thousand_events_arrive_whole() {
    let mut world = World::in_step(Options::default());
    let puts: Vec<_> = (0..5000).map(|n| (Uid(100 + n), at(n as i64 * SECOND / 20, &format!("e{n}")))).collect();
    world.apps[0].put(&puts);
    let took = world.until(20_000, World::is_equal);
    assert!(took.is_some_and(|ms| ms <= 10_000), "{took:?}");
}

/// proves: D7
#[test]
fn five_thousand_events_arrive_once_through_a_bad_network_in_one_step_of_the_desk() {
    let mut world = World::in_step(Options::default());
    let bad = Path { loss: 0.3, double: 0.1, reorder: 0.25, ..Path::default() };
    world.faults(Faults { inbound: bad, outbound: bad, ..Faults::default() });
    let steps = world.desk.counts().undo;
    let puts: Vec<_> = (0..5000).map(|n| (Uid(100 + n), at(n as i64 * SECOND / 20, &format!("e{n}")))).collect();
    world.apps[0].put(&puts);
    world.assert_equal_within(60_000, "pushed while the network was bad");
    assert_eq!((world.events().len(), world.contents().len()), (5000, 5000), "each is there once");
    assert_eq!(world.desk.counts().undo, steps + 1, "one step of the desk");
    // The other way: a hand's edits come, and somebody who begins anew reads the whole track.
    world.desk.person(add(300.0, "by hand")).unwrap();
    world.assert_equal_within(10_000, "an edit of the desk");
    world.crash(0);
    world.assert_equal_within(60_000, "read whole again");
    assert_eq!(world.apps[0].contents().len(), 5001);
}

/// proves: D15
#[test]
fn a_desk_that_is_gone_is_shown_within_its_limit_and_one_that_is_back_too() {
    let mut world = World::in_step(Options::default());
    world.run(3000);
    let state = |world: &World| world.apps[0].link.state();
    assert_eq!(state(&world).link, LinkState::Connected);
    // The rig turns its clock by 5 ms, so that a way there and back takes no less.
    assert!((1.0..=50.0).contains(&state(&world).rtt_ms), "{} ms", state(&world).rtt_ms);
    let cut = Path { cut: true, ..Path::default() };
    world.faults(Faults { inbound: cut, outbound: cut, ..Faults::default() });
    let gone = world.until(6000, |world| state(world).link == LinkState::Lost).expect("it is shown");
    assert!((2000..=4000).contains(&gone), "{gone} ms");
    assert!(!state(&world).reason.is_empty());
    world.apps[0].put(&[(Uid(1), at(SECOND, "meanwhile"))]);
    world.run(5000);
    world.faults(Faults::default());
    let back = world.until(2000, |world| state(world).link == LinkState::Connected).expect("it is back");
    assert!(back <= 1000, "{back} ms");
    world.assert_equal_within(1000, "what was written meanwhile");
}

#[test]
fn another_writer_reads_and_takes_over_on_a_word() {
    let mut world = World::in_step(Options::default());
    world.apps[0].put(&[(Uid(1), at(SECOND, "a"))]);
    world.assert_equal_within(1000, "put");
    let session = world.apps[0].session.clone();
    let backup = world.start("backup", session);
    world.apps[0].put(&[(Uid(2), at(2 * SECOND, "b"))]);
    world.assert_equal_within(1000, "put again");
    world.run(1500);
    assert_eq!(world.apps[backup].contents(), world.contents(), "it reads");
    world.apps[backup].put(&[(Uid(3), at(3 * SECOND, "c"))]);
    world.run(1000);
    assert_eq!(world.apps[backup].state(), MappingState::Diverged);
    assert_eq!(world.apps[backup].status().writer.as_deref(), Some("us"));
    assert_eq!(world.events().len(), 2);
    world.apps[backup].verb(tracklight::model::DeskVerb::TakeOver(None));
    world.run(1500);
    assert_eq!((world.events().len(), world.apps[backup].state()), (3, MappingState::Synced));
    world.assert_equal_within(1500, "the first one reads on");
}
