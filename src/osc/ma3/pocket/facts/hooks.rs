//! Items 4 and 5: who is called when something changes, how often, and when a hook ends.

use super::super::options::{HookMoment, Levels};
use super::*;

const HOOK: &str = "hook = HookObjectChange(note, sub, PLUGIN)";

fn hooked(options: Options) -> Desk {
    let mut desk = kind_of(options);
    lua(&mut desk, HOOK);
    desk
}

#[test]
fn every_mutation_is_a_call_and_a_hand_counts_like_a_program() {
    let mut desk = hooked(Options::default());
    lua(&mut desk, "e = sub:Append()");
    assert_eq!(heard(&mut desk), 1);
    lua(&mut desk, "e:Set('RawTime', 5) e.name = 'x'");
    assert_eq!(heard(&mut desk), 3, "two writes are two calls");
    lua(&mut desk, "sub:Append('CmdEvent', nil, 4)");
    assert_eq!(heard(&mut desk), 7);
    lua(&mut desk, "sub:Delete(1)");
    assert_eq!(heard(&mut desk), 8);
    desk.person(Act::Move { track: "101.1.1".into(), event: 1, seconds: 3.0 }).unwrap();
    desk.command("Delete Timecode 101.1.1.1.1.1");
    desk.person(Act::Oops).unwrap();
    assert_eq!(heard(&mut desk), 11);
    lua(&mut desk, "local _ = sub[1].name, sub:Children(), sub:Get('Name') sub[1]:Set('Cmd', 'x')");
    assert_eq!(heard(&mut desk), 11, "reading and what does not stick is no change");
    add_to(&mut desk, "101.1.2", 1.0, "elsewhere");
    assert_eq!(heard(&mut desk), 11);
}

#[test]
fn a_hook_hears_its_object_and_its_children_or_all_below_where_the_desk_broadcasts() {
    for (hooks_broadcast, calls) in [(false, "0 0 2"), (true, "2 2 2")] {
        let mut desk = kind_of(Options { hooks_broadcast, ..Options::default() });
        lua(
            &mut desk,
            "count = {} fs = {} for n, object in ipairs { tc, track, sub } do count[n] = 0 fs[n] = function(what) assert(what == object) count[n] = count[n] + 1 end HookObjectChange(fs[n], object, PLUGIN) end",
        );
        lua(&mut desk, "sub:Append():Set('RawTime', 7)");
        assert_eq!(lua(&mut desk, "return table.concat(count, ' ')"), calls);
    }
    let mut desk = desk();
    lua(&mut desk, "HookObjectChange(note, tg, PLUGIN)");
    desk.person(Act::Rename { at: "101.1.1".into(), name: "X".into() }).unwrap();
    desk.person(Act::Reorder { track: "101.1.2".into(), to: 1 }).unwrap();
    desk.person(Act::DeleteAt("101.1.1".into())).unwrap();
    assert_eq!(heard(&mut desk), 3, "rename, move and deletion of a track");
    assert_eq!(desk.tracks()[0].name, "X");
}

#[test]
fn one_function_twice_on_an_object_is_called_once_and_two_closures_twice() {
    let mut desk = hooked(Options::default());
    assert_eq!(
        lua(&mut desk, "other = HookObjectChange(note, sub, PLUGIN) return other ~= hook, math.type(other)"),
        "true\tinteger"
    );
    add(&mut desk, 1.0, "");
    let before = heard(&mut desk);
    lua(&mut desk, "sub[1].name = 'a'");
    assert_eq!(heard(&mut desk), before + 1);
    lua(&mut desk, "second = function(...) note(...) end HookObjectChange(second, sub, PLUGIN)");
    lua(&mut desk, "sub[1].name = 'b'");
    assert_eq!(heard(&mut desk), before + 3);
    lua(&mut desk, "Unhook(hook) sub[1].name = 'c'");
    assert_eq!(heard(&mut desk), before + 5, "the second registration still holds");
    lua(&mut desk, "Unhook(other) Unhook(12345)");
    lua(&mut desk, "sub[1].name = 'd'");
    assert_eq!(heard(&mut desk), before + 6);
}

#[test]
fn unhook_multiple_counts_what_it_takes_away() {
    let mut desk = hooked(Options::default());
    lua(
        &mut desk,
        "f = function() end HookObjectChange(f, sub, PLUGIN) HookObjectChange(f, tg, PLUGIN) HookObjectChange(f, tc, PLUGIN, track)",
    );
    assert_eq!(
        lua(
            &mut desk,
            "return UnhookMultiple(note, tg, nil), UnhookMultiple(f, sub, PLUGIN), UnhookMultiple(nil, track)"
        ),
        "0\t1\t1"
    );
    assert_eq!(
        lua(&mut desk, "DumpAllHooks() return UnhookMultiple(nil, nil, PLUGIN), UnhookMultiple(nil, nil, PLUGIN)"),
        "2\t0"
    );
    assert_eq!(desk.counts().hooks, 0);
    assert!(desk.log().iter().any(|line| line.text.starts_with("hook 1 on Root/ShowData")));
}

