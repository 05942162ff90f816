//! The kinds of desk that nobody can tell yet, and the seed.

use super::super::super::plugin;
use super::super::options::{HookMoment, Quantise};
use super::super::{Faults, Path, TICKS};
use super::*;

#[test]
fn times_snap_to_frames_by_hand_always_or_never() {
    for (quantise, by_hand, by_lua) in [
        (Quantise::Never, 10_000_000, 10_000_001),
        (Quantise::ByHand, 10_066_330, 10_000_001),
        (Quantise::Always, 10_066_330, 10_066_330),
    ] {
        let mut desk = kind_of(Options { quantise, ..Options::default() });
        add(&mut desk, 10_000_000.0 / TICKS as f64, "a");
        assert_eq!(desk.events(101, 1, 1)[0].ticks, by_hand, "{quantise:?}");
        lua(&mut desk, "sub[1]:Set('RawTime', 10000001)");
        assert_eq!(desk.events(101, 1, 1)[0].ticks, by_lua, "{quantise:?}");
    }
    // 25 frames a second, and none where the readout is seconds.
    let mut desk = kind_of(Options { quantise: Quantise::Always, ..Options::default() });
    lua(&mut desk, "tc.FrameReadout = '25 fps' sub:Append():Set('RawTime', 10000001)");
    assert_eq!(desk.events(101, 1, 1)[0].ticks, 10_066_330);
    lua(&mut desk, "tc.FrameReadout = 'Seconds' sub[1]:Set('RawTime', 10000001)");
    assert_eq!(desk.events(101, 1, 1)[0].ticks, 10_000_001);
}

#[test]
fn a_desk_may_call_the_cleanup_on_reload() {
    for (cleanup_on_reload, calls) in [(true, "1"), (false, "0")] {
        let mut desk = Desk::new(Options { cleanup_on_reload, ..Options::default() });
        desk.install(&[("a", "calls = calls or 0 return function() end, function() calls = calls + 1 end")]).unwrap();
        desk.reload_plugins();
        assert_eq!(lua(&mut desk, "return calls"), calls);
    }
}

#[test]
fn chance_and_addresses_in_lua_come_from_the_seed_and_differ_from_engine_to_engine() {
    let read = "return math.random(0), tostring({}), tostring(function() end)";
    let mut desk = desk();
    let first = lua(&mut desk, read);
    assert_eq!(lua(&mut super::desk(), read), first);
    assert_ne!(lua(&mut desk, read), first);
    assert_eq!(
        lua(
            &mut desk,
            "local t = {} return tostring(t) == tostring(t), tostring(t) ~= tostring({}), tostring({}):match('^table: 0x%x+$') ~= nil"
        ),
        "true\ttrue\ttrue"
    );
    assert_eq!(
        lua(
            &mut desk,
            "return tostring(nil), tostring(2.0), tostring(setmetatable({}, { __tostring = function() return 'own' end }))"
        ),
        "nil\t2.0\town"
    );
    desk.restart();
    at(&mut desk, 5000);
    assert_ne!(lua(&mut desk, read), first);
    assert_ne!(lua(&mut desk.join(Options::default()), read), first);
    assert_ne!(lua(&mut kind_of(Options { lua_seed: 3, ..Options::default() }), read), first);
}

/// Everything that leaves a desk which runs the shipped plug-in through a session with faults.
fn session(seed: u64) -> Vec<(u16, String, Vec<u8>)> {
    let path = Path {
        loss: 0.1,
        double: 0.1,
        reorder: 0.1,
        delay: Duration::from_millis(3),
        jitter: Duration::from_millis(9),
        cut: false,
    };
    let faults = Faults { inbound: path, outbound: path, truncate: 0.1, silent_writes: 0.05 };
    let mut desk = Desk::new(Options { seed, faults, hooks: HookMoment::Inside, ..Options::default() });
    desk.install(&plugin::components().collect::<Vec<_>>()).unwrap();
    let mut out = vec![];
    for turn in 0..120_u64 {
        match turn {
            3 | 5 | 7 => {
                desk.osc(&intake::message("/cmd", "Lua \"TL.SetTarget('127.0.0.1', 9100, 'me')\""), intake::FROM)
            }
            15 | 17 | 19 => desk.osc(&intake::message("/cmd", "Lua \"TL.HookCmdSubTrack(101, 1, 1)\""), intake::FROM),
            30..60 => add(&mut desk, (turn * 7 % 40) as f64, &format!("e{turn}")),
            70 => desk.reload_plugins(),
            _ => {}
        }
        at(&mut desk, turn * 100);
        out.extend(desk.take_outgoing().into_iter().map(|sent| (sent.from_port, sent.to.to_string(), sent.bytes)));
    }
    out
}

#[test]
fn the_same_seed_and_the_same_calls_give_the_same_bytes() {
    let (one, again, other) = (session(5), session(5), session(6));
    let changes =
        one.iter().filter(|(_, _, bytes)| String::from_utf8_lossy(bytes).contains("\"change\":\"changed\"")).count();
    assert!(changes > 3, "{} datagrams, {changes} changes", one.len());
    assert!(one == again, "other bytes");
    assert!(one != other, "another seed gives the same bytes");
}

/// With the facts beside it, item by item.
///
/// proves: D18
#[test]
fn the_shipped_plug_in_runs_here_as_it_is_packaged() {
    let mut desk = Desk::new(Options::default());
    desk.install(&plugin::components().collect::<Vec<_>>()).unwrap();
    at(&mut desk, 3000);
    assert_eq!(
        lua(
            &mut desk,
            "return type(TL.HookCmdSubTrack), type(TL.Status), DataPool().Plugins[1].name, #DataPool().Plugins[1]"
        ),
        format!("function\tfunction\tTracklight\t{}", plugin::components().count())
    );
    let errors: Vec<_> = desk.log().into_iter().filter(|line| line.kind == super::super::Kind::Error).collect();
    assert!(errors.is_empty(), "{errors:?}");
}
