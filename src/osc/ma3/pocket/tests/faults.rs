//! A14, 8 and 11: what the fault dial does to datagrams, and that a seed decides it all.

use super::super::{Faults, Path};
use super::*;

/// Numbers that reached Lua in order of arrival, of `count` commands sent 1 ms apart.
fn arrivals(faults: Faults, seed: u64, count: usize) -> Vec<i64> {
    let mut desk = with(|options| {
        options.seed = seed;
        options.faults = faults;
    });
    lua(&mut desk, "t = {}");
    for n in 0..count {
        desk.osc(&osc("/cmd", &format!("Lua \"t[#t + 1] = {n}\"")), FROM);
        let now = desk.now();
        desk.tick(now + ms(1));
    }
    let now = desk.now();
    desk.tick(now + ms(2000));
    let text = lua(&mut desk, "return table.concat(t, ' ')");
    text.split_whitespace().map(|n| n.parse().unwrap()).collect()
}

fn inbound(path: Path) -> Faults {
    Faults { inbound: path, ..Faults::default() }
}

#[test]
fn loss_doubling_and_overtaking_happen_at_their_share() {
    assert_eq!(arrivals(Faults::default(), 1, 100), (0..100).collect::<Vec<_>>());
    let lost = arrivals(inbound(Path { loss: 0.2, ..Path::default() }), 1, 1000).len();
    assert!((740..860).contains(&lost), "{lost}");
    let doubled = arrivals(inbound(Path { double: 0.05, ..Path::default() }), 1, 1000).len();
    assert!((1020..1080).contains(&doubled), "{doubled}");
    let order = arrivals(inbound(Path { reorder: 0.25, ..Path::default() }), 1, 1000);
    let mut sorted = order.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..1000).collect::<Vec<_>>());
    let late = order.windows(2).filter(|pair| pair[1] < pair[0]).count();
    assert!((100..300).contains(&late), "{late}");
}

#[test]
fn a_seed_gives_the_same_faults_and_another_others() {
    let faults = inbound(Path { loss: 0.3, double: 0.1, reorder: 0.2, ..Path::default() });
    assert_eq!(arrivals(faults, 5, 200), arrivals(faults, 5, 200));
    assert_ne!(arrivals(faults, 5, 200), arrivals(faults, 6, 200));
}

#[test]
fn a_delay_is_kept_and_a_cut_lets_nothing_through() {
    let mut desk = with(|options| options.faults = inbound(Path { delay: ms(200), ..Path::default() }));
    desk.osc(&osc("/cmd", "Lua \"at = Time()\""), FROM);
    desk.tick(ms(1000));
    assert_eq!(lua(&mut desk, "return at"), "0.202");
    assert!(arrivals(inbound(Path { cut: true, ..Path::default() }), 1, 50).is_empty());
}

#[test]
fn long_commands_are_cut_off_where_the_dial_says_so_and_short_ones_are_not() {
    let mut desk = with(|options| options.faults.truncate = 1.0);
    desk.osc(&osc("/cmd", "Lua \"short = 1\""), FROM);
    desk.osc(&osc("/cmd", &format!("Lua \"long = [[{}]]\"", "a".repeat(400))), FROM);
    desk.tick(ms(10));
    assert_eq!(lua(&mut desk, "return short, long"), "1\tnil");
}

#[test]
fn what_leaves_is_lost_doubled_and_delayed_and_more_often_lost_in_many_pieces() {
    let leave = |path: Path, bytes: usize| {
        let mut desk = with(|options| options.faults.outbound = path);
        lua(
            &mut desk,
            &format!(
                "local u = require('socket.core').udp() for i = 1, 400 do u:sendto(('x'):rep({bytes}), '127.0.0.1', 9000) end"
            ),
        );
        desk.tick(ms(99));
        let early = desk.take_outgoing().len();
        desk.tick(ms(1000));
        (early, desk.take_outgoing().len())
    };
    assert_eq!(leave(Path::default(), 100), (400, 0));
    assert_eq!(leave(Path { delay: ms(100), ..Path::default() }, 100), (0, 400));
    let (small, _) = leave(Path { loss: 0.2, ..Path::default() }, 1000);
    let (big, _) = leave(Path { loss: 0.2, ..Path::default() }, 6000);
    assert!((280..360).contains(&small), "{small}");
    assert!((80..190).contains(&big), "five pieces, each lost at 20 %: {big}");
    assert_eq!(leave(Path { double: 1.0, ..Path::default() }, 100), (800, 0));
    assert_eq!(leave(Path { cut: true, ..Path::default() }, 100), (0, 0));
}

#[test]
fn datagrams_to_a_plug_ins_socket_go_through_the_dial_too() {
    let mut desk = with(|options| options.faults = inbound(Path { loss: 0.5, ..Path::default() }));
    lua(&mut desk, "u = require('socket.core').udp() u:settimeout(0) u:setsockname('*', 5005)");
    for _ in 0..200 {
        desk.udp(5005, b"x", FROM);
    }
    desk.tick(ms(1));
    let heard: i64 = lua(&mut desk, "local n = 0 while u:receive() do n = n + 1 end return n").parse().unwrap();
    assert!((60..140).contains(&heard), "{heard}");
}
