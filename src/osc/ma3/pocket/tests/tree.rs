//! A14, 1: the tree, its indices and its numbers.

use super::*;

#[test]
fn lua_counts_from_one_with_the_marker_first_and_people_count_the_user_tracks() {
    let mut desk = desk();
    let chunk = "local tg = DataPool().Timecodes[101][1]
        return tg[1]:GetClass(), tg[2].name, tg:Ptr(2) == tg[2], tg:Children()[2] == tg[2], #tg, tg:Count(), tg[4],
            tg:CmdlineChildren()[1].name, tg:CmdlinePtr(1).name, tg[2].no, tg[2].index";
    assert_eq!(lua(&mut desk, chunk), "MarkerTrack\tBEAM\ttrue\ttrue\t3\t3\tnil\tBEAM\tBEAM\t1\t2");
}

#[test]
fn a_dump_counts_from_zero_and_shows_times_and_numbers_as_the_console_prints_them() {
    let mut desk = desk();
    lua(&mut desk, "DataPool().Timecodes[101][1]:Dump() DataPool().Timecodes[101]:Dump()");
    let log: String = desk.log().into_iter().map(|line| line.text).collect();
    for part in [
        "#0000 0 'Marker' (MarkerTrack)",
        "#0001 1 'BEAM' (Track)",
        "NO = \"101 (1)\"",
        "DURATION = \"180.000000\"",
        "RAWDURATION = \"3019898880\"",
        "AUTOSTART = \"No\"",
    ] {
        assert!(log.contains(part), "{part} in {log}");
    }
}

#[test]
fn a_pool_is_indexed_by_number_and_its_children_are_those_that_exist() {
    let mut desk = desk();
    let chunk = "local pool = DataPool().Timecodes
        local made = pool:Create(7, 'Timecode')
        local names = {}
        for n, tc in ipairs(pool:Children()) do names[n] = tc.no end
        return made == pool[7], pool[1], pool[101].name, table.concat(names, ' '), pool:Create(7, 'Timecode')";
    assert_eq!(lua(&mut desk, chunk), "true\tnil\tIntro\t7 101 102\tnil");
    assert!(desk.take_refused()[0].contains("number 7 is taken"));
}

#[test]
fn the_fifteen_pools_stand_in_the_consoles_order_and_the_slots_beside_the_show() {
    let mut desk = desk();
    let chunk = "local p = DataPool() return #p, p[6].name, p[7].name, p[14].name, p[15].name, p[14]:GetClass(),
        #Root().TimecodeSlots, Root().ShowData.DataPools[1] == p";
    assert_eq!(lua(&mut desk, chunk), "15\tSequences\tPlugins\tTimecodes\tTimers\tTimecodes\t16\ttrue");
}

#[test]
fn collections_that_people_expect_are_nil_and_an_unknown_name_is_an_error_that_names_it() {
    let mut desk = desk();
    assert_eq!(
        lua(&mut desk, "local tc = DataPool().Timecodes[101] return tc.TrackGroups, tc[1][2].TimeRanges"),
        "nil\tnil"
    );
    lua(&mut desk, "e = sub:Append() e2 = sub:Append('CmdEvent')");
    assert_eq!(lua(&mut desk, "return e.Cmd, e.Duration, e.CueNo, e.CueName, e.Guid"), "nil\tnil\tnil\tnil\tnil");
    let why = desk.lua("return sub:FrobnicateAll()").unwrap_err();
    assert!(why.contains("knows no API \"FrobnicateAll\": section A does not list it"), "{why}");
    let why = desk.lua("ObjectList('Timecode 101')").unwrap_err();
    assert!(why.contains("knows no API \"ObjectList\""), "{why}");
    let caught = lua(&mut desk, "local ok, why = pcall(function() ObjectList('x') end) return ok, type(why), why");
    assert!(caught.starts_with("false\tstring\t") && caught.contains("knows no API \"ObjectList\""), "{caught}");
    lua(&mut desk, "if MessageBox then MessageBox() end");
    assert!(desk.looked_for().contains(&"MessageBox".to_owned()), "a guarded look is told too");
}

#[test]
fn addresses_are_the_command_lines_the_places_and_the_paths() {
    let mut desk = desk();
    put(&mut desk, &[1.0]);
    let chunk = "local e = sub[1] return e:ToAddr(), e:AddrNative(), DataPool().Sequences[201][3]:ToAddr()";
    assert_eq!(
        lua(&mut desk, chunk),
        "Timecode 101.1.1.1.1.1\tRoot/ShowData/DataPools/1 'Default'/Timecodes/101 'Intro'/1 'TrackGroup'/201 'BEAM'/\
         TimeRange 1/CmdSubTrack 1/1 '1'\tSequence 201 Cue 3"
    );
}

#[test]
fn handles_of_one_object_are_equal_and_one_key_of_a_table() {
    let mut desk = desk();
    let chunk = "local a, b = DataPool().Timecodes[101], DataPool().Timecodes:Children()[1]
        local t = {} t[a] = 'x'
        return a == b, t[b], type(a), IntToHandle(HandleToInt(a)) == a, StrToHandle(HandleToStr(a)) == a";
    assert_eq!(lua(&mut desk, chunk), "true\tx\tuserdata\ttrue\ttrue");
}

#[test]
fn a_renamed_marker_is_still_known_by_its_class() {
    let mut desk = desk();
    let chunk = "local tg = DataPool().Timecodes[101][1] tg[1].name = 'Cues' tg[2].name = 'Marker'
        return tg[1]:GetClass(), tg[1].name, tg[2]:GetClass(), tg[2].name, tg:CmdlinePtr(1) == tg[2]";
    assert_eq!(lua(&mut desk, chunk), "MarkerTrack\tCues\tTrack\tMarker\ttrue");
}
