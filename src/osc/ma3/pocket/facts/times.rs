//! Items 2, 10 and 12: ticks and their three names, clocks and timers, cursors and slots.

use super::super::options::{TimeForm, TimerDelay, Writes};
use super::super::{Kind, TICKS};
use super::*;

const THREE: &str = "local e = sub[1] return e:Get('RawTime'), e:Get('Time'), e:Get('AbsTime')";

#[test]
fn three_ways_of_writing_a_time_give_one_result() {
    let mut desk = desk();
    add(&mut desk, 0.0, "a");
    for write in [
        "e:Set('RawTime', 50331648)",
        "e:Set('rawtime', '50331648')",
        "e:Set('Time', 50331648)",
        "e.time = 3.0",
        "e:Set('Time', '3')",
        "e:Set('Time', '3.0s')",
        "e:Set('TIME', '0m3s')",
    ] {
        lua(&mut desk, &format!("sub[1]:Set('RawTime', 1) local e = sub[1] {write}"));
        assert_eq!(lua(&mut desk, THREE), "50331648\t50331648\t50331648", "{write}");
    }
}

#[test]
fn time_is_in_the_range_and_abs_time_has_its_start() {
    let mut desk = desk();
    add(&mut desk, 2.0, "a");
    lua(&mut desk, "range:Set('Start', 10.0)");
    assert_eq!(lua(&mut desk, THREE), format!("{}\t{}\t{}", 2 * TICKS, 2 * TICKS, 12 * TICKS));
    assert_eq!(
        lua(
            &mut desk,
            "return range:Get('RawStart'), range:Get('Start', 1), range:Get('Duration', 1), sub[1]:Get('AbsTime', 1)"
        ),
        format!("{}\t10.000000\tTo End\t12.000000", 10 * TICKS)
    );
    lua(&mut desk, "sub[1]:Set('AbsTime', 5) range:Set('RawStart', 5)");
    assert_eq!(lua(&mut desk, THREE), format!("{}\t{}\t{}", 2 * TICKS, 2 * TICKS, 12 * TICKS), "AbsTime is read only");
    let view = &desk.events(101, 1, 1)[0];
    assert_eq!((view.ticks, view.abs), (2 * TICKS, 12 * TICKS));
}

#[test]
fn times_are_signed_exact_beyond_32_bits_and_end_at_255_hours() {
    let mut desk = desk();
    add(&mut desk, 0.0, "a");
    for ticks in ["4294967297", "-16777217", "15461864817294"] {
        lua(&mut desk, &format!("sub[1]:Set('RawTime', {ticks})"));
        assert_eq!(lua(&mut desk, "return sub[1]:Get('RawTime')"), ticks);
    }
    let longest = lua(&mut desk, "sub[1]:Set('RawTime', math.maxinteger) return sub[1]:Get('RawTime')");
    assert_eq!(longest, (92_159_896 * TICKS / 100).to_string());
    assert_eq!(lua(&mut desk, "sub[1]:Set('Time', 1e300) return sub[1].rawtime"), longest);
    assert_eq!(
        lua(&mut desk, "sub[1]:Set('Time', 0/0) sub[1]:Set('RawTime', 1.5) return sub[1].rawtime"),
        longest,
        "no time at all"
    );
    add(&mut desk, -2.0, "before");
    assert_eq!(names_of(&desk), "before a");
    assert_eq!(lua(&mut desk, "return sub[1]:Get('Time', 1), sub[1].rawtime"), format!("-2.000000\t{}", -2 * TICKS));
}

#[test]
fn text_of_a_time_loses_what_six_decimals_lose() {
    let mut desk = desk();
    add(&mut desk, 0.0, "a");
    let read = lua(
        &mut desk,
        "sub[1]:Set('RawTime', 16777223) local text = sub[1]:Get('Time', 1) sub[1]:Set('Time', text) return text, sub[1].rawtime",
    );
    assert_eq!(read, "1.000000\t16777216");
}

#[test]
fn times_read_in_the_form_the_kind_of_desk_has() {
    for (times, form) in
        [(TimeForm::Ticks, "25165824\tinteger"), (TimeForm::Seconds, "1.5\tfloat"), (TimeForm::Text, "1.500000\tnil")]
    {
        let mut desk = kind_of(Options { times, ..Options::default() });
        add(&mut desk, 1.5, "a");
        assert_eq!(lua(&mut desk, "return sub[1].time, math.type(sub[1].time)"), form);
        assert_eq!(lua(&mut desk, "return sub[1].rawtime, sub[1]:Get('Time', 1)"), "25165824\t1.500000", "{times:?}");
    }
}

