//! Pitfalls of tracks: which one it is, what it is made of, and what goes with it.

use tracklight::model::{Command, Mapping, MappingState, TrackName, Uid};
use tracklight::osc::ma3::pocket::{Act, Options};

use super::pitfalls::{add, errors};
use super::rig::{App, SECOND, World, at, beam, name};

/// F6.
#[test]
fn a_track_called_marker_and_a_marker_called_otherwise_shift_nothing() {
    let mut world = World::in_step(Options::default());
    world.desk.lua("DataPool().Timecodes[101][1][1]:Set('Name', 'not the marker')").unwrap();
    world.desk.person(Act::AddTrack { group: "101.1".into(), name: "Marker".into(), sequence: 202 }).unwrap();
    world.desk.person(Act::Reorder { track: "101.1.3".into(), to: 1 }).unwrap();
    world.run(2500);
    world.apps[0].put(&[(Uid(1), at(SECOND, "a"))]);
    world.run(1500);
    assert_eq!(world.apps[0].state(), MappingState::Synced, "{:?}", world.apps[0].status());
    assert_eq!(world.apps[0].status().track.as_deref(), Some("101.1.2 BEAM"));
    assert_eq!(world.desk.events(101, 1, 2).len(), 1);
    assert!(world.desk.events(101, 1, 1).is_empty() && world.desk.events(101, 1, 3).is_empty());
    // One that begins now finds the same, by name and by number.
    let session = App::session(Mapping::new(101, 1, TrackName::Number(2)));
    let other = world.start("other", session);
    world.run(2500);
    assert_eq!(world.apps[other].contents(), world.apps[0].contents());
}

/// F28.
#[test]
fn a_track_is_followed_by_name_and_place_and_its_end_keeps_the_layer() {
    let mut world = World::in_step(Options::default());
    world.apps[0].put(&[(Uid(1), at(SECOND, "a"))]);
    world.assert_equal_within(1000, "put");
    world.desk.person(Act::Rename { at: "101.1.1".into(), name: "SPOT | \"1\"".into() }).unwrap();
    world.desk.person(Act::Rename { at: "101.1.2".into(), name: "BEAM".into() }).unwrap();
    world.desk.person(Act::Reorder { track: "101.1.1".into(), to: 2 }).unwrap();
    world.run(2500);
    world.apps[0].put(&[(Uid(2), at(2 * SECOND, "b"))]);
    world.run(1500);
    assert_eq!(world.desk.events(101, 1, 2).len(), 2, "{:?}", world.apps[0].status());
    assert!(world.events().is_empty(), "the one that has its name now is left alone");
    // A new life of ours finds it by what it is, not by what it is called.
    world.desk.person(Act::Save(String::new())).unwrap();
    world.crash(0);
    world.run(2500);
    world.apps[0].put(&[(Uid(3), at(3 * SECOND, "c"))]);
    world.run(1500);
    assert_eq!((world.desk.events(101, 1, 2).len(), world.events().len()), (3, 0));
    world.desk.person(Act::DeleteAt("101.1.2".into())).unwrap();
    world.run(2500);
    // The one that has its name now is no stand-in for it.
    assert_eq!(world.apps[0].state(), MappingState::Held, "{:?}", world.apps[0].status());
    world.run(5000);
    assert_eq!(
        (world.apps[0].contents().len(), world.events().len()),
        (3, 0),
        "the layer is kept, and not written there"
    );
    assert_eq!(world.desk.tracks().iter().filter(|track| track.tc == 101).count(), 1, "and nothing is made again");
    // The desk takes its deletion back: the same track is there again, and is found when the tracks are looked at anew.
    world.desk.person(Act::Oops).unwrap();
    world.desk.reload_plugins();
    world.until(6000, |world| world.apps[0].state() == MappingState::Synced);
    assert_eq!(world.apps[0].state(), MappingState::Synced, "{:?}", world.apps[0].status());
}

/// F29.
#[test]
fn two_tracks_of_one_name_are_nobodys() {
    let mut world = World::new(Options::default(), beam());
    world.desk.person(Act::AddTrack { group: "101.1".into(), name: "BEAM".into(), sequence: 202 }).unwrap();
    world.apps[0].perform(Command::AcceptMapping(name("Beam")));
    world.apps[0].put(&[(Uid(1), at(SECOND, "a"))]);
    world.run(4000);
    let status = world.apps[0].status();
    assert_eq!(status.state, MappingState::Error, "{status:?}");
    assert!(status.reason.contains("several tracks"), "{}", status.reason);
    assert!(world.desk.tracks().iter().all(|track| track.events == 0), "nothing is written to either");
    // A person says which: by name once one is renamed.
    world.desk.person(Act::Rename { at: "101.1.3".into(), name: "BEAM 2".into() }).unwrap();
    world.assert_equal_within(6000, "renamed");
}

