//! A14, 2 and 3: units, coupled times, and the order of events.

use super::super::options::{Quantise, TimeForm};
use super::*;

#[test]
fn raw_time_time_and_abs_time_are_one_time_and_abs_adds_the_ranges_start() {
    let mut desk = desk();
    let chunk = "local e = sub:Append() e:Set('RawTime', 16777216)
        local range = sub:Parent() range:Set('Start', 2 * 16777216)
        return e:Get('RawTime'), e:Get('Time'), e:Get('AbsTime'), e:Get('Time', 1), e:Get('AbsTime', 1), e:Get('RawTime', 1),
            range:Get('RawStart')";
    assert_eq!(lua(&mut desk, chunk), "16777216\t16777216\t50331648\t1.000000\t3.000000\t16777216\t33554432");
    let event = &desk.events(101, 1, 1)[0];
    assert_eq!((event.ticks, event.abs), (TICKS, 3 * TICKS));
}

#[test]
fn the_three_ways_people_write_a_time_give_the_same_result() {
    let mut desk = desk();
    let chunk = "local e = sub:Append() local t = {}
        e:Set('rawtime', 25165824) t[1] = e:Get('RawTime')
        e:Set('Time', math.floor(1.5 * 2^24)) t[2] = e:Get('RawTime')
        e.time = 1.5 t[3] = e:Get('RawTime')
        e:Set('Time', '1.5') t[4] = e:Get('RawTime')
        e:Set('Time', '0m1.5s') t[5] = e:Get('RawTime')
        return table.concat(t, ' ')";
    assert_eq!(lua(&mut desk, chunk), ["25165824"; 5].join(" "));
    let answer = desk.command("Set Timecode 101.1.1.1.1.1 Property \"Time\" \"2.5\"");
    assert_eq!((answer.as_str(), desk.events(101, 1, 1)[0].ticks), ("OK", 5 * TICKS / 2));
}

#[test]
fn times_are_signed_go_beyond_32_bits_and_are_clamped_at_the_desks_range() {
    let mut desk = desk();
    let chunk = "local e = sub:Append() local t = {}
        for n, v in ipairs { -16777216, 15000000000000, math.maxinteger } do e:Set('RawTime', v) t[n] = e:Get('RawTime') end
        return table.concat(t, ' ')";
    // 255h59m58.96s
    assert_eq!(lua(&mut desk, chunk), format!("-16777216 15000000000000 {}", 92_159_896 * TICKS / 100));
}

#[test]
fn a_time_reads_in_the_form_the_desk_has() {
    for (form, expected) in [(TimeForm::Ticks, "8388608"), (TimeForm::Seconds, "0.5"), (TimeForm::Text, "0.500000")] {
        let mut desk = with(|options| options.times = form);
        assert_eq!(lua(&mut desk, "local e = sub:Append() e:Set('RawTime', 8388608) return e:Get('Time')"), expected);
        assert_eq!(lua(&mut desk, "return sub[1]:Get('RawTime')"), "8388608");
    }
}

#[test]
fn every_write_that_may_not_stick_can_be_switched_off_and_then_says_nothing() {
    type Off = fn(&mut Options);
    let cases: [(&str, &str, Off); 6] = [
        ("'RawTime', 77", "RawTime", |o| o.writes.raw_time = false),
        ("'Token', 'Goto'", "Token", |o| o.writes.token = false),
        ("'CueDestination', DataPool().Sequences[201][1]", "CueDestination", |o| o.writes.cue = false),
        ("'RealtimeCmd', 'x'", "RealtimeCmd", |o| o.writes.command = false),
        ("'ExecuteCommand', false", "ExecuteCommand", |o| o.writes.execute = false),
        ("'Note', 'x'", "Note", |o| o.writes.event_note = false),
    ];
    for (write, property, off) in cases {
        let chunk = format!(
            "local e = sub:Append() local before = e:Get('{property}') local said = e:Set({write})
             return said, before ~= e:Get('{property}')"
        );
        assert_eq!(lua(&mut with(|_| {}), &chunk), "nil\ttrue", "{property} sticks");
        assert_eq!(lua(&mut with(off), &chunk), "nil\tfalse", "{property} does not stick");
    }
}

#[test]
fn a_hand_sets_times_whatever_lua_may_write() {
    let mut desk = with(|options| {
        options.writes.time_ticks = false;
        options.writes.time_text = false;
    });
    put(&mut desk, &[1.0]);
    assert_eq!(desk.events(101, 1, 1)[0].ticks, TICKS);
}