#[test]
fn every_write_has_a_switch_and_hands_do_not_mind_it() {
    type Off = fn(&mut Writes);
    let cases: [(&str, &str, &str, &str, Off); 10] = [
        ("RawTime", "77", "RawTime", "77", |w| w.raw_time = false),
        ("Time", "88", "RawTime", "88", |w| (w.time_ticks, w.time_seconds) = (false, false)),
        ("Time", "0.5", "RawTime", "8388608", |w| (w.time_ticks, w.time_seconds) = (false, false)),
        ("Time", "'2'", "RawTime", "33554432", |w| w.time_text = false),
        ("Token", "'Goto'", "Token", "Goto", |w| w.token = false),
        ("CueDestination", "DataPool().Sequences[201][3]", "CueDestination", "3 'Cue 3'", |w| w.cue = false),
        ("RealtimeCmd", "'Off Page 1'", "RealtimeCmd", "Off Page 1", |w| w.command = false),
        ("ExecuteCommand", "false", "ExecuteCommand", "No", |w| w.execute = false),
        ("Note", "'n'", "Note", "n", |w| w.event_note = false),
        ("Guid", "'g'", "Note", "", |w| w.guid = false),
    ];
    for (name, new, read, then, off) in cases {
        let mut writes = Writes::default();
        off(&mut writes);
        let mut strict = kind_of(Options { writes, ..Options::default() });
        let mut kind = desk();
        for desk in [&mut strict, &mut kind] {
            add(desk, 1.0, "a");
        }
        let set = format!(
            "local e = sub[1] local before = e:Get('{read}', 1) e:Set('{name}', {new}) return e:Get('{read}', 1), before == e:Get('{read}', 1)"
        );
        assert!(lua(&mut kind, &set).starts_with(then), "{name}: {}", lua(&mut kind, &set));
        let text = lua(&mut strict, &set);
        assert!(text.ends_with("\ttrue"), "{name} was written: {text}");
        assert_eq!(strict.take_refused().len(), 1, "{name}");
        assert_eq!(strict.events(101, 1, 1)[0].ticks, TICKS, "{name}: a hand's second is a second");
    }
    // Where whole numbers are seconds, they are for Lua only.
    let mut seconds =
        kind_of(Options { writes: Writes { time_ticks: false, ..Writes::default() }, ..Options::default() });
    add(&mut seconds, 1.0, "a");
    assert_eq!(
        lua(&mut seconds, "local was = sub[1].rawtime sub[1].time = 3 return was, sub[1].rawtime, tc.RawDuration"),
        format!("{TICKS}\t{}\t{}", 3 * TICKS, 180 * TICKS)
    );
    let strict = Writes {
        raw_time: false,
        time_ticks: false,
        time_seconds: false,
        time_text: false,
        token: false,
        cue: false,
        command: false,
        execute: false,
        event_note: false,
        guid: false,
    };
    let mut desk = kind_of(Options { writes: strict, ..Options::default() });
    let act = Act::Add {
        track: "101.1.1".into(),
        seconds: 4.0,
        token: "Goto".into(),
        cue: "3".into(),
        name: "by hand".into(),
    };
    desk.person(act).unwrap();
    desk.person(Act::Change { track: "101.1.1".into(), event: 1, property: "Note".into(), value: "n".into() }).unwrap();
    desk.person(Act::Move { track: "101.1.1".into(), event: 1, seconds: 5.0 }).unwrap();
    let event = &desk.events(101, 1, 1)[0];
    assert_eq!(
        (event.ticks, event.token.as_str(), event.cue.as_str(), event.note.as_str()),
        (5 * TICKS, "Goto", "3", "n")
    );
}

#[test]
fn timers_run_on_the_desks_own_clock_and_leave_the_stack_first() {
    let mut desk = desk();
    lua(
        &mut desk,
        "out = {} local function say(what) return function(context) out[#out + 1] = what .. string.format('%.2f', Time()) .. tostring(context) end end \
        Timer(say('a'), 0.2, 3, say('end'), 'ctx') Timer(say('b'), 0, 1) out[1] = 'now'",
    );
    assert_eq!(lua(&mut desk, "return #out"), "1");
    at(&mut desk, 0);
    assert_eq!(lua(&mut desk, "return table.concat(out, ' ')"), "now b0.00nil");
    at(&mut desk, 5000);
    assert_eq!(lua(&mut desk, "return table.concat(out, ' ')"), "now b0.00nil a0.20ctx a0.40ctx a0.60ctx end0.60ctx");
    assert!(fails(&mut desk, "Timer(print, -1, 1)").contains("0 to 1000000"));
}

#[test]
fn a_desk_with_whole_seconds_cuts_or_rounds_up() {
    for (timers, then) in [
        (TimerDelay::CutToSeconds, "0.00 1.00"),
        (TimerDelay::UpToSeconds, "1.00 2.00"),
        (TimerDelay::Exact, "0.20 1.50"),
    ] {
        let mut desk = kind_of(Options { timers, ..Options::default() });
        lua(
            &mut desk,
            "out = {} local function say() out[#out + 1] = string.format('%.2f', Time()) end Timer(say, 0.2, 1) Timer(say, 1.5, 1)",
        );
        at(&mut desk, 3000);
        assert_eq!(lua(&mut desk, "return table.concat(out, ' ')"), then, "{timers:?}");
    }
}