/// F31, F38.
#[test]
fn the_last_event_goes_and_its_track_stays() {
    let mut world = World::in_step(Options::default());
    let (objects, tracks) = (world.desk.counts().objects, world.desk.tracks().len());
    for ours in [true, false] {
        world.apps[0].put(&[(Uid(1), at(SECOND, "a")), (Uid(2), at(2 * SECOND, "b"))]);
        world.assert_equal_within(1000, "put");
        match ours {
            true => world.apps[0].put(&[(Uid(1), None), (Uid(2), None)]),
            false => {
                for _ in 0..2 {
                    world.desk.person(Act::Delete { track: "101.1.1".into(), event: 1 }).unwrap();
                }
            }
        }
        world.assert_equal_within(1500, "emptied");
        assert!(world.events().is_empty() && world.apps[0].contents().is_empty(), "by us: {ours}");
        assert_eq!((world.desk.counts().objects, world.desk.tracks().len()), (objects, tracks), "by us: {ours}");
    }
    // What is empty is not what is missing: it takes events again.
    world.desk.person(add(1.0, "c")).unwrap();
    world.assert_equal_within(1500, "filled again");
}

/// F35, F37: a track that has a sequence and nothing else, and one that has not even that.
#[test]
fn a_bare_track_gets_what_it_lacks_once_after_the_preview() {
    for target in [true, false] {
        let bare =
            Mapping { create: true, sequence: Some(201), ..Mapping::new(101, 1, TrackName::Name("BARE".into())) };
        let mut world = World::new(Options::default(), bare);
        let set = if target { "track:Set('Target', DataPool().Sequences[201])" } else { "" };
        let chunk =
            format!("local track = DataPool().Timecodes[101][1]:Append('Track') track:Set('Name', 'BARE') {set}");
        world.desk.lua(&chunk).unwrap();
        let objects = world.desk.counts().objects;
        world.apps[0].put(&[(Uid(1), at(SECOND, "a"))]);
        world.run(2500);
        assert_eq!(world.apps[0].state(), MappingState::Diverged, "{:?}", world.apps[0].status());
        assert!(world.apps[0].status().preview.is_some_and(|preview| !preview.made.is_empty()));
        assert_eq!(world.desk.counts().objects, objects, "nothing before the preview is accepted");
        world.apps[0].perform(Command::AcceptMapping(name("Beam")));
        world.run(3000);
        assert_eq!(world.apps[0].state(), MappingState::Synced, "{:?}", world.apps[0].status());
        assert_eq!(world.desk.events(101, 1, 3).len(), 1);
        let made = "local t = DataPool().Timecodes[101][1][4] return #t .. ' ' .. #t[1]";
        assert_eq!(world.desk.lua(made).as_deref(), Ok("1 1"), "one range, one sub-track");
        assert_eq!(world.desk.tracks().iter().find(|track| track.name == "BARE").unwrap().sequence, 201);
        // Once: another life finds them.
        let objects = world.desk.counts().objects;
        world.crash(0);
        world.run(3000);
        assert_eq!((world.desk.counts().objects, errors(&world).len()), (objects, 0), "{:?}", errors(&world));
    }
}

/// F36.
#[test]
fn no_sequence_is_invented() {
    for sequence in [None, Some(999)] {
        let new = Mapping { create: true, sequence, ..Mapping::new(103, 1, TrackName::Name("NEW".into())) };
        let mut world = World::new(Options::default(), new);
        let objects = world.desk.counts().objects;
        world.apps[0].perform(Command::AcceptMapping(name("Beam")));
        world.apps[0].put(&[(Uid(1), at(SECOND, "a"))]);
        world.run(4000);
        let status = world.apps[0].status();
        assert_eq!(status.state, MappingState::Error, "{status:?}");
        assert!(status.reason.contains("sequence"), "{}", status.reason);
        assert!(world.desk.tracks().iter().all(|track| track.tc == 101), "{sequence:?}");
        assert!(world.desk.counts().objects <= objects + 4, "no more than the plug-in's own notes");
    }
}

/// F56: both hold the same, the desk an hour later.
#[test]
fn a_merge_with_an_offset_doubles_nothing() {
    let offset = 3600 * SECOND;
    let mut world = World::new(Options::default(), Mapping { offset, ..beam() });
    let events: Vec<_> = (1..=20).map(|n| (Uid(n), at(n as i64 * SECOND, &format!("e{n}")))).collect();
    for n in 1..=20 {
        world.desk.person(add(3600.0 + f64::from(n), &format!("e{n}"))).unwrap();
    }
    world.apps[0].put(&events);
    world.run(2500);
    let counts = world.apps[0].status().preview.map_or((0, 0), |preview| (preview.desk.sum(), preview.here.sum()));
    assert_eq!(counts, (0, 0), "nothing to write, nothing to take");
    world.apps[0].perform(Command::AcceptMapping(name("Beam")));
    world.run(1500);
    assert_eq!(world.apps[0].state(), MappingState::Synced, "{:?}", world.apps[0].status());
    assert_eq!((world.events().len(), world.apps[0].contents().len()), (20, 20));
    world.apps[0].put(&[(Uid(1), at(SECOND / 2, "e1"))]);
    world.run(1000);
    assert_eq!(world.events()[0].ticks, offset + SECOND / 2);
    assert_eq!(world.events().len(), 20);
}
