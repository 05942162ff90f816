//! A14, 5: hooks.

use super::super::options::{HookMoment, Levels};
use super::*;

/// Hook the sub-track with a function that counts.
const HOOK: &str = "calls, levels = 0, {}
    function changed(obj, level) calls = calls + 1 levels[calls] = level assert(obj == sub) end
    id = HookObjectChange(changed, sub, plugin)";

#[test]
fn a_hook_on_the_sub_track_is_called_for_every_child_made_moved_changed_and_deleted_own_writes_too() {
    let mut desk = desk();
    lua(&mut desk, HOOK);
    put(&mut desk, &[1.0]);
    let made: i64 = lua(&mut desk, "return calls").parse().unwrap();
    assert!(made >= 1, "a hand's edit");
    lua(&mut desk, "calls = 0 sub:Append()");
    assert_eq!(lua(&mut desk, "return calls"), "1", "Lua's own write");
    lua(&mut desk, "calls = 0 sub[1]:Set('RawTime', 9) sub[1].name = 'x' sub:Delete(1)");
    assert_eq!(lua(&mut desk, "return calls, levels[1], math.type(id)"), "3\t8\tinteger");
    lua(&mut desk, "calls = 0 sub:Parent().name = 'r' DataPool().Timecodes[101].name = 't'");
    assert_eq!(lua(&mut desk, "return calls"), "0", "what is above is not below");
}

#[test]
fn callbacks_come_inside_the_write_or_after_the_chunk() {
    for (moment, expected) in [(HookMoment::Inside, "1"), (HookMoment::AfterChunk, "0")] {
        let mut desk = with(|options| options.hooks = moment);
        lua(&mut desk, HOOK);
        assert_eq!(lua(&mut desk, "sub:Append() return calls"), expected);
        assert_eq!(lua(&mut desk, "return calls"), "1");
    }
}

#[test]
fn one_function_on_one_object_is_called_once_and_two_functions_each() {
    let mut desk = desk();
    lua(&mut desk, HOOK);
    lua(
        &mut desk,
        "id2 = HookObjectChange(changed, sub, plugin) others = 0
        function other() others = others + 1 end HookObjectChange(other, sub, plugin)",
    );
    lua(&mut desk, "sub:Append()");
    assert_eq!(lua(&mut desk, "return calls, others, id ~= id2"), "1\t1\ttrue");
}

#[test]
fn unhooking_by_number_by_object_and_by_plug_in() {
    let mut desk = desk();
    lua(&mut desk, HOOK);
    lua(&mut desk, "Unhook(id) Unhook(id) Unhook(12345)");
    assert_eq!(desk.counts().hooks, 0);
    lua(&mut desk, HOOK);
    lua(&mut desk, "HookObjectChange(changed, sub:Parent(), plugin)");
    assert_eq!(
        lua(
            &mut desk,
            "return UnhookMultiple(nil, sub, nil), UnhookMultiple(nil, nil, plugin), UnhookMultiple(nil, nil, plugin)"
        ),
        "1\t1\t0"
    );
}

#[test]
fn a_callback_that_nobody_holds_is_collected_and_falls_silent() {
    for (weak, expected) in [(true, "0"), (false, "1")] {
        let mut desk = with(|options| options.hooks_weak = weak);
        lua(&mut desk, "calls = 0 HookObjectChange(function() calls = calls + 1 end, sub, plugin)");
        desk.collect();
        lua(&mut desk, "sub:Append()");
        assert_eq!(lua(&mut desk, "return calls"), expected);
    }
    let mut desk = desk();
    lua(&mut desk, HOOK);
    desk.collect();
    lua(&mut desk, "sub:Append()");
    assert_eq!(lua(&mut desk, "return calls"), "1", "a function in a global lives");
}

#[test]
fn deleting_the_container_ends_its_hooks_and_its_parents_are_told() {
    let mut desk = desk();
    lua(&mut desk, HOOK);
    lua(&mut desk, "above = 0 function told() above = above + 1 end HookObjectChange(told, sub:Parent(), plugin)");
    desk.command("Delete Timecode 101.1.1.1.1");
    assert_eq!((lua(&mut desk, "return calls, above"), desk.counts().hooks), ("0\t1".to_owned(), 1));
    desk.command("Oops");
    put(&mut desk, &[1.0]);
    assert_eq!(lua(&mut desk, "return calls"), "0", "the sub-track that came back is another object");
}

