//! Item 14: two stations of one session.

use super::super::OTHER;
use super::*;

fn pair() -> (Desk, Desk) {
    let first = desk();
    let mut second = first.join(Options { master: false, ..Options::default() });
    second.install(&[("init", COMPONENT)]).unwrap();
    (first, second)
}

#[test]
fn both_see_one_show_and_have_lua_of_their_own() {
    let (mut first, mut second) = pair();
    lua(&mut first, "mine = 1 sub:Append().name = 'from the first'");
    assert_eq!(lua(&mut second, "return mine, sub[1].name, RUNS"), "nil\tfrom the first\t1");
    assert_eq!(
        lua(&mut first, "return RUNS, IsObjectValid(PLUGIN), #DataPool().Plugins"),
        "1\ttrue\t1",
        "both run one plug-in of the show"
    );
}

#[test]
fn a_hook_calls_only_the_station_that_made_it() {
    let (mut first, mut second) = pair();
    lua(&mut first, "HookObjectChange(note, sub, PLUGIN)");
    add(&mut second, 1.0, "a");
    assert_eq!(heard(&mut second), 0);
    at(&mut first, 10);
    assert!(heard(&mut first) > 0, "a change on the other station is heard");
    lua(&mut second, "UnhookMultiple(nil, nil, PLUGIN)");
    assert_eq!((first.counts().hooks, second.counts().hooks), (1, 0));
}

#[test]
fn osc_is_unreliable_on_the_station_that_is_not_the_master() {
    let (mut first, mut second) = pair();
    for desk in [&mut first, &mut second] {
        for n in 0..200 {
            desk.osc(&intake::message("/cmd", &format!("Lua \"n = {n}\"")), intake::FROM);
        }
        at(desk, 1000);
    }
    assert_eq!(first.counts().commands, 200);
    assert!((60..140).contains(&second.counts().commands), "{}", second.counts().commands);
}

#[test]
fn a_show_that_one_station_opens_is_open_on_both() {
    let (mut first, mut second) = pair();
    lua(&mut first, "kept = 1 HookObjectChange(note, sub, PLUGIN)");
    first.person(Act::Save(String::new())).unwrap();
    second.load_show(OTHER).unwrap();
    at(&mut first, 10);
    assert_eq!((first.show().as_str(), first.counts().hooks), (OTHER, 0));
    second.load_show(super::super::DEMO).unwrap();
    at(&mut first, 20);
    for desk in [&mut first, &mut second] {
        assert_eq!(
            lua(desk, "return RUNS, IsObjectValid(PLUGIN), HookObjectChange(note, sub, PLUGIN) ~= nil"),
            "2\ttrue\ttrue"
        );
    }
    assert_eq!(lua(&mut first, "return kept"), "1");
}

#[test]
fn a_station_that_restarts_comes_back_into_the_show_as_it_is() {
    let (mut first, mut second) = pair();
    add(&mut first, 1.0, "unsaved");
    lua(&mut second, "kept = 1");
    second.restart();
    at(&mut second, 2000);
    assert_eq!(lua(&mut second, "return sub[1].name, kept, RUNS, IsObjectValid(PLUGIN)"), "unsaved\tnil\t1\ttrue");
    assert_eq!(lua(&mut first, "return IsObjectValid(PLUGIN), RUNS"), "true\t1");
    second.person(Act::Reload).unwrap();
    assert_eq!(lua(&mut first, "return IsObjectValid(PLUGIN)"), "true");
}
