//! The way of a mapping from its first preview on.

use super::desk::event;
use super::rig::{Rig, at, layer_name, mapping};
use crate::model::{Command, CueRule, Direction, LayerEvent, Mapping, MappingState, Policy, Side, Uid};
use crate::osc::ma3::protocol::Busy;
use std::sync::Arc;

#[test]
fn a_new_mapping_writes_nothing_before_its_preview_is_accepted() {
    let mut rig = Rig::new(mapping());
    assert_eq!(rig.state(), MappingState::Unmapped, "not looked at yet");
    rig.put(&[(Uid(1), at(10, "a")), (Uid(2), at(20, "b"))]);
    rig.desk.edit(|events| events.push(event(20, "b")));
    rig.run(500);
    assert_eq!((rig.state(), rig.desk.batches, rig.taken), (MappingState::Diverged, 0, 0));
    let preview = rig.status().preview.clone().unwrap();
    assert_eq!((preview.desk.added, preview.desk.sum(), preview.here.sum()), (1, 1, 0));
    assert_eq!(preview.lines.len(), 1);
    assert!(preview.lines[0].starts_with("+ 0.000 s Go+ \"a\""), "{:?}", preview.lines);
    rig.perform(Command::AcceptMapping(layer_name()));
    rig.run(500);
    rig.assert_equal();
    assert_eq!((rig.desk.batches, rig.desk.ops), (1, 1), "as the preview said");
    assert_eq!(rig.status().preview, None);
}

#[test]
fn an_empty_layer_begins_as_what_is_on_its_track() {
    let mut rig = Rig::new(mapping());
    rig.desk.edit(|events| events.extend([event(1, "a"), event(1, "a"), event(2, "b")]));
    rig.run(500);
    assert_eq!(rig.ours(), rig.theirs());
    assert_eq!(rig.desk.batches, 0);
    rig.put(&[(Uid(5), at(3, "c"))]);
    rig.run(500);
    assert_eq!((rig.state(), rig.desk.batches), (MappingState::Diverged, 0), "still not accepted");
    rig.edit_desk(|events| events.push(event(9, "d")));
    rig.run(500);
    assert_eq!(rig.names(), ["a", "a", "b", "c", "d"]);
    rig.perform(Command::AcceptMapping(layer_name()));
    rig.run(500);
    rig.assert_equal();
}

#[test]
fn edits_of_both_sides_meet_and_nothing_is_sent_back() {
    let mut rig = Rig::in_step(mapping());
    rig.put(&[(Uid(1), at(10, "a")), (Uid(2), at(20, "b"))]);
    rig.edit_desk(|events| events.push(event(15, "x")));
    rig.run(500);
    rig.assert_equal();
    let (batches, taken) = (rig.desk.batches, rig.taken);
    rig.run(3000);
    assert_eq!((rig.desk.batches, rig.taken), (batches, taken), "no echo");
    // The desk moves ours, we rename another: each is one change.
    rig.edit_desk(|events| events[0].ticks = 12);
    rig.put(&[(Uid(2), at(20, "B"))]);
    rig.run(500);
    rig.assert_equal();
    assert_eq!(rig.session.layers["Beam"].get(Uid(1)).unwrap().ticks, 12, "it kept its identity");
    assert_eq!(rig.desk.batches, batches + 1);
    // The last event goes.
    rig.edit_desk(Vec::clear);
    rig.run(500);
    rig.assert_equal();
    assert!(rig.names().is_empty());
}

#[test]
fn a_drag_of_ours_is_few_batches_and_ends_where_it_ended() {
    let mut rig = Rig::in_step(mapping());
    rig.put(&[(Uid(1), at(0, "a"))]);
    rig.run(500);
    let before = rig.desk.batches;
    for step in 1..=200 {
        rig.put(&[(Uid(1), at(step, "a"))]);
        rig.run(10);
    }
    rig.run(500);
    rig.assert_equal();
    assert_eq!(rig.desk.events[0].ticks, 200);
    assert!(rig.desk.batches - before <= 8, "{} batches in 2 s", rig.desk.batches - before);
}

#[test]
fn a_desk_that_rounds_times_is_right_and_asked_once() {
    let mut rig = Rig::in_step(mapping());
    rig.desk.grid = 1000;
    rig.put(&[(Uid(1), at(1234, "a"))]);
    rig.run(1000);
    rig.assert_equal();
    assert_eq!(rig.session.layers["Beam"].get(Uid(1)).unwrap().ticks, 1000);
    assert_eq!(rig.desk.batches, 1);
    // Edited again before the answer is settled: the newer edit stands and goes there too.
    rig.race = 1;
    rig.put(&[(Uid(1), at(2345, "a"))]);
    rig.run(1000);
    rig.assert_equal();
    assert_eq!(&*rig.desk.events[0].note, "race 0");
}