#[test]
fn group_and_timecode_hooks_hear_of_tracks_and_groups() {
    let mut desk = desk();
    lua(
        &mut desk,
        "local tc = DataPool().Timecodes[101] n = { tg = 0, tc = 0, pool = 0 }
        keep = { function() n.tg = n.tg + 1 end, function() n.tc = n.tc + 1 end, function() n.pool = n.pool + 1 end }
        HookObjectChange(keep[1], tc[1], plugin) HookObjectChange(keep[2], tc, plugin)
        HookObjectChange(keep[3], DataPool().Timecodes, plugin)",
    );
    desk.person(Act::Rename { at: "101.1.1".into(), name: "x".into() }).unwrap();
    assert_eq!(lua(&mut desk, "return n.tg, n.tc, n.pool"), "1\t0\t0");
    desk.person(Act::DeleteAt("101.1".into())).unwrap();
    assert_eq!(lua(&mut desk, "return n.tg, n.tc, n.pool"), "1\t1\t0");
    desk.person(Act::DeleteAt("102".into())).unwrap();
    assert_eq!(lua(&mut desk, "return n.tg, n.tc, n.pool"), "1\t1\t1");
}

#[test]
fn hooks_may_broadcast_for_all_below_and_give_the_level_by_kind() {
    let mut desk = with(|options| {
        options.hooks_broadcast = true;
        options.levels = Levels::ByKind;
    });
    lua(
        &mut desk,
        "seen = {} function f(obj, level) seen[#seen + 1] = level end HookObjectChange(f, DataPool().Timecodes[101], plugin)",
    );
    lua(&mut desk, "sub:Append() sub[1]:Set('RawTime', 5) sub:Delete(1)");
    assert_eq!(lua(&mut desk, "return table.concat(seen, ' ')"), "7 11 6");
}

#[test]
fn a_drag_is_a_burst_of_callbacks_spread_over_its_time() {
    let mut desk = desk();
    put(&mut desk, &[1.0]);
    lua(&mut desk, HOOK);
    let act = Act::Drag { track: "101.1.1".into(), event: 1, seconds: 3.0, steps: 50, lasts: ms(500) };
    desk.person(act).unwrap();
    desk.tick(ms(250));
    assert_eq!(lua(&mut desk, "return calls"), "25");
    desk.tick(ms(500));
    assert_eq!(lua(&mut desk, "return calls"), "50");
    assert_eq!(desk.events(101, 1, 1)[0].ticks, 3 << 24);
}

#[test]
fn there_is_a_limit_and_a_hook_needs_the_plug_ins_handle() {
    let mut desk = with(|options| options.hooks_max = 2);
    lua(&mut desk, HOOK);
    assert_eq!(
        lua(&mut desk, "return HookObjectChange(changed, sub, plugin), HookObjectChange(changed, sub, plugin)"),
        "2\tnil"
    );
    assert!(desk.lua("HookObjectChange(changed, sub, sub)").unwrap_err().contains("no plug-in"));
    assert!(desk.lua("HookObjectChange(changed, sub)").unwrap_err().contains("plug-in's handle"));
}

#[test]
fn a_callback_that_fails_or_writes_ends_nothing() {
    let mut desk = desk();
    lua(
        &mut desk,
        "runs = 0 function bad() error('ouch') end
        function writes() runs = runs + 1 if runs < 5 then sub[1]:Set('RawTime', runs) end end
        HookObjectChange(bad, sub, plugin) HookObjectChange(writes, sub, plugin) sub:Append()",
    );
    assert_eq!(lua(&mut desk, "return runs"), "5");
    assert!(desk.log().iter().any(|line| line.text.contains("ouch")));
}

#[test]
fn hooks_are_local_to_the_station_that_made_them_and_hear_what_others_change() {
    let mut first = desk();
    let mut second = first.join(Options { master: false, ..Options::default() });
    second.lua("calls = 0").unwrap();
    lua(&mut first, HOOK);
    put(&mut second, &[1.0]);
    first.tick(ms(1));
    assert_ne!(lua(&mut first, "return calls"), "0", "a change at the other station");
    assert_eq!(second.lua("return calls, id").unwrap(), "0\tnil", "its Lua is its own");
    assert_eq!(first.events(101, 1, 1), second.events(101, 1, 1));
}