#[test]
fn events_stand_in_time_order_and_a_handle_outlives_its_index() {
    let mut desk = desk();
    let chunk = "a, b, c = sub:Append(), sub:Append(), sub:Append()
        a:Set('RawTime', 300) b:Set('RawTime', 200) c:Set('RawTime', 100)
        local first = a.index
        a:Set('RawTime', 50)
        return first, a.index, b.index, c.index, sub[1] == a, a:Get('RawTime')";
    assert_eq!(lua(&mut desk, chunk), "3\t1\t3\t2\ttrue\t50");
}

#[test]
fn equal_times_keep_their_order_through_appending_and_retiming() {
    let mut desk = desk();
    put(&mut desk, &[1.0, 3.0, 2.0]);
    lua(&mut desk, "for n, e in ipairs(sub:Children()) do e.name = 'e' .. n e:Set('RawTime', 500) end");
    assert_eq!(names(&desk), ["e1", "e2", "e3"]);
    // One that comes from the right stands behind its equals, one from the left before them: as a stable sort has it.
    lua(&mut desk, "local e = sub[1] e:Set('RawTime', 900) e:Set('RawTime', 500)");
    assert_eq!(names(&desk), ["e2", "e3", "e1"]);
    lua(&mut desk, "local e = sub[3] e:Set('RawTime', 100) e:Set('RawTime', 500)");
    assert_eq!(names(&desk), ["e1", "e2", "e3"]);
}

#[test]
fn any_writes_leave_the_order_that_a_stable_sort_gives() {
    let mut chance = super::super::chance::Chance::new(7);
    let mut desk = desk();
    let mut model: Vec<(String, i64)> = vec![];
    for round in 0..400 {
        let time = chance.below(8) as i64;
        if chance.happens(0.3) || model.is_empty() {
            lua(&mut desk, &format!("local e = sub:Append() e.name = 'n{round}' e:Set('RawTime', {time})"));
            model.push((format!("n{round}"), time));
        } else {
            let at = chance.below(model.len());
            lua(&mut desk, &format!("sub[{}]:Set('RawTime', {time})", at + 1));
            model[at].1 = time;
        }
        model.sort_by_key(|(_, time)| *time);
        let expected: Vec<String> = model.iter().map(|(name, _)| name.clone()).collect();
        assert_eq!(names(&desk), expected, "round {round}");
    }
    assert_eq!(lua(&mut desk, "for n, e in ipairs(sub:Children()) do assert(e.index == n) end return 'yes'"), "yes");
}

#[test]
fn a_new_event_is_appended_with_time_zero_shows_its_token_and_has_no_guid() {
    let mut desk = desk();
    put(&mut desk, &[1.0]);
    let chunk = "local e = sub:Append() local before = e.index
        local name, token, raw = e.name, e:Get('Token', 1), e:Get('RawTime')
        e:Set('Token', 'Goto')
        return before, name, token, raw, e.name, e:Get('Token'), e.Guid, e:Get('MemoryFootprint')";
    assert_eq!(lua(&mut desk, chunk), "2\tGo+\tGo+\t0\tGoto\tGoto\tnil\t384");
}

#[test]
fn a_quantising_desk_snaps_hand_edits_or_all_to_the_frames_of_the_readout() {
    let frame = |n: f64, fps: f64| (n * TICKS as f64 / fps).round_ties_even() as i64;
    let mut desk = with(|options| options.quantise = Quantise::ByHand);
    put(&mut desk, &[1.01]);
    assert_eq!(desk.events(101, 1, 1)[0].ticks, frame(30.0, 30.0));
    lua(&mut desk, "sub[1]:Set('RawTime', 12345)");
    assert_eq!(desk.events(101, 1, 1)[0].ticks, 12345, "Lua's writes stay");
    desk.change_options(|options| options.quantise = Quantise::Always);
    lua(&mut desk, "DataPool().Timecodes[101]:Set('FrameReadout', '24 fps') sub[1]:Set('RawTime', 1000000)");
    assert_eq!(desk.events(101, 1, 1)[0].ticks, frame(1.0, 24.0));
    lua(&mut desk, "DataPool().Timecodes[101]:Set('FrameReadout', 'Seconds') sub[1]:Set('RawTime', 1000000)");
    assert_eq!(desk.events(101, 1, 1)[0].ticks, 1_000_000);
}

use super::super::TICKS;
