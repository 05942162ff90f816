//! A14, 4 and 7: making, deleting and undoing, and writes that do nothing and say nothing.

use super::super::options::SetUndo;
use super::*;

#[test]
fn acquire_appends_at_each_call() {
    let mut desk = desk();
    let chunk = "local track = sub:Parent():Parent() local a, b = track:Acquire('TimeRange'), track:Acquire()
        return a ~= b, #track";
    assert_eq!(lua(&mut desk, chunk), "true\t3");
}

#[test]
fn a_cmd_sub_track_needs_the_tracks_target_first() {
    let mut desk = desk();
    let chunk = "local track = DataPool().Timecodes[101][1]:Append('Track')
        local range = track:Append('TimeRange')
        local before = range:Append('CmdSubTrack')
        track.target = DataPool().Sequences[202]
        return before, range:Append('CmdSubTrack') ~= nil, range:GetChildClass(), range:Append(), track.target.no";
    assert_eq!(lua(&mut desk, chunk), "nil\ttrue\tSubTrack\tnil\t202");
}

#[test]
fn a_group_made_by_lua_has_its_marker_and_a_wrong_class_makes_nothing() {
    let mut desk = desk();
    let chunk = "local tg = DataPool().Timecodes[102]:Append('TrackGroup')
        return #tg, tg[1]:GetClass(), tg:Append('CmdEvent'), tg:Append('Frob'), #tg";
    assert_eq!(lua(&mut desk, chunk), "1\tMarkerTrack\tnil\tnil\t1");
}

#[test]
fn one_call_makes_many_events() {
    let mut desk = desk();
    assert_eq!(lua(&mut desk, "sub:Append('CmdEvent', nil, 250) return #sub"), "250");
}

#[test]
fn deleting_by_index_takes_handles_away_and_a_stale_one_is_told() {
    let mut desk = desk();
    put(&mut desk, &[1.0, 2.0, 3.0]);
    lua(&mut desk, "gone = sub[2] e = sub[3] sub:Delete(2)");
    assert_eq!(names(&desk), ["1", "3"]);
    assert_eq!(
        lua(&mut desk, "return IsObjectValid(gone), gone:IsValid(), IsObjectValid(e), e.index"),
        "false\tfalse\ttrue\t2"
    );
    assert!(desk.lua("return gone.name").unwrap_err().contains("IsObjectValid"));
    lua(&mut desk, "e:Parent():Delete(e.index) sub:Delete(99)");
    assert_eq!(names(&desk), ["1"]);
}

#[test]
fn the_command_line_deletes_the_container_where_its_path_is_given() {
    let mut desk = desk();
    put(&mut desk, &[1.0]);
    assert_eq!(desk.command("Delete Timecode 101.1.1.1.1"), "OK");
    assert_eq!(lua(&mut desk, "return IsObjectValid(sub)"), "false");
    assert_eq!(desk.command("Delete Timecode 101.1.9"), "Illegal Command");
}

#[test]
fn the_command_line_makes_timecodes_groups_and_tracks_and_no_events() {
    let mut desk = desk();
    assert_eq!(desk.command("Store Timecode 300.1.1"), "OK");
    assert_eq!(lua(&mut desk, "return #DataPool().Timecodes[300][1]"), "2");
    assert_eq!(desk.command("Store Timecode 101.1.1.1.1.1"), "Cannot Create Object");
    assert_eq!(desk.command("Set Timecode \"Intro\" \"Duration\" \"55\""), "OK");
    assert_eq!(lua(&mut desk, "return DataPool().Timecodes[101]:Get('Duration', 1)"), "55.000000");
}

#[test]
fn one_undo_block_is_one_oops_and_brings_back_everything_under_new_handles() {
    let mut desk = desk();
    put(&mut desk, &[1.0, 2.0]);
    let before = desk.events(101, 1, 1);
    let chunk = "old = sub[1]
        local u = CreateUndo('batch')
        sub:Append('CmdEvent', u):Set('RawTime', 5) sub:Delete(sub:Count(), u) sub[1]:Set('RawTime', 77)
        sub:Delete(2, u)
        return CloseUndo(u), CloseUndo(u)";
    assert_eq!(lua(&mut desk, chunk), "true\tfalse");
    assert_ne!(desk.events(101, 1, 1), before);
    assert_eq!(desk.command("Oops"), "OK");
    assert_eq!(desk.events(101, 1, 1), before);
    let steps = desk.counts().undo;
    desk.command("Oops");
    assert_eq!((desk.counts().undo, names(&desk)), (steps - 1, vec!["1".to_owned()]), "the hand's own step before it");
}

#[test]
fn property_writes_join_the_block_or_stand_alone_or_are_never_undone() {
    for (kind, after_one) in [(SetUndo::Joins, 0), (SetUndo::OwnStep, 10), (SetUndo::Never, 20)] {
        let mut desk = with(|options| options.set_undo = kind);
        lua(
            &mut desk,
            "sub:Append() local u = CreateUndo('x') sub[1]:Set('RawTime', 10) sub[1]:Set('RawTime', 20) CloseUndo(u)",
        );
        desk.command("Oops");
        match desk.events(101, 1, 1).first() {
            Some(event) => assert_eq!(event.ticks, after_one, "{kind:?}"),
            None => assert_eq!(kind, SetUndo::Never, "the oops took the event itself back"),
        }
    }
}

