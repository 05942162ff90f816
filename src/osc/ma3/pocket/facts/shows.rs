//! Item 6: what a show, a reload and a restart leave, and undo.

use super::super::options::{SetUndo, VarsHome};
use super::super::{DEMO, OTHER};
use super::*;

fn hooked() -> Desk {
    let mut desk = desk();
    desk.person(Act::Save(String::new())).unwrap();
    lua(&mut desk, "kept = 'yes' HookObjectChange(note, sub, PLUGIN) old = { sub = sub, plugin = PLUGIN, x = X }");
    desk
}

#[test]
fn another_show_drops_the_hooks_and_keeps_the_globals() {
    let mut desk = hooked();
    desk.load_show(OTHER).unwrap();
    assert_eq!((desk.show().as_str(), desk.counts().hooks), (OTHER, 0));
    assert_eq!(lua(&mut desk, "return kept, IsObjectValid(old.sub), tc.name, #sub"), "yes\tfalse\tSong A\t2");
    assert_eq!(lua(&mut desk, "return RUNS"), "1", "the other show has no plug-in in its pool");
    desk.load_show(DEMO).unwrap();
    // Its components run again with another signal table and another handle.
    assert_eq!(
        lua(
            &mut desk,
            "return kept, RUNS, #X, X[1] ~= X[2], IsObjectValid(PLUGIN), IsObjectValid(old.plugin), tc.name"
        ),
        "yes\t2\t2\ttrue\ttrue\tfalse\tIntro"
    );
    assert!(desk.load_show("none").unwrap_err().contains("saved are: demo, other tour"));
}

#[test]
fn timers_live_on_in_another_show() {
    let mut desk = hooked();
    lua(&mut desk, "n = 0 Timer(function() n = n + 1 end, 1, 5)");
    at(&mut desk, 1500);
    desk.person(Act::Load(OTHER.into())).unwrap();
    at(&mut desk, 9000);
    assert_eq!(lua(&mut desk, "return n"), "5");
}

#[test]
fn rp_runs_the_components_again_and_keeps_the_old_table() {
    let mut desk = hooked();
    assert_eq!(desk.command("RP"), "OK");
    assert_eq!(lua(&mut desk, "return RUNS"), "1", "not inside the command");
    at(&mut desk, 100);
    assert_eq!(desk.counts().hooks, 0);
    assert_eq!(
        lua(&mut desk, "return RUNS, X == old.x, #X, kept, IsObjectValid(old.sub), IsObjectValid(old.plugin)"),
        "2\ttrue\t2\tyes\ttrue\tfalse"
    );
    desk.person(Act::Reload).unwrap();
    assert_eq!(lua(&mut desk, "return RUNS"), "3");
}

#[test]
fn reload_ui_empties_the_globals_and_a_command_on_its_way_still_comes() {
    let mut desk = hooked();
    lua(&mut desk, "ticks = 0 Timer(function() ticks = ticks + 1 end, 1, 100)");
    desk.command("ReloadUI");
    let bytes = intake::message("/cmd", "Lua \"late = true\"");
    at(&mut desk, 9);
    desk.osc(&bytes, intake::FROM);
    at(&mut desk, 3000);
    assert_eq!(lua(&mut desk, "return kept, RUNS, #X, late, ticks"), "nil\t1\t1\ttrue\tnil");
    assert_eq!(desk.counts().hooks, 0);
}

#[test]
fn a_restart_takes_everything_that_was_not_saved_and_says_no_goodbye() {
    let mut desk = hooked();
    lua(
        &mut desk,
        "UDP = require('socket.core').udp() UDP:setsockname('*', 9100) Timer(function() UDP:sendto('alive', '10.0.0.2', 99) end, 1, 100)",
    );
    add(&mut desk, 1.0, "unsaved");
    let track = |lasts| Act::Drag { track: "101.1.1".into(), event: 1, seconds: 5.0, steps: 10, lasts };
    desk.person(track(Duration::from_secs(5))).unwrap();
    at(&mut desk, 1000);
    assert_eq!(desk.take_outgoing().len(), 1);
    desk.person(Act::Restart).unwrap();
    assert!(desk.ports().is_empty());
    desk.osc(&intake::message("/cmd", "Lua \"early = true\""), intake::FROM);
    assert_eq!(desk.lua("return 1").unwrap_err(), "the desk is starting");
    assert_eq!(desk.person(Act::Oops).unwrap_err(), "the desk is starting");
    at(&mut desk, 9000);
    assert!(desk.take_outgoing().is_empty());
    assert_eq!(lua(&mut desk, "return kept, RUNS, #X, #sub, early, math.floor(Time())"), "nil\t1\t1\t0\tnil\t7");
    assert_eq!((desk.counts().hooks, desk.counts().undo), (0, 0));
    desk.command("Lua \"after = true\"");
    assert_eq!(lua(&mut desk, "return after"), "true");
}

