//! The script's file: opened, saved, written by another program. Thread: the test's.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use super::Bench;
use crate::model::When;

fn bench() -> Bench {
    let mut bench = Bench::new(&[]);
    bench.files.put("/songs/night.lua", "one()\ntwo()");
    bench.publish(|snapshot| {
        let mut session = (*snapshot.session).clone();
        session.folders = vec!["/songs".into()];
        snapshot.session = session.into();
    });
    bench
}

fn opened() -> Bench {
    let mut bench = bench();
    bench.click("Open…");
    bench.letters("ni");
    assert!(bench.sees("night.lua"));
    bench.key(Key::Tab);
    assert_eq!(bench.value("Script path"), "night.lua");
    bench.key(Key::Enter);
    assert_eq!(bench.value("Script"), "one()\ntwo()");
    bench
}

fn type_in(bench: &mut Bench, letters: &str) {
    bench.harness.get_by_label("Script").focus();
    bench.frames(2);
    bench.keys(Modifiers::COMMAND | Modifiers::CTRL, Key::Home);
    bench.letters(letters);
}

#[test]
fn a_script_is_opened_changed_and_saved() {
    let mut bench = opened();
    assert!(bench.sees("night.lua") && !bench.sees("(changed)"));
    type_in(&mut bench, "-- x ");
    assert!(bench.sees("night.lua (changed)"));
    bench.keys(Modifiers::COMMAND, Key::S);
    assert_eq!(bench.files.text("/songs/night.lua"), "-- x one()\ntwo()");
    assert!(bench.sees("saved to /songs/night.lua") && !bench.sees("(changed)"));
    let kept =
        bench.asked().iter().any(|ask| format!("{ask:?}").contains("\"script.path\", Some(\"/songs/night.lua\")"));
    assert!(kept);
}

#[test]
fn another_file_is_written_over_only_when_asked_twice() {
    let mut bench = opened();
    bench.files.put("/songs/old.lua", "old");
    bench.click("Save as…");
    bench.letters("old.lua");
    bench.key(Key::Enter);
    assert_eq!(bench.files.text("/songs/old.lua"), "old");
    assert!(bench.sees("is there already"));
    bench.key(Key::Enter);
    assert_eq!(bench.files.text("/songs/old.lua"), "one()\ntwo()");
    bench.click("Open…");
    bench.letters("nope.lua");
    bench.key(Key::Enter);
    assert!(bench.sees("not opened: nope.lua: not found"));
    bench.key(Key::Escape);
    assert!(bench.harness.query_by_label("Script path").is_none());
}

/// proves: L14
#[test]
fn a_file_written_elsewhere_is_read_again_and_run_when_that_is_ticked() {
    let mut bench = opened();
    bench.calls();
    bench.files.put("/songs/night.lua", "three()");
    bench.frames(70);
    assert_eq!(bench.value("Script"), "three()");
    assert_eq!(bench.calls(), []);
    bench.click("run on save");
    bench.files.put("/songs/night.lua", "four()\nfive()");
    bench.frames(70);
    let call = bench.calls().remove(0);
    assert_eq!((&*call.text, call.when), ("four()\nfive()", When::NextBar));
}

#[test]
fn changes_on_both_sides_are_a_question() {
    let mut bench = opened();
    type_in(&mut bench, "-- mine ");
    bench.files.put("/songs/night.lua", "theirs()\ntwo()");
    bench.frames(70);
    assert!(bench.sees("1 lines differ"));
    bench.click("Keep mine");
    assert!(!bench.sees("lines differ"));
    assert_eq!(bench.value("Script"), "-- mine one()\ntwo()");
    bench.files.put("/songs/night.lua", "theirs()\nagain()");
    bench.frames(70);
    bench.click("Take theirs");
    assert_eq!(bench.value("Script"), "theirs()\nagain()");
    bench.harness.get_by_label("Script").focus();
    bench.frames(2);
    bench.keys(Modifiers::COMMAND, Key::Z);
    assert_eq!(bench.value("Script"), "-- mine one()\ntwo()");
}
