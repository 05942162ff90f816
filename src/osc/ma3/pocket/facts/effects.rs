//! Item 7 and what is read back: writes that fail say nothing.

use super::super::Faults;
use super::*;

/// Run a write that must give nothing at all; why it did not stick.
fn silent(desk: &mut Desk, write: &str) -> String {
    desk.take_refused();
    assert_eq!(lua(desk, &format!("return select('#', {write})")), "0", "{write} gave something");
    desk.take_refused().join("; ")
}

#[test]
fn a_locked_object_its_ancestors_and_a_locked_show_refuse_in_silence() {
    let mut desk = desk();
    add(&mut desk, 1.0, "a");
    for (place, at) in [("track", "101.1.1"), ("tg", "101.1"), ("tc", "101"), ("", "")] {
        desk.person(Act::Lock(at.into(), true)).unwrap();
        assert!(silent(&mut desk, "sub[1]:Set('RawTime', 5)").contains("locked"), "{at}");
        assert!(silent(&mut desk, "sub:Delete(1)").contains("locked"), "{at}");
        assert_eq!(lua(&mut desk, "return sub:Append(), sub[1].rawtime, #sub"), format!("nil\t{}\t1", 1 << 24), "{at}");
        assert_eq!(desk.command("Set Timecode 101.1.1.1.1.1 \"Name\" \"x\""), "OK", "the command itself is fine");
        assert!(
            desk.person(Act::Move { track: "101.1.1".into(), event: 1, seconds: 3.0 }).unwrap_err().contains("locked")
        );
        let read = if place.is_empty() {
            "return DataPool():Get('SystemLocked', 1), pool:Get('SystemLocked', 1), sub:Get('SystemLocked', 1), Root():Get('SystemLocked', 1)".to_owned()
        } else {
            format!("return {place}:Get('Lock', 1), {place}.lock, sub:Get('Lock', 1), sub:Get('SystemLocked', 1)")
        };
        let shown = if place.is_empty() { "Yes\tYes\tYes\tNo" } else { "Yes\ttrue\tNo\tNo" };
        assert_eq!(lua(&mut desk, &read), shown, "{at}");
        assert!(desk.tracks()[0].locked);
        desk.person(Act::Lock(at.into(), false)).unwrap();
    }
    assert_eq!(lua(&mut desk, "sub[1].lock = true sub[1].name = 'no' sub[1].lock = 'No' return sub[1].name"), "a");
    let mut blind = kind_of(Options { show_lock_reads: false, ..Options::default() });
    blind.person(Act::Lock("".into(), true)).unwrap();
    assert_eq!(lua(&mut blind, "return pool:Get('SystemLocked', 1), pool:Get('Lock', 1)"), "No\tNo");
}

#[test]
fn a_playing_or_recording_timecode_refuses_in_silence_where_the_desk_is_of_that_kind() {
    for (start, word) in [(Act::Play("101".into()), "playing"), (Act::Record("101".into()), "recording")] {
        let mut desk = desk();
        add(&mut desk, 1.0, "a");
        desk.person(start).unwrap();
        assert_eq!(lua(&mut desk, "return tc:IsRecording()"), (word == "recording").to_string());
        assert!(silent(&mut desk, "sub[1]:Set('RawTime', 5)").contains("playing or recording"));
        assert_eq!(
            lua(&mut desk, "sub:Delete(1) return sub:Append(), tc:Append(), #sub, sub[1].rawtime"),
            format!("nil\tnil\t1\t{}", 1 << 24)
        );
        assert_eq!(
            desk.person(Act::Move { track: "101.1.1".into(), event: 1, seconds: 3.0 }).is_ok(),
            word == "recording",
            "a person records"
        );
        desk.person(Act::Stop("101".into())).unwrap();
        lua(&mut desk, "sub[1]:Set('RawTime', 6)");
        assert_eq!(lua(&mut desk, "return sub[1].rawtime"), "6");
    }
    let mut desk = kind_of(Options { playing_refuses: false, ..Options::default() });
    desk.person(Act::Play("101".into())).unwrap();
    assert_eq!(lua(&mut desk, "sub:Append() return #sub"), "1");
    assert_eq!(
        lua(
            &mut desk,
            "tc:StartRecording() local was = tc:IsRecording() tc:StopRecording() return was, tc:IsRecording()"
        ),
        "true\tfalse"
    );
}

