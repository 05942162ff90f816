//! A14, 8, 9 and 14: the OSC input, the command line's answers, the second station.

use super::*;

/// Send a command, let the desk's latency pass.
fn send(desk: &mut Desk, command: &str) {
    desk.osc(&osc("/cmd", command), FROM);
    let now = desk.now();
    desk.tick(now + ms(5));
}

#[test]
fn a_command_is_executed_after_its_latency_logged_and_not_answered() {
    let mut desk = with(|options| options.osc_latency = ms(20));
    desk.osc(&osc("/cmd", "Lua \"x = 1\""), FROM);
    assert_eq!(desk.tick(ms(19)), Some(ms(20)));
    assert_eq!(lua(&mut desk, "return x"), "nil");
    desk.tick(ms(20));
    assert_eq!(lua(&mut desk, "return x"), "1");
    assert!(desk.take_outgoing().is_empty());
    let log: Vec<String> = desk.log().into_iter().map(|line| line.text).collect();
    assert!(log.contains(&"OSCInput: /cmd Lua \"x = 1\"".to_owned()) && log.contains(&"OK: Lua \"x = 1\"".to_owned()));
}

#[test]
fn the_first_quote_ends_the_lua_and_a_backslash_does_not_save_it() {
    let mut desk = desk();
    send(&mut desk, r#"Lua "x = 'a' y = \"b\"""#);
    assert_eq!(lua(&mut desk, "return x, y"), "nil\tnil");
    send(&mut desk, r#"Lua "x = [[a]]" y = 5"#);
    assert_eq!(lua(&mut desk, "return x, y"), "a\tnil");
    send(&mut desk, "Lua 'z = [[b]]'");
    assert_eq!(lua(&mut desk, "return z"), "b");
}

#[test]
fn inline_lua_over_osc_is_cut_at_its_limit_and_other_ways_are_not() {
    let mut desk = desk();
    let fits = format!("x = [[{}]]", "a".repeat(1000));
    send(&mut desk, &format!("Lua \"{fits}\""));
    assert_eq!(lua(&mut desk, "return #x"), "1000");
    let long = format!("y = [[{}]]", "a".repeat(1100));
    send(&mut desk, &format!("Lua \"{long}\""));
    assert_eq!(lua(&mut desk, "return y"), "nil");
    assert_eq!(desk.command(&format!("Lua \"{long}\"")), "OK");
    assert_eq!(lua(&mut desk, "return #y"), "1100");
}

#[test]
fn a_line_with_a_prefix_hears_only_that_and_switched_off_it_hears_nothing() {
    let count = |desk: &mut Desk, address: &str| {
        let before = desk.counts().commands;
        desk.osc(&osc(address, "Lua \"x = 1\""), FROM);
        let now = desk.now();
        desk.tick(now + ms(5));
        desk.counts().commands - before
    };
    let mut plain = desk();
    assert_eq!(
        (count(&mut plain, "/cmd"), count(&mut plain, "/gma3/cmd"), count(&mut plain, "/Page1/Fader201")),
        (1, 0, 0)
    );
    let mut prefixed = with(|options| options.prefix = "gma3".to_owned());
    assert_eq!(
        (count(&mut prefixed, "/cmd"), count(&mut prefixed, "/gma3/cmd"), count(&mut prefixed, "/GMA3/cmd")),
        (0, 1, 0)
    );
    assert_eq!(count(&mut with(|options| options.osc_input = false), "/cmd"), 0);
    assert_eq!(count(&mut with(|options| options.receive_command = false), "/cmd"), 0);
}

#[test]
fn bundles_unknown_types_and_broken_datagrams_do_nothing() {
    let mut desk = desk();
    let good = osc("/cmd", "Lua \"x = 1\"");
    let mut bundle = b"#bundle\0\0\0\0\0\0\0\0\x01".to_vec();
    bundle.extend((good.len() as u32).to_be_bytes());
    bundle.extend(&good);
    let int64 = b"/cmd\0\0\0\0,h\0\0\0\0\0\0\0\0\0\x01".to_vec();
    let float = b"/cmd\0\0\0\0,f\0\0\0\0\0\0".to_vec();
    let mut wrong = vec![bundle, int64, float, vec![], vec![0; 3], b"cmd".to_vec(), b"/cmd".to_vec()];
    wrong.extend((0..good.len() - 3).map(|end| good[..end].to_vec()));
    for bytes in wrong {
        desk.osc(&bytes, FROM);
    }
    desk.tick(ms(10));
    assert_eq!(lua(&mut desk, "return x"), "nil");
    assert_eq!(desk.counts().commands, 0);
}

#[test]
fn commands_run_in_the_order_they_arrived_also_when_latency_falls() {
    let mut desk = with(|options| options.osc_latency = ms(50));
    lua(&mut desk, "t = {}");
    desk.osc(&osc("/cmd", "Lua \"t[#t + 1] = 'a'\""), FROM);
    desk.tick(ms(1));
    desk.change_options(|options| options.osc_latency = Duration::ZERO);
    desk.osc(&osc("/cmd", "Lua \"t[#t + 1] = 'b'\""), FROM);
    desk.tick(ms(60));
    assert_eq!(lua(&mut desk, "return table.concat(t)"), "ab");
}

#[test]
fn a_changed_port_leaves_the_desk_deaf_for_a_while() {
    let mut desk = desk();
    desk.change_options(|options| options.osc_port = 8001);
    desk.tick(ms(300));
    send(&mut desk, "Lua \"x = 1\"");
    desk.tick(ms(401));
    send(&mut desk, "Lua \"y = 1\"");
    assert_eq!(lua(&mut desk, "return x, y"), "nil\t1");
}

#[test]
fn cmd_answers_in_words_and_is_a_format_string() {
    let mut desk = desk();
    let chunk =
        "return Cmd('Go+ Timecode %d', 101), Cmd('Frobnicate'), Cmd('Go+ Timecode 999'), Cmd('Lua \"deep = 5\"'), deep";
    assert_eq!(lua(&mut desk, chunk), "OK\tSyntax Error\tIllegal Command\tOK\t5");
    let mut desk = with(|options| options.ok = "Ok");
    assert_eq!(
        lua(&mut desk, "local u = CreateUndo('x') local s = Cmd('Store Timecode 300', u) CloseUndo(u) return s"),
        "Ok"
    );
    desk.command("Oops");
    assert_eq!(lua(&mut desk, "return DataPool().Timecodes[300]"), "nil");
}

#[test]
fn cmd_indirect_runs_later_and_its_waiting_form_at_once() {
    let mut desk = desk();
    assert_eq!(lua(&mut desk, "CmdIndirect('Lua \"a = 1\"') CmdIndirectWait('Lua \"b = 1\"') return a, b"), "nil\t1");
    desk.tick(ms(100));
    assert_eq!(lua(&mut desk, "return a"), "1");
}

#[test]
fn variables_expand_outside_quotes_only() {
    let mut desk = desk();
    lua(&mut desk, "SetVar(UserVars(), 'song', 101)");
    assert_eq!(desk.command("Go+ Timecode $song"), "OK");
    desk.command("Lua \"x = '$song'\"");
    assert_eq!(lua(&mut desk, "return x"), "$song");
}

#[test]
fn call_plugin_reaches_main_with_its_text() {
    let mut desk = desk();
    assert_eq!(desk.command("Call Plugin 1 \"hello\""), "OK");
    assert_eq!(lua(&mut desk, "return said, plugin_name, component_name"), "hello\tTracklight\tkeeper");
    assert_eq!(desk.command("Call Plugin 9 \"hello\""), "Illegal Command");
}

#[test]
fn a_failing_lua_command_is_logged_and_harms_nothing() {
    let mut desk = desk();
    send(&mut desk, "Lua \"this is no Lua\"");
    send(&mut desk, "Lua \"error('ouch')\"");
    send(&mut desk, "Lua \"x = 2\"");
    assert_eq!(lua(&mut desk, "return x"), "2");
    assert!(desk.log().iter().any(|line| line.kind == super::super::Kind::Error && line.text.contains("ouch")));
}

#[test]
fn on_a_station_that_is_not_the_master_osc_is_unreliable() {
    let first = desk();
    let mut second = first.join(Options { master: false, station_deafness: 0.5, ..Options::default() });
    for _ in 0..200 {
        send(&mut second, "Lua \"n = (n or 0) + 1\"");
    }
    let heard: i64 = lua(&mut second, "return n").parse().unwrap();
    assert!((60..140).contains(&heard), "{heard}");
    second.change_options(|options| options.master = true);
    send(&mut second, "Lua \"n = 0\"");
    assert_eq!(lua(&mut second, "return n"), "0", "it became the master");
}
