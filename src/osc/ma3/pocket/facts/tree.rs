//! Items 1, 3 and 4: the tree, its indices and numbers, the order of events, how things are made and deleted.

use super::*;

#[test]
fn lua_counts_from_1_with_the_marker_and_the_command_line_without_it() {
    let mut desk = desk();
    assert_eq!(
        lua(&mut desk, "return tg[1]:GetClass(), tg[1].name, tg[2].name, tg[3].name, #tg, tg:Count()"),
        "MarkerTrack\tMarker\tBEAM\tWASH\t3\t3"
    );
    assert_eq!(
        lua(&mut desk, "return tg:Ptr(1).name, tg:Ptr(2).name, tg:Children()[1].name, tg[4], tg[0], tg:Children()[0]"),
        "Marker\tBEAM\tMarker\tnil\tnil\tnil"
    );
    assert_eq!(
        lua(&mut desk, "return tg:CmdlinePtr(0).name, tg:CmdlinePtr(1).name, #tg:CmdlineChildren()"),
        "Marker\tBEAM\t2"
    );
    assert_eq!(desk.command("Set Timecode 101.1.2 \"Name\" \"SIDE\""), "OK");
    assert_eq!(lua(&mut desk, "return tg[3].name, tg[3]:ToAddr()"), "SIDE\tTimecode 101.1.2");
}