#[test]
fn a_drag_is_a_burst_of_calls_at_the_rate_that_is_asked_for() {
    for (steps, seconds) in [(5, 0.5), (200, 2.0)] {
        let mut desk = hooked(Options::default());
        add(&mut desk, 1.0, "a");
        let before = heard(&mut desk);
        let lasts = Duration::from_secs_f64(seconds);
        desk.person(Act::Drag { track: "101.1.1".into(), event: 1, seconds: 9.0, steps, lasts }).unwrap();
        at(&mut desk, (seconds * 500.0) as u64);
        let half = heard(&mut desk) - before;
        assert!((i64::from(steps) / 2 - 1..=i64::from(steps) / 2 + 1).contains(&half), "{half} of {steps}");
        at(&mut desk, 10_000);
        assert_eq!(heard(&mut desk) - before, i64::from(steps));
        assert_eq!(desk.events(101, 1, 1)[0].ticks, 9 << 24);
    }
}

#[test]
fn own_writes_are_heard_inside_the_write_or_after_the_chunk() {
    for (hooks, inside) in [(HookMoment::Inside, "1"), (HookMoment::AfterChunk, "0")] {
        let mut desk = hooked(Options { hooks, ..Options::default() });
        assert_eq!(lua(&mut desk, "sub:Append() return #heard"), inside, "{hooks:?}");
        assert_eq!(heard(&mut desk), 1);
        // A callback that writes is called for that as well, and an endless one ends.
        lua(
            &mut desk,
            "again = function() if #sub_ < 5 then sub_:Append() end end sub_ = sub HookObjectChange(again, sub, PLUGIN)",
        );
        lua(&mut desk, "sub:Append()");
        assert_eq!(lua(&mut desk, "return #sub"), "5");
        assert_eq!(heard(&mut desk), 5);
    }
}

#[test]
fn levels_are_full_or_say_what_happened() {
    for (levels, text) in [(Levels::Full, "8 8 8"), (Levels::ByKind, "7 11 6")] {
        let mut desk = hooked(Options { levels, ..Options::default() });
        lua(&mut desk, "local e = sub:Append() e.name = 'x' e:CommandDelete()");
        assert_eq!(lua(&mut desk, "return table.concat(heard, ' ')"), text);
    }
    let mut desk = hooked(Options { levels: Levels::ByKind, ..Options::default() });
    lua(&mut desk, "sub:Changed('Little')");
    assert_eq!(lua(&mut desk, "return heard[1], Enums.ChangeLevel.Little"), "13\t13");
}

#[test]
fn a_callback_that_nobody_holds_is_collected_and_falls_silent() {
    for (hooks_weak, calls) in [(true, "1"), (false, "2")] {
        let mut desk = kind_of(Options { hooks_weak, ..Options::default() });
        lua(&mut desk, "calls = 0 HookObjectChange(function() calls = calls + 1 end, sub, PLUGIN)");
        // Not collected yet, it is still called.
        lua(&mut desk, "sub:Append()");
        desk.collect();
        lua(&mut desk, "sub:Append()");
        assert_eq!(lua(&mut desk, "return calls"), calls);
        assert_eq!(desk.counts().hooks, usize::from(!hooks_weak));
    }
    let mut desk = hooked(Options::default());
    desk.collect();
    lua(&mut desk, "sub:Append()");
    assert_eq!(heard(&mut desk), 1, "a global function is held");
}

#[test]
fn deleting_the_container_ends_its_hooks_also_from_above_and_oops_does_not_bring_them_back() {
    for at in ["101.1.1.1.1", "101.1.1", "101"] {
        let mut desk = hooked(Options::default());
        desk.person(Act::DeleteAt(at.into())).unwrap();
        assert_eq!(desk.counts().hooks, 0, "{at}");
        desk.person(Act::Oops).unwrap();
        add(&mut desk, 1.0, "");
        assert_eq!(heard(&mut desk), 0, "{at}");
    }
    let mut desk = hooked(Options::default());
    lua(&mut desk, "HookObjectChange(note, range, PLUGIN)");
    lua(&mut desk, "sub:CommandDelete()");
    assert_eq!((heard(&mut desk), desk.counts().hooks), (1, 1), "the range hears of it");
}

#[test]
fn hooks_have_a_limit_and_need_the_plug_ins_handle() {
    let mut desk = kind_of(Options { hooks_max: 2, ..Options::default() });
    assert_eq!(
        lua(
            &mut desk,
            "local h = HookObjectChange return h(note, sub, PLUGIN), h(note, tg, PLUGIN), h(note, tc, PLUGIN)"
        ),
        "1\t2\tnil"
    );
    assert!(fails(&mut desk, "HookObjectChange(note, sub)").contains("third argument"));
    assert!(fails(&mut desk, "HookObjectChange(note, sub, tg)").contains("no plug-in"));
    assert!(fails(&mut desk, "HookObjectChange(note, IntToHandle(9999), PLUGIN)").contains("gone"));
}

#[test]
fn an_error_in_a_callback_is_logged_and_the_others_are_called() {
    let mut desk = kind_of(Options::default());
    lua(
        &mut desk,
        "bad = function() error('bad day') end HookObjectChange(bad, sub, PLUGIN) HookObjectChange(note, sub, PLUGIN)",
    );
    lua(&mut desk, "sub:Append()");
    assert_eq!(heard(&mut desk), 1);
    assert!(desk.log().iter().any(|line| line.text.contains("bad day")));
}