#[test]
fn a_coroutine_sleeps_for_parts_of_a_second_and_no_shorter_than_the_desks_loop() {
    let mut desk = desk();
    lua(
        &mut desk,
        "out = {} Timer(function() for _ = 1, 3 do coroutine.yield(0.05) out[#out + 1] = string.format('%.2f', Time()) end coroutine.yield(0) out[#out + 1] = string.format('%.2f', Time()) end, 0, 1)",
    );
    let next = desk.tick(Duration::from_millis(60));
    assert_eq!(next, Some(Duration::from_millis(100)));
    at(&mut desk, 1000);
    assert_eq!(lua(&mut desk, "return table.concat(out, ' ')"), "0.05 0.10 0.15 0.16");
    lua(&mut desk, "Timer(function() coroutine.yield(0.01) error('oh') end, 0, 1)");
    at(&mut desk, 2000);
    assert!(desk.log().iter().any(|line| line.kind == Kind::Error && line.text.contains("oh")));
}

#[test]
fn os_time_is_whole_seconds_and_gettime_is_not() {
    let mut desk = desk();
    at(&mut desk, 1750);
    assert_eq!(
        lua(
            &mut desk,
            "return math.type(os.time()), os.time() - 1790000000, require('socket.core').gettime() - 1790000000, Time()"
        ),
        "integer\t1\t1.75\t1.75"
    );
    assert_eq!(lua(&mut desk, "return os.date('!%Y-%m-%d', 0) ~= nil, os.clock() < 1"), "true\ttrue");
}

#[test]
fn the_cursor_runs_stands_and_goes_to_the_start() {
    let mut desk = desk();
    let cursor = |desk: &mut Desk| lua(desk, "return tc.cursor / 2^24");
    assert_eq!(desk.command("Go+ Timecode 101"), "OK");
    at(&mut desk, 1500);
    assert_eq!(cursor(&mut desk), "1.5");
    assert_eq!(desk.command("Pause Timecode 101"), "OK");
    at(&mut desk, 2500);
    assert_eq!(cursor(&mut desk), "1.5");
    assert_eq!(desk.command("Go Timecode 101"), "OK");
    at(&mut desk, 3000);
    assert_eq!(cursor(&mut desk), "2.0");
    assert_eq!(desk.command("Top Timecode 101"), "OK");
    at(&mut desk, 3250);
    assert_eq!(cursor(&mut desk), "0.25");
    assert_eq!(desk.command("Off Timecode 101"), "OK");
    at(&mut desk, 4000);
    assert_eq!(cursor(&mut desk), "0.0");
    assert_eq!(desk.command("Jump Timecode 101"), "Syntax Error");
    assert_eq!(desk.command("Go+ Timecode 999"), "Illegal Command");
}

#[test]
fn a_cursor_is_set_while_it_stands_and_while_it_runs_and_no_hook_tells_of_it() {
    let mut desk = desk();
    lua(&mut desk, "hook = HookObjectChange(note, tc, PLUGIN)");
    lua(&mut desk, "tc:Set('Cursor', 30.0)");
    assert_eq!(lua(&mut desk, "return tc:Get('Cursor', 1)"), "30.000000");
    assert_eq!(desk.command("Set Timecode \"Intro\" \"Cursor\" \"1m5.5s\""), "OK");
    desk.command("Go+ Timecode 101");
    at(&mut desk, 500);
    assert_eq!(lua(&mut desk, "return tc.cursor / 2^24"), "66.0");
    lua(&mut desk, "tc.cursor = 2.0");
    at(&mut desk, 1000);
    assert_eq!(lua(&mut desk, "return tc.cursor / 2^24"), "2.5");
    assert_eq!(heard(&mut desk), 0);
}

#[test]
fn slots_run_on_their_own_and_are_counted_from_1() {
    let mut desk = desk();
    assert_eq!(desk.command("Go+ TimecodeSlot 2"), "OK");
    at(&mut desk, 61_500);
    assert_eq!(
        lua(&mut desk, "local s = Root().TimecodeSlots return s[2].timestring, s[2].time / 2^24, s[1].timestring, #s"),
        "00:01:01.15\t61.5\t00:00:00.00\t16"
    );
    assert_eq!(desk.command("Pause TimecodeSlot 2"), "OK");
    assert_eq!(desk.command("Off TimecodeSlot 2"), "OK");
    assert_eq!(lua(&mut desk, "return Root().TimecodeSlots[2].timestring"), "00:00:00.00");
    assert_eq!(desk.command("Go+ TimecodeSlot 17"), "Illegal Command");
    assert_eq!(
        lua(&mut desk, "local was = tc:Get('TCSlot') tc:Set('TCSlot', 1) return was, tc:Get('TCSlot')"),
        "Internal\tSlot2"
    );
    assert_eq!(desk.command("Select Timecode 102"), "OK");
    assert_eq!(lua(&mut desk, "return SelectedTimecode().name"), "Night");
}
