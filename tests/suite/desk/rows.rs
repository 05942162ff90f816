//! Rows of the list of features, through the shipped plug-in.

use std::sync::Arc;
use std::time::Duration;

use tracklight::model::{Command, CueRule, LayerEvent, Mapping, MappingState, Song, TrackName, Uid};
use tracklight::osc::ma3::pocket::options::Quantise;
use tracklight::osc::ma3::pocket::{Act, Options};

use super::rig::{SECOND, World, at, beam, name};

fn add(seconds: f64, text: &str) -> Act {
    Act::Add { track: "101.1.1".into(), seconds, token: String::new(), cue: String::new(), name: text.into() }
}

/// proves: D13
#[test]
fn ten_minutes_with_a_desk_that_rounds_times_end_equal_and_quiet() {
    let mut world = World::in_step(Options { quantise: Quantise::Always, ..Options::default() });
    let (began, mut edits) = (world.now, 0_u64);
    while world.now < began + Duration::from_secs(600) {
        edits += 1;
        let ticks = (edits * 7_919_777 % (100 * SECOND as u64)) as i64;
        match edits % 3 {
            0 => world.apps[0].put(&[(Uid(edits), at(ticks, &format!("o{edits}")))]),
            1 => world.desk.person(add(ticks as f64 / SECOND as f64, &format!("d{edits}"))).unwrap(),
            _ => {
                let moved = world.apps[0].session.layers["Beam"].events.first().map(|e| (e.uid, e.event.name.clone()));
                if let Some((uid, text)) = moved {
                    world.apps[0].put(&[(uid, at(ticks, &text))]);
                }
            }
        }
        world.run(2500);
    }
    world.assert_equal_within(2000, "the end");
    assert_eq!(
        world.contents().values().map(Vec::len).sum::<usize>(),
        edits.div_ceil(3) as usize + (edits / 3) as usize
    );
    let all = world.packets[0] + world.packets[1];
    // A ping and its answer each second; an edit is a batch or a notice, with its answer; now and then one is repeated.
    assert!(all < 2 * 600 + 8 * edits, "{all} datagrams for {edits} edits");
    let taken = world.apps[0].taken;
    world.run(30_000);
    assert_eq!(world.apps[0].taken, taken, "nothing bounces");
    assert!(world.packets[0] + world.packets[1] - all <= 80);
}

/// proves: D14
#[test]
fn a_locked_or_playing_track_waits_with_its_reason() {
    let mut world = World::in_step(Options::default());
    for (shut, open, word) in [
        (Act::Lock("101.1".into(), true), Act::Lock("101.1".into(), false), "locked"),
        (Act::Play("101".into()), Act::Stop("101".into()), "playing"),
        (Act::Record("101".into()), Act::Stop("101".into()), "recording"),
    ] {
        world.desk.person(shut).unwrap();
        world.run(1500);
        let before = world.contents();
        world.apps[0].put(&[(Uid::fresh(), at(SECOND, word))]);
        world.run(3000);
        let status = world.apps[0].status();
        assert_eq!((status.state, status.drift.added), (MappingState::Waiting, 1), "{status:?}");
        assert!(status.reason.contains(word), "{}", status.reason);
        assert_eq!(world.contents(), before);
        world.desk.person(open).unwrap();
        world.assert_equal_within(2500, word);
    }
}

/// proves: D19
#[test]
fn layers_of_every_song_stay_in_step_each_on_its_own_clock() {
    let mut world = World::in_step(Options::default());
    let app = &mut world.apps[0];
    app.perform(Command::SetSong(Song { name: "two".into(), start: "01:00:00:00".into(), rate: Default::default() }));
    app.perform(Command::AddLayer { uid: Uid(8), name: name("Wash"), song: "two".into() });
    app.perform(Command::MapLayer(name("Wash"), Some(Mapping::new(101, 1, TrackName::Name("WASH".into())))));
    app.perform(Command::AcceptMapping(name("Wash")));
    app.perform(Command::PutEvents(name("Wash"), [(Uid(1), at(SECOND, "w"))].into()));
    app.put(&[(Uid(1), at(SECOND, "b"))]);
    world.assert_equal_within(1500, "the first song");
    world.until(1500, |world| !world.desk.events(101, 1, 2).is_empty());
    assert_eq!(world.desk.events(101, 1, 2)[0].ticks, 3601 * SECOND);
    assert_eq!(world.events()[0].ticks, SECOND);
    // Another instance reads both, is told who writes, and takes over on a word only.
    let session = world.apps[0].session.clone();
    let backup = world.start("backup", session);
    world.run(1500);
    world.apps[backup].put(&[(Uid(9), at(9 * SECOND, "mine"))]);
    world.run(1500);
    assert_eq!(world.apps[backup].status().writer.as_deref(), Some("us"));
    assert_eq!(world.events().len(), 1);
    world.apps[backup].verb(tracklight::model::DeskVerb::TakeOver(None));
    world.run(1500);
    assert_eq!(world.events().len(), 2);
}

