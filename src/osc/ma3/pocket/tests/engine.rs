//! A14, 10, 12 and 13: clocks, timers, coroutines, sockets, json; the cursor; the Lua dialect.

use super::super::options::TimerDelay;
use super::*;

#[test]
fn a_timer_calls_so_many_times_and_then_its_cleanup_with_its_context() {
    let mut desk = desk();
    lua(
        &mut desk,
        "log = {} Timer(function(c) log[#log + 1] = c .. Time() end, 0.25, 3, function(c) log[#log + 1] = c .. 'end' end, 'x')",
    );
    desk.tick(ms(10_000));
    assert_eq!(lua(&mut desk, "return table.concat(log, ' ')"), "x0.25 x0.5 x0.75 xend");
}

#[test]
fn a_timer_of_zero_leaves_the_stack_first() {
    let mut desk = desk();
    assert_eq!(lua(&mut desk, "n = 0 Timer(function() n = 1 end, 0, 1) return n"), "0");
    desk.tick(ms(0));
    assert_eq!(lua(&mut desk, "return n"), "1");
}

#[test]
fn parts_of_a_second_are_kept_cut_off_or_rounded_up() {
    for (kind, expected) in
        [(TimerDelay::Exact, "0.2"), (TimerDelay::CutToSeconds, "0.0"), (TimerDelay::UpToSeconds, "1.0")]
    {
        let mut desk = with(|options| options.timers = kind);
        lua(&mut desk, "Timer(function() at = Time() end, 0.2, 1)");
        desk.tick(ms(2000));
        assert_eq!(lua(&mut desk, "return tostring(at)"), expected);
    }
}

#[test]
fn a_coroutine_that_yields_seconds_sleeps_them_from_anywhere() {
    let mut desk = desk();
    lua(&mut desk, "t = {} Timer(function() for i = 1, 3 do t[#t + 1] = Time() coroutine.yield(0.05) end end, 0, 1)");
    lua(&mut desk, "coroutine.yield(0.5) chunk = Time()");
    desk.tick(ms(1000));
    assert_eq!(lua(&mut desk, "return table.concat(t, ' '), chunk"), "0.0 0.05 0.1\t0.5");
}

#[test]
fn a_yield_passes_through_a_protected_call() {
    let mut desk = desk();
    lua(&mut desk, "local ok, v = pcall(function() coroutine.yield(0.1) return 7 end) got = v");
    desk.tick(ms(200));
    assert_eq!(lua(&mut desk, "return got"), "7");
}

#[test]
fn a_loop_that_yields_nothing_sleeps_the_desks_own_frame() {
    let mut desk = desk();
    lua(&mut desk, "n = 0 Timer(function() while true do n = n + 1 coroutine.yield() end end, 0, 1)");
    desk.tick(ms(1000));
    assert_eq!(lua(&mut desk, "return n"), "101");
}

#[test]
fn the_clocks_are_virtual_and_os_time_is_whole() {
    let mut desk = desk();
    desk.tick(ms(1750));
    let chunk = "local s = require('socket.core') return Time(), math.type(os.time()), os.time() - 1790000000, s.gettime() - 1790000000,
        os.date('%Y-%m-%d %H:%M:%S')";
    assert_eq!(lua(&mut desk, chunk), "1.75\tinteger\t1\t1.75\t2026-09-21 14:13:21");
}

#[test]
fn the_modules_are_json_and_socket_core_and_plain_socket_is_not_there() {
    let mut desk = desk();
    assert_eq!(
        lua(&mut desk, "return type(require('json')), type(require('socket.core')), (pcall(require, 'socket'))"),
        "table\ttable\tfalse"
    );
    assert_eq!(
        lua(&mut desk, "return debug.getinfo, os.execute, dofile == nil or true, io.open('x')"),
        "nil\tnil\ttrue\tnil\tx: the pocket desk has no files"
    );
}

#[test]
fn json_goes_both_ways_and_refuses_what_it_cannot_say() {
    let mut desk = desk();
    let chunk = r#"local j = require('json')
        local back = j.decode(j.encode({ a = { 1, 2.5, 'x"\\\n\u{e9}' }, t = true }))
        return back.a[1], math.type(back.a[1]), back.a[2], back.a[3] == 'x"\\\n\u{e9}', back.t, j.encode({}), j.encode({ 1, { b = 'c' } }),
            j.decode('"\\ud83d\\ude00"') == '\u{1f600}'"#;
    assert_eq!(lua(&mut desk, chunk), "1\tinteger\t2.5\ttrue\ttrue\t[]\t[1,{\"b\":\"c\"}]\ttrue");
    for wrong in [
        "j.encode({ 1, nil, 3 })",
        "j.encode({ 1, a = 2 })",
        "j.encode(0 / 0)",
        "j.encode(print)",
        "j.decode('{')",
        "j.decode('[1,]')",
        "j.decode('1 2')",
        "j.decode('\"a')",
    ] {
        let chunk = format!("local j = require('json') return (pcall(function() return {wrong} end))");
        assert_eq!(lua(&mut desk, &chunk), "false", "{wrong}");
    }
}