#[test]
fn unknown_properties_and_wrong_values_change_nothing_and_say_nothing() {
    let mut desk = desk();
    add(&mut desk, 1.0, "a");
    let before = desk.events(101, 1, 1);
    for write in [
        "sub[1]:Set('Cmd', 'Go')",
        "sub[1]:Set('Duration', 1)",
        "sub[1]:Set('CueNo', 3)",
        "sub[1]:Set('CueName', 'x')",
        "sub[1]:Set('Guid', 'x')",
        "sub[1]:Set('Token', 'Dance')",
        "sub[1]:Set('Token', 9999)",
        "sub[1]:Set('Time', 'soon')",
        "sub[1]:Set('CueDestination', track)",
        "sub[1]:Set('CueDestination', 'Sequence 201 Cue 99')",
        "sub[1]:Set('Index', 4)",
        "sub[1]:Set('AbsTime', 4)",
        "sub[1]:Set('ExecuteCommand', 'maybe')",
        "sub[1]:Set('No', 7)",
        "tc:Set('TCSlot', 77)",
        "tc:Set('LoopMode', 'Dance')",
        "tc:Set('No', 102)",
        "sub:Delete(9)",
        "pool:Delete(55)",
    ] {
        assert!(!silent(&mut desk, write).is_empty(), "{write}");
        assert_eq!(desk.events(101, 1, 1), before, "{write}");
    }
    lua(&mut desk, "sub[1].cmd = 'x'");
    assert_eq!(lua(&mut desk, "return tc.no, sub[1].cmd, rawget(_G, 'x')"), "101\tnil\tnil");
    assert!(fails(&mut desk, "sub[1]:Set('Name', {})").contains("table"));
}

#[test]
fn what_is_out_of_range_is_clamped_and_reads_so() {
    let mut desk = desk();
    add(&mut desk, 1.0, "a");
    assert_eq!(silent(&mut desk, "sub[1]:Set('RawTime', 1 << 60)"), "");
    assert_eq!(silent(&mut desk, "tc:Set('Duration', -5.0)"), "");
    assert_eq!(silent(&mut desk, "tc:Set('LoopCount', 5000)"), "");
    assert_eq!(silent(&mut desk, "tc:Set('Cursor', 1 << 60)"), "");
    assert_eq!(
        lua(&mut desk, "return sub[1]:Get('Time', 1), tc:Get('Duration', 1), tc.LoopCount, tc:Get('Cursor', 1)"),
        "921598.960000\t0.000000\t1000\t921598.960000"
    );
    assert_eq!(desk.command("Set Timecode \"Intro\" \"Duration\" \"999h\""), "OK");
    assert_eq!(lua(&mut desk, "return tc:Get('Duration', 1)"), "921598.960000");
}

#[test]
fn the_fault_dial_makes_some_writes_fail_and_none_of_a_hand() {
    let mut desk = desk();
    desk.set_faults(Faults { silent_writes: 0.5, ..Faults::default() });
    lua(&mut desk, "for n = 1, 200 do sub:Append() end");
    let made = desk.events(101, 1, 1).len();
    assert!((60..140).contains(&made), "{made}");
    assert_eq!(desk.take_refused().len(), 200 - made);
    for n in 0..20 {
        add(&mut desk, f64::from(n), "");
    }
    assert_eq!(desk.events(101, 1, 1).len(), made + 20);
}

#[test]
fn get_without_a_role_gives_values_and_with_one_text() {
    let mut desk = desk();
    add(&mut desk, 1.0, "");
    lua(&mut desk, "sub[1].CueDestination = 'Sequence 201 Cue 3'");
    assert_eq!(
        lua(
            &mut desk,
            "local e = sub[1] return type(e.CueDestination), e.CueDestination.no, e.Track == track, e.TrackGroup == tg, e.ExecuteCommand, e.Token"
        ),
        "userdata\t3000\ttrue\ttrue\ttrue\tGo+"
    );
    for role in 0..=8 {
        assert_eq!(
            lua(
                &mut desk,
                &format!(
                    "local e = sub[1] return type(e:Get('RawTime', {role})), type(e:Get('ExecuteCommand', {role})), type(e:Get('CueDestination', {role}))"
                )
            ),
            "string\tstring\tstring"
        );
    }
    let mut numbers = kind_of(Options { enums_as_numbers: true, ..Options::default() });
    add(&mut numbers, 1.0, "");
    assert_eq!(
        lua(
            &mut numbers,
            "return sub[1].Token, sub[1]:Get('Token', 1), Enums.AssignmentButtonFunctionsTimecode['Go+']"
        ),
        "3\tGo+\t3"
    );
}