#[test]
fn dump_counts_from_0_and_prints_numbers_times_and_ticks_as_the_console_does() {
    let mut desk = desk();
    add(&mut desk, 180.0, "");
    lua(&mut desk, "tg:Dump() tc:Dump() sub[1]:Set('CueDestination', 'Sequence 201 Cue 1') sub[1]:Dump()");
    let text: String = desk.log().into_iter().map(|line| line.text + "\n").collect();
    for part in [
        "#0000 0 'Marker' (MarkerTrack)",
        "#0001 1 'BEAM' (Track)",
        "NO = \"101 (1)\"",
        "DURATION = \"180.000000\"",
        "RAWDURATION = \"3019898880\"",
        "TIME = \"180.000000\"",
        "RAWTIME = \"3019898880\"",
        "NAME = \"Go+\"",
        "TOKEN = \"Go+\"",
        "EXECUTECOMMAND = \"Yes\"",
        "TYPE = \"0\"",
        "MEMORYFOOTPRINT = \"384\"",
        "CUEDESTINATION = \"1 'Cue 1'\"",
        "Path: Root/ShowData/DataPools/1 'Default'/Timecodes/101 'Intro'/1 'TrackGroup'/201 'BEAM'/TimeRange 1/CmdSubTrack 1/",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn pools_are_sparse_and_a_number_is_no_place() {
    let mut desk = desk();
    lua(&mut desk, "pool:Create(7, 'Timecode') pool:Create(300, 'Timecode')");
    assert_eq!(
        lua(
            &mut desk,
            "local nos = {} for _, t in ipairs(pool:Children()) do nos[#nos + 1] = t.no end return table.concat(nos, ' ')"
        ),
        "7 101 102 300"
    );
    assert_eq!(
        lua(&mut desk, "return pool[1], pool[2], pool[7].no, pool[7].index, pool[101].index, pool[101].name"),
        "nil\tnil\t7\t1\t2\tIntro"
    );
    assert_eq!(lua(&mut desk, "return pool:Create(7, 'Timecode')"), "nil", "a number that is taken");
    lua(&mut desk, "pool:Delete(101)");
    assert_eq!(lua(&mut desk, "return pool[101], #pool, pool[102].name"), "nil\t3\tNight");
    let mut named = kind_of(Options { numbers_as_text: true, ..Options::default() });
    assert_eq!(lua(&mut named, "return type(tc.no), tonumber(tc.no)"), "string\t101");
}

#[test]
fn the_data_pool_has_its_fifteen_pools_in_their_order() {
    let mut desk = desk();
    let text = lua(
        &mut desk,
        "local p = DataPool() return #p, p[6].name, p[7].name, p[14].name, p[15].name, p.name, Root().ShowData.DataPools[1] == p, #Root().TimecodeSlots",
    );
    assert_eq!(text, "15\tSequences\tPlugins\tTimecodes\tTimers\tDefault\ttrue\t16");
}

#[test]
fn named_collections_and_properties_that_are_not_there_read_nil() {
    let mut desk = desk();
    add(&mut desk, 1.0, "a");
    assert_eq!(
        lua(&mut desk, "return tc.TrackGroups, track.TimeRanges, tg.Tracks, range.SubTracks, sub.Events"),
        "nil\tnil\tnil\tnil\tnil"
    );
    assert_eq!(
        lua(&mut desk, "local e = sub[1] return e.cmd, e.duration, e.cueno, e.cuename, e.guid, e:Get('Guid')"),
        "nil\tnil\tnil\tnil\tnil\tnil"
    );
    assert_eq!(
        lua(&mut desk, "return range:GetChildClass(), sub:GetClass(), #track.guid, tc.guid ~= track.guid"),
        "SubTrack\tCmdSubTrack\t47\ttrue"
    );
}

#[test]
fn a_renamed_marker_is_known_by_its_class_and_stays_first() {
    let mut desk = desk();
    lua(&mut desk, "tg[1].name = 'Cues' tg[2].name = 'Marker' tg:Insert(1, 'Track').name = 'early'");
    assert_eq!(
        lua(&mut desk, "return tg[1]:GetClass(), tg[1].name, tg[2].name, tg[3].name, tg[3]:GetClass()"),
        "MarkerTrack\tCues\tearly\tMarker\tTrack"
    );
    assert_eq!(lua(&mut desk, "local g = tc:Append('TrackGroup') return #g, g[1]:GetClass()"), "1\tMarkerTrack");
}

#[test]
fn events_stand_in_the_order_of_time_and_ties_in_the_order_they_were_given() {
    let mut desk = desk();
    for (seconds, name) in [(2.0, "c"), (1.0, "a"), (2.0, "d"), (1.0, "b"), (0.0, "first")] {
        add(&mut desk, seconds, name);
    }
    assert_eq!(names_of(&desk), "first a b c d");
    // As a stable sort does: what stood before an equal one still does.
    lua(&mut desk, "sub[2].time = 2 * 2^24 // 1 | 0");
    assert_eq!(names_of(&desk), "first b a c d");
    lua(&mut desk, "sub[5]:Set('RawTime', 1 << 24)");
    assert_eq!(names_of(&desk), "first b d a c");
    desk.person(Act::Oops).unwrap();
    desk.person(Act::Oops).unwrap();
    assert_eq!(names_of(&desk), "first a b c d", "Oops gives ties their order back");
}

#[test]
fn a_new_event_comes_last_at_time_0_and_is_sorted_when_its_time_is_set() {
    let mut desk = desk();
    add(&mut desk, 1.0, "a");
    add(&mut desk, 3.0, "b");
    lua(
        &mut desk,
        "new = sub:Append('CmdEvent') new.name = 'new' place = new.index raw = new.rawtime new:Set('RawTime', 2 << 24)",
    );
    assert_eq!(lua(&mut desk, "return place, raw, new.index, new.name, new:GetClass()"), "3\t0\t2\tnew\tCmdEvent");
    assert_eq!(names_of(&desk), "a new b");
    assert_eq!(
        lua(&mut desk, "local e = sub:Append() return e.name, e:Get('Token'), e.ExecuteCommand, e.RealtimeCmd"),
        "Go+\tGo+\ttrue\t"
    );
}

#[test]
fn handles_survive_what_moves_indices_and_die_with_their_object() {
    let mut desk = desk();
    for n in 0..4 {
        add(&mut desk, f64::from(n), &format!("e{n}"));
    }
    lua(&mut desk, "a, b = sub[1], sub[2] a:Set('RawTime', 99 << 24) key = { [sub[4]] = 'last' }");
    assert_eq!(
        lua(&mut desk, "return a.name, a.index, b.index, a == sub[4], key[a], key[sub[3]]"),
        "e0\t4\t1\ttrue\tlast\tnil"
    );
    lua(&mut desk, "sub:Delete(1)");
    assert_eq!(
        lua(
            &mut desk,
            "return IsObjectValid(b), b:IsValid(), IsObjectValid(a), a.index, IsObjectValid(nil), IsObjectValid(7)"
        ),
        "false\tfalse\ttrue\t3\tfalse\tfalse"
    );
    assert!(fails(&mut desk, "return b.name").contains("gone"));
    assert_eq!(
        lua(&mut desk, "return IntToHandle(a:HandleToInt()) == a, StrToHandle(HandleToStr(a)) == a"),
        "true\ttrue"
    );
}

#[test]
fn several_are_made_and_deleted_from_the_back() {
    let mut desk = desk();
    lua(&mut desk, "sub:Append('CmdEvent', nil, 5) for n = 1, 5 do sub[1]:Set('RawTime', n << 24) end");
    assert_eq!(lua(&mut desk, "return #sub, sub[1].rawtime >> 24, sub[5].rawtime >> 24"), "5\t1\t5");
    lua(&mut desk, "for n = #sub, 1, -1 do if n % 2 == 0 then sub:Delete(n) end end");
    assert_eq!(
        lua(
            &mut desk,
            "local t = {} for _, e in ipairs(sub:Children()) do t[#t + 1] = e.rawtime >> 24 end return table.concat(t, ' ')"
        ),
        "1 3 5"
    );
    lua(&mut desk, "sub[1]:CommandDelete() sub[1]:Parent():Delete(sub[1].index)");
    assert_eq!(lua(&mut desk, "return #sub, sub:Parent() == range"), "1\ttrue");
}

#[test]
fn acquire_makes_another_one_each_time() {
    let mut desk = desk();
    assert_eq!(
        lua(&mut desk, "local a, b = track:Acquire(), track:Acquire('TimeRange') return #track, a ~= b, a:GetClass()"),
        "3\ttrue\tTimeRange"
    );
    assert_eq!(
        lua(&mut desk, "range:Acquire('CmdSubTrack') return #range, range:Acquire('FaderSubTrack').FaderToken"),
        "2\tMaster"
    );
    assert_eq!(
        lua(&mut desk, "return range:Acquire(), range:Acquire('Sequence'), range:Append('Nonsense')"),
        "nil\tnil\tnil"
    );
}

#[test]
fn a_cmd_sub_track_needs_a_track_with_a_target() {
    let mut desk = desk();
    lua(&mut desk, "bare = tg:Append('Track') r = bare:Append('TimeRange')");
    assert_eq!(
        lua(&mut desk, "return r:Acquire('CmdSubTrack'), r:Append('CmdSubTrack'), r:Create(1, 'CmdSubTrack')"),
        "nil\tnil\tnil"
    );
    assert!(desk.take_refused().iter().all(|why| why.contains("no target")));
    lua(&mut desk, "bare.Target = DataPool().Sequences[201]");
    assert_eq!(lua(&mut desk, "return r:Acquire('CmdSubTrack'):GetClass(), bare.Target.name"), "CmdSubTrack\tBEAM");
    // The window's own way makes all three, and needs the target as well.
    desk.person(Act::AddTrack { group: "101.1".into(), name: "none".into(), sequence: 0 }).unwrap();
    assert_eq!(lua(&mut desk, "local t = tg[#tg] return t.name, #t, #t[1], t.Target"), "none\t1\t0\tnil");
}

#[test]
fn the_first_child_of_a_range_may_be_the_fader_sub_track() {
    let mut desk = desk();
    lua(&mut desk, "range:Insert(1, 'FaderSubTrack') local e = range[1]:Append() e.name = 'up'");
    assert_eq!(
        lua(
            &mut desk,
            "local e = range[1][1] return range[1]:GetClass(), range[2]:GetClass(), e:GetClass(), e:Get('Token'), e.Type, e.MemoryFootprint"
        ),
        "FaderSubTrack\tCmdSubTrack\tFaderEvent\tFaderMaster\t1\t320"
    );
    add(&mut desk, 1.0, "go");
    assert_eq!(names_of(&desk), "go", "a person's events go to the CmdSubTrack");
}

#[test]
fn the_command_line_makes_all_but_events_and_deletes_what_it_is_told() {
    let mut desk = desk();
    assert_eq!(desk.command("Store Timecode 5.1.1"), "OK");
    assert_eq!(desk.command("Store Timecode 101.1.1.1.1.1"), "Cannot Create Object");
    assert_eq!(lua(&mut desk, "return #pool[5], #pool[5][1], pool[5][1][2]:GetClass()"), "1\t2\tTrack");
    add(&mut desk, 1.0, "a");
    assert_eq!(desk.command("Set Timecode 101.1.1.1.1.1 Property \"Time\" \"2.5\""), "OK");
    assert_eq!(desk.events(101, 1, 1)[0].ticks, 5 << 23);
    assert_eq!(desk.command("Delete Timecode 101.1.1.1.1.1"), "OK");
    assert_eq!(lua(&mut desk, "return #sub"), "0");
    // This does not clear a track: it takes the container away.
    assert_eq!(desk.command("Delete Timecode 101.1.1.1.1"), "OK");
    assert_eq!(lua(&mut desk, "return #range"), "0");
    for at in [
        "Root().ShowData",
        "Root().ShowData.DataPools",
        "DataPool()",
        "DataPool().Timecodes",
        "Root().TimecodeSlots",
        "Root().TimecodeSlots[1]",
    ] {
        lua(&mut desk, &format!("{at}:CommandDelete()"));
        assert_eq!(lua(&mut desk, &format!("return {at} ~= nil")), "true", "{at}");
    }
}