#[test]
fn a_udp_socket_binds_receives_without_waiting_and_sends_from_its_port() {
    let mut desk = desk();
    lua(&mut desk, "u = require('socket.core').udp() u:settimeout(0) bound = u:setsockname('*', 5005)");
    assert_eq!(lua(&mut desk, "return bound, u:receivefrom()"), "1\tnil\ttimeout");
    assert_eq!(desk.ports(), [5005]);
    desk.udp(5005, b"ping", FROM);
    desk.udp(6006, b"nobody", FROM);
    desk.tick(ms(0));
    assert_eq!(lua(&mut desk, "return u:receivefrom()"), "ping\t127.0.0.1\t9000");
    assert_eq!(lua(&mut desk, "return u:sendto('pong', '127.0.0.1', 9000)"), "4");
    let out = desk.take_outgoing();
    assert_eq!((out[0].from_port, out[0].to, out[0].bytes.as_slice()), (5005, FROM, b"pong".as_slice()));
    assert_eq!(
        lua(&mut desk, "local v = require('socket.core').udp() return v:setsockname('*', 5005)"),
        "nil\taddress already in use"
    );
    lua(&mut desk, "u:close()");
    assert_eq!(
        (lua(&mut desk, "return u:sendto('x', '127.0.0.1', 9000)"), desk.ports()),
        ("nil\tclosed".to_owned(), vec![])
    );
}

#[test]
fn a_desk_may_refuse_to_bind_and_still_sends() {
    let mut desk = with(|options| options.udp_bind = false);
    lua(&mut desk, "u = require('socket.core').udp()");
    assert_eq!(lua(&mut desk, "return u:setsockname('*', 0), u:sendto('x', '127.0.0.1', 9000)"), "nil\t1");
    assert_eq!(desk.take_outgoing().len(), 1);
}

#[test]
fn a_datagram_has_a_largest_size() {
    let mut desk = desk();
    let chunk = "local u = require('socket.core').udp()
        return u:sendto(('x'):rep(65507), '127.0.0.1', 9), u:sendto(('x'):rep(65508), '127.0.0.1', 9)";
    assert_eq!(lua(&mut desk, chunk), "65507\tnil\tMessage too long");
}

#[test]
fn the_cursor_runs_pauses_seeks_and_goes_to_the_top() {
    let mut desk = desk();
    let at = |desk: &mut Desk| lua(desk, "return DataPool().Timecodes[101]:Get('Cursor', 1)");
    desk.command("Go+ Timecode 101");
    desk.tick(ms(1500));
    assert_eq!(at(&mut desk), "1.500000");
    desk.command("Set Timecode 101 \"Cursor\" \"10\"");
    desk.tick(ms(2000));
    assert_eq!(at(&mut desk), "10.500000");
    desk.command("Pause Timecode 101");
    desk.tick(ms(3000));
    assert_eq!(at(&mut desk), "10.500000");
    desk.command("Top Timecode 101");
    assert_eq!(at(&mut desk), "0.000000");
    desk.command("Go Timecode 101");
    desk.tick(ms(4000));
    desk.command("Off Timecode 101");
    assert_eq!(at(&mut desk), "0.000000");
    desk.command("Select Timecode 102");
    assert_eq!(lua(&mut desk, "return SelectedTimecode().name"), "Night");
    desk.command("Go+ TimecodeSlot 2");
    desk.tick(ms(5000));
    assert_eq!(
        lua(&mut desk, "return Root().TimecodeSlots[2].timestring, Root().TimecodeSlots[1].timestring"),
        "00:00:01.00\t00:00:00.00"
    );
}

#[test]
fn what_is_printed_is_kept_and_formats_want_their_arguments() {
    let mut desk = desk();
    lua(&mut desk, "Printf('a %d', 1) Echo('b %s', 'x') ErrPrintf('c %%') print('d', 2)");
    let log: Vec<String> = desk.log().into_iter().map(|line| line.text).collect();
    assert_eq!(log, ["a 1", "b x", "c %", "d\t2"]);
    assert!(desk.lua("Printf('100 %')").is_err(), "a lone percent sign is a mistake");
}

#[test]
fn enums_have_the_consoles_numbers() {
    let mut desk = desk();
    let chunk = "return Enums.ChangeLevel.Full, Enums.Roles.Display, Enums.AssignmentButtonFunctionsTimecode['Go+'], Enums.OSCMode.TCP";
    assert_eq!(lua(&mut desk, chunk), "8\t1\t3\t1");
}

#[test]
fn the_dialect_is_the_one_that_was_built_in_and_old_functions_are_absent() {
    let mut desk = desk();
    let version = lua(&mut desk, "return _VERSION");
    assert!(["Lua 5.4", "Lua 5.5"].contains(&version.as_str()), "{version}");
    assert_eq!(
        lua(&mut desk, "return math.frexp, unpack, loadstring, string.pack('>f', 1):byte(1)"),
        "nil\tnil\tnil\t63"
    );
    let control_may_be_written = desk.lua("for i = 1, 2 do i = i + 1 end").is_ok();
    assert_eq!(control_may_be_written, version == "Lua 5.4", "5.5 makes the control variable read-only");
}

#[test]
fn ten_thousand_events_are_made_read_and_retimed() {
    let mut desk = desk();
    lua(
        &mut desk,
        "sub:Append('CmdEvent', nil, 10000)
        for n, e in ipairs(sub:Children()) do e:Set('RawTime', (n * 7919 % 10007) * 1000) end",
    );
    let chunk = "local last, sum = -1, 0
        for n, e in ipairs(sub:Children()) do local t = e:Get('RawTime') assert(t >= last) last = t sum = sum + #e:Get('Token', 1) end
        return #sub, sum";
    assert_eq!(lua(&mut desk, chunk), "10000\t30000");
}

#[test]
fn components_load_in_order_and_the_first_that_fails_is_named() {
    let mut desk = Desk::new(Options::default());
    let components = [("one", "order = (order or '') .. select(2, ...)"), ("two", "order = order .. select(2, ...)")];
    desk.install(&components).unwrap();
    assert_eq!(lua(&mut desk, "return order, #DataPool().Plugins[1]"), "onetwo\t2");
    let why = desk.install_as("Other", &[("good", "x = 1"), ("bad", "error('no')"), ("late", "x = 2")]).unwrap_err();
    assert!(why.starts_with("bad: ") && why.contains("no"), "{why}");
}
