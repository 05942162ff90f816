//! Items 8, 9 and 11: datagrams in and out, and what a command answers.

use core::net::{Ipv4Addr, SocketAddrV4};

use super::super::{Faults, Kind, Path};
use super::*;

pub const FROM: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 9), 5000);

/// An OSC message with one text.
pub fn message(address: &str, text: &str) -> Vec<u8> {
    let args = vec![rosc::OscType::String(text.to_owned())];
    rosc::encoder::encode(&rosc::OscPacket::Message(rosc::OscMessage { addr: address.to_owned(), args })).unwrap()
}

fn send(desk: &mut Desk, address: &str, text: &str) {
    desk.osc(&message(address, text), FROM);
}

/// Let a second pass.
fn second(desk: &mut Desk) {
    let now = desk.now();
    desk.tick(now + Duration::from_secs(1));
}

#[test]
fn a_command_is_executed_and_nothing_comes_back() {
    let mut desk = desk();
    send(&mut desk, "/cmd", "Lua \"n = 7\"");
    second(&mut desk);
    assert_eq!(lua(&mut desk, "return n"), "7");
    assert!(desk.take_outgoing().is_empty());
    let texts: Vec<String> = desk.log().into_iter().map(|line| line.text).collect();
    assert!(texts.contains(&"OSCInput: /cmd Lua \"n = 7\"".to_owned()), "{texts:?}");
    assert!(texts.contains(&"OK: Lua \"n = 7\"".to_owned()), "{texts:?}");
}

#[test]
fn with_a_prefix_only_prefixed_messages_are_handled() {
    for (prefix, address, taken) in [
        ("", "/cmd", 1),
        ("", "/gma3/cmd", 0),
        ("gma3", "/gma3/cmd", 1),
        ("gma3", "/cmd", 0),
        ("gma3", "/GMA3/cmd", 0),
        ("", "/Cmd", 0),
        ("", "/cmd/x", 0),
    ] {
        let mut desk = kind_of(Options { prefix: prefix.into(), ..Options::default() });
        send(&mut desk, address, "Lua \"n = 1\"");
        second(&mut desk);
        assert_eq!(desk.counts().commands, taken, "{prefix} {address}");
    }
}

#[test]
fn input_and_receive_command_must_be_on() {
    for (osc_input, receive_command, taken) in [(true, true, 1), (false, true, 0), (true, false, 0)] {
        let mut desk = kind_of(Options { osc_input, receive_command, ..Options::default() });
        send(&mut desk, "/cmd", "Lua \"n = 1\"");
        second(&mut desk);
        assert_eq!(desk.counts().commands, taken, "{osc_input} {receive_command}");
    }
}

#[test]
fn bundles_other_types_and_noise_are_no_commands() {
    let mut desk = desk();
    let one = message("/cmd", "Lua \"n = 1\"");
    let mut bundle = b"#bundle\0\0\0\0\0\0\0\0\x01".to_vec();
    bundle.extend((one.len() as u32).to_be_bytes());
    bundle.extend(&one);
    let int = rosc::OscMessage { addr: "/cmd".into(), args: vec![rosc::OscType::Int(3)] };
    let long = rosc::OscMessage { addr: "/cmd".into(), args: vec![rosc::OscType::Long(3)] };
    let two = rosc::OscMessage { addr: "/cmd".into(), args: vec!["Lua \"n = 1\"".into(), "x".into()] };
    let packet = |message| rosc::encoder::encode(&rosc::OscPacket::Message(message)).unwrap();
    for bytes in [
        bundle,
        packet(int),
        packet(long),
        packet(two),
        vec![],
        vec![0; 4],
        b"/cmd".to_vec(),
        one[..one.len() - 4].to_vec(),
        vec![0xff; 70],
    ] {
        desk.osc(&bytes, FROM);
    }
    second(&mut desk);
    assert_eq!(desk.counts().commands, 0);
    assert!(desk.log().iter().any(|line| line.kind == Kind::Osc && line.text.contains("bundles are not supported")));
    assert!(desk.log().iter().any(|line| line.text.contains("a type the desk does not know")), "h is not known");
}