#[test]
fn what_is_locked_ignores_lua_in_silence_and_tells_a_hand() {
    let mut desk = desk();
    put(&mut desk, &[1.0]);
    for at in ["101", "101.1", "101.1.1", ""] {
        desk.person(Act::Lock(at.into(), true)).unwrap();
        let said = lua(&mut desk, "local e = sub[1] return e:Set('RawTime', 5), sub:Append(), sub:Delete(1), #sub");
        assert_eq!(said, "nil\tnil\tnil\t1", "locked at '{at}'");
        assert_eq!(desk.events(101, 1, 1)[0].ticks, 1 << 24);
        let hand = desk.person(Act::Move { track: "101.1.1".into(), event: 1, seconds: 2.0 });
        assert!(hand.unwrap_err().contains("locked"));
        let shown = lua(&mut desk, "return sub:Get('SystemLocked'), DataPool().Timecodes.SystemLocked");
        assert_eq!(shown, if at.is_empty() { "true\ttrue" } else { "false\tfalse" });
        desk.person(Act::Lock(at.into(), false)).unwrap();
    }
    assert_eq!(lua(&mut desk, "sub[1]:Set('RawTime', 5) return sub[1]:Get('RawTime')"), "5");
}

#[test]
fn a_playing_or_recording_timecode_ignores_lua_and_lets_a_hand_record() {
    let mut desk = desk();
    put(&mut desk, &[1.0]);
    desk.command("Go+ Timecode 101");
    assert_eq!(lua(&mut desk, "sub[1]:Set('RawTime', 5) return sub[1]:Get('RawTime')"), "16777216");
    desk.command("Off Timecode 101");
    assert_eq!(lua(&mut desk, "sub[1]:Set('RawTime', 5) return sub[1]:Get('RawTime')"), "5");
    desk.person(Act::Record("101".into())).unwrap();
    assert_eq!(lua(&mut desk, "return sub:Append(), DataPool().Timecodes[101]:IsRecording()"), "nil\ttrue");
    put(&mut desk, &[4.0]);
    assert_eq!(desk.events(101, 1, 1).len(), 2);
}

#[test]
fn unknown_properties_and_impossible_values_are_ignored_in_silence() {
    let mut desk = desk();
    put(&mut desk, &[1.0]);
    let chunk = "local e = sub[1]
        e:Set('Cmd', 'Go') e:Set('Nonsense', 1) e:Set('Token', 'Explode') e:Set('CueDestination', sub) e:Set('Time', 'soon')
        return e:Get('Nonsense'), e:Get('Token'), e:Get('CueDestination'), e:Get('RawTime')";
    assert_eq!(lua(&mut desk, chunk), "nil\tGo+\tnil\t16777216");
    assert_eq!(desk.take_refused().len(), 5);
}

#[test]
fn a_share_of_the_writes_fails_silently_where_the_dial_says_so() {
    let mut desk = with(|options| options.faults.silent_writes = 0.5);
    let kept = lua(&mut desk, "local n = 0 for i = 1, 200 do if sub:Append() then n = n + 1 end end return n");
    let kept: i64 = kept.parse().unwrap();
    assert!((60..140).contains(&kept), "{kept}");
    assert_eq!(desk.events(101, 1, 1).len() as i64, kept);
}

#[test]
fn a_cue_destination_is_a_handle_shown_with_its_number_and_dies_with_its_cue() {
    let mut desk = desk();
    put(&mut desk, &[1.0]);
    let chunk = "local e, cue = sub[1], DataPool().Sequences[201][3]
        e:Set('CueDestination', cue)
        return e:Get('CueDestination') == cue, e:Get('CueDestination', 1), cue:Get('No', 1)";
    assert_eq!(lua(&mut desk, chunk), "true\t3 'Cue 3'\t3");
    assert_eq!(desk.events(101, 1, 1)[0].cue, "3");
    lua(&mut desk, "DataPool().Sequences[201]:Delete(3)");
    assert_eq!(desk.events(101, 1, 1)[0].cue, "");
}

#[test]
fn a_hand_names_reorders_and_deletes_tracks_and_oops_brings_them_back() {
    let mut desk = desk();
    put(&mut desk, &[1.0, 2.0]);
    let events = desk.events(101, 1, 1);
    desk.person(Act::AddTrack { group: "101.1".into(), name: "SPOT".into(), sequence: 202 }).unwrap();
    desk.person(Act::Reorder { track: "101.1.1".into(), to: 3 }).unwrap();
    let order = |desk: &Desk| desk.tracks().into_iter().map(|track| track.name).collect::<Vec<_>>();
    assert_eq!(order(&desk), ["WASH", "SPOT", "BEAM"]);
    assert_eq!(
        lua(
            &mut desk,
            "local tg = DataPool().Timecodes[101][1] return tg[1]:GetClass(), tg[4] == sub:Parent():Parent()"
        ),
        "MarkerTrack\ttrue"
    );
    desk.person(Act::DeleteAt("101.1.3".into())).unwrap();
    assert_eq!(order(&desk), ["WASH", "SPOT"]);
    desk.person(Act::Oops).unwrap();
    desk.person(Act::Oops).unwrap();
    assert_eq!(order(&desk), ["BEAM", "WASH", "SPOT"]);
    assert_eq!(desk.events(101, 1, 1), events);
}