#[test]
fn plug_in_variables_go_back_with_the_show_or_stay_with_the_station() {
    for (plugin_vars, loaded, booted, other) in [(VarsHome::Show, "1", "1", "nil"), (VarsHome::Station, "2", "2", "2")]
    {
        let mut desk = kind_of(Options { plugin_vars, ..Options::default() });
        lua(&mut desk, "SetVar(PluginVars('T'), 'a', 1) SetVar(UserVars(), 'u', 'x')");
        desk.person(Act::Save(String::new())).unwrap();
        let read = "return GetVar(PluginVars('T'), 'a')";
        lua(&mut desk, "SetVar(PluginVars('T'), 'a', 2)");
        desk.load_show(DEMO).unwrap();
        assert_eq!(lua(&mut desk, read), loaded, "{plugin_vars:?}");
        lua(&mut desk, "SetVar(PluginVars('T'), 'a', 2)");
        desk.restart();
        at(&mut desk, 5000);
        assert_eq!(lua(&mut desk, read), booted, "{plugin_vars:?}");
        assert_eq!(lua(&mut desk, "return GetVar(UserVars(), 'u')"), "x");
        desk.load_show(OTHER).unwrap();
        assert_eq!(lua(&mut desk, read), other, "{plugin_vars:?}");
        assert_eq!(lua(&mut desk, "return GetVar(UserVars(), 'u'), DelVar(PluginVars('T'), 'none')"), "nil\tfalse");
    }
}

#[test]
fn guids_and_notes_stay_in_a_show_and_a_copy_has_another_guid() {
    let mut desk = desk();
    lua(&mut desk, "track.note = 'tl:1' guid = track.guid copy = tg:Append('Track') copy:Copy(track)");
    assert_eq!(
        lua(&mut desk, "return copy.name, copy.note, copy.Target == track.Target, copy.guid ~= guid, copy:Count()"),
        "BEAM\ttl:1\ttrue\ttrue\t0"
    );
    desk.person(Act::Save("night".into())).unwrap();
    desk.load_show(DEMO).unwrap();
    desk.load_show("night").unwrap();
    assert_eq!(lua(&mut desk, "return track.guid == guid, track.note, #tg"), "true\ttl:1\t4");
}

#[test]
fn one_undo_block_is_one_oops_and_property_writes_join_it_as_the_desk_has_it() {
    let block = "local u = CreateUndo('batch') local e = sub:Append('CmdEvent', u) e:Set('RawTime', 5) sub:Append('CmdEvent', u) return CloseUndo(u), CloseUndo(u)";
    for (set_undo, steps) in [(SetUndo::Joins, 1), (SetUndo::OwnStep, 2), (SetUndo::Never, 1)] {
        let mut desk = kind_of(Options { set_undo, ..Options::default() });
        let before = desk.counts().undo;
        assert_eq!(lua(&mut desk, block), "true\tfalse");
        assert_eq!(desk.counts().undo - before, steps, "{set_undo:?}");
        for _ in 0..steps {
            desk.person(Act::Oops).unwrap();
        }
        assert_eq!(lua(&mut desk, "return #sub"), "0", "{set_undo:?}");
        lua(&mut desk, "CloseUndo(CreateUndo('empty'))");
        assert_eq!(desk.counts().undo, before, "an empty block leaves no trace");
    }
    let mut desk = desk();
    let before = desk.counts().undo;
    lua(&mut desk, "local u = CreateUndo('x') Cmd('Store Timecode 7', u) pool:Delete(102, u) CloseUndo(u)");
    assert_eq!((desk.counts().undo - before, desk.command("Oops").as_str()), (1, "OK"));
    assert_eq!(lua(&mut desk, "return pool[7], pool[102].name"), "nil\tNight");
}

#[test]
fn oops_brings_back_what_stood_below_and_hands_have_steps_of_their_own() {
    let mut desk = desk();
    add(&mut desk, 1.0, "a");
    add(&mut desk, 1.0, "b");
    lua(&mut desk, "sub[1].CueDestination = DataPool().Sequences[201][3]");
    desk.person(Act::Delete { track: "101.1.1".into(), event: 1 }).unwrap();
    desk.person(Act::DeleteAt("101".into())).unwrap();
    assert!(desk.tracks().is_empty());
    desk.person(Act::Oops).unwrap();
    assert_eq!(names_of(&desk), "b");
    desk.person(Act::Oops).unwrap();
    assert_eq!((names_of(&desk).as_str(), desk.events(101, 1, 1)[0].cue.as_str()), ("a b", "3"));
    // A long day of edits: the newest thousand can be taken back, each whole.
    for n in 0..1500 {
        add(&mut desk, f64::from(n), "");
    }
    assert_eq!(desk.counts().undo, 1000);
    desk.person(Act::Oops).unwrap();
    assert_eq!(desk.events(101, 1, 1).len(), 1501);
}