/// proves: D23
#[test]
fn what_a_mapping_needs_is_made_after_the_preview_and_missing_cues_are_shown() {
    let new = Mapping { create: true, sequence: Some(201), ..Mapping::new(103, 1, TrackName::Name("NEW".into())) };
    let mut world = World::new(Options::default(), Mapping { cues: CueRule::Create, ..new });
    let with = |cue: &str, ticks| {
        Some(Arc::new(LayerEvent { token: "Goto".into(), cue: cue.into(), name: cue.into(), ..LayerEvent::at(ticks) }))
    };
    world.apps[0].put(&[(Uid(1), with("3", SECOND)), (Uid(2), with("3.125", 2 * SECOND))]);
    assert!(world.until(2000, |w| w.apps[0].status().preview.is_some()).is_some(), "{:?}", world.apps[0].status());
    let made = world.apps[0].status().preview.unwrap().made.clone();
    assert_eq!(made, ["timecode 103", "track group 1", "track \"NEW\" with sequence 201"]);
    assert!(world.desk.events(103, 1, 1).is_empty());
    world.apps[0].perform(Command::AcceptMapping(name("Beam")));
    assert!(world.until(3000, |w| w.apps[0].state() == MappingState::Synced).is_some(), "{:?}", world.apps[0].status());
    let cues: Vec<String> = world.desk.events(103, 1, 1).into_iter().map(|event| event.cue).collect();
    assert_eq!(cues, ["3", "3.125"]);
    // Where nothing may be made, the event without a cue is named and the other one is written.
    let mut world = World::in_step(Options::default());
    world.apps[0].put(&[(Uid(1), with("4", SECOND)), (Uid(2), with("77", 2 * SECOND))]);
    world.run(1500);
    let status = world.apps[0].status();
    assert_eq!((world.events().len(), status.state, status.problems.len()), (1, MappingState::Diverged, 1));
    assert_eq!(status.problems[0].0, Uid(2));
    assert!(status.problems[0].1.contains("no cue 77"), "{}", status.problems[0].1);
}

/// proves: D3
#[test]
fn either_side_restarts_reloads_or_loads_its_show_and_both_are_equal_again() {
    let mut world = World::in_step(Options::default());
    world.apps[0].put(&[(Uid(1), at(SECOND, "a")), (Uid(2), at(2 * SECOND, "b"))]);
    world.assert_equal_within(1000, "put");
    let wanted = world.contents();
    for what in ["daw", "plug-in", "same show", "desk"] {
        world.desk.person(Act::Save(String::new())).unwrap();
        match what {
            "daw" => world.crash(0),
            "plug-in" => world.desk.reload_plugins(),
            "same show" => world.desk.person(Act::Load("demo".into())).unwrap(),
            _ => {
                world.desk.person(Act::Restart).unwrap();
                // It takes half a second until it is there again.
                world.run(600);
            }
        }
        world.run(20);
        world.assert_equal_within(2000, what);
        assert_eq!(world.contents(), wanted, "{what}");
        world.apps[0].put(&[(Uid(2), at(3 * SECOND, what))]);
        world.assert_equal_within(2000, what);
        world.apps[0].put(&[(Uid(2), at(2 * SECOND, "b"))]);
        world.assert_equal_within(2000, what);
    }
    // Older content: what was saved is not what was agreed on since.
    world.apps[0].put(&[(Uid(2), at(9 * SECOND, "b"))]);
    world.assert_equal_within(2000, "edited");
    world.desk.person(Act::Load("demo".into())).unwrap();
    let held = |world: &World| world.apps[0].state() == MappingState::Held;
    assert!(world.until(2000, held).is_some(), "{:?}", world.apps[0].status());
    world.run(3000);
    assert_eq!((world.contents(), world.apps[0].contents().len()), (wanted, 2), "nothing written, nothing taken");
    world.apps[0].verb(tracklight::model::DeskVerb::Choose(None, tracklight::model::Choice::PushOurs));
    world.assert_equal_within(2000, "pushed");
    assert_eq!(world.contents()["b"][0].0, 9 * SECOND);
}

/// proves: D12
#[test]
fn a_preview_counts_what_then_happens_and_what_was_replaced_can_be_put_back() {
    use tracklight::model::DeskVerb::{Push, Restore};
    let direction = tracklight::model::Direction::Manual;
    let mut world = World::new(Options::default(), Mapping { direction, ..beam() });
    world.apps[0].perform(Command::AcceptMapping(name("Beam")));
    world.apps[0].put(&[(Uid(1), at(SECOND, "a")), (Uid(2), at(2 * SECOND, "b")), (Uid(3), at(3 * SECOND, "c"))]);
    world.run(1000);
    world.apps[0].verb(Push { layer: None, dry: false });
    world.assert_equal_within(1000, "pushed");
    // The desk and we both edit; a push makes the desk as we are, where ours differs from what was agreed on.
    world.desk.person(Act::Move { track: "101.1.1".into(), event: 1, seconds: 1.5 }).unwrap();
    world.apps[0].put(&[(Uid(1), at(4 * SECOND, "a")), (Uid(2), None), (Uid(5), at(8 * SECOND, "n"))]);
    world.run(1000);
    let before = world.contents();
    world.apps[0].verb(Push { layer: None, dry: true });
    world.run(200);
    let preview = world.apps[0].status().preview.unwrap();
    assert_eq!(world.contents(), before, "dry");
    assert_eq!((preview.desk.added, preview.desk.deleted, preview.desk.retimed, preview.desk.changed), (1, 1, 1, 0));
    assert_eq!((preview.here.sum(), preview.lines.len()), (0, 3), "{:?}", preview.lines);
    world.apps[0].verb(Push { layer: None, dry: false });
    world.assert_equal_within(1000, "pushed again");
    world.apps[0].verb(Restore(name("Beam")));
    world.run(1500);
    assert_eq!(world.contents(), before, "{:?}", world.apps[0].status());
    assert_eq!(world.apps[0].state(), MappingState::Held);
}
