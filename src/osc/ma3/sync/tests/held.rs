//! Another show, an older one, another track: nothing moves until a person says so.

use super::desk::{Desk, event};
use super::rig::{ME, Rig, at, mapping};
use crate::model::{Choice, Command, Mapping, MappingState, Session, TrackName, Uid};
use crate::osc::ma3::protocol::{Told, TrackAt, TrackItem};

/// In step with two events, then another show with the same numbers is loaded there.
fn other_show() -> Rig {
    let mut rig = Rig::in_step(mapping());
    rig.put(&[(Uid(1), at(10 << 24, "a")), (Uid(2), at(20 << 24, "b"))]);
    rig.run(500);
    rig.assert_equal();
    rig.desk = Desk::new();
    rig.desk.edit(|events| events.extend([event(20 << 24, "b"), event(30 << 24, "z")]));
    rig.track.begin_anew();
    rig.run(1000);
    rig
}

#[test]
fn another_show_is_held_until_a_person_chooses() {
    for (choice, names) in
        [(Choice::PushOurs, vec!["a", "b"]), (Choice::TakeTheirs, vec!["b", "z"]), (Choice::Merge, vec!["a", "b", "z"])]
    {
        let mut rig = other_show();
        assert_eq!(rig.state(), MappingState::Held);
        assert!(rig.status().reason.contains("another show"), "{}", rig.status().reason);
        assert_eq!(
            (rig.names(), rig.desk_names()),
            (vec!["a".to_owned(), "b".into()], vec!["b".to_owned(), "z".into()])
        );
        assert!(rig.status().preview.is_some());
        // Edits of both sides stay where they are.
        rig.put(&[(Uid(1), at(11 << 24, "a"))]);
        rig.edit_desk(|events| events[1].ticks = 31 << 24);
        rig.run(1000);
        assert_eq!((rig.state(), rig.desk.batches), (MappingState::Held, 0));
        rig.track.push(false);
        rig.track.choose(Choice::Leave);
        rig.run(500);
        assert_eq!((rig.state(), rig.desk.batches), (MappingState::Held, 0));
        rig.track.choose(choice);
        rig.run(1000);
        rig.assert_equal();
        assert_eq!(rig.names(), names, "{choice:?}");
        rig.edit_desk(|events| events.push(event(99 << 24, "new")));
        rig.run(500);
        rig.assert_equal();
    }
}

#[test]
fn pushing_over_a_held_track_can_be_taken_back() {
    let mut rig = other_show();
    let before = rig.theirs();
    rig.track.choose(Choice::PushOurs);
    rig.run(1000);
    rig.assert_equal();
    rig.track.restore();
    rig.run(1000);
    assert_eq!(rig.theirs(), before);
    assert_eq!((rig.state(), rig.names()), (MappingState::Held, vec!["a".to_owned(), "b".into()]));
    rig.track.choose(Choice::TakeTheirs);
    rig.run(500);
    rig.assert_equal();
}

#[test]
fn another_show_with_the_same_events_is_no_question() {
    let mut rig = Rig::in_step(mapping());
    rig.put(&[(Uid(1), at(10, "a"))]);
    rig.run(500);
    rig.desk = Desk::new();
    rig.desk.guid = "guid-2".into();
    rig.desk.edit(|events| events.push(event(10, "a")));
    rig.track.begin_anew();
    rig.run(500);
    rig.assert_equal();
    assert_eq!(rig.session.agreed["Beam"].guid, "guid-2");
}

#[test]
fn an_older_session_does_not_overwrite_what_a_newer_one_wrote() {
    let mut rig = Rig::in_step(mapping());
    rig.put(&[(Uid(1), at(10, "a"))]);
    rig.run(500);
    let old = Session::from_json(&rig.session.to_json()).unwrap();
    for step in 0..4 {
        rig.put(&[(Uid(1), at(20 + step, "a"))]);
        rig.run(500);
    }
    rig.restart(old);
    rig.run(1000);
    assert_eq!((rig.state(), rig.desk.events[0].ticks), (MappingState::Held, 23));
    assert!(rig.status().reason.contains("older"), "{}", rig.status().reason);
    rig.track.choose(Choice::Merge);
    rig.run(500);
    rig.assert_equal();
    assert_eq!(rig.desk.events[0].ticks, 23, "what it did not touch is the desk's");
}

#[test]
fn what_a_crash_lost_comes_back_by_itself() {
    let mut rig = Rig::in_step(mapping());
    rig.put(&[(Uid(1), at(10 << 24, "a")), (Uid(2), at(20 << 24, "b"))]);
    rig.run(500);
    let mut saved = Session::from_json(&rig.session.to_json()).unwrap();
    rig.put(&[(Uid(1), at(11 << 24, "a"))]);
    rig.run(500);
    assert_eq!(rig.desk.lineage.last().unwrap().1, ME);
    // The journal has a later edit of the same event, and not what was agreed on since.
    saved.perform(&Command::PutEvents(super::rig::layer_name(), [(Uid(1), at(12 << 24, "a"))].into())).unwrap();
    rig.restart(saved);
    rig.run(1000);
    rig.assert_equal();
    assert_eq!(rig.desk.events[0].ticks, 12 << 24);
}