#[test]
fn who_was_quicker_in_the_session_is_merged_not_overwritten() {
    let mut rig = Rig::in_step(mapping());
    rig.put(&[(Uid(1), at(1, "a"))]);
    rig.run(500);
    rig.race = 3;
    rig.edit_desk(|events| events[0].name = "desk".into());
    rig.run(1000);
    rig.assert_equal();
    assert_eq!((&*rig.desk.events[0].name, &*rig.desk.events[0].note), ("desk", "race 0"));
}

#[test]
fn the_show_lock_stops_writing_and_not_reading() {
    let mut rig = Rig::in_step(mapping());
    rig.perform(Command::ArmDesk(false));
    rig.put(&[(Uid(1), at(1, "a"))]);
    rig.edit_desk(|events| events.push(event(5, "x")));
    rig.run(1000);
    assert_eq!(
        (rig.state(), rig.names(), rig.desk_names()),
        (MappingState::Diverged, vec!["a".into(), "x".into()], vec!["x".into()])
    );
    assert!(rig.status().reason.contains("show lock"), "{}", rig.status().reason);
    assert_eq!(rig.status().drift.added, 1);
    rig.perform(Command::ArmDesk(true));
    rig.run(500);
    rig.assert_equal();
}

#[test]
fn a_busy_desk_is_waited_for() {
    let mut rig = Rig::in_step(mapping());
    rig.desk.busy = Busy::Playing;
    rig.put(&[(Uid(1), at(1, "a"))]);
    rig.run(2500);
    assert_eq!(rig.state(), MappingState::Waiting);
    assert!((1..=3).contains(&rig.desk.refusals), "tried once a second: {}", rig.desk.refusals);
    rig.desk.busy = Busy::Free;
    let free = rig.desk.message(crate::osc::ma3::protocol::Told::Busy(Busy::Free));
    rig.notices.push(free);
    rig.run(300);
    rig.assert_equal();
}

#[test]
fn without_a_link_a_mapping_waits_and_goes_on_after() {
    let mut rig = Rig::in_step(mapping());
    rig.connected = false;
    rig.put(&[(Uid(1), at(1, "a"))]);
    rig.run(500);
    assert_eq!(rig.state(), MappingState::Waiting);
    rig.desk.edit(|events| events.push(event(5, "x")));
    rig.connected = true;
    rig.track.look_again();
    rig.run(500);
    rig.assert_equal();
    assert_eq!(rig.names(), ["a", "x"]);
}

#[test]
fn both_versions_of_a_conflict_stay_until_a_person_chooses() {
    for (side, names) in [(Side::Ours, vec!["ours"]), (Side::Theirs, vec!["desk"]), (Side::Both, vec!["ours", "desk"])]
    {
        let mut rig = Rig::in_step(mapping());
        rig.put(&[(Uid(1), at(1, "a"))]);
        rig.run(500);
        rig.connected = false;
        rig.put(&[(Uid(1), at(1, "ours"))]);
        rig.desk.edit(|events| events[0].name = "desk".into());
        rig.connected = true;
        rig.track.look_again();
        rig.run(500);
        assert_eq!((rig.state(), rig.status().conflicts.len()), (MappingState::Diverged, 1), "{:?}", rig.status());
        assert_eq!((rig.names(), rig.desk_names()), (vec!["ours".to_owned()], vec!["desk".to_owned()]));
        // It is still one after both programs began anew.
        let saved = crate::model::Session::from_json(&rig.session.to_json()).unwrap();
        rig.restart(saved);
        rig.run(500);
        let key = rig.status().conflicts[0].key;
        rig.track.resolve(Some(key), side);
        rig.run(500);
        rig.assert_equal();
        let mut found = rig.desk_names();
        found.sort_by_key(|name| name != "ours");
        assert_eq!(found, names);
    }
}

#[test]
fn a_policy_decides_conflicts_by_itself() {
    for (policy, name) in [(Policy::Desk, "desk"), (Policy::Plugin, "ours")] {
        let mut rig = Rig::in_step(Mapping { policy, ..mapping() });
        rig.put(&[(Uid(1), at(1, "a"))]);
        rig.run(500);
        rig.put(&[(Uid(1), at(1, "ours"))]);
        rig.edit_desk(|events| events[0].name = "desk".into());
        rig.run(500);
        rig.assert_equal();
        assert_eq!(rig.desk_names(), [name]);
    }
}

