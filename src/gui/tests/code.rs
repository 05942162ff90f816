//! The Code view: what is run, what is marked, what is kept. Thread: the test's.

use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use super::Bench;
use crate::model::snapshot::Waiting;
use crate::model::{BatchId, Command, ConsoleKind, ConsoleLine, EvalOutcome, EvalResult, When};

const TEXT: &str = "clock:setBPM(128)\n\nsampler(\"kick\")\ntrigger(\"kick\")\n\nlast()";

/// The Code view with a text, the caret at its start.
fn bench() -> Bench {
    let mut bench = Bench::new(&[]);
    bench.publish(|snapshot| {
        let mut session = (*snapshot.session).clone();
        session.text = Arc::from(TEXT);
        snapshot.session = Arc::new(session);
    });
    bench.harness.get_by_label("Script").focus();
    bench.frames(2);
    bench.keys(Modifiers::COMMAND | Modifiers::CTRL, Key::Home);
    bench
}

fn ran(bench: &mut Bench) -> (u32, String, When) {
    let mut calls = bench.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    let call = calls.remove(0);
    (call.first_line, call.text.to_string(), call.when)
}

fn answer(bench: &mut Bench, id: u64, outcome: EvalOutcome) {
    bench.publish(|snapshot| snapshot.evals = Arc::new([EvalResult { id, outcome }].into()));
}

#[test]
fn the_block_around_the_caret_is_run_with_its_line_and_moment() {
    let mut bench = bench();
    for _ in 0..3 {
        bench.key(Key::ArrowDown);
    }
    bench.keys(Modifiers::COMMAND, Key::Enter);
    assert_eq!(ran(&mut bench), (3, "sampler(\"kick\")\ntrigger(\"kick\")".into(), When::NextBar));
    bench.keys(Modifiers::ALT, Key::Enter);
    assert_eq!(ran(&mut bench).2, When::Now);
    bench.keys(Modifiers::COMMAND, Key::L);
    assert_eq!(ran(&mut bench), (4, "trigger(\"kick\")".into(), When::NextBar));
    bench.keys(Modifiers::COMMAND | Modifiers::SHIFT, Key::Enter);
    assert_eq!(ran(&mut bench), (1, TEXT.into(), When::NextBar));
    assert_eq!(bench.value("Script"), TEXT);
}

#[test]
fn a_selection_is_run_instead_of_the_block() {
    let mut bench = bench();
    for _ in 0..3 {
        bench.keys(Modifiers::SHIFT, Key::ArrowDown);
    }
    bench.keys(Modifiers::COMMAND, Key::Enter);
    assert_eq!(ran(&mut bench), (1, "clock:setBPM(128)\n\nsampler(\"kick\")".into(), When::NextBar));
}

#[test]
fn an_error_is_marked_on_its_line_and_goes_when_the_line_is_mended() {
    let mut bench = bench();
    bench.keys(Modifiers::COMMAND, Key::R);
    let id = bench.calls()[0].id;
    answer(&mut bench, id, EvalOutcome::Failed { line: Some(1), message: Arc::from("setBPM: bpm is 20 to 480") });
    assert!(bench.sees("line 1: setBPM: bpm is 20 to 480"));
    bench.letters(" ");
    assert!(!bench.sees("line 1:"));
}

#[test]
fn typing_is_saved_after_a_pause_and_never_overwritten() {
    let mut bench = bench();
    bench.asked();
    bench.letters("x");
    assert_eq!(bench.batches(), []);
    bench.publish(|snapshot| {
        let mut session = (*snapshot.session).clone();
        session.text = Arc::from("from elsewhere");
        snapshot.session = Arc::new(session);
    });
    assert_eq!(bench.value("Script"), format!("x{TEXT}"));
    // A frame of the harness takes a sixtieth of a second.
    bench.frames(31);
    let after = Arc::from(format!("x{TEXT}"));
    assert_eq!(bench.command(), Command::EditText { before: Arc::from("from elsewhere"), after });
}

#[test]
fn running_saves_first() {
    let mut bench = bench();
    bench.letters("--");
    bench.keys(Modifiers::COMMAND, Key::Enter);
    let batches = bench.batches();
    assert!(matches!(&batches[0].commands[..], [Command::EditText { after, .. }] if after.starts_with("--clock")));
    assert!(!batches[0].origin.is_user(), "typing is no step of the music's undo");
    assert_eq!(ran(&mut bench).1, "--clock:setBPM(128)");
}

#[test]
fn enter_keeps_the_indent_tab_indents_and_lines_become_comments() {
    let mut bench = Bench::new(&[]);
    bench.harness.get_by_label("Script").focus();
    bench.frames(2);
    bench.letters("do");
    bench.key(Key::Enter);
    bench.letters("x()");
    bench.key(Key::Enter);
    bench.key(Key::Tab);
    bench.letters("y()");
    assert_eq!(bench.value("Script"), "do\n    x()\n        y()");
    bench.keys(Modifiers::COMMAND, Key::Slash);
    assert_eq!(bench.value("Script"), "do\n    x()\n        -- y()");
    bench.keys(Modifiers::COMMAND, Key::K);
    assert_eq!(bench.value("Script"), "do\n    x()\n        y()");
    assert_eq!(bench.calls(), []);
}

#[test]
fn what_waits_is_counted_down() {
    let mut bench = bench();
    bench.play_at(2.5);
    let waiting = Waiting { batch: BatchId(1), label: Arc::from("lines 3-4"), due: 4.0, loading: true };
    bench.publish(|snapshot| snapshot.waiting = Arc::new(vec![waiting]));
    assert!(bench.sees("lines 3-4 in 1.5 beats, loading"));
}

#[test]
fn the_console_runs_a_line_now_and_brings_it_back() {
    let mut bench = bench();
    bench.harness.get_by_label("Console input").focus();
    bench.frames(2);
    bench.letters("1 + 1");
    bench.key(Key::Enter);
    let call = bench.calls().remove(0);
    assert!(call.repl && call.when == When::Now && &*call.text == "1 + 1");
    let value = ConsoleLine { kind: ConsoleKind::Value, text: Arc::from("2") };
    bench.publish(|snapshot| snapshot.console = Arc::new([value].into()));
    assert!(bench.sees("= 2"));
    bench.key(Key::ArrowUp);
    assert_eq!(bench.value("Console input"), "1 + 1");
}

#[test]
fn the_generated_script_is_shown_and_cannot_be_typed_in() {
    let mut bench = bench();
    bench.click("View");
    assert_eq!(bench.value("Generated script"), "-- 120 bpm");
    bench.harness.get_by_label("Generated script").focus();
    bench.frames(2);
    bench.letters("x");
    assert_eq!(bench.value("Generated script"), "-- 120 bpm");
    bench.click("Edit");
    assert_eq!(bench.value("Script"), TEXT);
}