#[test]
fn a_batch_whose_answer_is_lost_is_neither_doubled_nor_a_conflict() {
    let mut rig = Rig::in_step(mapping());
    rig.put(&[(Uid(1), at(10 << 24, "a"))]);
    rig.run(500);
    rig.lose_answers = true;
    rig.put(&[(Uid(1), at(11 << 24, "a")), (Uid(2), at(20 << 24, "b"))]);
    rig.run(80);
    // It is edited on before it is known what became of it.
    rig.put(&[(Uid(1), at(13 << 24, "a")), (Uid(2), at(21 << 24, "b"))]);
    rig.lose_answers = false;
    rig.run(1000);
    rig.assert_equal();
    assert_eq!(rig.desk.events.iter().map(|e| e.ticks).collect::<Vec<_>>(), [13 << 24, 21 << 24]);
}

#[test]
fn a_moved_slot_retimes_nothing_by_itself() {
    for (choice, ticks, song) in [(Choice::PushOurs, 0, 10), (Choice::TakeTheirs, 10, 20)] {
        let mut rig = Rig::in_step(mapping());
        rig.put(&[(Uid(1), at(10, "a"))]);
        rig.run(500);
        rig.desk.slot = 10;
        rig.edit_desk(|_| ());
        rig.run(1000);
        assert_eq!((rig.state(), rig.desk.events[0].ticks, rig.names().len()), (MappingState::Held, 10, 1));
        assert!(rig.status().reason.contains("apart"), "{}", rig.status().reason);
        rig.track.choose(choice);
        rig.run(1000);
        rig.assert_equal();
        assert_eq!((rig.desk.events[0].ticks, rig.session.layers["Beam"].events[0].event.ticks), (ticks, song));
    }
    // Put back before anybody chose: all is as it was.
    let mut rig = Rig::in_step(mapping());
    rig.put(&[(Uid(1), at(10, "a"))]);
    rig.run(500);
    rig.desk.slot = 10;
    rig.edit_desk(|_| ());
    rig.run(500);
    rig.desk.slot = 0;
    rig.edit_desk(|_| ());
    rig.run(500);
    rig.assert_equal();
}

fn track(number: u32, name: &str) -> TrackItem {
    let range =
        crate::osc::ma3::protocol::RangeItem { range: 1, start: "0".into(), subs: 1, faders: 0, events: vec![] };
    TrackItem {
        track: number,
        name: name.into(),
        guid: format!("other-{number}"),
        note: String::new(),
        target: 5,
        target_name: String::new(),
        ranges: vec![range],
        locked: false,
    }
}

#[test]
fn a_track_is_followed_when_it_is_renamed_or_moved_and_never_guessed() {
    let mut rig = Rig::in_step(mapping());
    rig.put(&[(Uid(1), at(10, "a"))]);
    rig.run(500);
    (rig.desk.name, rig.desk.track) = (Some("SPOT".into()), 3);
    rig.desk.others = vec![track(1, "BEAM")];
    let was = TrackAt { tc: 101, tg: 1, track: 1 };
    rig.notices.push(rig.desk.message(Told::Moved { was }));
    rig.notices.push(rig.desk.message(Told::Renamed { name: "SPOT".into() }));
    rig.put(&[(Uid(1), at(11, "a"))]);
    rig.run(500);
    rig.assert_equal();
    assert!(rig.status().track.clone().unwrap().contains("101.1.3 SPOT"));
    // After a restart the Guid finds it again, though another one has its name.
    rig.restart(rig.session.clone());
    rig.put(&[(Uid(1), at(12, "a"))]);
    rig.run(500);
    rig.assert_equal();
    // Two of a name are nobody's.
    let mut rig = Rig::new(mapping());
    rig.desk.others = vec![track(2, "BEAM")];
    rig.run(500);
    assert_eq!(rig.state(), MappingState::Error);
    assert!(rig.status().reason.contains("several tracks"), "{}", rig.status().reason);
    rig.perform(Command::MapLayer(super::rig::layer_name(), Some(Mapping::new(101, 1, TrackName::Number(1)))));
    rig.run(500);
    assert_eq!(rig.state(), MappingState::Synced);
}

#[test]
fn a_deleted_track_is_an_error_and_the_layer_is_kept() {
    let mut rig = Rig::in_step(Mapping { create: true, sequence: Some(5), ..mapping() });
    rig.put(&[(Uid(1), at(10, "a"))]);
    rig.run(500);
    let gone = rig.desk.message(Told::Gone { reason: "deleted".into() });
    rig.desk.name = None;
    rig.notices.push(gone);
    rig.run(1000);
    assert_eq!((rig.state(), rig.names(), rig.desk.name.clone()), (MappingState::Error, vec!["a".to_owned()], None));
}

#[test]
fn another_writer_is_named_and_left_alone_until_somebody_takes_over() {
    let mut rig = Rig::in_step(mapping());
    rig.desk.writer = "backup machine".into();
    rig.put(&[(Uid(1), at(10, "a"))]);
    rig.edit_desk(|events| events.push(event(5, "x")));
    rig.run(3000);
    assert_eq!((rig.state(), rig.status().writer.as_deref()), (MappingState::Diverged, Some("backup machine")));
    assert_eq!((rig.names(), rig.desk.batches), (vec!["x".to_owned(), "a".into()], 0), "it still reads");
    assert!(rig.desk.refusals <= 1, "and does not go on asking");
    rig.track.take_over();
    rig.run(500);
    rig.assert_equal();
    assert_eq!(rig.desk.writer, ME);
}
