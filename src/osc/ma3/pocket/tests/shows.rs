//! A14, 6: show load, reload, restart; where variables live.

use super::super::options::VarsHome;
use super::super::{DEMO, OTHER};
use super::*;

const HOOK: &str =
    "calls = 0 function changed() calls = calls + 1 end HookObjectChange(changed, sub, plugin) old = sub";

#[test]
fn a_show_load_ends_hooks_and_handles_keeps_globals_and_runs_the_components_with_a_new_signal_table() {
    let mut desk = desk();
    put(&mut desk, &[1.0]);
    desk.person(Act::Save(String::new())).unwrap();
    put(&mut desk, &[2.0]);
    lua(&mut desk, HOOK);
    lua(&mut desk, "first_signals, first_plugin = signals, plugin");
    desk.person(Act::Load(DEMO.into())).unwrap();
    let chunk =
        "return loads, signals ~= first_signals, IsObjectValid(first_plugin), IsObjectValid(old), IsObjectValid(sub)";
    assert_eq!(lua(&mut desk, chunk), "2\ttrue\tfalse\tfalse\ttrue");
    assert_eq!((names(&desk), desk.counts().hooks), (vec!["1".to_owned()], 0));
    put(&mut desk, &[3.0]);
    assert_eq!(lua(&mut desk, "return calls"), "0");
}

#[test]
fn guids_come_back_the_same_from_a_saved_show_and_another_show_has_others() {
    let mut desk = desk();
    desk.person(Act::Save("tonight".into())).unwrap();
    let guid = "return DataPool().Timecodes[101][1][2].Guid";
    let before = lua(&mut desk, guid);
    desk.person(Act::Load("tonight".into())).unwrap();
    assert_eq!(lua(&mut desk, guid), before);
    assert_eq!(before.len(), 47, "sixteen bytes: {before}");
    desk.person(Act::Load(OTHER.into())).unwrap();
    assert_ne!(lua(&mut desk, guid), before);
    assert_eq!(lua(&mut desk, "return DataPool().Timecodes[101].name"), "Song A");
    assert!(desk.person(Act::Load("nowhere".into())).unwrap_err().contains("demo, other tour, tonight"));
}

#[test]
fn timers_survive_a_show_load_and_links_lead_to_the_new_shows_objects() {
    let mut desk = desk();
    desk.person(Act::Save(String::new())).unwrap();
    lua(&mut desk, "ticks = 0 Timer(function() ticks = ticks + 1 end, 1, 3)");
    desk.person(Act::Load(DEMO.into())).unwrap();
    desk.tick(ms(3500));
    assert_eq!(
        lua(&mut desk, "return ticks, DataPool().Timecodes[101][1][2].Target == DataPool().Sequences[201]"),
        "3\ttrue"
    );
}

#[test]
fn rp_runs_the_chunks_again_over_the_old_globals_and_the_hooks_are_dead() {
    for typed in [true, false] {
        let mut desk = desk();
        lua(&mut desk, HOOK);
        lua(&mut desk, "first = plugin");
        if typed {
            assert_eq!(desk.command("RP"), "OK");
            desk.tick(ms(100));
        } else {
            desk.person(Act::Reload).unwrap();
        }
        assert_eq!(
            lua(&mut desk, "return loads, IsObjectValid(first), IsObjectValid(plugin), cleaned"),
            "2\tfalse\ttrue\tnil"
        );
        put(&mut desk, &[1.0]);
        assert_eq!((lua(&mut desk, "return calls"), desk.counts().hooks), ("0".to_owned(), 0));
    }
}

#[test]
fn cleanup_is_called_on_reload_where_the_desk_does_that() {
    let mut desk = with(|options| options.cleanup_on_reload = true);
    desk.person(Act::Reload).unwrap();
    assert_eq!(lua(&mut desk, "return cleaned"), "true");
}

#[test]
fn reload_ui_empties_the_globals() {
    let mut desk = desk();
    lua(&mut desk, "mark = 1");
    desk.command("ReloadUI");
    desk.tick(ms(100));
    assert_eq!(lua(&mut desk, "return mark, loads"), "nil\t1");
}

#[test]
fn a_restart_loses_all_but_the_saved_show_without_a_goodbye_and_is_deaf_until_it_is_up() {
    let mut desk = desk();
    put(&mut desk, &[1.0]);
    desk.person(Act::Save(String::new())).unwrap();
    put(&mut desk, &[2.0]);
    lua(
        &mut desk,
        "mark = 1 Timer(function() mark = 2 end, 1, 1) s = require('socket.core').udp() s:setsockname('*', 5005)",
    );
    desk.tick(ms(1000));
    desk.take_outgoing();
    desk.person(Act::Restart).unwrap();
    assert!(desk.ports().is_empty() && desk.lua("return 1").unwrap_err().contains("starting"));
    desk.osc(&osc("/cmd", "Lua \"mark = 3\""), FROM);
    desk.tick(ms(1400));
    assert!(desk.lua("return 1").is_err());
    desk.tick(ms(1600));
    assert_eq!(lua(&mut desk, "return mark, loads, Time() < 0.2"), "nil\t1\ttrue");
    assert_eq!(names(&desk), ["1"]);
    assert!(desk.take_outgoing().is_empty());
}

#[test]
fn plugin_vars_go_with_the_show_or_stay_with_the_station() {
    for (home, expected) in [(VarsHome::Show, "old"), (VarsHome::Station, "new")] {
        let mut desk = with(|options| options.plugin_vars = home);
        lua(&mut desk, "SetVar(PluginVars('P'), 'x', 'old')");
        desk.person(Act::Save(String::new())).unwrap();
        lua(&mut desk, "SetVar(PluginVars('P'), 'x', 'new')");
        desk.person(Act::Load(DEMO.into())).unwrap();
        assert_eq!(lua(&mut desk, "return GetVar(PluginVars('P'), 'x')"), expected);
        desk.person(Act::Load(OTHER.into())).unwrap();
        let other = lua(&mut desk, "return GetVar(PluginVars('P'), 'x')");
        assert_eq!(other, if home == VarsHome::Show { "nil" } else { "new" });
        lua(&mut desk, "SetVar(PluginVars('P'), 'x', 'last')");
        desk.person(Act::Restart).unwrap();
        desk.tick(ms(1000));
        let restarted = lua(&mut desk, "return GetVar(PluginVars('P'), 'x')");
        assert_eq!(restarted, if home == VarsHome::Show { "nil" } else { "last" });
    }
}

#[test]
fn variables_hold_text_and_numbers_and_each_set_is_its_own() {
    let mut desk = desk();
    let chunk = "SetVar(PluginVars(), 'n', 5) SetVar(GlobalVars(), 'n', 6) SetVar(UserVars(), 'n', 'seven') SetVar(AddonVars('a'), 'n', 8.5)
        local gone = DelVar(GlobalVars(), 'n')
        return GetVar(PluginVars('Tracklight'), 'n'), GetVar(GlobalVars(), 'n'), GetVar(UserVars(), 'n'), GetVar(AddonVars('a'), 'n'), gone,
            DelVar(GlobalVars(), 'n')";
    assert_eq!(lua(&mut desk, chunk), "5\tnil\tseven\t8.5\ttrue\tfalse");
    assert!(desk.lua("SetVar(PluginVars(), 'n', {})").unwrap_err().contains("text or a number"));
}

#[test]
fn undo_does_not_reach_over_a_show_load() {
    let mut desk = desk();
    put(&mut desk, &[1.0]);
    desk.person(Act::Load(DEMO.into())).unwrap();
    assert_eq!(desk.command("Oops"), "Illegal Command");
}
