//! The Command view: what is sent and what is answered. Thread: the test's.

use std::sync::Arc;

use egui::Key;

use super::Bench;
use crate::model::snapshot::HistoryLine;
use crate::model::text::VERBS;
use crate::model::{Ask, Command, Event, Origin};

fn bench() -> Bench {
    let mut bench = Bench::new(&["add sampler kick"]);
    bench.click("Command");
    bench.asked();
    bench
}

fn type_line(bench: &mut Bench, line: &str) {
    bench.letters(line);
    bench.key(Key::Enter);
}

#[test]
fn a_line_is_sent_as_one_batch_and_answered_truthfully() {
    let mut bench = bench();
    type_line(&mut bench, "set kick volume 9");
    let batches = bench.batches();
    assert_eq!((batches.len(), batches[0].origin, &*batches[0].label), (1, Origin::Text, "set kick volume 9"));
    assert!(matches!(batches[0].commands[..], [Command::Set(_, 9.0)]));
    assert!(bench.sees("9 became 2"));
}

#[test]
fn a_wrong_line_sends_nothing_and_says_why() {
    let mut bench = bench();
    type_line(&mut bench, "set nope volume 1");
    assert!(bench.sees("no module is called \"nope\""));
    assert_eq!(bench.batches(), []);
}

#[test]
fn a_batch_the_engine_refuses_is_told() {
    let mut bench = bench();
    type_line(&mut bench, "set kick volume 1");
    let batch = bench.batches()[0].id;
    bench.wires.engine.events.tell(&Event::Refused { batch, origin: Origin::Text, error: Arc::from("kick is gone") });
    bench.frames(2);
    assert!(bench.sees("was refused: kick is gone"));
}

#[test]
fn undo_is_asked_for_only_when_there_is_something() {
    let mut bench = bench();
    type_line(&mut bench, "undo");
    assert!(bench.sees("nothing to undo"));
    assert_eq!(bench.asked(), []);
    let last = HistoryLine { label: Arc::from("drag volume"), origin: Origin::Gui };
    bench.publish(|snapshot| snapshot.undo = Arc::new(vec![last]));
    type_line(&mut bench, "undo");
    assert!(bench.sees("taking back: drag volume"));
    assert_eq!(bench.asked(), [Ask::Undo]);
}

#[test]
fn a_session_is_loaded_and_a_missing_file_is_named() {
    let mut bench = bench();
    type_line(&mut bench, "load bad.json");
    assert!(bench.sees("bad.json: not found"));
    assert_eq!(bench.batches(), []);
    type_line(&mut bench, "load good.json");
    assert!(matches!(bench.command(), Command::Load(_)));
    assert!(bench.sees("loaded good.json"));
}

/// proves: E3
#[test]
fn every_command_tells_how_it_goes_on_and_completes_from_its_first_letters() {
    let mut bench = bench();
    for verb in VERBS {
        bench.letters(verb.name);
        assert!(bench.sees(verb.doc), "{}", verb.name);
        for _ in verb.name.chars() {
            bench.key(Key::Backspace);
        }
        type_line(&mut bench, &format!("help {}", verb.name));
        bench.letters("clear");
        bench.key(Key::Enter);
    }
    bench.letters("he");
    bench.key(Key::Tab);
    assert_eq!(bench.value("Command input"), "help ");
}

/// proves: E3
#[test]
fn names_paths_values_and_files_are_completed_and_quoted() {
    let mut bench = bench();
    bench.files.put("/songs/my song.json", "");
    bench.publish(|snapshot| {
        let mut session = (*snapshot.session).clone();
        session.folders = vec!["/songs".into()];
        snapshot.session = Arc::new(session);
    });
    for (typed, completed) in [
        ("set kick.att", "set kick.attackMs "),
        ("set kick playStyle GR", "set kick playStyle GRAIN "),
        ("enable \"ki", "enable \"kick\" "),
        ("load my", "load \"my song.json\" "),
        ("sample add kick my", "sample add kick \"my song.json\" "),
    ] {
        bench.letters(typed);
        bench.key(Key::Tab);
        assert_eq!(bench.value("Command input"), completed);
        bench.keys(egui::Modifiers::COMMAND, Key::A);
        bench.key(Key::Backspace);
    }
}

/// proves: E3
#[test]
fn what_is_typed_is_sought_in_the_history() {
    let mut bench = bench();
    for line in ["set kick volume 1", "list", "help"] {
        type_line(&mut bench, line);
    }
    bench.letters("kick");
    bench.key(Key::ArrowUp);
    assert_eq!(bench.value("Command input"), "set kick volume 1");
    bench.key(Key::ArrowDown);
    assert_eq!(bench.value("Command input"), "kick");
}

#[test]
fn tab_completes_and_up_brings_lines_back() {
    let mut bench = bench();
    bench.letters("set ki");
    bench.key(Key::Tab);
    assert_eq!(bench.value("Command input"), "set kick ");
    bench.letters("volume 1");
    bench.key(Key::Enter);
    bench.key(Key::ArrowUp);
    assert_eq!(bench.value("Command input"), "set kick volume 1");
}