#[test]
fn one_way_mappings_go_one_way() {
    let mut rig = Rig::in_step(Mapping { direction: Direction::FromDesk, ..mapping() });
    rig.put(&[(Uid(1), at(1, "a"))]);
    rig.edit_desk(|events| events.push(event(5, "x")));
    rig.run(500);
    assert_eq!((rig.state(), rig.desk.batches), (MappingState::Diverged, 0));
    assert_eq!((rig.names(), rig.desk_names()), (vec!["a".to_owned(), "x".into()], vec!["x".to_owned()]));
    let mut rig = Rig::in_step(Mapping { direction: Direction::ToDesk, ..mapping() });
    rig.put(&[(Uid(1), at(1, "a"))]);
    rig.edit_desk(|events| events.push(event(5, "x")));
    rig.run(500);
    assert_eq!((rig.state(), rig.names(), rig.desk_names().len()), (MappingState::Diverged, vec!["a".to_owned()], 2));
    rig.edit_desk(|events| events.retain(|event| &*event.name == "a"));
    rig.run(500);
    rig.assert_equal();
}

#[test]
fn a_mapping_by_hand_moves_only_when_told() {
    let mut rig = Rig::in_step(Mapping { direction: Direction::Manual, ..mapping() });
    rig.put(&[(Uid(1), at(1, "a"))]);
    rig.edit_desk(|events| events.push(event(5, "x")));
    rig.run(1000);
    assert_eq!((rig.state(), rig.desk.batches, rig.names().len()), (MappingState::Diverged, 0, 1));
    rig.track.push(true);
    rig.run(200);
    let preview = rig.status().preview.clone().unwrap();
    assert_eq!((preview.desk.added, rig.desk.batches), (1, 0));
    rig.track.push(false);
    rig.run(500);
    assert_eq!((rig.desk_names(), rig.names()), (vec!["a".to_owned(), "x".into()], vec!["a".to_owned()]));
    rig.track.pull(false);
    rig.run(500);
    rig.assert_equal();
    rig.perform(Command::ArmDesk(false));
    rig.put(&[(Uid(1), at(2, "a"))]);
    rig.run(100);
    rig.track.push(false);
    rig.run(300);
    assert!(rig.status().reason.contains("not pushed: the show lock"), "{}", rig.status().reason);
}

#[test]
fn a_missing_cue_is_shown_for_its_event_and_holds_up_no_other() {
    let with_cue = |cue: &str, ticks| {
        Some(Arc::new(LayerEvent { token: "Goto".into(), cue: cue.into(), ..LayerEvent::at(ticks) }))
    };
    let mut rig = Rig::in_step(mapping());
    rig.desk.strict = true;
    rig.desk.cues.insert("1".into());
    rig.put(&[(Uid(1), with_cue("1", 5)), (Uid(2), with_cue("2.5", 6))]);
    rig.run(1000);
    assert_eq!((rig.desk.events.len(), rig.state()), (1, MappingState::Diverged));
    let problems = rig.status().problems.clone();
    assert_eq!((problems.len(), problems[0].0), (1, Uid(2)));
    assert!(problems[0].1.contains("no cue 2.5"), "{}", problems[0].1);
    rig.desk.cues.insert("2.5".into());
    rig.run(6000);
    rig.assert_equal();
    assert!(rig.status().problems.is_empty());
    // Where they may be made, the preview says so first.
    let mut rig = Rig::new(Mapping { cues: CueRule::Create, ..mapping() });
    rig.desk.strict = true;
    rig.put(&[(Uid(1), with_cue("7", 5))]);
    rig.run(500);
    assert_eq!(rig.status().preview.clone().unwrap().made, ["cue 7"]);
    assert!(rig.desk.cues.is_empty());
    rig.perform(Command::AcceptMapping(layer_name()));
    rig.run(500);
    rig.assert_equal();
}

#[test]
fn what_is_missing_is_made_after_the_preview() {
    let make = Mapping { create: true, sequence: Some(5), ..mapping() };
    let mut rig = Rig::new(make);
    (rig.desk.name, rig.desk.groups) = (None, 0);
    rig.put(&[(Uid(1), at(5, "a"))]);
    rig.run(500);
    let preview = rig.status().preview.clone().unwrap();
    assert_eq!(preview.made, ["timecode 101", "track group 1", "track \"BEAM\" with sequence 5"]);
    assert_eq!((preview.desk.added, rig.state()), (1, MappingState::Diverged));
    rig.perform(Command::AcceptMapping(layer_name()));
    rig.run(500);
    rig.assert_equal();
    let mut rig = Rig::new(mapping());
    rig.desk.name = None;
    rig.run(500);
    assert_eq!(rig.state(), MappingState::Error);
    rig.desk.name = Some("BEAM".into());
    rig.run(3000);
    assert_eq!(rig.state(), MappingState::Synced, "somebody made it");
    let mut rig = Rig::new(mapping());
    rig.desk.ready = false;
    rig.run(500);
    assert!(rig.status().preview.clone().unwrap().made[0].contains("range and sub-track"));
    rig.perform(Command::AcceptMapping(layer_name()));
    rig.run(500);
    rig.assert_equal();
}