#[test]
fn inline_lua_is_cut_at_the_limit_of_the_desk_in_either_quotes() {
    for quote in ['"', '\''] {
        let mut desk = desk();
        let fits = format!("a = 1 --{}", "x".repeat(1024 - 8));
        send(&mut desk, "/cmd", &format!("Lua {quote}{fits}{quote}"));
        // The assignment at the end is behind the cut, inside a long text.
        send(&mut desk, "/cmd", &format!("Lua {quote}b = 1 c = [[{}]] d = 1{quote}", "x".repeat(1024)));
        second(&mut desk);
        assert_eq!(lua(&mut desk, "return a, b, c, d"), "1\tnil\tnil\tnil");
        assert_eq!(desk.log().iter().filter(|line| line.kind == Kind::Error).count(), 1);
        // Other commands and the command line itself have no such limit.
        assert_eq!(desk.command(&format!("Lua {quote}e = [[{}]]{quote}", "x".repeat(3000))), "OK");
        assert_eq!(lua(&mut desk, "return #e"), "3000");
    }
}

#[test]
fn a_quoted_text_ends_at_the_first_quote_and_backslashes_do_not_help() {
    let mut desk = desk();
    desk.command(r#"Lua "a = 'it is' b = [[fine]]""#);
    assert_eq!(lua(&mut desk, "return a, b"), "it is\tfine");
    desk.command(r#"Lua "c = 1 d = "x" e = 2""#);
    desk.command(r#"Lua "f = \"x\" g = 2""#);
    assert_eq!(lua(&mut desk, "return c, d, e, f, g"), "nil\tnil\tnil\tnil\tnil");
    desk.command(r#"Lua "h = 3" i = 4"#);
    assert_eq!(lua(&mut desk, "return h, i"), "3\tnil");
    desk.command(r#"Lua "j = '$name %d'""#);
    lua(&mut desk, "SetVar(UserVars(), 'song', '101')");
    assert_eq!(desk.command("Go+ Timecode $song"), "OK");
    assert_eq!(lua(&mut desk, "return j"), "$name %d", "inside quotes nothing is put in");
}

#[test]
fn commands_are_executed_in_the_order_they_arrive_after_the_desks_latency() {
    let mut desk = kind_of(Options { osc_latency: Duration::from_millis(40), ..Options::default() });
    lua(&mut desk, "order = ''");
    for n in 0..20 {
        send(&mut desk, "/cmd", &format!("Lua \"order = order .. '{n} '\""));
    }
    at(&mut desk, 39);
    assert_eq!(desk.counts().commands, 0);
    desk.change_options(|options| options.osc_latency = Duration::ZERO);
    send(&mut desk, "/cmd", "Lua \"order = order .. 'end'\"");
    at(&mut desk, 40);
    assert_eq!(lua(&mut desk, "return order"), "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 end");
}

#[test]
fn the_dial_loses_doubles_and_reorders_what_comes_in() {
    let run = |inbound: Path| {
        let mut desk = desk();
        desk.set_faults(Faults { inbound, ..Faults::default() });
        lua(&mut desk, "order = {}");
        for n in 0..200 {
            send(&mut desk, "/cmd", &format!("Lua \"order[#order + 1] = {n}\""));
            at(&mut desk, n);
        }
        second(&mut desk);
        let order = lua(&mut desk, "return table.concat(order, ' ')");
        order.split_whitespace().map(|n| n.parse::<u32>().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(run(Path::default()).len(), 200);
    assert!((80..120).contains(&run(Path { loss: 0.5, ..Path::default() }).len()));
    assert!((280..320).contains(&run(Path { double: 0.5, ..Path::default() }).len()));
    assert!(!run(Path { reorder: 0.5, ..Path::default() }).is_sorted());
    assert!(!run(Path { jitter: Duration::from_millis(20), ..Path::default() }).is_sorted());
    assert!(run(Path { cut: true, ..Path::default() }).is_empty());
    let late = run(Path { delay: Duration::from_millis(100), ..Path::default() });
    assert!(late.len() == 200 && late.is_sorted());
}

#[test]
fn long_commands_may_be_cut_anywhere_by_the_dial() {
    let mut desk = desk();
    desk.set_faults(Faults { truncate: 1.0, ..Faults::default() });
    send(&mut desk, "/cmd", &format!("Lua \"a = 1 --{}\"", "x".repeat(100)));
    send(&mut desk, "/cmd", &format!("Lua \"b = [[{}]]\"", "x".repeat(300)));
    second(&mut desk);
    assert_eq!(lua(&mut desk, "return a, b"), "1\tnil");
    assert_eq!(desk.counts().commands, 2);
}

#[test]
fn a_changed_line_makes_the_desk_deaf_for_a_while() {
    let mut desk = desk();
    at(&mut desk, 1000);
    desk.change_options(|options| options.prefix = "gma3".into());
    send(&mut desk, "/gma3/cmd", "Lua \"n = 1\"");
    at(&mut desk, 1399);
    send(&mut desk, "/gma3/cmd", "Lua \"n = 2\"");
    at(&mut desk, 1400);
    send(&mut desk, "/gma3/cmd", "Lua \"m = 3\"");
    at(&mut desk, 2000);
    assert_eq!(lua(&mut desk, "return n, m"), "nil\t3");
    desk.change_options(|options| options.faults.truncate = 0.0);
    send(&mut desk, "/gma3/cmd", "Lua \"m = 4\"");
    second(&mut desk);
    assert_eq!(lua(&mut desk, "return m"), "4", "other options are changed without that");
}

#[test]
fn cmd_says_how_it_went_and_an_error_inside_lua_is_no_error_of_the_command() {
    let mut desk = desk();
    for (command, answer) in [
        ("Go+ Timecode 101", "OK"),
        ("go+ timecode 101", "OK"),
        ("Dance", "Syntax Error"),
        ("", "Syntax Error"),
        ("\"quoted\"", "Syntax Error"),
        ("Delete Timecode 999", "Illegal Command"),
        ("Store Timecode 1.1.1.1", "Cannot Create Object"),
        ("Lua \"error()\"", "OK"),
        ("Call Plugin 77", "Illegal Command"),
    ] {
        assert_eq!(desk.command(command), answer, "{command}");
    }
    assert_eq!(
        lua(
            &mut desk,
            "return Cmd('Off Timecode %d', 101), Cmd('Off Timecode %d', nil, 101), Cmd('Lua \"n = 100 %% 7\"'), Cmd('Nonsense')"
        ),
        "OK\tOK\tOK\tSyntax Error"
    );
    assert_eq!(lua(&mut desk, "return n"), "2");
    let mut other = kind_of(Options { ok: "Ok", ..Options::default() });
    assert_eq!(lua(&mut other, "return Cmd('Off Timecode 101')"), "Ok");
}

#[test]
fn cmd_indirect_gives_nothing_comes_later_and_is_not_in_the_history() {
    let mut desk = desk();
    assert_eq!(lua(&mut desk, "return select('#', CmdIndirect('Store Timecode 8')), pool[8]"), "0\tnil");
    at(&mut desk, 50);
    assert_eq!(lua(&mut desk, "return pool[8].no"), "8");
    assert_eq!(lua(&mut desk, "CmdIndirectWait('Store Timecode 9') return pool[9].no"), "9");
    let steps = desk.counts().undo;
    lua(&mut desk, "u = CreateUndo('x') CmdIndirect('Store Timecode 10', u)");
    at(&mut desk, 100);
    assert_eq!(lua(&mut desk, "return pool[10].no, CloseUndo(u)"), "10\ttrue");
    assert_eq!(desk.counts().undo, steps + 1);
    assert!(!desk.log().iter().any(|line| line.kind == Kind::Command), "{:?}", desk.log());
}

#[test]
fn call_plugin_runs_its_main_with_the_words() {
    let mut desk = Desk::new(Options::default());
    desk.install_as(
        "Mine",
        &[("a", "return function(display, words) got = words coroutine.yield(0.1) done = true end")],
    )
    .unwrap();
    assert_eq!(desk.command("Call Plugin 1 \"a b\""), "OK");
    assert_eq!(lua(&mut desk, "return got, done"), "a b\tnil");
    at(&mut desk, 200);
    assert_eq!(lua(&mut desk, "return done"), "true");
    assert!(desk.install_as("Bad", &[("a", "x ="), ("b", "loaded = true")]).unwrap_err().contains("a: "));
    assert_eq!(lua(&mut desk, "return loaded"), "true", "the others still load");
}

#[test]
fn what_lua_sends_is_lost_doubled_and_overtaken_and_long_datagrams_are_lost_more_often() {
    let run = |outbound: Path, bytes: usize| {
        let mut desk = desk();
        desk.set_faults(Faults { outbound, ..Faults::default() });
        lua(
            &mut desk,
            &format!(
                "u = require('socket.core').udp() n = 0 Timer(function() n = n + 1 u:sendto(string.format('%04d', n) .. string.rep('x', {bytes} - 4), '10.0.0.2', 9000) end, 0.001, 400)"
            ),
        );
        at(&mut desk, 20_000);
        desk.take_outgoing()
    };
    let all = run(Path::default(), 100);
    assert_eq!((all.len(), all[0].to.to_string().as_str(), all[0].bytes.len()), (400, "10.0.0.2:9000", 100));
    assert!(all.is_sorted_by_key(|datagram| datagram.bytes.clone()));
    let short = run(Path { loss: 0.2, ..Path::default() }, 1472).len();
    let long = run(Path { loss: 0.2, ..Path::default() }, 1472 * 4).len();
    assert!((290..350).contains(&short) && (120..210).contains(&long), "{short} {long}");
    assert!(run(Path { double: 0.3, ..Path::default() }, 100).len() > 480);
    let mixed = run(Path { reorder: 0.3, ..Path::default() }, 100);
    assert!(mixed.len() == 400 && !mixed.is_sorted_by_key(|datagram| datagram.bytes.clone()));
}

#[test]
fn a_datagram_has_65507_bytes_at_most() {
    let mut desk = desk();
    let send = |bytes: usize| {
        format!("u = u or require('socket.core').udp() return u:sendto(string.rep('x', {bytes}), '10.0.0.2', 9)")
    };
    assert_eq!(lua(&mut desk, &send(65_507)), "65507");
    assert_eq!(lua(&mut desk, &send(65_508)), "nil\tMessage too long");
    assert_eq!(desk.take_outgoing().len(), 1);
}

#[test]
fn a_socket_of_lua_hears_without_waiting() {
    let mut desk = desk();
    assert_eq!(
        lua(
            &mut desk,
            "u = require('socket.core').udp() u:settimeout(0) return u:setsockname('*', 9100), u:getsockname()"
        ),
        "1\t0.0.0.0\t9100"
    );
    assert_eq!(desk.ports(), [9100]);
    desk.udp(9100, b"hello", FROM);
    desk.udp(9101, b"not for us", FROM);
    assert_eq!(lua(&mut desk, "return u:receivefrom()"), "nil\ttimeout");
    second(&mut desk);
    assert_eq!(lua(&mut desk, "return u:receivefrom()"), "hello\t10.0.0.9\t5000");
    assert_eq!(lua(&mut desk, "return u:receive()"), "nil\ttimeout");
    assert_eq!(
        lua(&mut desk, "v = require('socket.core').udp() return v:setsockname('*', 9100)"),
        "nil\taddress already in use"
    );
    assert_eq!(
        lua(&mut desk, "return v:setsockname('*', 8000)"),
        "nil\taddress already in use",
        "the desk's own OSC port"
    );
    lua(&mut desk, "u:close()");
    assert!(desk.ports().is_empty());
    assert_eq!(lua(&mut desk, "return u:sendto('x', '10.0.0.2', 9)"), "nil\tclosed");
}

#[test]
fn a_desk_that_lets_nobody_bind_lets_nobody_bind_to_any_port_and_still_sends() {
    let mut desk = kind_of(Options { udp_bind: false, ..Options::default() });
    assert_eq!(
        lua(
            &mut desk,
            "u = require('socket.core').udp() local a = { u:setsockname('*', 0) } return a[1], a[2], u:setsockname('*', 9100)"
        ),
        "nil\tpermission denied\tnil\tpermission denied"
    );
    assert_eq!(
        lua(&mut desk, "return u:sendto('x', '10.0.0.2', 9), u:setpeername('10.0.0.2', 9), u:send('y')"),
        "1\t1\t1"
    );
    assert_eq!(desk.take_outgoing().len(), 2);
}
